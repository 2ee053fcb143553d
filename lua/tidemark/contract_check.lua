-- How the contract looks at a table: mistakes are collected with the path of what is wrong, never raised.
--
-- A part of the contract is a list of keys as data (contract_schema.lua). Check:part walks a table along that list: unknown
-- keys, missing ones, wrong types, defaults. What a type means is a function in M.types; other files add theirs.

local locate = require("tidemark.locate")

local M = { types = {} }

local Check = {}
Check.__index = Check
M.Check = Check

function M.contains(list, value)
  for _, v in ipairs(list) do
    if v == value then return true end
  end
  return false
end

function M.sorted_keys(t)
  local keys = {}
  for k in pairs(t) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b)
    if math.type(a) and math.type(b) then return a < b end
    return tostring(a) < tostring(b)
  end)
  return keys
end

--- The path of what lies deeper.
function M.at(path, ...)
  return table.move({ ... }, 1, select("#", ...), #path + 1, table.move(path, 1, #path, 1, {}))
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
  if #word > 60 then return nil end
  for _, name in ipairs(list) do
    local d = distance(word, name)
    if d < best_distance then best, best_distance = name, d end
  end
  for _, name in ipairs(best and {} or list) do -- "cpu" is how "cpu_s" begins
    if #word > 1 and name:sub(1, #word + 1) == word .. "_" then return name end
  end
  return best
end

-- A stranger's text in a message: short, on one line.
local function quoted(value)
  local text = tostring(value):gsub("%c", " ")
  if #text > 60 then text = text:sub(1, 57):gsub("[\x80-\xff]*$", "") .. "…" end
  return text
end

local ARTICLE = { ["nil"] = "nothing" }
local function kind_of(value)
  local kind = type(value)
  return ARTICLE[kind] or "a " .. kind
end
M.kind_of = kind_of

function M.new()
  return setmetatable({ mistakes = {}, warnings = {} }, Check)
end

-- A table made by code may be wrong a hundred thousand times; nobody reads that.
local MANY = 500

local function add(list, path, text, ...)
  if #list == MANY then list[#list + 1] = { path = {}, text = ("more than %d mistakes: the rest is left out"):format(MANY) } end
  if #list > MANY then return end
  list[#list + 1] = { path = path, text = select("#", ...) > 0 and text:format(...) or text }
end

function Check:say(path, text, ...) add(self.mistakes, path, text, ...) end

--- What is no mistake, but most likely not meant.
function Check:warn(path, text, ...) add(self.warnings, path, text, ...) end

function Check:unknown(path, key, known)
  if type(key) ~= "string" then
    self:say(path, "holds a list where keys with names were expected")
    return
  end
  local near = M.nearest(key, known)
  local text = near and "unknown key, did you mean '%s'?" or "unknown key (known: %s)"
  self:say(M.at(path, key), text, near or table.concat(known, ", "))
end

-- "; write find = function(posts, ctx) … end": what to do, where the key's definition says how it is written.
local function remedy(path, def)
  local key = path[#path]
  if not def or not def.form or type(key) ~= "string" then return "" end
  local name = key:find("^[%a_][%w_]*$") and key or ('["%s"]'):format(key)
  return ("; write %s = %s"):format(name, def.form)
end

function Check:is(path, value, want, def)
  if type(value) == want then return true end
  if value == nil then
    self:say(path, "is missing (a %s)%s", want, remedy(path, def))
  else
    self:say(path, "must be a %s, not %s%s", want, kind_of(value), remedy(path, def))
  end
  return false
end

function Check:one_of(path, value, list)
  if M.contains(list, value) then return true end
  local near = type(value) == "string" and M.nearest(value, list)
  local names = {}
  for i, v in ipairs(list) do names[i] = tostring(v) end
  local hint = near and (", did you mean '%s'?"):format(near) or " (one of " .. table.concat(names, ", ") .. ")"
  self:say(path, "'%s' is not known here%s", quoted(value), hint)
  return false
end

--- Keys of a table that no part of the contract knows.
function Check:keys(path, value, part)
  local known = {}
  for i, def in ipairs(part) do known[i] = def.key end
  local named = true
  for _, key in ipairs(M.sorted_keys(value)) do
    if #self.mistakes > MANY then return end
    if type(key) == "string" then
      if not M.contains(known, key) then self:unknown(path, key, known) end
    elseif named then
      named = false -- said once, however long the list is
      self:unknown(path, key, known)
    end
  end
end

--- One value along its definition. Returns what the description holds of it, nil where it is wrong.
function Check:value(path, value, def)
  return M.types[def.type](self, path, value, def)
end

--- A table along a part of the contract: what each key makes, with defaults filled in. nil when it is no table.
--- Keys whose type is false are left to the caller once they are there, those of type "own" altogether.
function Check:part(path, value, part, def)
  if not self:is(path, value, "table", def) then return nil end
  self:keys(path, value, part)
  local out = {}
  for _, key in ipairs(part) do
    local v, here = rawget(value, key.key), M.at(path, key.key)
    if key.type == "own" then
      out[key.key] = v
    elseif v == nil and key.required then
      self:say(here, "is missing%s", remedy(here, key))
    elseif v == nil then
      out[key.key] = key.default
    elseif key.type then
      local made = self:value(here, v, key)
      if made == nil then made = key.default end
      out[key.key] = made
    end
  end
  return out
end

-- --- types -----------------------------------------------------------------------------------------------------------------

local types = M.types

function types.text(self, path, value, def)
  if not self:is(path, value, "string", def) then return nil end
  if not value:find("%S") then
    self:say(path, "is empty%s", remedy(path, def))
    return nil
  end
  if not utf8.len(value) then
    self:say(path, "is not UTF-8: save the file as UTF-8")
    return nil
  end
  return value
end

function types.flag(self, path, value, def)
  if self:is(path, value, "boolean", def) then return value end
end

types["function"] = function(self, path, value, def)
  if self:is(path, value, "function", def) then return true end
end

function types.choice(self, path, value, def)
  if type(value) ~= "string" then
    self:is(path, value, "string", def)
  elseif self:one_of(path, value, def.one_of) then
    return value
  end
end

--- A whole number within def.min and def.max.
function types.whole(self, path, value, def)
  local whole = math.type(value) == "float" and math.tointeger(value) or value
  if math.type(whole) == "integer" and whole >= def.min and whole <= def.max then return whole end
  self:say(path, "must be a whole number from %d to %d, not %s", def.min, def.max,
    type(value) == "number" and tostring(value) or kind_of(value))
end

--- A list of texts, each by def.of (a type), at least one.
function types.texts(self, path, value, def)
  if not self:is(path, value, "table", def) then return nil end
  local out = {}
  for _, key in ipairs(M.sorted_keys(value)) do
    if math.type(key) ~= "integer" or key < 1 or key > #value then
      self:say(path, "must be a list of texts%s", remedy(path, def))
      return nil
    end
    local one = self:value(M.at(path, key), value[key], { type = def.of or "text" })
    if one ~= nil and M.contains(out, one) then
      self:say(M.at(path, key), "'%s' stands in this list twice", one)
    end
    out[#out + 1] = one
  end
  if #value == 0 then
    self:say(path, "is an empty list%s", remedy(path, def))
    return nil
  end
  return #out == #value and out or nil
end

-- --- what comes out ----------------------------------------------------------------------------------------------------------

--- Gives each mistake its line and puts them in the file's order.
function M.place(list, source)
  if #list == 0 then return list end
  local line_of = source and locate(source)
  for i, m in ipairs(list) do
    m.line, m.order = line_of and line_of(m.path) or 1, i
  end
  table.sort(list, function(a, b)
    if a.line ~= b.line then return a.line < b.line end
    return a.order < b.order
  end)
  return list
end

--- One text a mistake: "plugins/x/plugin.lua:12: parsers.x.matsch: unknown key, did you mean 'match'?"
function M.lines(list, file)
  local lines = {}
  for i, m in ipairs(list) do
    local words = {}
    for k, word in ipairs(m.path) do words[k] = quoted(word) end
    local where = #words > 0 and table.concat(words, ".") .. ": " or ""
    lines[i] = ("%s:%d: %s%s"):format(file, m.line, where, m.text)
  end
  return lines
end

function M.format(list, file) return table.concat(M.lines(list, file), "\n") end

M.quoted = quoted
return M
