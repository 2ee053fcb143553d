-- The columns of a regression: what is held equal when a label or a fact is looked at.
--
-- Columns are added in one order: what is held equal first, what is asked about last. Where two say the same, the later one
-- has no coefficient (it is "aliased"), so nothing is claimed that the data cannot tell apart.

local stats = require("tidemark.stats")
local util = require("tidemark.analysis.util")

local M = {}
M.__index = M

local FORTNIGHT = 14 * util.DAY
local EACH_SIDE = 5 -- posts before and after a change, from which an account has an effect of its own
local ROWS_PER_COLUMN = 20 -- adjusting columns may not eat the data: at most one per so many rows

---@class tidemark.Design
---@field rows tidemark.Row[]
---@field adjusted string[] what is held equal, in words
---@field warnings table[]

--- A design over rows.
---@param rows tidemark.Row[]
---@return tidemark.Design
function M.new(rows)
  local d = stats.design(#rows)
  return setmetatable({ rows = rows, d = d, adjusted = {}, warnings = {}, columns = 0 }, M)
end

function M:say(text)
  self.adjusted[#self.adjusted + 1] = text
end

function M:warn(code, text)
  self.warnings[#self.warnings + 1] = { code = code, text = text }
end

--- Fixed effects: an account under one definition of the metric, or a work's set of them.
function M:account()
  self.d:absorb((util.groups(self.rows, function(row) return row.group end)))
  self:say("account")
end

--- What two columns have in common when they stand on the same rows: how many, and a hash of which.
---@param list integer[] in order
---@return string
function M.fingerprint(list)
  local hash = 0
  for i = 1, #list do hash = hash * 1000003 ~ list[i] end
  return #list .. ":" .. hash
end

--- A column of zeros and ones, remembered, so that a later one can be known as the same.
---@param rows integer[] where it is 1
---@return integer index
function M:indicator(rows)
  self.columns = self.columns + 1
  return self.d:indicator(rows)
end

---@param values number[]
---@return integer index
function M:add(values)
  self.columns = self.columns + 1
  return self.d:add(values)
end

local function span(rows)
  local from, to
  for i = 1, #rows do
    local t = rows[i].time
    from, to = math.min(from or t, t), math.max(to or t, t)
  end
  return from or 0, to or 0
end

--- Time: "cubic" and "linear" are smooth, "periods" a step per 14 days of the calendar.
---@param kind "cubic"|"linear"|"periods"
function M:time(kind)
  local rows = self.rows
  local from, to = span(rows)
  if to <= from then return end
  if kind == "periods" then
    local members = {}
    for i = 1, #rows do
      local k = (rows[i].time - from) // FORTNIGHT
      members[k] = members[k] or {}
      table.insert(members[k], i)
    end
    for n, k in ipairs(util.keys(members)) do
      if n > 1 then self:indicator(members[k]) end
    end
    self:say("14-day period")
    return
  end
  local degree = kind == "cubic" and 3 or 1
  local columns = { {}, {}, {} }
  for i = 1, #rows do
    local x = 2 * (rows[i].time - from) / (to - from) - 1 -- Legendre: orthogonal where the posts lie evenly
    columns[1][i], columns[2][i], columns[3][i] = x, (3 * x * x - 1) / 2, (5 * x ^ 3 - 3 * x) / 2
  end
  for k = 1, degree do self:add(columns[k]) end
  self:say(kind == "cubic" and "time" or "linear time")
end

-- The share of a row's posts in each 3-hour block: a work may have several.
local function blocks_of(row)
  local posts, out, n = row.posts or { row }, {}, 0
  for _, post in ipairs(posts) do
    if post.hour then
      local block = post.hour // 3
      out[block], n = (out[block] or 0) + 1, n + 1
    end
  end
  for block, count in pairs(out) do out[block] = count / n end
  return out
end

--- The eight 3-hour blocks of the account's own clock.
function M:blocks()
  local rows, total, shares = self.rows, {}, {}
  for i = 1, #rows do
    shares[i] = blocks_of(rows[i])
    for block, share in pairs(shares[i]) do total[block] = (total[block] or 0) + share end
  end
  local order = util.keys(total)
  if #order < 2 then return end
  table.sort(order, function(a, b) return total[a] > total[b] or total[a] == total[b] and a < b end)
  for k = 2, #order do -- the commonest is what the others are measured against
    local values = {}
    for i = 1, #rows do values[i] = shares[i][order[k]] or 0.0 end
    self:add(values)
  end
  self:say("3-hour block")
end

--- Which rows carry each tag.
---@param rows tidemark.Row[]
---@return table<string, integer[]>
function M.carriers(rows)
  local members = {}
  for i = 1, #rows do
    for tag in pairs(rows[i].tags) do
      members[tag] = members[tag] or {}
      table.insert(members[tag], i)
    end
  end
  return members
end

--- Tags that stand on enough posts and are missing on enough, the most telling first, as far as the data reach. One that
--- stands on just the rows of a label that is asked about is left to that label.
---@param min_n integer
---@param asked integer[][]? the rows of what is asked about
function M:tags(min_n, asked)
  local n, taken, list = #self.rows, {}, {}
  for _, rows in ipairs(asked or {}) do taken[M.fingerprint(rows)] = true end
  local members = M.carriers(self.rows)
  for _, tag in ipairs(util.keys(members)) do
    local rows = members[tag]
    local with = #rows
    local id = M.fingerprint(rows)
    if with >= min_n and n - with >= min_n and not taken[id] then
      taken[id] = true
      list[#list + 1] = { tag = tag, rows = rows, weight = math.min(with, n - with) }
    end
  end
  table.sort(list, function(a, b) return a.weight > b.weight or a.weight == b.weight and a.tag < b.tag end)
  local most = math.min(#list, n // ROWS_PER_COLUMN)
  for k = 1, most do self:indicator(list[k].rows) end
  if most > 0 then self:say(("%d %stags"):format(most, asked and #asked > 0 and "other " or "")) end
  if most < #list then
    self:warn("tags_left_out", ("%d of %d tags are held equal, the commonest: the data carry no more"):format(most, #list))
  end
end

--- Since when a change holds for an account.
---@param change table
---@param account string
---@return number? epoch
function M.start(change, account)
  local own = change.starts and change.starts[account]
  if own and change.all_from then return math.min(own, change.all_from) end
  return own or change.all_from
end

--- The share of a row's posts that were published under a change.
---@param change table
---@param row tidemark.Row
---@return number share 0 .. 1
function M.under(change, row)
  local posts, under = row.posts or { row }, 0
  for _, post in ipairs(posts) do
    local start = M.start(change, post.account)
    if start and post.time >= start then under = under + 1 end
  end
  return #posts > 0 and under / #posts or 0.0
end

local function each_unit(rows, share)
  local after, before = {}, {}
  for i = 1, #rows do
    local side = share[i] >= 0.5 and after or before
    side[rows[i].unit] = (side[rows[i].unit] or 0) + 1
  end
  local own = {}
  for _, unit in ipairs(util.keys(after)) do
    if after[unit] >= EACH_SIDE and (before[unit] or 0) >= EACH_SIDE then own[#own + 1] = unit end
  end
  return own
end

--- What is known to have changed in the AI: one effect per account where there is enough before and after, one for the rest.
---@param changes table[]
---@param as_of number
---@param skip string? the key of the change that is asked about
function M:changes(changes, as_of, skip)
  local rows, said = self.rows, false
  for _, change in ipairs(changes or {}) do
    if change.key ~= skip then
      local share, any = {}, false
      for i = 1, #rows do
        share[i] = M.under(change, rows[i])
        any = any or share[i] > 0 and rows[i].time <= as_of
      end
      if any then
        self:change(share, not skip and each_unit(rows, share) or {})
        said = true
      end
    end
  end
  if said then self:say("changes of the AI") end
end

function M:change(share, own)
  local rows = self.rows
  if self.columns + #own > #rows // ROWS_PER_COLUMN then own = {} end
  local apart = {}
  for _, unit in ipairs(own) do
    apart[unit] = true
    local values = {}
    for i = 1, #rows do values[i] = rows[i].unit == unit and share[i] or 0.0 end
    self:add(values)
  end
  local rest, any = {}, false
  for i = 1, #rows do
    rest[i] = apart[rows[i].unit] and 0.0 or share[i]
    any = any or rest[i] > 0
  end
  if any then self:add(rest) end
end

local ENOUGH_ELSEWHERE = 20

--- How good the same work is on the other platforms, where enough works have several posts.
---@param seen table<string, number> by work
---@return boolean used
function M:elsewhere(seen)
  local rows, values, missing = self.rows, {}, {}
  for i = 1, #rows do
    local value = seen[rows[i].work]
    values[i] = value or 0.0
    if not value then missing[#missing + 1] = i end
  end
  if #rows - #missing < ENOUGH_ELSEWHERE then return false end
  self:add(values)
  if #missing > 0 then self:indicator(missing) end
  self:say("the work's score on other platforms")
  return true
end

--- Everything of `adjust` that applies; what is asked about comes after it.
---@param adjust table<string, boolean>
---@param o { min_n: integer, asked: integer[][]?, changes: table[]?, as_of: number, time: string?, seen: table?,
---  skip: string? } skip: the key of the change that is asked about
---@return boolean elsewhere was it used
function M:adjust(adjust, o)
  if adjust.account then self:account() end
  if adjust.time then self:time(o.time or "cubic") end
  if adjust.block then self:blocks() end
  if adjust.changes then self:changes(o.changes, o.as_of, o.skip) end
  local used = adjust.elsewhere and o.seen and self:elsewhere(o.seen) or false
  if adjust.tags then self:tags(o.min_n, o.asked) end
  return used
end

--- Least squares with the covariance that does not take the noise for even (HC3).
---@param y number[]
---@return table? fit
---@return string? why
function M:fit(y)
  return stats.ols(self.d, y, { cov = "hc3" })
end

--- The metric of the rows, in their order.
---@return number[]
function M:response()
  local y = {}
  for i = 1, #self.rows do y[i] = self.rows[i].y end
  return y
end

return M
