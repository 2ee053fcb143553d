-- Payloads to rows on a real server: files, folders and standard input, bare and wrapped, again and again.
local support = require("e2e.support")

local function has(text, wanted)
    assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

local function video(id, views, likes, title)
    return (([[{"id":"%s","snippet":{"channelId":"UC1","title":"%s","publishedAt":"2026-03-01T10:00:00Z","tags":["a","b"]},
"statistics":{"viewCount":"%s"%s}}]]):format(id, title or "A title", views, likes and (',"likeCount":"' .. likes .. '"') or ""):gsub("\n", ""))
end

local function answer(...)
    return '{"kind":"youtube#videoListResponse","items":[' .. table.concat({ ... }, ",") .. "]}"
end

local function wrapped(body, at, platform)
    return ('{"platform":"%s","url":"https://api.example/v3/videos","status":200,"headers":{},"fetched_at":"%s","body":%s}')
        :format(platform or "youtube", at, body)
end

local counts = "SELECT string_agg(concat_ws(' ', received, inserted, updated, unchanged, quarantined, dropped_total), ',' "
    .. "ORDER BY arrived_at, observed_at) FROM tidemark.deliveries"

describe("ingest", function()
    local p

    before_each(function()
        p = p or support.project { pinned = true, name = "a project with blanks" }
        p:sql("TRUNCATE tidemark.quarantine, tidemark.deliveries, tidemark.posts, tidemark.accounts, tidemark.ai_changes, "
            .. "content, content_performance_metrics, ai_learning_patterns, content_style_analysis CASCADE")
        os.execute("rm -rf " .. support.quote(p.dir) .. "/*.json " .. support.quote(p.dir) .. "/in")
    end)
    teardown(function() p:close() end)

    it("turns a payload into account, content, post and snapshot", function()
        p:write("v.json", answer(video("-bcdefghijk", "3331930783", "12", 'Title with \\"quotes\\" and \\u00e9')))
        has(p:ok("ingest -p youtube --at 2026-03-02T08:00:00Z v.json"), "received 1 = inserted 1")
        assert.equal("youtube|-bcdefghijk|3331930783|12|||||lifetime|-infinity||2026-03-02 08:00:00+00",
            p:sql("SELECT platform, external_id, views, likes, shares, comments, saves, average_watch_time, metric_window, "
                .. "window_start, window_end, recorded_at FROM content_performance_metrics"))
        assert.equal('UC1|2026-03-01 10:00:00+00|["a", "b"]|Title with "quotes" and é',
            p:sql("SELECT a.external_id, o.published_at, o.features -> 'tags', c.title FROM tidemark.posts o "
                .. "JOIN tidemark.accounts a ON a.id = o.account_id JOIN content c ON c.id = o.content_id"))
        assert.equal("1 1 0 0 0 0", p:sql(counts))
        assert.equal("youtube.videos", p:sql("SELECT platform_metrics ->> '_parser' FROM content_performance_metrics"))
    end)

    it("keeps identifiers of 20 digits, digit for digit", function()
        p:write("t.json", '{"data":{"videos":[{"id":77777777777777777777,"view_count":5,"create_time":1706442860}]},"error":{"code":"ok"}}')
        p:ok("ingest -p tiktok t.json")
        assert.equal("77777777777777777777", p:sql("SELECT external_id FROM content_performance_metrics"))
    end)

    it("takes nothing twice: equal bytes at the same time, or at an unknown one", function()
        p:write("v.json", answer(video("aaaaaaaaaaa", 1)))
        p:ok("ingest -p youtube v.json")
        has(p:ok("ingest -p youtube v.json"), "1 delivery was taken before")
        p:ok("ingest -p youtube --at 2026-03-02T08:00:00Z v.json")
        has(p:ok("ingest -p youtube --at 2026-03-02T08:00:00Z v.json"), "1 delivery was taken before")
        assert.equal("2", p:sql("SELECT count(*) FROM content_performance_metrics"))
    end)

    it("sees equal bytes observed later as a new observation", function()
        local body = answer(video("aaaaaaaaaaa", 1))
        p:write("in/1.json", wrapped(body, "2026-03-01T12:00:00Z"))
        p:write("in/2.json", wrapped(body, "2026-03-02T12:00:00Z"))
        has(p:ok("ingest in"), "inserted 2")
        assert.equal("1|2", p:sql("SELECT count(DISTINCT content_id), count(*) FROM content_performance_metrics"))
    end)

    it("updates a snapshot by a differing replay, and an absent count takes nothing away", function()
        local at = "2026-03-01T12:00:00Z"
        p:write("1.json", wrapped(answer(video("aaaaaaaaaaa", 10, 5), video("bbbbbbbbbbb", 1, 1)), at))
        p:write("2.json", wrapped(answer(video("aaaaaaaaaaa", 11), video("bbbbbbbbbbb", 1, 1)), at))
        p:ok("ingest 1.json")
        has(p:ok("ingest 2.json"), "received 2 = updated 1 + unchanged 1")
        assert.equal("aaaaaaaaaaa|11|5,bbbbbbbbbbb|1|1",
            p:sql("SELECT string_agg(concat_ws('|', external_id, views, likes), ',' ORDER BY external_id) FROM content_performance_metrics"))
    end)

    it("merges two deliveries of one batch that observed the same", function()
        local at = "2026-03-01T12:00:00Z"
        p:write("in/1.json", wrapped(answer(video("aaaaaaaaaaa", 10, 5)), at))
        p:write("in/2.json", wrapped(answer(video("aaaaaaaaaaa", 11)), at))
        p:write("in/3.json", wrapped(answer(video("aaaaaaaaaaa", 11, 5, "Another")), at))
        has(p:ok("ingest in"), "received 3 = inserted 1 + updated 1 + unchanged 1")
        assert.equal("11|5", p:sql("SELECT views, likes FROM content_performance_metrics"))
    end)

    it("collapses a duplicate inside a payload", function()
        p:write("v.json", answer(video("aaaaaaaaaaa", 1), video("aaaaaaaaaaa", 1)))
        has(p:ok("ingest -p youtube v.json"), "received 2 = inserted 1 + dropped 1 (duplicate 1)")
    end)

    it("lands the good rows of a payload and quarantines the bad ones whole", function()
        p:write("v.json", answer(video("aaaaaaaaaaa", 1), '{"snippet":{"title":"no id"}}', video("bbbbbbbbbbb", 2)))
        local r = p:run("ingest -p youtube v.json")
        assert.equal(2, r.code)
        has(r.out, "received 3 = inserted 2 + quarantined 1")
        has(r.err, "v.json: item 1")
        local list = p:ok("quarantine list --format csv")
        has(list, "missing_id")
        local id = p:sql("SELECT right(id::text, 8) FROM tidemark.quarantine")
        has(p:ok("quarantine show " .. id), '{"snippet":{"title":"no id"}}')
        assert.equal('{"snippet":{"title":"no id"}}', p:ok("quarantine show --raw " .. id))
    end)

    it("takes what was refused before, once a parser can read it", function()
        p:write("n.json", '{"new_shape": [{"key": "n1", "plays": 7}]}')
        assert.equal(65, p:run("ingest n.json").code)
        assert.equal(65, p:run("ingest n.json").code)
        assert.equal("1|1", p:sql("SELECT (SELECT count(*) FROM tidemark.quarantine), (SELECT count(*) FROM tidemark.deliveries)"))
        p:write("plugins/newer.lua", [[return { name = "newer", api = 1, about = "A new platform.", parsers = { ["newer.posts"] = {
            match = { new_shape = true }, each = "new_shape", post = { id = "key" }, counts = { views = "plays" } } } }]])
        has(p:ok("ingest n.json"), "inserted 1")
        assert.equal("0|1|7", p:sql("SELECT (SELECT count(*) FROM tidemark.quarantine), (SELECT count(*) FROM tidemark.deliveries), "
            .. "(SELECT views FROM content_performance_metrics)"))
        os.remove(p.dir .. "/plugins/newer.lua")
    end)

    it("reads NDJSON from standard input: wrappers at their own time, a bad line alone", function()
        local lines = { wrapped(answer(video("aaaaaaaaaaa", 1)), "2026-03-01T00:00:00Z"), answer(video("bbbbbbbbbbb", 2)),
            '{"cut": ', answer(video("ccccccccccc", 3)) }
        local r = p:run("ingest -p youtube -", { stdin = table.concat(lines, "\n") .. "\n" })
        assert.equal(2, r.code)
        has(r.out, "received 4 = inserted 3 + quarantined 1")
        has(r.err, "-:3: line 1, column ")
        assert.equal("2", p:sql("SELECT count(*) FROM tidemark.deliveries"))
        assert.equal("3|{\"cut\": ", p:sql("SELECT line, convert_from(body, 'UTF8') FROM tidemark.quarantine"))
    end)

    it("reads a wrapper whose body is text, JSON or CSV", function()
        local body = (answer(video("aaaaaaaaaaa", 1)):gsub('[\\"]', "\\%0"))
        p:write("1.json", wrapped('"' .. body .. '"', "2026-03-01T00:00:00Z"))
        has(p:ok("ingest 1.json"), "inserted 1")
        p:write("2.json", '{"platform":"youtube","status":503,"fetched_at":"2026-03-01T00:00:00Z","body":"<html>busy</html>"}')
        local r = p:run("ingest 2.json")
        assert.equal(65, r.code)
        assert.equal("http_error", p:sql("SELECT code FROM tidemark.quarantine"))
        p:write("3.json", wrapped(answer(), "soon"))
        r = p:run("ingest 3.json")
        assert.equal(65, r.code)
        has(r.err, "wrapper: fetched_at 'soon' is not an ISO 8601 time")
        assert.equal("f|t", p:sql("SELECT observed_known, observed_at > now() - interval '1 hour' FROM tidemark.deliveries "
            .. "ORDER BY arrived_at DESC LIMIT 1"))
    end)

    it("keeps a line whole that holds a byte 0x00, and shows what stands after it", function()
        local line = '{"kind":"youtube#video' .. "\0" .. 'ListResponse","items":[]}'
        local r = p:run("ingest -p youtube -", { stdin = answer(video("aaaaaaaaaaa", 1)) .. "\n" .. line .. "\n" })
        assert.equal(2, r.code)
        has(r.out, "received 2 = inserted 1 + quarantined 1")
        assert.equal(tostring(#line), p:sql("SELECT octet_length(body) FROM tidemark.quarantine"))
        local id = p:sql("SELECT right(id::text, 8) FROM tidemark.quarantine")
        has(p:ok("quarantine show " .. id), [[youtube#video\x00ListResponse","items":[]}]])
        assert.equal(line, p:run("quarantine show --raw " .. id).out)
    end)

    it("takes no part of a CSV that is summed over its rows and cannot be read whole", function()
        local header = "date,channel_id,video_id,live_or_on_demand,subscribed_status,country_code,views\n"
        local lines = { header }
        for i = 2, 40001 do lines[i] = ("20240309,UCmade0up,spl1t_%05d,on_demand,subscribed,DE,%d\n"):format(i % 50, i) end
        lines[3] = "20240309,UCmade0up,spl1t_00001\n" -- in the first MiB; the rest of the file is sound
        p:write("in/report.csv", table.concat(lines))
        local r = p:run("ingest -p youtube in")
        assert.equal(65, r.code)
        has(r.err, "line 3: 3 cells where the header has 7")
        assert.equal("0|bad_csv", p:sql("SELECT (SELECT count(*) FROM content_performance_metrics), "
            .. "(SELECT string_agg(code, ',') FROM tidemark.quarantine)"))
    end)

    it("refuses a CSV that is summed over its rows and larger than 16 MiB, once", function()
        local header = "date,channel_id,video_id,live_or_on_demand,subscribed_status,country_code,views\n"
        local row = ("20240309,UCmade0up,%s,on_demand,subscribed,DE,1\n"):format(("v"):rep(250))
        p:write("in/report.csv", header .. row:rep((17 << 20) // #row))
        local r = p:run("ingest -p youtube in")
        assert.equal(65, r.code)
        has(r.err, "is larger than 16 MiB, and this kind of export is summed over its rows")
        assert.equal("0|too_large", p:sql("SELECT (SELECT count(*) FROM content_performance_metrics), "
            .. "(SELECT string_agg(code, ',') FROM tidemark.quarantine)"))
    end)

    it("cuts large NDJSON into chunks and skips those that are there", function()
        local lines = {}
        for i = 1, 9000 do lines[i] = answer(video(("v%010d"):format(i), i, 1, ("x"):rep(200))) end
        p:write("large.ndjson", table.concat(lines, "\n") .. "\n")
        has(p:ok("ingest -p youtube large.ndjson"), "inserted 9 000")
        assert.is_true(tonumber(p:sql("SELECT count(*) FROM tidemark.deliveries")) > 2)
        has(p:ok("ingest -p youtube large.ndjson"), "deliveries were taken before")
        os.execute("tail -n 4000 " .. support.quote(p.dir .. "/large.ndjson") .. " > " .. support.quote(p.dir .. "/tail.ndjson"))
        assert.equal("9000", p:sql("SELECT count(*) FROM content_performance_metrics"))
        os.remove(p.dir .. "/large.ndjson")
        os.remove(p.dir .. "/tail.ndjson")
    end)

    it("gives each owner his own, and names the owners' rows", function()
        local q = support.project { pinned = true, owners = { "studio", "solo" } }
        q:write("v.json", answer(video("aaaaaaaaaaa", 1)))
        q:ok("ingest --owner studio -p youtube v.json")
        q:ok("ingest --owner solo -p youtube v.json")
        assert.equal("2|2|2", q:sql("SELECT count(*), count(DISTINCT user_id), count(DISTINCT content_id) FROM content_performance_metrics"))
        has(q:ok("report content.top --as studio --format csv --var days=36500"), "A title")
        q:close()
    end)

    it("puts posts of --content under one work, and payloads without an account under --account", function()
        local id = "01890f3e-7b3a-7cc2-98c4-dc0c0c07398f"
        p:write("v.json", answer(video("aaaaaaaaaaa", 1)))
        p:write("t.json", '{"data":{"videos":[{"id":"7777777777777777777","view_count":5}]},"error":{"code":"ok"}}')
        p:ok("ingest -p youtube --content " .. id .. " v.json")
        p:ok("ingest -p tiktok --account studio_one --content " .. id .. " t.json")
        assert.equal("1|2", p:sql("SELECT count(DISTINCT content_id), count(*) FROM tidemark.posts"))
        assert.equal("studio_one", p:sql("SELECT external_id FROM tidemark.accounts WHERE platform = 'tiktok'"))
    end)

    it("an older delivery that arrives late fills gaps and does not undo newer facts", function()
        p:write("new.json", wrapped(answer(video("aaaaaaaaaaa", 2, nil, "New title")), "2026-03-02T00:00:00Z"))
        p:write("old.json", wrapped(answer(video("aaaaaaaaaaa", 1, nil, "Old title")), "2026-03-01T00:00:00Z"))
        p:ok("ingest new.json")
        p:ok("ingest old.json")
        assert.equal("New title", p:sql("SELECT title FROM content"))
        p:write("newer.json", wrapped(answer(video("aaaaaaaaaaa", 3, nil, "Newest title")), "2026-03-03T00:00:00Z"))
        p:ok("ingest newer.json")
        assert.equal("Newest title", p:sql("SELECT title FROM content"))
    end)

    it("keeps what either of two deliveries of one run knew of a post", function()
        local function item(more) return ('{"id":"aaaaaaaaaaa","snippet":{"channelId":"UC1"%s},"statistics":{"viewCount":"1"}}'):format(more) end
        local tags, caption = ',"tags":["a"]', ',"description":"Words"'
        for _, at in ipairs { "2026-03-03T00:00:00Z", "2026-03-01T00:00:00Z" } do
            p:sql("TRUNCATE tidemark.deliveries, tidemark.posts, content, content_performance_metrics CASCADE")
            p:write("in/1.json", wrapped(answer(item(tags)), "2026-03-02T00:00:00Z"))
            p:write("in/2.json", wrapped(answer(item(caption)), at))
            p:ok("ingest in")
            assert.equal('{"tags": ["a"], "caption": "Words"}', p:sql("SELECT features FROM tidemark.posts"))
        end
    end)

    it("makes the months it needs, and --since passes over what is older", function()
        p:write("in/1.json", wrapped(answer(video("aaaaaaaaaaa", 1)), "2018-08-29T00:00:00Z"))
        p:write("in/2.json", wrapped(answer(video("aaaaaaaaaaa", 2)), "2026-01-31T23:59:59Z"))
        has(p:ok("ingest --since 2020-01-01 in"), "inserted 1")
        has(p:ok("ingest in"), "inserted 1")
        assert.equal("tidemark_parts.content_performance_metrics_y2018m08,tidemark_parts.content_performance_metrics_y2026m01",
            p:sql("SELECT string_agg(tableoid::regclass::text, ',' ORDER BY recorded_at) FROM content_performance_metrics"))
        p:write("future.json", wrapped(answer(video("aaaaaaaaaaa", 3)), "2126-01-01T00:00:00Z"))
        local r = p:run("ingest future.json")
        assert.equal(65, r.code)
        has(r.err, "the time of observation lies in the future")
    end)

    it("tells the summary as JSON, and the rows of a dry run in three forms", function()
        p:write("v.json", answer(video("aaaaaaaaaaa", 10, 5)))
        local row = '{"platform":"youtube","external_id":"aaaaaaaaaaa","account":"UC1","title":"A title","views":10,"likes":5,"shares":null,'
            .. '"comments":null,"saves":null,"average_watch_time":null,"published_at":"2026-03-01T10:00:00Z","metric_window":"lifetime",'
            .. '"window_start":null,"window_end":null,"kind":"content"}\n'
        assert.equal(row, p:ok("ingest --dry-run --format ndjson v.json"))
        has(p:ok("ingest --dry-run --format json v.json"), '"external_id"')
        has(p:ok("ingest --dry-run v.json"), "aaaaaaaaaaa")
        assert.equal("0", p:sql("SELECT count(*) FROM content_performance_metrics"))
        has(p:ok("ingest --format json v.json"), '{"deliveries": 1, "replays": 0, "received": 1, "inserted": 1')
        local nowhere = support.folder()
        nowhere:write("v.json", answer(video("aaaaaaaaaaa", 10, 5)))
        assert.equal(row, nowhere:ok("ingest -p youtube --dry-run --format ndjson v.json"))
        nowhere:close()
    end)

    it("records changes and lists them", function()
        p:write("v.json", answer(video("aaaaaaaaaaa", 1)))
        p:ok("ingest -p youtube v.json")
        has(p:ok("change add model v7 --at 2026-03-01T00:00:00Z --metric engagement"), "model v7 since 2026-03-01T00:00:00Z")
        p:ok("change add prompt p2 --account youtube:UC1 --note 'shorter hooks'")
        local list = p:ok("change list --format csv")
        has(list, "model,v7,engagement,all,")
        has(list, "prompt,p2,,youtube:UC1,shorter hooks")
        local r = p:run("change add prompt p3 --account youtube:none")
        assert.equal(64, r.code)
        has(r.err, "--account youtube:none: no account of that name, or several")
    end)

    it("two at once take every delivery once", function()
        local lines = {}
        for i = 1, 400 do lines[i] = wrapped(answer(video(("v%010d"):format(i), i)), "2026-03-01T00:00:00Z") end
        p:write("all.ndjson", table.concat(lines, "\n") .. "\n")
        local r = p:run("ingest all.ndjson", { after = " & " .. support.quote(support.bin) .. " ingest all.ndjson; s=$?; wait $! && exit $s" })
        assert.equal(0, r.code)
        assert.equal("400|400|400", p:sql("SELECT count(*), count(DISTINCT external_id), (SELECT count(*) FROM tidemark.deliveries) "
            .. "FROM content_performance_metrics"))
        os.remove(p.dir .. "/all.ndjson")
    end)
end)
