-- about: How many views a platform's posts gained, week by week; a changed definition of a view is a break, not a jump.
-- title: Views gained by all posts, {weeks} weeks, each platform on its own scale
-- arg: weeks integer = 13: how many weeks
-- arg: platform text = all: one platform only, such as youtube
-- column: platform "platform"
-- column: series "weeks" spark
-- column: last "last" brief
-- column: change "last 4 weeks against the 4 before" unit=% decimals=0 sign drop=3
-- column: posts "posts" drop=1
-- column: passed_over "passed over" drop=2
-- column: ends hide
-- column: breaks hide
-- note: Differences between observations, by when the later one was made; of platforms that count by days, their days.
-- note: Passed over: counts that fell (corrections, resets) and stale reads; they are in no sum.
-- note: Weeks of 7 days, the last one to {ends} {zone}. A gap: nothing was observed, or the week has a break.
-- note: {breaks}
-- empty: Nothing was gained yet: it takes two observations of a post. Take some in: tidemark ingest FILE
-- next: tidemark report content.weeks
-- next: tidemark report content.top

WITH steps AS (
       SELECT i.platform,
              i.external_id,
              i.metric_window,
              i.flag,
              i.gained,
              coalesce(i.until, i.since) AS at,
              bool_or(i.metric_window = 'lifetime' AND i.flag IS DISTINCT FROM 'first') OVER (PARTITION BY i.platform, i.external_id) AS counted
         FROM tidemark.increments i
        WHERE i.metric = 'views' AND i.metric_window IN ('lifetime', 'day') AND :platform IN ('all', i.platform)
), kept AS ( -- two windows never share a series: a post's lifetime counts where they say anything, else its days
       SELECT *, max(at) OVER () AS ends
         FROM steps
        WHERE metric_window = CASE WHEN counted THEN 'lifetime' ELSE 'day' END
), weekly AS (
       SELECT platform,
              :weeks - 1 - floor(extract(epoch FROM ends - at) / 604800)::int AS week,
              sum(gained) AS gained,
              count(*) FILTER (WHERE flag IN ('correction', 'reset', 'stale_read')) AS passed_over,
              bool_or(flag = 'definition_change') AS broken
         FROM kept
        WHERE at > ends - :weeks * interval '7 days'
        GROUP BY 1, 2
), bounds AS (
       SELECT max(ends) AS ends FROM kept
), breaks AS (
       SELECT 'A view is counted differently by ' || string_agg(d.platform || ' since ' || to_char(d.changed_at AT TIME ZONE 'UTC', 'FMDD Mon YYYY')
                  || CASE d.media_kind WHEN '' THEN '' ELSE ' (' || d.media_kind || ')' END, ', ' ORDER BY d.platform, d.changed_at)
              || ': what lies across that day is left out.' AS breaks
         FROM tidemark.definition_changes d, bounds
        WHERE d.metric = 'views' AND d.changed_at > bounds.ends - :weeks * interval '7 days' AND d.changed_at <= bounds.ends
          AND d.platform IN (SELECT platform FROM weekly WHERE broken)
)
SELECT p.platform,
       array_agg(CASE WHEN NOT coalesce(w.broken, false) THEN w.gained END ORDER BY n.week) AS series,
       (array_agg(w.gained ORDER BY n.week DESC) FILTER (WHERE w.gained IS NOT NULL AND NOT w.broken))[1] AS last,
       -- of weeks that are whole on both sides of no break
       CASE WHEN bool_or(w.broken) FILTER (WHERE n.week >= :weeks - 8) IS NOT TRUE
                 AND count(w.gained) FILTER (WHERE n.week >= :weeks - 8) = 8
            THEN 100.0 * (sum(w.gained) FILTER (WHERE n.week >= :weeks - 4)
                          / nullif(sum(w.gained) FILTER (WHERE n.week BETWEEN :weeks - 8 AND :weeks - 5), 0) - 1) END AS change,
       (SELECT count(DISTINCT k.external_id) FROM kept k WHERE k.platform = p.platform AND k.gained > 0
           AND k.at > k.ends - :weeks * interval '7 days') AS posts,
       sum(w.passed_over) AS passed_over,
       bounds.ends,
       breaks.breaks
  FROM (SELECT DISTINCT platform FROM weekly) p
 CROSS JOIN generate_series(0, :weeks - 1) AS n (week)
 CROSS JOIN bounds
 CROSS JOIN breaks
  LEFT JOIN weekly w ON w.platform = p.platform AND w.week = n.week
 GROUP BY p.platform, bounds.ends, breaks.breaks
HAVING count(w.gained) > 0
 ORDER BY p.platform
