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

SELECT date::date AS date, improvement_type, daily_improvement, improvement_count
  FROM ai_performance_dashboard
 WHERE date > (now() AT TIME ZONE 'UTC') - make_interval(days => :days)
 ORDER BY date DESC, daily_improvement DESC NULLS LAST, improvement_type
