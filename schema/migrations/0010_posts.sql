-- The ids a post goes by, and the contents that became one: X gives an edited post a new id, LinkedIn two URNs to one post, and
-- what is published on five platforms is one work.

-- deploy
-- No key to posts: which ids are one may be known before the post is.
CREATE TABLE tidemark.post_aliases (
    platform    varchar(50) NOT NULL,
    alias       text        NOT NULL,
    external_id text        NOT NULL,
    seen_at     timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    was         jsonb,
    user_id     uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, platform, alias),
    CONSTRAINT post_aliases_other_check CHECK (alias <> external_id)
);
CREATE INDEX post_aliases_post_idx ON tidemark.post_aliases (user_id, platform, external_id);
COMMENT ON TABLE tidemark.post_aliases IS 'tidemark: other ids of posts; external_id is never itself an alias';
COMMENT ON COLUMN tidemark.post_aliases.was IS 'the post that stood under this id until it was found to be another''s; NULL: none did';

CREATE TABLE tidemark.content_merges (
    content_id uuid        NOT NULL,
    into_id    uuid        NOT NULL,
    title      text,
    body       text,
    metadata   jsonb,
    created_at timestamptz NOT NULL,
    posts      jsonb       NOT NULL CONSTRAINT content_merges_posts_check CHECK (jsonb_typeof(posts) = 'array'),
    reason     text        NOT NULL
        CONSTRAINT content_merges_reason_check CHECK (reason IN ('alias', 'link', 'manifest')),
    merged_at  timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    user_id    uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, content_id),
    CONSTRAINT content_merges_into_fkey FOREIGN KEY (user_id, into_id) REFERENCES public.content (user_id, id)
);
CREATE INDEX content_merges_into_idx ON tidemark.content_merges (user_id, into_id);
COMMENT ON TABLE tidemark.content_merges IS 'tidemark: contents that became part of another, as they were; into_id is always one that is there';
COMMENT ON COLUMN tidemark.content_merges.posts IS 'the posts it had: [[platform, id], …]';

-- One row an owner, from his first alias or merge on. Writers keep posts in memory; a new version tells them to look again.
CREATE TABLE tidemark.identity_marks (
    version bigint NOT NULL,
    user_id uuid   NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id)
);
COMMENT ON TABLE tidemark.identity_marks IS 'tidemark: how often an owner''s posts and contents were put together, or taken apart';

ALTER TABLE tidemark.post_aliases ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tidemark.content_merges ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tidemark.identity_marks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- verify
SELECT platform, alias, external_id, seen_at, was, user_id FROM tidemark.post_aliases WHERE false;
SELECT content_id, into_id, title, body, metadata, created_at, posts, reason, merged_at, user_id
  FROM tidemark.content_merges WHERE false;
SELECT relrowsecurity AND relforcerowsecurity FROM pg_class
 WHERE oid IN ('tidemark.post_aliases'::regclass, 'tidemark.content_merges'::regclass, 'tidemark.identity_marks'::regclass);

-- revert
DROP FUNCTION IF EXISTS tidemark.find_works(uuid, text[]);
DROP FUNCTION IF EXISTS tidemark.plain_url(text);
DROP FUNCTION IF EXISTS tidemark.split_post(uuid, text, text);
DROP FUNCTION IF EXISTS tidemark.same_posts(uuid, text[], text[], text[]);
DROP FUNCTION IF EXISTS tidemark.merge_posts(uuid, text, text, text);
DROP FUNCTION IF EXISTS tidemark.merge_contents(uuid, uuid, uuid, text);
DROP FUNCTION IF EXISTS tidemark.merge_observations(uuid, regclass, text, text, text, uuid);
DROP FUNCTION IF EXISTS tidemark.move_content(uuid, uuid, uuid, text, text);
DROP FUNCTION IF EXISTS tidemark.identity_changed(uuid);
DROP FUNCTION IF EXISTS tidemark.identity_begin(uuid, boolean);
DROP TABLE tidemark.identity_marks;
DROP TABLE tidemark.content_merges;
DROP TABLE tidemark.post_aliases;
