-- Plausible. v2 values are positional: the query beside them says what each is. v1 values have names.

local pages = require("pages")
local known = pages.known

local M = {}

function M.match(doc)
  return json.kind(json.get(doc, "results")) == "array" and json.kind(json.get(doc, "query.metrics")) == "array"
    and json.get(doc, "query.site_id") ~= nil and 5
end

local function index(list)
  local by = {}
  for i, name in ipairs(json.kind(list) == "array" and list or {}) do by[name] = i end
  return by
end

-- "2024-09-04T00:00:00+02:00" and the like; the end's last second is inside.
local function range(query)
  local from, to = known(json.get(query, "date_range.0")), known(json.get(query, "date_range.1"))
  local first, last = from and time.parse(from), to and time.parse(to)
  if not first or not last or last < first then return {} end
  last = #to == 10 and time.next_day(last, "UTC") or last
  local seconds = math.tointeger(last)
  if seconds and seconds % 60 == 59 then last = last + 1 end
  local days = (last - first) / 86400
  return { window = days == 1 and "day" or "range", window_start = first, window_end = last }
end

-- A bucket of time: its beginning, on the site's clock, whose offset the range shows.
local spans = { ["time:day"] = "1 day", ["time:hour"] = "1 hour", ["time:minute"] = "1 minute", ["time:week"] = "7 days",
                ["time:month"] = "1 month", time = nil }
local function bucket(query, name, text)
  local span = spans[name]
  if not span or json.kind(text) ~= "string" then return nil end
  local offset = (known(json.get(query, "date_range.0")) or ""):match("[+-]%d%d:%d%d$") or "Z"
  if text:find("^%d%d%d%d%-%d%d%-%d%d$") then text = text .. "T00:00:00" end
  local first = time.parse(text:gsub(" ", "T") .. offset)
  if not first then return nil end
  local window = name == "time:day" and "day" or name == "time:week" and "week" or "range"
  return { window = window, window_start = first, window_end = time.add(first, span, "UTC") }
end

local function time_dimension(by)
  for name, i in pairs(by) do
    if spans[name] then return i, name end
  end
end

-- A filter on anything but the page leaves only a part of the page's views.
local function partial(filters)
  for _, filter in ipairs(json.kind(filters) == "array" and filters or {}) do
    local on = json.kind(filter) == "array" and filter[2]
    if on ~= "event:page" and on ~= "event:hostname" then return true end
  end
  return false
end

local function extra_of(row, names, filtered, meta)
  local extra = {}
  for i, name in ipairs(names) do
    if name ~= "pageviews" and json.kind(row.metrics) == "array" then extra[name] = known(row.metrics[i]) end
  end
  if filtered then extra.filtered = true end
  if json.kind(meta) == "object" then
    extra.imports_skipped = known(meta.imports_skip_reason)
    local warning = json.get(meta, "metric_warnings.pageviews")
    extra.warning = known(json.get(warning, "code")) or known(warning)
  end
  return next(extra) and extra or nil
end

function M.parse(doc, out)
  local query = doc.query
  local dimensions, metrics = index(query.dimensions), index(query.metrics)
  local page = dimensions["event:page"]
  if not page then return #doc.results > 0 and out.skip("site", #doc.results) or nil end
  local at, unit = time_dimension(dimensions)
  local whole, filtered, collected = range(query), partial(query.filters), pages.collect()
  for _, row in ipairs(doc.results) do
    local values = json.kind(row) == "object" and row.dimensions
    local path = json.kind(values) == "array" and values[page]
    if not pages.is_page(path) then
      out.skip("no_page")
    else
      local one = at and bucket(query, unit, values[at])
      if at and not one then
        out.bad("bad_shape", unit .. " of this row is no time", row)
      else
        local window = one or whole
        local host = dimensions["event:hostname"] and values[dimensions["event:hostname"]]
        local views = metrics.pageviews and json.kind(row.metrics) == "array" and row.metrics[metrics.pageviews] or nil
        collected.add {
          id = pages.id(host, path), views = views, extra = extra_of(row, query.metrics, filtered, doc.meta),
          window = window.window, window_start = window.window_start, window_end = window.window_end,
        }
      end
    end
  end
  collected.write(out, known(query.site_id))
end

-- v1: a breakdown's rows, a time series' rows, or the totals as {metric: {value}}.
local v1_metrics = { "visitors", "pageviews", "visits", "events", "bounce_rate", "visit_duration" }
local function v1_sample(doc)
  if json.kind(doc) ~= "object" or doc.query ~= nil then return nil end
  local results = doc.results
  local v = results
  if json.kind(results) == "array" then v = results[1] end
  if json.kind(v) ~= "object" then return nil end
  for _, name in ipairs(v1_metrics) do
    local listed = json.kind(results) == "array" and json.kind(v[name]) == "number"
    if listed or json.get(v, name .. ".value") ~= nil then return v end
  end
end

function M.match_v1(doc) return v1_sample(doc) ~= nil and 3 end

function M.parse_v1(doc, out)
  local list = doc.results
  if json.kind(list) ~= "array" then return out.skip("site") end
  if list[1].page == nil then return out.skip("site", #list) end
  local collected = pages.collect()
  for _, row in ipairs(list) do
    if json.kind(row) ~= "object" or not pages.is_page(row.page) then
      out.skip("no_page")
    else
      local extra = {}
      for name, v in pairs(row) do
        if name ~= "page" and name ~= "pageviews" then extra[name] = known(v) end
      end
      collected.add { id = row.page, views = row.pageviews, extra = next(extra) and extra or nil }
    end
  end
  collected.write(out)
end

return M
