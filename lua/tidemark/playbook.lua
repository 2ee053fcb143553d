-- What to make next: a linear model of ln lift over enumerated features (tags, 3-hour blocks), Bayesian, with a short memory,
-- and what is said from it: do, avoid, makes no difference, try next.
--
-- The playbook does not wait for findings to be confirmed (who only repeats what is confirmed does worse than who does what he
-- always did: a few works a week confirm almost nothing); it ranks by the shrunk lift and says with each line how sure it is.
-- What it plans lies between the mean and a draw from what may be true, so that it goes on learning.
local jsonlist = require("tidemark.jsonlist")
local model = require("tidemark.playbook_model")
local names = require("tidemark.playbook_names")
local page = require("tidemark.playbook_page")
local stats = require("tidemark.stats")

local M = {
  state = { new = model.new }, generator = model.generator, safe = names.safe,
  to_markdown = page.to_markdown, to_table = page.to_table,
}

local BETWEEN_SD = 0.05 -- how far one creator's lift is from another's
local BLOCK_H = 3
local LEAST_WORKS = 3 -- with a tag, before it is a feature
local MOST_TAGS = 40
local Z80 = 1.2815515655446004
local WEEK = 7 * 86400

-- --- from posts to works ----------------------------------------------------------------------------------------------------

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
        if names.safe(tag) then work.tags[tag] = true end
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

