-- A parser of a plugin, checked: docs/parsers.md in code.

local check = require("tidemark.contract_check")
local schema = require("tidemark.contract_schema")

local M = {}

local at, sorted_keys, types = check.at, check.sorted_keys, check.types

local KINDS = { "object", "array", "string", "number", "boolean", "null" }

-- --- paths ---------------------------------------------------------------------------------------------------------------

local function path_text(self, path, value, in_item)
  if not self:is(path, value, "string") then return nil end
  if value:sub(1, 1) == "^" then
    if not in_item then
      self:say(path, "'^' has no meaning here: the path starts at the document already")
      return nil
    end
    value = value:sub(2)
    if path_text(self, path, value, false) then return "^" .. value end
    return nil
  end
  if value == "." then return value end
  if value == "" or value:find("..", 1, true) or value:match("^%.") or value:match("%.$") then
    self:say(path, "'%s' is no path: names joined by single dots", value)
    return nil
  end
  return value
end

local function path_list(self, path, value, in_item)
  if not self:is(path, value, "table") then return nil end
  local list = {}
  for i, one in ipairs(value) do list[i] = path_text(self, at(path, i), one, in_item) end
  if #value == 0 then
    self:say(path, "needs at least one path")
    return nil
  end
  return #list == #value and list or nil
end

