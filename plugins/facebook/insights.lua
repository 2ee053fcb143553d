-- Insights: a list of metrics, each {name, period, values[] and/or total_value, id "OBJECT/insights/NAME/PERIOD"}.
-- The same name may come for several periods in one answer: the period says which, never the order.

local M = {}

local zone = "America/Los_Angeles" -- Meta's days
local spans = { day = "1d", week = "7d", days_28 = "28d" }

local own_prefix = { "^post_", "^page_", "^total_video_", "^blue_reels_", "^fb_reels_" }
local of_page = { "^page_fans_", "^page_follows_", "_by_age_gender", "_by_city", "_by_country", "_by_locale" }
local of_viewers = { "_by_age_bucket_and_gender$", "_by_region_id$", "_by_country$" }

local function any(patterns, name)
  for _, p in ipairs(patterns) do
    if name:find(p) then return true end
  end
  return false
end

local function object(v) return json.kind(v) == "object" end
local function array(v) return json.kind(v) == "array" end

function M.is_metric(v)
  return object(v) and json.kind(v.name) == "string" and (array(v.values) or object(v.total_value))
end

-- Whether all names of a list are ones that only Facebook has.
function M.ours(list)
  if not array(list) or not M.is_metric(list[1]) then return false end
  for _, metric in ipairs(list) do
    local name = json.get(metric, "name")
    if json.kind(name) == "string" and not any(own_prefix, name) then return false end
  end
  return true
end

-- Demographics of a page's people; page_fans itself, page_fans_online and page_follows are plain counts.
local function is_demographics(name)
  return name:find("^page_") and any(of_page, name) and not name:find("_online") and not name:find("_unique_day")
end

local function is_account(name) return name:find("^page_") ~= nil end

-- {value, end_time} of a metric.
local function samples(metric)
  if array(metric.values) and #metric.values > 0 then return metric.values end
  return object(metric.total_value) and { metric.total_value } or {}
end

-- Where a period that ended at this time began.
local function window_of(period, sample)
  local span = spans[period]
  local last = span and json.kind(sample.end_time) == "string" and time.parse(sample.end_time)
  return last and { kind = period, first = time.sub(last, span, zone), last = last, key = period .. last }
end

local lifetime = { kind = "lifetime", key = "" }

local function put(found, id, window, name, value)
  local key = id .. " " .. window.key
  local series = found.by[key]
  if not series then
    series = { id = id, window = window, values = {} }
    found.by[key], found.list[#found.list + 1] = series, series
  end
  series.values[name] = value
end

-- The newest of the values that are there, and all of them by the time they are of where each has one.
local function series_of(metric)
  local newest, by_time = nil, {}
  for _, sample in ipairs(samples(metric)) do
    if object(sample) and sample.value ~= nil and sample.value ~= json.null then
      newest = sample.value
      if json.kind(sample.end_time) == "string" then by_time[sample.end_time] = sample.value end
    end
  end
  return newest, next(by_time) and by_time or newest
end

-- A page's numbers under NAME.PERIOD, each value by the time its period ended; of demographics the newest map.
local function put_account(found, id, metric)
  local page = found.pages[id]
  if not page then
    page = { id = id ~= "" and id or nil, metrics = {}, audience = {} }
    found.pages[id], found.page_list[#found.page_list + 1] = page, page
  end
  local newest, all = series_of(metric)
  if is_demographics(metric.name) then
    if object(newest) then page.audience[metric.name] = newest end
  elseif newest ~= nil then
    local period = json.kind(metric.period) == "string" and metric.period or "lifetime"
    page.metrics[period == "lifetime" and metric.name or metric.name .. "." .. period] = all
  end
end

local function take(found, metric, id, out)
  local period = json.kind(metric.period) == "string" and metric.period or "lifetime"
  for _, sample in ipairs(samples(metric)) do
    local window = period == "lifetime" and lifetime or object(sample) and window_of(period, sample)
    if not window then
      out.bad("bad_shape", "a value of a period needs its end_time", metric)
    else
      put(found, id, window, metric.name, sample.value)
    end
  end
end

-- What a list of metrics holds: .list of { id, window, values by name } in the order of first appearance, .page_list of
-- { id, metrics, audience }. fallback: the id where a metric carries none.
function M.collect(list, fallback, out)
  local found = { list = {}, by = {}, page_list = {}, pages = {} }
  for _, metric in ipairs(list) do
    local id = M.is_metric(metric) and json.kind(metric.id) == "string" and metric.id:match("^([^/]+)/insights/") or fallback
    if not M.is_metric(metric) then
      out.bad("bad_shape", "no metric: name and values or total_value are expected", metric)
    elseif is_account(metric.name) then
      put_account(found, id or "", metric)
    elseif not id then
      out.bad("missing_id", "this metric has no id (POST/insights/NAME/PERIOD) and the request is not known", metric)
    else
      take(found, metric, id, out)
    end
  end
  return found
end

local view_names = {
  "post_media_view", "post_impressions", "total_video_views", "fb_reels_total_plays", "blue_reels_play_count",
}
local reactions_by_type = {
  "post_reactions_by_type_total", "total_video_reactions_by_type_total", "post_video_likes_by_reaction_type",
}
local watch_names = { "post_video_avg_time_watched", "total_video_avg_time_watched" }

local function first_number(values, names)
  for _, name in ipairs(names) do
    local n = tonumber(values[name])
    if n then return values[name], n end
  end
end

local function sum(map)
  local total
  for _, v in pairs(map) do
    local n = tonumber(v)
    if n then total = (total or 0) + n end
  end
  return total
end

-- All reactions: of the map of kinds, else of the metrics of one kind each (post_reactions_love_total).
local function reactions(values)
  for _, name in ipairs(reactions_by_type) do
    if object(values[name]) then
      local total = sum(values[name])
      if total then return total end
    end
  end
  local kinds = {}
  for name, v in pairs(values) do
    if name:find("^post_reactions_%a+_total$") then kinds[#kinds + 1] = v end
  end
  return sum(kinds)
end

local function says_something(v)
  if not object(v) then return json.kind(v) == "number" end
  local step, members, start = pairs(v)
  return step(members, start) ~= nil
end

-- Values by name as counts. Everything is kept under its own name too: views by the old and by the new name are not the same.
function M.counts(values)
  local counts, extra, audience = {}, {}, {}
  counts.views = first_number(values, view_names)
  counts.likes = reactions(values)
  local _, ms = first_number(values, watch_names)
  counts.average_watch_time = ms and ms / 1000 or nil
  for name, v in pairs(values) do
    if any(of_viewers, name) and object(v) then
      audience[name] = v
    elseif name ~= watch_names[1] and name ~= watch_names[2] and says_something(v) then
      extra[name] = v
    end
  end
  counts.extra = next(extra) and extra or nil
  counts.audience = next(audience) and audience or nil
  return counts
end

-- A window's counts for out.counts.
function M.windowed(series)
  local counts = M.counts(series.values)
  counts.window, counts.window_start, counts.window_end = series.window.kind, series.window.first, series.window.last
  return counts
end

-- What is about a page: one observation of it.
function M.pages(found, out)
  for _, page in ipairs(found.page_list) do
    local metrics, audience = next(page.metrics) and page.metrics or nil, next(page.audience) and page.audience or nil
    if metrics or audience then
      out.account { id = page.id, metrics = metrics, audience = audience }
    else
      out.skip("account")
    end
  end
end

return M
