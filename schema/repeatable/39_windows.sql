-- What counts cover, worked out: the latest value of each post, what was gained between two observations, and where counts
-- cannot be compared. All for people's own queries and for reports; docs/metrics.md says how they are meant.

-- The days on which a count got another meaning. Platforms name a day and not whose: it is over when it is over in California.
CREATE OR REPLACE VIEW tidemark.definition_changes WITH (security_invoker = true) AS
SELECT d.platform, d.metric, d.media_kind, d.valid_from AS changed_at, d.valid_from + interval '32 hours' AS settled_at, d.note
  FROM tidemark.metric_definitions d
 WHERE isfinite(d.valid_from);
COMMENT ON VIEW tidemark.definition_changes IS 'tidemark: from when on a count means something else';

-- A period is delivered again while its numbers settle: the last word on it holds.
CREATE OR REPLACE VIEW tidemark.latest_periods WITH (security_invoker = true) AS
SELECT DISTINCT ON (o.user_id, o.platform, o.external_id, o.metric_window, o.window_start)
       o.user_id, o.platform, o.external_id, o.metric_window, o.window_start, o.window_end, o.recorded_at, o.content_id,
       o.views, o.likes, o.shares, o.comments, o.saves, o.average_watch_time
  FROM tidemark.observations o
 WHERE o.metric_window <> 'lifetime'
 ORDER BY o.user_id, o.platform, o.external_id, o.metric_window, o.window_start, o.recorded_at DESC;
COMMENT ON VIEW tidemark.latest_periods IS 'tidemark: days, weeks and ranges, each as it was delivered last';

