-- ctx.rank: shrunk success rates, and no finding without a test against the same accounts' other posts.
local analysis = require("tidemark.analysis.init")
local discipline = require("tidemark.discipline")
local planted = require("lib.planted")

local function rank(posts, extra, opts, world)
  local o = { per = "platform", pattern_type = "tag", writes = "pattern" }
  for k, v in pairs(opts or {}) do o[k] = v end
  return analysis.run("rank", posts, extra or planted.tags(posts), o, planted.world(world))
end

local function decided(candidates)
  return planted.index(discipline.decide(planted.run(), candidates, {}))
end

local function world(seed, share)
  local tags = { howto = { share = share or 0.3, lift = 0.6 } }
  for i = 1, 8 do tags["null" .. i] = { share = 0.1 + 0.04 * i } end
  return planted.posts { seed = seed, works = 60, tags = tags }
end

describe("success rates", function()
  it("find the tag that helps and none of those that do nothing", function()
    local results = discipline.decide(planted.run(), rank(world(11)), {})
    assert.same({ "tiktok|howto" }, planted.written(results))
    local r = planted.index(results)["tiktok|howto"]
    assert.equal("rate", r.evidence.kind)
    assert.equal("ai_learning_patterns", r.row.table)
    assert.equal("tag", r.row.pattern_type)
    assert.is_true(r.row.success_rate > 60 and r.row.success_rate < 95)
    assert.is_true(r.row.average_engagement > 0)
    assert.truthy(r.row.content_id)
    assert.truthy(r.row.first_observed < r.row.last_observed)
  end)

  it("carry the rate, its shrunk value, Wilson's interval, and the difference that was tested", function()
    local c = planted.index(rank(world(11)))["tiktok|howto"]
    assert.equal("probability", c.effect.unit)
    assert.equal(c.n.a / c.n.used, c.effect.raw)
    assert.is_true(c.effect.shrunk < c.effect.raw)
    assert.is_true(c.interval.lo < c.effect.raw and c.effect.raw < c.interval.hi)
    assert.equal("wilson", c.interval.method)
    assert.equal(c.contrast.raw, c.params.difference)
    assert.truthy(c.baseline.text:match("^all labels of the platform: Beta%(%d+%.%d, %d+%.%d%); tested against the same accounts' other"))
    local r = decided(rank(world(11)))["tiktok|howto"]
    assert.is_true(r.lo < r.effect and r.effect < r.hi and r.hi < 100)
    assert.truthy(r.why:find("points (95 % interval", 1, true))
    assert.equal("", planted.invalid { r.evidence })
  end)

  it("do not take the success of a good tag for that of what goes with it", function()
    local posts, r = world(12, 0.4), planted.random(3)
    for _, p in ipairs(posts) do
      local good = false
      for _, tag in ipairs(p.tags) do good = good or tag == "howto" end
      if r.unit() < (good and 0.75 or 0.15) then p.tags[#p.tags + 1] = "echo" end
    end
    local by = decided(rank(posts))
    assert.equal("written", by["tiktok|howto"].decision)
    assert.is_not.equal("written", by["tiktok|echo"].decision)
    assert.is_true(by["tiktok|echo"].evidence.effect.raw > 0.55, "its plain rate is high")
  end)

  it("never say that one lucky post is always lucky", function()
    local posts = world(13)
    local best
    for _, p in ipairs(posts) do
      if p.score and (not best or p.score > best.score) then best = p end
    end
    best.tags[#best.tags + 1] = "lucky"
    local c = planted.index(rank(posts))["tiktok|lucky"]
    assert.equal("insufficient", c.status)
    assert.equal("1 of 15 posts needed with it", c.why)
    assert.is_true(c.values.success_rate > 40 and c.values.success_rate < 65, c.values.success_rate)
  end)

  it("are right about nothing at the rate they say", function()
    local below, tests = 0, 0
    for seed = 1, 12 do
      local tags = {}
      for i = 1, 10 do tags["null" .. i] = { share = 0.1 + 0.05 * i } end
      for _, c in ipairs(rank(planted.posts { seed = seed, accounts = 8, works = 40, tags = tags })) do
        tests, below = tests + 1, below + (c.test.p < 0.05 and 1 or 0)
      end
    end
    assert.equal(120, tests)
    assert.is_true(below <= 14, below .. " of 120 below .05")
  end)

  it("of formats set each against the others", function()
    local posts = planted.posts { seed = 4, works = 60 }
    local extra = {}
    for i, p in ipairs(posts) do
      extra[i] = { by = i % 3 == 0 and "reel" or i % 3 == 1 and "image" or "carousel" }
      if i % 3 == 0 then p.y = p.y + 0.5 end
    end
    planted.score(posts)
    local results = planted.index(discipline.decide(planted.run(), rank(posts, extra, { pattern_type = "format" }), {}))
    assert.equal("written", results["tiktok|reel"].decision)
    assert.equal("format", results["tiktok|reel"].subject_type)
    assert.is_true(results["tiktok|reel"].effect > 0)
  end)

  it("of two formats are one test: that the other does worse is no second finding", function()
    local posts = planted.posts { seed = 4, works = 60 }
    local extra = {}
    for i, p in ipairs(posts) do
      extra[i] = { by = i % 2 == 0 and "reel" or "image" }
      if i % 2 == 0 then p.y = p.y + 0.5 end
    end
    planted.score(posts)
    local results = planted.index(discipline.decide(planted.run(), rank(posts, extra, { pattern_type = "format" }), {}))
    assert.equal("written", results["tiktok|reel"].decision)
    assert.is_nil(results["tiktok|image"])
  end)

  it("need posts that have a usual to beat", function()
    local posts = planted.posts { accounts = 30, works = 4, tags = { a = { share = 0.5 } } }
    local r = decided(rank(posts))["tiktok|a"]
    assert.truthy(r.why:match("^insufficient data: 0 of 15 posts needed with it: %d+ carry it, %d+ of them without a comparable count$"))
    assert.same({ { reason = "no_baseline", count = 120, unit = "posts" } }, r.evidence.excluded)
    assert.equal(50, planted.index(rank(posts))["tiktok|a"].values.success_rate)
  end)

  it("are the same whatever the order of the posts", function()
    local posts = world(14)
    local a, b = planted.shuffled(posts, planted.tags(posts))
    local one = discipline.decide(planted.run(), rank(posts), {})
    assert.equal(planted.json(one), planted.json(discipline.decide(planted.run(), rank(a, b), {})))
  end)
end)
