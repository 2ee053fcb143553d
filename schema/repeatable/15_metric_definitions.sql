-- What the counts of four platforms mean, and the days on which that changed: a changed definition is no performance. Learning
-- cuts at the dated definitions of views. This file is the whole truth: rows it does not name go.
WITH counts (metric, unit, kind) AS (
    VALUES ('views', 'views', 'cumulative'), ('likes', 'likes', 'cumulative'), ('comments', 'comments', 'cumulative'),
           ('shares', 'shares', 'cumulative'), ('saves', 'saves', 'cumulative'), ('average_watch_time', 'seconds', 'gauge')
), notes (platform, metric, note) AS (
    VALUES ('youtube', 'likes', 'absent where the owner hides them'),
           ('youtube', 'comments', 'absent where comments are off'),
           ('youtube', 'shares', 'a period''s, from Analytics only; no lifetime count'),
           ('youtube', 'saves', 'not offered'),
           ('youtube', 'average_watch_time', 'Analytics: tied to engaged views, in 2026-08 too'),
           ('tiktok', 'saves', 'favorites; not in the Display API'),
           ('tiktok', 'average_watch_time', 'Business API only'),
           ('instagram', 'likes', 'absent where the owner hides them'),
           ('instagram', 'average_watch_time', 'reels only; delivered in milliseconds'),
           ('x', 'shares', 'reposts and quotes'),
           ('x', 'comments', 'replies'),
           ('x', 'saves', 'bookmarks'),
           ('x', 'average_watch_time', 'not offered')
), views (platform, media_kind, valid_from, valid_to, note) AS (
    VALUES ('youtube', '', '-infinity', '2026-08-24T00:00Z', 'a view that was watched for a while'),
           ('youtube', 'short', '2025-03-31T00:00Z', '2026-08-24T00:00Z', 'Shorts: every start and every replay'),
           ('youtube', '', '2026-08-24T00:00Z', NULL,
            'all formats: from the first frame on, autoplay too; the old number lives on as Analytics'' engagedViews'),
           ('tiktok', '', '-infinity', NULL, 'every start'),
           ('instagram', '', '-infinity', '2025-04-21T00:00Z', 'impressions, plays or video views'),
           ('instagram', '', '2025-04-21T00:00Z', NULL, 'views: impressions, plays and video views are gone'),
           ('x', '', '2022-12-01T00:00Z', NULL, 'impressions: counted since some day of 2022-12, unknown before')
), wanted AS (
    SELECT platform, metric, '' AS media_kind, unit, kind, '-infinity'::timestamptz AS valid_from,
           NULL::timestamptz AS valid_to, note
      FROM counts CROSS JOIN (VALUES ('youtube'), ('tiktok'), ('instagram'), ('x')) AS p (platform)
           LEFT JOIN notes USING (platform, metric)
     WHERE metric <> 'views'
    UNION ALL
    SELECT platform, metric, media_kind, unit, kind, valid_from::timestamptz, valid_to::timestamptz, note
      FROM views CROSS JOIN counts
     WHERE metric = 'views'
), gone AS (
    DELETE FROM tidemark.metric_definitions d
     WHERE NOT EXISTS (SELECT FROM wanted w WHERE (w.platform, w.metric, w.media_kind, w.valid_from)
                                                = (d.platform, d.metric, d.media_kind, d.valid_from))
)
INSERT INTO tidemark.metric_definitions AS d (platform, metric, media_kind, unit, kind, valid_from, valid_to, note)
SELECT platform, metric, media_kind, unit, kind, valid_from, valid_to, note FROM wanted
ON CONFLICT (platform, metric, media_kind, valid_from) DO UPDATE
   SET (unit, kind, valid_to, note) = (excluded.unit, excluded.kind, excluded.valid_to, excluded.note)
 WHERE (d.unit, d.kind, d.valid_to, d.note) IS DISTINCT FROM (excluded.unit, excluded.kind, excluded.valid_to, excluded.note);
