-- What all sources of page views share: one row per page and window, summed over whatever else the rows were split by.

local M = {}

function M.known(v)
  if v ~= nil and v ~= json.null and v ~= "" then return v end
  return nil
end
local known = M.known

-- What stands where no page is: the rest that was cut off, and visits without one.
local none = { ["(not set)"] = true, ["(other)"] = true, ["(none)"] = true, [""] = true }
function M.is_page(v) return json.kind(v) == "string" and not none[v] and not v:find("^RESERVED_") end

-- A path is unique within its host only.
function M.id(host, path)
  host = known(host)
  if host == nil or none[host] or path == host or path:sub(1, #host + 1) == host .. "/" or path:find("^https?://") then
    return path
  end
  return path:find("^/") and host .. path or host .. "/" .. path
end

local function number(v)
  local n = tonumber(known(v))
  return n and (math.tointeger(n) or n) or nil
end

-- Sums that stay numbers a count can be.
local function add(a, b)
  if a == nil then return b end
  local x, y = number(a), number(b)
  if not x or not y then return a end
  local sum = x + y
  if math.type(sum) == "integer" and (x >= 0) == (y >= 0) and (sum >= 0) ~= (x >= 0) then sum = x + 0.0 + y end
  return sum
end

-- Metrics whose parts add up to the whole; of all others (visitors, rates, averages) the sum means nothing.
local additive = {
  screenPageViews = true, eventCount = true, pageviews = true, events = true, keyEvents = true, conversions = true,
  userEngagementDuration = true, total_events = true, totaltime = true,
}

-- Collects rows: add{id, title, window…, views, extra} and write(out) in the order in which pages came first.
function M.collect()
  local list, by = {}, {}
  local self = {}

  function self.add(row)
    local key = ("%s\0%s\0%s"):format(row.id, tostring(row.window_start), tostring(row.window_end))
    local old = by[key]
    if not old then
      by[key], list[#list + 1] = row, row
      return
    end
    if known(row.views) then old.views = known(old.views) and add(old.views, row.views) or row.views end
    local extra = {}
    for name, v in pairs(old.extra or {}) do
      local other = row.extra and row.extra[name]
      if additive[name] and other ~= nil then
        extra[name] = add(v, other)
      elseif v == other and not number(v) then
        extra[name] = v -- said of the report, not of the row
      end
    end
    old.extra = next(extra) and extra or nil
    if old.title ~= row.title then old.title = old.title or row.title end
  end

  function self.write(out, account)
    if account then out.account { id = account } end
    for _, row in ipairs(list) do
      out.post { id = row.id, account = account, title = row.title, url = row.url, media_kind = "page" }
      out.counts { views = row.views, window = row.window or "range", window_start = row.window_start,
                   window_end = row.window_end, extra = row.extra }
    end
  end

  return self
end

-- "20240301", "2024-03-01", "202403", "2024030114" … as a window in a zone; nil where it is none.
function M.window(text, zone)
  if json.kind(text) == "number" then text = ("%d"):format(math.tointeger(text) or 0) end
  if json.kind(text) ~= "string" then return nil end
  local y, m, d, rest = text:match("^(%d%d%d%d)%-?(%d%d)%-?(%d%d)(.*)$")
  if y then
    local start = time.day_start(("%s-%s-%s"):format(y, m, d), zone)
    if not start then return nil end
    local hour = tonumber(rest:match("^[T ]?(%d%d)"))
    if not hour then return { window = "day", window_start = start, window_end = time.next_day(start, zone) } end
    local from = time.add(start, hour .. " hours", zone)
    return { window = "range", window_start = from, window_end = from + 3600 }
  end
  y, m = text:match("^(%d%d%d%d)%-?(%d%d)$")
  local start = y and time.day_start(("%s-%s-01"):format(y, m), zone)
  if not start then return nil end
  return { window = "range", window_start = start, window_end = time.add(start, "1 month", zone) }
end

return M
