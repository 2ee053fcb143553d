-- Apple Podcasts Connect. A play is a start of any length. Counts come per follow state: "*" is everybody.

local envelope = require("envelope")
local known, count, number = envelope.known, envelope.count, envelope.number

local kept = {
  uniquelistenerscount = "unique_listeners", uniqueengagedlistenerscount = "unique_engaged_listeners",
  engagedplayscount = "engaged_plays", totaltimelistened = "total_time_listened_s",
}

local function state_of(v)
  local state = known(v.followstate)
  if state == nil or state == "*" or state == "all" then return "*" end
  return state:lower():find("^not") and "not_followed" or "followed"
end

-- One row's counts from the lines of the follow states. Where nobody wrote the line for all, plays and time are the sum of
-- both; listeners are not (somebody may follow half-way).
local function counts_of(lines, counts)
  local by = {}
  for _, v in ipairs(lines) do
    if json.kind(v) == "object" then by[state_of(v)] = v end
  end
  local all, extra = by["*"], {}
  local yes, no = by.followed, by.not_followed
  local function sum(name)
    if all then return count(all[name]) end
    local a, b = yes and number(yes[name]), no and number(no[name])
    return a and b and a + b or nil
  end
  counts.views = sum("playscount")
  for name, own in pairs(kept) do
    if all or own == "total_time_listened_s" then extra[own] = sum(name) end
  end
  for state, v in pairs(by) do
    if state ~= "*" then extra["plays_" .. state] = count(v.playscount) end
  end
  counts.extra = next(extra) and extra or nil
  return counts
end

local function post_of(id, v, show)
  v = json.kind(v) == "object" and v or {}
  local name = known(v.podcastEpisodeITunesTitle) or known(v.name)
  return { id = id, account = show, title = name, published_at = known(v.releaseDateTime) or known(v.releaseDate),
           duration_s = known(json.get(v, "offers.0.assets.0.duration")), media_kind = "audio",
           features = { guid = known(v.podcastEpisodeGuid), number = known(v.podcastEpisodeNumber),
                        type = known(v.podcastEpisodeType) } }
end

-- The envelope may name another episode than the counts do: the counts are right.
local function details(e, out)
  local v = e.data.episodePlayCountAllTime
  local id = known(v.episodeid) or e.episode
  if not id then return out.bad("missing_id", "episodePlayCountAllTime has no episodeid", v) end
  local show = known(v.podcastid) or e.show
  out.post(post_of(id, json.get(e.data, "content.results." .. tostring(id)), show))
  out.counts(counts_of({ v }, {}))
  out.account { id = show }
end

-- All-time counts of the episodes of a show, beside their facts.
local function list(e, out)
  local results, plays = json.get(e.data, "content.results"), json.get(e.data, "episodesPlayCount")
  local ids, seen = {}, {}
  for _, from in ipairs { results, plays } do
    if json.kind(from) == "object" then
      for id in pairs(from) do
        if not seen[id] then ids[#ids + 1], seen[id] = id, true end
      end
    end
  end
  table.sort(ids)
  for _, id in ipairs(ids) do
    local lines = json.kind(plays) == "object" and plays[id] or {}
    if json.kind(lines) == "object" then lines = { known(lines.latestValue) or lines } end
    out.post(post_of(id, json.kind(results) == "object" and results[id] or nil, e.show))
    if json.kind(lines) == "array" or #lines > 0 then out.counts(counts_of(lines, {})) end
  end
end

-- Days of each episode; the show's own days are dropped.
local function trends(e, out)
  local by_episode = json.get(e.data, "episodesPlayCountTrends")
  for id, lines in pairs(json.kind(by_episode) == "object" and by_episode or {}) do
    local days, by = {}, {}
    for _, v in ipairs(json.kind(lines) == "array" and lines or {}) do
      local day = json.kind(v) == "object" and envelope.day(v.timebucket)
      if not day then
        out.bad("bad_shape", "episodesPlayCountTrends: timebucket is not a day (YYYYMMDD)", v)
      else
        if not by[day] then days[#days + 1], by[day] = day, {} end
        table.insert(by[day], v)
      end
    end
    for _, day in ipairs(days) do
      local v = by[day][1]
      out.post { id = known(v.episodeid) or id, account = known(v.podcastid) or e.show }
      out.counts(counts_of(by[day], envelope.day_window(day)))
    end
  end
  local show = json.get(e.data, "showPlayCountTrends")
  if json.kind(show) == "array" and #show > 0 then out.skip("account", #show) end
end

local function has(name)
  return function(data) return json.kind(data) == "object" and json.kind(data[name]) == "object" end
end

return {
  { match = has("episodePlayCountAllTime"), parse = details },
  { match = has("episodesPlayCountTrends"), parse = trends },
  {
    match = function(data)
      return json.kind(json.get(data, "content.results")) == "object" or has("episodesPlayCount")(data)
    end,
    parse = list,
  },
  {
    match = function(data)
      return json.kind(data) == "object" and (data.measure ~= nil or data.showPlayCountTrends ~= nil
        or data.followerAllTimeTrends ~= nil or data.followerGrowthTrends ~= nil)
    end,
    parse = envelope.skip("account"),
  },
}
