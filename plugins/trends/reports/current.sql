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

SELECT platform, trend_type, avg_impact, trend_count
  FROM trend_analysis_view
 WHERE :platform IN ('all', platform)
 ORDER BY platform, avg_impact DESC NULLS LAST, trend_type
