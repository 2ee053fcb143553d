-- tidemark run: scripts and jobs through the real program on a real server.
local support = require("e2e.support")

local golden = support.source .. "/tests/golden/reports/"

describe("tidemark run", function()
  local project

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

  local function script(text, args, options)
    project:write("s.lua", text)
    return project:run("run --as ann " .. (args or "s.lua"), options)
  end

  local function gives(out, text, args)
    local r = script(text, args)
    assert.equal(0, r.code, r.err)
    assert.equal(out, r.out)
    return r
  end

  local function fails(code, text, args, ...)
    local r = script(text, args)
    assert.equal(code, r.code, r.out .. r.err)
    for _, wanted in ipairs { ... } do assert.truthy(r.err:find(wanted, 1, true), wanted .. " is not in:\n" .. r.err) end
    return r
  end

  it("calls the script with ctx and the words behind its name", function()
    gives("table\t3\t--format csv\t-x\n", 'local ctx, args = ...; print(type(ctx), #args, args[1], args[2])\n'
      .. 'assert(args[2] == "-x" and args[3] == "--help")', "s.lua '--format csv' -x --help")
  end)

  it("prints to standard output and logs to standard error", function()
    local r = gives("1\ttrue\tnil\nx\n", 'local ctx = ...; print(1, true, nil) ctx.log("hello") ctx.log.warn("careful") print("x")')
    assert.truthy(r.err:find("tidemark: s.lua: hello\n", 1, true), r.err)
    assert.truthy(r.err:find("tidemark: warn: s.lua: careful\n", 1, true), r.err)
  end)

  it("prints the rows it returns in the form asked for", function()
    local text = 'local ctx, args = ...; return ctx.db.query("SELECT title, id = $1 AS first FROM content ORDER BY created_at", '
      .. 'ctx.db.uuid("c0000000-0000-4000-8000-000000000001"))'
    local r = script(text)
    assert.equal(0, r.code, r.err)
    assert.truthy(r.out:find("Why cats purr", 1, true) and r.out:find("\\x1b[31m", 1, true), r.out)
    assert.falsy(r.out:find("secret", 1, true), "another owner's row")
    gives('title,first\r\nWhy cats purr,t\r\n"red \27[31m ""猫"", one",f\r\n', text, "-f csv s.lua")
    gives('{"title": "Why cats purr", "first": true}\n{"title": "red \\u001b[31m \\"猫\\", one", "first": false}\n', text, "-f ndjson s.lua")
    local json = script(text, "-f json s.lua")
    assert.truthy(json.out:find('^%[\n  {"title": "Why cats purr"'), json.out)
    gives("", text, "-o rows.csv s.lua")
    assert.truthy(support.read(project.dir .. "/rows.csv"):find("^title,first\r\n"))
    gives("only print\n", 'print("only print")')
    assert.truthy(script("print(1)", "-o none.csv s.lua").err:find("s.lua gave back no rows: none.csv was not written", 1, true))
    gives("No rows.\n", "return {}")
  end)

  it("writes as the owner, and not with --read-only", function()
    local text = 'local ctx = ...; print(ctx.db.exec("INSERT INTO content (user_id, title) SELECT auth.uid(), $1", "new"))'
    gives("1\n", text)
    assert.equal("1", project:sql("SELECT count(*) FROM content c WHERE title = 'new' AND user_id = "
      .. "(SELECT user_id FROM content WHERE title = 'Why cats purr')"))
    fails(76, text, "--read-only s.lua", "s.lua:1")
    assert.equal("1", project:sql("SELECT count(*) FROM content WHERE title = 'new'"))
    local other = script('local ctx = ...; return ctx.db.query("SELECT title FROM content")', "-f csv s.lua", nil)
    assert.falsy(other.out:find("secret", 1, true))
    local r = project:run("run --owner bob -f csv s.lua")
    assert.equal("title\r\nsecret\r\n", r.out, r.err)
  end)

  it("takes the clock of --as-of", function()
    gives("true\t1772323200\n", "local ctx = ...; print(ctx.now > ctx.as_of, ctx.as_of)", "--as-of 2026-03-01 s.lua")
    fails(64, "", "--as-of soon s.lua", "--as-of soon: not a time; write 2026-03-01T12:00:00Z or now-7d")
    fails(64, "", "--as-of 2999-01-01 s.lua", "lies in the future")
  end)

  it("ends at its time limit, whatever it waits for", function()
    fails(76, "local ctx = ...; ctx.sleep(3600)", "--timeout 1s s.lua", "took longer than 1 s (--timeout)")
    fails(76, 'local ctx = ...; ctx.db.query("SELECT pg_sleep(3600)")', "--timeout 1s s.lua", "took longer than 1 s (--timeout)")
    assert.equal("0", project:sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)%' AND state = 'active' "
      .. "AND pid <> pg_backend_pid()"))
    fails(64, "", "--timeout long s.lua", "--timeout long: not a span from 1 s to 24 h; write 30s, 10m or 2h")
  end)

  it("reaches tidemark's Lua and the script's folder", function()
    project:write("lib/helper.lua", 'return { word = "helped" }\n')
    project:write("lib/main.lua", 'print(require("helper").word, type(require("tidemark.text").facts))\n')
    local r = project:run("run --as ann lib/main.lua")
    assert.equal("helped\tfunction\n", r.out, r.err)
    fails(76, 'require("nothing")', nil, "no module 'nothing'", "s.lua:1")
  end)

  it("is a sandbox", function()
    gives("nil\tnil\tnil\tnil\n", "print(io, os, debug, load)")
  end)

  it("keeps ctx.state from run to run", function()
    gives("1\n", "local ctx = ...; ctx.state.n = (ctx.state.n or 0) + 1; print(ctx.state.n)")
    gives("2\n", "local ctx = ...; ctx.state.n = (ctx.state.n or 0) + 1; print(ctx.state.n)")
  end)

  it("tells a syntax error with its line before anything is asked for (78)", function()
    fails(78, "local x = 1\nlocal y = = 2\n", nil, "s.lua:2: unexpected symbol near '='")
    fails(78, "for", nil, "s.lua:1: <name> expected near <eof>")
    fails(78, "\27Lua", nil, "compiled Lua is not accepted, only source text")
  end)

  it("tells a failure with its place and a traceback (76)", function()
    fails(76, "local function f()\n  local t\n  return t.x\nend\nf()\n", nil, "s.lua (s.lua:3): attempt to index a nil value (local 't')",
      "stack traceback:")
    fails(76, 'error("a reason", 0)', nil, "s.lua: a reason")
    fails(76, 'local ctx = ...\nctx.db.query("SELECT nothing")', nil, 'column "nothing" does not exist', "s.lua:2")
    fails(76, "return 7", nil, "must give back a list of rows")
    fails(76, "return { { a = print } }", nil, "row 1, column a: a function cannot be shown")
  end)

  it("counts what is printed", function()
    local config = support.read(project.dir .. "/tidemark.lua")
    finally(function() support.write(project.dir .. "/tidemark.lua", config) end)
    support.write(project.dir .. "/tidemark.lua", (config:gsub("return {", "return { limits = { output_mb = 1 },", 1)))
    fails(76, 'local line = ("x"):rep(1000) for _ = 1, 5000 do print(line) end', nil, "put out more than 1 MiB (limits.output_mb)")
  end)

  it("names what it cannot run", function()
    fails(64, "", "", "what is to run? Name a Lua file or a plugin's job: tidemark run SCRIPT.lua")
    fails(65, "", "nothing.lua", "nothing.lua: No such file or directory")
    fails(65, "", "./plugins", "./plugins is a folder: name a Lua file")
    fails(65, "", "/dev/null", "/dev/null is no file: name a Lua file")
    fails(64, "", "-f xml s.lua", "unknown format 'xml': table, csv, json or ndjson")
    fails(64, "", "-f jsno s.lua", "unknown format 'jsno', did you mean 'json'?")
    fails(64, "", "--as nobody s.lua", "unknown owner 'nobody' (owners: ann, bob")
    fails(64, "", "content.top", "content.top is a report: type \"tidemark report content.top\"")
    fails(64, "", "timing.posting_block", "timing.posting_block is a rule: type \"tidemark learn timing.posting_block\"")
    fails(64, "", "no.such", "unknown job 'no.such': no plugin has a job; a script's name ends in .lua")
  end)

  it("cancels what runs at Ctrl-C (75)", function()
    project:write("s.lua", 'local ctx = ...; ctx.log("ready") ctx.db.query("SELECT pg_sleep(600)")')
    local r = project:run("run --as ann s.lua", {
      before = "exec 2>err.txt; ( while ! grep -q ready err.txt; do sleep 0.05; done; sleep 0.3; pkill -INT -P $$ tidemark ) & ",
    })
    assert.equal(75, r.code, support.read(project.dir .. "/err.txt"))
    assert.truthy(support.read(project.dir .. "/err.txt"):find("stopped by a signal", 1, true))
    assert.equal("0", project:sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND state = 'active' "
      .. "AND pid <> pg_backend_pid()"))
  end)

  describe("of a plugin's job", function()
    setup(function()
      project:write("plugins/mine/plugin.lua", [[
return {
  name = "mine", api = 1, about = "Jobs.",
  jobs = {
    ["mine.tidy"] = { about = "Renames.", timeout = "10m", run = function(ctx)
      ctx.state.runs = (ctx.state.runs or 0) + 1
      local n = ctx.db.exec("UPDATE content SET title = title || '!' WHERE title LIKE 'Why%'")
      ctx.log(("%d renamed, run %d"):format(n, ctx.state.runs))
    end },
    ["mine.slow"] = { about = "Sleeps.", timeout = "1s", run = function(ctx) ctx.sleep(3600) end },
  },
  collectors = { ["mine.fetch"] = { about = "Fetches.", every = "1h", run = function() end } },
}
]])
    end)

    it("runs it with its state", function()
      local r = project:run("run --as ann mine.tidy")
      assert.equal(0, r.code, r.err)
      assert.equal("", r.out)
      assert.truthy(r.err:find("mine.tidy: 1 renamed, run 1\n", 1, true), r.err)
      assert.truthy(r.err:find("mine.tidy: done in ", 1, true), r.err)
      assert.truthy(project:run("run --as ann mine.tidy").err:find("run 2", 1, true))
      assert.equal("Why cats purr!!", project:sql("SELECT title FROM content WHERE title LIKE 'Why%'"))
    end)

    it("keeps its timeout, which --timeout changes", function()
      local r = project:run("run --as ann mine.slow")
      assert.equal(76, r.code, r.err)
      assert.truthy(r.err:find("mine.slow", 1, true) and r.err:find("took longer than 1 s (the job's timeout)", 1, true), r.err)
      assert.truthy(project:run("run --as ann --timeout 2s mine.slow").err:find("took longer than 2 s (--timeout)", 1, true))
    end)

    it("refuses what is none", function()
      fails(64, "", "mine.tdy", "unknown job 'mine.tdy', did you mean 'mine.tidy'?")
      fails(64, "", "mine.fetch", "mine.fetch is a collector: it runs in the daemon only")
      fails(64, "", "mine.tidy now", "a job takes no arguments: 'now' is one too many")
      fails(64, "", "other.thing", "unknown job 'other.thing' (there are: mine.slow, mine.tidy)")
    end)
  end)

  it("runs the weekly report of the examples", function()
    local path = support.source .. "/examples/weekly_report.lua"
    local r = project:run({ "run", "--as", "ann", "--format", "csv", path, "3" })
    assert.equal(0, r.code, r.err)
    assert.truthy(r.out:find("^week,begins,posts,median_views,change_percent,best\r\n"), r.out)
    local weeks = 0
    for _ in r.out:gmatch("\n%d%d%d%d%-W%d%d,") do weeks = weeks + 1 end
    assert.equal(3, weeks)
    assert.truthy(r.out:find("Why cats purr", 1, true), r.out)
    local wrong = project:run({ "run", "--as", "ann", path, "many" })
    assert.equal(76, wrong.code)
    assert.truthy(wrong.err:find("how many weeks? 'many' is no number from 1 to 520", 1, true), wrong.err)
    assert.truthy(project:run({ "run", "--as", "ann", path, "3", "Europe/Berln" }).err:find("there is no zone 'Europe/Berln'", 1, true))
  end)
end)
