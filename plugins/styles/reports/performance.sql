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

SELECT style_tags, avg_engagement, usage_count, count(*) OVER () AS styles
  FROM style_performance_view
 WHERE usage_count >= :min_count
 ORDER BY avg_engagement DESC NULLS LAST, usage_count DESC, style_tags
 LIMIT :limit
