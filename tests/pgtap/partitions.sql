-- Months are made when they are needed, by whoever comes first, and rows that waited for one move into it.
SELECT plan(36);
SELECT tap.dblink_connect('other', format('host=%s port=%s dbname=%s user=%s', split_part(current_setting('unix_socket_directories'), ',', 1),
                          current_setting('port'), current_database(), session_user));
PREPARE parts AS SELECT relname::text COLLATE "default" FROM pg_class WHERE relnamespace = 'tidemark_parts'::regnamespace AND relkind = 'r'
    AND relname LIKE '%\_y%' ORDER BY 1;

SELECT is(tidemark.ensure_metric_partitions('2026-01-31 23:59:59+00', '2026-02-01 00:00:00+00'), 4, 'two months, metrics and archive');
SELECT results_eq('parts', $$VALUES ('archived_performance_metrics_y2026m01'), ('archived_performance_metrics_y2026m02'),
                                    ('content_performance_metrics_y2026m01'), ('content_performance_metrics_y2026m02')$$, 'by their names');
SELECT is(tidemark.ensure_metric_partitions('2026-01-01', '2026-02-28'), 0, 'a second time makes none');
SET timezone = 'Pacific/Auckland';
SELECT is(tidemark.ensure_metric_partitions('2026-02-28 23:00+00', '2026-02-28 23:00+00'), 0, 'months are UTC, whatever the session''s zone');
RESET timezone;
SELECT is(tidemark.ensure_metric_partitions('2026-03-01', '2026-03-01'), 2, 'a month from its first instant');
INSERT INTO content_performance_metrics (platform, external_id, recorded_at, user_id) VALUES
    ('x', 'last', '2026-01-31 23:59:59.999999+00', t.ann()), ('x', 'first', '2026-02-01+00', t.ann()), ('x', 'stray', '2026-05-05', t.ann()),
    ('x', 'other', '2026-06-05', t.ann());
SELECT is((SELECT string_agg(external_id || '=' || tableoid::regclass, ' ' ORDER BY recorded_at) FROM content_performance_metrics),
          'last=tidemark_parts.content_performance_metrics_y2026m01 first=tidemark_parts.content_performance_metrics_y2026m02 stray=tidemark_parts.content_performance_metrics_default other=tidemark_parts.content_performance_metrics_default',
          'rows lie in their month, or in the default partition');
SELECT is(tidemark.ensure_metric_partitions('2026-05-01', '2026-05-01'), 2, 'a month that rows wait for is made all the same');
SELECT is((SELECT string_agg(external_id || '=' || tableoid::regclass, ' ' ORDER BY recorded_at) FROM content_performance_metrics WHERE recorded_at > '2026-04-01'),
          'stray=tidemark_parts.content_performance_metrics_y2026m05 other=tidemark_parts.content_performance_metrics_default',
          'the row that waited for it moved; the other one stays');
SELECT is((SELECT count(*) FROM content_performance_metrics), 4::bigint, 'none was lost or doubled');
SELECT is((SELECT count(*) FROM pg_class WHERE relnamespace = 'tidemark_parts'::regnamespace AND relkind = 'r' AND NOT relrowsecurity), 0::bigint,
          'row security is on in every partition');
SELECT is((SELECT count(*) FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = 'tidemark_parts'::regnamespace), 0::bigint,
          'and no policy opens one');
SELECT is((SELECT count(DISTINCT n) FROM (SELECT count(*) AS n FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
             WHERE c.relname LIKE 'content_performance_metrics\_%' GROUP BY c.oid) k), 1::bigint, 'every partition has all the indexes');
SELECT throws_ok($$INSERT INTO content_performance_metrics (platform, external_id, recorded_at, user_id) VALUES ('x', 'stray', '2026-05-05', t.ann())$$,
                 '23505', NULL, 'the key holds in a month that was attached');
SELECT throws_ok($$INSERT INTO content_performance_metrics (content_id, platform, recorded_at, user_id) VALUES (gen_random_uuid(), 'x', '2026-05-05', t.ann())$$,
                 '23503', NULL, 'and so does the foreign key');

SELECT throws_like($$SELECT tidemark.ensure_metric_partitions('-infinity', now())$$, '%is no span of months%', 'an endless span is refused');
SELECT throws_like($$SELECT tidemark.ensure_metric_partitions('1900-01-01', '2026-01-01')$$, '%at most 100 years%', 'a span by mistake is refused');
SELECT throws_like($$SELECT tidemark.ensure_metric_partitions('2026-02-01', '2026-01-01')$$, '%is no span of months%', 'backwards is refused');

-- Who may: the host's runs, not an owner.
SELECT is(t.probe('service_role', NULL, $$SELECT tidemark.ensure_metric_partitions('2030-01-01', '2030-01-01')$$), '2',
          'service_role makes months though it owns no table');
