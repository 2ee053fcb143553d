-- about: Which styles go with engagement: average correlation per set of style tags.
-- title: Styles that go with engagement, and styles that go against it
-- arg: limit integer = 10: how many styles
-- column: style_tags "style" cut
-- column: avg_engagement "correlation" decimals=2 sign mark
-- column: usage_count "analyses"
-- column: measured "measured" drop=1
-- column: data_until hide
-- chart: bar avg_engagement
-- note: Rank correlation within accounts, from -1 to +1; near 0 a style makes no difference. It does not show a cause.
-- note: Styles without a correlation come last. Data to {data_until}.
-- empty: No styles yet. They come from rules: type tidemark learn
-- next: tidemark report styles.performance
-- next: tidemark report trends.impact

-- The seed ranks styles without a correlation first; here they are last.
-- What rests on a plugin's own statistics is a row of its own, named so, and comes last.
SELECT array_remove(ARRAY['own statistics of plugin ' || (evidence #>> '{own,plugin}')], NULL) || style_tags AS style_tags,
       avg(engagement_correlation) AS avg_engagement,
       count(*) AS usage_count,
       count(engagement_correlation) AS measured,
       max(max(created_at)) OVER () AS data_until
  FROM content_style_analysis
 GROUP BY content_style_analysis.style_tags, evidence #>> '{own,plugin}'
 ORDER BY (evidence #>> '{own,plugin}') IS NOT NULL, avg_engagement DESC NULLS LAST, style_tags
 LIMIT :limit
