-- The evidence in words: one spec for each kind, and what is absent, null or hostile.
local explain = require("tidemark.explain")
local jsonlist = require("tidemark.jsonlist")

local RUN = "0192f0c1-7a31-7c55-9b1e-5d0f8a6b1c22"
local FROM = "From: rule %s of plugin patterns@1.4.0, run " .. RUN .. ", computed 2026-11-22 03:00 UTC."
local WINDOW = "Window: 2026-05-24 to 2026-11-15 (UTC). Data known up to 2026-11-21 23:10 UTC; "
  .. "the last 72 hours are not looked at yet."

local ENGAGEMENT = {
  name = "engagement_log_ratio", unit = "log_ratio", formula = "ln((likes + 0.5) / (views + 10))", age_h = 168,
  definitions = { "youtube.views@2026-08-24" },
}

local function evidence(o)
  o.v, o.plugin, o.run, o.computed_at = 1, "patterns@1.4.0", RUN, "2026-11-22T03:00:12Z"
  o.window = o.window or { from = "2026-05-24T00:00:00Z", to = "2026-11-15T00:00:00Z", tz = "UTC" }
  o.watermark = { recorded_at = "2026-11-21T23:10:00Z", withheld_h = 72 }
  o.excluded, o.gates = o.excluded or {}, o.gates or {}
  return o
end

local function says(expected, o, row) assert.same(expected, explain.text(evidence(o), row)) end

