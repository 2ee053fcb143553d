local testkit = require("tidemark.testkit")

local reddit = testkit.plugin()
local named = { platform = "reddit" }
local function parse(name, doc, input) return testkit.parse(name, doc, input) end
local function match(name, doc, input) return testkit.match(name, doc, input) end
local function fixture(name) return testkit.fixture(name) end

local function listing(...)
  local children = {}
  for i, data in ipairs { ... } do children[i] = { kind = "t3", data = data } end
  return { kind = "Listing", data = { children = children } }
end
local function one(data, input) return parse("reddit.listing", listing(data), input).rows[1] end

describe("a listing", function()
  it("has posts; comments, subreddits and the rest are counted as dropped", function()
    local out = parse("reddit.listing", fixture("listing.json"))
    assert.same({ "t3_aaa1", "t3_aaa2" }, testkit.ids(out))
    assert.same({ comment = 1, account = 1, more = 1 }, out.drops)
  end)

  it("may come with others in one list", function()
    local out = parse("reddit.listings", fixture("comments.json"))
    assert.same({ "t3_aaa1" }, testkit.ids(out))
    assert.same({ "t3_aaa1", "t3_aaa3", "t3_aaa4" }, testkit.ids(parse("reddit.listings", fixture("duplicates.json"))))
  end)

  it("quarantines a post without an id, and what is no thing, and keeps the others", function()
    local doc = listing({ score = 1 }, { name = "t3_b", score = 2 })
    doc.data.children[3] = 7
    local out = parse("reddit.listing", doc)
    assert.same({ "t3_b" }, testkit.ids(out))
    assert.same({ "missing_id", "bad_shape" }, { out.bads[1].code, out.bads[2].code })
  end)
end)

describe("a post", function()
  it("has votes for likes, crossposts for shares, and views that are never told", function()
    local counts = parse("reddit.listing", fixture("listing.json")).rows[2].counts
    assert.same({ 0, 2, 0 }, { counts.likes, counts.shares, counts.comments })
    assert.equal(testkit.null, counts.views)
  end)

  it("is taken with its own counts, not with those of the post it crossposts", function()
    local out = parse("reddit.listing", fixture("crosspost.json"))
    assert.same({ "t3_aaa5" }, testkit.ids(out))
    assert.equal(4, out.rows[1].counts.likes)
    assert.is_true(out.rows[1].post.features.crosspost)
  end)

  it("was published at created_utc; created is moved by the server's zone", function()
    assert.equal(1709251200, one({ name = "t3_a", created = 1709280000.0, created_utc = 1709251200.0 }).post.published_at)
    assert.is_nil(one({ name = "t3_a", created = 1709280000.0 }).post.published_at)
  end)

  it("has text with three characters escaped once, unless it was asked for raw", function()
    local data = { name = "t3_a", title = "1 &lt; 2 &amp;amp; &quot;" }
    assert.equal('1 < 2 &amp; &quot;', one(data).post.title)
    local raw = { url = "https://oauth.reddit.com/r/knots/hot?limit=100&raw_json=1" }
    assert.equal(data.title, one(data, raw).post.title)
  end)

  it("is recognised without its envelope, a line each, and an advertisement is none", function()
    assert.truthy(match("reddit.post", fixture("post.json")))
    assert.truthy(match("reddit.posts", fixture("post_list.json")))
    assert.equal("t3_aaa8", testkit.ids(parse("reddit.post", testkit.lines("posts.jsonl")[1]))[1])
    assert.equal("t3_zz", one({ id = "zz", score = 1 }).post.id)
    assert.same({ ad = 1 }, parse("reddit.listing", listing({ name = "t3_a", promoted = true })).drops)
  end)
end)

describe("what is no content", function()
  it("is counted by what it is", function()
    assert.same({ account = 1 }, parse("reddit.thing", fixture("account.json")).drops)
    assert.same({ account = 1 }, parse("reddit.thing", fixture("subreddit.json")).drops)
    assert.same({ comment = 1, more = 1 }, parse("reddit.things", fixture("things.json")).drops)
    assert.truthy(match("reddit.reference", fixture("trophies.json")))
    assert.same({}, parse("reddit.listing", fixture("empty.json")).rows)
  end)
end)

describe("an error", function()
  local function refused(name)
    assert.truthy(match("reddit.error", fixture(name), named), name)
    return parse("reddit.error", fixture(name)).refused
  end

  it("has a status and a reason, or a form's code, or OAuth's name", function()
    assert.same({ code = "403", text = "Forbidden" }, refused("error.json"))
    assert.same({ code = "403", text = "Forbidden - private" }, refused("error_reason.json"))
    assert.same({ code = "SUBREDDIT_NOEXIST", text = "that subreddit doesn't exist" }, refused("error_form.json"))
    assert.same({ code = "TOO_LONG", text = "this is too long" }, refused("error_fields.json"))
    assert.same({ code = "invalid_grant", text = "invalid_grant" }, refused("error_token.json"))
  end)

  it("of one word alone may be anybody's", function()
    assert.falsy(match("reddit.error", fixture("error_token.json")))
    assert.falsy(match("reddit.error", { error = "Forbidden", status = 403, message = "no" }))
  end)
end)

describe("recognising", function()
  it("takes no other platform's payload", function()
    assert.same({}, testkit.foreign_claims({ "youtube", "tiktok", "instagram", "x", "mastodon", "bluesky", "pinterest",
                                             "linkedin" }))
  end)
end)

describe("the plugin", function()
  it("meets the contract", function()
    local contract = require("tidemark.contract")
    local ok, mistakes = contract.check(reddit, { name = "reddit" })
    assert.truthy(ok, mistakes and contract.format(mistakes, "plugin.lua"))
  end)
end)

describe("what the host yields", function()
  testkit.goldens() -- recorded by: tidemark plugin test reddit --record
end)
