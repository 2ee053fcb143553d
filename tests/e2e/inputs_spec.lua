-- What ingest takes beside plain files: ids that only the request knew, packed files, folders; all without a database.
local support = require("e2e.support")

local function has(text, part) assert.truthy(text:find(part, 1, true), part .. "\n---\n" .. text) end
local function lacks(text, part) assert.falsy(text:find(part, 1, true), part .. "\n---\n" .. text) end

local plugin = [[
return {
  name = "pins", api = 1, about = "x",
  parsers = {
    ["pins.days"] = { about = "a pin's days", match = { kind_of = { days = "array" } }, each = "days", window = "day",
      id_from_url = "/pins/([^/]+)/analytics", counts = { views = "n", window_start = "d" } },
    ["pins.list"] = { about = "pins", match = { kind_of = { pins = "array" } }, each = "pins", post = { id = "id" },
      counts = { views = "n" } },
    ["pins.code"] = { about = "as code", match = { code = true },
      parse = function(doc, out, input) out.post { title = input.content } out.counts { views = doc.code } end },
    ["pins.table"] = { about = "a table", match = { columns = { "id", "n" } }, post = { id = "id" }, counts = { views = "n" } },
  },
}
]]

local function days(url)
    return ('{"url":"%s","fetched_at":"2024-03-03T00:00:00Z","body":{"days":[{"d":"2024-03-01","n":1},{"d":"2024-03-02","n":2}]}}')
        :format(url)
end

local p
setup(function()
    p = support.project { pinned = true }
    p:write("plugins/pins/plugin.lua", plugin)
end)
teardown(function() p:close() end)

local function dry(...) return p:run { "ingest", "--dry-run", "--format", "ndjson", ... } end

describe("an id that the answer does not hold", function()
    it("is read off the wrapper's url", function()
        p:write("days.json", days("https://api.pins.example/v5/pins/81%3A7/analytics?x=1"))
        local r = dry("days.json")
        assert.equal(0, r.code, r.err)
        local _, n = r.out:gsub('"external_id":"81:7"', "")
        assert.equal(2, n, r.out)
    end)

    it("is the one of --content where nothing else names it", function()
        p:write("other.json", days("https://api.pins.example/v5/boards/1"))
        local r = dry("other.json")
        assert.equal(65, r.code)
        has(r.err, "item 0: no id, and none in a wrapper's url by '/pins/([^/]+)/analytics'; name the post with --content ID")
        r = dry("--content", "pin-9", "other.json", "days.json")
        assert.equal(0, r.code, r.err)
        has(r.out, '"external_id":"pin-9"')
        has(r.out, '"external_id":"81:7"')
        p:write("code.json", '{"code":5}')
        r = p:run { "ingest", "--dry-run", "--whole", "--content", "pin-9", "code.json" }
        has(r.out, '"external_id":"pin-9"')
        has(r.out, '"title":"pin-9"')
    end)

    it("is never one for two posts", function()
        p:write("two.json", '{"pins":[{"n":1},{"id":"named","n":2},{"n":3}]}')
        local r = dry("--content", "pin-9", "two.json")
        assert.equal(2, r.code, r.err)
        has(r.err, "item 0: no id, and --content names one post: this delivery has more than one without an id")
        has(r.err, "item 2: no id")
        has(r.out, '"external_id":"named"')
        lacks(r.out, "pin-9")
    end)

    it("must be text that can be an id", function()
        local r = dry("--content", "", "two.json")
        assert.equal(64, r.code)
        has(r.err, "--content: must be the UUID of a work, or a post's id: UTF-8 text of 1 to 512 bytes")
    end)
end)
