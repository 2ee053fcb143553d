---@meta

--- The statistics: the table `stats` of a plugin's sandbox, and `require("tidemark.stats")`.
---
--- Lists are plain sequences of numbers (`rows.values` makes one of a column). A wrong type raises. Data that have no answer
--- (too few values, a constant sample, a not-a-number, an argument outside the domain) give `nil, why`: never a number.
--- Optional fields are absent where their quantity does not exist. conf is a confidence (0.95); p-values are two-sided unless
--- said otherwise.
---
--- What each assumes stands with it; whether posts meet it is the question. The analyses of a rule (`ctx.compare`, …) hold
--- equal what else differs between posts; these functions do not.
---@class tidemark.stats
local stats = {}

--- P(X <= x) of the standard normal distribution.
---
--- Units: x in the variable's own unit; probability 0 to 1, relative error below 1e-11.
--- Assumes: nothing.
--- Source: erfc of the C library.
--- Errors: nil and why for a NaN.
---
--- ```lua
--- assert(math.abs(stats.normal_cdf(1.959963984540054) - 0.975) < 1e-12)
--- ```
---@param x number
---@return number? the answer
---@return string? why
function stats.normal_cdf(x) end

--- P(X > x) of the standard normal distribution, without cancellation in the upper tail.
---
--- Units: x in the variable's own unit; probability 0 to 1, relative error below 1e-11.
--- Assumes: nothing.
--- Source: erfc of the C library.
--- Errors: nil and why for a NaN.
---
--- ```lua
--- assert(math.abs(stats.normal_sf(6) / 9.865876450376981e-10 - 1) < 1e-11)
--- ```
---@param x number
---@return number? the answer
---@return string? why
function stats.normal_sf(x) end

--- The x with P(X <= x) = p of the standard normal distribution.
---
--- Units: p between 0 and 1, both not included; x in the variable's own unit.
--- Assumes: nothing.
--- Source: Newton's steps on the distribution function.
--- Errors: nil and why for a p outside of 0 to 1.
---
--- ```lua
--- assert(math.abs(stats.normal_quantile(0.975) - 1.959963984540054) < 1e-12)
--- ```
---@param p number
---@return number? the answer
---@return string? why
function stats.normal_quantile(p) end

--- P(X <= x) of Student's t with df degrees of freedom.
---
--- Units: t in the variable's own unit; probability 0 to 1, relative error below 1e-11.
--- Assumes: nothing.
--- Source: incomplete beta function by its continued fraction; above 1e5 degrees of freedom Hill (1970).
--- Errors: nil and why for a df that is not above 0.
---
--- ```lua
--- assert(math.abs(stats.t_cdf(2.228138851964939, 10) - 0.975) < 1e-9)
--- ```
---@param t number
---@param df number above 0, need not be whole
---@return number? the answer
---@return string? why
function stats.t_cdf(t, df) end

--- P(X > x) of Student's t with df degrees of freedom, without cancellation in the upper tail.
---
--- Units: t in the variable's own unit; probability 0 to 1, relative error below 1e-11.
--- Assumes: nothing.
--- Source: incomplete beta function by its continued fraction; above 1e5 degrees of freedom Hill (1970).
--- Errors: nil and why for a df that is not above 0.
---
--- ```lua
--- assert(math.abs(stats.t_sf(2.228138851964939, 10) - 0.025) < 1e-9)
--- ```
---@param t number
---@param df number above 0, need not be whole
---@return number? the answer
---@return string? why
function stats.t_sf(t, df) end

--- P(|T| > |t|): the two-sided p-value of a t statistic.
---
--- Units: probability 0 to 1.
--- Assumes: T has Student's distribution, as the mean of normal errors over its estimated standard error.
--- Source: as stats.t_sf.
--- Errors: nil and why for a df that is not above 0.
---
--- ```lua
--- assert(math.abs(stats.t_sf2(-2.228138851964939, 10) - 0.05) < 1e-9)
--- ```
---@param t number
---@param df number
---@return number? the answer
---@return string? why
function stats.t_sf2(t, df) end

--- The x with P(X <= x) = p of Student's t.
---
--- Units: p between 0 and 1, both not included; x in the variable's own unit.
--- Assumes: nothing.
--- Source: as stats.t_sf.
--- Errors: nil and why for a p outside of 0 to 1 and a df that is not above 0.
---
--- ```lua
--- assert(math.abs(stats.t_quantile(0.975, 10) - 2.228138851964939) < 1e-9)
--- ```
---@param p number
---@param df number
---@return number? the answer
---@return string? why
function stats.t_quantile(p, df) end

