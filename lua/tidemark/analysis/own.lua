-- ctx.own: what a rule has found by statistics of its own, as candidates.
--
-- The numbers are the plugin's: nothing of them is computed here, and nothing can be checked but that they go together. So they
-- carry the mark `own` from the first moment, are a family apart from what the host tested (a thousand made-up p of 0 must not
-- carry one of the host's own subjects over the line), and count for what they say at their weakest:
--   * the error behind an estimate is the larger of what its interval and its p imply
--   * an interval that holds "nothing" is not written, whatever its p
-- Arrives checked field by field (ctx.own itself raises, with the line of the call).

local stats = require("tidemark.stats")
local util = require("tidemark.analysis.util")

local M = {}

local LEAST_N = 15
local GATE, TREND_GATE = 0.10, 0.20
local LEAST_P = 1e-300 -- a p of 0 is a p too small to be written down

-- How a unit becomes one of the evidence's, and back to what is said.
local UNITS = {
  ["log ratio"] = { unit = "log_ratio", from = function(x) return x end },
  percent = { unit = "log_ratio", from = function(x) return math.log(1 + x / 100) end },
  ratio = { unit = "log_ratio", from = math.log },
  points = { unit = "probability", from = function(x) return x / 100 end },
  correlation = { unit = "rho", from = function(x) return x end },
  hours = { unit = "hours", from = function(x) return x end },
  seconds = { unit = "seconds", from = function(x) return x end },
  count = { unit = "count", from = function(x) return x end },
}

-- The smallest effect worth writing, and the factor that puts the unit on the scale of log ratios: what is just worth writing
-- in any unit is worth a lift of 10 %.
local function gate_of(opts, unit)
  if unit.unit == "log_ratio" then
    return math.log(1 + (opts.gate or opts.writes == "trend" and TREND_GATE or GATE)), 1.0
  end
  local gate = unit.from(opts.gate)
  return gate, math.log(1 + GATE) / gate
end

-- The standard error that goes with an estimate: the larger one of those that interval and p imply. Never nothing at all, which
-- no data give.
local function error_of(effect, lo, hi, p, gate)
  local by_interval = (hi - lo) / (2 * stats.normal_quantile(0.975))
  local z = math.max(0.01, -stats.normal_quantile(math.max(p, LEAST_P) / 2))
  local by_p = math.abs(effect) / z
  local warning
  if by_interval > 3 * by_p or by_p > 3 * by_interval then
    warning = { code = "own_disagree", text = "the interval and the p of the plugin do not go together: the weaker one counts" }
  end
  return math.max(by_interval, by_p, gate / 1000), warning
end

local function shell(c, opts, unit)
  local kind = (opts.writes == "trend" or opts.writes == "improvement") and opts.writes or "effect"
  return {
    platform = c.platform, subject = { type = c.type, key = c.key, label = c.label or c.key }, kind = kind,
    writes = opts.writes,
    own = { method = c.method, why = c.why }, excluded = {}, adjusted_for = {}, warnings = {}, examples = {},
    metric = { name = "own_statistics", unit = unit.unit, formula = c.method },
    baseline = { kind = "own", text = "what the plugin compared with" },
    params = { min_n = opts.min_n or LEAST_N, unit = opts.unit },
    n = { unit = "observations", used = c.n },
    values = {
      facet = opts.writes == "style" and (opts.facet or "text") or nil, pattern_type = opts.pattern_type or c.type,
      change_type = opts.pattern_type or c.type,
    },
  }
end

local function tested(c, opts, unit)
  local out = shell(c, opts, unit)
  local gate, scale = gate_of(opts, unit)
  local effect, lo, hi = unit.from(c.effect + 0.0), unit.from(c.lo + 0.0), unit.from(c.hi + 0.0)
  local se, warning = error_of(effect, lo, hi, c.p, gate)
  out.status, out.gate, out.warnings[1] = "tested", gate, warning
  out.effect = { raw = effect, unit = unit.unit }
  out.interval = { lo = lo, hi = hi, level = 0.95, method = "own", unit = unit.unit }
  out.test = { method = c.method, p = c.p + 0.0, p_kind = "own", sided = "two" }
  out.contrast = { raw = effect, se = se, lo = lo, hi = hi, gate = gate, scale = scale, unit = unit.unit }
  out.params.implied_error = se
  if unit.unit == "rho" then out.values.correlation = effect end
  return out
end

local function insufficient(c, opts, unit)
  local out = shell(c, opts, unit)
  local needed = opts.min_n or LEAST_N
  out.status, out.why = "insufficient", ("%d of %d observations needed"):format(c.n, needed)
  out.n.needed = needed
  return out
end

--- Own candidates.
---@param opts { writes: string, unit: string?, gate: number?, min_n: integer?, facet: string?, pattern_type: string?,
---  candidates: table[] } candidates: platform, type, key, label, n, effect, lo, hi, p, method, why; lo and hi: the 95 %
---  interval. gate: of ratios as a share (0.10 is 10 %), of every other unit in that unit
---@return tidemark.Candidate[] each with own = { method, why }
function M.run(opts)
  local out, unit = {}, UNITS[opts.unit]
  for i, c in ipairs(opts.candidates) do
    out[i] = (c.n >= (opts.min_n or LEAST_N) and tested or insufficient)(c, opts, unit)
  end
  return out
end

--- What the rule gets to read of its own answer: ten thousand candidates fit into a plugin's memory only in short.
---@param candidates tidemark.Candidate[]
---@return table[] platform, subject, status, n, effect
function M.brief(candidates)
  local out = {}
  for i, c in ipairs(candidates) do
    out[i] = { platform = c.platform, subject = c.subject, status = c.status, n = c.n, effect = c.effect }
  end
  return util.array(out)
end

return M
