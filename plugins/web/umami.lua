-- Umami. [{x, y}] says nothing of what x is: that is in the request (type=url, since v3 type=path), or seen from x itself.

local pages = require("pages")
local known = pages.known

local M = {}

local function asked(input)
  local url = json.kind(input.url) == "string" and input.url or ""
  if not url:find("/websites/[^/]+/metrics") then return nil end
  return url:match("[?&]type=(%w+)"), url
end

local function sample(doc)
  local v = json.kind(doc) == "array" and doc[1]
  return json.kind(v) == "object" and v or nil
end

local function is_pair(v) return v and v.x ~= nil and json.kind(v.y) == "number" end
local function is_wide(v) return v and v.name ~= nil and v.pageviews ~= nil and v.visitors ~= nil end

-- {pageviews: {value, change | prev}} (v2), flat with a comparison (v3), {pageviews: [{x, y}], sessions} of the series.
local function totals(doc)
  if json.kind(doc) ~= "object" then return false end
  if json.get(doc, "pageviews.value") ~= nil and json.get(doc, "bounces.value") ~= nil then return 4 end
  if json.kind(doc.pageviews) == "number" and doc.bounces ~= nil and doc.totaltime ~= nil then return 4 end
  return json.kind(doc.pageviews) == "array" and json.kind(doc.sessions) == "array" and 3
end

function M.match(doc, input)
  local v = sample(doc)
  if is_pair(v) or is_wide(v) then
    return (asked(input) ~= nil and 4 or input.platform == "web" and 1) or is_wide(v) and v.totaltime ~= nil and 3
  end
  if json.kind(doc) == "array" and #doc == 0 then return asked(input) ~= nil and 2 end
  return totals(doc)
end

local function range(url)
  local from, to = tonumber(url:match("[?&]startAt=(%d+)")), tonumber(url:match("[?&]endAt=(%d+)"))
  if not from or not to or to <= from then return {} end
  local seconds = math.ceil(to / 1000)
  return { window_start = from // 1000, window_end = seconds % 60 == 59 and seconds + 1 or seconds }
end

function M.parse(doc, out, input)
  if json.kind(doc) == "object" then return out.skip("site") end
  if #doc == 0 then return end
  local kind, url = asked(input)
  if kind ~= nil and kind ~= "url" and kind ~= "path" then return out.skip("site", #doc) end
  local window, collected = url and range(url) or {}, pages.collect()
  for _, v in ipairs(doc) do
    local path = json.kind(v) == "object" and (known(v.x) or known(v.name))
    local is_path = pages.is_page(path) and (kind ~= nil or path:find("^/") ~= nil)
    if not is_path then
      out.skip(kind and "no_page" or "site")
    else
      local wide = v.y == nil
      local extra = wide and { visitors = known(v.visitors), visits = known(v.visits), bounces = known(v.bounces),
                               totaltime = known(v.totaltime) } or nil
      collected.add { id = path, views = wide and v.pageviews or v.y, extra = extra and next(extra) and extra or nil,
                      window_start = window.window_start, window_end = window.window_end }
    end
  end
  collected.write(out)
end

return M
