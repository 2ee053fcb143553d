-- Brings content_at_age up to date from what was recorded at or before as_of; returns how many rows changed. Looked at are
-- posts that lack a row for an age that has passed, posts young enough to come into one, and posts that something was recorded
-- of since the last refresh (deliveries committed late are given a quarter of an hour). Reads after 56 days, twice the last
-- age, change nothing here.
--
-- A reading is the snapshot nearest to the age (in the logarithm) within 25 %; a count that it lacks comes from the nearest
-- one that has it. Without one: between the snapshots around the age, from a quarter of it to twice it, linear in ln(count + 1)
-- over ln(age). Without those: missing, once the age is 25 % past, and why.
--
-- A reading stays when its snapshot is gone (its data were deleted): only a nearer one replaces it. So learning on less data
-- forgets nothing. When as_of goes back, readings made after it go, as long as they can be made again.
CREATE OR REPLACE FUNCTION tidemark.refresh_at_age(owner uuid, as_of timestamptz) RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
SET work_mem = '64MB' AS $$
DECLARE
    reach     CONSTANT interval := '1344 hours';
    seen      timestamptz; -- watermark and time of the last refresh
    last_run  timestamptz;
    latest    timestamptz;
    redone    boolean;
    times     timestamptz[];
    platforms text[];
    ids       text[];
    births    timestamptz[];
    ends      timestamptz[];
    kinds     text[];
    n         bigint := 0;
    changed   bigint;
