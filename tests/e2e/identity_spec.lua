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

    -- Posts of three platforms, each a work of its own; the second has no title.
    local function three()
        p:write("in/1.json", '{"posts":[{"id":"a1","views":1,"title":"On dual","at":"2026-03-01","url":"https://www.dual.example/p/a1?utm_source=x"}]}')
        p:write("in/2.json", '{"kind":"youtube#videoListResponse","items":[{"id":"-bcdefghijk","snippet":{"publishedAt":"2026-03-02T00:00:00Z"},"statistics":{"viewCount":"2"}}]}')
        p:write("in/3.json", '{"data":{"videos":[{"id":7777777777777777777,"view_count":3,"create_time":1772500000}]},"error":{"code":"ok"}}')
        return p:ok("ingest --at 2026-03-05T00:00:00Z in")
    end
    local works = "SELECT string_agg(t, ' | ' ORDER BY t) FROM (SELECT string_agg(p.external_id, '+' ORDER BY p.external_id) || ' ' || "
        .. "coalesce(c.title, '') || ' ' || (SELECT count(*) FROM content_performance_metrics m WHERE m.content_id = c.id) AS t "
        .. "FROM content c JOIN tidemark.posts p ON p.content_id = c.id GROUP BY c.user_id, c.id, c.title) w"

    it("links posts of several platforms, shows the work, and takes it apart again", function()
        three()
        local link = "content link youtube:-bcdefghijk https://dual.example/p/a1/ https://www.tiktok.com/@me/video/7777777777777777777"
        local shown = p:ok(link)
        has(shown, "On dual (")
        has(shown, "-bcdefghijk")
        has(shown, "7777777777777777777")
        assert.equal("-bcdefghijk+7777777777777777777+a1 On dual 3", p:sql(works))
        local id = p:sql("SELECT content_id FROM tidemark.content_merges WHERE title = 'On dual'")
        p:ok(link) -- nothing left to do
        assert.equal("2", p:sql("SELECT version FROM tidemark.identity_marks"))
        -- the id it had leads to the work, and a later payload joins it there
        has(p:ok("content show " .. id .. " --format csv"), "dual,a1,,")
        p:write("in.json", '{"posts":[{"id":"a1","views":9,"title":"On dual, later"},{"id":"a2","views":1}]}')
        p:ok("ingest --at 2026-03-06T00:00:00Z --content " .. id .. " in.json")
        assert.equal("-bcdefghijk+7777777777777777777+a1+a2 On dual, later 5", p:sql(works))
        has(p:ok("content list"), "dual, tiktok, youtube")
        has(p:ok("content unlink dual:a1 a2"), "dual:a1 has a work of its own now")
        assert.equal("-bcdefghijk+7777777777777777777 On dual, later 2 | a1 On dual 2 | a2 On dual, later 1", p:sql(works))
        assert.equal(id, p:sql("SELECT content_id FROM tidemark.posts WHERE external_id = 'a1'"))
        has(p:ok("content unlink dual:a1"), "already")
    end)

    it("says what it cannot find, and what a wrong word was meant to be", function()
        p:ok("ingest --at 2026-03-05T00:00:00Z in/1.json")
        for args, text in pairs {
            ["content link dual:a1 tiktok:1"] = "nothing is called tiktok:1: write platform:id, the post's address, or a content's id",
            ["content link dual:a1"] = "content link needs what is one work",
            ["content"] = "content needs a verb: link POST…, unlink POST…, show POST, or list",
            ["content lnk a b"] = "unknown verb 'content lnk', did you mean 'link'?",
            ["content show"] = "content show needs one post",
            ["content show 00000000-0000-4000-8000-000000000000"] = "nothing is called 00000000",
            ["content list a"] = "content list takes no argument 'a'",
            ["content unlink"] = "content unlink needs a post",
            ["content show a1 --title T"] = "--title, --key and --manifest go with content link",
            ["content link --manifest m.json a"] = "takes posts, titles and keys from the file alone",
        } do
            local r = p:run(args)
            assert.equal(64, r.code, args)
            has(r.err, text)
        end
    end)

    it("links what a manifest beside the payloads lists, now and later", function()
        p:write("in/tidemark.content.json", [[{"works": [{"key": "spring", "title": "Spring launch",
            "posts": ["dual:a1", "https://youtu.be/-bcdefghijk", "tiktok:7777777777777777777"]}]}]])
        local r = p:run("ingest --at 2026-03-05T00:00:00Z in/1.json")
        assert.equal(0, r.code)
        has(r.err, "2 posts are not here yet, linked by a later ingest: https://youtu.be/-bcdefghijk, tiktok:7777777777777777777")
        three()
        assert.equal("-bcdefghijk+7777777777777777777+a1 Spring launch 3", p:sql(works))
        p:write("in.json", '{"posts":[{"id":"a1","views":9,"title":"From a payload"}]}')
        p:ok("ingest --at 2026-03-07T00:00:00Z in.json")
        assert.equal("-bcdefghijk+7777777777777777777+a1 Spring launch 4", p:sql(works))
        has(p:ok("content show work:spring"), "Spring launch (spring, ")
        p:write("in/tidemark.content.csv", "work,post\nspring,dual:a1\nother,dual:a1\n")
        r = p:run("ingest --at 2026-03-05T00:00:00Z in")
        assert.equal(2, r.code)
        has(r.err, "in/tidemark.content.csv: dual:a1 stands in two works: one post belongs to one work")
        os.remove(p.dir .. "/in/tidemark.content.csv")
        os.remove(p.dir .. "/in/tidemark.content.json")
    end)
end)
