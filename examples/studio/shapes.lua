-- What the four platforms answer, in their own shapes. A shape gives, for an account and a moment, the answers a collector
-- would have kept: { url, status, body } with body as JSON text. Asked for `only`, it answers for these posts alone, newest
-- first: the second poll of a day, for posts that would otherwise not be read when they are a day old.
local json = require("jsonw")
local world = require("world")

local M = {}
local object, NUM, TEXT = json.object, json.number_slot, json.text_slot

-- The newest posts at a time, newest first.
local function newest(account, at, limit)
  local out = {}
  for i = #account.posts, 1, -1 do
    local post = account.posts[i]
    if post.at < at then
      out[#out + 1] = post
      if #out == limit then
        break
      end
    end
  end
  return out
end

local function slice(list, from, n)
  return table.move(list, from, math.min(from + n - 1, #list), 1, {})
end

-- The text under a post: what it says, then its hashtags.
local function caption(post)
  return #post.tags > 0 and post.text .. " #" .. table.concat(post.tags, " #") or post.text
end

-- Items of an answer: each post's template is made once (once more when its likes are hidden) and filled with the counts of
-- the moment.
local function items(posts, at, make, fill)
  local out = {}
  for i, post in ipairs(posts) do
    local hidden = world.hides_likes(post, at)
    local kept = hidden and "hidden_template" or "template"
    post[kept] = post[kept] or json.template(make(post, hidden))
    out[i] = post[kept]:format(fill(post, world.counts(post, at), hidden))
  end
  return table.concat(out, ",")
end

local function ids(posts)
  local out = {}
  for i, post in ipairs(posts) do
    out[i] = post.id
  end
  return table.concat(out, ",")
end

-- ---- YouTube: videos.list, up to 50 ids an answer ----

local function duration(s)
  return s % 60 == 0 and ("PT%dM"):format(s // 60) or ("PT%dM%dS"):format(s // 60, s % 60)
end

local function youtube_item(post, hidden)
  local image = "https://i.ytimg.com/vi/" .. post.id .. "/default.jpg"
  return object(
    "kind", "youtube#video", "etag", post.random:text(27, "abcdefghijklmnopqrstuvwxyzABCDEF0123456789_-"), "id", post.id,
    "snippet", object(
      "publishedAt", world.iso(post.at), "channelId", post.account.id, "title", post.title,
      "description", caption(post) .. "\n\nMade up, as an example.",
      "thumbnails", object("default", object("url", image, "width", 120, "height", 90)),
      "channelTitle", post.account.creator, "tags", post.tags, "categoryId", "26", "liveBroadcastContent", "none",
      "defaultAudioLanguage", "en"),
    "contentDetails", object("duration", duration(post.seconds), "dimension", "2d", "definition", "hd", "caption", "false"),
    "statistics", object(
      "viewCount", TEXT, "likeCount", not hidden and TEXT or nil, "favoriteCount", "0", "commentCount", TEXT))
end

local function youtube_fill(_, c, hidden)
  if hidden then
    return c.views, c.comments
  end
  return c.views, c.likes, c.comments
end

function M.youtube(account, at, only)
  local posts = only or newest(account, at, 50)
  local body = '{"kind":"youtube#videoListResponse","etag":"%s","items":[%s],'
    .. '"pageInfo":{"totalResults":%d,"resultsPerPage":%d}}'
  local tag = world.random(at, account.id):text(27, "abcdefghijklmnopqrstuvwxyz0123456789")
  return { {
    url = "https://www.googleapis.com/youtube/v3/videos?part=snippet,contentDetails,statistics&"
      .. (only and "id=" .. ids(posts) or "maxResults=50"),
    body = body:format(tag, items(posts, at, youtube_item, youtube_fill), #posts, #posts),
  } }
end

-- ---- TikTok: Display API, pages of 20 ----

local function tiktok_item(post)
  local link = ("https://www.tiktok.com/@%s/video/%s"):format(post.account.handle, post.id)
  return object(
    "id", post.id, "create_time", post.at, "title", post.title, "video_description", caption(post),
    "duration", post.seconds, "share_url", link, "height", 1024, "width", 576,
    "view_count", NUM, "like_count", NUM, "comment_count", NUM, "share_count", NUM)
end

local function tiktok_fill(_, c)
  return c.views, c.likes, c.comments, c.shares
end

local tiktok_fields = "fields=id,create_time,title,video_description,duration,share_url,height,width,view_count,like_count,"
  .. "comment_count,share_count"

function M.tiktok(account, at, only)
  local posts, out = only or newest(account, at, 40), {}
  for page = 0, (#posts - 1) // 20 do
    local part = slice(posts, page * 20 + 1, 20)
    local body = '{"data":{"videos":[%s],"cursor":%d,"has_more":%s},'
      .. '"error":{"code":"ok","message":"","log_id":"%s"}}'
    local log_id = os.date("!%Y%m%d%H%M%S", at) .. world.random(at + page, account.id):text(18, "0123456789ABCDEF")
    out[#out + 1] = {
      url = ("https://open.tiktokapis.com/v2/video/%s/?%s"):format(only and "query" or "list", tiktok_fields),
      body = body:format(items(part, at, tiktok_item, tiktok_fill), part[#part].at * 1000, page < (#posts - 1) // 20, log_id),
    }
  end
  return out
end

-- ---- Instagram: the media list every day, insights of a post daily in its first days and three times later ----

local function instagram_item(post)
  return object(
    "id", post.id, "caption", caption(post), "media_type", post.kind,
    "media_product_type", post.kind == "VIDEO" and "REELS" or "FEED",
    "permalink", "https://www.instagram.com/p/" .. post.code .. "/",
    "timestamp", os.date("!%Y-%m-%dT%H:%M:%S+0000", post.at),
    "username", post.account.handle, "owner", object("id", post.account.id), "like_count", NUM, "comments_count", NUM)
end

local function instagram_fill(_, c)
  return c.likes, c.comments
end

local function insight(post, name, title, value)
  return object(
    "name", name, "period", "lifetime", "values", { object("value", value) }, "title", title,
    "id", ("%s/insights/%s/lifetime"):format(post.id, name))
end

local function insights(post, at)
  local c = world.counts(post, at)
  local data = {
    insight(post, "views", "Views", c.views),
    insight(post, "reach", "Reach", math.floor(c.views * 0.81)),
    insight(post, "likes", "Likes", c.likes),
    insight(post, "comments", "Comments", c.comments),
    insight(post, "shares", "Shares", c.shares),
    insight(post, "saved", "Saved", c.saves),
  }
  if post.kind == "VIDEO" then
    data[#data + 1] = insight(post, "ig_reels_avg_watch_time", "Average watch time", math.floor(post.seconds * 380))
  end
  return {
    url = ("https://graph.facebook.com/v21.0/%s/insights?metric=views,reach,likes,comments,shares,saved"):format(post.id),
    body = json.encode(object("data", data)),
    later = 30,
  }
end

local insight_ages = { [14] = true, [21] = true, [28] = true }
for age = 0, 9 do
  insight_ages[age] = true
end

-- Views are in the insights alone: a post's 24th hour is read there too.
function M.instagram(account, at, only)
  local posts, out = only or newest(account, at, 50), {}
  if not only then
    local body = '{"data":[%s],"paging":{"cursors":{"before":"QVFIUmJ","after":"QVFIUnk"}}}'
    out[1] = {
      url = ("https://graph.facebook.com/v21.0/%s/media?fields=id,caption,media_type,media_product_type,permalink,timestamp,"
        .. "username,owner,like_count,comments_count&limit=50"):format(account.id),
      body = body:format(items(posts, at, instagram_item, instagram_fill)),
    }
  end
  for _, post in ipairs(posts) do
    if insight_ages[(at - post.at) // world.day] then
      out[#out + 1] = insights(post, at)
    end
  end
  return out
end

-- ---- X: a user's timeline, up to 100 posts ----

local function x_item(post)
  return object(
    "id", post.id, "text", caption(post), "author_id", post.account.id,
    "created_at", os.date("!%Y-%m-%dT%H:%M:%S.000Z", post.at), "lang", "en", "edit_history_tweet_ids", { post.id },
    "public_metrics", object(
      "retweet_count", NUM, "reply_count", NUM, "like_count", NUM, "quote_count", NUM, "bookmark_count", NUM,
      "impression_count", NUM))
end

local function x_fill(_, c)
  local quotes = c.shares // 5
  return c.shares - quotes, c.comments, c.likes, quotes, c.saves, c.views
end

local x_fields = "tweet.fields=created_at,public_metrics,author_id,lang&expansions=author_id"

function M.x(account, at, only)
  local posts = only or newest(account, at, 100)
  local body = '{"data":[%s],"includes":{"users":[%s]},"meta":{"result_count":%d,"newest_id":"%s","oldest_id":"%s"}}'
  local user = json.encode(object("id", account.id, "name", account.creator, "username", account.handle))
  local what = only and "tweets?ids=" .. ids(posts) or ("users/%s/tweets?max_results=100"):format(account.id)
  return { {
    url = ("https://api.x.com/2/%s&%s"):format(what, x_fields),
    headers = object("content-type", "application/json; charset=utf-8", "x-rate-limit-remaining", "898"),
    body = body:format(items(posts, at, x_item, x_fill), user, #posts, posts[1].id, posts[#posts].id),
  } }
end

-- ---- and when the platform says no ----

function M.instagram_refusal(account)
  return {
    url = ("https://graph.facebook.com/v21.0/%s/media"):format(account.id),
    status = 400,
    body = json.encode(object("error", object(
      "message", "Error validating access token: Session has expired.", "type", "OAuthException", "code", 190,
      "error_subcode", 463, "fbtrace_id", "A1b2C3d4E5f6G7h8I9j0K1l"))),
  }
end

return M
