-- What to make next: a linear model of ln lift over enumerated features (tags, 3-hour blocks), Bayesian, with a short memory,
-- and what is said from it: do, avoid, makes no difference, try next.
--
-- The playbook does not wait for findings to be confirmed (who only repeats what is confirmed does worse than who does what he
-- always did: a few works a week confirm almost nothing); it ranks by the shrunk lift and says with each line how sure it is.
-- What it plans lies between the mean and a draw from what may be true, so that it goes on learning.
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
local WEEK = 7 * 86400

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
---@param o { features: string[], prior: table<string, { mean: number, sd: number }>?, sigma: number?, prior_sd: number? }
--- sigma: sd of a work's score around what its features say
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

--- Next week's works. lambda of the way from the mean to a draw: 0.4, with three works a week or fewer 0.25 (so few works do
--- not pay for much trying).
---@param o table works_per_week; generator; tags, blocks: indices of features; lambda; max_tags (5); groups: by tag's index,
--- of a group a work has one; fatigue and recent (by tag's index, the share of the last four weeks' works that had it): a tag
--- with more than that share is not planned. Off unless given: measured, it costs most of the playbook's gain where nothing wears
--- out, and gains nothing where what is always used loses half its effect
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
-- --- from posts to works ----------------------------------------------------------------------------------------------------

-- Code points that are neither letters nor digits of a script, or that nobody sees: a name with one of them is no name.
local NO_LETTER = {
  { 0x80, 0xA9 }, { 0xAB, 0xB4 }, { 0xB6, 0xB9 }, { 0xBB, 0xBF }, { 0xD7, 0xD7 }, { 0xF7, 0xF7 }, { 0x34F, 0x34F },
  { 0x589, 0x58F }, { 0x5BE, 0x5BE }, { 0x5C0, 0x5C0 }, { 0x5C3, 0x5C3 }, { 0x600, 0x60F }, { 0x61B, 0x61F }, { 0x66A, 0x66D },
  { 0x6D4, 0x6D4 }, { 0x6DD, 0x6DE }, { 0x700, 0x70F }, { 0x964, 0x965 }, { 0xE3F, 0xE3F }, { 0x115F, 0x1160 },
  { 0x1680, 0x1680 }, { 0x17B4, 0x17B5 }, { 0x1800, 0x180F }, { 0x1FBD, 0x1FBD }, { 0x2000, 0x2BFF }, { 0x2E00, 0x2E7F },
  { 0x2FF0, 0x3004 }, { 0x3007, 0x3030 }, { 0x303D, 0x3040 }, { 0x3164, 0x3164 }, { 0x3200, 0x33FF }, { 0xD800, 0xF8FF },
  { 0xFD3E, 0xFD4F }, { 0xFDFC, 0xFE1F }, { 0xFE30, 0xFE6F }, { 0xFEFF, 0xFF0F }, { 0xFF1A, 0xFF20 }, { 0xFF3B, 0xFF40 },
  { 0xFF5B, 0xFF65 }, { 0xFFA0, 0xFFA0 }, { 0xFFE0, 0xFFFF }, { 0x1D000, 0x1D3FF }, { 0x1F000, 0x1FBEF }, { 0xE0000, 0x10FFFF },
}

--- Is it a name that may stand in a playbook: a-z, 0-9, _, - and letters of any script, at most 40 of them? What a platform's
--- users write never gets into what an AI is told.
---@param name any
---@return boolean
function M.safe(name)
  if type(name) ~= "string" or name == "" or #name > 160 then return false end
  local n = utf8.len(name)
  if not n or n > 40 then return false end
  for _, c in utf8.codes(name) do
    if c < 0x80 then
      if not string.char(c):find("[a-z0-9_-]") then return false end
    else
      for _, range in ipairs(NO_LETTER) do
        if c >= range[1] and c <= range[2] then return false end
      end
    end
  end
  return true
end

local function block_name(b) return ("%02d-%02d h"):format(BLOCK_H * b, BLOCK_H * b + BLOCK_H) end

