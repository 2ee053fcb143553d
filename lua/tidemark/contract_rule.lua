-- A rule of a plugin, checked: docs/rules.md in code. Called by tidemark.contract with its Check object.

local M = {}

local KEYS = { "about", "every", "needs", "find" }
local NEEDS = { "at_age", "since", "metric", "gained", "changes" }
local AGES = { ["1h"] = 1, ["24h"] = 24, ["7d"] = 168, ["28d"] = 672 }
local METRICS = { "engagement", "reach" }
local NAMED = { "@hourly", "@daily", "@weekly", "@monthly" }
local SECONDS = { s = 1, m = 60, h = 3600, d = 86400, w = 604800 }

local function sorted(t)
  local keys = {}
  for k in pairs(t) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

local function at(path, key)
  return table.move({ key }, 1, 1, #path + 1, table.move(path, 1, #path, 1, {}))
end

local function contains(list, value)
  for _, v in ipairs(list) do
    if v == value then return true end
  end
  return false
end

-- "180d" -> seconds
local function span(self, path, value)
  if not self:is(path, value, "string") then return nil end
  local number, unit = value:match("^(%d+)([smhdw])$")
  local seconds = number and math.tointeger(tonumber(number)) and tonumber(number) * SECONDS[unit] or 0
  if seconds > 0 and seconds <= 20 * 365 * 86400 then return math.tointeger(seconds) end
  self:say(path, "'%s' is no span of time: write 180d or 26w", value)
  return nil
end

local function age(self, path, value)
  if not self:is(path, value, "string") then return nil end
  if not AGES[value] then
    self:say(path, "'%s' is no age at which posts are compared (one of 1h, 24h, 7d, 28d)", value)
  end
  return AGES[value]
end

local function every(self, path, value)
  if not self:is(path, value, "string") then return nil end
  if contains(NAMED, value) or value:find("^%d+[mhdw]$") or select(2, value:gsub("%S+", "")) == 5 then return value end
  self:say(path, "'%s' is no schedule: write @daily, @weekly, an interval (6h) or five cron fields (0 3 * * 1)", value)
  return nil
end

local function needs(self, path, value)
  local out = { age_h = 168, since_s = 180 * 86400, metric = "engagement", gained = false, changes = false }
  if value == nil then return out end
  if not self:is(path, value, "table") then return out end
  for _, key in ipairs(sorted(value)) do
    local here, v = at(path, key), value[key]
    if not contains(NEEDS, key) then
      self:unknown(path, key, NEEDS)
    elseif key == "at_age" then
      out.age_h = age(self, here, v) or out.age_h
    elseif key == "since" then
      out.since_s = span(self, here, v) or out.since_s
    elseif key == "metric" then
      if self:one_of(here, v, METRICS) then out.metric = v end
    elseif key == "gained" then
      if self:one_of(here, v, { "views" }) then out.gained = true end
    elseif self:is(here, v, "boolean") then
      out.changes = v
    end
  end
  if value.gained ~= nil and value.at_age ~= nil then
    self:say(at(path, "gained"), "has no meaning beside 'at_age': a rule looks at one age, or at what was gained day by day")
  end
  return out
end

--- self: the contract's Check object; rule: what stands in the plugin.
function M.check(self, path, name, rule)
  local out = { name = name }
  if not self:is(path, rule, "table") then return out end
  for _, key in ipairs(sorted(rule)) do
    if not contains(KEYS, key) then self:unknown(path, key, KEYS) end
  end
  if self:is(at(path, "about"), rule.about, "string") then out.about = rule.about end
  if rule.every ~= nil then out.every = every(self, at(path, "every"), rule.every) end
  self:is(at(path, "find"), rule.find, "function")
  out.needs = needs(self, at(path, "needs"), rule.needs)
  return out
end

return M
