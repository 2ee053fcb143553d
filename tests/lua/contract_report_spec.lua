-- The contract of reports in Lua, jobs and collectors: what is right is described, what is wrong is named with its remedy.
local contract = require("tidemark.contract")

local function check(parts)
  local source = 'return { name = "x", api = 1, about = "a",\n' .. parts .. "\n}"
  local description, mistakes = contract.check(assert(load(source))(), { name = "x", source = source })
  return description, contract.format(mistakes, "plugin.lua")
end

local function report(body) return check('reports = { ["x.top"] = {\n' .. body .. "\n} }") end
local function job(body) return check('jobs = { ["x.tidy"] = {\n' .. body .. "\n} }") end
local function collector(body, more) return check('collectors = { ["x.fetch"] = {\n' .. body .. "\n} }" .. (more or "")) end

local FINE = 'about = "a", run = function() end,'

local function says(checked, cases)
  for _, case in ipairs(cases) do
    it("says: " .. case[2], function()
      local description, text = checked(case[1])
      assert.is_nil(description)
      assert.equal(case[2], text)
    end)
  end
end

describe("the contract of reports", function()
  it("describes arguments, columns and what they do", function()
    local d, warnings = report(FINE .. [[
      title = "Top of {days} days", empty = "none", notes = "{rows} rows", next = { "tidemark report x.top --var days={days}" },
      args = {
        days = { type = "integer", default = 7.0, about = "how many" },
        share = { type = "number", default = 0.1, about = "share" },
        all = { type = "boolean", default = false, about = "all" },
        since = { type = "time", default = "now-7d", about = "since" },
        over = { type = "interval", default = "6 months", about = "over" },
        who = { type = "text", about = "whom" },
      },
      columns = { { name = "views", title = "Views", unit = "per day", decimals = 1, drop = 2, brief = true }, "who",
        { name = "lo", hide = true, align = "right" }, { name = "hi" } },
      chart = "interval views lo hi", section = "who"]])
    assert.equal("", warnings)
    local r = d.reports[1]
    assert.equal("x.top", r.name)
    assert.same({ name = "all", type = "boolean", default = "false", required = false, about = "all" }, r.args[1])
    local defaults = {}
    for _, a in ipairs(r.args) do defaults[a.name] = a.default or a.required end
    assert.same({ days = "7", share = "0.1", all = "false", since = "now-7d", over = "6 months", who = true }, defaults)
    assert.same({ name = "views", title = "Views", unit = "per day", decimals = 1, drop = 2, brief = true }, r.columns[1])
    assert.same({ name = "who" }, r.columns[2])
    assert.same({ kind = "interval", columns = { "views", "lo", "hi" } }, r.chart)
    assert.same({ "{rows} rows" }, r.notes)
    assert.is_nil(r.run)
  end)

  it("may be called like its plugin", function()
    assert.truthy((check('reports = { x = { about = "a", run = function() end } }')))
  end)

  says(report, {
    { "", 'plugin.lua:2: reports.x.top.about: is missing; write about = "what it answers"\n'
      .. "plugin.lua:2: reports.x.top.run: is missing; write run = function(ctx, args) … return rows end" },
    { 'about = "a", run = "SELECT 1"',
      "plugin.lua:3: reports.x.top.run: must be a function, not a string; write run = function(ctx, args) … return rows end" },
    { FINE .. 'args = { days = { type = "int", about = "d" } }', "plugin.lua:3: reports.x.top.args.days.type: 'int' is not known here "
      .. "(one of text, integer, number, boolean, interval, time)" },
    { FINE .. 'args = { days = { type = "intege", about = "d" } }',
      "plugin.lua:3: reports.x.top.args.days.type: 'intege' is not known here, did you mean 'integer'?" },
    { FINE .. 'args = { days = { type = "integer", default = "7", about = "d" } }', "plugin.lua:3: reports.x.top.args.days.default: "
      .. "is no integer: '7'; it must be a whole number: default = 7" },
    { FINE .. 'args = { days = { type = "integer", default = 2^31, about = "d" } }', "plugin.lua:3: reports.x.top.args.days.default: "
      .. "is no integer, but a number; it must be a whole number: default = 7" },
    { FINE .. 'args = { over = { type = "interval", default = "soon", about = "d" } }',
      "plugin.lua:3: reports.x.top.args.over.default: is no interval: 'soon'; it must be a duration: default = \"7d\"" },
    { FINE .. 'args = { days = { type = "integer" } }',
      'plugin.lua:3: reports.x.top.args.days.about: is missing; write about = "how many days back"' },
    { FINE .. 'args = { Days = { type = "integer", about = "d" } }',
      "plugin.lua:3: reports.x.top.args.Days: 'Days' is no name of an argument: lower-case letters, digits and _" },
    { FINE .. 'args = { { name = "days" } }', "plugin.lua:3: reports.x.top.args: holds a list where arguments with names were "
      .. "expected; write args = { days = { type = \"integer\", … } }" },
    { FINE .. 'columns = { { name = "views", desimals = 1 } }',
      "plugin.lua:3: reports.x.top.columns.1.desimals: unknown key, did you mean 'decimals'?" },
    { FINE .. 'columns = { { name = "views", decimals = 12 } }',
      "plugin.lua:3: reports.x.top.columns.1.decimals: must be a whole number from 0 to 9, not 12" },
    { FINE .. 'columns = { views = { title = "Views" } }',
      'plugin.lua:3: reports.x.top.columns.views: columns is a list; write columns = { { name = "views", … } }' },
    { FINE .. 'columns = { "a", "a" }', "plugin.lua:3: reports.x.top.columns.2.name: column 'a' stands here twice" },
    { FINE .. 'columns = { "views" }, chart = "bar veiws"',
      "plugin.lua:3: reports.x.top.chart: 'veiws' is none of the columns, did you mean 'views'?" },
    { FINE .. 'chart = "pie views"',
      'plugin.lua:3: reports.x.top.chart: \'pie views\' is no chart: write "bar COLUMN" or "interval CENTER LOW HIGH"' },
    { FINE .. "notes = {}", 'plugin.lua:3: reports.x.top.notes: is an empty list; write notes = { "{rows} posts." }' },
  })

  it("warns of a place that nothing fills in", function()
    local _, warnings = report(FINE .. 'title = "Last {dais} days", columns = { "views" }, '
      .. 'args = { days = { type = "integer", default = 1, about = "d" } }')
    assert.equal("plugin.lua:3: reports.x.top.title: {dais} is neither an argument nor a column, did you mean {days}?", warnings)
  end)
end)

