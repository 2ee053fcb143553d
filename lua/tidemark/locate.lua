-- Where a key of a plugin's table stands in its file: locate(source)({ "parsers", "x.y", "match" }) -> line.
--
-- Not a Lua parser: a scanner that knows tokens (strings, comments, long brackets), brackets and blocks, and follows table
-- constructors from the file's last return, through names of tables made on the way. Where a table is made by code it gives
-- the line of the deepest key that is written down.

local OPEN = { ["("] = true, ["["] = true, ["{"] = true, ["function"] = true, ["if"] = true, ["do"] = true, ["repeat"] = true }
local CLOSE = { [")"] = true, ["]"] = true, ["}"] = true, ["end"] = true, ["until"] = true }

-- --- tokens: { kind = "name" | "string" | "number" | "symbol", text = , line = } ---------------------------------------------

local function long_bracket(source, pos)
  local level = source:match("^%[(=*)%[", pos)
  if not level then return nil end
  local from = pos + #level + 2
  local _, stop = source:find("]" .. level .. "]", from, true)
  stop = stop or #source
  return stop + 1, source:sub(from, stop - #level - 2)
end

local function short_string(source, pos)
  local quote, i = source:sub(pos, pos), pos + 1
  while i <= #source do
    local c = source:sub(i, i)
    if c == "\\" then
      i = i + 1
    elseif c == quote or c == "\n" then
      break
    end
    i = i + 1
  end
  return i + 1, source:sub(pos + 1, i - 1)
end

local function one_token(source, pos)
  local c = source:sub(pos, pos)
  if c:find("[%a_]") then
    local word = source:match("^[%w_]+", pos)
    return pos + #word, "name", word
  elseif c:find("%d") then
    local number = source:match("^[%w.]+", pos)
    return pos + #number, "number", number
  elseif c == '"' or c == "'" then
    local after, text = short_string(source, pos)
    return after, "string", text
  elseif c == "[" then
    local after, text = long_bracket(source, pos)
    if after then return after, "string", text end
  end
  return pos + 1, "symbol", c
end

local function skip_comment(source, pos)
  local after = long_bracket(source, pos + 2)
  return after or source:find("\n", pos, true) or #source + 1
end

local function tokens(source)
  local list, pos, line, counted = {}, 1, 1, 1
  while true do
    pos = source:find("%S", pos)
    if not pos then return list end
    if source:sub(pos, pos + 1) == "--" then
      pos = skip_comment(source, pos)
    else
      for _ in source:sub(counted, pos - 1):gmatch("\n") do line = line + 1 end
      counted = pos
      local after, kind, text = one_token(source, pos)
      list[#list + 1] = { kind = kind, text = text, line = line }
      pos = after
    end
  end
end

-- --- tables: node = { line = , fields = { [key] = node }, ref = "name" } -----------------------------------------------------

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

local function value(list, i, line)
  local node = { line = line }
  if is(list[i], "{") then
    i, node.fields = constructor(list, i)
  elseif list[i] and list[i].kind == "name" then
    local after = list[i + 1]
    if is(after, ",") or is(after, ";") or is(after, "}") then node.ref = list[i].text end
  end
  return skip_value(list, i), node
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

-- Top-level names with constructors, and what the file returns.
local function scan(list)
  local named, root, depth, i = {}, nil, 0, 1
  while list[i] do
    local token = list[i]
    if token.kind ~= "string" then
      if depth == 0 and token.kind == "name" and is(list[i + 1], "=") and is(list[i + 2], "{") then
        local _, fields = constructor(list, i + 2)
        named[token.text] = { line = token.line, fields = fields }
      elseif depth == 0 and token.text == "return" and list[i + 1] then
        root = { line = list[i + 1].line }
        if is(list[i + 1], "{") then
          root.fields = select(2, constructor(list, i + 1))
        elseif list[i + 1].kind == "name" then
          root.ref = list[i + 1].text
        end
      end
      if OPEN[token.text] then depth = depth + 1 end
      if CLOSE[token.text] then depth = depth - 1 end
    end
    i = i + 1
  end
  return root or { line = 1 }, named
end

return function(source)
  local root, named = scan(tokens(source))
  return function(path)
    local node, line = root, root.line
    for _, key in ipairs(path) do
      local fields = node.fields or (node.ref and named[node.ref] and named[node.ref].fields)
      node = fields and fields[key]
      if not node then break end
      line = node.line
    end
    return line
  end
end
