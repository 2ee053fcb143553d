local testkit = require("tidemark.testkit")

local threads = testkit.plugin()
local named = { platform = "threads" }
local function match(name, doc, input) return testkit.match(name, doc, input) end
local function parse(name, doc, input) return testkit.parse(name, doc, input) end
local function fixture(name) return testkit.fixture(name) end

local function metric(name, value, period)
  period = period or "lifetime"
  return { name = name, period = period, values = { { value = value } }, id = "18/insights/" .. name .. "/" .. period }
end
local function insights(list, input) return parse("threads.insights", { data = list }, input) end

describe("threads.insights", function()
  it("adds reposts, quotes and shares up, and keeps each", function()
    local counts = parse("threads.insights", fixture("insights.json")).rows[1].counts
    assert.same({ 5200, 310, 12, 11 }, { counts.views, counts.likes, counts.comments, counts.shares })
    assert.same({ reposts = 7, quotes = 0, shares = 4 }, counts.extra)
  end)

  it("knows nothing of shares where none of the three came", function()
    assert.is_nil(insights({ metric("likes", 1) }).rows[1].counts.shares)
  end)

  it("takes the post's id out of the metric's, else out of the request, else the one given by hand", function()
    assert.equal("18", insights({ metric("likes", 1) }).rows[1].post.id)
    local bare = { name = "likes", period = "lifetime", values = { { value = 1 } } }
    assert.equal("19", insights({ bare }, { url = "https://graph.threads.net/v1.0/19/insights" }).rows[1].post.id)
    assert.equal("20", insights({ bare }, { content = "20" }).rows[1].post.id)
  end)

  it("quarantines the whole answer where no post is named, so that it can be taken again", function()
    local function bare(name) return { name = name, period = "lifetime", values = { { value = 9 } } } end
    local out = insights({ bare("likes"), bare("reposts") })
    assert.same({}, out.rows)
    assert.equal(1, #out.bads)
    assert.equal("missing_id", out.bads[1].code)
    assert.truthy(out.bads[1].text:find("--content", 1, true))
  end)

  it("makes no row of an account's numbers, whichever of the forms a value has", function()
    local out = parse("threads.insights", fixture("user_insights.json"))
    assert.same({}, out.rows)
    assert.same({}, out.bads)
  end)

  it("is guessed only from names that no other platform has, an address, or the platform", function()
    assert.truthy(match("threads.insights", { data = { metric("likes", 1), metric("quotes", 1) } }))
    local shared = { data = { metric("likes", 1), metric("replies", 1) } }
    assert.falsy(match("threads.insights", shared))
    assert.truthy(match("threads.insights", shared, named))
    shared.paging = { next = "https://graph.threads.net/v1.0/1/threads_insights" }
    assert.truthy(match("threads.insights", shared))
    assert.falsy(match("threads.insights", { data = { metric("likes", 1), metric("saved", 1) } }, named))
  end)
end)

describe("threads.media", function()
  it("takes posts, and drops what was only reposted", function()
    local out = parse("threads.media", fixture("media.json"))
    assert.same({ "18000000000000001", "18000000000000003" }, testkit.ids(out))
    assert.same({ repost = 1 }, out.drops)
  end)

  it("takes an account's own replies and drops other people's", function()
    local out = parse("threads.media", fixture("replies.json"))
    assert.same({ "18000000000000005" }, testkit.ids(out))
    assert.same({ comment = 1 }, out.drops)
  end)

  it("drops the replies of a request for them", function()
    local doc, input = fixture("replies_asked.json")
    assert.truthy(match("threads.replies", doc, input) > match("threads.media", doc, input))
    assert.falsy(match("threads.replies", doc, { url = "https://graph.threads.net/v1.0/me/replies" }))
    assert.same({ comment = 2 }, parse("threads.replies", doc, input).drops)
  end)

  it("takes text and time alone for a post only where Threads was named", function()
    local doc = { id = "1", text = "hello", timestamp = "2026-01-01T00:00:00+0000" }
    assert.falsy(match("threads.media", doc))
    assert.truthy(match("threads.media", doc, named))
  end)
end)

describe("threads.error", function()
  it("names code and subcode, and is sure by its type", function()
    local out = parse("threads.error", fixture("error.json"))
    assert.equal("100/33", out.refused.code)
    assert.truthy(match("threads.error", fixture("error.json")))
    assert.falsy(match("threads.error", { error = { code = 190, type = "OAuthException", fbtrace_id = "A" } }))
  end)
end)

describe("recognising", function()
  it("takes profiles and limits for what they are", function()
    assert.truthy(match("threads.accounts", fixture("profile.json")))
    assert.truthy(match("threads.reference", fixture("reference.json")))
    assert.falsy(match("threads.empty", testkit.doc('{"data": []}')))
    assert.truthy(match("threads.empty", testkit.doc('{"data": []}'), named))
  end)

  it("takes no other platform's payload", function()
    assert.same({}, testkit.foreign_claims({ "youtube", "tiktok", "instagram", "facebook", "x" }))
  end)
end)

describe("the plugin", function()
  it("meets the contract", function()
    local contract = require("tidemark.contract")
    local ok, mistakes = contract.check(threads, { name = "threads" })
    assert.truthy(ok, mistakes and contract.format(mistakes, "plugin.lua"))
  end)
end)

describe("what the host yields", function()
  testkit.goldens() -- recorded by: tidemark plugin test threads --record
end)