-- "a.b" | { "a.b", unit = } | { first = { … }, unit = } | { sum = { … }, unit = }  ->  { paths, how, unit }
local function source(self, path, value, units, in_item)
  if type(value) == "string" then
    local one = path_text(self, path, value, in_item)
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
      local plain = type(value[1]) == "string" and (" = \"%s\""):format(check.quoted(value[1])) or " without it"
      self:say(at(path, "unit"), "this field has no unit; write %s%s", path[#path], plain)
      return nil
    elseif not self:one_of(at(path, "unit"), value.unit, units) then
      return nil
    end
  end
  local paths
  if value[1] ~= nil then
    local one = path_text(self, at(path, 1), value[1], in_item)
    paths = one and { one }
  else
    paths = path_list(self, at(path, value.first and "first" or "sum"), value.first or value.sum, in_item)
  end
  return paths and { paths = paths, how = value.sum and "sum" or "first", unit = value.unit }
end

-- { name = path, … } with names of the plugin's own choice -> { { name = , source = }, … }
local function named(self, path, value, units, in_item)
  if not self:is(path, value, "table", { form = '{ name = "a.path" }' }) then return nil end
  local out = {}
  for _, name in ipairs(sorted_keys(value)) do
    if type(name) ~= "string" or name == "" then
      self:say(path, "holds a list where names with paths were expected")
      return nil
    end
    local one = source(self, at(path, name), value[name], units, in_item)
    if one then out[#out + 1] = { name = name, source = one } end
  end
  return out
end

-- A table of paths along a part of the contract (post, counts, account, same, refuse).
local function fields(self, path, value, part, in_item)
  if not self:is(path, value, "table", { form = part.form }) then return nil end
  self:keys(path, value, part)
  local out = {}
  for _, def in ipairs(part) do
    local v, here = rawget(value, def.key), at(path, def.key)
    if v == nil then
      if def.required then self:say(here, "is missing: the path of %s; write %s = %s", def.about, def.key, def.form) end
    elseif def.named and not (def.whole and (type(v) == "string" or type(v) == "table" and (v[1] or v.first or v.sum))) then
      out[def.key] = named(self, here, v, def.units, in_item)
    else
      local one = source(self, here, v, def.units, in_item)
      if one and one.how == "sum" and not def.sum then self:say(here, "cannot be a sum") end
      out[def.key] = one
    end
  end
  return out
end

-- --- conditions ----------------------------------------------------------------------------------------------------------

local function condition(self, path, key, value, in_item)
  local where = path_text(self, path, key, in_item)
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

local function conditions(self, path, value, in_item)
  local out = { conditions = {} }
  local list = out.conditions
  for _, key in ipairs(sorted_keys(value)) do
    local v = value[key]
    if type(key) ~= "string" then
      self:say(path, "holds a list where conditions were expected: [\"a.b\"] = \"text\"")
      return nil
    elseif key == "kind_of" and type(v) == "table" then
      for _, where in ipairs(sorted_keys(v)) do
        local one = path_text(self, at(path, "kind_of", where), where, in_item)
        if self:one_of(at(path, "kind_of", where), v[where], KINDS) and one then
          list[#list + 1] = { path = one, kind = v[where] }
        end
      end
    elseif key == "columns" and type(v) == "table" and not in_item then
      out.columns = types.texts(self, at(path, "columns"), v, { form = '{ "id", "views" }' })
    elseif key == "url" and type(v) == "string" and not in_item then
      local ok, wrong = pcall(string.find, "", v)
      if not ok then self:say(at(path, "url"), "is no Lua pattern: %s", tostring(wrong):gsub("^.-:%d+: ", "")) end
      out.url = v
    else
      list[#list + 1] = condition(self, at(path, key), key, v, in_item)
    end
  end
  if next(value) == nil then self:say(path, "needs at least one condition") end
  return out
end

-- --- a parser ------------------------------------------------------------------------------------------------------------

-- Keys that another form of a parser knows.
local function only(self, path, p, form)
  for _, def in ipairs(schema.parser) do
    if rawget(p, def.key) ~= nil and not def.forms:find(form, 1, true) then
      self:say(at(path, def.key), "has no meaning beside '%s'", form)
    end
  end
end

local function each(self, path, value, out)
  if value == nil then return end
  local one = source(self, path, value, nil, false)
  if one and one.how == "sum" then
    self:say(path, "cannot be a sum")
  elseif one then
    out.each = one.paths
  end
end

local ITEM = { form = '{ when = { … }, reason = "…" }' }

local function drop(self, path, value)
  local form = "{ " .. ITEM.form .. " }"
  if not self:is(path, value, "table", { form = form }) then return nil end
  local out = {}
  for _, key in ipairs(sorted_keys(value)) do
    local here = at(path, key)
    local one = math.type(key) == "integer" and self:part(here, value[key], schema.drop, ITEM)
    local when = one and type(value[key].when) == "table" and conditions(self, at(here, "when"), value[key].when, true)
    if when then out[#out + 1] = { reason = one.reason, conditions = when.conditions } end
    if math.type(key) ~= "integer" then
      self:say(here, "drop is a list; write drop = %s", form)
      return nil
    end
  end
  if #value == 0 then self:say(path, "must be a list; write drop = %s", form) end
  return out
end

-- Without a post the items are accounts, and there is nothing to say about posts.
local function accounts(self, path, p, out)
  if not (out.account and (out.account.metrics or out.account.audience)) then
    self:say(at(path, "post"), "is missing; write post = %s, or for items that are accounts %s", schema.post.form,
      'account = { id = "…", metrics = { … } }')
  end
  for _, key in ipairs { "counts", "extra", "wide_export" } do
    if rawget(p, key) ~= nil and rawget(p, key) ~= false then
      self:say(at(path, key), "has no meaning without 'post': the items are accounts")
    end
  end
  if p.drop ~= nil then out.drop = drop(self, at(path, "drop"), p.drop) end
end

-- One capture that is text: "()" would be a position. What stands in sets and behind % is no bracket.
local function captures_one(pattern)
  local bare = pattern:gsub("%%.", "x"):gsub("%[%^?%]?[^%]]*%]", "x")
  local _, n = bare:gsub("%(", "")
  return n == 1 and bare:find("%([^)]+%)") ~= nil and not bare:find("[", 1, true)
end

-- "/pins/(%d+)" | { "…", "…" }
local function id_from_url(self, path, value)
  local list = type(value) == "string" and { value } or value
  if type(list) ~= "table" or #list == 0 then
    self:say(path, "must be a Lua pattern with one capture, or a list of them; write id_from_url = \"/pins/(%d+)/analytics\"")
    return nil
  end
  for i, one in ipairs(list) do
    local here = list == value and at(path, i) or path
    if self:is(here, one, "string") then
      local ok, wrong = pcall(string.find, "", one)
      if not ok then
        self:say(here, "is no Lua pattern: %s", (tostring(wrong):gsub("^.-:%d+: ", "")))
      elseif not captures_one(one) then
        self:say(here, "needs exactly one capture, the id: \"/pins/(%d+)/analytics\"")
      end
    end
  end
  return table.move(list, 1, #list, 1, {})
end

-- The id may stand in the url alone.
local function post(self, path, p)
  if rawget(p, "id_from_url") == nil then return fields(self, path, p.post, schema.post, true) end
  return fields(self, path, p.post or {}, schema.post_of_url, true)
end

local function declared(self, path, p, out)
  out.post = post(self, at(path, "post"), p)
  if p.counts ~= nil then out.counts = fields(self, at(path, "counts"), p.counts, schema.counts, true) end
  if p.drop ~= nil then out.drop = drop(self, at(path, "drop"), p.drop) end
  if type(p.extra) == "string" then
    out.extra_from = path_text(self, at(path, "extra"), p.extra, true)
  elseif p.extra ~= nil then
    out.extra = named(self, at(path, "extra"), p.extra, nil, true)
  end
end

local function match(self, path, value)
  if type(value) == "function" then return { code = true } end
  if type(value) == "table" then return conditions(self, path, value, false) end
  if value ~= nil then
    self:say(path, "must be a table of conditions or a function, not %s; write match = { kind = \"…\" }", check.kind_of(value))
  end
end

--- self: the contract's Check object; p: what stands in the plugin.
function M.check(self, path, name, p)
  local out = self:part(path, p, schema.parser)
  if not out then return { name = name } end
  out.name = name
  out.match = match(self, at(path, "match"), rawget(p, "match"))
  out.csv = out.csv or (out.match ~= nil and out.match.columns ~= nil)
  local form = p.parse ~= nil and "parse" or p.refuse ~= nil and "refuse" or p.skip ~= nil and "skip" or "declared"
  if form ~= "declared" then
    only(self, path, p, form)
    out.window = nil
  end
  if p.id_from_url ~= nil then out.id_from_url = id_from_url(self, at(path, "id_from_url"), p.id_from_url) end
  if form == "parse" then
    out.parse, out.code = nil, true
    return out
  end
  each(self, at(path, "each"), p.each, out)
  if form == "refuse" then
    out.refuse = fields(self, at(path, "refuse"), p.refuse, schema.refuse, false)
    return out
  end
  if p.same ~= nil then out.same = fields(self, at(path, "same"), p.same, schema.same, true) end
  if p.account ~= nil then
    out.account = fields(self, at(path, "account"), p.account, schema.account, true)
    local a = out.account
    if a and not a.id and not (a.metrics or a.audience) and type(p.account) == "table" and rawget(p.account, "id") == nil then
      self:say(at(at(path, "account"), "id"), "is missing: the path of the account's id; write id = \"snippet.channelId\"")
    end
  end
  if form == "declared" and p.post == nil and p.id_from_url == nil and p.account ~= nil then
    out.window = nil
    accounts(self, path, p, out)
  elseif form == "declared" then
    declared(self, path, p, out)
  end
  return out
end

-- Conditions as one text, to find parsers that cannot be told apart.
local function conditions_text(list, more)
  local texts = { more or "" }
  for _, c in ipairs(list) do
    local any = c.any and table.concat(c.any, "\1") or ""
    texts[#texts + 1] = table.concat({ c.path, c.kind or "", tostring(c.present), any }, "\2")
  end
  table.sort(texts)
  return table.concat(texts, "\3")
end

--- What is most likely not meant in the parsers of a plugin. list: as described.
function M.look(self, list)
  local seen = {}
  for _, p in ipairs(list or {}) do
    local path = { "parsers", p.name }
    if not p.about then
      self:warn(at(path, "about"), "is missing: nobody reads off a list of parsers what this one is for; write about = \"…\"")
    end
    local m = p.match
    if m and not m.code then
      local key = conditions_text(m.conditions, table.concat({ m.url or "", table.concat(m.columns or {}, "\1") }, "\2"))
      if seen[key] then
        self:warn(at(path, "match"), "has the same conditions as %s, which sorts first and so is always taken", seen[key])
      end
      seen[key] = seen[key] or p.name
    end
  end
end

return M