describe("the contract of jobs", function()
  it("knows the forms of a schedule", function()
    for _, every in ipairs { "@hourly", "@daily", "15m", "6h", "7d", "26w", "0 3 * * 1", "*/15 8-18 * jan-mar mon-fri", "0,30 3 1 * *" } do
      local d, text = job(FINE .. ("every = %q, timeout = '10m'"):format(every))
      assert.truthy(d, text)
      assert.equal(every, d.jobs[1].every)
      assert.equal(600, d.jobs[1].timeout_s)
    end
  end)

  says(job, {
    { FINE .. 'every = "@hourli"', "plugin.lua:3: jobs.x.tidy.every: '@hourli' is no schedule, did you mean '@hourly'?" },
    { FINE .. 'every = "30s"', "plugin.lua:3: jobs.x.tidy.every: '30s' is no schedule: an interval is from 1m to 52w" },
    { FINE .. 'every = "0 25 * * *"', "plugin.lua:3: jobs.x.tidy.every: '0 25 * * *' is no schedule: '25' is no hour (0 to 23); "
      .. "the five fields are minute, hour, day, month, weekday (0 3 * * 1)" },
    { FINE .. 'every = "0 3 * * mo"', "plugin.lua:3: jobs.x.tidy.every: '0 3 * * mo' is no schedule: 'mo' is no day of the week "
      .. "(0 to 7, or a name); the five fields are minute, hour, day, month, weekday (0 3 * * 1)" },
    { FINE .. 'every = "0 3 1-0 * *"', "plugin.lua:3: jobs.x.tidy.every: '0 3 1-0 * *' is no schedule: '1-0' is no day of the month "
      .. "(1 to 31); the five fields are minute, hour, day, month, weekday (0 3 * * 1)" },
    { FINE .. "every = 15", 'plugin.lua:3: jobs.x.tidy.every: must be a string, not a number; write every = "@daily"' },
    { FINE .. 'timeout = "2 hours"', "plugin.lua:3: jobs.x.tidy.timeout: '2 hours' is no time-out: write 30s, 10m or 2h, at most 24h" },
    { FINE .. "timeout = 600", 'plugin.lua:3: jobs.x.tidy.timeout: must be a string, not a number; write timeout = "10m"' },
    { 'about = "a"', "plugin.lua:2: jobs.x.tidy.run: is missing; write run = function(ctx) … end" },
  })

  it("wants a name of its own for what runs by name", function()
    local d, text = check('rules = { ["x.a"] = { about = "a", find = function() end } },\njobs = { ["x.a"] = { ' .. FINE .. " } },")
    assert.is_nil(d)
    assert.equal("plugin.lua:3: jobs.x.a: is a rule's name already: what runs by name needs a name of its own", text)
  end)
end)

describe("the contract of collectors", function()
  it("takes the plugin's name as platform", function()
    local d = collector(FINE .. 'every = "1h", hosts = { "api.example.com" }', ', capabilities = { http = { "*.example.com" } }')
    assert.same({ name = "x.fetch", about = "a", every = "1h", platform = "x", hosts = { "api.example.com" } }, d.collectors[1])
  end)

  it("knows no host that is not declared", function()
    local d, text = collector(FINE .. 'every = "1h", hosts = { "api.example.com" }')
    assert.is_nil(d)
    assert.equal("plugin.lua:3: collectors.x.fetch.hosts.1: 'api.example.com' is not declared; "
      .. 'write capabilities = { http = { "api.example.com" } }', text)
  end)

  it("wants to know how often", function()
    local _, text = collector(FINE)
    assert.equal('plugin.lua:2: collectors.x.fetch.every: is missing; write every = "1h"', text)
  end)
end)
