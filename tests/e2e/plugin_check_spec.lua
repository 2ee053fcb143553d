-- tidemark plugin check and tidemark plugin doc, as an author types them: without a project, in one, with mistakes, as JSON.
local support = require("e2e.support")
local payloads = require("lib.payloads")

local function has(text, wanted)
    assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

local tube = [[
return {
  name = "tube", api = 1, about = "A made-up platform.",
  config = {
    region = { type = "string", default = "US", one_of = { "US", "DE" }, about = "whose charts" },
    wait = { type = "duration", default = "15m", min = "1m", max = "1h", about = "between two calls" },
    tags = { type = "list", about = "which tags" },
  },
  capabilities = { http = { "api.tube.example" }, tables = { "reference.holidays" }, own_statistics = true },
  parsers = {
    ["tube.clips"] = {
      about = "a list of clips",
      match = { kind = "tube#clips", kind_of = { items = "array" }, next = false },
      each = { first = { "items", "clips" } }, window = "day", zone = "Europe/Berlin",
      post = { id = "id", title = { first = { "title", "^title" } }, published_at = { "at", unit = "epoch_s" },
               features = { mood = "mood" } },
      counts = { views = { sum = { "views.web", "views.app" } }, average_watch_time = { "watched", unit = "ms" },
                 metrics = { reach = "reach" } },
      account = { id = "by" }, extra = "views",
      drop = { { when = { type = { "ad", "live" } }, reason = "ad" } },
    },
    ["tube.export"] = { about = "the export", match = { columns = { "Clip", "Views" } }, whole = true,
      post = { id = "Clip" }, counts = { views = "Views" } },
    ["tube.odd"] = { about = "what needs code", match = function() return false end, parse = function() end },
    ["tube.users"] = { about = "accounts", match = { kind = "tube#users" }, each = "items", skip = "account" },
    ["tube.wrong"] = { about = "an error", match = { ["error.code"] = true },
      refuse = { code = "error.code", text = "error.text" } },
  },
  rules = {
    ["tube.hour"] = { about = "hours that do better", every = "@weekly", needs = { at_age = "24h", metric = "reach" },
      find = function(posts, ctx) return ctx.rank(posts, { by = function(p) return p.local_hour end }) end },
    ["tube.rise"] = { about = "what rises", needs = { gained = "views", since = "26w", changes = true },
      find = function(posts, ctx) return ctx.trend(posts, { by = function(p) return p.tags end }) end },
  },
  reports = {
    ["tube.top"] = { about = "the clips with most views", title = "Top of {days} days",
      args = { days = { type = "integer", default = 7, about = "how far back" }, who = { type = "text", about = "whose" } },
      columns = { { name = "clip" }, { name = "views", title = "Views", unit = "per day" }, { name = "id", hide = true } },
      chart = "bar views",
      run = function(ctx, args) return ctx.db.query("SELECT $1 AS clip", args.days) end },
  },
  jobs = { ["tube.tidy"] = { about = "forgets old clips", every = "0 3 * * 1", timeout = "10m", run = function() end } },
  collectors = { ["tube.fetch"] = { about = "fetches clips", every = "1h", hosts = { "api.tube.example" }, run = function() end } },
}
]]

local sql = [[
-- about: Clips a day.
-- arg: days integer = 7: how far back
-- column: day "Day"
SELECT now() - make_interval(days => :days) AS day
]]

