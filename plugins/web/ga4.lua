-- GA4 Data API. A column means what its header says; numbers are texts; totals, maximums and minimums are no pages.

local pages = require("pages")
local known = pages.known

local M = {}

-- Dimensions that name a page, the best first: with its host a path is unique.
local page_names = { "fullPageUrl", "pageLocation", "pagePathPlusQueryString", "pagePath", "unifiedPagePathScreen" }
local time_names = { "dateHour", "date", "yearMonth" }

local function is_report(doc)
  return json.kind(doc) == "object" and (json.kind(doc.dimensionHeaders) == "array" or json.kind(doc.metricHeaders) == "array")
end

local function reports(doc)
  if is_report(doc) then return { doc } end
  local list = json.kind(doc) == "object" and doc.reports
  return json.kind(list) == "array" and list or nil
end

function M.match(doc)
  if json.kind(doc) ~= "object" then return false end
  local kind = known(doc.kind)
  if json.kind(kind) == "string" and kind:find("^analyticsData#") then return 5 end
  if is_report(doc) then return 3 end
  local list = reports(doc)
  return list ~= nil and is_report(list[1]) and 3
end

local function positions(headers)
  local by, names = {}, {}
  for i, header in ipairs(json.kind(headers) == "array" and headers or {}) do
    local name = json.kind(header) == "object" and known(header.name)
    if name then by[name], names[i] = i, name end
  end
  return by, names
end

local function value(list, i)
  local v = i and json.kind(list) == "array" and list[i]
  return json.kind(v) == "object" and known(v.value) or nil
end

local function first(by, names)
  for _, name in ipairs(names) do
    if by[name] then return by[name], name end
  end
end

-- What else was asked for, and what of it was cut: a sampled or shortened report is not the whole.
local function extra_of(row, names, report)
  local extra = {}
  for i, name in pairs(names) do
    if name ~= "screenPageViews" then extra[name] = value(row.metricValues, i) end
  end
  if json.get(report, "metadata.dataLossFromOtherRow") == true then extra.data_loss = true end
  if known(json.get(report, "metadata.samplingMetadatas.0")) then extra.sampled = true end
  return next(extra) and extra or nil
end

local function rows_of(report, zone, collected, out)
  local by = positions(report.dimensionHeaders)
  local metrics, metric_names = positions(report.metricHeaders)
  local page, page_name = first(by, page_names)
  local rows = json.kind(report.rows) == "array" and report.rows or {}
  if not page then return #rows > 0 and out.skip("site", #rows) or nil end
  local when = first(by, time_names)
  for _, row in ipairs(rows) do
    local dimensions = json.kind(row) == "object" and row.dimensionValues
    local path = value(dimensions, page)
    local range = value(dimensions, by.dateRange)
    if not pages.is_page(path) then
      out.skip("no_page")
    elseif range and range:find("^date_range_[1-9]") then
      out.skip("comparison") -- what the report was compared with, not what it is about
    else
      local host = page_name ~= "fullPageUrl" and page_name ~= "pageLocation" and value(dimensions, by.hostName) or nil
      local one = when and pages.window(value(dimensions, when), zone) or {}
      one.id, one.title = pages.id(host, path), value(dimensions, by.pageTitle)
      one.views, one.extra = value(row.metricValues, metrics.screenPageViews), extra_of(row, metric_names, report)
      collected.add(one)
    end
  end
end

function M.parse(doc, out)
  for _, report in ipairs(reports(doc) or {}) do
    local zone = known(json.get(report, "metadata.timeZone"))
    if json.kind(zone) ~= "string" or not time.is_zone(zone) then zone = "UTC" end
    local collected = pages.collect()
    rows_of(report, zone, collected, out)
    collected.write(out)
  end
end

return M
