-- One post under several ids, one work on several platforms: from payloads and by hand, on a real server.
local support = require("e2e.support")

local function has(text, wanted)
    assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

-- A platform that gives an edited post a new id, and sends maps of ids.
local plugin = [[return { name = "dual", api = 1, about = "A platform of posts with several ids.", parsers = {
  ["dual.posts"] = { about = "posts", match = { posts = true }, each = "posts",
    post = { id = "id", aliases = "ids", title = "title", published_at = "at", url = "url" , features = { mood = "mood" } },
    counts = { views = "views", likes = "likes" }, account = { id = "by" } },
  ["dual.map"] = { about = "ids", match = { map = true }, each = "map", skip = "id-map", same = { id = "a", aliases = "b" } },
} }
]]

local posts = "SELECT string_agg(concat_ws(' ', external_id, to_char(published_at, 'DD')), ',' ORDER BY external_id) FROM tidemark.posts"
local snapshots = "SELECT string_agg(concat_ws(' ', external_id, to_char(recorded_at, 'DD'), views, likes), ',' "
    .. "ORDER BY external_id, recorded_at) FROM content_performance_metrics"
local aliases = "SELECT string_agg(alias || '>' || external_id, ',' ORDER BY alias) FROM tidemark.post_aliases"

describe("identity", function()
    local p

    -- Documents of one day, through the parser; day is that of observation.
    local function take(day, body, options)
        p:write("in.json", body)
        return p:ok(("ingest -p dual --at 2026-03-%02dT12:00:00Z %s in.json"):format(day, options or ""))
    end

    local function post(id, ids, views, day, more)
        return ('{"posts":[{"id":"%s","ids":[%s],"views":%d,"at":"2026-03-%02dT08:00:00Z","title":"Post %s"%s}]}')
            :format(id, ids, views, day, id, more or "")
    end

    setup(function()
        p = support.project { pinned = true }
        p:write("plugins/dual.lua", plugin)
    end)
    before_each(function()
        p:sql("TRUNCATE tidemark.quarantine, tidemark.deliveries, tidemark.posts, tidemark.accounts, tidemark.post_aliases, "
            .. "tidemark.content_merges, tidemark.identity_marks, tidemark.content_at_age, content, content_performance_metrics, "
            .. "archived_performance_metrics, tidemark.archive_batches CASCADE")
    end)
    teardown(function() p:close() end)

    it("writes a post that was edited under the id it had first", function()
        take(2, post("1", "", 10, 1))
        take(4, post("3", '"1","2"', 30, 3))
        take(5, post("2", "", 20, 2))
        assert.equal("1 02 10,1 04 30,1 05 20", p:sql(snapshots))
        assert.equal("1 01", p:sql(posts)) -- published when it was published first
        assert.equal("2>1,3>1", p:sql(aliases))
        assert.equal("Post 2|1", p:sql("SELECT title, count(*) OVER () FROM content"))
    end)

    it("puts together what was seen apart, and loses nothing", function()
        take(2, post("1", "", 10, 1, ',"likes":1,"mood":"calm","by":"A"'))
        take(3, post("3", "", 30, 3, ',"url":"https://d.example/3"'))
        take(4, post("1", "", 40, 1))
        take(4, post("3", "", 41, 3, ',"likes":4'))
        p:sql("UPDATE content_performance_metrics SET platform_metrics = platform_metrics || '{\"kept\": 1}' WHERE views = 41")
        assert.equal("2", p:sql("SELECT count(*) FROM content"))
        take(5, post("3", '"1"', 50, 3))
        assert.equal("1 02 10 1,1 03 30,1 04 40 4,1 05 50", p:sql(snapshots))
        assert.equal('{"3": {"likes": 4, "views": 41}}|1',
            p:sql("SELECT platform_metrics -> '_merged', platform_metrics -> 'kept' FROM content_performance_metrics WHERE views = 40"))
        assert.equal("1 01", p:sql(posts))
        assert.equal("calm|https://d.example/3", p:sql("SELECT features ->> 'mood', url FROM tidemark.posts"))
        assert.equal("1|1", p:sql("SELECT (SELECT count(*) FROM content), count(DISTINCT content_id) FROM content_performance_metrics"))
        assert.equal("Post 3|alias|[[\"dual\", \"3\"]]", p:sql("SELECT title, reason, posts FROM tidemark.content_merges"))
        assert.equal("https://d.example/3", p:sql("SELECT was ->> 'url' FROM tidemark.post_aliases"))
    end)

    it("takes maps of ids, before the posts and after them", function()
        has(take(1, '{"map":[{"a":"u1","b":"s1"}]}'), "dropped 1 (id-map 1)")
        take(2, post("s1", "", 10, 1))
        assert.equal("u1 01", p:sql(posts))
        take(2, post("s2", "", 20, 2))
        take(3, post("u2", "", 21, 2))
        take(4, '{"map":[{"a":"u2","b":"s2"},{"a":"u2","b":"x2"},{"a":"u1","b":"u1"}]}')
        assert.equal("s2 02 20,s2 03 21,u1 02 10", p:sql(snapshots))
        assert.equal("s1>u1,u2>s2,x2>s2", p:sql(aliases))
    end)

    it("brings ids together that one payload holds in any order, in one batch", function()
        p:write("in/1.json", '{"posts":[{"id":"5","views":1},{"id":"6","ids":"5","views":2},{"id":"7","ids":["6"],"views":3}]}')
        p:write("in/2.json", '{"posts":[{"id":"6","views":9}]}')
        has(p:ok("ingest -p dual --at 2026-03-01T12:00:00Z in"), "received 4")
        assert.equal("1|1", p:sql("SELECT count(*), count(DISTINCT external_id) FROM content_performance_metrics"))
        assert.equal("1", p:sql("SELECT count(*) FROM tidemark.posts"))
        os.execute("rm -rf " .. support.quote(p.dir .. "/in"))
    end)

    it("keeps readings at fixed ages and the archive's checksums right", function()
        take(2, post("1", "", 10, 1))
        take(3, post("3", "", 30, 1))
        p:sql("SELECT tidemark.refresh_at_age(user_id, '2026-03-20') FROM tidemark.accounts LIMIT 1")
        p:sql("SELECT tidemark.archive_performance_data('2026-03-15', NULL)")
        local sums = "SELECT (SELECT sum(checksum) FROM tidemark.archive_batches) = sum(hashtextextended(jsonb_build_array(a.platform, "
            .. "a.external_id, a.metric_window, a.window_start, a.recorded_at, a.content_id, a.views, a.likes, a.shares, a.comments, "
            .. "a.saves, a.average_watch_time)::text, 0)) FROM archived_performance_metrics a"
        p:sql("SET timezone = 'UTC'")
        take(16, post("3", '"1"', 50, 1))
        assert.equal("t", p:sql("SET timezone = 'UTC'; " .. sums):match("[tf]$"))
        assert.equal("1", p:sql("SELECT count(DISTINCT external_id) FROM archived_performance_metrics"))
        p:sql("SELECT tidemark.refresh_at_age(user_id, '2026-03-20') FROM tidemark.accounts LIMIT 1")
        assert.equal("24 10 observed", p:sql("SELECT concat_ws(' ', age_h, views, basis) FROM tidemark.content_at_age WHERE age_h = 24"))
    end)
end)
