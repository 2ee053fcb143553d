-- Labels that a rule puts on posts: who carries which, and what the row of a pattern or a style says of them.

local stats = require("tidemark.stats")
local util = require("tidemark.analysis.util")

local M = {}

--- The labels a rule's function gave a post.
---@param row tidemark.Row
---@return string[]
local function of_post(row)
  local by = row.extra and row.extra.by
  if by == nil then return {} end
  if type(by) ~= "table" then return { tostring(by) } end
  local out, seen = {}, {}
  for i = 1, #by do
    local label = tostring(by[i])
    if not seen[label] then out[#out + 1], seen[label] = label, true end
  end
  return out
end

--- What each row carries: 1 per label of a post; of a work the share of its posts for a label that each has one of, and 1 for
--- one of many that any of its posts has.
---@param rows tidemark.Row[]
---@return table<string, number>[] carried
function M.carried(rows)
  local carried = {}
  for i = 1, #rows do
    local row, set = rows[i], {}
    if not row.posts then
      for _, label in ipairs(of_post(row)) do set[label] = 1.0 end
    else
      local single, n = true, 0
      for _, post in ipairs(row.all) do
        local labels = of_post(post)
        single = single and type(post.extra.by) ~= "table"
        if #labels > 0 then n = n + 1 end
        for _, label in ipairs(labels) do set[label] = (set[label] or 0.0) + 1.0 end
      end
      for label, count in pairs(set) do set[label] = single and count / n or 1.0 end
    end
    carried[i] = set
  end
  return carried
end

--- Does a rule give each post one label (a partition), or several?
---@param rows tidemark.Row[]
---@return boolean
function M.partition(rows)
  for i = 1, #rows do
    local by = rows[i].extra and rows[i].extra.by
    if type(by) == "table" then return false end
  end
  return true
end

---@class tidemark.Label
---@field key string
---@field rows integer[] the rows that carry it, wholly or in part
---@field n integer how many

--- Which rows carry each label.
---@param carried table<string, number>[]
---@return table<string, tidemark.Label>
function M.members(carried)
  local out = {}
  for i = 1, #carried do
    for label in pairs(carried[i]) do
      out[label] = out[label] or { key = label, rows = {}, n = 0 }
      table.insert(out[label].rows, i)
    end
  end
  for _, label in pairs(out) do label.n = #label.rows end
  return out
end

-- --- success rates -----------------------------------------------------------------------------------------------------------

local STRENGTH = 10 -- posts that a prior is worth at least: one lucky post is no pattern

--- A beta prior from all groups by the method of moments (Kleinman 1973): its mean is the share of successes, its strength what
--- is left of the spread between the groups once their sampling is taken out, and at least ten posts.
---@param groups { k: integer, n: integer }[]
---@return { a: number, b: number }
function M.prior(groups)
  local ks, ns = {}, {}
  for _, g in ipairs(groups) do
    if g.n > 0 then ks[#ks + 1], ns[#ns + 1] = g.k, g.n end
  end
  local a, b
  if #ks > 0 then a, b = stats.beta_prior(ks, ns) end
  if not a or not b then return { a = STRENGTH / 2, b = STRENGTH / 2 } end
  return { a = a, b = b }
end

--- How many of some posts succeeded: a score above 0 is a success, a post without a score says nothing.
---@param posts tidemark.Row[]
---@return { k: integer, n: integer }
function M.successes(posts)
  local k, n = 0, 0
  for _, post in ipairs(posts) do
    if post.score then
      n = n + 1
      if post.score > 0 then k = k + 1 end
    end
  end
  return { k = k, n = n }
end

--- The share of successes that a group has, drawn to the prior: never nothing, and 1 of 1 is not 100 %.
---@param group { k: integer, n: integer }
---@param prior { a: number, b: number }
---@return number share 0 .. 1
function M.posterior(group, prior)
  return (prior.a + group.k) / (prior.a + prior.b + group.n)
end

--- Wilson's interval of a share.
---@param group { k: integer, n: integer }
---@return number? lo
---@return number? hi
function M.wilson(group)
  if group.n == 0 then return nil end
  return stats.wilson(group.k, group.n, 0.95)
end

--- What a row of ai_learning_patterns says of the posts that carry a label.
---@param posts tidemark.Row[]
---@param prior { a: number, b: number }
---@return table values success_rate in percent, average_engagement in percent, content_id, first_ and last_observed
function M.pattern(posts, prior)
  local group, rates, best, first, last = M.successes(posts), {}, nil, nil, nil
  for _, post in ipairs(posts) do
    rates[#rates + 1] = post.rate
    local value = post.score or post.c
    if value and post.content and (not best or value > best.value) then best = { value = value, content = post.content } end
    if post.time then first, last = math.min(first or post.time, post.time), math.max(last or post.time, post.time) end
  end
  return {
    success_rate = 100 * M.posterior(group, prior), average_engagement = util.mean(rates), content_id = best and best.content,
    first_observed = util.iso(first), last_observed = util.iso(last), successes = group.k, scored = group.n,
  }
end

--- The posts of rows: of a work its own, of a post itself.
---@param rows tidemark.Row[]
---@param indices integer[]
---@return tidemark.Row[]
function M.posts(rows, indices)
  local out = {}
  for _, i in ipairs(indices) do
    for _, post in ipairs(rows[i].all or { rows[i] }) do out[#out + 1] = post end
  end
  return out
end

return M
