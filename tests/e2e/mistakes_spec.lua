-- The mistakes an author most likely makes, each with the message that the real binary gives: file, line, and what to do.
-- docs/mistakes.md is made from this list (TIDEMARK_RECORD=1 writes it), so that what it quotes is true.
local support = require("e2e.support")

-- What stands around the lines that are wrong. They begin in the line that is said.
local function plugin(lines)
    return 'return {\n  name = "tube", api = 1, about = "A made-up platform.",\n' .. lines .. "\n}\n"
end

local function parser(lines)
    return plugin('  parsers = { ["tube.clips"] = { about = "clips",\n' .. lines .. "\n  } },")
end

local function rule(lines)
    return plugin('  rules = { ["tube.hour"] = { about = "hours",\n' .. lines .. "\n  } },")
end

local function report(lines)
    return plugin('  reports = { ["tube.top"] = { about = "top",\n' .. lines .. "\n  } },")
end

local function job(lines)
    return plugin('  jobs = { ["tube.tidy"] = { about = "tidies up",\n' .. lines .. "\n  } },")
end

local FINE = '    match = { kind = "tube#clips" }, post = { id = "id" },\n'
local RUN = "    run = function() end,\n"

-- title; the wrong lines; in what they stand; what is said. files: more of the plugin's files.
local CASES = {
    { section = "The file" },
    { "A key with a typing error", '  rulez = { },', plugin, "plugin.lua:3: rulez: unknown key, did you mean 'rules'?" },
    { "No name", 'return { api = 1, about = "Clips." }', nil, 'plugin.lua:1: name: is missing; write name = "tube"' },
    { "Another name than the folder's", 'return { name = "youtube", api = 1, about = "Clips." }', nil,
        "plugin.lua:1: name: 'youtube' must be 'tube', as its file or folder is called; rename one of the two" },
    { "A value of the wrong type", 'return { name = "tube", api = 1, about = { "Clips." } }', nil,
        'plugin.lua:1: about: must be a string, not a table; write about = "what it is for, in one sentence"' },
    { "Nothing is returned", 'local plugin = { name = "tube", api = 1, about = "Clips." }', nil,
        'plugin.lua:1: the file must return the plugin\'s table, it returned nothing; end it with return { name = "tube", api = 1, … }' },
    { "A comma is forgotten", 'return {\n  name = "tube", api = 1\n  about = "Clips.",\n}', nil,
        "plugin.lua:3: '}' expected (to close '{' at line 1) near 'about'" },
    { "A newer api", 'return { name = "tube", api = 2, about = "Clips." }', nil,
        "plugin.lua:1: api: the plugin is written for plugin api 2, this tidemark speaks up to 1: upgrade tidemark, or write api = 1" },
    { "No api", 'return { name = "tube", about = "Clips." }', nil, "plugin.lua:1: api: is missing; write api = 1" },
    { "An api in quotes", 'return { name = "tube", api = "1", about = "Clips." }', nil,
        "plugin.lua:1: api: must be the whole number 1, not a string; write api = 1" },
    { "A list where names are needed", '  parsers = { { match = { kind = "tube#clips" } } },', plugin,
        'plugin.lua:3: parsers: holds a list where parsers with names were expected; write parsers = { ["tube.videos"] = { … } }' },
    { "A name without the plugin's", '  rules = { best = { about = "a", find = function() end } },', plugin,
        "plugin.lua:3: rules.best: a rule's name is the plugin's, a dot and lower-case words: 'tube.best_hour'" },
    { "One name twice", '  rules = { ["tube.a"] = { about = "a", find = function() end } },\n'
        .. '  jobs = { ["tube.a"] = { about = "a", run = function() end } },', plugin,
        "plugin.lua:4: jobs.tube.a: is a rule's name already: what runs by name needs a name of its own" },
    { "A require that finds nothing", 'local views = require("tube_views")\nreturn views', nil,
        "plugin.lua:1: no module 'tube_views': neither tidemark's lua/tube_views.lua nor a file tube_views.lua beside the plugin" },
    { "The database at load time", 'local clips = ctx.db.query("SELECT 1")\nreturn { clips = clips }', nil,
        "plugin.lua:1: attempt to index a nil value (global 'ctx'): it is an argument: run = function(ctx, args), "
        .. "find = function(posts, ctx)" },
    { "A file is read at load time", 'local f = io.open("clips.json")\nreturn { f = f }', nil,
        "plugin.lua:1: attempt to index a nil value (global 'io'): a plugin reads no files: what it needs comes in as an argument" },
    { "An endless loop at load time", "while true do end", nil, "plugin.lua:1: used more than 500 ms of CPU (limits.load_ms)" },
    { "A global is assigned", "  -- a sum over all calls is no plugin's business\n  rules = { [\"tube.sum\"] = { about = \"a\","
        .. " find = function(posts) total = #posts end } },", plugin,
        "plugin.lua:4: warning: assigns the global 'total', which lives on from call to call; make it local" },
    { "A global that is not there", '  rules = { ["tube.sum"] = { about = "a", find = function(posts) return tonumbr(#posts) end } },',
        plugin, "plugin.lua:3: warning: there is no global 'tonumbr', did you mean 'tonumber'?" },
    { "A library that plugins do not have", '  rules = { ["tube.sum"] = { about = "a", find = function() return os.time() end } },',
        plugin, "plugin.lua:3: warning: there is no global 'os' in a plugin: the time is ctx.now; time.parse and time.day_start "
        .. "know zones" },

    { section = "Parsers" },
    { "No match", '    post = { id = "id" },', parser, 'plugin.lua:3: parsers.tube.clips.match: is missing; write match = { kind = "…" }' },
    { "Paths and code in one parser", FINE .. "    parse = function(doc, out) end,", parser,
        "plugin.lua:4: parsers.tube.clips.post: has no meaning beside 'parse'" },
    { "A path with two dots", FINE .. '    counts = { views = "statistics..views" },', parser,
        "plugin.lua:5: parsers.tube.clips.counts.views: 'statistics..views' is no path: names joined by single dots" },
    { "A unit where none is", FINE .. '    counts = { views = { "views", unit = "ms" } },', parser,
        "plugin.lua:5: parsers.tube.clips.counts.views.unit: this field has no unit; write views = \"views\"" },
    { "A unit that is not known", FINE .. '    counts = { average_watch_time = { "watched", unit = "msec" } },', parser,
        "plugin.lua:5: parsers.tube.clips.counts.average_watch_time.unit: 'msec' is not known here (one of s, ms)" },
    { "A window that is not known", FINE .. '    window = "daily",', parser,
        "plugin.lua:5: parsers.tube.clips.window: 'daily' is not known here (one of lifetime, day, week, days_28, range)" },
    { "Several paths without saying how", FINE .. '    counts = { views = { "web", "app" } },', parser,
        "plugin.lua:5: parsers.tube.clips.counts.views: several paths: write { first = { … } } or { sum = { … } }" },
    { "A post without an id", '    match = { kind = "tube#clips" }, post = { title = "title" },', parser,
        "plugin.lua:4: parsers.tube.clips.post.id: is missing: the path of the post's id; write id = \"id\"" },
    { "An 'each' that points nowhere", FINE .. '    each = "itmes",', parser,
        "plugin.lua:3: warning: parsers.tube.clips.each: no fixture has 'itmes', did you mean 'items'?",
        files = { ["fixtures/clips.json"] = '{"kind":"tube#clips","items":[{"id":"1"}]}' } },
    { "A path with a typing error", FINE .. '    counts = { views = "veiws" },', parser,
        "plugin.lua:3: warning: parsers.tube.clips.counts.views: no fixture has 'veiws', did you mean 'views'?",
        files = { ["fixtures/clip.json"] = '{"kind":"tube#clips","id":"1","views":3}' } },
    { "A column of a CSV with a typing error", '    match = { columns = { "Clip", "Veiws" } }, post = { id = "Clip" },', parser,
        "plugin.lua:3: warning: parsers.tube.clips.match.columns: no fixture has 'Veiws', did you mean 'Views'?",
        files = { ["fixtures/export.csv"] = "Clip,Views\r\n1,2\r\n" } },
    { "A document that no parser knows", FINE, parser,
        "fixtures/lives.json:1: warning: no parser of tube knows this payload (keys: kind, lives)",
        files = { ["fixtures/lives.json"] = '{"kind":"tube#lives","lives":[]}' } },
    { "A parser that fails", '    match = { kind = "tube#clips" },\n    parse = function(doc, out) out.post { id = doc.item.id } end,',
        parser, "fixtures/clips.json:1: warning: tube.clips (PLACE/plugin.lua:5): attempt to index a nil value (field 'item')",
        files = { ["fixtures/clips.json"] = '{"kind":"tube#clips","items":[]}' } },

    { section = "Rules and jobs" },
    { "A rule without find", '    every = "@weekly",', rule,
        "plugin.lua:3: rules.tube.hour.find: is missing; write find = function(posts, ctx) … end" },
    { "A text where a function is needed", '    find = "rank by hour",', rule,
        "plugin.lua:4: rules.tube.hour.find: must be a function, not a string; write find = function(posts, ctx) … end" },
    { "A schedule with a typing error", '    every = "@hourli", find = function() end,', rule,
        "plugin.lua:4: rules.tube.hour.every: '@hourli' is no schedule, did you mean '@hourly'?" },
    { "A cron field out of its range", '    every = "0 24 * * *",\n' .. RUN, job,
        "plugin.lua:4: jobs.tube.tidy.every: '0 24 * * *' is no schedule: '24' is no hour (0 to 23); the five fields are minute, "
        .. "hour, day, month, weekday (0 3 * * 1)" },
    { "An age at which nothing is compared", '    needs = { at_age = "2d" }, find = function() end,', rule,
        "plugin.lua:4: rules.tube.hour.needs.at_age: '2d' is no age at which posts are compared (one of 1h, 24h, 7d, 28d)" },
    { "A number where a duration is needed", "    timeout = 600,\n" .. RUN, job,
        'plugin.lua:4: jobs.tube.tidy.timeout: must be a string, not a number; write timeout = "10m"' },
    { "A function that ctx does not have", "    find = function(posts, ctx)\n      return ctx.cmpare(posts, {})\n    end,", rule,
        "plugin.lua:5: warning: ctx has no 'cmpare', did you mean 'compare'?" },
    { "A library's function with a typing error", "    find = function(posts)\n      return string.fromat('%d', #posts)\n    end,", rule,
        "plugin.lua:5: warning: string has no 'fromat', did you mean 'format'?" },

    { section = "Reports" },
    { "An argument of an unknown type", '    args = { days = { type = "int", about = "how far back" } },\n' .. RUN, report,
        "plugin.lua:4: reports.tube.top.args.days.type: 'int' is not known here (one of text, integer, number, boolean, interval, time)" },
    { "A default of another type", '    args = { days = { type = "integer", default = "7", about = "how far back" } },\n' .. RUN, report,
        "plugin.lua:4: reports.tube.top.args.days.default: is no integer: '7'; it must be a whole number: default = 7" },
    { "A chart of a column that is not there", '    columns = { { name = "views" } }, chart = "bar veiws",\n' .. RUN, report,
        "plugin.lua:4: reports.tube.top.chart: 'veiws' is none of the columns, did you mean 'views'?" },
    { "A place in a text that nothing fills in", '    columns = { { name = "views" } }, title = "Last {dais} days",\n'
        .. '    args = { days = { type = "integer", default = 7, about = "d" } },\n' .. RUN, report,
        "plugin.lua:4: warning: reports.tube.top.title: {dais} is neither an argument nor a column, did you mean {days}?" },
    { "A :name that is no argument", "-- about: Clips a day.\n-- arg: days integer = 7: how far back\nSELECT :days, :dayz", nil,
        "reports/daily.sql:3: :dayz is no arg of this report, did you mean ':days'?", file = "reports/daily.sql" },
    { "An argument that the query does not use", "-- about: Clips a day.\n-- arg: days integer = 7: how far back\nSELECT 1", nil,
        "reports/daily.sql:2: arg 'days' is never used: the query has no :days", file = "reports/daily.sql" },
    { "A directive with a typing error", "-- about: Clips a day.\n-- titel: Clips\nSELECT 1", nil,
        "reports/daily.sql:2: unknown directive 'titel', did you mean 'title'?", file = "reports/daily.sql" },

    { section = "Settings and capabilities" },
    { "A default that is not one of the values", '  config = { region = { type = "string", default = "FR", one_of = { "US", "DE" },\n'
        .. '    about = "whose charts" } },', plugin,
        "plugin.lua:3: config.region.default: 'FR' is not one of its values (US, DE) (the setting is of type string)" },
    { "A host with more than its name", '  capabilities = { http = { "https://api.tube.example/v2" } },', plugin,
        "plugin.lua:3: capabilities.http.1: 'https://api.tube.example/v2' is no name of a host; write \"api.tube.example\"" },
    { "A collector's host that is not declared", '  collectors = { ["tube.fetch"] = { about = "f", every = "1h",\n'
        .. '    hosts = { "api.tube.example" }, run = function() end } },', plugin, "plugin.lua:4: collectors.tube.fetch.hosts.1: "
        .. "'api.tube.example' is not declared; write capabilities = { http = { \"api.tube.example\" } }" },
}

