-- Reports written in Lua through the real program on a real server: the same forms, checks and errors as those in SQL.
-- Data: tests/golden/reports/data.sql.
local support = require("e2e.support")

local golden = support.source .. "/tests/golden/reports/"

local PLUGIN = [[
local function rows(ctx)
  return ctx.db.query("SELECT pattern_type, average_engagement, last_observed FROM ai_learning_patterns ORDER BY last_observed NULLS LAST")
end

return {
  name = "mine", api = 1, about = "Reports of our own.",
  reports = {
    ["mine.patterns"] = {
      about = "Patterns as they stand.",
      title = "Patterns of the last {days} days",
      args = { days = { type = "integer", default = 7, about = "how many days back" },
        kind = { type = "text", default = "", about = "only this one" } },
      columns = { { name = "pattern_type", title = "kind" }, { name = "average_engagement", title = "engagement", decimals = 1 } },
      chart = "bar average_engagement",
      notes = { "{rows} patterns.", "Asked for {kind}." },
      empty = "No pattern yet: tidemark learn",
      next = "tidemark report mine.patterns --var days={days}",
      run = function(ctx, args)
        local out = { columns = { "pattern_type", "average_engagement", "last_observed" } }
        for _, row in ipairs(rows(ctx)) do
          if args.kind == "" or args.kind == row.pattern_type then out[#out + 1] = row end
        end
        return out
      end,
    },
    ["mine.types"] = {
      about = "Every type of PostgreSQL on its way through Lua.",
      run = function(ctx)
        return ctx.db.query("SELECT 9007199254740993::int8 AS big, 12.30::numeric AS exact, 0.1::float8 AS float, true AS yes, " ..
          "'2026-11-21 22:59:00.123456+00'::timestamptz AS at, '2026-11-21'::date AS day, '{\"a\": [1, null]}'::jsonb AS doc, " ..
          "'{1,NULL,3}'::int[] AS list, '{a,\"b c\"}'::text[] AS words, 'infinity'::timestamptz AS never, 'NaN'::float8 AS nan, " ..
          "'[1,2]'::jsonb AS pair, NULL::int AS nothing")
      end,
    },
    ["mine.made"] = {
      about = "Rows made by hand.",
      columns = { { name = "name" }, { name = "at", time = true }, { name = "course", spark = true }, "n" },
      args = { n = { type = "integer", about = "how many" }, share = { type = "number", default = 0.5, about = "a share" },
        on = { type = "boolean", default = true, about = "a switch" }, since = { type = "time", default = "2026-03-01", about = "a time" },
        gap = { type = "interval", default = "36h", about = "a gap" } },
      run = function(_, args)
        local out = {}
        for i = 1, args.n do out[i] = { name = "row " .. i, n = i, course = { 1, 2, json.null, i }, at = args.since + i * 0.5 } end
        if args.n > 0 then
          out[1].types = ("%s %s %s %s"):format(math.type(args.share), tostring(args.on), math.type(args.since), args.gap)
        end
        return out
      end,
    },
    ["mine.none"] = { about = "Nothing.", empty = "Nothing here, type x", chart = "bar n", run = function() return {} end },
    ["mine.raises"] = { about = "Raises.", run = function() local t; return t.x end },
    ["mine.writes"] = { about = "Writes.", run = function(ctx) ctx.db.exec("DELETE FROM content"); return {} end },
    ["mine.sneaks"] = { about = "Writes.", run = function(ctx) return ctx.db.query("DELETE FROM content RETURNING id") end },
    ["mine.sql"] = { about = "Wrong SQL.", run = function(ctx) return ctx.db.query("SELECT 1,\n  colum FROM content") end },
    ["mine.forgets"] = { about = "Returns nothing.", run = function(ctx) ctx.db.query("SELECT 1 AS a") end },
    ["mine.odd"] = { about = "Returns a function.", run = function() return { { a = 1 }, { a = print } } end },
    ["mine.typo"] = { about = "A typing error.", columns = { "veiws" }, run = function(ctx) return ctx.db.query("SELECT 1 AS views") end },
    ["mine.chart"] = { about = "A chart of texts.", chart = "bar a", run = function() return { { a = "x" } } end },
    ["mine.keeps"] = { about = "Keeps something.", run = function(ctx) ctx.state.x = 1; return {} end },
    ["mine.many"] = { about = "Too much.", run = function()
      local out = {}
      for i = 1, 2000 do out[i] = { i = i } end
      return out
    end },
    ["mine.ends"] = { about = "Never ends.", run = function() while true do end end },
    ["mine.parallel"] = { about = "Two at once.", run = function(ctx)
      local a, b = ctx.parallel(function() return ctx.db.value("SELECT 1") end, function() return ctx.db.value("SELECT 2") end)
      return { { a = a, b = b } }
    end },
  },
}
]]

describe("tidemark report, of a report in Lua", function()
  local project

  local function report(args, options) return project:ok("report " .. args, options) end

  local function fails(code, args, ...)
    local r = project:run("report " .. args)
    assert.equal(code, r.code, r.out .. r.err)
    assert.equal("", r.out)
    for _, text in ipairs { ... } do assert.truthy(r.err:find(text, 1, true), text .. " is not in:\n" .. r.err) end
  end

  setup(function()
    project = support.project { owners = { "ann", "bob" }, pinned = true }
    local config = support.read(project.dir .. "/tidemark.lua")
    local args = { "db", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1" }
    for _, owner in ipairs { "ann", "bob" } do
      args[#args + 1] = "-v"
      args[#args + 1] = owner .. "=" .. assert(config:match(owner .. ' = "([%x-]+)"'), "no owner " .. owner)
    end
    args[#args + 1] = "-f"
    args[#args + 1] = golden .. "data.sql"
    project:ok({ "db", "migrate" })
    project:ok(args)
    project:write("plugins/mine/plugin.lua", PLUGIN)
  end)

  teardown(function() project:close() end)

  it("stands in the list and tells its variables, as one in SQL", function()
    local out = report("")
    assert.truthy(out:find("mine.patterns          Patterns as they stand.", 1, true), out)
    local help = report("mine.patterns --help")
    assert.truthy(help:find("mine.patterns\n\nPatterns as they stand.\n\nvariables\n", 1, true), help)
    assert.truthy(help:find("--var days=7               how many days back", 1, true), help)
    assert.truthy(report("mine.made --help"):find("--var n=… (needed)", 1, true))
  end)

  it("says where it is in place of its SQL", function()
    local out = report("mine.patterns --show-sql")
    assert.truthy(out:find('^%-%- mine%.patterns is written in Lua: reports%["mine%.patterns"%]%.run in /.*/plugins/mine/plugin%.lua\n$'), out)
  end)

  it("shows a table with title, chart, notes and what to type next", function()
    local out = report("mine.patterns --as ann --var days=30 --ascii", { env = { COLUMNS = "80", TIDEMARK_NOW = "2026-11-22T12:00:00Z" } })
    assert.truthy(out:find("^Patterns of the last 30 days\n"), out)
    assert.truthy(out:find("kind", 1, true) and out:find("engagement", 1, true), out)
    assert.truthy(out:find("\n  tag +4%.0 +#+"), out)
    assert.truthy(out:find("\n  tag +4%.5 +#+"), out)
    assert.truthy(out:find("Sat 21 Nov 22:59", 1, true), out)
    assert.truthy(out:find("4 patterns.", 1, true), out)
    assert.truthy(out:find("next    tidemark report mine.patterns --var days=30", 1, true), out)
  end)

  it("reads its owner's rows only", function()
    assert.equal("pattern_type,average_engagement,last_observed\r\ntag,1.0000,2026-11-22T00:00:00Z\r\n",
      report("mine.patterns --as bob --format csv"))
  end)

  it("says what to do where there is nothing", function()
    assert.truthy(report("mine.patterns --as bob --var kind=format"):find("No pattern yet: tidemark learn", 1, true))
    assert.truthy(report("mine.none --as bob"):find("Nothing here, type x", 1, true))
    assert.equal("[]\n", report("mine.none --as bob --format json"))
  end)

  it("loses nothing of PostgreSQL's types", function()
    assert.equal('[\n  {"big": 9007199254740993, "exact": 12.30, "float": 0.1, "yes": true, "at": "2026-11-21T22:59:00.123456Z", '
      .. '"day": "2026-11-21", "doc": {"a":[1,null]}, "list": [1,null,3], "words": ["a","b c"], "never": "infinity", '
      .. '"nan": "NaN", "pair": [1,2], "nothing": null}\n]\n', report("mine.types --as ann --format json"))
    assert.equal("big,exact,float,yes,at,day,doc,list,words,never,nan,pair,nothing\r\n"
      .. '9007199254740993,12.30,0.1,t,2026-11-21T22:59:00.123456Z,2026-11-21,"{""a"":[1,null]}","{1,NULL,3}","{a,""b c""}",'
      .. 'infinity,NaN,"[1,2]",\r\n', report("mine.types --as ann --format csv"))
  end)

  it("gives variables their types", function()
    assert.equal("name,at,course,n,types\r\nrow 1,2026-03-01T00:00:00.5Z,\"{1,2,NULL,1}\",1,float true integer 36 hours\r\n"
      .. "row 2,2026-03-01T00:00:01Z,\"{1,2,NULL,2}\",2,\r\n", report("mine.made --as ann --var n=2 --format csv"))
    assert.truthy(report("mine.made --as ann --var n=1 --var share=3 --var on=no --var gap=2w --format csv")
      :find("integer false integer 2 weeks", 1, true))
    assert.equal("name,at,course,n\r\n", report("mine.made --as ann --var n=0 --format csv"))
  end)

  it("writes files by their suffix", function()
    report("mine.made --as ann --var n=1 -o a.csv -o a.json -o a.ndjson -o a.txt")
    assert.truthy(support.read(project.dir .. "/a.csv"):find("^name,at,course,n,types\r\n"))
    assert.truthy(support.read(project.dir .. "/a.json"):find('^%[\n  {"name": "row 1"'))
    assert.truthy(support.read(project.dir .. "/a.ndjson"):find('^{"name": "row 1".*}\n$'))
    assert.truthy(support.read(project.dir .. "/a.txt"):find("Rows made by hand.", 1, true))
  end)

  it("has what it used kept for plugin list", function()
    project:sql("DELETE FROM tidemark.plugin_uses")
    report("mine.made --as ann --var n=1")
    fails(76, "mine.raises --as ann", "mine.raises")
    assert.equal("mine.made|1|0\nmine.raises|1|1",
      project:sql("SELECT part, runs, failures FROM tidemark.plugin_uses WHERE plugin = 'mine' ORDER BY part"))
  end)

  it("may ask for several things at once", function()
    assert.equal("a,b\r\n1,2\r\n", report("mine.parallel --as ann --format csv"))
  end)

  it("refuses wrong variables with 64", function()
    fails(64, "mine.made --as ann", "report mine.made needs --var n=integer: how many")
    fails(64, "mine.made --as ann --var n=many", "--var n=many: not a whole number")
    fails(64, "mine.made --as ann --var n=1 --var shar=1", "unknown variable 'shar', did you mean 'share'?")
    fails(64, "mine.made --as ann --var n=1 --var since=soon", "--var since=soon: not a time such as 2026-11-21")
    fails(64, "mine.mad --as ann", "unknown report 'mine.mad', did you mean 'mine.made'?")
  end)

  it("blames file and line for what goes wrong", function()
    fails(76, "mine.raises --as ann", "mine.raises (plugins/mine/plugin.lua:", "attempt to index a nil value (local 't')", "stack traceback:")
    fails(76, "mine.sql --as ann", "mine.sql (plugins/mine/plugin.lua:", 'column "colum" does not exist')
  end)

  it("cannot write, by any way", function()
    fails(76, "mine.writes --as ann", "mine.writes (plugins/mine/plugin.lua:")
    fails(76, "mine.sneaks --as ann", "mine.sneaks (plugins/mine/plugin.lua:", "read-only transaction")
    fails(76, "mine.keeps --as ann", "mine.keeps (plugins/mine/plugin.lua:", "state")
    assert.equal("3", project:sql("SELECT count(*) FROM public.content"))
  end)

  it("says what is wrong with the rows", function()
    fails(76, "mine.forgets --as ann", "mine.forgets: must give back a list of rows, but gave nothing: is a return missing?")
    fails(76, "mine.odd --as ann", "mine.odd: row 2, column a: a function cannot be shown")
    fails(76, "mine.typo --as ann", "column 'veiws' is in columns, but neither the query nor a row has it (other columns: views)")
    fails(76, "mine.chart --as ann", "mine.chart (plugins/mine/plugin.lua): chart: column 'a' is no number")
  end)

  it("keeps its limits, each named", function()
    local config = support.read(project.dir .. "/tidemark.lua")
    finally(function() support.write(project.dir .. "/tidemark.lua", config) end)
    support.write(project.dir .. "/tidemark.lua", (config:gsub("return {", "return { limits = { rows = 1000, cpu_s = 1 },", 1)))
    fails(76, "mine.many --as ann", "mine.many: read or gave back more than 1000 rows (limits.rows)")
    fails(76, "mine.ends --as ann", "used more than 1 s of CPU (limits.cpu_s)")
  end)

  it("does not take a name twice", function()
    project:write("plugins/mine/reports/made.sql", "-- about: Twice.\nSELECT 1 AS one\n")
    finally(function() os.remove(project.dir .. "/plugins/mine/reports/made.sql") end)
    fails(78, "mine.made --as ann",
      "plugins/mine/reports/made.sql:1: report mine.made is there twice, here and in plugins/mine/plugin.lua: rename one of the two")
  end)

  it("runs the example of its documentation", function()
    local example = support.read(support.source .. "/docs/reports.md"):match("## Reports in Lua.-```lua\n(.-)```")
    project:write("plugins/mine/plugin.lua", example)
    local out = report("mine.accounts --as ann --format csv")
    assert.truthy(out:find("^account,platform,posts,views,share,data_until\r\ntt1,tiktok,2,54321,75%.1%d*,2026"), out)
    assert.truthy(out:find("@ann,youtube,1,18000,24%.8%d*,2026", 1), out)
    assert.truthy(report("mine.accounts --as ann"):find("2 accounts. Data to", 1, true))
  end)
end)
