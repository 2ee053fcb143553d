-- The test of weekly trends: a line through ln(sum + 0.5) of each series, the platform's common movement taken out, and noise
-- that remembers the week before. What is decided here, and why, stands at the head of trend.lua.
local pool = require("tidemark.analysis.trend_pool")
local series_of = require("tidemark.analysis.trend_series")
local stats = require("tidemark.stats")

local M = {}

local COMMON_SERIES = pool.ENOUGH -- a median over fewer would take the series' own movement out
local COMPARED = 60 -- series are enough for a median
local WEEK_LAGS = 12 -- beyond, the memory is nothing
local DETECTABLE = math.log(1.7) -- n.needed: the weeks that show this change in 95 of 100 cases
local POWER = 3.6 -- standard errors between nothing and what a false discovery rate of 5 % finds in 95 of 100 cases

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

--- Tests a pool: the series of one platform, or the platforms' own series. Each gets its fit: slope, v, se, t, tdf, p.
---@param tested table[] series of trend_series.lua
---@param opts table subject, min_posts
function M.pool(tested, opts)
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

--- The day from which the series moves: the knee of the broken line, flat before it, that fits best and moves the way the whole
--- window does.
---@param series table tested
---@return integer day since 1970-01-01
function M.onset(series)
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

--- The weeks that would show a change of x1.7 in 95 of 100 cases, as this series scatters.
---@param f table a series' fit
---@return integer? weeks nil where ten years would not
function M.weeks_needed(f)
  for n = series_of.MIN_WEEKS, 520 do
    local unit = f.unit * f.n * (f.n ^ 2 - 1) / (n * (n ^ 2 - 1))
    if POWER * math.sqrt(unit * f.v) * (n - 1) <= DETECTABLE then return n end
  end
  return nil
end

return M
