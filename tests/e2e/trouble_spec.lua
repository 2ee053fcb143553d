-- What goes wrong in the middle: poisonous rows, signals, a server that goes away. No batch fails for ever, nothing is half there.
local support = require("e2e.support")

local function has(text, wanted)
    assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

local function video(id, more)
    return ('{"id":"%s","snippet":{"channelId":"UC1","title":"T"%s},"statistics":{"viewCount":"1"}}'):format(id, more or "")
end

local function answer(...)
    return '{"kind":"youtube#videoListResponse","items":[' .. table.concat({ ... }, ",") .. "]}"
end

-- Many wrapped answers, one a line: an ingest that takes a while.
local function many(deliveries, each)
    local lines = {}
    for d = 1, deliveries do
        local items = {}
        for i = 1, each do items[i] = video(("v%05d%05d"):format(d, i)) end
        lines[d] = ('{"platform":"youtube","fetched_at":"2026-03-01T00:00:%02dZ","body":%s}'):format(d % 60, answer(table.unpack(items)))
    end
    return table.concat(lines, "\n") .. "\n"
end

-- Starts an ingest, waits until its first batch is committed, does something to it, and hands back how it ended.
local function disturb(p, what)
    local first = "SELECT count(*) > 0 FROM tidemark.deliveries"
    return p:run("ingest all.ndjson", { after = (" & pid=$!; until [ \"$(%s db psql -XAtc '%s')\" = t ]; do sleep 0.05; done; %s; wait $pid")
        :format(support.quote(support.bin), first, what) })
end

local torn = "SELECT count(*) FILTER (WHERE d.inserted + d.updated + d.unchanged = 0), sum(inserted) = "
    .. "(SELECT count(*) FROM content_performance_metrics) FROM tidemark.deliveries d"

describe("trouble", function()
    local p

    before_each(function() p = support.project { pinned = true } end)
    after_each(function() p:close() end)

    it("a row that the database cannot hold goes to quarantine, the others land", function()
        p:write("v.json", answer(video("aaaaaaaaaaa"), video(("x"):rep(3000)), video("bbbbbbbbbbb")))
        local r = p:run("ingest -p youtube v.json")
        assert.equal(2, r.code)
        has(r.out, "received 3 = inserted 2 + quarantined 1")
        has(r.err, "v.json: item 1: the post's id is longer than 512 bytes")
        p:write("v.json", answer(video("ccccccccccc", ',"publishedAt":"0000-00-00T00:00:00Z"')))
        has(p:ok("ingest -p youtube v.json"), "inserted 1")
        p:write("w.json", '{"platform":"' .. ("p"):rep(80) .. '","status":200,"body":' .. answer(video("ddddddddddd")) .. "}")
        assert.equal(65, p:run("ingest w.json").code)
        assert.equal("no_parser", p:sql("SELECT code FROM tidemark.quarantine WHERE kind = 'delivery'"))
    end)

    it("a file whose name is not UTF-8 is taken, and named as well as can be", function()
        p:write("good.json", answer(video("aaaaaaaaaaa")))
        local r = p:run("ingest -p youtube bad$'\\xff'.json", { before = "cp good.json bad$'\\xff'.json; " })
        assert.equal(0, r.code)
        assert.equal("bad\xEF\xBF\xBD.json", p:sql("SELECT source FROM tidemark.deliveries"))
    end)

    it("Ctrl-C rolls the batch back, says so and exits with 75; a further run completes it", function()
        p:write("all.ndjson", many(600, 60))
        local r = disturb(p, "kill -INT $pid")
        assert.equal(75, r.code)
        has(r.err, "stopped: what was committed stays, run it again for the rest")
        assert.equal("0|t", p:sql(torn))
        p:ok("ingest all.ndjson")
        assert.equal("600|36000", p:sql("SELECT count(*), sum(inserted) FROM tidemark.deliveries"))
    end)

    it("a killed backend costs the batch, exit 75; a further run completes it", function()
        p:write("all.ndjson", many(600, 60))
        local kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'tidemark' AND pid <> pg_backend_pid()"
        local r = disturb(p, ("%s db psql -XAtc %s >&2"):format(support.quote(support.bin), support.quote(kill)))
        assert(r.code == 75, ("exit %s\n%s%s"):format(r.code, r.out, r.err))
        assert.equal("0|t", p:sql(torn))
        p:ok("ingest all.ndjson")
        assert.equal("600|36000", p:sql("SELECT count(*), sum(inserted) FROM tidemark.deliveries"))
    end)
end)
