-- Lua source as tokens: { kind = "name" | "string" | "number" | "symbol", text = , line = }. Comments are passed over; words
-- of the language are names, and "==" is two symbols: whoever reads them looks for keys and calls, not for a grammar.

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

--- source -> a list of tokens.
return function(source)
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
