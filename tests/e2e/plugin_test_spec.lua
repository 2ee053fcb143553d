-- tidemark plugin test: an author's specs inside the real host, and the bundled plugins' own.
local support = require("e2e.support")

local function has(text, part) assert.truthy(text:find(part, 1, true), part .. "\n---\n" .. text) end

-- What a throw-away database leaves behind of its folders: nothing.
local function leftovers(p, err)
    local left = support.sh("ls -A " .. support.quote(p.env.TMPDIR)).out
    for data in err:gmatch("making the embedded PostgreSQL %d+ in (%S+)") do
        left = left .. support.sh("ls -d " .. support.quote(data)).out
    end
    return left
end

local plugin = [[
return {
  name = "tube", api = 1, about = "x",
  parsers = { ["tube.list"] = { match = { kind = "tube#list" }, each = "items", post = { id = "id", title = "title" },
    counts = { views = "views", likes = "likes" } },
    ["tube.code"] = { match = { kind = "tube#code" }, parse = function() while true do end end } },
  reports = { ["tube.views"] = { about = "x", args = { least = { type = "integer", default = 0, about = "x" } }, run = function(ctx, args)
    return ctx.db.query("SELECT external_id AS id, views FROM content_performance_metrics WHERE views >= $1 ORDER BY 2 DESC", args.least)
  end } },
  jobs = { ["tube.count"] = { about = "x", run = function(ctx)
    ctx.state.runs = (ctx.state.runs or 0) + 1
    return { { runs = ctx.state.runs, as_of = ctx.as_of } }
  end } },
  rules = { ["tube.rule"] = { about = "x", find = function(posts, ctx)
    return ctx.rank(posts, { by = function(p) return p.tags end, writes = "pattern", subject = "tag" }) end } },
}
]]
local fixture = '{"kind":"tube#list","items":[{"id":"a","title":"A","views":"12","likes":3},{"id":"b","views":"1.2K"},{"title":"none"}]}'

