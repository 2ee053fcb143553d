-- A bad plugin beside a good one, through the real binary: the bad one is refused with its reason, the good one's rows land.
-- What the sandbox refuses in detail: tests/unit/script/test_escapes.c.
local support = require("e2e.support")

local function has(text, wanted)
    assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

-- The code of a parse function, and what the error says (either of two texts).
local escapes = {
    { "load", "load('x = 1')()", "attempt to call a nil value (global 'load')" },
    { "dump", "string.dump(print)", "attempt to call a nil value (field 'dump')" },
    { "debug", "debug.sethook()", "attempt to index a nil value (global 'debug')" },
    { "package", "package.loaded.os.exit(0)", "attempt to index a nil value (global 'package')" },
    { "gc", "collectgarbage('stop')", "attempt to call a nil value (global 'collectgarbage')" },
    { "io", "io.popen('id')", "attempt to index a nil value (global 'io')" },
    { "strings", "getmetatable('').__index = nil", "attempt to index a boolean value" },
    { "finalizer", "setmetatable({}, { __gc = print })", "a plugin cannot have finalizers (__gc)" },
    { "neighbour", "require('good')", "no module 'good'" },
    { "path", "require('../good/plugin')", "'../good/plugin' is no module name" },
    { "loop", "while true do end", "used more than 50 ms of CPU (limits.call_ms)" },
    { "pcall", "while true do pcall(function() while true do end end) end", "used more than 50 ms of CPU (limits.call_ms)" },
    { "wrap", "coroutine.wrap(function() coroutine.wrap(function() while true do end end)() end)()",
      "used more than 50 ms of CPU (limits.call_ms)" },
    { "close", "local x <close> = setmetatable({}, { __close = function() while true do end end })",
      "used more than 50 ms of CPU (limits.call_ms)" },
    { "tostring", "error(setmetatable({}, { __tostring = function() while true do end end }))",
      "used more than 50 ms of CPU (limits.call_ms)" },
    { "raising", "error(setmetatable({}, { __tostring = error }))", "an error object (a table) that cannot be shown as text" },
    { "memory", "local s = 'x' while true do s = s .. s end", "used more than 8 MiB of memory (limits.memory_mb)" },
    { "rep", "local s = ('x'):rep(1 << 30)", "used more than 8 MiB of memory (limits.memory_mb)" },
    { "json", "local t = {} for i = 1, 50 do t = { t, t } end out.post { id = 1, features = t }",
      "more than 16 MiB of JSON", "used more than 50 ms of CPU (limits.call_ms)" }, -- whichever this machine meets first
    { "gsub", "local function f() return ('x'):gsub('.', f) end f()", "C stack overflow" },
    { "sort", "table.sort({ 5, 2, 8, 1, 9, 3, 7, 4, 6, 0, 5, 5 }, function() return true end)",
      "invalid order function for sorting" },
    { "print", "for i = 1, 1e4 do print(i) end", "wrote more than 10 lines to the log (limits.log_lines)" },
}

describe("a plugin that tries to get out", function()
    local p

    setup(function()
        p = support.project { pinned = true }
        local config = support.read(p.dir .. "/tidemark.lua")
        p:write("tidemark.lua", (config:gsub("\n}%s*$",
            "\n  limits = { call_ms = 50, memory_mb = 8, stuck_ms = 300, log_lines = 10 },\n}\n")))
        p:write("plugins/good/plugin.lua", [[
local escaped = string.find("x", "x")
return { name = "good", api = 1, about = "Good.", parsers = { ["good.list"] = { match = { good = true },
  parse = function(doc, out) assert(escaped == 1 and getmetatable("") == false and json.get(doc, "good") == true)
    out.post { id = ("%d"):format(7) } out.counts { views = doc.views } end } } }]])
        local parsers = {}
        for _, e in ipairs(escapes) do
            parsers[#parsers + 1] = ("['bad.%s'] = { match = { bad = %q }, parse = function(doc, out) %s end },"):format(e[1], e[1], e[2])
        end
        p:write("plugins/bad/plugin.lua", [[
-- what it bends is its own
for _, lib in ipairs { string, table, json, time, stats, math } do for name, f in pairs(lib) do
  if name ~= "rep" and name ~= "sort" and name ~= "kind" and name ~= "get" then lib[name] = nil end end end
rawset(_G, "assert", print)
return { name = "bad", api = 1, about = "Bad.", parsers = {
]] .. table.concat(parsers, "\n") .. "\n['bad.bomb'] = { match = { bad = 'bomb' }, parse = function() "
            .. "return ('a'):rep(4000):find(('a-'):rep(30) .. 'b') end } } }")
        local lines = {}
        for _, e in ipairs(escapes) do lines[#lines + 1] = ('{"bad": %q}'):format(e[1]) end
        p:write("bad.ndjson", table.concat(lines, "\n") .. "\n")
        for _, e in ipairs(escapes) do p:write("bad/" .. e[1] .. ".json", ('{"bad": %q}'):format(e[1])) end
        p:write("good.json", '{"good": true, "views": 5}')
        p:write("bomb.json", '{"bad": "bomb"}')
    end)
    teardown(function() p:close() end)

    for _, e in ipairs(escapes) do
        it("is refused: " .. e[1], function()
            local r = p:run { "ingest", "--dry-run", "--format", "ndjson", "bad/" .. e[1] .. ".json", "good.json" }
            assert(r.code == 76, r.code .. r.out .. r.err)
            has(r.err, "bad." .. e[1])
            has(r.err, e[4] and r.err:find(e[4], 1, true) and e[4] or e[3])
            has(r.out, '"external_id":"7"') -- the plugin beside it works on
            has(r.out, '"views":5')
        end)
    end

    it("fails line by line, and the lines of others are taken", function()
        local text = support.read(p.dir .. "/bad.ndjson")
        p:write("mixed.ndjson", text .. '{"good": true, "views": 6}\n' .. text)
        local r = p:run { "ingest", "--dry-run", "--format", "ndjson", "-p", "bad", "bad.ndjson" }
        assert.equal(76, r.code)
        has(r.err, "bad.ndjson:1: ")
        has(r.err, "… and ")
    end)

    it("cannot keep the process: what is stuck inside C ends it with the plugin's name", function()
        local r = p:run { "ingest", "--dry-run", "--format", "ndjson", "bomb.json" }
        assert.equal(76, r.code)
        has(r.err, "tidemark: error: bad.bomb: used more than 50 ms of CPU (limits.call_ms) and is stuck inside a C function; stopped")
        r = p:run { "ingest", "--dry-run", "--format", "ndjson", "good.json" }
        assert.equal(0, r.code)
    end)

    it("cannot be bytecode", function()
        p:write("plugins/compiled.lua", "\27LuaT\0\25\147")
        local r = p:run { "ingest", "--dry-run", "good.json" }
        assert.equal(78, r.code)
        has(r.err, "compiled Lua is not accepted, only source text")
        os.remove(p.dir .. "/plugins/compiled.lua")
    end)
end)
