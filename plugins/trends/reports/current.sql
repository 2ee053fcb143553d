-- about: Trends per platform now (the seed's view trend_analysis_view: the last 30 days).
-- title: Trends now, platform by platform: change in views gained, last 30 days
-- arg: platform text = all: one platform only, such as tiktok
-- column: platform "platform"
-- column: trend_type "trend type" cut
-- column: avg_impact "impact" unit=% decimals=1 sign mark
-- column: trend_count "trends"
-- chart: bar avg_impact
-- note: Each platform's strongest first; trends without a number last.
-- empty: No trend began in the last 30 days on platform: {platform}. Type: tidemark learn
-- next: tidemark report trends.impact --var days=90

-- The view counts a plugin's own statistics with the rest: rows with such ones say so, and how many, and come last.
SELECT v.platform,
       coalesce('own statistics of plugin ' || own.plugins || CASE WHEN own.n < v.trend_count THEN ' in ' || own.n || ' of ' || v.trend_count ELSE '' END
                || ': ', '') || v.trend_type AS trend_type,
       v.avg_impact,
       v.trend_count
  FROM trend_analysis_view v
  LEFT JOIN (SELECT platform, trend_type, count(*) AS n, string_agg(DISTINCT trend_data #>> '{evidence,own,plugin}', ', ') AS plugins
               FROM trend_analysis
              WHERE trend_data -> 'evidence' ? 'own' AND start_time >= now() - interval '30 days'
              GROUP BY platform, trend_type) own ON own.platform = v.platform AND own.trend_type = v.trend_type
 WHERE :platform IN ('all', v.platform)
 ORDER BY own.n IS NOT NULL, v.platform, v.avg_impact DESC NULLS LAST, v.trend_type
