-- X: API v2 posts, legacy v1.1 statuses, the archive, captures and connector exports.
-- Which shape becomes what, and why: README.md.

local posts = require("posts")
local exports = require("exports")

local function first_in(doc)
  local list = json.get(doc, "data")
  if list == nil and json.kind(doc) == "array" then list = doc end
  if json.kind(list) == "array" then list = list[1] end
  return json.kind(list) == "object" and list or nil
end

-- Fields of other platforms' users that have an id, a username and a name too.
local not_x = { "media_count", "followers_count", "timestamp", "threads_profile_picture_url", "profile_picture_url",
                "biography", "acct" }
local function account(doc)
  local v = first_in(doc) or doc
  if json.kind(v) ~= "object" or v.text ~= nil or v.id == nil then return false end
  if json.get(v, "public_metrics.followers_count") ~= nil or v.screen_name ~= nil and v.followers_count ~= nil then
    return 4
  end
  for _, field in ipairs(not_x) do
    if v[field] ~= nil then return false end
  end
  return v.username ~= nil and v.name ~= nil and 3
end

-- Only the expansions of a page ({users, tweets, media}), as collectors store them: nothing that was asked for.
local function includes_only(doc)
  if json.kind(doc) ~= "object" or doc.data ~= nil then return false end
  for _, mark in ipairs { "users.0.username", "users.0.screen_name", "tweets.0.author_id", "media.0.media_key" } do
    if json.get(doc, mark) ~= nil then return 3 end
  end
  return false
end

-- Counts per hour, lists, spaces, stream rules, trends, usage.
local function reference(doc)
  local v = first_in(doc)
  if not v then return false end
  if v.text == nil and v.id ~= nil and (v.value ~= nil or v.state ~= nil) then return 3 end
  return (v.tweet_count ~= nil and v.start ~= nil or v.member_count ~= nil or v.trend_name ~= nil or v.project_usage ~= nil
    or v.event_type ~= nil and v.dm_conversation_id ~= nil) and 3
end

local function skip_data(reason)
  return function(doc, out)
    local list = json.get(doc, "data") or doc
    local n = json.kind(list) == "array" and #list or 1
    if n > 0 then out.skip(reason, n) end
  end
end

-- What an account has, in v2's words and v1.1's.
local of_account = { "followers_count", "following_count", "friends_count", "tweet_count", "statuses_count", "listed_count",
                     "like_count", "favourites_count", "media_count" }
local function observe(doc, out)
  local list = json.get(doc, "data") or doc
  for _, v in ipairs(json.kind(list) == "array" and list or { list }) do
    local metrics = {}
    for _, name in ipairs(of_account) do
      local n = json.get(v, "public_metrics." .. name)
      if n == nil then n = json.get(v, name) end
      if n ~= json.null then metrics[name] = n end
    end
    local id, handle = json.get(v, "id_str") or json.get(v, "id"), json.get(v, "username") or json.get(v, "screen_name")
    if id == nil or id == json.null or next(metrics) == nil then
      out.skip("account")
    else
      out.account { id = id, handle = handle, metrics = metrics }
    end
  end
end

local v1_post = {
  id = { first = { "id_str", "id" } }, account = { first = { "user.id_str", "user.id" } },
  caption = { first = { "extended_tweet.full_text", "full_text", "text" } }, published_at = "created_at",
  features = { language = "lang" },
}
-- No quotes: in v1.1 the counts of both never stood side by side for everybody.
local v1_counts = { likes = "favorite_count", shares = "retweet_count", comments = "reply_count" }
local v1_drop = { { when = { retweeted_status = true }, reason = "retweet" } }
local v1_user = { id = { first = { "user.id_str", "user.id" } }, handle = "user.screen_name" }

local function v1(path)
  return function(doc)
    local v = path == "." and doc or json.get(doc, path)
    if json.kind(v) ~= "object" or v.screen_name ~= nil then return false end
    return v.id_str ~= nil and (v.favorite_count ~= nil or v.retweet_count ~= nil or v.full_text ~= nil or v.text ~= nil) and 4
  end
end

