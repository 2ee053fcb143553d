-- What counts cover and mean: definitions of all platforms, latest values, increments with their corrections and breaks.
BEGIN;
SELECT plan(48);

-- Definitions.
SELECT is((SELECT string_agg(DISTINCT platform, ' ' ORDER BY platform) FROM tidemark.metric_definitions),
          'bluesky facebook instagram linkedin mastodon pinterest podcast reddit threads tiktok twitch vimeo web x youtube',
          'every platform is there');
SELECT is((SELECT count(*) FROM (SELECT DISTINCT platform, metric FROM tidemark.metric_definitions
            WHERE metric IN ('views', 'likes', 'comments', 'shares', 'saves', 'average_watch_time')) d), 90::bigint,
          'each with all six columns');
SELECT is((SELECT count(*) FROM tidemark.metric_definitions d WHERE (note IS NOT DISTINCT FROM 'not offered') <> (windows = '{}')
              OR (windows = '{}') <> (aliases = '{}') AND metric IN ('views', 'likes', 'comments', 'shares', 'saves')), 0::bigint,
          'what is not offered says so and has neither names nor windows');
SELECT is((SELECT string_agg(DISTINCT platform || '.' || metric, ' ') FROM tidemark.metric_definitions
            WHERE kind = 'cumulative' AND windows <> '{}' AND NOT 'lifetime' = ANY (windows)
               OR kind = 'period' AND 'lifetime' = ANY (windows)), NULL, 'a cumulative count has lifetime rows, a period''s has none');
SELECT is((SELECT string_agg(DISTINCT platform, ' ') FROM tidemark.metric_definitions WHERE metric = 'views' AND kind = 'period'),
          'pinterest web', 'platforms whose views come by periods only');
SELECT is((SELECT string_agg(DISTINCT platform, ' ' ORDER BY platform) FROM tidemark.metric_definitions WHERE day_zone <> 'UTC'),
          'facebook instagram threads youtube', 'whose days begin in California');
SELECT is((SELECT count(*) FROM tidemark.metric_definitions a JOIN tidemark.metric_definitions b USING (platform, metric, media_kind)
            WHERE a.valid_from < b.valid_from AND coalesce(a.valid_to, 'infinity') > b.valid_from), 0::bigint,
          'definitions of one count do not overlap');
SELECT is((SELECT count(*) FROM tidemark.metric_definitions a WHERE valid_to IS NOT NULL AND metric = 'views'
              AND NOT EXISTS (SELECT FROM tidemark.metric_definitions b WHERE (b.platform, b.metric, b.valid_from)
                                                                           = (a.platform, a.metric, a.valid_to))), 0::bigint,
          'where a definition of views ends, the next one begins');
SELECT is((SELECT string_agg(concat_ws(' ', platform, nullif(media_kind, ''), changed_at::date), ', ' ORDER BY platform, changed_at)
             FROM tidemark.definition_changes WHERE metric = 'views'),
          'facebook 2025-11-15, facebook video 2026-06-15, instagram 2025-04-21, x 2022-12-01, youtube short 2025-03-31, youtube 2026-08-24',
          'the days on which views were redefined');

-- A world of one owner. Reads as [day views likes], from 2026-03-01 on; periods as [window start end views].
INSERT INTO tidemark.accounts (platform, external_id, user_id) SELECT p, 'A', t.ann() FROM unnest('{youtube,tiktok,web,facebook}'::text[]) p;
CREATE FUNCTION t.post(on_platform text, name text, at timestamptz DEFAULT '2026-03-01', facts jsonb DEFAULT '{}') RETURNS void LANGUAGE sql AS $$
    WITH work AS (INSERT INTO public.content (title, user_id) VALUES (name, t.ann()) RETURNING id)
    INSERT INTO tidemark.posts (platform, external_id, content_id, account_id, published_at, features, user_id)
    SELECT on_platform, name, work.id, a.id, at, facts, t.ann() FROM work, tidemark.accounts a WHERE a.user_id = t.ann() AND a.platform = on_platform
