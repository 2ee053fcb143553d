-- Reports through the real program on a real server: values, forms, owners, what goes wrong.
-- Data: tests/golden/reports/data.sql.

local support = require("e2e.support")

local golden = support.source .. "/tests/golden/reports/"

describe("tidemark report", function()
  local project

  local function report(args, options)
    return project:ok("report " .. args, options)
  end

  -- CSV as a list of lines.
  local function lines(text)
    local list = {}
    for line in text:gmatch("(.-)\r\n") do list[#list + 1] = line end
    return list
  end

  local function without_time(text)
    return (text:gsub("%d%d%d%d%-%d%d%-%d%dT[%d:.]+Z", "TIME"))
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
  end)

  teardown(function() project:close() end)

  it("lists every bundled report", function()
    local out = report("")
    for _, name in ipairs {
      "patterns.top", "styles.top", "trends.impact", "ai.improvement", "patterns.by_platform", "ai.dashboard",
      "styles.performance", "trends.current", "content.top", "freshness",
    } do
      assert.truthy(("\n" .. out):find("\n" .. name .. " ", 1, true), name .. " is missing in:\n" .. out)
    end
  end)

  it("tells a report's variables", function()
    assert.truthy(report("content.top --help"):find("--var days=28", 1, true))
    local r = project:run("report contnt.top --help")
    assert.equal(64, r.code)
    assert.truthy(r.err:find("unknown report 'contnt.top', did you mean 'content.top'?", 1, true))
  end)

  it("writes CSV byte for byte, unmeasured types last", function()
    assert.equal("pattern_type,avg_success,pattern_count,measured,avg_engagement,data_until\r\n"
      .. "tag,60.0000000000000000,2,2,4.2500000000000000,2026-11-21T22:59:00.5Z\r\n"
      .. "format,41.2500000000000000,1,1,2.2500000000000000,2026-11-21T22:59:00.5Z\r\n"
      .. "posting_block,,1,0,,2026-11-21T22:59:00.5Z\r\n", report("patterns.top --as ann --format csv"))
  end)

  it("writes JSON byte for byte, with arrays and whole numbers", function()
    local function row(tags, mean, count, measured)
      local form = '  {"style_tags": %s, "avg_engagement": %s, "usage_count": %d, "measured": %d, '
      return form:format(tags, mean, count, measured) .. '"data_until": "2026-11-21T12:00:00Z"}'
    end
    assert.equal("[\n" .. table.concat({
      row('["cats","how to"]', "0.31000000000000000000", 1, 1),
      row('["neon"]', "-0.10000000000000000000", 2, 2),
      row('["new"]', "null", 1, 0),
    }, ",\n") .. "\n]\n", report("styles.top --as ann --format json"))
  end)

  it("shows an owner his own rows only", function()
    assert.equal("pattern_type,avg_success,pattern_count,measured,avg_engagement,data_until\r\n"
      .. "tag,1.00000000000000000000,1,1,1.00000000000000000000,2026-11-22T00:00:00Z\r\n",
      report("patterns.top --as bob --format csv"))
    for _, name in ipairs { "content.top", "freshness", "trends.impact", "patterns.by_platform" } do
      local out = report(name .. " --as ann --format csv")
      for _, secret in ipairs { "Bob", "@bob", "secret", ",1000000000,", "1234.5678" } do
        assert.falsy(out:find(secret, 1, true), name .. " shows " .. secret .. " to ann:\n" .. out)
      end
    end
    local bobs = lines(report("freshness --as bob --format csv"))
    assert.equal(2, #bobs)
    assert.truthy(bobs[2]:find("^@bob,Bob,youtube,fresh,"))
  end)

  it("counts a post once per pattern, not once per snapshot", function()
    assert.same({
      "pattern_type,platform,platform_success,pattern_count,post_count,data_until",
      "tag,tiktok,63.5000000000000000,1,1,TIME",
      "tag,youtube,63.5000000000000000,1,1,TIME",
      "format,tiktok,41.2500000000000000,1,1,TIME",
      "format,youtube,41.2500000000000000,1,1,TIME",
    }, lines(without_time(report("patterns.by_platform --as ann --format csv"))))
  end)

  it("takes trends of the last 30 days, or of as many as asked for", function()
    assert.same({
      "trend_type,platform,avg_impact,trend_count,measured,last_start",
      "hashtag,tiktok,24.5000000000000000,1,1,TIME",
      "platform,youtube,-6.0000000000000000,2,2,TIME",
      "platform,x,,1,0,TIME",
    }, lines(without_time(report("trends.impact --as ann --format csv"))))
    local longer = report("trends.impact --as ann --format csv --var days=60")
    assert.truthy(longer:find("hashtag,x,99.0000000000000000,1,1,", 1, true), longer)
    assert.same({
      "platform,trend_type,avg_impact,trend_count",
      "tiktok,hashtag,24.5000000000000000,1",
      "x,platform,,1",
      "youtube,platform,-6.0000000000000000,2",
    }, lines(report("trends.current --as ann --format csv")))
  end)

  it("averages improvements of a week, day by day in the dashboard", function()
    assert.same({
      "improvement_type,avg_improvement,improvement_count,measured,better,data_until",
      "model,11.4000000000000000,1,1,1,TIME",
      "prompt,-0.50000000000000000000,2,2,1,TIME",
      "strategy,,1,0,0,TIME",
    }, lines(without_time(report("ai.improvement --as ann --format csv"))))
    local days = lines((report("ai.dashboard --as ann --format csv"):gsub("%f[%d]%d%d%d%d%-%d%d%-%d%d", "DAY")))
    assert.same({
      "date,improvement_type,daily_improvement,improvement_count",
      "DAY,model,11.4000000000000000,1", "DAY,strategy,,1", "DAY,prompt,-3.0000000000000000,1",
      "DAY,prompt,2.0000000000000000,1", "DAY,model,500.0000000000000000,1",
    }, days)
  end)

  it("ranks posts by their latest lifetime count", function()
    local rows = lines(report("content.top --as ann --format csv"))
    assert.equal(4, #rows)
    assert.truthy(rows[2]:find("^Why cats purr,tiktok,tt1,5%.0%d*,54321,3000,,12,,5%.54%d*,"), rows[2])
    assert.truthy(rows[2]:find(",7777777777777777777,", 1, true), "an id of 19 digits keeps them")
    assert.truthy(rows[3]:find("^Why cats purr,youtube,Ann,10%.0%d*,18000,900,18,,,5%.1000000000000000,"), rows[3])
    assert.truthy(rows[4]:find('^"red \27%[31m ""猫"", one",tiktok,tt1,1%.0%d*,,3,,,,,'), rows[4])
    assert.equal(2, #lines(report("content.top --as ann --format csv --var platform=youtube")))
    assert.equal(3, #lines(report("content.top --as ann --format csv --var limit=2")))
  end)

  it("does not let a title move the cursor", function()
    local out = report("content.top --as ann", { env = { COLUMNS = "120" } })
    assert.truthy(out:find("red \\x1b[31m \"猫\", one", 1, true), out)
    assert.falsy(out:find("\27", 1, true))
  end)

  it("names the quiet accounts first, with their gaps", function()
    local rows = lines(report("freshness --as ann --format csv"))
    assert.truthy(rows[2]:find("^x1,Ann,x,! never,,,0,,0,2,3$"), rows[2])
    assert.truthy(rows[3]:find("^tt1,,tiktok,! stale,[^,]+,48%.%d+,2,48%.%d+,2,2,3$"), rows[3])
    assert.truthy(rows[4]:find("^@ann,Ann,youtube,fresh,[^,]+,[01]%.%d+,1,[56]%d%.%d+,2,2,3$"), rows[4])
    assert.truthy(report("freshness --as ann --format csv --var gap=3d"):find("tt1,,tiktok,fresh,", 1, true))
  end)

  it("prints the same table every time: 80 and 120 columns, ASCII", function()
    for _, name in ipairs { "patterns.top", "styles.top" } do
      for form, args in pairs { ["80"] = "", ["120"] = "", ["80_ascii"] = " --ascii" } do
        local out = report(name .. " --as ann --tz UTC" .. args, {
          env = { COLUMNS = form:match("^%d+"), TIDEMARK_NOW = "2026-11-22T12:00:00Z", NO_COLOR = "1", LC_ALL = "C.UTF-8" },
        })
        assert.equal(support.read(golden .. name .. "_" .. form .. ".txt"), out)
      end
    end
  end)

  it("adds colour only when asked to, and nothing but colour", function()
    local env = { COLUMNS = "80", TIDEMARK_NOW = "2026-11-22T12:00:00Z" }
    local plain = report("styles.top --as ann --color never", { env = env })
    local color = report("styles.top --as ann --color always", { env = env })
    assert.falsy(plain:find("\27", 1, true))
    assert.truthy(color:find("\27[34m▲\27[0m", 1, true))
    assert.equal(plain, (color:gsub("\27%[%d+m", "")))
  end)

  it("says what to do where there is nothing", function()
    local out = report("ai.improvement --as bob --var days=0")
    assert.truthy(out:find("Did the AI get better? Improvement by kind of change, last 0 days", 1, true), out)
    assert.truthy(out:find("tidemark report ai.improvement --var days=90", 1, true), out)
  end)

  it("refuses wrong variables with 64 and says which there are", function()
    local function refused(args, text)
      local r = project:run("report " .. args)
      assert.equal(64, r.code, r.err)
      assert.equal("", r.out)
      assert.truthy(r.err:find(text, 1, true), r.err)
    end
    refused("content.top --as ann --var dayz=7",
      "unknown variable 'dayz', did you mean 'days'? (report content.top takes: days, limit, platform)")
    refused("content.top --as ann --var days=x", "--var days=x: not a whole number")
    refused("freshness --as ann --var gap=soon", "--var gap=soon: not a duration such as 7d, 12h or \"6 months\"")
    refused("content.tpo --as ann", "unknown report 'content.tpo', did you mean 'content.top'?")
  end)

  it("binds values: SQL in a variable is a text", function()
    local out = project:ok({ "report", "trends.current", "--as", "ann", "--format", "csv",
      "--var", "platform=x' OR true; DROP TABLE public.content; --" })
    assert.equal("platform,trend_type,avg_impact,trend_count\r\n", out)
    assert.equal("3", project:sql("SELECT count(*) FROM public.content"))
  end)

  it("runs a project's own report, and blames its file and line when the query is wrong", function()
    project:write("plugins/mine/plugin.lua", 'return { name = "mine", api = 1, about = "My reports." }\n')
    project:write("plugins/mine/reports/good.sql", "-- about: Two.\n-- arg: n integer = 2: a number\nSELECT :n AS two\n")
    project:write("plugins/mine/reports/bad.sql", '-- about: Wrong.\n\nSELECT 1 AS "höhe",\n       colum FROM content\n')
    project:write("plugins/mine/reports/write.sql", "-- about: Writes.\nDELETE FROM content\n")
    assert.equal("two\r\n2\r\n", report("mine.good --as ann --format csv"))
    local bad = project:run("report mine.bad --as ann")
    assert.equal(76, bad.code, bad.err)
    assert.truthy(bad.err:find('plugins/mine/reports/bad.sql:4: column "colum" does not exist', 1, true), bad.err)
    local write = project:run("report mine.write --as ann")
    assert.equal(76, write.code, write.err)
    assert.truthy(write.err:find("cannot execute DELETE in a read-only transaction", 1, true), write.err)
    project:write("plugins/mine/reports/broken.sql", "-- abuot: x\nSELECT :n\n")
    local broken = project:run("report mine.good --as ann")
    os.remove(project.dir .. "/plugins/mine/reports/broken.sql")
    assert.equal(78, broken.code, broken.err)
    for _, text in ipairs {
      "broken.sql:1: unknown directive 'abuot', did you mean 'about'?",
      "broken.sql:1: about is missing",
      "broken.sql:2: :n is no arg of this report",
    } do
      assert.truthy(broken.err:find(text, 1, true), broken.err)
    end
  end)

  it("runs the example of its documentation", function()
    local example = support.read(support.source .. "/docs/reports.md"):match("```sql\n(.-)```")
    project:write("plugins/mine/reports/accounts.sql", example)
    assert.same({ "account,platform,posts,views,data_until", "tt1,tiktok,2,54321,TIME", "@ann,youtube,1,18000,TIME" },
      lines(without_time(report("mine.accounts --as ann --format csv"))))
  end)

  it("shows its SQL as written", function()
    local out = report("mine.good --show-sql")
    assert.equal("SELECT :n AS two\n", out)
  end)
end)
