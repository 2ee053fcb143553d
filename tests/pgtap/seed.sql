-- What the project started from, as it was written down: its hand-written INSERTs, five queries, views, policy, archive
-- function and VACUUMs run as they stand, with the values they must give.
SELECT plan(31);

-- Rows by hand, as an owner, naming what one would name (no user_id, no keys).
BEGIN;
SELECT tidemark.act_as(t.ann());
SET LOCAL ROLE authenticated;
INSERT INTO content (id, title) VALUES ('11111111-0000-4000-8000-000000000001', 'first'),
                                       ('11111111-0000-4000-8000-000000000002', 'second');
INSERT INTO content_performance_metrics (content_id, platform, metrics, views, likes, shares, comments, saves,
    peak_engagement_time, average_watch_time, audience_demographics, platform_metrics)
VALUES ('11111111-0000-4000-8000-000000000001', 'youtube', '{"ctr": 4.2}', 1000, 50, 5, 7, NULL, '2026-01-02 20:00', 31, '{}', '{}'),
       ('11111111-0000-4000-8000-000000000001', 'tiktok', '{}', 3000000000, -1, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
       ('11111111-0000-4000-8000-000000000002', 'youtube', '{}', 20, 1, 0, 0, 0, NULL, NULL, NULL, NULL);
INSERT INTO ai_learning_patterns (pattern_type, pattern_data, success_rate, average_engagement, context, first_observed,
    last_observed, content_id)
VALUES ('tag', '{"tag": "calm"}', 80, 4.5, '{"platform": "youtube"}', now(), now(), '11111111-0000-4000-8000-000000000001'),
       ('tag', '{"tag": "loud"}', 40, 2.5, NULL, NULL, NULL, '11111111-0000-4000-8000-000000000002'),
       ('format', '{"format": "short"}', 70, NULL, NULL, NULL, NULL, NULL),
       ('posting_block', '{"hour": 18}', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO content_style_analysis (content_id, visual_style, audio_style, text_style, engagement_correlation, style_tags)
VALUES ('11111111-0000-4000-8000-000000000001', '{"light": "soft"}', '{}', '{}', 0.30, '{calm}'),
       ('11111111-0000-4000-8000-000000000002', NULL, NULL, NULL, 0.50, '{calm}'),
       (NULL, NULL, NULL, NULL, -0.25, ARRAY['loud', 'fast']);
INSERT INTO trend_analysis (platform, trend_type, trend_data, engagement_impact, start_time, end_time)
VALUES ('youtube', 'hashtag', '{}', 1250.50, now() - interval '2 days', NULL),
       ('youtube', 'hashtag', '{}', 0.50, now() - interval '3 days', NULL),
       ('tiktok', 'platform', '{}', -12, now() - interval '29 days', now()),
       ('tiktok', 'platform', '{}', 999, now() - interval '31 days', now());
INSERT INTO ai_improvement_tracking (improvement_type, before_metrics, after_metrics, improvement_percentage, context, recorded_at)
VALUES ('model', '{"er": 1}', '{"er": 13}', 1200.00, '{}', now() - interval '1 day'),
       ('model', '{}', '{}', NULL, '{"verdict": "insufficient data"}', now() - interval '1 day'),
       ('prompt', '{}', '{}', -5, '{}', now() - interval '6 days'),
       ('prompt', '{}', '{}', 100, '{}', now() - interval '8 days');
COMMIT;
SELECT is((SELECT count(*) FROM content_performance_metrics WHERE user_id = t.ann()), 3::bigint, 'rows by hand belong to who wrote them');
SELECT is((SELECT views || ' ' || likes FROM content_performance_metrics WHERE platform = 'tiktok'), '3000000000 -1',
          'counts beyond 2^31 and below zero are kept as they came');

VACUUM ANALYZE content_performance_metrics;
VACUUM ANALYZE ai_learning_patterns;
VACUUM ANALYZE content_style_analysis;
VACUUM ANALYZE trend_analysis;
VACUUM ANALYZE ai_improvement_tracking;
SELECT is((SELECT string_agg(reltuples::text, ' ' ORDER BY relname) FROM pg_class
            WHERE relname IN ('content_performance_metrics', 'ai_learning_patterns', 'content_style_analysis', 'trend_analysis',
                              'ai_improvement_tracking')), '4 4 3 3 4', 'the five VACUUM statements run and count the rows');

-- The columns of each table, in the order they were asked for, before any that was added.
PREPARE first_columns(text, int) AS SELECT array_agg(attname::text COLLATE "default" ORDER BY attnum) FROM (
    SELECT attname, attnum FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum LIMIT $2) c;
SELECT results_eq($$EXECUTE first_columns('content_performance_metrics', 14)$$, $$VALUES ('{id,content_id,platform,metrics,views,likes,shares,comments,saves,peak_engagement_time,average_watch_time,audience_demographics,platform_metrics,recorded_at}'::text[])$$, 'columns of content_performance_metrics');
SELECT results_eq($$EXECUTE first_columns('ai_learning_patterns', 9)$$, $$VALUES ('{id,pattern_type,pattern_data,success_rate,average_engagement,context,first_observed,last_observed,created_at}'::text[])$$, 'columns of ai_learning_patterns');
SELECT results_eq($$EXECUTE first_columns('content_style_analysis', 8)$$, $$VALUES ('{id,content_id,visual_style,audio_style,text_style,engagement_correlation,style_tags,created_at}'::text[])$$, 'columns of content_style_analysis');
SELECT results_eq($$EXECUTE first_columns('trend_analysis', 8)$$, $$VALUES ('{id,platform,trend_type,trend_data,engagement_impact,start_time,end_time,created_at}'::text[])$$, 'columns of trend_analysis');
SELECT results_eq($$EXECUTE first_columns('ai_improvement_tracking', 7)$$, $$VALUES ('{id,improvement_type,before_metrics,after_metrics,improvement_percentage,context,recorded_at}'::text[])$$, 'columns of ai_improvement_tracking');
SELECT is((SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'archived_performance_metrics'::regclass AND attnum > 0),
          (SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'content_performance_metrics'::regclass AND attnum > 0),
          'the archive has exactly the metrics'' columns');
SELECT is((SELECT count(*) FROM pg_class WHERE relname IN ('idx_content_performance_content', 'idx_content_performance_platform',
    'idx_content_performance_time', 'idx_ai_patterns_type', 'idx_ai_patterns_success', 'idx_style_content', 'idx_style_tags',
    'idx_trend_platform', 'idx_trend_type', 'idx_trend_time', 'idx_improvement_type', 'idx_improvement_time')
    AND relkind IN ('i', 'I')), 12::bigint, 'the twelve indexes by their names');

-- The five queries. A second owner's rows would change every one of them.
SELECT t.fill(t.bob());
\set query1 'SELECT \n    pattern_type,\n    AVG(success_rate) as avg_success,\n    COUNT(*) as pattern_count\nFROM ai_learning_patterns\nGROUP BY pattern_type\nORDER BY avg_success DESC\nLIMIT 10;'
SELECT is(t.rows('authenticated', t.ann(), :'query1')::jsonb,
    '[{"pattern_type": "posting_block", "avg_success": null, "pattern_count": 1},
      {"pattern_type": "format", "avg_success": 70.0000000000000000, "pattern_count": 1},
      {"pattern_type": "tag", "avg_success": 60.0000000000000000, "pattern_count": 2}]',
    'query 1 (it puts what nobody measured first: the report a person reads does not)');
\set query2 'SELECT \n    style_tags,\n    AVG(engagement_correlation) as avg_engagement\nFROM content_style_analysis\nGROUP BY style_tags\nORDER BY avg_engagement DESC\nLIMIT 10;'
SELECT is(t.rows('authenticated', t.ann(), :'query2')::jsonb,
    '[{"style_tags": ["calm"], "avg_engagement": 0.4}, {"style_tags": ["loud", "fast"], "avg_engagement": -0.25}]', 'query 2');
\set query3 'SELECT \n    trend_type,\n    platform,\n    AVG(engagement_impact) as avg_impact\nFROM trend_analysis\nWHERE start_time >= NOW() - INTERVAL \'30 days\'\nGROUP BY trend_type, platform\nORDER BY avg_impact DESC;'
SELECT is(t.rows('authenticated', t.ann(), :'query3')::jsonb,
    '[{"trend_type": "hashtag", "platform": "youtube", "avg_impact": 625.5}, {"trend_type": "platform", "platform": "tiktok", "avg_impact": -12}]',
    'query 3');
\set query4 'SELECT \n    improvement_type,\n    AVG(improvement_percentage) as avg_improvement,\n    COUNT(*) as improvement_count\nFROM ai_improvement_tracking\nWHERE recorded_at >= NOW() - INTERVAL \'7 days\'\nGROUP BY improvement_type\nORDER BY avg_improvement DESC;'
SELECT is(t.rows('authenticated', t.ann(), :'query4')::jsonb,
    '[{"improvement_type": "model", "avg_improvement": 1200, "improvement_count": 2}, {"improvement_type": "prompt", "avg_improvement": -5, "improvement_count": 1}]',
    'query 4, with an improvement that five digits would not hold');
\set query5 'SELECT \n    pattern_type,\n    platform,\n    AVG(success_rate) as platform_success\nFROM ai_learning_patterns\nJOIN content_performance_metrics ON content_performance_metrics.content_id = ai_learning_patterns.content_id\nGROUP BY pattern_type, platform\nORDER BY platform_success DESC;'
SELECT is(t.rows('authenticated', t.ann(), :'query5')::jsonb,
    '[{"pattern_type": "tag", "platform": "tiktok", "platform_success": 80}, {"pattern_type": "tag", "platform": "youtube", "platform_success": 60}]',
    'query 5');

-- Our views, then the views as they were written, in their place.
CREATE TEMP TABLE ours AS
SELECT t.rows('authenticated', t.ann(), 'SELECT date::timestamp AS date, improvement_type, daily_improvement, improvement_count FROM ai_performance_dashboard ORDER BY 1, 2') AS dashboard,
       t.rows('authenticated', t.ann(), 'SELECT * FROM style_performance_view ORDER BY 1') AS style,
       t.rows('authenticated', t.ann(), 'SELECT * FROM trend_analysis_view ORDER BY 1, 2') AS trend;
SELECT is((SELECT json_array_length(dashboard::json) || ' ' || json_array_length(style::json) || ' ' || json_array_length(trend::json) FROM ours),
          '3 2 2', 'our views have rows to compare');
BEGIN;
DROP VIEW ai_performance_dashboard, style_performance_view, trend_analysis_view;
CREATE VIEW ai_performance_dashboard AS
SELECT 
    DATE_TRUNC('day', recorded_at) as date,
    improvement_type,
    AVG(improvement_percentage) as daily_improvement,
    COUNT(*) as improvement_count
FROM ai_improvement_tracking
GROUP BY DATE_TRUNC('day', recorded_at), improvement_type;
CREATE VIEW style_performance_view AS
SELECT 
    style_tags,
    AVG(engagement_correlation) as avg_engagement,
    COUNT(*) as usage_count
FROM content_style_analysis
GROUP BY style_tags;
CREATE VIEW trend_analysis_view AS
SELECT 
    platform,
    trend_type,
    AVG(engagement_impact) as avg_impact,
    COUNT(*) as trend_count
FROM trend_analysis
WHERE start_time >= NOW() - INTERVAL '30 days'
GROUP BY platform, trend_type;
GRANT SELECT ON ai_performance_dashboard, style_performance_view, trend_analysis_view TO authenticated;
SELECT is(t.probe('authenticated', t.ann(), 'SELECT sum(usage_count) FROM style_performance_view'), '4',
          'as written, without security_invoker, the views add the other owner''s rows');
ALTER VIEW ai_performance_dashboard SET (security_invoker = true);
ALTER VIEW style_performance_view SET (security_invoker = true);
ALTER VIEW trend_analysis_view SET (security_invoker = true);
SELECT is(t.rows('authenticated', t.ann(), 'SELECT date::timestamp AS date, improvement_type, daily_improvement, improvement_count FROM ai_performance_dashboard ORDER BY 1, 2'), dashboard, 'ai_performance_dashboard gives what ours gives') FROM ours;
SELECT is(t.rows('authenticated', t.ann(), 'SELECT * FROM style_performance_view ORDER BY 1'), style, 'style_performance_view gives what ours gives') FROM ours;
SELECT is(t.rows('authenticated', t.ann(), 'SELECT * FROM trend_analysis_view ORDER BY 1, 2'), trend, 'trend_analysis_view gives what ours gives') FROM ours;
ROLLBACK;

-- The policy, as it was written, lets an owner see the same rows (those that name a content).
BEGIN;
DROP POLICY content_performance_policy ON content_performance_metrics;
ALTER TABLE content_performance_metrics ENABLE ROW LEVEL SECURITY;
CREATE POLICY content_performance_policy ON content_performance_metrics
    USING (content_id IN (
        SELECT id FROM content WHERE user_id = auth.uid()
    ));
SELECT is(t.rows('authenticated', t.ann(), 'SELECT id FROM content_performance_metrics ORDER BY id')::jsonb,
          (SELECT jsonb_agg(jsonb_build_object('id', id) ORDER BY id) FROM content_performance_metrics WHERE user_id = t.ann()),
          'the policy as written shows an owner what ours shows');
SELECT is(t.probe('authenticated', t.bob(), 'SELECT count(*) FROM content_performance_metrics'), '1', 'and the other owner his');
ROLLBACK;
SELECT is(t.probe('authenticated', t.ann(), 'SELECT count(*) FROM content_performance_metrics'), '3', 'ours: the same three rows');

-- The archive: the call, and the function as it was written.
INSERT INTO content_performance_metrics (content_id, platform, views, recorded_at, user_id)
SELECT '11111111-0000-4000-8000-000000000001', 'youtube', n, now() - interval '6 months' - n * interval '1 day', t.ann()
  FROM generate_series(1, 40) AS n;
PREPARE archived AS SELECT string_agg(views || '@' || recorded_at, ',' ORDER BY recorded_at) FROM archived_performance_metrics WHERE user_id = t.ann();
BEGIN;
SELECT archive_old_performance_data();
SELECT is((SELECT count(*) FROM archived_performance_metrics WHERE user_id = t.ann()), 40::bigint, 'the archive call moves what is older than six months');
SELECT is((SELECT count(*) FROM content_performance_metrics WHERE user_id = t.ann()), 3::bigint, 'and leaves the rest');
CREATE TEMP TABLE kept AS EXECUTE archived;
SELECT is((SELECT rows FROM tidemark.archive_batches WHERE user_id = t.ann()), 40::bigint, 'and says so in the archive''s ledger');
SELECT is((SELECT string_agg FROM kept) IS NOT NULL, true, 'there is something to compare with');
CREATE TEMP TABLE keep2 ON COMMIT PRESERVE ROWS AS TABLE kept;
INSERT INTO content_performance_metrics SELECT * FROM archived_performance_metrics WHERE user_id = t.ann();
DELETE FROM archived_performance_metrics WHERE user_id = t.ann();
DROP FUNCTION archive_old_performance_data();
CREATE OR REPLACE FUNCTION archive_old_performance_data()
RETURNS void AS $$
BEGIN
    INSERT INTO archived_performance_metrics
    SELECT * FROM content_performance_metrics
    WHERE recorded_at < NOW() - INTERVAL '6 months';
    
    DELETE FROM content_performance_metrics
    WHERE recorded_at < NOW() - INTERVAL '6 months';
END;
$$ LANGUAGE plpgsql;
SELECT archive_old_performance_data();
SELECT results_eq('archived', 'TABLE kept', 'the function as written archives the same rows');
SELECT is((SELECT count(*) FROM content_performance_metrics WHERE user_id = t.ann()), 3::bigint, 'and leaves the same');
ROLLBACK;

-- What the types must hold and must refuse.
SELECT throws_ok($$INSERT INTO ai_improvement_tracking (improvement_type, improvement_percentage, user_id) VALUES ('x', 'NaN', t.ann())$$,
                 '23514', NULL, 'NaN, which would make every average NaN, is refused');
SELECT throws_ok($$INSERT INTO ai_learning_patterns (pattern_type, pattern_data, finding_key, user_id)
                   VALUES ('x', '{}', 'k', t.ann()), ('x', '{}', 'k', t.ann())$$, '23505', NULL, 'a finding is one row');
SELECT * FROM finish();
