-- A payload shortened to its first items, byte for byte otherwise: what a plugin's first fixture is made of.

local M = {}

local function skip_string(text, at)
  local i = at + 1
  while true do
    local stop = assert(text:find('["\\]', i), "a text without an end")
    if text:byte(stop) == 34 then return stop + 1 end
    i = stop + 2
  end
end

-- Goes behind the value at `at` (its first byte), without looking into it.
local function skip(text, at)
  local c = text:sub(at, at)
  if c == '"' then return skip_string(text, at) end
  if c ~= "{" and c ~= "[" then return text:find("[%s,%]}]", at) or #text + 1 end
  local depth, i = 0, at
  repeat
    i = assert(text:find('["{}%[%]]', i), "no end")
    local mark = text:sub(i, i)
    if mark == '"' then
      i = skip_string(text, i)
    else
      depth = depth + ((mark == "{" or mark == "[") and 1 or -1)
      i = i + 1
    end
  until depth == 0
  return i
end

-- Calls one(key or index, from, behind) for each member of the object or list at `at`; stops where it returns true.
local function members(text, at, one)
  local object = text:sub(at, at) == "{"
  local i, n = at + 1, 0
  while true do
    i = assert(text:find("[^%s,]", i))
    local c = text:sub(i, i)
    if c == "}" or c == "]" then return nil end
    local key = n
    if object then
      local behind = skip_string(text, i)
      key = text:sub(i + 1, behind - 2)
      i = assert(text:match("^%s*:%s*()", behind))
    end
    local behind = skip(text, i)
    if one(key, i, behind) then return true end
    n, i = n + 1, behind
  end
end

local function find(text, path)
  local at = assert(text:find("[{%[]"))
  for step in path:gmatch("[^.]+") do
    local found
    members(text, at, function(key, from)
      if tostring(key) == step then found = from end -- of duplicate keys the last one counts, as everywhere
    end)
    if not found then return nil end
    at = found
  end
  return at
end

local function cut_json(text, path, keep)
  local at = find(text, path)
  if not at or text:sub(at, at) ~= "[" then return text, nil end
  local n, last = 0, nil
  members(text, at, function(_, _, behind)
    n = n + 1
    if n == keep then last = behind end
  end)
  if n <= keep then return text, n end
  local stop = skip(text, at) - 1 -- the closing bracket
  local space = text:sub(1, stop - 1):match("%s*$")
  return text:sub(1, last - 1) .. space .. text:sub(stop), n
end

local function cut_lines(text, keep)
  local kept, n = {}, 0
  for line in text:gmatch("[^\n]+") do
    if line:find("%S") then
      n = n + 1
      if n <= keep then kept[#kept + 1] = line end
    end
  end
  return table.concat(kept, "\n") .. "\n", n
end

-- Records end at a line break outside of quotes.
local function cut_csv(text, keep)
  local i, n, from = 1, -1, 1 -- the header is no record
  while i <= #text do
    local mark = text:find('["\n]', i)
    if not mark then break end
    if text:sub(mark, mark) == '"' then
      i = (text:find('"', mark + 1, true) or #text) + 1
    else
      n = n + 1
      i = mark + 1
      if n == keep then return text:sub(1, mark), n end
      from = i
    end
  end
  return from <= #text and text .. "\n" or text, n + 1
end

--- The text with at most `keep` items, and how many there were (nil: not a list). path is where a JSON document's items are
--- ("." or "" =
--- itself), as in a parser's each.
---@param text string
---@param format "json"|"ndjson"|"csv"
---@param path string?
---@param keep integer
---@return string text, integer? found
function M.cut(text, format, path, keep)
  if format == "csv" then return cut_csv(text, keep) end
  if format == "ndjson" then return cut_lines(text, keep) end
  return cut_json(text, path == "." and "" or path or "", keep)
end

return M
