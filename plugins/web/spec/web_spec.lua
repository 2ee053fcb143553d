local testkit = require("tidemark.testkit")

local web = testkit.plugin()
local function match(name, doc, input) return web.parsers[name].match(doc, input or {}) end
local function parse(parser, name)
  local doc, input = testkit.fixture(name)
  return testkit.parse(parser, doc, input)
end
local function views(out)
  local by = {}
  for _, row in ipairs(out.rows) do by[row.post.id] = row.counts.views end
  return by
end

describe("web.ga4", function()
  it("sums what a page's rows were split by, but not what has no sum", function()
    local out = parse("web.ga4", "ga4.json")
    assert.same({ ["/"] = "110", ["/one/"] = 60 }, views(out))
    assert.equal("80", out.rows[1].counts.extra.activeUsers)
    assert.is_nil(out.rows[2].counts.extra)
  end)

  it("drops what is no page, and takes no totals", function()
    assert.same({ no_page = 2 }, parse("web.ga4", "ga4.json").drops)
    assert.same({ site = 2 }, parse("web.ga4", "ga4_site.json").drops)
  end)

  it("has days on the property's clock, and paths within their host", function()
    local rows = parse("web.ga4", "ga4_days.json").rows
    assert.same({ "a.example/", "day", testkit.time("2024-03-01T08:00:00Z") },
      { rows[1].post.id, rows[1].counts.window, rows[1].counts.window_start })
    assert.equal("b.example/", rows[3].post.id)
    assert.is_true(rows[1].counts.extra.data_loss)
  end)

  it("drops the range that a report is compared with", function()
    local out = parse("web.ga4", "ga4_compared.json")
    assert.same({ ["/"] = "10" }, views(out))
    assert.same({ comparison = 1 }, out.drops)
  end)
end)

describe("web.plausible", function()
  it("reads values by their position in the query", function()
    local out = parse("web.plausible", "plausible.json")
    assert.same({ ["/"] = 41, ["/blog/one"] = 4 }, views(out))
    local counts = out.rows[1].counts
    local extra = counts.extra
    assert.same({ 30, 22.5, "unsupported_query" }, { extra.visitors, extra.time_on_page, extra.imports_skipped })
    assert.is_nil(counts.average_watch_time)
  end)

  it("has its window from the query, its days and hours on the site's clock", function()
    local counts = parse("web.plausible", "plausible.json").rows[1].counts
    assert.same({ "range", testkit.time("2024-03-01T00:00:00+01:00"), testkit.time("2024-03-08T00:00:00+01:00") },
      { counts.window, counts.window_start, counts.window_end })
    counts = parse("web.plausible", "plausible_days.json").rows[2].counts
    assert.same({ "day", testkit.time("2024-03-02T00:00:00+01:00"), 0 }, { counts.window, counts.window_start, counts.views })
    counts = parse("web.plausible", "plausible_hours.json").rows[1].counts
    assert.same({ testkit.time("2024-03-01T08:00:00+01:00"), 3600 },
      { counts.window_start, counts.window_end - counts.window_start })
  end)

  it("says that a filter left only a part of the views", function()
    local row = parse("web.plausible", "plausible_split.json").rows[1]
    assert.equal(45, row.counts.views)
    assert.same({ filtered = true }, row.counts.extra)
  end)

  it("takes no sources, countries or totals for pages", function()
    assert.same({ site = 2 }, parse("web.plausible", "plausible_site.json").drops)
    assert.same({ site = 1 }, parse("web.plausible_v1", "plausible_v1_totals.json").drops)
    assert.same({ ["/"] = 41, ["/blog/one"] = 4 }, views(parse("web.plausible_v1", "plausible_v1.json")))
  end)
end)

describe("web.reporter", function()
  it("takes pages with their host, and drops what was cut off", function()
    local out = parse("web.reporter", "reporter.json")
    assert.same({ ["a.example/"] = "445", ["a.example/old"] = "7" }, views(out))
    assert.same({ no_page = 1 }, out.drops)
    assert.equal("7daysAgo", out.rows[1].counts.extra.start_date)
  end)

  it("names a page by title and host where it has nothing else", function()
    assert.same({ ["a.example Home"] = "445" }, views(parse("web.reporter", "reporter_titles.json")))
  end)

  it("takes no hours of a site and no downloads for pages", function()
    assert.same({ site = 2 }, parse("web.reporter", "reporter_site.json").drops)
    assert.same({ site = 1 }, parse("web.reporter_csv", "reporter_downloads.csv").drops)
    assert.same({ ["a.example/"] = "445", ["a.example/one"] = "58" }, views(parse("web.reporter_csv", "reporter.csv")))
  end)
end)

describe("web.umami", function()
  it("takes [{x, y}] only where somebody said whose it is", function()
    local doc, input = testkit.fixture("umami.json")
    assert.falsy(match("web.umami", doc))
    assert.truthy(match("web.umami", doc, input))
    assert.truthy(match("web.umami", doc, { platform = "web" }))
    local counts = testkit.parse("web.umami", doc, input).rows[1].counts
    assert.same({ 46, 1709251200, 1709856000 }, { counts.views, counts.window_start, counts.window_end })
  end)

  it("drops referrers and totals of the site", function()
    assert.same({ site = 1 }, parse("web.umami", "umami_referrers.json").drops)
    local doc = { { x = "news.example", y = 3 }, { x = "/", y = 2 } }
    local out = testkit.parse("web.umami", testkit.doc(testkit.json.encode(doc)), { platform = "web" })
    assert.same({ ["/"] = 2 }, views(out))
    assert.same({ site = 1 }, out.drops)
    for _, name in ipairs { "umami_stats.json", "umami_stats_v3.json" } do
      assert.truthy(match("web.umami", testkit.fixture(name)), name)
      assert.same({ site = 1 }, parse("web.umami", name).drops)
    end
  end)
end)

describe("Google's error", function()
  it("is taken where its details, the address or the user say whose it is", function()
    local doc = testkit.fixture("ga4_error.json")
    assert.truthy(match("web.error_google", doc))
    local bare = { error = { code = 403, message = "x", status = "PERMISSION_DENIED" } }
    assert.falsy(match("web.error_google", bare))
    assert.truthy(match("web.error_google", bare, { platform = "web" }))
    local url = "https://analyticsdata.googleapis.com/v1beta/properties/1:runReport"
    assert.truthy(match("web.error_google", bare, { url = url }))
  end)
end)

describe("the fixtures of web analytics", function()
  testkit.goldens() -- recorded by: tidemark plugin test web --record
end)
