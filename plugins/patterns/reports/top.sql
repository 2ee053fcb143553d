-- about: Which kinds of pattern work best: average success rate per pattern type.
-- title: Patterns that work: posts that beat their account's usual, by type
-- arg: limit integer = 10: how many pattern types
-- column: pattern_type "pattern type" cut
-- column: avg_success "success" unit=% decimals=1
-- column: pattern_count "patterns"
-- column: measured "measured" drop=2
-- column: avg_engagement "engagement" unit=% decimals=2 drop=1
-- column: data_until hide
-- chart: bar avg_success
-- note: 50 % is what chance gives: as many posts above their account's usual as below it.
-- note: Types nobody has measured yet come last. Data to {data_until}.
-- empty: No patterns yet. They come from rules: type tidemark learn
-- next: tidemark report patterns.by_platform
-- next: tidemark report styles.top

-- The seed ranks unmeasured types first (NULLs sort first in a descending order); here they are last.
-- What rests on a plugin's own statistics is a row of its own, named so, and comes last.
SELECT coalesce('own statistics of plugin ' || (pattern_data #>> '{evidence,own,plugin}') || ': ', '') || pattern_type AS pattern_type,
       avg(success_rate) AS avg_success,
       count(*) AS pattern_count,
       count(success_rate) AS measured,
       avg(average_engagement) AS avg_engagement,
       max(max(last_observed)) OVER () AS data_until
  FROM ai_learning_patterns
 GROUP BY ai_learning_patterns.pattern_type, pattern_data #>> '{evidence,own,plugin}'
 ORDER BY (pattern_data #>> '{evidence,own,plugin}') IS NOT NULL, avg_success DESC NULLS LAST, pattern_type
 LIMIT :limit
