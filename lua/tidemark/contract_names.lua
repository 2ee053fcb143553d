-- Names after a dot that are not there: ctx.cmpare, string.fromat. Looked for in a plugin's text, so that they are found
-- before the code runs. What there is, is said by the annotations of the plugin API (lua/tidemark/meta) and by the libraries
-- themselves.

local check = require("tidemark.contract_check")
local tokens = require("tidemark.tokens")

local M = {}

local LIBRARIES = { "string", "table", "math", "utf8", "coroutine", "json", "time", "stats" }

-- The tables that annotations describe: { ctx = { "now", "sleep", … }, db = … }, from their texts.
local function described(meta)
  local known, fields = {}, {}
  local function add(var, name)
    known[var] = known[var] or {}
    if not check.contains(known[var], name) then table.insert(known[var], name) end
  end
  for line in meta:gmatch("[^\n]*") do
    local var = line:match("^local ([%a_][%w_]*) = {}")
    local owner, name = line:match("^function ([%a_][%w_]*)%.([%a_][%w_]*)%(")
    if line:find("^%-%-%-@class") then
      fields = {}
    elseif line:find("^%-%-%-@field") then
      fields[#fields + 1] = line:match("^%-%-%-@field ([%a_][%w_]*)")
    elseif var then
      for _, field in ipairs(fields) do add(var, field) end
      fields = {}
    elseif owner then
      add(owner, name)
    elseif not line:find("^%-%-") then
      fields = {}
    end
  end
  return known
end

local function joined(...)
  local out = {}
  for _, list in ipairs { ... } do table.move(list, 1, #list, #out + 1, out) end
  return out
end

-- What may be written with which names behind it.
local function vocabulary(meta)
  local known = described(meta)
  local sql, db = known.sql or {}, known.db or {}
  local words = { ctx = known.ctx, out = known.out, tx = #sql > 0 and sql or nil, ["ctx.log"] = known.log,
    ["ctx.db"] = #db > 0 and joined(db, sql) or nil }
  for _, name in ipairs(LIBRARIES) do
    local library = rawget(_G, name)
    words[name] = type(library) == "table" and check.sorted_keys(library) or nil
  end
  return words
end

-- Names that the file makes itself: a local or a parameter called like a library is not the library.
local function own_names(list)
  local own = {}
  for i, token in ipairs(list) do
    local stop = token.kind == "name" and (token.text == "local" and "=" or token.text == "function" and ")")
    for k = i + 1, stop and math.min(i + 40, #list) or 0 do
      if list[k].text == stop or list[k].text == "function" then break end
      if list[k].kind == "name" then own[list[k].text] = true end
    end
  end
  return own
end

-- What the file itself puts there: ctx.mine = 1.
local function given_names(list)
  local given = {}
  for i, token in ipairs(list) do
    if token.text == "=" and token.kind == "symbol" and list[i - 1].kind == "name" and (list[i + 1] or token).text ~= "=" then
      given[list[i - 1].text] = true
    end
  end
  return given
end

--- A text for each name that is not there. source: of a file, called file; meta: the annotations' text.
function M.look(source, file, meta)
  local list, words, out = tokens(source), vocabulary(meta), {}
  local own, given = own_names(list), given_names(list)
  for i, token in ipairs(list) do
    local before, name = list[i - 1], list[i + 2]
    local function behind(k) return list[k] and list[k].text == "." and list[k].kind == "symbol" end
    if token.kind == "name" and behind(i + 1) and name and name.kind == "name" and not (before and behind(i - 1)) then
      local owner, at = token.text, i + 2
      if owner == "ctx" and words["ctx." .. name.text] and behind(i + 3) and list[i + 4] then
        owner, at = "ctx." .. name.text, i + 4
      end
      local names, what = words[owner], list[at]
      local library = check.contains(LIBRARIES, owner)
      local there = not names or (library and own[owner]) or given[what.text] or check.contains(names, what.text)
      if not there then
        local near = check.nearest(what.text, names)
        out[#out + 1] = ("%s:%d: %s has no '%s'%s"):format(file, what.line, owner, what.text,
          near and (", did you mean '%s'?"):format(near) or " (it has " .. table.concat(names, ", ") .. ")")
      end
    end
  end
  return out
end

return M
