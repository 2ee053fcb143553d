-- Observations of accounts, and who the audience of a post was: where they go, and how they are counted.
local support = require("e2e.support")

local function has(text, wanted)
    assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

local plugin = [[
return {
  name = "tube", api = 1, about = "An invented platform.",
  parsers = {
    ["tube.users"] = {
      about = "users", match = { kind = "users" }, each = "items",
      account = { id = "id", handle = "name", metrics = { followers = "followers", videos = "videos" }, audience = "who" },
    },
    ["tube.mine"] = {
      about = "who watches a channel", match = { kind = "mine" },
      parse = function(doc, out) out.account{ audience = { country = doc.country } } end,
    },
    ["tube.clips"] = {
      about = "clips", match = { kind = "clips" }, each = "items",
      post = { id = "id", account = "by" }, counts = { views = "views", audience = { gender = "gender" } },
    },
  },
}
]]

local function users(at, ...)
    return ('{"platform":"tube","status":200,"fetched_at":"%s","body":{"kind":"users","items":[%s]}}'):format(at,
        table.concat({ ... }, ","))
end

describe("observations of accounts", function()
    local p
    before_each(function()
        if not p then
            p = support.project { pinned = true, name = "accounts" }
            p:write("plugins/tube/plugin.lua", plugin)
        end
        p:sql("TRUNCATE tidemark.quarantine, tidemark.deliveries, tidemark.posts, tidemark.account_snapshots, tidemark.accounts, "
            .. "content, content_performance_metrics CASCADE")
    end)
    teardown(function() p:close() end)

    it("are rows of their own: inserted, then unchanged, then updated by what is new at the same time", function()
        p:write("a.json", users("2026-03-01T10:00:00Z", '{"id":"u1","name":"@one","followers":"1200","who":{"DE":3}}', '{"id":"u2"}'))
        has(p:ok("ingest a.json"), "received 2 = inserted 1 + dropped 1 (account 1); 1 of them observations of accounts")
        assert.equal('u1|@one|2026-03-01 10:00:00+00|{"followers": 1200}|{"DE": 3}|tube.users',
            p:sql("SELECT s.external_id, a.handle, s.observed_at AT TIME ZONE 'UTC' || '+00', s.metrics, s.audience, s.parser "
                .. "FROM tidemark.account_snapshots s JOIN tidemark.accounts a USING (user_id, platform, external_id)"))
        assert.equal("u1,u2", p:sql("SELECT string_agg(external_id, ',' ORDER BY external_id) FROM tidemark.accounts"))
        has(p:ok("ingest a.json"), "1 delivery was taken before")
        p:write("b.json", users("2026-03-01T10:00:00Z", '{"id":"u1","followers":1200}', '{"id":"u1","followers":1200}'))
        has(p:ok("ingest b.json"), "received 2 = unchanged 1 + dropped 1 (duplicate 1)")
        p:write("c.json", users("2026-03-01T10:00:00Z", '{"id":"u1","videos":9,"who":{"AT":1}}'))
        has(p:ok("ingest c.json"), "received 1 = updated 1")
        assert.equal('{"videos": 9, "followers": 1200}|{"AT": 1, "DE": 3}',
            p:sql("SELECT metrics, audience FROM tidemark.account_snapshots"))
        p:write("d.json", users("2026-03-02T10:00:00Z", '{"id":"u1","followers":1300}'))
        has(p:ok("ingest --format json d.json"), '"accounts": 1')
        assert.equal("2", p:sql("SELECT count(*) FROM tidemark.account_snapshots"))
        assert.equal("0", p:sql("SELECT count(*) FROM content_performance_metrics"))
    end)

    it("of one batch and time are merged, and each delivery's counts add up", function()
        local lines = { users("2026-03-01T10:00:00Z", '{"id":"u1","followers":1}'),
            users("2026-03-01T10:00:00Z", '{"id":"u1","videos":2}'), users("2026-03-01T10:00:00Z", '{"id":"u1", "videos":2}') }
        has(p:ok("ingest -", { stdin = table.concat(lines, "\n") .. "\n" }), "received 3 = inserted 1 + updated 1 + unchanged 1")
        assert.equal('{"videos": 2, "followers": 1}', p:sql("SELECT metrics FROM tidemark.account_snapshots"))
    end)

    it("that name no account are of --account, or of the one for payloads that name none", function()
        p:write("m.json", '{"kind":"mine","country":{"DE":60.5}}')
        has(p:ok("ingest -p tube --at 2026-03-01T00:00:00Z --account me m.json"), "received 1 = inserted 1")
        has(p:ok("ingest -p tube --at 2026-03-02T00:00:00Z m.json"), "received 1 = inserted 1")
        assert.equal('-|{"country": {"DE": 60.5}}\nme|{"country": {"DE": 60.5}}',
            p:sql("SELECT external_id, audience FROM tidemark.account_snapshots ORDER BY external_id"))
    end)

    it("without an id where one is due go to quarantine", function()
        p:write("a.json", users("2026-03-01T10:00:00Z", '{"followers":1}', '{"id":"u1","followers":1}'))
        local r = p:run("ingest a.json")
        assert.equal(2, r.code)
        has(r.err, "a.json: item 0: no id of an account at 'id'")
        has(r.out, "received 2 = inserted 1 + quarantined 1")
    end)

    it("are shown by a dry run of everything, and do not stand among the posts of a plain one", function()
        p:write("a.json", users("2026-03-01T10:00:00Z", '{"id":"u1","name":"@one","followers":5,"videos":"x"}'))
        assert.equal('{"platform":"tube","account":"u1","handle":"@one","metrics":{"followers":5},"notes":"videos: \\"x\\" is no number",'
            .. '"kind":"account"}\n', p:ok("ingest --dry-run --whole a.json"))
        local r = p:run("ingest --dry-run --format ndjson a.json")
        assert.equal("", r.out)
        has(r.err, "received 1; 1 of them observations of accounts")
    end)

    it("and the audience of a post stands with its counts, whichever came first", function()
        p:write("a.json", '{"kind":"clips","items":[{"id":"c1","by":"u1","gender":{"female":60}}]}')
        p:write("b.json", '{"kind":"clips","items":[{"id":"c1","by":"u1","views":7}]}')
        has(p:ok("ingest -p tube --at 2026-03-01T00:00:00Z a.json"), "inserted 1")
        has(p:ok("ingest -p tube --at 2026-03-01T00:00:00Z b.json"), "updated 1")
        assert.equal('7|{"gender": {"female": 60}}', p:sql("SELECT views, audience_demographics FROM content_performance_metrics"))
        assert.equal("", p:ok("ingest -p tube --dry-run --format ndjson a.json"))
        has(p:ok("ingest -p tube --dry-run --whole a.json"), '"kind":"demographics","audience":{"gender":{"female":60}}}')
    end)
end)
