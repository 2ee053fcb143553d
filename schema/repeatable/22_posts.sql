-- Posts that are one, and contents that are one. Who calls these holds the owner's identity alone (identity_begin), so that no
-- ingest writes under an id or a content that is just going away.

-- Shared by all that write posts, alone for what changes which id is whose; until the transaction ends. Gives the version as it is
-- once the lock is held: a statement that waits would see what was before.
CREATE OR REPLACE FUNCTION tidemark.identity_begin(owner uuid, alone boolean) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    key CONSTANT bigint := hashtextextended('tidemark.identity ' || owner, 0);
BEGIN
    IF alone THEN
        PERFORM pg_advisory_xact_lock(key);
    ELSE
        PERFORM pg_advisory_xact_lock_shared(key);
    END IF;
    RETURN coalesce((SELECT m.version FROM tidemark.identity_marks m WHERE m.user_id = owner), 0);
END
$$;
COMMENT ON FUNCTION tidemark.identity_begin(uuid, boolean) IS
    'tidemark: which id is whose stays as it is until this transaction ends; gives the version of it';

CREATE OR REPLACE FUNCTION tidemark.identity_changed(owner uuid) RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO tidemark.identity_marks AS m (version, user_id) VALUES (1, owner)
    ON CONFLICT (user_id) DO UPDATE SET version = m.version + 1
    RETURNING m.version
$$;
COMMENT ON FUNCTION tidemark.identity_changed(uuid) IS 'tidemark: counts a change of which id is whose';

