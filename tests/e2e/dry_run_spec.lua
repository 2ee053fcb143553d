-- What --dry-run shows an author: which parser took a payload and why, what could not be read; what a rule saw.
local support = require("e2e.support")

local function has(text, part) assert.truthy(text:find(part, 1, true), part .. "\n---\n" .. text) end

local plugin = [[
return {
  name = "tube", api = 1, about = "x",
  parsers = { ["tube.list"] = { match = { kind = "tube#list", kind_of = { items = "array" } }, each = "items",
    post = { id = "id", title = "title", tags = "tags", published_at = "at" }, counts = { views = "views" }, extra = { rate = "rate" },
    drop = { { when = { ad = true }, reason = "ad" } } } },
  rules = { ["tube.rule"] = { about = "x", find = function(posts, ctx)
    return ctx.rank(posts, { by = function(p) return p.tags end, writes = "pattern", subject = "tag" }) end },
    ["tube.silent"] = { about = "x", find = function(posts, ctx)
    return ctx.rank(posts, { by = function() return nil end, writes = "pattern", subject = "tag" }) end } },
}
]]
local payload = '{"kind":"tube#list","items":[{"id":"a","title":"A","tags":["t"],"views":"12","rate":0.5,"at":"2024-03-01T00:00:00Z"},'
    .. '{"id":"b","views":"1.2K","at":"2024-03-02T00:00:00Z"},{"id":"c","ad":1},{"title":"no id"}]}'

describe("ingest --dry-run", function()
    local p
    setup(function()
        p = support.project { pinned = true }
        p:write("plugins/tube/plugin.lua", plugin)
        p:write("list.json", payload)
    end)
    teardown(function() p:close() end)

    it("says which parser took it and why, what was dropped, and what could not be read", function()
        local r = p:run { "ingest", "--dry-run", "list.json" }
        assert.equal(2, r.code, r.err)
        has(r.err, 'list.json: tube.list takes it, 2 conditions met (kind is "tube#list", items is a list)')
        has(r.err, 'list.json: tube b: views: "1.2K" is no count')
        has(r.err, "dropped 1 (ad 1)")
        has(r.out, "external id")
        assert.falsy(r.out:find("saves", 1, true), "a column without a value only makes the table wide")
    end)

    it("shows all that a row holds with --whole", function()
        local r = p:run { "ingest", "--dry-run", "--whole", "list.json" }
        has(r.out, '"tags":["t"]')
        has(r.out, '"extra":{"rate":0.5}')
        has(r.out, '"notes":"views: \\"1.2K\\" is no count"')
        r = p:run { "ingest", "--whole", "list.json" }
        assert.equal(64, r.code)
        has(r.err, "--whole shows all that a row holds as NDJSON, so it goes with --dry-run and no other --format")
    end)

    it("names the nearest parser where none takes it", function()
        p:write("other.json", (payload:gsub("tube#list", "tube#page")))
        local r = p:run { "ingest", "--dry-run", "-p", "tube", "other.json" }
        assert.equal(65, r.code)
        p:write("object.json", '{"kind":"tube#list","items":{}}')
        assert.equal(65, p:run({ "ingest", "--dry-run", "-p", "tube", "object.json" }).code)
        p:write("plugins/tube/plugin.lua", (plugin:gsub('kind = "tube#list", ', 'kind = "tube#list", ["items.0.id"] = true, ')))
        r = p:run { "ingest", "--dry-run", "-p", "tube", "other.json" }
        has(r.err, 'nearest is tube.list: 2 of 3 conditions met, but kind is "tube#page", not "tube#list"')
        p:write("plugins/tube/plugin.lua", plugin)
    end)

    it("passes over recorded results where a folder is named", function()
        p:write("plugins/tube/fixtures/list.json", payload)
        p:write("plugins/tube/fixtures/list.golden.json", '{"rows": []}')
        local r = p:run { "ingest", "--dry-run", "plugins/tube/fixtures" }
        assert.falsy(r.err:find("golden", 1, true), r.err)
    end)
end)

describe("learn --dry-run", function()
    local p
    setup(function()
        p = support.project { pinned = true }
        p:write("plugins/tube/plugin.lua", plugin)
        p:write("list.json", payload)
        p:run { "ingest", "--at", "2024-03-10T00:00:00Z", "list.json" }
    end)
    teardown(function() p:close() end)

    it("says how many posts a rule saw, and where they are when it saw none", function()
        local r = p:run { "learn", "tube.rule", "--dry-run", "--as-of", "2024-03-10T00:00:00Z" }
        assert.equal(0, r.code, r.err)
        has(r.err, "tube.rule: 2 posts of the last 180 days")
        has(r.out, "insufficient data")
        r = p:run { "learn", "tube.rule", "--dry-run" }
        has(r.err, "tube.rule: no post was published in the 180 days before ")
        has(r.err, "the data reach to 2024-03-10T00:00:00Z: look from there with --as-of, or further back with --since")
        r = p:run { "learn", "tube.silent", "--dry-run", "--as-of", "2024-03-10T00:00:00Z" }
        has(r.err, "tube.silent: 2 posts of the last 180 days, 0 subjects tested: its find gave no label that a post carries")
    end)
end)