--- P(X <= x) of the chi-square distribution.
---
--- Units: x in the variable's own unit; probability 0 to 1, relative error below 1e-11.
--- Assumes: nothing.
--- Source: incomplete gamma function by series and continued fraction.
--- Errors: nil and why for an x below 0 and a df that is not above 0.
---
--- ```lua
--- assert(math.abs(stats.chi2_cdf(3.841458820694124, 1) - 0.95) < 1e-9)
--- ```
---@param x number
---@param df number above 0
---@return number? the answer
---@return string? why
function stats.chi2_cdf(x, df) end

--- P(X > x) of the chi-square distribution, without cancellation in the upper tail.
---
--- Units: x in the variable's own unit; probability 0 to 1, relative error below 1e-11.
--- Assumes: nothing.
--- Source: incomplete gamma function by series and continued fraction.
--- Errors: nil and why for an x below 0 and a df that is not above 0.
---
--- ```lua
--- assert(math.abs(stats.chi2_sf(3.841458820694124, 1) - 0.05) < 1e-9)
--- ```
---@param x number
---@param df number above 0
---@return number? the answer
---@return string? why
function stats.chi2_sf(x, df) end

--- The x with P(X <= x) = p of the chi-square distribution.
---
--- Units: p between 0 and 1, both not included; x in the variable's own unit.
--- Assumes: nothing.
--- Source: as stats.chi2_sf.
--- Errors: nil and why for a p outside of 0 to 1 and a df that is not above 0.
---
--- ```lua
--- assert(math.abs(stats.chi2_quantile(0.95, 1) - 3.841458820694124) < 1e-8)
--- ```
---@param p number
---@param df number
---@return number? the answer
---@return string? why
function stats.chi2_quantile(p, df) end

--- P(X <= x) of Fisher's F distribution.
---
--- Units: x in the variable's own unit; probability 0 to 1, relative error below 1e-11.
--- Assumes: nothing.
--- Source: incomplete beta function.
--- Errors: nil and why for an x below 0 and degrees of freedom that are not above 0.
---
--- ```lua
--- assert(math.abs(stats.f_cdf(4.964602743730711, 1, 10) - 0.95) < 1e-9)
--- ```
---@param x number
---@param d1 number degrees of freedom above, above 0
---@param d2 number below, above 0
---@return number? the answer
---@return string? why
function stats.f_cdf(x, d1, d2) end

--- P(X > x) of Fisher's F distribution, without cancellation in the upper tail.
---
--- Units: x in the variable's own unit; probability 0 to 1, relative error below 1e-11.
--- Assumes: nothing.
--- Source: incomplete beta function.
--- Errors: nil and why for an x below 0 and degrees of freedom that are not above 0.
---
--- ```lua
--- assert(math.abs(stats.f_sf(4.964602743730711, 1, 10) - 0.05) < 1e-9)
--- ```
---@param x number
---@param d1 number degrees of freedom above, above 0
---@param d2 number below, above 0
---@return number? the answer
---@return string? why
function stats.f_sf(x, d1, d2) end

--- The x with P(X <= x) = p of Fisher's F distribution.
---
--- Units: p between 0 and 1, both not included; x in the variable's own unit.
--- Assumes: nothing.
--- Source: as stats.f_sf.
--- Errors: nil and why for a p outside of 0 to 1 and degrees of freedom that are not above 0.
---
--- ```lua
--- assert(math.abs(stats.f_quantile(0.95, 1, 10) - 4.964602743730711) < 1e-7)
--- ```
---@param p number
---@param d1 number
---@param d2 number
---@return number? the answer
---@return string? why
function stats.f_quantile(p, d1, d2) end

--- P(X <= x) of the beta distribution.
---
--- Units: x in the variable's own unit; probability 0 to 1, relative error below 1e-11.
--- Assumes: nothing.
--- Source: incomplete beta function by its continued fraction.
--- Errors: nil and why for an x outside of 0 to 1 and an a or b that is not above 0.
---
--- ```lua
--- assert(math.abs(stats.beta_cdf(0.5, 2, 2) - 0.5) < 1e-12)
--- ```
---@param x number 0 to 1
---@param a number above 0
---@param b number above 0
---@return number? the answer
---@return string? why
function stats.beta_cdf(x, a, b) end

--- P(X > x) of the beta distribution, without cancellation in the upper tail.
---
--- Units: x in the variable's own unit; probability 0 to 1, relative error below 1e-11.
--- Assumes: nothing.
--- Source: incomplete beta function by its continued fraction.
--- Errors: nil and why for an x outside of 0 to 1 and an a or b that is not above 0.
---
--- ```lua
--- assert(math.abs(stats.beta_sf(0.5, 2, 2) - 0.5) < 1e-12)
--- ```
---@param x number 0 to 1
---@param a number above 0
---@param b number above 0
---@return number? the answer
---@return string? why
function stats.beta_sf(x, a, b) end

