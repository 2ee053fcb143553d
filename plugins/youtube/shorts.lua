-- Which videos are Shorts. The Data API does not say it: a frame that is not wider than high says it together with the length,
-- where the request asked for the player (with maxHeight or maxWidth) or the owner for the file.

local M = {}

local function size(v)
  local w, h = tonumber(json.get(v, "player.embedWidth")), tonumber(json.get(v, "player.embedHeight"))
  if w and h then return w, h end
  local stream = json.get(v, "fileDetails.videoStreams.0")
  w, h = tonumber(json.get(stream, "widthPixels")), tonumber(json.get(stream, "heightPixels"))
  local turned = json.get(stream, "rotation")
  if turned == "clockwise" or turned == "counterClockwise" then w, h = h, w end
  return w, h
end

function M.has_frame(v)
  local w, h = size(v)
  return w ~= nil and h ~= nil
end

-- Three minutes since 2024-10-15, one before.
local function longest(published)
  local at = json.kind(published) == "string" and time.parse(published)
  return at and at < time.parse("2024-10-15T00:00:00Z") and 60 or 180
end

-- "short", "video", or nil where the payload cannot tell.
function M.kind(v)
  local w, h = size(v)
  if not w or not h then return nil end
  if h < w then return "video" end
  local text = json.get(v, "contentDetails.duration")
  local seconds = json.kind(text) == "string" and time.duration(text)
  if not seconds then return nil end
  return seconds <= longest(json.get(v, "snippet.publishedAt")) and "short" or "video"
end

local counted = { viewCount = true, likeCount = true, commentCount = true }

local function row(v, out)
  local account = json.get(v, "snippet.channelId")
  local function fact(path) return json.get(v, path) end
  out.post {
    id = v.id, account = account, title = fact("snippet.title"), caption = fact("snippet.description"),
    published_at = fact("snippet.publishedAt"), tags = fact("snippet.tags"), duration_s = fact("contentDetails.duration"),
    media_kind = M.kind(v),
    features = { category_id = fact("snippet.categoryId"), language = fact("snippet.defaultAudioLanguage") },
  }
  local extra = {}
  for name, n in pairs(json.kind(v.statistics) == "object" and v.statistics or {}) do
    if not counted[name] then extra[name] = n end
  end
  out.counts { views = fact("statistics.viewCount"), likes = fact("statistics.likeCount"),
               comments = fact("statistics.commentCount"), extra = next(extra) and extra or nil }
  if json.kind(account) == "string" then out.account { id = account } end
end

function M.videos(doc, out)
  for _, v in ipairs(doc.items) do
    if json.kind(v) ~= "object" or v.id == nil or v.id == json.null then
      out.bad("missing_id", "this video has no id", v)
    else
      row(v, out)
    end
  end
end

return M
