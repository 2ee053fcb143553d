-- TikTok: Display API, Research API, Business API, and what tiktok.com itself answers.
-- Which shape becomes what, and why: README.md.

local business = require("business")

local lists = {
  "data.videos", "data.video_list", "data.user_liked_videos", "data.reposted_videos", "data.user_reposted_videos",
  "data.pinned_videos_list", "data.user_pinned_videos", "data.playlist_videos",
}

local function first_of(doc, paths)
  for _, path in ipairs(paths) do
    local v = json.get(doc, path)
    if v ~= nil and v ~= json.null then return v end
  end
  return nil
end

-- v2 says "ok", v1 and the Business API say 0, and some answers say nothing.
local function succeeded(doc)
  local code = first_of(doc, { "error.code", "data.error_code", "code" })
  return code == nil or code == "ok" or tonumber(code) == 0
end

-- The first element of the list that is there; true for an empty list.
local function sample(doc, paths)
  local list = first_of(doc, paths)
  if list == nil or json.kind(list) ~= "array" then return nil end
  return #list == 0 or list[1]
end

local function api_videos(doc)
  local one = sample(doc, lists)
  if one == nil or not succeeded(doc) then return false end
  if one == true then return 1 end
  return json.kind(one) == "object" and one.item_id == nil and (one.id ~= nil or one.video_id ~= nil) and 3
end

local function business_videos(doc)
  local one = sample(doc, { "data.videos" })
  return json.kind(one) == "object" and one.item_id ~= nil and succeeded(doc) and 3
end

-- Three generations of error envelope, and the flat one that the documentation prints. A log id says whose envelope it is;
-- without one, TikTok must have been named.
local function failed(doc, input)
  if json.kind(doc) ~= "object" then return false end
  local log = input.platform == "tiktok"
    or first_of(doc, { "error.log_id", "log_id", "request_id", "extra.logid", "data.log_id" })
  local code = json.get(doc, "error.code")
  if code ~= nil and code ~= "ok" and tonumber(code) ~= 0 then
    local others = { "error.fbtrace_id", "error.type", "error.errors", "error.status" }
    if first_of(doc, others) ~= nil then return false end
    return log ~= nil and 3
  end
  code = json.get(doc, "data.error_code")
  if code ~= nil and tonumber(code) ~= 0 then return 3 end
  if doc.code ~= nil and doc.message ~= nil and not succeeded(doc) then return log ~= nil and 3 end
  code = first_of(doc, { "statusCode", "status_code" })
  return json.kind(code) == "number" and code ~= 0
    and first_of(doc, { "statusMsg", "status_msg", "statusMessage", "errMsg" }) ~= nil and 2
end

-- Lists of people, comments, sounds and hashtags: the key says what it is. The first group's keys stand for themselves, the
-- second's mean TikTok only beside TikTok's own mark of success.
local plain = {
  { "account", { "userInfo", "user_list", "data.user.open_id", "data.user.union_id", "data.user.display_name" } },
  { "reference", { "challenge", "challengeInfo", "challengeData", "challengeInfoList", "musicInfo", "musicData",
                   "data.publish_id", "data.publicaly_available_post_id" } },
}
local marked = {
  { "account", { "data.user", "data.display_name", "data.follower_count", "data.followers_count", "data.username",
                 "data.creator_username", "data.user_followers", "data.user_following", "data.open_id" } },
  { "comment", { "data.comments", "comments" } },
  { "reference", { "music", "data.upload_url", "data.playlist_id", "data.playlists", "data.status", "data.shops",
                   "data.products", "data.access_token" } },
}
local function what_else(doc)
  local groups = { plain }
  if first_of(doc, { "error.code", "data.error_code", "request_id", "statusCode", "status_code" }) ~= nil then
    groups[2] = marked
  end
  for _, group in ipairs(groups) do
    for _, other in ipairs(group) do
      local v = first_of(doc, other[2])
      if v ~= nil then return other[1], json.kind(v) == "array" and #v or 1 end
    end
  end
  if json.get(doc, "stats.followerCount") ~= nil then return "account", 1 end
