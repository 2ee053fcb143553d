-- Weekly trends of the views gained: does what posts of a label (a hashtag, a platform) bring in move over the window?
--
-- A series is the views gained a day by all posts with one label on one platform. Whole weeks are summed, so that the rhythm of
-- the week falls out, and a line is laid through ln(sum + 0.5). Days depend on each other and so do the line's errors: how much
-- is estimated once for a platform, over all its series, robustly (medians), as AR(1) noise plus counting noise. How much a
-- single series scatters is its own residuals' matter, pulled towards the platform's as far as the platform's series are alike.
--
-- Decisions, each for a reason:
--   * with ten series or more the platform's common weekly movement is taken out (a season, an algorithm, a changed definition
--     of a view moves all labels alike); with fewer the series begins at the latest change of that definition
--   * a label that begins inside the window (its first weeks bring nothing) is looked at from the week after its first: that a
--     thing came into being is no trend, and its first week is a part of one
--   * views come in lumps (a post brings its views within days), so labels scatter very differently: how far one variance may
--     be lent to another is estimated (as limma does for genes), never more than four weeks' worth, and not at all below ten
--     series
local stats = require("tidemark.stats")

local M = {}

local DAY = 86400
local MIN_WEEKS = 8 -- fewer give no line worth testing
local COMMON_SERIES = 10 -- a median over fewer would take the series' own movement out
local POOLED_SERIES = 60 -- the platform's noise is known well enough from so many
local LENT_WEEKS = 4 -- the most that other series may add to a series' own degrees of freedom
local LAGS = { 1, 2, 3, 5 }
local WEEK_LAGS = 6
local DETECTABLE = math.log(1.7) -- n.needed: the weeks that show this change in 95 of 100 cases
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
    p = { name = name, labels = {}, unknown = {}, stops = {} }
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
      for _, label in ipairs(labels) do p.labels[label] = (p.labels[label] or 0) + 1 end
    end
  end
  return platforms
end

local function add_days(series, gained, from)
  local days = series.days
  for i = math.max(1, from - gained.first_day + 1), #gained do
    local at = gained.first_day + i - from
    days[at] = days[at] + math.max(0, gained[i])
  end
end

