-- Views gained per UTC day and post: what lies between two reads that count, spread over the days between them by time. The
-- first read is one from nothing at publication when it was made within 3 days of it; otherwise the count only starts there.
-- Nothing is said of the 72 hours before the owner's newest observation, when platforms are still adding, nor of what lies
-- between two definitions of views (0 there; the day of the change is over when it is over in California). Rounded on the running sum, so that the days of an increment add up to it.
-- A post of which lifetime counts tell nothing (a platform that counts by days, or nobody asked for more) has its days as they
-- were delivered last, by the platform's own calendar; days that nobody delivered are NULL.
CREATE OR REPLACE FUNCTION tidemark.daily_gains(owner uuid, since timestamptz, as_of timestamptz)
RETURNS TABLE (platform text, external_id text, first_day date, gained bigint[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
SET enable_nestloop = off SET work_mem = '64MB' SET timezone = 'UTC' AS $$
#variable_conflict use_column
DECLARE
    platforms text[];
    ids       text[];
    closed    date; -- the first day that is not complete
    settled   date; -- the same of what is delivered by days
    opened    date := since::date;
BEGIN
    SELECT (greatest((SELECT max(m.recorded_at) FROM public.content_performance_metrics m
                       WHERE m.user_id = owner AND m.recorded_at <= daily_gains.as_of AND m.metric_window = 'lifetime'),
                     (SELECT max(a.recorded_at) FROM public.archived_performance_metrics a
                       WHERE a.user_id = owner AND a.recorded_at <= daily_gains.as_of AND a.metric_window = 'lifetime'))
            - interval '72 hours')::date INTO closed;
    SELECT (max(o.recorded_at) - interval '72 hours')::date INTO settled FROM tidemark.observations o
     WHERE o.user_id = owner AND o.recorded_at <= daily_gains.as_of AND o.metric_window = 'day';
    SELECT array_agg(p.platform::text), array_agg(p.external_id) INTO platforms, ids
      FROM tidemark.posts p
     WHERE p.user_id = owner AND (p.published_at <= daily_gains.as_of OR p.published_at IS NULL);

    RETURN QUERY
    WITH named AS (
        -- Joined and not looked up by position: the nth of a list of texts is found by walking there.
        SELECT w.post, w.platform, w.external_id, p.published_at, c.changes
          FROM unnest(platforms, ids) WITH ORDINALITY AS w (platform, external_id, post)
               JOIN tidemark.posts p ON p.user_id = owner AND p.platform = w.platform AND p.external_id = w.external_id
               LEFT JOIN (SELECT d.platform, k.kind, array_agg(d.valid_from) AS changes
                            FROM tidemark.metric_definitions d
                                 JOIN (SELECT DISTINCT q.platform, tidemark.media_kind(q.features, q.url) AS kind
                                         FROM tidemark.posts q WHERE q.user_id = owner) k
                                   ON k.platform = d.platform AND d.media_kind IN ('', k.kind)
                           WHERE d.metric = 'views' AND d.valid_from > '-infinity'
                           GROUP BY d.platform, k.kind) c
                 ON c.platform = p.platform AND c.kind = tidemark.media_kind(p.features, p.url)
    ), counted AS (
        SELECT g.post, g.recorded_at AS at, g.views
          FROM tidemark.guarded_reads(owner, platforms, ids,
                                      array_fill('-infinity'::timestamptz, ARRAY[coalesce(cardinality(ids), 0)]),
                                      array_fill(daily_gains.as_of, ARRAY[coalesce(cardinality(ids), 0)]), false) g
         WHERE g.admissible AND g.views IS NOT NULL
    ), steps AS (
        SELECT c.post, c.at, greatest(c.views, 0) AS views, lag(c.at) OVER w AS before, lag(greatest(c.views, 0)) OVER w AS had
          FROM counted c WINDOW w AS (PARTITION BY c.post ORDER BY c.at)
    ), increments AS (
        SELECT s.post, s.at, n.changes, s.views - coalesce(s.had, 0) AS gain,
               coalesce(s.before, n.published_at) AS before
          FROM steps s JOIN named n ON n.post = s.post
         WHERE s.before IS NOT NULL OR n.published_at < s.at AND s.at <= n.published_at + interval '3 days'
    ), told AS (
        SELECT i.post, i.at, i.before,
               CASE WHEN i.changes IS NOT NULL
                     AND EXISTS (SELECT FROM unnest(i.changes) AS change WHERE change + interval '32 hours' > i.before AND change <= i.at)
                    THEN 0 ELSE i.gain END AS gain
          FROM increments i
         WHERE i.before < i.at AND i.before < closed AND (opened IS NULL OR i.at >= opened)
    ), pieces AS (
        SELECT t.post, k.day,
               round(t.gain * extract(epoch FROM least(t.at, k.day + 1) - t.before)::double precision
                     / extract(epoch FROM t.at - t.before)::double precision)
             - round(t.gain * extract(epoch FROM greatest(t.before, k.day) - t.before)::double precision
                     / extract(epoch FROM t.at - t.before)::double precision) AS gain
          FROM told t, LATERAL (
                SELECT t.before::date + n AS day
                  FROM generate_series(0, (t.at - interval '1 microsecond')::date - t.before::date) AS n) k
         WHERE k.day < closed AND (opened IS NULL OR k.day >= opened)
    ), days AS (
        SELECT p.post, p.day, sum(p.gain)::bigint AS gain FROM pieces p GROUP BY p.post, p.day
    ), zones AS (
        SELECT DISTINCT d.platform, d.day_zone FROM tidemark.metric_definitions d WHERE d.metric = 'views'
    ), delivered AS (
        SELECT DISTINCT ON (n.post, o.window_start) n.post, o.views,
               (o.window_start AT TIME ZONE coalesce(z.day_zone, 'UTC'))::date AS day
          FROM tidemark.observations o
               JOIN named n ON n.platform = o.platform AND n.external_id = o.external_id
               LEFT JOIN zones z ON z.platform = o.platform
         WHERE settled IS NOT NULL AND o.user_id = owner AND o.metric_window = 'day' AND o.recorded_at <= daily_gains.as_of
           AND isfinite(o.window_start) AND o.views IS NOT NULL
           AND NOT EXISTS (SELECT FROM increments i WHERE i.post = n.post)
         ORDER BY n.post, o.window_start, o.recorded_at DESC
    ), known AS (
        SELECT d.post, d.day, greatest(sum(d.views), 0)::bigint AS gain FROM delivered d
         WHERE d.day < settled AND (opened IS NULL OR d.day >= opened)
         GROUP BY d.post, d.day
    ), spans AS (
        SELECT k.post, k.first_day + n AS day
          FROM (SELECT k.post, min(k.day) AS first_day, max(k.day) AS last_day FROM known k GROUP BY k.post) k,
               LATERAL generate_series(0, k.last_day - k.first_day) AS n
    ), told_days AS (
        SELECT d.post, d.day, d.gain FROM days d
        UNION ALL
        SELECT s.post, s.day, k.gain FROM spans s LEFT JOIN known k ON k.post = s.post AND k.day = s.day
    )
    -- Reads follow each other without a gap, and so do their days.
    SELECT n.platform, n.external_id, g.first_day, g.gained
      FROM (SELECT d.post, min(d.day) AS first_day, array_agg(d.gain ORDER BY d.day) AS gained FROM told_days d GROUP BY d.post) g
           JOIN named n ON n.post = g.post;
END
$$;
COMMENT ON FUNCTION tidemark.daily_gains(uuid, timestamptz, timestamptz) IS 'tidemark: views gained per UTC day, per post';

-- Fills peak_engagement_time, which no platform delivers, on a post's newest lifetime snapshot: the middle of the steepest
-- interval of what people did there (views where nothing else is known), from three reads that count on.
CREATE OR REPLACE FUNCTION tidemark.refresh_peak_times(owner uuid, as_of timestamptz) RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off SET work_mem = '64MB' AS $$
DECLARE
    seen      timestamptz;
    last_run  timestamptz;
    latest    timestamptz;
    times     timestamptz[];
    platforms text[];
    ids       text[];
    newest    timestamptz[];
    peaks     timestamptz[];
    n         bigint;
BEGIN
    IF owner IS NULL OR as_of IS NULL THEN
        RAISE EXCEPTION 'refresh_peak_times: an owner and a time are needed' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    SELECT m.peaks_watermark, m.peaks_at INTO seen, last_run FROM tidemark.at_age_marks m WHERE m.user_id = owner;
    IF seen > as_of THEN
        seen := NULL;
    END IF;
    times := ARRAY(SELECT DISTINCT d.observed_at FROM tidemark.deliveries d
                    WHERE d.user_id = owner AND d.arrived_at > last_run - interval '15 minutes' AND d.observed_at <= seen);
    SELECT max(m.recorded_at) INTO latest FROM public.content_performance_metrics m
     WHERE m.user_id = owner AND m.recorded_at <= refresh_peak_times.as_of AND m.metric_window = 'lifetime';

    SELECT array_agg(t.platform), array_agg(t.external_id) INTO platforms, ids
      FROM (SELECT m.platform, m.external_id FROM public.content_performance_metrics m
             WHERE m.user_id = owner AND m.recorded_at > coalesce(seen, '-infinity')
               AND m.recorded_at <= refresh_peak_times.as_of AND m.metric_window = 'lifetime'
            UNION
            SELECT m.platform, m.external_id FROM public.content_performance_metrics m
             WHERE m.user_id = owner AND m.recorded_at = ANY (times) AND m.metric_window = 'lifetime') t;

    WITH reads AS (
        SELECT g.* FROM tidemark.guarded_reads(owner, platforms, ids,
                            array_fill('-infinity'::timestamptz, ARRAY[coalesce(cardinality(ids), 0)]),
                            array_fill(refresh_peak_times.as_of, ARRAY[coalesce(cardinality(ids), 0)]), true) g
    ), steps AS (
        SELECT r.post, r.recorded_at AS at, r.total, max(r.recorded_at) OVER whole AS newest,
               count(r.total) FILTER (WHERE r.admissible) OVER whole AS reads,
               CASE WHEN r.admissible AND r.total IS NOT NULL THEN lag(r.recorded_at) OVER counted END AS before,
               CASE WHEN r.admissible AND r.total IS NOT NULL THEN r.total - lag(r.total) OVER counted END AS grown
          FROM reads r
        WINDOW whole AS (PARTITION BY r.post),
               counted AS (PARTITION BY r.post, r.admissible AND r.total IS NOT NULL ORDER BY r.recorded_at)
    ), peaks AS (
        SELECT DISTINCT ON (s.post) s.post, s.newest, s.before + (s.at - s.before) / 2 AS peak
          FROM steps s WHERE s.reads >= 3 AND s.grown > 0
         ORDER BY s.post, s.grown / extract(epoch FROM s.at - s.before) DESC, s.at
    )
    SELECT array_agg(w.platform), array_agg(w.external_id), array_agg(p.newest), array_agg(p.peak)
      INTO platforms, ids, newest, peaks
      FROM peaks p JOIN unnest(platforms, ids) WITH ORDINALITY AS w (platform, external_id, post) ON w.post = p.post;

    UPDATE public.content_performance_metrics m SET peak_engagement_time = w.peak
      FROM unnest(platforms, ids, newest, peaks) AS w (platform, external_id, newest, peak)
     WHERE m.user_id = owner AND m.platform = w.platform AND m.external_id = w.external_id AND m.metric_window = 'lifetime'
       AND m.recorded_at = w.newest AND m.peak_engagement_time IS DISTINCT FROM w.peak;
    GET DIAGNOSTICS n = ROW_COUNT;

    INSERT INTO tidemark.at_age_marks AS m (peaks_at, peaks_watermark, user_id)
    VALUES (CURRENT_TIMESTAMP, latest, owner)
    ON CONFLICT (user_id) DO UPDATE SET (peaks_at, peaks_watermark) = (excluded.peaks_at, excluded.peaks_watermark);
    RETURN n;
END
$$;
COMMENT ON FUNCTION tidemark.refresh_peak_times(uuid, timestamptz) IS
    'tidemark: fills peak_engagement_time of an owner''s posts';
