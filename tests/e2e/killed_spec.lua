-- kill -9 at random moments of an ingest: every delivery is wholly there or not at all, and running it again completes it.
local support = require("e2e.support")

local KILLS = tonumber(os.getenv("TIDEMARK_TEST_KILLS")) or 10
local DELIVERIES, PER_DELIVERY = 60, 150

-- A fixed generator, so that a failure can be had again.
local seed = 20260301
local function random()
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed / 2147483648
end

local function payloads()
    local lines = {}
    for d = 1, DELIVERIES do
        local items = {}
        for i = 1, PER_DELIVERY do
            items[i] = ('{"id":"v%05d","snippet":{"channelId":"UC%d","title":"Video %d","publishedAt":"2026-01-01T00:00:00Z"},'
                .. '"statistics":{"viewCount":"%d","likeCount":"%d"}}'):format(i, d % 7, i, d * 1000 + i, d)
        end
        lines[d] = ('{"platform":"youtube","fetched_at":"2026-03-%02dT%02d:00:00Z","body":{"kind":"youtube#videoListResponse","items":[%s]}}')
            :format(1 + d // 24, d % 24, table.concat(items, ","))
    end
    return table.concat(lines, "\n") .. "\n"
end

-- Seconds; where to aim the kills, not what to expect.
local function now()
    return tonumber(support.sh("date +%s.%N").out)
end

-- Whatever is there must be whole.
local whole = "SELECT count(*), coalesce(sum(inserted), 0), (SELECT count(*) FROM content_performance_metrics), "
    .. "count(*) FILTER (WHERE inserted <> (SELECT count(*) FROM content_performance_metrics m WHERE m.recorded_at = d.observed_at)) "
    .. "FROM tidemark.deliveries d"
local digest = "SELECT md5(string_agg(concat_ws(',', platform, external_id, recorded_at, views, likes), ';' ORDER BY external_id, recorded_at)) "
    .. "FROM content_performance_metrics"
local emptied = "TRUNCATE tidemark.quarantine, tidemark.deliveries, tidemark.posts, tidemark.accounts, tidemark.ai_changes, content, "
    .. "content_performance_metrics, archived_performance_metrics, ai_learning_patterns, content_style_analysis CASCADE"

describe("an ingest that is killed", function()
    it("leaves whole deliveries only, and a further run completes it", function()
        local p = support.project { pinned = true }
        p:write("all.ndjson", payloads())
        local begun = now()
        p:ok("ingest all.ndjson")
        local span = now() - begun
        local undisturbed = p:sql(digest)
        p:sql(emptied)
        local cut_short = 0
        for kill = 1, KILLS do
            -- Every second run begins with nothing, so that it lasts its whole span; the others go on from what a kill left.
            if kill % 2 == 0 then p:sql(emptied) end
            local r = p:run("ingest all.ndjson", { before = "timeout -s KILL " .. ("%.3f "):format(0.05 + random() * span * 0.8) })
            if r.code ~= 0 then cut_short = cut_short + 1 end
            local n, claimed, rows, torn = p:sql(whole):match("^(%d+)|(%d+)|(%d+)|(%d+)$")
            assert(torn == "0" and claimed == rows, ("kill %d: %s deliveries claim %s rows, %s are there, %s are torn"):format(kill, n,
                claimed, rows, torn))
            if tonumber(n) == DELIVERIES then
                assert.equal(undisturbed, p:sql(digest))
                p:sql(emptied)
            end
        end
        assert(cut_short >= KILLS // 4, cut_short .. " runs were killed in time: too few to prove anything")
        p:ok("ingest all.ndjson")
        assert.equal(undisturbed, p:sql(digest))
        assert.equal(("%d|%d"):format(DELIVERIES, DELIVERIES * PER_DELIVERY),
            p:sql("SELECT (SELECT count(*) FROM tidemark.deliveries), count(*) FROM content_performance_metrics"))
        p:close()
    end)
end)
