-- Weekly trends of the views gained: does what posts of a label (a hashtag, a platform) bring in move over the window?
--
-- A series is the views gained a day by all posts with one label on one platform. Whole weeks are summed, so that the rhythm of
-- the week falls out, and a line is laid through ln(sum + 0.5). A good week is often followed by a good one: how much so is
-- estimated once for a platform, from the residuals of all its series (AR(1)). How much a single series scatters is its own
-- residuals' matter, pulled towards the platform's as far as the platform's series are alike.
--
-- Decisions, each for a reason:
--   * with ten series or more the platform's common weekly movement is taken out (a season, an algorithm, a changed definition
--     of a view moves all labels alike); with fewer the series begins at the latest change of that definition
--   * a label on many posts moves the other labels of these posts as well: it is compared with what the others bring in without
--     them (x2.5 on a third of all posts would be seen as x1.7)
--   * a label that begins inside the window (its first weeks bring nothing) is looked at from the week after its first: that a
--     thing came into being is no trend, and its first week is a part of one
--   * views come in lumps (a post brings its views within days), so labels scatter very differently: how far one variance may
--     be lent to another is estimated, never for more than four weeks of a series' own, and not at all below ten series
local jsonlist = require("tidemark.jsonlist")
local pool = require("tidemark.analysis.trend_pool")
local stats = require("tidemark.stats")

local M = {}

local DAY = 86400
local MIN_WEEKS = 8 -- fewer give no line worth testing
local COMMON_SERIES = pool.ENOUGH -- a median over fewer would take the series' own movement out
local LARGE = 1 / 3 -- of the platform's posts: more move the median of the others, so their remaining posts are compared
local COMPARED = 60 -- series are enough for a median
local WEEK_LAGS = 12 -- beyond, the memory is nothing
local DETECTABLE = math.log(1.7) -- n.needed: the weeks that show this change in 95 of 100 cases
local GATE = 0.2
local MENTIONED = 3 -- a label that fewer posts carry is not even named as having too little
local POWER = 3.6 -- standard errors between nothing and what a false discovery rate of 5 % finds in 95 of 100 cases

local function date(day) return os.date("!%Y-%m-%d", day * DAY) end

