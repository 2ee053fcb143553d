-- ctx.before_after: did a change of the AI help?
--
-- One pooled coefficient per change: posts published under it against the same accounts' posts before it, while accounts that
-- have not taken it up (or not yet) say what the same 14 days were like. Its error comes from leaving out one account after
-- the other: accounts drift by themselves, and the spread between posts does not show that (measured: intervals that ignore
-- it hold the truth in 65 % of cases, these in 95 to 97 %). Looked at every week, a fixed p would fire in a sixth of all
-- nulls: the p is always valid, of a mixture SPRT.

local by_account = require("tidemark.analysis.before_after_account")
local candidate = require("tidemark.analysis.candidate")
local design = require("tidemark.analysis.design")
local stats = require("tidemark.stats")
local util = require("tidemark.analysis.util")
local works = require("tidemark.analysis.works")

local M = {}

local ADOPTERS = 4
local CONTROLS = 2 -- one is left out after the other: one alone would leave none
local EACH_SIDE = 15
local TARGET = 0.20 -- the lift that has to be seen, in 95 % of cases
local POWER = 3.6 -- t of 1.96 and of 1.64 together
local TAU = 0.2
local FORTNIGHT = 14 * util.DAY

-- --- who took it up, and when ------------------------------------------------------------------------------------------------

local function first_start(change, accounts)
  local first
  for _, account in ipairs(accounts) do
    local start = design.start(change, account)
    if start then first = math.min(first or start, start) end
  end
  return first
end

-- Each unit's first start, works before and after it, and works that others can be compared with.
local function sides(s, change)
  local t = { share = {}, start = {}, before = {}, after = {}, first = nil }
  for i, work in ipairs(s.rows) do
    local unit = work.unit
    t.share[i] = design.under(change, work)
    for _, post in ipairs(work.posts) do
      local start = design.start(change, post.account)
      if start then
        t.start[unit] = math.min(t.start[unit] or start, start)
        t.first = math.min(t.first or start, start)
      end
    end
  end
  for i, work in ipairs(s.rows) do
    local side = t.share[i] >= 0.5 and t.after or t.before
    side[work.unit] = (side[work.unit] or 0) + 1
  end
  return t
end

