-- about: Videos of Vidly by views, with how many watch to the end.
-- arg: limit integer = 20: how many videos
-- column: title "video" cut
-- column: views "views"
-- column: completion "watched to the end" unit=% decimals=0
-- chart: bar views
-- empty: No video of Vidly has been observed yet. Take some in: tidemark ingest FILE

SELECT c.title, m.views, 100 * (m.platform_metrics ->> 'completionRate')::numeric AS completion
  FROM tidemark.posts p
  JOIN content c ON c.user_id = p.user_id AND c.id = p.content_id
 CROSS JOIN LATERAL (
       SELECT views, platform_metrics
         FROM content_performance_metrics
        WHERE user_id = p.user_id AND platform = p.platform AND external_id = p.external_id AND metric_window = 'lifetime'
        ORDER BY window_start DESC, recorded_at DESC -- the latest one
        LIMIT 1) m
 WHERE p.platform = 'vidly'
 ORDER BY m.views DESC NULLS LAST, p.external_id
 LIMIT :limit
