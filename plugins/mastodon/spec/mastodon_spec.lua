local testkit = require("tidemark.testkit")

local mastodon = testkit.plugin()
local named = { platform = "mastodon" }
local function parse(name, doc, input) return testkit.parse(name, doc, input) end
local function match(name, doc, input) return testkit.match(name, doc, input) end
local function fixture(name) return testkit.fixture(name) end

local function status(fields)
  local v = { id = "1", favourites_count = 2, reblogs_count = 3, replies_count = 4, account = { id = "9", acct = "madeup" } }
  for name, value in pairs(fields or {}) do v[name] = value end
  return v
end
local function context(...) return { ancestors = { ... }, descendants = testkit.doc("[]") } end

describe("a status", function()
  it("counts boosts, and quotes where the server has them, as shares", function()
    assert.equal(3, parse("mastodon.status", fixture("status.json")).rows[1].counts.shares)
    assert.equal(7, parse("mastodon.status", fixture("status_quotes.json")).rows[1].counts.shares)
  end)

  it("has no views and no saves, and what was not sent is not zero", function()
    local counts = parse("mastodon.statuses", fixture("statuses.json")).rows[2].counts
    assert.same({}, { counts.views, counts.saves, counts.shares })
    assert.equal(0, counts.likes)
  end)

  it("is not there for a boost, and the one that was boosted is not taken either", function()
    local out = parse("mastodon.statuses", fixture("statuses.json"))
    assert.same({ boost = 1 }, out.drops)
    assert.same({ "112000000000000004", "112000000000000005" }, testkit.ids(out))
  end)

  it("is the same through the description and through code", function()
    for _, name in ipairs { "status.json", "status_quotes.json" } do
      local declared = parse("mastodon.status", fixture(name)).rows[1]
      local coded = parse("mastodon.context", context(fixture(name))).rows[1]
      for _, field in ipairs { "likes", "shares", "comments" } do
        assert.equal(declared.counts[field], coded.counts[field], field)
      end
      for _, field in ipairs { "id", "account", "caption", "url", "published_at", "media_kind" } do
        assert.equal(declared.post[field], coded.post[field], field)
      end
    end
  end)

  it("makes no sum that is more than a count can be, and none of what is no count", function()
    local function shares(boosts, quotes)
      return parse("mastodon.context", context(status { reblogs_count = boosts, quotes_count = quotes })).rows[1].counts.shares
    end
    assert.equal("float", math.type(shares(math.maxinteger, 1)))
    assert.equal("many", shares("many", 1))
    assert.equal(5, shares(testkit.null, 5))
  end)
end)

describe("a thread", function()
  it("has what went before and what came after", function()
    assert.same({ "112000000000000001", "112000000000000006", "112000000000000007" },
      testkit.ids(parse("mastodon.context", fixture("context.json"))))
    assert.truthy(match("mastodon.context", fixture("context_up.json")))
  end)

  it("quarantines a status without an id, and what is no status, and keeps the others", function()
    local out = parse("mastodon.context", context(status(), status { id = testkit.null }, 7))
    assert.equal(1, #out.rows)
    assert.same({ "missing_id", "bad_shape" }, { out.bads[1].code, out.bads[2].code })
  end)
end)

describe("a streaming connection", function()
  it("gives statuses as JSON text; deletions are no content", function()
    local docs = testkit.lines("events.jsonl")
    assert.equal("112000000000000012", parse("mastodon.event", docs[1]).rows[1].post.id)
    assert.same({ event = 1 }, parse("mastodon.event", docs[2]).drops)
  end)

  it("quarantines text that is no JSON", function()
    local out = parse("mastodon.event", { stream = { "user" }, event = "update", payload = "{" })
    assert.equal("bad_shape", out.bads[1].code)
  end)
end)

describe("what is no content", function()
  it("is counted by what it is", function()
    for name, expected in pairs {
      account = { "account.json", { account = 1 } }, accounts = { "accounts.json", { account = 2 } },
      notifications = { "notifications.json", { notification = 1 } }, conversations = { "conversations.json", { message = 1 } },
      scheduled = { "scheduled.json", { unpublished = 1 } }, history = { "history.json", { history = 1 } },
      reference = { "tags.json", { reference = 1 } },
    } do
      assert.truthy(match("mastodon." .. name, fixture(expected[1]), named), name)
      local out = parse("mastodon." .. name, fixture(expected[1]))
      assert.same(expected[2], out.drops)
      assert.same({}, out.rows)
    end
    assert.same({ account = 1, reference = 1 }, parse("mastodon.search", fixture("search.json")).drops)
  end)
end)

describe("what could be anybody's", function()
  it("is taken where Mastodon was named or the request says so", function()
    local doc = fixture("error_not_found.json")
    assert.falsy(match("mastodon.error", doc))
    assert.truthy(match("mastodon.error", doc, named))
    assert.truthy(match("mastodon.error", doc, { url = "https://social.example/api/v1/statuses/1" }))
    assert.falsy(match("mastodon.empty", testkit.doc("[]")))
    assert.truthy(match("mastodon.empty", testkit.doc("[]"), named))
  end)

  it("keeps an error's text in its language, with the status for a code", function()
    assert.same({ code = "404", text = "Record not found" },
      parse("mastodon.error", fixture("error_not_found.json"), { status = 404 }).refused)
    assert.equal("この操作は許可されていません", parse("mastodon.error", fixture("error_japanese.json")).refused.text)
    assert.equal("invalid_grant", parse("mastodon.error", fixture("error_token.json")).refused.code)
  end)

  it("is no other platform's payload", function()
    assert.same({}, testkit.foreign_claims({ "youtube", "tiktok", "instagram", "x", "bluesky", "reddit", "pinterest",
                                             "linkedin" }))
  end)
end)

describe("the plugin", function()
  it("meets the contract", function()
    local contract = require("tidemark.contract")
    local ok, mistakes = contract.check(mastodon, { name = "mastodon" })
    assert.truthy(ok, mistakes and contract.format(mistakes, "plugin.lua"))
  end)
end)

describe("what the host yields", function()
  testkit.goldens() -- recorded by: tidemark plugin test mastodon --record
end)
