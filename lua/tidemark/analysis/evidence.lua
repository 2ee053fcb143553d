-- The evidence of a finding: everything its number rests on, in the form of schema/evidence.schema.json.

local util = require("tidemark.analysis.util")

local M = {}

local METRICS = {
  engagement = {
    name = "engagement_log_ratio", unit = "log_ratio", formula = "ln((likes + comments + shares + saves + 0.5) / (views + 10))",
  },
  reach = { name = "reach_log", unit = "log_ratio", formula = "ln(views + 10)" },
}
local SUCCESS = { name = "success", unit = "share", formula = "score above 0: above the account's trailing 90-day median" }
local GAINED = { name = "views_gained_per_week", unit = "views", formula = "ln(views gained in a week + 0.5)" }

local ARRAYS = { excluded = true, gates = true, adjusted_for = true, warnings = true, examples = true, definitions = true,
  platforms = true }

--- A copy that may be written: no number that is none, ten digits of each, lists that stay lists when they are empty.
---@param value any
---@param name string?
---@return any
function M.clean(value, name)
  if math.type(value) == "integer" then return value end
  if type(value) == "number" then return util.round(value) end
  if type(value) ~= "table" then return value end
  local out = {}
  for k, v in pairs(value) do out[k] = M.clean(v, k) end
  if ARRAYS[name] or #value > 0 then return util.array(out) end
  return out
end

local function metric_of(run, c)
  if c.metric then return c.metric end
  if c.kind == "trend" then
    return { name = GAINED.name, unit = GAINED.unit, formula = GAINED.formula, metric_window = "lifetime" }
  end
  local m = c.kind == "rate" and SUCCESS or METRICS[run.metric] or METRICS.engagement
  return {
    name = m.name, unit = m.unit, formula = m.formula, age_h = run.age_h, age_tolerance = 0.25, metric_window = "lifetime",
    definitions = run.definitions,
  }
end

local function integer(x)
  return x and math.tointeger(x) or (util.finite(x) and math.floor(x + 0.5)) or nil
end

local function numbers(n)
  return {
    unit = n.unit, used = integer(n.used), a = integer(n.a), b = integer(n.b), needed = integer(n.needed),
    effective = n.effective,
  }
end

--- The plugin a run's rule is of, by name.
---@param run table
---@return string
function M.plugin_of(run)
  return run.plugin:match("^[^@]*")
end

-- What says of statistics that they are a plugin's own: no evidence of such ones is without it.
local function own_of(run, c)
  return c.own and { plugin = M.plugin_of(run), method = c.own.method, why = c.own.why } or nil
end

local function head(run, c, kind)
  return {
    own = own_of(run, c),
    v = 1, kind = kind, rule = run.rule, plugin = run.plugin, run = run.id, computed_at = run.computed_at,
    subject = { type = c.subject.type, key = c.subject.key, label = c.subject.label, platform = c.platform },
    metric = metric_of(run, c), baseline = c.baseline or { kind = "none", text = "nothing to compare with" },
    window = {
      from = c.window and c.window.from or run.since, to = c.window and c.window.to or run.watermark or run.as_of, tz = run.tz,
      segment = c.window and c.window.segment or run.segment,
    },
    watermark = { recorded_at = run.watermark or run.as_of, withheld_h = run.withheld_h }, n = numbers(c.n),
    excluded = c.excluded or {}, adjusted_for = c.adjusted_for or {}, warnings = c.warnings or {}, examples = c.examples or {},
    params = c.params, input_hash = run.input_hash,
  }
end

local function family(run, c, m)
  local id = run.rule .. "|" .. util.week(util.epoch(run.as_of))
  return { id = c.own and id .. "|own" or id, m = m, procedure = "BH", alpha = 0.05 }
end

--- Of a subject that was tested.
---@param run table
---@param t table what discipline.lua made of it: c, gates, life, q, rank, family, shrunk, tau
---@return table evidence
function M.tested(run, t)
  local c = t.c
  local e = head(run, c, c.kind or "effect")
  local percent = c.effect.percent
  if percent == nil and c.effect.unit:find("^log_") then percent = util.percent(c.effect.raw) end
  e.effect = {
    raw = c.effect.raw, shrunk = c.effect.shrunk or t.shrunk, unit = c.effect.unit, percent = percent, se = c.effect.se,
    df = c.effect.df, shrink = not c.effect.shrunk and { to = 0.0, tau = t.tau } or nil,
  }
  e.interval, e.test, e.gates, e.lifecycle, e.why = c.interval, c.test, t.gates, t.life, t.why
  e.family = family(run, c, t.family)
  e.family.q, e.family.rank = t.q, t.rank
  if c.params and not next(c.params) then e.params = nil end
  return M.clean(e)
end

--- Of one of which the data say too little.
---@param run table
---@param c tidemark.Candidate
---@param m integer how many were tested beside it
---@return table evidence
function M.insufficient(run, c, m)
  local e = head(run, c, "insufficient")
  e.family, e.why = family(run, c, m), c.why
  e.gates = {
    {
      name = "min_n", limit = c.n.needed or 0, value = c.n.used, unit = c.n.unit,
      passed = (c.n.used or 0) >= (c.n.needed or 1),
    },
  }
  if c.params and not next(c.params) then e.params = nil end
  return M.clean(e)
end

return M