--- The x with P(X <= x) = p of the beta distribution.
---
--- Units: p between 0 and 1, both not included; x in the variable's own unit.
--- Assumes: nothing.
--- Source: as stats.beta_cdf.
--- Errors: nil and why for a p outside of 0 to 1 and an a or b that is not above 0.
---
--- ```lua
--- assert(math.abs(stats.beta_quantile(0.5, 2, 2) - 0.5) < 1e-9)
--- ```
---@param p number
---@param a number
---@param b number
---@return number? the answer
---@return string? why
function stats.beta_quantile(p, a, b) end

--- Mean and standard deviation of a sample.
---
--- Units: the values' own unit.
--- Assumes: nothing for the mean; the standard deviation has n - 1 below.
--- Source: two passes, the second corrected for the first's rounding.
--- Errors: nil and why for an empty list and for values that are no finite numbers.
---
--- ```lua
--- local m = stats.mean_sd({ 1, 2, 3, 4 })
--- assert(m.n == 4 and m.mean == 2.5 and math.abs(m.sd - 1.2909944487358056) < 1e-12)
--- ```
---@param x number[]
---@return stats.mean_sd?
---@return string? why
function stats.mean_sd(x) end

--- The same in one pass, as values come in.
---
--- Units: the values' own unit.
--- Assumes: as stats.mean_sd.
--- Source: Welford (1962).
--- Errors: as stats.mean_sd.
---
--- ```lua
--- assert(stats.welford({ 1, 2, 3, 4 }).mean == 2.5)
--- ```
---@param x number[]
---@return stats.mean_sd?
---@return string? why
function stats.welford(x) end

--- A quantile of a sample, straight lines between its values.
---
--- Units: q as a share 0 to 1; the answer in the values' own unit.
--- Assumes: nothing.
--- Source: type 7 of Hyndman and Fan (1996), as in R and numpy.
--- Errors: nil and why for an empty list and a q outside of 0 to 1.
---
--- ```lua
--- assert(stats.quantile({ 10, 20, 30, 40 }, 0.25) == 17.5)
--- ```
---@param x number[]
---@param q number 0 to 1
---@return number? the answer
---@return string? why
function stats.quantile(x, q) end

--- The middle value, or the mean of the two in the middle.
---
--- Units: the values' own unit.
--- Assumes: nothing.
--- Source: by definition.
--- Errors: nil and why for an empty list.
---
--- ```lua
--- assert(stats.median({ 9, 1, 5 }) == 5)
--- ```
---@param x number[]
---@return number? the answer
---@return string? why
function stats.median(x) end

--- Median, and a spread that a few wild values do not move.
---
--- Units: the values' own unit; robust_z_last in units of that spread.
--- Assumes: mad_sigma estimates a standard deviation where the bulk of the values is normal.
--- Source: median absolute deviation times 1.4826 (Hampel 1974).
--- Errors: nil and why for an empty list.
---
--- ```lua
--- local m = stats.median_mad({ 1, 2, 3, 4, 100 })
--- assert(m.median == 3 and m.robust_z_last > 60)
--- ```
---@param x number[]
---@return stats.median_mad?
---@return string? why
function stats.median_mad(x) end

--- The rank of each value; equal values share the middle of their ranks.
---
--- Units: ranks from 1.
--- Assumes: nothing.
--- Source: mid-ranks.
--- Errors: nil and why for an empty list.
---
--- ```lua
--- assert(table.concat(stats.ranks({ 10, 30, 10 }), " ") == "1.5 3.0 1.5")
--- ```
---@param x number[]
---@return number[]?
---@return string? why
function stats.ranks(x) end

--- Correlation of two lists.
---
--- Units: r from -1 to 1, no unit; p two-sided.
--- Assumes: pairs are independent; p and interval: both normal together.
--- Source: t with n - 2 degrees of freedom; interval by Fisher's z (1921).
--- Errors: raises for lists of different lengths; nil and why for fewer than three pairs and a list that does not vary.
---
--- ```lua
--- local c = stats.pearson({ 1, 2, 3, 4 }, { 2, 4, 5, 9 })
--- assert(math.abs(c.r - 0.9647638212377322) < 1e-9 and c.p < 0.05)
--- ```
---@param x number[]
---@param y number[]
---@param conf? number 0.95 unless given
---@return stats.pearson?
---@return string? why
function stats.pearson(x, y, conf) end

--- Rank correlation: how far two lists rise together, on whatever scale.
---
--- Units: rho from -1 to 1, no unit; p two-sided.
--- Assumes: pairs are independent.
--- Source: Pearson's r of mid-ranks; interval by Fisher's z with sqrt(1.06 / (n - 3)) (Fieller, Hartley and Pearson 1957).
--- Errors: as stats.pearson.
---
--- ```lua
--- assert(stats.spearman({ 1, 2, 3, 4, 5 }, { 1, 4, 9, 16, 26 }).rho == 1)
--- ```
---@param x number[]
---@param y number[]
---@param conf? number 0.95 unless given
---@return stats.spearman?
---@return string? why
function stats.spearman(x, y, conf) end

