-- Golden results: what was recorded once, kept as a file, and compared with what comes now.

local M = {}

local SHOWN = 20

local function keys_of(t)
  local keys = {}
  for k in pairs(t) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

-- Without nulls: not there and not known are one in what a parser yields.
local function bare(json, v)
  if type(v) ~= "table" then
    return not (v ~= nil and json.kind(v) == "null") and v or nil
  end
  if json.kind(v) == "null" then return nil end
  local out = {}
  if json.kind(v) == "array" then
    json.array(out)
    for i = 1, #v do
      local one = bare(json, v[i])
      out[i] = one == nil and json.null or one -- a list's places stay
    end
    return out
  end
  for k, one in pairs(v) do out[k] = bare(json, one) end
  return out
end

--- As it is stored: a member a line, of a list an element a line.
function M.write(json, value)
  if json.kind(value) == "array" then
    local lines = {}
    for i = 1, #value do lines[i] = "  " .. json.encode(value[i]) end
    return #lines == 0 and "[]\n" or "[\n" .. table.concat(lines, ",\n") .. "\n]\n"
  end
  local members = {}
  for _, key in ipairs(keys_of(value)) do
    local v = value[key]
    local text = json.encode(v)
    if type(v) == "table" and json.kind(v) == "array" and #v > 0 then
      local lines = {}
      for i = 1, #v do lines[i] = "    " .. json.encode(v[i]) end
      text = "[\n" .. table.concat(lines, ",\n") .. "\n  ]"
    end
    members[#members + 1] = "  " .. json.encode(key) .. ": " .. text
  end
  return "{\n" .. table.concat(members, ",\n") .. "\n}\n"
end

local function show(json, v)
  if v == nil then return "nothing" end
  local text = json.encode(v)
  return #text > 100 and text:sub(1, 97) .. "…" or text
end

local function same_number(a, b) return type(a) == "number" and type(b) == "number" and a == b end

local function compare(json, path, was, is, out)
  if type(was) == "table" and type(is) == "table" and json.kind(was) == json.kind(is) then
    local keys, seen = {}, {}
    for _, t in ipairs { was, is } do
      for _, k in ipairs(keys_of(t)) do
        if not seen[k] then keys[#keys + 1] = k end
        seen[k] = true
      end
    end
    table.sort(keys, function(a, b)
      if type(a) == "number" and type(b) == "number" then return a < b end
      return tostring(a) < tostring(b)
    end)
    for _, k in ipairs(keys) do
      local step = type(k) == "number" and ("[%d]"):format(k) or (path == "" and "" or ".") .. tostring(k)
      compare(json, path .. step, was[k], is[k], out)
    end
  elseif was ~= is and not same_number(was, is) then
    out[#out + 1] = ("%s: recorded %s, now %s"):format(path == "" and "the result" or path, show(json, was), show(json, is))
  end
end

--- What differs, a line each: "rows[2].views: recorded 1200, now 1300". nil where nothing does.
function M.diff(json, was, is)
  local lines = {}
  compare(json, "", bare(json, was), bare(json, is), lines)
  if #lines == 0 then return nil end
  local more = #lines - SHOWN
  local text = "\n  " .. table.concat(lines, "\n  ", 1, math.min(#lines, SHOWN))
  return text .. (more > 0 and ("\n  … and %d more"):format(more) or "")
end

--- The value as it is compared and stored.
function M.bare(json, value) return bare(json, value) end

return M
