-- plugin fuzz: bundled parsers hold, and each kind of broken promise is found, told and written down small.
local support = require("e2e.support")

local function has(text, wanted)
    assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

-- Cases of each bundled plugin; the full number is 20000 (TIDEMARK_TEST_FUZZ=20000).
local cases = tonumber(os.getenv("TIDEMARK_TEST_FUZZ") or 150)

describe("plugin fuzz", function()
    local p, config

    setup(function()
        p = support.project {}
        config = support.read(p.dir .. "/tidemark.lua")
    end)
    teardown(function() p:close() end)

    local function plugin(parse, match)
        p:write("plugins/odd/plugin.lua", ([[
return { name = "odd", api = 1, about = "Odd.", parsers = { ["odd.list"] = {
  match = %s,
  parse = function(doc, out) %s end } } }]]):format(match or "{ list = true }", parse))
        p:write("plugins/odd/fixtures/list.json", [[{ "list": [ { "id": "1", "n": 5 }, { "id": "2", "n": 6 } ] }]])
    end

    local function fuzz(args)
        local r = p:run("plugin fuzz odd --cases 200 " .. (args or ""))
        return r, r.out:match("written?[^:]*: (%S+)") or r.out:match("bytes%): (%S+)")
    end

    for _, name in ipairs { "youtube", "tiktok", "instagram", "x", "style" } do
        it("finds nothing in " .. name, function()
            local r = p:run(("plugin fuzz %s --cases %d"):format(name, cases))
            assert(r.code == 0, r.out .. r.err)
            has(r.out, ("fuzz %s: %d cases from "):format(name, cases):gsub("(%d)(%d%d%d) cases", "%1%2 cases"))
            has(r.out, "no failure")
        end)
    end

    it("gives the same documents for the same seed", function()
        local function run(seed)
            return (p:run("plugin fuzz x --cases 100 --seed " .. seed).out:gsub("\nslowest.*", ""))
        end
        assert.equal(run(7), run(7))
        assert.are_not.equal(run(7), run(8))
    end)

    it("needs no project", function()
        local r = p:run("plugin fuzz x --cases 10", { cwd = "/" })
        assert(r.code == 0, r.out .. r.err)
    end)

    it("finds a parser that raises, and makes the document small", function()
        plugin("for _, v in ipairs(doc.list) do out.post { id = v.id } out.counts { views = v.n + 1 } end")
        local r, file = fuzz()
        assert(r.code == 1, r.out .. r.err)
        has(r.out, "raised an error")
        has(r.out, "odd.list (plugins/odd/plugin.lua:3): ")
        has(r.out, "again: tidemark plugin fuzz odd --seed 1 --case ")
        local text = support.read(p.dir .. "/" .. file)
        assert(#text < 60, text)
        local again = p:run("plugin fuzz odd " .. r.out:match("%-%-seed 1 %-%-case %d+"))
        assert.equal(1, again.code)
        has(again.out, "raised an error")
        local dry = p:run { "ingest", "--dry-run", "-p", "odd", file }
        assert.equal(76, dry.code)
    end)

    it("finds a parser without an end, and memory without one", function()
        p:write("tidemark.lua", (config:gsub("\n}%s*$", "\n  limits = { call_ms = 20 },\n}\n")))
        plugin("while json.kind(doc.list) ~= 'array' do end")
        local r = fuzz()
        assert.equal(1, r.code)
        has(r.out, "over a budget")
        has(r.out, "used more than 20 ms of CPU (limits.call_ms)")
        p:write("tidemark.lua", (config:gsub("\n}%s*$", "\n  limits = { memory_mb = 4 },\n}\n")))
        plugin("local t = {} while json.kind(doc.list) ~= 'array' do t[#t + 1] = ('x'):rep(1000) .. #t end")
        r = fuzz()
        has(r.out, "over a budget")
        has(r.out, "used more than 4 MiB of memory (limits.memory_mb)")
    end)

    it("finds code that is stuck inside C", function()
        p:write("tidemark.lua", (config:gsub("\n}%s*$", "\n  limits = { call_ms = 30, stuck_ms = 50 },\n}\n")))
        plugin("if json.kind(doc.list) ~= 'array' then ('a'):rep(4000):find(('a-'):rep(30) .. 'b') end")
        local r = fuzz("--cases 60")
        assert.equal(1, r.code)
        has(r.out, "stuck")
        has(r.out, "code was stuck inside a C function, and the process was ended")
        has(r.err, "odd.list: used more than 30 ms of CPU (limits.call_ms) and is stuck inside a C function; stopped")
    end)

    it("says what is missing", function()
        local function refuses(args, text)
            local r = p:run("plugin fuzz " .. args)
            assert.equal(64, r.code)
            has(r.err, text)
        end
        refuses("", "which plugin? tidemark plugin fuzz NAME")
        refuses("yuotube", "there is no plugin 'yuotube', did you mean 'youtube'?")
        refuses("zzzzzzzz", "there is no plugin 'zzzzzzzz'; these have parsers: ")
        refuses("x --parser x.post", "x has no parser 'x.post', did you mean 'x.posts'?")
        refuses("x --cases many", "--cases many: must be a whole number up to 1000000000")
        refuses("timing", "timing has no parser")
        p:write("plugins/bare/plugin.lua", [[return { name = "bare", api = 1, about = "Bare.", parsers = { ["bare.a"] = {
  match = { a = true }, each = "a", post = { id = "id" } } } }]])
        local r = p:run("plugin fuzz bare")
        assert.equal(78, r.code)
        has(r.err, "plugins/bare/fixtures: put a .json, .jsonl or .csv file there that the platform really sent")
    end)
end)
