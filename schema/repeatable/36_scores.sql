-- Every post's score at an age: y less what is usual for its account. Engagement is ln((likes + comments + shares + saves
-- + 0.5) / (views + 10)), unknown counts left out; reach is ln(views + 10). Usual is the median y of the account's posts that
-- were read under the same definition of views and published in the 90 UTC days up to the post's own; with fewer than 5 others
-- (baseline_n) there is no score. since limits what is returned, not the baseline.
CREATE OR REPLACE FUNCTION tidemark.post_scores(owner uuid, age_h integer, metric text, since timestamptz, as_of timestamptz)
RETURNS TABLE (platform text, external_id text, y double precision, baseline double precision, baseline_n integer,
               score double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET enable_nestloop = off AS $$
#variable_conflict use_column
BEGIN
    IF metric IS NULL OR metric NOT IN ('engagement', 'reach') THEN
        RAISE EXCEPTION 'post_scores: there is no metric %: engagement or reach', coalesce(quote_literal(metric), 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY
    WITH read AS MATERIALIZED (
        SELECT p.platform::text, p.external_id, p.account_id, p.published_at,
               (p.published_at AT TIME ZONE 'UTC')::date - date '1970-01-01' AS day, a.segment,
               CASE WHEN a.basis = 'missing' OR a.straddles OR a.views IS NULL THEN NULL
                    WHEN post_scores.metric = 'reach' THEN ln(greatest(a.views, 0) + 10::double precision)
                    WHEN num_nonnulls(a.likes, a.comments, a.shares, a.saves) > 0
                    THEN ln((greatest(coalesce(a.likes, 0) + coalesce(a.comments, 0) + coalesce(a.shares, 0)
                                      + coalesce(a.saves, 0), 0) + 0.5::double precision)
                            / (greatest(a.views, 0) + 10::double precision)) END AS y
          FROM tidemark.content_at_age a
               JOIN tidemark.posts p ON p.user_id = a.user_id AND p.platform = a.platform AND p.external_id = a.external_id
         WHERE a.user_id = post_scores.owner AND p.user_id = post_scores.owner AND a.age_h = post_scores.age_h
           AND (a.observed_at <= post_scores.as_of OR a.basis = 'missing') AND p.published_at <= post_scores.as_of
    ), days AS (
        -- One list a day, made while the rows pass by in order: joining posts to days takes minutes where this takes seconds.
        SELECT DISTINCT ON (w.account_id, w.segment, w.day) w.account_id, w.segment, w.day, w.ys
          FROM (SELECT r.account_id, r.segment, r.day, r.published_at,
                       array_agg(r.y) FILTER (WHERE r.y IS NOT NULL)
                           OVER (PARTITION BY r.account_id, r.segment ORDER BY r.day
                                 RANGE BETWEEN 89 PRECEDING AND CURRENT ROW) AS ys
                  FROM read r) w
         WHERE post_scores.since IS NULL OR w.published_at >= post_scores.since
         ORDER BY w.account_id, w.segment, w.day
    ), usual AS (
        SELECT d.account_id, d.segment, d.day, cardinality(d.ys) AS n,
               (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY y) FROM unnest(d.ys) AS y) AS median
          FROM days d
    )
    SELECT r.platform, r.external_id, r.y, u.median, coalesce(u.n, 0) - (r.y IS NOT NULL)::integer,
           CASE WHEN u.n > 5 THEN r.y - u.median END
      FROM read r LEFT JOIN usual u ON u.account_id = r.account_id AND u.segment = r.segment AND u.day = r.day
     WHERE post_scores.since IS NULL OR r.published_at >= post_scores.since;
END
$$;
COMMENT ON FUNCTION tidemark.post_scores(uuid, integer, text, timestamptz, timestamptz) IS
    'tidemark: posts'' scores at an age, as of a time';

CREATE OR REPLACE VIEW tidemark.scores_now WITH (security_invoker = true) AS
SELECT s.platform, s.external_id, k.age_h, k.metric, s.y, s.baseline, s.baseline_n, s.score
  FROM (VALUES (168, 'engagement'), (168, 'reach'), (24, 'engagement'), (24, 'reach')) AS k (age_h, metric),
       tidemark.post_scores((SELECT auth.uid()), k.age_h, k.metric, NULL, now()) AS s;
COMMENT ON VIEW tidemark.scores_now IS 'tidemark: the asking owner''s scores at 7 days and 24 hours, as of now';
