local testkit = require("tidemark.testkit")

local instagram = testkit.plugin()
local named = { platform = "instagram" }
local function match(name, doc, input) return instagram.parsers[name].match(doc, input or {}) end
local function parse(name, doc, input) return testkit.parse(name, doc, input) end
local function fixture(name) return testkit.fixture(name) end

local function metric(name, value, period)
  period = period or "lifetime"
  return { name = name, period = period, values = { { value = value } }, id = "17/insights/" .. name .. "/" .. period }
end
local function insights(list, input) return parse("instagram.insights", { data = list }, input) end

describe("instagram.insights", function()
  it("prefers views to plays, video_views and impressions, in this order", function()
    local list = { metric("impressions", 1), metric("video_views", 2), metric("plays", 3), metric("views", 4) }
    for expected = 4, 1, -1 do
      assert.equal(expected, insights(list).rows[1].counts.views)
      table.remove(list)
    end
  end)

  it("stores a zero that arrived, also where a lesser metric has more", function()
    assert.equal(0, insights({ metric("video_views", 0), metric("impressions", 1513) }).rows[1].counts.views)
  end)

  it("takes the media's id out of the metric's, else out of the request", function()
    assert.equal("17", insights({ metric("reach", 1) }).rows[1].post.id)
    local bare = { name = "reach", period = "lifetime", values = { { value = 1 } } }
    local url = "https://graph.facebook.com/v23.0/18/insights?metric=reach"
    assert.equal("18", insights({ bare }, { url = url }).rows[1].post.id)
    assert.equal("missing_id", insights({ bare }).bads[1].code)
  end)

  it("turns the average watch time of reels from milliseconds into seconds", function()
    local out = parse("instagram.insights", fixture("insights_reel.json"))
    assert.equal(12.549, out.rows[1].counts.average_watch_time)
    assert.equal(30017581, out.rows[1].counts.extra.ig_reels_video_view_total_time)
  end)

  it("takes a story's replies for comments, and saves under both its names", function()
    assert.equal(3, insights({ metric("replies", 3) }).rows[1].counts.comments)
    assert.equal(5, insights({ metric("saved", 5) }).rows[1].counts.saves)
    assert.equal(6, insights({ metric("saves", 6) }).rows[1].counts.saves)
  end)

  it("reads total_value where values has no number, and names without the carousel's prefix", function()
    local total = { name = "views", period = "lifetime", total_value = { value = 4 }, id = "17/insights/views/lifetime" }
    assert.equal(4, insights({ total }).rows[1].counts.views)
    assert.equal(9, insights({ metric("carousel_album_impressions", 9) }).rows[1].counts.views)
  end)

  it("keeps how a number splits up, and an older name of the views", function()
    local split = { name = "profile_activity", period = "lifetime", id = "17/insights/profile_activity/lifetime",
      total_value = { value = 11, breakdowns = { { dimension_keys = { "action_type" },
        results = { { dimension_values = { "bio_link" }, value = 8 }, { dimension_values = { "call" }, value = 3 } } } } } }
    local extra = insights({ split, metric("plays", 5) }).rows[1].counts.extra
    assert.same({ profile_activity = 11, profile_activity_by_action_type = { bio_link = 8, call = 3 }, plays = 5 }, extra)
  end)

  it("quarantines what is no metric and keeps the others", function()
    local out = insights({ metric("reach", 1), 7, { name = "likes" } })
    assert.equal(1, #out.rows)
    assert.same({ "bad_shape", "bad_shape" }, { out.bads[1].code, out.bads[2].code })
  end)

  it("drops what is about an account, and says what it is", function()
    local out = parse("instagram.insights", fixture("insights_account.json"))
    assert.same({}, out.rows)
    assert.same({ account = 3, demographics = 1 }, out.drops)
  end)

  it("is not Facebook's or Threads', and not guessed from names that Threads has as well", function()
    assert.truthy(match("instagram.insights", { data = { metric("likes", 1), metric("reach", 2) } }))
    assert.is_false(match("instagram.insights", { data = { metric("post_impressions", 1) } }, named))
    assert.is_false(match("instagram.insights", { data = { metric("likes", 1), metric("quotes", 1) } }, named))
    assert.falsy(match("instagram.insights", { data = { metric("likes", 1), metric("replies", 1) } }))
    assert.truthy(match("instagram.insights", { data = { metric("likes", 1), metric("replies", 1) } }, named))
  end)
end)

describe("instagram.media", function()
  it("takes a carousel, not its pictures", function()
    local out = parse("instagram.media", fixture("media.json"))
    assert.equal(3, #out.rows)
    assert.equal("17900000000000002", out.rows[2].post.id)
    assert.equal(3, out.rows[2].counts.comments)
    assert.is_nil(out.rows[2].counts.likes)
  end)

  it("finds media keyed by id, alone, and in business_discovery", function()
    assert.equal(2, #parse("instagram.media", fixture("media_multi.json")).rows)
    assert.equal(1, #parse("instagram.media", fixture("media_one.json")).rows)
    local out = parse("instagram.media", fixture("business_discovery.json"))
    assert.equal(2053, out.rows[1].counts.likes)
    assert.equal(9000, out.rows[1].counts.views)
  end)

  it("merges the insights that came with the media", function()
    local counts = parse("instagram.media", fixture("media_with_insights.json")).rows[1].counts
    assert.same({ 500, 12, 2, 0, 4 }, { counts.views, counts.likes, counts.shares, counts.comments, counts.saves })
  end)

  it("drops the pictures of a carousel where the request asked for them", function()
    local out = parse("instagram.media", { data = { { id = "1", media_type = "IMAGE" } } },
      { url = "https://graph.facebook.com/v23.0/17/children" })
    assert.same({ child = 1 }, out.drops)
  end)

  it("is not a comment, a Threads post or a Facebook post", function()
    assert.is_false(match("instagram.media", fixture("comments.json")))
    assert.is_false(match("instagram.media", { id = "1", media_product_type = "THREADS", media_type = "IMAGE" }))
    assert.is_false(match("instagram.media", { id = "1", media_type = "TEXT_POST" }))
    assert.is_false(match("instagram.media", { id = "1_2", message = "hello" }))
  end)
end)

describe("instagram.webhook", function()
  it("takes a story's last insights and counts the rest as dropped", function()
    local out = parse("instagram.webhook", fixture("webhook.json"))
    assert.equal("17900000000000016", out.rows[1].post.id)
    assert.equal(444, out.rows[1].counts.views)
    assert.equal(0, out.rows[1].counts.comments)
    assert.same({ comment = 1, mention = 1, message = 1 }, out.drops)
  end)
end)

describe("instagram.insights_multi", function()
  it("gives each media object its own row", function()
    local out = parse("instagram.insights_multi", fixture("insights_multi.json"))
    local ids = {}
    for _, row in ipairs(out.rows) do ids[row.post.id] = row.counts.likes or 0 end
    assert.same({ ["17900000000000014"] = 2, ["17900000000000015"] = 0 }, ids)
  end)
end)

describe("instagram.error", function()
  it("names code and subcode, and the title that says what the message does not", function()
    local out = parse("instagram.error", fixture("error.json"))
    assert.equal("100/2108006", out.refused.code)
    assert.equal("Invalid parameter - Media posted before business account conversion", out.refused.text)
  end)

  it("leaves Threads' errors alone and is sure only where Instagram was named", function()
    assert.is_false(match("instagram.error", { error = { code = 100, type = "THApiException", fbtrace_id = "A" } }, named))
    local doc = { error = { code = 190, message = "…", type = "OAuthException", fbtrace_id = "A" } }
    assert.truthy(match("instagram.error", doc, named) > match("instagram.error", doc))
  end)
end)

describe("recognising", function()
  it("knows the columns of the wide export by their families", function()
    local wide = instagram.parsers["instagram.insights_csv"].match
    assert.truthy(wide({ columns = { "id", "like_count", "reel_views" } }))
    assert.falsy(wide({ columns = { "id", "like_count", "retweet_count" } }))
  end)

  it("takes accounts, comments and reference for what they are", function()
    assert.same({ account = 1 }, parse("instagram.accounts", fixture("accounts.json")).drops)
    assert.same({ comment = 1 }, parse("instagram.comments", fixture("comments.json")).drops)
    assert.same({ reference = 1 }, parse("instagram.reference", fixture("reference.json")).drops)
    assert.truthy(match("instagram.accounts", fixture("accounts.json")))
    assert.truthy(match("instagram.comments", fixture("comments.json")))
    assert.falsy(match("instagram.reference", fixture("reference.json")))
    assert.truthy(match("instagram.reference", fixture("reference.json"), named))
  end)

  it("takes an empty list for Instagram's only where it was named", function()
    local empty = testkit.doc('{"data": []}')
    assert.falsy(match("instagram.empty", empty))
    assert.truthy(match("instagram.empty", empty, named))
  end)

  it("takes no other platform's payload", function()
    assert.same({}, testkit.foreign_claims({ "youtube", "tiktok", "x" }))
  end)
end)

describe("the plugin", function()
  it("meets the contract", function()
    local contract = require("tidemark.contract")
    local ok, mistakes = contract.check(instagram, { name = "instagram" })
    assert.truthy(ok, mistakes and contract.format(mistakes, "plugin.lua"))
  end)
end)

describe("what the host yields", function()
  testkit.goldens() -- recorded by: tidemark plugin test instagram --record
end)
