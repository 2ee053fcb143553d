-- A small JSON reader, for files that this folder's own writer made: objects and arrays become tables, null is left out.
local M = {}

local unescape = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function fail(text, at, what)
  error(("not JSON at byte %d: %s expected, here is '%s'"):format(at, what, text:sub(at, at + 20)), 0)
end

local function string_at(text, at)
  local out = {}
  while true do
    local plain, stop, sign = text:match('^([^"\\]*)()(["\\])', at)
    if not plain then
      fail(text, at, "the end of a string")
    end
    out[#out + 1] = plain
    if sign == '"' then
      return table.concat(out), stop + 1
    end
    local code = text:match("^u(%x%x%x%x)", stop + 1)
    local letter = text:sub(stop + 1, stop + 1)
    out[#out + 1] = code and utf8.char(tonumber(code, 16)) or unescape[letter] or letter
    at = stop + (code and 6 or 2)
  end
end

local words = { ["true"] = true, ["false"] = false }
local value_at

-- The members of an object or array whose first character was read; `one` reads a member and keeps it.
local function members(text, at, close, one)
  at = text:match("^%s*()", at)
  if text:sub(at, at) == close then
    return at + 1
  end
  while true do
    at = text:match("^%s*()", one(at))
    local sign = text:sub(at, at)
    if sign == close then
      return at + 1
    elseif sign ~= "," then
      fail(text, at, "',' or '" .. close .. "'")
    end
    at = text:match("^%s*()", at + 1)
  end
end

function value_at(text, at)
  at = text:match("^%s*()", at)
  local sign, out = text:sub(at, at), {}
  if sign == '"' then
    return string_at(text, at + 1)
  elseif sign == "[" then
    return out, members(text, at + 1, "]", function(from)
      local v, stop = value_at(text, from)
      out[#out + 1] = v
      return stop
    end)
  elseif sign == "{" then
    return out, members(text, at + 1, "}", function(from)
      local key, v
      if text:sub(from, from) ~= '"' then
        fail(text, from, "a name")
      end
      key, from = string_at(text, from + 1)
      from = text:match("^%s*:()", from) or fail(text, from, "':'")
      v, from = value_at(text, from)
      out[key] = v
      return from
    end)
  end
  local word, stop = text:match("^([%w.+-]+)()", at)
  if not word or words[word] == nil and word ~= "null" and not tonumber(word) then
    fail(text, at, "a value")
  end
  if words[word] ~= nil then
    return words[word], stop
  end
  return tonumber(word), stop
end

-- The value of a JSON text; raises what is wrong and where.
function M.decode(text)
  local v, at = value_at(text, 1)
  if text:find("%S", at) then
    fail(text, at, "the end")
  end
  return v
end

return M