describe("specs", function()
    local p
    setup(function()
        p = support.project {}
        p.env.TMPDIR = p.root .. "/tmp"
        os.execute("mkdir " .. support.quote(p.env.TMPDIR))
        p:write("plugins/tube/plugin.lua", plugin)
        p:write("plugins/tube/fixtures/list.json", fixture)
        p:write("plugins/tube/fixtures/code.json", '{"kind":"tube#code"}')
    end)
    teardown(function() p:close() end)

    local function spec(body, ...)
        p:write("plugins/tube/spec/tube_spec.lua", 'local testkit = require("tidemark.testkit")\ndescribe("tube", function()\n' .. body .. "\nend)\n")
        return p:run { "plugin", "test", "tube", ... }
    end

    it("get the real parsers, with notes, bad items and budgets", function()
        local r = spec [[
          it("parses", function()
            local got = testkit.host().parse("list.json")
            assert.equal("tube.list", got.parser)
            assert.same({ "a", "b" }, testkit.ids(got))
            assert.equal(12, got.rows[1].views)
            assert.equal('views: "1.2K" is no count', got.rows[2].notes)
            assert.equal("missing_id", got.bad[1].code)
          end)
          it("recognises", function()
            local host = testkit.host()
            assert.equal("tube.list", host.match({ kind = "tube#list", items = {} }))
            local none, why = host.match('{"kind":"other"}')
            assert.is_nil(none)
            assert.truthy(why:find("no parser knows this payload (keys: kind)", 1, true))
          end)
          it("is stopped", function()
            local got = testkit.host().parse("code.json")
            assert.truthy(got.refused[1].text:find("used more than 200 ms of CPU", 1, true))
          end)]]
        assert.equal(0, r.code, r.out .. r.err)
        has(r.out, "3 passed, 0 failed, 0 skipped")
        assert.equal("", leftovers(p, r.err))
    end)

    it("get a database with a world of their own, gone at the end", function()
        local r = spec [[
          it("ingests and asks", function()
            local host = testkit.host()
            local done = host.ingest("list.json", { at = "2026-01-02T00:00:00Z" })
            assert.same({ 3, 2, 1 }, { done.received, done.inserted, done.quarantined })
            local rows = host.query("SELECT external_id AS id, views FROM content_performance_metrics ORDER BY 1")
            assert.same({ { id = "a", views = 12 }, { id = "b", views = testkit.null } }, rows)
            assert.same({ { n = 2, t = "x", z = testkit.null } }, host.query("SELECT $1::int AS n, $2::text AS t, $3::text AS z", 2, "x", nil))
          end)
          it("runs what is written in Lua", function()
            local host = testkit.host()
            host.observe { { id = "a", views = 5 }, { id = "b", views = 50 }, { id = "c", views = 7 } }
            assert.same({ { id = "b", views = 50 }, { id = "c", views = 7 } }, host.report("tube.views", { least = 6 }))
            assert.same({ { runs = 1, as_of = 1767225600 } }, host.run("tube.count", { as_of = "2026-01-01T00:00:00Z" }))
            assert.equal(2, host.run("tube.count")[1].runs)
            assert.equal(1, testkit.host().run("tube.count")[1].runs)
          end)
          it("is alone", function()
            assert.same({}, testkit.host().query("SELECT external_id FROM content_performance_metrics"))
          end)
          it("learns and reports", function()
            local host, posts = testkit.host(), {}
            for i = 1, 60 do
              posts[i] = { id = "p" .. i, account = "k", tags = i % 2 == 0 and { "good" } or { "bad" }, age = "7d",
                published_at = testkit.time("2026-01-01T12:00:00Z") + i * 86400, views = 1000, likes = (i % 2 == 0 and 200 or 50) + i % 7 }
            end
            assert.equal(60, host.observe(posts).inserted)
            local learnt = host.learn("tube.rule", { as_of = "2026-04-01T00:00:00Z" })
            assert.equal("ran", learnt[1].state)
            assert.is_true(#learnt[1].results >= 1)
            assert.same({}, host.query("SELECT * FROM ai_learning_patterns"))
            host.learn("tube.rule", { as_of = "2026-04-01T00:00:00Z", dry_run = false })
            assert.is_true(#host.query("SELECT * FROM tidemark.rule_results") >= 1)
            local top = host.report("content.top", { days = 3650, limit = 1 })
            assert.equal(1, #top)
            assert.equal(1000, top[1].views)
          end)]]
        assert.equal(0, r.code, r.out .. r.err)
        has(r.out, "4 passed, 0 failed, 0 skipped")
        assert.equal("", leftovers(p, r.err))
    end)

    it("are told what they asked wrongly, by file and line", function()
        local r = spec [[
          it("1", function() testkit.host().report("tube.nope") end)
          it("2", function() testkit.host().report("content.top", { dys = 3 }) end)
          it("3", function() testkit.parse("tube.nope", {}) end)
          it("4", function() testkit.host().learn("tube.rul") end)
          it("5", function() os.exit(0) end)
          it("6", function() testkit.host().query("selct 1") end)]]
        assert.equal(1, r.code)
        has(r.out, "plugins/tube/spec/tube_spec.lua:3: there is no report tube.nope")
        has(r.out, "plugins/tube/spec/tube_spec.lua:4: unknown variable 'dys', did you mean 'days'?")
        has(r.out, "testkit: no tube.nope in the parsers of plugin.lua (there are: tube.code, tube.list)")
        has(r.out, "unknown rule 'tube.rul', did you mean 'tube.rule'?")
        has(r.out, "a spec cannot end the process (os.exit)")
        has(r.out, 'syntax error at or near "selct"')
        has(r.out, "0 passed, 6 failed, 0 skipped")
        assert.equal("", leftovers(p, r.err))
    end)

    it("compare golden results, and keep new ones only when told to", function()
        local golden = [[it("golden", function() testkit.golden("list.json") end)]]
        has(spec(golden).out, "fixtures/list.golden.json is not there yet: tidemark plugin test --record")
        local r = spec(golden, "--record")
        assert.equal(0, r.code, r.out)
        has(r.err, "recorded 1 result")
        has(spec(golden).out, "1 passed, 0 failed, 0 skipped")
        p:write("plugins/tube/plugin.lua", (plugin:gsub('views = "views"', 'views = "likes"')))
        r = spec(golden)
        assert.equal(1, r.code)
        has(r.out, "fixtures/list.golden.json: the result is another than the recorded one:")
        has(r.out, "rows[1].views: recorded 12, now 3")
        has(r.out, "meant so? tidemark plugin test --record keeps the new one")
        assert.equal(1, spec(golden).code)
        p:write("plugins/tube/plugin.lua", plugin)
        has(spec(golden).out, "1 passed, 0 failed, 0 skipped")
    end)

    it("run without the host, and what needs it is left out", function()
        local r = spec([[
          it("pure", function() assert.same({ "a", "b" }, testkit.ids(testkit.parse("tube.list", testkit.fixture("list.json")))) end)
          it("host", function() testkit.host() end)]], "--pure")
        assert.equal(0, r.code, r.out)
        has(r.out, "1 passed, 0 failed, 1 skipped")
        has(r.out, "plugins/tube/spec/tube_spec.lua:4: needs the host: tidemark plugin test")
        local plain = support.sh(("cd %s && busted --lua=lua5.4 --lpath='%s/lua/?.lua' plugins/tube/spec")
            :format(support.quote(p.dir), support.source))
        assert.equal(0, plain.code, plain.out .. plain.err)
        has(plain.out, "1 success / 0 failures / 0 errors / 1 pending")
    end)

    it("that do not load, or test nothing, are told", function()
        p:write("plugins/tube/spec/tube_spec.lua", "describe('x")
        local r = p:run { "plugin", "test", "tube" }
        assert.equal(1, r.code)
        has(r.out, "plugins/tube/spec/tube_spec.lua:1: unfinished string")
        r = spec([[it("a", function() end)]], "--filter", "zzz")
        assert.equal(64, r.code)
        has(r.err, "no test fits --filter zzz")
    end)

    it("of a plugin that does not load are not run: 78 and its mistakes", function()
        p:write("plugins/broken/plugin.lua", 'return { name = "broken", api = 1, abot = "x" }')
        p:write("plugins/broken/spec/broken_spec.lua", "")
        local r = p:run { "plugin", "test", "broken" }
        os.execute("rm -rf " .. support.quote(p.dir .. "/plugins/broken"))
        assert.equal(78, r.code)
        has(r.err, "plugins/broken/plugin.lua:1: abot: unknown key, did you mean 'about'?")
        r = p:run { "plugin", "test", "tub" }
        assert.equal(64, r.code)
        has(r.err, "no plugin 'tub', did you mean 'tube'?")
        r = p:run { "plugin", "test", "content" }
        assert.equal(78, r.code)
        has(r.err, "content has no spec: write ")
    end)

    it("say which package is missing", function()
        spec [[it("a", function() end)]]
        local r = p:run({ "plugin", "test", "tube" }, { env = { LUA_PATH = "/nonexistent/?.lua", LUA_PATH_5_4 = "/nonexistent/?.lua" } })
        assert.equal(78, r.code)
        has(r.err, "busted is not installed, which runs the specs: install the package lua-busted")
    end)

    it("can be stopped by Ctrl-C, whatever they do, and leave no database", function()
        p:write("plugins/tube/spec/tube_spec.lua", [[
          local testkit = require("tidemark.testkit")
          describe("tube", function()
            it("runs for ever", function()
              testkit.host().observe { { id = "a", views = 1 } }
              io.open("ready", "w"):close()
              while true do end
            end)
            it("is not reached", function() end)
          end)]])
        local r = support.sh(("cd %s && { %s plugin test tube & pid=$!; for i in $(seq 600); do [ -e ready ] && break; sleep 0.1; done; "
            .. "kill -INT $pid; wait $pid; }"):format(support.quote(p.dir), support.quote(support.bin)),
            { env = { TIDEMARK_DATABASE = false, PGHOST = false, PGDATABASE = false, TMPDIR = p.env.TMPDIR } })
        assert.equal(75, r.code, r.out .. r.err)
        has(r.err, "stopped; the throw-away database is removed")
        assert.falsy(r.out:find("is not reached", 1, true))
        assert.equal("", leftovers(p, r.err))
    end)
end)

describe("a throw-away database whose command was killed", function()
    it("is taken down by the next one", function()
        local p = support.project {}
        p.env.TMPDIR = p.root .. "/tmp"
        os.execute("mkdir " .. support.quote(p.env.TMPDIR))
        p:write("plugins/tube/plugin.lua", plugin)
        p:write("plugins/tube/spec/tube_spec.lua", [[
          local testkit = require("tidemark.testkit")
          describe("tube", function()
            it("waits", function()
              testkit.host().observe { { id = "a", views = 1 } }
              io.open("ready", "w"):close()
              while true do end
            end)
            it("asks", function() testkit.host().query("SELECT 1") end)
          end)]])
        local killed = support.sh(("cd %s && { %s plugin test tube --filter waits & pid=$!; for i in $(seq 600); do [ -e ready ] && break; "
            .. "sleep 0.1; done; kill -KILL $pid; wait $pid; }"):format(support.quote(p.dir), support.quote(support.bin)),
            { env = { TIDEMARK_DATABASE = false, PGHOST = false, PGDATABASE = false, TMPDIR = p.env.TMPDIR } })
        assert.equal(137, killed.code)
        local left = leftovers(p, killed.err)
        assert.truthy(left:find("tidemark-spec.", 1, true), "it was killed too early")
        local r = p:run { "plugin", "test", "tube", "--filter", "asks" }
        assert.equal(0, r.code, r.out .. r.err)
        assert.equal("", leftovers(p, killed.err .. r.err))
        p:close()
    end)
end)

describe("the bundled plugins", function()
    for _, name in ipairs { "youtube", "tiktok", "instagram", "x", "style" } do
        it(name .. " passes its own specs inside the host, with every golden result", function()
            local f = support.folder()
            local r = f:run { "plugin", "test", name }
            f:close()
            assert.equal(0, r.code, r.out .. r.err)
            assert.truthy(r.out:find("%d+ passed, 0 failed, 0 skipped"), r.out)
        end)
    end
end)
