-- ctx.before_after: did a change help, and when can nobody say.
local analysis = require("tidemark.analysis.init")
local discipline = require("tidemark.discipline")
local planted = require("lib.planted")

local day = planted.day
local evidences = {} -- all that this file makes, for the schema

-- Accounts 1 .. n take the change up, one every few days from day 50 on.
local function adopted(n, key, o)
  o = o or {}
  local change = { id = "c-" .. key, type = key:match("^%S+"), version = key:match("%S+$"), key = key, starts = {} }
  for a = 1, n do
    for _, platform in ipairs(o.platforms or { "tiktok" }) do
      change.starts[("%s:creator%02d"):format(platform, a)] = planted.from + ((o.day or 50) + (o.step or 3) * (a - 1)) * day
    end
  end
  return change
end

local function posts(o)
  local lift, changes = o.lift or 0, o.changes or {}
  o.effect = function(platform, _, work)
    local start = changes[1] and (changes[1].all_from or changes[1].starts[platform .. ":" .. work.creator])
    local sum = (o.drift or 0) * (work.at - planted.from) / (120 * day)
    return sum + (start and work.at + work.hour * 3600 >= start and math.log(1 + lift) or 0)
  end
  return planted.posts(o)
end

local function run(list, changes, world)
  local w = planted.world(world)
  w.changes = changes
  return analysis.run("before_after", list, nil, { writes = "improvement" }, w)
end

