-- Rows as a report's author wants them: grouped, turned, compared, cut to the top. Pure Lua, for rows of ctx.db.query (a list
-- of { column = value } with .columns) and for any other list of tables.
--
-- The same everywhere: what comes in is never changed, and what goes out is a new list with .columns in a stable order (the
-- rows of sort, where and top are the very tables that came in). nil, json.null and a number that is none (NaN) are
-- "unknown": no aggregate counts them, they sort last and equal nothing in a join. A wrong argument raises and says which.

local aggregate = require("tidemark.rows_aggregate")
local keyed = require("tidemark.rows_keys")
---@class tidemark.rows
local M = {}

---@alias rows.Row table<string, any> one row: values by column; nil or json.null = unknown
---@alias rows.List { columns?: string[], [integer]: rows.Row }
---@alias rows.Key string | fun(row: rows.Row): any a column's name, or a function that gives the value

local fail, unknown, known_number = aggregate.fail, aggregate.unknown, aggregate.number
local check_list, check_column, getter = keyed.check_list, keyed.check_column, keyed.getter
local sorted_names, named_keys, first_of_each, key_of = keyed.sorted_names, keyed.named_keys, keyed.first_of_each, keyed.key_of

-- --- columns and values ----------------------------------------------------------------------------------------------

--- The names of the columns: those the list carries, else all names that occur in its rows, sorted (of a rule's posts: none).
---
--- Errors: raises for what is no list.
---
--- ```lua
--- local list = { { title = "a", views = 1 }, { views = 2 } }
--- assert(table.concat(rows.columns(list), " ") == "title views")
--- ```
---@param list rows.List
---@return string[] names a list of its own
function M.columns(list)
  check_list("columns", list)
  if type(list) == "table" and list.columns then return table.move(list.columns, 1, #list.columns, 1, {}) end
  local seen = {}
  for i = 1, #list do
    if type(list[i]) == "table" then -- a post of a rule is none
      for k in pairs(list[i]) do seen[k] = true end
    end
  end
  return sorted_names(seen)
end

--- The known values of a column in the rows' order, as the functions of `stats` take them.
---
--- Units: the column's own.
--- Errors: raises for what is no list and for a column that is not there.
---
--- ```lua
--- local list = { { views = 10 }, { views = json.null }, { views = 30 } }
--- local views, left_out = rows.values(list, "views")
--- assert(#views == 2 and left_out == 1)
--- ```
---@param list rows.List
---@param key rows.Key
---@return any[] values without what is unknown; exact numerics as numbers
---@return integer left_out how many rows have no value
function M.values(list, key)
  check_list("values", list)
  local get, values = getter("values", list, key), {}
  for i = 1, #list do
    local v = get(list[i])
    if not unknown(v) then values[#values + 1] = known_number(v) or v end
  end
  return values, #list - #values
end

-- --- sort ------------------------------------------------------------------------------------------------------------

local function sort_keys(call, list, ...)
  local keys = {}
  for i = 1, select("#", ...) do
    local spec = select(i, ...)
    local desc = false
    if type(spec) == "table" then
      spec, desc = spec[1], spec.desc == true
    elseif type(spec) == "string" and spec:sub(1, 1) == "-" then
      spec, desc = spec:sub(2), true
    end
    keys[i] = { get = getter(call, list, spec), desc = desc }
  end
  if #keys == 0 then fail(call, "what by? name a column") end
  return keys
end

local function sorted(list, keys)
  local order, values = {}, {}
  for i = 1, #list do
    order[i], values[i] = i, {}
    for k, key in ipairs(keys) do values[i][k] = aggregate.sortable(key.get(list[i])) end
  end
  table.sort(order, function(a, b)
    for k, key in ipairs(keys) do
      local how = aggregate.compare(values[a][k], values[b][k], key.desc)
      if how ~= 0 then return how < 0 end
    end
    return a < b
  end)
  local out = {}
  for i, from in ipairs(order) do out[i] = list[from] end
  return out
end

--- The rows in order. Rows that are equal by all keys stay in their order; unknown values come last, whichever the direction;
--- values of different kinds stand false, true, numbers, texts.
---
--- Errors: raises for a column that is not there, with those that are.
---
--- ```lua
--- local list = { { t = "a", views = 1 }, { t = "b" }, { t = "c", views = 3 } }
--- local sorted = rows.sort(list, "-views")
--- assert(sorted[1].t == "c" and sorted[3].t == "b" and list[1].t == "a")
--- ```
---@param list rows.List
---@param ... string|fun(row: rows.Row): any | { [1]: rows.Key, desc: boolean? } column, "-column" = descending
---@return rows.List
function M.sort(list, ...)
  check_list("sort", list)
  local out = sorted(list, sort_keys("sort", list, ...))
  out.columns = M.columns(list)
  return out
end

-- --- where, select, join ---------------------------------------------------------------------------------------------

local function same(a, b)
  if unknown(a) or unknown(b) then return unknown(a) and unknown(b) end
  if a == b then return true end
  local x, y = known_number(a), known_number(b)
  return x ~= nil and x == y and type(a) ~= type(b)
end

local function one_of(value, list)
  for _, v in ipairs(list) do
    if same(value, v) then return true end
  end
  return false
end

--- The rows for which a condition holds. A table names columns and the value each must have (a list: one of them; json.null:
--- unknown); a function says it of a row.
---
--- Errors: raises for a column that is not there, and for a condition that is neither table nor function.
---
--- ```lua
--- local list = { { p = "x", n = 1 }, { p = "y", n = 2 }, { p = "z", n = 3 } }
--- assert(#rows.where(list, { p = { "x", "z" } }) == 2)
--- assert(#rows.where(list, function(row) return row.n > 1 end) == 2)
--- ```
---@param list rows.List
---@param condition table<string, any> | fun(row: rows.Row): any
---@return rows.List
function M.where(list, condition)
  check_list("where", list)
  local holds = condition
  if type(condition) == "table" then
    local names = sorted_names(condition)
    for _, name in ipairs(names) do check_column("where", list, name) end
    holds = function(row)
      for _, name in ipairs(names) do
        local want = condition[name]
        local ok = type(want) == "table" and #want > 0 and one_of(row[name], want) or same(row[name], want)
        if not ok then return false end
      end
      return true
    end
  elseif type(condition) ~= "function" then
    fail("where", "the condition must be a table or a function, not a %s", type(condition))
  end
  local out = { columns = M.columns(list) }
  for i = 1, #list do
    if holds(list[i]) then out[#out + 1] = list[i] end
  end
  return out
end

--- Other columns of the same rows: names in their order, then new ones by name (sorted): a text renames, a function computes.
---
--- Errors: raises for a column that is not there.
---
--- ```lua
--- local list = { { title = "a", views = 1500 } }
--- local out = rows.select(list, { "title", thousands = function(row) return row.views / 1000 end })
--- assert(out[1].thousands == 1.5 and out[1].views == nil and table.concat(out.columns, " ") == "title thousands")
--- ```
---@param list rows.List
---@param columns (string|table<string, rows.Key>)[] | table<string, rows.Key>
---@return rows.List
function M.select(list, columns)
  check_list("select", list)
  if type(columns) ~= "table" then fail("select", "the columns must be a list, not a %s", type(columns)) end
  local keys = named_keys("select", list, columns)
  local out = { columns = first_of_each(keys) }
  for i = 1, #list do
    local row = {}
    for _, key in ipairs(keys) do row[key[1]] = key[2](list[i]) end
    out[i] = row
  end
  return out
end

-- "id" | { "a", "b" } | { left = "right" }  ->  keys of both sides, and which right columns are keys
local function join_keys(left, right, on)
  local a, b, taken = {}, {}, {}
  if type(on) == "string" then on = { on } end
  if type(on) ~= "table" then
    fail("join", "on must be a column, a list of columns or { left = \"right\" }, not a %s", type(on))
  end
  local pairs_of = {}
  for _, name in ipairs(on) do pairs_of[#pairs_of + 1] = { name, name } end
  for _, name in ipairs(sorted_names(on)) do pairs_of[#pairs_of + 1] = { name, on[name] } end
  if #pairs_of == 0 then fail("join", "on names no column") end
  for i, p in ipairs(pairs_of) do
    a[i], b[i] = { p[1], getter("join", left, p[1]) }, { p[2], getter("join", right, p[2]) }
    taken[p[2]] = true
  end
  return a, b, taken
end

local function by_key(list, keys)
  local found = {}
  for i = 1, #list do
    local key, values = key_of(keys, list[i])
    local whole = true
    for k = 1, #keys do whole = whole and values[k] ~= nil end
    if whole then
      found[key] = found[key] or {}
      table.insert(found[key], list[i])
    end
  end
  return found
end

--- Rows of two lists that belong together, in the left one's order (several matches: in the right one's). Unknown keys match
--- nothing. A column that both have comes from the left; the right one's gets a suffix.
---
--- Errors: raises for a column that is not there and for another kind.
---
--- ```lua
--- local posts = { { id = 1, account = "a" }, { id = 2, account = "b" } }
--- local accounts = { { account = "a", creator = "Mia" } }
--- assert(#rows.join(posts, accounts, "account") == 1)
--- assert(#rows.join(posts, accounts, "account", { kind = "left" }) == 2)
--- ```
---@param left rows.List
---@param right rows.List
---@param on string | string[] | table<string, string> the columns that must be equal; { left = "right" } where names differ
---@param options? { kind?: "inner"|"left", suffix?: string } left keeps rows without a match; suffix: "_right"
---@return rows.List
function M.join(left, right, on, options)
  check_list("join", left)
  check_list("join", right, "second")
  options = options or {}
  local kind, suffix = options.kind or "inner", options.suffix or "_right"
  if kind ~= "inner" and kind ~= "left" then fail("join", "kind is '%s', it must be inner or left", tostring(kind)) end
  local left_keys, right_keys, taken = join_keys(left, right, on)
  local columns, has, added = M.columns(left), {}, {}
  for _, name in ipairs(columns) do has[name] = true end
  for _, name in ipairs(M.columns(right)) do
    if not taken[name] then
      added[#added + 1] = { name, has[name] and name .. suffix or name }
      columns[#columns + 1] = added[#added][2]
    end
  end
  local found, out = by_key(right, right_keys), { columns = columns }
  for i = 1, #left do
    local matches = found[(key_of(left_keys, left[i]))] or kind == "left" and { {} } or {}
    for _, match in ipairs(matches) do
      local row = {}
      for k, v in pairs(left[i]) do row[k] = v end
      for _, name in ipairs(added) do row[name[2]] = match[name[1]] end
      out[#out + 1] = row
    end
  end
  return out
end

-- --- group and pivot -------------------------------------------------------------------------------------------------

--- One row for each group, in the order in which the groups first appear. Unknown keys are a group of their own.
---
--- Aggregates: `count` (rows, or known values of a column), `sum`, `mean`, `min`, `max`, `median`, `quantile` (type 7 of
--- Hyndman and Fan 1996), `first`, `last` (known values), `distinct` (how many different known values). All leave out what is
--- unknown; of no values they are nil (counts 0), so that a sum that is not known is not 0. Units are the column's own.
---
--- Units: the columns' own; q of a quantile from 0 to 1.
--- Errors: raises for a column or an aggregate that is not there, for texts where numbers are needed, and for min and max
--- of numbers and texts together.
---
--- ```lua
--- local posts = { { p = "x", views = 10 }, { p = "y", views = 5 }, { p = "x", views = 30 } }
--- local out = rows.group(posts, "p", { posts = "count", views = "sum", best = { "max", "views" },
---   p90 = { "quantile", "views", 0.9 } })
--- assert(out[1].p == "x" and out[1].posts == 2 and out[1].views == 40 and out[1].best == 30 and out[1].p90 == 28)
--- assert(table.concat(out.columns, " ") == "p best p90 posts views")
--- ```
---@param list rows.List
---@param by rows.Key | (string|table<string, rows.Key>)[] a column, a list of columns, named functions; the
---column of a bare function is called group
---@param aggregates? table<string, rows.Aggregate> | table[] by name (columns sorted), or { { "name", "sum", "views" }, …
---} in this order; { n = "count" } unless given
---@return rows.List
function M.group(list, by, aggregates)
  check_list("group", list)
  local keys = named_keys("group", list, by, "group")
  local specs = aggregate.specs("group", aggregates, function(name) check_column("group", list, name) end)
  local columns, members, order = first_of_each(keys), {}, {}
  for i = 1, #list do
    local key, values = key_of(keys, list[i])
    local group = members[key]
    if not group then
      group = { values = values }
      members[key], order[#order + 1] = group, group
    end
    group[#group + 1] = list[i]
  end
  for _, spec in ipairs(specs) do columns[#columns + 1] = spec.name end
  local out = { columns = columns }
  for i, group in ipairs(order) do
    local row = {}
    for k, key in ipairs(keys) do row[key[1]] = group.values[k] end
    for _, spec in ipairs(specs) do row[spec.name] = spec.compute(group) end
    out[i] = row
  end
  return out
end

---@alias rows.Aggregate string | { [1]: string, [2]: string?, [3]: number? } | fun(rows: rows.Row[]): any "sum" (of
---the column with the aggregate's name), { "sum", "views" }, { "quantile", "views", 0.9 }, or a function of the group's rows

-- The columns a pivot makes: those of order first, then the others sorted.
local function pivot_columns(found, order)
  local names, placed = {}, {}
  for _, v in ipairs(order or {}) do
    local name = tostring(v)
    names[#names + 1], placed[name] = name, true
  end
  local rest = {}
  for name, value in pairs(found) do
    if not placed[name] then rest[#rest + 1] = { name = name, value = aggregate.sortable(value[1]) } end
  end
  table.sort(rest, function(a, b)
    local how = aggregate.compare(a.value, b.value)
    if how ~= 0 then return how < 0 end
    return a.name < b.name
  end)
  for _, r in ipairs(rest) do names[#names + 1] = r.name end
  return names
end

-- A cell's value from the rows that meet in it.
local function pivot_cell(cell, options, keys, name)
  if options.aggregate then return cell.compute(cell) end
  if #cell > 1 then
    local where = {}
    for i, key in ipairs(keys) do where[i] = ("%s = %s"):format(key[1], tostring(cell.values[i])) end
    fail("pivot", "%d rows meet at %s, column %s: say how to put them together (aggregate = \"sum\")", #cell,
      table.concat(where, ", "), name)
  end
  return cell[1] and cell.get(cell[1])
end

--- Rows to columns: a row for each value of `rows` (in order of appearance), a column for each value of `columns` (those of
--- `order` first, then numbers and texts ascending, so that the columns do not depend on the order of the rows; an unknown
--- one is called "unknown").
---
--- Errors: raises for a column that is not there, for rows that meet in a cell without an aggregate, and where a new column
--- would be called as a column of the rows is.
---
--- ```lua
--- local list = { { day = "Mon", p = "y", n = 2 }, { day = "Mon", p = "x", n = 1 }, { day = "Tue", p = "x", n = 3 } }
--- local out = rows.pivot(list, { rows = "day", columns = "p", value = "n", fill = 0 })
--- assert(table.concat(out.columns, " ") == "day x y" and out[2].y == 0)
--- ```
---@param list rows.List
---@param options { rows: any, columns: rows.Key, value: rows.Key, aggregate?: string, fill?: any, order?: any[]
---} rows: as `by` of group; aggregate: as in group, needed where several rows meet in a cell; fill: what stands where no row
---is
---@return rows.List
function M.pivot(list, options)
  check_list("pivot", list)
  if type(options) ~= "table" or options.rows == nil or options.columns == nil or options.value == nil then
    fail("pivot", "needs { rows = …, columns = …, value = … }")
  end
  local keys = named_keys("pivot", list, options.rows, "group")
  local column, value = getter("pivot", list, options.columns), getter("pivot", list, options.value)
  local compute = options.aggregate and aggregate.of("pivot", options.aggregate, value)
  local lines, order, found = {}, {}, {}
  for i = 1, #list do
    local row = list[i]
    local key, values = key_of(keys, row)
    local c = column(row)
    local name = unknown(c) and "unknown" or tostring(math.type(c) == "float" and math.tointeger(c) or c)
    found[name] = { c }
    if not lines[key] then
      lines[key] = { values = values, cells = {} }
      order[#order + 1] = lines[key]
    end
    local cells = lines[key].cells
    cells[name] = cells[name] or { get = value, compute = compute, values = values }
    table.insert(cells[name], row)
  end
  local columns, names = first_of_each(keys), pivot_columns(found, options.order)
  for _, name in ipairs(names) do
    for _, key in ipairs(keys) do
      if key[1] == name then fail("pivot", "a value of the columns is called '%s', as a column of the rows is", name) end
    end
    columns[#columns + 1] = name
  end
  local out = { columns = columns }
  for i, line in ipairs(order) do
    local row = {}
    for k, key in ipairs(keys) do row[key[1]] = line.values[k] end
    for _, name in ipairs(names) do
      local v = line.cells[name] and pivot_cell(line.cells[name], options, keys, name)
      if unknown(v) then v = options.fill end
      row[name] = v
    end
    out[i] = row
  end
  return out
end

-- --- diff ------------------------------------------------------------------------------------------------------------

local function equal_deep(a, b)
  if same(a, b) then return true end
  if type(a) ~= "table" or type(b) ~= "table" then return false end
  for k, v in pairs(a) do
    if not equal_deep(v, b[k]) then return false end
  end
  for k in pairs(b) do
    if a[k] == nil then return false end
  end
  return true
end

-- The rows of a list by their key, each key once.
local function indexed(list, keys, which)
  local found = {}
  for i = 1, #list do
    local key, values = key_of(keys, list[i])
    if found[key] then
      for k, v in ipairs(keys) do values[k] = ("%s = %s"):format(v[1], tostring(values[k])) end
      fail("diff", "two rows of the %s list have %s: the key must tell rows apart", which, table.concat(values, ", "))
    end
    found[key] = list[i]
  end
  return found
end

local function compared_columns(before, after, keys, only)
  if only then return only end
  local is_key, seen, columns = {}, {}, {}
  for _, key in ipairs(keys) do is_key[key[1]] = true end
  for _, list in ipairs { before, after } do
    for _, name in ipairs(M.columns(list)) do
      if not is_key[name] and not seen[name] then
        seen[name], columns[#columns + 1] = true, name
      end
    end
  end
  return columns
end

--- Two results compared by a key: what came, what went, and what is different, each in the order of its list (changed: of the
--- second). `rows` is all of it to be shown: change, the key, column, old, new. Unknown equals unknown, 1 equals 1.0; lists
--- and tables are compared by what is in them.
---
--- Errors: raises for a column that is not there and for two rows of one list with the same key.
---
--- ```lua
--- local d = rows.diff({ { id = 1, n = 5 }, { id = 2, n = 6 } }, { { id = 2, n = 7 }, { id = 3, n = 8 } }, "id")
--- assert(d.added[1].id == 3 and d.removed[1].id == 1)
--- assert(d.changed[1].old.n == 6 and d.changed[1].new.n == 7 and d.changed[1].columns[1] == "n")
--- ```
---@param before rows.List
---@param after rows.List
---@param key string | string[] the columns that tell which rows are the same one; two rows with one key raise
---@param options? { columns?: string[] } the columns to compare; all that either list has
---@return rows.Diff
function M.diff(before, after, key, options)
  check_list("diff", before)
  check_list("diff", after, "second")
  local keys = named_keys("diff", before, key)
  local columns = compared_columns(before, after, keys, options and options.columns)
  local old, new = indexed(before, keys, "first"), indexed(after, keys, "second")
  local shown = { columns = { "change", table.unpack(first_of_each(keys)) } }
  table.move({ "column", "old", "new" }, 1, 3, #shown.columns + 1, shown.columns)
  local out = { added = { columns = M.columns(after) }, removed = { columns = M.columns(before) }, changed = {}, rows = shown }
  local function show(change, values, column, was, is)
    local row = { change = change, column = column, old = was, new = is }
    for k, one in ipairs(keys) do row[one[1]] = values[k] end
    shown[#shown + 1] = row
  end
  for i = 1, #before do
    local id, values = key_of(keys, before[i])
    if not new[id] then
      table.insert(out.removed, before[i])
      show("removed", values)
    end
  end
  for i = 1, #after do
    local id, values = key_of(keys, after[i])
    if not old[id] then
      table.insert(out.added, after[i])
      show("added", values)
    else
      local changed = {}
      for _, name in ipairs(columns) do
        local was, is = old[id][name], after[i][name]
        if not equal_deep(was, is) then
          changed[#changed + 1] = name
          show("changed", values, name, was, is)
        end
      end
      if #changed > 0 then table.insert(out.changed, { key = values, old = old[id], new = after[i], columns = changed }) end
    end
  end
  return out
end

---@class rows.Diff
---@field added rows.List rows of the second list whose key the first has not
---@field removed rows.List rows of the first list whose key the second has not
---@field changed { key: any[], old: rows.Row, new: rows.Row, columns: string[] }[] columns: the ones that differ
---@field rows rows.List all of it as rows: change (added, removed, changed), the key's columns, column, old, new

-- --- top -------------------------------------------------------------------------------------------------------------

-- What did not make it into the top, as one row.
local function rest_row(rest, by, options, per, values)
  local row = {}
  for k, v in pairs(options.other) do row[k] = v end
  for _, name in ipairs(options.sum or { by }) do
    row[name] = aggregate.compute("top", "sum", function(r) return r[name] end)(rest)
  end
  for i, key in ipairs(per or {}) do row[key[1]] = values[i] end
  return row
end

--- The n rows with the largest values of a column, largest first; rows without a value are never among them.
---
--- Units: n in rows, values in the column's own.
--- Errors: raises for a column that is not there and for an n that is no whole number.
---
--- ```lua
--- local list = { { t = "a", views = 1 }, { t = "b", views = 9 }, { t = "c", views = 5 }, { t = "d", views = 5 } }
--- assert(#rows.top(list, "views", 2) == 2)
--- assert(#rows.top(list, "views", 2, { ties = true }) == 3)
--- local top = rows.top(list, "views", 1, { other = { t = "other" } })
--- assert(top[2].t == "other" and top[2].views == 11)
--- ```
---@param list rows.List
---@param by string column
---@param n integer rows (for each group)
---@param options? rows.TopOptions
---@return rows.List
function M.top(list, by, n, options)
  check_list("top", list)
  options = options or {}
  if math.type(n) ~= "integer" or n < 0 then fail("top", "how many? a whole number, not %s", tostring(n)) end
  if type(by) ~= "string" then fail("top", "by must be a column's name, not a %s", type(by)) end
  local get = getter("top", list, by)
  for _, name in ipairs(options.sum or {}) do check_column("top", list, name) end
  local per = options.per and named_keys("top", list, options.per, "group")
  local groups, order = {}, {}
  for _, row in ipairs(sorted(list, { { get = get, desc = not options.lowest } })) do
    local key, values = key_of(per or {}, row)
    groups[key] = groups[key] or { rest = {}, values = values }
    local g = groups[key]
    local tied = options.ties and #g > 0 and #g >= n and same(get(row), get(g[#g]))
    if not unknown(get(row)) and (#g < n or tied) then
      g[#g + 1] = row
    else
      table.insert(g.rest, row)
    end
  end
  local seen = {}
  for i = 1, #list do -- groups in order of appearance, not of size
    local key = key_of(per or {}, list[i])
    if not seen[key] then seen[key], order[#order + 1] = true, groups[key] end
  end
  local out = { columns = M.columns(list) }
  for _, g in ipairs(order) do
    table.move(g, 1, #g, #out + 1, out)
    if options.other and #g.rest > 0 then out[#out + 1] = rest_row(g.rest, by, options, per, g.values) end
  end
  return out
end

---@class rows.TopOptions
---@field per? rows.Key the top of each group (groups in order of appearance)
---@field ties? boolean also the rows that equal the n-th
---@field lowest? boolean the smallest instead, smallest first
---@field other? rows.Row a row like { title = "other" } for the rest, where there is one
---@field sum? string[] the columns that are summed in it; `by` alone unless given

return M
