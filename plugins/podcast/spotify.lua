-- Spotify for Podcasters. starts = played at all, streams = played for 60 seconds or more: a stream is a view.

local envelope = require("envelope")
local known = envelope.known

local function extra(v)
  local kept = { starts = known(v.starts), listeners = known(v.listeners) }
  return next(kept) and kept or nil
end

local function days(e, out)
  local list = e.data.detailedStreams
  if not e.episode then return #list > 0 and out.skip("account", #list) or nil end
  out.account { id = e.show }
  for _, v in ipairs(list) do
    local day = json.kind(v) == "object" and envelope.day(v.date)
    if not day then
      out.bad("bad_shape", "detailedStreams: date is not a day (YYYY-MM-DD)", v)
    else
      local counts = envelope.day_window(day)
      counts.views, counts.extra = v.streams, extra(v)
      out.post { id = e.episode, account = e.show }
      out.counts(counts)
    end
  end
end

-- The list is asked for from a day to a day. From before the release on, that is all there ever was.
local function window_of(e, v)
  local from = known(json.get(e.data, "metadata.startDate"))
  local to = known(json.get(e.data, "metadata.endDate"))
  local first, released = from and time.parse(from), time.parse(known(v.releaseDate))
  if not first or not to or released and first <= released then return { window = "lifetime" } end
  local start = time.day_start(envelope.day(from), "UTC")
  return { window = "range", window_start = start, window_end = time.next_day(time.parse(envelope.day(to)), "UTC") }
end

local function episode(e, v, out)
  if json.kind(v) ~= "object" or not known(v.id) then return out.bad("missing_id", "this episode has no id", v) end
  local counts = window_of(e, v)
  counts.views, counts.extra = v.streams, extra(v)
  local show = e.show or known(json.get(e.data, "metadata.show.id"))
  out.post { id = v.id, account = show, title = v.name, caption = known(v.description), url = known(v.url),
             published_at = known(v.releaseDate), media_kind = v.hasVideo == true and "video" or "audio",
             features = { language = known(v.language) } }
  out.counts(counts)
end

local function is_list(data, name) return json.kind(data) == "object" and json.kind(data[name]) == "array" end

return {
  { match = function(data) return is_list(data, "detailedStreams") end, parse = days },
  {
    match = function(data)
      local v = is_list(data, "episodes") and (data.episodes[1] or { streams = 0 })
      return json.kind(v) == "object" and (v.streams ~= nil or v.releaseDate ~= nil)
    end,
    parse = function(e, out)
      if e.show then out.account { id = e.show, handle = known(json.get(e.data, "metadata.show.name")) } end
      for _, v in ipairs(e.data.episodes) do episode(e, v, out) end
    end,
  },
  {
    match = function(data) return json.kind(data) == "object" and data.id ~= nil and data.streams ~= nil end,
    parse = function(e, out) episode(e, e.data, out) end,
  },
  { match = function(data) return is_list(data, "samples") end, parse = envelope.skip("retention") },
  {
    match = function(data)
      return json.get(data, "ageFacetedCounts") ~= nil or json.get(data, "genderedCounts") ~= nil
        or json.get(data, "countryFacetedCounts") ~= nil
    end,
    parse = envelope.skip("demographics"),
  },
  { match = function(data) return is_list(data, "counts") and json.get(data, "counts.0.count") ~= nil end,
    parse = envelope.skip("account", "counts") },
  {
    match = function(data)
      return json.kind(data) == "object"
        and (data.totalEpisodes ~= nil and data.followers ~= nil or data.count ~= nil and data.start ~= nil)
    end,
    parse = envelope.skip("account"),
  },
}
