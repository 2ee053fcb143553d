-- What could not be taken: kept whole, tried again after a parser was mended, deleted for good; and the ledger's sums through all of it.
local support = require("e2e.support")

local function has(text, wanted)
    assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

-- A platform's plugin, before and after it was mended: the id stands in another place than was thought.
local function plugin(id, more)
    return ([[
return {
  name = "tube", api = 1, about = "An invented platform.",
  parsers = {
    ["tube.clips"] = {
      about = "clips", match = { kind = "clips" }, each = "items", drop = { { when = { ad = true }, reason = "ad" } },
      post = { id = %s }, counts = { views = "views" },
    },
    ["tube.table"] = { about = "an export", match = { columns = { "clip", "views" } }, post = { id = %s }, counts = { views = "views" } },
    %s
  },
}
]]):format(id, id == '"id"' and '"clip"' or '{ first = { "clip", "other" } }', more or "")
end
local before, mended = plugin('"id"'), plugin('{ first = { "id", "clip_id" } }')

local ledger = "SELECT concat_ws(' ', received, inserted, updated, unchanged, quarantined, dropped) FROM tidemark.deliveries "
    .. "ORDER BY source, bytes"

local function clips(...) return '{"kind":"clips","items":[' .. table.concat({ ... }, ",") .. "]}" end

