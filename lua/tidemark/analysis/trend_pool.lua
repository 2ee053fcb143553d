-- What the weekly series of a platform say about each other's noise: how long it remembers, and how far it scatters.
local stats = require("tidemark.stats")

local M = { ENOUGH = 10 } -- series, for one to learn from the others

local LENT_WEEKS = 4 -- the most that other series may add to a series' own degrees of freedom
local CAUTION_MANY, CAUTION_FEW = 0.3, 0.5 -- standard errors added to the pool's memory from week to week
local RHO_STEP, RHO_STEPS = 0.02, 45

-- What AR(1) errors do to a line through n weeks. With R their correlation and M = I - H the residual maker of the line:
--   r1 = the lag-1 correlation its residuals then show: tr(L M R M) / tr(M R), L = one step back (below rho: the line takes
--   some of it along)
--   df = tr(M R)^2 / tr(M R M R), the degrees of freedom of the residual variance (Satterthwaite)
local function correlated(n, rho)
  local u, ru = { {}, {} }, { {}, {} }
  local half = (n + 1) / 2
  local scale = math.sqrt(n * (n * n - 1) / 12)
  for i = 1, n do u[1][i], u[2][i] = 1 / math.sqrt(n), (i - half) / scale end
  for a = 1, 2 do
    for i = 1, n do
      local sum = 0
      for j = 1, n do sum = sum + rho ^ math.abs(i - j) * u[a][j] end
      ru[a][i] = sum
    end
  end
  local uru = { {}, {} }
  for a = 1, 2 do
    for b = 1, 2 do
      local sum = 0
      for i = 1, n do sum = sum + u[a][i] * ru[b][i] end
      uru[a][b] = sum
    end
  end
  local function mrm(i, j) -- (M R M)[i][j], from H = u1 u1' + u2 u2'
    local v = rho ^ math.abs(i - j)
    for a = 1, 2 do
      v = v - u[a][i] * ru[a][j] - ru[a][i] * u[a][j]
      for b = 1, 2 do v = v + u[a][i] * uru[a][b] * u[b][j] end
    end
    return v
  end
  local trace, lagged, square = n - uru[1][1] - uru[2][2], 0, 0
  for i = 1, n do
    if i > 1 then lagged = lagged + mrm(i - 1, i) end
    for j = 1, n do square = square + mrm(i, j) * rho ^ math.abs(i - j) end
  end
  return { r1 = lagged / trace, df = trace * trace / square }
end

-- The rho whose line through n weeks shows the lag-1 correlation r1 in its residuals; with what it does to the line.
local function memory(table_, n, r1)
  local of = table_[n]
  if not of then
    of = {}
    for step = 0, RHO_STEPS do
      of[step] = correlated(n, step * RHO_STEP)
      of[step].rho = step * RHO_STEP
    end
    table_[n] = of
  end
  local step = 0
  while step < RHO_STEPS and (of[step].r1 + of[step + 1].r1) / 2 < r1 do step = step + 1 end
  return of[step]
end

-- What a value of the series is expected to be from the number of posts: a label that few posts carry comes in single lumps,
-- scatters more and remembers longer. A line on a measure of the posts; the mean where all have as many.
local function by_posts(tested, values, measure)
  local m = #tested
  local x, mx, mv = {}, 0, 0
  for s, series in ipairs(tested) do
    x[s] = measure(series.posts)
    mx, mv = mx + x[s] / m, mv + values[s] / m
  end
  local sxx, sxv = 0, 0
  for s in ipairs(tested) do sxx, sxv = sxx + (x[s] - mx) ^ 2, sxv + (x[s] - mx) * values[s] end
  local slope = m >= M.ENOUGH and sxx > 1e-3 * mx * mx * m and sxv / sxx or 0
  local expected, var = {}, 0
  for s in ipairs(tested) do
    expected[s] = mv + slope * (x[s] - mx)
    var = var + (values[s] - expected[s]) ^ 2
  end
  return expected, var / math.max(1, m - (slope == 0 and 1 or 2))
end

-- The week-to-week memory of each series: the lag-1 correlation of its residuals, drawn towards what the pool expects as far as
-- the series differ no more than so few weeks must (1 / n), plus a part of the pool's standard error: too little is a false
-- trend, too much a missed one. Days do not tell it: what a post brings in decays within days, which looks like a memory and is
-- none by the week.
function M.memories(tested)
  local weeks, chance, r1 = 0, 0, {}
  for s, series in ipairs(tested) do
    local n, f = #series.w, stats.ols_ar1(series.w, { 1 })
    local rss, lagged, before = 0, 0, 0
    for _, e in ipairs(f.residuals) do
      rss, lagged, before = rss + e * e, lagged + e * before, e
    end
    r1[s] = rss > 0 and lagged / rss or 0
    weeks, chance = weeks + n, chance + 1 / n / #tested
  end
  local expected, seen = by_posts(tested, r1, function(posts) return posts ^ -0.5 end)
  local many = #tested >= M.ENOUGH
  local own = many and math.max(0, 1 - chance / seen) or 0
  local caution = (many and CAUTION_MANY or CAUTION_FEW) / math.sqrt(weeks)
  local shapes = {}
  for s, series in ipairs(tested) do
    series.memory = memory(shapes, #series.w, own * r1[s] + (1 - own) * expected[s] + caution)
  end
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

-- How much the series say about each other's variance (Smyth 2004): df = for how many weeks of a series' own the pool's word
-- may stand, and that word for each of them: a variance common to all, the more the fewer posts, beside each one's counting.
function M.lend(tested, fits)
  if #fits < M.ENOUGH then return 0, {} end
  local beyond, z, chance = {}, {}, 0
  for s, f in ipairs(fits) do beyond[s] = f.s2 - f.counting end
  local common = math.max(stats.median(beyond), 1e-6)
  for s, f in ipairs(fits) do
    z[s] = math.log(math.max(f.s2, 1e-12) / (common + f.counting)) - digamma(f.df / 2) + math.log(f.df / 2)
    chance = chance + trigamma(f.df / 2) / #fits
  end
  local expected, seen = by_posts(tested, z, math.log)
  local off, df, word = {}, prior_df(seen - chance), {}
  for s in ipairs(fits) do off[s] = z[s] - expected[s] end
  local middle = stats.median(off) + digamma(df / 2) - math.log(df / 2)
  for s, f in ipairs(fits) do word[s] = (common + f.counting) * math.exp(expected[s] + middle) end
  return math.min(df, LENT_WEEKS), word
end

return M
