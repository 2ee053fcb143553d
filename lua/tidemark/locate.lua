-- Where a key of a plugin's table stands in its file: locate(source)({ "parsers", "x.y", "match" }) -> line.
--
-- Not a Lua parser: a scanner that knows tokens (strings, comments, long brackets), brackets and blocks, and follows table
-- constructors from the file's last return: through names of tables made on the way, fields given to them later (t.a.b = { … })
-- and functions of the file that return a table. Where a table is made by other code it gives the line of the deepest key that
-- is written down.

local tokens = require("tidemark.tokens")

local OPEN = { ["("] = true, ["["] = true, ["{"] = true, ["function"] = true, ["if"] = true, ["do"] = true, ["repeat"] = true }
local CLOSE = { [")"] = true, ["]"] = true, ["}"] = true, ["end"] = true, ["until"] = true }

-- --- tables: node = { line = , fields = { [key] = node }, ref = "name", call = "name" } -------------------------------------

local function is(token, text)
  return token ~= nil and token.kind ~= "string" and token.text == text
end

-- Goes behind one expression: to the token that ends it (a comma, a semicolon, a closing bracket, or the next statement).
local function skip_value(list, i)
  local depth = 0
  while list[i] do
    local token = list[i]
    if token.kind ~= "string" then
      if depth == 0 and (token.text == "," or token.text == ";" or CLOSE[token.text]) then return i end
      if OPEN[token.text] then depth = depth + 1 end
      if CLOSE[token.text] then depth = depth - 1 end
    end
    i = i + 1
  end
  return i
end

local constructor

-- What the expression at i is made of, without going behind it.
local function node_at(list, i, line)
  local node, after = { line = line }, list[i + 1]
  if is(list[i], "{") then
    node.behind, node.fields = constructor(list, i)
  elseif list[i] and list[i].kind == "name" then
    if is(after, "(") or is(after, "{") or after and after.kind == "string" then
      node.call = list[i].text
    elseif not after or after.kind == "name" or is(after, ",") or is(after, ";") or is(after, "}") then
      node.ref = list[i].text
    end
  end
  return node
end

local function value(list, i, line)
  local node = node_at(list, i, line)
  return skip_value(list, node.behind or i), node
end

-- The key that starts at i: its value's first token, the key; nil for a list element.
local function key_at(list, i)
  local token = list[i]
  if token.kind == "name" and is(list[i + 1], "=") and not is(list[i + 2], "=") then return i + 2, token.text end
  if is(token, "[") and list[i + 1] and is(list[i + 2], "]") and is(list[i + 3], "=") then
    local key = list[i + 1]
    return i + 4, key.kind == "number" and math.tointeger(tonumber(key.text)) or key.text
  end
  return nil
end

-- list[i] is "{"; gives the index behind "}" and the fields.
function constructor(list, i)
  local fields, count = {}, 0
  i = i + 1
  while list[i] and not is(list[i], "}") do
    local line = list[i].line
    local from, key = key_at(list, i)
    if not from then
      count = count + 1
      from, key = i, count
      if is(list[i], "[") then from = skip_value(list, i + 1) + 1 end -- a computed key
    end
    local after
    after, fields[key] = value(list, from, line)
    i = math.max(after, i + 1)
    if is(list[i], ",") or is(list[i], ";") then i = i + 1 end
  end
  return i + 1, fields
end

-- --- statements ------------------------------------------------------------------------------------------------------------

-- list[i] is "function", its body's tokens follow: what it returns as a table, with its parameters' names.
local function function_at(list, i)
  local params, depth, returned = {}, 0, nil
  while list[i] and not is(list[i], "(") do i = i + 1 end
  while list[i] and not is(list[i], ")") do
    if list[i].kind == "name" then params[list[i].text] = true end
    i = i + 1
  end
  while list[i] and depth >= 0 do
    local token = list[i]
    if token.kind ~= "string" then
      if token.text == "return" and is(list[i + 1], "{") then returned = node_at(list, i + 1, list[i + 1].line) end
      if OPEN[token.text] then depth = depth + 1 end
      if CLOSE[token.text] and not is(token, ")") then depth = depth - 1 end
      if is(token, ")") and depth > 0 then depth = depth - 1 end
    end
    i = i + 1
  end
  if returned then returned.params = params end
  return returned
end

-- t.a["b.c"] = value at i: the keys and where the value begins; nil when it is something else.
local function assignment(list, i)
  local keys = { list[i].text }
  i = i + 1
  while true do
    local next_one = list[i + 1]
    if is(list[i], ".") and next_one and next_one.kind == "name" then
      keys[#keys + 1] = next_one.text
      i = i + 2
    elseif is(list[i], "[") and next_one and next_one.kind ~= "symbol" and is(list[i + 2], "]") then
      keys[#keys + 1] = next_one.kind == "number" and math.tointeger(tonumber(next_one.text)) or next_one.text
      i = i + 3
    else
      break
    end
  end
  if is(list[i], "=") and not is(list[i + 1], "=") then return keys, i + 1 end
end

local function give(named, keys, node)
  local name = table.remove(keys, 1)
  if #keys == 0 then
    named[name] = node
    return
  end
  local at = named[name] or { line = node.line }
  named[name] = at
  for k = 1, #keys - 1 do
    at.fields = at.fields or {}
    at.fields[keys[k]] = at.fields[keys[k]] or { line = node.line }
    at = at.fields[keys[k]]
  end
  at.fields = at.fields or {}
  at.fields[keys[#keys]] = node
end

-- Top-level names with what they are, functions with the tables they return, and what the file returns.
local function scan(list)
  local named, functions, root, depth, i = {}, {}, nil, 0, 1
  while list[i] do
    local token = list[i]
    if token.kind ~= "string" then
      if depth == 0 and token.text == "return" and list[i + 1] then
        root = node_at(list, i + 1, list[i + 1].line)
      elseif depth == 0 and token.text == "function" and list[i + 1] and list[i + 1].kind == "name" then
        functions[list[i + 1].text] = function_at(list, i + 1)
      elseif depth == 0 and token.kind == "name" and not OPEN[token.text] and not CLOSE[token.text] then
        local keys, from = assignment(list, i)
        if keys and is(list[from], "function") and #keys == 1 then
          functions[keys[1]] = function_at(list, from)
        elseif keys then
          give(named, keys, node_at(list, from, token.line))
        end
      end
      if OPEN[token.text] then depth = depth + 1 end
      if CLOSE[token.text] then depth = depth - 1 end
    end
    i = i + 1
  end
  return root or { line = 1 }, named, functions
end

return function(source)
  local root, named, functions = scan(tokens(source))
  -- The table that a node is, through names; and the function's parameters when one made it.
  local function open(node)
    for _ = 1, 20 do
      if node.fields then return node.fields, node.params end
      local made = node.call and functions[node.call]
      if made then return made.fields, made.params end
      node = node.ref and named[node.ref]
      if not node then return nil end
    end
  end
  return function(path)
    local node, line, params, called = root, root.line, nil, nil
    for _, key in ipairs(path) do
      local fields, own = open(node)
      if own then params, called = own, line end
      node = fields and fields[key]
      if not node then return line end
      -- what came in as an argument was written where the function was called
      if params and node.ref and params[node.ref] then return called end
      line = node.line
    end
    return line
  end
end