--- Rank correlation from pairs that agree and disagree, corrected for ties.
---
--- Units: tau from -1 to 1, no unit; p two-sided.
--- Assumes: pairs are independent.
--- Source: Kendall (1970): tau-b, normal approximation, variance corrected for ties.
--- Errors: raises for lists of different lengths; nil and why for fewer than two or more than 20,000 values and a list that
--- does not vary.
---
--- ```lua
--- assert(stats.kendall_tau_b({ 1, 2, 3, 4 }, { 1, 3, 2, 4 }).concordant == 5)
--- ```
---@param x number[]
---@param y number[]
---@return stats.kendall?
---@return string? why
function stats.kendall_tau_b(x, y) end

--- Does a series rise or fall, in whatever shape?
---
--- Units: S counts pairs; z and p two-sided.
--- Assumes: evenly spaced values that do not depend on each other; for those that do, stats.mann_kendall_hamed_rao.
--- Source: Mann (1945), Kendall (1975); variance corrected for ties, continuity correction.
--- Errors: nil and why for fewer than three values, more than 20,000, and a series that does not vary.
---
--- ```lua
--- assert(stats.mann_kendall({ 1, 2, 3, 5, 4, 7, 8, 9 }).p < 0.01)
--- ```
---@param x number[]
---@return stats.mann_kendall?
---@return string? why
function stats.mann_kendall(x) end

--- The same where a value depends on the ones before it.
---
--- Units: as stats.mann_kendall; nns is what the variance was multiplied by.
--- Assumes: evenly spaced; correlations of ranks that pass alpha are real, the others 0.
--- Source: Hamed and Rao (1998).
--- Errors: as stats.mann_kendall.
---
--- ```lua
--- local t = stats.mann_kendall_hamed_rao({ 1, 2, 3, 5, 4, 7, 8, 9, 11, 10 })
--- assert(t.S == 41)
--- ```
---@param x number[]
---@param alpha? number 0.05 unless given
---@return stats.mann_kendall?
---@return string? why
function stats.mann_kendall_hamed_rao(x, alpha) end

--- A line through a series that a few wild values do not turn: the median of all slopes.
---
--- Units: slope in the values' unit per step.
--- Assumes: evenly spaced values that do not depend on each other.
--- Source: Theil (1950), Sen (1968).
--- Errors: nil and why for fewer than three values and more than 2,000.
---
--- ```lua
--- assert(stats.theil_sen({ 1, 2, 3, 4, 50 }).slope == 1)
--- ```
---@param x number[]
---@param conf? number 0.95 unless given
---@return stats.theil_sen?
---@return string? why
function stats.theil_sen(x, conf) end