local function sorted_keys(t)
  local keys = {}
  for k in pairs(t) do keys[#keys + 1] = k end
  table.sort(keys)
  return keys
end

local function work_of(works, post)
  local key = post.content or post.platform .. ":" .. post.external_id
  local work = works[key]
  if not work then
    work = { n = 0, sum = 0, tags = {}, blocks = {}, at = post.published_at, mine = false }
    works[key] = work
  end
  return work
end

-- One row per work of a creator, whatever number of platforms it is on: a work that did well five times is one success.
local function works_of(posts, is_mine)
  local works = {}
  for i = 1, #posts do
    local post = posts[i]
    local score = post.score or post.score_24h
    if post.published_at then
      local work = work_of(works, post)
      work.mine = work.mine or is_mine(post)
      work.at = math.min(work.at, post.published_at)
      if score then work.n, work.sum = work.n + 1, work.sum + score end
      for _, tag in ipairs(post.tags or {}) do
        if M.safe(tag) then work.tags[tag] = true end
      end
      if post.local_hour then
        local b = post.local_hour // BLOCK_H
        work.blocks[b] = (work.blocks[b] or 0) + 1
      end
    end
  end
  local list = {}
  for _, key in ipairs(sorted_keys(works)) do list[#list + 1] = works[key] end
  return list
end

-- The features of a creator's works: tags that enough works carry (the most carried first where there are many), blocks in use.
local function features_of(works)
  local carried, blocks = {}, {}
  for _, work in ipairs(works) do
    if work.mine and work.n > 0 then
      for tag in pairs(work.tags) do carried[tag] = (carried[tag] or 0) + 1 end
      for b in pairs(work.blocks) do blocks[b] = true end
    end
  end
  local tags = {}
  for _, tag in ipairs(sorted_keys(carried)) do
    if carried[tag] >= LEAST_WORKS then tags[#tags + 1] = tag end
  end
  table.sort(tags, function(a, b)
    if carried[a] ~= carried[b] then return carried[a] > carried[b] end
    return a < b
  end)
  for i = #tags, MOST_TAGS + 1, -1 do tags[i] = nil end
  table.sort(tags)
  local f = { names = {}, index = {}, kinds = {}, tags = {}, blocks = {} }
  local function add(name, kind, key)
    local i = #f.names + 1
    f.names[i], f.kinds[i], f.index[kind .. ":" .. key] = name, kind, i
    local of = kind == "tag" and f.tags or f.blocks
    of[#of + 1] = i
  end
  for _, tag in ipairs(tags) do add(tag, "tag", tag) end
  for _, b in ipairs(sorted_keys(blocks)) do add(block_name(b), "time_block", b) end
  return f
end

local function row_of(work, f)
  local row = {}
  for tag in pairs(work.tags) do
    local i = f.index["tag:" .. tag]
    if i then row[i] = 1 end
  end
  local total = 0
  for _, n in pairs(work.blocks) do total = total + n end
  for b, n in pairs(work.blocks) do
    local i = f.index["time_block:" .. b]
    if i then row[i] = n / total end
  end
  return row
end

-- Fits works as of a time: a work counts .97 for every week it is old. Returns the state and the residuals' sd.
local function fit(works, f, o)
  local rows, y, weights, sigma = {}, {}, {}, 0.5
  for _, work in ipairs(works) do
    if work.n > 0 and o.take(work) then
      rows[#rows + 1], y[#y + 1] = row_of(work, f), work.sum / work.n
      weights[#weights + 1] = FORGET ^ math.max(0, (o.as_of - work.at) / WEEK)
    end
  end
  local state
  for _ = 1, 3 do
    state = M.state.new({ features = f.names, prior = o.prior, sigma = sigma, prior_sd = o.prior_sd })
    state:update(rows, y, { forget = 1, weights = weights })
    local m, rss, n = state:mean(), 0, 0
    for r, row in ipairs(rows) do
      local e = y[r] - m[state.d]
      for i, v in pairs(row) do e = e - v * m[i] end
      rss, n = rss + weights[r] * e * e, n + weights[r]
    end
    -- a few works fit too well: half a unit is worth ten works
    sigma = math.max(0.1, math.sqrt((rss + 10 * 0.25) / (n + 10)))
  end
  return state, #rows
end

--- What the owner's other creators say of the features, as the prior of one of them: their estimate, drawn towards nothing, and
--- as wide as creators differ.
---@param estimates table<string, { mean: number, sd: number }> by feature: ln lift and its standard error
---@return table<string, { mean: number, sd: number }>
function M.shrink(estimates)
  local prior = {}
  for name, e in pairs(estimates) do
    local keep = PRIOR_SD ^ 2 / (PRIOR_SD ^ 2 + e.sd ^ 2)
    prior[name] = { mean = keep * e.mean, sd = math.sqrt(keep * e.sd ^ 2 + BETWEEN_SD ^ 2) }
  end
  return prior
end

local function pooled_prior(works, f, as_of)
  local state, n = fit(works, f, { as_of = as_of, prior_sd = 1, take = function(work) return not work.mine end })
  if n == 0 then return nil end
  local m, sd, estimates = state:mean(), state:sd(), {}
  for i, name in ipairs(f.names) do estimates[name] = { mean = m[i], sd = sd[i] } end
  return M.shrink(estimates)
end

-- --- findings ---------------------------------------------------------------------------------------------------------------

local STATES = { confirmed = 1, candidate = 2, decayed = 3 }

local function short(id) return id and tostring(id):sub(-6) or nil end

-- The block a finding's subject names: "18-21", "18:00-21:00", "18"; nil where it is none.
local function block_of(subject)
  local from = tostring(subject):match("^(%d%d?)%f[^%d]")
  return from and tonumber(from) < 24 and tonumber(from) // BLOCK_H or nil
end

-- The best finding about each feature: in the better state, of works rather than of one platform's posts, with the smaller q.
local function rank_of(finding)
  return { STATES[finding.state] or (finding.decision == "no_difference" and 4 or 5), finding.platform and 1 or 0,
    finding.q or 1, tostring(finding.id) }
end

local function better(a, b)
  local x, y = rank_of(a), rank_of(b)
  for i = 1, 4 do
    if x[i] ~= y[i] then return x[i] < y[i] end
  end
  return false
end

local function index_findings(findings)
  local by = {}
  for _, finding in ipairs(findings or {}) do
    local key
    if finding.kind == "tag" or finding.kind == "hashtag" then
      key = "tag:" .. tostring(finding.subject)
    elseif finding.kind == "time_block" or finding.kind == "posting_block" then
      local b = block_of(finding.subject)
      key = b and "time_block:" .. b
    end
    if key and finding.table ~= "trend_analysis" and (not by[key] or better(finding, by[key])) then by[key] = finding end
  end
  return by
end

local function state_of(finding)
  if not finding then return "untested" end
  if STATES[finding.state] then return finding.state end
  if finding.decision == "no_difference" then return "makes no difference" end
  return finding.decision == "insufficient" and "untested" or "not shown"
end

local function percent(m) return math.floor(100 * (math.exp(m) - 1) + 0.5) end

local function date(epoch) return epoch and os.date("!%Y-%m-%d", math.floor(epoch)) or nil end

-- --- the playbook -----------------------------------------------------------------------------------------------------------

local function usage(works, f, as_of)
  local n, last, recent, lately, first = {}, {}, {}, 0, as_of
  for _, work in ipairs(works) do
    if work.mine then
      local is_recent = work.at > as_of - 4 * WEEK and work.at <= as_of
      lately = lately + (is_recent and 1 or 0)
      first = math.min(first, work.at)
      for i, v in pairs(row_of(work, f)) do
        n[i] = (n[i] or 0) + (work.n > 0 and 1 or 0)
        last[i] = math.max(last[i] or work.at, work.at)
        if is_recent then recent[i] = (recent[i] or 0) + v end
      end
    end
  end
  for i, v in pairs(recent) do recent[i] = v / lately end
  return { n = n, last = last, recent = recent, lately = lately, weeks = math.max(1, math.min(4, (as_of - first) / WEEK)) }
end

local function items_of(state, f, used, by)
  local m, sd, items = state:mean(), state:sd(), {}
  for i, name in ipairs(f.names) do
    local finding
    for key, at in pairs(f.index) do
      if at == i then finding = by[key] end
    end
    items[i] = {
      index = i, feature = name, kind = f.kinds[i], m = m[i], sd = sd[i], p = stats.normal_cdf(m[i] / sd[i]),
      lift = percent(m[i]), lo = percent(m[i] - Z80 * sd[i]), hi = percent(m[i] + Z80 * sd[i]),
      n = used.n[i] or 0, last = date(used.last[i]), recent = used.recent[i] or 0,
      state = state_of(finding), finding = short(finding and finding.id),
    }
  end
  return items
end

local function by_m(sign)
  return function(a, b)
    if a.m ~= b.m then return sign * a.m > sign * b.m end
    return a.feature < b.feature
  end
end

-- Findings about what is no feature (formats, numeric facts), as far as their names are enumerated ones.
local function other_items(findings, book)
  for _, finding in ipairs(findings or {}) do
    local fact, format = finding.kind == "fact", finding.kind == "format"
    local stands = finding.state == "confirmed" or finding.state == "candidate"
    if (fact or format) and stands and M.safe(finding.subject) and finding.effect then
      local item = { feature = finding.subject, kind = finding.kind, platform = finding.platform, n = finding.n,
        state = finding.state, finding = short(finding.id), why = "finding" }
      if fact then
        item.rho, item.lo, item.hi = finding.effect, finding.lo, finding.hi
        item.direction = finding.effect > 0 and "more" or "less"
      else
        item.lift, item.lo, item.hi = finding.effect, finding.lo, finding.hi
      end
      local list = (fact or finding.effect > 0) and book.act or book.avoid
      list[#list + 1] = item
    end
  end
end

local function no_difference(findings)
  local list = {}
  for _, finding in ipairs(findings or {}) do
    if finding.decision == "no_difference" and M.safe(finding.subject) then
      list[#list + 1] = { feature = finding.subject, kind = finding.kind, platform = finding.platform, lift = finding.effect,
        lo = finding.lo, hi = finding.hi, n = finding.n, state = "makes no difference", finding = short(finding.id) }
    end
  end
  table.sort(list, function(a, b)
    if (a.n or 0) ~= (b.n or 0) then return (a.n or 0) > (b.n or 0) end
    if a.feature ~= b.feature then return a.feature < b.feature end
    return tostring(a.platform) < tostring(b.platform)
  end)
  return list
end

-- do: surely up, best first, at most 7; avoid: surely down; to learn: what would tell most and may well be good.
local function sort_items(items, book)
  local order = table.move(items, 1, #items, 1, {})
  table.sort(order, by_m(1))
  local rest = {}
  for _, item in ipairs(order) do
    if item.p > 0.95 and #book.act < 7 then
      item.why = "best so far"
      book.act[#book.act + 1] = item
    elseif item.p >= 0.05 then
      rest[#rest + 1] = item
    end
  end
  for k = #order, 1, -1 do
    if order[k].p < 0.05 then
      order[k].why = "costs"
      book.avoid[#book.avoid + 1] = order[k]
    end
  end
  local placed = {}
  for _, item in ipairs(rest) do
    if #book.try < 5 - math.min(4, #book.act) and item.m > 0 and item.state ~= "makes no difference" then
      item.why, placed[item.index] = "best so far", true
      book.try[#book.try + 1] = item
    end
  end
  local learn = {}
  for _, item in ipairs(rest) do
    if not placed[item.index] and item.state ~= "makes no difference" then learn[#learn + 1] = item end
  end
  table.sort(learn, function(a, b)
    local x, y = a.sd * a.p, b.sd * b.p
    if x ~= y then return x > y end
    return a.feature < b.feature
  end)
  for k = 1, math.min(2, #learn) do
    learn[k].why = "to learn"
    book.try[#book.try + 1] = learn[k]
  end
end

-- The planned works, equal ones counted together.
local function plan_names(state, f, o)
  local works, seen = {}, {}
  for _, work in ipairs(state:plan(o)) do
    local tags = {}
    for k, i in ipairs(work.tags) do tags[k] = f.names[i] end
    table.sort(tags)
    local block = work.block and f.names[work.block]
    local key = table.concat(tags, " ") .. "/" .. (block or "")
    if seen[key] then
      seen[key].works = seen[key].works + 1
    else
      seen[key] = { works = 1, tags = jsonlist.array(tags), block = block }
      works[#works + 1] = seen[key]
    end
  end
  return works
end

--- The playbook of an owner, or of one creator (or account) of his, from his posts.
---@param posts table rows: platform, external_id, account, creator, content, published_at, local_hour, tags, score (at 7 d),
--- score_24h (used where there is no score yet)
---@param world { as_of: number } epoch seconds; later posts are not looked at
---@param findings table[]? rows { id, table, kind, subject, platform, state, effect, lo, hi, n, q, decision }; effects in
--- percent, of facts a rank correlation
---@param opts table? creator or account: his playbook, with the owner's other creators as his prior; works_per_week (as
--- he does); max_tags; groups: by tag, of a group a work has one; fatigue: see plan; seed; prior: by feature { mean, sd }
--- in place of the owner's other creators
---@return table playbook { as_of, who, works, act, avoid, same, try, plan, pooled }
function M.build(posts, world, findings, opts)
  opts = opts or {}
  local function is_mine(post)
    if opts.account then return post.account == opts.account end
    return not opts.creator or post.creator == opts.creator
  end
  local all, works = works_of(posts, is_mine), {}
  for _, work in ipairs(all) do
    if work.at <= world.as_of then works[#works + 1] = work end
  end
  local f = features_of(works)
  local prior = opts.prior or pooled_prior(works, f, world.as_of)
  local state, n = fit(works, f, { as_of = world.as_of, prior = prior, take = function(work) return work.mine end })
  local used = usage(works, f, world.as_of)
  local book = { as_of = world.as_of, works = n, pooled = prior ~= nil, act = {}, avoid = {}, try = {},
    same = no_difference(findings), features = #f.names, sigma = state.sigma }
  sort_items(items_of(state, f, used, index_findings(findings)), book)
  other_items(findings, book)
  local per_week = opts.works_per_week or math.max(1, math.min(21, math.floor(used.lately / used.weeks + 0.5)))
  local groups = {}
  for _, i in ipairs(f.tags) do groups[i] = opts.groups and opts.groups[f.names[i]] end
  book.works_per_week = per_week
  book.plan = n == 0 and {} or plan_names(state, f, { works_per_week = per_week, tags = f.tags, blocks = f.blocks,
    groups = groups, max_tags = opts.max_tags, recent = used.recent, fatigue = opts.fatigue,
    generator = M.generator(("%s/%d"):format(opts.seed or opts.creator or opts.account or "", world.as_of // WEEK)) })
  return book
end

-- --- how it is handed on ----------------------------------------------------------------------------------------------------

local function signed(x) return x and ("%+d"):format(math.floor(x + 0.5)) or "?" end

local function item_line(item)
  local what = item.feature .. (item.platform and M.safe(item.platform) and " on " .. item.platform or "")
  local parts = {}
  if item.rho then
    what = item.direction .. " " .. what
    parts[1] = ("rank correlation %+.2f (%+.2f to %+.2f)"):format(item.rho, item.lo or item.rho, item.hi or item.rho)
  else
    parts[1] = ("%s %% (%s to %s)"):format(signed(item.lift), signed(item.lo), signed(item.hi))
  end
  if item.p then parts[#parts + 1] = ("P(lift > 0) %.2f"):format(item.p) end
  parts[#parts + 1] = item.state
  parts[#parts + 1] = "n " .. tostring(item.n or "?")
  if item.last then parts[#parts + 1] = "last " .. item.last end
  if item.why == "to learn" or item.why == "best so far" then parts[#parts + 1] = item.why end
  parts[#parts + 1] = item.finding and "finding " .. item.finding or "no finding"
  return ("- %s: %s"):format(what, table.concat(parts, ", "))
end

local SECTIONS = {
  { "act", "## Do", "- nothing is sure enough yet" }, { "avoid", "## Avoid" }, { "try", "## Try next" },
  { "same", "## Makes no difference" },
}

local function plan_line(work)
  local tags = #work.tags > 0 and table.concat(work.tags, " + ") or "none of these tags"
  return ("- %d x %s%s"):format(work.works, tags, work.block and ", at " .. work.block or "")
end

-- How many rows each list may keep so that everything fits: the longest list gives first, never its first row.
local function trim(book, size_of)
  local keep = { act = #book.act, avoid = #book.avoid, try = #book.try, same = #book.same, plan = #book.plan }
  while size_of(keep) > BYTES do
    local most, at = 1, nil
    for _, name in ipairs({ "same", "plan", "avoid", "try", "act" }) do
      if keep[name] > most then most, at = keep[name], name end
    end
    if not at then
      for _, name in ipairs({ "same", "plan", "avoid", "try", "act" }) do
        if keep[name] > 0 then at = name break end
      end
    end
    if not at then break end
    keep[at] = keep[at] - 1
  end
  return keep
end

local function render(book, keep)
  local out = { ("# Playbook, %s: %d works, lift in the score, 80 %% intervals"):format(date(book.as_of), book.works) }
  local left = 0
  for _, section in ipairs(SECTIONS) do
    local list, n = book[section[1]], keep[section[1]]
    left = left + #list - n
    if #list > 0 or section[3] then out[#out + 1] = section[2] end
    if #list == 0 and section[3] then out[#out + 1] = section[3] end
    for k = 1, n do out[#out + 1] = item_line(list[k]) end
  end
  if keep.plan > 0 then
    out[#out + 1] = ("## Next week, %d works"):format(book.works_per_week)
    for k = 1, keep.plan do out[#out + 1] = plan_line(book.plan[k]) end
  end
  if left > 0 then out[#out + 1] = ("%d more rows left out"):format(left) end
  return table.concat(out, "\n") .. "\n"
end

--- The playbook as Markdown, at most 2048 bytes: enumerated names and numbers only.
---@param book table what build gave
---@return string
function M.to_markdown(book)
  return render(book, trim(book, function(keep) return #render(book, keep) end))
end

-- The bytes a compact JSON writer needs; names are safe, so nothing but quotes is added.
local function json_size(v)
  if type(v) == "string" then return #v + 2 end
  if type(v) == "number" then return #(math.type(v) == "integer" and ("%d"):format(v) or ("%.17g"):format(v)) end
  if type(v) ~= "table" then return #tostring(v) end
  local size = 2
  if jsonlist.is_array(v) then
    for _, x in ipairs(v) do size = size + json_size(x) + 1 end
  else
    for k, x in pairs(v) do size = size + #k + 4 + json_size(x) end
  end
  return size
end

local function plain(item)
  return { feature = item.feature, kind = item.kind, platform = M.safe(item.platform) and item.platform or nil,
    lift = item.lift, rho = item.rho, direction = item.direction, lo = item.lo, hi = item.hi,
    p = item.p and math.floor(100 * item.p + 0.5) / 100,
    state = item.state, n = item.n, last = item.last, why = item.why, finding = item.finding }
end

local function as_table(book, keep)
  local t = { as_of = date(book.as_of), works = book.works, unit = "percent lift in the score, 80 % interval",
    works_per_week = book.works_per_week }
  for name, list in pairs({ ["do"] = "act", avoid = "avoid", try_next = "try", makes_no_difference = "same" }) do
    local rows = {}
    for k = 1, keep[list] do rows[k] = plain(book[list][k]) end
    t[name] = jsonlist.array(rows)
  end
  t.next_week = jsonlist.array(table.move(book.plan, 1, keep.plan, 1, {}))
  return t
end

--- The playbook as a table for a JSON writer: at most 2048 bytes when written without spaces.
---@param book table what build gave
---@return table
function M.to_table(book)
  return as_table(book, trim(book, function(keep) return json_size(as_table(book, keep)) end))
end

return M