local function count(s, change)
  local t = sides(s, change)
  t.adopters, t.n_before, t.n_after, t.controls = {}, 0, 0, 0
  for _, unit in ipairs(s.units) do
    local start = t.start[unit]
    if start then
      t.n_before, t.n_after = t.n_before + (t.before[unit] or 0), t.n_after + (t.after[unit] or 0)
      if t.before[unit] and t.after[unit] then t.adopters[#t.adopters + 1] = unit end
    end
    if not start or start >= t.first + FORTNIGHT then t.controls = t.controls + 1 end
  end
  t.controlled = not change.all_from and t.controls >= CONTROLS
  return t
end

-- --- what the data say too little of -----------------------------------------------------------------------------------------

-- Works under just one of two changes, in units that took up either: what tells the two apart.
local function apart(s, a, b)
  local n = 0
  for i in ipairs(s.rows) do
    if math.abs(a.share[i] - b.share[i]) >= 0.5 then n = n + 1 end
  end
  return n
end

local function not_apart(s, change, t)
  for _, other in ipairs(s.changes) do
    if other.key ~= change.key then
      local o = s.sides[other.key]
      if o.n_after > 0 then
        local n = apart(s, t, o)
        if n < s.min_n then return other, n end
      end
    end
  end
end

local function shortage(s, change, t)
  local first = first_start(change, s.accounts)
  if first and first > s.world.as_of then
    local text = "it starts on %s, after the clock of this run (%s): 0 of %d works needed after it"
    return text:format(util.iso(first):sub(1, 10), util.iso(s.world.as_of):sub(1, 10), s.min_n), 0, s.min_n
  elseif not first then
    return ("no account of these posts took it up: 0 of %d needed"):format(ADOPTERS), 0, ADOPTERS, "adopters"
  elseif t.n_after < s.min_n then
    return ("%d of %d works needed after it"):format(t.n_after, s.min_n), t.n_after, s.min_n
  elseif t.n_before < s.min_n then
    return ("%d of %d works needed before it, of the accounts that took it up"):format(t.n_before, s.min_n), t.n_before, s.min_n
  elseif #t.adopters < ADOPTERS then
    local text = "%d of %d accounts needed that took it up and have posts before and after it"
    return text:format(#t.adopters, ADOPTERS), #t.adopters, ADOPTERS, "adopters"
  end
  local other, n = not_apart(s, change, t)
  if other then
    local text = "it cannot be told apart from '%s', the same accounts at the same time: "
      .. "%d of %d works needed under only one of them"
    return text:format(other.key, n, s.min_n), n, s.min_n
  end
end

-- --- candidates --------------------------------------------------------------------------------------------------------------

local function metrics(s, t, after, unit)
  local scores, rates, n = {}, {}, 0
  for i, work in ipairs(s.rows) do
    if t.start[work.unit] and (not unit or work.unit == unit) and (t.share[i] >= 0.5) == after then
      n = n + 1
      scores[#scores + 1] = work.y
      for _, post in ipairs(work.posts) do rates[#rates + 1] = post.rate end
    end
  end
  return { works = n, engagement_percent = util.round(util.mean(rates)), score = util.round(util.mean(scores)) }
end

local function baseline(t)
  if t.controlled then
    return {
      kind = "not_yet_adopted", controlled = true, n = t.controls,
      text = ("the same 14-day periods of %d accounts without it"):format(t.controls),
    }
  end
  return {
    kind = "none", controlled = false, n = 0,
    text = "uncontrolled: the same accounts before it, along a straight line in time",
  }
end

-- unit: of one account alone.
local function base(s, change, t, unit)
  local values = {
    change = change.key, change_id = change.id, change_type = change.type, version = change.version, metric = change.metric,
    before = metrics(s, t, false, unit), after = metrics(s, t, true, unit),
    first_start = util.iso(first_start(change, s.accounts)),
  }
  return {
    kind = "improvement", subject = { type = "change", key = change.key, label = change.key },
    n = { unit = "works", used = t.n_before + t.n_after, a = t.n_after, b = t.n_before }, baseline = baseline(t),
    excluded = s.excluded, values = values, params = { min_n = s.min_n, tau = TAU, target_percent = 100 * TARGET },
  }
end

local function insufficient(s, change, t, why, n, needed, unit)
  local c = base(s, change, t)
  c.why, c.n = why, { unit = unit or "works", used = n, needed = needed, a = t.n_after, b = t.n_before }
  return candidate.insufficient(c)
end

-- What is held equal; the change itself is the caller's to add.
local function held_equal(s, change, t)
  local d = design.new(s.rows)
  d:adjust({ account = true, time = true, block = true, tags = true, changes = true }, {
    min_n = EACH_SIDE, changes = s.world.changes, as_of = s.world.as_of, skip = change.key,
    time = t.controlled and "periods" or "linear",
  })
  return d
end

local function regression(s, change, t)
  local d = held_equal(s, change, t)
  return d, d:add(t.share)
end

local function overlaps(s, change, t)
  local out = {}
  for _, other in ipairs(s.changes) do
    local o = s.sides[other.key]
    if other.key ~= change.key and o.n_after > 0 then
      local both = false
      for _, unit in ipairs(t.adopters) do both = both or o.start[unit] ~= nil end
      if both then out[#out + 1] = other.key end
    end
  end
  return out
end

local function warnings(s, change, t, d, needed)
  local out = d.warnings
  if not t.controlled then
    d:warn("uncontrolled",
      "every account took it up at once, or too few did not: whatever else happened then counts as the change")
  end
  local others = overlaps(s, change, t)
  if #others > 0 then
    d:warn("overlapping_changes",
      "some of its accounts also took up " .. table.concat(others, ", ") .. ": they are in one regression")
  end
  local largest = 0
  for _, unit in ipairs(t.adopters) do largest = math.max(largest, t.before[unit] + t.after[unit]) end
  if largest < needed then
    local text = "a single account needs %d works for a %d %% lift; the largest here has %d"
    d:warn("per_account_not_identifiable", text:format(needed, math.floor(100 * TARGET + 0.5), largest))
  end
  return out
end

-- The always-valid p: 1 / e of the mixture SPRT, the error made as wide as Student's t of so few accounts. The question is
-- whether it helped, so that is tested one-sided (measured: fires in .017 of nulls looked at weekly); that it harmed has to
-- stand the two-sided test.
local function sequential(b, se, df)
  local wide = se * stats.t_quantile(0.975, df) / stats.normal_quantile(0.975)
  local sided = b > 0 and "greater" or "two"
  local s = stats.sprt(b, wide, TAU, sided)
  return s.e, s.p, sided
end

-- Effect, interval and test of an estimate.
local function verdict(c, o)
  local half = stats.t_quantile(0.975, o.df) * o.se
  local e, p, sided = sequential(o.b, o.se, o.df)
  c.status = "tested"
  c.effect = { raw = o.b, unit = "log_ratio", se = o.se, df = o.df, percent = util.percent(o.b) }
  c.interval = { lo = o.b - half, hi = o.b + half, level = 0.95, method = o.interval, unit = "log_ratio" }
  c.test = {
    method = o.method, statistic = o.b / o.se, statistic_name = "t", p = p, p_kind = "always_valid", sided = sided, e = e,
  }
end

local function tested(s, change, t, d, j, sigma)
  local c, df = base(s, change, t), #t.adopters - 1
  verdict(c, { b = j.b, se = j.se, df = df, method = "one pooled coefficient, leave-one-account-out; mixture SPRT",
    interval = "jackknife_account" })
  local used = t.n_before + t.n_after
  local needed = math.ceil(4 * (POWER * sigma / math.log(1 + TARGET)) ^ 2)
  c.n = { unit = "adopters", used = #t.adopters, a = t.n_after, b = #s.rows - t.n_after, needed = ADOPTERS }
  c.power = { used = used, needed = needed, unit = "works" }
  c.params.works, c.params.works_needed, c.params.sd = used, needed, sigma
  c.warnings, c.adjusted_for = warnings(s, change, t, d, needed), d.adjusted
  local under = {}
  for i, work in ipairs(s.rows) do
    if t.share[i] >= 0.5 then under[#under + 1] = work end
  end
  c.examples = candidate.examples(under)
  return c
end

local function judge(s, change)
  local t = s.sides[change.key]
  local why, n, needed, unit = shortage(s, change, t)
  if why then return insufficient(s, change, t, why, n, needed, unit) end
  local d, index = regression(s, change, t)
  local clusters, y = util.groups(s.rows, function(work) return work.unit end), d:response()
  local fit, no_fit = d:fit(y)
  local b = fit and fit:coef(index)
  local j, no_jackknife
  if b then j, no_jackknife = stats.jackknife(d.d, y, clusters, index) end
  if not j or not util.finite(j.b) or not util.finite(j.se) or j.se <= 1e-9 then
    local text = "0 of %d works tell it apart from the time, the accounts or the metric's definitions it goes with (%s)"
    local reason = no_fit or no_jackknife or (b and "the accounts do not differ" or "no works on both sides")
    return insufficient(s, change, t, text:format(s.min_n, reason), 0, s.min_n)
  end
  return tested(s, change, t, d, j, fit:sigma()), fit:sigma()
end

--- One candidate per change that is known, and of those with accounts to compare with one per account that took it up.
---@param rows tidemark.Row[]
---@param opts table options of ctx.before_after
---@param world table
---@return tidemark.Candidate[] the effect is a log ratio
function M.run(rows, opts, world)
  local s = { opts = opts, world = world, sides = {}, units = {}, accounts = {}, changes = {} }
  s.min_n = candidate.limits(opts, EACH_SIDE)
  s.rows, s.excluded = works.usable(works.works(rows), "works")
  local units, accounts = {}, {}
  for _, row in ipairs(rows) do units[row.unit], accounts[row.account] = true, true end
  s.units, s.accounts = util.keys(units), util.keys(accounts)
  table.move(world.changes or {}, 1, #(world.changes or {}), 1, s.changes)
  table.sort(s.changes, function(a, b) return a.key < b.key end)
  for _, change in ipairs(s.changes) do s.sides[change.key] = count(s, change) end
  local out = {}
  local tools = { design = held_equal, base = base, verdict = verdict }
  for _, change in ipairs(s.changes) do
    local pooled, sigma = judge(s, change)
    out[#out + 1] = pooled
    local t = s.sides[change.key]
    local each = sigma and t.controlled and by_account.run(s, change, t, sigma, tools) or {}
    table.move(each, 1, #each, #out + 1, out)
  end
  return out
end

return M
