-- Posts as the analyses take them, and the works they belong to.
--
-- One work published on six platforms is one work: six rows of it would count the same idea six times (measured: more than
-- half of such findings are false). Its score is the mean over its posts of their metric less their account's median, each
-- weighted by 1 / variance of its platform: a noisy platform says less.

local util = require("tidemark.analysis.util")

local M = {}

---@class tidemark.Row a post, as far as an analysis needs it
---@field key string "platform:external_id"
---@field account string
---@field unit string what moves together: accounts that published a common work are one
---@field group string account and metric definition: what a fixed effect stands for
---@field time number epoch seconds
---@field y number? the metric, where the post may be compared
---@field c number? y less the median of its account and definition
---@field why string? why there is no y
---@field posts tidemark.Row[]? of a work: its posts that have a y

-- What the evidence knows as reasons. Another word from the host is a count that was not there at the age.
local REASONS = {
  no_snapshot_near_age = true, likes_hidden = true, views_null = true, period_window = true, before_definition_change = true,
  straddles_definition_change = true, counter_corrected = true, stale_read = true, too_young = true, deleted = true,
  reupload = true, duplicate = true, quarantined = true, holiday = true, other_platform_missing = true, below_min_views = true,
  no_publish_time = true, no_fact = true, no_baseline = true,
}

local function tag_set(tags)
  local set = {}
  for i = 1, tags and #tags or 0 do set[tags[i]] = true end
  return set
end

local function reason(p)
  if p.straddles then return "straddles_definition_change" end
  if not util.finite(p.published_at) then return "no_publish_time" end
  if REASONS[p.reason] then return p.reason end
  if not util.finite(p.views) then return p.basis == "missing" and "no_snapshot_near_age" or "views_null" end
  return "no_snapshot_near_age"
end

local function row_of(p, extra)
  local row = {
    key = p.platform .. ":" .. p.external_id, platform = p.platform, external_id = p.external_id,
    account = p.account or p.platform .. ":-", content = p.content, time = util.finite(p.published_at),
    hour = util.finite(p.local_hour), tags = tag_set(p.tags), segment = p.segment or "", score = util.finite(p.score),
    views = util.finite(p.views), extra = extra, version = p.ai_version,
  }
  row.work = p.content or row.key
  row.group = row.account .. "@" .. row.segment
  local known, sum = false, 0.0
  for _, name in ipairs { "likes", "comments", "shares", "saves" } do
    local count = util.finite(p[name])
    if count then known, sum = true, sum + count end
  end
  row.rate = known and row.views and row.views > 0 and 100 * sum / row.views or nil
  row.y = not p.straddles and row.time and util.finite(p.y) or nil
  if not row.y then row.why = reason(p) end
  return row
end

local function before(a, b)
  if a.platform ~= b.platform then return a.platform < b.platform end
  return a.external_id < b.external_id
end

-- Accounts joined by common works: the numbers of one are not news beside those of another.
local function units(rows)
  local parent, seen = {}, {}
  local function root(a)
    while parent[a] ~= a do
      parent[a] = parent[parent[a]]
      a = parent[a]
    end
    return a
  end
  for i = 1, #rows do
    local row = rows[i]
    parent[row.account] = parent[row.account] or row.account
    local first = seen[row.work]
    if not first then
      seen[row.work] = row.account
    else
      local a, b = root(first), root(row.account)
      if a < b then parent[b] = a elseif b < a then parent[a] = b end
    end
  end
  for i = 1, #rows do rows[i].unit = root(rows[i].account) end
end

