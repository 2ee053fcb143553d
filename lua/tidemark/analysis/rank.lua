-- ctx.rank: how often do posts with a label beat their account's usual?
--
-- The rate is drawn to what all labels of the platform have (a beta prior), so that one lucky post is no pattern. Whether a
-- label differs is a question to the same accounts' other posts: success (1 or 0) on account effects, labels and what else is
-- held equal. Without the other columns that is the Mantel-Haenszel test with accounts as strata; the columns are there because
-- a label that goes with a good hour or a good tag has their rate without being the reason. HC3, as a rate's noise is uneven.

local candidate = require("tidemark.analysis.candidate")
local compare = require("tidemark.analysis.compare")
local labels = require("tidemark.analysis.labels")
local stats = require("tidemark.stats")
local util = require("tidemark.analysis.util")

local M = {}

-- Success becomes what is looked at. A post without a score has no usual to beat.
local function successes(rows)
  for _, row in ipairs(rows) do
    if row.y and not row.score then row.why = "no_baseline" end
    row.y = row.y and row.score and (row.score > 0 and 1.0 or 0.0) or nil
  end
end

-- The difference in probability that a lift makes where scores are spread as on this platform: the chance that a post which
-- would have lain at its account's median lies above it, P(z < lift / sd) - 1/2.
local function gate_of(rows, platform, lift)
  local scores = {}
  for _, row in ipairs(rows) do
    if row.platform == platform and row.y then scores[#scores + 1] = row.score end
  end
  local variance = util.variance(scores)
  if not variance or variance <= 0 then return lift / 2 end
  return stats.normal_cdf(lift / math.sqrt(variance)) - 0.5
end

local function priors(candidates)
  local groups, out = {}, {}
  for _, c in ipairs(candidates) do
    groups[c.platform] = groups[c.platform] or {}
    table.insert(groups[c.platform], { k = c.values.successes, n = c.values.scored })
  end
  for platform, list in pairs(groups) do out[platform] = labels.prior(list) end
  return out
end

local function as_rate(c, prior, gate, lift)
  local group = { k = c.values.successes, n = c.values.scored }
  local lo, hi = labels.wilson(group)
  c.kind = "rate"
  c.contrast = {
    raw = c.effect.raw, se = c.effect.se, df = c.effect.df, lo = c.interval.lo, hi = c.interval.hi, gate = gate,
    scale = lift / gate, unit = "probability", n = c.n,
  }
  c.n = { unit = "posts", used = group.n, a = group.k, b = group.n - group.k } -- above and not above
  c.effect = { raw = group.k / group.n, shrunk = labels.posterior(group, prior), unit = "probability" }
  c.interval = { lo = lo, hi = hi, level = 0.95, method = "wilson", unit = "probability" }
  c.baseline = {
    kind = "pool_prior", value = prior.a / (prior.a + prior.b), n = c.contrast.n.b, controlled = true,
    text = ("all labels of the platform: Beta(%.1f, %.1f); tested against the same accounts' other posts")
      :format(prior.a, prior.b),
  }
  c.test.method = "success regressed on accounts, labels and what is held equal, HC3"
  local p = c.params
  p.with, p.without = c.contrast.n.a, c.contrast.n.b
  p.prior_a, p.prior_b, p.difference, p.difference_se = prior.a, prior.b, c.contrast.raw, c.contrast.se
  p.difference_lo, p.difference_hi, p.difference_gate = c.contrast.lo, c.contrast.hi, gate
end

-- Where every post has one of two labels, that one does better and that the other does worse is one fact and one test: the
-- better one tells it. Counted twice, a chance finding would be two.
local function without_mirrors(candidates)
  local tested = {}
  for _, c in ipairs(candidates) do
    tested[c.platform] = tested[c.platform] or {}
    if c.status == "tested" then table.insert(tested[c.platform], c) end
  end
  local mirror, out = {}, {}
  for _, list in pairs(tested) do
    if #list == 2 then
      local better = list[1].effect.raw >= list[2].effect.raw and 1 or 2
      mirror[list[3 - better]] = true
    end
  end
  for _, c in ipairs(candidates) do
    if not mirror[c] then out[#out + 1] = c end
  end
  return out
end

--- Success rates of labels, per platform.
---@param rows tidemark.Row[] of this run alone: their y is replaced
---@param opts table options of ctx.rank
---@param world table
---@return tidemark.Candidate[]
function M.run(rows, opts, world)
  local own = {}
  for k, v in pairs(opts) do own[k] = v end
  own.per, own.sided = "platform", "two"
  successes(rows)
  local out = compare.run(rows, own, world)
  if labels.partition(rows) then out = without_mirrors(out) end
  local prior, gates, _, lift = priors(out), {}, candidate.limits(opts)
  for _, c in ipairs(out) do
    if c.status == "tested" then
      gates[c.platform] = gates[c.platform] or gate_of(rows, c.platform, lift)
      as_rate(c, prior[c.platform], gates[c.platform], lift)
    end
  end
  return out
end

return M
