---@meta

-- A plugin's table and a project's config, from the contract's own lists (contract_schema.lua): made by
-- docs/api/generate.lua, change it there.

---@alias tidemark.Path string
---| { [1]: string, unit?: string }
---| { first: string[], unit?: string } the first that is there and not null
---| { sum: string[], unit?: string } of those that are there

---@class tidemark.Plugin a plugin's table
---@field name string as its file or folder is called: lower-case letters, digits and _, a letter first
---@field api integer the version of this contract that the plugin is written for: 1
---@field about string what it is for, in one sentence
---@field parsers? table<string, tidemark.Parser> documents to rows: { ["NAME.videos"] = { … } }
---@field rules? table<string, tidemark.Rule> what to look for: { ["NAME.best_hour"] = { … } }
---@field reports? table<string, tidemark.Report> questions and their tables, in Lua: { ["NAME.top"] = { … } }; those in SQL are files in reports/
---@field jobs? table<string, tidemark.Job> upkeep, by hand or by schedule: { ["NAME.tidy"] = { … } }
---@field collectors? table<string, tidemark.Collector> fetches documents from a platform: { ["NAME.fetch"] = { … } }
---@field config? table<string, tidemark.Setting> settings that a project may give in its tidemark.lua: { region = { type = "string", … } }
---@field capabilities? tidemark.Capabilities what the plugin needs beyond its owner's rows; the project has to grant it

---@class tidemark.Parser a parser
---@field about? string which documents, and what they yield
---@field match table<string, any>|(fun(doc: tidemark.View, input: tidemark.Input): boolean|integer|nil) which documents are its own: conditions, or function(doc, input)
---@field csv? boolean for CSV (columns in match says so by itself)
---@field whole? boolean needs a CSV uncut
---@field zone? string zone of dates in window_start and window_end
---@field wide_export? boolean several media families are filled at once
---@field id_from_url? string|string[] the post's id where the document names none: what a Lua pattern (or one of a list) captures of the url
---@field each? tidemark.Path where the items are: a path, or { first = { … } }
---@field post? tidemark.PostPaths facts of the post, by paths; without it the items are accounts
---@field counts? tidemark.CountsPaths counts of the post, by paths
---@field window? "lifetime"|"day"|"week"|"days_28"|"range" what the counts cover; unless given lifetime
---@field extra? string|table<string, tidemark.Path> leftovers under the platform's own names: a path, or { name = path }
---@field account? tidemark.AccountPaths facts of the account, by paths
---@field same? tidemark.SamePaths items that only say which ids are one post, by paths
---@field drop? tidemark.Drop[] items that are no content
---@field skip? string every item is no content, and why
---@field refuse? tidemark.RefusePaths an error envelope: paths of its reason
---@field parse? fun(doc: tidemark.View, out: tidemark.Out, input: tidemark.Input) the parser as code

---@class tidemark.PostPaths facts of a post
---@field id tidemark.Path the post's id
---@field platform? tidemark.Path the platform; the plugin's name unless given
---@field account? tidemark.Path the account's id
---@field title? tidemark.Path its title
---@field caption? tidemark.Path its caption or description
---@field url? tidemark.Path its address
---@field published_at? tidemark.Path when it was published
---@field tags? tidemark.Path its tags
---@field duration_s? tidemark.Path its length
---@field media_kind? tidemark.Path video, image, …
---@field ai_version? tidemark.Path which AI made it
---@field aliases? tidemark.Path other ids of the same post: a list, or one
---@field features? table<string, tidemark.Path> other facts of it, by name

---@class tidemark.CountsPaths counts of a post
---@field views? tidemark.Path views
---@field likes? tidemark.Path likes
---@field shares? tidemark.Path shares
---@field comments? tidemark.Path comments
---@field saves? tidemark.Path saves
---@field average_watch_time? tidemark.Path average watch time in seconds
---@field window_start? tidemark.Path where the window begins
---@field window_end? tidemark.Path where the window ends
---@field metrics? table<string, tidemark.Path> metrics of the registry without a column
---@field audience? table<string, tidemark.Path> who the audience was: a path to an object, or one by name; in the platform's unit

---@class tidemark.AccountPaths facts of an account
---@field id? tidemark.Path the account's id; left out only where the payload names none and metrics or audience are taken
---@field handle? tidemark.Path the account's handle
---@field metrics? table<string, tidemark.Path> its numbers: with them the account is observed, and kept in account_snapshots
---@field audience? table<string, tidemark.Path> who its audience is: a path to an object, or one by name; in the platform's unit

---@class tidemark.SamePaths ids of one post
---@field id tidemark.Path an id of the post
---@field aliases tidemark.Path its other ids: a list, or one

---@class tidemark.RefusePaths the reason in an error envelope
---@field code? tidemark.Path its code
---@field text? tidemark.Path its text

---@class tidemark.Drop an item that is no content
---@field when table<string, any> conditions as in match
---@field reason string what it is counted as

---@class tidemark.Rule a rule
---@field about string what it looks for
---@field every? string when it runs by itself
---@field needs? tidemark.Needs what the host brings
---@field find fun(posts: tidemark.Posts, ctx: tidemark.RuleCtx): any gives the answer of an analysis, or a list of answers

