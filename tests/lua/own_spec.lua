-- A rule's own statistics: what becomes of what ctx.own hands on, and that nothing of it goes without its mark.
local discipline = require("tidemark.discipline")
local explain = require("tidemark.explain")
local learn = require("tidemark.learn")
local own = require("tidemark.analysis.own")
local planted = require("lib.planted")
local stats = require("tidemark.stats")

local evidences = {}

local function c(key, o)
  local one = { key = key, type = "tag", n = 200, effect = 25, lo = 12, hi = 40, p = 0.0004, method = "a test of my own" }
  for k, v in pairs(o or {}) do one[k] = v end
  return one
end

local function opts(list, o)
  local out = { writes = "pattern", unit = "percent", candidates = list }
  for k, v in pairs(o or {}) do out[k] = v end
  return out
end

local function decide(candidates, previous, run)
  local results, gone = discipline.decide(planted.run(run), candidates, previous or {})
  for _, r in ipairs(results) do evidences[#evidences + 1] = r.evidence end
  return planted.index(results), results, gone
end

local function decide_own(list, o, previous, run) return decide(own.run(opts(list, o)), previous, run) end

-- What the host itself computed, as compare.lua gives it.
local function computed(key, b, se)
  local half = stats.t_quantile(0.975, 500) * se
  return {
    kind = "effect", subject = { type = "tag", key = key, label = key }, status = "tested", writes = "pattern",
    n = { unit = "posts", used = 600, a = 200, b = 400 }, effect = { raw = b, unit = "log_ratio", se = se, df = 500 },
    interval = { lo = b - half, hi = b + half, level = 0.95, method = "t_hc3", unit = "log_ratio" },
    test = { method = "OLS", p = 2 * stats.t_sf(math.abs(b / se), 500), p_kind = "fixed_n", sided = "two" },
    baseline = { kind = "other_posts_same_regression", text = "the others" }, params = { min_n = 15 }, values = {},
    excluded = {}, adjusted_for = {}, warnings = {}, examples = {},
  }
end

describe("statistics of a plugin's own", function()
  it("become candidates on the scale of the host's", function()
    local list = own.run(opts { c("a"), c("b", { platform = "youtube", label = "#b", n = 14 }) })
    assert.is_true(math.abs(list[1].effect.raw - math.log(1.25)) < 1e-12)
    assert.is_true(math.abs(list[1].interval.lo - math.log(1.12)) < 1e-12)
    assert.same({ key = "a", label = "a", type = "tag" }, list[1].subject)
    assert.equal("tested", list[1].status)
    assert.equal("insufficient", list[2].status)
    assert.equal("14 of 15 observations needed", list[2].why)
    assert.equal("#b", list[2].subject.label)
    for unit, raw in pairs { ["log ratio"] = 0.25, ratio = math.log(0.25), points = 0.0025, hours = 0.25, correlation = 0.25 } do
      local one = own.run(opts({ c("a", { effect = 0.25, lo = 0.2, hi = 0.3 }) }, { unit = unit, gate = 0.1 }))[1]
      assert.is_true(math.abs(one.effect.raw - raw) < 1e-12, unit)
    end
  end)

  it("are judged by the weaker of interval and p", function()
    local function error_of(o) return own.run(opts({ c("a", o) }, { unit = "log ratio" }))[1].contrast.se end
    local z = stats.normal_quantile(0.975)
    assert.is_true(math.abs(error_of { effect = 0.2, lo = 0.1, hi = 0.3, p = 1e-10 } - 0.2 / (2 * z)) < 1e-9)
    assert.is_true(math.abs(error_of { effect = 0.2, lo = 0.19, hi = 0.21, p = 0.05 } - 0.2 / z) < 1e-9)
    assert.is_true(error_of { effect = 0.2, lo = 0.2, hi = 0.2, p = 0 } > 0.005) -- nothing is known exactly
    assert.is_true(error_of { effect = 0, lo = 0, hi = 0, p = 0 } > 0)
    assert.is_true(error_of { effect = 0.2, lo = 0.2, hi = 0.2, p = 1 } < 100)
    local w = own.run(opts({ c("a", { effect = 25, lo = -50, hi = 400, p = 0 }) }))[1].warnings
    assert.equal("own_disagree", w[1].code)
    assert.same({}, own.run(opts({ c("a") }))[1].warnings)
  end)

  it("carry the mark in result, sentence, row and evidence", function()
    local by = decide_own({ c("good", { why = "since May" }), c("dull", { effect = 0, lo = -5, hi = 5, p = 0.9 }), c("few", { n = 3 }) })
    for key, decision in pairs { good = "written", dull = "no_difference", few = "insufficient" } do
      local r = by["*|" .. key]
      assert.equal(decision, r.decision)
      assert.equal("spec", r.own)
      assert.equal("spec", r.evidence.own.plugin)
      assert.equal("a test of my own", r.evidence.own.method)
      assert.equal(1, (r.why:find("own statistics of plugin spec: ", 1, true)))
      assert.equal("own", r.evidence.baseline.kind)
    end
    local e = by["*|good"].evidence
    assert.equal("own", e.test.p_kind)
    assert.equal("own", e.interval.method)
    assert.equal("since May", e.own.why)
    local row = by["*|good"].row
    assert.same(e.own, row.pattern_data.own)
    assert.same(e.own, row.context.own)
    assert.is_nil(row.success_rate)
  end)

  it("go to every table with the mark, in the units that table holds", function()
    local row = decide_own({ c("a", { effect = 0.4, lo = 0.3, hi = 0.5, p = 1e-9 }) },
      { writes = "style", unit = "correlation", gate = 0.1, facet = "audio" })["*|a"].row
    assert.equal("content_style_analysis", row.table)
    assert.equal(0.4, row.engagement_correlation)
    assert.equal("spec", row.audio_style.own.plugin)
    assert.is_nil(row.audio_style.lift_percent)
    row = decide_own({ c("a", { p = 1e-9 }) }, { writes = "style" })["*|a"].row
    assert.is_nil(row.engagement_correlation) -- no correlation was said, and 0 would be one
    assert.is_true(math.abs(row.text_style.lift_percent - 25) < 1e-6)
    row = decide_own({ c("a", { platform = "x", effect = 80, lo = 60, hi = 100, p = 1e-9 }) }, { writes = "trend" })["x|a"].row
    assert.equal("trend_analysis", row.table)
    assert.is_true(math.abs(row.engagement_impact - 80) < 1e-6)
    assert.equal("spec", row.trend_data.own.plugin)
    local by = decide_own({ c("m v7", { type = "change" }), c("m v7", { type = "change", platform = "x", n = 3 }) },
      { writes = "improvement" })
    assert.equal("spec.rule|m v7|2026-W22", by["*|m v7"].finding_key)
    assert.equal("spec.rule|m v7|2026-W22|x", by["x|m v7"].finding_key)
    assert.equal("improved", by["*|m v7"].row.context.verdict)
    assert.equal("insufficient data", by["x|m v7"].row.context.verdict)
    assert.equal("spec", by["x|m v7"].row.context.own.plugin)
    assert.equal("change", by["*|m v7"].row.improvement_type)
  end)

  it("are refused without their mark, and the mark without them", function()
    local list = own.run(opts { c("a") })
    list[1].own = nil
    assert.has_error(function() discipline.decide(planted.run(), list, {}) end)
    local host = computed("b", 0.3, 0.05)
    host.own = { method = "m" }
    assert.has_error(function() discipline.decide(planted.run(), { host }, {}) end)
  end)

  it("are a family apart: lies carry none of the host's own subjects over the line", function()
    local alone = decide { computed("a", 0.15, 0.08), computed("n", 0.01, 0.08) }
    local list = { computed("a", 0.15, 0.08), computed("n", 0.01, 0.08) }
    local lies = {}
    for i = 1, 1000 do lies[i] = c("lie" .. i, { p = 0, effect = 900, lo = 899, hi = 901 }) end
    table.move(own.run(opts(lies)), 1, 1000, #list + 1, list)
    local by = decide(list)
    for _, key in ipairs { "*|a", "*|n" } do
      local x, y = alone[key], by[key]
      assert.equal("not_shown", y.decision)
      assert.same({ x.p, x.q, x.why, x.evidence.effect, x.evidence.family }, { y.p, y.q, y.why, y.evidence.effect, y.evidence.family })
      assert.is_nil(y.own)
    end
    assert.equal(1000, by["*|lie1"].evidence.family.m)
    assert.truthy(by["*|lie1"].evidence.family.id:find("|own", 1, true))
  end)

  it("are corrected among themselves", function()
    local list = { c("a", { effect = 30, lo = 2, hi = 66, p = 0.03 }) }
    assert.equal("written", decide_own(list)["*|a"].decision)
    for i = 1, 9 do list[#list + 1] = c("n" .. i, { effect = 1, lo = -30, hi = 45, p = 0.9 }) end
    local r = decide_own(list)["*|a"]
    assert.equal("not_shown", r.decision)
    assert.is_true(math.abs(r.q - 0.3) < 1e-9)
  end)

  it("are gated by size, by number and by their interval, and shrunk", function()
    local function decision(o, options) return decide_own({ c("a", o) }, options)["*|a"] end
    assert.equal("no_difference", decision({ effect = 5, lo = 4, hi = 6, p = 0 }).decision)
    local r = decision { effect = 11, lo = 5, hi = 18, p = 1e-4 }
    assert.is_true(r.evidence.effect.shrunk < r.evidence.effect.raw)
    r = decision { effect = 60, lo = -5, hi = 170, p = 0 }
    assert.equal("not_shown", r.decision)
    assert.truthy(r.why:find("its interval holds no effect at all as well", 1, true), r.why)
    assert.equal("written", decision({ effect = -40, lo = -50, hi = -28, p = 1e-5 }).decision)
    assert.equal("insufficient", decision({ n = 99 }, { min_n = 100 }).decision)
    assert.equal("written", decision({ n = 99 }, { min_n = 99 }).decision)
    assert.equal("not_shown", decision({ n = 99, effect = 15, lo = 11, hi = 23 }, { gate = 0.2 }).decision)
    -- in a unit of its own the gate is in that unit
    r = decision({ effect = 3, lo = 2, hi = 4, p = 1e-8 }, { unit = "hours", gate = 1 })
    assert.equal("written", r.decision)
    assert.truthy(r.why:find("+3 h (95 % interval +2 h to +4 h)", 1, true), r.why)
    assert.equal(3, r.effect)
    assert.equal("not_shown", decision({ effect = 3, lo = 2, hi = 7, p = 1e-8 }, { unit = "hours", gate = 5 }).decision)
    r = decision({ effect = 4, lo = 3, hi = 4.5, p = 1e-8 }, { unit = "points", gate = 5 })
    assert.equal("no_difference", r.decision)
    assert.truthy(r.why:find("+4 points (95 % interval +3 points to +4 points)", 1, true), r.why)
  end)
end)

describe("the life of a finding of a plugin's own", function()
  local function life(r) return r.row.pattern_data.evidence.lifecycle end
  local function previous(r, state)
    local l = {}
    for k, v in pairs(life(r)) do l[k] = v end
    l.own, l.state = true, state or l.state
    return { [r.finding_key] = l }
  end
  local later = { as_of = "2026-10-01T00:00:00Z" }

  it("begins as a candidate, however small its p", function()
    local r = decide_own({ c("a", { p = 0, effect = 300, lo = 299, hi = 301 }) })["*|a"]
    assert.equal("candidate", life(r).state)
    assert.is_nil(life(r).own)
    assert.equal("2027-02-28T00:00:00Z", life(r).expires_at)
  end)

  it("is not confirmed by the same numbers, and is by as much again", function()
    local r = decide_own({ c("a", { effect = 40, lo = 20, hi = 63, p = 2e-5 }) })["*|a"]
    local again = decide_own({ c("a", { effect = 40, lo = 20, hi = 63, p = 2e-5 }) }, {}, previous(r), later)["*|a"]
    assert.equal("candidate", life(again).state)
    assert.equal("2026-05-31T00:00:00Z", life(again).since)
    assert.is_nil(life(again).own)
    local more = decide_own({ c("a", { effect = 40, lo = 30, hi = 50.8, p = 1e-15 }) }, {}, previous(r), later)["*|a"]
    assert.equal("confirmed", life(more).state)
    assert.equal("2026-10-01T00:00:00Z", life(more).confirmed_at)
  end)

  it("is not confirmed by a leap of its estimate with hardly more behind it", function()
    local r = decide_own({ c("a", { effect = 15, lo = 5, hi = 26, p = 0.003 }) })["*|a"]
    local leap = decide_own({ c("a", { effect = 90, lo = 73.6, hi = 108, p = 1e-40 }) }, {}, previous(r), later)["*|a"]
    assert.equal("candidate", life(leap).state)
    assert.is_true(life(leap).e_fresh < 20)
  end)

  it("is not gone on with by what the host computes, nor the other way round", function()
    local r = decide_own({ c("a", { p = 1e-9 }) })["*|a"]
    local host = decide({ computed("a", 0.3, 0.05), computed("n", 0, 0.1) }, previous(r, "confirmed"), later)["*|a"]
    assert.equal("2026-10-01T00:00:00Z", life(host).candidate_at)
    local weak = decide({ computed("a", 0.05, 0.1) }, previous(r, "confirmed"), later)["*|a"]
    assert.equal("not_shown", weak.decision)
    assert.is_true(weak.row.remove)
    local h = decide({ computed("a", 0.4, 0.05) })["*|a"]
    local taken = decide_own({ c("a") }, {}, { [h.finding_key] = life(h) }, later)["*|a"]
    assert.equal("candidate", life(taken).state)
    local few = decide_own({ c("a", { n = 3 }) }, {}, { [h.finding_key] = life(h) }, later)["*|a"]
    assert.equal("insufficient", few.decision)
    assert.is_true(few.row.remove)
  end)

  it("stays while there is too little data, marked as it is", function()
    local r = decide_own({ c("a") })["*|a"]
    local few = decide_own({ c("a", { n = 3 }) }, {}, previous(r), later)["*|a"]
    assert.is_nil(few.row)
    assert.truthy(few.why:find("own statistics of plugin spec: insufficient data: 3 of 15 observations needed; the row that stands is kept",
      1, true), few.why)
  end)
end)

describe("learning from own statistics", function()
  local function learnt(answers) return learn.decide(planted.run(), answers, {}) end

  it("gives the rule its answer in short, and decides from what it asked", function()
    local o = opts { c("a"), c("b", { n = 2 }) }
    local brief = learn.answer("own", {}, {}, o, {})
    assert.equal(2, #brief)
    assert.equal("insufficient", brief[2].status)
    assert.equal(200, brief[1].n.used)
    assert.is_nil(brief[1].test)
    brief[1].effect.raw = 99 -- whatever comes back is not looked at
    local d = learnt { { kind = "own", opts = o, returned = true, candidates = brief } }
    assert.equal(2, d.summary.own)
    assert.equal(1, d.summary.tests)
    assert.equal(1, d.summary.written)
    assert.is_true(math.abs(d.results[1].effect - 25) < 1e-6)
  end)

  it("marks also what find kept back, and refuses a subject asked about twice or ten thousand and more", function()
    local d = learnt { { kind = "own", opts = opts { c("a") }, returned = false, candidates = {} } }
    assert.equal("own statistics of plugin spec: the rule kept its answer back: find did not return it", d.results[1].why)
    assert.same({}, d.rows)
    d = learnt { { kind = "own", opts = opts { c("a") }, returned = true, candidates = {} },
      { kind = "rank", opts = {}, returned = true, candidates = { computed("a", 0.3, 0.05) } } }
    assert.truthy(d.problem:find("find asked twice about 'a'", 1, true))
    local many, rest = {}, {}
    for i = 1, 6000 do many[i], rest[i] = c("m" .. i), c("r" .. i) end
    d = learnt { { kind = "own", opts = opts(many), returned = true, candidates = {} },
      { kind = "own", opts = opts(rest), returned = true, candidates = {} } }
    assert.equal("find gave more than 10000 candidates to ctx.own in one run", d.problem)
  end)
end)

describe("an own finding in words", function()
  it("says whose numbers they are before any of them", function()
    local r = decide_own({ c("a", { why = "since May", label = "#a" }) })["*|a"]
    local lines = explain.text(r.evidence, { decision = r.decision, why = r.why })
    assert.equal("Own statistics of plugin spec: its estimate, interval, p and n are what the plugin says; tidemark did not compute them "
      .. "and cannot check them.", lines[2])
    assert.equal("How the plugin made them: a test of my own.", lines[3])
    assert.equal("What it says of it: since May.", lines[4])
    local all = table.concat(lines, "\n")
    assert.truthy(all:find("(two-sided, as the plugin says)", 1, true), all)
    assert.truthy(all:find("Interval by the plugin.", 1, true), all)
    assert.falsy(all:find("Left out", 1, true), all)
    assert.falsy(all:find("Compared:", 1, true), all)
  end)

  it("says points as points, and hours as hours", function()
    local function words(o, options) return table.concat(explain.text(decide_own({ c("a", o) }, options)["*|a"].evidence), "\n") end
    local all = words({ effect = 12, lo = 8, hi = 16, p = 1e-8 }, { unit = "points", gate = 5 })
    assert.truthy(all:find("Estimate: +12 points, 95 % interval +8 points to +16 points; all of it is more than nothing.", 1, true), all)
    all = words({ effect = 3, lo = 2, hi = 4, p = 1e-8 }, { unit = "hours", gate = 1 })
    assert.truthy(all:find("Estimate: 3 h, 95 % interval 2 h to 4 h.", 1, true), all)
    all = table.concat(explain.text(decide_own({ c("a", { n = 2 }) })["*|a"].evidence), "\n")
    assert.truthy(all:find("Own statistics of plugin spec", 1, true), all)
  end)
end)

describe("the schema", function()
  it("holds for every evidence that was made above", function()
    assert.is_true(#evidences > 1000)
    assert.equal("", planted.invalid(evidences))
  end)

  it("asks for the mark wherever a number is a plugin's own, and for nothing else to say otherwise", function()
    local function fresh(o) return decide_own({ c("a", o) })["*|a"].evidence end
    local without, few, half, other = fresh(), fresh { n = 2 }, fresh(), decide({ computed("a", 0.3, 0.05) })["*|a"].evidence
    without.own, few.own = nil, nil
    half.test.p_kind = "fixed_n"
    other.own = { plugin = "spec", method = "m" }
    local text = planted.invalid { without, few, half, other }
    assert.truthy(text:find("0 .-'own' is a required property"), text)
    assert.truthy(text:find("\n1 .-'own' is a required property"), text)
    assert.truthy(text:find("\n2 .-'own' was expected"), text)
    assert.truthy(text:find("\n3 .-'own' was expected"), text)
  end)
end)
