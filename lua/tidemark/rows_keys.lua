-- How tidemark.rows reads its arguments: lists, columns, keys of one or several columns.

local aggregate = require("tidemark.rows_aggregate")

local M = {}

local unknown, fail = aggregate.unknown, aggregate.fail

function M.check_list(call, list, which)
  if type(list) ~= "table" and type(list) ~= "userdata" then
    fail(call, "the %s argument must be a list of rows, not a %s", which or "first", type(list))
  end
end

function M.check_column(call, list, name)
  if type(name) ~= "string" then fail(call, "a column is named by a text, not by a %s", type(name)) end
  local columns = type(list) == "table" and list.columns
  if not columns then return end
  for _, c in ipairs(columns) do
    if c == name then return end
  end
  fail(call, "there is no column '%s' (there are: %s)", name, table.concat(columns, ", "))
end

-- A key as a function of a row.
function M.getter(call, list, key)
  if type(key) == "function" then return key end
  M.check_column(call, list, key)
  return function(row) return row[key] end
end

function M.sorted_names(t)
  local names = {}
  for k in pairs(t) do
    if type(k) == "string" then names[#names + 1] = k end
  end
  table.sort(names)
  return names
end

-- "a" | function | { "a", "b", name = function or column }  ->  { { name, get }, … }
function M.named_keys(call, list, spec, name_of_function)
  if type(spec) == "string" then return { { spec, M.getter(call, list, spec) } } end
  if type(spec) == "function" then return { { name_of_function, spec } } end
  if type(spec) ~= "table" then fail(call, "expected a column, a list of columns or a function, not a %s", type(spec)) end
  local keys = {}
  for _, name in ipairs(spec) do keys[#keys + 1] = { name, M.getter(call, list, name) } end
  for _, name in ipairs(M.sorted_names(spec)) do keys[#keys + 1] = { name, M.getter(call, list, spec[name]) } end
  if #keys == 0 then fail(call, "at least one column is needed") end
  return keys
end

function M.first_of_each(keys)
  local names = {}
  for i, key in ipairs(keys) do names[i] = key[1] end
  return names
end

-- Several values as one text that differs where they differ: 1 and 1.0 are one key, 1 and "1" are two.
function M.key_of(keys, row)
  local parts, values = {}, {}
  for i, key in ipairs(keys) do
    local v = key[2](row)
    if unknown(v) then v = nil end
    if math.type(v) == "float" and math.tointeger(v) then v = math.tointeger(v) end
    local text = tostring(v)
    parts[i] = type(v) .. #text .. ":" .. text
    values[i] = v
  end
  return table.concat(parts, " "), values
end

return M
