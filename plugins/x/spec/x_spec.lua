local testkit = require("tidemark.testkit")

local x = testkit.plugin()
local function match(name, doc) return x.parsers[name].match(doc, {}) end
local function parse(name, doc) return testkit.parse(name, doc) end
local function fixture(name) return testkit.fixture(name) end

local function post(fields)
  local v = { id = "1", text = "words", author_id = "9" }
  for name, value in pairs(fields or {}) do v[name] = value end
  return v
end

describe("x.posts", function()
  it("counts reposts and quotes together as shares", function()
    local doc = { data = { post { public_metrics = { retweet_count = 50, quote_count = 5 } } } }
    local counts = parse("x.posts", doc).rows[1].counts
    assert.equal(55, counts.shares)
    assert.is_nil(counts.views)
  end)

  it("makes no sum of counts that are more than a count can be", function()
    local function shares(reposts, quotes)
      local counted = post { public_metrics = { retweet_count = reposts, quote_count = quotes } }
      return parse("x.posts", { data = { counted } }).rows[1].counts.shares
    end
    assert.equal(("9"):rep(400), shares(("9"):rep(400), 1)) -- as it came: the host notes that it is no count
    assert.equal("float", math.type(shares(math.maxinteger, 1))) -- no count either
    assert.equal(2 ^ 63, shares(1 << 62, 1 << 62))
    assert.equal("7", shares("7", "many"))
    local media = { { media_key = "1", public_metrics = { view_count = math.maxinteger } },
                    { media_key = "2", public_metrics = { view_count = 2 } } }
    local v = post { public_metrics = { like_count = 1 }, attachments = { media_keys = { "1", "2" } } }
    local counts = parse("x.posts", { data = { v }, includes = { media = media } }).rows[1].counts
    assert.equal(2 ^ 63, counts.extra.video_views)
  end)

  it("falls back to the owner's metrics where the public ones are not there", function()
    local counts = parse("x.posts", fixture("post_private.json")).rows[1].counts
    assert.same({ 5000, 234, 50, 12 }, { counts.views, counts.likes, counts.shares, counts.comments })
    assert.equal(89, counts.extra.url_link_clicks)
  end)

  it("drops a pure retweet and keeps replies and quotes", function()
    local function of(kind) return post { referenced_tweets = { { type = kind, id = "2" } } } end
    local out = parse("x.posts", { data = { of "retweeted", of "quoted", of "replied_to" } })
    assert.same({ retweet = 1 }, out.drops)
    assert.equal(2, #out.rows)
  end)

  it("knows a pure retweet by its text where the references were not asked for", function()
    local function of(text, likes, reposts)
      return post { text = text, public_metrics = { like_count = likes, retweet_count = reposts, quote_count = 0 } }
    end
    local list = { of("RT @a_1: words", 0, 49), of("RT @a_1: by hand", 3, 1), of("RT @a_1: by hand", 0, 0),
                   of("not RT @a_1: words", 0, 49), post { text = "RT @a_1: words" } }
    local out = parse("x.posts", { data = list })
    assert.same({ retweet = 2 }, out.drops)
    assert.equal(3, #out.rows)
  end)

  it("never takes an included post, and names only the authors of those taken", function()
    local out = parse("x.posts", fixture("posts.json"))
    assert.equal(2, #out.rows)
    assert.same({ { id = "9001", handle = "madeup" } }, out.accounts)
  end)

  it("keeps the views of a video beside the counts, not as views", function()
    local counts = parse("x.posts", { data = post { attachments = { media_keys = { "13_1" } } },
      includes = { media = { { media_key = "13_1", public_metrics = { view_count = 12543 } } } } }).rows[1].counts
    assert.is_nil(counts.views)
    assert.equal(12543, counts.extra.video_views)
  end)

  it("adds up how far the owner's videos were seen, over all of a post's media", function()
    local extra = parse("x.posts", fixture("video.json")).rows[1].counts.extra
    assert.same({ 120, 100, 9 }, { extra.video_views, extra.playback_0_count, extra.playback_100_count })
    assert.is_nil(extra.playback_25_count)
  end)

  it("knows the other versions of an edited post, and the whole of a long one", function()
    local edited = parse("x.posts", fixture("post_edited.json")).rows[1].post
    assert.same({ "1763490000000000002" }, edited.aliases)
    assert.same({ "On knots", "words, cut short elsewhere" }, { edited.title, edited.caption })
    assert.is_nil(parse("x.posts", { data = post { edit_history_tweet_ids = { "1" } } }).rows[1].post.aliases)
  end)

  it("counts what was asked for and could not be had, not what a post refers to", function()
    assert.same({ ["resource-not-found"] = 1 }, parse("x.posts", fixture("posts_partial.json")).drops)
  end)

  it("quarantines a post without an id and keeps the others", function()
    local out = parse("x.posts", { data = { post(), { text = "?" } } })
    assert.equal(1, #out.rows)
    assert.equal("missing_id", out.bads[1].code)
  end)

  it("takes one, a list, a bare list, a stream's line and a flattened line", function()
    local line = { data = post(), matching_rules = {} }
    for _, doc in ipairs { { data = post() }, { data = { post() } }, { post() }, line, post() } do
      assert.truthy(match("x.posts", doc))
      assert.equal("1", parse("x.posts", doc).rows[1].post.id)
    end
  end)

  it("takes no user, no list, no Threads post, and no bare text", function()
    assert.is_false(match("x.posts", { data = { { id = "1", username = "u", name = "n" } } }))
    assert.is_false(match("x.posts", { data = { { id = "1", name = "a list", member_count = 3 } } }))
    assert.is_false(match("x.posts", { data = { { id = "1", text = "t", timestamp = "2024-01-01T00:00:00+0000" } } }))
    assert.is_false(match("x.posts", { id = "1", text = "t" }))
  end)
end)

describe("v1.1", function()
  it("is recognised alone, in lists and in searches", function()
    assert.truthy(match("x.status", fixture("status.json")))
    assert.truthy(match("x.statuses", fixture("statuses.json")))
    assert.truthy(match("x.search_v1", fixture("search_v1.json")))
  end)

  it("does not take a user for a status", function()
    assert.is_false(match("x.status", { id_str = "1", screen_name = "u", followers_count = 3 }))
    assert.truthy(match("x.accounts", { id = 1, id_str = "1", screen_name = "u", followers_count = 3 }))
  end)
end)

describe("x.report_csv", function()
  it("adds the placements of a day up, in days of UTC", function()
    local out = parse("x.report_csv", fixture("report.csv"))
    assert.equal(2, #out.rows)
    local counts = out.rows[1].counts
    assert.same({ 120, 3, 1, 1 }, { counts.views, counts.likes, counts.shares, counts.comments })
    assert.equal("day", counts.window)
    assert.equal("2024-01-01T00", os.date("!%Y-%m-%dT%H", counts.window_start))
    assert.equal(86400, counts.window_end - counts.window_start)
  end)

  it("does not wrap around, and says nothing where a sum is no number", function()
    local out = parse("x.report_csv", testkit.csv("organic_tweet_id,date,likes,clicks,replies\n"
      .. "1,2024-01-01,9223372036854775807,1e308,1\n1,2024-01-01,9223372036854775807,1e308,2\n"))
    local counts = out.rows[1].counts
    assert.same({ 2 ^ 64, 3 }, { counts.likes, counts.comments })
    assert.is_nil(counts.extra)
  end)

  it("quarantines a row without a post or a day", function()
    local out = parse("x.report_csv", testkit.csv("organic_tweet_id,date,likes\n,2024-01-01,1\n1,soon,1\n"))
    assert.same({ "missing_id", "bad_shape" }, { out.bads[1].code, out.bads[2].code })
  end)
end)

describe("what the site's analytics export", function()
  it("has lifetime counts per post, in two generations of columns", function()
    local out = parse("x.activity_csv", fixture("activity.csv"))
    local row = out.rows[1]
    assert.same({ "1234", "11", "7", "2" }, { row.counts.views, row.counts.likes, row.counts.shares, row.counts.comments })
    assert.equal("2018-03-01T10:00:00Z", row.post.published_at)
    assert.equal(4, row.counts.extra["url clicks"])
    assert.is_nil(row.counts.extra["promoted impressions"])
    assert.equal("missing_id", out.bads[1].code)
    row = parse("x.content_csv", fixture("content.csv")).rows[1]
    assert.same({ "1234", "11", "7", "2", "3" },
      { row.counts.views, row.counts.likes, row.counts.shares, row.counts.comments, row.counts.saves })
    assert.equal("2024-03-01T00:00:00Z", row.post.published_at)
    assert.equal(1, row.counts.extra.Shares)
  end)

  it("of days is the account's", function()
    assert.same({ account = 1 }, parse("x.overview_csv", fixture("overview.csv")).drops)
  end)
end)

describe("x.capture_csv", function()
  it("reads the floats of data frames, leaves retweets and referenced posts out", function()
    local out = parse("x.capture_csv", fixture("capture.csv"))
    assert.equal(1, #out.rows)
    assert.equal("4", out.rows[1].counts.likes)
    assert.equal("77", out.rows[1].counts.views)
    assert.equal(3, out.rows[1].counts.shares)
    assert.same({ retweet = 1, included = 1 }, out.drops)
  end)
end)

describe("x.error", function()
  local function refused(name)
    assert.truthy(match("x.error", fixture(name)), name)
    return parse("x.error", fixture(name)).refused
  end

  it("names the problem by the last part of its type", function()
    assert.equal("usage-capped", refused("error_problem.json").code)
    assert.equal("resource-not-found", refused("error_not_found.json").code)
    assert.equal("Unauthorized", refused("error_blank.json").code)
  end)

  it("adds what the first error says of the parameter", function()
    assert.equal("One or more parameters to your request was invalid. - The `ids` query parameter value [x] is not valid",
      refused("error_v2.json").text)
  end)

  it("reads v1.1's code and message", function()
    assert.same({ code = "88", text = "Rate limit exceeded" }, refused("error_v1.json"))
  end)

  it("is none where data came as well", function()
    assert.falsy(match("x.error", fixture("posts_partial.json")))
  end)
end)

describe("what is no content", function()
  it("is counted by what it is", function()
    assert.same({ account = 1, included = 1 }, parse("x.includes", fixture("includes.json")).drops)
    assert.same({ reference = 1 }, parse("x.reference", fixture("counts.json")).drops)
    assert.truthy(match("x.accounts", fixture("accounts.json")))
    assert.truthy(match("x.includes", fixture("includes.json")))
    assert.truthy(match("x.reference", fixture("counts.json")))
    assert.truthy(match("x.empty", fixture("empty.json")))
  end)

  it("takes no other platform's payload", function()
    assert.same({}, testkit.foreign_claims({ "youtube", "tiktok", "instagram", "mastodon", "bluesky", "reddit", "pinterest",
                                             "linkedin" }))
  end)
end)

describe("the plugin", function()
  it("meets the contract", function()
    local contract = require("tidemark.contract")
    local ok, mistakes = contract.check(x, { name = "x" })
    assert.truthy(ok, mistakes and contract.format(mistakes, "plugin.lua"))
  end)
end)

describe("what the host yields", function()
  testkit.goldens() -- recorded by: tidemark plugin test x --record
end)
