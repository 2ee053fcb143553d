-- The series that weekly trends are about: the views gained a day by all posts with one label on one platform, cut into whole
-- weeks. What is decided here, and why, stands at the head of trend.lua.
local pool = require("tidemark.analysis.trend_pool")
local stats = require("tidemark.stats")
local util = require("tidemark.analysis.util")

local M = {}

local DAY = util.DAY
local MIN_WEEKS = 8 -- fewer give no line worth testing
local LARGE = 1 / 3 -- of the platform's posts: more move the median of the others, so their remaining posts are compared

M.MIN_WEEKS = MIN_WEEKS

-- The labels of a post, each once; a post has the label or has it not.
local function labels_of(row)
  local by = row and row.by
  if by == nil then return {} end
  if type(by) ~= "table" then return { tostring(by) } end
  local seen, list = {}, {}
  for _, label in ipairs(by) do
    label = tostring(label)
    if not seen[label] then
      seen[label] = true
      list[#list + 1] = label
    end
  end
  return list
end

local function platform_of(platforms, name)
  local p = platforms[name]
  if not p then
    p = { name = name, posts = 0, labels = {}, unknown = {}, stops = {} }
    platforms[name] = p
  end
  return p
end

-- How many posts have each label, and from when to when the platform's days are known. The days themselves come in a second
-- pass, for the labels that have enough posts: most have not.
local function survey(posts, extra)
  local platforms = {}
  for i = 1, #posts do
    local post = posts[i]
    local labels, gained = labels_of(extra[i]), post.gained
    local p = #labels > 0 and platform_of(platforms, post.platform)
    if p and (not gained or #gained == 0) then
      for _, label in ipairs(labels) do p.unknown[label] = (p.unknown[label] or 0) + 1 end
    elseif p then
      local last = gained.first_day + #gained - 1
      p.first = math.min(p.first or gained.first_day, gained.first_day)
      p.last = math.max(p.last or last, last)
      local account = post.account or ""
      p.stops[account] = math.max(p.stops[account] or last, last)
      p.posts = p.posts + 1
      for _, label in ipairs(labels) do p.labels[label] = (p.labels[label] or 0) + 1 end
    end
  end
  return platforms
end

local function add_days(series, gained, from)
  local days = series.days
  for i = math.max(1, from - gained.first_day + 1), #gained do
    local at = gained.first_day + i - from
    days[at] = days[at] + math.max(0, gained[i] or 0)
  end
end

local function add_post(series, post)
  local list, begun = series.examples, series.begun
  begun[#begun + 1] = post.published_at and post.published_at // DAY or post.gained.first_day
  list[#list + 1] = { key = post.platform .. ":" .. post.external_id, score = post.score or -math.huge }
  table.sort(list, function(a, b)
    if a.score ~= b.score then return a.score > b.score end
    return a.key < b.key
  end)
  list[6] = nil
end

-- What a post brings in by weeks, counted back from the platform's last day (0 = the last week).
local function weeks_back(gained, p)
  local weeks = {}
  for i = math.max(1, p.from - gained.first_day + 1), #gained do
    local back = (p.last - gained.first_day - i + 1) // 7
    weeks[back] = (weeks[back] or 0) + math.max(0, gained[i] or 0)
  end
  return weeks
end

-- What a large label shares with others, by weeks: a third of all posts moves every other label that is on them, and must not
-- be taken for the platform's movement when it is compared with that.
local function add_shared(list, gained, p)
  local weeks
  for _, large in ipairs(list) do
    for _, other in ipairs(large.large and list or {}) do
      if other ~= large then
        weeks = weeks or weeks_back(gained, p)
        local with = large.shared[other] or { posts = 0 }
        large.shared[other], with.posts = with, with.posts + 1
        for back, sum in pairs(weeks) do with[back] = (with[back] or 0) + sum end
      end
    end
  end
end

-- The daily sums of every label that has enough posts: platform.series, by label.
local function fill(posts, extra, platforms, opts, since)
  local min_posts = opts.min_posts or 10
  for _, p in pairs(platforms) do
    p.from = p.first and math.max(since, p.first)
    p.series = {}
    for _, label in ipairs(util.keys(p.labels)) do
      local series = { platform = p.name, label = label, posts = p.labels[label], days = {}, begun = {}, examples = {} }
      series.few = series.posts < min_posts
      series.large, series.shared = series.posts >= LARGE * p.posts, {}
      for d = 1, series.few and 0 or p.last - p.from + 1 do series.days[d] = 0 end
      p.series[#p.series + 1] = series
      p.labels[label] = series
    end
  end
  for i = 1, #posts do
    local post = posts[i]
    local gained = post.gained
    if gained and #gained > 0 then
      local p, list = platforms[post.platform], {}
      for _, label in ipairs(labels_of(extra[i])) do
        local series = p.labels[label]
        if not series.few then
          add_days(series, gained, p.from)
          add_post(series, post)
          list[#list + 1] = series
        end
      end
      if #list > 1 then add_shared(list, gained, p) end
    end
  end
end

-- Cuts a series' days into whole weeks that end with its last day, from the day `from` on (days are numbered since 1970).
local function cut(series, p, from)
  local skip = math.max(0, from - p.from)
  local days = #series.days - skip
  local weeks = days // 7
  local offset = skip + days - 7 * weeks
  local sums, first = {}, nil
  for k = 1, weeks do
    local sum = 0
    for d = offset + 7 * k - 6, offset + 7 * k do sum = sum + series.days[d] end
    sums[k] = sum
    if sum > 0 and not first then first = k end
  end
  local start = first and first > 1 and first + 1 or 1
  series.late = first and start - 1 or 0
  series.start, series.stop = p.from + offset + 7 * (start - 1), p.last
  series.w, series.sums = {}, {}
  for k = start, weeks do
    series.w[#series.w + 1], series.sums[#series.sums + 1] = math.log(sums[k] + 0.5), sums[k]
  end
  local alive = {}
  for _, day in ipairs(series.begun) do
    local k = (day - series.start) // 7 + 1
    if k >= 1 and k <= #series.w then alive[k] = true end
  end
  series.alive = #util.keys(alive)
  series.middle = math.max(1, stats.median(table.move(sums, start, weeks, 1, {})) or 1)
  series.empty = first == nil
  series.tested = not series.few and not series.empty and series.alive >= MIN_WEEKS
end

--- The platforms with the daily sums of each label's posts.
---@param posts table with `gained`
---@param extra table parallel to posts: by = a label or a list of them
---@param opts table min_posts
---@param world table since, in epoch seconds
---@return table<string, table> platforms by name: series (by label), first and last day, posts, unknown, stops
function M.read(posts, extra, opts, world)
  local platforms = survey(posts, extra)
  fill(posts, extra, platforms, opts, world.since and math.ceil(world.since / DAY) or -math.huge)
  return platforms
end

-- --- weeks -----------------------------------------------------------------------------------------------------------------

-- The day of the latest change of what a view is on this platform, inside its days.
local function definition_change(p, definitions)
  local latest
  for _, d in ipairs(definitions or {}) do
    local day = math.ceil(d.valid_from / DAY)
    if d.platform == p.name and (d.metric or "views") == "views" and day > p.from and day <= p.last then
      latest = math.max(latest or day, day)
    end
  end
  return latest
end

local function tested_of(p)
  local list = {}
  for _, series in ipairs(p.series) do
    if series.tested then list[#list + 1] = series end
  end
  return list
end

--- Cuts a platform's series into weeks.
---@param p table a platform
---@param opts table subject
---@param world table definitions
---@return table[] series that are to be tested: enough posts, enough weeks
function M.prepare(p, opts, world)
  if not p.first then return {} end
  for _, series in ipairs(p.series) do cut(series, p, p.from) end
  local list = tested_of(p)
  if opts.subject ~= "platform" and #list >= pool.ENOUGH then return list end
  local change = definition_change(p, world.definitions)
  if not change then return list end
  for _, series in ipairs(p.series) do
    cut(series, p, change)
    series.cut = change
  end
  return tested_of(p)
end

return M
