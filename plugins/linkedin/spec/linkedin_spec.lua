local testkit = require("tidemark.testkit")

local linkedin = testkit.plugin()
local named = { platform = "linkedin" }
local function parse(name, doc, input) return testkit.parse(name, doc, input) end
local function match(name, doc, input) return testkit.match(name, doc, input) end
local function fixture(name) return testkit.fixture(name) end
local function day(seconds) return os.date("!%Y-%m-%d", seconds) end

describe("share statistics", function()
  it("are of a share or of a ugcPost; without either they are the organization's", function()
    local out = parse("linkedin.share_statistics", fixture("share_statistics.json"))
    assert.same({ "urn:li:share:7100000000000000001", "urn:li:ugcPost:7100000000000000002" }, testkit.ids(out))
    assert.same({ account = 1 }, out.drops)
  end)

  it("keep negative counts, and ratios beyond one", function()
    local counts = parse("linkedin.share_statistics", fixture("share_statistics.json")).rows[2].counts
    assert.same({ 3, 20, -1 }, { counts.views, counts.likes, counts.shares })
    assert.equal(71, counts.extra.engagement)
    assert.is_nil(counts.extra.likeCount)
  end)

  it("with time ranges are of a day, a week, or a range", function()
    local rows = parse("linkedin.share_statistics_buckets", fixture("buckets.json")).rows
    assert.same({ "day", 50 }, { rows[1].counts.window, rows[1].counts.views })
    assert.same({ "2024-03-02", "2024-03-03" }, { day(rows[2].counts.window_start), day(rows[2].counts.window_end) })
    assert.equal("range", parse("linkedin.share_statistics_buckets", fixture("buckets_month.json")).rows[1].counts.window)
    assert.equal("week", parse("linkedin.share_statistic_bucket", fixture("bucket.json")).rows[1].counts.window)
  end)

  it("of a lifetime are never taken for a bucket, nor a bucket for a lifetime", function()
    for _, name in ipairs { "share_statistics.json", "share_statistic.json" } do
      assert.falsy(match("linkedin.share_statistics_buckets", fixture(name)), name)
      assert.falsy(match("linkedin.share_statistic_bucket", fixture(name)), name)
    end
    assert.falsy(match("linkedin.share_statistics", fixture("buckets.json")))
    assert.falsy(match("linkedin.share_statistic", fixture("bucket.json")))
  end)
end)