describe("the quarantine", function()
    local p
    before_each(function()
        p = p or support.project { pinned = true, name = "quarantine" }
        p:write("plugins/tube/plugin.lua", before)
        p:sql("TRUNCATE tidemark.quarantine, tidemark.deliveries, tidemark.posts, tidemark.accounts, content, "
            .. "content_performance_metrics CASCADE")
    end)
    teardown(function() p:close() end)

    it("gives back what a mended parser takes: counts move from quarantined to inserted, and nothing is counted twice", function()
        p:write("a.json", '{"platform":"tube","fetched_at":"2026-03-01T10:00:00Z","body":' .. clips('{"id":"c1","views":1}',
            '{"clip_id":"c2","views":2}', '{"ad":1}', '{"views":3}', '{"clip_id":"c4","ad":1}') .. "}")
        local r = p:run("ingest a.json")
        assert.equal(2, r.code)
        has(r.out, "received 5 = inserted 1 + quarantined 2 + dropped 2 (ad 2)")
        has(p:ok("doctor"), "1 deliveries, every one of 5 items accounted for; 2 in quarantine")
        local ids = p:sql("SELECT string_agg(id::text || created_at, ',' ORDER BY item) FROM tidemark.quarantine")

        r = p:run("quarantine replay") -- nothing was mended yet
        assert.equal(65, r.code)
        has(r.out, "2 entries of 1 delivery tried again: received 2 = quarantined 2")
        has(r.err, "a.json: item 1: no id at 'id'")
        assert.equal(ids, p:sql("SELECT string_agg(id::text || created_at, ',' ORDER BY item) FROM tidemark.quarantine"))
        assert.equal('5 1 0 0 2 {"ad": 2}', p:sql(ledger))

        p:write("plugins/tube/plugin.lua", mended)
        r = p:run("quarantine replay")
        assert.equal(2, r.code)
        has(r.out, "2 entries of 1 delivery tried again: received 2 = inserted 1 + quarantined 1")
        assert.equal('5 2 0 0 1 {"ad": 2}', p:sql(ledger))
        assert.equal("c1 1,c2 2", p:sql("SELECT string_agg(external_id || ' ' || views, ',' ORDER BY external_id) "
            .. "FROM content_performance_metrics WHERE recorded_at = '2026-03-01T10:00:00Z'"))
        assert.equal(ids:match(",(.*)"), p:sql("SELECT id::text || created_at FROM tidemark.quarantine"))

        p:write("plugins/tube/plugin.lua", plugin('{ first = { "id", "clip_id", "views" } }'))
        has(p:ok("quarantine replay --format json"), '"entries": 1, "received": 1, "inserted": 1')
        assert.equal('5 3 0 0 0 {"ad": 2}', p:sql(ledger))
        assert.equal("0 0", p:sql("SELECT concat_ws(' ', (SELECT count(*) FROM tidemark.quarantine), (SELECT count(*) FROM "
            .. "tidemark.quarantine_documents))"))
        has(p:ok("quarantine replay"), "0 entries of 0 deliveries tried again: received 0")
        has(p:ok("doctor"), "0 in quarantine")
        has(p:ok("ingest a.json"), "1 delivery was taken before")
    end)

    it("tries lines, tables and whole documents again, each with what its ingest was told, and names their lines", function()
        p:write("l.ndjson", clips('{"id":"l1","views":1}') .. "\nnot json\n" .. clips('{"clip_id":"l3","views":3}') .. "\n")
        p:write("t.csv", "clip,other,views\nt1,,1\n,t2,2\n")
        p:write("w.json", '{"kind":"shorts","shorts":[{"id":"w1"},{"id":"w2"}]}')
        assert.equal(2, p:run("ingest -p tube --account me --at 2026-03-01T00:00:00Z l.ndjson t.csv w.json").code)
        has(p:ok("quarantine list --code no_parser"), "w.json")
        p:write("plugins/tube/plugin.lua", plugin('{ first = { "id", "clip_id" } }', [[
    ["tube.shorts"] = { about = "shorts", match = { kind = "shorts" }, each = "shorts", post = { id = "id" } },]]))
        local r = p:run("quarantine replay --code missing_id")
        assert.equal(2, r.code)
        has(r.err, "l.ndjson:2: ")
        has(r.out, "3 entries of 2 deliveries tried again: received 3 = inserted 2 + quarantined 1")
        has(p:ok("quarantine replay --code no_parser"), "1 entry of 1 delivery tried again: received 2 = inserted 2")
        assert.equal("3 2 0 0 1 {}\n2 2 0 0 0 {}\n2 2 0 0 0 {}", p:sql(ledger))
        assert.equal("l1,l3,t1,t2,w1,w2|me|2026-03-01", p:sql("SELECT string_agg(o.external_id, ',' ORDER BY o.external_id), "
            .. "string_agg(DISTINCT a.external_id, ','), string_agg(DISTINCT (recorded_at AT TIME ZONE 'UTC')::date::text, ',') "
            .. "FROM tidemark.posts o JOIN content_performance_metrics m USING (platform, external_id) "
            .. "JOIN tidemark.accounts a ON a.id = o.account_id"))
        assert.equal("2", p:sql("SELECT line FROM tidemark.quarantine"))
        p:ok("doctor")
    end)

    it("is emptied by purge, which is told what and asks; the ledger counts it as dropped, and the bytes may come again", function()
        p:write("a.json", clips('{"id":"c1"}', '{"x":1}', '{"x":2}'))
        p:write("b.json", "no json at all {")
        p:run("ingest -p tube --at 2026-03-01T00:00:00Z a.json b.json")
        for _, case in ipairs {
            { "purge", "quarantine purge: which entries? Give ids, --code, --platform, --older-than 90d, or --all" },
            { "purge --all", "nothing was deleted: say --yes where nobody can be asked" },
            { "purge --older-than soon", "--older-than soon: not a span of time; write 90d or 12h" },
            { "purge 1234567 --yes", "nothing in quarantine has an id that ends in 1234567" },
            { "purge nonsense", "quarantine purge nonsense: give the last 6 or more characters of an id (tidemark quarantine list)" },
            { "replay 1234567", "nothing in quarantine has an id that ends in 1234567" },
            { "list --all", "--older-than, --all and --yes belong to quarantine purge" },
            { "empty", "list, show ID, replay or purge" },
        } do
            local r = p:run("quarantine " .. case[1])
            assert.equal(64, r.code, case[1])
            has(r.err, case[2])
        end
        has(p:ok("quarantine purge --older-than 1d --yes"), "Nothing in quarantine is meant by that.")
        local r = p:run("quarantine purge --code missing_id --yes")
        assert.equal(0, r.code)
        has(r.err, "2 entries would be deleted for good: 2 missing_id")
        has(r.out, "2 purged; the ledger counts them as dropped")
        assert.equal('3 1 0 0 0 {"purged": 2}\n1 0 0 0 1 {}', p:sql(ledger))
        assert.equal("0", p:sql("SELECT count(*) FROM tidemark.quarantine_documents"))
        local id = p:sql("SELECT right(id::text, 8) FROM tidemark.quarantine")
        has(p:ok("quarantine purge --yes " .. id), "1 purged")
        has(p:ok("doctor"), "2 deliveries, every one of 4 items accounted for; 0 in quarantine")
        assert.equal(65, p:run("ingest -p tube --at 2026-03-01T00:00:00Z b.json").code)
        assert.equal('3 1 0 0 0 {"purged": 2}\n1 0 0 0 1 {}', p:sql(ledger))
    end)

    it("and the ledger are compared by doctor, to the last reason", function()
        p:write("a.json", clips('{"id":"c1"}', '{"x":1}', '{"ad":1}'))
        p:run("ingest -p tube a.json")
        p:sql("DELETE FROM tidemark.quarantine")
        p:sql("UPDATE tidemark.deliveries SET dropped = '{}'")
        local r = p:run("doctor")
        assert.equal(1, r.code)
        has(r.out, "1 of 1 deliveries put another number aside than there are in quarantine")
        has(r.out, "1 of 1 deliveries dropped another number than their reasons say")
    end)
end)
