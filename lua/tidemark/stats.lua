--- The statistics: the sandbox's table `stats` in the host, the C module tidemark_stats in plain Lua (the build puts it into
--- lib/ of the build folder; LUA_CPATH names it for the tests). Both are the same C code.
---
--- Conventions. Lists are plain sequences of numbers. A wrong type raises. Data that have no answer (too few values, a constant
--- sample, a not-a-number, an argument outside the domain) give `nil, why`: never a number. Optional keys are
--- absent where their quantity does not exist. conf is a confidence (0.95), p-values are two-sided unless said otherwise.

---@class tidemark.stats
---
--- Distributions: cdf = P(X <= x), sf = P(X > x) without cancellation, quantile of 0 < p < 1. Relative error below 1e-11, in
--- the tails too. Incomplete beta and gamma by continued fraction and series; t above 1e5 degrees of freedom by Hill (1970).
---@field normal_cdf fun(x: number): number?, string?
---@field normal_sf fun(x: number): number?, string?
---@field normal_quantile fun(p: number): number?, string?
---@field t_cdf fun(t: number, df: number): number?, string?
---@field t_sf fun(t: number, df: number): number?, string?
---@field t_sf2 fun(t: number, df: number): number?, string? P(|T| > |t|)
---@field t_quantile fun(p: number, df: number): number?, string?
---@field chi2_cdf fun(x: number, df: number): number?, string?
---@field chi2_sf fun(x: number, df: number): number?, string?
---@field chi2_quantile fun(p: number, df: number): number?, string?
---@field f_cdf fun(x: number, d1: number, d2: number): number?, string?
---@field f_sf fun(x: number, d1: number, d2: number): number?, string?
---@field f_quantile fun(p: number, d1: number, d2: number): number?, string?
---@field beta_cdf fun(x: number, a: number, b: number): number?, string?
---@field beta_sf fun(x: number, a: number, b: number): number?, string?
---@field beta_quantile fun(p: number, a: number, b: number): number?, string?
---
--- One sample.
---@field mean_sd fun(x: number[]): stats.mean_sd?, string? two passes, compensated
---@field welford fun(x: number[]): stats.mean_sd?, string? one pass (Welford 1962)
---@field quantile fun(x: number[], q: number): number?, string? type 7 of Hyndman and Fan (1996); 0 <= q <= 1
---@field median fun(x: number[]): number?, string?
---@field median_mad fun(x: number[]): stats.median_mad?, string?
---@field ranks fun(x: number[]): number[]?, string? from 1; equal values share the middle of their ranks
---
--- Association of two lists of one length (another length raises).
---@field pearson fun(x: number[], y: number[], conf?: number): stats.pearson?, string? interval by Fisher's z
---@field spearman fun(x: number[], y: number[], conf?: number): stats.spearman?, string?
---@field kendall_tau_b fun(x: number[], y: number[]): stats.kendall?, string? at most 20000 values
---
--- One evenly spaced series.
---@field mann_kendall fun(x: number[]): stats.mann_kendall?, string? variance corrected for ties; at most 20000 values
---@field mann_kendall_hamed_rao fun(x: number[], alpha?: number): stats.mann_kendall?, string? Hamed and Rao (1998)
---@field theil_sen fun(x: number[], conf?: number): stats.theil_sen?, string? Sen (1968); at most 2000 values
---@field ols_ar1 fun(y: number[], rho: number[]): stats.line?, string? line whose errors are correlated; see the class
---
--- Two samples, shares, directions.
---@field welch_t fun(a: number[], b: number[], conf?: number): stats.welch?, string?
---@field wilson fun(k: number, n: number, conf?: number): stats.interval?, string? Wilson (1927); exact 0 and 1 at the ends
---@field beta_binomial fun(k: number, n: number, a: number, b: number): stats.beta_binomial?, string? of Beta(a+k, b+n-k)
---@field beta_prior fun(k: number[], n: number[]): stats.beta_prior?, string? empirical Bayes over groups, by moments
---(Kleinman 1973); a + b at least 10 and at most the sum of n
---@field circular fun(h: number[], period?: number): stats.circular?, string? period 24; Rayleigh's test
---@field two_proportion_z fun(k1: number, n1: number, k2: number, n2: number): stats.two_proportion?, string? pooled
---@field fisher_combine fun(p: number[]): {chi2: number, p: number}?, string? independent p-values above 0
---@field tau2 fun(b: number[], se: number[]): stats.tau2?, string? DerSimonian and Laird (1986)
---@field bca fun(x: number[], statistic: "mean"|"median", rounds?: integer, seed?: integer, conf?: number): stats.bca?, string?
---Efron (1987); 2000 rounds, seed 42; the resamples are the same on every machine; n times rounds at most 1e8
---
--- Many tests, and looks while the data grow.
---@field bh_adjust fun(p: number[]): number[]?, string? Benjamini and Hochberg (1995): rejected at q where the result is <= q
---@field by_adjust fun(p: number[]): number[]?, string? Benjamini and Yekutieli (2001)
---@field ebh_adjust fun(e: number[]): number[]?, string? e-BH (Wang and Ramdas 2022): e-values in, q out
---@field sprt fun(b: number, se: number, tau: number, sided?: "two"|"greater"|"less"): {e: number, p: number}?, string?
---normal-mixture SPRT (Robbins 1970, Johari 2017) of an estimate against 0; p = 1/e holds at any look; one-sided: half-normal
---@field halfnormal_e fun(S: number, V: number, tau: number): number?, string? the one-sided e-value from information:
---S = b/se^2, V = 1/se^2, or what both grew by
---
--- Small symmetric positive definite matrices, lists of rows, at most 500.
---@field cholesky fun(m: number[][]): number[][]?, string? the lower factor L, m = L L'
---@field inverse fun(m: number[][]): number[][]?, string?
---@field solve fun(m: number[][], b: number[]): number[]?, string? m x = b
---@field lower_solve fun(l: number[][], b: number[]): number[]?, string? L x = b
---@field lower_solve_t fun(l: number[][], b: number[]): number[]?, string? L' x = b
---
--- Regression, and random numbers that are the same everywhere.
---@field design fun(rows: integer): stats.design at most 10 million rows
---@field ols fun(design: stats.design, y: number[], options?: stats.ols_options): stats.fit?, string?
---Householder QR; at most 5e9 rows times columns squared; y may lack values in rows that do not take part
---@field jackknife fun(d: stats.design, y: number[], by: stats.labels, i: integer, o?: stats.rows): stats.left_out?, string?
---leave one cluster out (CR3); each absorbed group lies within one cluster; compare b / se with t of (clusters that carry the
---effect - 1) degrees of freedom
---@field generator fun(seed: integer): stats.generator xorshift64* (Vigna 2016)

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

---@type tidemark.stats
local stats = rawget(_G, "stats") or require("tidemark_stats")
return stats
