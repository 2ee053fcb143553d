-- Posts at fixed ages, their scores, daily gains and peak times: what counts as a reading, and what does not.
BEGIN;
SELECT plan(72);

-- A world of one owner: an account, and posts by name; reads as [hours after publication, views, likes].
SELECT t.fill(t.bob());
INSERT INTO tidemark.accounts (platform, external_id, user_id)
    VALUES ('tiktok', 'T', t.ann()), ('youtube', 'Y', t.ann()), ('x', 'X', t.ann());

CREATE FUNCTION t.post(name text, at timestamptz, on_platform text DEFAULT 'tiktok', facts jsonb DEFAULT '{}') RETURNS void
LANGUAGE sql AS $$
    WITH work AS (INSERT INTO public.content (title, user_id) VALUES (name, t.ann()) RETURNING id)
    INSERT INTO tidemark.posts (platform, external_id, content_id, account_id, published_at, features, user_id)
    SELECT on_platform, name, work.id, a.id, at, facts, t.ann()
      FROM work, tidemark.accounts a WHERE a.user_id = t.ann() AND a.platform = on_platform
$$;
CREATE FUNCTION t.reads(name text, VARIADIC reads text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.content_performance_metrics (platform, external_id, views, likes, recorded_at, user_id)
    SELECT p.platform, name, nullif(split_part(r, ' ', 2), '-')::bigint, nullif(split_part(r, ' ', 3), '-')::bigint,
           p.published_at + split_part(r, ' ', 1)::float8 * interval '1 hour', t.ann()
      FROM tidemark.posts p, unnest(reads) r WHERE p.user_id = t.ann() AND p.external_id = name
$$;
CREATE FUNCTION t.refresh(as_of timestamptz DEFAULT '2026-06-01') RETURNS bigint LANGUAGE sql AS
    $$ SELECT tidemark.refresh_at_age(t.ann(), as_of) $$;
CREATE FUNCTION t.reading(name text, age integer) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', basis, coalesce(views::text, '-'), coalesce(likes::text, '-'), reason)
      FROM tidemark.content_at_age WHERE user_id = t.ann() AND external_id = name AND age_h = age
$$;

SELECT t.post('plain', '2026-03-01'), t.reads('plain', '20 90 9', '23 100 10', '30 120 12', '168 500 50');
SELECT t.post('between', '2026-03-01'), t.reads('between', '12 99 9', '48 399 39');
SELECT t.post('far', '2026-03-01'), t.reads('far', '5 99 9', '48 399 39');
SELECT t.post('other', '2026-03-01'), t.reads('other', '22.5 100 -', '26 120 12');
SELECT t.post('outage', '2026-03-01'), t.reads('outage', '12 99 9', '24 - 20', '48 399 39');
SELECT t.post('blind', '2026-03-01'), t.reads('blind', '24 - -', '168 - -');
SELECT t.post('viewless', '2026-03-01'), t.reads('viewless', '24 - 20', '168 - 10', '170 - 30');
SELECT t.post('hidden', '2026-03-01'), t.reads('hidden', '24 100 -');
SELECT t.post('stale', '2026-03-01'), t.reads('stale', '120 1000 90', '168 800 80', '300 1200 120');
SELECT t.post('reset', '2026-03-01'), t.reads('reset', '120 1000 90', '168 0 0', '300 1200 120');
SELECT t.post('low', '2026-03-01'), t.reads('low', '20 1000 90', '168 800 80', '180 810 81');
SELECT t.post('corrected', '2026-03-01'),
       t.reads('corrected', '100 1000 90', '140 700 85', '168 750 86', '190 800 87', '230 850 88');
SELECT t.post('hiccup', '2026-03-01'),
       t.reads('hiccup', '100 1000 90', '110 0 0', '140 900 80', '168 910 81', '200 920 82', '230 930 83');
SELECT t.post('returned', '2026-03-01'),
       t.reads('returned', '100 1000 90', '140 700 85', '168 750 86', '190 800 87', '230 850 88', '300 1100 99');
SELECT t.post('silent', '2026-03-01');
SELECT t.post('unborn', '2026-07-01');
SELECT t.post('windowed', '2026-03-01'), t.reads('windowed', '168 100 10');
INSERT INTO content_performance_metrics (platform, external_id, views, recorded_at, metric_window, window_start, user_id)
    VALUES ('tiktok', 'windowed', 7, '2026-03-02', 'day', '2026-03-01', t.ann());

SELECT ok(t.refresh() > 0, 'a first refresh makes rows');
SELECT is(t.reading('plain', 24), 'observed 100 10', 'the snapshot nearest to the age is the reading');
SELECT is(t.reading('plain', 1), 'missing - - no_snapshot_near_age', 'nothing near and nothing before: missing');
SELECT is(t.reading('between', 24), 'interpolated 199 19', 'between two snapshots: straight in the logarithms');
SELECT is((SELECT observed_at FROM tidemark.content_at_age WHERE external_id = 'between' AND age_h = 24),
          '2026-03-03 00:00Z'::timestamptz, 'an interpolated reading was made when the later snapshot was');
SELECT is(t.reading('far', 24), 'missing - - no_snapshot_near_age', 'a snapshot younger than a quarter of the age is no hold');
SELECT is(t.reading('other', 24), 'observed 100 12', 'a count the nearest lacks comes from the nearest that has it');
SELECT is(t.reading('outage', 24), 'interpolated 199 20', 'a snapshot without views is no reading where neighbours have them');
SELECT is(t.reading('blind', 24), 'missing - - views_null', 'NULL is not 0');
SELECT is(t.reading('viewless', 24), 'observed - 20 views_null', 'where views are never known, the rest is read');
SELECT is(t.reading('viewless', 168), 'observed - 30 views_null', 'and its running maximum guards it');
SELECT is(t.reading('hidden', 24), 'observed 100 - likes_hidden', 'likes that are not shown are said to be so');
SELECT is(t.reading('stale', 168), 'interpolated 1069 100', 'an old number that comes late does not count');
SELECT is(t.reading('reset', 168), 'interpolated 1069 100', 'nor does a counter set to 0 for a while');
SELECT is(t.reading('low', 168), 'missing - - counter_corrected', 'two low reads are not enough to tell');
SELECT is(t.reading('corrected', 168), 'observed 1050 91', 'four low reads that grow are a correction: the lost part is added');
SELECT is(t.reading('hiccup', 168), 'observed 1010 91', 'a correction is measured from its level, not from a hiccup');
SELECT is(t.reading('returned', 168), 'interpolated 1046 94', 'when the old maximum returns they were stale');
SELECT is(t.reading('silent', 672), 'missing - - no_snapshot_near_age', 'a post without any observation is missing');
SELECT is(t.reading('unborn', 1), NULL, 'a post to come has no row');
SELECT is(t.reading('windowed', 24), 'missing - - no_snapshot_near_age', 'a day''s count is no lifetime read');
SELECT is(t.refresh(), 0::bigint, 'a second refresh changes nothing');
SELECT is((SELECT count(*) FROM tidemark.content_at_age WHERE user_id = t.bob()), 1::bigint, 'the other owner''s rows are his');

-- What is archived or gone.
CREATE TEMP TABLE before AS SELECT * FROM tidemark.content_at_age;
SELECT archive_old_performance_data(), tidemark.archive_performance_data('2026-06-01', NULL);
DELETE FROM tidemark.at_age_marks WHERE user_id = t.ann();
SELECT is(t.refresh(), 0::bigint, 'an archive run changes no reading, even made from nothing');
DELETE FROM tidemark.content_at_age WHERE user_id = t.ann();
DELETE FROM tidemark.at_age_marks WHERE user_id = t.ann();
SELECT t.refresh();
SELECT set_eq('SELECT * FROM tidemark.content_at_age', 'SELECT * FROM before', 'from the archive alone the same rows come');
INSERT INTO content_performance_metrics SELECT * FROM archived_performance_metrics WHERE external_id = 'plain' AND user_id = t.ann();
DELETE FROM tidemark.at_age_marks WHERE user_id = t.ann();
SELECT is(t.refresh(), 0::bigint, 'a row that is in both counts once');
DELETE FROM content_performance_metrics WHERE user_id = t.ann();
DELETE FROM archived_performance_metrics WHERE user_id = t.ann() AND external_id IN ('plain', 'between')
   AND recorded_at < '2026-03-02 02:00Z';
DELETE FROM tidemark.at_age_marks WHERE user_id = t.ann();
SELECT is(t.refresh(), 0::bigint, 'readings outlive their snapshots');
SELECT is(t.reading('plain', 24), 'observed 100 10', 'and are not replaced by farther ones');

-- Late deliveries.
SELECT t.post('later', '2026-05-01'), t.reads('later', '24 100 10');
SELECT t.refresh();
SELECT t.reads('far', '24.5 250 25');
SELECT is(t.refresh(), 0::bigint, 'a snapshot of old that no delivery announces is not looked for');
INSERT INTO tidemark.deliveries (sha256, observed_at, observed_known, source, source_class, bytes, arrived_at, user_id)
    VALUES (sha256('late'), '2026-03-02 00:30Z', true, 'f', 'api', 1, now() + interval '1 minute', t.ann());
SELECT is(t.refresh(), 1::bigint, 'one that a delivery brought late is');
SELECT is(t.reading('far', 24), 'observed 250 25', 'and becomes the reading');

-- Backwards and forwards in time.
SELECT t.post('young', '2026-05-30'), t.reads('young', '18.5 80 8', '24 100 10', '25 101 10');
SELECT t.refresh('2026-05-30 19:00Z');
SELECT is(t.reading('young', 24), 'observed 80 8', 'nothing recorded after as_of is read');
SELECT is(t.reading('young', 168), NULL, 'an age that has not passed has no row');
SELECT t.refresh();
SELECT is(t.reading('young', 24), 'observed 100 10', 'a nearer snapshot replaces a reading');
SELECT t.refresh('2026-05-30 19:00Z');
SELECT is(t.reading('young', 24), 'observed 80 8', 'and going back in time brings the old one back');
SELECT is((SELECT count(*) FROM tidemark.content_at_age WHERE user_id = t.ann() AND observed_at > '2026-05-30 19:00Z'), 0::bigint,
          'with nothing left from later');
SELECT t.refresh();
SELECT is(t.reading('young', 24), 'observed 100 10', 'forwards again');
INSERT INTO tidemark.content_at_age (platform, external_id, age_h, views, likes, basis, observed_at, user_id)
    SELECT 'tiktok', 'hand', 168, 5, 1, 'observed', '2026-03-08', t.ann();
SELECT t.post('hand', '2026-03-01');
SELECT t.refresh();
SELECT is(t.reading('hand', 168), 'observed 5 1', 'a row written by hand survives where there is no observation');

-- Definitions of views.
SELECT t.post('long', '2026-08-20', 'youtube'), t.reads('long', '24 100 1', '168 300 3');
SELECT t.post('short', '2025-03-28', 'youtube', '{"media_kind": "SHORT"}'), t.reads('short', '24 100 1', '168 300 3');
SELECT t.post('video', '2025-03-28', 'youtube'), t.reads('video', '24 100 1', '168 300 3');
SELECT t.refresh('2026-10-01');
SELECT is((SELECT string_agg(format('%s %s %s %s', external_id, age_h, segment, straddles), ', ' ORDER BY external_id, age_h)
             FROM tidemark.content_at_age WHERE user_id = t.ann() AND platform = 'youtube' AND age_h IN (24, 168)),
          'long 24  f, long 168 views@2026-08-24 t, short 24  f, short 168 views@2025-03-31 t, video 24  f, video 168  f',
          'a reading knows its definition, and a change of Shorts cuts no long video');
SELECT is((SELECT count(*) FROM tidemark.post_scores(t.ann(), 168, 'reach', NULL, '2026-10-01')
            WHERE external_id IN ('long', 'short') AND y IS NULL), 2::bigint, 'across a change there is no y');

-- Scores, in an account of their own: seven posts of one month, ln(views + 10) = 1..7, and one of the year before.
SELECT t.post('s' || i, '2026-02-01'::timestamptz + i * interval '1 day', 'x') FROM generate_series(1, 7) i;
SELECT t.post('s0', '2025-02-01', 'x');
INSERT INTO tidemark.content_at_age (platform, external_id, age_h, views, likes, basis, observed_at, segment, user_id)
    SELECT 'x', 's' || i, 168, round(exp(i + 3)) - 10, CASE WHEN i <> 3 THEN i END, 'observed',
           '2026-02-08'::timestamptz + i * interval '1 day', '', t.ann()
      FROM generate_series(0, 7) i;
CREATE FUNCTION t.score(name text, metric text, since timestamptz DEFAULT NULL, as_of timestamptz DEFAULT '2026-10-01')
RETURNS text LANGUAGE sql AS $$
    SELECT format('%s %s %s %s', round(y::numeric, 2), round(baseline::numeric, 2), baseline_n, round(score::numeric, 2))
      FROM tidemark.post_scores(t.ann(), 168, metric, since, as_of) WHERE external_id = name AND platform = 'x'
$$;
SELECT is(t.score('s7', 'reach'), '10.00 7.00 6 3.00', 'reach: less the median of the account''s 90 days');
SELECT is(t.score('s6', 'reach'), '9.00 6.50 5 2.50', 'five others are enough');
SELECT is(t.score('s5', 'reach'), '8.00 6.00 4 ', 'four are not');
SELECT is(t.score('s0', 'reach'), '3.00 3.00 0 ', 'a post of long ago is no neighbour');
SELECT is(t.score('s7', 'reach', '2026-02-08'), '10.00 7.00 6 3.00', 'since does not touch the baseline');
SELECT is(t.score('s1', 'reach', '2026-02-08'), NULL, 'but what is returned');
SELECT is(t.score('s7', 'reach', NULL, '2026-02-14'), NULL, 'a reading made after as_of is not there');
SELECT is(t.score('s7', 'engagement'), '-7.99 -5.90 5 -2.09', 'engagement: interactions to views, in logarithms');
SELECT is(t.score('s3', 'engagement'), ' -3.84 2 ', 'where no interaction is known there is no engagement');
UPDATE tidemark.content_at_age SET segment = 'views@2026-02-10' WHERE external_id = 's7';
SELECT is(t.score('s7', 'reach'), '10.00 10.00 0 ', 'another definition is another baseline');
SELECT throws_ok($$ SELECT * FROM tidemark.post_scores(t.ann(), 168, 'fame', NULL, now()) $$, '22023',
                 'post_scores: there is no metric ''fame'': engagement or reach', 'an unknown metric is refused');
SELECT is(t.probe('authenticated', t.bob(), 'SELECT count(*) FROM tidemark.scores_now'), '0', 'scores_now shows the asking owner''s');
SELECT cmp_ok(t.probe('authenticated', t.ann(), 'SELECT count(*) FROM tidemark.scores_now')::int, '>', 0, 'to each his own');

-- Daily gains.
CREATE FUNCTION t.gains(name text, since timestamptz DEFAULT NULL, as_of timestamptz DEFAULT '2026-12-01') RETURNS text
LANGUAGE sql AS $$
    SELECT first_day || ' ' || gained::text FROM tidemark.daily_gains(t.ann(), since, as_of) WHERE external_id = name
$$;
SELECT t.post('g1', '2026-09-01 12:00Z'), t.reads('g1', '36 100 1', '60 90 1', '84 200 2', '300 1000 9');
SELECT t.post('g2', '2026-09-01 12:00Z'), t.reads('g2', '96 500 1', '108 560 2');
SELECT t.post('g3', '2026-08-22 12:00Z', 'youtube'), t.reads('g3', '12 10 1', '24 20 1', '60 90 2', '84 100 2');
SELECT is(t.gains('g1', NULL, '2026-09-08'), '2026-09-01 {33,67}', 'three days before the newest observation are withheld');
SELECT is(t.gains('g1'), '2026-09-01 {33,67,50,50,89,89,89,89,88,89}',
          'from nothing at publication, by time over the days, past a low read; nothing of the last 72 hours');
SELECT is(t.gains('g1', '2026-09-03'), '2026-09-03 {50,50,89,89,89,89,88,89}', 'since cuts the days, not the base');
SELECT is(t.gains('g2'), '2026-09-05 {60}', 'a first read after three days only sets the base');
SELECT is(t.gains('g3'), '2026-08-22 {10,10,0,0}', 'what lies between two definitions is left out');
SELECT is((SELECT string_agg(external_id, ',') FROM tidemark.daily_gains(t.bob(), NULL, '2026-12-01')), 'v1', 'each owner has his own days');

-- Peak times.
SELECT ok(tidemark.refresh_peak_times(t.ann(), '2026-12-01') > 0, 'peak times are filled');
SELECT is((SELECT string_agg(coalesce(peak_engagement_time::text, '-'), ', ' ORDER BY recorded_at) FROM content_performance_metrics
            WHERE external_id = 'g1'), '-, -, -, 2026-09-04 12:00:00+00',
          'the middle of the steepest interval, on the newest snapshot');
SELECT is((SELECT count(peak_engagement_time) FROM content_performance_metrics WHERE external_id = 'g2'), 0::bigint,
          'two reads are too few');
SELECT is(tidemark.refresh_peak_times(t.ann(), '2026-12-01'), 0::bigint, 'again: nothing changes');
DELETE FROM tidemark.at_age_marks WHERE user_id = t.ann();
SELECT is(tidemark.refresh_peak_times(t.ann(), '2026-12-01'), 0::bigint, 'nor from the beginning');
SELECT is((SELECT count(peak_engagement_time) FROM content_performance_metrics WHERE user_id = t.bob()), 0::bigint,
          'the other owner''s are not touched');

-- Who may.
SELECT alike(t.probe('authenticated', t.ann(), format('SELECT tidemark.refresh_at_age(%L, now())', t.ann())),
             '42501 permission denied for function refresh_at_age', 'an owner does not refresh by hand');
SELECT is(t.probe('service_role', NULL, format('SELECT count(*) > 0 FROM tidemark.post_scores(%L, 168, ''reach'', NULL, ''2026-10-01'')',
          t.ann())), 'true', 'service_role asks for an owner by name');
SELECT is(t.probe('authenticated', t.bob(), format('SELECT count(*) FROM tidemark.post_scores(%L, 168, ''reach'', NULL, now())',
          t.ann())), '0', 'an owner who asks for another''s scores gets none');
SELECT alike(t.probe('authenticated', t.ann(), 'UPDATE tidemark.metric_definitions SET unit = unit'),
             '42501 permission denied for table metric_definitions', 'definitions are read only');
SELECT is((SELECT string_agg(DISTINCT format('%s %s %s', platform, media_kind, valid_from::date), ', ')
             FROM tidemark.metric_definitions WHERE metric = 'views' AND valid_from > '-infinity'),
          'facebook  2025-11-15, facebook video 2026-06-15, instagram  2025-04-21, x  2022-12-01, youtube  2026-08-24, youtube short 2025-03-31', 'the dated definitions of views');
SELECT throws_ok('SELECT tidemark.refresh_at_age(NULL, now())', '22004', 'refresh_at_age: an owner and a time are needed', 'no owner');

-- A run takes its results with it.
DELETE FROM tidemark.rule_runs WHERE user_id = t.bob();
SELECT is((SELECT count(*) FROM tidemark.rule_results), 0::bigint, 'results go with their run');
SELECT * FROM finish();
ROLLBACK;
