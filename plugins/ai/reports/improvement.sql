-- about: Did changes of the AI help: average improvement per kind of change.
-- title: Did the AI get better? Improvement by kind of change, last {days} days
-- arg: days integer = 7: how far back
-- column: improvement_type "kind of change" cut
-- column: avg_improvement "improvement" unit=% decimals=1 sign mark
-- column: improvement_count "results"
-- column: measured "with enough data" drop=2
-- column: better "better" drop=1
-- column: data_until hide
-- chart: bar avg_improvement
-- note: ? means that no result of this kind had enough data for a number: not the same as no improvement.
-- note: Averages are of those with enough data. Data to {data_until}.
-- empty: No result in the last {days} days. Type tidemark learn, or look further back: tidemark report ai.improvement --var days=90
-- next: tidemark report ai.dashboard
-- next: tidemark change list

-- What rests on a plugin's own statistics is a row of its own, named so, and comes last.
SELECT coalesce('own statistics of plugin ' || (context #>> '{evidence,own,plugin}') || ': ', '') || improvement_type
         AS improvement_type,
       avg(improvement_percentage) AS avg_improvement,
       count(*) AS improvement_count,
       count(improvement_percentage) AS measured,
       count(*) FILTER (WHERE improvement_percentage > 0) AS better,
       max(max(recorded_at)) OVER () AS data_until
  FROM ai_improvement_tracking
 WHERE recorded_at >= now() - make_interval(days => :days)
 GROUP BY ai_improvement_tracking.improvement_type, context #>> '{evidence,own,plugin}'
 ORDER BY (context #>> '{evidence,own,plugin}') IS NOT NULL, avg_improvement DESC NULLS LAST, improvement_type