$$;
CREATE FUNCTION t.reads(name text, VARIADIC reads text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.content_performance_metrics (platform, external_id, views, likes, recorded_at, user_id)
    SELECT p.platform, name, nullif(split_part(r, ' ', 2), '-')::bigint, nullif(split_part(r, ' ', 3), '-')::bigint,
           p.published_at + split_part(r, ' ', 1)::int * interval '1 day', t.ann()
      FROM tidemark.posts p, unnest(reads) r WHERE p.user_id = t.ann() AND p.external_id = name
$$;
CREATE FUNCTION t.periods(name text, delivered timestamptz, VARIADIC reads text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.content_performance_metrics (platform, external_id, metric_window, window_start, window_end, views, recorded_at, user_id)
    SELECT p.platform, name, split_part(r, ' ', 1), split_part(r, ' ', 2)::timestamptz, nullif(split_part(r, ' ', 3), '-')::timestamptz,
           split_part(r, ' ', 4)::bigint, delivered, t.ann()
      FROM tidemark.posts p, unnest(reads) r WHERE p.user_id = t.ann() AND p.external_id = name
$$;
-- What was gained, step by step; in brackets why it is not known.
CREATE FUNCTION t.gained(name text, what text DEFAULT 'views', in_window text DEFAULT 'lifetime') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(coalesce(i.gained::text, format('(%s)', i.flag)), ' ' ORDER BY i.recorded_at, i.since)
      FROM tidemark.increments i
     WHERE i.user_id = t.ann() AND i.external_id = name AND i.metric = what AND i.metric_window = in_window
$$;

SELECT t.post('tiktok', 'grows'), t.reads('grows', '1 10 1', '2 30 2', '4 35 -', '5 35 3');
SELECT is(t.gained('grows'), '(first) 20 5 0', 'the difference to the read before');
SELECT is(t.gained('grows', 'likes'), '(first) 1 1', 'an unknown count is passed over');
SELECT is((SELECT count(*) FROM tidemark.increments WHERE external_id = 'grows' AND metric IN ('shares', 'comments', 'saves')), 0::bigint,
          'what was never known gains nothing');
SELECT is((SELECT format('%s %s', since::date, until::date) FROM tidemark.increments WHERE external_id = 'grows' AND metric = 'views' AND gained = 5),
          '2026-03-03 2026-03-05', 'from the read before to this one');

SELECT t.post('tiktok', 'stale'), t.reads('stale', '1 100 1', '2 60 1', '3 90 1', '4 120 1');
SELECT is(t.gained('stale'), '(first) (stale_read) (stale_read) 20', 'what comes back was never gone: nothing is gained twice');
SELECT t.post('tiktok', 'corrected'), t.reads('corrected', '1 100 1', '2 200 1', '3 150 1', '4 170 1', '5 180 1');
SELECT is(t.gained('corrected'), '(first) 100 (correction) 20 10', 'a fall for good is a correction, and counts go on from there');
SELECT t.post('tiktok', 'reset'), t.reads('reset', '1 900 1', '2 1000 1', '3 0 1', '4 5 1', '5 9 1');
SELECT is(t.gained('reset'), '(first) 100 (reset) 5 4', 'a counter that begins anew is a reset');
SELECT t.post('tiktok', 'hiccup'), t.reads('hiccup', '1 1000 1', '2 0 1', '3 900 1', '4 910 1');
SELECT is(t.gained('hiccup'), '(first) (stale_read) (correction) 10', 'a single low read gives nothing to gain from');
SELECT t.post('tiktok', 'twice'), t.reads('twice', '1 100 1', '2 80 1', '3 70 1', '4 75 1', '5 60 1', '6 61 1');
SELECT is(t.gained('twice'), '(first) (correction) (correction) 5 (correction) 1', 'each fall is one');
SELECT t.post('tiktok', 'negative'), t.reads('negative', '1 - -1', '2 - 0', '3 - -1');
SELECT is(t.gained('negative', 'likes'), '(first) 1 (correction)', 'counts below zero are counts');
SELECT is((SELECT sum(gained) FROM tidemark.increments WHERE external_id IN ('corrected', 'reset', 'hiccup') AND metric = 'views'), 249::numeric,
          'a sum holds no fall and no way back');

-- Definitions that change on the way.
SELECT t.post('youtube', 'long', '2026-08-20'), t.reads('long', '1 10 1', '3 20 2', '6 90 3', '7 100 4');
SELECT is(t.gained('long'), '(first) 10 (definition_change) 10', 'a step in a definition is no gain');
SELECT t.post('youtube', 'daily', '2026-08-20'), t.reads('daily', '3 20 2', '4 30 2', '5 90 3', '6 100 4', '7 110 4');
SELECT is(t.gained('daily'), '(first) (definition_change) (definition_change) (definition_change) 10', 'nobody knows the hour: what touches the day is left out');
SELECT is(t.gained('long', 'likes'), '(first) 1 1 1', 'of views; likes go on');
SELECT t.post('youtube', 'brief', '2025-03-28', '{"media_kind": "short"}'), t.reads('brief', '1 10 1', '5 90 3', '6 100 4');
SELECT t.post('youtube', 'usual', '2025-03-28'), t.reads('usual', '1 10 1', '5 90 3', '6 100 4');
SELECT is(t.gained('brief'), '(first) (definition_change) 10', 'Shorts have their own day');
SELECT is(t.gained('usual'), '(first) 80 10', 'on which nothing happened to the rest');
SELECT t.post('facebook', 'clip', '2026-06-10', '{"media_kind": "VIDEO"}'), t.reads('clip', '1 10 1', '9 90 3');
SELECT t.post('facebook', 'text', '2026-06-10', '{"media_kind": "status"}'), t.reads('text', '1 10 1', '9 90 3');
SELECT is(t.gained('clip') || ', ' || t.gained('text'), '(first) (definition_change), (first) 80', 'a kind without days of its own has the platform''s');

-- Periods.
SELECT t.post('web', '/page'), t.periods('/page', '2026-03-05', 'day 2026-03-01 2026-03-02 10', 'day 2026-03-02 2026-03-03 20', 'day 2026-03-03 - 3'),
       t.periods('/page', '2026-03-07', 'day 2026-03-03 2026-03-04 30', 'range 2026-03-01 2026-03-04 60', 'range 2026-03-02 2026-03-05 70',
                 'range 2026-03-05 2026-03-06 5', 'range 2026-03-06 - 7', 'week 2026-03-01 2026-03-08 99', 'days_28 2026-02-01 2026-03-01 99'),
       t.periods('/page', '2026-03-08', 'day -infinity 2026-03-08 4');
SELECT is(t.gained('/page', 'views', 'day'), '10 20 30 (open_window)', 'a day is what it was said to be last');
SELECT is(t.gained('/page', 'views', 'range'), '60 (overlap) 5 (open_window)', 'what overlaps is not added');
SELECT is(t.gained('/page', 'views', 'week') || ' ' || t.gained('/page', 'views', 'days_28'), '(rolling) (rolling)', 'what rolls is not added');
SELECT is((SELECT count(*) FROM tidemark.latest_periods WHERE external_id = '/page' AND metric_window = 'day'), 4::bigint, 'one row a period');

-- Latest values.
CREATE FUNCTION t.latest(name text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', coalesce(views_from, '-'), coalesce(views::text, '-'), coalesce(likes::text, '-'), recorded_at::date, redefined_at::date)
      FROM tidemark.latest_counts WHERE user_id = t.ann() AND external_id = name
$$;
SELECT is(t.latest('grows'), 'lifetime 35 3 2026-03-06', 'the newest observation');
SELECT is(t.latest('long'), 'lifetime 100 4 2026-08-27 2026-08-24', 'counts under two definitions are marked');
SELECT is(t.latest('usual'), 'lifetime 100 4 2025-04-03', 'under one they are not');
SELECT is(t.latest('negative'), '- - -1 2026-03-04', 'a platform without views has the rest');
DELETE FROM content_performance_metrics WHERE external_id = '/page' AND window_start = '-infinity';
SELECT is(t.latest('/page'), 'day 60 - 2026-03-07', 'where there are only periods the days are summed');
DELETE FROM content_performance_metrics WHERE external_id = '/page' AND metric_window = 'day';
SELECT is(t.latest('/page'), 'range 5 - 2026-03-07', 'and without days the newest range that ended is shown');
SELECT t.post('web', '/silent');
SELECT is(t.latest('/silent'), '- - -', 'a post that nothing is known of is there all the same');
INSERT INTO content_performance_metrics (platform, external_id, recorded_at, user_id) VALUES ('tiktok', 'grows', '2026-05-01', t.ann());
SELECT is(t.latest('grows'), 'lifetime 35 3 2026-03-06', 'an observation without any count replaces none');
SELECT t.periods('grows', '2026-05-02', 'day 2026-05-01 2026-05-02 999');
SELECT is(t.latest('grows'), 'lifetime 35 3 2026-03-06', 'a day''s count is never mixed into a lifetime''s');

-- What is archived counts as before, and once.
CREATE TEMP TABLE before AS SELECT * FROM tidemark.increments;
CREATE TEMP TABLE before_latest AS SELECT * FROM tidemark.latest_counts;
SELECT tidemark.archive_performance_data('2026-06-01', NULL);
SELECT set_eq('SELECT * FROM tidemark.increments', 'SELECT * FROM before', 'an archive run changes no increment');
SELECT set_eq('SELECT * FROM tidemark.latest_counts', 'SELECT * FROM before_latest', 'and no latest value');
INSERT INTO content_performance_metrics SELECT * FROM archived_performance_metrics WHERE external_id IN ('corrected', '/page');
SELECT set_eq('SELECT * FROM tidemark.increments', 'SELECT * FROM before', 'a row that is in both counts once');

-- Days of posts that are counted by periods only.
CREATE FUNCTION t.gains(name text, since timestamptz DEFAULT NULL, as_of timestamptz DEFAULT '2026-12-01') RETURNS text LANGUAGE sql AS $$
    SELECT first_day || ' ' || gained::text FROM tidemark.daily_gains(t.ann(), since, as_of) WHERE external_id = name
$$;
SELECT t.post('web', '/days'), t.periods('/days', '2026-03-12', 'day 2026-03-01 2026-03-02 10', 'day 2026-03-02 2026-03-03 20', 'day 2026-03-05 2026-03-06 7',
                                         'day 2026-03-11 2026-03-12 5', 'week 2026-03-01 2026-03-08 99');
SELECT is(t.gains('/days'), '2026-03-01 {10,20,NULL,NULL,7,NULL,NULL,NULL,NULL,NULL,5}', 'days that are delivered as days are taken as they are');
SELECT is(t.gains('/days', NULL, '2026-03-12'), '2026-03-01 {10,20,NULL,NULL,7}', 'but for those of the last 72 hours');
SELECT t.post('youtube', 'days'), t.periods('days', '2026-03-12', 'day 2026-03-01T08:00Z 2026-03-02T08:00Z 10', 'day 2026-03-08T08:00Z 2026-03-09T07:00Z 20');
SELECT is(t.gains('days', '2026-03-08'), '2026-03-08 {20}', 'a day is the platform''s own day');

-- Who may.
SELECT is(t.probe('authenticated', t.bob(), 'SELECT count(*) FROM tidemark.latest_counts'), '0', 'another owner sees nothing');
SELECT is(t.probe('authenticated', t.bob(), 'SELECT count(*) FROM tidemark.increments'), '0', 'of either');
SELECT cmp_ok(t.probe('authenticated', t.ann(), 'SELECT count(*) FROM tidemark.increments')::int, '>', 0, 'the owner sees his');
SELECT * FROM finish();
ROLLBACK;
