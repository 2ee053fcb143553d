-- The statistics through their binding. The module is the sandbox's own code, built for plain Lua.
local stats = require("tidemark.stats")
local payloads = require("lib.payloads")

local function near(want, got, tol)
  assert.equal("number", type(got))
  local off = math.abs(want - got)
  if off > (tol or 1e-9) * math.max(1e-300, math.abs(want)) and off > 1e-14 then
    error(("%.17g, expected %.17g"):format(got, want), 2)
  end
end

local function no_answer(text, value, why)
  assert.is_nil(value)
  assert.equal("string", type(why))
  assert.truthy(why:find(text, 1, true), why)
end

local function rows_where(list, value)
  local rows = {}
  for i, v in ipairs(list) do
    if v == value then rows[#rows + 1] = i end
  end
  return rows
end

-- n rows: a normal covariate, a tag, a group and a y that depends on all of them; the noise grows with the covariate.
local function world(n, groups, seed)
  local g = stats.generator(seed)
  local w = { n = n, x = {}, tag = {}, group = {}, y = {} }
  for i = 1, n do
    w.x[i] = g:normal()
    w.tag[i] = g:uniform() < 0.3 and 1 or 0
    w.group[i] = g:integer(groups)
    w.y[i] = w.group[i] + 0.5 * w.x[i] - 0.25 * w.tag[i] + (1 + math.abs(w.x[i])) * g:normal()
  end
  return w
end

local function absorbed(w)
  local d = stats.design(w.n)
  d:absorb(w.group)
  return d, d:add(w.x), d:indicator(rows_where(w.tag, 1))
end

-- (X'X)^-1, X'y by the matrix functions: what the regression must agree with.
local function normal_equations(columns, y)
  local a, b = {}, {}
  for j, u in ipairs(columns) do
    a[j], b[j] = {}, 0
    for k, v in ipairs(columns) do
      a[j][k] = 0
      for i = 1, #y do a[j][k] = a[j][k] + u[i] * v[i] end
    end
    for i = 1, #y do b[j] = b[j] + u[i] * y[i] end
  end
  return assert(stats.inverse(a)), assert(stats.solve(a, b))
end

describe("a regression", function()
  it("gives the solution of a small one known by hand", function()
    -- y = 1, 2, 2, 4 over x = 0 … 3: slope .9, intercept .9, rss .7
    local d = stats.design(4)
    local one, x = d:add({ 1, 1, 1, 1 }), d:add({ 0, 1, 2, 3 })
    local fit = assert(stats.ols(d, { 1, 2, 2, 4 }, { cov = "classic" }))
    assert.same({ 4, 2, 2.0 }, { fit.n, fit.rank, fit.df })
    local b, se = fit:coef(x)
    near(0.9, b)
    near(math.sqrt(0.35 / 5), se)
    near(0.9, (fit:coef(one)))
    near(0.7, fit.rss)
    near(math.sqrt(0.35), fit:sigma())
    local e = fit:residuals()
    for i, want in ipairs({ 0.1, 0.2, -0.7, 0.4 }) do near(want, e[i]) end
  end)

  it("has the HC3 errors of the formula", function()
    local w = world(60, 3, 11)
    local one = {}
    for i = 1, w.n do one[i] = 1 end
    local columns = { one, w.x, w.tag }
    local inverse, b = normal_equations(columns, w.y)
    local meat = { { 0, 0, 0 }, { 0, 0, 0 }, { 0, 0, 0 } }
    for i = 1, w.n do
      local e, h = w.y[i], 0
      for j = 1, 3 do
        e = e - b[j] * columns[j][i]
        for k = 1, 3 do h = h + columns[j][i] * inverse[j][k] * columns[k][i] end
      end
      local u = e / (1 - h)
      for j = 1, 3 do
        for k = 1, 3 do meat[j][k] = meat[j][k] + u * u * columns[j][i] * columns[k][i] end
      end
    end
    local d = stats.design(w.n)
    for _, c in ipairs(columns) do d:add(c) end
    local fit = assert(stats.ols(d, w.y))
    for j = 1, 3 do
      local var = 0
      for k = 1, 3 do
        for l = 1, 3 do var = var + inverse[j][k] * meat[k][l] * inverse[l][j] end
      end
      local got, se = fit:coef(j)
      near(b[j], got, 1e-10)
      near(math.sqrt(var), se, 1e-10)
    end
  end)

  it("takes absorbed groups out as columns of their own would, errors included", function()
    for _, cov in ipairs({ "hc3", "classic" }) do
      local w = world(500, 12, 3)
      local d, x, tag = absorbed(w)
      local e = stats.design(w.n)
      for g = 1, 12 do e:indicator(rows_where(w.group, g)) end
      local ex, etag = e:add(w.x), e:indicator(rows_where(w.tag, 1))
      local a, b = assert(stats.ols(d, w.y, { cov = cov })), assert(stats.ols(e, w.y, { cov = cov }))
      assert.equal(a.df, b.df)
      assert.equal(12, a.groups)
      for mine, theirs in pairs({ [x] = ex, [tag] = etag }) do
        local b1, se1 = a:coef(mine)
        local b2, se2 = b:coef(theirs)
        near(b2, b1, 1e-10)
        near(se2, se1, 1e-10)
      end
      local est1, s1 = a:contrast({ [x] = 1, [tag] = -2 })
      local est2, s2 = b:contrast({ [ex] = 1, [etag] = -2 })
      near(est2, est1, 1e-10)
      near(s2, s1, 1e-10)
      near(b:cov(ex, etag), a:cov(x, tag), 1e-9)
    end
  end)

  it("says nothing of a column that earlier ones explain, and keeps the others", function()
    local w = world(200, 4, 5)
    local d, x, tag = absorbed(w)
    local before = assert(stats.ols(d, w.y))
    local twice, constant = {}, {}
    for i = 1, w.n do twice[i], constant[i] = 3 * w.x[i] - w.tag[i], w.group[i] end
    local same, within = d:add(twice), d:add(constant)
    local late = {}
    for i = 1, w.n do late[i] = (i % 7) * 1.0 end
    local free = d:add(late)
    local fit = assert(stats.ols(d, w.y))
    assert.equal(3, fit.rank)
    assert.equal(before.df - 1, fit.df)
    no_answer("combination of earlier ones", fit:coef(same))
    no_answer("combination of earlier ones", fit:coef(within))
    no_answer("combination of earlier ones", fit:contrast({ [x] = 1, [same] = 1 }))
    assert.equal("number", type((fit:coef(free))))
    local other = stats.design(w.n)
    other:absorb(w.group)
    other:add(w.x)
    other:indicator(rows_where(w.tag, 1))
    other:add(late)
    local clean = assert(stats.ols(other, w.y))
    for mine, theirs in pairs({ [x] = 1, [tag] = 2, [free] = 3 }) do
      local b1, se1 = fit:coef(mine)
      local b2, se2 = clean:coef(theirs)
      near(b2, b1, 1e-9)
      near(se2, se1, 1e-9)
    end
  end)

  it("over some of the rows is that of a design of those rows", function()
    local w = world(300, 5, 8)
    local rows, part = {}, { n = 0, x = {}, tag = {}, group = {}, y = {} }
    for i = 1, w.n do
      if i % 3 ~= 0 then
        rows[#rows + 1], part.n = i, part.n + 1
        for _, key in ipairs({ "x", "tag", "group", "y" }) do part[key][part.n] = w[key][i] end
      else
        w.y[i] = nil
      end
    end
    local fit, want = assert(stats.ols(absorbed(w), w.y, { rows = rows })), assert(stats.ols(absorbed(part), part.y))
    assert.equal(200, fit.n)
    for j = 1, 2 do
      local b1, se1 = fit:coef(j)
      local b2, se2 = want:coef(j)
      near(b2, b1, 1e-12)
      near(se2, se1, 1e-12)
    end
    assert.equal(200, #fit:residuals())
  end)

  it("of 20,000 rows, in blocks, agrees with the normal equations", function()
    local w = world(20000, 2, 21)
    local one, cube = {}, {}
    for i = 1, w.n do one[i], cube[i] = 1, (i / w.n) ^ 3 end
    local d = stats.design(w.n)
    for _, c in ipairs({ one, w.x, w.tag, cube }) do d:add(c) end
    local fit = assert(stats.ols(d, w.y, { cov = "classic" }))
    local inverse, b = normal_equations({ one, w.x, w.tag, cube }, w.y)
    for j = 1, 4 do
      local got, se = fit:coef(j)
      near(b[j], got, 1e-9)
      near(fit:sigma() * math.sqrt(inverse[j][j]), se, 1e-9)
    end
  end)

  it("keeps the digits of a covariate far from 0 inside groups", function()
    local w = world(200, 4, 9)
    local far = {}
    for i = 1, w.n do far[i] = w.x[i] + 1e8 end
    local d, e = stats.design(w.n), stats.design(w.n)
    d:absorb(w.group)
    e:absorb(w.group)
    local near_b = assert(stats.ols(d, w.y, { rows = (function() d:add(w.x) end)() })):coef(1)
    e:add(far)
    near(near_b, (assert(stats.ols(e, w.y)):coef(1)), 1e-6)
  end)

  it("names what it cannot use", function()
    local d = stats.design(5)
    no_answer("no columns", stats.ols(d, { 1, 2, 3, 4, 5 }))
    local x = d:add({ 1, 2, 0 / 0, 4, 5 })
    no_answer("column 1, row 3: a value is infinite or not a number", stats.ols(d, { 1, 2, 3, 4, 6 }))
    no_answer("y, row 4: a value", stats.ols(d, { 1, 2, 3, 1 / 0, 6 }, { rows = { 1, 2, 4, 5 } }))
    no_answer("y, row 5: a value", stats.ols(d, { 1, 2, 3, 4 }, { rows = { 1, 2, 4, 5 } }))
    no_answer("no rows", stats.ols(d, { 1, 2, 3, 4, 6 }, { rows = {} }))
    no_answer("no degrees of freedom", stats.ols(d, { 1, 2, 3, 4, 6 }, { rows = { 1 } }))
    no_answer("explain y completely", stats.ols(d, { 2, 4, 6, 8, 10 }, { rows = { 1, 2, 4, 5 } }))
    no_answer("explain y completely", stats.ols(d, { 0, 0, 0, 0, 0 }, { rows = { 1, 2, 4, 5 } }))
    local e = stats.design(4)
    e:absorb({ "a", "a", "b", "b" })
    e:add({ 7, 7, 8, 8 })
    no_answer("no column varies", stats.ols(e, { 1, 2, 3, 5 }))
    assert.has_error(function() stats.design(-1) end)
    assert.has_error(function() d:add({ 1, 2, 3, 4, 5, 6 }) end)
    assert.has_error(function() d:add({ 1, "x", 3, 4, 5 }) end)
    assert.has_error(function() d:indicator({ 6 }) end)
    assert.has_error(function() d:indicator({ 1.5 }) end)
    assert.has_error(function() e:absorb({ 1, 1, 1, 1 }) end)
    assert.has_error(function() d:absorb({ 1, 2 }) end)
    assert.has_error(function() stats.ols(d, { 1, 2, 3, 4, 5 }, { rows = { 0 } }) end)
    assert.has_error(function() stats.ols(d, { 1, 2, 3, 4, 5 }, { cov = "hc9" }) end)
    assert.has_error(function() stats.ols({}, { 1 }) end)
    local fit = assert(stats.ols(d, { 1, 2, 0, 3, 7 }, { rows = { 1, 2, 4, 5 } }))
    assert.has_error(function() fit:coef(2) end)
    assert.has_error(function() fit:contrast({ [2] = 1 }) end)
    no_answer("no weights", fit:contrast({}))
    no_answer("infinite", fit:contrast({ [x] = 1 / 0 }))
  end)
end)

describe("a jackknife", function()
  it("is the regression without each cluster", function()
    local w = world(400, 9, 13)
    local d, _, tag = absorbed(w)
    local clusters = {}
    for i = 1, w.n do clusters[i] = "c" .. (w.group[i] + 1) // 2 end -- two groups a cluster, the last one alone
    local found = assert(stats.jackknife(d, w.y, clusters, tag))
    near((assert(stats.ols(d, w.y)):coef(tag)), found.b, 1e-9)
    local order, seen, mean, squares = {}, {}, 0, 0
    for i = 1, w.n do
      if not seen[clusters[i]] then seen[clusters[i]], order[#order + 1] = true, clusters[i] end
    end
    assert.equal(#order, found.clusters)
    for k, name in ipairs(order) do
      local rows = {}
      for i = 1, w.n do
        if clusters[i] ~= name then rows[#rows + 1] = i end
      end
      near((assert(stats.ols(d, w.y, { rows = rows })):coef(tag)), found.estimates[k], 1e-9)
      mean = mean + found.estimates[k] / #order
    end
    for _, v in ipairs(found.estimates) do squares = squares + (v - mean) ^ 2 end
    near(math.sqrt((#order - 1) / #order * squares), found.se, 1e-9)
  end)

  it("leaves out a time column that only the left-out cluster had", function()
    local w = world(90, 3, 17)
    local d, x = absorbed(w)
    local late = {}
    for i = 1, w.n do late[i] = w.group[i] == 2 and i % 2 or 0 end
    d:add(late)
    local found = assert(stats.jackknife(d, w.y, w.group, x))
    local rows = {}
    for i = 1, w.n do
      if w.group[i] ~= 2 then rows[#rows + 1] = i end
    end
    local at = 1
    local seen = {}
    for i = 1, w.n do
      if w.group[i] == 2 then break end
      if not seen[w.group[i]] then seen[w.group[i]], at = true, at + 1 end
    end
    near((assert(stats.ols(d, w.y, { rows = rows })):coef(x)), found.estimates[at], 1e-9)
  end)

  it("refuses what it cannot do", function()
    local w = world(60, 3, 19)
    local d, x = absorbed(w)
    local all, split, only = {}, {}, {}
    for i = 1, w.n do all[i], split[i], only[i] = 1, i % 2, w.group[i] == 2 and i % 2 or 0 end
    no_answer("two clusters or more", stats.jackknife(d, w.y, all, x))
    no_answer("lies in more than one cluster", stats.jackknife(d, w.y, split, x))
    local lone = d:add(only)
    no_answer("without cluster 2 the coefficient cannot be estimated", stats.jackknife(d, w.y, w.group, lone))
    local within = d:add(w.group)
    no_answer("combination of the others", stats.jackknife(d, w.y, w.group, within))
    assert.has_error(function() stats.jackknife(d, w.y, w.group, 9) end)
    assert.has_error(function() stats.jackknife(d, w.y, { 1 }, x) end)
  end)
end)

describe("a line with correlated errors", function()
  it("is plain least squares where nothing is correlated", function()
    local y, n = { 1, 3, 2, 5, 4, 6 }, 6
    local line = assert(stats.ols_ar1(y, { 1 }))
    local d = stats.design(n)
    d:add({ 1, 1, 1, 1, 1, 1 })
    d:add({ 0, 1, 2, 3, 4, 5 })
    local fit = assert(stats.ols(d, y, { cov = "classic" }))
    local b, se = fit:coef(2)
    near(b, line.slope)
    near(se, line.se)
    near(fit:sigma() ^ 2, line.s2)
    near((fit:coef(1)), line.intercept)
    assert.equal(4.0, line.df)
  end)

  it("has the variance of the slope under the given correlations", function()
    local y, rho, n = { 2, 1, 4, 3, 7, 5, 6, 9 }, { 1, 0.6, 0.3, 0.1 }, 8
    local line = assert(stats.ols_ar1(y, rho))
    local function R(i, k) return rho[math.abs(i - k) + 1] or 0 end
    local x, sxx, xrx, trace = {}, 0, 0, 0
    for i = 1, n do x[i] = i - 4.5 end
    for i = 1, n do sxx = sxx + x[i] ^ 2 end
    for i = 1, n do
      for k = 1, n do
        xrx = xrx + x[i] * R(i, k) * x[k]
        trace = trace + ((i == k and 1 or 0) - 1 / n - x[i] * x[k] / sxx) * R(k, i)
      end
    end
    local rss = 0
    for _, e in ipairs(line.residuals) do rss = rss + e * e end
    near(xrx / sxx ^ 2, line.factor, 1e-12)
    near(rss / trace, line.s2, 1e-12)
    near(math.sqrt(line.s2 * line.factor), line.se, 1e-12)
  end)

  it("refuses correlations that are none", function()
    no_answer("which is 1", stats.ols_ar1({ 1, 2, 4 }, {}))
    no_answer("which is 1", stats.ols_ar1({ 1, 2, 4 }, { 0.5 }))
    no_answer("not between -1 and 1", stats.ols_ar1({ 1, 2, 4 }, { 1, 2 }))
    no_answer("too few", stats.ols_ar1({ 1, 2 }, { 1 }))
  end)
end)

describe("the plain functions", function()
  local nan, inf = 0 / 0, 1 / 0

  it("give nil and a reason outside their domain", function()
    for _, call in ipairs({
      { "normal_cdf", nan }, { "normal_cdf", inf }, { "normal_quantile", 0 }, { "normal_quantile", 1 }, { "normal_quantile", nan },
      { "t_cdf", 1, 0 }, { "t_cdf", nan, 3 }, { "t_sf2", 1, inf }, { "t_quantile", 1.5, 3 }, { "chi2_sf", -1, 2 },
      { "chi2_cdf", 1, -2 }, { "chi2_quantile", 0.5, 1e9 }, { "f_sf", -1, 2, 3 }, { "f_cdf", 1, 0, 3 }, { "beta_cdf", 1.1, 2, 3 },
      { "beta_sf", 0.5, 0, 1 }, { "beta_quantile", -0.1, 2, 3 }, { "halfnormal_e", 1, 0, 0.2 },
    }) do
      no_answer("outside the function's domain", stats[call[1]](table.unpack(call, 2)))
    end
  end)

  it("give nil and a reason for empty, single, constant samples and for what is no number", function()
    local same = { 3, 3, 3, 3, 3 }
    for _, name in ipairs({
      "mean_sd", "welford", "median", "median_mad", "ranks", "mann_kendall", "mann_kendall_hamed_rao", "theil_sen", "circular",
      "fisher_combine", "bh_adjust", "by_adjust", "ebh_adjust",
    }) do
      no_answer("no values", stats[name]({}))
      no_answer("infinite or not a number", stats[name]({ 1, nan, 2, 3 }))
      no_answer("infinite or not a number", stats[name]({ 1, 2, 3, inf }))
      assert.has_error(function() stats[name]({ 1, "a", 3 }) end)
      assert.has_error(function() stats[name](nil) end)
    end
    for _, name in ipairs({ "mann_kendall", "mann_kendall_hamed_rao", "theil_sen" }) do
      no_answer("too few values", stats[name]({ 1 }))
    end
    for _, name in ipairs({ "mann_kendall", "mann_kendall_hamed_rao" }) do
      no_answer("all values are equal", stats[name](same))
    end
    for _, name in ipairs({ "pearson", "spearman", "kendall_tau_b" }) do
      no_answer("no values", stats[name]({}, {}))
      no_answer("too few values", stats[name]({ 1 }, { 1 }))
      no_answer("all values are equal", stats[name](same, { 1, 2, 3, 4, 5 }))
      no_answer("all values are equal", stats[name]({ 1, 2, 3, 4, 5 }, same))
      no_answer("infinite or not a number", stats[name]({ 1, 2, 3, 4, 5 }, { 1, 2, 3, 4, nan }))
      assert.has_error(function() stats[name]({ 1, 2 }, { 1, 2, 3 }) end)
    end
    no_answer("too few values", stats.welch_t({ 1 }, { 1, 2 }))
    no_answer("both samples are constant", stats.welch_t({ 1, 1 }, { 2, 2 }))
    no_answer("infinite", stats.welch_t({ 1, 2 }, { 2, inf }))
    no_answer("all values are equal", stats.bca(same, "mean", 100))
    no_answer("too few values", stats.bca({ 1 }, "mean", 100))
    no_answer("50 to 100000", stats.bca({ 1, 2, 3 }, "mean", 10))
    assert.has_error(function() stats.bca({ 1, 2, 3 }, "mode", 100) end)
    assert.same({ n = 1.0, mean = 4.0 }, stats.mean_sd({ 4 })) -- one value has no spread
    assert.same({ n = 1.0, mean = 4.0 }, stats.welford({ 4 }))
    assert.same({ median = 3.0, mad_sigma = 0.0 }, stats.median_mad(same))
  end)

  it("give nil and a reason for counts and probabilities that are none", function()
    no_answer("no trials", stats.wilson(0, 0))
    no_answer("between 0 and the trials", stats.wilson(3, 2))
    no_answer("between 0 and the trials", stats.wilson(-1, 2))
    no_answer("not a number", stats.wilson(nan, 2))
    no_answer("confidence", stats.wilson(1, 2, 1))
    no_answer("between 0 and the trials", stats.beta_binomial(3, 2, 1, 1))
    no_answer("above 0", stats.beta_binomial(1, 2, 0, 1))
    no_answer("no trials", stats.two_proportion_z(1, 2, 0, 0))
    no_answer("nothing to compare", stats.two_proportion_z(0, 5, 0, 7))
    no_answer("must lie between 0 and 1", stats.bh_adjust({ 0.5, 1.5 }))
    no_answer("above 0", stats.fisher_combine({ 0.5, 0 }))
    no_answer("not be below 0", stats.ebh_adjust({ 1, -1 }))
    no_answer("no groups", stats.beta_prior({}, {}))
    no_answer("above 0", stats.circular({ 1 }, 0))
    no_answer("above 0", stats.tau2({ 1, 2 }, { 1, 0 }))
    no_answer("too few", stats.tau2({ 1 }, { 1 }))
    no_answer("above 0", stats.sprt(1, 0, 0.2))
    assert.has_error(function() stats.sprt(1, 1, 0.2, "up") end)
  end)

  it("refuse samples whose pairs would take too long", function()
    local long = {}
    for i = 1, 20001 do long[i] = i % 17 end
    no_answer("more than 20000 values", stats.mann_kendall(long))
    no_answer("more than 20000 values", stats.kendall_tau_b(long, long))
    no_answer("more than 20000 values", stats.ols_ar1(long, { 1 }))
    no_answer("more than 2000 values", stats.theil_sen(long))
    no_answer("more than 2000 values", stats.mann_kendall_hamed_rao(long))
    no_answer("would take too long", stats.bca(long, "mean", 10000))
  end)

  it("say what a correlation of a line has", function()
    local r = assert(stats.pearson({ 1, 2, 3, 4 }, { 2, 4, 6, 8 }))
    assert.same({ r = 1.0, p = 0.0 }, r)
  end)

  it("find quantiles that the distribution functions lead back", function()
    for _, p in ipairs({ 1e-200, 1e-10, 0.025, 0.4999999, 0.5, 0.5000001, 0.9, 1 - 1e-9 }) do
      near(p, stats.normal_cdf(stats.normal_quantile(p)), 1e-11)
      for _, df in ipairs({ 1, 2.5, 30, 99999, 100001, 1e7 }) do
        if p > 1e-100 or df > 2 then near(p, stats.t_cdf(stats.t_quantile(p, df), df), 1e-10) end
        near(p, stats.chi2_cdf(stats.chi2_quantile(p, df), df), 1e-8)
      end
      near(p, stats.f_cdf(stats.f_quantile(p, 3, 7.5), 3, 7.5), 1e-10)
      near(p, stats.beta_cdf(stats.beta_quantile(p, 2, 300), 2, 300), 1e-9)
    end
    near(1 - stats.beta_cdf(0.3, 2, 3), stats.beta_sf(0.3, 2, 3))
    near(stats.t_sf(2, 7) * 2, stats.t_sf2(-2, 7))
  end)

  it("give quantiles of type 7, medians and mid-ranks", function()
    near(1.75, stats.quantile({ 4, 1, 3, 2 }, 0.25))
    assert.equal(4.0, stats.quantile({ 4, 1, 3, 2 }, 1))
    assert.equal(1.0, stats.quantile({ 4, 1, 3, 2 }, 0))
    no_answer("domain", stats.quantile({ 1, 2 }, 1.5))
    assert.equal(2.5, stats.median({ 4, 1, 3, 2 }))
    assert.same({ 1.0, 2.5, 4.0, 2.5 }, stats.ranks({ 1, 2, 3, 2 }))
  end)

  it("sort anything", function()
    local g = stats.generator(5)
    for _, n in ipairs({ 1, 2, 24, 25, 26, 100, 1000, 5000 }) do
      for kind = 1, 4 do
        local x, want = {}, {}
        for i = 1, n do
          x[i] = kind == 1 and g:normal() or kind == 2 and g:integer(4) or kind == 3 and i or n - i
          want[i] = x[i]
        end
        table.sort(want)
        for _, q in ipairs({ 0, 0.31, 0.77, 1 }) do
          local at = q * (n - 1)
          local i = math.floor(at)
          local v = want[i + 1] + (at - i) * ((want[i + 2] or want[i + 1]) - want[i + 1])
          near(v, stats.quantile(x, q), 1e-12)
        end
      end
    end
  end)

  it("learn a prior from groups, never weaker than ten", function()
    local k, n = {}, {}
    for i = 1, 50 do k[i], n[i] = i % 2 == 0 and 18 or 2, 20 end -- far apart: as weak as allowed
    local prior = assert(stats.beta_prior(k, n))
    near(10, prior.a + prior.b)
    near(0.5, prior.a / 10, 1e-3)
    for i = 1, 50 do k[i], n[i] = 5, 20 end -- all the same: as strong as the data
    prior = assert(stats.beta_prior(k, n))
    near(1000, prior.a + prior.b)
    near(250.5 / 1001, prior.a / 1000)
    -- beta(6, 14): the moments find it again
    local g = stats.generator(77)
    for i = 1, 4000 do
      local share = stats.beta_quantile(g:uniform(), 6, 14)
      k[i], n[i] = 0, 30
      for _ = 1, 30 do k[i] = k[i] + (g:uniform() < share and 1 or 0) end
    end
    prior = assert(stats.beta_prior(k, n))
    near(20, prior.a + prior.b, 0.15)
    near(0.3, prior.a / (prior.a + prior.b), 0.03)
    assert.same({ a = 10 * 1.5 / 3, b = 10 * 1.5 / 3 }, stats.beta_prior({ 0, 1 }, { 1, 1 })) -- single trials tell no spread
  end)

  it("pool estimates", function()
    local pool = assert(stats.tau2({ 0.1, 0.3, 0.5, 0.7 }, { 0.1, 0.1, 0.1, 0.1 })) -- Q = 20, tau2 = (20 - 3) / 300
    near(20, pool.Q)
    near(17 / 300, pool.tau2)
    near(0.4, pool.mean)
    near(math.sqrt((0.01 + 17 / 300) / 4), pool.se)
    near(stats.chi2_sf(20, 3), pool.p)
    assert.equal(0.0, stats.tau2({ 0.4, 0.4 }, { 0.1, 0.2 }).tau2)
  end)

  it("weigh evidence that is looked at often", function()
    local two, up, down = stats.sprt(0.3, 0.1, 0.2), stats.sprt(0.3, 0.1, 0.2, "greater"), stats.sprt(0.3, 0.1, 0.2, "less")
    near(math.sqrt(0.01 / 0.05) * math.exp(0.5 * 9 * 0.04 / 0.05), two.e)
    near(two.e, (up.e + down.e) / 2)
    near(1 / up.e, up.p)
    assert.equal(1.0, down.p)
    near(up.e, stats.halfnormal_e(30, 100, 0.2))
    assert.is_true(stats.sprt(1e6, 1e-3, 1).e < 1 / 0)
    -- e-BH: at 5 % two of these four are rejected: 60 >= 4 / (.05 * 2)
    local q = stats.ebh_adjust({ 60, 0.1, 90, 20 })
    near(4 / 120, q[1])
    near(4 / 120, q[3])
    near(4 / 60, q[4])
    assert.equal(1.0, q[2])
  end)

  it("factor and solve small matrices", function()
    local m = { { 4, 2, 0.4 }, { 2, 5, 1 }, { 0.4, 1, 3 } }
    local l = assert(stats.cholesky(m))
    assert.equal(0.0, l[1][3])
    for i = 1, 3 do
      for k = 1, 3 do
        local sum = 0
        for j = 1, 3 do sum = sum + l[i][j] * l[k][j] end
        near(m[i][k], sum, 1e-12)
      end
    end
    local b = { 1, -2, 3 }
    local x = assert(stats.solve(m, b))
    for i = 1, 3 do near(b[i], m[i][1] * x[1] + m[i][2] * x[2] + m[i][3] * x[3], 1e-12) end
    local twice = assert(stats.lower_solve_t(l, assert(stats.lower_solve(l, b))))
    for i = 1, 3 do near(x[i], twice[i], 1e-12) end
    local inverse = assert(stats.inverse(m))
    for i = 1, 3 do near(x[i], inverse[i][1] * b[1] + inverse[i][2] * b[2] + inverse[i][3] * b[3], 1e-12) end
    no_answer("not positive definite", stats.cholesky({ { 1, 2 }, { 2, 1 } }))
    no_answer("not symmetric", stats.cholesky({ { 1, 2 }, { 0, 1 } }))
    no_answer("not a number", stats.solve({ { nan } }, { 1 }))
    no_answer("no matrix", stats.cholesky({}))
    assert.has_error(function() stats.cholesky({ { 1, 2 } }) end)
    assert.has_error(function() stats.solve(m, { 1 }) end)
  end)

  it("draw the same numbers everywhere", function()
    local a, b = stats.generator(1), stats.generator(1)
    local sum, squares, counts = 0, 0, { 0, 0, 0 }
    for _ = 1, 20000 do
      local v, u, i = a:normal(), a:uniform(), a:integer(3)
      assert.is_true(v == b:normal() and u == b:uniform() and i == b:integer(3) and u > 0 and u < 1)
      sum, squares, counts[i] = sum + v, squares + v * v, counts[i] + 1
    end
    assert.is_true(math.abs(sum / 20000) < 0.03 and math.abs(squares / 20000 - 1) < 0.05)
    for i = 1, 3 do assert.is_true(math.abs(counts[i] - 20000 / 3) < 300) end
    assert.is_true(stats.generator(2):uniform() ~= stats.generator(1):uniform())
  end)
end)

-- The functions' arguments in their order, by the names of the reference's inputs.
local arguments = {
  normal_cdf = { "x" }, normal_sf = { "x" }, normal_quantile = { "p" }, t_cdf = { "t", "df" }, t_sf2 = { "t", "df" },
  t_quantile = { "p", "df" }, chi2_cdf = { "x", "df" }, chi2_sf = { "x", "df" }, f_cdf = { "x", "d1", "d2" },
  f_sf = { "x", "d1", "d2" }, beta_cdf = { "x", "a", "b" }, beta_quantile = { "p", "a", "b" }, mann_kendall = { "x" },
  theil_sen = { "x", "alpha" }, mann_kendall_hamed_rao = { "x", "alpha" }, welch_t = { "a", "b" }, pearson = { "x", "y" },
  spearman = { "x", "y" }, kendall_tau_b = { "x", "y" }, wilson = { "k", "n", "conf" }, beta_binomial = { "k", "n", "a", "b" },
  bh_adjust = { "p" }, by_adjust = { "p" }, bca = { "x", "statistic", "B", "seed", "conf" }, circular = { "h", "period" },
  two_proportion_z = { "k1", "n1", "k2", "n2" }, median_mad = { "x" }, fisher_combine = { "p" },
}

-- Expected values of 0 (below what a double holds) are met within 1e-12; a mean direction is nothing where R is 0.
local function check_case(case)
  local names, input, list = arguments[case.fn], {}, {}
  for i, name in ipairs(assert(names, case.fn)) do
    input[i] = case.input[name]
    list[i] = input[i] ~= nil
  end
  assert.equal(#names, #list)
  local found, why = stats[case.fn](table.unpack(input, 1, #names))
  assert(found ~= nil, ("%s: %s"):format(case.id, why))
  local want = case.expected
  if type(want) ~= "table" then want, found = { want }, { found } end
  for key, v in pairs(want) do
    local directionless = case.fn == "circular" and want.R < 1e-12 and key == "mean"
    local off = math.abs((found[key] or 1 / 0) - v)
    local allowed = math.abs(v) < 1e-40 and 1e-12 or case.rel_tol * math.abs(v)
    if not directionless and (off ~= off or off > allowed) then
      error(("%s: %s is %.17g, expected %.17g"):format(case.id, key, found[key] or 0 / 0, v))
    end
  end
end

-- Correct digits; the exact value where all are.
local function digits(got, want)
  if got == want then return 16 end
  return -math.log(math.abs(got - want) / math.abs(want), 10)
end

describe("values that others computed", function()
  local folder = os.getenv("TIDEMARK_TEST_DATA")
  local function read(name)
    if not folder then pending("is checked where TIDEMARK_TEST_DATA names its folder; it is not set") end
    return folder and payloads.json(payloads.read(folder .. "/stats/" .. name))
  end

  it("of distributions and tests: every case within its tolerance", function()
    local reference = read("reference.json")
    if not reference then return end
    assert.equal(reference.meta.count, #reference.cases)
    assert.is_true(#reference.cases >= 380)
    for _, case in ipairs(reference.cases) do check_case(case) end
  end)

  it("of NIST: means and deviations, and the line of Norris", function()
    local nist = read("nist_strd.json")
    if not nist then return end
    local floor = { Mavro = 11.7, Michelso = 11.7, NumAcc3 = 9.2, NumAcc4 = 8.2 } -- the last two: the doubles hold no more
    local sets = 0
    for name, set in pairs(nist) do
      if set.data then
        sets = sets + 1
        local x = {}
        for i, text in ipairs(set.data) do x[i] = assert(tonumber(text)) end
        for _, way in ipairs({ "mean_sd", "welford" }) do
          local found = assert(stats[way](x))
          assert.is_true(digits(found.mean, set.mean) >= (floor[name] or 11.7), name .. ": mean")
          assert.is_true(digits(found.sd, set.sd) >= (floor[name] or 11.7), ("%s: sd %s"):format(name, digits(found.sd, set.sd)))
        end
      end
    end
    assert.equal(9, sets)
    local norris = nist.Norris
    local d = stats.design(#norris.x)
    local one = {}
    for i = 1, #norris.x do one[i] = 1 end
    d:add(one)
    d:add(norris.x)
    local fit = assert(stats.ols(d, norris.y, { cov = "classic" }))
    local b0, se0 = fit:coef(1)
    local b1, se1 = fit:coef(2)
    assert.is_true(digits(b0, norris.b0) >= 11.7 and digits(b1, norris.b1) >= 11.7)
    assert.is_true(digits(se0, norris.se_b0) >= 11.7 and digits(se1, norris.se_b1) >= 11.7)
    assert.is_true(digits(fit:sigma(), norris.resid_sd) >= 11.7)
  end)
end)