-- In tidemark.lua, beside this plugin.
local GIVEN = 'return { name = "tube", api = 1, about = "A made-up platform.",\n  config = { region = { type = "string", '
    .. 'default = "US", about = "whose charts" },\n    key = { type = "string", required = true, about = "the key" } },\n'
    .. '  capabilities = { http = { "api.tube.example" } } }\n'

local CONFIG = {
    { "A setting with a typing error", '  tube = { regoin = "DE", key = "k" },',
        "tidemark.lua:2: plugins.tube.regoin: unknown key, did you mean 'region'?" },
    { "A setting of another type", '  tube = { region = 49, key = "k" },',
        "tidemark.lua:2: plugins.tube.region: must be a text in quotes, not 49" },
    { "A setting that has to be there", '  tube = { region = "DE" },', "tidemark.lua:2: plugins.tube.key: is missing: plugin tube needs it "
        .. "(string, the key); write plugins = { tube = { key = … } }" },
    { "A plugin that is not there", '  tub = { }, tube = { key = "k" },',
        "tidemark.lua:2: plugins.tub: there is no such plugin, did you mean 'tube'?" },
    { "A limit with a typing error", '  tube = { key = "k", limits = { cpu = 5 } },',
        "tidemark.lua:2: plugins.tube.limits.cpu: unknown key, did you mean 'cpu_s'?" },
    { "A grant that was not asked for", '  tube = { key = "k", grant = { own_statistics = true } },',
        "tidemark.lua:2: plugins.tube.grant.own_statistics: is granted, but plugin tube does not declare it" },
    { "A grant that is missing", '  tube = { key = "k" },', "plugins/tube/plugin.lua:4: warning: capabilities.http: "
        .. "'api.tube.example' is not granted; write into tidemark.lua: plugins = { tube = { grant = { http = { \"api.tube.example\" } } } }" },
}

