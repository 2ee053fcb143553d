-- What every analysis needs: order, time as text, numbers that are fit for an evidence.

local jsonlist = require("tidemark.jsonlist")

local M = { DAY = 86400, WEEK = 7 * 86400 }

--- Keys in order: whatever goes over a table that has no order would make the same data give other bytes.
---@param t table
---@return any[]
function M.keys(t)
  local keys = {}
  for k in pairs(t) do keys[#keys + 1] = k end
  table.sort(keys)
  return keys
end

--- A number that is one: neither nil, NaN nor infinite.
---@param x any
---@return number? x the number, or nil
function M.finite(x)
  if type(x) ~= "number" or x ~= x or x == math.huge or x == -math.huge then return nil end
  return x
end

--- Ten significant digits: what is left of a sum does not depend on the machine's last bits.
---@param x number?
---@return number?
function M.round(x)
  x = M.finite(x)
  return x and tonumber(("%.10g"):format(x)) + 0.0
end

--- A log ratio in percent.
---@param x number?
---@return number?
function M.percent(x)
  x = M.finite(x)
  return x and M.finite(100 * (math.exp(x) - 1))
end

---@param list number[]
---@return number? mean
function M.mean(list)
  if #list == 0 then return nil end
  local sum = 0.0
  for i = 1, #list do sum = sum + list[i] end
  return sum / #list
end

--- Sample variance (n - 1), in two passes.
---@param list number[]
---@return number? variance nil with fewer than two values
function M.variance(list)
  if #list < 2 then return nil end
  local mean, sum = M.mean(list), 0.0
  for i = 1, #list do sum = sum + (list[i] - mean) ^ 2 end
  return sum / (#list - 1)
end

---@param list number[]
---@return number? median nil of nothing
function M.median(list)
  if #list == 0 then return nil end
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local half = #sorted // 2
  if #sorted % 2 == 1 then return sorted[half + 1] end
  return (sorted[half] + sorted[half + 1]) / 2
end

--- Numbers the groups that a key makes, in the order in which they are met.
---@param list table[]
---@param key fun(row: table): any
---@return integer[] groups one per row
---@return integer count
function M.groups(list, key)
  local number, groups, count = {}, {}, 0
  for i = 1, #list do
    local k = key(list[i])
    if not number[k] then
      count = count + 1
      number[k] = count
    end
    groups[i] = number[k]
  end
  return groups, count
end

---@param list any[]?
---@return any[] list marked, so that an empty one is written as [] and not as {}
function M.array(list)
  return jsonlist.array(list or {})
end

-- --- time --------------------------------------------------------------------------------------------------------------------

-- Days since 1970-01-01 of a Gregorian date, and back (the era arithmetic of Howard Hinnant's "chrono-compatible low-level
-- date algorithms").
local function days_of(y, m, d)
  if m <= 2 then y = y - 1 end
  local era = y // 400
  local yoe = y - era * 400
  local doy = (153 * (m + (m > 2 and -3 or 9)) + 2) // 5 + d - 1
  return era * 146097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 719468
end

local function date_of(days)
  local z = days + 719468
  local era = z // 146097
  local doe = z - era * 146097
  local yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
  local doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
  local mp = (5 * doy + 2) // 153
  local m = mp < 10 and mp + 3 or mp - 9
  return yoe + era * 400 + (m <= 2 and 1 or 0), m, doy - (153 * mp + 2) // 5 + 1
end

--- Epoch seconds as ISO 8601, UTC, whole seconds.
---@param epoch number?
---@return string?
function M.iso(epoch)
  epoch = M.finite(epoch)
  if not epoch then return nil end
  local second = math.floor(epoch)
  local day = second // M.DAY
  local y, m, d = date_of(day)
  local rest = second - day * M.DAY
  return ("%04d-%02d-%02dT%02d:%02d:%02dZ"):format(y, m, d, rest // 3600, rest // 60 % 60, rest % 60)
end

--- ISO 8601 text back to epoch seconds. A zone other than +hh[:mm], -hh[:mm] or Z counts as UTC.
---@param text string?
---@return number? epoch nil where it is no time
function M.epoch(text)
  if type(text) ~= "string" then return nil end
  local y, m, d, rest = text:match("^(%d%d%d%d)-(%d%d)-(%d%d)(.*)$")
  if not y then return nil end
  local epoch = days_of(tonumber(y), tonumber(m), tonumber(d)) * M.DAY
  local hour, minute, second, zone = rest:match("^[T ](%d%d):(%d%d):?(%d*)(.*)$")
  if not hour then return epoch end
  epoch = epoch + tonumber(hour) * 3600 + tonumber(minute) * 60 + (tonumber(second) or 0)
  local sign, oh, om = zone:match("([+-])(%d%d):?(%d*)$")
  if sign then
    local offset = tonumber(oh) * 3600 + (tonumber(om) or 0) * 60
    epoch = epoch - (sign == "-" and -offset or offset)
  end
  return epoch
end

--- The ISO 8601 week in which a time lies, UTC: "2026-W47".
---@param epoch number
---@return string
function M.week(epoch)
  local day = math.floor(epoch) // M.DAY
  local thursday = day - (day + 3) % 7 + 3
  local year = date_of(thursday)
  return ("%04d-W%02d"):format(year, (thursday - days_of(year, 1, 1)) // 7 + 1)
end

return M
