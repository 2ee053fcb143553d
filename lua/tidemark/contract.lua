-- The plugin contract, checked: docs/parsers.md in code. Pure Lua, so that specs run it without the host.
--
-- check(plugin, opts) gives either a description of the plugin (plain data: what the host compiles its parsers from), or nil
-- and every mistake at once as { path = { "parsers", "x.y", "matsch" }, line = 12, text = "unknown key" }.

local locate = require("tidemark.locate")
local rules = require("tidemark.contract_rule")

local M = { api = 1 }

local KINDS = { "object", "array", "string", "number", "boolean", "null" }
local WINDOWS = { "lifetime", "day", "week", "days_28", "range" }
local LATER = { "reports", "jobs", "collectors", "config" }
local TIME_UNITS = { "epoch_s", "epoch_ms" }
local SPAN_UNITS = { "s", "ms" }

local PLUGIN_KEYS = { "name", "api", "about", "parsers", "rules" }
local PARSER_KEYS = {
  "about", "match", "csv", "whole", "each", "post", "counts", "window", "zone", "extra", "account", "drop", "skip", "refuse",
  "wide_export", "parse",
}
local BESIDE_PARSE = { "about", "match", "csv", "whole", "zone", "wide_export", "parse" }
local BESIDE_SKIP = { "about", "match", "csv", "whole", "each", "account", "skip" }
local BESIDE_REFUSE = { "about", "match", "csv", "refuse" }

-- which units a field may have: false = none
local POST = {
  id = false, platform = false, account = false, title = false, caption = false, url = false, published_at = TIME_UNITS,
  tags = false, duration_s = SPAN_UNITS, media_kind = false, ai_version = false,
}
local COUNTS = {
  views = false, likes = false, shares = false, comments = false, saves = false, average_watch_time = SPAN_UNITS,
  window_start = TIME_UNITS, window_end = TIME_UNITS,
}
local ACCOUNT = { id = false, handle = false }
local REFUSE = { code = false, text = false }

local function contains(list, value)
  for _, v in ipairs(list) do
    if v == value then return true end
  end
  return false
end

local function sorted_keys(t)
  local keys = {}
  for k in pairs(t) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

