-- Facts about posts, in documents of any tool: they join the post, and are no snapshot.
local support = require("e2e.support")

local function has(text, wanted)
    assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

local function video(id, views, title)
    return ('{"id":"%s","snippet":{"channelId":"UC1","title":"%s","publishedAt":"2026-03-01T10:00:00Z","tags":["a","b"]},'
        .. '"statistics":{"viewCount":"%s"}}'):format(id, title or "A title", views)
end

local function answer(...)
    return '{"kind":"youtube#videoListResponse","items":[' .. table.concat({ ... }, ",") .. "]}"
end

local function wrapped(body, at)
    return ('{"platform":"youtube","status":200,"fetched_at":"%s","body":%s}'):format(at, body)
end

local function style(id, members, platform)
    return ('{"platform":"%s","external_id":"%s",%s}'):format(platform or "youtube", id, members)
end

local function styled(id, members, at)
    return ('{"fetched_at":"%s","body":%s}'):format(at, style(id, members))
end

describe("facts", function()
    local p
    local features = "SELECT features - '_facts' FROM tidemark.posts ORDER BY external_id"

    before_each(function()
        p = p or support.project { pinned = true, name = "facts" }
        p:sql("TRUNCATE tidemark.quarantine, tidemark.deliveries, tidemark.posts, tidemark.accounts, content, content_performance_metrics CASCADE")
        os.execute("rm -rf " .. support.quote(p.dir) .. "/*.json " .. support.quote(p.dir) .. "/in")
    end)
    teardown(function() p:close() end)

    it("make a post that is not there, and no snapshot; the platform's payload brings account, title and counts", function()
        p:write("s.json", style("aaaaaaaaaaa", '"visual":{"brightness":0.5,"colour":{"main":"red"}},"tags":["#Bold Text"]'))
        has(p:ok("ingest s.json"), "received 1 = inserted 1")
        assert.equal('0|-|{"visual": {"brightness": 0.5, "colour.main": "red"}, "style_tags": ["bold text"]}|',
            p:sql("SELECT (SELECT count(*) FROM content_performance_metrics), a.external_id, o.features - '_facts', o.facts_at "
                .. "FROM tidemark.posts o JOIN tidemark.accounts a ON a.id = o.account_id"))
        assert.equal("0", p:sql("SELECT count(*) FROM pg_inherits WHERE inhparent = 'content_performance_metrics'::regclass "
            .. "AND inhrelid IN (SELECT tableoid FROM content_performance_metrics)"))
        local content = p:sql("SELECT content_id FROM tidemark.posts")
        p:write("v.json", answer(video("aaaaaaaaaaa", 7)))
        has(p:ok("ingest --at 2026-03-01T00:00:00Z v.json"), "inserted 1")
        assert.equal('UC1|A title|7|t|{"tags": ["a", "b"], "visual": {"brightness": 0.5, "colour.main": "red"}, "style_tags": ["bold text"]}',
            p:sql("SELECT a.external_id, c.title, m.views, c.id = '" .. content .. "', o.features - '_facts' FROM tidemark.posts o "
                .. "JOIN tidemark.accounts a ON a.id = o.account_id JOIN content c ON c.id = o.content_id "
                .. "JOIN content_performance_metrics m ON m.content_id = c.id"))
    end)

    it("join a post that is there, in the ledger as updated, unchanged or inserted", function()
        p:write("v.json", answer(video("aaaaaaaaaaa", 7)))
        p:ok("ingest v.json")
        local lines = { style("aaaaaaaaaaa", '"visual":{"a":1}'), style("aaaaaaaaaaa", '"visual":{"a":1.0}'),
            style("bbbbbbbbbbb", '"audio":{"tempo":120}'),
            style("bbbbbbbbbbb", '"visual":{"a":2}'), style("bbbbbbbbbbb", '"audio":{"tempo":120}') }
        has(p:ok("ingest -", { stdin = table.concat(lines, "\n") .. "\n" }), "received 5 = inserted 1 + updated 2 + unchanged 2")
        assert.equal("5 1 2 2 0 0", p:sql("SELECT concat_ws(' ', received, inserted, updated, unchanged, quarantined, dropped_total) "
            .. "FROM tidemark.deliveries WHERE platform = 'style'"))
        assert.equal('{"tags": ["a", "b"], "visual": {"a": 1}}\n{"audio": {"tempo": 120}, "visual": {"a": 2}}', p:sql(features))
        assert.equal("1", p:sql("SELECT count(*) FROM content_performance_metrics"))
        assert.equal("-,UC1", p:sql("SELECT string_agg(external_id, ',' ORDER BY external_id) FROM tidemark.accounts"))
    end)

    it("leave no account behind where the post has one", function()
        p:write("v.json", answer(video("aaaaaaaaaaa", 7)))
        p:ok("ingest v.json")
        p:write("s.json", style("aaaaaaaaaaa", '"visual":{"a":1}'))
        p:ok("ingest --account somebody s.json")
        assert.equal("UC1", p:sql("SELECT string_agg(external_id, ',') FROM tidemark.accounts"))
        p:write("t.json", style("bbbbbbbbbbb", '"visual":{"a":1}'))
        p:ok("ingest --account somebody t.json")
        assert.equal("UC1,somebody", p:sql("SELECT string_agg(external_id, ',' ORDER BY external_id) FROM tidemark.accounts"))
    end)

    it("and a snapshot of one batch merge, whichever comes first", function()
        for _, order in ipairs { "vs", "sv" } do
            p:sql("TRUNCATE tidemark.deliveries, tidemark.posts, tidemark.accounts, content, content_performance_metrics CASCADE")
            local v, s = answer(video("aaaaaaaaaaa", 7)), style("aaaaaaaaaaa", '"visual":{"a":1},"text":{"hook":true}')
            local lines = order == "vs" and { v, s } or { s, v }
            has(p:ok("ingest -", { stdin = table.concat(lines, "\n") .. "\n" }),
                order == "vs" and "received 2 = inserted 1 + updated 1" or "received 2 = inserted 2")
            assert.equal('{"tags": ["a", "b"], "text": {"hook": true}, "visual": {"a": 1}}', p:sql(features))
            assert.equal("1|1|UC1", p:sql("SELECT count(*), (SELECT count(*) FROM tidemark.posts), (SELECT string_agg(external_id, ',') "
                .. "FROM tidemark.accounts) FROM content_performance_metrics"))
        end
    end)

    it("of a facet are replaced whole by those observed later, and by those alone", function()
        p:write("in/1.json", styled("aaaaaaaaaaa", '"visual":{"a":1,"b":1},"audio":{"c":1}', "2026-03-02T00:00:00Z"))
        p:write("2.json", styled("aaaaaaaaaaa", '"visual":{"a":2}', "2026-03-03T00:00:00Z"))
        p:write("3.json", styled("aaaaaaaaaaa", '"visual":{"a":9},"audio":{"c":9},"text":{"d":9}', "2026-03-01T00:00:00Z"))
        p:ok("ingest in/1.json")
        has(p:ok("ingest 2.json"), "updated 1")
        has(p:ok("ingest 3.json"), "updated 1") -- its text was not there
        assert.equal('{"text": {"d": 9}, "audio": {"c": 1}, "visual": {"a": 2}}', p:sql(features))
        p:write("4.json", styled("aaaaaaaaaaa", '"audio":{}', "2026-03-04T00:00:00Z"))
        p:ok("ingest 4.json")
        assert.equal('{"text": {"d": 9}, "audio": {}, "visual": {"a": 2}}', p:sql(features))
        p:sql("TRUNCATE tidemark.deliveries, tidemark.posts, tidemark.accounts, content CASCADE")
        for i = 2, 4 do os.rename(p.dir .. "/" .. i .. ".json", p.dir .. "/in/" .. i .. ".json") end
        has(p:ok("ingest in"), "received 4 = inserted 1 + updated 3")
        assert.equal('{"text": {"d": 9}, "audio": {}, "visual": {"a": 2}}', p:sql(features))
    end)

    it("do not make a later observation of the platform an earlier one, nor the other way round", function()
        p:write("1.json", wrapped(answer(video("aaaaaaaaaaa", 1, "First")), "2026-03-01T00:00:00Z"))
        p:write("2.json", styled("aaaaaaaaaaa", '"visual":{"a":1}', "2026-03-05T00:00:00Z"))
        p:write("3.json", wrapped(answer(video("aaaaaaaaaaa", 1, "Second")), "2026-03-03T00:00:00Z"))
        p:write("4.json", wrapped(answer(video("aaaaaaaaaaa", 1, "Third")), "2026-03-08T00:00:00Z"))
        p:write("5.json", styled("aaaaaaaaaaa", '"visual":{"a":2}', "2026-03-07T00:00:00Z"))
        for i = 1, 3 do p:ok("ingest " .. i .. ".json") end
        assert.equal("Second", p:sql("SELECT title FROM content"))
        p:ok("ingest 4.json")
        p:ok("ingest 5.json")
        assert.equal('Third|{"a": 2}', p:sql("SELECT c.title, o.features -> 'visual' FROM content c JOIN tidemark.posts o ON o.content_id = c.id"))
    end)

    it("taken again change nothing, and the same at a later time only its time", function()
        local s = '"visual":{"a":0.1},"tags":["x"]'
        p:write("1.json", styled("aaaaaaaaaaa", s, "2026-03-01T00:00:00Z"))
        p:write("2.json", styled("aaaaaaaaaaa", s, "2026-03-02T00:00:00Z"))
        p:ok("ingest 1.json")
        local before = p:sql("SELECT o.*, xmin FROM tidemark.posts o")
        has(p:ok("ingest 1.json"), "1 delivery was taken before")
        assert.equal(before, p:sql("SELECT o.*, xmin FROM tidemark.posts o"))
        has(p:ok("ingest 2.json"), "received 1 = unchanged 1")
        assert.equal('{"visual": {"a": 0.1}, "style_tags": ["x"]}|{"at": 1772409600, "by": "style.document"}',
            p:sql("SELECT features - '_facts', features #> '{_facts,visual}' FROM tidemark.posts"))
    end)

    it("that could not be taken are told, and noted beside the others", function()
        p:write("s.json", style("aaaaaaaaaaa", '"visual":{"a":1,"faces":[1,2]}'))
        local r = p:run("ingest s.json")
        assert.equal(0, r.code)
        has(r.err, "s.json: youtube aaaaaaaaaaa: visual: faces: a list is no fact (write how many, or give tags); left out")
        assert.equal("faces: a list is no fact (write how many, or give tags); left out",
            p:sql("SELECT features #>> '{_facts,visual,note}' FROM tidemark.posts"))
        p:write("t.json", style("aaaaaaaaaaa", '"visual":{"a":1,"faces":2}'))
        p:ok("ingest t.json")
        assert.equal("t|2", p:sql("SELECT features #> '{_facts,visual,note}' IS NULL, features #> '{visual,faces}' FROM tidemark.posts"))
    end)

    it("are told by the summary and by a dry run", function()
        p:write("s.json", style("aaaaaaaaaaa", '"visual":{"a":1}'))
        has(p:ok("ingest --dry-run --format ndjson s.json"), '"metric_window":null,"window_start":null,"window_end":null,"kind":"facts"}')
        has(p:run("ingest --dry-run s.json").err, "received 1; 1 of them facts, no snapshot")
        has(p:ok("ingest s.json"), "received 1 = inserted 1; 1 of them facts, no snapshot")
        p:write("t.json", style("aaaaaaaaaaa", '"visual":{"a":2}'))
        has(p:ok("ingest --format json t.json"), '"facts": 1')
    end)

    it("of 9 000 posts come in batches, each counted once", function()
        local lines = {}
        for i = 1, 9000 do lines[i] = style(("v%010d"):format(i % 6000), ('"visual":{"a":%d}'):format(i)) end
        has(p:ok("ingest -", { stdin = table.concat(lines, "\n") .. "\n" }), "received 9 000 = inserted 6 000 + updated 3 000")
        assert.equal("6000|t|0", p:sql("SELECT count(*), bool_and((features #>> '{visual,a}')::int > 3000 OR external_id >= 'v0000003001' "
            .. "OR external_id = 'v0000000000'), (SELECT count(*) FROM content_performance_metrics) FROM tidemark.posts"))
    end)

    it("written by another while the platform's payload waits are not lost", function()
        p:write("v.json", answer(video("aaaaaaaaaaa", 1)))
        p:ok("ingest v.json")
        p:write("w.json", answer((video("aaaaaaaaaaa", 2):gsub('"tags":%["a","b"%]', '"tags":["c"]'))))
        p:write("lock.sql", [[BEGIN; UPDATE tidemark.posts SET features = features || '{"visual": {"a": 1}}'; SELECT pg_sleep(2); COMMIT;]])
        support.sh(support.quote(support.bin) .. " db psql -X -q -f lock.sql >/dev/null & sleep 1; " ..
            support.quote(support.bin) .. " ingest w.json; wait",
            { cwd = p.dir })
        assert.equal('{"tags": ["c"], "visual": {"a": 1}}', p:sql(features))
    end)
end)
