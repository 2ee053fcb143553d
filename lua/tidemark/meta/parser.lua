---@meta

--- What a parser's `parse(doc, out, input)` gives its rows to. Values are given as they stand in the document: a count may be
--- a digit string, json.null and nil are NULL. Unknown keys raise, with the known ones.
---@class tidemark.Out
local out = {}

--- Begins a row: facts of a post.
---
--- Units: published_at as ISO 8601 text or seconds since 1970, duration_s as seconds or ISO 8601 ("PT4M13S").
--- Errors: raises for an unknown key and for more than 50,000 rows; a post without an id goes to quarantine.
---
--- ```lua
--- out.post{ id = "v1", title = "First", published_at = "2024-03-01T10:00:00Z", tags = { "howto" } }
--- ```
---@param post tidemark.OutPost
function out.post(post) end

--- Counts of the post that was begun last. A second call makes a second row of the same post (another window).
---
--- Units: whole numbers, average_watch_time in seconds; window_start and window_end as texts or seconds since 1970.
--- Errors: raises before any out.post and for an unknown key; a value that is no count is NULL, with a note.
---
--- ```lua
--- out.post{ id = "v1" }
--- out.counts{ views = "1200", likes = 30, metrics = { impressions = 9000 } }
--- ```
---@param counts tidemark.OutCounts
function out.counts(counts) end

--- Facts about a post that are no observation of it (a model's description): a row of its own, without counts.
---
--- Errors: raises for an unknown key; members whose name the host fills itself are left out, with a note.
---
--- ```lua
--- out.facts{ id = "v1", features = { visual = { brightness = 0.7 } } }
--- ```
---@param facts tidemark.OutFacts
function out.facts(facts) end

--- Facts of an account; with metrics or audience an observation of it: a received item, kept in tidemark.account_snapshots. Without
--- an id it is the account of payloads that name none (--account, else "-").
---
--- Units: metrics as the platform counts; audience in its unit (counts or percent), which the plugin's README says.
--- Errors: raises for an unknown key and for more than 50,000 rows; a metric that is no number is left out, with a note.
---
--- ```lua
--- out.account{ id = "UC1", handle = "@studio", metrics = { followers = 1200 },
---              audience = { country = { DE = 40, AT = 12 } } }
--- ```
---@param account tidemark.OutAccount
function out.account(account) end

--- Ids that are one post, of documents that say nothing else about it. Whatever comes under one of them is that post's from now
--- on, and what came before is put together. It counts nothing: say what the item is with `out.skip`.
---
--- Errors: raises for an unknown key.
---
--- ```lua
--- out.same{ id = "urn:li:ugcPost:1", aliases = { "urn:li:share:2" } }
--- out.skip("id-map")
--- ```
---@param ids { id: any, aliases: any }
function out.same(ids) end

--- Items that are no content: counted as dropped.
---
--- Units: n counts items.
--- Errors: raises for a number below 0.
---
--- ```lua
--- out.skip("retweet", 3)
--- ```
---@param reason string
---@param n? integer 1 unless given
function out.skip(reason, n) end

--- An item that goes to quarantine.
---
--- Errors: raises without code and text.
---
--- ```lua
--- out.bad("missing_id", "no id in this item", { title = "?" })
--- ```
---@param code string
---@param text string
---@param item? any what is kept
function out.bad(code, text, item) end

--- The document is an error envelope: it is refused with the platform's own reason.
---
--- Errors: never.
---
--- ```lua
--- out.refuse(403, "quotaExceeded")
--- ```
---@param code any
---@param text any
function out.refuse(code, text) end

---@class tidemark.OutPost
---@field id? any its id on the platform; may be left out where id_from_url or --content says it
---@field platform? any the plugin's name unless given
---@field account? any the account's id
---@field title? any
---@field caption? any
---@field url? any
---@field published_at? any
---@field tags? any a list of texts
---@field duration_s? any
---@field media_kind? any
---@field ai_version? any which AI made it
---@field aliases? any other ids of the same post: a list, or one
---@field features? table<string, any> other facts of it

---@class tidemark.OutCounts
---@field views? any
---@field likes? any
---@field shares? any
---@field comments? any
---@field saves? any
---@field average_watch_time? any seconds
---@field window? "lifetime"|"day"|"week"|"days_28"|"range" what the counts cover; lifetime unless given
---@field window_start? any
---@field window_end? any
---@field metrics? table<string, any> metrics of the registry that have no column
---@field audience? table<string, any> who the audience was: { age_gender = { ["female.25-34"] = 12.5 } }
---@field extra? table<string, any> leftovers under the platform's own names

---@class tidemark.OutAccount
---@field id? any its id on the platform
---@field handle? any
---@field metrics? table<string, any> its numbers by name; a list or table of numbers stays as it is
---@field audience? table<string, any> who its audience is

---@class tidemark.OutFacts
---@field id any
---@field platform? any
---@field features table<string, any>
---@field notes? table<string, string> what could not be taken, by feature

--- What only the request knew: the third argument of `parse`, the second of `match`.
---@class tidemark.Input
---@field url? string where the document came from
---@field status? integer the HTTP status
---@field format "json"|"csv"
---@field observed_at number when it was delivered, in seconds since 1970
---@field platform? string where the platform was named, by -p or by the wrapper
---@field content? string the id of the post of a document that names none (--content); out.post without an id gets it anyway
---@field config table<string, any> the plugin's settings, checked, with their defaults

---@alias tidemark.View any a view on a document: doc.items[1].id, #doc.items, ipairs, pairs; null is json.null
