-- The rows of the four finding tables: what each column means stands where the tables are made.

local evidence = require("tidemark.analysis.evidence")
local util = require("tidemark.analysis.util")

local M = {}

local TABLES = {
  pattern = "ai_learning_patterns", style = "content_style_analysis", trend = "trend_analysis",
  improvement = "ai_improvement_tracking",
}
local PATTERN_TYPES = { time_block = "posting_block" }

--- The table that a candidate goes to.
---@param c tidemark.Candidate
---@return string
function M.table_of(c)
  if c.writes and TABLES[c.writes] then return TABLES[c.writes] end
  if c.kind == "improvement" or c.kind == "trend" then return TABLES[c.kind] end
  return c.values.style_tags and TABLES.style or c.values.facet and TABLES.style or TABLES.pattern
end

-- The finding in short, for those who read the JSON of a row.
local function summary(r, life)
  return {
    subject = { type = r.subject_type, key = r.subject, label = r.label }, platform = r.platform, effect = r.effect, lo = r.lo,
    hi = r.hi, q = r.q, n = r.n, why = r.why, state = life and life.state, own = r.evidence.own,
  }
end

local function pattern(run, c, r, life)
  local v, data = c.values, summary(r, life)
  data.evidence = r.evidence
  return {
    pattern_type = v.pattern_type or PATTERN_TYPES[c.subject.type] or c.subject.type, pattern_data = data,
    success_rate = v.success_rate, average_engagement = v.average_engagement, content_id = v.content_id,
    context = { platform = c.platform, rule = run.rule, state = life and life.state, own = r.evidence.own },
    first_observed = v.first_observed, last_observed = v.last_observed,
  }
end

-- A style's facts go to the column of their facet; tags without one are what a post says of itself.
local function style(_, c, r, life)
  local v = c.values
  local rho = c.effect and c.effect.unit == "rho"
  local facts = { subject = c.subject.key, lift_percent = not rho and r.effect or nil, correlation = rho and r.effect or nil,
    lo = r.lo, hi = r.hi, n = r.n, state = life and life.state, own = r.evidence.own,
  }
  for k, x in pairs(v.facts or {}) do facts[k] = x end
  local facet = v.facet or "text"
  return {
    content_id = v.content_id, visual_style = facet == "visual" and facts or nil,
    audio_style = facet == "audio" and facts or nil, text_style = facet == "text" and facts or nil,
    engagement_correlation = v.correlation or not r.evidence.own and 0.0 or nil,
    style_tags = util.array(v.style_tags or { c.subject.key }),
    evidence = r.evidence,
  }
end

local function trend(run, c, r, life)
  local v, data = c.values, summary(r, life)
  data.evidence, data.onset, data.series = r.evidence, v.onset, v.series
  return {
    platform = c.platform, trend_type = c.subject.type, trend_data = data,
    engagement_impact = v.impact or c.effect and (c.effect.percent or util.percent(c.effect.raw)),
    start_time = life and life.candidate_at or run.as_of, end_time = nil,
  }
end

local function improvement(run, c, r, life, t)
  local v = c.values
  local enough = v.verdict ~= "insufficient data"
  return {
    improvement_type = v.change_type or c.subject.key, before_metrics = v.before, after_metrics = v.after,
    improvement_percentage = enough and t and util.percent(t.shrunk) or nil,
    context = {
      change = c.subject.key, change_id = v.change_id, version = v.version, metric = v.metric, verdict = v.verdict,
      controlled = c.baseline.controlled, week = util.week(util.epoch(run.as_of)), rule = run.rule, why = r.why,
      state = life and life.state, own = r.evidence.own, evidence = r.evidence,
    },
    recorded_at = run.as_of,
  }
end

local MAKE = {
  ai_learning_patterns = pattern, content_style_analysis = style, trend_analysis = trend, ai_improvement_tracking = improvement,
}

--- A row for its table.
---@param run table
---@param c tidemark.Candidate
---@param r table the result it belongs to
---@param t table? what was tested
---@return table row
function M.row(run, c, r, t)
  local name = M.table_of(c)
  local row = evidence.clean(MAKE[name](run, c, r, t and t.life, t))
  row.table, row.finding_key = name, r.finding_key
  return row
end

return M
