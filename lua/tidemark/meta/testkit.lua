---@meta

--- What a plugin's spec needs: its own plugin, fixtures, fake posts and a fake ctx in plain Lua; the host itself, with a
--- throw-away database, inside of `tidemark plugin test`.
---
--- The plugin is the one above the folder spec/ that the asking spec lies in. In the examples it is vidly, with a parser, a
--- rule, a report and a job.
---@class tidemark.testkit
---@field json tidemark.json the sandbox's own, or the same in plain Lua
---@field null any what null is in documents: json.null
local testkit = {}

--- The plugin's folder.
---
--- Errors: raises where no spec is running.
---
--- ```lua
--- assert(testkit.dir():find("vidly$"))
--- ```
---@return string dir
function testkit.dir() end

--- A file of the plugin's folder.
---
--- Errors: raises where it cannot be read.
---
--- ```lua
--- assert(testkit.read("fixtures/videos.json"):find("video#list"))
--- ```
---@param name string
---@return string text
function testkit.read(name) end

--- The plugin's table, loaded as the host loads it.
---
--- Errors: raises where the file cannot be read or loaded.
---
--- ```lua
--- assert(testkit.plugin().name == "vidly")
--- ```
---@param name? string another plugin beside it
---@return tidemark.Plugin plugin
function testkit.plugin(name) end

--- A document from JSON text, as a parser sees it.
---
--- Errors: raises for what is no JSON.
---
--- ```lua
--- local doc = testkit.doc('{"items": [null]}')
--- assert(doc.items[1] == testkit.null)
--- ```
---@param text string
---@return any doc
function testkit.doc(text) end

--- A document from CSV text, as a parser sees it: { columns = { … }, rows = { { column = cell } } }, empty cells null.
---
--- Errors: raises for a quoted cell without an end.
---
--- ```lua
--- local doc = testkit.csv("id,views\nv1,12\nv2,\n")
--- assert(doc.rows[1].views == "12" and doc.rows[2].views == testkit.null)
--- ```
---@param text string
---@return any doc
function testkit.csv(text) end

--- A fixture as a document: JSON, CSV, or a line of NDJSON. A request's wrapper is taken off; the second value is what it
--- knew.
---
--- Units: line counts from 1.
--- Errors: raises where there is no such file or line.
---
--- ```lua
--- local doc, input = testkit.fixture("videos.json")
--- assert(doc.kind == "video#list" and type(input) == "table")
--- ```
---@param name string a file in fixtures/
---@param line? integer of NDJSON; 1 unless given
---@return any doc
---@return tidemark.Input input
function testkit.fixture(name, line) end

--- All documents of an NDJSON fixture.
---
--- Errors: raises where there is no such file, and for a line that is no JSON.
---
--- ```lua
--- assert(#testkit.lines("videos.ndjson") == 2)
--- ```
---@param name string a file in fixtures/
---@return any[] docs
function testkit.lines(name) end

--- The instant that a text names.
---
--- Units: seconds since 1970-01-01T00:00:00Z.
--- Errors: raises for what is no time.
---
--- ```lua
--- assert(testkit.time("2026-01-01T00:00:00Z") == 1767225600)
--- ```
---@param text string
---@return number seconds
function testkit.time(text) end

--- Runs a parser, code or description, without the host. The host's own walk with its notes is `testkit.host().parse`.
---
--- Errors: raises for a parser that is not there, and what the parser raises.
---
--- ```lua
--- local out = testkit.parse("vidly.videos", testkit.fixture("videos.json"))
--- assert(#out.rows == 2 and out.rows[2].counts.views == 300)
--- ```
---@param name string
---@param doc any
---@param input? tidemark.Input
---@param out? tidemark.testkit.Out what an earlier document of the same delivery yielded: this one's is added
---@return tidemark.testkit.Out out
function testkit.parse(name, doc, input, out) end

