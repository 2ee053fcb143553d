-- The definitions that editors and the reference have (lua/tidemark/meta) against what the real binary gives to a plugin: nothing may be
-- missing in them, and nothing may stand in them that is gone. And the reference's examples that need a run, run.
local reference = dofile("docs/api/generate.lua")
local support = require("e2e.support")
local vidly = require("lib.vidly")

-- Prints "PROBE path type" for everything in a table, sorted by nobody: the spec sorts.
local WALK = [[
local function walk(path, t)
  for k, v in pairs(t) do
    if type(k) == "string" then
      print("PROBE " .. path .. "." .. k .. " " .. type(v))
      if type(v) == "table" and k ~= "_G" and k ~= "config" and k ~= "state" then walk(path .. "." .. k, v) end
    end
  end
end
return walk
]]

local PROBE = [[
local walk = require("walk")
return {
  name = "probe", api = 1, about = "Says what it is given.",
  parsers = { ["probe.doc"] = { about = "any", match = { kind = "probe" }, parse = function(doc, out, input)
    walk("out", out)
    walk("input", input)
    walk("G", _G)
    out.post{ id = "p1", title = "One", published_at = "2026-03-01T10:00:00Z" }
    out.counts{ views = 100, likes = 5 }
  end } },
  rules = { ["probe.rule"] = { about = "none", find = function(posts, ctx)
    walk("ctx", ctx)
    print("PROBE ctx.state " .. type(ctx.state))
    return {}
  end } },
  reports = { ["probe.report"] = { about = "none", run = function(ctx)
    walk("ctx", ctx)
    print("PROBE ctx.state " .. type(ctx.state))
    return { columns = { "n" } }
  end } },
  jobs = { ["probe.job"] = { about = "none", run = function(ctx)
    walk("ctx", ctx)
    print("PROBE ctx.state " .. type(ctx.state))
    ctx.db.tx(function(tx) walk("tx", tx) end)
  end } },
}
]]

-- Errors of several kinds, so that every field of the object is met.
local ERRORS = [[
local ctx = ...
local function keys(e)
  for k in pairs(e) do print("PROBE error." .. k .. " " .. type(e[k])) end
end
local function fails(...)
  local ok, e = pcall(...)
  if not ok then keys(e) end
end
fails(ctx.db.query, "SELECT * FROM nowhere")
fails(ctx.db.query, "SELECT lower(1, 2)")
fails(ctx.db.query)
fails(ctx.db.query, "SELECT '{'::json")
fails(ctx.db.exec, "UPDATE content SET user_id = user_id, title = NULL, id = NULL")
fails(ctx.db.tx, function(tx)
  tx.exec("INSERT INTO ai_learning_patterns (user_id, pattern_type, pattern_data, finding_key) VALUES (auth.uid(), 'p', '{}', 'k')")
  tx.exec("INSERT INTO ai_learning_patterns (user_id, pattern_type, pattern_data, finding_key) VALUES (auth.uid(), 'p', '{}', 'k')")
end)
]]

-- What was printed, by path: the type. print goes to standard output or to the talk, with the plugin's name before it.
local function probed(r)
  local found = {}
  for path, kind in (r.out .. "\n" .. r.err):gmatch("PROBE ([%w_.]+) (%a+)") do found[path] = kind end
  return found
end

-- What a file's class says, by path.
local function said_of(file, class, prefix, into)
  into = into or {}
  local declared = reference.declared("lua/tidemark/meta/" .. file).by_name[class]
  assert(declared, class .. " is not in " .. file)
  for _, f in ipairs(declared.functions) do into[prefix .. "." .. f.name] = "function" end
  for _, f in ipairs(declared.fields) do into[prefix .. "." .. f.name] = f.optional and "optional" or f.type end
  return into
end

