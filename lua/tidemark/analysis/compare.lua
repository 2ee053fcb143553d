-- ctx.compare: does what carries a label do better than the account's other posts?
--
-- One regression per platform (or one of works): account effects, time, the other tags, the posting block and the AI's changes
-- are held equal, and all labels are in it at once. Labels that are a partition (one per post: blocks of the day, formats) are
-- each set against the mean of the others; labels of which a post may carry several (tags) are each with against without.

local candidate = require("tidemark.analysis.candidate")
local design = require("tidemark.analysis.design")
local labels = require("tidemark.analysis.labels")
local stats = require("tidemark.stats")
local util = require("tidemark.analysis.util")
local works = require("tidemark.analysis.works")

local M = {}

local TYPES = { tag = "tag", format = "format", posting_block = "time_block", hashtag = "hashtag" }
local ROWS_PER_LABEL = 10
local BLOCK_POSTS, LABEL_POSTS = 20, 15
local ALL = { "account", "time", "tags", "block", "changes", "elsewhere" }

local function settings(rows, opts, world)
  local s = { opts = opts, world = world, per = opts.per or "platform", partition = labels.partition(rows) }
  s.subject = opts.subject or TYPES[opts.pattern_type] or "tag"
  s.min_n, s.gate = candidate.limits(opts, s.subject == "time_block" and BLOCK_POSTS or LABEL_POSTS)
  s.sided = opts.sided or (s.subject == "time_block" and "greater" or "two")
  s.unit = s.per == "work" and "works" or "posts"
  s.adjust = {}
  for _, name in ipairs(opts.adjust or ALL) do s.adjust[name] = true end
  if s.subject == "time_block" then s.adjust.block = nil end
  -- What a label does everywhere is in the work's score elsewhere too: as a covariate that would take the effect away. Only
  -- the hour, which differs by platform, may be judged beside it, unless a rule asks for it.
  if s.per == "work" or not s.partition or (not opts.adjust and s.subject ~= "time_block") then s.adjust.elsewhere = nil end
  return s
end

-- --- what can be tested ------------------------------------------------------------------------------------------------------

-- A scope is one platform's posts, or all works: { platform, all, rows, excluded, carried, labels = key -> label, order }.
local function scope_of(s, platform, all)
  local rows, excluded = works.usable(all, s.unit)
  local scope = { platform = platform, all = all, rows = rows, excluded = excluded, carried = labels.carried(rows) }
  scope.labels, scope.everywhere = labels.members(scope.carried), labels.members(labels.carried(all))
  scope.order = util.keys(scope.everywhere)
  for _, key in ipairs(scope.order) do
    scope.labels[key] = scope.labels[key] or { key = key, rows = {}, n = 0 }
  end
  return scope
end

local function plural(n, unit)
  return n == 1 and unit:sub(1, -2) or unit
end

