-- about: One post's observations one by one: what it had, what it gained, and where its counts cannot be compared.
-- title: {post}: {metric}, observation by observation
-- arg: post text: the post as platform:id, such as youtube:dQw4w9WgXcQ
-- arg: metric text = views: views, likes, shares, comments or saves
-- arg: limit integer = 40: how many, the newest first
-- column: at "observed"
-- column: covers "counts of"
-- column: value "count"
-- column: gained "gained" sign
-- column: per_day "a day" decimals=0 drop=1
-- column: remark "remark" cut
-- column: title hide
-- column: known hide
-- glyph: glyph
-- note: {title}: {rows} of {known} observations. Gained: since the observation before, or in the period.
-- empty: No observation of post {post} with a known number of {metric}. Which posts there are: tidemark report content.top
-- next: tidemark report content.top

WITH chosen AS (
       SELECT i.*
         FROM tidemark.increments i
        WHERE i.platform = split_part(:post, ':', 1) AND i.external_id = substr(:post, length(split_part(:post, ':', 1)) + 2)
          AND i.metric = :metric
)
SELECT CASE i.flag WHEN 'definition_change' THEN 'fault' WHEN 'correction' THEN 'fault' WHEN 'reset' THEN 'fault' END AS glyph,
       CASE WHEN i.metric_window = 'lifetime' THEN i.recorded_at ELSE coalesce(i.until, i.since) END AS at,
       CASE i.metric_window WHEN 'lifetime' THEN 'since publication' WHEN 'days_28' THEN '28 days' ELSE i.metric_window END AS covers,
       i.value,
       i.gained,
       i.gained / nullif(extract(epoch FROM i.until - i.since) / 86400, 0) AS per_day,
       CASE i.flag
            WHEN 'first' THEN 'first observation'
            WHEN 'stale_read' THEN 'stale: passed over'
            WHEN 'correction' THEN 'corrected by the platform'
            WHEN 'reset' THEN 'the counter began anew'
            WHEN 'definition_change' THEN 'break: ' || :metric || ' mean something else since '
                 || (SELECT string_agg(to_char(d.changed_at AT TIME ZONE 'UTC', 'FMDD Mon YYYY') || coalesce(' (' || d.note || ')', ''), ', ' ORDER BY d.changed_at)
                       FROM tidemark.definition_changes d
                      WHERE d.platform = i.platform AND d.metric = i.metric AND d.settled_at > i.since AND d.changed_at <= i.until)
            WHEN 'rolling' THEN 'overlaps the period before: never added'
            WHEN 'overlap' THEN 'overlaps an earlier period: not added'
            WHEN 'open_window' THEN 'nobody said from when to when' END AS remark,
       coalesce(nullif(c.title, ''), nullif(left(p.features ->> 'caption', 200), ''), p.external_id) AS title,
       count(*) OVER () AS known
  FROM chosen i
  LEFT JOIN tidemark.posts p ON p.user_id = i.user_id AND p.platform = i.platform AND p.external_id = i.external_id
  LEFT JOIN content c ON c.user_id = p.user_id AND c.id = p.content_id
 ORDER BY at DESC, i.metric_window, i.since DESC
 LIMIT :limit
