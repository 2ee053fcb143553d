-- about: Which pattern types work on which platform.
-- title: Patterns by platform: share of posts that beat their account's usual
-- arg: limit integer = 50: how many lines
-- column: pattern_type "pattern type" cut
-- column: platform "platform"
-- column: platform_success "success" unit=% decimals=1
-- column: pattern_count "patterns"
-- column: post_count "posts" drop=1
-- column: data_until hide
-- chart: bar platform_success
-- note: A post counts once per pattern, however often it was observed; types nobody has measured come last.
-- note: 50 % is what chance gives. Data to {data_until}.
-- empty: No pattern belongs to a post that has been observed yet. Observations come from tidemark ingest, patterns from tidemark learn.
-- next: tidemark report patterns.top
-- next: tidemark report content.top

-- The seed's join weights a pattern by the number of its posts' snapshots; one row per post says what was asked.
-- What rests on a plugin's own statistics is a row of its own, named so, and comes last.
SELECT coalesce('own statistics of plugin ' || (p.pattern_data #>> '{evidence,own,plugin}') || ': ', '') || p.pattern_type
         AS pattern_type,
       m.platform,
       avg(p.success_rate) AS platform_success,
       count(DISTINCT p.id) AS pattern_count,
       count(*) AS post_count,
       max(max(m.last_at)) OVER () AS data_until
  FROM ai_learning_patterns p
 CROSS JOIN LATERAL (
       SELECT platform, external_id, max(recorded_at) AS last_at
         FROM content_performance_metrics
        WHERE user_id = p.user_id AND content_id = p.content_id
        GROUP BY platform, external_id) m
 GROUP BY p.pattern_type, p.pattern_data #>> '{evidence,own,plugin}', m.platform
 ORDER BY (p.pattern_data #>> '{evidence,own,plugin}') IS NOT NULL, platform_success DESC NULLS LAST, p.pattern_type, m.platform
 LIMIT :limit
