-- A plugin's settings and capabilities: how it declares them, and what a project gives.

local check = require("tidemark.contract_check")
local job = require("tidemark.contract_job")
local schema = require("tidemark.contract_schema")
local times = require("tidemark.contract_time")

local M = {}

local at, types = check.at, check.types
local RESERVED = { "limits", "grant" }
local WHOLE = 999999999999999 -- more digits do not survive as a number in JSON

-- --- values of a setting --------------------------------------------------------------------------------------------------

-- For each type: value -> what the plugin gets, or nil and what it must be.
local READ = {}

function READ.string(v)
  if type(v) == "string" and utf8.len(v) then return v end
  return nil, "a text in quotes"
end

function READ.integer(v)
  local whole = type(v) == "number" and math.tointeger(v)
  if whole and whole >= -WHOLE and whole <= WHOLE then return whole end
  return nil, "a whole number"
end

function READ.number(v)
  if type(v) == "number" and v == v and v ~= math.huge and v ~= -math.huge then return v end
  return nil, "a number"
end

function READ.boolean(v)
  if type(v) == "boolean" then return v end
  return nil, "true or false"
end

function READ.duration(v)
  local seconds = type(v) == "string" and times.seconds(v)
  if seconds then return seconds end
  return nil, 'a duration such as "15m" or "7d"'
end

local function shown(v)
  if type(v) == "string" then return "'" .. check.quoted(v) .. "'" end
  if type(v) == "table" then return "a table" end
  return tostring(v)
end

-- One value of the setting's type (of a list: one element).
local function read_one(kind, v, def)
  local value, wanted = READ[kind](v)
  if value == nil then return nil, ("must be %s, not %s"):format(wanted, shown(v)) end
  if def.one_of then
    if not check.contains(def.one_of, v) then
      local near = type(v) == "string" and check.nearest(v, def.one_of)
      local names = {}
      for i, one in ipairs(def.one_of) do names[i] = tostring(one) end
      return nil, ("%s is not one of its values%s"):format(shown(v), near and (", did you mean '%s'?"):format(near) or
        " (" .. table.concat(names, ", ") .. ")")
    end
  end
  return value
end

local function in_range(size, what, def)
  local function bound(v) return def.type == "duration" and times.seconds(v) or v end
  if def.min ~= nil and size < bound(def.min) then return ("%s is less than %s"):format(what, def.min) end
  if def.max ~= nil and size > bound(def.max) then return ("%s is more than %s"):format(what, def.max) end
end

