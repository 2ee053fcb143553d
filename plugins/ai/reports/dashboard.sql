-- about: Improvement day by day (the seed's view ai_performance_dashboard).
-- title: The AI day by day, last {days} days
-- arg: days integer = 30: how far back
-- column: date "day"
-- column: improvement_type "kind of change" cut
-- column: daily_improvement "improvement" unit=% decimals=1 sign mark
-- column: improvement_count "results"
-- chart: bar daily_improvement
-- note: Days are UTC days, the newest first. ? means that no result of that day had enough data for a number.
-- empty: No result in the last {days} days. Type tidemark learn, or look further back: tidemark report ai.dashboard --var days=365
-- next: tidemark report ai.improvement --var days={days}

-- The view counts a plugin's own statistics with the rest: rows with such ones say so, and how many, and come last.
SELECT v.date::date AS date,
       coalesce('own statistics of plugin ' || own.plugins || CASE WHEN own.n < v.improvement_count THEN ' in ' || own.n || ' of ' || v.improvement_count ELSE '' END
                || ': ', '') || v.improvement_type AS improvement_type,
       v.daily_improvement,
       v.improvement_count
  FROM ai_performance_dashboard v
  LEFT JOIN (SELECT date_trunc('day', recorded_at AT TIME ZONE 'UTC') AS date, improvement_type, count(*) AS n,
                    string_agg(DISTINCT context #>> '{evidence,own,plugin}', ', ') AS plugins
               FROM ai_improvement_tracking
              WHERE context -> 'evidence' ? 'own'
              GROUP BY 1, 2) own ON own.date = v.date AND own.improvement_type = v.improvement_type
 WHERE v.date > (now() AT TIME ZONE 'UTC') - make_interval(days => :days)
 ORDER BY own.n IS NOT NULL, v.date DESC, v.daily_improvement DESC NULLS LAST, v.improvement_type