-- What each count gained, one row per post, count and observation (lifetime) or period. gained is NULL where nothing can be
-- said, and flag says why; so a sum over gained never holds a correction or a step in a definition.
--
-- A lifetime count that falls for good begins anew there: at the fall stands correction (or reset, where less than half is
-- left), and what follows is counted from the new level. A read below what was there before and is there again later was
-- stale: it is passed over. The highest value from a read to the last one (ceiling) tells them apart: it sinks only where a
-- height is never reached again. A single low read that the next one mostly takes back begins nothing.
--
-- Weeks and 28 days roll, ranges may overlap: what overlaps an earlier period of the same kind is not added.
CREATE OR REPLACE VIEW tidemark.increments WITH (security_invoker = true) AS
WITH changes AS (
    SELECT c.platform, c.metric, c.media_kind, array_agg(c.settled_at) AS changes
      FROM tidemark.definition_changes c GROUP BY 1, 2, 3
), reads AS (
    SELECT DISTINCT ON (o.user_id, o.platform, o.external_id, c.metric, o.recorded_at)
           o.user_id, o.platform, o.external_id, c.metric, o.recorded_at, c.value
      FROM tidemark.observations o,
           LATERAL (VALUES ('views', o.views), ('likes', o.likes), ('shares', o.shares), ('comments', o.comments),
                           ('saves', o.saves)) AS c (metric, value)
     WHERE o.metric_window = 'lifetime' AND c.value IS NOT NULL
     ORDER BY o.user_id, o.platform, o.external_id, c.metric, o.recorded_at, c.value DESC
), ceilings AS (
    SELECT r.*, max(r.value) OVER (PARTITION BY r.user_id, r.platform, r.external_id, r.metric
                                   ORDER BY r.recorded_at DESC) AS ceiling
      FROM reads r
), stretches AS (
    SELECT c.*, max(c.value) OVER (stretch ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS so_far,
           lead(c.value) OVER stretch AS next_value,
           lag(c.ceiling) OVER (PARTITION BY c.user_id, c.platform, c.external_id, c.metric ORDER BY c.recorded_at)
               AS ceiling_before
      FROM ceilings c
    WINDOW stretch AS (PARTITION BY c.user_id, c.platform, c.external_id, c.metric, c.ceiling ORDER BY c.recorded_at)
), judged AS (
    SELECT s.*, coalesce(s.value < s.so_far, false)
                OR coalesce(s.so_far IS NULL AND s.next_value - s.value > (s.ceiling_before - s.value) / 2, false) AS stale
      FROM stretches s
), steps AS (
    SELECT j.*, lag(j.value) OVER counted AS had, lag(j.recorded_at) OVER counted AS before,
           lag(j.ceiling) OVER counted AS had_ceiling
      FROM judged j
    WINDOW counted AS (PARTITION BY j.user_id, j.platform, j.external_id, j.metric, j.stale ORDER BY j.recorded_at)
), told AS (
    SELECT s.*, CASE WHEN s.stale THEN 'stale_read'
                     WHEN s.before IS NULL THEN 'first'
                     WHEN greatest(s.value, 0) < s.had / 2 THEN 'reset'
                     WHEN s.ceiling < s.had_ceiling THEN 'correction'
                     WHEN EXISTS (SELECT FROM unnest(d.changes || k.changes) AS settled
                                   WHERE settled > s.before AND settled - interval '32 hours' <= s.recorded_at)
                     THEN 'definition_change' END AS flag
      FROM steps s
           LEFT JOIN tidemark.posts p
             ON p.user_id = s.user_id AND p.platform = s.platform AND p.external_id = s.external_id
           LEFT JOIN changes d ON d.platform = s.platform AND d.metric = s.metric AND d.media_kind = ''
           LEFT JOIN changes k ON k.platform = s.platform AND k.metric = s.metric AND k.media_kind <> ''
                              AND k.media_kind = tidemark.media_kind(p.features, p.url)
), periods AS (
    SELECT l.user_id, l.platform, l.external_id, c.metric, l.metric_window, l.window_start, l.window_end, l.recorded_at, c.value,
           max(l.window_end) FILTER (WHERE isfinite(l.window_start))
               OVER (PARTITION BY l.user_id, l.platform, l.external_id, c.metric, l.metric_window
                     ORDER BY l.window_start ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS taken
      FROM tidemark.latest_periods l,
           LATERAL (VALUES ('views', l.views), ('likes', l.likes), ('shares', l.shares), ('comments', l.comments),
                           ('saves', l.saves)) AS c (metric, value)
     WHERE c.value IS NOT NULL
)
SELECT t.user_id, t.platform, t.external_id, t.metric, 'lifetime'::text AS metric_window,
       CASE WHEN NOT t.stale THEN t.before END AS since, t.recorded_at AS until, t.recorded_at, t.value,
       CASE WHEN t.flag IS NULL THEN t.value - t.had END AS gained, t.flag
  FROM told t
UNION ALL
SELECT p.user_id, p.platform, p.external_id, p.metric, p.metric_window, p.window_start, p.window_end, p.recorded_at, p.value,
       CASE WHEN f.flag IS NULL THEN p.value END, f.flag
  FROM periods p,
       LATERAL (SELECT CASE WHEN NOT isfinite(p.window_start) OR p.window_end IS NULL AND p.metric_window <> 'day' THEN 'open_window'
                            WHEN p.metric_window IN ('week', 'days_28') THEN 'rolling'
                            WHEN p.taken > p.window_start THEN 'overlap' END AS flag) f;
COMMENT ON VIEW tidemark.increments IS 'tidemark: what each count gained from one observation to the next, or in a period';
COMMENT ON COLUMN tidemark.increments.flag IS
    'why gained is unknown: first, correction, reset, stale_read, definition_change; rolling, overlap, open_window';

-- Each post's counts as they are now. Lifetime counts are the newest observation's that has any; where a platform counts views
-- by periods only, the days are summed (or the newest range is taken), and views_from says so: lifetime, day or range.
-- redefined_at: views got another meaning within what is counted, so that the number is of two kinds.
CREATE OR REPLACE VIEW tidemark.latest_counts WITH (security_invoker = true) AS
SELECT p.user_id, p.platform, p.external_id, p.content_id, p.account_id, p.published_at,
       greatest(m.recorded_at, d.recorded_at, r.recorded_at) AS recorded_at,
       CASE WHEN m.views IS NOT NULL THEN 'lifetime' WHEN d.views IS NOT NULL THEN 'day' WHEN r.views IS NOT NULL THEN 'range'
       END AS views_from,
       CASE WHEN m.views IS NOT NULL THEN p.published_at
            WHEN d.views IS NOT NULL THEN d.first_at WHEN r.views IS NOT NULL THEN r.window_start END AS views_since,
       coalesce(m.views, d.views, r.views) AS views,
       coalesce(m.likes, d.likes, r.likes) AS likes,
       coalesce(m.shares, d.shares, r.shares) AS shares,
       coalesce(m.comments, d.comments, r.comments) AS comments,
       coalesce(m.saves, d.saves, r.saves) AS saves,
       coalesce(m.average_watch_time, r.average_watch_time) AS average_watch_time,
       (SELECT max(c.changed_at)
          FROM tidemark.definition_changes c
         WHERE c.platform = p.platform AND c.metric = 'views' AND c.media_kind IN ('', tidemark.media_kind(p.features, p.url))
           AND c.settled_at > CASE WHEN m.views IS NOT NULL THEN p.published_at ELSE coalesce(d.first_at, r.window_start) END
           AND c.changed_at <= coalesce(m.recorded_at, d.last_at, r.window_end)) AS redefined_at
  FROM tidemark.posts p
  LEFT JOIN LATERAL (
       SELECT o.recorded_at, o.views, o.likes, o.shares, o.comments, o.saves, o.average_watch_time
         FROM tidemark.observations o
        WHERE o.user_id = p.user_id AND o.platform = p.platform AND o.external_id = p.external_id
          AND o.metric_window = 'lifetime' AND o.recorded_at >= coalesce(p.published_at - interval '1 day', '-infinity')
          AND num_nonnulls(o.views, o.likes, o.shares, o.comments, o.saves) > 0
        ORDER BY o.window_start DESC, o.recorded_at DESC -- the order of the primary key: one row is read
        LIMIT 1) m ON true
  LEFT JOIN LATERAL (
       SELECT min(l.window_start) AS first_at, max(coalesce(l.window_end, l.window_start)) AS last_at,
              max(l.recorded_at) AS recorded_at, sum(l.views)::bigint AS views, sum(l.likes)::bigint AS likes,
              sum(l.shares)::bigint AS shares, sum(l.comments)::bigint AS comments, sum(l.saves)::bigint AS saves
         FROM tidemark.latest_periods l
        WHERE m.views IS NULL AND l.user_id = p.user_id AND l.platform = p.platform AND l.external_id = p.external_id
          AND l.metric_window = 'day') d ON true
  LEFT JOIN LATERAL (
       SELECT l.*
         FROM tidemark.latest_periods l
        WHERE m.views IS NULL AND d.views IS NULL AND l.user_id = p.user_id AND l.platform = p.platform
          AND l.external_id = p.external_id AND l.metric_window = 'range'
        ORDER BY l.window_end DESC NULLS LAST, l.window_start, l.recorded_at DESC
        LIMIT 1) r ON true;
COMMENT ON VIEW tidemark.latest_counts IS 'tidemark: each post''s counts as they are now';
COMMENT ON COLUMN tidemark.latest_counts.views_from IS 'lifetime; day: days summed; range: the newest range that ended';
COMMENT ON COLUMN tidemark.latest_counts.redefined_at IS 'views were redefined within what is counted';