local function sorted_keys(t)
  local keys = {}
  for k in pairs(t) do keys[#keys + 1] = k end
  table.sort(keys)
  return keys
end

-- --- from posts to series ------------------------------------------------------------------------------------------------

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
    for _, label in ipairs(sorted_keys(p.labels)) do
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
  series.alive = #sorted_keys(alive)
  series.middle = math.max(1, stats.median(table.move(sums, start, weeks, 1, {})) or 1)
  series.empty = first == nil
  series.tested = not series.few and not series.empty and series.alive >= MIN_WEEKS
end

-- --- the test -------------------------------------------------------------------------------------------------------------

-- The common weekly movement of series that end together, by median polish: by weeks back, about 0.
local function movement(list)
  local level, common, most = {}, {}, 0
  for s, w in ipairs(list) do level[s], most = 0, math.max(most, #w) end
  for _ = 1, 4 do
    for back = 0, most - 1 do
      local of = {}
      for s, w in ipairs(list) do
        local v = w[#w - back]
        if v then of[#of + 1] = v - level[s] end
      end
      common[back] = stats.median(of)
    end
    for s, w in ipairs(list) do
      local of = {}
      for k, v in ipairs(w) do of[k] = v - common[#w - k] end
      level[s] = stats.median(of)
    end
  end
  return common
end

-- The other series without the posts they share with a large one; the ones of which enough posts are left.
local function without(large, tested, min_posts)
  local list = {}
  for _, series in ipairs(tested) do
    local with = large.shared[series]
    if series ~= large and #list < COMPARED and series.posts - (with and with.posts or 0) >= min_posts then
      local w, n = {}, #series.w
      for k = 1, n do w[k] = math.log(math.max(0, series.sums[k] - (with and with[n - k] or 0)) + 0.5) end
      list[#list + 1] = w
    end
  end
  return list
end

-- Takes the platform's common movement out of every series.
local function take_common(tested, opts)
  local largest, all, own = table.move(tested, 1, #tested, 1, {}), {}, {}
  table.sort(largest, function(a, b)
    if a.posts ~= b.posts then return a.posts > b.posts end
    return a.label < b.label
  end)
  for s, series in ipairs(tested) do all[s] = series.w end
  local common = movement(all)
  for s, series in ipairs(tested) do
    local list = series.large and next(series.shared) and without(series, largest, opts.min_posts or 10) or {}
    own[s] = #list >= COMMON_SERIES - 1 and movement(list) or common
    series.common = own[s] ~= common and #list or #tested
  end
  for s, series in ipairs(tested) do
    local w = {}
    -- a week that only this series has is left as it is
    for k, v in ipairs(series.w) do w[k] = v - (own[s][#series.w - k] or 0) end
    series.w = w
  end
end

-- Tests a pool: the series of one platform, or the platforms' own series.
local function test_pool(tested, opts)
  if opts.subject ~= "platform" and #tested >= COMMON_SERIES then take_common(tested, opts) end
  pool.memories(tested)
  local fits = {}
  for s, series in ipairs(tested) do
    local rho, lags = series.memory.rho, {}
    for k = 0, WEEK_LAGS - 1 do lags[k + 1] = rho ^ k end
    local f = stats.ols_ar1(series.w, lags)
    fits[s] = { n = #series.w, slope = f.slope, unit = f.factor, s2 = f.s2, df = series.memory.df, rho = rho,
      counting = 1 / series.middle }
    series.fit = fits[s]
  end
  local lent, word = pool.lend(tested, fits)
  for s, f in ipairs(fits) do
    f.lent = lent
    f.v = (lent * (word[s] or 0) + f.df * f.s2) / (lent + f.df)
    f.v = math.max(f.v, f.counting) -- no series can be calmer than its counting
    f.se, f.tdf = math.sqrt(f.unit * f.v), lent + f.df
    f.t = f.slope / f.se
    f.p = stats.t_sf2(f.t, f.tdf)
  end
end

-- The day from which the series moves: the knee of the broken line, flat before it, that fits best and moves the way the whole
-- window does.
local function onset(series)
  local w, f = series.w, series.fit
  local n, best, at = #w, math.huge, 0
  for knee = 0, n - 3 do
    local x, mx, mw = {}, 0, 0
    for i = 1, n do
      x[i] = math.max(0, i - 1 - knee)
      mx, mw = mx + x[i] / n, mw + w[i] / n
    end
    local sxx, sxw, sww = 0, 0, 0
    for i = 1, n do
      sxx, sxw, sww = sxx + (x[i] - mx) ^ 2, sxw + (x[i] - mx) * (w[i] - mw), sww + (w[i] - mw) ^ 2
    end
    local rss = sww - sxw * sxw / sxx
    if sxw * f.slope >= 0 and rss < best - 1e-12 then best, at = rss, knee end
  end
  return series.start + 7 * at
end

-- The weeks that would show a change of x1.7 in 95 of 100 cases, as this series scatters.
local function weeks_needed(f)
  for n = MIN_WEEKS, 520 do
    local unit = f.unit * f.n * (f.n ^ 2 - 1) / (n * (n ^ 2 - 1))
    if POWER * math.sqrt(unit * f.v) * (n - 1) <= DETECTABLE then return n end
  end
  return nil
end

-- --- what comes out --------------------------------------------------------------------------------------------------------

local function warn(list, code, text, ...) list[#list + 1] = { code = code, text = text:format(...) } end

local function warnings_of(series, p, opts)
  local list = {}
  if series.late > 0 then
    warn(list, "starts_late", "nothing before %s: the series begins with the week after its first", date(series.start - 7))
  end
  if series.cut then
    warn(list, "definition_change", "%s counts a view differently since %s: the series begins there", p.name, date(series.cut))
  end
  if series.tested and opts.subject ~= "platform" and not series.common then
    warn(list, "few_series", "fewer than %d series of %s: what moves all of it could not be taken out", COMMON_SERIES, p.name)
  end
  local stopped = 0
  for _, last in pairs(p.stops) do
    if last < p.last - 2 then stopped = stopped + 1 end
  end
  if stopped > 0 then
    warn(list, "accounts_stop", "%d of the platform's accounts %s no days up to %s", stopped, stopped == 1 and "has" or "have",
      date(p.last))
  end
  return list
end

local function baseline_of(series, opts)
  if series.common then
    return { kind = "platform_common_movement", controlled = true, n = series.common,
      text = ("the median weekly movement of %d series of the platform"):format(series.common) }
  end
  local text = opts.subject == "platform" and "the platform's own level at the start of the window"
    or "the label's own level at the start of the window"
  return { kind = "own_level", controlled = false, text = text }
end

local function excluded_of(series, p)
  local list = {}
  if series.cut then
    list[1] = { reason = "before_definition_change", count = series.cut - p.from, unit = "days" }
  end
  local unknown = p.unknown[series.label]
  if unknown then list[#list + 1] = { reason = "views_null", count = unknown, unit = "posts" } end
  return list
end

local function iso(day) return date(day) .. "T00:00:00Z" end

local function shell(series, p, opts)
  local examples = {}
  for i, e in ipairs(series.examples) do examples[i] = e.key end
  return {
    platform = p.name, kind = "trend", gate = math.log(1 + (opts.gate or GATE)),
    subject = { type = opts.subject or "hashtag", key = series.label,
      label = opts.subject == "platform" and series.label or "#" .. series.label },
    baseline = baseline_of(series, opts), excluded = excluded_of(series, p), adjusted_for = {},
    warnings = warnings_of(series, p, opts), params = { min_posts = opts.min_posts or 10, posts = series.posts },
    examples = examples, values = { posts = series.posts },
  }
end

local function insufficient(series, p, opts)
  local c = shell(series, p, opts)
  c.status = "insufficient"
  if series.few then
    c.n = { unit = "posts", used = series.posts, needed = opts.min_posts or 10 }
    c.why = ("%d of %d posts"):format(c.n.used, c.n.needed)
  else
    c.n = { unit = "weeks", used = series.alive, needed = MIN_WEEKS }
    c.why = ("%d of %d weeks with new posts"):format(c.n.used, c.n.needed)
    if series.empty then c.n.used, c.why = 0, "no views gained" end
  end
  return c
end

local function tested(series, p, opts)
  local c, f = shell(series, p, opts), series.fit
  local span = f.n - 1
  local total, se = f.slope * span, f.se * span
  local reach = stats.t_quantile(0.975, f.tdf) * se
  local percent = 100 * (math.exp(total) - 1)
  c.status = "tested"
  c.n = { unit = "weeks", used = f.n, needed = weeks_needed(f) }
  c.effect = { raw = total, unit = "log_count", se = se, df = f.tdf, percent = percent }
  c.interval = { lo = total - reach, hi = total + reach, level = 0.95, method = "ols_ar1", unit = "log_count" }
  c.test = { method = "slope of weekly ln(views + 0.5), AR(1) errors pooled over the platform, moderated variance",
    statistic = f.t, statistic_name = "t", p = f.p, p_kind = "fixed_n", sided = "two" }
  c.adjusted_for = series.common and { "weekday", "common movement of the platform" } or { "weekday" }
  c.params.rho, c.params.sd, c.params.lent_df = f.rho, math.sqrt(f.v), f.lent
  local moves = onset(series)
  c.params.onset = date(moves)
  c.window = { from = iso(series.start), to = iso(series.stop + 1),
    segment = series.cut and "views@" .. date(series.cut) or nil }
  c.values = { posts = series.posts, impact = percent, onset = date(moves), start = date(series.start),
    ["end"] = date(series.stop), series = jsonlist.array(series.sums) }
  return c
end

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

-- Cuts a platform's series into weeks; the ones to be tested.
local function prepare(p, opts, world)
  if not p.first then return {} end
  for _, series in ipairs(p.series) do cut(series, p, p.from) end
  local list = tested_of(p)
  if opts.subject ~= "platform" and #list >= COMMON_SERIES then return list end
  local change = definition_change(p, world.definitions)
  if not change then return list end
  for _, series in ipairs(p.series) do
    cut(series, p, change)
    series.cut = change
  end
  return tested_of(p)
end

--- Weekly trends of the views gained.
---@param posts table posts with `gained` = { first_day = days since 1970-01-01 UTC, [1..n] = views gained that day }
---@param extra table parallel to posts: extra[i].by = the post's label or list of labels, nil for none
---@param opts { subject: "hashtag"|"platform"|nil, min_posts: integer?, gate: number? } gate: the least relative change, 0.2
---@param world { since: number?, definitions: table? } since in epoch seconds; definitions: { platform, metric, valid_from }
---@return table[] candidates by platform and label; effect = ln of the change from the window's first week to its last
function M.run(posts, extra, opts, world)
  extra = extra or {}
  local platforms = survey(posts, extra)
  fill(posts, extra, platforms, opts, world.since and math.ceil(world.since / DAY) or -math.huge)
  local out, together = {}, {}
  for _, name in ipairs(sorted_keys(platforms)) do
    local list = prepare(platforms[name], opts, world)
    if opts.subject == "platform" then
      table.move(list, 1, #list, #together + 1, together)
    elseif #list > 0 then
      test_pool(list, opts)
    end
  end
  if #together > 0 then test_pool(together, opts) end
  for _, name in ipairs(sorted_keys(platforms)) do
    local p = platforms[name]
    for _, series in ipairs(p.series) do
      if series.tested then
        out[#out + 1] = tested(series, p, opts)
      elseif series.posts >= MENTIONED or opts.subject == "platform" then
        out[#out + 1] = insufficient(series, p, opts)
      end
    end
  end
  return out
end

return M
