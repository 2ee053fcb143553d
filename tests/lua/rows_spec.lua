-- Rows: grouped, turned, compared, cut to the top.
local jsonlist = require("tidemark.jsonlist")
local rows = require("tidemark.rows")

local null = jsonlist.null

-- What ctx.db.query gives: a list with .columns.
local function result(columns, ...)
  local out = { columns = columns }
  for i, values in ipairs { ... } do
    out[i] = {}
    for k, name in ipairs(columns) do out[i][name] = values[k] end
  end
  return out
end

local function posts()
  return result({ "id", "p", "views" }, { 1, "x", 10 }, { 2, "y", null }, { 3, "x", 30 }, { 4, null, 7 }, { 5, "y", 5.5 })
end

local function copy(v)
  if type(v) ~= "table" or v == null then return v end
  local out = {}
  for k, x in pairs(v) do out[k] = copy(x) end
  return out
end

-- Rows as a text a person can compare: columns, then a line a row.
local function shown(list)
  local lines = { table.concat(list.columns, " ") }
  for _, row in ipairs(list) do
    local cells = {}
    for i, name in ipairs(list.columns) do cells[i] = row[name] == nil and "-" or tostring(row[name]) end
    lines[#lines + 1] = table.concat(cells, " ")
  end
  return table.concat(lines, "\n")
end

local function says(text, f, ...)
  local ok, wrong = pcall(f, ...)
  assert.is_false(ok)
  assert.truthy(tostring(wrong):find(text, 1, true), wrong)
  return wrong
end

-- An exact number as the database gives it.
local function numeric(text)
  return setmetatable({ tonumber = function() return tonumber(text) end }, { __tostring = function() return text end })
end

describe("rows.group", function()
  it("gives a row a group in order of appearance, with its columns in order", function()
    local out = rows.group(posts(), "p", { { "n", "count" }, { "known", "count", "views" }, { "views", "sum" },
      { "best", "max", "views" } })
    assert.equal("p n known views best\nx 2 2 40 30\ny 2 1 5.5 5.5\n- 1 1 7 7", shown(out))
    assert.equal("p n\nx 2\ny 2\n- 1", shown(rows.group(posts(), "p")))
    assert.equal("p best views\nx 30 40\ny 5.5 5.5\n- 7 7", shown(rows.group(posts(), "p", { views = "sum", best = { "max", "views" } })))
  end)

  it("knows every aggregate, none of which counts what is unknown", function()
    local list = { { v = 4 }, { v = null }, { v = 1 }, {}, { v = 0 / 0 }, { v = 4.0 }, { v = 2 } }
    local out = rows.group(list, function() return 1 end, { mean = { "mean", "v" }, min = { "min", "v" }, max = { "max", "v" },
      median = { "median", "v" }, first = { "first", "v" }, last = { "last", "v" }, q = { "quantile", "v", 0.25 },
      distinct = { "distinct", "v" }, all = "count", sum = { "sum", "v" }, mine = function(group) return #group * 10 end })
    assert.same({ { group = 1, mean = 2.75, min = 1, max = 4, median = 3, first = 4, last = 2, q = 1.75, distinct = 3, all = 7,
      sum = 11.0, mine = 70 } }, { out[1] })
  end)

  it("gives nil, not 0, where nothing is known", function()
    local out = rows.group({ { k = 1, v = null } }, "k", { s = { "sum", "v" }, m = { "median", "v" }, x = { "max", "v" },
      n = { "count", "v" }, d = { "distinct", "v" } })
    assert.same({ k = 1, n = 0, d = 0 }, out[1])
  end)

  it("groups by several columns and by functions with names", function()
    local list = { { a = 1, b = "x" }, { a = 1, b = "y" }, { a = 1.0, b = "x" }, { a = "1", b = "x" } }
    assert.equal("a b n\n1 x 2\n1 y 1\n1 x 1", shown(rows.group(list, { "a", "b" })))
    local out = rows.group(posts(), { "p", big = function(row) return rows.values({ row }, "views")[1] ~= nil end })
    assert.equal("p big n\nx true 2\ny false 1\n- true 1\ny true 1", shown(out))
    assert.equal("group n\n1 5", shown(rows.group(posts(), function() return 1 end)))
  end)

  it("sums integers exactly as long as they fit, floats with what each addition lost", function()
    local function total(...)
      local list = {}
      for i, v in ipairs { ... } do list[i] = { v = v } end
      return rows.group(list, function() return 1 end, { s = { "sum", "v" } })[1].s
    end
    assert.equal(9007199254740993, total(9007199254740992, 1))
    assert.equal("float", math.type(total(math.maxinteger, 1)))
    assert.equal(2.0, total(1e100, 1.0, -1e100, 1.0))
    assert.equal(math.huge, total(math.huge, 1.0))
    assert.equal(0.1 + 0.2, total(numeric("0.1"), numeric("0.2")))
  end)

  it("says what is wrong, at the author's line", function()
    says("rows.group: there is no column 'veiws' (there are: id, p, views)", rows.group, posts(), "p", { veiws = "sum" })
    says("rows.group: there is no column 'q'", rows.group, posts(), "q")
    says("rows.group: there is no aggregate 'avg' (there are: count, sum, mean,", rows.group, posts(), "p", { n = { "avg", "views" } })
    says("rows.group: a quantile needs its q from 0 to 1", rows.group, posts(), "p", { views = "quantile" })
    says("rows.group: sum needs numbers, there is a string: x", rows.group, posts(), "id", { p = "sum" })
    says("rows.group: max of values of two kinds: string and number", rows.group, { { v = "a" }, { v = 1 } },
      function() return 1 end, { v = "max" })
    says("rows.group: the first argument must be a list of rows, not a nil", rows.group, nil, "p")
    says("rows.group: expected a column, a list of columns or a function, not a number", rows.group, posts(), 1)
    local function author() return rows.group(posts(), "q") end
    local wrong = says("rows.group", function() author() return nil end)
    assert.truthy(wrong:find("^.*rows_spec.lua:%d+: rows.group: "), wrong)
  end)
end)

describe("rows.pivot", function()
  local function days()
    return result({ "day", "p", "n" }, { "Mon", "y", 2 }, { "Mon", "x", 1 }, { "Tue", "x", 3 }, { "Wed", null, 4 })
  end

  it("makes a column of each value, the same ones whatever the rows' order", function()
    local out = rows.pivot(days(), { rows = "day", columns = "p", value = "n" })
    assert.equal("day x y unknown\nMon 1 2 -\nTue 3 - -\nWed - - 4", shown(out))
    local turned = rows.pivot(rows.sort(days(), "p"), { rows = "day", columns = "p", value = "n" })
    assert.same(out.columns, turned.columns)
    assert.equal("day x y unknown\nMon 1 2 0\nTue 3 0 0\nWed 0 0 4",
      shown(rows.pivot(days(), { rows = "day", columns = "p", value = "n", fill = 0 })))
  end)

  it("puts named columns first, numbers before texts", function()
    local list = { { r = 1, c = 10, v = 1 }, { r = 1, c = 9.0, v = 2 }, { r = 1, c = "a", v = 3 }, { r = 1, c = true, v = 4 } }
    assert.same({ "r", "true", "9", "10", "a" }, rows.pivot(list, { rows = "r", columns = "c", value = "v" }).columns)
    assert.equal("r z a true 9 10\n1 0 3 4 2 1",
      shown(rows.pivot(list, { rows = "r", columns = "c", value = "v", order = { "z", "a" }, fill = 0 })))
  end)

  it("asks how rows that meet in a cell go together", function()
    local list = { { d = 1, p = "x", n = 1 }, { d = 1, p = "x", n = 2 } }
    says("rows.pivot: 2 rows meet at d = 1, column x: say how to put them together (aggregate = \"sum\")", rows.pivot, list,
      { rows = "d", columns = "p", value = "n" })
    assert.equal(3, rows.pivot(list, { rows = "d", columns = "p", value = "n", aggregate = "sum" })[1].x)
    assert.equal(2, rows.pivot(list, { rows = "d", columns = "p", value = "n", aggregate = "count" })[1].x)
    assert.equal(1.5, rows.pivot(list, { rows = "d", columns = "p", value = "n", aggregate = { "quantile", 0.5 } })[1].x)
  end)

  it("refuses two columns of one name", function()
    says("rows.pivot: a value of the columns is called 'd'", rows.pivot, { { d = 1, p = "d", n = 1 } },
      { rows = "d", columns = "p", value = "n" })
    says("rows.pivot: needs { rows = …, columns = …, value = … }", rows.pivot, {}, { rows = "d" })
  end)
end)

describe("rows.diff", function()
  local before = result({ "id", "n", "tags" }, { 1, 5, { "a" } }, { 2, 6, { "b" } }, { 3, null, {} })
  local after = result({ "id", "n", "tags", "x" }, { 3, nil, {} }, { 2, 6.0, { "c" }, "new" }, { 4, 1 })

  it("says what came, what went and what is different, old and new", function()
    local d = rows.diff(before, after, "id")
    assert.equal(4, d.added[1].id)
    assert.equal(1, #d.added)
    assert.equal(before[1], d.removed[1])
    assert.same({ { 2 } }, { d.changed[1].key })
    assert.same({ "tags", "x" }, d.changed[1].columns)
    assert.equal("b", d.changed[1].old.tags[1])
    assert.equal("c", d.changed[1].new.tags[1])
    assert.equal(1, #d.changed)
    assert.same({ "id", "n", "tags" }, d.removed.columns)
  end)

  it("is a list of rows to be shown", function()
    local d = rows.diff(before, after, { "id" }, { columns = { "x" } })
    assert.equal("change id column old new\nremoved 1 - - -\nchanged 2 x - new\nadded 4 - - -", shown(d.rows))
  end)

  it("wants a key that tells rows apart", function()
    says("rows.diff: two rows of the second list have id = 1: the key must tell rows apart", rows.diff, {}, { { id = 1 }, { id = 1 } }, "id")
  end)
end)

describe("rows.top", function()
  local function list()
    return result({ "t", "p", "v" }, { "a", "x", 1 }, { "b", "y", 9 }, { "c", "x", 5 }, { "d", "y", 5 }, { "e", "x", null })
  end

  it("takes the n largest, never a row without a value", function()
    assert.equal("t p v\nb y 9\nc x 5", shown(rows.top(list(), "v", 2)))
    assert.equal("t p v\nb y 9\nc x 5\nd y 5", shown(rows.top(list(), "v", 2, { ties = true })))
    assert.equal("t p v\na x 1", shown(rows.top(list(), "v", 1, { lowest = true })))
    assert.equal(4, #rows.top(list(), "v", 10))
    assert.equal(0, #rows.top(list(), "v", 0, { ties = true }))
  end)

  it("does so in each group, in the order of the groups", function()
    assert.equal("t p v\nc x 5\nb y 9", shown(rows.top(list(), "v", 1, { per = "p" })))
  end)

  it("sums the rest", function()
    assert.equal("t p v\nb y 9\nother - 11", shown(rows.top(list(), "v", 1, { other = { t = "other" } })))
    assert.equal("t p v\nc x 5\nother x 1\nb y 9\nother y 5", shown(rows.top(list(), "v", 1, { per = "p", other = { t = "other" } })))
    assert.equal("t p v\nb y 9", shown(rows.top({ columns = { "t", "p", "v" }, list()[2] }, "v", 1, { other = { t = "other" } })))
  end)

  it("says what it needs", function()
    says("rows.top: how many? a whole number, not nil", rows.top, list(), "v")
    says("rows.top: by must be a column's name, not a function", rows.top, list(), function() return 1 end, 1)
    says("rows.top: there is no column 'w'", rows.top, list(), "v", 1, { sum = { "w" } })
  end)
end)

describe("rows.sort", function()
  it("is stable, takes several keys, and puts the unknown last in both directions", function()
    local list = { { a = 2, b = 1 }, { a = 1, b = 1 }, { b = 1 }, { a = 2, b = 0 }, { a = null, b = 2 }, { a = 1, b = 2 }, { a = 0 / 0, b = 3 } }
    local function order(...)
      local out = {}
      for i, row in ipairs(rows.sort(list, ...)) do
        for k, one in ipairs(list) do
          if one == row then out[i] = k end
        end
      end
      return table.concat(out, " ")
    end
    assert.equal("2 6 1 4 3 5 7", order("a"))
    assert.equal("1 4 2 6 3 5 7", order("-a"))
    assert.equal("2 6 4 1 3 5 7", order("a", "b"))
    assert.equal("6 2 1 4 7 5 3", order("a", { "b", desc = true }))
    assert.equal("4 1 2 3 5 6 7", order(function(row) return row.b end))
  end)

  it("has an order for values of different kinds, exact numerics among the numbers", function()
    local list = { { v = "b" }, { v = 2 }, { v = true }, { v = "a" }, { v = numeric("1.5") }, { v = false } }
    local out = {}
    for i, row in ipairs(rows.sort(list, "v")) do out[i] = tostring(row.v) end
    assert.equal("false true 1.5 2 a b", table.concat(out, " "))
  end)

  it("says which column is missing", function()
    says("rows.sort: there is no column 'veiws' (there are: id, p, views)", rows.sort, posts(), "-veiws")
    says("rows.sort: what by? name a column", rows.sort, posts())
  end)
end)

describe("rows.where, select and join", function()
  it("find rows", function()
    assert.equal("id p views\n1 x 10\n3 x 30", shown(rows.where(posts(), { p = "x" })))
    assert.equal("id p views\n3 x 30\n4 json.null 7", shown(rows.where(posts(), { id = { 3, 4.0 } })):gsub("null", "json.null", 1))
    assert.equal(1, #rows.where(posts(), { views = null }))
    assert.equal(1, #rows.where({ { v = numeric("5") } }, { v = 5 }))
    assert.equal(0, #rows.where(posts(), { p = "x", views = 7 }))
    says("rows.where: there is no column 'q'", rows.where, posts(), { q = 1 })
    says("rows.where: the condition must be a table or a function, not a string", rows.where, posts(), "p")
  end)

  it("choose, rename and compute columns", function()
    local out = rows.select(posts(), { "views", platform = "p", k = function(row) return row.id * 10 end })
    assert.same({ "views", "k", "platform" }, out.columns)
    assert.same({ views = 10, k = 10, platform = "x" }, out[1])
    says("rows.select: there is no column 'z'", rows.select, posts(), { "z" })
  end)

  it("bring rows together", function()
    local right = result({ "p", "name", "views" }, { "x", "X", 1 }, { "y", "Y", 2 }, { "y", "Why", 3 }, { null, "none", 4 })
    local out = rows.join(posts(), right, "p")
    assert.equal("id p views name views_right\n1 x 10 X 1\n2 y null Y 2\n2 y null Why 3\n3 x 30 X 1\n5 y 5.5 Y 2\n5 y 5.5 Why 3", shown(out))
    assert.equal(7, #rows.join(posts(), right, "p", { kind = "left" }))
    local named = rows.join(posts(), result({ "platform", "name" }, { "x", "X" }), { p = "platform" })
    assert.equal("id p views name\n1 x 10 X\n3 x 30 X", shown(named))
    says("rows.join: kind is 'outer', it must be inner or left", rows.join, posts(), right, "p", { kind = "outer" })
    says("rows.join: there is no column 'q'", rows.join, posts(), right, "q")
  end)
end)

describe("every function of rows", function()
  it("leaves its input as it was and gives .columns", function()
    local list, other = posts(), posts()
    local before = copy(list)
    local results = {
      rows.group(list, "p", { views = "sum" }), rows.pivot(list, { rows = "id", columns = "p", value = "views" }),
      rows.diff(list, other, "id").added, rows.diff(list, other, "id").rows, rows.top(list, "views", 2, { other = { p = "o" }, per = "p" }),
      rows.sort(list, "-views"), rows.where(list, { p = "x" }), rows.select(list, { "id" }), rows.join(list, other, "id"),
    }
    for i, out in ipairs(results) do
      assert.equal("table", type(out.columns), i)
      assert.is_true(out ~= list and out.columns ~= list.columns, i)
    end
    rows.columns(list)[1] = "changed"
    assert.same(before, list)
  end)

  it("takes lists that carry no columns, and empty ones", function()
    assert.same({ "a", "b" }, rows.columns({ { b = 1 }, { a = 2 } }))
    assert.same({ columns = {} }, rows.sort({}, "a"))
    assert.same({ columns = { "a", "n" } }, rows.group({}, "a"))
    assert.same({ columns = { "a" } }, rows.pivot({}, { rows = "a", columns = "b", value = "c" }))
    local values, left_out = rows.values({ { v = 1 }, { v = null }, { v = numeric("2.5") }, { v = "t" } }, "v")
    assert.same({ 1, 2.5, "t" }, values)
    assert.equal(1, left_out)
  end)

  it("takes a list that only can be indexed, as the posts of a rule", function()
    local list = setmetatable({}, { __index = function(_, i) return ({ { p = "x" }, { p = "y" }, { p = "x" } })[i] end,
      __len = function() return 3 end })
    assert.equal(2, rows.group(list, "p")[1].n)
    local post = io.stdout -- a userdata, whose members cannot be gone through
    assert.equal(post, rows.sort({ post }, function() return 1 end)[1])
    assert.equal(1, #rows.where({ post }, function() return true end))
    assert.same({}, rows.columns({ post }))
  end)
end)