local function said(text, wanted)
    return ("\n" .. text):find("\n" .. wanted .. "\n", 1, true)
end

-- The document: what is wrong, and what is said of it.
local function document()
    local out = {
        "# Mistakes, and what is said of them",
        "What an author of a plugin most likely gets wrong, each with what `tidemark plugin check` says. Messages begin with the file and "
            .. "the line;\nwhat is a warning does not keep a plugin from being loaded. (Made from tests/e2e/mistakes_spec.lua, which runs all "
            .. "of them.)",
    }
    local function add(title, lines, kind, message)
        out[#out + 1] = ("### %s\n\n```%s\n%s\n```\n\n```text\n%s\n```"):format(title, kind, lines:gsub("\n$", ""), message)
    end
    for _, case in ipairs(CASES) do
        if case.section then
            out[#out + 1] = "## " .. case.section
        else
            add(case[1], case[2], case.file and "sql" or "lua", "plugins/tube/" .. case[4]:gsub("PLACE", "plugins/tube"))
        end
    end
    out[#out + 1] = "## In tidemark.lua\n\nUnder `plugins = {`, in line 1, of a project whose plugin `tube` has the settings `region` and "
        .. "`key` (required) and declares a host."
    for _, case in ipairs(CONFIG) do add(case[1], case[2], "lua", case[3]) end
    return table.concat(out, "\n\n") .. "\n"
end

describe("a mistake of an author", function()
    local root, text
    setup(function()
        -- all of them in one run: each is a folder tube of its own
        root = support.folder()
        local folders = {}
        for i, case in ipairs(CASES) do
            if not case.section then
                local folder = ("c%02d/tube/"):format(i)
                folders[#folders + 1] = folder
                root:write(folder .. (case.file or "plugin.lua"), case[3] and case[3](case[2]) or case[2] .. "\n")
                if case.file then root:write(folder .. "plugin.lua", 'return { name = "tube", api = 1, about = "a" }\n') end
                for name, content in pairs(case.files or {}) do root:write(folder .. name, content) end
            end
        end
        local r = root:run { "plugin", "check", table.unpack(folders) }
        assert.equal(78, r.code, r.err)
        text = r.err
    end)
    teardown(function() root:close() end)

    for i, case in ipairs(CASES) do
        if not case.section then
            it(case[1]:lower() .. " gets file, line and remedy", function()
                local place = ("c%02d/tube"):format(i)
                -- a report's file is named whole
                local wanted = place .. "/" .. case[4]:gsub("PLACE", place)
                local mine = {}
                for line in text:gmatch("[^\n]+") do
                    local at = line:find(place .. "/", 1, true)
                    if at then mine[#mine + 1] = line:sub(at) end
                end
                assert.truthy(said(table.concat(mine, "\n") .. "\n", wanted), wanted .. "\nis not what is said:\n" .. table.concat(mine, "\n"))
            end)
        end
    end

    for _, case in ipairs(CONFIG) do
        it(case[1]:lower() .. " gets file, line and remedy", function()
            local p = support.folder()
            p:write("plugins/tube/plugin.lua", GIVEN)
            p:write("tidemark.lua", "return { plugins = {\n" .. case[2] .. "\n} }\n")
            local r = p:run { "plugin", "check" }
            assert.truthy(said(r.err, case[3]), r.err)
            assert.equal(case[3]:find("warning: ", 1, true) and 0 or 78, r.code)
            p:close()
        end)
    end

    it("stands in docs/mistakes.md with its message", function()
        local file = support.source .. "/docs/mistakes.md"
        if os.getenv("TIDEMARK_RECORD") then support.write(file, document()) end
        assert.equal(support.read(file), document())
    end)
end)
