-- A candidate: what an analysis says of one subject. Here is the form; what is made of it is decided by discipline.lua.

local stats = require("tidemark.stats")
local util = require("tidemark.analysis.util")

local M = {}

local EXAMPLES = 5

---@class tidemark.Candidate
---@field platform string? nil: over all platforms
---@field subject { type: string, key: string, label: string }
---@field status "tested"|"insufficient"
---@field why string? of an insufficient one: what is missing, with the number that is needed
---@field kind string of the evidence: "effect", "rate", "correlation", "trend", "improvement"
---@field n { unit: string, used: integer, a: integer?, b: integer?, needed: integer?, effective: number? }
---@field effect { raw: number, unit: string, se: number?, df: number?, percent: number?, shrunk: number? }?
---@field contrast { raw: number, se: number, df: number?, lo: number, hi: number, gate: number, unit: string }? what is judged
---  where it is not the effect itself: of a rate, its difference to the other posts
---@field interval { lo: number?, hi: number?, level: number, method: string, unit: string }?
---@field test table?
---@field values table what the row of a finding table needs

--- What the options of a run mean where nothing is said.
---@param opts table
---@param posts_needed integer?
---@return integer min_n with and without
---@return number gate as a log ratio
function M.limits(opts, posts_needed)
  local gate = util.finite(opts.gate) or 0.10
  return math.tointeger(opts.min_n) or posts_needed or 15, math.log(1 + gate)
end

--- The best posts first.
---@param rows tidemark.Row[] posts, or works
---@return string[] keys of posts, at most five
function M.examples(rows)
  local list = {}
  for _, row in ipairs(rows) do
    local best
    for _, post in ipairs(row.posts or { row }) do
      local value = post.score or post.c
      if value and (not best or value > best.value) then best = { key = post.key, value = value } end
    end
    list[#list + 1] = best
  end
  table.sort(list, function(a, b) return a.value > b.value or a.value == b.value and a.key < b.key end)
  local keys = {}
  for i = 1, math.min(EXAMPLES, #list) do keys[i] = list[i].key end
  return keys
end

--- A subject of which the data say too little.
---@param c table subject, platform, n, why, kind, and whatever is known
---@return tidemark.Candidate
function M.insufficient(c)
  c.status = "insufficient"
  c.values, c.warnings, c.adjusted_for = c.values or {}, c.warnings or {}, c.adjusted_for or {}
  c.excluded, c.examples, c.params = c.excluded or {}, c.examples or {}, c.params or {}
  return c
end

--- A log ratio that was tested with Student's t.
---@param c table subject, platform, n, and whatever is known
---@param fit { b: number, se: number, df: number, sided: string, method: string }
---@return tidemark.Candidate
function M.tested(c, fit)
  local t, half = fit.b / fit.se, stats.t_quantile(0.975, fit.df) * fit.se
  local p
  if fit.sided == "greater" then
    p = stats.t_sf(t, fit.df)
  else
    p = math.min(1.0, 2 * stats.t_sf(math.abs(t), fit.df))
  end
  c.status, c.kind = "tested", c.kind or "effect"
  c.effect = { raw = fit.b, unit = "log_ratio", se = fit.se, df = fit.df, percent = util.percent(fit.b) }
  c.interval = { lo = fit.b - half, hi = fit.b + half, level = 0.95, method = "t_hc3", unit = "log_ratio" }
  c.test = {
    method = fit.method, statistic = t, statistic_name = "t", p = p, p_kind = "fixed_n", sided = fit.sided,
  }
  c.values, c.warnings, c.adjusted_for = c.values or {}, c.warnings or {}, c.adjusted_for or {}
  c.excluded, c.examples, c.params = c.excluded or {}, c.examples or {}, c.params or {}
  return c
end

--- A tested candidate whose lists may not be there yet.
---@param c table
---@return tidemark.Candidate
function M.complete(c)
  c.values, c.warnings, c.adjusted_for = c.values or {}, c.warnings or {}, c.adjusted_for or {}
  c.excluded, c.examples, c.params = c.excluded or {}, c.examples or {}, c.params or {}
  return c
end

--- Is this an estimate a test can be made of?
---@param b number?
---@param se number?
---@param df number?
---@return boolean
function M.sound(b, se, df)
  return util.finite(b) ~= nil and util.finite(se) ~= nil and se > 1e-9 and util.finite(df) ~= nil and df >= 10
end

--- Spearman's correlation within accounts: ranks within each group, from -1/2 to 1/2, then Pearson's r over all. Groups of one
--- say nothing.
---@param x number[]
---@param y number[]
---@param groups integer[]
---@return number? rho nil where either does not vary within any group
function M.within(x, y, groups)
  local members, a, b = {}, {}, {}
  for i = 1, #x do
    members[groups[i]] = members[groups[i]] or {}
    table.insert(members[groups[i]], i)
  end
  for _, group in ipairs(util.keys(members)) do
    local list, n = members[group], #members[group]
    if n > 1 then
      local xs, ys = {}, {}
      for k, i in ipairs(list) do xs[k], ys[k] = x[i], y[i] end
      local rx, ry = stats.ranks(xs), stats.ranks(ys)
      for k = 1, n do
        a[#a + 1], b[#b + 1] = (rx[k] - (n + 1) / 2) / n, (ry[k] - (n + 1) / 2) / n
      end
    end
  end
  if #a < 3 then return nil end
  local r = stats.pearson(a, b)
  return r and util.finite(r.r)
end

return M
