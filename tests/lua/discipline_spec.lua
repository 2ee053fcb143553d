-- The discipline around all analyses: one family, gates, a life with two states, evidence for every subject.
local discipline = require("tidemark.discipline")
local planted = require("lib.planted")
local stats = require("tidemark.stats")

local evidences = {} -- all that this file makes, for the schema

-- A log ratio b with standard error se, as compare.lua would give it.
local function tested(key, b, se, o)
  o = o or {}
  local df = 500
  local half = stats.t_quantile(0.975, df) * se
  return {
    kind = "effect", platform = o.platform, subject = { type = o.type or "tag", key = key, label = key }, status = "tested",
    writes = o.writes or "pattern", n = { unit = "posts", used = 600, a = o.a or 200, b = 400 },
    effect = { raw = b, unit = "log_ratio", se = se, df = df },
    interval = { lo = b - half, hi = b + half, level = 0.95, method = "t_hc3", unit = "log_ratio" },
    test = { method = "OLS", statistic = b / se, statistic_name = "t", p = 2 * stats.t_sf(math.abs(b / se), df),
      p_kind = "fixed_n", sided = "two" },
    baseline = { kind = "other_posts_same_regression", text = "the others", controlled = true, n = 400 },
    params = { min_n = 15 }, values = { success_rate = 60.0, average_engagement = 4.0, pattern_type = "tag" },
    excluded = {}, adjusted_for = { "account" }, warnings = {}, examples = {},
  }
end

local function insufficient(key, o)
  local c = tested(key, 0.1, 0.1, o)
  c.status, c.effect, c.interval, c.test, c.why = "insufficient", nil, nil, nil, "7 of 15 posts needed with it"
  c.n = { unit = "posts", used = 7, needed = 15, a = 7, b = 300 }
  return c
end

