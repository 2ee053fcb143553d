-- What learning found, as a person reads it: tidemark without a command, the report findings, the weeks of views.
-- Data: tests/golden/reports/learned.sql. TIDEMARK_GOLDEN=write writes the goldens anew.
local support = require("e2e.support")

local golden = support.source .. "/tests/golden/reports/"
local NOW = "2026-11-22T12:00:00Z"

local function has(text, wanted)
  assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

-- What hangs on the server's clock is not the same every day.
local function steady(text)
  return (text:gsub("(%(%l+), %d+ d%)", "%1, N d)"))
end

local function compare(name, out)
  local path = golden .. name .. ".txt"
  if os.getenv("TIDEMARK_GOLDEN") == "write" then support.write(path, out) end
  assert.equal(support.read(path), out)
end

local forms = { ["80"] = "", ["120"] = "", ["80_ascii"] = " --ascii", ["80_color"] = " --color always" }

describe("what was learnt", function()
  local project

  setup(function()
    project = support.project { owners = { "ann", "bob", "cat", "dan" }, pinned = true }
    local config = support.read(project.dir .. "/tidemark.lua")
    local args = { "db", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1" }
    for _, owner in ipairs { "ann", "bob", "cat" } do
      args[#args + 1] = "-v"
      args[#args + 1] = owner .. "=" .. assert(config:match(owner .. ' = "([%x-]+)"'), "no owner " .. owner)
    end
    for _, file in ipairs { "data.sql", "learned.sql" } do
      args[#args + 1] = "-f"
      args[#args + 1] = golden .. file
    end
    project:ok({ "db", "migrate" })
    project:ok(args)
    -- without a default owner
    support.write(project.dir .. "/tidemark.lua", (config:gsub("\n%s*default_owner[^\n]*", "")))
  end)

  teardown(function() project:close() end)

  local function show(args, form)
    return project:ok(args .. forms[form], {
      env = { COLUMNS = form:match("^%d+"), TIDEMARK_NOW = NOW, NO_COLOR = "1", LC_ALL = "C.UTF-8" },
    })
  end

  for form in pairs(forms) do
    it("prints the same screen and reports every time: " .. form, function()
      local today = steady(show("--as cat --tz Europe/Berlin", form))
      local _, lines = today:gsub("\n", "")
      assert.is_true(lines <= 40, lines .. " lines are more than a screen")
      compare("today_" .. form, today)
      compare("findings_" .. form, show("report findings --as cat --tz Europe/Berlin", form))
      compare("content.weeks_" .. form, show("report content.weeks --as cat --tz Europe/Berlin", form))
    end)
  end

  it("never lets a subject's text move the cursor", function()
    local out = show("report findings --as cat", "80") .. show("--as cat", "80")
    has(out, "#evil\\x1b[2J")
    assert.falsy(out:find("\27", 1, true))
  end)

  it("shows the newest finished run of each rule only", function()
    local out = project:ok("report findings --as cat --format csv")
    assert.falsy(out:find("old news", 1, true))
    assert.falsy(out:find("styles.text", 1, true))
    local rows = select(2, out:gsub("\r\n", ""))
    assert.equal(1 + 14, rows)
  end)

  it("keeps whole numbers for other programs", function()
    local line = project:ok("report findings --as cat --format csv"):match("[^\r\n]*#question,all[^\r\n]*")
    has(line, "up,#question,all,24.13,15.2,34.4,436,4e-05,")
    has(line, ",confirmed,written,styles.tags,tag,,styles.tags|*|question,")
  end)

  it("leaves out what is beyond the limit, and says so", function()
    local out = project:ok("report findings --as cat --var limit=2")
    has(out, "5 not shown are left out: --var limit=7")
    assert.falsy(out:find("too little data", 1, true))
    has(out, "7 of 14 tested patterns")
  end)

  it("takes one platform, and what holds for all", function()
    local out = project:ok("report findings --as cat --var platform=tiktok")
    has(out, "#slowtv")
    has(out, "#clickbait")
    assert.falsy(out:find("Posted 18", 1, true))
  end)

  it("shows an owner nobody else's findings", function()
    for _, args in ipairs { "--as ann", "report findings --as ann", "report content.weeks --as ann" } do
      local out = project:ok(args)
      for _, secret in ipairs { "clickbait", "slowtv", "v7", "@cat" } do
        assert.falsy(out:find(secret, 1, true), args .. " shows " .. secret .. ":\n" .. out)
      end
    end
  end)

  it("says what to type where nothing was learnt, and where there is no data", function()
    local ann = project:ok("--owner ann")
    has(ann, "What works now  not learnt yet: type tidemark learn")
    has(ann, "x1 (x, never)")
    has(ann, "next    tidemark learn")
    assert.equal("No data yet  take some in: tidemark ingest FILE\n\nnext    tidemark ingest FILE\n", project:ok("--as dan"))
    assert.equal("Nothing has been learnt yet (platform: all). Type: tidemark learn\n", project:ok("report findings --as dan"))
  end)

  it("is what a project shows without a command; elsewhere it is the help", function()
    local r = project:run("")
    assert.equal(64, r.code)
    has(r.err, "whose data? Name the owner with --owner or --as: ann, bob, cat, dan")
    has(project:run("--as nobody").err, "unknown owner 'nobody'")
    has(project:run("--as cat now").err, "takes no argument 'now'")
    has(project:run("--oops").err, "unknown option '--oops'")
    local folder = support.folder()
    has(folder:ok(""), "tidemark COMMAND [OPTION…] [ARG…]")
    local none = folder:run("--as cat")
    assert.equal(78, none.code)
    has(none.err, "no tidemark.lua here or above")
    folder:close()
  end)

  it("tells a chart of texts, and a spark of no array, by file and line", function()
    project:write("plugins/mine/plugin.lua", 'return { name = "mine", api = 1, about = "My reports." }\n')
    project:write("plugins/mine/reports/a.sql", "-- about: A.\n-- chart: interval x lo hi\nSELECT 1 AS x, 'a' AS lo, 2 AS hi\n")
    project:write("plugins/mine/reports/b.sql", "-- about: B.\n-- section: part\nSELECT 1 AS x\n")
    project:write("plugins/mine/reports/c.sql", "-- about: C.\n-- column: x spark\nSELECT 1 AS x\n")
    has(project:run("report mine.a --as cat").err, "a.sql:2: chart: column 'lo' is no number")
    has(project:run("report mine.b --as cat").err, "b.sql:2: section 'part' is no column of the query (it has: x)")
    has(project:run("report mine.c --as cat").err, "c.sql:2: column x: spark wants an array of numbers")
  end)
end)
