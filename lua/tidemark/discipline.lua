-- What becomes of candidates: the discipline that no rule can leave out.
--
-- One family per run: all subjects a rule tested, on all platforms, corrected together (Benjamini-Hochberg), gated by size and
-- numbers, shrunk, and carried through a life: candidate, then confirmed by e-BH or by an e-value of 20 on what was learnt
-- since.
-- Nothing is written without its evidence, and every subject gets a sentence that says why it was written or not.
--
-- What a rule made by statistics of its own (ctx.own) goes through the same, as a family apart, and is marked in all that is
-- said of it. It begins as a candidate however small its p: that a p may be looked at every week is not the host's to say.

local build = require("tidemark.analysis.evidence")
local stats = require("tidemark.stats")
local util = require("tidemark.analysis.util")
local write = require("tidemark.analysis.rows")

local M = {}

local ALPHA = 0.05
local TAU = 0.2 -- what effects are like before any is seen: most within 20 %
local FRESH_E = 20
local GATE, TREND_GATE = 0.10, 0.20 -- what is smaller is not worth writing, however certain
local LIFE = 39 * util.WEEK

-- --- one scale for all candidates: a contrast with error and gate ------------------------------------------------------------

local function contrast_of(c)
  if c.contrast then return c.contrast end
  return {
    raw = c.effect.raw, se = c.effect.se, df = c.effect.df, lo = c.interval.lo, hi = c.interval.hi, gate = c.gate,
    unit = c.effect.unit,
  }
end

-- The error that belongs to the normal with the same p: an estimate of few degrees of freedom tells less than its se says.
local function normal_error(c, k)
  if c.test.p_kind == "always_valid" and k.df then
    return k.se * stats.t_quantile(0.975, k.df) / stats.normal_quantile(0.975)
  end
  local t = math.abs(k.raw / k.se)
  if not k.df or t < 1e-6 then return k.se end
  local tail = math.max(stats.t_sf(t, k.df), 1e-300)
  local z = -stats.normal_quantile(tail)
  return z > 1e-6 and math.abs(k.raw) / z or k.se
end

local function evidence_value(k, sided)
  local S, V = k.raw * k.scale / (k.error * k.scale) ^ 2, 1 / (k.error * k.scale) ^ 2
  k.S, k.V = S, V
  local up = stats.halfnormal_e(S, V, TAU)
  if sided == "greater" then return up end
  return 0.5 * (up + stats.halfnormal_e(-S, V, TAU))
end

-- What an analysis that does not say so is about.
local function kind_of(c)
  if c.kind then return c.kind end
  if c.subject.type == "change" then return "improvement" end
  return c.effect and c.effect.unit == "log_count" and "trend" or "effect"
end

