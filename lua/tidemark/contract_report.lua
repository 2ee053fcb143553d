-- A report of a plugin in Lua, checked; what the host shows it with has the words of a SQL report's header (docs/reports.md).

local check = require("tidemark.contract_check")
local schema = require("tidemark.contract_schema")
local times = require("tidemark.contract_time")

local M = {}

local at, types = check.at, check.types
local INT4 = 2147483647
local LINE_MAX = 2000

-- --- arguments -----------------------------------------------------------------------------------------------------------

local LONG = { second = true, minute = true, hour = true, day = true, week = true, month = true, year = true }

local function is_interval(text)
  if times.seconds(text) then return true end
  local number, unit = text:match("^(%d+) ?(%l+)$")
  return number ~= nil and #number <= 6 and (LONG[unit] or LONG[unit:gsub("s$", "")]) == true
end

local function is_time(text)
  local parse = rawget(_G, "time") and rawget(_G, "time").parse
  if text == "now" or text:find("^now[-+]%d+[smhdw]$") then return true end
  if parse then return (pcall(parse, text)) and parse(text) ~= nil or text:find("^%d%d%d%d%-%d%d%-%d%d$") ~= nil end
  return text:find("^%d%d%d%d%-%d%d%-%d%d") ~= nil
end

-- For each type of argument: the default as the text that --var would give, or nil.
local AS_TEXT = {
  text = function(v) return type(v) == "string" and v or nil end,
  integer = function(v)
    local whole = type(v) == "number" and math.tointeger(v)
    return whole and whole >= -INT4 and whole <= INT4 and ("%d"):format(whole) or nil
  end,
  number = function(v)
    if type(v) ~= "number" or v ~= v or v == math.huge or v == -math.huge then return nil end
    return math.type(v) == "integer" and ("%d"):format(v) or ("%.17g"):format(v)
  end,
  boolean = function(v)
    if type(v) == "boolean" then return tostring(v) end
  end,
  interval = function(v) return type(v) == "string" and is_interval(v) and v or nil end,
  time = function(v) return type(v) == "string" and is_time(v) and v or nil end,
}

local WANTED = {
  text = 'a text: default = "all"',
  integer = "a whole number: default = 7",
  number = "a number: default = 0.5",
  boolean = "true or false: default = true",
  interval = 'a duration: default = "7d"',
  time = 'a time: default = "now-7d"',
}

-- 0.1 is "0.1", not "0.10000000000000001".
local function shortest(text, v)
  for digits = 1, 17 do
    local short = ("%." .. digits .. "g"):format(v)
    if tonumber(short) == v then return short end
  end
  return text
end

local function is_name(name)
  return type(name) == "string" and #name <= 63 and name:find("^[%l_][%l%d_]*$") ~= nil
end

local function arg(self, path, name, value)
  local out = self:part(path, value, schema.arg, { form = '{ type = "integer", default = 7, about = "…" }' })
  if not out then return nil end
  if not is_name(name) then
    self:say(path, "'%s' is no name of an argument: lower-case letters, digits and _", check.quoted(name))
  end
  local default = rawget(value, "default")
  if default ~= nil and out.type then
    local text = AS_TEXT[out.type](default)
    if not text then
      self:say(at(path, "default"), "is no %s%s; it must be %s", out.type, type(default) == "string" and
        (": '%s'"):format(check.quoted(default)) or ", but " .. check.kind_of(default), WANTED[out.type])
    end
    out.default = text and math.type(default) == "float" and shortest(text, default) or text
  end
  out.name, out.required = name, default == nil
  return out
end

