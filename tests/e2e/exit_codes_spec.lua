-- Every exit code a user can meet, each with the message that goes with it (docs/exit-codes.md).
local support = require("e2e.support")

local video = [[{"kind":"youtube#videoListResponse","items":[{"id":"aaaaaaaaaaa","snippet":{"channelId":"UC1","title":"One",
"publishedAt":"2026-03-01T10:00:00Z"},"statistics":{"viewCount":"10","likeCount":"2"}}]}]]
local quota = [[{"error":{"code":403,"message":"Daily limit","errors":[{"domain":"youtube.quota","reason":"quotaExceeded",
"message":"Daily limit"}]}}]]

local function has(text, wanted)
    assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

describe("exit codes", function()
    local p

    setup(function() p = support.project { pinned = true } end)
    teardown(function() p:close() end)

    local function expect(code, args, ...)
        local r = p:run(args)
        assert(r.code == code, ("exit %s, not %d: %s%s"):format(r.code, code, r.out, r.err))
        for _, text in ipairs { ... } do has(r.err, text) end
        return r
    end

    describe("64, usage", function()
        it("unknown words get the nearest match", function()
            expect(64, "imgest x.json", "unknown command 'imgest', did you mean 'ingest'?")
            expect(64, "ingest -p yuotube x.json", "unknown platform 'yuotube', did you mean 'youtube'?")
            expect(64, "ingest -p myspace x.json", "unknown platform 'myspace'; there are parsers for ")
            expect(64, "report patterns.topp", "unknown report 'patterns.topp', did you mean 'patterns.top'?")
            expect(64, "report nothing.like.it", "unknown report 'nothing.like.it'; \"tidemark report\" lists them")
            expect(64, "report --formt csv patterns.top", "unknown option --formt, did you mean --format?")
            expect(64, "report -z", "unknown option -z; tidemark report --help lists them")
            expect(64, "ingest", "which payloads? Name files or folders")
            expect(64, "ingest --platform", "--platform needs a value: PLATFORM")
            expect(64, "ingest --dry-run=1 x", "--dry-run takes no value")
            expect(64, "report patterns.top --color blue", "--color blue: must be always, never or auto")
            expect(64, "report patterns.top --tz Mars/Olympus", "--tz Mars/Olympus: there is no such time zone")
            expect(64, "report patterns.top --format xml", "unknown format 'xml': table, csv, json or ndjson")
            expect(64, "report patterns.top --as nobody", "unknown owner 'nobody' (owners: me; a UUID will do as well)")
            expect(64, "ingest --at yesterday x.json", "--at yesterday: not a time; write 2026-03-01T12:00:00Z or now-7d")
            expect(64, "db strat", "unknown verb 'db strat'")
            expect(64, "change add", "change add needs what changed")
            expect(64, "quarantine show xyz", "give the last 6 or more characters of an id")
            expect(64, "doctor now", "doctor takes no argument 'now'")
            expect(64, "init .", "is there already: this folder is a project; nothing was changed")
        end)

        it("a wrong --var names the report's variables", function()
            expect(64, "report content.top --var dayz=3", "unknown variable 'dayz', did you mean 'days'?")
            expect(64, "report content.top --var days=x", "days=x", "whole number")
            expect(64, "report content.top --var days", "--var days: write it as name=value")
        end)

        it("several owners and no default: the list", function()
            p:write("several/tidemark.lua", [[return { owners = { a = "01890f3e-7b3a-7cc2-98c4-dc0c0c07398f",
                b = "01890f3e-7b3a-7cc2-98c4-dc0c0c07398e" } }]])
            local r = p:run("report patterns.top --project several")
            assert.equal(64, r.code)
            has(r.err, "whose data? Name the owner with --owner or --as: a, b")
        end)
    end)

    describe("65, bad input, nothing taken", function()
        it("missing, empty and oversized files, and folders without payloads", function()
            p:write("empty.json", "")
            p:write("blank.json", " \n")
            p:write("folder/readme.txt", "no payload")
            p:write("big.json", '{"a":"' .. ("x"):rep(17 * 1024 * 1024) .. '"}')
            expect(65, "ingest -p youtube gone.json", "gone.json: No such file or directory")
            expect(65, "ingest -p youtube empty.json", "empty.json: is empty")
            expect(65, "ingest -p youtube blank.json", "blank.json: holds nothing but blanks")
            expect(65, "ingest -p youtube big.json", "big.json: document of 17 MiB is larger than 16 MiB")
            expect(65, "ingest -p youtube folder", "folder: no payloads in this folder")
        end)

        it("a file of 200 MB on a single line", function()
            local big = p.dir .. "/200mb.json"
            os.execute("{ printf '{\"a\":\"'; head -c 200000000 /dev/zero | tr '\\0' x; printf '\"}'; } > " .. support.quote(big))
            local r = p:run("ingest -p youtube 200mb.json")
            os.remove(big)
            assert.equal(65, r.code)
            has(r.err, "document of 191 MiB is larger than 16 MiB")
        end)

        it("not JSON, with line and column", function()
            p:write("comma.json", '{\n  "items": [\n    1,\n  ]\n}\n')
            p:write("cut.json", '{"title": "caf\xC3')
            p:write("page.json", "<html>502 Bad Gateway</html>")
            expect(65, "ingest -p youtube comma.json", "comma.json: line 4, column 3")
            expect(65, "ingest -p youtube cut.json", "cut.json: line 1, column 15", "UTF-8")
            expect(65, "ingest -p youtube page.json", "is neither JSON nor CSV: it begins with '<'")
        end)

        it("nested 100,000 deep", function()
            p:write("deep.json", ("["):rep(100000) .. ("]"):rep(100000))
            expect(65, "ingest -p youtube deep.json", "deep.json: ", "64 levels")
        end)

        it("an error envelope, with the platform's own reason", function()
            p:write("quota.json", quota)
            expect(65, "ingest -p youtube quota.json", "quota.json: quotaExceeded: Daily limit")
            expect(65, "ingest quota.json", "quotaExceeded")
            local list = p:ok("quarantine list --format csv")
            has(list, "quotaExceeded")
        end)

        it("a payload that no parser knows", function()
            p:write("odd.json", '{"hello": "world"}')
            expect(65, "ingest -p youtube odd.json", "odd.json: no parser of youtube knows this payload")
        end)
    end)

    it("2 when the same stands beside good ones", function()
        p:write("mixed/good.json", video)
        p:write("mixed/bad.json", quota)
        local r = expect(2, "ingest -p youtube mixed", "quotaExceeded", "what could not be taken is kept: tidemark quarantine list")
        has(r.out, "inserted 1")
        has(r.out, "quarantined 1")
        expect(2, "ingest -p youtube mixed gone.json", "gone.json: No such file or directory")
    end)

    it("0 for a replay, and for a payload with accounts only", function()
        p:write("once.json", (video:gsub("aaaaaaaaaaa", "bbbbbbbbbbb")))
        has(expect(0, "ingest -p youtube once.json").out, "inserted 1")
        has(expect(0, "ingest -p youtube once.json").out, "1 delivery was taken before")
        p:write("channels.json", [[{"kind":"youtube#channelListResponse","items":[{"kind":"youtube#channel","id":"UC1",
            "snippet":{"title":"C","customUrl":"@c"},"statistics":{"viewCount":"1","subscriberCount":"2"}}]}]])
        has(expect(0, "ingest -p youtube channels.json").out, "inserted 1; 1 of them observations of accounts")
    end)

    describe("69, the database cannot be had", function()
        it("unreachable", function()
            expect(69, "report patterns.top --database 'host=/nowhere/at/all dbname=x'", "cannot connect", "/nowhere/at/all")
            expect(69, "report patterns.top --database 'postgresql://u:secret@127.0.0.1:1/x'", "cannot connect")
        end)

        it("a wrong password", function()
            local r = support.sh(([[TIDEMARK_PG_TCP=1 %s bash -c '"$0" report patterns.top --project "$1" --database ]]
                .. [["postgresql://$PGUSER:wrong-one@127.0.0.1:$PGPORT/$PGDATABASE"' %s %s]])
                :format(support.quote(support.source .. "/tests/lib/with-postgres"), support.quote(support.bin), support.quote(p.dir)))
            assert(r.code == 69, ("exit %s\n%s%s"):format(r.code, r.out, r.err))
            has(r.err, "password authentication failed")
            assert.is_nil(r.err:find("wrong-one", 1, true))
        end)

        it("never shows the password", function()
            local r = p:run("report patterns.top --database 'postgresql://u:secret@127.0.0.1:1/x'")
            assert.is_nil((r.out .. r.err):find("secret", 1, true))
        end)
    end)

    describe("78, config, schema or plugin", function()
        it("a database that is not ours", function()
            p:ok({ "db", "psql", "-q", "-c", "CREATE DATABASE foreign_one" })
            p:ok({ "db", "psql", "-q", "-c", "\\c foreign_one", "-c", "CREATE TABLE content (id int)" })
            local socket = p:places().socket
            local uri = ("host=%s user=tidemark dbname=foreign_one"):format(socket)
            expect(78, { "report", "patterns.top", "--database", uri }, "tidemark db migrate")
            expect(78, { "db", "migrate", "--database", uri }, "public.content", "is there already")
        end)

        it("a newer schema", function()
            local q = support.project { pinned = true }
            q:sql("INSERT INTO tidemark.schema_migrations SELECT (jsonb_populate_record(m, '{\"version\": 9999, \"name\": \"future\"}')).* "
                .. "FROM tidemark.schema_migrations m LIMIT 1")
            local r = q:run("report patterns.top")
            q:close()
            assert.equal(78, r.code)
            has(r.err, "newer")
        end)

        it("no project, and bad config with file and line", function()
            local f = support.folder()
            local r = f:run("report patterns.top")
            assert.equal(78, r.code)
            has(r.err, 'no tidemark.lua here or above: type "tidemark init"')
            f:write("tidemark.lua", "return {\n  databse = 'x',\n  owners = { me = 'no uuid' },\n}\n")
            r = f:run("report patterns.top")
            assert.equal(78, r.code)
            has(r.err, "tidemark.lua:2: databse: unknown key, did you mean 'database'?")
            has(r.err, "tidemark.lua:3: owners.me: must be a UUID")
            f:write("tidemark.lua", "return {\n  owners = {\n")
            r = f:run("report patterns.top")
            assert.equal(78, r.code)
            has(r.err, "tidemark.lua:")
            f:close()
        end)

        it("a plugin with a syntax error, or with mistakes, all of them", function()
            local q = support.project()
            q:write("plugins/broken.lua", "return {\n  name = 'broken'\n  api = 1,\n}\n")
            local r = q:run("ingest --dry-run x.json")
            assert.equal(78, r.code)
            has(r.err, "plugins/broken.lua:3:")
            q:write("plugins/broken.lua", 'return {\n  name = "broken", api = 1, about = "b",\n  parsers = { ["broken.x"] = {\n'
                .. '    matsch = {},\n    post = { id = 7 },\n  } },\n}\n')
            r = q:run("ingest --dry-run x.json")
            assert.equal(78, r.code)
            has(r.err, "plugins/broken.lua:4:")
            has(r.err, "matsch: unknown key, did you mean 'match'?")
            has(r.err, "plugins/broken.lua:5:")
            q:close()
        end)
    end)

    it("76, a plugin that loops or allocates for ever, and the others go on", function()
        local q = support.project()
        q:write("plugins/bad.lua", [[
return { name = "bad", api = 1, about = "Runs for ever.", parsers = {
  ["bad.loop"] = { match = { loop = true }, parse = function() while true do pcall(error) end end },
  ["bad.eat"] = { match = { eat = true }, parse = function() local t = {} while true do t[#t + 1] = ("x"):rep(1000000) .. #t end end },
  ["bad.raise"] = { match = { raise = true }, parse = function(doc) return doc.raise.nothing.there end },
} }]])
        q:write("loop.json", '{"loop": 1}')
        q:write("eat.json", '{"eat": 1}')
        q:write("raise.json", '{"raise": 1}')
        q:write("good.json", video)
        local r = q:run("ingest --dry-run --format ndjson -p bad loop.json")
        assert.equal(76, r.code)
        has(r.err, "loop.json: ")
        has(r.err, "bad.loop")
        has(r.err, "used more than 200 ms of CPU")
        local config = support.read(q.dir .. "/tidemark.lua")
        q:write("tidemark.lua", (config:gsub("\n}%s*$", "\n  limits = { call_ms = 60000 },\n}\n"))) -- memory is to be hit first
        r = q:run("ingest --dry-run --format ndjson -p bad eat.json")
        q:write("tidemark.lua", config)
        assert.equal(76, r.code)
        has(r.err, "used more than 64 MiB of memory")
        r = q:run("ingest --dry-run --format ndjson -p bad raise.json")
        assert.equal(76, r.code)
        has(r.err, "plugins/bad.lua:4")
        r = q:run("ingest --dry-run --format ndjson loop.json good.json")
        assert.equal(76, r.code)
        has(r.out, '"external_id":"aaaaaaaaaaa"')
        q:close()
    end)

    it("1, drift or pending migrations in db status", function()
        local q = support.project { pinned = true }
        assert.equal(0, q:run("db status").code)
        q:sql("DROP INDEX public.idx_trend_type")
        local r = q:run("db status")
        assert.equal(1, r.code)
        has(r.out, "idx_trend_type")
        local empty = "CREATE DATABASE fresh"
        q:sql(empty)
        r = q:run({ "db", "status", "--database", ("host=%s user=tidemark dbname=fresh"):format(q:places().socket) })
        assert.equal(1, r.code)
        has(r.out, "pending")
        q:close()
    end)
end)
