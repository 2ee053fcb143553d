-- The plugin contract, checked. Pure Lua, so that specs run it without the host; the host runs it in a state of its own on a
-- copy of the plugin's table, in which functions are only marks.
--
-- check(plugin, opts) gives either a description of the plugin (plain data: what the host works with), or nil and every mistake
-- at once as { path = { "parsers", "x.y", "matsch" }, line = 12, text = "unknown key" }.

local check = require("tidemark.contract_check")
local config = require("tidemark.contract_config")
local job = require("tidemark.contract_job")
local locate = require("tidemark.locate")
local parser = require("tidemark.contract_parser")
local report = require("tidemark.contract_report")
local rule = require("tidemark.contract_rule")
local schema = require("tidemark.contract_schema")

local M = { api = schema.api, nearest = check.nearest }

local function check_api(self, value)
  if math.type(value) ~= "integer" then
    if value == nil then
      self:say({ "api" }, "is missing; write api = %d", M.api)
    else
      self:say({ "api" }, "must be the whole number %d, not %s; write api = %d", M.api,
        type(value) == "number" and tostring(value) or check.kind_of(value), M.api)
    end
  elseif value > M.api then
    local text = "the plugin is written for plugin api %d, this tidemark speaks up to %d: upgrade tidemark, or write api = %d"
    self:say({ "api" }, text, value, M.api, M.api)
  elseif value < M.api then
    self:say({ "api" }, "there is no plugin api %d; write api = %d", value, M.api)
  end
end

local function check_name(self, value, expected)
  if value == nil then
    self:say({ "name" }, "is missing; write name = \"%s\"", expected or "youtube")
  elseif not self:is({ "name" }, value, "string") then
    return
  elseif not value:find("^%l[%l%d_]*$") then
    self:say({ "name" }, "'%s' must be lower-case letters, digits and _, a letter first", check.quoted(value))
  elseif expected and value ~= expected then
    self:say({ "name" }, "'%s' must be '%s', as its file or folder is called; rename one of the two", check.quoted(value),
      expected)
  end
end

local PARTS = {
  { key = "parsers", one = "parser", example = "videos", make = parser.check },
  { key = "rules", one = "rule", example = "best_hour", make = rule.check, runs = true },
  { key = "reports", one = "report", example = "top", make = report.check, bare = true },
  { key = "jobs", one = "job", example = "tidy", make = job.job, runs = true },
  { key = "collectors", one = "collector", example = "fetch", make = job.collector, runs = true },
}

-- { ["plugin.name"] = { … } } -> what the part makes of each, by name.
local function entries(self, plugin, part)
  local list, value = {}, rawget(plugin, part.key)
  local prefix = (type(plugin.name) == "string" and plugin.name or "NAME") .. "."
  local form = ('{ ["%s%s"] = { … } }'):format(prefix, part.example)
  if value == nil or not self:is({ part.key }, value, "table", { form = form }) then return nil end
  for _, name in ipairs(check.sorted_keys(value)) do
    local path = { part.key, name }
    if type(name) ~= "string" then
      self:say({ part.key }, "holds a list where %s with names were expected; write %s = %s", part.key, part.key, form)
      return nil
    end
    local fits = name:sub(1, #prefix) == prefix and name:find("^[%l%d_]+%.[%l%d_.]*[%l%d_]$") and not name:find("..", 1, true)
    if not fits and not (part.bare and name == plugin.name) then
      self:say(path, "a %s's name is the plugin's, a dot and lower-case words: '%s%s'", part.one, prefix, part.example)
    end
    list[#list + 1] = part.make(self, path, name, value[name], plugin)
  end
  return #list > 0 and list or nil
end

-- Rules, jobs and collectors are run by name: a name means one of them.
local function check_twice(self, out)
  local seen = {}
  for _, part in ipairs(PARTS) do
    for _, one in ipairs(part.runs and out[part.key] or {}) do
      if seen[one.name] then
        self:say({ part.key, one.name }, "is a %s's name already: what runs by name needs a name of its own", seen[one.name])
      end
      seen[one.name] = seen[one.name] or part.one
    end
  end
end

local function check_plugin(self, plugin, expected)
  local out = self:part({}, plugin, schema.plugin)
  check_name(self, rawget(plugin, "name"), expected)
  check_api(self, rawget(plugin, "api"))
  out.name = rawget(plugin, "name")
  for _, part in ipairs(PARTS) do out[part.key] = entries(self, plugin, part) end
  out.config = config.declared(self, { "config" }, rawget(plugin, "config"))
  out.capabilities = config.capabilities(self, { "capabilities" }, rawget(plugin, "capabilities"))
  check_twice(self, out)
  parser.look(self, out.parsers)
  return out
end

-- Where each entry of each part stands, and each capability.
local function lines_of(out, source)
  local line_of, lines = locate(source), {}
  for _, part in ipairs(PARTS) do
    for _, one in ipairs(out[part.key] or {}) do
      lines[part.key] = lines[part.key] or {}
      lines[part.key][one.name] = line_of { part.key, one.name }
    end
  end
  for key in pairs(out.capabilities or {}) do
    lines.capabilities = lines.capabilities or {}
    lines.capabilities[key] = line_of { "capabilities", key }
  end
  return lines
end

--- opts: name = what the plugin must be called; source = the file's text, for the lines; file = what messages call it;
--- lines = true: the description says where each entry stands.
--- Returns the description and the warnings, or nil and the mistakes.
function M.check(plugin, opts)
  opts = opts or {}
  local self = check.new()
  local out
  if type(plugin) == "table" then
    out = check_plugin(self, plugin, opts.name)
  else
    self:say({}, "the file must return the plugin's table, it returned %s; end it with return { name = \"%s\", api = %d, … }",
      check.kind_of(plugin), opts.name or "x", M.api)
  end
  if #self.mistakes > 0 then return nil, check.place(self.mistakes, opts.source) end
  local warnings = check.place(self.warnings, opts.source)
  if #warnings > 0 then out.warnings = check.lines(warnings, opts.file or "plugin.lua") end
  if opts.lines and opts.source then out.lines = lines_of(out, opts.source) end
  return out, warnings
end

--- One line a mistake: "plugins/x/plugin.lua:12: parsers.x.matsch: unknown key, did you mean 'match'?"
M.format = check.format

return M