describe("explain", function()
  it("an effect: what was compared, how much, how sure, in what family, with what left out, in what state", function()
    says({
      "hook in the first 3 s (tag): +26 %.",
      "Compared: engagement log ratio with and without it at 7 days of age, measured as ln((likes + 0.5) / (views + 10)).",
      "Against: the same account's works without the tag, other things equal; controlled.",
      "As the platforms define it: youtube.views@2026-08-24.",
      "Estimate: +30 %, 95 % interval +15 % to +47 %; all of it is more than nothing.",
      "Shrunk, since the largest of many estimates is too large on average: +26 %, drawn towards 0 %.",
      "Data: 601 works, 189 with and 412 without; needed: 480.",
      "Test: OLS, all tags jointly, HC3; t = 4.29 with 548 degrees of freedom, p < 0.001 (two-sided, for one look at the data); "
        .. "e-value 812.",
      "Interval by Student's t with standard errors that hold for uneven scatter (HC3).",
      "Family: 40 tests in one run (style.tags|2026-W47), q < 0.001 by BH, 0.05 allowed, rank 2.",
      "Gate: the estimate is large enough: +30 %, needed +10 %: passed.",
      "Gate: there are enough works: 12 works, needed 15 works: NOT passed.",
      "Held equal: account, 14-day period and 39 other tags.",
      "Left out: 23 works (no snapshot near the age), 1 work (likes are hidden) and 4 works (uploaded again).",
      WINDOW,
      "Confirmed since 2026-10-04, a candidate since 2026-07-12; 84 new works since, e-value 44.1 (20 confirm).",
      "Note: two of the accounts have changed their zone.",
      "Decision: written: +26 % (+15 to +47), q 0.0004.",
      FROM:format("style.tags"),
    }, {
      kind = "effect", rule = "style.tags", subject = { type = "tag", key = "hook_3s", label = "hook in the first 3 s" },
      metric = ENGAGEMENT, n = { unit = "works", used = 601, a = 189, b = 412, needed = 480 },
      baseline = { kind = "other_works_same_regression", controlled = true, n = 412,
        text = "the same account's works without the tag, other things equal" },
      effect = { raw = 0.2624, shrunk = 0.231, unit = "log_ratio", percent = 26.0, se = 0.0611, df = 548,
        shrink = { to = 0.0, tau = 0.16 } },
      interval = { lo = 0.142, hi = 0.382, level = 0.95, method = "t_hc3", unit = "log_ratio" },
      test = { method = "OLS, all tags jointly, HC3", statistic = 4.29, statistic_name = "t", p = 2.1e-05, p_kind = "fixed_n",
        sided = "two", e = 812.0 },
      family = { id = "style.tags|2026-W47", m = 40, procedure = "BH", alpha = 0.05, q = 0.00042, rank = 2 },
      gates = {
        { name = "min_effect", limit = 0.0953, value = 0.2624, unit = "log_ratio", passed = true },
        { name = "min_works", limit = 15, value = 12, unit = "works", passed = false },
      },
      excluded = {
        { reason = "no_snapshot_near_age", count = 23, unit = "works" }, { reason = "likes_hidden", count = 1, unit = "works" },
        { reason = "reupload", count = 4, unit = "works" },
      },
      adjusted_for = { "account", "14-day period", "39 other tags" },
      warnings = { { code = "zone", text = "two of the accounts have changed their zone" } },
      lifecycle = { state = "confirmed", since = "2026-10-04T03:00:00Z", candidate_at = "2026-07-12T03:00:00Z", direction = 1,
        s0 = 31.2, v0 = 118.0, e_fresh = 44.1, works_fresh = 84 },
    }, { decision = "written", why = "+26 % (+15 to +47), q 0.0004." })
  end)

  it("a rate", function()
    says({
      "hook_3s (pattern on tiktok): reached in 45 % of the cases.",
      "Counted: how often success is reached at 7 days of age, measured as score above 0.",
      "Drawn towards: all patterns of the platform: Beta(4.1, 11.9) (0.256).",
      "Estimate: 55 %, 95 % interval 38 % to 71 %.",
      "Shrunk, since the largest of many estimates is too large on average: 45 %.",
      "Data: 31 works, 17 above and 14 below.",
      "Test: beta-binomial posterior.",
      "Interval by Wilson's.",
      "Family: 212 tests in one run (success|2026-W47), not corrected.",
      "Left out: nothing.",
      WINDOW,
      FROM:format("success.rate"),
    }, {
      kind = "rate", rule = "success.rate", subject = { type = "pattern", key = "hook_3s", platform = "tiktok" },
      metric = { name = "success", unit = "share", formula = "score above 0", age_h = 168 },
      baseline = { kind = "pool_prior", text = "all patterns of the platform: Beta(4.1, 11.9)", value = 0.256, n = 212 },
      n = { unit = "works", used = 31, a = 17, b = 14 }, effect = { raw = 0.548, shrunk = 0.449, unit = "probability" },
      interval = { lo = 0.378, hi = 0.708, level = 0.95, method = "wilson", unit = "probability" },
      test = { method = "beta-binomial posterior", p = jsonlist.null, p_kind = "none" },
      family = { id = "success|2026-W47", m = 212, procedure = "none" },
    })
  end)

  it("an anomaly", function()
    says({
      "0192-77 (content on youtube): 9.6 times what was expected.",
      "Watched: views increment at 10 days of age, measured as views(t) - running maximum of views.",
      "Expected: views so far x the platform's usual growth from 9 d to 10 d (213).",
      "Estimate: 9.6 times, 95 % interval 7.1 times to 13.0 times; all of it is more than nothing.",
      "Data: 2 snapshots.",
      "Test: negative binomial upper tail, cv .15; ln p = -210.40; score -210, alarm at -18.4.",
      "Interval by where one more value was to be expected.",
      "Family: 214 tests in one run (spike|youtube|2026-11-22), not corrected.",
      "Gate: it is many times what was expected: 9.6 x expected, needed 3 x expected: passed.",
      "Left out: 2 snapshots (the read was stale).",
      WINDOW,
      FROM:format("spike.content"),
    }, {
      kind = "anomaly", rule = "spike.content", subject = { type = "content", key = "0192-77", platform = "youtube" },
      metric = { name = "views_increment", unit = "views", formula = "views(t) - running maximum of views", age_h = 240 },
      baseline = { kind = "expected_increment", text = "views so far x the platform's usual growth from 9 d to 10 d",
        value = 213.0 },
      n = { unit = "snapshots", used = 2 }, effect = { raw = 9.6, unit = "ratio", percent = 860.0 },
      interval = { lo = 7.1, hi = 13.0, level = 0.95, method = "prediction", unit = "ratio" },
      test = { method = "negative binomial upper tail, cv .15", statistic = -210.4, statistic_name = "ln p", p_kind = "fixed_n",
        sided = "greater", score = -210.4, threshold = -18.42 },
      family = { id = "spike|youtube|2026-11-22", m = 214, procedure = "none", alpha = 1e-08 },
      gates = { { name = "min_multiple", limit = 3.0, value = 9.6, unit = "x expected", passed = true } },
      excluded = { { reason = "stale_read", count = 2, unit = "snapshots" } },
    })
  end)

  it("a trend, and under which definition it was seen", function()
    says({
      "#slow (hashtag on instagram): -50 % over the window.",
      "Followed: views gained per week, week by week, measured as ln(views gained in a week + 0.5).",
      "Measured against: the label's own level at the start of the window; uncontrolled: what else changed then counts as well.",
      "Estimate: -50 %, 95 % interval -63 % to -33 %; all of it is less than nothing.",
      "Data: 17 weeks; needed: 17.",
      "Test: slope of weekly ln(views + 0.5); t = -4.60 with 17 degrees of freedom, p < 0.001 (two-sided, for one look at the "
        .. "data).",
      "Interval by a line whose errors remember the week before (AR(1)).",
      "Family: 30 tests in one run (trend.weekly|2026-W47), q 0.0033 by BH, 0.05 allowed, rank 1.",
      "Left out: 56 days (before the metric's definition changed).",
      "Window: 2026-08-24 to 2026-11-15 (UTC), only under the definition views@2026-08-24. "
        .. "Data known up to 2026-11-21 23:10 UTC; the last 72 hours are not looked at yet.",
      "Candidate since 2026-11-22: found once, to be seen again on new data; expires on 2027-08-21.",
      "Settings: lent_df 4, onset 2026-09-07, rho 0.22.",
      FROM:format("trend.weekly"),
    }, {
      kind = "trend", rule = "trend.weekly", subject = { type = "hashtag", key = "slow", platform = "instagram", label = "#slow" },
      metric = { name = "views_gained_per_week", unit = "views", formula = "ln(views gained in a week + 0.5)" },
      baseline = { kind = "own_level", controlled = false, text = "the label's own level at the start of the window" },
      window = { from = "2026-08-24T00:00:00Z", to = "2026-11-15T00:00:00Z", tz = "UTC", segment = "views@2026-08-24" },
      n = { unit = "weeks", used = 17, needed = 17 }, effect = { raw = -0.7, unit = "log_count", se = 0.15, df = 17 },
      interval = { lo = -1.0, hi = -0.4, level = 0.95, method = "ols_ar1", unit = "log_count" },
      test = { method = "slope of weekly ln(views + 0.5)", statistic = -4.6, statistic_name = "t", p = 0.0002, p_kind = "fixed_n",
        sided = "two" },
      family = { id = "trend.weekly|2026-W47", m = 30, procedure = "BH", alpha = 0.05, q = 0.0033, rank = 1 },
      excluded = { { reason = "before_definition_change", count = 56, unit = "days" } },
      lifecycle = { state = "candidate", since = "2026-11-22T03:00:00Z", expires_at = "2027-08-21T00:00:00Z" },
      params = { rho = 0.22, lent_df = 4, onset = "2026-09-07" },
    })
  end)

  it("a burst", function()
    says({
      "#leak (hashtag on youtube): +200 % while it lasted.",
      "Followed: posts per day, day by day, measured as ln(count + 0.5).",
      "Against: median of the 42 days before (3.51).",
      "Estimate: +200 %, 95 % interval +116 % to +318 %; all of it is more than nothing.",
      "Data: 120 points.",
      "Test: max over windows 3/5/8/12 d; max z = 6.40, p < 0.001 (one-sided, for more, by resampling).",
      "Interval by bootstrap.",
      "Family: 30 tests in one run (burst|2026-W47), q 0.0024 by BH, 0.1 allowed, rank 1.",
      "Gate: it is large enough: +200 %, needed +50 %: passed.",
      "Left out: nothing.",
      WINDOW,
      FROM:format("burst.hashtag"),
    }, {
      kind = "burst", rule = "burst.hashtag", subject = { type = "hashtag", key = "#leak", platform = "youtube" },
      metric = { name = "posts_per_day", unit = "posts", formula = "ln(count + 0.5)" },
      baseline = { kind = "trailing_median", text = "median of the 42 days before", value = 3.51, scale = 0.2, n = 42 },
      n = { unit = "points", used = 120 }, effect = { raw = 1.1, unit = "log_count", percent = 200.0, se = 0.17 },
      interval = { lo = 0.77, hi = 1.43, level = 0.95, method = "bootstrap", unit = "log_count" },
      test = { method = "max over windows 3/5/8/12 d", statistic = 6.4, statistic_name = "max z", p = 8e-05, p_kind = "bootstrap",
        sided = "greater" },
      family = { id = "burst|2026-W47", m = 30, procedure = "BH", alpha = 0.1, q = 0.0024, rank = 1 },
      gates = { { name = "min_factor", limit = 0.405, value = 1.1, unit = "log_count", passed = true } },
    })
  end)

  it("a level, a duration, a forecast", function()
    local base = { rule = "x.y", baseline = { kind = "none", text = "nothing" }, n = { unit = "points", used = 1 },
      test = { method = "m" }, family = { id = "f", m = 1, procedure = "none" }, metric = { name = "views_per_day" } }
    local function first_two(kind, effect, interval)
      local o = { kind = kind, effect = effect, interval = interval, subject = { type = "series", key = "s" } }
      for k, v in pairs(base) do o[k] = v end
      local lines = explain.text(evidence(o))
      return { lines[1], lines[2], lines[4] }
    end
    local none = { lo = jsonlist.null, hi = jsonlist.null, level = 0.95, method = "none", unit = "ratio" }
    assert.same({ "s (series): moved by +22 %.", "Followed: the level of views per day.", "Estimate: +22 %, without an interval." },
      first_two("level", { raw = 0.2, unit = "log_count" }, none))
    assert.same({ "s (series): lasts 30 h.", "Measured: how long views per day lasts.",
      "Estimate: 30 h, 80 % interval 20 h to 40.5 h." },
      first_two("duration", { raw = 30, unit = "hours" }, { lo = 20, hi = 40.5, level = 0.8, method = "delta", unit = "hours" }))
    assert.same({ "s (series): 12000 expected.", "Projected: views per day.",
      "Estimate: 12000, 80 % interval 9000 to 16000." }, first_two("forecast", { raw = 12000, unit = "count" },
      { lo = 9000, hi = 16000, level = 0.8, method = "prediction", unit = "count" }))
  end)

  it("a correlation that may be nothing", function()
    says({
      "brightness (fact): rank correlation +0.05 within account.",
      "Ordered: does engagement log ratio go up and down with it at 7 days of age, measured as "
        .. "ln((likes + 0.5) / (views + 10)).",
      "Against: the account's other works.",
      "As the platforms define it: youtube.views@2026-08-24.",
      "Estimate: +0.05, 95 % interval -0.07 to +0.17; nothing at all lies inside it.",
      "Data: 280 works.",
      "Test: Spearman within account, p 0.41 (two-sided, for one look at the data).",
      "Interval by Fisher's z.",
      "Family: 6 tests in one run (style.facts|2026-W47), q 0.62 by BH, 0.05 allowed.",
      "Left out: 12 works (the fact was not measured).",
      WINDOW,
      "Decision: not shown: not above chance.",
      FROM:format("style.facts"),
    }, {
      kind = "correlation", rule = "style.facts", subject = { type = "fact", key = "brightness" }, metric = ENGAGEMENT,
      baseline = { kind = "account_median", text = "the account's other works" }, n = { unit = "works", used = 280 },
      effect = { raw = 0.05, unit = "rho", shrunk = jsonlist.null }, why = "not above chance",
      interval = { lo = -0.07, hi = 0.17, level = 0.95, method = "fisher_z", unit = "rho" },
      test = { method = "Spearman within account", p = 0.41, p_kind = "fixed_n", sided = "two" },
      family = { id = "style.facts|2026-W47", m = 6, procedure = "BH", alpha = 0.05, q = 0.62 },
      excluded = { { reason = "no_fact", count = 12, unit = "works" } },
    }, { decision = "not_shown" })
  end)

  it("an improvement", function()
    says({
      "prompt v7 (change): +19 % after it.",
      "Compared: engagement log ratio before and after it at 1 day of age.",
      "Against: same 14-day periods of 8 accounts without it; controlled.",
      "Estimate: +20 %, 95 % interval +8 % to +33 %; all of it is more than nothing.",
      "Shrunk, since the largest of many estimates is too large on average: +19 %.",
      "Data: 12 adopters, 604 after and 1396 before or elsewhere.",
      "Test: one pooled coefficient; t = 3.85 with 11 degrees of freedom, p 0.0013 (one-sided, for more, valid however often it is "
        .. "looked at); e-value 61.",
      "Interval by leaving out one account at a time (jackknife).",
      "Family: 1 test in one run (ai|2026-W47), not corrected.",
      "Gate: enough accounts took it up: 12, needed 4: passed.",
      "Left out: 31 works (deleted).",
      WINDOW,
      "Note: a single account needs 470 works for a 20 % lift; the smallest here has 96.",
      FROM:format("ai.before_after"),
    }, {
      kind = "improvement", rule = "ai.before_after", subject = { type = "change", key = "prompt v7" },
      metric = { name = "engagement_log_ratio", unit = "log_ratio", age_h = 24 },
      baseline = { kind = "not_yet_adopted", text = "same 14-day periods of 8 accounts without it", controlled = true, n = 8 },
      n = { unit = "adopters", used = 12, a = 604, b = 1396 },
      effect = { raw = 0.181, shrunk = 0.17, unit = "log_ratio", se = 0.047, df = 11 },
      interval = { lo = 0.078, hi = 0.284, level = 0.95, method = "jackknife_account", unit = "log_ratio" },
      test = { method = "one pooled coefficient", statistic = 3.85, statistic_name = "t", p = 0.0013, p_kind = "always_valid",
        sided = "greater", e = 61.0 },
      family = { id = "ai|2026-W47", m = 1, procedure = "none", alpha = 0.05 },
      gates = { { name = "min_adopters", limit = 4, value = 12, passed = true } },
      excluded = { { reason = "deleted", count = 31, unit = "works" } },
      warnings = { { code = "n", text = "a single account needs 470 works for a 20 % lift; the smallest here has 96." } },
    })
  end)

  it("too little data", function()
    says({
      "rare (tag on tiktok): not enough data, 11 of 40 posts.",
      "To be compared: engagement log ratio at 7 days of age, measured as ln((likes + 0.5) / (views + 10)).",
      "Against: posts without it.",
      "As the platforms define it: youtube.views@2026-08-24.",
      "Data: 11 posts; needed: 40.",
      "Family: 12 tests in one run (ai|2026-W47).",
      "Gate: there are enough: 11 posts, needed 40 posts: NOT passed.",
      "Left out: nothing.",
      WINDOW,
      "Decision: insufficient: 11 of 40 posts.",
      FROM:format("tags.rate"),
    }, {
      kind = "insufficient", rule = "tags.rate", subject = { type = "tag", key = "rare", platform = "tiktok" },
      metric = ENGAGEMENT, baseline = { kind = "none", text = "posts without it" }, n = { unit = "posts", used = 11, needed = 40 },
      family = { id = "ai|2026-W47", m = 12, procedure = "BH" }, why = "11 of 40 posts",
      gates = { { name = "min_n", limit = 40, value = 11, unit = "posts", passed = false } },
    }, { decision = "insufficient" })
  end)

  it("small changes keep a digit, and none is +0", function()
    local function first(raw)
      return explain.text(evidence({ kind = "effect", subject = { type = "tag", key = "a" },
        effect = { raw = raw, unit = "log_ratio" } }))[1]
    end
    assert.equal("a (tag): +0.5 %.", first(0.005))
    assert.equal("a (tag): -0.5 %.", first(-0.005))
    assert.equal("a (tag): 0 %.", first(0.0001))
    assert.equal("a (tag): -20 %.", first(math.log(0.8)))
  end)

  it("spells out control characters, and reads no evidence as none", function()
    local o = { kind = "insufficient", subject = { type = "tag", key = "a\27[2Jb\n" }, n = { unit = "posts", used = 0 } }
    assert.equal("a\\x1b[2Jb\\x0a (tag): not enough data, 0 of ? posts.", explain.text(evidence(o))[1])
    for _, broken in ipairs({ {}, { effect = 3, n = "x", gates = { 1 }, warnings = { "a" }, lifecycle = { state = "odd" } },
      { kind = jsonlist.null, subject = jsonlist.null, effect = jsonlist.null, excluded = jsonlist.null } }) do
      for _, line in ipairs(explain.text(broken)) do assert.equal("string", type(line)) end
    end
    assert.is_true(#explain.text(nil) > 0)
  end)
end)
