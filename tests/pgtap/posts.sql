-- Posts that are one and works that are one: nothing is lost when they are put together, and works can be taken apart.
SET timezone = 'UTC';
SELECT plan(31);

CREATE FUNCTION pg_temp.post(of_platform text, id text, name text, made timestamptz, url text DEFAULT NULL) RETURNS uuid LANGUAGE sql AS $$
    WITH w AS (INSERT INTO content (title, created_at, user_id) VALUES (name, made, t.ann()) RETURNING id),
         a AS (INSERT INTO tidemark.accounts (platform, external_id, user_id) VALUES (of_platform, '-', t.ann())
               ON CONFLICT (user_id, platform, external_id) DO UPDATE SET creator = NULL RETURNING id)
    INSERT INTO tidemark.posts (platform, external_id, content_id, account_id, url, published_at, facts_at, user_id)
    SELECT of_platform, post.id, w.id, a.id, post.url, made, made, t.ann() FROM w, a RETURNING content_id
$$;
CREATE FUNCTION pg_temp.found(name text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(coalesce(f.platform || ':' || f.external_id, 'work'), ',') FROM tidemark.find_works(t.ann(), ARRAY[name]) f
$$;
CREATE FUNCTION pg_temp.archive_is_right() RETURNS boolean LANGUAGE sql AS $$
    SELECT (SELECT sum(checksum) FROM tidemark.archive_batches)
         = (SELECT sum(hashtextextended(jsonb_build_array(platform, external_id, metric_window, window_start, recorded_at, content_id,
                       views, likes, shares, comments, saves, average_watch_time)::text, 0)) FROM archived_performance_metrics)
       AND (SELECT sum(rows) FROM tidemark.archive_batches) = (SELECT count(*) FROM archived_performance_metrics)
$$;

-- Addresses.
SELECT is(tidemark.plain_url('https://www.Vidly.example/p/Abc/?utm_source=a&igsh=b#top'), 'vidly.example/p/Abc', 'an address without its trimmings');
SELECT is(tidemark.plain_url('http://m.youtube.com/watch?v=-bc&si=x&t=3'), 'youtube.com/watch?v=-bc&t=3', 'what tells posts apart stays');

SELECT pg_temp.post('youtube', '-bcdefghijk', 'A', '2026-03-01');
SELECT pg_temp.post('reddit', 't3_abc', 'B', '2026-03-02');
SELECT pg_temp.post('linkedin', 'urn:li:share:7', 'C', '2026-03-03');
SELECT pg_temp.post('mastodon', '1', 'D', '2026-03-04', 'https://social.example/@me/1');
SELECT pg_temp.post('x', '1', 'E', '2026-03-05');
SELECT is(pg_temp.found('https://youtu.be/-bcdefghijk?si=1'), 'youtube:-bcdefghijk', 'youtu.be');
SELECT is(pg_temp.found('https://www.youtube.com/watch?v=-bcdefghijk&list=PL1'), 'youtube:-bcdefghijk', 'watch?v=');
SELECT is(pg_temp.found('https://www.reddit.com/r/a/comments/abc/title/'), 'reddit:t3_abc', 'a post on reddit');
SELECT is(pg_temp.found('https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A7/'), 'linkedin:urn:li:share:7', 'a URN in an address');
SELECT is(pg_temp.found('https://social.example/@me/1'), 'mastodon:1', 'an address that a payload gave');
SELECT is(pg_temp.found('linkedin:urn:li:share:7'), 'linkedin:urn:li:share:7', 'an id with colons');
SELECT is(pg_temp.found('1'), 'mastodon:1,x:1', 'an id alone, of two platforms');
SELECT is(pg_temp.found('x:2'), NULL, 'nothing');
SELECT is(pg_temp.found('https://x.com/me/status/1'), 'x:1', 'another host is another platform');
SELECT is((SELECT count(*) FROM tidemark.find_works(t.bob(), ARRAY['x:1', '1', 'https://youtu.be/-bcdefghijk'])), 0::bigint,
          'another owner''s posts are nobody''s business');

-- Two posts turn out to be one, with rows in the metrics and in the archive.
INSERT INTO content_performance_metrics (platform, external_id, content_id, views, likes, recorded_at, user_id)
SELECT p.platform, p.external_id, p.content_id, v.views, v.likes, v.at, t.ann()
  FROM tidemark.posts p JOIN (VALUES ('1', 10, NULL, '2026-03-06'::timestamptz), ('1', 20, NULL, '2026-04-01'), ('3', 11, 4, '2026-03-06'),
                                     ('3', 21, NULL, '2026-03-07'), ('3', 31, 5, '2026-04-01')) AS v (id, views, likes, at) ON v.id = p.external_id
 WHERE p.platform = 'x';
SELECT pg_temp.post('x', '3', 'E, edited', '2026-03-04 12:00', 'https://x.com/me/status/3');
INSERT INTO content_performance_metrics (platform, external_id, content_id, views, likes, recorded_at, user_id)
SELECT 'x', '3', p.content_id, v.views, v.likes, v.at, t.ann()
  FROM tidemark.posts p, (VALUES (11, 4, '2026-03-06'::timestamptz), (21, NULL, '2026-03-07'), (31, 5, '2026-04-01')) AS v (views, likes, at)
 WHERE p.platform = 'x' AND p.external_id = '3';
UPDATE tidemark.posts SET features = '{"mood": "calm", "by": "old", "_facts": {"mood": {"at": 5}}}', facts_at = '2026-03-09'
 WHERE platform = 'x' AND external_id = '1';
UPDATE tidemark.posts SET features = '{"mood": "loud", "lang": "en", "by": "new", "_facts": {"mood": {"at": 9}}}', facts_at = '2026-03-08'
 WHERE platform = 'x' AND external_id = '3';
INSERT INTO tidemark.content_at_age (platform, external_id, age_h, views, basis, reason, observed_at, user_id)
VALUES ('x', '1', 24, NULL, 'missing', 'none', NULL, t.ann()), ('x', '3', 24, 5, 'observed', NULL, '2026-03-05', t.ann()),
       ('x', '3', 168, 5, 'observed', NULL, '2026-03-07', t.ann());
SELECT tidemark.archive_performance_data('2026-03-15', NULL);
SELECT ok(pg_temp.archive_is_right(), 'the archive before');
SELECT is(tidemark.same_posts(t.ann(), ARRAY['x', 'x'], ARRAY['9', '3'], ARRAY['3', '1']), 3::bigint, 'three changes: contents, posts, and the call');
SELECT is((SELECT string_agg(alias || '>' || external_id, ',' ORDER BY alias) FROM tidemark.post_aliases), '1>3,9>3',
          'the post whose content is older stays');
SELECT is((SELECT string_agg(concat_ws(' ', views, likes), ',' ORDER BY recorded_at) FROM archived_performance_metrics
            WHERE platform = 'x' AND external_id = '3'), '11 4,21', 'the archive''s rows are its');
SELECT ok(pg_temp.archive_is_right(), 'and its checksums are right');
SELECT is((SELECT string_agg(concat_ws(' ', external_id, views, likes, platform_metrics), ',') FROM content_performance_metrics), '3 31 5 {"_merged": {"1": {"views": 20}}}',
          'of two counts of one instant one stands, the other beside it');
SELECT is((SELECT features FROM tidemark.posts WHERE platform = 'x'),
          '{"mood": "loud", "lang": "en", "by": "old", "_facts": {"mood": {"at": 9}}}'::jsonb, 'later facts win, each by its own clock');
SELECT is((SELECT published_at FROM tidemark.posts WHERE platform = 'x'), '2026-03-04 12:00+00'::timestamptz, 'published first');
SELECT is((SELECT string_agg(age_h || ' ' || views, ',') FROM tidemark.content_at_age), '24 5', 'a reading whose snapshot is gone stays, others are made again');
SELECT is((SELECT string_agg(title || ' ' || reason || ' ' || posts, ',') FROM tidemark.content_merges), 'E alias [["x", "1"]]', 'the content that went is kept');
SELECT is((SELECT title FROM content c JOIN tidemark.posts p ON p.content_id = c.id WHERE p.platform = 'x'), 'E, edited', 'one title');
SELECT is(tidemark.same_posts(t.ann(), ARRAY['x'], ARRAY['1'], ARRAY['9']), 3::bigint, 'what is known changes nothing');
SELECT is(pg_temp.found('x:9'), 'x:3', 'and any of the ids finds it');

-- Works.
CREATE TEMP TABLE was AS SELECT content_id AS id, external_id FROM tidemark.posts;
SELECT tidemark.merge_contents(t.ann(), (SELECT id FROM was WHERE external_id = '3'), (SELECT id FROM was WHERE external_id = 't3_abc'), 'link');
SELECT tidemark.merge_contents(t.ann(), (SELECT id FROM was WHERE external_id = 't3_abc'), (SELECT id FROM was WHERE external_id = '-bcdefghijk'), 'link');
SELECT is((SELECT count(DISTINCT content_id) FROM tidemark.posts WHERE platform IN ('x', 'reddit', 'youtube')), 1::bigint, 'three posts, one work');
SELECT is((SELECT count(DISTINCT into_id) FROM tidemark.content_merges), 1::bigint, 'all that went lead to the one that is there');
SELECT ok(pg_temp.archive_is_right(), 'the archive followed');
SELECT is(tidemark.split_post(t.ann(), 'x', '3'), (SELECT id FROM was WHERE external_id = '3'), 'a post that leaves has the content it came with');
SELECT is((SELECT count(*) FROM tidemark.observations o WHERE o.content_id = (SELECT id FROM was WHERE external_id = '3')), 3::bigint, 'and its observations');
SELECT ok(pg_temp.archive_is_right(), 'the archive followed again');
SELECT * FROM finish();
