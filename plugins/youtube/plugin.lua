-- YouTube: Data API (videos, search, playlist items, batch stats), Analytics API, Reporting API files, exports.
-- Which shape becomes what, and why: README.md.

local audience = require("audience")
local channel = require("channel")
local reports = require("reports")
local shorts = require("shorts")

local function is(kinds) return { kind = kinds } end

-- A field mask (fields=items(id,statistics)) drops "kind"; channels carry viewCount too, but count their subscribers.
local function bare_videos(doc)
  local first = doc.kind == nil and json.get(doc, "items.0")
  if not first or json.get(first, "statistics.subscriberCount") ~= nil or json.get(first, "statistics.videoCount") ~= nil then
    return false
  end
  return json.kind(first) == "object" and json.kind(first.id) == "string"
    and (json.get(first, "statistics.viewCount") ~= nil or first.kind == "youtube#video") and 2
end

-- Google's envelope; Meta's and TikTok's look alike but name their own fields.
local function google_error(doc)
  local e = json.get(doc, "error")
  if json.kind(e) ~= "object" or json.kind(e.message) ~= "string" or json.kind(e.code) ~= "number" then return false end
  if e.fbtrace_id ~= nil or e.type ~= nil or e.log_id ~= nil then return false end
  return 2 + (json.kind(e.errors) == "array" and 1 or 0) + (json.kind(e.status) == "string" and 1 or 0)
end

local video_post = {
  id = "id", account = "snippet.channelId", title = "snippet.title", caption = "snippet.description",
  published_at = "snippet.publishedAt", tags = "snippet.tags", duration_s = "contentDetails.duration",
  features = { category_id = "snippet.categoryId", language = "snippet.defaultAudioLanguage" },
}
local video_counts = { views = "statistics.viewCount", likes = "statistics.likeCount", comments = "statistics.commentCount" }
local owner = { id = "snippet.channelId" }