--- A line through a series whose errors are correlated in a known way: the ordinary line, with the error that those
--- correlations make.
---
--- Units: slope in y's unit per step.
--- Assumes: evenly spaced; the correlations are the errors' own.
--- Source: least squares; variance (X'X)^-1 X' R X (X'X)^-1.
--- Errors: nil and why for fewer than three values.
---
--- ```lua
--- local l = stats.ols_ar1({ 1, 2, 3, 4.5, 5 }, { 1, 0.3 })
--- assert(math.abs(l.slope - 1.05) < 1e-12 and l.df == 3)
--- ```
---@param y number[]
---@param rho number[] { 1, correlation at distance 1, … }, 0 beyond
---@return stats.line?
---@return string? why
function stats.ols_ar1(y, rho) end

--- The difference of two means, whose spreads may differ.
---
--- Units: diff (mean a - mean b) and its interval in the values' unit; p two-sided.
--- Assumes: independent values, of either sample about normal or many.
--- Source: Welch (1947), degrees of freedom by Satterthwaite (1946).
--- Errors: nil and why for fewer than two values on a side and for two samples that do not vary.
---
--- ```lua
--- local w = stats.welch_t({ 5, 6, 7, 8 }, { 1, 2, 3, 4 })
--- assert(w.diff == 4 and w.p < 0.01)
--- ```
---@param a number[]
---@param b number[]
---@param conf? number 0.95 unless given
---@return stats.welch?
---@return string? why
function stats.welch_t(a, b, conf) end

--- The interval of a share.
---
--- Units: lo and hi as shares 0 to 1; exactly 0 where k is 0, 1 where k is n.
--- Assumes: independent trials of one chance.
--- Source: Wilson (1927).
--- Errors: nil and why for n not above 0 and k outside of 0 to n.
---
--- ```lua
--- local i = stats.wilson(8, 10)
--- assert(math.abs(i.lo - 0.4901625) < 1e-6 and math.abs(i.hi - 0.9433178) < 1e-6)
--- ```
---@param k number successes
---@param n number of
---@param conf? number 0.95 unless given
---@return stats.interval?
---@return string? why
function stats.wilson(k, n, conf) end

--- A share drawn towards what is usual: the posterior Beta(a + k, b + n - k).
---
--- Units: shares 0 to 1.
--- Assumes: independent trials; the prior Beta(a, b) fits, as from stats.beta_prior.
--- Source: conjugate prior of the binomial.
--- Errors: nil and why for k outside of 0 to n and a or b not above 0.
---
--- ```lua
--- local s = stats.beta_binomial(8, 10, 5, 5)
--- assert(s.mean == 0.65 and s.q025 < s.mean and s.mean < s.q975)
--- ```
---@param k number successes
---@param n number of
---@param a number of the prior
---@param b number of the prior
---@return stats.beta_binomial?
---@return string? why
function stats.beta_binomial(k, n, a, b) end

--- The prior that groups share, from the groups: how different their shares are beyond chance.
---
--- Units: a + b is worth that many trials: at least 10, at most the sum of n.
--- Assumes: groups are exchangeable.
--- Source: empirical Bayes by moments (Kleinman 1973).
--- Errors: raises for lists of different lengths; nil and why without groups.
---
--- ```lua
--- local prior = stats.beta_prior({ 5, 6, 4, 9 }, { 10, 10, 10, 20 })
--- assert(prior.a + prior.b >= 10)
--- ```
---@param k number[] successes of each group
---@param n number[] of
---@return stats.beta_prior?
---@return string? why
function stats.beta_prior(k, n) end

--- The mean direction of times of the day (or of anything that goes round), and whether there is one.
---
--- Units: mean in h's unit, 0 to below period; R from 0 to 1.
--- Assumes: independent values; Rayleigh's test looks for one peak.
--- Source: Rayleigh's test, p by Greenwood and Durand (1955).
--- Errors: nil and why for an empty list and a period not above 0.
---
--- ```lua
--- local c = stats.circular({ 23, 1, 0, 23.5, 0.5 })
--- assert((c.mean < 0.01 or c.mean > 23.99) and c.R > 0.9)
--- ```
---@param h number[]
---@param period? number 24 unless given
---@return stats.circular?
---@return string? why
function stats.circular(h, period) end

--- The difference of two shares.
---
--- Units: diff = k1 / n1 - k2 / n2; p two-sided.
--- Assumes: independent trials; at least about five successes and failures on each side.
--- Source: z with the pooled share.
--- Errors: nil and why for n not above 0, k outside of 0 to n, and shares that are both 0 or both 1.
---
--- ```lua
--- local d = stats.two_proportion_z(45, 100, 30, 100)
--- assert(math.abs(d.diff - 0.15) < 1e-12 and d.p < 0.05)
--- ```
---@param k1 number
---@param n1 number
---@param k2 number
---@param n2 number
---@return stats.two_proportion?
---@return string? why
function stats.two_proportion_z(k1, n1, k2, n2) end

--- One p-value from several.
---
--- Units: p from 0 to 1.
--- Assumes: the p-values are independent.
--- Source: Fisher (1925): -2 times the sum of logarithms, chi-square with 2 n degrees of freedom.
--- Errors: nil and why for an empty list and a p that is not above 0 and at most 1.
---
--- ```lua
--- assert(math.abs(stats.fisher_combine({ 0.05, 0.05 }).p - 0.01747866) < 1e-6)
--- ```
---@param p number[] above 0
---@return { chi2: number, p: number }?
---@return string? why
function stats.fisher_combine(p) end

--- How different estimates are beyond their errors, and their mean that allows for that.
---
--- Units: tau2 in b's unit squared; mean and se in b's unit.
--- Assumes: independent, unbiased estimates with known errors.
--- Source: DerSimonian and Laird (1986); Q by Cochran.
--- Errors: raises for lists of different lengths; nil and why for fewer than two estimates and errors that are not above 0.
---
--- ```lua
--- local t = stats.tau2({ 0.1, 0.5, 0.9 }, { 0.1, 0.1, 0.1 })
--- assert(t.tau2 > 0 and math.abs(t.mean - 0.5) < 1e-12)
--- ```
---@param b number[] estimates
---@param se number[] their standard errors
---@return stats.tau2?
---@return string? why
function stats.tau2(b, se) end

--- A bootstrap interval, corrected for bias and skew. The resamples are the same on every machine.
---
--- Units: the values' own unit.
--- Assumes: independent values of one distribution.
--- Source: Efron (1987).
--- Errors: nil and why for fewer than two values and values that do not vary; raises for n times rounds above 1e8.
---
--- ```lua
--- local i = stats.bca({ 1, 2, 3, 4, 5, 6, 7, 20 }, "mean")
--- assert(i.theta == 6 and i.lo < 6 and 6 < i.hi)
--- ```
---@param x number[]
---@param statistic "mean"|"median"
---@param rounds? integer 2000 unless given
---@param seed? integer 42 unless given
---@param conf? number 0.95 unless given
---@return stats.bca?
---@return string? why
function stats.bca(x, statistic, rounds, seed, conf) end

--- p-values of many tests as q: what is at most q is found with at most that share of false ones among the found.
---
--- Units: q from 0 to 1, in the order of p.
--- Assumes: tests that are independent or rise together.
--- Source: Benjamini and Hochberg (1995).
--- Errors: nil and why for a p outside of 0 to 1.
---
--- ```lua
--- local q = stats.bh_adjust({ 0.01, 0.02, 0.03 })
--- assert(math.abs(q[1] - 0.03) < 1e-12 and math.abs(q[3] - 0.03) < 1e-12)
--- ```
---@param p number[]
---@return number[]?
---@return string? why
function stats.bh_adjust(p) end

--- The same for tests that depend on each other in any way.
---
--- Units: q from 0 to 1, in the order of p.
--- Assumes: nothing.
--- Source: Benjamini and Yekutieli (2001).
--- Errors: nil and why for a p outside of 0 to 1.
---
--- ```lua
--- assert(stats.by_adjust({ 0.01, 0.5 })[1] > stats.bh_adjust({ 0.01, 0.5 })[1])
--- ```
---@param p number[]
---@return number[]?
---@return string? why
function stats.by_adjust(p) end

--- e-values of many tests as q, whatever their dependence and however often the data were looked at.
---
--- Units: e-values in (how much more likely than under nothing), q from 0 to 1 out.
--- Assumes: each e has a mean of at most 1 where there is nothing.
--- Source: e-BH (Wang and Ramdas 2022).
--- Errors: nil and why for an e below 0.
---
--- ```lua
--- local q = stats.ebh_adjust({ 100, 1 })
--- assert(q[1] == 0.02 and q[2] == 1)
--- ```
---@param e number[] e-values, 0 or more
---@return number[]?
---@return string? why
function stats.ebh_adjust(e) end

--- A test that may be looked at after every new value: p = 1 / e holds at any time.
---
--- Units: b, se and tau in one unit; e has none; p from 0 to 1.
--- Assumes: b is about normal around the truth with a known se; where sided, effects are half-normal.
--- Source: normal-mixture sequential test (Robbins 1970; Johari and others 2017).
--- Errors: nil and why for a b that is not finite and an se or tau not above 0.
---
--- ```lua
--- local t = stats.sprt(0.5, 0.1, 0.2)
--- assert(t.e > 100 and math.abs(t.p - 1 / t.e) < 1e-15)
--- ```
---@param b number an estimate
---@param se number its standard error
---@param tau number the spread of effects that are looked for
---@param sided? "two"|"greater"|"less" two unless given
---@return { e: number, p: number }?
---@return string? why
function stats.sprt(b, se, tau, sided) end

--- The one-sided e-value from information, for what came after a time.
---
--- Units: S in one over b's unit, V in one over its square; the answer has no unit.
--- Assumes: as stats.sprt with "greater".
--- Source: half-normal mixture.
--- Errors: nil and why for a V or tau not above 0.
---
--- ```lua
--- assert(stats.halfnormal_e(50, 100, 0.2) > 20)
--- ```
---@param S number b / se^2, or what it grew by
---@param V number 1 / se^2, or what it grew by
---@param tau number
---@return number? the answer
---@return string? why
function stats.halfnormal_e(S, V, tau) end

--- The lower factor L of m = L L'.
---
--- Units: m's unit, its root.
--- Assumes: m is symmetric and positive definite.
--- Source: Cholesky.
--- Errors: raises for what is no square of numbers; nil and why for a matrix that is not positive definite.
---
--- ```lua
--- local l = stats.cholesky({ { 4, 2 }, { 2, 5 } })
--- assert(l[1][1] == 2 and l[2][1] == 1 and l[2][2] == 2)
--- ```
---@param m number[][] rows, symmetric and positive definite, at most 500
---@return number[][]?
---@return string? why
function stats.cholesky(m) end

--- The inverse of m.
---
--- Units: one over m's unit.
--- Assumes: as stats.cholesky.
--- Source: Cholesky.
--- Errors: as stats.cholesky.
---
--- ```lua
--- assert(math.abs(stats.inverse({ { 4, 0 }, { 0, 2 } })[1][1] - 0.25) < 1e-15)
--- ```
---@param m number[][] rows, symmetric and positive definite, at most 500
---@return number[][]?
---@return string? why
function stats.inverse(m) end

--- The x of m x = b.
---
--- Units: b's unit over m's.
--- Assumes: as stats.cholesky.
--- Source: Cholesky.
--- Errors: as stats.cholesky; raises for a b of another length.
---
--- ```lua
--- assert(math.abs(stats.solve({ { 4, 0 }, { 0, 2 } }, { 8, 6 })[2] - 3) < 1e-15)
--- ```
---@param m number[][] rows, symmetric and positive definite, at most 500
---@param b number[]
---@return number[]?
---@return string? why
function stats.solve(m, b) end

--- The x of l x = b.
---
--- Units: b's unit over l's.
--- Assumes: l has no 0 on its diagonal.
--- Source: forward substitution.
--- Errors: raises for what is no square; nil and why for a diagonal that is not above 0.
---
--- ```lua
--- assert(stats.lower_solve({ { 2, 0 }, { 1, 2 } }, { 4, 6 })[2] == 2)
--- ```
---@param l number[][] a lower triangle
---@param b number[]
---@return number[]?
---@return string? why
function stats.lower_solve(l, b) end

--- The x of l' x = b.
---
--- Units: b's unit over l's.
--- Assumes: as stats.lower_solve.
--- Source: backward substitution.
--- Errors: as stats.lower_solve.
---
--- ```lua
--- assert(stats.lower_solve_t({ { 2, 0 }, { 1, 2 } }, { 4, 6 })[2] == 3)
--- ```
---@param l number[][] a lower triangle
---@param b number[]
---@return number[]?
---@return string? why
function stats.lower_solve_t(l, b) end

--- The columns of a regression; see stats.design.
---
--- Units: none.
--- Assumes: no intercept is implied: absorb groups, or add a column of ones.
--- Source: by definition.
--- Errors: raises for what is no number of rows.
---
--- ```lua
--- local d = stats.design(4)
--- local one, x = d:add({ 1, 1, 1, 1 }), d:add({ 0, 1, 2, 3 })
--- local fit = assert(stats.ols(d, { 1, 2, 2, 4 }))
--- assert(math.abs(fit:coef(x) - 0.9) < 1e-12 and math.abs(fit:coef(one) - 0.9) < 1e-12)
--- ```
---@param rows integer at most 10 million
---@return stats.design
function stats.design(rows) end

--- Least squares.
---
--- Units: coefficients in y's unit per unit of the column.
--- Assumes: y is linear in the columns; HC3 errors allow for scatter that differs from row to row, "classic" ones do not.
--- Source: Householder QR over blocks of rows; HC3 (MacKinnon and White 1985), 1 - h counted as at least .05.
--- Errors: raises for what is no design or no list; nil and why for a row that takes part and lacks a value, without degrees
--- of freedom, and for rows times columns squared above 5e9.
---
--- ```lua
--- local d = stats.design(5)
--- d:absorb({ "a", "a", "b", "b", "b" })
--- local x = d:add({ 0, 1, 0, 1, 2 })
--- local fit = assert(stats.ols(d, { 1, 2, 5, 6, 7.5 }, { cov = "classic" }))
--- assert(fit.groups == 2 and math.abs(fit:coef(x) - 1.2) < 1e-12)
--- ```
---@param design stats.design
---@param y number[] may lack values in rows that do not take part
---@param options? stats.ols_options
---@return stats.fit?
---@return string? why
function stats.ols(design, y, options) end

--- A coefficient and an error that allows for whatever rows of one cluster share: each cluster is left out once.
---
--- Units: b and se in y's unit per unit of the column.
--- Assumes: clusters are independent; each absorbed group lies within one; b / se is compared with t of (clusters that carry
--- the effect - 1) degrees of freedom.
--- Source: CR3 (Cameron and Miller 2015).
--- Errors: raises for labels of another length; nil and why for fewer than two clusters and for a column that cannot be
--- estimated without one.
---
--- ```lua
--- local d = stats.design(6)
--- d:add({ 1, 1, 1, 1, 1, 1 })
--- local x = d:add({ 0, 1, 0, 1, 0, 1 })
--- local j = assert(stats.jackknife(d, { 1, 2, 1, 2.5, 1, 3 }, { "a", "a", "b", "b", "c", "c" }, x))
--- assert(j.clusters == 3 and math.abs(j.b - 1.5) < 1e-12)
--- ```
---@param d stats.design
---@param y number[]
---@param by stats.labels the clusters
---@param i integer the column
---@param o? stats.rows
---@return stats.left_out?
---@return string? why
function stats.jackknife(d, y, by, i, o) end

--- Random numbers that are the same on every machine.
---
--- Units: see stats.generator.
--- Assumes: for simulation, not for secrets.
--- Source: xorshift64* (Vigna 2016).
--- Errors: raises for a seed that is no integer.
---
--- ```lua
--- local g = stats.generator(7)
--- local u = g:uniform()
--- assert(u > 0 and u < 1 and stats.generator(7):uniform() == u)
--- ```
---@param seed integer
---@return stats.generator
function stats.generator(seed) end

---@class stats.mean_sd
---@field n integer
---@field mean number
---@field sd number? n - 1 in the denominator; lacking for one value

---@class stats.median_mad
---@field median number
---@field mad_sigma number 1.4826022185056018 times the median of |x - median|
---@field robust_z_last number? (last - median) / mad_sigma; lacking where that is 0

---@class stats.pearson
---@field r number
---@field t number? lacking where |r| is 1
---@field p number n - 2 degrees of freedom
---@field ci_lo number? lacking below four points and where |r| is 1
---@field ci_hi number?

---@class stats.spearman
---@field rho number Pearson's coefficient of the mid-ranks
---@field t number?
---@field p number
---@field ci_lo number? Fisher's z with sqrt(1.06 / (n - 3))
---@field ci_hi number?

---@class stats.kendall
---@field tau number tau-b
---@field z number no continuity correction
---@field p number
---@field concordant number
---@field discordant number

---@class stats.mann_kendall
---@field S number
---@field varS number
---@field z number continuity correction
---@field p number
---@field nns number n/n*, what the variance was multiplied by; 1 in the plain test

---@class stats.theil_sen
---@field slope number per step
---@field intercept number at the first value
---@field lo number of the slope
---@field hi number

---@class stats.line rho = { 1, correlation at distance 1, … }, 0 beyond; line over t = 0 … n-1
---@field slope number per step
---@field intercept number at the first value
---@field s2 number error variance from the residuals: e'e / trace((I - H) R)
---@field factor number the slope's variance is v * factor for an error variance v
---@field df number n - 2
---@field se number sqrt(s2 * factor)
---@field residuals number[]

---@class stats.welch
---@field t number
---@field df number Welch and Satterthwaite
---@field p number
---@field diff number mean a - mean b
---@field se number
---@field ci_lo number
---@field ci_hi number

---@class stats.interval
---@field lo number
---@field hi number

---@class stats.beta_binomial
---@field mean number
---@field sd number
---@field q025 number
---@field q05 number
---@field q975 number

---@class stats.beta_prior
---@field a number
---@field b number

---@class stats.circular
---@field mean number? in [0, period); lacking where R is 0
---@field R number mean resultant length, 0 to 1
---@field Z number n R^2
---@field p number Greenwood and Durand (1955)

---@class stats.two_proportion
---@field z number
---@field p number
---@field diff number k1/n1 - k2/n2

---@class stats.tau2
---@field tau2 number variance between the estimates
---@field Q number
---@field p number of Q
---@field mean number of the random-effects model
---@field se number

---@class stats.bca
---@field theta number the statistic
---@field lo number
---@field hi number
---@field z0 number bias correction
---@field a number acceleration
---@field alpha_lo number
---@field alpha_hi number
---@field boot_mean number

---@class stats.design no intercept is implied: absorb groups, or add a column of ones
---@field add fun(self: stats.design, values: number[]): integer a column with a value for each row (nil only in rows
---that will not take part); its index
---@field indicator fun(self: stats.design, rows: integer[]): integer a column that is 1 in these rows, else 0; its index
---@field absorb fun(self: stats.design, groups: stats.labels) takes out what each group's rows have in common,
---exactly as a column for each group would; once

---@alias stats.labels (number|string)[] one for each row
---@class stats.rows
---@field rows? integer[] those that take part; all unless said otherwise

---@class stats.ols_options
---@field cov? "hc3"|"classic" HC3 (MacKinnon and White 1985) unless said otherwise; 1 - h counts as at least .05
---@field rows? integer[] those that take part; all unless said otherwise

---@class stats.fit
---@field n integer rows
---@field rank integer coefficients that could be estimated
---@field groups integer absorbed groups with rows
---@field df number n - rank - groups
---@field rss number
---@field coef fun(self: stats.fit, column: integer): number?, number|string estimate and standard error; nil and why
---where the column is a combination of earlier ones (rest of its norm <= 1e-9)
---@field contrast fun(self: stats.fit, weights: table<integer, number>): number?, number|string estimate, standard error
---@field cov fun(self: stats.fit, i: integer, k: integer): number?, string?
---@field residuals fun(self: stats.fit): number[] in the order of the rows that take part
---@field sigma fun(self: stats.fit): number

---@class stats.left_out
---@field b number of all rows
---@field se number
---@field clusters integer
---@field estimates number[] without each cluster, in the order in which the rows name them

---@class stats.generator
---@field uniform fun(self: stats.generator): number inside (0, 1)
---@field normal fun(self: stats.generator): number
---@field integer fun(self: stats.generator, n: integer): integer 1 … n
