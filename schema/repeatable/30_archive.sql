-- Puts away what was recorded before a time, at most max_rows of it (NULL: all); returns how many rows. One statement: what
-- is deleted is what is archived, whatever others commit meanwhile. Rows that somebody is writing just now are left for the
-- next call. A row that was archived before (a late delivery brought it again) is brought up to date.
CREATE OR REPLACE FUNCTION tidemark.archive_performance_data(before timestamptz, max_rows bigint)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    n bigint;
BEGIN
    IF before IS NULL OR max_rows < 0 THEN
        RAISE EXCEPTION 'archive_performance_data: a time and a positive number of rows are needed'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    WITH chosen AS MATERIALIZED (
        SELECT m.user_id, m.platform, m.external_id, m.metric_window, m.window_start, m.recorded_at
          FROM public.content_performance_metrics m
         WHERE m.recorded_at < archive_performance_data.before
         LIMIT archive_performance_data.max_rows
           FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM public.content_performance_metrics m USING chosen c
         WHERE m.recorded_at < archive_performance_data.before
           AND (m.user_id, m.platform, m.external_id, m.metric_window, m.window_start, m.recorded_at)
             = (c.user_id, c.platform, c.external_id, c.metric_window, c.window_start, c.recorded_at)
        RETURNING m.*
    ), kept AS (
        INSERT INTO public.archived_performance_metrics AS a SELECT * FROM gone
        ON CONFLICT (user_id, platform, external_id, metric_window, window_start, recorded_at) DO UPDATE
           SET (id, content_id, metrics, views, likes, shares, comments, saves, peak_engagement_time, average_watch_time,
                audience_demographics, platform_metrics, window_end)
             = (excluded.id, excluded.content_id, excluded.metrics, excluded.views, excluded.likes, excluded.shares,
                excluded.comments, excluded.saves, excluded.peak_engagement_time, excluded.average_watch_time,
                excluded.audience_demographics, excluded.platform_metrics, excluded.window_end)
        RETURNING a.user_id, a.recorded_at, hashtextextended(jsonb_build_array(
                      a.platform, a.external_id, a.metric_window, a.window_start, a.recorded_at, a.content_id,
                      a.views, a.likes, a.shares, a.comments, a.saves, a.average_watch_time)::text, 0) AS hash
    ), noted AS (
        INSERT INTO tidemark.archive_batches (user_id, before, rows, first_at, last_at, checksum)
        SELECT user_id, archive_performance_data.before, count(*), min(recorded_at), max(recorded_at), sum(hash)
          FROM kept GROUP BY user_id
    )
    SELECT count(*) INTO n FROM kept;
    RETURN n;
END
$$;
COMMENT ON FUNCTION tidemark.archive_performance_data(timestamptz, bigint) IS
    'tidemark: moves old observations into the archive, a batch at a time';

CREATE OR REPLACE FUNCTION public.archive_old_performance_data() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tidemark.archive_performance_data(now() - interval '6 months', NULL);
END
$$;
COMMENT ON FUNCTION public.archive_old_performance_data() IS 'tidemark: archives what is older than six months';