---@class tidemark.Needs what a rule needs
---@field at_age? "1h"|"24h"|"7d"|"28d" posts are compared at this age; unless given 7d
---@field since? string how far back; unless given 180d
---@field metric? "engagement"|"reach" what score is made of; unless given engagement
---@field gained? "views" instead of one age, what each post gained day by day
---@field changes? boolean what changed in the AI matters to it

---@class tidemark.Report a report in Lua
---@field about string what it answers
---@field args? table<string, tidemark.ReportArg> variables for --var
---@field title? string the headline; else about
---@field columns? tidemark.ReportColumn[] how the columns are shown, in their order
---@field chart? string "bar COLUMN", or "interval CENTER LOW HIGH"
---@field section? string rows of one value of that column stand together
---@field instead? string a column whose text stands in place of the row's numbers
---@field tail? string a column whose text stands in place of the cells behind the chart
---@field glyph? string a column that names the row's glyph: up, down, flat, unknown, fault
---@field notes? string|string[] sentences below the table: a text or a list
---@field empty? string what to say when there are no rows
---@field next? string|string[] what to type next: a text or a list
---@field run fun(ctx: tidemark.Ctx, args: table<string, any>): rows.List gives the rows

---@class tidemark.ReportArg an argument of a report
---@field type "text"|"integer"|"number"|"boolean"|"interval"|"time" what may be typed
---@field default? string|number|boolean without it, --var must give it
---@field about string what it is

---@class tidemark.ReportColumn a column of a report
---@field name string its name in the rows
---@field title? string its head; else the name
---@field unit? string stands in the head
---@field decimals? integer digits behind the point
---@field drop? integer goes when the terminal is narrow, 1 first
---@field sign? boolean + and −
---@field mark? boolean ▲, ▼ or = in front of the row
---@field cut? boolean text that may be cut
---@field hide? boolean in CSV and JSON only
---@field brief? boolean 21.6 k
---@field pvalue? boolean <0.001, 0.014
---@field spark? boolean a list of numbers as a sparkline
---@field time? boolean seconds since 1970, shown as a time
---@field align? "left"|"right" left or right

---@class tidemark.Job a job
---@field about string what it does
---@field every? string when it runs by itself; without it by hand only
---@field timeout? string how long a run may take
---@field run fun(ctx: tidemark.Ctx): any the job

---@class tidemark.Collector a collector
---@field about string what it fetches
---@field every string how often
---@field platform? string whose documents; the plugin's name unless said
---@field hosts? string[] which of capabilities.http it talks to
---@field timeout? string how long a run may take
---@field run fun(ctx: tidemark.Ctx): any the collector

---@class tidemark.Setting a setting of a plugin
---@field type "string"|"integer"|"number"|"boolean"|"duration"|"list" what may be given
---@field about string what it changes
---@field default? any what holds where the project says nothing
---@field required? boolean the project has to give it
---@field one_of? any[] the only values (of a list: elements)
---@field min? number the least value; of a list: how many elements
---@field max? number the largest value; of a list: how many elements
---@field of? "string"|"integer"|"number" what a list holds; string unless said

---@class tidemark.Capabilities capabilities
---@field http? string[] hosts that it talks to
---@field tables? string[] tables beside the owner's own
---@field own_statistics? boolean its rules compute their own evidence (ctx.own)

---@class tidemark.Project the config of a project, tidemark.lua
---@field owners? table<string, string> whose data this is; the UUID stands in every row as `user_id`
---@field default_owner? string whose data is meant where neither `--owner` nor `--as` says; not needed with one owner
---@field database? string a PostgreSQL address (URI or `key=value`), instead of the embedded server
---@field plugin_database? string the address of `database` once more, by a login of its own for plugins' statements
---@field time_zone? string the zone times are shown in; UTC without it; `--tz` goes before it
---@field limits? tidemark.Limits what every plugin's code may use
---@field plugins? table<string, tidemark.Grant|table<string, any>> settings, limits and grants, plugin by plugin

---@class tidemark.Limits limits
---@field memory_mb? integer MiB that a plugin's Lua may use; unless given 64
---@field load_ms? integer CPU for loading its file; unless given 500
---@field call_ms? integer CPU for one call of a parser; unless given 200
---@field stuck_ms? integer CPU beyond that inside one function of C, which nothing else can stop; unless given 5000
---@field run_s? integer time of one run, waiting included; unless given 60
---@field cpu_s? integer CPU of its own code in one run; unless given 60
---@field db_s? integer time the database works for one run; unless given 60
---@field rows? integer rows read from the database or given back in one run; unless given 1000000
---@field output_mb? integer MiB of a run's result and of what it prints; unless given 64
---@field log_lines? integer lines of log of one run; unless given 1000

---@class tidemark.Grant what a project grants a plugin
---@field http? string[] hosts that it may talk to
---@field tables? string[] tables that it may read
---@field own_statistics? boolean its rules may compute their own evidence
---@field role? string the database role under which its statements run, a member of authenticated
