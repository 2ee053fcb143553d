local testkit = require("tidemark.testkit")

local youtube = testkit.plugin()

local function table_of(names, rows)
  local doc = { columnHeaders = {}, rows = rows }
  for i, name in ipairs(names) do doc.columnHeaders[i] = { name = name } end
  return doc
end

local function analytics(names, rows, url)
  return testkit.parse("youtube.analytics", table_of(names, rows), { url = url })
end

describe("youtube.analytics", function()
  it("takes a column for what its header says, wherever it stands", function()
    local out = analytics({ "likes", "video", "averageViewDuration", "views" }, { { 7, "v1", 121.5, 1234.0 } })
    assert.equal("v1", out.rows[1].post.id)
    assert.equal(7, out.rows[1].counts.likes)
    assert.equal(1234.0, out.rows[1].counts.views)
    assert.equal(121.5, out.rows[1].counts.average_watch_time)
    assert.equal("range", out.rows[1].counts.window)
  end)

  it("keeps a null unknown: no count becomes 0", function()
    local out = analytics({ "video", "views", "shares" }, { { "v1", 10, testkit.null } })
    assert.equal(testkit.null, out.rows[1].counts.shares)
    assert.is_nil(out.rows[1].counts.likes)
  end)

  it("begins and ends a day at midnight in California, also when the clocks change", function()
    local out = analytics({ "day", "video", "views" },
      { { "2024-03-09", "v1", 1 }, { "2024-03-10", "v1", 1 }, { "2024-11-03", "v1", 1 } })
    local function span(i) return out.rows[i].counts.window_end - out.rows[i].counts.window_start end
    assert.equal("2024-03-09T08", os.date("!%Y-%m-%dT%H", out.rows[1].counts.window_start))
    assert.same({ 24 * 3600, 23 * 3600, 25 * 3600 }, { span(1), span(2), span(3) })
  end)

  it("adds the splits of a day up and weights the average by views", function()
    local out = testkit.parse("youtube.analytics", testkit.fixture("analytics_split.json"))
    assert.equal(2, #out.rows)
    assert.equal(40, out.rows[1].counts.views)
    assert.equal(3, out.rows[1].counts.likes)
    assert.equal((30 * 10 + 10 * 50) / 40, out.rows[1].counts.average_watch_time)
  end)

  it("does not add up what names a part only", function()
    local out = analytics({ "video", "insightTrafficSourceDetail", "views" }, { { "v1", "bread", 12 }, { "v1", "oven", 3 } })
    assert.same({ breakdown = 2 }, out.drops)
    assert.same({}, out.rows)
  end)

  it("drops rows of a channel, its audience and its retention, and says which", function()
    assert.same({ account = 2 }, analytics({ "day", "views" }, { { "2024-03-09", 1 }, { "2024-03-10", 2 } }).drops)
    assert.same({ demographics = 1 }, analytics({ "ageGroup", "viewerPercentage" }, { { "age18-24", 40 } }).drops)
    assert.same({ retention = 1 }, analytics({ "elapsedVideoTimeRatio", "audienceWatchRatio" }, { { 0.1, 1 } }).drops)
  end)

  it("takes the one video and the dates of the request from its address", function()
    local out = analytics({ "views" }, { { 5 } },
      "https://youtubeanalytics.googleapis.com/v2/reports?startDate=2024-01-01&endDate=2024-01-31&filters=video%3D%3Dv1")
    assert.equal("v1", out.rows[1].post.id)
    assert.equal("2024-01-01 08", os.date("!%Y-%m-%d %H", out.rows[1].counts.window_start))
    assert.equal("2024-02-01 08", os.date("!%Y-%m-%d %H", out.rows[1].counts.window_end))
  end)

  it("does not take a filter on several videos for one video", function()
    local out = analytics({ "views" }, { { 5 } }, "https://…/reports?filters=video==v1,v2")
    assert.same({ account = 1 }, out.drops)
  end)

  it("quarantines a row that is no list, or has no day where there is a column for it", function()
    local out = analytics({ "day", "video", "views" }, { 7, { "soon", "v1", 1 }, { "2024-03-09", "v1", 1 } })
    assert.equal(1, #out.rows)
    assert.same({ "bad_shape", "bad_shape" }, { out.bads[1].code, out.bads[2].code })
  end)

  it("leaves tables of Google Analytics alone", function()
    assert.is_false(youtube.parsers["youtube.analytics"].match(table_of({ "ga:sessions" }, { { 1 } })))
  end)
end)

describe("youtube.reporting", function()
  local function report(text) return testkit.parse("youtube.reporting", testkit.csv(text)) end

  it("makes one row of a day's splits", function()
    local out = report("date,channel_id,video_id,country_code,views,likes,average_view_duration_seconds\n"
      .. "20240309,c,v1,DE,3,1,30\n20240309,c,v1,FR,1,,10\n2024-03-10,c,v1,FR,1,0,5\n")
    assert.equal(2, #out.rows)
    assert.equal(4, out.rows[1].counts.views)
    assert.equal(1, out.rows[1].counts.likes)
    assert.equal(25, out.rows[1].counts.average_watch_time)
    assert.equal("c", out.rows[1].post.account)
  end)

  it("does not wrap around, and says nothing where a sum is no number", function()
    local out = report("date,channel_id,video_id,views,likes,engaged_views,average_view_duration_seconds\n"
      .. "20260901,c,v1,9223372036854775807,1,1e308,5\n20260901,c,v1,9223372036854775807,2,1e308,5\n")
    local counts = out.rows[1].counts
    assert.same({ 2 ^ 64, 3 }, { counts.views, counts.likes })
    assert.is_nil(counts.average_watch_time)
    assert.is_nil(counts.extra)
  end)

  it("weights by engaged views where the file has them: the average is measured on those", function()
    local out = report("date,channel_id,video_id,views,engaged_views,average_view_duration_seconds\n"
      .. "20260901,c,v1,100,40,20\n20260901,c,v1,900,10,45\n")
    assert.equal(25, out.rows[1].counts.average_watch_time)
    assert.equal(1000, out.rows[1].counts.views)
    assert.equal(50, out.rows[1].counts.extra.engaged_views)
  end)

  it("knows no average where nobody watched", function()
    local out = report("date,channel_id,video_id,views,average_view_duration_seconds\n20240309,c,v1,0,0.0\n")
    assert.equal(0, out.rows[1].counts.views)
    assert.is_nil(out.rows[1].counts.average_watch_time)
  end)

  it("drops rows without a video and quarantines a row without a day", function()
    local out = report("date,channel_id,video_id,views\n20240309,c,,1\nyesterday,c,v1,1\n")
    assert.same({ account = 1 }, out.drops)
    assert.equal("bad_shape", out.bads[1].code)
  end)
end)

describe("youtube.studio_csv", function()
  it("leaves the totals out and reads Studio's dates and lengths", function()
    local doc = { columns = {}, rows = {
      { Content = "Total", Views = "9" },
      { Content = "v1", ["Video publish time"] = "Mar 1, 2024", Views = "9", ["Average view duration"] = "0:01:26" },
    } }
    local out = testkit.parse("youtube.studio_csv", doc)
    assert.same({ total = 1 }, out.drops)
    assert.equal("2024-03-01", out.rows[1].post.published_at)
    assert.equal(86, out.rows[1].counts.average_watch_time)
    assert.equal("range", out.rows[1].counts.window)
  end)
end)

describe("youtube.videos_framed", function()
  it("tells a Short by its frame and length, as they were limited when it was published", function()
    local doc = testkit.fixture("videos_framed.json")
    assert.truthy(testkit.match("youtube.videos_framed", doc) > testkit.match("youtube.videos", doc))
    local kinds = {}
    local rows = testkit.parse("youtube.videos_framed", doc).rows
    for _, row in ipairs(rows) do kinds[row.post.id] = row.post.media_kind or "?" end
    assert.same({ tall0short0 = "short", tall0before = "video", wide0video0 = "video", turned0file = "short",
                  unknown0one = "?" }, kinds)
  end)

  it("takes the counts as they stand, and keeps the others", function()
    local counts = testkit.parse("youtube.videos_framed", testkit.fixture("videos_framed.json")).rows[1].counts
    assert.same({ "9000", "810", "12" }, { counts.views, counts.likes, counts.comments })
    assert.same({ favoriteCount = "0" }, counts.extra)
  end)

  it("leaves a list without frames to the description", function()
    assert.falsy(testkit.match("youtube.videos_framed", testkit.fixture("videos.json")))
  end)
end)

describe("recognising", function()
  it("tells a field-masked list of videos from one of channels", function()
    local match = youtube.parsers["youtube.videos_bare"].match
    assert.truthy(match { items = { { id = "v1", statistics = { viewCount = "1" } } } })
    assert.is_false(match { items = { { id = "c1", statistics = { viewCount = "1", subscriberCount = "2" } } } })
  end)

  it("leaves Meta's and TikTok's errors alone", function()
    local match = youtube.parsers["youtube.error"].match
    assert.truthy(match { error = { code = 403, message = "no", errors = { { reason = "forbidden" } } } })
    assert.is_false(match { error = { code = 190, message = "no", type = "OAuthException", fbtrace_id = "A" } })
  end)

  it("takes no other platform's payload", function()
    assert.same({}, testkit.foreign_claims({ "tiktok", "instagram", "x" }))
  end)
end)

describe("youtube.channels", function()
  it("names the account and counts it as dropped", function()
    local out = testkit.parse("youtube.channels", testkit.fixture("channels.json"))
    assert.same({ account = 1 }, out.drops)
    assert.same({ { id = "UCmade0up0channel0id00aa", handle = "@achannel" } }, out.accounts)
  end)
end)

describe("the plugin", function()
  it("meets the contract", function()
    local contract = require("tidemark.contract")
    local ok, mistakes = contract.check(youtube, { name = "youtube" })
    assert.truthy(ok, mistakes and contract.format(mistakes, "plugin.lua"))
  end)
end)

describe("what the host yields", function()
  testkit.goldens() -- recorded by: tidemark plugin test youtube --record
end)
