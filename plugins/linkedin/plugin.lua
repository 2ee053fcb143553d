-- LinkedIn: posts, their statistics and social counts, members' own statistics, and connector exports.
-- Which shape becomes what, and why: README.md.

local exports = require("exports")
local posts = require("posts")
local statistics = require("statistics")

-- organizationalEntityShareStatistics without time intervals: the last 12 months. Without a post it is the organization's own.
local share = {
  post = { id = { first = { "share", "ugcPost" } }, account = { first = { "organizationalEntity", "organization" } } },
  counts = { views = "totalShareStatistics.impressionCount", likes = "totalShareStatistics.likeCount",
             shares = "totalShareStatistics.shareCount", comments = "totalShareStatistics.commentCount" },
  drop = { { when = { share = false, ugcPost = false }, reason = "account" } },
}

local social = {
  post = { id = { first = { "target", "$URN" } } },
  counts = { likes = { first = { "likesSummary.aggregatedTotalLikes", "likesSummary.totalLikes" } },
             comments = { first = { "commentsSummary.aggregatedTotalComments", "commentsSummary.totalFirstLevelComments" } } },
}

return {
  name = "linkedin", api = 1, about = "Posts and statistics from LinkedIn's community management API, and connector exports.",
  parsers = {
    ["linkedin.share_statistics"] = {
      about = "statistics of posts over the last 12 months",
      match = { ["elements.0.totalShareStatistics"] = true, ["elements.0.timeRange"] = false },
      each = "elements", drop = share.drop, post = share.post, counts = share.counts, extra = "totalShareStatistics",
    },
    ["linkedin.share_statistic"] = {
      about = "one element of them, as collectors store them a line each",
      match = { kind_of = { totalShareStatistics = "object" }, timeRange = false },
      each = ".", drop = share.drop, post = share.post, counts = share.counts, extra = "totalShareStatistics",
    },
    ["linkedin.share_statistics_buckets"] = {
      about = "statistics of posts by day, week or month",
      match = { ["elements.0.totalShareStatistics"] = true, ["elements.0.timeRange"] = true },
      parse = statistics.buckets,
    },
    ["linkedin.share_statistic_bucket"] = {
      about = "one bucket of them",
      match = { kind_of = { totalShareStatistics = "object", timeRange = "object" } },
      parse = statistics.buckets,
    },
    ["linkedin.posts"] = {
      about = "posts, ugcPosts and shares: lists, one, several keyed by URN",
      match = posts.match,
      parse = posts.parse,
    },
    ["linkedin.social_metadata"] = {
      about = "reactions and comments of posts: one, or several keyed by URN",
      match = posts.match_metadata,
      parse = posts.parse_metadata,
    },
    ["linkedin.social_actions"] = {
      about = "likes and comments of one post, the older way",
      match = { kind_of = { likesSummary = "object", commentsSummary = "object" } },
      each = ".", post = social.post, counts = social.counts,
    },
    ["linkedin.social_actions_list"] = {
      about = "likes and comments of several posts",
      match = { ["elements.0.likesSummary"] = true, ["elements.0.commentsSummary"] = true },
      each = "elements", post = social.post, counts = social.counts,
    },
    ["linkedin.video_analytics"] = {
      about = "videoAnalytics: views, viewers and watch time of videos, in one metric per element",
      match = statistics.match_video,
      parse = statistics.parse_metrics,
    },
    ["linkedin.member_statistics"] = {
      about = "memberCreatorPostAnalytics and memberCreatorVideoAnalytics: one metric per element",
      match = statistics.match_member,
      parse = statistics.parse_metrics,
    },

    ["linkedin.share_statistic_csv"] = {
      about = "share statistics as a warehouse connector keeps them: several states of one post, the newest last",
      match = { columns = { "_share_entity_urn", "impression_count", "like_count" } }, whole = true,
      parse = exports.share_statistics,
    },
    ["linkedin.share_map_csv"] = {
      about = "which of a connector's statistics belong to which ugcPost: names, no content",
      match = { columns = { "share_statistic_id", "ugc_post_id" } },
      each = "rows", skip = "id-map",
    },
    ["linkedin.organization_post_csv"] = {
      about = "which posts are whose: names, no content",
      match = { columns = { "organization_id", "ugc_post_id" } },
      each = "rows", skip = "id-map",
    },
    ["linkedin.ugc_post_csv"] = {
      about = "ugcPosts as a warehouse connector keeps their versions: no counts",
      match = { columns = { "id", "author", "specific_content_share_commentary_text" } },
      parse = exports.posts,
    },
    ["linkedin.post_csv"] = {
      about = "posts as a warehouse connector keeps their versions: no counts",
      match = { columns = { "id", "author", "commentary", "lifecycle_state" } },
      parse = exports.posts,
    },
    ["linkedin.post_content_csv"] = {
      about = "media and articles of posts as a warehouse connector keeps them: no content of their own",
      match = { columns = { "post_id", "article_title", "type" } },
      each = "rows", skip = "reference",
    },
    ["linkedin.ugc_media_csv"] = {
      about = "media of ugcPosts as a warehouse connector keeps them: no content of their own",
      match = { columns = { "ugc_post_id", "original_url", "media" } },
      each = "rows", skip = "reference",
    },
    ["linkedin.organization_csv"] = {
      about = "organizations as a warehouse connector keeps them",
      match = { columns = { "id", "vanity_name", "localized_name" } },
      parse = exports.organizations,
    },
    ["linkedin.followers_csv"] = {
      about = "followers by seniority, industry, place as a warehouse connector keeps them",
      match = { columns = { "_organization_entity_urn", "follower_counts_organic_follower_count" } },
      each = "rows", skip = "demographics",
    },
    ["linkedin.page_export_csv"] = {
      about = "the page's own export of its posts: lifetime counts, the post named by its link",
      match = { columns = { "Post link", "Impressions", "Likes", "Comments" } },
      parse = exports.page,
    },

    ["linkedin.followers"] = {
      about = "followers of an organization by seniority, industry, function, place",
      match = statistics.match_followers,
      parse = statistics.parse_followers,
    },
    ["linkedin.page_statistics"] = {
      about = "visits of an organization's page",
      match = { ["elements.0.totalPageStatistics"] = true },
      each = "elements", skip = "account",
    },
    ["linkedin.organization"] = {
      about = "an organization",
      match = { id = true, localizedName = true, vanityName = true },
      parse = statistics.parse_organization,
    },
    ["linkedin.comments"] = {
      about = "comments and reactions, one by one",
      match = statistics.match_reactions,
      parse = statistics.parse_reactions,
    },
    ["linkedin.reference"] = {
      about = "network sizes, organizations in lists, people, roles: no content",
      match = statistics.match_reference,
      parse = statistics.parse_reference,
    },
    ["linkedin.empty"] = {
      about = "a page without elements: nothing is known, which is not zero",
      match = { kind_of = { elements = "array", paging = "object" }, ["elements.0"] = false },
      each = "elements", skip = "reference",
    },

    ["linkedin.error"] = {
      about = "{status, serviceErrorCode, code, message}",
      match = statistics.failed,
      parse = statistics.refuse,
    },
  },
}
