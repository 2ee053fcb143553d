-- The model behind the playbook: a Bayesian linear model of ln lift over features, with a short memory, and the works it plans.
local stats = require("tidemark.stats")

local M = {}

local PRIOR_SD, INTERCEPT_SD = 0.15, 2 -- ln lift of a feature before anything is known
local FORGET = 0.97 -- a week; half of what a work says is gone after 23

M.PRIOR_SD, M.FORGET = PRIOR_SD, FORGET

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

--- A model of what its features lift. `P` is the precision, `h` = P times the mean; the last column is the intercept.
---@param o { features: string[], prior: table<string, { mean: number, sd: number }>?, sigma: number?, prior_sd: number? }
--- sigma: sd of a work's score around what its features say
function M.new(o)
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
---@param o { forget: number?, weights: number[]? }? forget: what is kept of the past, 0.97; 1 = all
function State:update(rows, y, o)
  local keep = o and o.forget or FORGET
  if keep ~= 1 then self:forget(keep) end
  for r, row in ipairs(rows) do
    local a, w = { [self.d] = 1 }, (o and o.weights and o.weights[r] or 1) / self.sigma ^ 2
    for i, v in pairs(row) do a[i] = v end
    for i, ai in pairs(a) do
      self.h[i] = self.h[i] + w * ai * y[r]
      local Pi = self.P[i]
      for j, aj in pairs(a) do Pi[j] = Pi[j] + w * ai * aj end
    end
  end
  self.L, self.m = nil, nil
end

-- P = L L'
function State:factor()
  self.L = self.L or stats.cholesky(self.P)
  return self.L
end

--- The expected ln lift of every feature (the intercept is the last).
---@return number[]
function State:mean()
  if not self.m then
    local L = self:factor()
    self.m = stats.lower_solve_t(L, stats.lower_solve(L, self.h))
  end
  return self.m
end

--- How uncertain each of them is.
---@return number[]
function State:sd()
  local covariance, out = stats.inverse(self.P), {}
  for i = 1, self.d do out[i] = math.sqrt(covariance[i][i]) end
  return out
end

--- One set of lifts that may be true: a draw from the posterior.
---@param generator table of M.generator
---@return number[]
function State:draw(generator)
  local z = {}
  for i = 1, self.d do z[i] = generator:normal() end
  local x, m = stats.lower_solve_t(self:factor(), z), self:mean()
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

--- Next week's works. lambda of the way from the mean to a draw: 0.4, with three works a week or fewer 0.25 (so few works do
--- not pay for much trying).
---@param o table works_per_week; generator; tags, blocks: indices of features; lambda; max_tags (5); groups: by tag's index,
--- of a group a work has one; fatigue and recent (by tag's index, the share of the last four weeks' works that had it): a tag
--- with more than that share is not planned. Off unless given: measured, it costs most of the playbook's gain where nothing
--- wears out, and gains nothing where what is always used loses half its effect
---@return table[] works { tags = { index, … } best first, block = index or nil }
function State:plan(o)
  local n = math.max(1, o.works_per_week)
  local lambda, m, works = o.lambda or (n <= 3 and 0.25 or 0.4), self:mean(), {}
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
