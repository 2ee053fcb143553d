-- Observations wherever they lie now: an archive run changes no verdict.
CREATE OR REPLACE VIEW tidemark.observations WITH (security_invoker = true) AS
SELECT * FROM public.content_performance_metrics
UNION ALL
SELECT * FROM public.archived_performance_metrics;
COMMENT ON VIEW tidemark.observations IS 'tidemark: metrics and archive together';

-- The kind of media that a definition of a metric may be limited to. YouTube says nowhere that a video is a Short, except in
-- the link that somebody gave.
CREATE OR REPLACE FUNCTION tidemark.media_kind(features jsonb, url text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN lower(features ->> 'media_kind') = 'shorts' OR url LIKE '%youtube.com/shorts/%' THEN 'short'
                ELSE coalesce(lower(features ->> 'media_kind'), '') END
$$;
COMMENT ON FUNCTION tidemark.media_kind(jsonb, text) IS 'tidemark: short, or what the post''s facts say';

-- One post's lifetime reads in order of time, for a post whose count fell and never came back. Such a fall is a correction
-- (the platform took views away, or the counter began anew) once at least 4 reads lie below the old maximum and have grown:
-- they count, with what was lost added back, so that the total never falls. Otherwise they do not count. keys is what the
-- running maximum is taken of. A single low read that the next one mostly takes back is a hiccup, no beginning of anything.
CREATE OR REPLACE FUNCTION tidemark.corrected_reads(keys bigint[], views bigint[], likes bigint[], shares bigint[],
                                                    comments bigint[], saves bigint[])
RETURNS TABLE (i integer, admissible boolean, reason text, total bigint, views_total bigint, likes_total bigint,
               shares_total bigint, comments_total bigint, saves_total bigint)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    n       integer := cardinality(keys);
    highest bigint[] := keys;  -- from here to the end
    after   integer[] := array_fill(0, ARRAY[n]); -- how many known reads, this one included
    follows bigint[] := array_fill(NULL::bigint, ARRAY[n]); -- the next known read
    top     bigint;            -- maximum since the last correction
    counts  bigint[];
    last    bigint[] := array_fill(NULL::bigint, ARRAY[6]);
    lost    bigint[] := array_fill(0::bigint, ARRAY[6]);
BEGIN
    FOR k IN REVERSE n .. 1 LOOP
        follows[k] := coalesce(keys[k + 1], follows[k + 1]);
        highest[k] := greatest(keys[k], highest[k + 1]);
        after[k] := coalesce(after[k + 1], 0) + (keys[k] IS NOT NULL)::integer;
    END LOOP;
    FOR k IN 1 .. n LOOP
        counts := ARRAY[keys[k], views[k], likes[k], shares[k], comments[k], saves[k]];
        i := k;
        admissible := true;
        reason := NULL;
        IF keys[k] < top THEN
            IF highest[k] >= top THEN
                admissible := false;
                reason := 'stale_read';
            ELSIF after[k] < 4 OR highest[k] <= keys[k] OR follows[k] - keys[k] > (top - keys[k]) / 2 THEN
                admissible := false;
                reason := 'counter_corrected';
            ELSE
                FOR c IN 1 .. 6 LOOP
                    lost[c] := lost[c] + greatest(coalesce(last[c] - counts[c], 0), 0);
                END LOOP;
                last := array_fill(NULL::bigint, ARRAY[6]);
            END IF;
        END IF;
        IF admissible THEN
            top := coalesce(keys[k], top);
            FOR c IN 1 .. 6 LOOP
                last[c] := coalesce(counts[c], last[c]);
            END LOOP;
        END IF;
        total := counts[1] + lost[1];
        views_total := counts[2] + lost[2];
        likes_total := counts[3] + lost[3];
        shares_total := counts[4] + lost[4];
        comments_total := counts[5] + lost[5];
        saves_total := counts[6] + lost[6];
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION tidemark.corrected_reads(bigint[], bigint[], bigint[], bigint[], bigint[], bigint[]) IS
    'tidemark: a post''s counts with corrections added back';

-- The lifetime reads of the posts named, each judged: what lies below the running maximum does not count (a stale number, a
-- counter set back). post is the position in the arrays; low and high bound the times, both included. total is the measure
-- the maximum is taken of: views, or where a post's views are never known the sum of its known interactions; by_interactions
-- turns that round. A row of the archive that a late delivery brought again counts once. Few posts are looked up by their
-- key, in every month; many are met in one pass over the owner's rows: the planner cannot tell how many texts a list repeats.
CREATE OR REPLACE FUNCTION tidemark.guarded_reads(owner uuid, platforms text[], ids text[], low timestamptz[],
                                                  high timestamptz[], by_interactions boolean)
RETURNS TABLE (post bigint, recorded_at timestamptz, admissible boolean, reason text, total bigint, views bigint,
               likes bigint, shares bigint, comments bigint, saves bigint)
LANGUAGE plpgsql VOLATILE ROWS 1000000 SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan SET jit = off SET enable_nestloop = on SET enable_mergejoin = off SET work_mem = '64MB' AS $$
#variable_conflict use_column
BEGIN
    IF cardinality(ids) > 1000 THEN
        SET LOCAL enable_nestloop = off;
    END IF;
    RETURN QUERY
    WITH wanted AS (
        SELECT w.post, w.platform, w.external_id, w.low, w.high
          FROM unnest(platforms, ids, low, high) WITH ORDINALITY AS w (platform, external_id, low, high, post)
    ), raw AS (
        SELECT w.post, o.recorded_at, o.views, o.likes, o.shares, o.comments, o.saves,
               CASE WHEN num_nonnulls(o.likes, o.shares, o.comments, o.saves) > 0
                    THEN coalesce(o.likes, 0) + coalesce(o.shares, 0) + coalesce(o.comments, 0) + coalesce(o.saves, 0)
               END AS acts
          FROM wanted w JOIN tidemark.observations o
            ON o.platform = w.platform AND o.external_id = w.external_id AND o.recorded_at BETWEEN w.low AND w.high
         WHERE o.user_id = guarded_reads.owner AND o.metric_window = 'lifetime'
    ), keyed AS (
        SELECT r.*,
               CASE WHEN CASE WHEN by_interactions THEN max(r.acts) OVER whole IS NULL
                              ELSE max(r.views) OVER whole IS NOT NULL END
                    THEN r.views ELSE r.acts END AS key,
               lag(r.recorded_at) OVER series AS before
          FROM raw r
        WINDOW whole AS (PARTITION BY r.post), series AS (PARTITION BY r.post ORDER BY r.recorded_at, r.views DESC NULLS LAST)
    ), ranked AS (
        SELECT k.*, max(k.key) OVER (PARTITION BY k.post ORDER BY k.recorded_at) AS so_far,
               max(k.key) OVER (PARTITION BY k.post) AS top
          FROM keyed k
         WHERE k.before IS DISTINCT FROM k.recorded_at
    ), judged AS (
        SELECT r.*, max(r.recorded_at) FILTER (WHERE r.key = r.top) OVER (PARTITION BY r.post) AS top_at,
               count(*) FILTER (WHERE r.key < r.so_far) OVER (PARTITION BY r.post) AS lows
          FROM ranked r
    ), fallen AS (
        SELECT j.post, array_agg(j.recorded_at ORDER BY j.recorded_at) AS times,
               array_agg(j.key ORDER BY j.recorded_at) AS keys, array_agg(j.views ORDER BY j.recorded_at) AS views,
               array_agg(j.likes ORDER BY j.recorded_at) AS likes, array_agg(j.shares ORDER BY j.recorded_at) AS shares,
               array_agg(j.comments ORDER BY j.recorded_at) AS comments, array_agg(j.saves ORDER BY j.recorded_at) AS saves
          FROM judged j
         WHERE j.lows >= 4
         GROUP BY j.post
        HAVING count(j.key) FILTER (WHERE j.recorded_at > j.top_at) >= 4
    )
    SELECT j.post, j.recorded_at, j.key IS NULL OR j.key >= j.so_far,
           CASE WHEN j.key < j.so_far
                THEN CASE WHEN j.recorded_at < j.top_at THEN 'stale_read' ELSE 'counter_corrected' END END,
           j.key, j.views, j.likes, j.shares, j.comments, j.saves
      FROM judged j
     WHERE j.lows < 4 OR j.post NOT IN (SELECT f.post FROM fallen f)
    UNION ALL
    SELECT f.post, f.times[c.i], c.admissible, c.reason, c.total, c.views_total, c.likes_total, c.shares_total,
           c.comments_total, c.saves_total
      FROM fallen f, tidemark.corrected_reads(f.keys, f.views, f.likes, f.shares, f.comments, f.saves) c;
END
$$;
COMMENT ON FUNCTION tidemark.guarded_reads(uuid, text[], text[], timestamptz[], timestamptz[], boolean) IS
    'tidemark: lifetime reads, each with whether it counts';
