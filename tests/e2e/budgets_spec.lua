-- Every limit through the real binary, named with its key in the config; and what plugin list says of use and errors.
local support = require("e2e.support")

local function has(text, wanted)
    assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

local plugin = [[
local function spin() while true do end end
return { name = "mine", api = 1, about = "Mine.",
parsers = {
  ["mine.good"] = { match = { good = true }, parse = function(doc, out)
    out.post { id = "1" } out.counts { views = 5 } end },
  ["mine.loop"] = { match = { loop = true }, parse = spin },
  ["mine.eat"] = { match = { eat = true }, parse = function() local t = {} while true do t[#t + 1] = ("x"):rep(1e5) .. #t end end },
  ["mine.talk"] = { match = { talk = true }, parse = function() while true do print("talk") end end },
},
rules = { ["mine.stuck"] = { about = "x", find = spin } },
reports = {
  ["mine.cpu"] = { about = "x", run = function() spin() end },
  ["mine.rows"] = { about = "x", run = function(ctx) return ctx.db.query("SELECT generate_series(1, 500) AS n") end },
  ["mine.wide"] = { about = "x", run = function(ctx) local t = {} for i = 1, 20 do t[i] = { a = ("x"):rep(1e5) } end return t end },
  ["mine.log"] = { about = "x", run = function(ctx) for i = 1, 100 do ctx.log("line") end return {} end },
  ["mine.db"] = { about = "x", run = function(ctx) ctx.db.query("SELECT pg_sleep(30)") return {} end },
  ["mine.bomb"] = { about = "x", run = function() ("a"):rep(4000):find(("a-"):rep(30) .. "b") return {} end },
  ["mine.fine"] = { about = "x", run = function(ctx) return ctx.db.query("SELECT 1 AS n") end },
} }
]]

local keys = "call_ms = 100, memory_mb = 8, stuck_ms = 300, log_lines = 5, rows = 100, output_mb = 1, cpu_s = 1, db_s = 1"

describe("limits", function()
    local p

    setup(function()
        p = support.project { pinned = true, owners = { "ann" } }
        local config = support.read(p.dir .. "/tidemark.lua")
        p:write("tidemark.lua", (config:gsub("\n}%s*$", "\n  limits = { " .. keys
            .. " }, plugins = { nap = { limits = { run_s = 1 } } },\n}\n")))
        p:write("plugins/nap.lua", [[return { name = "nap", api = 1, about = "Nap.", reports = {
  ["nap.sleep"] = { about = "x", run = function(ctx) ctx.sleep(600) return {} end } } }]])
        p:write("plugins/mine/plugin.lua", plugin)
        for _, name in ipairs { "good", "loop", "eat", "talk" } do p:write(name .. ".json", ('{"%s": 1}'):format(name)) end
    end)
    teardown(function() p:close() end)

    local function hits(command, text)
        local r = p:run(command)
        assert(r.code == 76, r.code .. r.out .. r.err)
        has(r.err, text)
    end

    it("of a parser's call", function()
        hits("ingest loop.json", "mine.loop (plugins/mine/plugin.lua:1): used more than 100 ms of CPU (limits.call_ms)")
        hits("ingest eat.json", "used more than 8 MiB of memory (limits.memory_mb)")
        hits("ingest talk.json", "mine.talk (plugins/mine/plugin.lua:8): wrote more than 5 lines to the log (limits.log_lines)")
    end)

    it("of a report's run", function()
        hits("report mine.cpu", "used more than 1 s of CPU (limits.cpu_s)")
        hits("report mine.rows", "read or gave back more than 100 rows (limits.rows)")
        hits("report mine.wide", "put out more than 1 MiB (limits.output_mb)")
        hits("report mine.log", "wrote more than 5 lines to the log (limits.log_lines)")
        hits("report mine.db", "used more than 1 s of database time (limits.db_s)")
        hits("report mine.bomb", "mine.bomb: used more than 1 s of CPU (limits.cpu_s) and is stuck inside a C function; stopped")
    end)

    it("of a rule's run", function()
        p:ok("ingest good.json")
        local r = p:run("learn mine.stuck")
        assert(r.code == 76, r.code .. r.out .. r.err)
        has(r.err, "used more than 1 s of CPU (limits.cpu_s)")
    end)

    it("of a run's time, waiting included", function()
        hits("report nap.sleep", "nap.sleep")
        hits("report nap.sleep", "took longer than 1 s (limits.run_s)")
    end)

    it("and use are listed, with the last error", function()
        p:ok("report mine.fine")
        local out = p:ok("plugin list --format csv")
        local head, line = out:match("^(.-)\r\n"), out:match("\n(mine,[^\n]*)\r\n")
        assert(line, out)
        local cells, names = {}, {}
        for name in head:gmatch("[^,]+") do names[#names + 1] = name end
        for cell in (line:gsub('"[^"]*"', "quoted") .. ","):gmatch("([^,]*),") do cells[names[#cells + 1] or 0] = cell cells[#cells + 1] = cell end
        assert.equal("own", cells.origin)
        assert.equal("failed", cells.state)
        assert.equal("4", cells.parsers)
        assert.equal("7", cells.reports)
        assert.equal("1", cells.rules)
        assert(#cells.version == 12 and cells.version:match("^%x+$"), cells.version)
        assert.equal("100", cells.call_ms_limit)
        assert(tonumber(cells.call_ms) >= 100 and tonumber(cells.cpu_ms) >= 1000 and tonumber(cells.memory) > 4e6, line)
        assert(tonumber(cells.rows) > 100 and tonumber(cells.log_lines) > 5 and tonumber(cells.db_ms) >= 1000, line)
        assert(tonumber(cells.runs) >= 8 and tonumber(cells.failures) >= 6, line)
        has(line, "used more than 1 s of CPU (limits.cpu_s)")
        has(out:match("\nnap,[^\n]*"), "took longer than 1 s (limits.run_s)")
        has(p:ok("plugin list"), "mine (own)")
        local json = p:ok("plugin list --format json")
        has(json, '"name": "youtube", "origin": "bundled"')
    end)

    it("are listed without a database too, and broken plugins with their mistake", function()
        local q = support.folder()
        local out = q:ok("plugin list")
        has(out, "youtube")
        has(out, "loads")
        q:close()
        p:write("plugins/broken.lua", "return { nam = 1 }")
        local r = p:run("plugin list --format csv")
        os.remove(p.dir .. "/plugins/broken.lua")
        assert.equal(78, r.code)
        has(r.out, "broken,,,invalid,")
        has(r.out, "youtube,bundled,")
        has(r.err, "plugins/broken.lua")
        local bad = p:run("plugin list --format xml")
        assert.equal(64, bad.code)
        assert.equal(64, p:run("plugin list youtube").code)
    end)
end)
