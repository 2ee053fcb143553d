-- about: All styles with how often they were analysed (the seed's view style_performance_view).
-- title: Every style: correlation with engagement, and on how many analyses it rests
-- arg: min_count integer = 1: styles with fewer analyses are left out
-- arg: limit integer = 50: how many styles
-- column: style_tags "style" cut
-- column: avg_engagement "correlation" decimals=2 sign mark
-- column: usage_count "analyses"
-- column: styles hide
-- chart: bar avg_engagement
-- note: {rows} of {styles} styles with at least {min_count} analyses, the best first; not measured ones last.
-- empty: No style has {min_count} analyses. They come from rules: type tidemark learn
-- next: tidemark report styles.top

-- The view counts a plugin's own statistics with the rest: rows with such ones say so, and how many, and come last.
SELECT array_remove(ARRAY['own statistics of plugin ' || own.plugins || CASE WHEN own.n < v.usage_count
                                                                             THEN ' in ' || own.n || ' of ' || v.usage_count ELSE '' END],
                    NULL) || v.style_tags AS style_tags,
       v.avg_engagement,
       v.usage_count,
       count(*) OVER () AS styles
  FROM style_performance_view v
  LEFT JOIN (SELECT style_tags, count(*) AS n, string_agg(DISTINCT evidence #>> '{own,plugin}', ', ') AS plugins
               FROM content_style_analysis
              WHERE evidence ? 'own'
              GROUP BY style_tags) own ON own.style_tags IS NOT DISTINCT FROM v.style_tags
 WHERE v.usage_count >= :min_count
 ORDER BY own.n IS NOT NULL, v.avg_engagement DESC NULLS LAST, v.usage_count DESC, v.style_tags
 LIMIT :limit
