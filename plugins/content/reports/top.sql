-- about: The posts with the most views among those published lately, each by its latest observation.
-- title: Best posts of the last {days} days, by views so far
-- arg: days integer = 28: how long ago a post may have been published
-- arg: limit integer = 20: how many posts
-- arg: platform text = all: one platform only, such as youtube
-- column: title "post" cut
-- column: platform "platform" drop=4
-- column: account "account" cut drop=5
-- column: age_days "age" unit=d decimals=0
-- column: views "views"
-- column: likes "likes" drop=6
-- column: comments "comments" drop=3
-- column: shares "shares" drop=2
-- column: saves "saves" drop=1
-- column: engagement_rate "engagement" unit=% decimals=2
-- column: published_at hide
-- column: observed_at hide
-- column: external_id hide
-- column: url hide
-- column: posts hide
-- column: data_until hide
-- note: {rows} of {posts} posts; counts since publication, so an older post had more time. A gap means the platform did not say.
-- note: Engagement: likes, comments, shares and saves that are known, per view. Data to {data_until}.
-- empty: No post of the last {days} days has been observed (platform: {platform}). Take some in: tidemark ingest FILE
-- next: tidemark report content.top --var days=7
-- next: tidemark report freshness

SELECT coalesce(nullif(c.title, ''), nullif(left(p.features ->> 'caption', 200), ''), p.external_id) AS title,
       p.platform,
       coalesce(a.creator, a.handle, a.external_id) AS account,
       extract(epoch FROM m.recorded_at - p.published_at) / 86400 AS age_days,
       m.views,
       m.likes,
       m.comments,
       m.shares,
       m.saves,
       CASE WHEN m.views > 0 AND coalesce(m.likes, m.comments, m.shares, m.saves) IS NOT NULL THEN
            100.0 * (coalesce(m.likes, 0) + coalesce(m.comments, 0) + coalesce(m.shares, 0) + coalesce(m.saves, 0)) / m.views
       END AS engagement_rate,
       p.published_at,
       m.recorded_at AS observed_at,
       p.external_id,
       p.url,
       count(*) OVER () AS posts,
       max(m.recorded_at) OVER () AS data_until
  FROM tidemark.posts p
  JOIN tidemark.accounts a ON a.user_id = p.user_id AND a.id = p.account_id
  JOIN content c ON c.user_id = p.user_id AND c.id = p.content_id
 CROSS JOIN LATERAL (
       SELECT recorded_at, views, likes, comments, shares, saves
         FROM content_performance_metrics
        WHERE user_id = p.user_id AND platform = p.platform AND external_id = p.external_id AND metric_window = 'lifetime'
          AND recorded_at >= p.published_at - interval '1 day'
        ORDER BY window_start DESC, recorded_at DESC -- the order of the primary key: one row is read
        LIMIT 1) m
 WHERE p.published_at >= now() - make_interval(days => :days)
   AND :platform IN ('all', p.platform)
 ORDER BY m.views DESC NULLS LAST, p.published_at DESC, p.platform, p.external_id
 LIMIT :limit
