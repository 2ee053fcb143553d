-- about: How many views the median post has after 24 hours, week by week and platform by platform, and whether it changed.
-- title: Views at 24 h: median post of each week, {weeks} weeks, each on its own scale
-- arg: weeks integer = 13: how many weeks
-- column: platform "platform"
-- column: series "weeks" spark
-- column: last "last" brief
-- column: change "change" unit=% decimals=0 sign
-- column: lo "95" unit=% decimals=0
-- column: posts "posts" drop=1
-- column: last_at hide
-- column: ends hide
-- column: breaks hide
-- chart: interval change lo hi
-- glyph: glyph
-- instead: instead
-- note: Change: posts of the last 4 weeks against those before; it takes 8 of each.
-- note: A gap: no post of that week was read at 24 h under the definition of views in force now.
-- note: {breaks}
-- note: Weeks of 7 days, the last one to {ends} {zone}.
-- empty: No post has been read at 24 hours yet. Take some in and learn: tidemark ingest FILE, tidemark learn
-- next: tidemark report freshness

-- Geometric means of two groups of posts, and Welch's interval of their ratio: views are far from normal, their logarithm is not.
WITH marks AS (
       SELECT coalesce((SELECT watermark FROM tidemark.at_age_marks),
                       (SELECT max(observed_at) FROM tidemark.content_at_age)) AS ends
), ages AS (
       SELECT c.platform,
              c.views,
              c.segment,
              p.published_at,
              first_value(c.segment) OVER (PARTITION BY c.platform ORDER BY p.published_at DESC, c.external_id) AS now_segment,
              :weeks - 1 - floor(extract(epoch FROM marks.ends - p.published_at) / 604800)::int AS week,
              marks.ends
         FROM marks
         JOIN tidemark.posts p ON p.published_at > marks.ends - :weeks * interval '7 days' AND p.published_at <= marks.ends
         JOIN tidemark.content_at_age c
           ON c.user_id = p.user_id AND c.platform = p.platform AND c.external_id = p.external_id AND c.age_h = 24
        WHERE c.views >= 0 AND NOT c.straddles
), kept AS (
       SELECT *, ln(views + 10.0)::float8 AS y, week >= :weeks - 4 AS late FROM ages WHERE segment = now_segment
), medians AS (
       SELECT platform, week, percentile_cont(0.5) WITHIN GROUP (ORDER BY views) AS median FROM kept GROUP BY platform, week
), series AS (
       SELECT f.platform, array_agg(m.median ORDER BY w) AS series, (array_agg(m.median ORDER BY w DESC)
              FILTER (WHERE m.median IS NOT NULL))[1] AS last
         FROM (SELECT DISTINCT platform FROM kept) f
        CROSS JOIN generate_series(0, :weeks - 1) w
         LEFT JOIN medians m ON m.platform = f.platform AND m.week = w
        GROUP BY f.platform
), halves AS (
       SELECT platform,
              count(*) AS posts,
              count(*) FILTER (WHERE late) AS n1,
              count(*) FILTER (WHERE NOT late) AS n0,
              avg(y) FILTER (WHERE late) - avg(y) FILTER (WHERE NOT late) AS d,
              var_samp(y) FILTER (WHERE late) / nullif(count(*) FILTER (WHERE late), 0) AS v1,
              var_samp(y) FILTER (WHERE NOT late) / nullif(count(*) FILTER (WHERE NOT late), 0) AS v0
         FROM kept
        GROUP BY platform
), compared AS ( -- Student's t at 97.5 % by its expansion in 1/df, good to .01 from 7 degrees of freedom on
       SELECT h.*, 1.95996 + 2.37227 / df + 2.8225 / df ^ 2 + 2.5558 / df ^ 3 AS t, sqrt(v1 + v0) AS se
         FROM (SELECT *, CASE WHEN n1 >= 8 AND n0 >= 8 AND v1 + v0 > 0
                              THEN (v1 + v0) ^ 2 / (v1 ^ 2 / (n1 - 1) + v0 ^ 2 / (n0 - 1)) END AS df FROM halves) h
), reads AS ( -- a platform has stopped where others went on
       SELECT s.platform, m.last_at, coalesce(m.last_at < marks.ends - interval '36 hours', true) AS stopped
         FROM marks
        CROSS JOIN series s
         LEFT JOIN (SELECT platform, max(recorded_at) AS last_at
                      FROM content_performance_metrics, marks
                     WHERE user_id = (SELECT auth.uid()) AND recorded_at > marks.ends - interval '28 days'
                     GROUP BY platform) m ON m.platform = s.platform
), breaks AS ( -- readings under another definition are no part of a series: from when on they are
       SELECT 'A view is counted differently by ' || string_agg(b.platform || ' since ' || b.since, ', ' ORDER BY b.platform)
              || ': what was read before is left out.' AS breaks
         FROM (SELECT platform, to_char(max(split_part(now_segment, '@', 2)::date), 'FMDD Mon YYYY') AS since
                 FROM ages WHERE segment <> now_segment AND now_segment <> '' GROUP BY platform) b
)
SELECT CASE WHEN reads.stopped THEN 'fault' WHEN t IS NULL THEN 'unknown'
            WHEN d - t * se > 0 THEN 'up' WHEN d + t * se < 0 THEN 'down' ELSE 'flat' END AS glyph,
       s.platform,
       s.series,
       s.last,
       100 * (exp(d) - 1) AS change,
       100 * (exp(d - t * se) - 1) AS lo,
       100 * (exp(d + t * se) - 1) AS hi,
       c.posts,
       CASE WHEN reads.stopped
            THEN coalesce('stopped ' || to_char(reads.last_at, 'Dy FMDD Mon'), 'nothing for 28 d') || '; last ' || l.brief
            WHEN t IS NULL THEN 'last ' || l.brief || '; too few posts: ' || n1 || ' and ' || n0 || ' of 8 needed' END AS instead,
       reads.last_at,
       marks.ends,
       breaks.breaks
  FROM series s
 CROSS JOIN breaks
 CROSS JOIN LATERAL (SELECT CASE WHEN s.last < 999.5 THEN round(s.last)::text
                                  WHEN s.last < 999500 THEN to_char(s.last / 1000, 'FM990.0') || ' k'
                                  ELSE to_char(s.last / 1000000, 'FM999990.0') || ' M' END AS brief) l
  JOIN compared c ON c.platform = s.platform
  JOIN reads ON reads.platform = s.platform
 CROSS JOIN marks
 ORDER BY s.platform
