-- ctx.correlate: numbers of a style, within accounts.
local analysis = require("tidemark.analysis.init")
local discipline = require("tidemark.discipline")
local planted = require("lib.planted")

local evidences = {} -- of the insufficient ones, for the schema
local NAMES = { "brightness", "faces", "tempo" }

local function facts(posts, change)
  local extra = {}
  for i, p in ipairs(posts) do
    extra[i] = {}
    for k, v in pairs(p.facts) do extra[i][k] = v end
    if change then change(extra[i], p, i) end
  end
  return extra
end

local function correlate(posts, extra, names)
  local o = { facts = names or NAMES, facet = "visual", writes = "style" }
  return analysis.run("correlate", posts, extra, o, planted.world())
end

local function decided(candidates)
  return planted.index(discipline.decide(planted.run(), candidates, {}))
end

local function world(o)
  o.facts = { brightness = 0.2, faces = 0, tempo = 0 }
  return planted.posts(o)
end

describe("facts of a style", function()
  it("find the one that matters and not those that do not", function()
    local posts = world { seed = 3, works = 30, platforms = { "tiktok", "x" } }
    local results = discipline.decide(planted.run(), correlate(posts, facts(posts)), {})
    assert.same({ "*|brightness" }, planted.written(results))
    local r = planted.index(results)["*|brightness"]
    assert.is_true(r.lo < 20 and 20 < r.hi, r.why)
    assert.equal("works", r.evidence.n.unit)
    assert.equal(360, r.n)
    assert.equal("content_style_analysis", r.row.table)
    assert.is_true(math.abs(r.row.visual_style.brightness.sd - 2) < 0.2)
    assert.is_nil(r.row.text_style)
    assert.is_true(r.row.engagement_correlation > 0.2 and r.row.engagement_correlation < 0.6)
  end)

  it("do not take a difference between accounts for one between posts", function()
    local posts = world { seed = 4, level = 1 }
    local mean, n = {}, {}
    for _, p in ipairs(posts) do
      mean[p.account], n[p.account] = (mean[p.account] or 0) + p.y, (n[p.account] or 0) + 1
    end
    local extra = facts(posts, function(f, p) f.tempo = f.tempo + 5 * mean[p.account] / n[p.account] end)
    assert.is_not.equal("written", decided(correlate(posts, extra))["*|tempo"].decision)
  end)

  it("tell two that go together apart", function()
    local posts = world { seed = 5 }
    local r = planted.random(2)
    local extra = facts(posts, function(f) f.faces = f.brightness + 2 * r.normal() end)
    local by = decided(correlate(posts, extra))
    assert.equal("written", by["*|brightness"].decision)
    assert.is_not.equal("written", by["*|faces"].decision)
  end)

  it("are judged where they are known, beside others that are known elsewhere", function()
    local posts = world { seed = 6 }
    local extra = facts(posts, function(f, _, i)
      if i % 3 == 0 then f.brightness = nil end
      if i % 4 == 0 then f.tempo = nil end
    end)
    local by = planted.index(correlate(posts, extra))
    assert.equal(400, by["*|brightness"].n.used)
    assert.equal(450, by["*|tempo"].n.used)
    assert.equal("tested", by["*|brightness"].status)
    assert.is_true(math.abs(by["*|brightness"].effect.raw - math.log(1.2)) < 0.07)
  end)

  local function why(change, name)
    local posts = world { seed = 7, accounts = 6, works = 20 }
    local r = decided(correlate(posts, facts(posts, change)))["*|" .. (name or "tempo")]
    assert.equal("insufficient", r.decision)
    evidences[#evidences + 1] = r.evidence
    return r.why
  end

  it("say what is missing", function()
    assert.equal("insufficient data: it is the same in all 120 works: 0 of 15 needed that differ",
      why(function(f) f.tempo = 100 end))
    assert.equal("insufficient data: 3 of 15 works needed that differ from its commonest value",
      why(function(f, _, i) f.tempo = i <= 3 and i or 0 end))
    assert.equal("insufficient data: 29 of 30 works needed that have it and a score",
      why(function(f, _, i) f.tempo = i <= 29 and f.tempo or nil end))
    assert.equal("insufficient data: 0 of 30 works needed that have it and a score", why(function(f) f.tempo = nil end))
    assert.equal("insufficient data: it does not vary within any account: 0 of 15 works needed that differ",
      why(function(f, p) f.tempo = tonumber(p.creator:match("%d+")) end))
    assert.equal("insufficient data: 0 of 15 works tell it apart from the accounts, times, tags and other facts it goes with",
      why(function(f) f.tempo = 3 - f.brightness end))
  end)

  it("of no posts are insufficient, not an error", function()
    local r = decided(correlate({}, {}))["*|tempo"]
    assert.equal("insufficient data: 0 of 30 works needed that have it and a score", r.why)
  end)

  it("are the same whatever the order of the posts", function()
    local posts = world { seed = 8, works = 20, platforms = { "tiktok", "x" } }
    local extra = facts(posts)
    local a, b = planted.shuffled(posts, extra)
    local one = discipline.decide(planted.run(), correlate(posts, extra), {})
    local two = discipline.decide(planted.run(), correlate(a, b, { "tempo", "faces", "brightness" }), {})
    assert.equal(planted.json(one), planted.json(two))
    for _, r in ipairs(one) do evidences[#evidences + 1] = r.evidence end
    assert.equal("", planted.invalid(evidences))
  end)
end)
