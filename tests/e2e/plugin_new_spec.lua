-- tidemark plugin new: what it writes works at once; what it proposes, and what it refuses.
local support = require("e2e.support")

local function has(text, part) assert.truthy(text:find(part, 1, true), part .. "\n---\n" .. text) end

local payload = [[
{"feed": {"kind": "vidly#feed", "videos": [
  {"id": 7777777777777777771, "headline": "One", "createdAt": 1767225600000, "hashtags": ["a"], "durationMs": 63000,
   "creator": {"id": "c1", "name": "Kim"}, "stats": {"plays": "1200", "hearts": 80, "replies": 7, "shareRate": 0.02}},
  {"id": 7777777777777777772, "headline": "Two", "createdAt": 1767312000000, "hashtags": [], "durationMs": 15500,
   "creator": {"id": "c1", "name": "Kim"}, "stats": {"plays": "5", "hearts": 0, "replies": 0, "shareRate": 0.0}},
  {"id": 7777777777777777773, "headline": "Three", "createdAt": 1767312000000, "stats": {"plays": "5", "hearts": 0}},
  {"id": 7777777777777777774, "headline": "Four", "createdAt": 1767312000000, "stats": {"plays": "5", "hearts": 0}}
]}}
]]

describe("a plugin made from a payload", function()
    local p
    setup(function()
        p = support.project {}
        p:write("videos.json", payload)
    end)
    teardown(function() p:close() end)

    it("is proposed with its doubts", function()
        local out = p:ok { "plugin", "new", "vidly", "--from", "videos.json", "--kind", "parser,rule", "--kind", "report" }
        has(out, "made plugins/vidly: plugin.lua README.md fixtures/videos.json reports/top.sql spec/vidly_spec.lua")
        has(out, "vidly.videos, with 3 of 4 items as its fixture")
        has(out, 'feed.videos is a list; feed.kind = "vidly#feed"')
        has(out, "  views              <- stats.plays: check this (by the name 'plays'")
        has(out, "  published_at       <- createdAt (milliseconds since 1970, by its size)")
        has(out, "  account            <- creator.id\n")
        has(out, "  extra              <- what else stats holds")
        assert.falsy(out:find("shareRate", 1, true), "a ratio is no count")
        has(out, "tidemark plugin test vidly --record")
    end)

    it("has the payload's own bytes as its fixture, shortened", function()
        local fixture = support.read(p.dir .. "/plugins/vidly/fixtures/videos.json")
        assert.equal(payload:sub(1, 60), fixture:sub(1, 60))
        has(fixture, '{"id": 7777777777777777773, "headline": "Three"')
        assert.falsy(fixture:find("Four", 1, true))
    end)

    it("passes plugin check and plugin test at once, and its golden result when it is recorded", function()
        p:ok { "plugin", "check", "vidly" }
        local out = p:ok { "plugin", "test", "vidly" }
        has(out, "✓  vidly.videos recognises the payload, and no other plugin does")
        has(out, "✓  vidly.weekend finds a difference that is there")
        has(out, "✓  vidly.top puts the post with the most views first")
        has(out, "5 passed, 0 failed, 1 skipped")
        p:ok { "plugin", "test", "vidly", "--record", "--filter", "recorded" }
        has(p:ok { "plugin", "test", "vidly", "--filter", "vidly.videos" }, "3 passed, 0 failed, 0 skipped")
    end)

    it("takes the payload in", function()
        local r = p:run { "ingest", "--dry-run", "videos.json" }
        assert.equal(0, r.code, r.err)
        has(r.out, "7777777777777777771")
        has(r.err, "videos.json: vidly.videos takes it, 2 conditions met")
    end)

    it("is not written over what is there", function()
        local before = support.read(p.dir .. "/plugins/vidly/plugin.lua")
        local r = p:run { "plugin", "new", "vidly", "--kind", "rule" }
        assert.equal(64, r.code)
        has(r.err, "plugins/vidly is there already: nothing was changed; take another name")
        assert.equal(before, support.read(p.dir .. "/plugins/vidly/plugin.lua"))
        p:write("plugins/single.lua", 'return { name = "single", api = 1, about = "x" }')
        assert.equal(64, p:run({ "plugin", "new", "single", "--kind", "rule" }).code)
    end)
end)

