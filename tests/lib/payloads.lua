-- What the specs of parsers share: files, tab-separated tables, JSON with its numbers digit for digit, and the program itself.

local M = {}

function M.read(path)
  local f = assert(io.open(path, "rb"))
  local text = f:read("a")
  f:close()
  return text
end

function M.exists(path)
  local f = io.open(path, "rb")
  if f then f:close() end
  return f ~= nil
end

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

-- The names in a folder, sorted; patterns as the shell has them.
function M.list(folder, pattern)
  local names = {}
  local pipe = assert(io.popen("ls -1 " .. quote(folder)))
  for name in pipe:lines() do
    if name:find(pattern) then names[#names + 1] = name end
  end
  pipe:close()
  return names
end

-- Runs a command; returns its exit status, standard output, standard error.
function M.run(...)
  local words = {}
  for _, word in ipairs { ... } do words[#words + 1] = quote(word) end
  local errors = os.tmpname()
  local pipe = assert(io.popen(table.concat(words, " ") .. " 2>" .. quote(errors) .. " </dev/null"))
  local out = pipe:read("a")
  local _, _, status = pipe:close()
  local text = M.read(errors)
  os.remove(errors)
  return status, out, text
end

-- A table with a header, as a list of {column = cell}.
function M.tsv(path)
  local columns, rows = nil, {}
  for line in io.lines(path) do
    local cells = {}
    for cell in (line:gsub("\r$", "") .. "\t"):gmatch("([^\t]*)\t") do cells[#cells + 1] = cell end
    if not columns then
      columns = cells
    else
      local row = {}
      for i, name in ipairs(columns) do row[name] = cells[i] or "" end
      rows[#rows + 1] = row
    end
  end
  return rows
end

-- Looking into null is a mistake, here as in the sandbox.
M.null = setmetatable({}, {
  __tostring = function() return "null" end, __name = "json.null",
  __index = function(_, key) error("null has no '" .. tostring(key) .. "'", 2) end,
})
M.array = { __name = "json.array" } -- the metatable of arrays, so that [] and {} stay apart

local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local function unescape(text)
  text = text:gsub("\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", function(high, low)
    return utf8.char(0x10000 + (tonumber(high, 16) - 0xD800) * 0x400 + tonumber(low, 16) - 0xDC00)
  end)
  text = text:gsub("\\u(%x%x%x%x)", function(hex) return utf8.char(tonumber(hex, 16)) end)
  return (text:gsub("\\(.)", escapes))
end

local parse_value

local function parse_string(text, at)
  local from = at + 1
  local i = from
  while true do
    local stop = assert(text:find('["\\]', i), "a string without an end")
    if text:sub(stop, stop) == '"' then return unescape(text:sub(from, stop - 1)), stop + 1 end
    i = stop + 2
  end
end

local function parse_members(text, at, close, one)
  at = text:find("%S", at + 1)
  if text:sub(at, at) == close then return at + 1 end
  while true do
    at = one(at)
    at = text:find("%S", at)
    local mark = text:sub(at, at)
    at = text:find("%S", at + 1)
    if mark == close then return at or #text + 1 end
    assert(mark == ",", "',' or '" .. close .. "' expected at byte " .. tostring(at))
  end
end

-- Integers of more than 15 digits come as strings of their digits, as a parser sees them.
local function parse_number(text, at)
  local digits = assert(text:match("^-?%d[%d.eE+-]*", at), "no JSON value at byte " .. at)
  local long = not digits:find("[.eE]") and #digits > 15
  return long and digits or tonumber(digits), at + #digits
end

function parse_value(text, at)
  at = text:find("%S", at)
  local c = text:sub(at, at)
  if c == "{" then
    local object = {}
    return object, parse_members(text, at, "}", function(i)
      local key, value
      key, i = parse_string(text, i)
      value, i = parse_value(text, assert(text:match("^%s*:()", i), "':' expected"))
      object[key] = value
      return i
    end)
  elseif c == "[" then
    local array = setmetatable({}, M.array)
    return array, parse_members(text, at, "]", function(i)
      array[#array + 1], i = parse_value(text, i)
      return i
    end)
  elseif c == '"' then
    return parse_string(text, at)
  end
  for word, value in pairs { ["true"] = true, ["false"] = false, null = M.null } do
    if text:sub(at, at + #word - 1) == word then return value, at + #word end
  end
  return parse_number(text, at)
end

-- JSON as Lua tables; null is M.null.
function M.json(text) return (parse_value(text, 1)) end

-- One value per line.
function M.ndjson(text)
  local rows = {}
  for line in text:gmatch("[^\n]+") do rows[#rows + 1] = M.json(line) end
  return rows
end

return M