-- Edits (insert, delete, replace, swap neighbours) from a to b.
local function distance(a, b)
  local before, last = {}, {}
  for j = 0, #b do last[j] = j end
  for i = 1, #a do
    local row = { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], before[j - 2] + 1)
      end
    end
    before, last = last, row
  end
  return last[#b]
end

--- The name in list that is nearest to word, or nil when none is near.
function M.nearest(word, list)
  local best, best_distance = nil, math.max(1, #word // 3) + 1
  for _, name in ipairs(list) do
    local d = distance(word, name)
    if d < best_distance then best, best_distance = name, d end
  end
  return best
end

-- --- the mistakes --------------------------------------------------------------------------------------------------------

local Check = {}
Check.__index = Check

local function at(path, ...)
  return table.move({ ... }, 1, select("#", ...), #path + 1, table.move(path, 1, #path, 1, {}))
end

function Check:say(path, text, ...)
  self.mistakes[#self.mistakes + 1] = { path = path, text = select("#", ...) > 0 and text:format(...) or text }
end

function Check:unknown(path, key, known)
  if type(key) ~= "string" then
    self:say(path, "holds a list where keys with names were expected")
    return
  end
  local near = M.nearest(key, known)
  local text = near and "unknown key, did you mean '%s'?" or "unknown key (known: %s)"
  self:say(at(path, key), text, near or table.concat(known, ", "))
end

function Check:is(path, value, want)
  if type(value) == want then return true end
  if value == nil then
    self:say(path, "is missing (a %s)", want)
  else
    self:say(path, "must be a %s, not a %s", want, type(value))
  end
  return false
end

function Check:one_of(path, value, list)
  if contains(list, value) then return true end
  local near = type(value) == "string" and M.nearest(value, list)
  local hint = near and (", did you mean '%s'?"):format(near) or " (one of " .. table.concat(list, ", ") .. ")"
  self:say(path, "'%s' is not known here%s", tostring(value), hint)
  return false
end

-- --- paths ---------------------------------------------------------------------------------------------------------------

function Check:path_text(path, value, in_item)
  if not self:is(path, value, "string") then return nil end
  if value:sub(1, 1) == "^" then
    if not in_item then
      self:say(path, "'^' has no meaning here: the path starts at the document already")
      return nil
    end
    value = value:sub(2)
    if self:path_text(path, value, false) then return "^" .. value end
    return nil
  end
  if value == "." then return value end
  if value == "" or value:find("..", 1, true) or value:match("^%.") or value:match("%.$") then
    self:say(path, "'%s' is no path: names joined by single dots", value)
    return nil
  end
  return value
end

function Check:path_list(path, value, in_item)
  if not self:is(path, value, "table") then return nil end
  local list = {}
  for i, one in ipairs(value) do list[i] = self:path_text(at(path, i), one, in_item) end
  if #value == 0 then
    self:say(path, "needs at least one path")
    return nil
  end
  return #list == #value and list or nil
end

-- "a.b" | { "a.b", unit = } | { first = { … }, unit = } | { sum = { … }, unit = }  ->  { paths, how, unit }
function Check:source(path, value, units, in_item)
  if type(value) == "string" then
    local one = self:path_text(path, value, in_item)
    return one and { paths = { one }, how = "first" }
  end
  if type(value) ~= "table" then
    self:say(path, "must be a path (text, or a table with first, sum or unit), not a %s", type(value))
    return nil
  end
  for _, key in ipairs(sorted_keys(value)) do
    if key ~= 1 and key ~= "first" and key ~= "sum" and key ~= "unit" then
      if key == 2 then
        self:say(path, "several paths: write { first = { … } } or { sum = { … } }")
      else
        self:unknown(path, key, { "first", "sum", "unit" })
      end
      return nil
    end
  end
  local forms = (value[1] ~= nil and 1 or 0) + (value.first ~= nil and 1 or 0) + (value.sum ~= nil and 1 or 0)
  if forms ~= 1 then
    self:say(path, "needs exactly one of: a path, first, sum")
    return nil
  end
  if value.unit ~= nil then
    if not units then
      self:say(at(path, "unit"), "this field has no unit")
      return nil
    elseif not self:one_of(at(path, "unit"), value.unit, units) then
      return nil
    end
  end
  local paths
  if value[1] ~= nil then
    local one = self:path_text(at(path, 1), value[1], in_item)
    paths = one and { one }
  else
    paths = self:path_list(at(path, value.first and "first" or "sum"), value.first or value.sum, in_item)
  end
  return paths and { paths = paths, how = value.sum and "sum" or "first", unit = value.unit }
end

-- { name = path, … } with names of the plugin's own choice -> { { name = , source = }, … }
function Check:named(path, value, units, in_item)
  if not self:is(path, value, "table") then return nil end
  local out = {}
  for _, name in ipairs(sorted_keys(value)) do
    if type(name) ~= "string" or name == "" then
      self:say(path, "holds a list where names with paths were expected")
      return nil
    end
    local source = self:source(at(path, name), value[name], units, in_item)
    if source then out[#out + 1] = { name = name, source = source } end
  end
  return out
end

-- A table of fields from FIELDS; extra names those that are named() tables.
function Check:fields(path, value, fields, tables, in_item)
  if not self:is(path, value, "table") then return nil end
  local known = sorted_keys(fields)
  for _, name in ipairs(tables) do known[#known + 1] = name end
  local out = {}
  for _, key in ipairs(sorted_keys(value)) do
    if contains(tables, key) then
      local units = path[#path] == "counts" and SPAN_UNITS or nil
      out[key] = self:named(at(path, key), value[key], units, in_item)
    elseif fields[key] == nil then
      self:unknown(path, key, known)
    else
      local source = self:source(at(path, key), value[key], fields[key], in_item)
      if source and source.how == "sum" and (path[#path] ~= "counts" or key:find("^window_")) then
        self:say(at(path, key), "cannot be a sum")
      end
      out[key] = source
    end
  end
  return out
end

-- --- conditions ----------------------------------------------------------------------------------------------------------

function Check:condition(path, key, value, in_item)
  local where = self:path_text(path, key, in_item)
  if type(value) == "boolean" then return where and { path = where, present = value } end
  if type(value) == "string" then return where and { path = where, any = { value } } end
  if type(value) ~= "table" or #value == 0 then
    self:say(path, "must be a text, a list of texts, true or false, not a %s", type(value) == "table" and "table without a list"
      or type(value))
    return nil
  end
  for k, one in pairs(value) do
    if math.type(k) ~= "integer" or type(one) ~= "string" then
      self:say(path, "must be a list of texts only")
      return nil
    end
  end
  return where and { path = where, any = table.move(value, 1, #value, 1, {}) }
end

function Check:conditions(path, value, in_item)
  local out = { conditions = {} }
  local list = out.conditions
  for _, key in ipairs(sorted_keys(value)) do
    local v = value[key]
    if type(key) ~= "string" then
      self:say(path, "holds a list where conditions were expected: [\"a.b\"] = \"text\"")
      return nil
    elseif key == "kind_of" and type(v) == "table" then
      for _, where in ipairs(sorted_keys(v)) do
        local one = self:path_text(at(path, "kind_of", where), where, in_item)
        if self:one_of(at(path, "kind_of", where), v[where], KINDS) and one then
          list[#list + 1] = { path = one, kind = v[where] }
        end
      end
    elseif key == "columns" and type(v) == "table" and not in_item then
      out.columns = self:texts(at(path, "columns"), v)
    elseif key == "url" and type(v) == "string" and not in_item then
      local ok, wrong = pcall(string.find, "", v)
      if not ok then self:say(at(path, "url"), "is no Lua pattern: %s", tostring(wrong):gsub("^.-:%d+: ", "")) end
      out.url = v
    else
      list[#list + 1] = self:condition(at(path, key), key, v, in_item)
    end
  end
  if next(value) == nil then self:say(path, "needs at least one condition") end
  return out
end

function Check:texts(path, value)
  local out = {}
  for i, v in ipairs(value) do
    if not self:is(at(path, i), v, "string") then return nil end
    out[i] = v
  end
  if #out == 0 then
    self:say(path, "needs at least one name")
    return nil
  end
  return out
end

-- --- a parser ------------------------------------------------------------------------------------------------------------

function Check:flag(path, value)
  if value == nil then return false end
  return self:is(path, value, "boolean") and value
end

function Check:optional_text(path, value)
  if value == nil then return nil end
  if not self:is(path, value, "string") then return nil end
  if value == "" then self:say(path, "is empty") end
  return value
end

function Check:only(path, parser, allowed, beside)
  for _, key in ipairs(sorted_keys(parser)) do
    if contains(PARSER_KEYS, key) and not contains(allowed, key) then
      self:say(at(path, key), "has no meaning beside '%s'", beside)
    end
  end
end

function Check:each(path, value, out)
  if value == nil then return end
  local source = self:source(path, value, nil, false)
  if source and source.how == "sum" then
    self:say(path, "cannot be a sum")
  elseif source then
    out.each = source.paths
  end
end

function Check:drop(path, value)
  if not self:is(path, value, "table") then return nil end
  local out = {}
  for i, rule in ipairs(value) do
    local here = at(path, i)
    if self:is(here, rule, "table") then
      for _, key in ipairs(sorted_keys(rule)) do
        if key ~= "when" and key ~= "reason" then self:unknown(here, key, { "when", "reason" }) end
      end
      self:is(at(here, "reason"), rule.reason, "string")
      local when = self:is(at(here, "when"), rule.when, "table") and self:conditions(at(here, "when"), rule.when, true)
      if when then out[#out + 1] = { reason = rule.reason, conditions = when.conditions } end
    end
  end
  if #value == 0 then self:say(path, "must be a list: { { when = { … }, reason = \"…\" } }") end
  return out
end

function Check:zone(path, value)
  local zone = self:optional_text(path, value)
  -- the host's clockwork knows the zones; under plain Lua there is none to ask
  local day_start = rawget(_G, "time") and rawget(_G, "time").day_start
  if zone and day_start and not pcall(day_start, "2024-01-01", zone) then
    self:say(path, "no such zone '%s' (a name like America/Los_Angeles)", zone)
  end
  return zone
end

function Check:declarative(path, p, out)
  self:each(at(path, "each"), p.each, out)
  if p.refuse ~= nil then
    self:only(path, p, BESIDE_REFUSE, "refuse")
    out.refuse = self:fields(at(path, "refuse"), p.refuse, REFUSE, {}, false)
    return
  end
  if p.account ~= nil then
    out.account = self:fields(at(path, "account"), p.account, ACCOUNT, {}, true)
    if out.account and p.account.id == nil then
      self:say(at(path, "account", "id"), "is missing: the path of the account's id")
    end
  end
  if p.skip ~= nil then
    self:only(path, p, BESIDE_SKIP, "skip")
    out.skip = self:optional_text(at(path, "skip"), p.skip)
    return
  end
  out.post = self:fields(at(path, "post"), p.post, POST, { "features" }, true)
  if out.post and p.post.id == nil then self:say(at(path, "post", "id"), "is missing: the path of the post's id") end
  if p.counts ~= nil then out.counts = self:fields(at(path, "counts"), p.counts, COUNTS, { "metrics" }, true) end
  if p.drop ~= nil then out.drop = self:drop(at(path, "drop"), p.drop) end
  if type(p.extra) == "string" then
    out.extra_from = self:path_text(at(path, "extra"), p.extra, true)
  elseif p.extra ~= nil then
    out.extra = self:named(at(path, "extra"), p.extra, nil, true)
  end
  out.window = "lifetime"
  if p.window ~= nil and self:one_of(at(path, "window"), p.window, WINDOWS) then out.window = p.window end
end

function Check:parser(path, name, p)
  local out = { name = name }
  if not self:is(path, p, "table") then return out end
  for _, key in ipairs(sorted_keys(p)) do
    if not contains(PARSER_KEYS, key) then self:unknown(path, key, PARSER_KEYS) end
  end
  out.about = self:optional_text(at(path, "about"), p.about)
  out.whole = self:flag(at(path, "whole"), p.whole)
  out.wide_export = self:flag(at(path, "wide_export"), p.wide_export)
  out.zone = self:zone(at(path, "zone"), p.zone)
  if type(p.match) == "function" then
    out.match = { code = true }
  elseif type(p.match) == "table" then
    out.match = self:conditions(at(path, "match"), p.match, false)
  else
    self:say(at(path, "match"), p.match == nil and "is missing: which documents are this parser's own" or
      "must be a table of conditions or a function, not a " .. type(p.match))
  end
  out.csv = self:flag(at(path, "csv"), p.csv) or (out.match ~= nil and out.match.columns ~= nil)
  if p.parse ~= nil then
    self:is(at(path, "parse"), p.parse, "function")
    self:only(path, p, BESIDE_PARSE, "parse")
    out.code = true
  else
    self:declarative(path, p, out)
  end
  return out
end

-- --- the plugin ----------------------------------------------------------------------------------------------------------

function Check:api(value)
  if math.type(value) ~= "integer" then
    self:say({ "api" }, value == nil and "is missing (write api = 1)" or "must be a whole number (write api = 1)")
  elseif value > M.api then
    local text = "this plugin is written for plugin api %d, this tidemark knows api %d: it needs a newer tidemark"
    self:say({ "api" }, text, value, M.api)
  elseif value < M.api then
    self:say({ "api" }, "plugin api %d is not known (this tidemark knows api %d)", value, M.api)
  end
end

function Check:name(value, expected)
  if not self:is({ "name" }, value, "string") then return end
  if not value:find("^%l[%l%d_]*$") then
    self:say({ "name" }, "'%s' must be lower-case letters, digits and _, a letter first", value)
  elseif expected and value ~= expected then
    self:say({ "name" }, "'%s' must be '%s', as its file or folder is called", value, expected)
  end
end

-- parsers and rules: { ["plugin.name"] = { … } } -> what each makes of its table, by name. example ends the message.
function Check:entries(plugin, key, one, example, each)
  local out = {}
  if plugin[key] == nil or not self:is({ key }, plugin[key], "table") then return out end
  for _, name in ipairs(sorted_keys(plugin[key])) do
    local path = { key, name }
    local prefix = type(plugin.name) == "string" and plugin.name .. "." or ""
    if type(name) ~= "string" then
      self:say({ key }, "holds a list where %s with names were expected: [\"%sname\"] = { … }", key, prefix)
    else
      if name:sub(1, #prefix) ~= prefix or not name:find("^[%l%d_]+%.[%l%d_.]*[%l%d_]$") then
        self:say(path, "a %s's name is the plugin's, a dot and lower-case words: '%s%s'", one, prefix, example)
      end
      out[#out + 1] = each(self, path, name, plugin[key][name])
    end
  end
  return out
end

local function sort_and_place(mistakes, source)
  local line_of = source and locate(source)
  for i, m in ipairs(mistakes) do
    m.line, m.order = line_of and line_of(m.path) or 1, i
  end
  table.sort(mistakes, function(a, b)
    if a.line ~= b.line then return a.line < b.line end
    return a.order < b.order
  end)
  return mistakes
end

--- opts: name = what the plugin must be called; source = the file's text, for the lines.
function M.check(plugin, opts)
  opts = opts or {}
  local self = setmetatable({ mistakes = {} }, Check)
  local out
  if type(plugin) ~= "table" then
    self:say({}, "the file must return the plugin's table, it returned %s", plugin == nil and "nothing" or "a " .. type(plugin))
  else
    for _, key in ipairs(sorted_keys(plugin)) do
      if contains(LATER, key) then
        self:say({ key }, "unknown key: this version of tidemark has no %s in plugins yet", key)
      elseif not contains(PLUGIN_KEYS, key) then
        self:unknown({}, key, PLUGIN_KEYS)
      end
    end
    self:name(plugin.name, opts.name)
    self:api(plugin.api)
    self:is({ "about" }, plugin.about, "string")
    out = { name = plugin.name, about = plugin.about,
      parsers = self:entries(plugin, "parsers", "parser", "videos", self.parser),
      rules = self:entries(plugin, "rules", "rule", "best_hour", rules.check) }
  end
  if #self.mistakes == 0 then return out end
  return nil, sort_and_place(self.mistakes, opts.source)
end

--- One line a mistake: "plugins/x/plugin.lua:12: parsers.x.matsch: unknown key, did you mean 'match'?"
function M.format(mistakes, file)
  local lines = {}
  for i, m in ipairs(mistakes) do
    local words = {}
    for k, word in ipairs(m.path) do words[k] = tostring(word) end
    local where = #words > 0 and table.concat(words, ".") .. ": " or ""
    lines[i] = ("%s:%d: %s%s"):format(file, m.line, where, m.text)
  end
  return table.concat(lines, "\n")
end

return M