end

-- tiktok.com: one object per video, wherever the page put it.
local web_lists = {
  "itemList", "items", "item_list", "body.itemListData", "itemListData", "data.itemList", "data.items",
  "itemInfo.itemStruct", "itemStruct", "pageProps.items", "props.pageProps.items", "props.pageProps.itemInfo.itemStruct",
}
local function web_list(doc)
  local scope = json.get(doc, "__DEFAULT_SCOPE__")
  if json.kind(scope) == "object" then
    return json.get(scope["webapp.video-detail"], "itemInfo.itemStruct") -- a key with a dot: no path reaches it
  end
  return first_of(doc, web_lists) or doc
end
local function web_sample(doc)
  local v = web_list(doc)
  if json.kind(v) == "array" then v = v[1] end
  return json.kind(v) == "object" and v or nil
end

local function web_v1(doc)
  local one = web_sample(doc)
  return one and json.get(one, "itemInfos.id") ~= nil and json.get(one, "itemInfos.createTime") ~= nil and 4
end

local function web_flat(doc)
  local one = web_sample(doc)
  return one and one.id ~= nil and one.playCount ~= nil and one.diggCount ~= nil and 4
end

local function web_v2(doc)
  local one = web_sample(doc)
  if not one then return false end
  local counted = first_of(one, { "stats.playCount", "stats.diggCount", "statsV2.playCount", "statsV2.diggCount" })
  return one.id ~= nil and (counted ~= nil or one.createTime ~= nil and one.video ~= nil) and 4
end

-- A page's state keeps videos by id; which page it is does not matter.
local function item_module(doc)
  return json.kind(json.get(doc, "ItemModule")) == "object" and 4
end

local function known(v) return v ~= nil and v ~= json.null end

local function web_post(v)
  return {
    id = v.id, caption = v.desc, published_at = tonumber(v.createTime),
    account = first_of(v, { "authorId", "author.id", "author.uniqueId" })
      or json.kind(v.author) == "string" and v.author or nil,
    duration_s = json.get(v, "video.duration"), features = { music_id = json.get(v, "music.id") },
  }
end

local function web_counts(v)
  local function count(name) return first_of(v, { "stats." .. name, "statsV2." .. name }) end
  return { views = count("playCount"), likes = count("diggCount"), shares = count("shareCount"),
           comments = count("commentCount"), saves = count("collectCount") }
end

local function web_row(v, out)
  if json.kind(v) ~= "object" or not known(v.id) then
    out.bad("missing_id", "this item of the list has no id", v)
  else
    out.post(web_post(v))
    out.counts(web_counts(v))
  end
end

local api_post = {
  id = { first = { "id", "video_id" } }, account = "username", title = "title", caption = "video_description",
  url = "share_url", published_at = { "create_time", unit = "epoch_s" }, tags = "hashtag_names",
  duration_s = { first = { "duration", "video_duration" } },
  features = { music_id = "music_id", region_code = "region_code" },
}

