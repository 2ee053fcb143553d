-- Two owners (psql variables ann and bob) with findings and observations whose averages are easy to see by eye. Bob's numbers
-- are wild on purpose: they must show nowhere in Ann's reports.
INSERT INTO tidemark.accounts (id, user_id, platform, external_id, creator, handle) VALUES
    ('a0000000-0000-4000-8000-000000000001', :'ann', 'youtube', 'UC1', 'Ann', '@ann'),
    ('a0000000-0000-4000-8000-000000000002', :'ann', 'tiktok', 'tt1', NULL, NULL),
    ('a0000000-0000-4000-8000-000000000003', :'ann', 'x', 'x1', 'Ann', NULL),
    ('a0000000-0000-4000-8000-000000000009', :'bob', 'youtube', 'UC9', 'Bob', '@bob');
INSERT INTO public.content (id, user_id, title, created_at) VALUES
    ('c0000000-0000-4000-8000-000000000001', :'ann', 'Why cats purr', '2026-11-01'),
    ('c0000000-0000-4000-8000-000000000002', :'ann', E'red \x1b[31m "猫", one', '2026-11-02'),
    ('c0000000-0000-4000-8000-000000000009', :'bob', 'secret', '2026-11-02');
INSERT INTO tidemark.posts (user_id, platform, external_id, content_id, account_id, published_at, features) VALUES
    (:'ann', 'youtube', 'v1', 'c0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', now() - interval '10 d', '{}'),
    (:'ann', 'tiktok', '7777777777777777777', 'c0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000002', now() - interval '9 d', '{}'),
    (:'ann', 'tiktok', 'v3', 'c0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000002', now() - interval '3 d', '{}'),
    (:'ann', 'youtube', 'old', 'c0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000001', now() - interval '60 d', '{}'),
    (:'bob', 'youtube', 'b1', 'c0000000-0000-4000-8000-000000000009', 'a0000000-0000-4000-8000-000000000009', now() - interval '2 d', '{}');

-- Ann's video every 12 hours with a pause of 60; a day's count that is no lifetime count; others once.
INSERT INTO public.content_performance_metrics (user_id, content_id, platform, external_id, views, likes, comments, recorded_at)
SELECT :'ann', 'c0000000-0000-4000-8000-000000000001', 'youtube', 'v1', 1000 * i, 50 * i, i, now() - interval '9 d' + i * interval '12 h'
  FROM generate_series(1, 18) i WHERE i NOT BETWEEN 8 AND 11;
INSERT INTO public.content_performance_metrics
    (user_id, content_id, platform, external_id, views, likes, shares, recorded_at, metric_window, window_start) VALUES
    (:'ann', 'c0000000-0000-4000-8000-000000000001', 'youtube', 'v1', 999999, 1, 1, now() - interval '1 h', 'day', now() - interval '1 d'),
    (:'ann', 'c0000000-0000-4000-8000-000000000001', 'tiktok', '7777777777777777777', 54321, 3000, 12, now() - interval '4 d', 'lifetime', '-infinity'),
    (:'ann', 'c0000000-0000-4000-8000-000000000002', 'tiktok', 'v3', NULL, 3, NULL, now() - interval '2 d', 'lifetime', '-infinity'),
    (:'ann', 'c0000000-0000-4000-8000-000000000002', 'youtube', 'old', 88888888, 3, NULL, now() - interval '2 d', 'lifetime', '-infinity'),
    (:'bob', 'c0000000-0000-4000-8000-000000000009', 'youtube', 'b1', 1000000000, 3, NULL, now() - interval '1 d', 'lifetime', '-infinity');

INSERT INTO public.ai_learning_patterns (user_id, pattern_type, pattern_data, success_rate, average_engagement, last_observed, content_id) VALUES
    (:'ann', 'tag', '{}', 63.5, 4.5, '2026-11-20 08:00:00+00', 'c0000000-0000-4000-8000-000000000001'),
    (:'ann', 'tag', '{}', 56.5, 4, '2026-11-21 22:59:00.5+00', NULL),
    (:'ann', 'format', '{}', 41.25, 2.25, '2026-11-19 00:00:00+00', 'c0000000-0000-4000-8000-000000000001'),
    (:'ann', 'posting_block', '{}', NULL, NULL, NULL, NULL),
    (:'bob', 'tag', '{}', 1, 1, '2026-11-22 00:00:00+00', 'c0000000-0000-4000-8000-000000000009');
INSERT INTO public.content_style_analysis (user_id, style_tags, engagement_correlation, created_at) VALUES
    (:'ann', '{cats,"how to"}', 0.31, '2026-11-21 12:00:00+00'),
    (:'ann', '{neon}', -0.125, '2026-11-20 12:00:00+00'),
    (:'ann', '{neon}', -0.075, '2026-11-20 12:00:00+00'),
    (:'ann', '{new}', NULL, '2026-11-20 12:00:00+00'),
    (:'bob', '{neon}', 1, '2026-11-22 12:00:00+00');
INSERT INTO public.trend_analysis (user_id, platform, trend_type, trend_data, engagement_impact, start_time) VALUES
    (:'ann', 'tiktok', 'hashtag', '{}', 24.5, now() - interval '3 d'),
    (:'ann', 'youtube', 'platform', '{}', -8, now() - interval '5 d'),
    (:'ann', 'youtube', 'platform', '{}', -4, now() - interval '6 d'),
    (:'ann', 'x', 'platform', '{}', NULL, now() - interval '5 d'),
    (:'ann', 'x', 'hashtag', '{}', 99, now() - interval '50 d'),
    (:'bob', 'x', 'hashtag', '{}', 1234.5678, now() - interval '1 d');
INSERT INTO public.ai_improvement_tracking (user_id, improvement_type, improvement_percentage, recorded_at) VALUES
    (:'ann', 'model', 11.4, now() - interval '1 d'),
    (:'ann', 'prompt', -3, now() - interval '2 d'),
    (:'ann', 'prompt', 2, now() - interval '3 d'),
    (:'ann', 'strategy', NULL, now() - interval '1 d'),
    (:'ann', 'model', 500, now() - interval '20 d'),
    (:'bob', 'model', 77, now() - interval '1 d');
