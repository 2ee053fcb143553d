-- Bluesky: posts from the app's views (app.bsky.feed.*) and records from repositories (com.atproto.repo.*).
-- Which shape becomes what, and why: README.md.

local pages = require("pages")

-- A post's view, at a prefix ("" in lists of posts, "post." in feeds).
local function view(at)
  return {
    post = {
      id = at .. "uri", account = at .. "author.did", caption = at .. "record.text", published_at = at .. "record.createdAt",
      features = { language = at .. "record.langs.0", embed = at .. "record.embed.$type",
                   reply_to = at .. "record.reply.parent.uri", indexed_at = at .. "indexedAt" },
    },
    counts = {
      likes = at .. "likeCount", shares = { sum = { at .. "repostCount", at .. "quoteCount" } }, comments = at .. "replyCount",
      saves = at .. "bookmarkCount",
    },
    extra = { repostCount = at .. "repostCount", quoteCount = at .. "quoteCount" },
    account = { id = at .. "author.did", handle = at .. "author.handle" },
  }
end
local bare, wrapped, saved = view(""), view("post."), view("item.")

-- Posts that are gone or hidden have a view without counts; their kind says why.
local function gone(at)
  return {
    { when = { [at .. "notFound"] = true }, reason = "not-found" },
    { when = { [at .. "blocked"] = true }, reason = "blocked" },
  }
end
local function feed_drops()
  local drops = gone("post.")
  -- Somebody passed the post on: it is counted where it stands itself. A pinned post has a reason too, and is one.
  table.insert(drops, 1, { when = { ["reason.$type"] = "app.bsky.feed.defs#reasonRepost" }, reason = "repost" })
  table.insert(drops, 2, { when = { ["reason.by"] = true }, reason = "repost" })
  return drops
end

return {
  name = "bluesky", api = 1, about = "Posts from Bluesky's views and repositories.",
  parsers = {
    ["bluesky.posts"] = {
      about = "getPosts, searchPosts, getQuotes",
      match = { ["posts.0.uri"] = true, ["posts.0.cid"] = true, ["posts.0.author.did"] = true },
      each = "posts", drop = gone(""), post = bare.post, counts = bare.counts, extra = bare.extra, account = bare.account,
    },
    ["bluesky.post"] = {
      about = "one post's view, as collectors store them a line each",
      match = { uri = true, cid = true, ["author.did"] = true, record = true },
      each = ".", post = bare.post, counts = bare.counts, extra = bare.extra, account = bare.account,
    },
    ["bluesky.post_list"] = {
      about = "a bare list of posts' views",
      match = { ["0.uri"] = true, ["0.cid"] = true, ["0.author.did"] = true, ["0.record"] = true },
      each = ".", drop = gone(""), post = bare.post, counts = bare.counts, extra = bare.extra, account = bare.account,
    },
    ["bluesky.feed"] = {
      about = "getAuthorFeed, getTimeline, getFeed, getListFeed, getActorLikes: reposts are no content",
      match = { ["feed.0.post.uri"] = true },
      each = "feed", drop = feed_drops(), post = wrapped.post, counts = wrapped.counts, extra = wrapped.extra,
      account = wrapped.account,
    },
    ["bluesky.bookmarks"] = {
      about = "getBookmarks",
      match = { ["bookmarks.0.subject.uri"] = true, ["bookmarks.0.item"] = true },
      each = "bookmarks", drop = gone("item."), post = saved.post, counts = saved.counts, extra = saved.extra,
      account = saved.account,
    },
    ["bluesky.thread"] = {
      about = "getPostThread: the post, and what its author wrote before and after it",
      match = { kind_of = { thread = "object" } },
      parse = pages.thread,
    },
    ["bluesky.thread_v2"] = {
      about = "getPostThreadV2: the same as a list with depths",
      match = { kind_of = { thread = "array" }, ["thread.0.uri"] = true, ["thread.0.depth"] = true },
      parse = pages.thread_list,
    },
    ["bluesky.record"] = {
      about = "getRecord: facts of a post, no counts",
      match = { uri = true, ["value.$type"] = "app.bsky.feed.post" },
      each = ".",
      post = { id = "uri", caption = "value.text", published_at = "value.createdAt",
               features = { language = "value.langs.0", embed = "value.embed.$type", reply_to = "value.reply.parent.uri" } },
    },
    ["bluesky.records"] = {
      about = "listRecords: facts of posts, no counts; records of other collections are no content",
      match = { ["records.0.uri"] = true, ["records.0.value"] = true },
      parse = pages.records,
    },

    ["bluesky.profile"] = {
      about = "getProfile",
      match = { did = true, handle = true, followersCount = true, postsCount = true },
      each = ".", skip = "account", account = { id = "did", handle = "handle" },
    },
    ["bluesky.profiles"] = {
      about = "getProfiles",
      match = { ["profiles.0.did"] = true, ["profiles.0.handle"] = true },
      each = "profiles", skip = "account", account = { id = "did", handle = "handle" },
    },
    ["bluesky.reference"] = {
      about = "followers, likes, reposts, lists, feeds, notifications, sessions, records of other collections: no content",
      match = pages.reference,
      parse = pages.skip,
    },
    ["bluesky.empty"] = {
      about = "a page without posts: nothing is known, which is not zero",
      match = pages.empty,
      parse = function() end,
    },

    ["bluesky.error"] = {
      about = "XRPC's {error, message}",
      match = pages.failed,
      refuse = { code = "error", text = { first = { "message", "error" } } },
    },
  },
}
