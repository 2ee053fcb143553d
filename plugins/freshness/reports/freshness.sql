-- about: How old each account's data is, and where it has gaps; the worst first.
-- title: How fresh is the data? Observations per account, gaps of the last {days} days
-- arg: gap interval = 36h: a pause longer than this is a gap
-- arg: days integer = 28: how far back gaps are counted
-- column: account "account" cut
-- column: creator "creator" cut drop=3
-- column: platform "platform"
-- column: state "state"
-- column: last_at "last observation" drop=4
-- column: hours_ago "ago" unit=h decimals=0
-- column: gaps "gaps"
-- column: longest_gap_hours "longest" unit=h decimals=0 drop=2
-- column: posts "posts" drop=1
-- column: stale hide
-- column: accounts hide
-- note: {stale} of {accounts} accounts have been quiet for longer than {gap}; the pause that goes on now counts as a gap.
-- empty: No accounts yet. They come with the first payload: tidemark ingest FILE
-- next: tidemark report content.top

WITH span AS (
       SELECT now() - make_interval(days => :days) AS since
), seen AS MATERIALIZED (
       SELECT DISTINCT p.account_id, m.recorded_at
         FROM span
         JOIN content_performance_metrics m ON m.recorded_at >= span.since AND m.recorded_at <= now()
         JOIN tidemark.posts p ON p.user_id = m.user_id AND p.platform = m.platform AND p.external_id = m.external_id
        WHERE m.user_id = (SELECT auth.uid())
), recent AS (
       SELECT account_id, min(recorded_at) AS first_at FROM seen GROUP BY account_id
), quiet AS MATERIALIZED ( -- accounts that were not observed at the start of the span: few, and asked about post by post
       SELECT a.user_id, a.id
         FROM span
        CROSS JOIN tidemark.accounts a
         LEFT JOIN recent r ON r.account_id = a.id
        WHERE r.first_at IS NULL OR r.first_at > span.since + :gap
), earlier AS (
       SELECT q.id AS account_id, max(m.recorded_at) AS recorded_at
         FROM quiet q
        CROSS JOIN span
         JOIN tidemark.posts p ON p.user_id = q.user_id AND p.account_id = q.id
        CROSS JOIN LATERAL (
              SELECT recorded_at
                FROM content_performance_metrics
               WHERE user_id = p.user_id AND platform = p.platform AND external_id = p.external_id
                 AND recorded_at < span.since
               ORDER BY recorded_at DESC
               LIMIT 1) m
        GROUP BY q.id
), pauses AS (
       SELECT account_id,
              recorded_at,
              lead(recorded_at, 1, now()) OVER (PARTITION BY account_id ORDER BY recorded_at) - recorded_at AS pause
         FROM (SELECT * FROM seen UNION SELECT * FROM earlier) t
), summed AS (
       SELECT account_id,
              max(recorded_at) AS last_at,
              count(*) FILTER (WHERE pause > :gap) AS gaps,
              max(pause) FILTER (WHERE pause > :gap) AS longest_gap
         FROM pauses
        GROUP BY account_id
)
SELECT coalesce(a.handle, a.external_id) AS account,
       a.creator,
       a.platform,
       CASE WHEN s.last_at IS NULL THEN '! never' WHEN now() - s.last_at > :gap THEN '! stale' ELSE 'fresh' END AS state,
       s.last_at,
       extract(epoch FROM now() - s.last_at) / 3600 AS hours_ago,
       coalesce(s.gaps, 0) AS gaps,
       extract(epoch FROM s.longest_gap) / 3600 AS longest_gap_hours,
       (SELECT count(*) FROM tidemark.posts p WHERE p.user_id = a.user_id AND p.account_id = a.id) AS posts,
       count(*) FILTER (WHERE s.last_at IS NULL OR now() - s.last_at > :gap) OVER () AS stale,
       count(*) OVER () AS accounts
  FROM tidemark.accounts a
  LEFT JOIN summed s ON s.account_id = a.id
 -- posts that named no account once, and have theirs by now, leave an account "-" behind that has none
 WHERE a.external_id <> '-' OR EXISTS (SELECT FROM tidemark.posts p WHERE p.user_id = a.user_id AND p.account_id = a.id)
 ORDER BY s.last_at NULLS FIRST, a.platform, a.external_id