return {
  name = "youtube", api = 1, about = "Videos from the YouTube Data, Analytics and Reporting APIs.",
  parsers = {
    ["youtube.videos"] = {
      about = "videos.list: one snapshot per video",
      match = { kind = "youtube#videoListResponse" },
      each = "items", post = video_post, counts = video_counts, extra = "statistics", account = owner,
    },
    ["youtube.video"] = {
      about = "one video resource (videos.insert, videos.update)",
      match = { kind = "youtube#video", id = true },
      post = video_post, counts = video_counts, extra = "statistics", account = owner,
    },
    ["youtube.videos_bare"] = {
      about = "videos.list under a field mask that left the list's kind out",
      match = bare_videos,
      each = "items", post = video_post, counts = video_counts, extra = "statistics", account = owner,
    },
    ["youtube.videos_framed"] = {
      about = "videos.list with the player's size or the file's: a Short is told from its frame and length",
      match = function(doc)
        return doc.kind == "youtube#videoListResponse" and shorts.has_frame(json.get(doc, "items.0")) and 2
      end,
      parse = shorts.videos,
    },
    ["youtube.stats"] = {
      about = "videos.batchGetStats: counts, publish time and length, no titles",
      match = is("youtube#batchGetStatsResponse"),
      each = "items",
      post = { id = { first = { "id", "videoId" } }, published_at = "snippet.publishTime",
               duration_s = "contentDetails.duration" },
      counts = video_counts, extra = "statistics",
    },
    ["youtube.search"] = {
      about = "search.list: videos found, without counts; channels and playlists among them are no content",
      match = is("youtube#searchListResponse"),
      each = "items",
      drop = {
        { when = { ["id.channelId"] = true }, reason = "account" },
        { when = { ["id.playlistId"] = true }, reason = "playlist" },
      },
      post = { id = "id.videoId", account = "snippet.channelId", title = "snippet.title",
               published_at = "snippet.publishedAt" },
      account = owner,
    },
    ["youtube.playlist_items"] = {
      about = "playlistItems.list: the videos of a playlist (of the uploads playlist: all of a channel), without counts",
      match = is("youtube#playlistItemListResponse"),
      each = "items",
      drop = { { when = { ["snippet.title"] = { "Private video", "Deleted video" } }, reason = "unavailable" } },
      post = { id = { first = { "contentDetails.videoId", "snippet.resourceId.videoId" } }, title = "snippet.title",
               account = "snippet.videoOwnerChannelId", published_at = "contentDetails.videoPublishedAt" },
    },

    ["youtube.analytics"] = {
      about = "Analytics reports.query: what a column means is said by its header",
      match = function(doc) return reports.is_table(doc) end,
      parse = function(doc, out, input) return reports.table(doc, out, input) end,
    },
    ["youtube.reporting"] = {
      about = "Reporting API file: a row per video, day and split; the splits of a day are one row",
      match = { columns = { "date", "channel_id", "video_id" } }, whole = true,
      parse = function(doc, out) return reports.file(doc, out) end,
    },
    ["youtube.demographics_csv"] = {
      about = "Reporting API file of viewer percentages",
      match = { columns = { "date", "channel_id", "video_id", "age_group", "gender" } }, whole = true,
      parse = function(doc, out) return audience.file(doc, out) end,
    },
    ["youtube.videos_csv"] = {
      about = "videos table as a warehouse connector flattens it",
      match = { columns = { "id", "snippet_title", "statistics_view_count" } },
      each = "rows",
      post = { id = "id", account = "snippet_channel_id", title = "snippet_title", caption = "snippet_description",
               published_at = "snippet_published_at", duration_s = "content_details_duration",
               features = { category_id = "snippet_category_id", language = "snippet_default_audio_language" } },
      counts = { views = "statistics_view_count", likes = "statistics_like_count", comments = "statistics_comment_count" },
      extra = { dislikeCount = "statistics_dislike_count" }, account = { id = "snippet_channel_id" },
    },
    ["youtube.metadata_csv"] = {
      about = "video metadata as a warehouse connector flattens it: no counts",
      match = { columns = { "id", "channel_id", "channel_title", "published_at", "title" } },
      each = "rows",
      post = { id = "id", account = "channel_id", title = "title", caption = "description", published_at = "published_at" },
      account = { id = "channel_id" },
    },
    ["youtube.studio_csv"] = {
      about = "YouTube Studio's content table (Table data.csv), English headers",
      match = { columns = { "Content", "Video title", "Video publish time" } },
      parse = function(doc, out) return reports.studio(doc, out) end,
    },

    ["youtube.channels"] = {
      about = "channels.list: observations of accounts, no content",
      match = is { "youtube#channelListResponse", "youtube#channel" },
      parse = channel.list,
    },
    ["youtube.accounts"] = {
      about = "subscriptions, memberships, sections of a channel's page",
      match = is { "youtube#subscriptionListResponse", "youtube#memberListResponse", "youtube#membershipsLevelListResponse",
                   "youtube#channelSectionListResponse" },
      each = "items", skip = "account",
    },
    ["youtube.comments"] = {
      about = "comments are not content of their own",
      match = is { "youtube#commentThreadListResponse", "youtube#commentListResponse", "youtube#liveChatMessageListResponse" },
      each = "items", skip = "comment",
    },
    ["youtube.playlists"] = {
      about = "playlists themselves",
      match = is "youtube#playlistListResponse",
      each = "items", skip = "playlist",
    },
    ["youtube.reference"] = {
      about = "reference lists, activity feeds, captions, ratings: nothing to measure",
      match = is { "youtube#videoCategoryListResponse", "youtube#guideCategoryListResponse", "youtube#i18nLanguageListResponse",
                   "youtube#i18nRegionListResponse", "youtube#videoAbuseReportReasonListResponse",
                   "youtube#activityListResponse", "youtube#captionListResponse", "youtube#videoGetRatingResponse",
                   "youtube#liveBroadcastListResponse", "youtube#liveStreamListResponse",
                   "youtube#groupListResponse", "youtube#groupItemListResponse" },
      each = "items", skip = "reference",
    },
    ["youtube.resource"] = {
      about = "one resource that is no video",
      match = is { "youtube#subscription", "youtube#channelSection", "youtube#commentThread", "youtube#comment",
                   "youtube#playlist", "youtube#playlistItem", "youtube#caption", "youtube#activity",
                   "youtube#channelBannerResource" },
      skip = "reference",
    },
    ["youtube.report_list"] = {
      about = "Reporting API: lists of jobs, report types and files, not their data",
      match = function(doc)
        return (json.get(doc, "reports.0.downloadUrl") or json.get(doc, "jobs.0.reportTypeId")
          or json.get(doc, "reportTypes.0.id")) ~= nil and 2
      end,
      each = { first = { "reports", "jobs", "reportTypes" } }, skip = "reference",
    },

    ["youtube.error"] = {
      about = "error envelope; the reason says more than the status, and the two may disagree",
      match = google_error,
      refuse = { code = { first = { "error.errors.0.reason", "error.details.0.reason", "error.status", "error.code" } },
                 text = "error.message" },
    },
    ["youtube.error_oauth"] = {
      about = "token endpoint: what Google's OAuth says",
      match = { kind_of = { error = "string", error_description = "string" }, log_id = false },
      refuse = { code = "error", text = "error_description" },
    },
  },
}