describe("each kind of payload and plugin", function()
    local p
    setup(function() p = support.project {} end)
    teardown(function() p:close() end)

    local function works(name, text, ending, more)
        local args = { "plugin", "new", name }
        if text then
            args[#args + 1] = "--from"
            args[#args + 1] = p:write(name .. ending, text)
        end
        for _, word in ipairs(more or {}) do args[#args + 1] = word end
        local out = p:ok(args)
        p:ok { "plugin", "check", name }
        return out, p:ok { "plugin", "test", name, "--filter", name .. ".posts", "--filter", "." }
    end

    it("works: NDJSON, an item a line", function()
        works("lines", '{"post_id":"a","n_likes":1,"likes":3,"posted_at":"2026-01-02T03:04:05Z"}\n'
            .. '{"post_id":"b","likes":null,"posted_at":"2026-01-03T03:04:05Z"}\n', ".ndjson")
    end)

    it("works: CSV", function()
        local out = works("sheet", 'Video ID,Title,Views,"Like count",Engagement rate\nv1,"One, two",12,3,0.25\nv2,Three,5,,0.1\n', ".csv")
        has(out, "<- Like count")
        assert.falsy(out:find("<- Engagement rate", 1, true))
    end)

    it("works: a list alone, one object alone, a request wrapper", function()
        works("alone", '[{"id":1,"views":2},{"id":2,"views":3}]', ".json")
        works("one", '{"data":{"id":"a","views":1,"likes":2,"comments":3}}', ".json")
        works("wrapped", '{"url":"https://w.example/v1","fetched_at":"2026-01-01T00:00:00Z","body":{"kind":"w#l",'
            .. '"items":[{"id":"a","views":1},{"id":"b","views":1},{"id":"c","views":1},{"id":"d","views":1}]}}', ".json")
        assert.falsy(support.read(p.dir .. "/plugins/wrapped/fixtures/wrapped.json"):find('"d"', 1, true))
    end)

    it("works: without a payload, a rule alone, a report in Lua", function()
        works("nothing", nil, nil, { "--kind", "parser" })
        works("looks", nil, nil, { "--kind", "rule" })
        works("says", nil, nil, { "--kind", "report", "--lua" })
        has(support.read(p.dir .. "/plugins/says/plugin.lua"), "run = function(ctx, args)")
    end)

    it("asks for more than a bundled parser that would take the payload as well", function()
        local out = works("tube", '{"kind":"youtube#videoListResponse","items":[{"id":"a","statistics":{"viewCount":"1","likeCount":"2"},'
            .. '"snippet":{"title":"t","publishedAt":"2026-01-01T00:00:00Z"}}]}', ".json")
        has(out, "note: youtube.videos, which comes with tidemark, knows this payload too: with more conditions met, this one goes first")
    end)

    it("goes into another folder without a project", function()
        local f = support.folder()
        f:ok { "plugin", "new", "tube", "--kind", "parser", "--dir", "somewhere/plugins" }
        assert.truthy(support.exists(f.dir .. "/somewhere/plugins/tube/plugin.lua"))
        has(f:ok { "plugin", "test", "somewhere/plugins/tube" }, "0 failed")
        f:close()
    end)
end)

describe("what cannot be made", function()
    local p
    setup(function() p = support.project {} end)
    teardown(function() p:close() end)

    local function refused(code, said, ...)
        local r = p:run { "plugin", "new", ... }
        assert.equal(code, r.code, r.err)
        has(r.err, said)
        assert.equal("", r.out)
    end

    it("is told with what to do", function()
        refused(64, "which name? tidemark plugin new NAME --kind parser|rule|report")
        refused(64, "which kind? --kind parser, rule or report (several: --kind parser,rule)", "tube")
        refused(64, "--kind 'rul' is not known, did you mean 'rule'?", "tube", "--kind", "rul")
        refused(64, "--kind 'xyzzy': must be parser, rule or report", "tube", "--kind", "xyzzy")
        refused(64, "'Tube-1': a plugin's name is lower-case letters, digits and _, a letter first, at most 40", "Tube-1", "--kind", "rule")
        refused(64, "youtube is a plugin that comes with tidemark", "youtube", "--kind", "rule")
        refused(64, "--from gives a payload to make a parser from", "tube", "--kind", "rule", "--from", "x.json")
        refused(64, "--lua makes the report in Lua: it goes with --kind report", "tube", "--kind", "rule", "--lua")
        refused(65, "nope.json: No such file or directory", "tube", "--from", "nope.json")
        p:write("odd.json", '{"ok": true}')
        refused(65, "odd.json: no list of items with an id of their own was found in it", "tube", "--from", "odd.json")
        p:write("bad.json", '{"items": [')
        refused(65, "bad.json: ", "tube", "--from", "bad.json")
        assert.falsy(support.exists(p.dir .. "/plugins/tube/plugin.lua"))
    end)

    it("needs a project, or a folder named", function()
        local f = support.folder()
        local r = f:run { "plugin", "new", "tube", "--kind", "rule" }
        assert.equal(78, r.code)
        has(r.err, 'type "tidemark init"')
        f:close()
    end)
end)
