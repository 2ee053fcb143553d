-- JSON in plain Lua, as the table json of a plugin's sandbox: for specs that run without the host.
--
-- Integers of more than 15 digits come as strings of their digits, null is json.null, [] and {} stay apart.

local M = {}

--- null of a document: not nil, and not absent.
M.null = setmetatable({}, {
  __name = "json.null",
  __tostring = function() return "null" end,
  __index = function(_, key) error("null has no '" .. tostring(key) .. "'", 2) end,
})

local array_mt = { __name = "json.array" }

--- Marks a table as a list, so that an empty one is [].
---@param list table
---@return table
function M.array(list) return setmetatable(list, array_mt) end

--- "object", "array", "string", "number", "boolean", "null"; "absent" of nil.
---@return string
function M.kind(v)
  if rawequal(v, M.null) then return "null" end
  local kind = type(v)
  if kind == "nil" then return "absent" end
  if kind == "table" then return (#v > 0 or getmetatable(v) == array_mt) and "array" or "object" end
  if kind == "string" or kind == "number" or kind == "boolean" then return kind end
  error("json.kind: " .. kind .. " is no value of a document", 2)
end

--- The value at a path ("a.0.b", elements from 0), nil where a step is not there.
---@param v any
---@param path string
function M.get(v, path)
  if path == "." then return v end
  for step in path:gmatch("[^.]+") do
    if type(v) ~= "table" or rawequal(v, M.null) then return nil end
    local field = v[step]
    if field == nil and step:find("^%d+$") then field = v[math.tointeger(tonumber(step)) + 1] end
    v = field
  end
  return v
end

-- --- reading -------------------------------------------------------------------------------------------------------------

local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local function fail(text, at, what)
  local line = 1
  for _ in text:sub(1, at - 1):gmatch("\n") do line = line + 1 end
  error(("json.decode: line %d: %s"):format(line, what), 0)
end

local function unescape(s)
  s = s:gsub("\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", function(high, low)
    return utf8.char(0x10000 + (tonumber(high, 16) - 0xD800) * 0x400 + tonumber(low, 16) - 0xDC00)
  end)
  s = s:gsub("(\\+)u(%x%x%x%x)", function(slashes, hex)
    if #slashes % 2 == 0 then return nil end -- an escaped backslash before a u
    local code = tonumber(hex, 16)
    if code == 0 or code >= 0xD800 and code <= 0xDFFF then code = 0xFFFD end
    return slashes:sub(2) .. utf8.char(code)
  end)
  return (s:gsub("\\(.)", escapes))
end

local value

local function read_string(text, at)
  local from, i = at + 1, at + 1
  while true do
    local stop = text:find('["\\%c]', i)
    if not stop then fail(text, at, "a text without an end") end
    local c = text:sub(stop, stop)
    if c == '"' then
      local raw = text:sub(from, stop - 1)
      return raw:find("\\", 1, true) and unescape(raw) or raw, stop + 1
    end
    if c ~= "\\" then fail(text, stop, "a control character inside of a text") end
    i = stop + 2
  end
end

local function read_members(text, at, close, one)
  at = text:find("%S", at + 1)
  if at and text:sub(at, at) == close then return at + 1 end
  while at do
    at = text:find("%S", one(at))
    local mark = at and text:sub(at, at)
    if mark == close then return at + 1 end
    if mark ~= "," then fail(text, at or #text, ("',' or '%s' expected"):format(close)) end
    at = text:find("%S", at + 1)
  end
  fail(text, #text, ("'%s' expected"):format(close))
end

local function read_object(text, at)
  local object = {}
  return object, read_members(text, at, "}", function(i)
    if text:sub(i, i) ~= '"' then fail(text, i, "a key in quotes expected") end
    local key, after = read_string(text, i)
    after = text:match("^%s*:%s*()", after)
    if not after then fail(text, i, "':' expected") end
    object[key], after = value(text, after)
    return after
  end)
end

local function read_array(text, at)
  local list = M.array {}
  local n = 0
  return list, read_members(text, at, "]", function(i)
    n = n + 1
    list[n], i = value(text, i)
    return i
  end)
end

local function read_number(text, at)
  local digits = text:match("^-?%d[%d.eE+-]*", at)
  local number = digits and tonumber(digits)
  if not number then fail(text, at, "no value") end
  local long = not digits:find("[.eE]") and #digits:gsub("-", "") > 15
  return long and digits or number, at + #digits
end

local words = { ["true"] = true, ["false"] = false, null = M.null }

function value(text, at)
  local c = text:sub(at, at)
  if c == "{" then return read_object(text, at) end
  if c == "[" then return read_array(text, at) end
  if c == '"' then return read_string(text, at) end
  local word = text:match("^%l+", at)
  if word and words[word] ~= nil then return words[word], at + #word end
  return read_number(text, at)
end

--- A document of its own from text. Raises "json.decode: line 3: …".
---@param text string
function M.decode(text)
  local at = text:match("^\xEF\xBB\xBF()") or 1
  at = text:find("%S", at)
  if not at then fail(text, 1, "nothing there") end
  local v, after = value(text, at)
  local rest = text:find("%S", after)
  if rest then fail(text, rest, "something behind the document's end") end
  return v
end

-- --- writing -------------------------------------------------------------------------------------------------------------

local function quoted(s)
  return '"' .. s:gsub('[%c"\\]', function(c)
    if c == '"' or c == "\\" then return "\\" .. c end
    return ("\\u%04x"):format(c:byte())
  end) .. '"'
end

local function number(v)
  if v ~= v or v == math.huge or v == -math.huge then error("json.encode: " .. tostring(v) .. " is no number of JSON", 0) end
  if math.type(v) == "integer" then return tostring(v) end
  local whole = math.tointeger(v)
  return whole and tostring(whole) or ("%.17g"):format(v):gsub(",", ".")
end

local function keys_of(t)
  local keys = {}
  for k in pairs(t) do
    if type(k) ~= "string" then error("json.encode: a key that is no text: " .. tostring(k), 0) end
    keys[#keys + 1] = k
  end
  table.sort(keys)
  return keys
end

local function write(v, out, depth)
  if depth > 64 then error("json.encode: deeper than 64, or a circle", 0) end
  local kind = type(v)
  if v == nil or rawequal(v, M.null) then
    out[#out + 1] = "null"
  elseif kind == "string" then
    out[#out + 1] = quoted(v)
  elseif kind == "number" then
    out[#out + 1] = number(v)
  elseif kind == "boolean" then
    out[#out + 1] = tostring(v)
  elseif kind ~= "table" then
    error("json.encode: a " .. kind .. " cannot be JSON", 0)
  elseif #v > 0 or getmetatable(v) == array_mt then
    for i = 1, #v do
      out[#out + 1] = i == 1 and "[" or ","
      write(v[i], out, depth + 1)
    end
    out[#out + 1] = #v == 0 and "[]" or "]"
  else
    out[#out + 1] = "{"
    for i, key in ipairs(keys_of(v)) do
      out[#out + 1] = (i > 1 and "," or "") .. quoted(key) .. ":"
      write(v[key], out, depth + 1)
    end
    out[#out + 1] = "}"
  end
end

--- A value as compact JSON, keys sorted.
---@return string
function M.encode(v)
  local out = {}
  write(v, out, 0)
  return table.concat(out)
end

return M
