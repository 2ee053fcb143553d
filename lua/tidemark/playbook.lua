-- What to make next: a linear model of ln lift over enumerated features (tags, 3-hour blocks), Bayesian, with a short memory, and
-- what is said from it: do, avoid, makes no difference, try next.
--
-- The playbook does not wait for findings to be confirmed (who only repeats what is confirmed does worse than who does what he
-- always did: a few works a week confirm almost nothing); it ranks by the shrunk lift and says with each line how sure it is.
-- Half of what it plans follows the mean, half a draw from what may be true, so that it goes on learning.
local jsonlist = require("tidemark.jsonlist")
local stats = require("tidemark.stats")

local M = {}

local PRIOR_SD, INTERCEPT_SD = 0.15, 2 -- ln lift of a feature before anything is known
local FORGET = 0.97 -- a week; half of what a work says is gone after 23
local BETWEEN_SD = 0.05 -- how far one creator's lift is from another's
local BLOCK_H = 3
local LEAST_WORKS = 3 -- with a tag, before it is a feature
local MOST_TAGS = 40
local BYTES = 2048
local Z80 = 1.2815515655446004
local DAY, WEEK = 86400, 7 * 86400

-- --- chance ----------------------------------------------------------------------------------------------------------------

local Generator = {}
Generator.__index = Generator

--- A generator of its own (xorshift64*), so that the same playbook comes out everywhere.
---@param seed integer|string
function M.generator(seed)
  local h = -3750763034362895579 -- FNV-1a
  for c in tostring(seed):gmatch(".") do h = (h ~ c:byte()) * 1099511628211 end
  return setmetatable({ state = h == 0 and 1 or h }, Generator)
end

function Generator:unit()
  local x = self.state
  x = x ~ (x >> 12)
  x = x ~ (x << 25)
  x = x ~ (x >> 27)
  self.state = x
  return ((x * 2685821657736338717) >> 11) / 2 ^ 53
end

function Generator:normal()
  return math.sqrt(-2 * math.log(1 - self:unit())) * math.cos(2 * math.pi * self:unit())
end

-- --- the model ---------------------------------------------------------------------------------------------------------------

local State = {}
State.__index = State
M.state = {}

--- A model of what its features lift. `P` is the precision, `h` = P times the mean; the last column is the intercept.
---@param o { features: string[], prior: table<string, { mean: number, sd: number }>?, sigma: number?, prior_sd: number? } sigma: sd of a work
function M.state.new(o)
  local d = #o.features + 1
  local s = setmetatable({ features = o.features, d = d, sigma = o.sigma or 0.5, P = {}, h = {}, P0 = {}, h0 = {} }, State)
  for i = 1, d do
    local prior = i < d and o.prior and o.prior[o.features[i]]
    local sd = i == d and INTERCEPT_SD or prior and prior.sd or o.prior_sd or PRIOR_SD
    s.P0[i] = 1 / sd ^ 2
    s.h0[i] = prior and prior.mean / sd ^ 2 or 0
    s.h[i], s.P[i] = s.h0[i], {}
    for j = 1, d do s.P[i][j] = i == j and s.P0[i] or 0 end
  end
  return s
end

-- What was learnt fades towards the prior.
function State:forget(keep)
  for i = 1, self.d do
    self.h[i] = self.h0[i] + keep * (self.h[i] - self.h0[i])
    for j = 1, self.d do
      local prior = i == j and self.P0[i] or 0
      self.P[i][j] = prior + keep * (self.P[i][j] - prior)
    end
  end
  self.L, self.m = nil, nil
end

