-- Twitch: videos and clips of the Helix API.
-- Which shape becomes what, and why: README.md.

-- "3h45m54s"; the clips' seconds are a number already. What is neither stays as it came, for the note it deserves.
local function seconds(text)
  if json.kind(text) ~= "string" then return text end
  local total, rest = 0, text
  for n, unit in text:gmatch("(%d+)([hms])") do
    total = total + tonumber(n) * (unit == "h" and 3600 or unit == "m" and 60 or 1)
    rest = rest:gsub("^%d+[hms]", "")
  end
  return rest == "" and text ~= "" and total or text
end

local function known(v)
  if v ~= nil and v ~= json.null and v ~= "" then return v end
  return nil
end

local function first(doc)
  local v = json.get(doc, "data.0")
  return json.kind(v) == "object" and v or nil
end

-- Users, streams and channels have counts and names too: a video has a length, and a clip what it was cut from.
local function videos(doc)
  local v = first(doc)
  return v and v.id ~= nil and v.user_id ~= nil and v.duration ~= nil and (v.viewable ~= nil or v.view_count ~= nil) and 5
end

local function clips(doc)
  local v = first(doc)
  return v and v.id ~= nil and v.broadcaster_id ~= nil and (v.creator_id ~= nil or v.embed_url ~= nil)
    and (v.view_count ~= nil or v.thumbnail_url ~= nil) and 5
end

-- How long the muted parts are together; null and [] are not the same: null = never looked for.
local function muted(list)
  if json.kind(list) ~= "array" then return nil end
  local total = 0
  for _, one in ipairs(list) do
    local n = json.kind(one) == "object" and one.duration
    total = total + (json.kind(n) == "number" and n or 0)
  end
  return total
end

local function video(v, out)
  if json.kind(v) ~= "object" or not known(v.id) then return out.bad("missing_id", "this video has no id", v) end
  out.post {
    id = v.id, account = known(v.user_id), title = v.title, caption = known(v.description), url = v.url,
    published_at = known(v.published_at) or v.created_at, duration_s = seconds(v.duration), media_kind = "video",
    features = { language = known(v.language), type = known(v.type), stream_id = known(v.stream_id) },
  }
  local count = known(v.view_count)
  local extra = { viewable = known(v.viewable), muted_seconds = muted(v.muted_segments) }
  out.counts { views = count, extra = next(extra) and extra or nil }
  if known(v.user_id) then out.account { id = v.user_id, handle = known(v.user_login) or known(v.user_name) } end
end

-- What else a page of Helix may hold, by fields that only it has.
local others = {
  { "stream", { "viewer_count", "started_at" } },
  { "account", { "broadcaster_type" } }, { "account", { "login", "display_name" } },
  { "account", { "broadcaster_login", "game_name" } }, { "account", { "followed_at" } },
  { "account", { "broadcaster_login", "display_name", "thumbnail_url" } },
  { "reference", { "box_art_url" } }, { "reference", { "user_login", "tier" } },
  { "reference", { "emote_type" } }, { "reference", { "set_id", "versions" } },
}
local function what_else(doc)
  local v = first(doc)
  if not v or json.kind(doc.pagination) ~= "object" and json.kind(doc.total) ~= "number" and v.broadcaster_type == nil
    and v.game_name == nil then return nil end
  for _, other in ipairs(others) do
    local all = true
    for _, field in ipairs(other[2]) do all = all and v[field] ~= nil end
    if all then return other[1] end
  end
end

-- {"data": [], "pagination": {}}: nothing else has a pagination that is empty or holds a cursor alone.
local function nothing(doc)
  if json.kind(doc) ~= "object" or json.kind(doc.data) ~= "array" or #doc.data > 0 then return false end
  if json.kind(doc.pagination) ~= "object" then return false end
  for key in pairs(doc) do
    if key ~= "data" and key ~= "pagination" and key ~= "total" then return false end
  end
  for key in pairs(doc.pagination) do
    if key ~= "cursor" then return false end
  end
  return 3
end

-- {error, status, message} and no more: frameworks that answer alike add a path, a timestamp or a trace.
local function failed(doc)
  if json.kind(doc) ~= "object" or json.kind(doc.status) ~= "number" or json.kind(doc.message) ~= "string" then return false end
  for key in pairs(doc) do
    if key ~= "error" and key ~= "status" and key ~= "message" then return false end
  end
  return json.kind(doc.error) == "string" and 3
end

return {
  name = "twitch", api = 1, about = "Videos and clips from the Twitch Helix API.",
  parsers = {
    ["twitch.videos"] = {
      about = "videos: broadcasts, highlights and uploads, counts since publishing",
      match = videos,
      parse = function(doc, out)
        for _, v in ipairs(doc.data) do video(v, out) end
      end,
    },
    ["twitch.clips"] = {
      about = "clips: counts since they were cut",
      match = clips,
      each = "data",
      post = { id = "id", account = "broadcaster_id", title = "title", url = "url", published_at = "created_at",
               duration_s = "duration",
               features = { language = "language", game_id = "game_id", video_id = "video_id", creator_id = "creator_id",
                            vod_offset = "vod_offset", is_featured = "is_featured" } },
      counts = { views = "view_count" },
      account = { id = "broadcaster_id", handle = "broadcaster_name" },
    },
    ["twitch.other"] = {
      about = "users, channels, streams, followers, games: no content",
      match = function(doc) return what_else(doc) ~= nil and 3 end,
      parse = function(doc, out) out.skip(what_else(doc), #doc.data) end,
    },
    ["twitch.empty"] = { about = "a page without results", match = nothing, parse = function() end },
    ["twitch.error"] = {
      about = "{error, status, message}",
      match = failed,
      refuse = { code = "status", text = "message" },
    },
    ["twitch.error_oauth"] = {
      about = "the token endpoint: {status, message}",
      match = function(doc, input)
        return input.platform == "twitch" and json.kind(doc) == "object" and json.kind(doc.status) == "number"
          and json.kind(doc.message) == "string" and doc.error == nil and 2
      end,
      refuse = { code = "status", text = "message" },
    },
  },
}
