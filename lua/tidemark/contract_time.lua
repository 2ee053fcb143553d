-- Times in a plugin's table: schedules, spans, time-outs, ages, zones. The same grammar wherever a plugin says one.

local check = require("tidemark.contract_check")

local M = {}

local types = check.types
local SECONDS = { s = 1, m = 60, h = 3600, d = 86400, w = 604800 }
local YEAR = 366 * 86400
local NAMED = { "@hourly", "@daily", "@weekly", "@monthly" }
local AGES = { ["1h"] = 1, ["24h"] = 24, ["7d"] = 168, ["28d"] = 672 }

local MONTHS = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec" }
local DAYS = { [0] = "sun", "mon", "tue", "wed", "thu", "fri", "sat" }
local FIELDS = {
  { name = "minute", from = 0, to = 59 },
  { name = "hour", from = 0, to = 23 },
  { name = "day of the month", from = 1, to = 31 },
  { name = "month", from = 1, to = 12, words = MONTHS },
  { name = "day of the week", from = 0, to = 7, words = DAYS },
}

--- "90s", "15m", "6h", "7d", "26w" -> whole seconds, nil for anything else.
function M.seconds(text)
  local number, unit = text:match("^(%d%d?%d?%d?%d?%d?%d?)([smhdw])$")
  return number and math.tointeger(tonumber(number)) * SECONDS[unit]
end

-- --- cron --------------------------------------------------------------------------------------------------------------

local function cron_number(field, text)
  local number = text:find("^%d%d?$") and math.tointeger(tonumber(text))
  if not number then
    for n, word in pairs(field.words or {}) do
      if word == text:lower() then number = n end
    end
  end
  return number and number >= field.from and number <= field.to and number or nil
end

-- One of "*", "5", "1-5", "mon-fri", each with "/2" behind it.
local function cron_item(field, text)
  local body, step = text:match("^([^/]+)/(%d+)$")
  body = body or text
  if step and (tonumber(step) < 1 or tonumber(step) > field.to) then return false end
  if body == "*" then return true end
  local from, to = body:match("^(%w+)%-(%w+)$")
  if not from then return cron_number(field, body) ~= nil end
  from, to = cron_number(field, from), cron_number(field, to)
  return from ~= nil and to ~= nil and from <= to
end

-- nil, or what is wrong with five cron fields.
local function cron_mistake(text)
  local i = 0
  for value in text:gmatch("%S+") do
    i = i + 1
    for item in (value .. ","):gmatch("([^,]*),") do
      if not cron_item(FIELDS[i], item) then
        local f = FIELDS[i]
        return ("'%s' is no %s (%d to %d%s)"):format(value, f.name, f.from, f.to, f.words and ", or a name" or "")
      end
    end
  end
end

-- --- types ---------------------------------------------------------------------------------------------------------------

--- When something runs by itself: @daily, an interval, or five cron fields.
function types.schedule(self, path, value, def)
  if not self:is(path, value, "string", def) then return nil end
  local text = check.quoted(value)
  local near = value:find("^@") and check.nearest(value, NAMED)
  if check.contains(NAMED, value) then return value end
  if near then
    self:say(path, "'%s' is no schedule, did you mean '%s'?", text, near)
  elseif select(2, value:gsub("%S+", "")) == 5 then
    local wrong = cron_mistake(value)
    if not wrong then return (value:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "")) end
    self:say(path, "'%s' is no schedule: %s; the five fields are minute, hour, day, month, weekday (0 3 * * 1)", text, wrong)
  else
    local seconds = M.seconds(value)
    if seconds and seconds >= 60 and seconds <= YEAR then return value end
    local why = seconds and "an interval is from 1m to 52w"
      or "write @daily, @weekly, an interval (6h) or five cron fields (0 3 * * 1)"
    self:say(path, "'%s' is no schedule: %s", text, why)
  end
end

--- How far back: "180d" -> seconds.
function types.span(self, path, value, def)
  if not self:is(path, value, "string", def) then return nil end
  local seconds = M.seconds(value)
  if seconds and seconds > 0 and seconds <= 20 * YEAR then return seconds end
  self:say(path, "'%s' is no span of time: write 180d or 26w", check.quoted(value))
end

--- How long a run may take: "10m" -> seconds.
function types.timeout(self, path, value, def)
  if not self:is(path, value, "string", def) then return nil end
  local seconds = M.seconds(value)
  if seconds and seconds >= 1 and seconds <= 86400 then return seconds end
  self:say(path, "'%s' is no time-out: write 30s, 10m or 2h, at most 24h", check.quoted(value))
end

--- "7d" -> hours.
function types.age(self, path, value, def)
  if not self:is(path, value, "string", def) then return nil end
  if not AGES[value] then
    self:say(path, "'%s' is no age at which posts are compared (one of 1h, 24h, 7d, 28d)", check.quoted(value))
  end
  return AGES[value]
end

function types.zone(self, path, value, def)
  local zone = types.text(self, path, value, def)
  -- the host's clockwork knows the zones; under plain Lua there is none to ask
  local day_start = rawget(_G, "time") and rawget(_G, "time").day_start
  if zone and day_start and not pcall(day_start, "2024-01-01", zone) then
    self:say(path, "no such zone '%s' (a name like America/Los_Angeles)", check.quoted(zone))
  end
  return zone
end

return M
