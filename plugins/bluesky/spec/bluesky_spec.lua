local testkit = require("tidemark.testkit")

local bluesky = testkit.plugin()
local named = { platform = "bluesky" }
local function parse(name, doc, input) return testkit.parse(name, doc, input) end
local function match(name, doc, input) return testkit.match(name, doc, input) end
local function fixture(name) return testkit.fixture(name) end
local function uri(key) return "at://did:plc:madeupmadeupmadeup/app.bsky.feed.post/" .. key end

describe("a post", function()
  it("counts reposts and quotes as shares, and bookmarks as saves", function()
    local counts = parse("bluesky.posts", fixture("posts.json")).rows[1].counts
    assert.same({ 20, 6, 2, 4 }, { counts.likes, counts.shares, counts.comments, counts.saves })
    assert.is_nil(counts.views)
  end)

  it("has no count that was not sent: the counts are optional", function()
    local rows = parse("bluesky.posts", fixture("posts.json")).rows
    assert.equal(0, rows[2].counts.likes)
    assert.is_nil(rows[2].counts.saves)
    assert.is_nil(rows[3].counts.likes)
    assert.equal(3, rows[3].counts.shares)
  end)

  it("is known by its address, not by its cid, which changes with the content", function()
    assert.equal(uri("3k4"), testkit.ids(parse("bluesky.post", fixture("post.json")))[1])
  end)
end)

describe("a feed", function()
  it("leaves reposts out and takes a pinned post", function()
    local out = parse("bluesky.feed", fixture("feed.json"))
    assert.same({ repost = 1 }, out.drops)
    assert.same({ uri("3k1"), uri("3k6") }, testkit.ids(out))
  end)

  it("knows a repost without its kind by who reposted", function()
    local item = { post = fixture("post.json"), reason = { by = { did = "did:plc:z" } } }
    assert.same({ repost = 1 }, parse("bluesky.feed", { feed = { item } }).drops)
  end)
end)

describe("a thread", function()
  it("has the post and what its author wrote around it; others, gone and blocked ones are counted as dropped", function()
    local out = parse("bluesky.thread", fixture("thread.json"))
    assert.same({ uri("3k7"), uri("3k8") }, testkit.ids(out))
    assert.same({ parent = 1, reply = 1, ["not-found"] = 1, blocked = 1 }, out.drops)
    out = parse("bluesky.thread_v2", fixture("thread_v2.json"))
    assert.same({ uri("3k7") }, testkit.ids(out))
    assert.same({ parent = 1, blocked = 1 }, out.drops)
  end)

  it("of a post that is gone has nothing", function()
    local out = parse("bluesky.thread", fixture("thread_gone.json"))
    assert.same({}, out.rows)
    assert.same({ ["not-found"] = 1 }, out.drops)
  end)

  it("counts as a list of posts counts", function()
    local post = fixture("posts.json").posts[1]
    local listed = parse("bluesky.post", post).rows[1]
    local threaded = parse("bluesky.thread", { thread = { post = post } }).rows[1]
    for _, field in ipairs { "likes", "shares", "comments", "saves" } do
      assert.equal(listed.counts[field], threaded.counts[field], field)
    end
    for _, field in ipairs { "id", "account", "caption", "published_at" } do
      assert.equal(listed.post[field], threaded.post[field], field)
    end
  end)

  it("makes no sum that is more than a count can be", function()
    local post = { uri = uri("a"), author = {}, repostCount = math.maxinteger, quoteCount = 1 }
    local counts = parse("bluesky.thread", { thread = { post = post } }).rows[1].counts
    assert.equal("float", math.type(counts.shares))
  end)
end)

describe("a record", function()
  it("has facts and no counts", function()
    local row = parse("bluesky.record", fixture("record.json")).rows[1]
    assert.equal(uri("3k1"), row.post.id)
    assert.equal("2024-05-01T08:00:00.125Z", row.post.published_at)
    assert.is_nil(row.counts and row.counts.likes)
  end)

  it("of another collection is no content", function()
    local out = parse("bluesky.records", fixture("records.json"))
    assert.equal(1, #out.rows)
    assert.same({ reference = 1 }, out.drops)
    local like = { uri = "at://did:plc:z/app.bsky.feed.like/3", value = { ["$type"] = "app.bsky.feed.like" } }
    assert.falsy(match("bluesky.record", like))
    assert.truthy(match("bluesky.reference", like))
  end)
end)

describe("what is no content", function()
  it("is counted by what it is", function()
    assert.same({ account = 1 }, parse("bluesky.profile", fixture("profile.json")).drops)
    assert.same({ account = 2 }, parse("bluesky.profiles", fixture("profiles.json")).drops)
    assert.same({ account = 1 }, parse("bluesky.reference", fixture("followers.json")).drops)
    assert.truthy(match("bluesky.reference", fixture("likes.json")))
  end)
end)

describe("what could be anybody's", function()
  it("is an error unless its name is words run together", function()
    assert.truthy(match("bluesky.error", fixture("error.json")))
    local doc = { error = "Forbidden", message = "no" }
    assert.falsy(match("bluesky.error", doc))
    assert.truthy(match("bluesky.error", doc, named))
    assert.falsy(match("bluesky.error", { error = "BadRequest", message = "no", status = 400 }, named))
    assert.same({ code = "ExpiredToken", text = "Token has expired" },
      parse("bluesky.error", fixture("error_token.json")).refused)
  end)

  it("is an empty page unless Bluesky was named or the request says so", function()
    assert.falsy(match("bluesky.empty", fixture("empty.json")))
    assert.truthy(match("bluesky.empty", fixture("empty.json"), named))
    local url = "https://public.api.bsky.app/xrpc/app.bsky.feed.getPosts"
    assert.truthy(match("bluesky.empty", fixture("empty.json"), { url = url }))
  end)

  it("is no other platform's payload", function()
    assert.same({}, testkit.foreign_claims({ "youtube", "tiktok", "instagram", "x", "mastodon", "reddit", "pinterest",
                                             "linkedin" }))
  end)
end)

describe("the plugin", function()
  it("meets the contract", function()
    local contract = require("tidemark.contract")
    local ok, mistakes = contract.check(bluesky, { name = "bluesky" })
    assert.truthy(ok, mistakes and contract.format(mistakes, "plugin.lua"))
  end)
end)

describe("what the host yields", function()
  testkit.goldens() -- recorded by: tidemark plugin test bluesky --record
end)