--- How many conditions of a parser's match a document meets.
---
--- Units: conditions; false where the document is not its own.
--- Errors: raises for a parser that is not there.
---
--- ```lua
--- assert(testkit.match("vidly.videos", { kind = "video#list" }) == 1)
--- assert(testkit.match("vidly.videos", { kind = "other" }) == false)
--- ```
---@param name string
---@param doc any
---@param input? tidemark.Input
---@return integer|false
function testkit.match(name, doc, input) end

--- The ids of what a parser yielded, in order.
---
--- Errors: never.
---
--- ```lua
--- local out = testkit.parse("vidly.videos", testkit.fixture("videos.json"))
--- assert(table.concat(testkit.ids(out), " ") == "v1 v2")
--- ```
---@param out tidemark.testkit.Out
---@return string[]
function testkit.ids(out) end

--- The plugin's parsers that take a document for their own, with how sure each is.
---
--- Units: conditions met.
--- Errors: raises what a match raises.
---
--- ```lua
--- assert(testkit.claims({ kind = "video#list" })["vidly.videos"] == 1)
--- ```
---@param doc any
---@param input? tidemark.Input
---@param plugin? string another one beside it
---@return table<string, integer>
function testkit.claims(doc, input, plugin) end

--- Which JSON fixtures of other plugins this one would take for its own where no platform was named.
---
--- Errors: raises for a plugin that is not there.
---
--- ```lua
--- assert(#testkit.foreign_claims({}) == 0)
--- ```
---@param others string[] plugins beside it
---@param plugin? string
---@return string[] "vidly.videos takes x/posts.json"
function testkit.foreign_claims(others, plugin) end

--- Posts as a rule sees them: an unknown field raises, as in the host.
---
--- Errors: raises for a field that posts do not have.
---
--- ```lua
--- local posts = testkit.posts({ { platform = "vidly", external_id = "v1", local_weekday = 6, score = 0.2 } })
--- assert(posts[1].score == 0.2 and posts[1].caption == nil)
--- ```
---@param from table[]|string a list, or a fixture that holds one
---@return tidemark.Post[]
function testkit.posts(from) end

--- Runs a rule's find over posts, with a fake ctx: what it asked of which analysis, and the label of each post.
---
--- Errors: raises for a rule that is not there, and what find raises.
---
--- ```lua
--- local posts = testkit.posts({ { external_id = "v1", local_weekday = 6 }, { external_id = "v2", local_weekday = 1 } })
--- local asked = testkit.find("vidly.weekend", posts)
--- assert(asked[1].kind == "compare" and asked[1].by[1] == "weekend" and asked[1].by[2] == "weekday")
--- ```
---@param name string
---@param posts tidemark.Post[]
---@param ctx? tidemark.testkit.Ctx testkit.ctx{ candidates = … } where find reads the answers
---@return tidemark.testkit.Asked[] asked
---@return any answer what find returned
function testkit.find(name, posts, ctx) end

--- Runs a Lua report with a fake ctx.
---
--- Errors: raises for a report or an argument that is not there, and what run raises.
---
--- ```lua
--- local ctx = testkit.ctx({ answers = { { { title = "First", views = 1200 } } } })
--- local rows = testkit.report("vidly.top", ctx, { n = 5 })
--- assert(rows[1].views == 1200 and ctx.asked[1].params[1] == 5)
--- ```
---@param name string
---@param ctx tidemark.testkit.Ctx
---@param args? table<string, any> the others have their defaults
---@return rows.List
function testkit.report(name, ctx, args) end

--- Runs a job with a fake ctx.
---
--- Errors: raises for a job that is not there, and what run raises.
---
--- ```lua
--- local ctx = testkit.ctx({ answers = { 3 } })
--- testkit.job("vidly.tidy", ctx)
--- assert(ctx.asked[1].how == "exec" and ctx.logged[1].text == "3 posts")
--- ```
---@param name string
---@param ctx tidemark.testkit.Ctx
---@return any
function testkit.job(name, ctx) end

