-- A rule that waits: it reads the database as its owner, remembers between runs, and its limits are its own. Data: tests/golden/learn.
local support = require("e2e.support")

local function has(text, wanted)
  assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

describe("a rule's find", function()
  local project, owner

  local function plugin(body)
    project:write("plugins/mine/plugin.lua", [[return { name = "mine", api = 1, about = "a", rules = { ["mine.rule"] = {
      about = "a", find = function(posts, ctx)
]] .. body .. [[

      return ctx.rank(posts, { by = function(p) return p.platform end, writes = "pattern", subject = "tag", min_n = 1 })
    end } } }]])
  end

  local function state()
    return project:sql("SELECT coalesce(string_agg(key || '=' || value, ' ' ORDER BY key), '') FROM tidemark.plugin_state"
      .. " WHERE plugin = 'mine' AND user_id = '" .. owner .. "'")
  end

  setup(function()
    project = support.project { owners = { "ann", "bob" }, pinned = true }
    project:ok({ "db", "migrate" })
    owner = assert(support.read(project.dir .. "/tidemark.lua"):match('ann = "([%x-]+)"'))
    project:ok({ "db", "psql", "-X", "-q", "-v", "owner=" .. owner, "-v", "order=2", "-f",
      support.source .. "/tests/golden/learn/data.sql" })
  end)

  teardown(function() project:close() end)

  it("asks the database as its owner, several at once, and logs", function()
    plugin([[
      local posts_of, sum = ctx.parallel(
        function() return ctx.db.value("SELECT count(*) FROM tidemark.posts") end,
        function() return ctx.db.value("SELECT $1::bigint + 1", math.maxinteger - 1) end)
      local n = 0
      for row in ctx.db.each("SELECT external_id FROM tidemark.posts") do n = n + #row.external_id // #row.external_id end
      assert(n == posts_of and sum == math.maxinteger)
      ctx.log("posts: " .. (n > 0 and "some" or "none"))]])
    local r = project:run("learn mine.rule --owner ann")
    assert.equal(0, r.code, r.err)
    has(r.err, "mine.rule: posts: some")
    r = project:run("learn mine.rule --owner bob")
    has(r.err, "mine.rule: posts: none")
  end)

  it("keeps ctx.state with its findings, and gives it to the next run", function()
    plugin([[ctx.state.runs = (ctx.state.runs or 0) + 1 ctx.state.list = { ctx.state.runs, "x" } ctx.log("run " .. ctx.state.runs)]])
    has(project:run("learn mine.rule --owner ann").err, "mine.rule: run 1")
    assert.equal('list=[1, "x"] runs=1', state())
    has(project:run("learn mine.rule --owner ann --dry-run").err, "mine.rule: run 2")
    assert.equal('list=[1, "x"] runs=1', state())
    plugin([[ctx.state.runs = (ctx.state.runs or 0) + 1 ctx.state.list = nil error("after all")]])
    assert.equal(76, project:run("learn mine.rule --owner ann").code)
    assert.equal('list=[1, "x"] runs=1', state())
    plugin([[ctx.state.runs = (ctx.state.runs or 0) + 1 ctx.state.list = nil]])
    project:ok("learn mine.rule --owner ann")
    assert.equal("runs=2", state())
  end)

  it("cannot write", function()
    plugin([[ctx.db.exec("DELETE FROM tidemark.posts")]])
    local r = project:run("learn mine.rule --owner ann")
    assert.equal(76, r.code)
    has(r.err, "mine.rule (plugins/mine/plugin.lua:3): ctx.db.exec is for jobs, collectors and scripts: a rule only reads")
    plugin([[ctx.db.query("DELETE FROM tidemark.posts")]])
    r = project:run("learn mine.rule --owner ann")
    assert.equal(76, r.code)
    has(r.err, "mine.rule (plugins/mine/plugin.lua:3): ctx.db.query: ")
    assert.is_true(tonumber(project:sql("SELECT count(*) FROM tidemark.posts")) > 0)
  end)

  it("fails with the server's words and its line", function()
    plugin([[ctx.db.query("SELECT *\nFROM nowhere")]])
    local r = project:run("learn mine.rule --owner ann")
    assert.equal(76, r.code)
    has(r.err, 'mine.rule (plugins/mine/plugin.lua:3): ctx.db.query: relation "nowhere" does not exist (42P01)')
    has(r.err, "line 2 of the statement: FROM nowhere")
    has(r.err, "stack traceback:")
  end)
end)