BEGIN
    IF owner IS NULL OR as_of IS NULL THEN
        RAISE EXCEPTION 'refresh_at_age: an owner and a time are needed' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    SELECT m.watermark, m.refreshed_at INTO seen, last_run FROM tidemark.at_age_marks m WHERE m.user_id = owner;
    redone := seen > as_of;
    SELECT greatest((SELECT max(m.recorded_at) FROM public.content_performance_metrics m
                      WHERE m.user_id = owner AND m.recorded_at <= refresh_at_age.as_of AND m.metric_window = 'lifetime'),
                    (SELECT max(a.recorded_at) FROM public.archived_performance_metrics a
                      WHERE a.user_id = owner AND a.recorded_at <= refresh_at_age.as_of AND a.metric_window = 'lifetime'))
      INTO latest;

    IF redone THEN
        DELETE FROM tidemark.content_at_age a USING tidemark.posts p
         WHERE a.user_id = owner AND p.user_id = owner AND p.platform = a.platform AND p.external_id = a.external_id
           AND CASE WHEN a.basis = 'missing'
                    THEN p.published_at + a.age_h * interval '75 minutes' > refresh_at_age.as_of
                    ELSE a.observed_at > refresh_at_age.as_of
                         AND EXISTS (SELECT FROM tidemark.observations o
                                      WHERE o.user_id = owner AND o.platform = a.platform AND o.external_id = a.external_id
                                        AND o.metric_window = 'lifetime' AND o.recorded_at = a.observed_at) END;
        GET DIAGNOSTICS n = ROW_COUNT;
    ELSIF seen IS NOT NULL THEN
        times := ARRAY(SELECT DISTINCT d.observed_at FROM tidemark.deliveries d
                        WHERE d.user_id = owner AND d.arrived_at > last_run - interval '15 minutes' AND d.observed_at <= seen);
    END IF;

    WITH touched AS (
        SELECT o.platform, o.external_id, min(o.recorded_at) AS first_at
          FROM tidemark.observations o
         WHERE o.user_id = owner AND o.recorded_at > seen AND o.recorded_at <= refresh_at_age.as_of
           AND o.metric_window = 'lifetime' AND NOT redone
         GROUP BY 1, 2
        UNION ALL
        SELECT o.platform, o.external_id, min(o.recorded_at)
          FROM tidemark.observations o
         WHERE o.user_id = owner AND o.recorded_at = ANY (times) AND o.metric_window = 'lifetime'
         GROUP BY 1, 2
    ), stirred AS (
        SELECT t.platform, t.external_id, min(t.first_at) AS first_at FROM touched t GROUP BY 1, 2
    ), present AS (
        SELECT a.platform, a.external_id, count(*) AS ages
          FROM tidemark.content_at_age a WHERE a.user_id = owner GROUP BY 1, 2
    ), chosen AS (
        SELECT p.platform, p.external_id, p.published_at, tidemark.media_kind(p.features, p.url) AS kind
          FROM tidemark.posts p LEFT JOIN stirred s USING (platform, external_id)
               LEFT JOIN present q USING (platform, external_id)
         WHERE p.user_id = owner AND p.published_at <= refresh_at_age.as_of
           AND CASE WHEN redone THEN p.published_at > refresh_at_age.as_of - reach
                    ELSE seen IS NULL OR p.published_at >= seen - interval '35 days' OR s.first_at <= p.published_at + reach
                         OR coalesce(q.ages, 0)
                            < (SELECT count(*) FROM unnest(ARRAY[1, 24, 168, 672]) AS age
                                WHERE p.published_at + age * interval '75 minutes' <= refresh_at_age.as_of) END
    )
    SELECT array_agg(c.platform), array_agg(c.external_id), array_agg(c.published_at),
           array_agg(least(c.published_at + reach, refresh_at_age.as_of)), array_agg(c.kind)
      INTO platforms, ids, births, ends, kinds
      FROM chosen c;

    -- Nobody knows beforehand how long these lists get; met one by one they take minutes.
    SET LOCAL enable_nestloop = off;
    WITH posts AS (
        SELECT * FROM unnest(platforms, ids, births, kinds)
            WITH ORDINALITY AS w (platform, external_id, published_at, kind, post)
    ), reads AS MATERIALIZED (
        SELECT g.*, extract(epoch FROM g.recorded_at - p.published_at)::double precision / 3600 AS age
          FROM tidemark.guarded_reads(owner, platforms, ids, births, ends, false) g JOIN posts p ON p.post = g.post
    ), around AS (
        SELECT r.post, t.age_h, r.recorded_at, r.admissible, r.reason, r.total, r.views, r.likes, r.shares, r.comments,
               r.saves, r.age, r.age BETWEEN 0.75 * t.age_h AND 1.25 * t.age_h AS near, abs(ln(r.age / t.age_h)) AS distance
          FROM reads r JOIN (VALUES (1), (24), (168), (672)) AS t (age_h) ON r.age BETWEEN 0.25 * t.age_h AND 2.0 * t.age_h
    ), near AS (
        -- The lists come out in the order of the sub-query: the nearest first, those with a total before those without.
        SELECT o.post, o.age_h, bool_or(o.total IS NOT NULL) FILTER (WHERE o.admissible) AS known,
               (array_agg(o.recorded_at) FILTER (WHERE o.admissible AND (o.total IS NOT NULL)))[1] AS observed_at,
               (array_agg(o.views) FILTER (WHERE o.admissible AND o.views IS NOT NULL))[1] AS views,
               (array_agg(o.likes) FILTER (WHERE o.admissible AND o.likes IS NOT NULL))[1] AS likes,
               (array_agg(o.shares) FILTER (WHERE o.admissible AND o.shares IS NOT NULL))[1] AS shares,
               (array_agg(o.comments) FILTER (WHERE o.admissible AND o.comments IS NOT NULL))[1] AS comments,
               (array_agg(o.saves) FILTER (WHERE o.admissible AND o.saves IS NOT NULL))[1] AS saves,
               (array_agg(o.recorded_at) FILTER (WHERE o.admissible
                   AND num_nonnulls(o.likes, o.shares, o.comments, o.saves) > 0))[1] AS partly_at,
               coalesce(min(o.reason), CASE WHEN bool_or(o.views IS NULL) THEN 'views_null' END) AS reason
          FROM (SELECT * FROM around WHERE near ORDER BY post, age_h, total IS NULL, distance, recorded_at) o
         GROUP BY o.post, o.age_h
    ), ends AS (
        SELECT o.post, o.age_h, o.what, (array_agg(o.age) FILTER (WHERE o.age <= o.age_h))[1] AS a0,
               (array_agg(o.value) FILTER (WHERE o.age <= o.age_h))[1] AS c0,
               (array_agg(o.age) FILTER (WHERE o.age >= o.age_h))[1] AS a1,
               (array_agg(o.value) FILTER (WHERE o.age >= o.age_h))[1] AS c1,
               (array_agg(o.recorded_at) FILTER (WHERE o.age >= o.age_h))[1] AS observed_at
          FROM (SELECT a.post, a.age_h, a.age, a.recorded_at, c.what, greatest(c.value, 0)::double precision AS value
                  FROM around a LEFT JOIN near n ON n.post = a.post AND n.age_h = a.age_h AND n.known,
                       LATERAL (VALUES (0, a.total), (1, a.views), (2, a.likes), (3, a.shares), (4, a.comments), (5, a.saves))
                               AS c (what, value)
                 WHERE a.admissible AND n.post IS NULL AND c.value IS NOT NULL
                 ORDER BY a.post, a.age_h, c.what, a.distance, a.recorded_at) o
         GROUP BY o.post, o.age_h, o.what
    ), between_two AS (
        SELECT i.post, i.age_h, max(i.observed_at) FILTER (WHERE i.what = 0) AS observed_at,
               max(i.value) FILTER (WHERE i.what = 1) AS views, max(i.value) FILTER (WHERE i.what = 2) AS likes,
               max(i.value) FILTER (WHERE i.what = 3) AS shares, max(i.value) FILTER (WHERE i.what = 4) AS comments,
               max(i.value) FILTER (WHERE i.what = 5) AS saves
          FROM (SELECT e.post, e.age_h, e.what, e.observed_at,
                       round(exp(ln(e.c0 + 1) + (ln(e.c1 + 1) - ln(e.c0 + 1))
                                 * coalesce(ln(e.age_h / e.a0) / nullif(ln(e.a1 / e.a0), 0), 0)) - 1)::bigint AS value
                  FROM ends e WHERE e.a0 IS NOT NULL AND e.a1 IS NOT NULL) i
         GROUP BY i.post, i.age_h
        HAVING bool_or(i.what = 0)
    ), readings AS (
        SELECT p.*, t.age_h, k.basis, CASE WHEN k.basis <> 'missing' THEN k.observed_at END AS observed_at,
               CASE WHEN k.basis = 'observed' THEN n.views ELSE b.views END AS views,
               CASE WHEN k.basis = 'observed' THEN n.likes ELSE b.likes END AS likes,
               CASE WHEN k.basis = 'observed' THEN n.shares ELSE b.shares END AS shares,
               CASE WHEN k.basis = 'observed' THEN n.comments ELSE b.comments END AS comments,
               CASE WHEN k.basis = 'observed' THEN n.saves ELSE b.saves END AS saves,
               coalesce(n.reason, 'no_snapshot_near_age') AS lacking
          FROM posts p CROSS JOIN (VALUES (1), (24), (168), (672)) AS t (age_h)
               LEFT JOIN near n ON n.post = p.post AND n.age_h = t.age_h
               LEFT JOIN between_two b ON b.post = p.post AND b.age_h = t.age_h,
               LATERAL (SELECT CASE WHEN n.known OR (b.post IS NULL AND n.partly_at IS NOT NULL) THEN 'observed'
                                    WHEN b.post IS NOT NULL THEN 'interpolated'
                                    WHEN p.published_at + t.age_h * interval '75 minutes' <= refresh_at_age.as_of THEN 'missing'
                               END AS basis,
                               CASE WHEN n.known THEN n.observed_at ELSE coalesce(b.observed_at, n.partly_at) END
                               AS observed_at) k
         WHERE k.basis IS NOT NULL
    ), fresh AS (
        SELECT r.*, CASE WHEN r.basis = 'missing' THEN r.lacking
                         WHEN r.views IS NULL THEN 'views_null'
                         WHEN num_nonnulls(r.likes, r.shares, r.comments, r.saves) = 0 THEN 'likes_hidden' END AS reason,
               coalesce('views@' || to_char(d.since AT TIME ZONE 'UTC', 'YYYY-MM-DD'), '') AS segment,
               -- the day of the change is over when it is over in California
               coalesce(d.since + interval '32 hours' > r.published_at, false) AS straddles
          FROM readings r
               LEFT JOIN LATERAL (
                SELECT max(d.valid_from) AS since FROM tidemark.metric_definitions d
                 WHERE d.platform = r.platform AND d.metric = 'views' AND d.media_kind IN ('', r.kind)
                   AND d.valid_from > '-infinity' AND d.valid_from <= r.observed_at) d ON true
    )
    INSERT INTO tidemark.content_at_age AS a (platform, external_id, age_h, views, likes, shares, comments, saves, basis,
                                              reason, observed_at, segment, straddles, user_id)
    SELECT f.platform, f.external_id, f.age_h, f.views, f.likes, f.shares, f.comments, f.saves, f.basis, f.reason,
           f.observed_at, f.segment, f.straddles, owner
      FROM fresh f
           LEFT JOIN tidemark.content_at_age e
             ON e.user_id = owner AND e.platform = f.platform AND e.external_id = f.external_id AND e.age_h = f.age_h
           LEFT JOIN reads s ON s.post = f.post AND s.recorded_at = e.observed_at
     WHERE e.user_id IS NULL
        OR ((e.views, e.likes, e.shares, e.comments, e.saves, e.basis, e.reason, e.observed_at, e.segment, e.straddles)
            IS DISTINCT FROM
            (f.views, f.likes, f.shares, f.comments, f.saves, f.basis, f.reason, f.observed_at, f.segment, f.straddles)
            AND (e.basis = 'missing'
                 OR f.basis <> 'missing' AND s.post IS NOT NULL
                 OR f.basis = 'observed' AND abs(extract(epoch FROM f.observed_at - f.published_at) - f.age_h * 3600)
                                           < abs(extract(epoch FROM e.observed_at - f.published_at) - f.age_h * 3600)))
    ON CONFLICT (user_id, platform, external_id, age_h) DO UPDATE
       SET (views, likes, shares, comments, saves, basis, reason, observed_at, segment, straddles)
         = (excluded.views, excluded.likes, excluded.shares, excluded.comments, excluded.saves, excluded.basis, excluded.reason,
            excluded.observed_at, excluded.segment, excluded.straddles);
    GET DIAGNOSTICS changed = ROW_COUNT;

    INSERT INTO tidemark.at_age_marks AS m (refreshed_at, watermark, user_id)
    VALUES (CURRENT_TIMESTAMP, latest, owner)
    ON CONFLICT (user_id) DO UPDATE SET (refreshed_at, watermark) = (excluded.refreshed_at, excluded.watermark);
    SET LOCAL enable_nestloop = on;
    RETURN n + changed;
END
$$;
COMMENT ON FUNCTION tidemark.refresh_at_age(uuid, timestamptz) IS 'tidemark: brings an owner''s content_at_age up to date';
