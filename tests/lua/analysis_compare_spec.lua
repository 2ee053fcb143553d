-- ctx.compare: planted effects are found, what is not there is not, and too little data is said in a sentence.
local analysis = require("tidemark.analysis.init")
local discipline = require("tidemark.discipline")
local planted = require("lib.planted")

local function nulls(n, tags)
  tags = tags or {}
  for i = 1, n do tags["null" .. i] = { share = 0.1 + 0.03 * i } end
  return tags
end

local function tags_of(posts, opts, world)
  local o = { per = "work", writes = "style", pattern_type = "tag" }
  for k, v in pairs(opts or {}) do o[k] = v end
  return analysis.run("compare", posts, planted.tags(posts), o, planted.world(world))
end

local function decided(candidates)
  return planted.index(discipline.decide(planted.run(), candidates, {}))
end

local function blocks_of(posts, opts)
  local o = { per = "platform", writes = "pattern", pattern_type = "posting_block" }
  for k, v in pairs(opts or {}) do o[k] = v end
  return analysis.run("compare", posts, planted.blocks(posts), o, planted.world())
end

describe("comparing tags", function()
  it("finds a tag that helps and one that harms, and none of those that do nothing", function()
    local posts = planted.posts { seed = 3, tags = nulls(10, { howto = { lift = 0.5 }, unboxing = { lift = -0.35 } }) }
    local results = discipline.decide(planted.run(), tags_of(posts), {})
    assert.same({ "*|howto", "*|unboxing" }, planted.written(results))
    local howto = decided(tags_of(posts))["*|howto"]
    assert.is_true(howto.lo < 50 and 50 < howto.hi, howto.why)
    assert.equal("content_style_analysis", howto.row.table)
    assert.same({ "howto" }, { howto.row.style_tags[1] })
    assert.is_true(howto.row.engagement_correlation > 0.2)
  end)

  it("is wrong about nothing at the rate it says, over many made-up worlds", function()
    local below, tests = 0, 0
    for seed = 1, 15 do
      local posts = planted.posts { seed = seed, accounts = 8, works = 40, tags = nulls(12) }
      for _, c in ipairs(tags_of(posts)) do
        tests = tests + 1
        if c.test.p < 0.05 then below = below + 1 end
      end
    end
    assert.equal(180, tests)
    assert.is_true(below <= 18, below .. " of 180 below .05")
  end)

  it("does not take a tag of good accounts for a good tag", function()
    local share = function(level) return level > 0 and 0.7 or 0.1 end
    local posts = planted.posts { seed = 2, level = 0.8, tags = nulls(4, { aesthetic = { share = share } }) }
    local with, without = { 0, 0 }, { 0, 0 }
    for _, p in ipairs(posts) do
      local side = without
      for _, tag in ipairs(p.tags) do
        if tag == "aesthetic" then side = with end
      end
      side[1], side[2] = side[1] + p.y, side[2] + 1
    end
    local naive = math.exp(with[1] / with[2] - without[1] / without[2]) - 1
    assert.is_true(naive > 0.5, "the plain comparison says " .. naive)
    local result = decided(tags_of(posts))["*|aesthetic"]
    assert.is_not.equal("written", result.decision)
    assert.is_true(math.abs(result.effect) < 12, result.why)
  end)

  it("holds the other tags equal", function()
    -- 'echo' stands mostly where 'howto' does, and does nothing
    local posts = planted.posts { seed = 5, tags = { howto = { lift = 0.6, share = 0.4 } } }
    local r = planted.random(9)
    for _, p in ipairs(posts) do
      if r.unit() < (p.tags[1] and 0.8 or 0.15) then p.tags = { "echo", table.unpack(p.tags) } end
    end
    local by = decided(tags_of(posts))
    assert.equal("written", by["*|howto"].decision)
    assert.is_not.equal("written", by["*|echo"].decision)
  end)

  it("counts a work on three platforms once and names the platforms", function()
    local posts = planted.posts { accounts = 8, works = 30, platforms = { "tiktok", "x", "youtube" }, tags = nulls(3) }
    local c = tags_of(posts)[1]
    assert.equal(720, #posts)
    assert.equal("works", c.n.unit)
    assert.equal(240, c.n.used)
    assert.same({ "tiktok", "x", "youtube" }, c.params.platforms)
    assert.is_nil(c.platform)
  end)

  it("weighs a noisy platform less", function()
    local posts = planted.posts { platforms = { "tiktok", "x" }, tags = nulls(2), noise = 0.05 }
    local r = planted.random(4)
    for _, p in ipairs(posts) do
      if p.platform == "x" then p.y = p.y + 3 * r.normal() end
    end
    local c = tags_of(posts)[1]
    assert.is_true(c.effect.se < 0.06, "se " .. c.effect.se)
  end)

  it("takes the level of a changed definition out, and leaves a post that straddles it out", function()
    local posts = planted.posts { seed = 6, tags = nulls(3) }
    for _, p in ipairs(posts) do
      local after = p.published_at > planted.from + 60 * planted.day
      p.segment = after and "views@2026-03-02" or ""
      if after then p.y = p.y - 2 end
    end
    posts[1].straddles, posts[2].y, posts[2].reason = true, nil, "likes_hidden"
    local c = tags_of(posts)[1]
    assert.same({
      { reason = "likes_hidden", count = 1, unit = "works" }, { reason = "straddles_definition_change", count = 1, unit = "works" },
    }, c.excluded)
    assert.is_true(c.effect.se < 0.07, "se " .. c.effect.se)
  end)

  it("gives the same numbers whatever the order of the posts", function()
    local posts = planted.posts { platforms = { "tiktok", "x" }, tags = nulls(5, { howto = { lift = 0.3 } }) }
    local extra = planted.tags(posts)
    local o = { per = "work", writes = "style", pattern_type = "tag" }
    local one = discipline.decide(planted.run(), analysis.run("compare", posts, extra, o, planted.world()), {})
    local a, b = planted.shuffled(posts, extra)
    local two = discipline.decide(planted.run(), analysis.run("compare", a, b, o, planted.world()), {})
    assert.equal(planted.json(one), planted.json(two))
  end)
end)

describe("comparing blocks of the day", function()
  local function world(o)
    o.effect = function(platform, hour)
      return platform == "tiktok" and hour >= 18 and hour < 21 and math.log(1.6) or 0
    end
    return planted.posts(o)
  end

  it("finds the block that is best on one platform, there and nowhere else", function()
    local posts = world { seed = 4, platforms = { "tiktok", "youtube" }, accounts = 8 }
    local results = discipline.decide(planted.run(), blocks_of(posts), {})
    assert.same({ "tiktok|18-21" }, planted.written(results))
    local found = planted.index(results)["tiktok|18-21"]
    assert.equal("ai_learning_patterns", found.row.table)
    assert.equal("posting_block", found.row.pattern_type)
    assert.equal("tiktok", found.row.context.platform)
    assert.is_true(found.row.success_rate > 55 and found.row.success_rate < 100)
    assert.equal("greater", found.evidence.test.sided)
  end)

  it("judges a post beside what its work does on the other platforms", function()
    local posts = world { seed = 4, platforms = { "tiktok", "x", "youtube" }, accounts = 8, quality = 0.8, noise = 0.2 }
    local alone = { "account", "time", "tags", "changes" }
    local with, without = blocks_of(posts), planted.index(blocks_of(posts, { adjust = alone }))
    local best = planted.index(with)["tiktok|18-21"]
    assert.is_true(best.effect.se < 0.5 * without["tiktok|18-21"].effect.se)
    assert.is_true(math.abs(best.effect.raw - math.log(1.6)) < 0.15, best.effect.raw)
    assert.truthy(table.concat(best.adjusted_for, ", "):find("the work's score on other platforms", 1, true))
  end)

  it("says what is missing for a block that few posts are in", function()
    local posts = planted.posts { accounts = 4, works = 60 }
    for i, p in ipairs(posts) do p.local_hour = i <= 19 and 3 or (i % 2 == 0 and 12 or 18) end
    local by = decided(blocks_of(posts))
    assert.equal("insufficient", by["tiktok|03-06"].decision)
    assert.equal("insufficient data: 19 of 20 posts needed with it", by["tiktok|03-06"].why)
    assert.equal(19, by["tiktok|03-06"].n)
    assert.equal(20, by["tiktok|03-06"].needed)
    assert.is_not.equal("insufficient", by["tiktok|12-15"].decision)
  end)
end)

describe("too little data", function()
  local function why(posts, label, opts)
    local r = decided(tags_of(posts, opts))["*|" .. label]
    assert.equal("insufficient", r.decision)
    assert.is_nil(r.effect)
    return r.why, r
  end

  it("of one post", function()
    local posts = planted.posts { accounts = 1, works = 1, tags = { a = { share = 1 } } }
    assert.equal("insufficient data: 1 of 15 works needed with it", (why(posts, "a")))
  end)

  it("of no posts at all gives nothing", function()
    assert.same({}, tags_of({}))
  end)

  it("of a label that nobody carries gives nothing", function()
    local posts = planted.posts { accounts = 2, works = 20 }
    assert.same({}, tags_of(posts))
  end)

  it("of a tag that stands on every post", function()
    local posts = planted.posts { accounts = 4, works = 20, tags = { a = { share = 1 } } }
    local text, r = why(posts, "a")
    assert.equal("insufficient data: 0 of 15 works needed without it: it stands on 80 of 80 works", text)
    assert.equal(0, r.n)
  end)

  it("of posts whose counts were never observed", function()
    local posts = planted.posts { accounts = 4, works = 20, tags = { a = { share = 0.5 } } }
    for _, p in ipairs(posts) do
      p.y, p.score, p.views, p.likes, p.comments, p.basis, p.reason = nil, nil, nil, nil, nil, "missing", "no_snapshot_near_age"
    end
    local text, r = why(posts, "a")
    assert.truthy(text:match("^insufficient data: 0 of 15 works needed with it: %d+ carry it, %d+ of them without a comparable count$"))
    assert.same({ { reason = "no_snapshot_near_age", count = 80, unit = "works" } }, r.evidence.excluded)
    assert.equal("", planted.invalid { r.evidence })
  end)

  it("of accounts with one post each", function()
    local posts = planted.posts { accounts = 60, works = 1, tags = { a = { share = 0.5 } } }
    local by = decided(tags_of(posts))["*|a"]
    assert.is_not.equal("written", by.decision)
  end)

  it("of one account is no error", function()
    local posts = planted.posts { accounts = 1, works = 100, tags = { a = { share = 0.5, lift = 1 } } }
    assert.equal("written", decided(tags_of(posts))["*|a"].decision)
  end)

  it("of two tags that always stand together says that it cannot tell them apart", function()
    local posts = planted.posts { accounts = 4, works = 40, tags = { a = { share = 0.5 } } }
    for _, p in ipairs(posts) do
      if #p.tags > 0 then p.tags = { "a", "b" } end
    end
    local text = why(posts, "b")
    assert.equal('insufficient data: it always stands together with "a": 0 of 15 works tell the two apart', text)
    local first = decided(tags_of(posts))["*|a"].evidence.warnings[1]
    assert.equal('it always stands together with "b": what is found is found of both', first.text)
  end)

  it("of a tag that one account puts on every post and nobody else on any", function()
    local posts = planted.posts { accounts = 4, works = 40 }
    for _, p in ipairs(posts) do p.tags = p.creator == "creator01" and { "mine" } or {} end
    assert.equal("insufficient data: 0 of 15 works tell it apart from the accounts, times and tags it goes with", (why(posts, "mine")))
  end)

  it("of a metric that never changes", function()
    local posts = planted.posts { accounts = 4, works = 40, tags = { a = { share = 0.5 } } }
    for _, p in ipairs(posts) do p.y = -3.0 end
    planted.score(posts)
    local _, r = why(posts, "a")
    assert.is_nil(r.p)
  end)

  -- The share of works with a tag was 0 / 0 there, which no JSON can hold: the whole rule failed.
  it("hold no number that is none where no age was ever observed", function()
    local list, extra = {}, {}
    for i = 1, 60 do
      list[i] = { platform = "x", external_id = "p" .. i, account = "x:a" .. i % 3, content = "c" .. i, local_hour = i % 24,
        published_at = planted.from + i * 18000, basis = "missing", reason = "no_snapshot_near_age", segment = "" }
      extra[i] = { by = { "t" } }
    end
    for _, per in ipairs { "work", "platform" } do
      local run = require("tidemark.analysis.init").run("compare", list, extra, { per = per, writes = "style" }, planted.world())
      assert.equal(1, #run)
      assert.equal("insufficient", run[1].status)
      assert.is_nil(run[1].values.facts and run[1].values.facts.share)
    end
  end)
end)
