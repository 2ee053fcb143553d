---@meta

--- The posts that a rule's `find(posts, ctx)` looks at: a list, `posts[1]` to `posts[#posts]`, that can only be read.
---@class tidemark.Posts
---@field [integer] tidemark.Post
---@operator len: integer

--- One post. A field that is not known is nil; a field that posts do not have raises, with the nearest name.
---@class tidemark.Post
---@field platform string
---@field external_id string its id on the platform
---@field account string
---@field creator? string
---@field content string the work it belongs to
---@field published_at number seconds since 1970
---@field local_hour? integer 0 to 23, in the account's zone
---@field local_weekday? integer 1 = Monday … 7 = Sunday, in the account's zone
---@field caption? string
---@field tags string[] lower case, without #, those of the caption included
---@field media_kind? string
---@field duration_s? number seconds
---@field ai_version? string
---@field facts? table<string, any> what tools said of it: facts.visual.brightness
---@field views? integer count at the age
---@field likes? integer count at the age
---@field comments? integer count at the age
---@field shares? integer count at the age
---@field saves? integer count at the age
---@field y? number engagement (log ratio) or reach (log views) at the age
---@field score? number y less the account's median over the 90 days before it
---@field score_24h? number the same at 24 hours, where the rule needs changes
---@field basis? string how the counts were read
---@field reason? string why there are none
---@field read_at? number when they were read, in seconds since 1970
---@field segment? string which definition of views held
---@field straddles? boolean the definition changed during its life
---@field gained? { first_day: integer, [integer]: number } views gained per day (UTC; days since 1970), where needs.gained
---asks for it
---@field by? any the label, in the columns of an answer

--- What a rule's function gets beside its posts: ctx with the analyses. Each takes the posts that find was given and a table
--- of options, waits, and gives a list of candidates (`#answer`, `answer[1].n.used`, `answer[1].effect.percent`), which can
--- be read and handed back. The host computes and corrects; a rule never sees a number it could bend.
---@class tidemark.RuleCtx: tidemark.Ctx
local ctx = {}

--- Which labels succeed: the share of posts above their account's usual (score > 0).
---
--- Assumes: posts are exchangeable within their account once time, posting block, tags and changes of the AI are held equal;
--- accounts are independent; the groups' shares are draws of one beta distribution.
--- Units: probabilities 0 to 1: `effect.raw` is the label's rate, `effect.shrunk` the same drawn towards the platform's,
--- `contrast.raw` the difference to the same accounts' other posts, which is what is tested.
--- Source: beta-binomial shrinkage (Kleinman 1973), Wilson's interval (1927); the test is least squares on success with
--- account effects and HC3 errors (MacKinnon and White 1985), which without other columns is Mantel and Haenszel (1959).
--- Errors: raises for an unknown option, without `by`, and for other posts than find was given.
---
--- ```lua
--- return ctx.rank(posts, { by = function(p) return p.media_kind end, subject = "format", writes = "pattern" })
--- ```
---@param posts tidemark.Posts
---@param options tidemark.RankOptions
---@return tidemark.Candidate[]
function ctx.rank(posts, options) end

--- Which groups do better: a label's posts against the account's other posts.
---
--- Assumes: y is linear in account effects, a cubic in time, posting block, tags, changes of the AI and the work's score
--- elsewhere; errors are independent from work to work, whatever their size.
--- Units: log ratio (`effect.percent` as percent): how many times as much engagement, or reach.
--- Source: least squares with absorbed accounts, HC3 (MacKinnon and White 1985), Student's t.
--- Errors: raises for an unknown option, without `by`, and for other posts than find was given.
---
--- ```lua
--- return ctx.compare(posts, { by = function(p) return p.tags end, subject = "tag", writes = "pattern" })
--- ```
---@param posts tidemark.Posts
---@param options tidemark.CompareOptions
---@return tidemark.Candidate[]
function ctx.compare(posts, options) end

--- Which numeric facts go with the score, within accounts, all facts of a call together.
---
--- Assumes: as compare; each fact acts in a straight line over its usual range. A fact that differs only between accounts
--- says nothing.
--- Units: log ratio per standard deviation of the fact within accounts; `values.correlation` is Spearman's, -1 to 1.
--- Source: least squares with absorbed accounts, HC3 (MacKinnon and White 1985); Spearman (1904) within accounts.
--- Errors: raises for an unknown option, without `facts`, and for other posts than find was given.
---
--- ```lua
--- return ctx.correlate(posts, {
---   facts = function(p) return p.caption and { caption_length = utf8.len(p.caption) } end, facet = "text", writes = "style"
--- })
--- ```
---@param posts tidemark.Posts
---@param options tidemark.CorrelateOptions
---@return tidemark.Candidate[]
function ctx.correlate(posts, options) end

