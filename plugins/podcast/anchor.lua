-- Anchor (now Spotify for Creators): tables of rows with headers, and lists of episodes.

local envelope = require("envelope")
local known, count = envelope.known, envelope.count

local function kind_of(e) return known(json.get(e.data, "kind")) or e.endpoint end
local function rows_of(e)
  local rows = json.get(e.data, "data.rows") or json.get(e.data, "rows")
  return json.kind(rows) == "array" and rows or nil
end
local function headers_of(e) return json.get(e.data, "data.columnHeaders") or json.get(e.data, "columnHeaders") end

local function is(...)
  local kinds = { ... }
  return function(_, e)
    if not rows_of(e) then return false end
    for _, kind in ipairs(kinds) do
      if kind_of(e) == kind then return true end
    end
    return false
  end
end

-- Which column a name means; headers say it, in words that changed over the years.
local function column(e, ...)
  local headers = headers_of(e)
  for _, pattern in ipairs { ... } do
    for i, header in ipairs(json.kind(headers) == "array" and headers or {}) do
      local name = known(json.get(header, "name"))
      if name and name:lower():gsub("[%s_]", ""):find(pattern) then return i end
    end
  end
end

-- Plays of an episode per interval (seconds; a day unless said otherwise). Without an episode they are the show's.
local function plays(e, out)
  local rows = rows_of(e)
  if not e.episode then return #rows > 0 and out.skip("account", #rows) or nil end
  local step = envelope.number(json.get(e.data, "parameters.timeInterval")) or 86400
  local at, n = column(e, "time", "date") or 1, column(e, "plays") or 2
  if e.show then out.account { id = e.show } end
  for _, row in ipairs(rows) do
    local start = json.kind(row) == "array" and tonumber(row[at])
    if not start then
      out.bad("bad_shape", "plays: the time of this row is no number of seconds", row)
    else
      local window = step == 86400 and "day" or step == 604800 and "week" or "range"
      out.post { id = e.episode, account = e.show }
      out.counts { views = count(row[n]), window = window, window_start = start, window_end = start + step }
    end
  end
end

-- Average listening time, beside the share that got to each quarter.
local function aggregated(e, out)
  local values = {}
  for _, row in ipairs(rows_of(e)) do
    if json.kind(row) == "array" and json.kind(row[1]) == "string" then values[row[1]] = count(row[2]) end
  end
  if not e.episode then return out.skip("account") end
  local average = values.averageListenSeconds
  values.averageListenSeconds = nil
  if e.show then out.account { id = e.show } end
  out.post { id = e.episode, account = e.show }
  out.counts { average_watch_time = average, extra = next(values) and values or nil }
end

-- All-time plays of a show's episodes: [title, number, plays, published, rank, id].
local function by_episode(e, out)
  local id = column(e, "webepisodeid", "uri", "podcastepisodeid", "episodeid", "^id$")
  local n, title = column(e, "plays", "streams"), column(e, "title", "name", "^episode$")
  local published = column(e, "publish", "time", "date")
  for _, row in ipairs(rows_of(e)) do
    local wide = json.kind(row) == "array" and #row >= 6
    local own = json.kind(row) == "array" and known(row[id or wide and 6 or 2])
    if json.kind(own) == "string" then own = own:match("([^:/]+)/?$") end
    if not own then
      out.bad("missing_id", "totalPlaysByEpisode: this row names no episode", row)
    else
      local at = tonumber(row[published or wide and 4 or 0])
      out.post { id = own, account = e.show, title = known(row[title or 1]), published_at = at and at > 0 and at or nil }
      out.counts { views = count(row[n or wide and 3 or 2]) }
    end
  end
end

local function epoch(v)
  local n = tonumber(known(v))
  return n and n > 0 and n or nil
end

local function episode(e, v, out)
  local id = json.kind(v) == "object" and (known(v.webEpisodeId) or known(v.podcastEpisodeId) or known(v.episodeId))
  if not id then return out.bad("missing_id", "this episode has no id", v) end
  out.post { id = id, account = e.show or known(json.get(e.data, "podcastId")), title = known(v.title),
             caption = known(v.description), url = known(v.url) or known(v.shareLinkPath),
             published_at = epoch(v.publishOnUnixTimestamp) or known(v.publishOn) or epoch(v.createdUnixTimestamp),
             media_kind = v.isVideoEpisode == true and "video" or "audio",
             features = { trailer = known(v.isTrailer), ads = known(v.adCount) } }
  local extra = { duration = count(v.duration) } -- in a unit that Anchor does not say
  out.counts { views = count(v.totalPlays), extra = next(extra) and extra or nil }
end

local function list_of(e)
  for _, list in ipairs { e.data, json.get(e.data, "podcastEpisodes") or false, json.get(e.data, "episodes") or false } do
    if json.kind(list) == "array" then return list end
  end
end

local demographics = is("playsByAgeRange", "playsByGender", "playsByGeo", "playsByGeoCity")

return {
  { match = is("plays", "episodePlays"), parse = plays },
  { match = is("aggregatedPerformance"), parse = aggregated },
  { match = is("performance", "episodePerformance"), parse = envelope.skip("retention") },
  { match = is("totalPlaysByEpisode"), parse = by_episode },
  { match = demographics, parse = envelope.skip("demographics") },
  {
    match = is("totalPlays", "audienceSize", "uniqueListeners", "playsByApp", "playsByDevice", "playsByEpisode", "impressions"),
    parse = envelope.skip("account"),
  },
  {
    match = function(_, e)
      local list = list_of(e)
      local v = list and list[1]
      return list and (v == nil and e.wrapped or json.kind(v) == "object"
        and (v.webEpisodeId ~= nil or v.podcastEpisodeId ~= nil))
    end,
    parse = function(e, out)
      for _, v in ipairs(list_of(e)) do episode(e, v, out) end
    end,
  },
}
