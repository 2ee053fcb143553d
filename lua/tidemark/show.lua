-- Values as a person at the prompt reads them: a text as it is, a table as Lua would write it, in few lines.
--
-- Only raw access: nothing of the value's own code runs, except __tostring of what is no table.

local M = {}

local INDENT = "  "
local DEPTH_MAX = 6
local ENTRIES_MAX = 200 -- of one table; more is said as a number
local BYTES_MAX = 64 * 1024

local RESERVED = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat return then true until while")
  :gmatch("%a+") do
  RESERVED[word] = true
end

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

local function quoted(s)
  local text = s:gsub('[%c"\\]', function(c) return ESCAPES[c] or ("\\x%02x"):format(c:byte()) end)
  return '"' .. text .. '"'
end

local function number(n)
  if math.type(n) == "integer" then return ("%d"):format(n) end
  if n ~= n then return "nan" end
  local text
  for digits = 15, 17 do
    text = ("%." .. digits .. "g"):format(n)
    if tonumber(text) == n then break end
  end
  return text:find("^-?%d+$") and text .. ".0" or text
end

local function leaf(value)
  local kind = type(value)
  if kind == "string" then return quoted(value) end
  if kind == "number" then return number(value) end
  if kind == "function" or kind == "thread" then return "<" .. kind .. ">" end
  return tostring(value)
end

-- 1, 2, 3, … by number, then the rest by kind and name: Lua's own order changes from run to run.
local function in_order(t)
  local keys = {}
  for key in next, t do keys[#keys + 1] = key end
  local rank = { number = 1, string = 2, boolean = 3 }
  table.sort(keys, function(a, b)
    local x, y = rank[type(a)] or 4, rank[type(b)] or 4
    if x ~= y then return x < y end
    if x <= 2 then return a < b end -- numbers, texts
    return tostring(a) < tostring(b)
  end)
  return keys
end

local function key_text(key)
  if type(key) == "string" and key:find("^[%a_][%w_]*$") and not RESERVED[key] then return key end
  return "[" .. leaf(key) .. "]"
end

local State = {}
State.__index = State

-- The parts between the braces.
function State:entries(t, depth)
  local list, count, n = {}, 0, rawlen(t)
  for _, key in ipairs(in_order(t)) do
    count = count + 1
    if count > ENTRIES_MAX or self.left <= 0 then
      local total = 0
      for _ in next, t do total = total + 1 end
      list[#list + 1] = ("… %d more"):format(total - count + 1)
      break
    end
    local text = self:value(rawget(t, key), depth + 1)
    local listed = math.type(key) == "integer" and key >= 1 and key <= n and key == count
    list[#list + 1] = listed and text or key_text(key) .. " = " .. text
    self.left = self.left - #list[#list]
  end
  return list
end

function State:value(value, depth)
  if type(value) ~= "table" then return leaf(value) end
  local meta = getmetatable(value)
  if type(meta) == "table" and rawget(meta, "__tostring") then return tostring(value) end
  if self.inside[value] then return "<a table that is inside itself>" end
  if next(value) == nil then return "{}" end
  if depth >= DEPTH_MAX then return "{ … }" end
  self.inside[value] = true
  local list = self:entries(value, depth)
  self.inside[value] = nil
  return self:braced(list, depth)
end

local function cells(text) return utf8.len(text, 1, -1, true) or #text end

-- On one line where it fits, else short entries side by side and long ones on lines of their own.
function State:braced(list, depth)
  local line = "{ " .. table.concat(list, ", ") .. " }"
  local several = false
  for _, text in ipairs(list) do several = several or text:find("\n", 1, true) ~= nil end
  if not several and cells(line) + depth * #INDENT <= self.width then return line end
  local pad = INDENT:rep(depth + 1)
  local lines, now = {}, nil
  for _, text in ipairs(list) do
    local short = cells(text) <= 16
    if now and short and cells(now) + cells(text) + 3 <= self.width then
      now = now .. " " .. text .. ","
    else
      lines[#lines + 1] = now
      now = pad .. text .. ","
    end
    if not short then
      lines[#lines + 1] = now
      now = nil
    end
  end
  lines[#lines + 1] = now
  return "{\n" .. table.concat(lines, "\n") .. "\n" .. INDENT:rep(depth) .. "}"
end

--- A value as text. A string comes as it is; inside a table it is quoted.
---@param value any
---@param width? integer cells of a line before a table takes several (80)
---@return string
function M.show(value, width)
  if type(value) == "string" then return value end
  local state = setmetatable({ width = width or 80, inside = {}, left = BYTES_MAX }, State)
  return state:value(value, 0)
end

return M
