-- The table time of a plugin's sandbox in plain Lua, for specs that run without the host: instants as seconds since 1970,
-- days in a
-- zone by the system's zone files (/usr/share/zoneinfo).

local M = {}

-- Days since 1970-01-01 of a date of the Gregorian calendar (years from March).
local function days_of(y, m, d)
  if m <= 2 then y, m = y - 1, m + 12 end
  return 365 * y + y // 4 - y // 100 + y // 400 + (153 * (m - 3) + 2) // 5 + d - 719469
end

-- A zone file (TZif, version 2 or later): when the offset from UTC changes, and to what.
local function read_zone(name)
  if name == "UTC" then return { [0] = 0, at = {}, offset = {} } end
  if not name:find("^[%w_+/-]+$") or name:find("..", 1, true) then error("no such zone '" .. name .. "'", 0) end
  local f = io.open("/usr/share/zoneinfo/" .. name, "rb")
  local text = f and f:read("a") or ""
  if f then f:close() end
  if text:sub(1, 4) ~= "TZif" or text:byte(5) < 50 then error("no such zone '" .. name .. "'", 0) end
  -- a block's head says how many there are of: standard/wall marks, UT marks, leap seconds, times, types, letters
  local ut, std, leap, times, types, letters = string.unpack(">I4I4I4I4I4I4", text, 21)
  local at = 1 + 44 + times * 5 + types * 6 + letters + leap * 8 + std + ut -- behind the version 1 block
  times, types = string.unpack(">I4I4", text, at + 32)
  at = at + 44
  local zone = { at = {}, offset = {} }
  local kinds = at + times * 8
  local infos = kinds + times
  local function offset_of(kind) return (string.unpack(">i4", text, infos + kind * 6)) end
  for i = 1, times do
    zone.at[i] = string.unpack(">i8", text, at + (i - 1) * 8)
    zone.offset[i] = offset_of(text:byte(kinds + i - 1))
  end
  zone[0] = types > 0 and offset_of(0) or 0
  return zone
end

local zones = {}
local function offset(name, seconds)
  zones[name] = zones[name] or read_zone(name)
  local zone = zones[name]
  local found = zone[0]
  for i, at in ipairs(zone.at) do
    if at > seconds then break end
    found = zone.offset[i]
  end
  return found
end

local function number(text) return math.tointeger(tonumber(text)) end

-- The instant at which a day begins there; where midnight does not exist, the first instant behind it.
local function start_of(days, zone)
  local local_midnight = days * 86400
  local guess = local_midnight - offset(zone, local_midnight - offset(zone, local_midnight))
  return guess + offset(zone, guess) < local_midnight and guess + 3600 or guess
end

--- The instant a day begins in a zone; nil for what is no date.
---@param date string "2026-03-01"
---@param zone string "Europe/Berlin"
---@return integer? seconds
function M.day_start(date, zone)
  local y, m, d = date:match("^(%d%d%d%d)-(%d%d)-(%d%d)$")
  return y and start_of(days_of(number(y), number(m), number(d)), zone) or nil
end

--- The instant the next day begins there.
---@param seconds number
---@param zone string
---@return integer seconds
function M.next_day(seconds, zone)
  local day = (seconds + offset(zone, seconds)) // 86400
  return math.tointeger(start_of(day + 1, zone))
end

--- ISO 8601 to seconds since 1970 (a float where there are fractions); nil for what is no time.
---@param text string
---@return number? seconds
function M.parse(text)
  local y, m, d, rest = text:match("^(%d%d%d%d)-(%d%d)-(%d%d)(.*)$")
  if not y then return nil end
  local seconds = days_of(number(y), number(m), number(d)) * 86400
  if rest == "" then return seconds end
  local h, min, tail = rest:match("^[T ](%d%d):(%d%d)(.*)$")
  if not h then return nil end
  seconds = seconds + number(h) * 3600 + number(min) * 60
  local s, after = tail:match("^:(%d%d)(.*)$")
  if s then seconds, tail = seconds + number(s), after end
  local fraction, behind = tail:match("^(%.%d+)(.*)$")
  if fraction then seconds, tail = seconds + tonumber("0" .. fraction), behind end
  if tail == "" or tail == "Z" then return seconds end
  local sign, zh, zm = tail:match("^([+-])(%d%d):?(%d?%d?)$")
  if not sign then return nil end
  local shift = number(zh) * 3600 + (zm ~= "" and number(zm) * 60 or 0)
  return seconds - (sign == "+" and shift or -shift)
end

return M