-- The features: tags that enough of the owner's works carry (where there are too many, the most carried: by this creator, then
-- by all), and the blocks in use.
local function features_of(works)
  local carried, mine, blocks, tags = {}, {}, {}, {}
  for _, work in ipairs(works) do
    for tag in pairs(work.n > 0 and work.tags or {}) do
      carried[tag] = (carried[tag] or 0) + 1
      mine[tag] = (mine[tag] or 0) + (work.mine and 1 or 0)
    end
    for b in pairs(work.n > 0 and work.blocks or {}) do blocks[b] = true end
  end
  for tag, n in pairs(carried) do
    if n >= LEAST_WORKS then tags[#tags + 1] = tag end
  end
  table.sort(tags, function(a, b)
    if mine[a] ~= mine[b] then return mine[a] > mine[b] end
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
      weights[#weights + 1] = model.FORGET ^ math.max(0, (o.as_of - work.at) / WEEK)
    end
  end
  local state
  for _ = 1, 3 do
    state = model.new({ features = f.names, prior = o.prior, sigma = sigma, prior_sd = o.prior_sd })
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
    local keep = model.PRIOR_SD ^ 2 / (model.PRIOR_SD ^ 2 + e.sd ^ 2)
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

local function type_of(finding) return finding.subject_type or finding.kind end

-- The best finding about each feature: in the better state, a lift rather than a success rate, of works rather than of one
-- platform's posts, with the smaller q.
local function rank_of(finding)
  return { STATES[finding.state] or (finding.decision == "no_difference" and 4 or 5), finding.kind == "rate" and 1 or 0,
    finding.platform and 1 or 0, finding.q or 1, tostring(finding.id or finding.rule) }
end

local function better(a, b)
  local x, y = rank_of(a), rank_of(b)
  for i = 1, #x do
    if x[i] ~= y[i] then return x[i] < y[i] end
  end
  return false
end

local function index_findings(findings)
  local by = {}
  for _, finding in ipairs(findings) do
    local key
    if type_of(finding) == "tag" then
      key = "tag:" .. tostring(finding.subject)
    elseif type_of(finding) == "time_block" then
      local b = block_of(finding.subject)
      key = b and "time_block:" .. b
    end
    if key and finding.kind ~= "insufficient" and (not by[key] or better(finding, by[key])) then by[key] = finding end
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

local function finding_item(finding, state)
  return { feature = finding.subject, kind = type_of(finding), platform = finding.platform, lift = finding.effect,
    lo = finding.lo, hi = finding.hi, unit = finding.kind == "rate" and "points" or nil, n = finding.n, state = state,
    finding = short(finding.id) }
end

-- Findings about what is no feature (formats, numeric facts), as far as their names are enumerated ones.
local function other_items(findings, book)
  for _, finding in ipairs(findings) do
    local kind = type_of(finding)
    local stands = finding.state == "confirmed" or finding.state == "candidate"
    if (kind == "fact" or kind == "format") and stands and names.safe(finding.subject) and finding.effect then
      local item, up = finding_item(finding, finding.state), finding.effect > 0
      if kind == "fact" then
        item.direction = up and "more" or "less"
        if not up then item.lift, item.lo, item.hi = -item.lift, item.hi and -item.hi, item.lo and -item.lo end
      end
      local list = (kind == "fact" or up) and book.act or book.avoid
      list[#list + 1] = item
    end
  end
end

local function no_difference(findings)
  local best, list = {}, {}
  for _, finding in ipairs(findings) do
    if finding.decision == "no_difference" and names.safe(finding.subject) then
      local key = ("%s:%s:%s"):format(type_of(finding), finding.subject, finding.platform or "*")
      if not best[key] or better(finding, best[key]) then best[key] = finding end
    end
  end
  for _, key in ipairs(sorted_keys(best)) do list[#list + 1] = finding_item(best[key], "makes no difference") end
  table.sort(list, function(a, b)
    if (a.n or 0) ~= (b.n or 0) then return (a.n or 0) > (b.n or 0) end
    if a.feature ~= b.feature then return a.feature < b.feature end
    return tostring(a.platform) < tostring(b.platform)
  end)
  return list
end

-- What rests on a plugin's own statistics is kept apart: nothing that the host computed may borrow its state, and who follows
-- the playbook is to know whose numbers these are.
local function split(findings)
  local computed, own = {}, {}
  for _, finding in ipairs(findings or {}) do
    local list = finding.own and own or computed
    list[#list + 1] = finding
  end
  return computed, own
end

local UNITS = { probability = "points", rho = "correlation", hours = "h", seconds = "s", count = "" }

local function own_items(findings)
  local list = {}
  for _, finding in ipairs(findings) do
    local kind = type_of(finding)
    local nameable = names.safe(finding.subject) and names.safe(finding.own) and kind ~= "content"
    if nameable and STATES[finding.state] and finding.effect then
      local item = finding_item(finding, finding.state)
      item.unit, item.own, item.q = UNITS[finding.unit], finding.own, finding.q or 1
      list[#list + 1] = item
    end
  end
  table.sort(list, function(a, b)
    if STATES[a.state] ~= STATES[b.state] then return STATES[a.state] < STATES[b.state] end
    if a.q ~= b.q then return a.q < b.q end
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
---@param findings table[]? rows { id, table, kind, subject, platform, state, effect, lo, hi, n, q, decision }, kind
--- = the subject's type, or that of the evidence beside subject_type; effects in percent, of facts per standard deviation, of
--- rates (kind "rate") in points; own: the plugin whose own statistics it rests on, with the unit of its effect
---@param opts table? creator or account: his playbook, with the owner's other creators as his prior; works_per_week (as
--- he does); max_tags; groups: by tag, of a group a work has one; fatigue: see plan; seed; prior: by feature { mean, sd }
--- in place of the owner's other creators
---@return table playbook { as_of, who, works, act, avoid, same, try, own, plan, pooled }
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
  local computed, own = split(findings)
  local book = { as_of = world.as_of, works = n, pooled = prior ~= nil, act = {}, avoid = {}, try = {},
    same = no_difference(computed), own = own_items(own), features = #f.names, sigma = state.sigma }
  sort_items(items_of(state, f, used, index_findings(computed)), book)
  other_items(computed, book)
  local per_week = opts.works_per_week or math.max(1, math.min(21, math.floor(used.lately / used.weeks + 0.5)))
  local groups = {}
  for _, i in ipairs(f.tags) do groups[i] = opts.groups and opts.groups[f.names[i]] end
  book.works_per_week = per_week
  book.plan = n == 0 and {} or plan_names(state, f, { works_per_week = per_week, tags = f.tags, blocks = f.blocks,
    groups = groups, max_tags = opts.max_tags, recent = used.recent, fatigue = opts.fatigue,
    generator = model.generator(("%s/%d"):format(opts.seed or opts.creator or opts.account or "", world.as_of // WEEK)) })
  return book
end

return M