describe("a post", function()
  it("of three generations has its facts and no counts", function()
    local row = parse("linkedin.posts", fixture("post.json")).rows[1]
    assert.same({ "urn:li:share:7100000000000000001", "words", "video" },
      { row.post.id, row.post.caption, row.post.media_kind })
    assert.equal(1709251200.125, row.post.published_at)
    row = parse("linkedin.posts", fixture("ugc_posts.json")).rows[1]
    assert.same({ "older words", "video", 1600000001 }, { row.post.caption, row.post.media_kind, row.post.published_at })
    row = parse("linkedin.posts", fixture("shares.json")).rows[1]
    assert.same({ "urn:li:share:6000000000000000001", "oldest words" }, { row.post.id, row.post.caption })
    assert.is_nil(row.counts)
  end)

  it("that is not published is no content", function()
    assert.same({ unpublished = 1 }, parse("linkedin.posts", fixture("posts.json")).drops)
  end)

  it("that a batch could not have is counted as dropped", function()
    local out = parse("linkedin.posts", fixture("posts_batch.json"))
    assert.equal(1, #out.rows)
    assert.same({ ["not-found"] = 1 }, out.drops)
  end)
end)

describe("social counts", function()
  it("have all reactions for likes", function()
    local counts = parse("linkedin.social_metadata", fixture("social_metadata.json")).rows[1].counts
    assert.same({ 15, 4 }, { counts.likes, counts.comments })
    assert.equal(3, counts.extra["reactions.PRAISE"])
  end)

  it("of several are keyed by URN; a comment's are no content; no reaction is zero, no summary is unknown", function()
    local out = parse("linkedin.social_metadata", fixture("social_metadata_batch.json"))
    assert.same({ comment = 1 }, out.drops)
    for _, row in ipairs(out.rows) do
      if row.post.id == "urn:li:share:7100000000000000004" then
        assert.equal(0, row.counts.likes)
        assert.is_nil(row.counts.comments)
      end
    end
    assert.equal(2, #out.rows)
  end)

  it("are those of all reposts where the older answer has them", function()
    local counts = parse("linkedin.social_actions", fixture("social_actions.json")).rows[1].counts
    assert.same({ 11, 3 }, { counts.likes, counts.comments })
    local row = parse("linkedin.social_metadata", fixture("social_actions_batch.json")).rows[1]
    assert.same({ "urn:li:share:7100000000000000001", 11 }, { row.post.id, row.counts.likes })
  end)

  it("without an entity are of the one in the request, else quarantined", function()
    local doc = { reactionSummaries = { LIKE = { count = 1 } } }
    local url = "https://api.linkedin.com/rest/socialMetadata/urn%3Ali%3Ashare%3A9"
    assert.equal("urn:li:share:9", parse("linkedin.social_metadata", doc, { url = url }).rows[1].post.id)
    assert.equal("missing_id", parse("linkedin.social_metadata", doc).bads[1].code)
  end)
end)

describe("statistics with a metric per element", function()
  it("are one row per post and window", function()
    local rows = parse("linkedin.video_analytics", fixture("video_analytics.json")).rows
    assert.equal(2, #rows)
    assert.same({ VIDEO_VIEW = 40, VIDEO_WATCH_TIME = 360000 }, rows[1].counts.extra)
    assert.same({ "day", "2024-03-02" }, { rows[2].counts.window, day(rows[2].counts.window_start) })
  end)

  it("have no average watch time and no views: those are impressions here", function()
    local counts = parse("linkedin.video_analytics", fixture("video_analytics.json")).rows[1].counts
    assert.same({}, { counts.views, counts.average_watch_time })
  end)

  it("of a member's own post have saves as well", function()
    local counts = parse("linkedin.member_statistics", fixture("member_statistics.json")).rows[1].counts
    assert.same({ 400, 12, 3, 5, 6 }, { counts.views, counts.likes, counts.shares, counts.comments, counts.saves })
    assert.equal("lifetime", counts.window)
    assert.equal("day", parse("linkedin.member_statistics", fixture("member_statistics_days.json")).rows[1].counts.window)
  end)

  it("of all of a member's posts are no content", function()
    local out = parse("linkedin.member_statistics", fixture("member_statistics_all.json"))
    assert.same({ account = 1 }, out.drops)
    assert.same({}, out.rows)
  end)

  it("are of the post in the request where they name none", function()
    local doc = { elements = { { count = 7, metricType = "IMPRESSION" } } }
    local url = "https://api.linkedin.com/rest/memberCreatorPostAnalytics?q=entity&entity=(share:urn%3Ali%3Ashare%3A12)"
    assert.equal("urn:li:share:12", parse("linkedin.member_statistics", doc, { url = url }).rows[1].post.id)
  end)
end)

describe("a connector's export", function()
  it("has several states of one post: the newest comes last, whatever the order of the rows", function()
    local out = parse("linkedin.share_statistic_csv", fixture("share_statistic.csv"))
    local last
    for _, row in ipairs(out.rows) do
      if row.post.id == "urn:li:share:7100000000000000001" then last = row.counts.views end
    end
    assert.equal("4", last)
    assert.same({ account = 1 }, out.drops)
  end)

  it("has maps of names, which are no content", function()
    assert.same({ ["id-map"] = 2 }, parse("linkedin.share_map_csv", fixture("share_map.csv")).drops)
    assert.same({ ["id-map"] = 1 }, parse("linkedin.organization_post_csv", fixture("organization_post.csv")).drops)
  end)

  it("has posts under bare numbers", function()
    local out = parse("linkedin.ugc_post_csv", fixture("ugc_post.csv"))
    assert.same({ "urn:li:ugcPost:7100000000000000002" }, testkit.ids(out))
    assert.same({ unpublished = 1 }, out.drops)
    assert.equal("missing_id", parse("linkedin.ugc_post_csv", testkit.csv("id,author\n?,x\n")).bads[1].code)
  end)
end)

describe("a page's own export", function()
  it("names the post by its link, and has dates as in the United States", function()
    local row = parse("linkedin.page_export_csv", fixture("page_export.csv")).rows[1]
    assert.same({ "urn:li:activity:7100000000000000008", "2024-03-01T00:00:00Z" }, { row.post.id, row.post.published_at })
    assert.same({ "1234", "15", "1" }, { row.counts.views, row.counts.likes, row.counts.shares })
  end)
end)

describe("an error", function()
  local function refused(name, input)
    assert.truthy(match("linkedin.error", fixture(name), input), name)
    return parse("linkedin.error", fixture(name)).refused.code
  end

  it("has a code in words, or its status", function()
    assert.equal("ACCESS_DENIED", refused("error.json"))
    assert.equal("NONEXISTENT_VERSION", refused("error_version.json"))
    assert.equal("401", refused("error_bare.json", named))
  end)

  it("of a status and a message alone may be anybody's", function()
    assert.falsy(match("linkedin.error", fixture("error_bare.json")))
    assert.falsy(match("linkedin.error", { error = "Unauthorized", status = 401, message = "no" }))
  end)
end)

describe("what is no content", function()
  it("is counted by what it is", function()
    for name, case in pairs {
      followers = { "followers.json", { demographics = 1 } }, page_statistics = { "page_statistics.json", { account = 1 } },
      organization = { "organization.json", { account = 1 } }, comments = { "comments.json", { comment = 1, reaction = 1 } },
      reference = { "network_size.json", { account = 1 } },
    } do
      assert.truthy(match("linkedin." .. name, fixture(case[1])), name)
      assert.same(case[2], parse("linkedin." .. name, fixture(case[1])).drops)
    end
    assert.same({}, parse("linkedin.empty", fixture("empty.json")).rows)
  end)

  it("names an organization by its URN, as its posts do", function()
    assert.equal("urn:li:organization:900", parse("linkedin.organization", fixture("organization.json")).accounts[1].id)
  end)

  it("is no other platform's payload", function()
    assert.same({}, testkit.foreign_claims({ "youtube", "tiktok", "instagram", "x", "mastodon", "bluesky", "reddit",
                                             "pinterest" }))
  end)
end)

describe("the plugin", function()
  it("meets the contract", function()
    local contract = require("tidemark.contract")
    local ok, mistakes = contract.check(linkedin, { name = "linkedin" })
    assert.truthy(ok, mistakes and contract.format(mistakes, "plugin.lua"))
  end)
end)

describe("what the host yields", function()
  testkit.goldens() -- recorded by: tidemark plugin test linkedin --record
end)