return {
  name = "tiktok", api = 1, about = "Videos from TikTok's Display, Research and Business APIs and from tiktok.com.",
  parsers = {
    ["tiktok.videos"] = {
      about = "Display and Research API: counts since publishing",
      match = api_videos,
      each = { first = lists },
      post = api_post,
      counts = { views = "view_count", likes = "like_count", shares = "share_count", comments = "comment_count",
                 saves = { first = { "favorites_count", "favourites_count" } } },
    },
    ["tiktok.business"] = {
      about = "Business API /business/video/list/: saves and average watch time too",
      match = business_videos,
      parse = business.videos,
    },
    ["tiktok.web_v1"] = {
      about = "tiktok.com until 2020: counts beside the texts in itemInfos, createTime a string",
      match = web_v1,
      each = { first = { "body.itemListData", "itemListData", "items", "itemList", "." } },
      post = { id = "itemInfos.id", account = "itemInfos.authorId", caption = "itemInfos.text",
               published_at = { "itemInfos.createTime", unit = "epoch_s" }, duration_s = "itemInfos.video.videoMeta.duration",
               features = { music_id = "itemInfos.musicId" } },
      counts = { views = "itemInfos.playCount", likes = "itemInfos.diggCount", shares = "itemInfos.shareCount",
                 comments = "itemInfos.commentCount" },
      account = { id = "authorInfos.userId", handle = "authorInfos.uniqueId" },
    },
    ["tiktok.web_flat"] = {
      about = "the flat form that collectors of tiktok.com write",
      match = web_flat,
      each = { first = { "items", "itemList", "." } },
      post = { id = "id", account = { first = { "authorMeta.id", "authorId" } }, caption = { first = { "text", "desc" } },
               published_at = { "createTime", unit = "epoch_s" }, url = "webVideoUrl",
               duration_s = { first = { "videoMeta.duration", "video.duration" } },
               features = { music_id = "musicMeta.musicId" } },
      counts = { views = "playCount", likes = "diggCount", shares = "shareCount", comments = "commentCount",
                 saves = "collectCount" },
      account = { id = "authorMeta.id", handle = "authorMeta.name" },
    },
    ["tiktok.web_v2"] = {
      about = "tiktok.com since 2020: counts in stats, later also as strings in statsV2",
      match = web_v2,
      parse = function(doc, out)
        local list = web_list(doc)
        for _, v in ipairs(json.kind(list) == "array" and list or { list }) do web_row(v, out) end
      end,
    },
    ["tiktok.web_state"] = {
      about = "the state of a page of tiktok.com: videos by id in ItemModule",
      match = item_module,
      parse = function(doc, out)
        for _, v in pairs(doc.ItemModule) do web_row(v, out) end
      end,
    },
    ["tiktok.app"] = {
      about = "what the app itself asks: aweme objects",
      match = function(doc)
        return first_of(doc, { "aweme_list.0.aweme_id", "aweme_details.0.aweme_id", "aweme_detail.aweme_id" }) ~= nil and 3
      end,
      each = { first = { "aweme_list", "aweme_details", "aweme_detail" } },
      post = { id = "aweme_id", account = "author.uid", caption = "desc", url = "share_url",
               published_at = { "create_time", unit = "epoch_s" }, duration_s = { "video.duration", unit = "ms" },
               features = { music_id = "music.id_str" } },
      counts = { views = "statistics.play_count", likes = "statistics.digg_count", shares = "statistics.share_count",
                 comments = "statistics.comment_count", saves = "statistics.collect_count" },
      account = { id = "author.uid", handle = "author.unique_id" },
    },
    ["tiktok.other"] = {
      about = "users (observations of accounts), followers, comments, hashtags, sounds, posting: no content",
      match = function(doc)
        return what_else(doc) ~= nil and succeeded(doc) and 2
      end,
      parse = function(doc, out, input)
        local reason, n = what_else(doc)
        if reason == "account" and business.account(doc, out, input) then return end
        if n > 0 then out.skip(reason, n) end
      end,
    },
    ["tiktok.error"] = {
      about = "error envelopes of v2, v1, the Business API and tiktok.com",
      match = failed,
      refuse = {
        code = { first = { "error.code", "data.error_code", "code", "statusCode", "status_code" } },
        text = { first = { "error.message", "data.description", "message", "statusMsg", "status_msg", "statusMessage",
                           "errMsg" } },
      },
    },
    ["tiktok.error_oauth"] = {
      about = "token endpoint",
      match = { kind_of = { error = "string", error_description = "string" }, log_id = true },
      refuse = { code = "error", text = "error_description" },
    },
  },
}
