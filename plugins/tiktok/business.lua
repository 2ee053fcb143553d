-- The Business API, and accounts of all of TikTok's APIs.

local M = {}

local function object(v) return json.kind(v) == "object" end
local function array(v) return json.kind(v) == "array" end
local function known(v) return v ~= nil and v ~= json.null end
local function text(v) return json.kind(v) == "string" and v or nil end
local function filled(t) return next(t) ~= nil and t or nil end

-- Each a list of {NAME, percentage}; NAME is country, gender, age, city_name, type.
local audiences = {
  audience_countries = "country", audience_genders = "gender", audience_ages = "age", audience_cities = "city",
  audience_types = "type",
}

local function groups_of(list)
  local groups = {}
  for _, entry in ipairs(list) do
    local group, share
    for name, v in pairs(object(entry) and entry or {}) do
      if json.kind(v) == "string" and not tonumber(v) then group = v end
      if (name == "percentage" or name == "value") and tonumber(v) then share = tonumber(v) end
    end
    if group and share then groups[group] = share end
  end
  return filled(groups)
end

local function audience_of(v)
  local audience = {}
  for name, dimension in pairs(audiences) do
    if array(v[name]) then audience[dimension] = groups_of(v[name]) end
  end
  return filled(audience)
end

local taken = { item_id = true, create_time = true, video_duration = true, video_views = true, likes = true, shares = true,
                comments = true, favorites = true, average_time_watched = true }

-- Numbers and lists that no column took, under their own names: reach, impression_sources, full_video_watched_rate, …
local function leftovers(v)
  local extra = {}
  for name, value in pairs(v) do
    local kept = json.kind(value) == "number" or array(value) or object(value)
    if kept and not taken[name] and not audiences[name] then extra[name] = value end
  end
  return filled(extra)
end

function M.videos(doc, out)
  for _, v in ipairs(doc.data.videos) do
    if not object(v) or not known(v.item_id) then
      out.bad("missing_id", "this video has no item_id", v)
    else
      out.post { id = v.item_id, title = text(v.caption), caption = text(v.caption), url = text(v.share_url),
                 published_at = tonumber(v.create_time), duration_s = v.video_duration }
      out.counts { views = v.video_views, likes = v.likes, shares = v.shares, comments = v.comments, saves = v.favorites,
                   average_watch_time = v.average_time_watched, audience = audience_of(v), extra = leftovers(v) }
    end
  end
end

-- --- accounts ----------------------------------------------------------------------------------------------------------------

local function numbers(v, names)
  local metrics = {}
  for _, name in ipairs(names) do
    if tonumber(v[name]) then metrics[name] = v[name] end
  end
  return metrics
end

-- Business profile: totals beside a list of days, each {date, video_views, profile_views, …}.
local function with_days(metrics, list)
  for _, day in ipairs(array(list) and list or {}) do
    local date = object(day) and text(day.date)
    for name, n in pairs(date and day or {}) do
      if json.kind(n) == "number" then
        local key = name .. ".day"
        metrics[key] = metrics[key] or {}
        metrics[key][date] = n
      end
    end
  end
  return metrics
end

local api_numbers = { "follower_count", "followers_count", "following_count", "likes_count", "total_likes", "video_count",
                      "videos_count" }
local web_numbers = { "followerCount", "followingCount", "heartCount", "heart", "videoCount", "diggCount" }

-- One observation of an account, where the answer says which one it is and anything about it.
local function tell(out, id, handle, metrics, audience)
  if not id or not (next(metrics) or audience) then return false end
  out.account { id = id, handle = handle, metrics = filled(metrics), audience = audience }
  return true
end

-- Whether the document was taken for one account.
function M.account(doc, out, input)
  local user = json.get(doc, "userInfo.user")
  if object(user) then
    local stats = json.get(doc, "userInfo.stats") or json.get(doc, "userInfo.statsV2")
    return tell(out, text(user.id), text(user.uniqueId), object(stats) and numbers(stats, web_numbers) or {})
  end
  user = json.get(doc, "data.user")
  if object(user) then return tell(out, text(user.open_id), text(user.username), numbers(user, api_numbers)) end
  local data = json.get(doc, "data")
  if not object(data) or not text(data.username) then return false end
  local asked = json.kind(input.url) == "string" and input.url:match("[?&]business_id=([%w_-]+)")
  local metrics = with_days(numbers(data, api_numbers), data.metrics)
  return tell(out, asked or data.username, data.username, metrics, audience_of(data))
end

return M