--- What rises or falls week by week, in views gained. Needs `needs = { gained = "views" }`.
---
--- Assumes: the logarithm of weekly sums is a line plus noise that depends on the week before; with ten series or more, what
--- moves all series of a platform alike is no trend of one.
--- Units: log ratio from the window's first week to its last (`effect.percent` as percent).
--- Source: least squares with AR(1) errors pooled over the platform, medians of the common movement (Tukey's polish).
--- Errors: raises for an unknown option, without `by`, and for other posts than find was given.
---
--- ```lua
--- return ctx.trend(posts, { by = function(p) return p.tags end, subject = "hashtag", writes = "trend" })
--- ```
---@param posts tidemark.Posts
---@param options tidemark.TrendOptions
---@return tidemark.Candidate[]
function ctx.trend(posts, options) end

--- Did a change of the AI help? Posts under it against the same accounts' posts before, while accounts that did not adopt it
--- say what the same fortnights were like. Needs `needs = { changes = true }`.
---
--- Assumes: without the change, accounts that took it up would have moved as the others did; accounts are independent. Where
--- nobody is left to compare with, the answer is marked uncontrolled.
--- Units: log ratio at 24 hours (`effect.percent` as percent).
--- Source: difference in differences with staggered adoption; errors by leaving out one account at a time (CR3, Cameron and
--- Miller 2015); p of a normal-mixture sequential test (Robbins 1970, Johari and others 2017), valid however often one looks.
--- Errors: raises for an unknown option and for other posts than find was given.
---
--- ```lua
--- return ctx.before_after(posts, { writes = "improvement" })
--- ```
---@param posts tidemark.Posts
---@param options? tidemark.BeforeAfterOptions
---@return tidemark.Candidate[]
function ctx.before_after(posts, options) end

--- Candidates that the rule has made by statistics of its own. Needs `capabilities = { own_statistics = true }` in the plugin
--- and the project's grant; wherever they show they are marked as the plugin's. The host takes each at its weakest: the
--- larger of the errors that its interval and its p imply, corrected as a family of their own.
---
--- Assumes: what the rule says: the method stands beside the numbers.
--- Units: effect, lo and hi in the candidate's `unit`; lo and hi are the 95 % interval; p from 0 to 1.
--- Source: the rule's own; `method` names it.
--- Errors: raises with the candidate's number for a field that is missing, unknown or out of range; without the grant the
--- rule fails and the line to add to tidemark.lua is said.
---
--- ```lua
--- return ctx.own({
---   { subject = { type = "tag", key = "howto" }, platform = "vidly", n = 40, effect = 12, lo = 4, hi = 21, p = 0.003,
---     unit = "percent", method = "paired permutation test, 10,000 rounds", why = "seen since May" },
--- }, { writes = "pattern" })
--- ```
---@param candidates tidemark.OwnCandidate[] one for each subject and platform, at most 10,000
---@param options? tidemark.OwnOptions
---@return tidemark.Candidate[]
function ctx.own(candidates, options) end

---@class tidemark.OwnCandidate
---@field platform? string nil: over all platforms (a trend needs one)
---@field subject string|{ type?: string, key: string, label?: string } what it is about
---@field n integer observations
---@field effect number in `unit`
---@field lo number of the 95 % interval, in `unit`
---@field hi number of the 95 % interval, in `unit`
---@field p number from 0 to 1
---@field unit "log ratio"|"percent"|"ratio"|"points"|"correlation"|"hours"|"seconds"|"count"
---@field method string how it was computed, in one line
---@field why? string for the reader, in one line

---@class tidemark.OwnOptions
---@field writes? "pattern"|"style"|"trend"|"improvement" which table findings go to
---@field subject? string the type of subjects that are texts
---@field pattern_type? string
---@field facet? "visual"|"audio"|"text"
---@field min_n? integer observations: 15
---@field gate? number of ratios as a share (0.10), of every other unit in that unit

---@class tidemark.AnalysisOptions
---@field writes? "pattern"|"style"|"trend"|"improvement" which table findings go to
---@field subject? "tag"|"format"|"time_block"|"fact"|"hashtag"|"platform"|"change"|"pattern" what the labels are, for the
---reader
---@field gate? number smaller lifts are not written: 0.10 (trends 0.20) unless given

---@class tidemark.RankOptions: tidemark.AnalysisOptions
---@field by fun(p: tidemark.Post): string|number|string[]|nil a label, a list of labels, or nil
---@field per? "platform"|"work" one row per platform, or one per work over all its platforms
---@field pattern_type? string
---@field min_n? integer posts with and without: 15

---@class tidemark.CompareOptions: tidemark.AnalysisOptions
---@field by fun(p: tidemark.Post): string|number|string[]|nil a label, a list of labels, or nil
---@field per? "platform"|"work" one row per platform, or one per work over all its platforms
---@field sided? "two"|"greater" greater: only better is looked for
---@field adjust? ("account"|"time"|"tags"|"block"|"changes"|"elsewhere")[] what is held equal; all that apply unless given
---@field pattern_type? string
---@field facet? "visual"|"audio"|"text"
---@field min_n? integer posts with and without: 15, for posting blocks 20

---@class tidemark.CorrelateOptions: tidemark.AnalysisOptions
---@field facts fun(p: tidemark.Post): table<string, number|boolean>? names with numbers; yes and no count as 1 and 0
---@field facet? "visual"|"audio"|"text"
---@field adjust? ("account"|"time"|"tags"|"block"|"changes"|"elsewhere")[] what is held equal; all that apply unless given
---@field min_n? integer works: 15

---@class tidemark.TrendOptions: tidemark.AnalysisOptions
---@field by fun(p: tidemark.Post): string|number|string[]|nil a label, a list of labels, or nil
---@field min_posts? integer posts a series: 10

---@class tidemark.BeforeAfterOptions: tidemark.AnalysisOptions
---@field min_n? integer posts before and after: 15
