local testkit = require("tidemark.testkit")

local pinterest = testkit.plugin()
local named = { platform = "pinterest" }
local function parse(name, doc, input) return testkit.parse(name, doc, input) end
local function match(name, doc, input) return testkit.match(name, doc, input) end
local function fixture(name) return testkit.fixture(name) end
local function analytics(name)
  local doc, input = fixture(name)
  return parse("pinterest.analytics", doc, input)
end
local function day_of(row) return os.date("!%Y-%m-%d", row.counts.window_start) end

describe("a pin's analytics", function()
  it("are a row per day that is ready, and one of its whole life", function()
    local rows = analytics("analytics.json").rows
    assert.equal(3, #rows)
    assert.same({ "lifetime", 10, 3 }, { rows[1].counts.window, rows[1].counts.likes, rows[1].counts.comments })
    assert.is_nil(rows[1].counts.views)
    assert.same({ "day", 100, 4, 12.549 },
      { rows[2].counts.window, rows[2].counts.views, rows[2].counts.saves, rows[2].counts.average_watch_time })
    assert.same({ "2024-03-01", "2024-03-02" }, { day_of(rows[2]), day_of(rows[3]) })
    assert.equal(86400, rows[2].counts.window_end - rows[2].counts.window_start)
  end)

  it("say nothing of days that are not ready: their zeros are unknown", function()
    assert.same({ processing = 1, ["before-pin-created"] = 1 }, analytics("analytics.json").drops)
    local out = analytics("analytics_processing.json")
    assert.same({}, out.rows)
    assert.same({ processing = 1 }, out.drops)
    assert.same({}, out.bads)
  end)

  it("have counts of the whole life among those of a day, which mean nothing there", function()
    local counts = analytics("analytics.json").rows[2].counts
    assert.is_nil(counts.likes)
    assert.is_nil(counts.extra.TOTAL_REACTIONS)
  end)

  it("are a sum over the asked days where no days came", function()
    local row = analytics("analytics_sum.json").rows[1]
    assert.same({ "range", 150, 5 }, { row.counts.window, row.counts.views, row.counts.saves })
    assert.equal("2024-03-01", day_of(row))
    assert.equal(2 * 86400, row.counts.window_end - row.counts.window_start)
  end)

  it("do not name the pin: the request does, or --content, and else they are asked for", function()
    assert.equal("813000000000000001", analytics("analytics.json").rows[1].post.id)
    local doc = fixture("analytics_nameless.json")
    local out = parse("pinterest.analytics", doc)
    assert.equal("missing_id", out.bads[1].code)
    assert.truthy(out.bads[1].text:find("--content ID", 1, true))
    assert.equal("55", parse("pinterest.analytics", doc, { content = "55" }).rows[1].post.id)
  end)

  it("in parts have no total, and parts are not added up", function()
    local out = analytics("analytics_split.json")
    assert.same({}, out.rows)
    assert.same({ split = 2 }, out.drops)
  end)

  it("of several pins are keyed by their ids", function()
    local doc = fixture("analytics_multi.json")
    assert.truthy(match("pinterest.analytics_multi", doc))
    assert.falsy(match("pinterest.analytics", doc))
    local seen = {}
    for _, id in ipairs(testkit.ids(parse("pinterest.analytics_multi", doc))) do seen[id] = (seen[id] or 0) + 1 end
    assert.same({ ["813000000000000001"] = 3, ["813000000000000005"] = 1 }, seen)
  end)
end)

describe("an account's analytics", function()
  it("are known by what only accounts have, or by the request", function()
    assert.same({ account = 2 }, analytics("account_analytics.json").drops)
    local doc = fixture("analytics_nameless.json")
    local out = parse("pinterest.analytics", doc, { url = "https://api.pinterest.com/v5/user_account/analytics?x=1" })
    assert.same({ account = 1 }, out.drops)
    assert.same({}, out.bads)
  end)
end)

describe("top pins", function()
  it("have each metric's own status, and the asked days for a window where the request is known", function()
    local rows = parse("pinterest.top_pins", fixture("top_pins.json")).rows
    assert.same({ 150, 5, 12.549 }, { rows[1].counts.views, rows[1].counts.saves, rows[1].counts.average_watch_time })
    assert.is_nil(rows[2].counts.saves)
    assert.is_nil(rows[1].counts.window_start)
    local doc, input = fixture("top_pins_asked.json")
    assert.equal("2024-02-01", day_of(parse("pinterest.top_pins", doc, input).rows[1]))
  end)

  it("without an id are quarantined alone", function()
    local pins = { { metrics = {} }, { pin_id = "7", metrics = { IMPRESSION = 1 } }, { pin_id = "8" } }
    local out = parse("pinterest.top_pins", { pins = pins })
    assert.same({ "7" }, testkit.ids(out))
    assert.same({ "missing_id", "bad_shape" }, { out.bads[1].code, out.bads[2].code })
  end)
end)

describe("a pin", function()
  it("has counts only where its metrics were asked for", function()
    local row = parse("pinterest.pin", fixture("pin.json")).rows[1]
    assert.is_nil(row.counts.views)
    row = parse("pinterest.pin", fixture("pin_metrics.json")).rows[1]
    assert.same({ 90, 10, 2, 5 }, { row.counts.views, row.counts.likes, row.counts.comments, row.counts.saves })
    assert.equal(15, row.post.duration_s)
    assert.equal(2, #parse("pinterest.pins", fixture("pins.json")).rows)
  end)
end)

describe("what is no content, or could be anybody's", function()
  it("is counted by what it is, and an error is Pinterest's where it was named", function()
    assert.same({ account = 1 }, parse("pinterest.account", fixture("account.json")).drops)
    assert.same({ reference = 1 }, parse("pinterest.boards", fixture("boards.json")).drops)
    assert.falsy(match("pinterest.error", fixture("error.json")))
    assert.truthy(match("pinterest.error", fixture("error.json"), named))
    assert.truthy(match("pinterest.error", fixture("error.json"), { url = "https://api.pinterest.com/v5/user_account" }))
    assert.equal("8", parse("pinterest.error", fixture("error.json")).refused.code)
  end)

  it("is no other platform's payload", function()
    assert.same({}, testkit.foreign_claims({ "youtube", "tiktok", "instagram", "x", "mastodon", "bluesky", "reddit",
                                             "linkedin" }))
  end)
end)

describe("the plugin", function()
  it("meets the contract", function()
    local contract = require("tidemark.contract")
    local ok, mistakes = contract.check(pinterest, { name = "pinterest" })
    assert.truthy(ok, mistakes and contract.format(mistakes, "plugin.lua"))
  end)
end)

describe("what the host yields", function()
  testkit.goldens() -- recorded by: tidemark plugin test pinterest --record
end)
