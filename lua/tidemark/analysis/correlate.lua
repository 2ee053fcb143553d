-- ctx.correlate: do numbers of a style (brightness, tempo, length of the caption) go with the score, within accounts?
--
-- Once per work, all facts of the call at once, each per standard deviation of itself within accounts: a fact that only differs
-- between accounts says nothing of the posts of one. The same things are held equal as for labels.

local candidate = require("tidemark.analysis.candidate")
local design = require("tidemark.analysis.design")
local util = require("tidemark.analysis.util")
local works = require("tidemark.analysis.works")

local M = {}

local LABEL_POSTS = 15

-- A work's fact is the mean over its posts.
local function values_of(rows, fact)
  local values, known = {}, {}
  for i, row in ipairs(rows) do
    local list = {}
    for _, post in ipairs(row.all) do
      local x = post.extra[fact]
      if type(x) == "boolean" then x = x and 1 or 0 end
      list[#list + 1] = util.finite(x)
    end
    values[i] = util.mean(list)
    if values[i] then known[#known + 1] = i end
  end
  return values, known
end

-- Values less their account's mean, over the standard deviation of that.
local function standardise(rows, values, known)
  local sum, count = {}, {}
  for _, i in ipairs(known) do
    local g = rows[i].group
    sum[g], count[g] = (sum[g] or 0.0) + values[i], (count[g] or 0) + 1
  end
  local z, squares, groups = {}, 0.0, 0
  for _ in pairs(sum) do groups = groups + 1 end
  for _, i in ipairs(known) do
    local g = rows[i].group
    z[i] = values[i] - sum[g] / count[g]
    squares = squares + z[i] * z[i]
  end
  if #known <= groups then return nil end
  local sd = math.sqrt(squares / (#known - groups))
  local mean = 0.0
  for _, i in ipairs(known) do mean = mean + values[i] / #known end
  if sd <= 1e-9 * math.max(1e-3, math.abs(mean)) then return nil end
  for _, i in ipairs(known) do z[i] = z[i] / sd end
  return z, sd, mean
end

-- How many works differ from the commonest value: a fact that is 0 for all but three tells of three.
local function different(values, known)
  local count, most = {}, 0
  for _, i in ipairs(known) do
    count[values[i]] = (count[values[i]] or 0) + 1
    most = math.max(most, count[values[i]])
  end
  return #known - most
end

local function measure(s, fact)
  local f = { name = fact }
  f.values, f.known = values_of(s.rows, fact)
  local n = #f.known
  if n < 2 * s.min_n then
    f.why, f.n, f.needed = ("%d of %d works needed that have it and a score"):format(n, 2 * s.min_n), n, 2 * s.min_n
    return f
  end
  f.differ = different(f.values, f.known)
  f.z, f.sd, f.mean = standardise(s.rows, f.values, f.known)
  if f.differ == 0 then
    f.why, f.n, f.needed = ("it is the same in all %d works: 0 of %d needed that differ"):format(n, s.min_n), 0, s.min_n
  elseif f.differ < s.min_n then
    f.why = ("%d of %d works needed that differ from its commonest value"):format(f.differ, s.min_n)
    f.n, f.needed = f.differ, s.min_n
  elseif not f.z then
    f.why, f.n, f.needed = ("it does not vary within any account: 0 of %d works needed that differ"):format(s.min_n), 0, s.min_n
  end
  return f
end

-- One fit per set of works that have a fact; another fact that some of them lack counts as usual there, and that it is lacking
-- has a column of its own.
local function regress(s, fact, facts)
  local rows, at = {}, {}
  for k, i in ipairs(fact.known) do rows[k], at[k] = s.rows[i], i end
  local d = design.new(rows)
  d:adjust(s.adjust, { min_n = LABEL_POSTS, changes = s.world.changes, as_of = s.world.as_of })
  local index, others = {}, 0
  for _, other in ipairs(facts) do
    local values, missing = {}, {}
    for k, i in ipairs(at) do
      values[k] = other.z[i] or 0.0
      if not other.z[i] then missing[#missing + 1] = k end
    end
    if #missing > 0 and #missing < #at then d:indicator(missing) end
    if #missing < #at then
      index[other.name], others = d:add(values), others + 1
    end
  end
  if others > 1 then d:say(("%d other facts"):format(others - 1)) end
  local fit, why = d:fit(d:response())
  return { fit = fit, why = why, index = index, design = d, rows = rows }
end

local function base(s, fact)
  return {
    subject = { type = s.opts.subject or "fact", key = fact.name, label = fact.name },
    n = { unit = "works", used = #fact.known, a = fact.differ, b = fact.differ and #fact.known - fact.differ },
    baseline = {
      kind = "other_works_same_regression", controlled = true, n = #fact.known,
      text = "the same accounts' works with less of it, other things equal; per standard deviation within accounts",
    },
    params = { min_n = s.min_n, sd = fact.sd, mean = fact.mean }, excluded = s.excluded,
    values = { facet = s.opts.facet },
  }
end

local function insufficient(s, fact, why, n, needed)
  local c = base(s, fact)
  c.why, c.n.used, c.n.needed = why, n, needed
  return candidate.insufficient(c)
end

local function correlation(s, fact)
  local x, y, rows = {}, {}, {}
  for k, i in ipairs(fact.known) do x[k], y[k], rows[k] = fact.values[i], s.rows[i].y, s.rows[i] end
  return candidate.within(x, y, (util.groups(rows, function(row) return row.group end)))
end

-- The works that have most of what does well (or least of what does badly).
local function examples(s, fact, b)
  local order = table.move(fact.known, 1, #fact.known, 1, {})
  table.sort(order, function(i, j)
    if fact.z[i] ~= fact.z[j] then return (fact.z[i] > fact.z[j]) == (b > 0) end
    return i < j
  end)
  local rows = {}
  for k = 1, math.max(1, #order // 4) do rows[k] = s.rows[order[k]] end
  return rows
end

local function tested(s, fact, result)
  local b, se
  if result.fit and result.index[fact.name] then b, se = result.fit:coef(result.index[fact.name]) end
  local df = result.fit and result.fit.df
  if not candidate.sound(b, se, df) then
    local text = "0 of %d works tell it apart from the accounts, times, tags and other facts it goes with"
    return insufficient(s, fact, result.why or text:format(s.min_n), 0, s.min_n)
  end
  local c, best = base(s, fact), examples(s, fact, b)
  c.values.correlation = correlation(s, fact) or 0.0
  c.values.facts = { [fact.name] = { mean = fact.mean, sd = fact.sd } }
  c.examples = candidate.examples(best)
  for _, row in ipairs(best) do
    if not c.values.content_id and c.examples[1] then
      for _, post in ipairs(row.posts) do
        if post.key == c.examples[1] then c.values.content_id = post.content end
      end
    end
  end
  c.adjusted_for, c.warnings = result.design.adjusted, result.design.warnings
  return candidate.tested(c, { b = b, se = se, df = df, sided = "two", method = "OLS, all facts jointly, HC3" })
end

--- How numeric facts go with the score.
---@param rows tidemark.Row[]
---@param opts table options of ctx.correlate; facts = names
---@param world table
---@return tidemark.Candidate[] the effect is a log ratio per standard deviation of the fact
function M.run(rows, opts, world)
  local s = { opts = opts, world = world, adjust = {} }
  s.min_n = candidate.limits(opts, LABEL_POSTS)
  for _, name in ipairs(opts.adjust or { "account", "time", "tags", "block", "changes" }) do s.adjust[name] = true end
  s.adjust.elsewhere = nil
  s.rows, s.excluded = works.usable(works.works(rows), "works")
  local names = table.move(opts.facts or {}, 1, #(opts.facts or {}), 1, {})
  table.sort(names)
  local facts, all, fits, out = {}, {}, {}, {}
  for _, name in ipairs(names) do
    local fact = measure(s, name)
    all[#all + 1] = fact
    if not fact.why then facts[#facts + 1] = fact end
  end
  for _, fact in ipairs(all) do
    if fact.why then
      out[#out + 1] = insufficient(s, fact, fact.why, fact.n, fact.needed)
    else
      local id = design.fingerprint(fact.known)
      fits[id] = fits[id] or regress(s, fact, facts)
      out[#out + 1] = tested(s, fact, fits[id])
    end
  end
  return out
end

return M
