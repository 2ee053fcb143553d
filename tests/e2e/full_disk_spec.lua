-- A disk that fills during an ingest: exit 75 with the reason, what was committed stays, and with room again the rest comes.
-- (A disk too small for a new database is tried in embedded_spec.) Needs root, for a small file system of its own.
local support = require("e2e.support")

describe("a full disk", function()
    it("during ingest says so, keeps what was committed, and goes on when there is room", function()
        if not support.is_root then return pending("only root can mount a small file system") end
        local p = support.project()
        local data = p:places().data
        local home = data:match("^/var/lib/tidemark/%x+")
        assert(home, "unexpected data folder: " .. data)
        assert.equal(0, support.sh("mkdir -p " .. home .. " && mount -t tmpfs -o size=120m,mode=755 tmpfs " .. home).code)
        finally(function()
            p:run("db stop")
            support.sh("umount -l " .. home)
            p:close()
        end)
        p:ok("db start")
        local lines = {}
        local pad = ("x"):rep(400)
        for d = 1, 150 do
            local items = {}
            for i = 1, 200 do
                items[i] = ('{"id":"v%03d%08d","snippet":{"channelId":"UC1","title":"%s%d"},"statistics":{"viewCount":"%d"}}')
                    :format(d, i, pad, d * i, d * i)
            end
            lines[d] = ('{"platform":"youtube","fetched_at":"2026-03-01T00:00:%02dZ","body":{"kind":"youtube#videoListResponse","items":[%s]}}')
                :format(d % 60, table.concat(items, ","))
        end
        p:write("all.ndjson", table.concat(lines, "\n") .. "\n")
        local r = p:run("ingest all.ndjson")
        assert(r.code == 75, ("exit %s\n%s%s"):format(r.code, r.out, r.err))
        assert(r.err:find("full", 1, true), r.err)
        assert.equal(0, support.sh("mount -o remount,size=900m " .. home).code)
        p:run("db stop")
        p:ok("db start")
        p:ok("ingest all.ndjson")
        assert.equal("30000|150", p:sql("SELECT count(*), (SELECT count(*) FROM tidemark.deliveries) FROM content_performance_metrics"))
    end)
end)
