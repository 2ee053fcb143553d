-- Two owners, every tenant table, every verb: each sees and touches his own rows and nothing else.
BEGIN;
SELECT t.fill(t.ann());
SELECT t.fill(t.bob());

SELECT plan((SELECT count(*) FROM t.tenant_tables)::integer * 13 + 14);

SELECT cmp_ok((SELECT count(*) FROM t.tenant_tables), '>=', 24::bigint, 'all tenant tables are looked at');

SELECT unnest(ARRAY[
       is(t.probe('authenticated', t.ann(), format('SELECT count(*) FROM %s', full_name)), '1', full_name || ': an owner sees his row'),
       is(t.probe('authenticated', t.ann(), format('SELECT count(*) FROM %s WHERE user_id = %L', full_name, t.bob())), '0',
          full_name || ': asking for the other''s rows gives none'),
       is(t.probe('authenticated', NULL, format('SELECT count(*) FROM %s', full_name)), '0', full_name || ': nobody sees nothing'),
       is(t.probe('authenticated', t.ann(), format('WITH d AS (DELETE FROM %1$s RETURNING *) INSERT INTO %1$s SELECT * FROM d', full_name)),
          '1', full_name || ': an owner inserts a row of his own'),
       is(t.probe('authenticated', t.ann(), format('INSERT INTO %1$s SELECT (jsonb_populate_record(r, %2$L)).* FROM %1$s r',
              full_name, jsonb_build_object('user_id', t.bob(), 'id', gen_random_uuid()))),
          format('42501 new row violates row-level security policy for table "%s"', name),
          full_name || ': inserting in the other''s name is refused'),
       is(t.probe('authenticated', t.ann(), format('UPDATE %s SET user_id = user_id', full_name)), '1',
          full_name || ': an update without condition reaches his row only'),
       is(t.probe('authenticated', t.ann(), format('UPDATE %s SET user_id = %L', full_name, t.bob())),
          format('42501 new row violates row-level security policy for table "%s"', name),
          full_name || ': giving a row away is refused'),
       is(t.probe('authenticated', t.ann(), format('DELETE FROM %s WHERE user_id = %L', full_name, t.bob())), '0',
          full_name || ': the other''s row cannot be deleted'),
       is(t.probe('anon', t.ann(), format('SELECT count(*) FROM %s', full_name)),
          CASE schema WHEN 'public' THEN '42501 permission denied for table ' || name
                      ELSE '42501 permission denied for schema tidemark' END, full_name || ': anon reads nothing'),
       ok(NOT has_table_privilege('anon', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
          AND NOT has_any_column_privilege('anon', oid, 'SELECT, INSERT, UPDATE, REFERENCES'), full_name || ': anon has no right at all'),
       ok(NOT has_table_privilege('authenticated', oid, 'TRUNCATE, REFERENCES, TRIGGER'),
          full_name || ': an owner may not TRUNCATE, which knows no policy'),
       is(t.probe('service_role', NULL, format('SELECT count(*) FROM %s', full_name)), '2', full_name || ': service_role sees all'),
       is(t.probe('service_role', NULL, format('UPDATE %s SET user_id = user_id', full_name)), '2', full_name || ': and writes all')])
  FROM (SELECT * FROM t.tenant_tables ORDER BY full_name) each_table;

-- A key cannot reach across owners.
SELECT alike(t.probe('authenticated', t.ann(), format('INSERT INTO content_performance_metrics (content_id, platform)
                                                      SELECT %L, ''x''', id)),
             '23503 %content_performance_metrics_content_fkey%', 'metrics cannot point at another owner''s content')
  FROM content WHERE user_id = t.bob();
SELECT alike(t.probe('authenticated', t.ann(), format('UPDATE tidemark.posts SET account_id = %L', id)),
             '23503 %posts_account_fkey%', 'a post cannot belong to another owner''s account')
  FROM tidemark.accounts WHERE user_id = t.bob();

-- Aggregates and views say nothing about the others.
UPDATE content_style_analysis SET engagement_correlation = -0.9 WHERE user_id = t.bob();
UPDATE ai_improvement_tracking SET improvement_percentage = 999 WHERE user_id = t.bob();
UPDATE trend_analysis SET engagement_impact = 7, trend_type = 'secret' WHERE user_id = t.bob();
SELECT is(t.probe('authenticated', t.ann(), 'SELECT avg_engagement || '' '' || usage_count FROM style_performance_view'),
          '0.50000000000000000000 1', 'style_performance_view averages one owner');
SELECT is(t.probe('authenticated', t.ann(), 'SELECT sum(daily_improvement)::int FROM ai_performance_dashboard'), '5',
          'ai_performance_dashboard averages one owner');
SELECT is(t.probe('authenticated', t.ann(), 'SELECT string_agg(trend_type, '','') FROM trend_analysis_view'), 'hashtag',
          'trend_analysis_view lists one owner''s trends');
SELECT is(t.probe('authenticated', t.bob(), 'SELECT max(views) || '' '' || count(*) FROM (SELECT views FROM content_performance_metrics
              UNION ALL SELECT views FROM archived_performance_metrics) m'), '100 2', 'metrics and archive together: one owner''s');
SELECT is(t.probe('anon', t.ann(), 'SELECT count(*) FROM style_performance_view'),
          '42501 permission denied for view style_performance_view', 'anon reads no view');

-- The archive function, called by an owner, moves that owner's rows.
INSERT INTO content_performance_metrics (platform, recorded_at, user_id)
    VALUES ('x', now() - interval '1 year', t.ann()), ('x', now() - interval '1 year', t.bob());
SELECT is(t.probe('authenticated', t.ann(), 'SELECT tidemark.archive_performance_data(now() - interval ''1 month'', NULL)'), '1',
          'an owner archives his own row only');
SELECT is(t.probe('anon', t.ann(), 'SELECT archive_old_performance_data()'),
          '42501 permission denied for function archive_old_performance_data', 'anon archives nothing');

-- No way around through the parts.
SELECT tidemark.ensure_metric_partitions(now(), now());
SELECT is(t.probe('authenticated', t.ann(), 'SELECT count(*) FROM tidemark_parts.content_performance_metrics_default'),
          '42501 permission denied for schema tidemark_parts', 'a partition cannot be named');
GRANT USAGE ON SCHEMA tidemark_parts TO authenticated;
SELECT is((SELECT count(*) FROM pg_class WHERE relnamespace = 'tidemark_parts'::regnamespace AND relkind = 'r'
             AND has_table_privilege('authenticated', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')), 0::bigint,
          'with USAGE on their schema there would still be no right on a partition');
GRANT SELECT ON ALL TABLES IN SCHEMA tidemark_parts TO authenticated;
SELECT is((SELECT string_agg(DISTINCT t.probe('authenticated', t.ann(), format('SELECT count(*) FROM %s', oid::regclass)), ',')
             FROM pg_class WHERE relnamespace = 'tidemark_parts'::regnamespace AND relkind = 'r'), '0',
          'and with SELECT, too, row security without a policy shows nothing');
REVOKE ALL ON ALL TABLES IN SCHEMA tidemark_parts FROM authenticated;

-- The identity is asked for once a statement, not once a row.
SELECT alike(t.plan('authenticated', t.ann(), 'SELECT sum(views) FROM content_performance_metrics'), '%InitPlan 1%user_id = $0%',
             'a policy is one comparison with a value computed once');
SELECT * FROM finish();
ROLLBACK;