--- A week's works: first what is known fades, then they are added.
---@param rows table[] each { [feature index] = value (1, or the share of its posts) }
---@param y number[] each work's score (ln)
---@param o { forget: number?, weights: number[]? }?
function State:update(rows, y, o)
  local keep = o and o.forget or FORGET
  if keep ~= 1 then self:forget(keep) end
  local d, P, h = self.d, self.P, self.h
  for r, row in ipairs(rows) do
    local w = (o and o.weights and o.weights[r] or 1) / self.sigma ^ 2
    local at = { d }
    for i in pairs(row) do at[#at + 1] = i end
    for _, i in ipairs(at) do
      local xi = i == d and 1 or row[i]
      h[i] = h[i] + w * xi * y[r]
      for _, j in ipairs(at) do P[i][j] = P[i][j] + w * xi * (j == d and 1 or row[j]) end
    end
  end
  self.L, self.m = nil, nil
end

-- P = L L'
function State:factor()
  if self.L then return self.L end
  local d, L = self.d, {}
  for i = 1, d do
    local Li, Pi = {}, self.P[i]
    L[i] = Li
    for j = 1, i do
      local Lj, sum = L[j], Pi[j]
      for k = 1, j - 1 do sum = sum - Li[k] * Lj[k] end
      Li[j] = i == j and math.sqrt(sum) or sum / Lj[j]
    end
  end
  self.L = L
  return L
end

-- L' x = b
function State:back(b)
  local L, d, x = self:factor(), self.d, {}
  for i = d, 1, -1 do
    local sum = b[i]
    for k = i + 1, d do sum = sum - L[k][i] * x[k] end
    x[i] = sum / L[i][i]
  end
  return x
end

-- L x = b
function State:forth(b)
  local L, d, x = self:factor(), self.d, {}
  for i = 1, d do
    local sum = b[i]
    for k = 1, i - 1 do sum = sum - L[i][k] * x[k] end
    x[i] = sum / L[i][i]
  end
  return x
end

--- The expected ln lift of every feature (the intercept is the last).
function State:mean()
  if not self.m then self.m = self:back(self:forth(self.h)) end
  return self.m
end

--- How uncertain each of them is.
function State:sd()
  local d, out = self.d, {}
  for i = 1, d do
    local e = {}
    for j = 1, d do e[j] = i == j and 1 or 0 end
    local sum = 0
    for _, v in ipairs(self:forth(e)) do sum = sum + v * v end
    out[i] = math.sqrt(sum)
  end
  return out
end

--- One set of lifts that may be true: a draw from the posterior.
function State:draw(generator)
  local z = {}
  for i = 1, self.d do z[i] = generator:normal() end
  local x, m = self:back(z), self:mean()
  for i = 1, self.d do x[i] = x[i] + m[i] end
  return x
end

-- The at most `most` largest of v above 0 that the rules let in, best first.
local function pick_tags(v, o)
  local order = {}
  for _, i in ipairs(o.tags) do
    if v[i] > 0 and not (o.fatigue and (o.recent and o.recent[i] or 0) > o.fatigue) then order[#order + 1] = i end
  end
  table.sort(order, function(a, b)
    if v[a] ~= v[b] then return v[a] > v[b] end
    return a < b
  end)
  local taken, list = {}, {}
  for _, i in ipairs(order) do
    local group = o.groups and o.groups[i]
    if #list < (o.max_tags or 5) and not (group and taken[group]) then
      list[#list + 1] = i
      if group then taken[group] = true end
    end
  end
  return list
end

--- Next week's works. lambda of the way from the mean to a draw: 0.5, with three works a week or fewer 0.25 (so few works do
--- not pay for much trying).
---@param o { works_per_week: integer, generator: table, tags: integer[], blocks: integer[], lambda: number?, max_tags: integer?, groups: table<integer, any>?, recent: table<integer, number>?, fatigue: number|false|nil } indices of features; recent: share of the last four weeks' works
---@return table[] works { tags = { index, … } best first, block = index or nil }
function State:plan(o)
  local n = math.max(1, o.works_per_week)
  local lambda, m, works = o.lambda or (n <= 3 and 0.25 or 0.5), self:mean(), {}
  for w = 1, n do
    local theta, v = self:draw(o.generator), {}
    for i = 1, self.d do v[i] = (1 - lambda) * m[i] + lambda * theta[i] end
    local block
    for _, i in ipairs(o.blocks) do
      if not block or v[i] > v[block] then block = i end
    end
    works[w] = { tags = pick_tags(v, o), block = block }
  end
  return works
end
return M