-- Why a label cannot be tested by its numbers, and the number that is short.
local function shortage(s, scope, label)
  local unit, without = s.unit, #scope.rows - label.n
  if label.n < s.min_n then
    local text = ("%d of %d %s needed with it"):format(label.n, s.min_n, unit)
    local carry = scope.everywhere[label.key].n
    if carry > label.n then
      text = text .. (": %d %s it, %d of them without a comparable count"):format(carry, carry == 1 and "carries" or "carry",
        carry - label.n)
    end
    return text, label.n
  end
  if not s.partition and without < s.min_n then
    local text = "%d of %d %s needed without it: it stands on %d of %d %s"
    return text:format(without, s.min_n, unit, label.n, #scope.rows, plural(#scope.rows, unit)), without
  end
end

local function testable(s, scope)
  local list, short = {}, {}
  for _, key in ipairs(scope.order) do
    local label = scope.labels[key]
    local why, n = shortage(s, scope, label)
    if why then short[key] = { why = why, n = n } else list[#list + 1] = label end
  end
  if s.partition and #list == 1 then
    local others = #scope.rows - list[1].n
    local text = "no second label with %d %s to compare it with: %d %s carry another or none"
    short[list[1].key] = { why = text:format(s.min_n, s.unit, others, s.unit), n = 0 }
    list = {}
  end
  return list, short
end

-- Labels on just the same rows are one question: the first asks it.
local function twins(s, list, short)
  if s.partition then return list end
  local first, out = {}, {}
  for _, label in ipairs(list) do
    local id = design.fingerprint(label.rows)
    if first[id] then
      local text = "it always stands together with %q: 0 of %d %s tell the two apart"
      short[label.key] = { why = text:format(first[id].key, s.min_n, s.unit), n = 0 }
      first[id].twin = first[id].twin or label.key
    else
      first[id], out[#out + 1] = label, label
    end
  end
  return out
end

local function within_reach(s, scope, list, short)
  local most = math.max(1, #scope.rows // ROWS_PER_LABEL)
  if s.partition or #list <= most then return list end
  local order = table.move(list, 1, #list, 1, {})
  table.sort(order, function(a, b) return a.n > b.n or a.n == b.n and a.key < b.key end)
  local kept = {}
  for i, label in ipairs(order) do
    if i <= most then
      kept[label.key] = true
    else
      local text = "%d labels at once need %d %s, %d are there: only the %d commonest are tested"
      short[label.key] = { why = text:format(#list, #list * ROWS_PER_LABEL, s.unit, #scope.rows, most), n = #scope.rows,
        needed = #list * ROWS_PER_LABEL }
    end
  end
  local out = {}
  for _, label in ipairs(list) do
    if kept[label.key] then out[#out + 1] = label end
  end
  return out
end

-- --- the regression ----------------------------------------------------------------------------------------------------------

local function column(scope, key)
  local values = {}
  for i = 1, #scope.rows do values[i] = scope.carried[i][key] or 0.0 end
  return values
end

-- Of a partition one label has no column of its own: it is what the others are measured from. Rows with a rare label or none
-- have one in common, so that they are not taken for it.
local function add_labels(s, scope, d, list)
  local reference = nil
  if s.partition then
    for _, label in ipairs(list) do
      if not reference or label.n > reference.n then reference = label end
    end
    local rest, any = {}, false
    for i = 1, #scope.rows do
      local share = 1.0
      for _, label in ipairs(list) do share = share - (scope.carried[i][label.key] or 0.0) end
      rest[i] = share > 1e-9 and share or 0.0
      any = any or rest[i] > 0
    end
    if any then d:add(rest) end
  end
  local index = {}
  for _, label in ipairs(list) do
    if not s.partition then
      index[label.key] = d:indicator(label.rows)
    elseif label ~= reference then
      index[label.key] = d:add(column(scope, label.key))
    end
  end
  return index
end

local function regress(s, scope, list, seen)
  local d, asked = design.new(scope.rows), {}
  for k, label in ipairs(list) do asked[k] = label.rows end
  d:adjust(s.adjust, { min_n = LABEL_POSTS, asked = asked, changes = s.world.changes, as_of = s.world.as_of, seen = seen })
  local index = add_labels(s, scope, d, list)
  if not s.partition and #list > 1 then d:say(("%d other labels"):format(#list - 1)) end
  local fit, why = d:fit(d:response())
  return { fit = fit, why = why, index = index, design = d }
end

-- A label's effect: its coefficient, or in a partition the distance to the mean of the others.
local function effect(s, result, list, label)
  if not s.partition then return result.fit:coef(result.index[label.key]) end
  local others, weights = 0, {}
  for _, other in ipairs(list) do
    if other ~= label then others = others + other.n end
  end
  for _, other in ipairs(list) do
    local index = result.index[other.key]
    if index then weights[index] = other == label and 1.0 or -other.n / others end
  end
  return result.fit:contrast(weights)
end

-- --- candidates --------------------------------------------------------------------------------------------------------------

local function base(s, scope, label)
  local n = #scope.rows
  local kind = s.unit == "works" and "other_works_same_regression" or "other_posts_same_regression"
  local text = s.partition and "the same accounts' %s with the other labels, other things equal"
    or "the same accounts' %s without it, other things equal"
  return {
    platform = scope.platform, subject = { type = s.subject, key = label.key, label = label.key },
    n = { unit = s.unit, used = n, a = label.n, b = n - label.n },
    baseline = { kind = kind, text = text:format(s.unit), n = n - label.n, controlled = true },
    excluded = scope.excluded, params = { min_n = s.min_n },
  }
end

local function members(scope, label)
  local rows = {}
  for k, i in ipairs(label.rows) do rows[k] = scope.rows[i] end
  return rows
end

local function platforms(rows)
  local set = {}
  for _, row in ipairs(rows) do
    for _, post in ipairs(row.posts or { row }) do set[post.platform] = true end
  end
  return util.keys(set)
end

local function style_values(s, scope, label, c)
  local values, y = column(scope, label.key), {}
  for i, row in ipairs(scope.rows) do y[i] = row.y end
  local groups = util.groups(scope.rows, function(row) return row.group end)
  local rho = candidate.within(values, y, groups)
  c.values.correlation, c.values.style_tags, c.values.facet = rho or 0.0, { label.key }, s.opts.facet
  c.values.facts = { tag = label.key, share = #scope.rows > 0 and label.n / #scope.rows or nil }
end

local function fill(s, scope, label, c)
  local rows = members(scope, label)
  c.values = labels.pattern(labels.posts(scope.rows, label.rows), scope.prior)
  c.values.pattern_type = s.opts.pattern_type
  if s.opts.writes == "style" then style_values(s, scope, label, c) end
  c.examples = candidate.examples(rows)
  if s.unit == "works" then c.params.platforms = platforms(rows) end
  return c
end

local function short_candidate(s, scope, label, short)
  local c = base(s, scope, label)
  c.why, c.n.used, c.n.needed = short.why, short.n, short.needed or s.min_n
  return candidate.insufficient(fill(s, scope, label, c))
end

local function tested_candidate(s, scope, result, list, label)
  local c = fill(s, scope, label, base(s, scope, label))
  local b, se = effect(s, result, list, label)
  local df = result.fit.df
  if not candidate.sound(b, se, df) then
    local text = "0 of %d %s tell it apart from the accounts, times and tags it goes with"
    if df and df < 10 then
      text = ("%d %s are too few for what has to be held equal: %%d more %%s are needed"):format(#scope.rows, s.unit)
    end
    c.why, c.n.used, c.n.needed = text:format(s.min_n, s.unit), 0, s.min_n
    return candidate.insufficient(c)
  end
  c.adjusted_for, c.warnings = result.design.adjusted, table.move(result.design.warnings, 1, 9, 1, {})
  if label.twin then
    local text = ("it always stands together with %q: what is found is found of both"):format(label.twin)
    c.warnings[#c.warnings + 1] = { code = "always_together", text = text }
  end
  local method = s.partition and "OLS, against the mean of the other labels, HC3" or "OLS, all labels jointly, HC3"
  return candidate.tested(c, { b = b, se = se, df = df, sided = s.sided, method = method })
end

local function judge(s, scope, seen)
  local list, short = testable(s, scope)
  list = within_reach(s, scope, twins(s, list, short), short)
  local result = #list > 0 and regress(s, scope, list, seen) or nil
  local asked, out = {}, {}
  for _, label in ipairs(list) do asked[label.key] = true end
  for _, key in ipairs(scope.order) do
    local label = scope.labels[key]
    if asked[key] and result.fit then
      out[#out + 1] = tested_candidate(s, scope, result, list, label)
    else
      local text = "0 of %d %s are left for a comparison: %s"
      local reason = asked[key] and { why = text:format(s.min_n, s.unit, result.why or "no fit"), n = 0 } or short[key]
      out[#out + 1] = short_candidate(s, scope, label, reason)
    end
  end
  return out
end

-- --- the work's score elsewhere, without what was found there ----------------------------------------------------------------

local function found_effects(candidates, gate)
  local p, tested, found = {}, {}, {}
  for _, c in ipairs(candidates) do
    if c.status == "tested" then tested[#tested + 1], p[#p + 1] = c, c.test.p end
  end
  local q = #p > 0 and stats.bh_adjust(p) or {}
  for i, c in ipairs(tested) do
    if q[i] <= 0.05 and math.abs(c.effect.raw) >= gate then
      found[c.platform] = found[c.platform] or {}
      found[c.platform][c.subject.key] = c.effect.raw
    end
  end
  return found
end

local function all_scopes(s, rows, scopes, found)
  local out = {}
  local function less(row)
    local effects = found[row.platform]
    local by = effects and row.extra.by
    return by ~= nil and effects[tostring(by)] or 0.0
  end
  for _, scope in ipairs(scopes) do
    local seen = s.adjust.elsewhere and works.elsewhere(rows, scope.platform, less) or nil
    for _, c in ipairs(judge(s, scope, seen)) do out[#out + 1] = c end
  end
  return out
end

local function priors(scope)
  local groups = {}
  for _, key in ipairs(scope.order) do
    groups[#groups + 1] = labels.successes(labels.posts(scope.rows, scope.labels[key].rows))
  end
  scope.prior = labels.prior(groups)
end

--- Compares groups of posts.
---@param rows tidemark.Row[] of works.rows
---@param opts table options of ctx.compare
---@param world table
---@return tidemark.Candidate[]
function M.run(rows, opts, world)
  local s, scopes = settings(rows, opts, world), {}
  if s.per == "work" then
    scopes[1] = scope_of(s, nil, works.works(rows))
  else
    local by_platform = works.by_platform(rows)
    for _, platform in ipairs(util.keys(by_platform)) do scopes[#scopes + 1] = scope_of(s, platform, by_platform[platform]) end
  end
  for _, scope in ipairs(scopes) do priors(scope) end
  local out = all_scopes(s, rows, scopes, {})
  if s.adjust.elsewhere then
    local found = found_effects(out, s.gate)
    if next(found) then out = all_scopes(s, rows, scopes, found) end
  end
  return out
end

return M
