-- The archive loses nothing: not to a row that is committed while it works, not to a batch limit, not to a second copy.
SELECT plan(14);
SELECT tap.dblink_connect('other', format('host=%s port=%s dbname=%s user=%s', split_part(current_setting('unix_socket_directories'), ',', 1),
                          current_setting('port'), current_database(), session_user));

INSERT INTO content_performance_metrics (platform, external_id, views, recorded_at, user_id)
SELECT 'x', 'p' || n, n, '2020-01-01'::timestamptz + n * interval '1 hour', CASE WHEN n % 2 = 0 THEN t.ann() ELSE t.bob() END
  FROM generate_series(1, 100) AS n;

SELECT is(tidemark.archive_performance_data('2020-02-01', 30), 30::bigint, 'a batch is as large as was asked');
SELECT is((SELECT count(*) FROM archived_performance_metrics), 30::bigint, 'a batch is in the archive');
SELECT is((SELECT count(*) FROM content_performance_metrics), 70::bigint, 'and no longer in the metrics');
SELECT is(tidemark.archive_performance_data('2020-02-01', 0), 0::bigint, 'a batch of none moves none');
SELECT is(tidemark.archive_performance_data('2020-02-01', NULL), 70::bigint, 'no limit moves the rest');
SELECT is((SELECT sum(rows) FROM tidemark.archive_batches), 100::numeric, 'the batches add up');
SELECT is((SELECT sum(checksum) FROM tidemark.archive_batches),
          (SELECT sum(hashtextextended(jsonb_build_array(platform, external_id, metric_window, window_start, recorded_at, content_id,
                  views, likes, shares, comments, saves, average_watch_time)::text, 0)) FROM archived_performance_metrics),
          'and their checksums are the archive''s');

-- A late delivery brings an archived row again, with other counts.
INSERT INTO content_performance_metrics (platform, external_id, views, recorded_at, user_id)
SELECT platform, external_id, 777, recorded_at, user_id FROM archived_performance_metrics WHERE external_id = 'p1';
SELECT is(tidemark.archive_performance_data('2020-02-01', 10), 1::bigint, 'a row that is archived already is taken once more');
SELECT is((SELECT string_agg(views::text, ',') FROM archived_performance_metrics WHERE external_id = 'p1'), '777', 'and brought up to date');

-- The race: while the archive is at work, another session commits a row that is old enough. The trigger is the moment in
-- between: it fires after the archiving statement has begun.
CREATE FUNCTION public.in_between() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tap.dblink_exec('other', format('INSERT INTO content_performance_metrics (platform, external_id, recorded_at, user_id)
        VALUES (''x'', ''late'', ''2020-01-05'', %L)', t.ann()));
    RETURN NULL;
END
$$;
CREATE TRIGGER in_between BEFORE INSERT ON archived_performance_metrics FOR EACH STATEMENT EXECUTE FUNCTION public.in_between();
INSERT INTO content_performance_metrics (platform, external_id, recorded_at, user_id) VALUES ('x', 'early', '2020-01-04', t.ann());
PREPARE whereabouts AS
SELECT external_id, place FROM (SELECT external_id, 'metrics' AS place FROM content_performance_metrics
                                 UNION ALL SELECT external_id, 'archive' FROM archived_performance_metrics) m
 WHERE external_id IN ('early', 'late') ORDER BY 1;
SELECT is(tidemark.archive_performance_data('2020-02-01', NULL), 1::bigint, 'what was there is archived');
SELECT results_eq('whereabouts', $$VALUES ('early', 'archive'), ('late', 'metrics')$$, 'a row committed in between stays where it is');

-- The pair of statements this replaces, put to the same test, loses the row: the test can tell.
DELETE FROM content_performance_metrics WHERE external_id = 'late';
DELETE FROM archived_performance_metrics WHERE external_id = 'early';
INSERT INTO content_performance_metrics (platform, external_id, recorded_at, user_id) VALUES ('x', 'early', '2020-01-04', t.ann());
DO $$
BEGIN
    INSERT INTO archived_performance_metrics SELECT * FROM content_performance_metrics WHERE recorded_at < '2020-02-01';
    DELETE FROM content_performance_metrics WHERE recorded_at < '2020-02-01';
END
$$;
SELECT results_eq('whereabouts', $$VALUES ('early', 'archive')$$, 'INSERT and then DELETE loses it');
DROP TRIGGER in_between ON archived_performance_metrics;

-- A row that another session is just writing is left for the next call, and waits for nobody.
INSERT INTO content_performance_metrics (platform, external_id, recorded_at, user_id)
VALUES ('x', 'busy', '2020-01-06', t.ann()), ('x', 'idle', '2020-01-06', t.ann());
SELECT tap.dblink_exec('other', 'BEGIN') = 'BEGIN' AND tap.dblink_exec('other', $$UPDATE content_performance_metrics SET views = 5 WHERE external_id = 'busy'$$) = 'UPDATE 1' AS t \gset
SET lock_timeout = '5s';
SELECT is(tidemark.archive_performance_data('2020-02-01', NULL), 1::bigint, 'the idle row is archived');
SELECT tap.dblink_exec('other', 'COMMIT') \gset
SELECT tidemark.archive_performance_data('2020-02-01', NULL) \gset
SELECT is((SELECT views FROM archived_performance_metrics WHERE external_id = 'busy'), 5::bigint, 'the busy one comes with what was written');
SELECT * FROM finish();
