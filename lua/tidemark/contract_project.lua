-- The config of a project (tidemark.lua), checked, and what it says of each plugin against what the plugin declares.

local check = require("tidemark.contract_check")
local config = require("tidemark.contract_config")
local schema = require("tidemark.contract_schema")

local M = { format = check.format }

local at, types = check.at, check.types

function types.display_zone(self, path, value, def)
  local zone = self:is(path, value, "string", def) and value
  local day_start = rawget(_G, "time") and rawget(_G, "time").day_start
  if zone and day_start and not pcall(day_start, "2024-01-01", zone) then
    self:say(path, "there is no time zone '%s'; write it as Europe/Berlin", check.quoted(zone))
    return nil
  end
  return zone or nil
end

local UUID = "^" .. ("%x"):rep(8) .. ("%-" .. ("%x"):rep(4)):rep(3) .. "%-" .. ("%x"):rep(12) .. "$"

-- name = "UUID" -> a list by name.
local function owners(self, path, value)
  if value == nil or not self:is(path, value, "table", { form = '{ me = "UUID" }' }) then return {} end
  local list = {}
  for _, name in ipairs(check.sorted_keys(value)) do
    local id = value[name]
    if type(name) ~= "string" then
      self:say(path, "holds a list where names with UUIDs were expected; write owners = { me = \"UUID\" }")
      return {}
    elseif type(id) ~= "string" or not id:find(UUID) then
      self:say(at(path, name), 'must be a UUID such as "01890f3e-7b3a-7cc2-98c4-dc0c0c07398f"')
    end
    list[#list + 1] = { name = name, id = id }
  end
  return list
end

local function default_owner(self, path, value, list)
  if value == nil then return nil end
  local names = {}
  for i, owner in ipairs(list) do names[i] = owner.name end
  if type(value) ~= "string" then
    self:say(path, "must be the name of one of the owners, not %s", check.kind_of(value))
  elseif not check.contains(names, value) then
    local near = check.nearest(value, names)
    self:say(path, "'%s' is not one of the owners%s", check.quoted(value), near and (", did you mean '%s'?"):format(near) or
      (" (%s)"):format(table.concat(names, ", ")))
  end
  return value
end

local function limits(self, path, value)
  if value == nil then return nil end
  local given = self:part(path, value, schema.limits, { form = "{ memory_mb = 64, call_ms = 200 }" })
  local out = {}
  for _, def in ipairs(schema.limits) do
    if given and rawget(value, def.key) ~= nil then out[def.key] = given[def.key] end
  end
  return next(out) and out or nil
end

-- What is said of one plugin: settings as they are, limits and grant checked for their form.
local function plugin(self, path, value)
  if not self:is(path, value, "table", { form = "{ region = \"DE\" }" }) then return nil end
  local out = {}
  for _, key in ipairs(check.sorted_keys(value)) do
    if type(key) ~= "string" then
      self:say(path, "holds a list where settings with names were expected")
      return nil
    elseif type(value[key]) == "function" or type(value[key]) == "userdata" then
      self:say(at(path, key), "a setting is a text, a number, true, false or a list, not %s", check.kind_of(value[key]))
    else
      out[key] = value[key]
    end
  end
  out.limits = limits(self, at(path, "limits"), value.limits)
  if value.grant ~= nil then
    out.grant = self:part(at(path, "grant"), value.grant, schema.grant, { form = '{ http = { "www.googleapis.com" } }' })
  end
  return out
end

local function plugins(self, path, value)
  if value == nil or not self:is(path, value, "table", { form = "{ youtube = { … } }" }) then return nil end
  local out = {}
  for _, name in ipairs(check.sorted_keys(value)) do
    if type(name) ~= "string" then
      self:say(path, "holds a list where plugins with names were expected; write plugins = { youtube = { … } }")
      return nil
    end
    out[name] = plugin(self, at(path, name), value[name])
  end
  return next(out) and out or nil
end

--- value: what tidemark.lua returned. Gives the config as plain data, or nil and all mistakes.
function M.check(value, opts)
  local self = check.new()
  local out
  if type(value) == "table" then
    out = self:part({}, value, schema.project)
    out.owners = owners(self, { "owners" }, rawget(value, "owners"))
    out.default_owner = default_owner(self, { "default_owner" }, rawget(value, "default_owner"), out.owners)
    out.limits = limits(self, { "limits" }, rawget(value, "limits"))
    out.plugins = plugins(self, { "plugins" }, rawget(value, "plugins"))
    if #out.owners == 0 then out.owners = nil end
  else
    self:say({}, "the file must return a table, it returned %s; end it with return { owners = { … } }", check.kind_of(value))
  end
  if #self.mistakes == 0 then return out, {} end
  return nil, check.place(self.mistakes, opts and opts.source)
end

--- What the project says of one plugin. project = { file, source, given = plugins[name] or nil }; description: of the plugin.
--- Returns { config = settings with defaults, mistakes = a text each }.
function M.given(project, description)
  local self = check.new()
  local path = { "plugins", description.name }
  local made = config.given(self, path, description, project.given or {})
  local list = check.place(self.mistakes, project.source)
  return { config = made, mistakes = #list > 0 and check.lines(list, project.file) or nil }
end

--- Mistakes about plugins that are not there. names: all that are.
function M.strangers(project, names)
  local self = check.new()
  for _, name in ipairs(check.sorted_keys(project.plugins or {})) do
    if not check.contains(names, name) then
      local near = check.nearest(name, names)
      self:say({ "plugins", name }, "there is no such plugin%s", near and (", did you mean '%s'?"):format(near) or
        (" (there are: %s)"):format(table.concat(names, ", ")))
    end
  end
  local list = check.place(self.mistakes, project.source)
  return { mistakes = #list > 0 and check.lines(list, project.file) or nil }
end

return M
