-- The seed's views. security_invoker: who reads a view sees what the tables' policies let him see. Days are UTC days, not
-- the session's.
CREATE OR REPLACE VIEW public.ai_performance_dashboard WITH (security_invoker = true) AS
SELECT date_trunc('day', recorded_at AT TIME ZONE 'UTC') AS date,
       improvement_type,
       avg(improvement_percentage) AS daily_improvement,
       count(*) AS improvement_count
  FROM public.ai_improvement_tracking
 GROUP BY 1, 2;
COMMENT ON VIEW public.ai_performance_dashboard IS 'tidemark: improvements by day and type';

CREATE OR REPLACE VIEW public.style_performance_view WITH (security_invoker = true) AS
SELECT style_tags,
       avg(engagement_correlation) AS avg_engagement,
       count(*) AS usage_count
  FROM public.content_style_analysis
 GROUP BY style_tags;
COMMENT ON VIEW public.style_performance_view IS 'tidemark: styles and how they go with engagement';

CREATE OR REPLACE VIEW public.trend_analysis_view WITH (security_invoker = true) AS
SELECT platform,
       trend_type,
       avg(engagement_impact) AS avg_impact,
       count(*) AS trend_count
  FROM public.trend_analysis
 WHERE start_time >= now() - interval '30 days'
 GROUP BY platform, trend_type;
COMMENT ON VIEW public.trend_analysis_view IS 'tidemark: trends of the last 30 days';