--- A fake ctx. It answers what the spec says and writes down what was asked.
---
--- Errors: a statement without an answer raises; an answer { raise = … } raises that.
---
--- ```lua
--- local ctx = testkit.ctx({ config = { region = "DE" }, answers = { { { n = 1 } }, { raise = { kind = "sql" } } } })
--- assert(ctx.db.query("SELECT 1 AS n")[1].n == 1 and ctx.config.region == "DE")
--- assert(not pcall(ctx.db.query, "SELECT 2"))
--- ```
---@param options? tidemark.testkit.CtxOptions
---@return tidemark.testkit.Ctx
function testkit.ctx(options) end

--- A fake out, as a parser is handed it, that writes down what it is told.
---
--- Errors: raises for a post without an id and for counts before the first post.
---
--- ```lua
--- local out = testkit.out()
--- out.post{ id = "v1" }
--- out.counts{ views = 1 }
--- assert(out.rows[1].counts.views == 1)
--- ```
---@return tidemark.testkit.Out
function testkit.out() end

--- Compares a result with the one recorded in fixtures/NAME.golden.json; without a value, what the host's parsers make of the
--- fixture. `tidemark plugin test --record` keeps the new result.
---
--- Errors: fails the test with what differs; in plain Lua, and where nothing was recorded yet, the test is left out.
---
--- ```lua
--- testkit.golden("totals", { views = 1500 })
--- ```
---@param name string a fixture, or a name of your own
---@param value? any what JSON can hold
---@param options? table those of host.parse
function testkit.golden(name, value, options) end

--- A test for each fixture of the plugin: that it yields what was recorded. To be called inside of a describe.
---
--- Errors: as golden.
---
--- ```lua
--- local goldens = testkit.goldens -- describe("the fixtures", function() goldens() end)
--- assert(type(goldens) == "function")
--- ```
function testkit.goldens() end

--- The host itself with a world of its own: an owner whose posts nobody else has. Its throw-away database is started when
--- something first asks for it. In plain Lua (busted, or `plugin test --pure`) the test that asks is left out.
---
--- Errors: raises where the host cannot be had.
---
--- ```lua
--- local host = testkit.host()
--- assert(#host.owner == 36)
--- ```
---@return tidemark.testkit.Host
function testkit.host() end

---@class tidemark.testkit.Host
---@field owner string the owner's UUID
local host = {}

--- What the parsers make of a payload.
---
--- Units: as the parser's rows have them; at in seconds since 1970, or a text.
--- Errors: raises what the host says, with the spec's line.
---
--- ```lua
--- local made = testkit.host().parse("videos.json")
--- assert(made.parser == "vidly.videos" and #made.rows == 2 and made.rows[1].views == 1200)
--- ```
---@param payload any a fixture's name, a document, or a text
---@param options? { platform?: string|false, account?: string, at?: number|string } platform: the plugin's unless given,
---false: to be recognised
---@return { parser: string?, rows: table[], drops: table, bad: table[], accounts: table[], same: table[], refused: table[] }
function host.parse(payload, options) end

--- Which parser takes a payload where no platform was named.
---
--- Errors: nil and why where none does.
---
--- ```lua
--- assert(testkit.host().match("videos.json") == "vidly.videos")
--- ```
---@param payload any
---@return string? parser
---@return string? why
function host.match(payload) end

--- Takes a payload in.
---
--- Units: the numbers count rows.
--- Errors: raises what the host says.
---
--- ```lua
--- local done = testkit.host().ingest("videos.json", { at = "2026-03-08T00:00:00Z" })
--- assert(done.inserted == 2)
--- ```
---@param payload any
---@param options? { platform?: string|false, account?: string, at?: number|string }
---@return { received: integer, inserted: integer, updated: integer, unchanged: integer, quarantined: integer, dropped:
---integer }
function host.ingest(payload, options) end

