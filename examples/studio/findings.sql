-- Findings made by hand, as examples: until rules learn them, the reports about patterns, styles, trends and improvements have something
-- to show. Every row says so: its finding_key begins with "example|" and its data hold made_by. Running it again changes nothing.
--
-- tidemark db psql -v studio=UUID -v solo=UUID -v end=YYYY-MM-DD -f findings.sql
\set ON_ERROR_STOP on
\set QUIET on
BEGIN;
CREATE TEMPORARY TABLE who ON COMMIT DROP AS
SELECT * FROM (VALUES ('studio', :'studio'::uuid), ('solo', :'solo'::uuid)) AS v (name, user_id);

-- content_id: the owner's post number `pick` on that platform, newest first, as the one that carries the pattern.
INSERT INTO public.ai_learning_patterns (user_id, finding_key, content_id, pattern_type, pattern_data, success_rate,
                                         average_engagement, context, first_observed, last_observed)
SELECT w.user_id, concat_ws('|', 'example', v.pattern_type, v.platform, v.subject), p.content_id, v.pattern_type,
       jsonb_build_object('made_by', 'hand, as an example', 'subject', v.subject, 'posts', v.posts),
       v.success_rate, v.engagement, jsonb_build_object('made_by', 'hand, as an example', 'platform', v.platform),
       :'end'::date - interval '80 days', :'end'::date
FROM (VALUES
    ('studio', 'tag', 'youtube', 'howto', 71.4, 5.92, 61, 12),
    ('studio', 'tag', 'tiktok', 'howto', 66.0, 11.80, 143, 15),
    ('studio', 'tag', 'instagram', 'howto', 63.1, 9.45, 102, 8),
    ('studio', 'tag', 'instagram', 'story', 58.7, 8.71, 96, 21),
    ('studio', 'tag', 'tiktok', 'unboxing', 36.9, 8.02, 128, 30),
    ('studio', 'tag', 'youtube', 'weekend', 50.6, 4.61, 55, 25),
    ('studio', 'format', 'instagram', 'carousel', 61.8, 9.10, 88, 11),
    ('studio', 'format', 'instagram', 'reel', 54.2, 8.22, 90, 14),
    ('studio', 'format', 'tiktok', '12 to 20 s', 64.5, 11.31, 117, 22),
    ('studio', 'posting_block', 'youtube', '18 to 21 h', 57.0, 5.02, 48, 18),
    ('studio', 'posting_block', 'x', '07 to 10 h', 55.3, 2.61, 201, 40),
    ('studio', 'posting_block', 'x', '00 to 05 h', 44.8, 2.11, 188, 55),
    ('solo', 'tag', 'youtube', 'howto', 68.2, 5.40, 18, 6),
    ('solo', 'tag', 'tiktok', 'behindthescenes', 59.1, 10.60, 31, 9),
    ('solo', 'format', 'instagram', 'carousel', 56.4, 8.44, 24, 5)
) AS v (owner, pattern_type, platform, subject, success_rate, engagement, posts, pick)
JOIN who w ON w.name = v.owner
CROSS JOIN LATERAL (
    SELECT content_id FROM tidemark.posts
    WHERE user_id = w.user_id AND platform = v.platform
    ORDER BY published_at DESC NULLS LAST, external_id LIMIT 1 OFFSET v.pick
) p
ON CONFLICT (user_id, finding_key) DO NOTHING;

INSERT INTO public.content_style_analysis (user_id, finding_key, text_style, engagement_correlation, style_tags)
SELECT w.user_id, concat_ws('|', 'example', 'style', v.tag),
       jsonb_build_object('made_by', 'hand, as an example', 'works', v.works), v.correlation, ARRAY[v.tag]
FROM (VALUES
    ('studio', 'howto', 0.31, 306),
    ('studio', 'story', 0.17, 288),
    ('studio', 'question title', 0.14, 190),
    ('studio', 'behindthescenes', 0.10, 271),
    ('studio', 'weekend', 0.01, 280),
    ('studio', 'emoji in title', -0.03, 114),
    ('studio', 'live', -0.09, 265),
    ('studio', 'unboxing', -0.26, 277),
    ('solo', 'howto', 0.28, 61),
    ('solo', 'behindthescenes', 0.12, 58),
    ('solo', 'unboxing', -0.21, 55)
) AS v (owner, tag, correlation, works)
JOIN who w ON w.name = v.owner
ON CONFLICT (user_id, finding_key) DO NOTHING;

INSERT INTO public.trend_analysis (user_id, finding_key, platform, trend_type, trend_data, engagement_impact, start_time, end_time)
SELECT w.user_id, concat_ws('|', 'example', v.trend_type, v.platform, v.subject), v.platform, v.trend_type,
       jsonb_build_object('made_by', 'hand, as an example', 'subject', v.subject), v.impact,
       :'end'::date - v.days * interval '1 day', :'end'::date
FROM (VALUES
    ('studio', 'platform', 'youtube', 'all posts', 4.2, 28),
    ('studio', 'platform', 'tiktok', 'all posts', 6.8, 28),
    ('studio', 'platform', 'instagram', 'all posts', 9.1, 28),
    ('studio', 'platform', 'x', 'all posts', -12.6, 28),
    ('studio', 'hashtag', 'tiktok', '#pickledlemons', 38.5, 11),
    ('studio', 'hashtag', 'instagram', '#mending', 21.0, 17),
    ('studio', 'hashtag', 'x', '#tinykeyboards', -8.4, 20),
    ('solo', 'platform', 'instagram', 'all posts', 5.5, 28),
    ('solo', 'hashtag', 'tiktok', '#indigovat', 17.2, 14)
) AS v (owner, trend_type, platform, subject, impact, days)
JOIN who w ON w.name = v.owner
ON CONFLICT (user_id, finding_key) DO NOTHING;

-- NULL: too few posts to say; it stands for itself and is not a zero.
INSERT INTO public.ai_improvement_tracking (user_id, finding_key, improvement_type, before_metrics, after_metrics,
                                            improvement_percentage, context, recorded_at)
SELECT w.user_id, concat_ws('|', 'example', v.type, v.change, v.days), v.type,
       jsonb_build_object('engagement_rate', v.before, 'posts', v.posts_before),
       jsonb_build_object('engagement_rate', v.after, 'posts', v.posts_after), v.lift,
       jsonb_build_object('made_by', 'hand, as an example', 'change', v.change, 'verdict', v.verdict),
       :'end'::date - v.days * interval '1 day'
FROM (VALUES
    ('studio', 'model', 'v6 to v7', 8.1, 8.9, 412, 305, 7.4, 'improved', 0),
    ('studio', 'model', 'v6 to v7', 8.1, 8.8, 412, 261, 6.9, 'improved', 5),
    ('studio', 'model', 'v5 to v6', 8.0, 8.1, 380, 412, 0.8, 'no evidence', 12),
    ('studio', 'prompt', 'thumbnail prompt 3', 8.7, 8.8, 96, 88, 1.6, 'no evidence', 2),
    ('studio', 'strategy', 'hook rewriter', 8.8, 8.6, 34, 21, NULL, 'insufficient data', 1),
    ('solo', 'model', 'v6 to v7', 7.2, 7.6, 58, 41, 3.9, 'improved', 1)
) AS v (owner, type, change, before, after, posts_before, posts_after, lift, verdict, days)
JOIN who w ON w.name = v.owner
ON CONFLICT (user_id, finding_key) DO NOTHING;
COMMIT;
