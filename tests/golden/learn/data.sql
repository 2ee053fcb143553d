-- A made-up owner for the tests of learning: psql -v owner=UUID -v order='i' -f data.sql
-- 12 accounts on youtube, 900 posts over 170 days, read at 20 h, 7 d and 28 d. The tag "good" lifts engagement by half, "dull" and "flat" do
-- nothing, "everywhere" is on every post. Posts of 18 to 21 h do as the others. Everything follows from the number of the post.
\set ON_ERROR_STOP on
BEGIN;
CREATE FUNCTION pg_temp.unit(text) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT ((('x' || left(md5($1), 8))::bit(32)::bigint & 4294967295) + 0.5) / 4294967296.0 $$;
CREATE FUNCTION pg_temp.normal(text) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT sqrt(-2 * ln(pg_temp.unit($1 || 'a'))) * cos(2 * pi() * pg_temp.unit($1 || 'b')) $$;

INSERT INTO tidemark.accounts (id, platform, external_id, creator, time_zone, user_id)
SELECT md5('account' || k)::uuid, 'youtube', 'account' || k, 'creator' || k % 4, 'Europe/Berlin', :'owner'
  FROM generate_series(1, 12) AS k ORDER BY :order;

CREATE TEMPORARY TABLE made ON COMMIT DROP AS
SELECT i, k, 'post' || i AS external_id, md5('content' || i)::uuid AS content_id,
       date_trunc('hour', now()) - interval '175 days' + i * interval '272 minutes' AS published_at,
       array_remove(ARRAY['everywhere', CASE WHEN pg_temp.unit(i || 'good') < 0.35 THEN 'good' END,
                          CASE WHEN pg_temp.unit(i || 'dull') < 0.3 THEN 'dull' END,
                          CASE WHEN pg_temp.unit(i || 'flat') < 0.4 THEN 'flat' END,
                          CASE WHEN i % 200 = 0 THEN 'rare' END], NULL) AS tags,
       1000 * exp(0.5 * pg_temp.normal(i || 'views')) AS views, pg_temp.normal(i || 'likes') AS z
  FROM (SELECT i, 1 + (i * 7 + i / 13) % 12 AS k FROM generate_series(1, 900) AS i) AS n;

INSERT INTO public.content (id, title, user_id) SELECT content_id, 'Work ' || i, :'owner' FROM made ORDER BY :order;
INSERT INTO tidemark.posts (platform, external_id, content_id, account_id, published_at, features, user_id)
SELECT 'youtube', external_id, content_id, md5('account' || k)::uuid, published_at,
       jsonb_build_object('tags', to_jsonb(tags), 'caption', 'Work ' || i || CASE WHEN i % 3 = 0 THEN '?' ELSE '' END,
                          'visual', jsonb_build_object('brightness', round(pg_temp.unit(i || 'bright')::numeric, 3))), :'owner'
  FROM made ORDER BY :order;
INSERT INTO content_performance_metrics (content_id, platform, external_id, views, likes, comments, recorded_at, user_id)
SELECT content_id, 'youtube', external_id, round(views * share)::bigint,
       round(views * share * exp(-3 + 0.1 * k + 0.3 * z + CASE WHEN 'good' = ANY (tags) THEN ln(1.5) ELSE 0 END))::bigint,
       round(views * share * 0.004)::bigint, published_at + age, :'owner'
  FROM made, (VALUES (interval '20 hours', 0.4), (interval '7 days', 0.8), (interval '28 days', 1.0)) AS r (age, share)
 WHERE published_at + age <= now()
 ORDER BY :order;
COMMIT;