local function decide(candidates, previous, run)
  local results, gone = discipline.decide(planted.run(run), candidates, previous or {})
  for _, r in ipairs(results) do evidences[#evidences + 1] = r.evidence end
  return planted.index(results), results, gone
end

local function life_of(r)
  return r.row.pattern_data.evidence.lifecycle
end

describe("what is decided", function()
  it("is one of four, each with a sentence", function()
    local by = decide { tested("good", 0.3, 0.05), tested("flat", 0.0, 0.03), tested("unclear", 0.1, 0.1), insufficient("rare") }
    assert.equal("written", by["*|good"].decision)
    assert.equal("confirmed: +35 % (95 % interval +22 % to +49 %), q 1.1e-08 of 3 tested", by["*|good"].why)
    assert.equal("no_difference", by["*|flat"].decision)
    assert.equal("makes no difference: +0 % (95 % interval -6 % to +6 %), q 1 of 3 tested lies inside the gate of 10 %",
      by["*|flat"].why)
    assert.equal("not_shown", by["*|unclear"].decision)
    assert.equal("not shown, not above chance: +11 % (95 % interval -9 % to +35 %), q 0.48 of 3 tested", by["*|unclear"].why)
    assert.equal("insufficient", by["*|rare"].decision)
    assert.equal("insufficient data: 7 of 15 posts needed with it", by["*|rare"].why)
    assert.equal(7, by["*|rare"].n)
    assert.equal(15, by["*|rare"].needed)
    assert.is_nil(by["*|rare"].effect)
    assert.is_nil(by["*|rare"].row)
  end)

  it("counts all tested subjects of the run as one family, on all platforms", function()
    local alone = decide { tested("a", 0.2, 0.08) }
    assert.equal("written", alone["*|a"].decision)
    local list = { tested("a", 0.2, 0.08, { platform = "x" }) }
    for i = 1, 19 do list[#list + 1] = tested("n" .. i, 0.01 * (i % 3), 0.08, { platform = i % 2 == 0 and "x" or "tiktok" }) end
    list[#list + 1] = insufficient("rare")
    local by = decide(list)
    assert.equal("not_shown", by["x|a"].decision)
    assert.equal(20, by["x|a"].evidence.family.m)
    assert.equal(1, by["x|a"].evidence.family.rank)
    assert.is_true(math.abs(by["x|a"].q - 20 * alone["*|a"].p) < 1e-6)
  end)

  it("gates what is real but small", function()
    local r = decide { tested("small", math.log(1.08), 0.005) }["*|small"]
    assert.equal("no_difference", r.decision)
    local wide = decide { tested("small", math.log(1.08), 0.02) }["*|small"]
    assert.equal("not_shown", wide.decision)
    assert.truthy(wide.why:find("smaller than the gate of 10 %", 1, true))
    assert.is_false(wide.evidence.gates[2].passed)
  end)

  it("shrinks every estimate and stores both", function()
    local e = decide { tested("a", 0.2, 0.1), tested("b", 0.0, 0.1), tested("c", -0.05, 0.1) }["*|a"].evidence
    assert.is_true(e.effect.shrunk > 0.1 and e.effect.shrunk < 0.2)
    assert.equal(0.2, e.effect.raw)
    assert.equal(0.15, e.effect.shrink.tau)
    local spread = decide { tested("a", 0.9, 0.1), tested("b", -0.9, 0.1), tested("c", 0.8, 0.1) }["*|a"].evidence
    assert.is_true(spread.effect.shrink.tau > 0.5)
    assert.is_true(spread.effect.shrunk > 0.85)
  end)

  it("writes an improvement for every verdict, without a number when data are too few", function()
    local c = insufficient("model v7")
    c.kind, c.writes, c.subject.type = "improvement", "improvement", "change"
    c.values = { change_type = "model", version = "v7", before = { works = 3 }, after = { works = 4 } }
    c.baseline = { kind = "none", text = "nothing", controlled = false }
    local r = decide { c }["*|model v7"]
    assert.equal("insufficient", r.decision)
    assert.equal("ai_improvement_tracking", r.row.table)
    assert.equal("insufficient data", r.row.context.verdict)
    assert.is_nil(r.row.improvement_percentage)
    assert.equal("spec.rule|model v7|2026-W22", r.finding_key)
  end)

  it("fills the columns of each table", function()
    local by = decide {
      tested("a", 0.5, 0.05, { platform = "x" }), tested("b", 0.5, 0.05, { writes = "style", type = "fact" }),
    }
    local row = by["x|a"].row
    assert.equal("spec.rule|x|a", row.finding_key)
    assert.equal("ai_learning_patterns", row.table)
    assert.equal(60, row.success_rate)
    assert.equal("x", row.context.platform)
    assert.equal("confirmed", row.context.state)
    assert.same(by["x|a"].evidence, row.pattern_data.evidence)
    assert.equal("content_style_analysis", by["*|b"].row.table)
    assert.same({ "b" }, { by["*|b"].row.style_tags[1] })
    assert.equal(0, by["*|b"].row.engagement_correlation)
  end)

  it("of nothing is nothing", function()
    local _, results, gone = decide {}
    assert.same({}, results)
    assert.same({}, gone)
  end)

  it("is the same for the same input", function()
    local function once() return planted.json(select(2, decide { tested("a", 0.3, 0.05), tested("b", 0.1, 0.1), insufficient("c") })) end
    assert.equal(once(), once())
  end)
end)

describe("the life of a finding", function()
  local function weak() return { tested("a", 0.2, 0.07), tested("n", 0.0, 0.07) } end

  it("begins as a candidate that expires after 39 weeks, or confirmed when it is beyond doubt", function()
    local by = decide(weak())
    local life = life_of(by["*|a"])
    assert.equal("candidate", life.state)
    assert.equal("2026-05-31T00:00:00Z", life.candidate_at)
    assert.equal("2027-02-28T00:00:00Z", life.expires_at)
    assert.equal(1, life.direction)
    assert.truthy(by["*|a"].why:find("candidate until 2027-02-28: +22 %", 1, true))
    local sure = life_of(decide({ tested("a", 0.4, 0.05), tested("n", 0, 0.05) })["*|a"])
    assert.equal("confirmed", sure.state)
    assert.equal("2026-05-31T00:00:00Z", sure.confirmed_at)
    assert.is_nil(sure.expires_at)
  end)

  it("changes nothing when the same is learnt again", function()
    local first = decide(weak())["*|a"]
    local again = decide(weak(), { [first.finding_key] = life_of(first) }, { as_of = "2026-06-07T00:00:00Z" })["*|a"]
    local life = life_of(again)
    assert.equal("candidate", life.state)
    assert.equal("2026-05-31T00:00:00Z", life.since)
    assert.equal("2027-02-28T00:00:00Z", life.expires_at)
    assert.equal(life_of(first).s0, life.s0)
    assert.equal(1, life.e_fresh)
  end)

  it("confirms on what was learnt since, not on what made it a candidate", function()
    -- 30 others that do nothing: the family's e-BH alone would not confirm it
    local function family(b, se)
      local list = { tested("a", b, se) }
      for i = 1, 30 do list[#list + 1] = tested("n" .. i, 0.01 * (i % 3 - 1), 0.1) end
      return list
    end
    local first = decide(family(0.30, 0.08))["*|a"]
    assert.equal("candidate", life_of(first).state)
    local previous = { [first.finding_key] = life_of(first) }
    -- three times the information, the new part as strong as the old
    local later = decide(family(0.25, 0.048), previous, { as_of = "2026-10-01T00:00:00Z" })["*|a"]
    assert.equal("confirmed", life_of(later).state)
    assert.equal("2026-10-01T00:00:00Z", life_of(later).confirmed_at)
    assert.equal("2026-05-31T00:00:00Z", life_of(later).candidate_at)
    assert.is_true(life_of(later).e_fresh >= 20)
    -- as much information, but what is new says nothing: what is left is the old luck
    local faded = decide(family(0.10, 0.048), previous, { as_of = "2026-10-01T00:00:00Z" })["*|a"]
    assert.equal("candidate", life_of(faded).state)
    assert.is_true(life_of(faded).e_fresh < 1)
  end)

  it("keeps a candidate that does not pass now, with its new numbers, until it expires", function()
    local first = decide(weak())["*|a"]
    local previous = { [first.finding_key] = life_of(first) }
    local kept = decide({ tested("a", 0.05, 0.06), tested("n", 0, 0.06) }, previous, { as_of = "2026-12-01T00:00:00Z" })["*|a"]
    assert.equal("written", kept.decision)
    assert.truthy(kept.why:find("does not pass now, kept as a candidate until 2027-02-28: +5 %", 1, true))
    assert.equal(0.05, kept.row.pattern_data.evidence.effect.raw)
    local over = decide({ tested("a", 0.05, 0.06), tested("n", 0, 0.06) }, previous, { as_of = "2027-02-28T00:00:00Z" })["*|a"]
    assert.equal("not_shown", over.decision)
    assert.same({ table = "ai_learning_patterns", finding_key = "spec.rule|*|a", remove = true }, over.row)
  end)

  it("begins anew when an expired candidate passes again", function()
    local first = decide(weak())["*|a"]
    local anew = decide(weak(), { [first.finding_key] = life_of(first) }, { as_of = "2027-03-01T00:00:00Z" })["*|a"]
    assert.equal("2027-03-01T00:00:00Z", life_of(anew).candidate_at)
  end)

  it("keeps a confirmed finding", function()
    local sure = decide({ tested("a", 0.4, 0.05), tested("n", 0, 0.05) })["*|a"]
    local previous = { [sure.finding_key] = life_of(sure) }
    local later = decide({ tested("a", 0.02, 0.05), tested("n", 0, 0.05) }, previous, { as_of = "2028-01-01T00:00:00Z" })["*|a"]
    assert.equal("written", later.decision)
    assert.equal("confirmed", life_of(later).state)
    assert.truthy(later.why:find("it passed before and does not now", 1, true))
  end)

  it("leaves the row alone while there is too little data, until it expires", function()
    local first = decide(weak())["*|a"]
    local previous = { [first.finding_key] = life_of(first) }
    local r = decide({ insufficient("a") }, previous, { as_of = "2026-12-01T00:00:00Z" })["*|a"]
    assert.equal("insufficient", r.decision)
    assert.is_nil(r.row)
    assert.truthy(r.why:find("the row that stands is kept until 2027-02-28", 1, true))
    local over = decide({ insufficient("a") }, previous, { as_of = "2027-03-01T00:00:00Z" })["*|a"]
    assert.is_true(over.row.remove)
  end)

  it("names what expired and was not looked at", function()
    local previous = {
      ["spec.rule|*|old"] = { state = "candidate", since = "2025-01-01T00:00:00Z", expires_at = "2025-10-01T00:00:00Z" },
      ["spec.rule|*|sure"] = { state = "confirmed", since = "2025-01-01T00:00:00Z" },
      ["spec.rule|*|young"] = { state = "candidate", since = "2026-05-01T00:00:00Z", expires_at = "2027-01-29T00:00:00Z" },
    }
    local _, _, gone = decide({}, previous)
    assert.same({ "spec.rule|*|old" }, gone)
  end)
end)

describe("the schema", function()
  it("holds for every evidence that was made above", function()
    assert.is_true(#evidences > 50)
    assert.equal("", planted.invalid(evidences))
  end)

  it("refuses an evidence that lacks its family, or says more than it knows", function()
    local e = decide({ tested("a", 0.3, 0.05) })["*|a"].evidence
    e.family = nil
    local f = decide({ tested("a", 0.3, 0.05) })["*|a"].evidence
    f.effect, f.caption = nil, "text from a platform"
    local g = decide({ insufficient("a") })["*|a"].evidence
    g.n.needed = nil
    local text = planted.invalid { e, f, g }
    assert.truthy(text:find("0 .-'family' is a required property"), text)
    assert.truthy(text:find("1 .-'effect' is a required property"), text)
    assert.truthy(text:find("'caption' was unexpected", 1, true), text)
    assert.truthy(text:find("2 .-'needed' is a required property"), text)
  end)
end)
