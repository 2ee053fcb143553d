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
-- column: views_from hide
-- column: redefined_at hide
-- column: breaks hide
-- column: periods hide
-- glyph: glyph
-- note: {rows} of {posts} posts; counts since publication, so an older post had more time. A gap means the platform did not say.
-- note: Engagement: likes, comments, shares and saves that are known, per view. Data to {data_until}.
-- note: {breaks}
-- note: {periods}
-- empty: No post of the last {days} days has been observed (platform: {platform}). Take some in: tidemark ingest FILE
-- next: tidemark report content.top --var days=7
-- next: tidemark report freshness

WITH counts AS (
       SELECT * FROM tidemark.latest_counts
        WHERE published_at >= now() - make_interval(days => :days) AND recorded_at IS NOT NULL AND :platform IN ('all', platform)
), told AS ( -- what must be known of the numbers, in sentences
       SELECT (SELECT '! Of two kinds, so compare with nothing: '
                      || string_agg(format('%s counts a view differently since %s (%s posts)', platform,
                                           to_char(redefined_at AT TIME ZONE 'UTC', 'FMDD Mon YYYY'), n), ', ' ORDER BY platform, redefined_at) || '.'
                 FROM (SELECT platform, redefined_at, count(*) AS n FROM counts WHERE redefined_at IS NOT NULL GROUP BY 1, 2) b) AS breaks,
              (SELECT 'Of their days'' sum, or newest period, not since publication: ' || string_agg(DISTINCT platform, ', ' ORDER BY platform) || '.'
                 FROM counts WHERE views_from IN ('day', 'range')) AS periods
)
SELECT coalesce(nullif(c.title, ''), nullif(left(p.features ->> 'caption', 200), ''), p.external_id) AS title,
       p.platform,
       coalesce(a.creator, a.handle, a.external_id) AS account,
       extract(epoch FROM m.recorded_at - p.published_at) / 86400 AS age_days,
       m.views,
       m.likes,
       m.comments,
       m.shares,
       m.saves,
       -- not where views are of another time than the rest: under two definitions, of a period, or of LinkedIn's last 12 months
       CASE WHEN m.views > 0 AND m.redefined_at IS NULL AND m.views_from = 'lifetime'
                 AND NOT (p.platform = 'linkedin' AND p.published_at < m.recorded_at - interval '12 months')
                 AND coalesce(m.likes, m.comments, m.shares, m.saves) IS NOT NULL THEN
            100.0 * (coalesce(m.likes, 0) + coalesce(m.comments, 0) + coalesce(m.shares, 0) + coalesce(m.saves, 0)) / m.views
       END AS engagement_rate,
       p.published_at,
       m.recorded_at AS observed_at,
       p.external_id,
       p.url,
       count(*) OVER () AS posts,
       max(m.recorded_at) OVER () AS data_until,
       m.views_from,
       m.redefined_at,
       told.breaks,
       told.periods,
       CASE WHEN m.redefined_at IS NOT NULL THEN 'fault' END AS glyph
  FROM counts m
 CROSS JOIN told
  JOIN tidemark.posts p ON p.user_id = m.user_id AND p.platform = m.platform AND p.external_id = m.external_id
  JOIN tidemark.accounts a ON a.user_id = p.user_id AND a.id = p.account_id
  JOIN content c ON c.user_id = p.user_id AND c.id = p.content_id
 ORDER BY m.views DESC NULLS LAST, p.published_at DESC, p.platform, p.external_id
 LIMIT :limit
