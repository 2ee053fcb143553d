-- What tidemark.rows computes of the rows of a group, and how it puts values in order.

local jsonlist = require("tidemark.jsonlist")

local M = {}

local null = jsonlist.null

--- nil, json.null or NaN.
---@param v any
---@return boolean
function M.unknown(v)
  if v == nil or v == null or v ~= v then return true end
  local meta = type(v) == "table" and getmetatable(v)
  return type(meta) == "table" and meta.__name == "json.null" -- a test's own null
end

--- A value as a number: of an exact numeric of the database, the nearest float. nil for anything else.
---@param v any
---@return number?
function M.number(v)
  if type(v) == "number" then return v end
  if type(v) ~= "table" and type(v) ~= "userdata" then return nil end
  local ok, n = pcall(function() return v:tonumber() end)
  return ok and type(n) == "number" and n or nil
end

-- --- order -----------------------------------------------------------------------------------------------------------

local RANK = { boolean = 1, number = 2, string = 3 }

--- What compare takes: a boolean, a number, a text; nil for what is unknown.
function M.sortable(v)
  if M.unknown(v) then return nil end
  if RANK[type(v)] then return v end
  return M.number(v) or tostring(v)
end

--- -1, 0, 1. nil is last in both directions.
function M.compare(a, b, desc)
  if a == nil or b == nil then return a == b and 0 or a == nil and 1 or -1 end
  local before
  if type(a) ~= type(b) then
    before = RANK[type(a)] < RANK[type(b)]
  elseif a == b then
    return 0
  elseif type(a) == "boolean" then
    before = not a
  else
    before = a < b
  end
  if desc then before = not before end
  return before and -1 or 1
end

-- --- aggregates ------------------------------------------------------------------------------------------------------

-- The line of the author's that called us: without the library debug, error's levels tell it.
local function caller()
  for level = 3, 20 do
    local _, where = pcall(error, "", level)
    if where ~= "" and not where:find("tidemark/rows", 1, true) then return where end
  end
  return ""
end

--- Raises "FILE:LINE: rows.CALL: text", the author's file and line.
function M.fail(call, text, ...)
  error(("%srows.%s: %s"):format(caller(), call, text:format(...)), 0)
end
local fail = M.fail

local function whole_sum(values)
  local total = 0
  for _, v in ipairs(values) do
    if math.type(v) ~= "integer" then return nil end
    if v >= 0 and total > math.maxinteger - v or v < 0 and total < math.mininteger - v then return nil end
    total = total + v
  end
  return total
end

-- Integers stay integers as long as they fit; floats are summed with what each addition lost (Neumaier 1974).
local function sum(values)
  local total = whole_sum(values)
  if total then return total end
  local s, lost = 0.0, 0.0
  for _, v in ipairs(values) do
    local t = s + v
    if t - t == 0 then lost = lost + (math.abs(s) >= math.abs(v) and s - t + v or v - t + s) end
    s = t
  end
  return s - s == 0 and s + lost or s
end

local function quantile(values, q)
  local list = table.move(values, 1, #values, 1, {})
  table.sort(list)
  local h = (#list - 1) * q + 1
  local low = math.floor(h)
  if low >= #list then return list[#list] end
  if h == low then return list[low] end
  return list[low] + (h - low) * (list[low + 1] - list[low])
end

local function extreme(call, values, desc)
  local best
  for _, v in ipairs(values) do
    v = M.sortable(v)
    if best ~= nil and type(v) ~= type(best) then
      fail(call, "%s of values of two kinds: %s and %s", desc and "max" or "min", type(best), type(v))
    end
    if best == nil or M.compare(v, best, desc) < 0 then best = v end
  end
  return best
end

local function distinct(values)
  local seen, n = {}, 0
  for _, v in ipairs(values) do
    v = M.sortable(v)
    if not seen[v] then seen[v], n = true, n + 1 end
  end
  return n
end

-- Each takes the known values (numbers where numeric) of a group that has some.
local NUMERIC = {
  sum = sum,
  mean = function(values) return sum(values) / #values end,
  median = function(values) return quantile(values, 0.5) end,
  quantile = quantile,
}
local ANY = {
  min = function(values, _, call) return extreme(call, values, false) end,
  max = function(values, _, call) return extreme(call, values, true) end,
  first = function(values) return values[1] end,
  last = function(values) return values[#values] end,
}
local NAMES = "count, sum, mean, min, max, median, first, last, quantile, distinct"

--- An aggregate of what get gives of each of a list of rows, as a function of that list.
function M.compute(call, how, get, argument)
  if not NUMERIC[how] and not ANY[how] and how ~= "count" and how ~= "distinct" then
    fail(call, "there is no aggregate '%s' (there are: %s)", tostring(how), NAMES)
  end
  if how == "quantile" and (type(argument) ~= "number" or not (argument >= 0 and argument <= 1)) then
    fail(call, "a quantile needs its q from 0 to 1: { \"quantile\", \"views\", 0.9 }")
  end
  return function(list)
    local values = {}
    for i = 1, #list do
      local v = get(list[i])
      if not M.unknown(v) then
        if NUMERIC[how] then
          local n = M.number(v)
          if n == nil then fail(call, "%s needs numbers, there is a %s: %s", how, type(v), tostring(v)) end
          v = n
        end
        values[#values + 1] = v
      end
    end
    if how == "count" then return #values end
    if how == "distinct" then return distinct(values) end
    if #values == 0 then return nil end
    return (NUMERIC[how] or ANY[how])(values, argument, call)
  end
end

--- An aggregate by its name alone, or { name, nil, argument }.
function M.of(call, spec, get)
  if type(spec) == "function" then return spec end
  if type(spec) == "table" then return M.compute(call, spec[1], get, spec[3] or spec[2]) end
  return M.compute(call, spec, get)
end

local function one(call, name, spec, check_column)
  if type(spec) == "function" then return { name = name, compute = spec } end
  if type(spec) == "string" then spec = { spec } end
  if type(spec) ~= "table" then
    fail(call, "the aggregate '%s' must be a name, a table or a function, not a %s", name, type(spec))
  end
  local how, column = spec[1], spec[2]
  if how == "count" and column == nil then
    return { name = name, compute = function(list) return #list end }
  end
  column = column or name
  local get = column
  if type(column) ~= "function" then
    check_column(column)
    get = function(row) return row[column] end
  end
  return { name = name, compute = M.compute(call, how, get, spec[3]) }
end

--- The aggregates of group: by name (sorted), or as a list in its order.
function M.specs(call, aggregates, check_column)
  aggregates = aggregates or { n = "count" }
  if type(aggregates) ~= "table" then fail(call, "the aggregates must be a table, not a %s", type(aggregates)) end
  local specs = {}
  for i, spec in ipairs(aggregates) do
    if type(spec) ~= "table" or type(spec[1]) ~= "string" then
      fail(call, "aggregate %d must be { \"name\", \"sum\", \"column\" }", i)
    end
    local rest = type(spec[2]) == "function" and spec[2] or { spec[2], spec[3], spec[4] }
    specs[i] = one(call, spec[1], rest, check_column)
  end
  local names = {}
  for name in pairs(aggregates) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do specs[#specs + 1] = one(call, name, aggregates[name], check_column) end
  return specs
end

return M