return {
  name = "x", api = 1, about = "Posts from the X (Twitter) API v2 and v1.1, captures, archive and exports.",
  parsers = {
    ["x.posts"] = {
      about = "v2 posts: one, lists, bare arrays, stream lines; what is only included is never content",
      match = posts.match,
      parse = posts.parse,
    },
    ["x.status"] = {
      about = "v1.1 statuses/show",
      match = v1("."),
      drop = v1_drop, post = v1_post, counts = v1_counts, account = v1_user,
    },
    ["x.statuses"] = {
      about = "v1.1 timelines and statuses/lookup",
      match = v1("0"),
      each = ".", drop = v1_drop, post = v1_post, counts = v1_counts, account = v1_user,
    },
    ["x.search_v1"] = {
      about = "v1.1 search/tweets",
      match = v1("statuses.0"),
      each = "statuses", drop = v1_drop, post = v1_post, counts = v1_counts, account = v1_user,
    },
    ["x.archive"] = {
      about = "tweets.js of an account's own archive, without its assignment",
      match = { ["0.tweet.id_str"] = true, ["0.tweet.created_at"] = true },
      each = ".",
      drop = { { when = { ["tweet.retweeted_status"] = true }, reason = "retweet" } },
      post = { id = "tweet.id_str", caption = { first = { "tweet.full_text", "tweet.text" } },
               published_at = "tweet.created_at", features = { language = "tweet.lang" } },
      counts = { likes = "tweet.favorite_count", shares = "tweet.retweet_count" },
    },

    ["x.report_csv"] = {
      about = "organic tweet report: a row per post, day and placement; the placements of a day are one row",
      match = { columns = { "organic_tweet_id", "date" } }, whole = true,
      parse = exports.report,
    },
    ["x.activity_csv"] = {
      about = "tweet activity as analytics.twitter.com exported it",
      match = { columns = { "Tweet id", "Tweet permalink", "impressions", "retweets" } },
      parse = exports.activity,
    },
    ["x.content_csv"] = {
      about = "posts as the site's analytics export them",
      match = { columns = { "Post id", "Impressions", "Likes", "Reposts" } },
      parse = exports.content,
    },
    ["x.overview_csv"] = {
      about = "the account's days as the site's analytics export them",
      match = { columns = { "Date", "Impressions", "Engagements", "New follows", "Unfollows" } },
      each = "rows", skip = "account",
    },
    ["x.tweets_csv"] = {
      about = "tweets as a warehouse connector flattens v1.1",
      match = { columns = { "id", "favorite_count", "retweet_count" } },
      each = "rows",
      post = { id = "id", account = { first = { "user_id", "account_id" } }, published_at = "created_at",
               caption = { first = { "full_text", "text" } }, features = { language = "lang" } },
      counts = { likes = "favorite_count", shares = "retweet_count", comments = "reply_count" },
    },
    ["x.capture_csv"] = {
      about = "v2 posts as collectors flatten them: column names are the paths",
      match = { columns = { "id", "public_metrics.like_count", "public_metrics.retweet_count" } },
      parse = exports.capture,
    },
    ["x.accounts_csv"] = {
      about = "accounts as a warehouse connector flattens them",
      match = { columns = { "id", "screen_name", "followers_count" } },
      each = "rows",
      account = { id = "id", handle = "screen_name",
                  metrics = { followers_count = "followers_count", friends_count = "friends_count",
                              statuses_count = "statuses_count", favourites_count = "favourites_count",
                              listed_count = "listed_count" } },
    },
    ["x.account_history_csv"] = {
      about = "advertising accounts as a warehouse connector flattens them",
      match = { columns = { "id", "approval_status", "timezone" } },
      each = "rows", skip = "account",
    },

    ["x.accounts"] = { about = "users, alone or in lists: observations of them", match = account, parse = observe },
    ["x.includes"] = {
      about = "expansions stored without the posts they belong to",
      match = includes_only,
      parse = function(doc, out)
        for key, reason in pairs { users = "account", tweets = "included", media = "included" } do
          local list = doc[key]
          if json.kind(list) == "array" and #list > 0 then out.skip(reason, #list) end
        end
      end,
    },
    ["x.reference"] = {
      about = "counts per hour, lists, spaces, stream rules, trends: no content",
      match = reference,
      parse = skip_data("reference"),
    },
    ["x.empty"] = {
      about = "a page without results",
      match = function(doc)
        local n = json.get(doc, "meta.result_count")
        local v1_search = json.get(doc, "search_metadata") ~= nil and json.get(doc, "statuses.0") == nil
        return (v1_search or json.kind(n) == "number" and n == 0 and json.get(doc, "data.0") == nil) and 2
      end,
      parse = function() end,
    },

    ["x.error"] = {
      about = "problem+json, v2's errors without data, v1.1's {code, message}",
      match = posts.failed,
      parse = posts.refuse,
    },
  },
}
