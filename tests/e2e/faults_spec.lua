-- Faults under an ingest at work: a server that stops at once, locks that others hold, rows that are there already, two ingests of one
-- file. Afterwards the rows are those of an undisturbed run, every delivery's counts add up, and nothing is left waiting.
-- kill -9 of the ingest: killed_spec; a killed backend and signals: trouble_spec; a full disk: full_disk_spec.
local support = require("e2e.support")

local DELIVERIES, PER_DELIVERY = 200, 60

local function has(text, wanted)
    assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

-- One wrapped answer a line, each observed at a second of its own. Every tenth delivery repeats an item: it counts as dropped.
local function payloads()
    local lines = {}
    for d = 1, DELIVERIES do
        local items = {}
        for i = 1, PER_DELIVERY do
            items[i] = ('{"id":"v%05d","snippet":{"channelId":"UC%d","title":"T"},"statistics":{"viewCount":"%d"}}'):format(i, i % 5, d + i)
        end
        if d % 10 == 0 then items[#items + 1] = items[1] end
        if d % 25 == 0 then items[#items + 1] = '{"snippet":{"title":"no id"},"statistics":{"viewCount":"1"}}' end
        lines[d] = ('{"platform":"youtube","fetched_at":"2026-03-01T00:%02d:%02dZ","body":{"kind":"youtube#videoListResponse","items":[%s]}}')
            :format(d // 60, d % 60, table.concat(items, ","))
    end
    return table.concat(lines, "\n") .. "\n"
end

local digest = "SELECT count(*), md5(string_agg(concat_ws(',', platform, external_id, recorded_at, views), ';' ORDER BY external_id, recorded_at)) "
    .. "FROM content_performance_metrics"
-- Rows there, rows claimed, sums that are wrong, entries of the quarantine against what is claimed.
local conserved = "SELECT (SELECT count(*) FROM content_performance_metrics) = sum(inserted), "
    .. "count(*) FILTER (WHERE received <> inserted + updated + unchanged + quarantined + dropped_total), "
    .. "(SELECT count(*) FROM tidemark.quarantine) = sum(quarantined) FROM tidemark.deliveries"
local emptied = "TRUNCATE tidemark.quarantine, tidemark.deliveries, tidemark.posts, tidemark.accounts, tidemark.ai_changes, content, "
    .. "content_performance_metrics, archived_performance_metrics, ai_learning_patterns, content_style_analysis CASCADE"
local waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tidemark' AND pid <> pg_backend_pid()"
local sums = ("%d|%d|%d"):format(DELIVERIES, DELIVERIES * PER_DELIVERY, DELIVERIES // 25)

describe("a fault in the middle of an ingest", function()
    local p, undisturbed

    local function as_undisturbed()
        assert.equal(undisturbed, p:sql(digest))
        assert.equal("t|0|t", p:sql(conserved))
        assert.equal(sums, p:sql("SELECT count(*), sum(inserted), sum(quarantined) FROM tidemark.deliveries"))
        assert.equal("0", p:sql(waiting))
    end

    setup(function()
        p = support.project { pinned = true }
        p:write("all.ndjson", payloads())
        assert.equal(2, p:run("ingest all.ndjson").code)
        undisturbed = p:sql(digest)
        as_undisturbed()
    end)
    before_each(function() p:sql(emptied) end)
    teardown(function() p:close() end)

    it("two ingests of one file at once take every delivery once", function()
        local r = p:run("ingest all.ndjson", {
            before = "(" .. support.quote(support.bin) .. " ingest all.ndjson; echo other $?) & ", after = "; echo this $?; wait" })
        for _, who in ipairs { "this ", "other " } do
            local code = r.out:match(who .. "(%d+)")
            assert(code == "0" or code == "2", r.out .. r.err) -- 2: it was this one that took a bad row
        end
        as_undisturbed()
    end)

    it("rows that are there already are told apart in the middle of a batch", function()
        p:ok("ingest -p youtube -", { stdin = '{"kind":"youtube#videoListResponse","items":[]}' })
        p:sql("WITH c AS (INSERT INTO content (title, user_id) SELECT 'by hand', user_id FROM tidemark.deliveries LIMIT 1 RETURNING id, user_id) "
            .. "INSERT INTO content_performance_metrics (content_id, platform, external_id, views, recorded_at, user_id) "
            .. "SELECT c.id, 'youtube', 'v00007', v, '2026-03-01T00:00:01Z'::timestamptz + n * interval '1 second', user_id "
            .. "FROM c, (VALUES (0, 8), (1, 1)) AS t (n, v)")
        assert.equal(2, p:run("ingest all.ndjson").code)
        assert.equal(undisturbed, p:sql(digest))
        -- the second had other counts; of the first nothing but the parser's name was missing
        assert.equal(("%d|1|1"):format(DELIVERIES * PER_DELIVERY - 2),
            p:sql("SELECT sum(inserted), sum(updated), sum(unchanged) FROM tidemark.deliveries"))
    end)

    it("a lock that another holds too long ends it with 75, and a further run completes it", function()
        local held = support.sh(("psql -X %s -c %s >/dev/null 2>&1 & sleep 0.5"):format(support.quote(p.conninfo),
            support.quote("BEGIN; LOCK TABLE content IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(8)")))
        assert.equal(0, held.code)
        local r = p:run("ingest all.ndjson", { env = { TIDEMARK_DATABASE = p.conninfo .. " options='-c lock_timeout=300ms'" } })
        assert(r.code == 75, r.code .. r.out .. r.err)
        has(r.err, "lock timeout")
        p:sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(8)%' AND pid <> pg_backend_pid()")
        assert.equal(2, p:run("ingest all.ndjson").code)
        as_undisturbed()
    end)

    it("a server that stops at once costs the batch, exit 75; a further run starts it and completes", function()
        local first = "SELECT count(*) > 0 FROM tidemark.deliveries"
        local server = p:sql("SELECT pg_backend_pid(), (SELECT setting FROM pg_settings WHERE name = 'data_directory')"):match("|(.*)$")
        local r = p:run("ingest all.ndjson", { after = (" & pid=$!; until [ \"$(psql -XAt %s -c '%s')\" = t ]; do sleep 0.02; done; "
            .. "kill -QUIT \"$(head -n 1 %s/postmaster.pid)\"; wait $pid"):format(support.quote(p.conninfo), first, support.quote(server)) })
        assert(r.code == 75 or r.code == 2, r.code .. r.out .. r.err) -- 2: it was quicker
        r = p:run("ingest all.ndjson")
        assert(r.code == 2 or r.code == 0, r.code .. r.out .. r.err)
        p.conninfo = p:ok("db start"):match("running: ([^\n]+)")
        as_undisturbed()
    end)
end)