SELECT is(t.probe('authenticated', t.ann(), $$SELECT tidemark.ensure_metric_partitions('2030-01-01', '2030-01-01')$$),
          '42501 permission denied for function ensure_metric_partitions', 'an owner does not');

-- Two callers at once: the second waits for the first, looks again, and makes nothing.
BEGIN;
SELECT is(tidemark.ensure_metric_partitions('2027-01-01', '2027-02-01'), 4, 'the first caller makes two months');
SELECT tap.dblink_send_query('other', $$SELECT tidemark.ensure_metric_partitions('2027-01-01', '2027-03-01')$$) \gset
DO $$
BEGIN
    FOR i IN 1..400 LOOP
        EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted);
        PERFORM pg_sleep(0.025);
    END LOOP;
END
$$;
SELECT is((SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted), 1::bigint, 'the second one waits');
COMMIT;
SELECT is((SELECT n FROM tap.dblink_get_result('other') AS r (n integer)), 2, 'and makes only the month that is still missing');

-- Nobody is held up. A report that reads for long holds the default partition; who asks for a month waits for it in short
-- pieces, and whoever comes meanwhile gets through.
SELECT n FROM tap.dblink_get_result('other') AS r (n integer); -- a connection is free once its answer is read to the end
SELECT tap.dblink_exec('other', 'BEGIN');
SELECT is((SELECT n FROM tap.dblink('other', 'SELECT count(*) FROM public.content_performance_metrics') AS r (n bigint)), 4::bigint, 'a reader');
SELECT is(tidemark.make_months_ahead(), 0, 'ahead: nothing is made while somebody reads, and nothing waits');
SELECT throws_like($$SELECT tidemark.ensure_metric_partitions('2040-01-01', '2040-01-01', '0.3 s')$$,
                   'a month''s partition could not be made within 00:00:00.3: somebody holds the tables',
                   'patience has an end that is told');
SELECT is((SELECT count(*) FROM pg_class WHERE relname LIKE '%\_y2040m01'), 0::bigint, 'and leaves nothing half made');
SELECT tap.dblink_connect('third', format('host=%s port=%s dbname=%s user=%s', split_part(current_setting('unix_socket_directories'), ',', 1),
                          current_setting('port'), current_database(), session_user));
SELECT tap.dblink_connect('fourth', format('host=%s port=%s dbname=%s user=%s', split_part(current_setting('unix_socket_directories'), ',', 1),
                          current_setting('port'), current_database(), session_user));
SELECT tap.dblink_send_query('third', $$SELECT tidemark.ensure_metric_partitions('2040-01-01', '2040-02-01')$$) \gset
DO $$
BEGIN
    FOR i IN 1..400 LOOP
        EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE relation = 'tidemark_parts.content_performance_metrics_default'::regclass AND NOT granted);
        PERFORM pg_sleep(0.025);
    END LOOP;
END
$$;
SELECT is(tap.dblink_exec('fourth', 'SET lock_timeout = ''3s'''), 'SET', 'others wait for 3 seconds at most');
SELECT is((SELECT n FROM tap.dblink('fourth', 'SELECT count(*) FROM tidemark.observations') AS r (n bigint)), 4::bigint,
          'another reader gets through while one waits for the month');
SELECT is(tap.dblink_exec('fourth', format('INSERT INTO public.content (title, user_id) VALUES (''meanwhile'', %L)', t.ann())), 'INSERT 0 1',
          'and so does a writer');
SELECT is(tap.dblink_is_busy('third'), 1, 'the month is still waited for');
SELECT is(tap.dblink_exec('other', 'COMMIT'), 'COMMIT', 'the reader ends');
SELECT is((SELECT n FROM tap.dblink_get_result('third') AS r (n integer)), 4, 'when the report is over it is made');
CREATE FUNCTION t.lacking() RETURNS integer LANGUAGE sql AS $$ -- some of the months to come were made above, if today is then
    SELECT 2 * count(*)::integer FROM generate_series(0, 2) AS n, to_char((now() AT TIME ZONE 'UTC') + n * interval '1 month', '"y"YYYY"m"MM') AS month
     WHERE NOT EXISTS (SELECT FROM pg_class WHERE relname = 'content_performance_metrics_' || month)
$$;
SELECT is(t.probe('service_role', NULL, 'SELECT tidemark.make_months_ahead()'), t.lacking()::text, 'ahead: this month and two more, by service_role');
SELECT is(t.lacking(), tidemark.make_months_ahead(), 'of metrics and archive');
SELECT is(tidemark.make_months_ahead(), 0, 'once');
SELECT is((SELECT count(*) FROM pg_constraint WHERE conname = 'tidemark_month'), 0::bigint, 'no month keeps a second copy of its bounds');
SELECT * FROM finish();