local function add_example(series, post)
  local list = series.examples
  list[#list + 1] = { key = post.platform .. ":" .. post.external_id, score = post.score or -math.huge }
  table.sort(list, function(a, b)
    if a.score ~= b.score then return a.score > b.score end
    return a.key < b.key
  end)
  list[6] = nil
end

-- The daily sums of every label that has enough posts: platform.series, by label.
local function fill(posts, extra, platforms, opts, since)
  local min_posts = opts.min_posts or 10
  for _, p in pairs(platforms) do
    p.from = p.first and math.max(since, p.first)
    p.series = {}
    for _, label in ipairs(sorted_keys(p.labels)) do
      local series = { platform = p.name, label = label, posts = p.labels[label], days = {}, examples = {} }
      series.few = series.posts < min_posts
      for d = 1, series.few and 0 or p.last - p.from + 1 do series.days[d] = 0 end
      p.series[#p.series + 1] = series
      p.labels[label] = series
    end
  end
  for i = 1, #posts do
    local post = posts[i]
    local gained = post.gained
    if gained and #gained > 0 then
      for _, label in ipairs(labels_of(extra[i])) do
        local p = platforms[post.platform]
        local series = p.labels[label]
        if not series.few then
          add_days(series, gained, p.from)
          add_example(series, post)
        end
      end
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
  series.late, series.origin = first and start - 1 or 0, p.from
  series.start, series.stop = p.from + offset + 7 * (start - 1), p.last
  series.w, series.gaining = {}, 0
  for k = start, weeks do
    series.w[#series.w + 1] = math.log(sums[k] + 0.5)
    if sums[k] > 0 then series.gaining = series.gaining + 1 end
  end
  series.all_weeks = weeks
  series.tested = not series.few and series.gaining >= MIN_WEEKS
end

-- --- the noise of a pool of series -----------------------------------------------------------------------------------------

local function running_median(x, half)
  local out = {}
  for t = 1, #x do
    local around = {}
    for u = math.max(1, t - half), math.min(#x, t + half) do around[#around + 1] = x[u] end
    out[t] = stats.median(around)
  end
  return out
end

-- ln(count + 0.5) a day without its weekday: the profile is the median over days and series of what is left when a running
-- median of three weeks is taken off.
local function without_weekday(pool)
  local logs, left = {}, {}
  for wd = 0, 6 do left[wd] = {} end
  for s, series in ipairs(pool) do
    local log = {}
    for d = series.start - series.origin + 1, #series.days do log[#log + 1] = math.log(series.days[d] + 0.5) end
    local level = running_median(log, 10)
    for t = 1, #log do
      local of = left[(series.start + t) % 7]
      of[#of + 1] = log[t] - level[t]
    end
    logs[s] = log
  end
  local profile = {}
  for wd = 0, 6 do profile[wd] = stats.median(left[wd]) or 0 end
  for s, series in ipairs(pool) do
    for t = 1, #logs[s] do logs[s][t] = logs[s][t] - profile[(series.start + t) % 7] end
  end
  return logs
end

-- phi and tau^2 of the pool's AR(1) noise, from the variance of differences: Var(D[t] - D[t-k]) = 2 tau^2 (1 - phi^k) + 2 / mu.
-- Medians within and over the series, so that a burst or a trend in some of them says nothing.
local function ar_pool(pool, logs)
  local v = {}
  for i, lag in ipairs(LAGS) do
    local of = {}
    for s, log in ipairs(logs) do
      local d = {}
      for t = lag + 1, #log do d[#d + 1] = math.abs(log[t] - log[t - lag]) end
      if #d > 0 then of[#of + 1] = (1.4826 * stats.median(d)) ^ 2 - 2 / pool[s].mu end
    end
    v[i] = math.max(stats.median(of) or 0, 1e-4)
  end
  local best, phi, tau2 = math.huge, 0, 1e-4
  for step = 0, 18 do
    local try, vb, bb = step * 0.05, 0, 0
    local b = {}
    for i, lag in ipairs(LAGS) do
      b[i] = 2 * (1 - try ^ lag)
      vb, bb = vb + v[i] * b[i], bb + b[i] * b[i]
    end
    local t2, err = math.max(1e-4, vb / bb), 0
    for i = 1, #LAGS do err = err + ((v[i] - t2 * b[i]) / v[i]) ^ 2 end
    if err < best then best, phi, tau2 = err, try, t2 end
  end
  return phi, tau2
end

-- Autocovariance of the mean of a week under AR(1) plus counting noise, lag 0 first.
local function week_covariance(phi, tau2, mu)
  local c = {}
  for k = 0, WEEK_LAGS - 1 do
    local sum = 0
    for a = 0, 6 do
      for b = 7 * k, 7 * k + 6 do sum = sum + phi ^ math.abs(a - b) end
    end
    c[k] = tau2 * sum / 49 + (k == 0 and 1 / (7 * mu) or 0)
  end
  return c
end

-- --- the line --------------------------------------------------------------------------------------------------------------

-- Least squares with the noise's correlation known: the slope, its variance in units of the noise's (inflate / sxx), and the
-- noise's variance from the residuals.
local function line(w, c)
  local n = #w
  local x, mean = {}, 0
  for i = 1, n do x[i], mean = i - (n + 1) / 2, mean + w[i] / n end
  local sxx, sxw = 0, 0
  for i = 1, n do sxx, sxw = sxx + x[i] * x[i], sxw + x[i] * w[i] end
  local slope, rss, rxx, ones = sxw / sxx, 0, sxx, n
  for i = 1, n do rss = rss + (w[i] - mean - slope * x[i]) ^ 2 end
  for lag = 1, math.min(WEEK_LAGS, n) - 1 do
    local r, sum = c[lag] / c[0], 0
    for i = 1, n - lag do sum = sum + x[i] * x[i + lag] end
    rxx, ones = rxx + 2 * r * sum, ones + 2 * r * (n - lag)
  end
  local inflate = rxx / sxx
  return { slope = slope, n = n, unit = inflate / sxx, s2 = rss / (n - ones / n - inflate), df = n - 2, level = mean }
end

-- psi and psi' by recurrence and their asymptotic series.
local function digamma(x)
  local sum = 0
  while x < 8 do sum, x = sum - 1 / x, x + 1 end
  local y = 1 / (x * x)
  return sum + math.log(x) - 0.5 / x - y * (1 / 12 - y * (1 / 120 - y / 252))
end

local function trigamma(x)
  local sum = 0
  while x < 8 do sum, x = sum + 1 / (x * x), x + 1 end
  local y = 1 / (x * x)
  return sum + 1 / x + y / 2 + y / x * (1 / 6 - y * (1 / 30 - y / 42))
end

-- The degrees of freedom d with trigamma(d / 2) = value.
local function prior_df(value)
  local lo, hi = 0.01, 1000
  if value <= trigamma(hi / 2) then return hi end
  for _ = 1, 60 do
    local mid = (lo + hi) / 2
    if trigamma(mid / 2) > value then lo = mid else hi = mid end
  end
  return lo
end

-- What the platform's series say about each other's variance: s2 / v0 of all of them, v0 = the variance the pooled noise
-- predicts. scale = how far v0 is off in the middle, df = how much of it may be lent (0 = nothing).
local function pooled_variance(fits)
  if #fits < COMMON_SERIES then return 0, 1 end
  local z, expected = {}, 0
  for i, f in ipairs(fits) do
    z[i] = math.log(math.max(f.s2, 1e-12) / f.v0) - digamma(f.df / 2) + math.log(f.df / 2)
    expected = expected + trigamma(f.df / 2) / #fits
  end
  local mean, var = 0, 0
  for i = 1, #z do mean = mean + z[i] / #z end
  for i = 1, #z do var = var + (z[i] - mean) ^ 2 / (#z - 1) end
  local df = prior_df(var - expected)
  return math.min(df, LENT_WEEKS), math.exp(stats.median(z) + digamma(df / 2) - math.log(df / 2))
end

-- The platform's common weekly movement, by median polish over the weeks that end together; taken out of every series.
local function take_common(tested)
  local level, common, most = {}, {}, 0
  for s, series in ipairs(tested) do level[s], most = 0, math.max(most, #series.w) end
  for _ = 1, 4 do
    for back = 0, most - 1 do
      local of = {}
      for s, series in ipairs(tested) do
        local v = series.w[#series.w - back]
        if v then of[#of + 1] = v - level[s] end
      end
      common[back] = stats.median(of)
    end
    for s, series in ipairs(tested) do
      local of = {}
      for k, v in ipairs(series.w) do of[k] = v - common[#series.w - k] end
      level[s] = stats.median(of)
    end
  end
  for _, series in ipairs(tested) do
    for k in ipairs(series.w) do series.w[k] = series.w[k] - common[#series.w - k] end
    series.common = #tested
  end
end

local function noise(tested)
  local pool = table.move(tested, 1, #tested, 1, {})
  for _, series in ipairs(pool) do
    local counts = {}
    for d = series.start - series.origin + 1, #series.days do counts[#counts + 1] = series.days[d] end
    series.mu = math.max(stats.median(counts), 1)
  end
  table.sort(pool, function(a, b)
    if a.mu ~= b.mu then return a.mu > b.mu end
    if a.platform ~= b.platform then return a.platform < b.platform end
    return a.label < b.label
  end)
  for s = #pool, POOLED_SERIES + 1, -1 do pool[s] = nil end
  return ar_pool(pool, without_weekday(pool))
end

-- Tests a pool: the series of one platform, or the platforms' own series.
local function test_pool(tested, opts)
  local phi, tau2 = noise(tested)
  if opts.subject ~= "platform" and #tested >= COMMON_SERIES and opts.common ~= false then take_common(tested) end
  local fits = {}
  for s, series in ipairs(tested) do
    local c = week_covariance(phi, tau2, series.mu)
    fits[s] = line(series.w, c)
    fits[s].v0 = c[0]
    series.fit = fits[s]
  end
  local lent, scale = pooled_variance(fits)
  for s, f in ipairs(fits) do
    f.lent, f.scale, f.phi, f.tau = lent, scale, phi, math.sqrt(tau2)
    -- no series can be calmer than its counting
    f.v = math.max((lent * scale * f.v0 + f.df * f.s2) / (lent + f.df), 1 / (7 * tested[s].mu))
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
    warn(list, "accounts_stop", "%d of the platform's accounts have no days up to %s", stopped, date(p.last))
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
  return { kind = "none", controlled = false, text = text }
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
    platform = p.name, gate = opts.gate or 0.2,
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
  else
    c.n = { unit = "weeks", used = series.gaining, needed = MIN_WEEKS }
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
  c.test = { method = "slope of weekly ln(views + 0.5), AR(1) and counting noise pooled over the platform, moderated variance",
    statistic = f.t, statistic_name = "t", p = f.p, p_kind = "fixed_n", sided = "two" }
  c.adjusted_for = series.common and { "weekday", "common movement of the platform" } or { "weekday" }
  c.params.phi, c.params.tau, c.params.lent_df, c.params.scale = f.phi, f.tau, f.lent, f.scale
  local moves = onset(series)
  c.params.onset = date(moves)
  c.window = { from = iso(series.start), to = iso(series.stop + 1),
    segment = series.cut and "views@" .. date(series.cut) or nil }
  c.values = { posts = series.posts, impact = percent, onset = date(moves), start = date(series.start),
    ["end"] = date(series.stop) }
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