-- y less the median of its account and definition.
local function centre(rows)
  local values = {}
  for i = 1, #rows do
    local row = rows[i]
    if row.y then
      local list = values[row.group] or {}
      values[row.group] = list
      list[#list + 1] = row.y
    end
  end
  local middle = {}
  for group, list in pairs(values) do middle[group] = util.median(list) end
  for i = 1, #rows do
    local row = rows[i]
    if row.y then row.c = row.y - middle[row.group] end
  end
end

--- Posts in one order, whatever order they came in, with what the columns of a regression need.
---@param posts table[] the host's frame, or plain tables
---@param extra table[]? what a rule's functions said of each post
---@return tidemark.Row[]
function M.rows(posts, extra)
  local rows, sorted = {}, true
  for i = 1, #posts do
    rows[i] = row_of(posts[i], extra and extra[i] or {})
    sorted = sorted and (i == 1 or before(rows[i - 1], rows[i]))
  end
  if not sorted then table.sort(rows, before) end
  units(rows)
  centre(rows)
  return rows
end

--- 1 / variance of the centred metric, per platform. A platform whose posts do not differ says nothing of its noise: it
--- weighs what the others weigh in the middle.
---@param rows tidemark.Row[]
---@return table<string, number>
function M.weights(rows)
  local values, weights, known = {}, {}, {}
  for i = 1, #rows do
    local row = rows[i]
    if row.c then
      values[row.platform] = values[row.platform] or {}
      table.insert(values[row.platform], row.c)
    end
  end
  for _, platform in ipairs(util.keys(values)) do
    local variance = util.variance(values[platform])
    if variance and variance > 1e-12 then
      weights[platform] = 1 / variance
      known[#known + 1] = 1 / variance
    end
  end
  local usual = util.median(known) or 1.0
  for platform in pairs(values) do weights[platform] = weights[platform] or usual end
  return weights
end

local SMALL = 5 -- works of one set of accounts, below which they share the effect of what moves together

local function finish(work)
  local sum, weight, time, accounts = 0.0, 0.0, nil, {}
  for _, post in ipairs(work.posts) do
    sum, weight = sum + post.c * post.weight, weight + post.weight
    time = math.min(time or post.time, post.time)
  end
  for group in pairs(work.groups) do accounts[#accounts + 1] = group end
  table.sort(accounts)
  work.group, work.groups = table.concat(accounts, " "), nil
  work.y, work.time = weight > 0 and sum / weight or nil, time
  work.c = work.y
end

local function work_of(row)
  return {
    key = row.work, work = row.work, content = row.content, unit = row.unit, tags = {}, posts = {}, groups = {}, all = {},
  }
end

local function share_small_groups(works)
  local size = {}
  for _, work in ipairs(works) do
    if work.y then size[work.group] = (size[work.group] or 0) + 1 end
  end
  for _, work in ipairs(works) do
    if (size[work.group] or 0) < SMALL then work.group = work.unit .. " and what shares works with it" end
  end
end

--- One row per work: y = its weighted mean score, posts = those of its posts that have one, tags = of all of them, group =
--- the sorted set of the accounts (and definitions) it was published on.
---@param rows tidemark.Row[]
---@return tidemark.Row[] works in order of their first post
function M.works(rows)
  local weights, by_id, works = M.weights(rows), {}, {}
  for i = 1, #rows do
    local row = rows[i]
    local work = by_id[row.work]
    if not work then
      work = work_of(row)
      by_id[row.work], works[#works + 1] = work, work
    end
    work.groups[row.group] = true
    work.all[#work.all + 1] = row
    for tag in pairs(row.tags) do work.tags[tag] = true end
    if row.c then
      row.weight = weights[row.platform]
      work.posts[#work.posts + 1] = row
    else
      work.why = row.why
    end
  end
  for _, work in ipairs(works) do finish(work) end
  share_small_groups(works)
  return works
end

--- Those that can be compared, and a count of why the others cannot.
---@param rows tidemark.Row[]
---@param unit "posts"|"works"
---@return tidemark.Row[] usable
---@return table[] excluded { reason, count, unit }, in order of the reason
function M.usable(rows, unit)
  local usable, counts = {}, {}
  for i = 1, #rows do
    local row = rows[i]
    if row.y then
      usable[#usable + 1] = row
    else
      local why = row.why or "no_snapshot_near_age"
      counts[why] = (counts[why] or 0) + 1
    end
  end
  local excluded = {}
  for _, why in ipairs(util.keys(counts)) do
    excluded[#excluded + 1] = { reason = why, count = counts[why], unit = unit }
  end
  return usable, excluded
end

--- The rows of one platform.
---@param rows tidemark.Row[]
---@return table<string, tidemark.Row[]>
function M.by_platform(rows)
  local out = {}
  for i = 1, #rows do
    local row = rows[i]
    out[row.platform] = out[row.platform] or {}
    table.insert(out[row.platform], row)
  end
  return out
end

--- For each post the mean centred metric of the same work's posts on other platforms: how good the work is, seen elsewhere.
--- `less` may take out what is known of another post.
---@param rows tidemark.Row[]
---@param platform string
---@param less (fun(row: tidemark.Row): number)?
---@return table<string, number> by work; no entry where there is no other post
function M.elsewhere(rows, platform, less)
  local sum, count, out = {}, {}, {}
  for i = 1, #rows do
    local row = rows[i]
    if row.platform ~= platform and row.c then
      sum[row.work] = (sum[row.work] or 0.0) + row.c - (less and less(row) or 0.0)
      count[row.work] = (count[row.work] or 0) + 1
    end
  end
  for work, total in pairs(sum) do out[work] = total / count[work] end
  return out
end

return M
