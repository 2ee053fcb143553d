-- What every platform's counts mean: unit, kind, the platform's own names, what they may cover, and the days on which a meaning
-- changed: a changed definition is no performance. Learning cuts at the dated definitions of views, reports show a break there.
-- This file is the whole truth: rows it does not name go. docs/metrics.md tells people what is in it; a test compares the two.
--
-- kind: cumulative (since publication, so that one observation less the one before is what was gained), period (of its own
-- window alone: windows are summed), gauge (a state or a mean: neither), ratio (a quotient of two others: neither). A platform
-- that delivers counts both ways has the kind of its lifetime counts; a row's own metric_window says which it is.
-- windows empty: the platform does not offer it.
WITH platforms (platform, day_zone) AS (
    VALUES ('bluesky', 'UTC'), ('facebook', 'America/Los_Angeles'), ('instagram', 'America/Los_Angeles'), ('linkedin', 'UTC'),
           ('mastodon', 'UTC'), ('pinterest', 'UTC'), ('podcast', 'UTC'), ('reddit', 'UTC'),
           ('threads', 'America/Los_Angeles'), ('tiktok', 'UTC'), ('twitch', 'UTC'), ('vimeo', 'UTC'), ('web', 'UTC'),
           ('x', 'UTC'), ('youtube', 'America/Los_Angeles')
), columns (metric, unit, kind) AS ( -- of content_performance_metrics
    VALUES ('views', 'views', 'cumulative'), ('likes', 'likes', 'cumulative'), ('comments', 'comments', 'cumulative'),
           ('shares', 'shares', 'cumulative'), ('saves', 'saves', 'cumulative'), ('average_watch_time', 'seconds', 'gauge')
), offered (platform, metric, windows, aliases, note) AS (
    VALUES ('bluesky', 'likes', '{lifetime}', '{likeCount}', NULL),
           ('bluesky', 'comments', '{lifetime}', '{replyCount}', 'replies'),
           ('bluesky', 'shares', '{lifetime}', '{repostCount,quoteCount}', 'reposts and quotes'),
           ('bluesky', 'saves', '{lifetime}', '{bookmarkCount}', 'bookmarks; absent in answers of before they were counted'),
           ('facebook', 'likes', '{lifetime}', '{reactions.summary.total_count,post_reactions_by_type_total}',
            'all reactions: the thumb alone is fewer'),
           ('facebook', 'comments', '{lifetime}', '{comments.summary.total_count}', NULL),
           ('facebook', 'shares', '{lifetime}', '{shares.count}', 'absent where there are none'),
           ('facebook', 'average_watch_time', '{lifetime}', '{post_video_avg_time_watched}', 'delivered in milliseconds'),
           ('instagram', 'likes', '{lifetime}', '{likes,like_count}', 'absent where the owner hides them; organic'),
           ('instagram', 'comments', '{lifetime}', '{comments,comments_count,replies}', 'a story''s replies'),
           ('instagram', 'shares', '{lifetime}', '{shares}', NULL),
           ('instagram', 'saves', '{lifetime}', '{saved,saves}', NULL),
           ('instagram', 'average_watch_time', '{lifetime}', '{ig_reels_avg_watch_time}', 'reels only; delivered in milliseconds'),
           ('linkedin', 'likes', '{lifetime,day,range}', '{likeCount,reactionSummaries,REACTION}',
            'since publication, even where impressions cover 12 months; taken back where a sponsored post ends: may be negative'),
           ('linkedin', 'comments', '{lifetime,day,range}', '{commentCount,commentSummary,COMMENT}', NULL),
           ('linkedin', 'shares', '{lifetime,day,range}', '{shareCount,RESHARE}', 'may be negative'),
           ('linkedin', 'saves', '{lifetime,day,range}', '{POST_SAVE}', 'personal posts only, since 2026-04'),
           ('mastodon', 'likes', '{lifetime}', '{favourites_count}', 'as known to the server that was asked'),
           ('mastodon', 'comments', '{lifetime}', '{replies_count}', 'as known to the server that was asked'),
           ('mastodon', 'shares', '{lifetime}', '{reblogs_count,quotes_count}', 'boosts, and quotes on servers since 4.5'),
           ('pinterest', 'likes', '{lifetime}', '{TOTAL_REACTIONS,reaction}', 'since publication, beside views of a period'),
           ('pinterest', 'comments', '{lifetime}', '{TOTAL_COMMENTS,comment}', 'since publication, beside views of a period'),
           ('pinterest', 'saves', '{lifetime,day,range}', '{SAVE,save}', NULL),
           ('pinterest', 'average_watch_time', '{lifetime,day,range}', '{VIDEO_AVG_WATCH_TIME,video_average_time}', 'delivered in milliseconds'),
           ('podcast', 'average_watch_time', '{lifetime,range}', '{averageListenSeconds}', 'Anchor only'),
           ('reddit', 'likes', '{lifetime}', '{score}', 'votes for less votes against, blurred by the platform: rises and falls'),
           ('reddit', 'comments', '{lifetime}', '{num_comments}', 'removed ones too'),
           ('reddit', 'shares', '{lifetime}', '{num_crossposts}', 'crossposts'),
           ('threads', 'likes', '{lifetime}', '{likes}', NULL),
           ('threads', 'comments', '{lifetime}', '{replies}', 'nested replies too'),
           ('threads', 'shares', '{lifetime}', '{reposts,quotes,shares}', 'reposts, quotes and shares'),
           ('tiktok', 'likes', '{lifetime}', '{like_count,likes,diggCount}', NULL),
           ('tiktok', 'comments', '{lifetime}', '{comment_count,comments,commentCount}', NULL),
           ('tiktok', 'shares', '{lifetime}', '{share_count,shares,shareCount}', NULL),
           ('tiktok', 'saves', '{lifetime}', '{favorites_count,favorites,collectCount}', 'favorites; not in the Display API'),
           ('tiktok', 'average_watch_time', '{lifetime}', '{average_time_watched}', 'Business API only'),
           ('vimeo', 'likes', '{lifetime}', '{metadata.connections.likes.total}', NULL),
           ('vimeo', 'comments', '{lifetime}', '{metadata.connections.comments.total}', NULL),
           ('x', 'likes', '{lifetime,day}', '{like_count,favorite_count}', NULL),
           ('x', 'comments', '{lifetime,day}', '{reply_count}', 'replies'),
           ('x', 'shares', '{lifetime,day}', '{retweet_count,quote_count}', 'reposts and quotes; v1.1 knows no quotes'),
           ('x', 'saves', '{lifetime,day}', '{bookmark_count}', 'bookmarks'),
           ('youtube', 'likes', '{lifetime,day,range}', '{likeCount,likes}', 'absent where the owner hides them'),
           ('youtube', 'comments', '{lifetime,day,range}', '{commentCount,comments}', 'absent where comments are off'),
           ('youtube', 'shares', '{day,range}', '{shares}', 'a period''s, from Analytics only; no lifetime count'),
           ('youtube', 'average_watch_time', '{day,range}', '{averageViewDuration,average_view_duration_seconds}',
            'Analytics: tied to engaged views, since 2026-08 too')
), views (platform, media_kind, valid_from, valid_to, windows, aliases, note) AS (
    VALUES ('facebook', '', '-infinity', '2025-11-15T00:00Z', '{lifetime,day,week,days_28}',
            '{post_impressions,total_video_views,fb_reels_total_plays,blue_reels_play_count}', 'impressions; of videos their views'),
           ('facebook', '', '2025-11-15T00:00Z', NULL, '{lifetime,day,week,days_28}',
            '{post_media_view,fb_reels_total_plays,blue_reels_play_count}', 'media views: impressions are gone'),
           ('facebook', 'video', '2026-06-15T00:00Z', NULL, '{lifetime,day,week,days_28}', '{post_media_view}',
            'media views: those of 3 seconds are gone'),
           ('instagram', '', '-infinity', '2025-04-21T00:00Z', '{lifetime}', '{impressions,plays,video_views}',
            'impressions, plays or video views'),
           ('instagram', '', '2025-04-21T00:00Z', NULL, '{lifetime}', '{views,view_count}',
            'views: impressions, plays and video views are gone'),
           ('linkedin', '', '-infinity', NULL, '{lifetime,day,range}', '{impressionCount,IMPRESSION,VIDEO_VIEW}',
            'impressions of the last 12 months, organic: those of older posts fall as the months pass'),
           ('pinterest', '', '-infinity', NULL, '{lifetime,day,range}', '{IMPRESSION,impression}',
            'impressions: of a period from the analytics, since publication with the pin''s own metrics'),
           ('podcast', '', '-infinity', NULL, '{lifetime,day,week,range}', '{streams,playscount,totalPlays,plays,downloads}',
            'Spotify: streams of 60 seconds or more; Apple and Anchor: plays; hosters: downloads'),
           ('threads', '', '-infinity', NULL, '{lifetime}', '{views}', 'said to be in development'),
           ('tiktok', '', '-infinity', NULL, '{lifetime}', '{view_count,video_views,playCount}', 'every start'),
           ('twitch', '', '-infinity', NULL, '{lifetime}', '{view_count}', NULL),
           ('vimeo', '', '-infinity', NULL, '{lifetime}', '{stats.plays}', 'plays; absent where the owner hides them'),
           ('web', '', '-infinity', NULL, '{day,range}', '{pageviews,screenPageViews,y}', 'page views of a period'),
           ('x', '', '2022-12-01T00:00Z', NULL, '{lifetime,day}', '{impression_count,impressions}',
            'impressions: counted since some day of 2022-12, unknown before'),
           ('youtube', '', '-infinity', '2026-08-24T00:00Z', '{lifetime,day,range}', '{viewCount,views,engagedViews,engaged_views}',
            'a view that was watched for a while'),
           ('youtube', 'short', '2025-03-31T00:00Z', '2026-08-24T00:00Z', '{lifetime,day,range}', '{viewCount,views}',
            'Shorts: every start and every replay'),
           ('youtube', '', '2026-08-24T00:00Z', NULL, '{lifetime,day,range}', '{viewCount,views}',
            'all formats: from the first frame on, autoplay too; the old number lives on as Analytics'' engagedViews')
), kept (platform, metric, unit, kind, windows, valid_from, valid_to, aliases, note) AS ( -- members of platform_metrics, by their own names
    VALUES ('facebook', 'post_clicks', 'clicks', 'cumulative', '{lifetime,day}', '-infinity', NULL, '{}', NULL),
           ('facebook', 'post_impressions_unique', 'people', 'gauge', '{lifetime,day,week,days_28}', '-infinity',
            '2026-06-15T00:00Z', '{}', 'reach: people are counted once, so it is never added up'),
           ('facebook', 'post_total_media_view_unique', 'people', 'gauge', '{lifetime,day,week,days_28}', '2026-06-15T00:00Z',
            NULL, '{}', 'reach: people are counted once, so it is never added up'),
           ('facebook', 'post_video_view_time', 'milliseconds', 'cumulative', '{lifetime}', '-infinity', NULL, '{}', NULL),
           ('instagram', 'reach', 'people', 'gauge', '{lifetime}', '-infinity', NULL, '{}', 'people are counted once'),
           ('instagram', 'ig_reels_video_view_total_time', 'milliseconds', 'cumulative', '{lifetime}', '-infinity', NULL, '{}', NULL),
           ('instagram', 'total_interactions', 'interactions', 'cumulative', '{lifetime}', '-infinity', NULL, '{}', NULL),
           ('linkedin', 'clickCount', 'clicks', 'cumulative', '{lifetime,day,range}', '-infinity', NULL, '{}', 'of the last 12 months'),
           ('linkedin', 'engagement', 'share', 'ratio', '{lifetime,day,range}', '-infinity', NULL, '{}', 'goes far beyond 1'),
           ('linkedin', 'uniqueImpressionsCount', 'people', 'gauge', '{lifetime,day,range}', '-infinity', NULL, '{}', 'people are counted once'),
           ('linkedin', 'VIDEO_WATCH_TIME', 'milliseconds', 'cumulative', '{lifetime,day,range}', '-infinity', NULL, '{}', NULL),
           ('pinterest', 'OUTBOUND_CLICK', 'clicks', 'period', '{day,range}', '-infinity', NULL, '{}', NULL),
           ('pinterest', 'PIN_CLICK', 'clicks', 'period', '{day,range}', '-infinity', NULL, '{}', NULL),
           ('pinterest', 'VIDEO_V50_WATCH_TIME', 'milliseconds', 'period', '{day,range}', '-infinity', NULL, '{}', NULL),
           ('podcast', 'totaltimelistened', 'seconds', 'cumulative', '{lifetime,range}', '-infinity', NULL, '{}', 'Apple'),
           ('podcast', 'uniquelistenerscount', 'people', 'gauge', '{lifetime,range}', '-infinity', NULL, '{}', 'Apple; people are counted once'),
           ('podcast', 'starts', 'starts', 'period', '{day,range}', '-infinity', NULL, '{}', 'Spotify: from the first second on'),
           ('reddit', 'upvote_ratio', 'share', 'ratio', '{lifetime}', '-infinity', NULL, '{}', NULL),
           ('tiktok', 'full_video_watched_rate', 'share', 'ratio', '{lifetime}', '-infinity', NULL, '{}', 'Business API only'),
           ('tiktok', 'reach', 'people', 'gauge', '{lifetime}', '-infinity', NULL, '{}', 'Business API only; people are counted once'),
           ('tiktok', 'total_time_watched', 'seconds', 'cumulative', '{lifetime}', '-infinity', NULL, '{}', 'Business API only'),
           ('web', 'bounce_rate', 'percent', 'ratio', '{day,range}', '-infinity', NULL, '{bounceRate}', NULL),
           ('web', 'time_on_page', 'seconds', 'gauge', '{day,range}', '-infinity', NULL, '{}', 'of visits, no average watch time'),
           ('web', 'visitors', 'people', 'gauge', '{day,range}', '-infinity', NULL, '{activeUsers,totalUsers}', 'people are counted once'),
           ('x', 'url_link_clicks', 'clicks', 'cumulative', '{lifetime,day}', '-infinity', NULL, '{}', 'the author''s own posts of the last 30 days'),
           ('x', 'user_profile_clicks', 'clicks', 'cumulative', '{lifetime,day}', '-infinity', NULL, '{}', 'the author''s own posts of the last 30 days'),
           ('x', 'video_views', 'views', 'cumulative', '{lifetime}', '-infinity', NULL, '{view_count}', 'of all posts that show the video'),
           ('youtube', 'averageViewPercentage', 'percent', 'ratio', '{day,range}', '-infinity', NULL, '{average_view_duration_percentage}', NULL),
           ('youtube', 'dislikeCount', 'dislikes', 'cumulative', '{lifetime}', '-infinity', NULL, '{dislikes}', 'since 2021-12 the owner''s alone to see'),
           ('youtube', 'engagedViews', 'views', 'period', '{day,range}', '2025-03-31T00:00Z', NULL, '{engaged_views}',
            'what views meant before they were redefined'),
           ('youtube', 'estimatedMinutesWatched', 'minutes', 'period', '{day,range}', '-infinity', NULL, '{watch_time_minutes}', NULL),
           ('youtube', 'subscribersGained', 'accounts', 'period', '{day,range}', '-infinity', NULL, '{subscribers_gained}', NULL)
), wanted AS (
    SELECT p.platform, c.metric, '' AS media_kind, c.unit,
           CASE WHEN c.kind = 'cumulative' AND NOT 'lifetime' = ANY (o.windows::text[]) THEN 'period' ELSE c.kind END AS kind,
           '-infinity'::timestamptz AS valid_from, NULL::timestamptz AS valid_to,
           CASE WHEN o.platform IS NULL THEN 'not offered' ELSE o.note END AS note,
           coalesce(o.aliases, '{}')::text[] AS aliases, coalesce(o.windows, '{}')::text[] AS windows, p.day_zone
      FROM platforms p CROSS JOIN columns c LEFT JOIN offered o ON o.platform = p.platform AND o.metric = c.metric
     WHERE c.metric <> 'views' OR NOT EXISTS (SELECT FROM views v WHERE v.platform = p.platform)
    UNION ALL
    SELECT v.platform, c.metric, v.media_kind, c.unit,
           CASE WHEN 'lifetime' = ANY (v.windows::text[]) THEN c.kind ELSE 'period' END,
           v.valid_from::timestamptz, v.valid_to::timestamptz, v.note, v.aliases::text[], v.windows::text[], p.day_zone
      FROM views v JOIN platforms p ON p.platform = v.platform JOIN columns c ON c.metric = 'views'
    UNION ALL
    SELECT k.platform, k.metric, '', k.unit, k.kind, k.valid_from::timestamptz, k.valid_to::timestamptz, k.note,
           k.aliases::text[], k.windows::text[], p.day_zone
      FROM kept k JOIN platforms p ON p.platform = k.platform
), gone AS (
    DELETE FROM tidemark.metric_definitions d
     WHERE NOT EXISTS (SELECT FROM wanted w WHERE (w.platform, w.metric, w.media_kind, w.valid_from)
                                                = (d.platform, d.metric, d.media_kind, d.valid_from))
)
INSERT INTO tidemark.metric_definitions AS d
       (platform, metric, media_kind, unit, kind, valid_from, valid_to, note, aliases, windows, day_zone)
SELECT platform, metric, media_kind, unit, kind, valid_from, valid_to, note, aliases, windows, day_zone FROM wanted
ON CONFLICT (platform, metric, media_kind, valid_from) DO UPDATE
   SET (unit, kind, valid_to, note, aliases, windows, day_zone)
     = (excluded.unit, excluded.kind, excluded.valid_to, excluded.note, excluded.aliases, excluded.windows, excluded.day_zone)
 WHERE (d.unit, d.kind, d.valid_to, d.note, d.aliases, d.windows, d.day_zone)
    IS DISTINCT FROM (excluded.unit, excluded.kind, excluded.valid_to, excluded.note, excluded.aliases, excluded.windows,
                      excluded.day_zone);
