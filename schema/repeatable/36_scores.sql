-- Every post's score at an age: y less what is usual for its account. Engagement is ln((likes + comments + shares + saves
-- + 0.5) / (views + 10)), unknown counts left out; reach is ln(views + 10). Usual is the median y of the account's posts that
-- were read under the same definition of views and published in the 90 UTC days up to the post's own; with fewer than 5 others
-- (baseline_n) there is no score. since limits what is returned, not the baseline.
CREATE OR REPLACE FUNCTION tidemark.post_scores(owner uuid, age_h integer, metric text, since timestamptz, as_of timestamptz)
RETURNS TABLE (platform text, external_id text, y double precision, baseline double precision, baseline_n integer,
               score double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
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
        SELECT DISTINCT r.account_id, r.segment, r.day FROM read r
         WHERE post_scores.since IS NULL OR r.published_at >= post_scores.since
    ), usual AS (
        -- A window of 90 days lies in two blocks of 90: joined by equality, then cut.
        SELECT d.account_id, d.segment, d.day, percentile_cont(0.5) WITHIN GROUP (ORDER BY o.y) AS median, count(*) AS n
          FROM days d CROSS JOIN (VALUES (0), (1)) AS b (back)
               JOIN read o ON o.account_id = d.account_id AND o.segment = d.segment AND o.day / 90 = d.day / 90 - b.back
         WHERE o.day > d.day - 90 AND o.day <= d.day AND o.y IS NOT NULL
         GROUP BY d.account_id, d.segment, d.day
    )
    SELECT r.platform, r.external_id, r.y, u.median, coalesce(u.n, 0)::integer - (r.y IS NOT NULL)::integer,
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