local function read_list(v, def)
  if type(v) ~= "table" then return nil, ("must be a list such as { … }, not %s"):format(shown(v)) end
  local out = {}
  for _, key in ipairs(check.sorted_keys(v)) do
    if math.type(key) ~= "integer" or key < 1 or key > #v then return nil, "must be a list, without names and gaps" end
    local one, why = read_one(def.of or "string", v[key], def)
    if one == nil then return nil, ("element %d %s"):format(key, why), key end
    out[key] = one
  end
  local wrong = in_range(#out, ("a list of %d"):format(#out), def)
  if wrong then return nil, wrong end
  return out
end

--- v as the plugin gets it, or nil and what is wrong. def: a setting as described.
function M.read(v, def)
  if def.type == "list" then return read_list(v, def) end
  local value, why = read_one(def.type, v, def)
  if value == nil then return nil, why end
  local wrong = (def.min ~= nil or def.max ~= nil) and in_range(value, shown(v), def)
  if wrong then return nil, wrong end
  return value
end

-- --- declared ------------------------------------------------------------------------------------------------------------

local RANGED = { integer = "integer", number = "number", duration = "duration", list = "integer" }

local function bounds(self, path, value, out)
  for _, key in ipairs { "min", "max" } do
    local v = rawget(value, key)
    if v ~= nil and not RANGED[out.type] then
      self:say(at(path, key), "has no meaning for a setting of type %s", out.type)
    elseif v ~= nil then
      local ok, wanted = READ[RANGED[out.type]](v)
      if ok == nil then self:say(at(path, key), "must be %s, not %s", wanted, shown(v)) else out[key] = v end
    end
  end
  if out.min ~= nil and out.max ~= nil then
    local number = READ[RANGED[out.type]]
    if number(out.min) > number(out.max) then self:say(at(path, "max"), "%s is less than min, %s", out.max, out.min) end
  end
end

local function choices(self, path, value, out)
  local list = rawget(value, "one_of")
  if list == nil or not self:is(at(path, "one_of"), list, "table", { form = '{ "US", "DE" }' }) then return end
  local kind = out.type == "list" and (out.of or "string") or out.type
  local made = {}
  for _, key in ipairs(check.sorted_keys(list)) do
    local v = list[key]
    local ok, wanted = READ[kind](v)
    if math.type(key) ~= "integer" then
      self:say(at(path, "one_of"), "must be a list of values")
      return
    elseif ok == nil then
      self:say(at(path, "one_of", key), "must be %s, as the setting is of type %s, not %s", wanted, out.type, shown(v))
    end
    made[#made + 1] = v
  end
  if #made == 0 then self:say(at(path, "one_of"), "is an empty list: nothing could be given") end
  out.one_of = #made > 0 and made or nil
end

local function setting(self, path, name, value)
  local wrong = #self.mistakes
  local out = self:part(path, value, schema.setting, { form = '{ type = "string", default = "US", about = "…" }' })
  if not out then return nil end
  out.name = name
  if not name:find("^%l[%l%d_]*$") then
    self:say(path, "'%s' is no name of a setting: lower-case letters, digits and _, a letter first", check.quoted(name))
  elseif check.contains(RESERVED, name) then
    self:say(path, "'%s' stands for a project's own %s of a plugin: give the setting another name", name, name)
  end
  if not out.type then return out end
  if out.of and out.type ~= "list" then
    self:say(at(path, "of"), "has no meaning beside type '%s', only beside a list", out.type)
  end
  bounds(self, path, value, out)
  choices(self, path, value, out)
  local default = rawget(value, "default")
  if default ~= nil and out.required then
    self:say(at(path, "required"), "has no meaning beside 'default': what has a default need not be given")
  elseif default ~= nil and #self.mistakes == wrong then
    local made, why = M.read(default, out)
    if made == nil then self:say(at(path, "default"), "%s (the setting is of type %s)", why, out.type) end
    out.default = default
  end
  return out
end

--- config of a plugin -> a list of its settings, by name.
function M.declared(self, path, value)
  local list = {}
  if value == nil or not self:is(path, value, "table", { form = '{ region = { type = "string", … } }' }) then return nil end
  for _, name in ipairs(check.sorted_keys(value)) do
    if type(name) ~= "string" then
      self:say(path, 'holds a list where settings with names were expected; write config = { region = { type = "string", … } }')
      return nil
    end
    list[#list + 1] = setting(self, at(path, name), name, value[name])
  end
  return #list > 0 and list or nil
end

function types.host(self, path, value)
  if not self:is(path, value, "string") then return nil end
  local name = value:gsub("^%*%.", "")
  if name:find("^[%l%d][%l%d.-]*$") and not name:find("..", 1, true) and not name:find("[.-]$") then return value end
  local host = value:lower():match("^%a+://([^/]+)") or value:lower():match("^([^/]+)/")
  host = host and host:gsub(":%d+$", "")
  self:say(path, "'%s' is no name of a host%s", check.quoted(value), host and ("; write \"%s\""):format(host) or
    ": small letters, digits, dots and -, or *.example.com")
end

function types.relation(self, path, value)
  if not self:is(path, value, "string") then return nil end
  if value:find("^[%l_][%l%d_]*%.[%l_][%l%d_]*$") then return value end
  self:say(path, "'%s' is no table with its schema; write \"reference.holidays\"", check.quoted(value))
end

function types.role(self, path, value)
  if not self:is(path, value, "string") then return nil end
  if value:find("^[%l_][%l%d_]*$") and #value <= 63 then return value end
  self:say(path, "'%s' is no name of a database role: small letters, digits and _", check.quoted(value))
end

--- capabilities of a plugin.
function M.capabilities(self, path, value)
  if value == nil then return nil end
  local out = self:part(path, value, schema.capabilities, { form = '{ http = { "www.googleapis.com" } }' })
  return out and next(out) ~= nil and out or nil
end

-- --- given by a project --------------------------------------------------------------------------------------------------

local function check_settings(self, path, declared, given, plugin)
  local config, names = {}, {}
  for _, def in ipairs(declared) do
    local v, here = given[def.name], at(path, def.name)
    names[#names + 1] = def.name
    if v == nil then v = def.default end
    if v ~= nil then
      local made, why, element = M.read(v, def)
      if made == nil then self:say(element and at(here, element) or here, "%s", why) end
      config[def.name] = made
    elseif def.required then
      local text = "is missing: plugin %s needs it (%s, %s); write plugins = { %s = { %s = … } }"
      self:say(here, text, plugin, def.type, def.about, plugin, def.name)
    end
  end
  for _, name in ipairs(RESERVED) do names[#names + 1] = name end
  for _, key in ipairs(check.sorted_keys(given)) do
    if type(key) ~= "string" or not check.contains(names, key) then self:unknown(path, key, names) end
  end
  return config
end

-- What is granted has to be declared by the plugin.
local function check_grant(self, path, capabilities, grant, plugin)
  for _, key in ipairs { "http", "tables" } do
    for i, one in ipairs(grant[key] or {}) do
      local declared = capabilities[key] or {}
      local fine = key == "http" and job.covered(one, declared) or check.contains(declared, one)
      if not fine then
        self:say(at(path, key, i), "'%s' is granted, but plugin %s does not declare it%s", one, plugin,
          #declared > 0 and (" (it declares %s)"):format(table.concat(declared, ", ")) or
          (" (it declares no %s)"):format(key))
      end
    end
  end
  if grant.own_statistics and not capabilities.own_statistics then
    self:say(at(path, "own_statistics"), "is granted, but plugin %s does not declare it", plugin)
  end
  if grant.role and not capabilities.tables then
    self:say(at(path, "role"), "has no meaning: plugin %s declares no tables", plugin)
  end
end

--- What a project says of a plugin, against what the plugin declares. given: the table plugins[name] of tidemark.lua, whose
--- limits and grant have been checked for their form. Returns the settings with defaults; mistakes are said to self.
function M.given(self, path, description, given)
  local config = check_settings(self, path, description.config or {}, given, description.name)
  check_grant(self, at(path, "grant"), description.capabilities or {}, given.grant or {}, description.name)
  return config
end

return M
