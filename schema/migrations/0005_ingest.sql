-- The ledger of what was delivered, and what could not be taken.

-- deploy
CREATE TABLE tidemark.deliveries (
    sha256         bytea       NOT NULL CONSTRAINT deliveries_sha256_check CHECK (octet_length(sha256) = 32),
    observed_at    timestamptz NOT NULL,
    observed_known boolean     NOT NULL,
    source         text        NOT NULL,
    source_class   text        NOT NULL,
    retain_until   timestamptz,
    platform       varchar(50),
    parser         text,
    parser_version text,
    bytes          bigint      NOT NULL,
    received       bigint      NOT NULL DEFAULT 0,
    inserted       bigint      NOT NULL DEFAULT 0,
    updated        bigint      NOT NULL DEFAULT 0,
    unchanged      bigint      NOT NULL DEFAULT 0,
    quarantined    bigint      NOT NULL DEFAULT 0,
    dropped_total  bigint      NOT NULL DEFAULT 0,
    dropped        jsonb       NOT NULL DEFAULT '{}',
    arrived_at     timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    user_id        uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, sha256, observed_at),
    CONSTRAINT deliveries_sum_check
        CHECK (received = inserted + updated + unchanged + quarantined + dropped_total),
    CONSTRAINT deliveries_sign_check
        CHECK (least(bytes, received, inserted, updated, unchanged, quarantined, dropped_total) >= 0)
);
-- Equal bytes at an unknown time are a replay; equal bytes observed at another known time are a new observation.
CREATE UNIQUE INDEX deliveries_replay_key ON tidemark.deliveries (user_id, sha256) WHERE NOT observed_known;
CREATE INDEX deliveries_arrived_idx ON tidemark.deliveries (user_id, arrived_at);
COMMENT ON TABLE tidemark.deliveries IS 'tidemark: what arrived, and where each of its rows went';
COMMENT ON COLUMN tidemark.deliveries.observed_known IS 'false: nobody said when; observed_at is the time of arrival';
COMMENT ON COLUMN tidemark.deliveries.source IS 'the file''s name, - for standard input';
COMMENT ON COLUMN tidemark.deliveries.source_class IS 'whose terms hold for the data: an API''s, an export''s, …';
COMMENT ON COLUMN tidemark.deliveries.dropped IS 'reason -> how many; dropped_total is their sum';

CREATE TABLE tidemark.quarantine (
    id             uuid        NOT NULL DEFAULT gen_random_uuid(),
    kind           text        NOT NULL CONSTRAINT quarantine_kind_check CHECK (kind IN ('delivery', 'row')),
    sha256         bytea       NOT NULL,
    observed_at    timestamptz NOT NULL,
    platform       varchar(50),
    source         text        NOT NULL,
    line           bigint,
    item           bigint,
    code           text        NOT NULL,
    reason         text        NOT NULL,
    parser         text,
    parser_version text,
    body           bytea       NOT NULL,
    state          text        NOT NULL DEFAULT 'open'
        CONSTRAINT quarantine_state_check CHECK (state IN ('open', 'replayed')),
    created_at     timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    user_id        uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, id),
    -- Looked at when the transaction ends: ledger and quarantine are written in one, in whatever order suits.
    CONSTRAINT quarantine_delivery_fkey FOREIGN KEY (user_id, sha256, observed_at)
        REFERENCES tidemark.deliveries (user_id, sha256, observed_at) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX quarantine_delivery_idx ON tidemark.quarantine (user_id, sha256, observed_at);
COMMENT ON TABLE tidemark.quarantine IS 'tidemark: what could not be taken, whole, with the reason';
COMMENT ON COLUMN tidemark.quarantine.item IS '0-based position among what the parser was given';
COMMENT ON COLUMN tidemark.quarantine.line IS '1-based line of an NDJSON or CSV file';
COMMENT ON COLUMN tidemark.quarantine.code IS 'a fixed word for scripts; reason is for people';

ALTER TABLE tidemark.deliveries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tidemark.quarantine ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- verify
SELECT count(*) = 2 FROM pg_constraint
 WHERE conrelid = 'tidemark.deliveries'::regclass AND conname IN ('deliveries_sum_check', 'deliveries_sign_check');
SELECT indisunique AND indpred IS NOT NULL FROM pg_index WHERE indexrelid = 'tidemark.deliveries_replay_key'::regclass;
SELECT relrowsecurity AND relforcerowsecurity FROM pg_class
 WHERE oid IN ('tidemark.deliveries'::regclass, 'tidemark.quarantine'::regclass);

-- revert
DROP TABLE tidemark.quarantine;
DROP TABLE tidemark.deliveries;
