-- What accounts are seen to have, and the documents that quarantined rows came in.

-- deploy
CREATE TABLE tidemark.account_snapshots (
    platform    varchar(50) NOT NULL,
    external_id text        NOT NULL,
    observed_at timestamptz NOT NULL,
    metrics     jsonb       NOT NULL DEFAULT '{}',
    audience    jsonb,
    parser      text,
    notes       text,
    user_id     uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, platform, external_id, observed_at),
    CONSTRAINT account_snapshots_account_fkey FOREIGN KEY (user_id, platform, external_id)
        REFERENCES tidemark.accounts (user_id, platform, external_id),
    CONSTRAINT account_snapshots_metrics_check CHECK (jsonb_typeof(metrics) = 'object'),
    CONSTRAINT account_snapshots_audience_check CHECK (jsonb_typeof(audience) = 'object')
);
COMMENT ON TABLE tidemark.account_snapshots IS 'tidemark: one observation of an account: its numbers, and who its audience is';
COMMENT ON COLUMN tidemark.account_snapshots.metrics IS 'name -> number, as the platform counts; what is absent was not told';
COMMENT ON COLUMN tidemark.account_snapshots.audience IS 'dimension -> group -> number, in the platform''s unit (counts or percent)';

-- A row that was put aside can be tried again only with the document around it. What that document yielded besides has been
-- counted already: rows_in and dropped_in say how much, so that nothing is counted twice.
CREATE TABLE tidemark.quarantine_documents (
    sha256      bytea       NOT NULL,
    observed_at timestamptz NOT NULL,
    body        bytea       NOT NULL,
    lines       bigint[],
    rows_in     bigint      NOT NULL CONSTRAINT quarantine_documents_rows_check CHECK (rows_in >= 0),
    dropped_in  jsonb       NOT NULL DEFAULT '{}',
    user_id     uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, sha256, observed_at),
    CONSTRAINT quarantine_documents_delivery_fkey FOREIGN KEY (user_id, sha256, observed_at)
        REFERENCES tidemark.deliveries (user_id, sha256, observed_at) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE tidemark.quarantine_documents IS 'tidemark: what quarantined rows came in, to be parsed again';
COMMENT ON COLUMN tidemark.quarantine_documents.lines IS 'of lines taken out of a file: where in it each stood';

-- What was said on the command line holds for the second try, too.
ALTER TABLE tidemark.quarantine ADD COLUMN options jsonb;
COMMENT ON COLUMN tidemark.quarantine.options IS 'what the ingest was told: platform, account, content';

ALTER TABLE tidemark.account_snapshots ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tidemark.quarantine_documents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- verify
SELECT platform, external_id, observed_at, metrics, audience, parser, notes, user_id
  FROM tidemark.account_snapshots WHERE false;
SELECT sha256, observed_at, body, lines, rows_in, dropped_in, user_id FROM tidemark.quarantine_documents WHERE false;
SELECT options FROM tidemark.quarantine WHERE false;
SELECT relrowsecurity AND relforcerowsecurity FROM pg_class
 WHERE oid IN ('tidemark.account_snapshots'::regclass, 'tidemark.quarantine_documents'::regclass);

-- revert
ALTER TABLE tidemark.quarantine DROP COLUMN options;
DROP TABLE tidemark.quarantine_documents;
DROP TABLE tidemark.account_snapshots;
