-- Posts and videos: alone, in lists, keyed by id, as a field of their page; with or without insights of the same request.

local insights = require("insights")

local M = {}

local function object(v) return json.kind(v) == "object" end
local function text(v) return json.kind(v) == "string" and v or nil end

-- The page (or person) before the underscore.
function M.composite(id) return json.kind(id) == "string" and id:match("^(%d+)_%d+$") or nil end

-- Fields of posts and videos, none of them Instagram's (permalink, timestamp, caption) or another platform's.
local marks = {
  "message", "story", "permalink_url", "status_type", "full_picture", "attachments", "shares", "reactions", "is_published",
  "updated_time", "description", "length", "views", "video_insights", "comments", "likes", "is_hidden", "source",
}
local post_only = {
  "updated_time", "permalink_url", "status_type", "type", "story", "shares", "privacy", "actions", "attachments",
  "is_published", "reactions", "full_picture", "picture", "link", "is_hidden", "promotable_id", "likes", "comments",
}
local never = { "uri", "text", "media_type", "media_product_type", "timestamp", "caption_text", "fan_count", "review_text",
                "recommendation_type", "urn", "snippet" }

local function has_any(v, names)
  for _, name in ipairs(names) do
    if v[name] ~= nil then return true end
  end
  return false
end

function M.is_comment(v)
  if not object(v) or v.created_time == nil or v.message == nil and v.like_count == nil then return false end
  if v.like_count ~= nil or v.comment_count ~= nil or v.can_remove ~= nil or v.user_likes ~= nil or v.can_reply_privately ~= nil
    or object(v.parent) or v.can_comment ~= nil then
    return true
  end
  return object(v.from) and not has_any(v, post_only)
end

function M.is_post(v)
  if not object(v) or v.id == nil or v.id == json.null or has_any(v, never) or M.is_comment(v) then return false end
  if json.kind(v.id) == "string" and v.id:find("^[mt]_") then return false end -- a message, a conversation
  local composite = M.composite(v.id) ~= nil
  if insights.ours(json.get(v, "insights.data")) or insights.ours(json.get(v, "video_insights.data")) then
    return composite or v.created_time ~= nil or not json.get(v, "insights.data.0.name")
      or json.get(v, "insights.data.0.name"):find("^page_") == nil
  end
  if v.created_time ~= nil then return composite or has_any(v, marks) end
  if v.updated_time ~= nil and v.description ~= nil and v.start_time == nil and v.name == nil then return true end -- a video
  return composite and has_any(v, marks)
end

local nested = {
  "posts.data", "published_posts.data", "feed.data", "videos.data", "video_reels.data", "published_videos.data",
  "visitor_posts.data", "tagged.data",
}

local function sorted_keys(doc)
  local keys = {}
  for key in pairs(doc) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

-- The values of an object whose members all fit, in the order of their keys, or nil.
local function keyed(doc, fits)
  if not object(doc) then return nil end
  local list = {}
  for _, key in ipairs(sorted_keys(doc)) do
    if not fits(key, doc[key]) then return nil end
    list[#list + 1] = { key = key, value = doc[key] }
  end
  return #list > 0 and list or nil
end

local function post_by_id(key, v) return M.is_post(v) and v.id == key end
local function list_by_id(key, v)
  return key:find("^%d+_?%d*$") and (insights.ours(json.get(v, "data")) or json.get(v, "data.0") == nil
    and json.kind(json.get(v, "data")) == "array")
end

-- The posts of a document as a list, or nil.
function M.find(doc)
  if M.is_post(doc) then return { doc } end
  local list = json.kind(doc) == "array" and doc or json.get(doc, "data")
  if json.kind(list) == "array" and M.is_post(list[1]) then return list end
  for _, path in ipairs(nested) do
    local v = json.get(doc, path)
    if json.kind(v) == "array" and M.is_post(v[1]) then return v end
  end
  local by_id = keyed(doc, post_by_id)
  if not by_id then return nil end
  for i, member in ipairs(by_id) do by_id[i] = member.value end
  return by_id
end

-- The metrics of several objects, {"ID": {"data": [...]}, …}, as { key, value }, or nil.
function M.insight_lists(doc)
  local list = keyed(doc, list_by_id)
  for _, member in ipairs(list or {}) do
    if json.get(member.value, "data.0") ~= nil then return list end
  end
  return nil
end

local function total(v) return json.get(v, "summary.total_count") or json.get(v, "count") end

local kinds = { like = true, love = true, wow = true, haha = true, sad = true, sorry = true, angry = true, anger = true,
                care = true, thankful = true, pride = true, support = true }

-- Reactions asked for one kind each, under aliases like "love" or "reactions_love": by kind as they came, and their sum.
local function aliases(v)
  local found, sum = {}, nil
  for name, edge in pairs(v) do
    local n = object(edge) and name ~= "reactions" and name ~= "comments" and json.get(edge, "summary.total_count")
    if json.kind(n) == "number" and name ~= "likes" then
      found[name] = n
      if kinds[name:lower():gsub("^reactions?_", "")] then sum = (sum or 0) + n end
    end
  end
  return found, sum
end

local function address(v)
  local url = text(v.permalink_url)
  return url and (url:sub(1, 1) == "/" and "https://www.facebook.com" .. url or url)
end

local function post_of(v)
  local from = json.get(v, "from.id")
  local id = json.kind(v.id) == "number" and tostring(v.id) or v.id
  return {
    id = id, account = from or M.composite(id), title = text(v.title) or text(v.name),
    caption = text(v.message) or text(v.description) or text(v.story), url = address(v), published_at = v.created_time,
    duration_s = v.length,
    media_kind = text(json.get(v, "attachments.data.0.media_type")) or text(v.status_type)
      or v.length ~= nil and "video" or nil,
  }
end

-- Written by somebody else on the page's wall.
local function is_visitors(v)
  local page, from = M.composite(v.id), json.get(v, "from.id")
  return page ~= nil and json.kind(from) == "string" and from:find("^%d+$") ~= nil and from ~= page
end

local function with_insights(v, id, out)
  local here, others = {}, {}
  for _, path in ipairs { "insights.data", "video_insights.data" } do
    local list = json.get(v, path)
    if json.kind(list) == "array" then
      local found = insights.collect(list, id, out)
      insights.pages(found, out)
      for _, series in ipairs(found.list) do
        if series.window.kind == "lifetime" then
          for name, value in pairs(series.values) do here[name] = value end
        else
          others[#others + 1] = series
        end
      end
    end
  end
  return here, others
end

local function merged(extra, more)
  for name, n in pairs(more) do extra[name] = n end
  return next(extra) and extra or nil
end

function M.row(v, out)
  if not object(v) or v.id == nil or v.id == json.null then
    return out.bad("missing_id", "this post has no id", v)
  end
  if is_visitors(v) then return out.skip("visitor_post") end
  local post = post_of(v)
  local here, others = with_insights(v, post.id, out)
  out.post(post)
  local handle = json.get(v, "from.username")
  if post.account and json.kind(handle) == "string" then out.account { id = post.account, handle = handle } end
  local counts = insights.counts(here)
  local by_kind, sum = aliases(v)
  local thumbs = total(v.likes)
  counts.likes = total(v.reactions) or counts.likes or sum or thumbs
  counts.comments = total(v.comments)
  counts.shares = json.get(v, "shares.count")
  if counts.views == nil then counts.views = v.views end
  by_kind.likes = thumbs
  counts.extra = merged(counts.extra or {}, by_kind)
  out.counts(counts)
  for _, series in ipairs(others) do out.counts(insights.windowed(series)) end
end

return M