describe("tidemark plugin check", function()
    it("needs neither project nor database", function()
        local f = support.folder()
        local r = f:run { "plugin", "check" }
        assert.equal(0, r.code, r.err)
        assert.equal("", r.err)
        has(r.out, "youtube")
        has(r.out, "parsers")
        assert.truthy(r.out:find("\n  timing%s+1 rule%s"), r.out)
        f:close()
    end)

    describe("in a project", function()
        local p
        setup(function()
            p = support.folder()
            p:write("plugins/tube/plugin.lua", tube)
            p:write("plugins/tube/reports/daily.sql", sql)
        end)
        teardown(function() p:close() end)
        before_each(function()
            p:write("tidemark.lua", "return {\n  owners = { me = \"01890f3e-7b3a-7cc2-98c4-dc0c0c07398f\" },\n}\n")
            p:write("plugins/tube/plugin.lua", tube)
            os.execute("rm -rf " .. support.quote(p.dir .. "/plugins/tube/fixtures"))
        end)

        it("says what a plugin has, and what is not granted with the line to add", function()
            local r = p:run { "plugin", "check", "tube" }
            assert.equal(0, r.code, r.err)
            assert.truthy(r.out:find("tube%s+5 parsers, 2 rules, 2 reports, 1 job, 1 collector, 3 settings%s+%x+%s+plugins/tube/plugin.lua"),
                r.out)
            has(r.err, "plugins/tube/plugin.lua:8: warning: capabilities.http: 'api.tube.example' is not granted; write into tidemark.lua: "
                .. 'plugins = { tube = { grant = { http = { "api.tube.example" } } } }\n')
            has(r.err, "capabilities.tables: 'reference.holidays' is not granted; write into tidemark.lua: "
                .. 'plugins = { tube = { grant = { tables = { "reference.holidays" } } } }\n')
            has(r.err, "capabilities.own_statistics: is not granted; write into tidemark.lua: "
                .. "plugins = { tube = { grant = { own_statistics = true } } }\n")
            has(r.err, "\n3 warnings\n")
            p:write("tidemark.lua", [[return { plugins = { tube = { grant = {
              http = { "api.tube.example" }, tables = { "reference.holidays" }, own_statistics = true, role = "reader" } } } }]])
            r = p:run { "plugin", "check", "plugins/tube" }
            assert.equal(0, r.code)
            assert.equal("", r.err)
        end)

        it("lists all mistakes of plugins and config, and ends with 78", function()
            p:write("tidemark.lua", "return {\n  plugins = {\n    tube = { region = \"FR\", wait = \"2h\" },\n    tub = {},\n  },\n}\n")
            p:write("plugins/broken.lua", "return {\n  name = \"broken\", api = 1, about = \"b\",\n  rulez = {},\n  jobs = 3,\n}\n")
            local r = p:run { "plugin", "check" }
            os.remove(p.dir .. "/plugins/broken.lua")
            assert.equal(78, r.code)
            assert.equal("", r.out)
            has(r.err, "plugins/broken.lua:3: rulez: unknown key, did you mean 'rules'?\n")
            has(r.err, 'plugins/broken.lua:4: jobs: must be a table, not a number; write jobs = { ["broken.tidy"] = { … } }\n')
            has(r.err, "tidemark.lua:3: plugins.tube.region: 'FR' is not one of its values (US, DE)\n")
            has(r.err, "tidemark.lua:3: plugins.tube.wait: '2h' is more than 1h\n")
            has(r.err, "tidemark.lua:4: plugins.tub: there is no such plugin, did you mean 'tube'?\n")
            has(r.err, "\n5 mistakes\n")
        end)

        it("looks at plugins also where the config is wrong", function()
            p:write("tidemark.lua", "return {\n  ownrs = {},\n}\n")
            p:write("plugins/broken.lua", "return 7\n")
            local r = p:run { "plugin", "check" }
            os.remove(p.dir .. "/plugins/broken.lua")
            assert.equal(78, r.code)
            has(r.err, "tidemark.lua:2: ownrs: unknown key, did you mean 'owners'?\n")
            has(r.err, "plugins/broken.lua:1: the file must return the plugin's table, it returned a number; "
                .. "end it with return { name = \"broken\", api = 1, … }\n")
        end)

        it("gives every mistake, however many; other commands the first and how many more", function()
            local keys = {}
            for i = 1, 60 do keys[i] = ("  key_that_is_not_known_%02d = %d,\n"):format(i, i) end
            p:write("plugins/broken.lua", "return {\n  name = \"broken\", api = 1, about = \"b\",\n" .. table.concat(keys) .. "}\n")
            local r = p:run { "plugin", "check", "broken" }
            local other = p:run { "ingest", "--dry-run", "x.json" }
            os.remove(p.dir .. "/plugins/broken.lua")
            has(r.err, "plugins/broken.lua:62: key_that_is_not_known_60: ")
            has(r.err, "\n60 mistakes\n")
            assert.equal(78, other.code)
            assert.truthy(other.err:find("\n… and %d+ more: type \"tidemark plugin check\"\n"), other.err)
        end)

        it("tries fixtures: what no parser knows, what yields nothing, names that are in none", function()
            p:write("plugins/tube/fixtures/a.json", '{"kind":"tube#clips","items":[{"id":"1","titel":"T","views":{"web":1,"app":2}}]}')
            p:write("plugins/tube/fixtures/b.json", '{"kind":"tube#lives","items":[]}')
            p:write("plugins/tube/fixtures/c.csv", "Clip,Veiws\r\n1,2\r\n")
            p:write("plugins/tube/fixtures/d.json", '{"kind":"tube#users","items":[]}')
            p:write("plugins/tube/fixtures/e.json", '{"error":{"code":"gone","text":"no"}}')
            p:write("plugins/tube/fixtures/e.golden.json", '{"refused":[{"code":"gone","text":"no"}],"rows":[]}')
            local r = p:run { "plugin", "check", "tube" }
            assert.equal(0, r.code)
            has(r.err, "plugins/tube/fixtures/b.json:1: warning: no parser of tube knows this payload (keys: kind, items); nearest is "
                .. 'tube.clips: 2 of 3 conditions met, but kind is "tube#lives", not "tube#clips"\n')
            has(r.err, "plugins/tube/fixtures/c.csv:1: warning: no parser of tube knows this payload (columns: Clip, Veiws)\n")
            has(r.err, "plugins/tube/fixtures/d.json:1: warning: tube.users knows it, but takes nothing from it: neither rows nor "
                .. "drops; does 'each' point to the items?\n")
            has(r.err, "plugins/tube/plugin.lua:10: warning: parsers.tube.clips.post.title: no fixture has 'title', did you mean 'titel'?\n")
            has(r.err, "plugins/tube/plugin.lua:21: warning: parsers.tube.export.match.columns: no fixture has 'Views', did you mean 'Veiws'?\n")
            has(r.err, "plugins/tube/plugin.lua:23: warning: parsers.tube.odd: no fixture reaches it; put a document of its kind into fixtures/\n")
            assert.falsy(r.err:find("e.json", 1, true), r.err)
        end)

        it("is JSON for machines: mistakes, warnings, what runs and when", function()
            local r = p:run { "plugin", "check", "tube", "--format", "json" }
            assert.equal(0, r.code)
            local doc = payloads.json(r.out)
            assert.is_true(doc.ok)
            assert.equal(0, #doc.mistakes)
            assert.equal("plugins/tube/plugin.lua", doc.warnings[1].file)
            assert.equal(8, doc.warnings[1].line)
            local tube_doc = doc.plugins[1]
            assert.equal("tube", tube_doc.name)
            assert.same({ "tube.daily", "tube.top" }, (function()
                local names = {}
                for i, name in ipairs(tube_doc.reports) do names[i] = name end
                table.sort(names)
                return names
            end)())
            local runs = {}
            for i, job in ipairs(tube_doc.jobs) do
                runs[i] = ("%s %s %s %s"):format(job.part, job.name, job.every == payloads.null and "-" or job.every,
                    job.timeout_s == payloads.null and "-" or job.timeout_s)
            end
            assert.same({ "rule tube.hour @weekly -", "rule tube.rise - -", "job tube.tidy 0 3 * * 1 600", "collector tube.fetch 1h -" },
                runs)
            assert.is_false(tube_doc.capabilities[1].granted)

            p:write("plugins/tube/plugin.lua", (tube:gsub("rules = {", "rulez = {", 1)))
            r = p:run { "plugin", "check", "--format=json" }
            assert.equal(78, r.code)
            doc = payloads.json(r.out)
            assert.is_false(doc.ok)
            assert.equal("rulez: unknown key, did you mean 'rules'?", doc.mistakes[1].text)
            assert.equal(28, doc.mistakes[1].line)
            assert.equal("ai", doc.plugins[1].name)
        end)

        it("takes a name, a folder or any of a plugin's files", function()
            for _, name in ipairs { "tube", "plugins/tube", "plugins/tube/", "plugins/tube/plugin.lua", "plugins/tube/reports/daily.sql" } do
                local r = p:run { "plugin", "check", name }
                assert.equal(0, r.code, r.err)
                has(r.out, "tube  ")
                assert.falsy(r.out:find("youtube", 1, true))
            end
            local r = p:run({ "plugin", "check", "." }, { cwd = p.dir .. "/plugins/tube" })
            assert.equal(0, r.code, r.err)
            r = p:run { "plugin", "check", "tub" }
            assert.equal(64, r.code)
            has(r.err, "unknown plugin 'tub', did you mean 'tube'?")
            r = p:run { "plugin", "check", "nothing/here" }
            assert.equal(64, r.code)
            has(r.err, "'nothing/here' is no plugin, no folder with plugin.lua and no plugin's file (plugins: ai, bluesky, ")
            r = p:run { "plugin", "check", "--format", "xml" }
            assert.equal(64, r.code)
            has(r.err, "--format xml: text or json")
        end)

        it("knows the names of reports in Lua and in SQL", function()
            p:write("plugins/tube/reports/top.sql", sql)
            local r = p:run { "plugin", "check", "tube" }
            os.remove(p.dir .. "/plugins/tube/reports/top.sql")
            assert.equal(78, r.code)
            has(r.err, "reports/top.sql:1: report tube.top is there twice, here and in plugins/tube/plugin.lua: rename one of the two\n")
        end)

        it("gives a parser its settings, read only", function()
            p:write("plugins/tube/plugin.lua", [[
return { name = "tube", api = 1, about = "t",
  config = { region = { type = "string", default = "US", about = "r" }, wait = { type = "duration", default = "15m", about = "w" },
             tags = { type = "list", default = { "a", "b" }, about = "t" } },
  parsers = { ["tube.a"] = { about = "a", match = { kind = "k" }, parse = function(doc, out, input)
    local keys = {}
    for key in pairs(input.config) do keys[#keys + 1] = key end
    table.sort(keys)
    local ok, why = pcall(function() input.config.tags[1] = "c" end)
    out.post { id = table.concat(keys, ","), title = input.config.region .. input.config.wait .. #input.config.tags ..
      input.config.tags[2] .. tostring(ok), caption = why }
  end } } }]])
            p:write("tidemark.lua", 'return { plugins = { tube = { region = "DE" } } }')
            local r = p:run({ "ingest", "--dry-run", "--format", "ndjson", "-p", "tube", "-" }, { stdin = '{"kind":"k"}' })
            assert.equal(0, r.code, r.err)
            local row = payloads.ndjson(r.out)[1]
            assert.equal("region,tags,wait", row.external_id)
            assert.equal("DE9002bfalse", row.title)
        end)

        it("gives each plugin its limits", function()
            p:write("plugins/tube/plugin.lua", [[
return { name = "tube", api = 1, about = "t",
  parsers = { ["tube.a"] = { about = "a", match = { kind = "k" }, parse = function() while true do end end } } }]])
            p:write("tidemark.lua", "return { limits = { call_ms = 7000 }, plugins = { tube = { limits = { call_ms = 20 } } } }")
            local r = p:run({ "ingest", "--dry-run", "-p", "tube", "-" }, { stdin = '{"kind":"k"}' })
            has(r.err, "used more than 20 ms of CPU (limits.call_ms)")
        end)
    end)
end)

describe("tidemark plugin doc", function()
    it("is a page made from the plugin's table", function()
        local p = support.folder()
        p:write("plugins/tube/plugin.lua", tube)
        p:write("plugins/tube/reports/daily.sql", sql)
        p:write("tidemark.lua", "return { plugins = { tube = { grant = { own_statistics = true } } } }")
        for _, format in ipairs { "md", "text" } do
            local golden = support.source .. "/tests/golden/plugin_doc/tube." .. (format == "md" and "md" or "txt")
            local page = p:ok { "plugin", "doc", "tube", "--format", format }
            if os.getenv("TIDEMARK_RECORD") then support.write(golden, page) end
            assert.equal(support.read(golden), page)
        end
        p:close()
    end)

    it("needs no project, and says what is wrong", function()
        local f = support.folder()
        has(f:ok { "plugin", "doc", "timing" }, "timing.posting_block")
        local r = f:run { "plugin", "doc", "timin" }
        assert.equal(64, r.code)
        has(r.err, "unknown plugin 'timin', did you mean 'timing'?")
        f:write("bad.lua", "return {}")
        r = f:run { "plugin", "doc", "bad.lua" }
        assert.equal(78, r.code)
        has(r.err, 'bad.lua:1: name: is missing; write name = "bad"')
        f:close()
    end)

    it("without a name is the reference of the contract, which docs/contract.md keeps", function()
        local f = support.folder()
        local page = f:ok { "plugin", "doc", "--format", "md" }
        local file = support.source .. "/docs/contract.md"
        if os.getenv("TIDEMARK_RECORD") then support.write(file, page) end
        assert.equal(support.read(file), page)
        f:close()
    end)
end)
