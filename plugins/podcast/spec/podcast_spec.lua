local testkit = require("tidemark.testkit")

local podcast = testkit.plugin()
local function provider_of(doc) return "podcast." .. (doc.provider == "podigee" and "hoster" or doc.provider) end
local function parse(name, input)
  local doc, given = testkit.fixture(name)
  return testkit.parse(provider_of(doc), doc, input or given)
end
local function views(out)
  local list = {}
  for i, row in ipairs(out.rows) do list[i] = row.counts and row.counts.views or "none" end
  return list
end
local function enveloped(provider, data, episode)
  return { provider = provider, meta = { show = "s", endpoint = "x", episode = episode }, data = data }
end

describe("Spotify's numbers", function()
  it("are streams of a day as views, starts beside them", function()
    local out = parse("spotify_streams.json")
    assert.same({ 11, 0 }, views(out))
    local counts = out.rows[1].counts
    assert.same({ "day", testkit.time("2024-03-01T00:00:00Z"), testkit.time("2024-03-02T00:00:00Z"), 15 },
      { counts.window, counts.window_start, counts.window_end, counts.extra.starts })
    assert.equal("bad_shape", out.bads[1].code)
  end)

  it("are no content where they are the show's, its listeners' or samples of a retention curve", function()
    assert.same({ account = 1 }, parse("spotify_streams_show.json").drops)
    assert.same({ demographics = 1 }, parse("spotify_aggregate.json").drops)
    assert.same({ retention = 1 }, parse("spotify_performance.json").drops)
    assert.same({ account = 2 }, parse("spotify_followers.json").drops)
  end)

  it("are of all time where the range asked for began before the release", function()
    local rows = parse("spotify_episodes.json").rows
    assert.same({ "lifetime", "range" }, { rows[1].counts.window, rows[2].counts.window })
    assert.equal(testkit.time("2024-03-10T00:00:00Z"), rows[2].counts.window_end)
  end)

  it("are taken bare where the address or the user says whose they are", function()
    local doc, input = testkit.fixture("spotify_bare.json")
    local p = podcast.parsers["podcast.spotify"]
    assert.falsy(p.match(doc, {}))
    assert.falsy(p.match(doc, { url = "https://example.org/episodes/ep1" }))
    assert.truthy(p.match(doc, input))
    assert.equal("ep1", testkit.parse("podcast.spotify", doc, input).rows[1].post.id)
  end)
end)

describe("Apple's numbers", function()
  it("belong to the episode the counts name, not to the one that was asked for", function()
    local row = parse("apple_details.json").rows[1]
    assert.equal("1000500000001", row.post.id)
    assert.equal(53, row.counts.views)
    assert.is_nil(row.counts.average_watch_time)
  end)

  it("are unknown where they are -1", function()
    local rows = parse("apple_episodes.json").rows
    assert.is_nil(rows[1].counts.views)
    assert.is_nil(rows[1].counts.extra.unique_listeners)
    assert.equal(3, rows[1].counts.extra.plays_followed)
  end)

  it("add up followers' and others' plays where nobody summed them, and listeners never", function()
    local counts = parse("apple_episodes.json").rows[2].counts
    assert.equal(10, counts.views)
    assert.is_nil(counts.extra.unique_listeners)
    local v = { episodeid = "1", followstate = "followed", playscount = 4 }
    local doc = enveloped("apple", { content = { results = {} }, episodesPlayCount = { ["1"] = { v } } })
    assert.is_nil(testkit.parse("podcast.apple", doc, {}).rows[1].counts.views)
  end)

  it("are one row per episode and day, and the show's days are dropped", function()
    local out = parse("apple_trends.json")
    assert.same({ 12, "none" }, views(out))
    assert.same({ account = 1 }, out.drops)
    assert.same({ account = 1 }, parse("apple_followers.json").drops)
  end)
end)

describe("Anchor's numbers", function()
  it("are plays per interval", function()
    local out = parse("anchor_plays.json")
    assert.same({ 43, 0 }, views(out))
    assert.equal("bad_shape", out.bads[1].code)
    local data = { kind = "plays", parameters = { timeInterval = 3600 }, data = { rows = { { 1709251200, 2 } } } }
    local counts = testkit.parse("podcast.anchor", enveloped("anchor", data, "e1"), {}).rows[1].counts
    assert.same({ "range", 3600 }, { counts.window, counts.window_end - counts.window_start })
  end)

  it("hold the average listening time as a text, a number or null", function()
    assert.equal("1254", parse("anchor_aggregated.json").rows[1].counts.average_watch_time)
    assert.is_nil(parse("anchor_aggregated_null.json").rows[1].counts.average_watch_time)
  end)

  it("name episodes by the id of their page, whatever a column is called", function()
    local rows = parse("anchor_totals.json").rows
    assert.same({ "e1a2b3", "e4d5f6" }, { rows[1].post.id, rows[2].post.id })
    assert.same({ 640, "none" }, { rows[1].counts.views, rows[2].counts.views or "none" })
    assert.equal("e1a2b3", parse("anchor_episodes.json").rows[1].post.id)
    local bare = { kind = "totalPlaysByEpisode", data = { rows = { { "One", 123, 640, 1709251200, 1, "e1a2b3" } } } }
    local row = testkit.parse("podcast.anchor", enveloped("anchor", bare), {}).rows[1]
    assert.same({ "e1a2b3", 640, 1709251200 }, { row.post.id, row.counts.views, row.post.published_at })
  end)

  it("are no content where they are the show's", function()
    assert.same({ account = 2 }, parse("anchor_plays_show.json").drops)
    assert.same({ demographics = 1 }, parse("anchor_age.json").drops)
    assert.same({ retention = 1 }, parse("anchor_performance.json").drops)
  end)
end)

describe("a hoster's numbers", function()
  it("are downloads per window, the rest beside them", function()
    local out = parse("hoster_metrics.json")
    assert.same({ 100000, 70 }, views(out))
    assert.same({ "day", "week" }, { out.rows[1].counts.window, out.rows[2].counts.window })
    assert.same({ ["clients.PocketCasts"] = 5 }, out.rows[1].counts.extra)
    assert.equal("bad_shape", out.bads[1].code)
  end)

  it("are no content where no episode is named", function()
    assert.same({ account = 1 }, parse("hoster_metrics_show.json").drops)
    assert.same({ account = 1 }, parse("hoster_show.json").drops)
  end)
end)

describe("the fixtures of podcasts", function()
  testkit.goldens() -- recorded by: tidemark plugin test podcast --record
end)