-- The tested ones of a family: what the host computed, or (own) what the plugin did.
local function prepare(candidates, own)
  local tested, p, e = {}, {}, {}
  for i, c in ipairs(candidates) do
    c.kind, c.values, c.params = kind_of(c), c.values or {}, c.params or {}
    if c.test and (c.test.p_kind == "own") ~= (c.own ~= nil) then
      error(("'%s': statistics of a plugin's own without their mark, or the mark without them"):format(c.subject.key))
    end
    if c.status == "tested" and (c.own ~= nil) == own then
      c.gate = c.gate or math.log(1 + (c.kind == "trend" and TREND_GATE or GATE))
      local k = contrast_of(c)
      k.scale = k.scale or 1.0
      k.error = normal_error(c, k)
      k.e = evidence_value(k, c.test.sided)
      if not c.test.e then c.test.e = k.e end
      tested[#tested + 1] = { index = i, c = c, k = k }
      p[#p + 1], e[#e + 1] = c.test.p, c.test.e
    end
  end
  return tested, p, e
end

-- --- the family --------------------------------------------------------------------------------------------------------------

-- The spread of true effects, by DerSimonian and Laird over the family. A family is mostly nothing with a few effects in it:
-- its common spread is theirs thinned out, so it never counts as less than what effects are like before any is seen.
local FLOOR = 0.15

local function spread(tested)
  local b, se = {}, {}
  for i, t in ipairs(tested) do b[i], se[i] = t.k.raw * t.k.scale, t.k.error * t.k.scale end
  local tau2 = 0.0
  if #b > 1 then
    local fit = stats.tau2(b, se)
    tau2 = fit and util.finite(fit.tau2) or 0.0
  end
  return math.max(FLOOR, math.sqrt(tau2))
end

local function correct(tested, p, e)
  if #tested == 0 then return end
  local q, eq, tau = stats.bh_adjust(p), stats.ebh_adjust(e), spread(tested)
  local order = {}
  for i in ipairs(tested) do order[i] = i end
  table.sort(order, function(a, b) return p[a] < p[b] or p[a] == p[b] and a < b end)
  for rank, i in ipairs(order) do
    local t = tested[i]
    local error = t.k.error * t.k.scale
    t.rank, t.q, t.confirmed = rank, q[i], eq[i] <= ALPHA and not t.c.own
    t.tau, t.shrunk = tau, t.k.raw * tau ^ 2 / (tau ^ 2 + error ^ 2) -- on the contrast's own scale
  end
end

-- --- gates -------------------------------------------------------------------------------------------------------------------

local function gates(t)
  local c, k = t.c, t.k
  local list = {
    { name = "q", limit = ALPHA, value = t.q, passed = t.q <= ALPHA },
    { name = "min_effect", limit = k.gate, value = math.abs(k.raw), unit = k.unit, passed = math.abs(k.raw) >= k.gate },
    { name = "min_shrunk", limit = k.gate / 2, value = math.abs(t.shrunk), unit = k.unit,
      passed = math.abs(t.shrunk) >= k.gate / 2 },
  }
  if c.own then
    local near = k.raw < 0 and -k.hi or k.lo -- the end that is nearer to nothing
    list[#list + 1] = { name = "interval", limit = 0.0, value = near, unit = k.unit, passed = near > 0 }
  end
  if c.power then
    list[#list + 1] = {
      name = "min_works", limit = c.power.needed, value = c.power.used, unit = c.power.unit,
      passed = c.power.used >= c.power.needed,
    }
  elseif c.params.min_n then
    local n = k.n or c.n
    local least = math.min(n.a or n.used, n.b or n.used)
    list[#list + 1] = {
      name = c.own and "min_n" or "min_n_each", limit = c.params.min_n, value = least, unit = n.unit,
      passed = least >= c.params.min_n,
    }
  end
  return list
end

local function passes(list)
  for _, gate in ipairs(list) do
    if not gate.passed and gate.name ~= "min_works" then return false end
  end
  return true
end

-- --- the life of a finding ---------------------------------------------------------------------------------------------------

local function born(t, run, confirmed)
  local now = run.as_of
  return {
    state = confirmed and "confirmed" or "candidate", since = now, candidate_at = now, confirmed_at = confirmed and now or nil,
    expires_at = not confirmed and util.iso(util.epoch(now) + LIFE) or nil, direction = t.k.raw < 0 and -1 or 1,
    s0 = t.k.S, v0 = t.k.V,
  }
end

-- What was learnt since the finding became a candidate, as if it were all there is.
local function fresh(t, life)
  local S, V = (t.k.S - (life.s0 or 0)) * (life.direction or 1), t.k.V - (life.v0 or 0)
  if V <= 1e-6 * t.k.V then return 1.0, nil end -- as much as before: what is written has ten digits
  -- whether a plugin's estimates add up nobody knows: what came since says no more than the whole does
  if t.c.own then S = math.min(S, math.abs(t.k.raw * t.k.scale) * V) end
  return stats.halfnormal_e(S, V, TAU), S / V
end

local function copy(life)
  local out = {}
  for k, v in pairs(life) do out[k] = v end
  out.own = nil
  return out
end

local function promote(life, run)
  life.state, life.since, life.confirmed_at, life.expires_at = "confirmed", run.as_of, run.as_of, nil
  return life
end

local function expired(life, run)
  local till = life.state == "candidate" and util.epoch(life.expires_at)
  return till and util.epoch(run.as_of) >= till or false
end

-- The life of a tested subject from here on: nil when there is none (any more).
local function live(t, run, previous, ok)
  if not previous then return ok and born(t, run, t.confirmed) or nil end
  local life = copy(previous)
  if life.state ~= "candidate" then return life end
  local e, estimate = fresh(t, life)
  life.e_fresh = e
  local same = (t.k.raw < 0 and -1 or 1) == (life.direction or 1)
  if ok and same and t.confirmed then return promote(life, run) end
  if e >= FRESH_E and estimate and estimate >= t.k.gate * t.k.scale / 2 then return promote(life, run) end
  if expired(life, run) then return ok and born(t, run, t.confirmed) or nil end
  return life
end

-- --- sentences ---------------------------------------------------------------------------------------------------------------

local PLAIN = { rho = "%+.2f", hours = "%+.3g h", seconds = "%+.3g s", count = "%+.4g" }

local function signed(x, unit)
  if unit == "probability" then return ("%+.0f points"):format(100 * x) end
  if PLAIN[unit] then return PLAIN[unit]:format(x) end
  return ("%+.0f %%"):format(util.percent(x) or 0)
end

local function numbers(t)
  local k = t.k
  return ("%s (95 %% interval %s to %s), q %.2g of %d tested"):format(signed(k.raw, k.unit), signed(k.lo, k.unit),
    signed(k.hi, k.unit), t.q, t.family)
end

local function gate_text(k)
  if PLAIN[k.unit] then return (signed(k.gate, k.unit):gsub("^%+", "")) end
  return k.unit == "probability" and ("%.0f points"):format(100 * k.gate) or ("%.0f %%"):format(util.percent(k.gate))
end

local function inside(k)
  return k.lo and k.hi and k.lo > -k.gate and k.hi < k.gate
end

local function not_written(t)
  local k = t.k
  if inside(k) then
    return "no_difference", ("makes no difference: %s lies inside the gate of %s"):format(numbers(t), gate_text(k))
  end
  if t.c.power and t.c.power.used < t.c.power.needed then
    local text = "insufficient data: %d of %d %s needed to see a change of 20 %%; so far %s"
    return "insufficient", text:format(t.c.power.used, t.c.power.needed, t.c.power.unit, numbers(t))
  end
  local reason = t.q > ALPHA and "not above chance" or math.abs(k.raw) < k.gate and "smaller than the gate of " .. gate_text(k)
    or t.c.own and k.lo <= 0 and k.hi >= 0 and "its interval holds no effect at all as well"
    or math.abs(t.shrunk) < k.gate / 2 and "too little of it left after shrinking" or "too few on one side"
  return "not_shown", ("not shown, %s: %s"):format(reason, numbers(t))
end

local function written(t, life, ok)
  if life.state == "confirmed" then
    return ("confirmed: %s%s"):format(numbers(t), ok and "" or "; it passed before and does not now")
  end
  if ok then return ("candidate until %s: %s"):format(life.expires_at:sub(1, 10), numbers(t)) end
  return ("does not pass now, kept as a candidate until %s: %s"):format((life.expires_at or "?"):sub(1, 10), numbers(t))
end

-- --- results -----------------------------------------------------------------------------------------------------------------

local function shown(k, x)
  if not util.finite(x) then return nil end
  if PLAIN[k.unit] then return util.round(x) end
  return util.round(k.unit == "probability" and 100 * x or util.percent(x))
end

local function result_of(run, c)
  return {
    finding_key = M.key(run, c), platform = c.platform, subject_type = c.subject.type, subject = c.subject.key,
    label = c.subject.label or c.subject.key, n = c.n.used, needed = c.n.needed,
  }
end

local function verdict(t, ok)
  if ok then return t.k.raw > 0 and "improved" or "worse" end
  local decision = not_written(t)
  return decision == "insufficient" and "insufficient data" or "no evidence"
end

-- stands: a row stands, also one whose life this subject does not go on with.
local function decide_tested(run, t, previous, stands)
  local c, k = t.c, t.k
  local r = result_of(run, c)
  r.effect, r.lo, r.hi, r.p, r.q = shown(k, k.raw), shown(k, k.lo), shown(k, k.hi), util.round(c.test.p), util.round(t.q)
  t.gates = gates(t)
  local ok = passes(t.gates)
  local improvement = c.kind == "improvement"
  local life
  if improvement then
    c.values.verdict = verdict(t, ok)
    life = ok and born(t, run, t.confirmed) or nil
    if life then life.expires_at = nil end
  else
    life = live(t, run, previous, ok)
  end
  t.life = life
  if life then
    r.decision = "written"
    r.why = improvement and ("%s: %s"):format(c.values.verdict, numbers(t)) or written(t, life, ok)
  else
    r.decision, r.why = not_written(t)
  end
  if r.decision == "insufficient" then r.n, r.needed = c.power.used, c.power.needed end
  r.evidence = build.tested(run, t)
  if life or improvement then r.row = write.row(run, c, r, t) end
  if not life and not improvement and stands then
    r.row = { table = write.table_of(c), finding_key = r.finding_key, remove = true }
  end
  return r
end

local function decide_insufficient(run, c, previous, stands, family)
  local r = result_of(run, c)
  r.decision, r.why = "insufficient", "insufficient data: " .. c.why
  c.values.verdict = c.kind == "improvement" and "insufficient data" or nil
  r.evidence = build.insufficient(run, c, family)
  if c.kind == "improvement" and c.subject.type == "change" then -- an account with too little stands in the results only
    r.row = write.row(run, c, r, nil)
  elseif previous and expired(previous, run) or stands and not previous then
    r.row = { table = write.table_of(c), finding_key = r.finding_key, remove = true }
  elseif previous then
    r.why = r.why .. "; the row that stands is kept" ..
      (previous.expires_at and " until " .. previous.expires_at:sub(1, 10) or "")
  end
  return r
end

--- The key of a finding: the same subject, learnt again, is the same row. A change is judged anew each week.
---@param run table
---@param c tidemark.Candidate
---@return string
function M.key(run, c)
  if c.kind == "improvement" then
    local key = ("%s|%s|%s"):format(run.rule, c.subject.key, util.week(util.epoch(run.as_of)))
    return c.platform and key .. "|" .. c.platform or key
  end
  return ("%s|%s|%s"):format(run.rule, c.platform or "*", c.subject.key)
end

-- The mark of a plugin's own statistics: on the result, in its sentence and (evidence.lua) in its evidence.
local function mark(run, c, r)
  if c.own then
    r.own = build.plugin_of(run)
    r.why = ("own statistics of plugin %s: %s"):format(r.own, r.why)
  end
  return r
end

--- Decides on all candidates of one run.
---@param run table id, rule, plugin, computed_at, as_of, watermark, since (ISO 8601), metric, age_h, withheld_h, tz, segment,
---  input_hash
---@param candidates tidemark.Candidate[]
---@param previous table<string, table>? finding_key -> lifecycle of the row that stands, own = true beside it where its
---  statistics are a plugin's own
---@return table[] results in the order of the candidates; own: the plugin whose statistics they are
---@return string[] expired keys of candidates that stand, were not looked at in this run, and whose time is over
function M.decide(run, candidates, previous)
  previous = previous or {}
  local by_index, results, met, size = {}, {}, {}, {}
  for _, own in ipairs({ false, true }) do
    local tested, p, e = prepare(candidates, own)
    correct(tested, p, e)
    size[own] = #tested
    for _, t in ipairs(tested) do
      t.family = #tested
      by_index[t.index] = t
    end
  end
  for i, c in ipairs(candidates) do
    local key, own = M.key(run, c), c.own ~= nil
    local before, t = previous[key], by_index[i]
    local stands = before ~= nil
    met[key] = true
    if before and (before.own or false) ~= own then before = nil end -- the life of other statistics is not this one's
    local r = t and decide_tested(run, t, before, stands) or decide_insufficient(run, c, before, stands, size[own])
    results[i] = mark(run, c, r)
  end
  local gone = {}
  for _, key in ipairs(util.keys(previous)) do
    if not met[key] and expired(previous[key], run) then gone[#gone + 1] = key end
  end
  return results, gone
end

return M
