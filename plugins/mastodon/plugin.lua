-- Mastodon and servers that speak its API: statuses alone, in lists, threads, searches and streams.
-- Which shape becomes what, and why: README.md.

local pages = require("pages")

-- A boost is a wrapper with counts of 0 around the status that was boosted.
local boosts = { { when = { kind_of = { reblog = "object" } }, reason = "boost" } }

local post = {
  id = "id", account = "account.id", caption = "content", url = { first = { "url", "uri" } }, published_at = "created_at",
  media_kind = "media_attachments.0.type",
  features = {
    language = "language", visibility = "visibility", sensitive = "sensitive", reply_to = "in_reply_to_id",
    edited_at = "edited_at",
  },
}
local counts = {
  likes = "favourites_count", shares = { sum = { "reblogs_count", "quotes_count" } }, comments = "replies_count",
}
local extra = { reblogs_count = "reblogs_count", quotes_count = "quotes_count" }
local author = { id = "account.id", handle = "account.acct" }

return {
  name = "mastodon", api = 1, about = "Statuses from Mastodon and servers that speak its API.",
  parsers = {
    ["mastodon.status"] = {
      about = "one status: statuses/:id, and the lines of a stream",
      match = { id = true, favourites_count = true, reblogs_count = true, ["account.acct"] = true },
      each = ".", drop = boosts, post = post, counts = counts, extra = extra, account = author,
    },
    ["mastodon.statuses"] = {
      about = "timelines, an account's statuses, trends, favourites, bookmarks",
      match = { kind_of = { ["."] = "array" }, ["0.favourites_count"] = true, ["0.reblogs_count"] = true,
                ["0.account.acct"] = true },
      each = ".", drop = boosts, post = post, counts = counts, extra = extra, account = author,
    },
    ["mastodon.context"] = {
      about = "statuses/:id/context: what went before and what came after",
      match = { kind_of = { ancestors = "array", descendants = "array" } },
      parse = pages.context,
    },
    ["mastodon.search"] = {
      about = "search: the statuses; accounts and hashtags are no content",
      match = { kind_of = { accounts = "array", statuses = "array", hashtags = "array" } },
      parse = pages.search,
    },
    ["mastodon.event"] = {
      about = "events of a streaming connection: a status as JSON text; deletions and the rest are no content",
      match = { event = { "update", "status.update", "delete", "notification", "conversation", "filters_changed",
                          "announcement", "announcement.reaction", "announcement.delete", "encrypted_message" },
                kind_of = { stream = "array" } },
      parse = pages.event,
    },

    ["mastodon.account"] = {
      about = "one account",
      match = { acct = true, statuses_count = true, followers_count = true },
      each = ".", skip = "account", account = { id = "id", handle = "acct" },
    },
    ["mastodon.accounts"] = {
      about = "accounts: followers, followed, who boosted, who favourited",
      match = { ["0.acct"] = true, ["0.statuses_count"] = true, ["0.followers_count"] = true },
      each = ".", skip = "account", account = { id = "id", handle = "acct" },
    },
    ["mastodon.notifications"] = {
      about = "notifications: other people's doings",
      match = { ["0.type"] = true, ["0.account.acct"] = true, ["0.created_at"] = true, ["0.favourites_count"] = false },
      each = ".", skip = "notification",
    },
    ["mastodon.conversations"] = {
      about = "direct messages",
      match = { ["0.accounts"] = true, ["0.last_status"] = true, ["0.unread"] = true },
      each = ".", skip = "message",
    },
    ["mastodon.scheduled"] = {
      about = "statuses that are not published yet",
      match = { ["0.scheduled_at"] = true, ["0.params"] = true },
      each = ".", skip = "unpublished",
    },
    ["mastodon.history"] = {
      about = "earlier versions of one status: texts without id and counts",
      match = { ["0.content"] = true, ["0.account.acct"] = true, ["0.id"] = false, ["0.created_at"] = true },
      each = ".", skip = "history",
    },
    ["mastodon.reference"] = {
      about = "servers, hashtags, relationships, polls, media, applications: no content",
      match = pages.reference,
      each = ".", skip = "reference",
    },
    ["mastodon.empty"] = {
      about = "an empty list: nothing is known, which is not zero",
      match = pages.empty,
      parse = function() end,
    },

    ["mastodon.error"] = {
      about = "an error: a text in the server's language, sometimes with a description",
      match = pages.failed,
      parse = pages.refuse,
    },
  },
}
