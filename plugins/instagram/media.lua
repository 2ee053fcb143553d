-- Media objects: alone, in lists, keyed by id, inside an account's object; with or without insights of the same request.

local insights = require("insights")

local M = {}

local function object(v) return json.kind(v) == "object" end

-- Kinds of post that only Threads has.
local threads_kinds = { TEXT_POST = true, AUDIO = true, REPOST_FACADE = true }

-- A media object of Instagram's, not a comment, a Threads post or a Facebook post.
function M.is_media(v)
  if not object(v) or v.id == nil or v.text ~= nil or v.message ~= nil then return false end
  if v.media_product_type == "THREADS" or threads_kinds[v.media_type] then return false end
  if json.kind(v.permalink) == "string" and v.permalink:find("threads%.") then return false end
  local address = json.kind(v.permalink) == "string" and v.permalink:find("instagram%.") ~= nil
  return json.kind(v.media_type) == "string" or v.comments_count ~= nil or v.shortcode ~= nil or address
    or v.media_product_type ~= nil or v.like_count ~= nil or v.caption ~= nil
    or insights.ours(json.get(v, "insights.data"))
end

-- Where media are found in an account's object: business_discovery, mentions, stories, the media edge asked for as a field.
local nested = {
  "business_discovery.media.data", "business_discovery.stories.data", "mentioned_media", "media.data", "stories.data",
  "live_media.data", "tags.data", "recent_media.data", "top_media.data",
}

local function keyed(doc, fits)
  if not object(doc) then return nil end
  local list = {}
  for key, v in pairs(doc) do
    if not fits(key, v) then return nil end
    list[#list + 1] = v
  end
  return #list > 0 and list or nil
end

local function media_by_id(key, v) return M.is_media(v) and v.id == key end
local function list_by_id(key, v) return key:find("^%d+$") and insights.is_metric(json.get(v, "data.0")) end

-- The media of a document as an array, or nil.
function M.find(doc)
  if M.is_media(doc) then return { doc } end
  local list = json.kind(doc) == "array" and doc or json.get(doc, "data")
  if json.kind(list) == "array" and M.is_media(list[1]) then return list end
  for _, path in ipairs(nested) do
    local v = json.get(doc, path)
    if M.is_media(v) then return { v } end
    if json.kind(v) == "array" and M.is_media(v[1]) then return v end
  end
  return keyed(doc, media_by_id)
end

-- The metrics of several media, {"ID": {"data": [...]}, …}, or nil.
function M.insight_lists(doc) return keyed(doc, list_by_id) end

local function string(v) return json.kind(v) == "string" and v or nil end

function M.row(v, out)
  if not object(v) or v.id == nil or v.id == json.null then
    return out.bad("missing_id", "this media object has no id", v)
  end
  local owner = json.get(v, "owner.id")
  out.post {
    id = v.id, account = owner, caption = string(v.caption), url = string(v.permalink), published_at = v.timestamp,
    media_kind = string(v.media_product_type) or string(v.media_type),
  }
  if owner ~= nil and string(v.username) then out.account { id = owner, handle = v.username } end
  local metrics, found = json.get(v, "insights.data"), {}
  if json.kind(metrics) == "array" then
    local _, values = insights.collect(metrics, out, v.id)
    found = values[v.id] or {}
  end
  local counts = insights.counts(found)
  if counts.likes == nil then counts.likes = v.like_count end
  if counts.comments == nil then counts.comments = v.comments_count end
  if counts.views == nil then counts.views = v.view_count end
  out.counts(counts)
end

return M
