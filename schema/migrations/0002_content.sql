-- What an owner publishes, where, and what changed in the AI that makes it.
-- Every tenant table: user_id last, and first in every key, so that a key cannot reach another owner's row.

-- deploy
CREATE TABLE tidemark.accounts (
    id          uuid        NOT NULL DEFAULT gen_random_uuid(),
    platform    varchar(50) NOT NULL,
    external_id text        NOT NULL,
    creator     text,
    handle      text,
    time_zone   text,
    created_at  timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    user_id     uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, platform, external_id),
    CONSTRAINT accounts_id_key UNIQUE (user_id, id)
);
COMMENT ON TABLE tidemark.accounts IS 'tidemark: a channel on one platform; - is the account of payloads that name none';

CREATE TABLE public.content (
    id         uuid        NOT NULL DEFAULT gen_random_uuid(),
    title      text,
    body       text,
    metadata   jsonb,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    user_id    uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, id)
);
-- No index on id alone: query 5 joins metrics to patterns, not through content, and a policy that asks
-- "id IN (SELECT id FROM content WHERE user_id = auth.uid())" reads one owner's part of the primary key.
COMMENT ON TABLE public.content IS 'tidemark: one work of an owner, published on one or more platforms';

CREATE TABLE tidemark.posts (
    platform     varchar(50) NOT NULL,
    external_id  text        NOT NULL,
    content_id   uuid        NOT NULL,
    account_id   uuid        NOT NULL,
    url          text,
    published_at timestamptz,
    features     jsonb       NOT NULL DEFAULT '{}',
    facts_at     timestamptz,
    user_id      uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, platform, external_id),
    CONSTRAINT posts_content_fkey FOREIGN KEY (user_id, content_id) REFERENCES public.content (user_id, id),
    CONSTRAINT posts_account_fkey FOREIGN KEY (user_id, account_id) REFERENCES tidemark.accounts (user_id, id)
);
CREATE INDEX posts_content_idx ON tidemark.posts (user_id, content_id);
CREATE INDEX posts_account_idx ON tidemark.posts (user_id, account_id, published_at);
COMMENT ON TABLE tidemark.posts IS 'tidemark: a content''s appearance on one platform';
COMMENT ON COLUMN tidemark.posts.facts_at IS
    'when caption, tags and the like were last observed: an older delivery that arrives late does not undo newer facts';

CREATE TABLE tidemark.ai_changes (
    id         uuid        NOT NULL DEFAULT gen_random_uuid(),
    type       text        NOT NULL,
    version    text,
    started_at timestamptz NOT NULL,
    metric     text,
    note       text,
    account_id uuid,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    user_id    uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, id),
    CONSTRAINT ai_changes_account_fkey FOREIGN KEY (user_id, account_id) REFERENCES tidemark.accounts (user_id, id)
);
CREATE INDEX ai_changes_time_idx ON tidemark.ai_changes (user_id, started_at);
COMMENT ON TABLE tidemark.ai_changes IS 'tidemark: something changed in the AI (model, prompt, strategy), and when';
COMMENT ON COLUMN tidemark.ai_changes.metric IS 'declared beforehand: what the change is judged by';
COMMENT ON COLUMN tidemark.ai_changes.account_id IS 'NULL: the change holds for all accounts';

-- Closed until the policies open them: row security without a policy shows nothing.
ALTER TABLE tidemark.accounts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE public.content ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tidemark.posts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tidemark.ai_changes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- verify
SELECT id, title, body, metadata, created_at, user_id FROM public.content WHERE false;
SELECT id, platform, external_id, creator, handle, time_zone, created_at, user_id FROM tidemark.accounts WHERE false;
SELECT platform, external_id, content_id, account_id, url, published_at, features, facts_at, user_id
  FROM tidemark.posts WHERE false;
SELECT id, type, version, started_at, metric, note, account_id, created_at, user_id FROM tidemark.ai_changes WHERE false;
SELECT relrowsecurity AND relforcerowsecurity FROM pg_class
 WHERE oid IN ('tidemark.accounts'::regclass, 'public.content'::regclass, 'tidemark.posts'::regclass,
               'tidemark.ai_changes'::regclass);

-- revert
DROP TABLE tidemark.ai_changes;
DROP TABLE tidemark.posts;
DROP TABLE public.content;
DROP TABLE tidemark.accounts;
