-- The accounts' time zones, as far as these accounts need them: the rules of the European Union and of the United States that
-- hold since 2007. No zone database, so that the same arguments give the same bytes on every machine.
local M = {}

local standard = { -- hours east of Greenwich in winter; whose summer time
  ["Europe/Berlin"] = { 1, "eu" }, ["Europe/Oslo"] = { 1, "eu" }, ["Europe/Budapest"] = { 1, "eu" },
  ["Europe/Lisbon"] = { 0, "eu" }, ["America/New_York"] = { -5, "us" },
}

-- Days since 1970-01-01 of a date of the Gregorian calendar.
function M.civil(y, m, d)
  local shifted = m <= 2 and y - 1 or y
  local day_of_year = (153 * ((m + 9) % 12) + 2) // 5 + d - 1
  return 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + day_of_year - 719468
end

-- The first Sunday on or after a date, in days; 1970-01-01 was a Thursday.
local function sunday(y, m, d)
  local day = M.civil(y, m, d)
  return day + (3 - day) % 7
end

local function summer(rule, at)
  local y = tonumber(os.date("!%Y", at))
  if rule == "eu" then -- the last Sundays of March and October, 01:00 UTC
    return at >= sunday(y, 3, 25) * 86400 + 3600 and at < sunday(y, 10, 25) * 86400 + 3600
  end
  return at >= sunday(y, 3, 8) * 86400 + 7 * 3600 and at < sunday(y, 11, 1) * 86400 + 6 * 3600
end

-- Seconds that a zone's clock is ahead of UTC at an epoch time.
function M.offset(zone, at)
  local hours, rule = table.unpack(standard[zone])
  return (hours + (summer(rule, at) and 1 or 0)) * 3600
end

-- The epoch time at which a zone's clock shows what `wall` would be in UTC.
function M.to_utc(zone, wall)
  local at = wall - M.offset(zone, wall - standard[zone][1] * 3600)
  return wall - M.offset(zone, at)
end

return M