local function below(found, prefix)
  local out = {}
  for path, kind in pairs(found) do
    if path:sub(1, #prefix + 1) == prefix .. "." then out[path] = kind end
  end
  return out
end

-- Both ways, as texts a person can act on.
local function differences(found, said)
  local out = {}
  for path, kind in pairs(found) do
    if said[path] == nil then
      out[#out + 1] = path .. " is there and lua/tidemark/meta does not say it"
    elseif (kind == "function") ~= (said[path] == "function") and not said[path]:find("^fun") then
      out[#out + 1] = ("%s is a %s, lua/tidemark/meta says %s"):format(path, kind, said[path])
    end
  end
  for path, kind in pairs(said) do
    if found[path] == nil and kind ~= "optional" then out[#out + 1] = path .. " stands in lua/tidemark/meta and is not there" end
  end
  table.sort(out)
  return out
end

local function ctx_said(rule)
  local said = said_of("ctx.lua", "tidemark.Ctx", "ctx")
  said_of("ctx.lua", "tidemark.Log", "ctx.log", said)
  said_of("db.lua", "tidemark.Db", "ctx.db", said)
  said_of("db.lua", "tidemark.Sql", "ctx.db", said)
  if rule then said_of("rule.lua", "tidemark.RuleCtx", "ctx", said) end
  return said
end

local project -- of all that follows: starting a server takes longer than the rest

describe("the definitions of the plugin API", function()
  setup(function()
    project = support.project({ pinned = true })
    project:write("plugins/probe/plugin.lua", PROBE)
    project:write("plugins/probe/walk.lua", WALK)
    project:write("doc.json", '{"kind": "probe"}')
    project:write("errors.lua", ERRORS)
  end)

  local function probe(args)
    local r = project:run(args)
    local found = probed(r)
    assert.truthy(next(found), ("%s printed nothing: %s%s"):format(args, r.out, r.err))
    return found
  end

  it("are those of out, input and the globals of a parser", function()
    local found = probe("ingest -p probe doc.json")
    assert.same({}, differences(below(found, "out"), said_of("parser.lua", "tidemark.Out", "out")))
    local input = said_of("parser.lua", "tidemark.Input", "input")
    assert.same({}, differences(below(found, "input"), input))
    for _, name in ipairs { "json", "time", "stats" } do
      assert.same({}, differences(below(found, "G." .. name), said_of(name .. ".lua", "tidemark." .. name, "G." .. name)), name)
    end
  end)

  it("say which of Lua's own names a plugin has not", function()
    local found = probe("ingest -p probe --at 2026-03-03 doc.json")
    local text = support.read(support.source .. "/lua/tidemark/meta/globals.lua")
    local said, gone = {}, {}
    for name in text:match("not there: (.-)%)"):gsub("\n%-%-", ""):gmatch("[%w_.]+") do said[name] = true end
    for name, value in pairs(_G) do
      local std = type(value) == "table" and package.loaded[name] == value and name ~= "_G" and
        ({ string = 1, table = 1, math = 1, utf8 = 1, coroutine = 1, io = 1, os = 1, debug = 1, package = 1 })[name]
      if std and not found["G." .. name] then
        gone[name] = true
      elseif std then
        for member in pairs(value) do
          if not found["G." .. name .. "." .. member] then gone[name .. "." .. member] = true end
        end
      end
    end
    for name in ([[assert collectgarbage dofile error getmetatable ipairs load loadfile next pairs pcall print rawequal rawget rawlen
        rawset require select setmetatable tonumber tostring type warn xpcall]]):gmatch("%S+") do
      if not found["G." .. name] then gone[name] = true end
    end
    assert.same(gone, said)
  end)

  it("are those of ctx in a report, a job, a script and a rule", function()
    assert.same({}, differences(below(probe("report probe.report"), "ctx"), ctx_said()))
    local job = probe("run probe.job")
    assert.same({}, differences(below(job, "ctx"), ctx_said()))
    assert.same({}, differences(below(job, "tx"), said_of("db.lua", "tidemark.Sql", "tx")))
    project:run("ingest -p probe doc.json")
    assert.same({}, differences(below(probe("learn probe.rule --dry-run"), "ctx"), ctx_said(true)))
    project:write("script.lua", 'local ctx = ...\n' .. WALK:gsub("return walk", 'walk("ctx", ctx)') ..
      '\nprint("PROBE ctx.state " .. type(ctx.state))\n')
    assert.same({}, differences(below(probe("run script.lua"), "ctx"), ctx_said()))
  end)

  it("are those of the error object", function()
    local found = probe("run errors.lua")
    local said = said_of("error.lua", "tidemark.Error", "error")
    assert.same({}, differences(below(found, "error"), said))
    for path in pairs(below(found, "error")) do said[path] = nil end
    said["error.delivery"] = nil -- a parser's
    assert.same({}, said)
  end)
end)

-- --- examples ----------------------------------------------------------------------------------------------------------------

local function page_of(name)
  local _, pages = reference.make()
  for _, page in ipairs(pages) do
    if page.file == name then return page end
  end
end

describe("the examples of the reference", function()
  setup(function()
    vidly.write(project.dir .. "/plugins")
    project:write("more.json", vidly.files["fixtures/videos.json"])
    project:ok({ "ingest", "-p", "vidly", "--at", "2026-03-08T00:00:00Z", "more.json" })
  end)
  teardown(function() project:close() end)

  for _, name in ipairs { "ctx", "ctx-db", "errors", "json" } do
    it("about " .. name .. " work in a script", function()
      local lines, page = { "local ctx = ..." }, page_of(name)
      for i, example in ipairs(page.examples) do
        lines[#lines + 1] = ("do local ok, e = pcall(function()\n%s\nend)\nprint('EXAMPLE %d', ok, not ok and tostring(e) or '') end")
          :format(example.code, i)
      end
      project:write("examples.lua", table.concat(lines, "\n"))
      local r = project:run("run examples.lua")
      local said = r.out .. r.err
      for i, example in ipairs(page.examples) do
        local ok = said:match(("EXAMPLE %d%%s+(%%a+)"):format(i))
        assert.equal("true", ok, ("%s, the example of %s:\n%s"):format(example.where, example.name, said))
      end
      assert.equal(0, r.code, said)
    end)
  end

  it("about a parser's out work in parsers", function()
    local page = page_of("parser")
    local parsers = {}
    for i, example in ipairs(page.examples) do
      parsers[i] = ('    ["ex.p%d"] = { about = "an example", match = { kind = "ex%d" }, parse = function(doc, out, input)\n%s\nend },')
        :format(i, i, example.code)
    end
    project:write("plugins/ex.lua", ('return { name = "ex", api = 1, about = "Examples.", parsers = {\n%s\n} }')
      :format(table.concat(parsers, "\n")))
    for i = 1, #page.examples do project:write(("examples/%d.json"):format(i), ('{"kind": "ex%d"}'):format(i)) end
    local r = project:run("ingest --dry-run -p ex examples")
    assert.is_true(r.code == 0 or r.code == 2 or r.code == 65, r.err)
    for line in r.err:gmatch("[^\n]+") do -- a document that no parser took, or one whose parser raised
      local wrong = line:find("plugins/ex.lua:%d+") or line:find("no parser")
      assert.falsy(wrong, line)
    end
  end)

  it("about the analyses work in rules", function()
    local page = page_of("analyses")
    local needs = { ["ctx.trend"] = 'needs = { gained = "views" }, ', ["ctx.before_after"] = "needs = { changes = true }, " }
    local rules, names = {}, {}
    for i, example in ipairs(page.examples) do
      names[i] = "ask.r" .. i
      rules[i] = ('    ["%s"] = { about = "an example", %sfind = function(posts, ctx)\n%s\nend },'):format(names[i],
        needs[example.name] or "", example.code)
    end
    local own = 'capabilities = { own_statistics = true }, '
    project:write("plugins/ask.lua", ('return { name = "ask", api = 1, about = "Examples.", %srules = {\n%s\n} }')
      :format(own, table.concat(rules, "\n")))
    local config = support.read(project.dir .. "/tidemark.lua")
    project:write("tidemark.lua", (config:gsub("\n}%s*$", "\n  plugins = { ask = { grant = { own_statistics = true } } },\n}\n")))
    local r = project:run({ "learn", "--dry-run", table.unpack(names) })
    assert.is_true(r.code == 0 or r.code == 1, r.err)
    assert.falsy(r.err:find("plugins/ask.lua:%d+"), r.err)
  end)

  it("about testkit's host work in a spec", function()
    local page, tests = page_of("testkit"), { 'local testkit = require("tidemark.testkit")', "" }
    for _, example in ipairs(page.examples) do
      if example.code:find("testkit.host", 1, true) then
        tests[#tests + 1] = ("it(%q, function()\n%s\nend)"):format(example.name, example.code)
      end
    end
    project:write("plugins/vidly/spec/host_spec.lua", table.concat(tests, "\n"))
    local r = project:run("plugin test vidly")
    assert.equal(0, r.code, r.out .. r.err)
  end)
end)
