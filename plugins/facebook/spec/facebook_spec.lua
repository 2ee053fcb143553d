local testkit = require("tidemark.testkit")

local facebook = testkit.plugin()
local named = { platform = "facebook" }
local function match(name, doc, input) return testkit.match(name, doc, input) end
local function parse(name, doc, input) return testkit.parse(name, doc, input) end
local function fixture(name) return testkit.fixture(name) end

local function metric(name, value, period, id)
  period = period or "lifetime"
  return { name = name, period = period, values = { { value = value } },
           id = (id or "1_2") .. "/insights/" .. name .. "/" .. period }
end
local function insights(list, input) return parse("facebook.insights", { data = list }, input) end
local function counts(list) return insights(list).rows[1].counts end

describe("facebook.posts", function()
  it("takes all reactions for likes, not the thumb alone, and keeps each kind", function()
    local out = parse("facebook.posts", fixture("posts.json"))
    local first = out.rows[1]
    assert.same({ 820, 56, 95 }, { first.counts.likes, first.counts.shares, first.counts.comments })
    assert.same({ likes = 700, love = 100, wow = 20 }, first.counts.extra)
    assert.same({ "1111_2001", "1111" }, { first.post.id, first.post.account })
  end)

  it("adds the kinds up where the total was not asked for; what is not there is unknown", function()
    local second = parse("facebook.posts", fixture("posts.json")).rows[2]
    assert.equal(35, second.counts.likes)
    assert.equal(0, second.counts.comments)
    assert.is_nil(second.counts.shares)
  end)

  it("drops what a visitor wrote on the page", function()
    local out = parse("facebook.posts", fixture("posts.json"))
    assert.equal(2, #out.rows)
    assert.same({ visitor_post = 1 }, out.drops)
  end)

  it("finds posts keyed by id, inside their page, and videos", function()
    assert.same({ "1111_2001", "1111_2002" }, testkit.ids(parse("facebook.posts", fixture("post_multi.json"))))
    assert.same({ "1111_2004" }, testkit.ids(parse("facebook.posts", fixture("page_with_posts.json"))))
    local out = parse("facebook.posts", fixture("videos.json"))
    assert.same({ "3001", "3002" }, testkit.ids(out))
    assert.equal("https://www.facebook.com/reel/3001/", out.rows[1].post.url)
    assert.equal(7.35, out.rows[1].counts.average_watch_time)
    assert.same({ 4500, 15, 4 }, { out.rows[1].counts.views, out.rows[1].counts.likes, out.rows[1].counts.comments })
  end)

  it("merges the insights that came with the post", function()
    local merged = parse("facebook.posts", fixture("post_with_insights.json")).rows[1].counts
    assert.same({ 9000, 820, 56 }, { merged.views, merged.likes, merged.shares })
    assert.equal(7000, merged.extra.post_impressions)
    assert.is_nil(merged.extra.post_clicks_by_type)
  end)

  it("is not a comment, a page, a message or another platform's object", function()
    assert.falsy(match("facebook.posts", fixture("comments.json")))
    assert.falsy(match("facebook.posts", fixture("accounts.json")))
    assert.falsy(match("facebook.posts", { id = "m_abc", created_time = "2026-01-01T00:00:00+0000", message = "hi" }))
    assert.falsy(match("facebook.posts", { uri = "/videos/1", created_time = "2026-01-01T00:00:00+00:00", description = "x" }))
  end)

  it("drops the comments, and the posts of others, that a request asked for", function()
    local doc = { data = { { id = "1_2", created_time = "2026-01-01T00:00:00+0000", message = "x" } } }
    assert.same({ comment = 1 }, parse("facebook.posts", doc, { url = "https://graph.facebook.com/1_2/comments" }).drops)
    assert.same({ visitor_post = 1 }, parse("facebook.posts", doc, { url = "https://graph.facebook.com/1/tagged" }).drops)
  end)
end)

describe("facebook.insights", function()
  it("prefers the new views to the old, and says under its own name which one it was", function()
    local both = counts { metric("post_impressions", 1), metric("post_media_view", 2) }
    assert.equal(2, both.views)
    assert.same({ post_impressions = 1, post_media_view = 2 }, both.extra)
    assert.equal(1, counts({ metric("post_impressions", 1) }).views)
    assert.equal(3, counts({ metric("total_video_views", 3) }).views)
    assert.equal(4, counts({ metric("blue_reels_play_count", 4) }).views)
  end)

  it("adds reactions up: of the map, else of the metrics of one kind each", function()
    assert.equal(6, counts({ metric("post_reactions_by_type_total", { like = 1, love = 2, wow = 3 }) }).likes)
    assert.equal(160, parse("facebook.insights", fixture("insights.json")).rows[1].counts.likes)
    assert.is_nil(counts({ metric("post_reactions_by_type_total", testkit.doc("{}")) }).likes)
    assert.is_nil(counts({ metric("post_reactions_by_type_total", testkit.doc("[]")) }).likes)
  end)

  it("turns the average watch time from milliseconds into seconds", function()
    local one = parse("facebook.insights", fixture("insights.json")).rows[1].counts
    assert.equal(12.345, one.average_watch_time)
    assert.equal(998877, one.extra.post_video_view_time)
  end)

  it("tells periods apart by their name, each its own row from midnight in California", function()
    local out = parse("facebook.insights", fixture("insights_periods.json"))
    local seen = {}
    for i, row in ipairs(out.rows) do
      local c = row.counts
      seen[i] = { c.window, c.views, c.window_end and (c.window_end - c.window_start) / 3600 }
    end
    assert.same({ { "day", 30, 24 }, { "day", nil, 23 }, { "days_28", 400, 28 * 24 - 1 }, { "lifetime", 4000 } }, seen)
  end)

  it("takes the id out of the metric's, else out of the request", function()
    local doc, input = fixture("insights_asked.json")
    assert.equal("3001", parse("facebook.insights", doc, input).rows[1].post.id)
    assert.equal("missing_id", parse("facebook.insights", doc).bads[1].code)
  end)

  it("makes no row of a page's numbers and of the people who follow it", function()
    local out = parse("facebook.insights", fixture("page_insights.json"))
    assert.same({}, out.rows)
    assert.same({}, out.bads)
  end)

  it("quarantines what is no metric, and a value of a period without its time", function()
    local out = insights { metric("post_media_view", 1), 7, metric("post_media_view", 2, "day") }
    assert.equal(1, #out.rows)
    assert.same({ "bad_shape", "bad_shape" }, { out.bads[1].code, out.bads[2].code })
  end)

  it("is not Instagram's or Threads' unless Facebook was named", function()
    assert.falsy(match("facebook.insights", { data = { metric("reach", 1) } }))
    assert.truthy(match("facebook.insights", { data = { metric("reach", 1) } }, named))
  end)
end)

describe("facebook.batch", function()
  it("reads each body as if it had come alone, and counts the others by what happened to them", function()
    local doc = fixture("batch.json")
    assert.truthy(match("facebook.batch", doc))
    local out = parse("facebook.batch", doc)
    assert.same({ "1111_2005", "1111_2005" }, testkit.ids(out))
    assert.same({ 8, 6 }, { out.rows[1].counts.likes, out.rows[2].counts.views })
    assert.equal(1, out.drops.timeout)
    assert.equal(1, out.drops.error_100)
    assert.equal(1, out.drops.error_500)
    assert.equal(1, out.drops.comment)
  end)

  it("quarantines an answer whose body is cut", function()
    local out = parse("facebook.batch", { { code = 200, body = '{"data":[' } })
    assert.equal("bad_body", out.bads[1].code)
    assert.truthy(out.bads[1].text:find("the body of this answer is no JSON", 1, true))
  end)

  it("is not any list of objects with a code", function()
    assert.falsy(match("facebook.batch", testkit.doc('[{"code": 200, "id": "1"}]')))
    assert.falsy(match("facebook.batch", testkit.doc("[null]")))
    assert.falsy(match("facebook.batch", testkit.doc("[]")))
  end)
end)

describe("exports", function()
  it("take each day's sample of a post's lifetime numbers for a row of its own", function()
    local out = parse("facebook.post_metrics_csv", fixture("post_metrics.csv"))
    assert.equal(3, #out.rows)
    local first = out.rows[1]
    assert.same({ "1111_2001", "2026-03-08", 500, 42, 8.2 },
      { first.post.id, first.counts.window_start, first.counts.views, first.counts.likes, first.counts.average_watch_time })
    assert.equal(31, out.rows[3].counts.views)
    assert.is_nil(out.rows[3].counts.average_watch_time)
  end)

  it("make the platform's id of the suite's two", function()
    local out = parse("facebook.suite_csv", fixture("suite.csv"))
    assert.equal("1111_2001", out.rows[1].post.id)
    assert.equal("9000", out.rows[1].counts.views)
    assert.equal("820", out.rows[1].counts.likes)
  end)
end)

describe("recognising", function()
  it("takes pages, comments, budgets and pushes for what they are", function()
    assert.truthy(match("facebook.accounts", fixture("accounts.json")))
    assert.truthy(match("facebook.comments", fixture("comments.json")))
    assert.truthy(match("facebook.usage", fixture("usage.json")))
    assert.same({ header = 1 }, parse("facebook.usage", fixture("usage.json")).drops)
    assert.same({ comment = 1, ratings = 1, message = 1 }, parse("facebook.webhook", fixture("webhook.json")).drops)
    assert.falsy(match("facebook.reference", { id = "1_2" }))
    assert.truthy(match("facebook.reference", { id = "1_2" }, named))
  end)

  it("names an error by code and subcode, and leaves Threads' alone", function()
    assert.equal("190/460", parse("facebook.error", fixture("error.json")).refused.code)
    assert.falsy(match("facebook.error", { error = { code = 100, type = "THApiException", fbtrace_id = "A" } }, named))
  end)

  it("takes no other platform's payload but an error that could be any Meta product's", function()
    local found = {}
    for _, claim in ipairs(testkit.foreign_claims({ "youtube", "tiktok", "instagram", "threads", "x" })) do
      if not claim:find("^facebook.error takes instagram/error") then found[#found + 1] = claim end
    end
    assert.same({}, found)
  end)
end)

describe("the plugin", function()
  it("meets the contract", function()
    local contract = require("tidemark.contract")
    local ok, mistakes = contract.check(facebook, { name = "facebook" })
    assert.truthy(ok, mistakes and contract.format(mistakes, "plugin.lua"))
  end)
end)

describe("what the host yields", function()
  testkit.goldens() -- recorded by: tidemark plugin test facebook --record
end)