-- The observations of one content, or of one post of it, become another content's. What the archive's checksums say of its rows is
-- brought up to date by a batch of no rows.
CREATE OR REPLACE FUNCTION tidemark.move_content(owner uuid, from_id uuid, into_id uuid, only_platform text, only_id text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
BEGIN
    UPDATE public.content_performance_metrics m SET content_id = move_content.into_id
     WHERE m.user_id = owner AND m.content_id = from_id
       AND (only_id IS NULL OR (m.platform = only_platform AND m.external_id = only_id));
    WITH moved AS (
        UPDATE public.archived_performance_metrics a SET content_id = move_content.into_id
         WHERE a.user_id = owner AND a.content_id = from_id
           AND (only_id IS NULL OR (a.platform = only_platform AND a.external_id = only_id))
        RETURNING a.*
    ), hashes AS (
        SELECT a.recorded_at, c.after,
               hashtextextended(jsonb_build_array(a.platform, a.external_id, a.metric_window, a.window_start, a.recorded_at,
                   c.content, a.views, a.likes, a.shares, a.comments, a.saves, a.average_watch_time)::text, 0) AS hash
          FROM moved a, (VALUES (from_id, false), (move_content.into_id, true)) AS c (content, after)
    )
    INSERT INTO tidemark.archive_batches (user_id, before, rows, first_at, last_at, checksum)
    SELECT owner, max(recorded_at), 0, min(recorded_at), max(recorded_at),
           sum(hash) FILTER (WHERE after) - sum(hash) FILTER (WHERE NOT after)
      FROM hashes HAVING count(*) > 0;
END
$$;
COMMENT ON FUNCTION tidemark.move_content(uuid, uuid, uuid, text, text) IS
    'tidemark: observations change their content; called by merge_contents, merge_posts and split_post';

-- One content becomes part of another; a title that a person gave goes before one from a payload (metadata: title). What it was stays in content_merges; its id leads there from now on.
CREATE OR REPLACE FUNCTION tidemark.merge_contents(owner uuid, from_id uuid, into_id uuid, why text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone public.content;
BEGIN
    IF from_id = merge_contents.into_id THEN
        RETURN;
    END IF;
    PERFORM FROM public.content c WHERE c.user_id = owner AND c.id IN (from_id, merge_contents.into_id) ORDER BY c.id FOR UPDATE;
    SELECT * INTO STRICT gone FROM public.content c WHERE c.user_id = owner AND c.id = from_id;
    UPDATE public.content c
       SET (title, body, metadata, created_at)
         = (CASE WHEN gone.metadata ? 'title' AND NOT coalesce(c.metadata ? 'title', false) THEN gone.title
                 ELSE coalesce(c.title, gone.title) END,
            coalesce(c.body, gone.body),
            CASE WHEN jsonb_typeof(gone.metadata) = 'object' AND coalesce(jsonb_typeof(c.metadata), 'object') = 'object'
                 THEN gone.metadata || coalesce(c.metadata, '{}') ELSE coalesce(c.metadata, gone.metadata) END,
            least(c.created_at, gone.created_at))
     WHERE c.user_id = owner AND c.id = merge_contents.into_id;
    INSERT INTO tidemark.content_merges AS m (content_id, into_id, title, body, metadata, created_at, posts, reason, user_id)
    SELECT gone.id, merge_contents.into_id, gone.title, gone.body, gone.metadata, gone.created_at,
           coalesce((SELECT jsonb_agg(jsonb_build_array(p.platform, p.external_id) ORDER BY p.platform, p.external_id)
                       FROM tidemark.posts p WHERE p.user_id = owner AND p.content_id = from_id), '[]'), why, owner
    ON CONFLICT (user_id, content_id) DO UPDATE
       SET (into_id, title, body, metadata, created_at, posts, reason, merged_at)
         = (excluded.into_id, excluded.title, excluded.body, excluded.metadata, excluded.created_at, excluded.posts,
            excluded.reason, excluded.merged_at);
    UPDATE tidemark.content_merges m SET into_id = merge_contents.into_id WHERE m.user_id = owner AND m.into_id = from_id;
    UPDATE tidemark.posts p SET content_id = merge_contents.into_id WHERE p.user_id = owner AND p.content_id = from_id;
    PERFORM tidemark.move_content(owner, from_id, merge_contents.into_id, NULL, NULL);
    UPDATE public.ai_learning_patterns l SET content_id = merge_contents.into_id WHERE l.user_id = owner AND l.content_id = from_id;
    UPDATE public.content_style_analysis s SET content_id = merge_contents.into_id
     WHERE s.user_id = owner AND s.content_id = from_id;
    DELETE FROM public.content c WHERE c.user_id = owner AND c.id = from_id;
    PERFORM tidemark.identity_changed(owner);
END
$$;
COMMENT ON FUNCTION tidemark.merge_contents(uuid, uuid, uuid, text) IS 'tidemark: two works are one';

-- The observations of one id become another's, in the metrics or in the archive. Where both were observed at the same time, the
-- other's counts stay, what they lack is taken over, and counts that differ are kept beside them (platform_metrics: _merged).
CREATE OR REPLACE FUNCTION tidemark.merge_observations(owner uuid, relation regclass, of_platform text, from_id text,
                                                       into_id text, into_content uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format($sql$
        UPDATE %1$s w
           SET metrics = l.metrics || w.metrics, views = coalesce(w.views, l.views), likes = coalesce(w.likes, l.likes),
               shares = coalesce(w.shares, l.shares), comments = coalesce(w.comments, l.comments),
               saves = coalesce(w.saves, l.saves),
               peak_engagement_time = coalesce(w.peak_engagement_time, l.peak_engagement_time),
               average_watch_time = coalesce(w.average_watch_time, l.average_watch_time),
               audience_demographics = coalesce(w.audience_demographics, l.audience_demographics),
               platform_metrics = coalesce(l.platform_metrics, '{}') || coalesce(w.platform_metrics, '{}')
                   || CASE WHEN w.views <> l.views OR w.likes <> l.likes OR w.shares <> l.shares OR w.comments <> l.comments
                             OR w.saves <> l.saves OR w.average_watch_time <> l.average_watch_time
                           THEN jsonb_build_object('_merged', coalesce(l.platform_metrics -> '_merged', '{}')
                                || coalesce(w.platform_metrics -> '_merged', '{}')
                                || jsonb_build_object(l.external_id, jsonb_strip_nulls(jsonb_build_object(
                                    'views', l.views, 'likes', l.likes, 'shares', l.shares, 'comments', l.comments,
                                    'saves', l.saves, 'average_watch_time', l.average_watch_time))))
                           ELSE '{}' END,
               window_end = coalesce(w.window_end, l.window_end)
          FROM %1$s l
         WHERE l.user_id = $1 AND l.platform = $2 AND l.external_id = $3
           AND (w.user_id, w.platform, w.external_id, w.metric_window, w.window_start, w.recorded_at)
             = ($1, $2, $4, l.metric_window, l.window_start, l.recorded_at)$sql$, relation)
      USING owner, of_platform, from_id, merge_observations.into_id;
    EXECUTE format($sql$
        DELETE FROM %1$s l USING %1$s w
         WHERE l.user_id = $1 AND l.platform = $2 AND l.external_id = $3
           AND (w.user_id, w.platform, w.external_id, w.metric_window, w.window_start, w.recorded_at)
             = ($1, $2, $4, l.metric_window, l.window_start, l.recorded_at)$sql$, relation)
      USING owner, of_platform, from_id, merge_observations.into_id;
    EXECUTE format('UPDATE %s l SET external_id = $4, content_id = $5
                     WHERE l.user_id = $1 AND l.platform = $2 AND l.external_id = $3', relation)
      USING owner, of_platform, from_id, merge_observations.into_id, into_content;
END
$$;
COMMENT ON FUNCTION tidemark.merge_observations(uuid, regclass, text, text, text, uuid) IS
    'tidemark: snapshots change their post; called by merge_posts';

-- Two posts turn out to be one: from_id becomes an alias of into_id. Facts: the later observed win, each with its own clock where
-- it has one; published is what was published first. Their contents become one as well.
CREATE OR REPLACE FUNCTION tidemark.merge_posts(owner uuid, of_platform text, from_id text, into_id text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    l         tidemark.posts; -- goes
    w         tidemark.posts; -- stays
    late      boolean;        -- l was observed later
    own_facts jsonb;
    sum_old   numeric;
    n_old     bigint;
BEGIN
    PERFORM FROM tidemark.posts p WHERE p.user_id = owner AND p.platform = of_platform
        AND p.external_id IN (from_id, merge_posts.into_id) ORDER BY p.external_id FOR UPDATE;
    SELECT * INTO STRICT l FROM tidemark.posts p
     WHERE p.user_id = owner AND p.platform = of_platform AND p.external_id = from_id;
    SELECT * INTO STRICT w FROM tidemark.posts p
     WHERE p.user_id = owner AND p.platform = of_platform AND p.external_id = merge_posts.into_id;

    SELECT coalesce(sum(h.hash), 0), count(*) INTO sum_old, n_old FROM (
        SELECT hashtextextended(jsonb_build_array(a.platform, a.external_id, a.metric_window, a.window_start, a.recorded_at,
                   a.content_id, a.views, a.likes, a.shares, a.comments, a.saves, a.average_watch_time)::text, 0) AS hash
          FROM public.archived_performance_metrics a
         WHERE a.user_id = owner AND a.platform = of_platform AND a.external_id IN (from_id, merge_posts.into_id)) h;
    PERFORM tidemark.merge_observations(owner, 'public.content_performance_metrics', of_platform, from_id, merge_posts.into_id,
                                        w.content_id);
    PERFORM tidemark.merge_observations(owner, 'public.archived_performance_metrics', of_platform, from_id, merge_posts.into_id,
                                        w.content_id);
    INSERT INTO tidemark.archive_batches (user_id, before, rows, first_at, last_at, checksum)
    SELECT owner, max(h.recorded_at), count(*) - n_old, min(h.recorded_at), max(h.recorded_at), sum(h.hash) - sum_old FROM (
        SELECT a.recorded_at,
               hashtextextended(jsonb_build_array(a.platform, a.external_id, a.metric_window, a.window_start, a.recorded_at,
                   a.content_id, a.views, a.likes, a.shares, a.comments, a.saves, a.average_watch_time)::text, 0) AS hash
          FROM public.archived_performance_metrics a
         WHERE a.user_id = owner AND a.platform = of_platform AND a.external_id = merge_posts.into_id) h
    HAVING count(*) > 0 AND sum(h.hash) <> sum_old;

    PERFORM tidemark.merge_contents(owner, l.content_id, w.content_id, 'alias');

    -- Readings at fixed ages: those whose snapshots are there are made again by the next refresh; the others stay.
    INSERT INTO tidemark.content_at_age AS a (platform, external_id, age_h, views, likes, shares, comments, saves, basis, reason,
                                              observed_at, segment, straddles, user_id)
    SELECT o.platform, merge_posts.into_id, o.age_h, o.views, o.likes, o.shares, o.comments, o.saves, o.basis, o.reason,
           o.observed_at, o.segment, o.straddles, o.user_id
      FROM tidemark.content_at_age o WHERE o.user_id = owner AND o.platform = of_platform AND o.external_id = from_id
    ON CONFLICT (user_id, platform, external_id, age_h) DO UPDATE
       SET (views, likes, shares, comments, saves, basis, reason, observed_at, segment, straddles)
         = (excluded.views, excluded.likes, excluded.shares, excluded.comments, excluded.saves, excluded.basis, excluded.reason,
            excluded.observed_at, excluded.segment, excluded.straddles)
     WHERE a.basis = 'missing';
    DELETE FROM tidemark.content_at_age a
     WHERE a.user_id = owner AND a.platform = of_platform
       AND (a.external_id = from_id
            OR a.external_id = merge_posts.into_id
               AND (a.basis = 'missing'
                    OR EXISTS (SELECT FROM tidemark.observations o
                                WHERE o.user_id = owner AND o.platform = of_platform AND o.external_id = merge_posts.into_id
                                  AND o.metric_window = 'lifetime' AND o.recorded_at = a.observed_at)));

    late := coalesce(l.facts_at > w.facts_at, l.facts_at IS NOT NULL);
    SELECT coalesce(jsonb_object_agg(f.name, l.features -> f.name), '{}') INTO own_facts
      FROM jsonb_each(coalesce(l.features -> '_facts', '{}')) AS f (name, about)
     WHERE coalesce((f.about ->> 'at')::numeric >= (w.features #>> ARRAY['_facts', f.name, 'at'])::numeric, true);
    UPDATE tidemark.posts p
       SET url = CASE WHEN late THEN coalesce(l.url, w.url) ELSE coalesce(w.url, l.url) END,
           published_at = least(w.published_at, l.published_at),
           account_id = CASE WHEN (SELECT a.external_id FROM tidemark.accounts a WHERE a.user_id = owner AND a.id = w.account_id)
                                  = '-' THEN l.account_id ELSE w.account_id END,
           features = CASE WHEN late THEN w.features || (l.features - ARRAY(SELECT jsonb_object_keys(coalesce(w.features -> '_facts', '{}'))))
                           ELSE l.features || w.features END
               || own_facts
               || CASE WHEN w.features ? '_facts' OR own_facts <> '{}'
                       THEN jsonb_build_object('_facts', coalesce(w.features -> '_facts', '{}')
                            || coalesce((SELECT jsonb_object_agg(f.name, f.about)
                                           FROM jsonb_each(l.features -> '_facts') AS f (name, about)
                                          WHERE own_facts ? f.name), '{}'))
                       ELSE '{}' END,
           facts_at = greatest(w.facts_at, l.facts_at)
     WHERE p.user_id = owner AND p.platform = of_platform AND p.external_id = merge_posts.into_id;
    DELETE FROM tidemark.posts p WHERE p.user_id = owner AND p.platform = of_platform AND p.external_id = from_id;
    UPDATE tidemark.post_aliases a SET external_id = merge_posts.into_id
     WHERE a.user_id = owner AND a.platform = of_platform AND a.external_id = from_id;
    INSERT INTO tidemark.post_aliases (platform, alias, external_id, was, user_id)
    VALUES (of_platform, from_id, merge_posts.into_id, to_jsonb(l) - 'user_id', owner);
    PERFORM tidemark.identity_changed(owner);
END
$$;
COMMENT ON FUNCTION tidemark.merge_posts(uuid, text, text, text) IS 'tidemark: two posts are one';

-- Pairs of ids that are one post each. The id that a post stands under already stays; of two posts the one whose content is older
-- (then the smaller id), so that it does not matter who comes with the pair. Gives the version afterwards.
CREATE OR REPLACE FUNCTION tidemark.same_posts(owner uuid, platforms text[], ids text[], aliases text[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    pair    record;
    one     text;
    other   text;
    there   text[];
    changed boolean := false;
BEGIN
    FOR pair IN SELECT DISTINCT u.platform, u.id, u.alias FROM unnest(platforms, ids, aliases) AS u (platform, id, alias)
                 ORDER BY 1, 2, 3 LOOP
        one := coalesce((SELECT a.external_id FROM tidemark.post_aliases a
                          WHERE a.user_id = owner AND a.platform = pair.platform AND a.alias = pair.id), pair.id);
        other := coalesce((SELECT a.external_id FROM tidemark.post_aliases a
                            WHERE a.user_id = owner AND a.platform = pair.platform AND a.alias = pair.alias), pair.alias);
        CONTINUE WHEN one = other;
        there := ARRAY(SELECT p.external_id FROM tidemark.posts p
                         JOIN public.content c ON c.user_id = owner AND c.id = p.content_id
                        WHERE p.user_id = owner AND p.platform = pair.platform AND p.external_id IN (one, other)
                        ORDER BY c.created_at, p.external_id);
        IF cardinality(there) = 2 THEN
            PERFORM tidemark.merge_posts(owner, pair.platform, there[2], there[1]);
        ELSE
            IF there[1] = other THEN
                other := one;
                one := there[1];
            END IF;
            UPDATE tidemark.post_aliases a SET external_id = one
             WHERE a.user_id = owner AND a.platform = pair.platform AND a.external_id = other;
            INSERT INTO tidemark.post_aliases (platform, alias, external_id, user_id) VALUES (pair.platform, other, one, owner);
        END IF;
        changed := true;
    END LOOP;
    IF changed THEN
        RETURN tidemark.identity_changed(owner);
    END IF;
    RETURN coalesce((SELECT m.version FROM tidemark.identity_marks m WHERE m.user_id = owner), 0);
END
$$;
COMMENT ON FUNCTION tidemark.same_posts(uuid, text[], text[], text[]) IS 'tidemark: these ids are one post';

-- A post gets a content of its own again: the one it came with, or a new one. NULL: it has one already.
CREATE OR REPLACE FUNCTION tidemark.split_post(owner uuid, of_platform text, of_id text) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    post tidemark.posts;
    old  tidemark.content_merges;
    own  uuid;
BEGIN
    SELECT * INTO STRICT post FROM tidemark.posts p
     WHERE p.user_id = owner AND p.platform = of_platform AND p.external_id = of_id FOR UPDATE;
    IF NOT EXISTS (SELECT FROM tidemark.posts p WHERE p.user_id = owner AND p.content_id = post.content_id
                      AND (p.platform, p.external_id) <> (post.platform, post.external_id)) THEN
        RETURN NULL;
    END IF;
    SELECT * INTO old FROM tidemark.content_merges m
     WHERE m.user_id = owner AND m.into_id = post.content_id AND m.posts @> jsonb_build_array(jsonb_build_array(of_platform, of_id))
     ORDER BY jsonb_array_length(m.posts), m.merged_at LIMIT 1;
    IF jsonb_array_length(old.posts) = 1 THEN
        own := old.content_id;
        INSERT INTO public.content (id, title, body, metadata, created_at, user_id)
        VALUES (own, old.title, old.body, old.metadata, old.created_at, owner);
        DELETE FROM tidemark.content_merges m WHERE m.user_id = owner AND m.content_id = own;
    ELSE
        INSERT INTO public.content (title, user_id)
        SELECT c.title, owner FROM public.content c WHERE c.user_id = owner AND c.id = post.content_id
        RETURNING id INTO own;
    END IF;
    UPDATE tidemark.posts p SET content_id = own WHERE p.user_id = owner AND p.platform = of_platform AND p.external_id = of_id;
    PERFORM tidemark.move_content(owner, post.content_id, own, of_platform, of_id);
    PERFORM tidemark.identity_changed(owner);
    RETURN own;
END
$$;
COMMENT ON FUNCTION tidemark.split_post(uuid, text, text) IS 'tidemark: a post leaves the work it was linked to';

-- An address without what does not tell posts apart: scheme, www, fragment, and the parameters that sharing adds.
CREATE OR REPLACE FUNCTION tidemark.plain_url(url text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT lower(m[1]) || regexp_replace(regexp_replace(regexp_replace(m[2], '#.*$', ''),
               '([?&])((utm_[a-z]+|fbclid|gclid|igsh|igshid|si|feature|ref|ref_src|ref_url|lang)=[^&]*(&|$))+', '\1', 'g'),
               '[?&/]+$', '')
      FROM regexp_match(url, '^(?:[a-zA-Z]+://)?(?:www\.|m\.|mobile\.)?([^/?#]+)(.*)$') AS m
$$;
COMMENT ON FUNCTION tidemark.plain_url(text) IS 'tidemark: what of a post''s address tells it from others';

-- What people call a post or a work: platform:id, an address, a content's id, work:KEY (of a manifest), or an id that only one
-- platform has. Other ids of a post do as well, and contents that became part of another lead there. No row: nothing of that name.
CREATE OR REPLACE FUNCTION tidemark.find_works(owner uuid, names text[])
RETURNS TABLE (ord bigint, content_id uuid, platform text, external_id text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH given AS (
        SELECT n.ord, n.name,
               CASE WHEN n.name ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN 'content'
                    WHEN n.name ~ '^[a-zA-Z]+://' THEN 'url'
                    WHEN n.name LIKE 'work:%' THEN 'work'
                    WHEN n.name ~ '^[a-z][a-z0-9_]*:.' THEN 'post'
                    ELSE 'id' END AS kind
          FROM unnest(names) WITH ORDINALITY AS n (name, ord)
    ), hosts (platform, pattern) AS (
        VALUES ('youtube', '(^|\.)(youtube\.com|youtu\.be|youtube-nocookie\.com)$'), ('tiktok', '(^|\.)tiktok\.com$'),
               ('instagram', '(^|\.)(instagram\.com|instagr\.am)$'), ('facebook', '(^|\.)(facebook\.com|fb\.watch|fb\.com)$'),
               ('threads', '(^|\.)threads\.(net|com)$'), ('x', '(^|\.)(x\.com|twitter\.com)$'),
               ('linkedin', '(^|\.)linkedin\.com$'), ('pinterest', '(^|\.)pinterest\.[a-z.]+$'),
               ('reddit', '(^|\.)(reddit\.com|redd\.it)$'), ('bluesky', '(^|\.)bsky\.app$'), ('twitch', '(^|\.)twitch\.tv$'),
               ('vimeo', '(^|\.)vimeo\.com$'), ('podcast', '(^|\.)(spotify\.com|apple\.com)$')
    ), ids AS (
        SELECT g.ord, split_part(g.name, ':', 1) AS platform, substr(g.name, strpos(g.name, ':') + 1) AS id
          FROM given g WHERE g.kind = 'post'
        UNION ALL
        SELECT g.ord, h.platform, x.prefix || t.token
          FROM given g
               JOIN hosts h ON split_part(tidemark.plain_url(g.name), '/', 1) ~ h.pattern,
               regexp_split_to_table(replace(replace(g.name, '%3A', ':'), '%3a', ':'), '[/?&=#]+') AS t (token),
               (VALUES (''), ('t3_')) AS x (prefix)
         WHERE g.kind = 'url' AND t.token <> '' AND (x.prefix = '' OR h.platform = 'reddit')
        UNION ALL
        SELECT g.ord, a.platform, g.name
          FROM given g, (SELECT DISTINCT a.platform FROM tidemark.accounts a WHERE a.user_id = owner) a
         WHERE g.kind = 'id'
    )
    SELECT i.ord, p.content_id, p.platform::text, p.external_id
      FROM ids i
           LEFT JOIN tidemark.post_aliases a ON a.user_id = owner AND a.platform = i.platform AND a.alias = i.id
           JOIN tidemark.posts p
             ON p.user_id = owner AND p.platform = i.platform AND p.external_id = coalesce(a.external_id, i.id)
    UNION
    SELECT g.ord, p.content_id, p.platform, p.external_id
      FROM given g JOIN tidemark.posts p ON tidemark.plain_url(p.url) = tidemark.plain_url(g.name)
     WHERE p.user_id = owner AND g.kind = 'url' AND EXISTS (SELECT FROM given o WHERE o.kind = 'url')
    UNION
    SELECT g.ord, c.id, NULL, NULL
      FROM given g
           LEFT JOIN tidemark.content_merges m
             ON m.user_id = owner AND m.content_id = CASE WHEN g.kind = 'content' THEN g.name::uuid END
           JOIN public.content c
             ON c.user_id = owner AND c.id = CASE WHEN g.kind = 'content' THEN coalesce(m.into_id, g.name::uuid) END
    UNION
    SELECT g.ord, k.id, NULL, NULL
      FROM given g
           JOIN (SELECT c.id, c.metadata ->> 'key' AS key FROM public.content c WHERE c.user_id = owner
                 UNION SELECT m.into_id, m.metadata ->> 'key' FROM tidemark.content_merges m WHERE m.user_id = owner) k
             ON k.key = substr(g.name, 6)
     WHERE g.kind = 'work' AND EXISTS (SELECT FROM given o WHERE o.kind = 'work')
    ORDER BY 1, 3, 4
$$;
COMMENT ON FUNCTION tidemark.find_works(uuid, text[]) IS 'tidemark: posts and works by what people call them';