--- Posts that were observed, without a payload.
---
--- Units: times in seconds since 1970 or as text; age is "1h", "24h", "7d" or "28d" after publication.
--- Errors: raises for an observation without an id and what the host says.
---
--- ```lua
--- local host = testkit.host()
--- host.observe({ { id = "v9", title = "Ninth", views = 50, age = "7d" } })
--- assert(host.query("SELECT count(*) AS n FROM content")[1].n == 1)
--- ```
---@param list table[] { platform, id, account, title, published_at, tags, …, views, likes, …, age or at }
---@return table as host.ingest
function host.observe(list) end

--- Runs rules over what was taken in.
---
--- Units: as `tidemark learn` shows them.
--- Errors: raises what the rule raises.
---
--- ```lua
--- local runs = testkit.host().learn("vidly.weekend")
--- assert(runs[1].rule == "vidly.weekend")
--- ```
---@param rules? string|string[] all of the plugin's unless given
---@param options? { as_of?: number|string, since?: string, dry_run?: boolean } dry_run: true unless given
---@return table[] { rule, state, tests, written, results = { { platform, label, effect, lo, hi, n, q, decision, why } } }
function host.learn(rules, options) end

--- Runs a report, in SQL or in Lua, as the owner.
---
--- Units: as_of in seconds since 1970, or a text.
--- Errors: raises what the report raises.
---
--- ```lua
--- local host = testkit.host()
--- host.ingest("videos.json")
--- assert(#host.report("vidly.top", { n = 1 }) == 1)
--- ```
---@param name string
---@param args? table<string, any>
---@param options? { as_of?: number|string } of a report in Lua
---@return table[] rows
function host.report(name, args, options) end

--- Runs a job as the owner.
---
--- Units: as_of in seconds since 1970, or a text.
--- Errors: raises what it raises.
---
--- ```lua
--- assert(testkit.host().run("vidly.tidy") == nil)
--- ```
---@param name string
---@param options? { as_of?: number|string }
---@return table[]? rows nil where it gave none back
function host.run(name, options) end

--- One statement as the owner.
---
--- Errors: raises what the database says.
---
--- ```lua
--- assert(testkit.host().query("SELECT $1::int + 1 AS n", 1)[1].n == 2)
--- ```
---@param sql string
---@param ... any
---@return table[] rows
function host.query(sql, ...) end

---@class tidemark.testkit.CtxOptions
---@field now? number seconds since 1970; 2026-01-01 unless given
---@field as_of? number now unless given
---@field config? table<string, any>
---@field state? table<string, any>
---@field answers? any[]|fun(sql: string, params: any[], how: string): any what each statement gives, in order; { raise =
---error } raises
---@field candidates? table<string, tidemark.Candidate[]> what each analysis gives: { compare = { … } }

---@class tidemark.testkit.Ctx: tidemark.RuleCtx
---@field asked tidemark.testkit.Asked[] statements and questions to analyses, in order
---@field logged { level: string, text: string }[]
---@field slept number[] seconds
---@field committed integer transactions
---@field rolled_back integer transactions

---@class tidemark.testkit.Asked
---@field kind? string an analysis: "compare"; "own"
---@field posts? tidemark.Post[] of an analysis
---@field opts? table of an analysis
---@field by? any[] the label of each post
---@field facts? any[] the facts of each post
---@field candidates? table[] of ctx.own
---@field how? string a statement: "query", "one", "value", "each", "exec"
---@field sql? string of a statement
---@field params? any[] of a statement
---@field tx? boolean inside of ctx.db.tx

---@class tidemark.testkit.Out: tidemark.Out
---@field rows { post: tidemark.OutPost, counts: tidemark.OutCounts? }[]
---@field fact_rows tidemark.OutFacts[]
---@field drops table<string, integer> by reason
---@field bads { code: string, text: string, item: any }[]
---@field accounts table[]
---@field sames table[]
---@field refused? { code: any, text: any }