local function decided(list, changes, world)
  local results = discipline.decide(planted.run(), run(list, changes, world), {})
  for _, r in ipairs(results) do evidences[#evidences + 1] = r.evidence end
  return planted.index(results)
end

describe("a change of the AI", function()
  it("that helps is seen against accounts that did not take it up, while the whole platform grows", function()
    local changes = { adopted(6, "model v7") }
    local r = decided(posts { seed = 2, works = 60, lift = 0.5, drift = 0.4, changes = changes }, changes)["*|model v7"]
    assert.equal("written", r.decision)
    assert.equal("improved", r.row.context.verdict)
    assert.is_true(r.lo < 50 and 50 < r.hi, r.why)
    assert.equal("ai_improvement_tracking", r.row.table)
    assert.equal("model", r.row.improvement_type)
    assert.is_true(r.row.improvement_percentage > 20 and r.row.improvement_percentage < 60)
    assert.is_true(r.row.context.controlled)
    assert.equal("spec.rule|model v7|2026-W22", r.finding_key)
    assert.equal("always_valid", r.evidence.test.p_kind)
    assert.equal("jackknife_account", r.evidence.interval.method)
    assert.equal(6, r.evidence.n.used)
    assert.truthy(r.evidence.baseline.text:match("^the same 14%-day periods of %d+ accounts without it$"))
    assert.is_true(r.row.after_metrics.works > 100 and r.row.before_metrics.works > 100)
  end)

  it("that harms is called worse", function()
    local changes = { adopted(6, "model v8") }
    local r = decided(posts { seed = 3, works = 60, lift = -0.4, changes = changes }, changes)["*|model v8"]
    assert.equal("worse", r.row.context.verdict)
  end)

  it("that does nothing is not improved by the growth of the platform", function()
    local changes = { adopted(6, "model v7") }
    for seed = 1, 4 do
      local r = decided(posts { seed = seed, works = 60, drift = 0.5, changes = changes }, changes)["*|model v7"]
      assert.is_not.equal("written", r.decision)
      assert.truthy(r.row.context.verdict == "no evidence" or r.row.context.verdict == "insufficient data")
    end
  end)

  it("is worth its row with no number when the data say too little", function()
    local changes = { adopted(6, "model v7") }
    local r = decided(posts { seed = 5, accounts = 12, works = 12, changes = changes }, changes)["*|model v7"]
    assert.equal("insufficient", r.decision)
    assert.equal("insufficient data", r.row.context.verdict)
    assert.is_nil(r.row.improvement_percentage)
    assert.truthy(r.why:match("^insufficient data: %d+ of %d+ works needed to see a change of 20 %%; so far"), r.why)
  end)

  it("of every account at once is marked uncontrolled", function()
    local change = { id = "c", type = "model", version = "v9", key = "model v9", all_from = planted.from + 60 * day, starts = {} }
    local r = decided(posts { seed = 6, works = 60, lift = 0.6, changes = { change } }, { change })["*|model v9"]
    assert.is_false(r.row.context.controlled)
    assert.is_false(r.evidence.baseline.controlled)
    assert.equal("none", r.evidence.baseline.kind)
    assert.equal("uncontrolled: the same accounts before it, along a straight line in time", r.evidence.baseline.text)
    assert.equal("uncontrolled", r.evidence.warnings[1].code)
    assert.equal("improved", r.row.context.verdict)
  end)

  it("overlapping with another is told apart from it in one regression", function()
    local changes = { adopted(6, "model v7"), adopted(6, "thumbnail t3", { day = 80, step = 4 }) }
    local by = decided(posts { seed = 7, works = 80, lift = 0.6, changes = changes }, changes)
    assert.equal("improved", by["*|model v7"].row.context.verdict)
    assert.is_not.equal("written", by["*|thumbnail t3"].decision)
    local codes = {}
    for _, w in ipairs(by["*|thumbnail t3"].evidence.warnings) do codes[w.code] = w.text end
    assert.equal("some of its accounts also took up model v7: they are in one regression", codes.overlapping_changes)
  end)

  it("that cannot be told apart from another says so", function()
    local changes = { adopted(6, "model v7"), adopted(6, "prompt p2") }
    local by = decided(posts { seed = 8, works = 40, lift = 0.6, changes = changes }, changes)
    local text = "insufficient data: it cannot be told apart from 'prompt p2', the same accounts at the same time: "
      .. "0 of 15 works needed under only one of them"
    assert.equal(text, by["*|model v7"].why)
    assert.equal("insufficient data", by["*|prompt p2"].row.context.verdict)
  end)

  it("in the future says so", function()
    local changes = { adopted(6, "model v10", { day = 200 }) }
    local r = decided(posts { seed = 9, works = 20 }, changes)["*|model v10"]
    assert.equal("insufficient data: it starts on 2026-07-20, after the clock of this run (2026-05-31): 0 of 15 works needed after it",
      r.why)
    assert.equal(0, r.n)
    assert.equal(15, r.needed)
  end)

  it("without a post after it says so", function()
    local changes = { adopted(6, "model v7", { day = 130, step = 0 }) }
    local r = decided(posts { seed = 10, works = 20 }, changes)["*|model v7"]
    assert.equal("insufficient data: 0 of 15 works needed after it", r.why)
  end)

  it("that too few accounts took up says so", function()
    local changes = { adopted(3, "model v7") }
    local r = decided(posts { seed = 11, works = 40, lift = 1, changes = changes }, changes)["*|model v7"]
    assert.equal("insufficient data: 3 of 4 accounts needed that took it up and have posts before and after it", r.why)
    assert.equal("adopters", r.evidence.n.unit)
  end)

  it("of accounts that have no posts here says so", function()
    local change = { id = "c", type = "model", version = "v1", key = "model v1", starts = { ["x:somebody"] = planted.from } }
    local r = decided(posts { seed = 12, works = 20 }, { change })["*|model v1"]
    assert.equal("insufficient data: no account of these posts took it up: 0 of 4 needed", r.why)
  end)

  it("with no counts at all is no error", function()
    local changes = { adopted(6, "model v7") }
    local list = posts { seed = 13, works = 20 }
    for _, p in ipairs(list) do p.y, p.views, p.likes = nil, nil, nil end
    assert.equal("insufficient data: 0 of 15 works needed after it", decided(list, changes)["*|model v7"].why)
  end)

  it("that came with a new definition of the metric cannot be judged", function()
    local change = { id = "c", type = "model", version = "v9", key = "model v9", all_from = planted.from + 60 * day, starts = {} }
    local list = posts { seed = 14, works = 40, lift = 0.6, changes = { change } }
    for _, p in ipairs(list) do
      if p.published_at >= change.all_from then p.segment = "views@2026-03-02" end
    end
    local r = decided(list, { change })["*|model v9"]
    assert.equal("insufficient", r.decision)
    assert.equal("insufficient data: 0 of 15 works tell it apart from the time, the accounts or the metric's definitions it goes with "
      .. "(no works on both sides)", r.why)
  end)

  it("counts creators, not their channels: works on several platforms hold their accounts together", function()
    local o = { platforms = { "tiktok", "x" } }
    local changes = { adopted(3, "model v7", o) }
    local list = posts { seed = 15, works = 40, lift = 1, platforms = o.platforms, changes = changes }
    assert.truthy(decided(list, changes)["*|model v7"].why:find("3 of 4 accounts needed", 1, true))
  end)

  it("is judged the same whatever the order of the posts", function()
    local changes = { adopted(6, "model v7"), adopted(5, "thumbnail t3", { day = 80 }) }
    local list = posts { seed = 16, works = 40, lift = 0.5, changes = changes }
    local one = discipline.decide(planted.run(), run(list, changes), {})
    local two = discipline.decide(planted.run(), run(planted.shuffled(list), { changes[2], changes[1] }), {})
    assert.equal(planted.json(one), planted.json(two))
  end)

  it("has evidence that is valid, whatever came of it", function()
    assert.is_true(#evidences > 15)
    assert.equal("", planted.invalid(evidences))
  end)

  describe("account by account", function()
    local changes = { adopted(4, "model v7") }

    it("is said where the account has works enough", function()
      local results = decided(posts { seed = 3, accounts = 12, works = 600, lift = 0.5, changes = changes }, changes)
      local seen = 0
      for key, r in pairs(results) do
        if r.subject_type == "account" and r.decision == "written" then
          seen = seen + 1
          assert.is_true(r.effect > 25 and r.effect < 80 and r.lo > 10, key .. ": " .. r.why)
          assert.equal("improved", r.row.context.verdict)
          assert.equal("always_valid", r.evidence.test.p_kind)
          assert.truthy(r.finding_key:match("^spec%.rule|model v7 @ tiktok:creator%d+|2026%-W%d+$"), r.finding_key)
        end
      end
      assert.equal(4, seen)
    end)

    it("is nothing where nothing is true", function()
      for seed = 11, 12 do
        local results = decided(posts { seed = seed, accounts = 12, works = 600, changes = changes }, changes)
        for key, r in pairs(results) do
          assert.is_not.equal("written", r.decision, key .. ": " .. r.why)
        end
      end
    end)

    it("is not said of an account with too few, and no row of a table comes of that", function()
      local results = decided(posts { seed = 5, accounts = 9, works = 60, lift = 0.5, changes = changes }, changes)
      local r = results["*|model v7 @ tiktok:creator01"]
      assert.equal("insufficient", r.decision)
      assert.truthy(r.why:match("^insufficient data: 60 of %d+ works of this account needed to see a lift of 20 %%$"), r.why)
      assert.is_nil(r.row)
      assert.equal("written", results["*|model v7"].decision)
    end)
  end)
end)
