-- analytics-reporter: GA4 reports as {name, query, meta, data, totals, taken_at} or CSV, with columns renamed.

local pages = require("pages")
local known = pages.known

local M = {}

function M.match(doc)
  return json.kind(doc) == "object" and json.kind(doc.data) == "array" and json.kind(doc.name) == "string"
    and json.kind(doc.meta) == "object" and (doc.taken_at ~= nil or json.kind(doc.query) == "object") and 5
end

local function views_of(v)
  local views = v.pageviews
  if views == nil then views = v.screenPageViews end
  return views
end

-- Nothing but pages: downloads and outbound links count events on a page.
local function is_page_row(v)
  return json.kind(v) == "object" and (v.page ~= nil or v.page_title ~= nil) and views_of(v) ~= nil
    and v.event_label == nil and v.total_events == nil and v.outbound_link == nil
end

local renamed = { page = true, page_title = true, domain = true, pageviews = true, screenPageViews = true, date = true }

local function add(collected, v, out, range)
  local page = known(v.page) or known(v.page_title)
  if not pages.is_page(page) then return out.skip("no_page") end
  local window = known(v.date) and pages.window(v.date, "UTC") or {}
  local extra = { start_date = range[1], end_date = range[2] }
  for name, value in pairs(v) do
    if not renamed[name] then extra[name] = known(value) end
  end
  -- A title is no path: what is left of its host and it is only a name.
  local id = known(v.page) and pages.id(v.domain, page) or known(v.domain) and v.domain .. " " .. page or page
  collected.add { id = id, title = known(v.page_title), views = views_of(v), extra = next(extra) and extra or nil,
                  window = window.window, window_start = window.window_start, window_end = window.window_end }
end

-- The range as it was asked for ("7daysAgo"): which days those were, the property's clock knows, and the report does not.
local function rows(list, out, from, to)
  local collected = pages.collect()
  for _, v in ipairs(list) do
    if is_page_row(v) then add(collected, v, out, { known(from), known(to) }) else out.skip("site") end
  end
  collected.write(out)
end

function M.parse(doc, out)
  rows(doc.data, out, json.get(doc, "query.dateRanges.0.startDate"), json.get(doc, "query.dateRanges.0.endDate"))
end

local vocabulary = { "visits", "pageviews", "screenPageViews", "active_visitors", "users", "total_events", "sessions",
                     "totalUsers", "activeUsers" }
function M.match_csv(doc, input)
  if input.format ~= "csv" and json.kind(doc.columns) ~= "array" then return false end
  local has = {}
  for _, name in ipairs(doc.columns) do has[name] = true end
  if (has.page or has.page_title) and (has.pageviews or has.screenPageViews) then return 3 end
  if has.page and has.event_label and has.total_events then return 3 end
  if has.page_title and has.active_visitors then return 3 end
  for _, name in ipairs(vocabulary) do
    if has[name] and input.platform == "web" then return 1 end
  end
  return false
end

function M.parse_csv(doc, out) rows(doc.rows, out) end

return M
