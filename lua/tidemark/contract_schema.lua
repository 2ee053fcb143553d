-- The plugin contract as data: every part of a plugin's table, key by key. From these lists come the checks
-- (contract_check.lua), `tidemark plugin doc` and docs/contract.md: a key is added here and nowhere else.
--
-- A key: key, type (a reader in contract_check.types; false: the part's own code reads it; own: and says that it is missing),
-- required, default, about, form (how it is written, for messages), one_of, min, max, of, since (the api it came with, 1 unless
-- said), shown (the default as a person writes it).

local M = { api = 1 }

M.plugin = {
  about = "a plugin's table",
  { key = "name", type = "own", required = true, form = '"youtube"',
    about = "as its file or folder is called: lower-case letters, digits and _, a letter first" },
  { key = "api", type = "own", required = true, form = "1",
    about = "the version of this contract that the plugin is written for: 1" },
  { key = "about", type = "text", required = true, form = '"what it is for, in one sentence"',
    about = "what it is for, in one sentence" },
  { key = "parsers", type = false, about = 'documents to rows: { ["NAME.videos"] = { … } }' },
  { key = "rules", type = false, about = 'what to look for: { ["NAME.best_hour"] = { … } }' },
  { key = "reports", type = false,
    about = 'questions and their tables, in Lua: { ["NAME.top"] = { … } }; those in SQL are files in reports/' },
  { key = "jobs", type = false, about = 'upkeep, by hand or by schedule: { ["NAME.tidy"] = { … } }' },
  { key = "collectors", type = false, about = 'fetches documents from a platform: { ["NAME.fetch"] = { … } }' },
  { key = "config", type = false,
    about = "settings that a project may give in its tidemark.lua: { region = { type = \"string\", … } }" },
  { key = "capabilities", type = false, about = "what the plugin needs beyond its owner's rows; the project has to grant it" },
}

-- forms: which of a parser's four forms (declared, skip, refuse, parse) know the key
M.parser = {
  about = "a parser",
  { key = "about", type = "text", forms = "declared skip refuse parse", about = "which documents, and what they yield" },
  { key = "match", type = false, required = true, forms = "declared skip refuse parse", form = '{ kind = "…" }',
    about = "which documents are its own: conditions, or function(doc, input)" },
  { key = "csv", type = "flag", default = false, forms = "declared skip refuse parse",
    about = "for CSV (columns in match says so by itself)" },
  { key = "whole", type = "flag", default = false, forms = "declared skip parse", about = "needs a CSV uncut" },
  { key = "zone", type = "zone", forms = "declared parse", form = '"America/Los_Angeles"',
    about = "zone of dates in window_start and window_end" },
  { key = "wide_export", type = "flag", default = false, forms = "declared parse",
    about = "several media families are filled at once" },
  { key = "id_from_url", type = false, forms = "declared parse", form = '"/pins/(%d+)/analytics"',
    about = "the post's id where the document names none: what a Lua pattern (or one of a list) captures of the url" },
  { key = "each", type = false, forms = "declared skip", form = '"items"',
    about = "where the items are: a path, or { first = { … } }" },
  { key = "post", type = false, forms = "declared", form = '{ id = "id", … }',
    about = "facts of the post, by paths; without it the items are accounts" },
  { key = "counts", type = false, forms = "declared", form = '{ views = "…" }', about = "counts of the post, by paths" },
  { key = "window", type = "choice", default = "lifetime",
    one_of = { "lifetime", "day", "week", "days_28", "range" }, forms = "declared",
    about = "what the counts cover" },
  { key = "extra", type = false, forms = "declared",
    about = "leftovers under the platform's own names: a path, or { name = path }" },
  { key = "account", type = false, forms = "declared skip", form = '{ id = "…" }', about = "facts of the account, by paths" },
  { key = "same", type = false, forms = "skip", form = '{ id = "…", aliases = "…" }',
    about = "items that only say which ids are one post, by paths" },
  { key = "drop", type = false, forms = "declared", form = '{ { when = { … }, reason = "…" } }',
    about = "items that are no content" },
  { key = "skip", type = "text", forms = "skip", form = '"account"', about = "every item is no content, and why" },
  { key = "refuse", type = false, forms = "refuse", form = '{ code = "…", text = "…" }',
    about = "an error envelope: paths of its reason" },
  { key = "parse", type = "function", forms = "parse", form = "function(doc, out, input) … end", about = "the parser as code" },
}

local TIME_UNITS = { "epoch_s", "epoch_ms" }
local SPAN_UNITS = { "s", "ms" }

-- What paths may fill. units: which of them a path may say; sum: paths may be added up; named: { name = path }; whole: or a
-- path to the whole object
M.post = {
  about = "facts of a post", form = '{ id = "id", … }',
  { key = "id", required = true, form = '"id"', about = "the post's id" },
  { key = "platform", about = "the platform; the plugin's name unless given" },
  { key = "account", about = "the account's id" },
  { key = "title", about = "its title" },
  { key = "caption", about = "its caption or description" },
  { key = "url", about = "its address" },
  { key = "published_at", units = TIME_UNITS, about = "when it was published" },
  { key = "tags", about = "its tags" },
  { key = "duration_s", units = SPAN_UNITS, about = "its length" },
  { key = "media_kind", about = "video, image, …" },
  { key = "ai_version", about = "which AI made it" },
  { key = "aliases", about = "other ids of the same post: a list, or one" },
  { key = "features", named = true, about = "other facts of it, by name" },
}

-- The same where the id may stand in the wrapper's url (id_from_url).
M.post_of_url = table.move(M.post, 1, #M.post, 1, { about = M.post.about, form = M.post.form })
M.post_of_url[1] = { key = "id", form = '"id"', about = M.post[1].about }

M.counts = {
  about = "counts of a post", form = '{ views = "…" }',
  { key = "views", sum = true, about = "views" },
  { key = "likes", sum = true, about = "likes" },
  { key = "shares", sum = true, about = "shares" },
  { key = "comments", sum = true, about = "comments" },
  { key = "saves", sum = true, about = "saves" },
  { key = "average_watch_time", sum = true, units = SPAN_UNITS, about = "average watch time in seconds" },
  { key = "window_start", units = TIME_UNITS, about = "where the window begins" },
  { key = "window_end", units = TIME_UNITS, about = "where the window ends" },
  { key = "metrics", named = true, units = SPAN_UNITS, about = "metrics of the registry without a column" },
  { key = "audience", named = true, whole = true, form = '{ age_gender = "…" }',
    about = "who the audience was: a path to an object, or one by name; in the platform's unit" },
}

M.account = {
  about = "facts of an account", form = '{ id = "…" }',
  { key = "id", form = '"snippet.channelId"',
    about = "the account's id; left out only where the payload names none and metrics or audience are taken" },
  { key = "handle", about = "the account's handle" },
  { key = "metrics", named = true, units = SPAN_UNITS, form = '{ followers = "…" }',
    about = "its numbers: with them the account is observed, and kept in account_snapshots" },
  { key = "audience", named = true, whole = true, form = '{ country = "…" }',
    about = "who its audience is: a path to an object, or one by name; in the platform's unit" },
}

M.same = {
  about = "ids of one post", form = '{ id = "…", aliases = "…" }',
  { key = "id", required = true, form = '"ugc_post_id"', about = "an id of the post" },
  { key = "aliases", required = true, form = '"share_id"', about = "its other ids: a list, or one" },
}

M.refuse = {
  about = "the reason in an error envelope", form = '{ code = "…", text = "…" }',
  { key = "code", about = "its code" },
  { key = "text", about = "its text" },
}

M.drop = {
  about = "an item that is no content",
  { key = "when", type = false, required = true, form = '{ ["snippet.type"] = "ad" }', about = "conditions as in match" },
  { key = "reason", type = "text", required = true, form = '"ad"', about = "what it is counted as" },
}

M.rule = {
  about = "a rule",
  { key = "about", type = "text", required = true, form = '"what it looks for"', about = "what it looks for" },
  { key = "every", type = "schedule", form = '"@weekly"', about = "when it runs by itself" },
  { key = "needs", type = false, form = '{ at_age = "7d", since = "180d" }', about = "what the host brings" },
  { key = "find", type = "function", required = true, form = "function(posts, ctx) … end",
    about = "gives the answer of an analysis, or a list of answers" },
}

M.needs = {
  about = "what a rule needs",
  { key = "at_age", type = "age", default = 168, form = '"7d"', one_of = { "1h", "24h", "7d", "28d" }, shown = "7d",
    about = "posts are compared at this age" },
  { key = "since", type = "span", default = 180 * 86400, form = '"180d"', shown = "180d", about = "how far back" },
  { key = "metric", type = "choice", default = "engagement", one_of = { "engagement", "reach" },
    about = "what score is made of" },
  { key = "gained", type = "choice", one_of = { "views" }, about = "instead of one age, what each post gained day by day" },
  { key = "changes", type = "flag", default = false, about = "what changed in the AI matters to it" },
}

M.report = {
  about = "a report in Lua",
  { key = "about", type = "text", required = true, form = '"what it answers"', about = "what it answers" },
  { key = "args", type = false, form = '{ days = { type = "integer", default = 7, about = "…" } }',
    about = "variables for --var" },
  { key = "title", type = "text", form = '"Posts of the last {days} days"', about = "the headline; else about" },
  { key = "columns", type = false, form = '{ { name = "views", title = "Views" } }',
    about = "how the columns are shown, in their order" },
  { key = "chart", type = false, form = '"bar views"', about = '"bar COLUMN", or "interval CENTER LOW HIGH"' },
  { key = "section", type = "column", form = '"platform"', about = "rows of one value of that column stand together" },
  { key = "instead", type = "column", form = '"note"', about = "a column whose text stands in place of the row's numbers" },
  { key = "tail", type = "column", form = '"verdict"',
    about = "a column whose text stands in place of the cells behind the chart" },
  { key = "glyph", type = "column", form = '"direction"',
    about = "a column that names the row's glyph: up, down, flat, unknown, fault" },
  { key = "notes", type = "lines", form = '{ "{rows} posts." }', about = "sentences below the table: a text or a list" },
  { key = "empty", type = "text", form = '"No posts yet: tidemark ingest FILE"', about = "what to say when there are no rows" },
  { key = "next", type = "lines", form = '{ "tidemark report" }', about = "what to type next: a text or a list" },
  { key = "run", type = "function", required = true, form = "function(ctx, args) … return rows end", about = "gives the rows" },
}

M.arg = {
  about = "an argument of a report",
  { key = "type", type = "choice", required = true, one_of = { "text", "integer", "number", "boolean", "interval", "time" },
    form = '"integer"',
    about = "what may be typed" },
  { key = "default", type = false, form = "7", about = "without it, --var must give it" },
  { key = "about", type = "text", required = true, form = '"how many days back"', about = "what it is" },
}

M.column = {
  about = "a column of a report",
  { key = "name", type = "text", required = true, form = '"views"', about = "its name in the rows" },
  { key = "title", type = "text", form = '"Views"', about = "its head; else the name" },
  { key = "unit", type = "text", form = '"%"', about = "stands in the head" },
  { key = "decimals", type = "whole", min = 0, max = 9, form = "1", about = "digits behind the point" },
  { key = "drop", type = "whole", min = 0, max = 99, form = "1", about = "goes when the terminal is narrow, 1 first" },
  { key = "sign", type = "flag", about = "+ and −" },
  { key = "mark", type = "flag", about = "▲, ▼ or = in front of the row" },
  { key = "cut", type = "flag", about = "text that may be cut" },
  { key = "hide", type = "flag", about = "in CSV and JSON only" },
  { key = "brief", type = "flag", about = "21.6 k" },
  { key = "pvalue", type = "flag", about = "<0.001, 0.014" },
  { key = "spark", type = "flag", about = "a list of numbers as a sparkline" },
  { key = "time", type = "flag", about = "seconds since 1970, shown as a time" },
  { key = "align", type = "choice", one_of = { "left", "right" }, form = '"right"', about = "left or right" },
}

M.job = {
  about = "a job",
  { key = "about", type = "text", required = true, form = '"what it does"', about = "what it does" },
  { key = "every", type = "schedule", form = '"@daily"', about = "when it runs by itself; without it by hand only" },
  { key = "timeout", type = "timeout", form = '"10m"', about = "how long a run may take" },
  { key = "run", type = "function", required = true, form = "function(ctx) … end", about = "the job" },
}

M.collector = {
  about = "a collector",
  { key = "about", type = "text", required = true, form = '"what it fetches"', about = "what it fetches" },
  { key = "every", type = "schedule", required = true, form = '"1h"', about = "how often" },
  { key = "platform", type = "platform", form = '"youtube"', about = "whose documents; the plugin's name unless said" },
  { key = "hosts", type = "texts", of = "host", form = '{ "www.googleapis.com" }',
    about = "which of capabilities.http it talks to" },
  { key = "timeout", type = "timeout", form = '"10m"', about = "how long a run may take" },
  { key = "run", type = "function", required = true, form = "function(ctx) … end", about = "the collector" },
}

M.setting = {
  about = "a setting of a plugin",
  { key = "type", type = "choice", required = true,
    one_of = { "string", "integer", "number", "boolean", "duration", "list" }, form = '"string"',
    about = "what may be given" },
  { key = "about", type = "text", required = true, form = '"what it changes"', about = "what it changes" },
  { key = "default", type = false, form = '"US"', about = "what holds where the project says nothing" },
  { key = "required", type = "flag", default = false, about = "the project has to give it" },
  { key = "one_of", type = false, form = '{ "US", "DE" }', about = "the only values (of a list: elements)" },
  { key = "min", type = false, form = "1", about = "the least value; of a list: how many elements" },
  { key = "max", type = false, form = "100", about = "the largest value; of a list: how many elements" },
  { key = "of", type = "choice", one_of = { "string", "integer", "number" }, form = '"string"',
    about = "what a list holds; string unless said" },
}

M.capabilities = {
  about = "capabilities",
  { key = "http", type = "texts", of = "host", form = '{ "www.googleapis.com" }', about = "hosts that it talks to" },
  { key = "tables", type = "texts", of = "relation", form = '{ "reference.holidays" }',
    about = "tables beside the owner's own" },
  { key = "own_statistics", type = "flag", form = "true", about = "its rules compute their own evidence (ctx.own)" },
}

M.grant = {
  about = "what a project grants a plugin",
  { key = "http", type = "texts", of = "host", form = '{ "www.googleapis.com" }', about = "hosts that it may talk to" },
  { key = "tables", type = "texts", of = "relation", form = '{ "reference.holidays" }', about = "tables that it may read" },
  { key = "own_statistics", type = "flag", form = "true", about = "its rules may compute their own evidence" },
  { key = "role", type = "role", form = '"reader"',
    about = "the database role under which its statements run, a member of authenticated" },
}

M.project = {
  about = "the config of a project, tidemark.lua",
  { key = "owners", type = false, form = '{ me = "UUID" }',
    about = "whose data this is; the UUID stands in every row as `user_id`" },
  { key = "default_owner", type = false, form = '"me"',
    about = "whose data is meant where neither `--owner` nor `--as` says; not needed with one owner" },
  { key = "database", type = "text", form = '"postgresql://host/name"',
    about = "a PostgreSQL address (URI or `key=value`), instead of the embedded server" },
  { key = "plugin_database", type = "text", form = '"postgresql://tidemark_plugin@host/name"',
    about = "the address of `database` once more, by a login of its own for plugins' statements" },
  { key = "time_zone", type = "display_zone", form = '"Europe/Berlin"',
    about = "the zone times are shown in; UTC without it; `--tz` goes before it" },
  { key = "limits", type = false, form = "{ memory_mb = 64 }", about = "what every plugin's code may use" },
  { key = "plugins", type = false, form = "{ youtube = { … } }", about = "settings, limits and grants, plugin by plugin" },
}

M.limits = {
  about = "limits",
  { key = "memory_mb", type = "whole", min = 1, max = 65536, default = 64, about = "MiB that a plugin's Lua may use" },
  { key = "load_ms", type = "whole", min = 1, max = 600000, default = 500, about = "CPU for loading its file" },
  { key = "call_ms", type = "whole", min = 1, max = 600000, default = 200, about = "CPU for one call of a parser" },
  { key = "stuck_ms", type = "whole", min = 1, max = 600000, default = 5000,
    about = "CPU beyond that inside one function of C, which nothing else can stop" },
  { key = "run_s", type = "whole", min = 1, max = 86400, default = 60, about = "time of one run, waiting included" },
  { key = "cpu_s", type = "whole", min = 1, max = 86400, default = 60, about = "CPU of its own code in one run" },
  { key = "db_s", type = "whole", min = 1, max = 86400, default = 60, about = "time the database works for one run" },
  { key = "rows", type = "whole", min = 1, max = 1000000000, default = 1000000,
    about = "rows read from the database or given back in one run" },
  { key = "output_mb", type = "whole", min = 1, max = 65536, default = 64,
    about = "MiB of a run's result and of what it prints" },
  { key = "log_lines", type = "whole", min = 1, max = 1000000, default = 1000, about = "lines of log of one run" },
}

return M