local function args(self, path, value)
  local list = {}
  if value == nil or not self:is(path, value, "table", { form = schema.report[2].form }) then return list end
  for _, name in ipairs(check.sorted_keys(value)) do
    if type(name) ~= "string" then
      self:say(path, "holds a list where arguments with names were expected; write args = { days = { type = \"integer\", … } }")
      return list
    end
    list[#list + 1] = arg(self, at(path, name), name, value[name])
  end
  return list
end

-- --- columns and what they do ---------------------------------------------------------------------------------------------

local function columns(self, path, value)
  if not self:is(path, value, "table", { form = '{ { name = "views", title = "Views" } }' }) then return {}, {} end
  local list, names = {}, {}
  for _, key in ipairs(check.sorted_keys(value)) do
    if math.type(key) ~= "integer" then
      self:say(at(path, key), "columns is a list; write columns = { { name = \"%s\", … } }", check.quoted(key))
      return list, names
    end
    local here, one = at(path, key), value[key]
    if type(one) == "string" then one = { name = one } end
    local column = self:part(here, one, schema.column, { form = '{ name = "views" }' })
    if column and column.name then
      if check.contains(names, column.name) then self:say(at(here, "name"), "column '%s' stands here twice", column.name) end
      names[#names + 1] = column.name
      list[#list + 1] = column
    end
  end
  return list, names
end

-- "bar views" | "interval lift lo hi"
local function chart(self, path, value)
  if not self:is(path, value, "string", { form = '"bar views"' }) then return nil end
  local words = {}
  for word in value:gmatch("%S+") do words[#words + 1] = word end
  local kind = table.remove(words, 1)
  if (kind == "bar" and #words == 1) or (kind == "interval" and #words == 3) then return { kind = kind, columns = words } end
  self:say(path, "'%s' is no chart: write \"bar COLUMN\" or \"interval CENTER LOW HIGH\"", check.quoted(value))
end

function types.column(self, path, value, def)
  local name = types.text(self, path, value, def)
  if name and name:find("%s") then
    self:say(path, "'%s' is no name of a column", check.quoted(name))
    return nil
  end
  return name
end

--- A text, or a list of texts: one line each.
function types.lines(self, path, value, def)
  if type(value) == "string" then value = { value } end
  local list = types.texts(self, path, value, def)
  for i, line in ipairs(list or {}) do
    if line:find("\n") or #line > LINE_MAX then self:say(at(path, i), "is one line of at most %d bytes", LINE_MAX) end
  end
  return list
end

-- Where columns are said, what names a column has to name one of them.
local function check_roles(self, path, out, names)
  if #names == 0 then return end
  local function known(key, name)
    if name == nil or check.contains(names, name) then return end
    local near = check.nearest(name, names)
    self:say(at(path, key), "'%s' is none of the columns%s", check.quoted(name),
      near and (", did you mean '%s'?"):format(near) or " (" .. table.concat(names, ", ") .. ")")
  end
  for _, key in ipairs { "section", "instead", "tail", "glyph" } do known(key, out[key]) end
  for _, name in ipairs(out.chart and out.chart.columns or {}) do known("chart", name) end
end

-- {name} in a text that nothing fills in stays as it stands: most likely a typing error.
local function check_places(self, path, out, names)
  local known = { "rows", "zone" }
  for _, one in ipairs(out.args) do known[#known + 1] = one.name end
  for _, name in ipairs(names) do known[#known + 1] = name end
  local function look(key, text)
    for name in text:gmatch("{([%l%d_]+)}") do
      if not check.contains(known, name) and #names > 0 then
        local near = check.nearest(name, known)
        self:warn(at(path, key), "{%s} is neither an argument nor a column%s", name,
          near and (", did you mean {%s}?"):format(near) or "")
      end
    end
  end
  for _, key in ipairs { "title", "empty", "notes", "next" } do
    local value = out[key]
    for _, text in ipairs(type(value) == "table" and value or { value }) do look(key, text) end
  end
end

--- self: the contract's Check object; report: what stands in the plugin.
function M.check(self, path, name, report)
  local out = self:part(path, report, schema.report)
  if not out then return { name = name } end
  local names
  out.name, out.run = name, nil
  out.args = args(self, at(path, "args"), rawget(report, "args"))
  if rawget(report, "columns") ~= nil then
    out.columns, names = columns(self, at(path, "columns"), rawget(report, "columns"))
  end
  if rawget(report, "chart") ~= nil then out.chart = chart(self, at(path, "chart"), rawget(report, "chart")) end
  check_roles(self, path, out, names or {})
  check_places(self, path, out, names or {})
  if #out.args == 0 then out.args = nil end
  return out
end

return M
