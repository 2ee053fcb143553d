-- about: What rises and falls: change in the views that posts gain, by type and platform.
-- title: Trends of the last {days} days: change in views gained
-- arg: days integer = 30: how far back a trend may have started
-- column: trend_type "trend type" cut
-- column: platform "platform"
-- column: avg_impact "impact" unit=% decimals=1 sign mark
-- column: trend_count "trends"
-- column: measured "measured" drop=2
-- column: last_start "latest start" drop=1
-- chart: bar avg_impact
-- note: Average of the total change over each trend's own window; trends without a number come last.
-- note: Counted by when a trend began, the clock of the run that found it.
-- empty: No trend began in the last {days} days. Type tidemark learn, or look further back: tidemark report trends.impact --var days=90
-- next: tidemark report trends.current
-- next: tidemark report ai.improvement

-- What rests on a plugin's own statistics is a row of its own, named so, and comes last.
SELECT coalesce('own statistics of plugin ' || (trend_data #>> '{evidence,own,plugin}') || ': ', '') || trend_type AS trend_type,
       platform,
       avg(engagement_impact) AS avg_impact,
       count(*) AS trend_count,
       count(engagement_impact) AS measured,
       max(start_time) AS last_start
  FROM trend_analysis
 WHERE start_time >= now() - make_interval(days => :days)
 GROUP BY trend_analysis.trend_type, trend_data #>> '{evidence,own,plugin}', platform
 ORDER BY (trend_data #>> '{evidence,own,plugin}') IS NOT NULL, avg_impact DESC NULLS LAST, trend_type, platform
