-- The contract names every mistake of a plugin at once, with its line.
local contract = require("tidemark.contract")
local locate = require("tidemark.locate")

local function check(source, name)
  local plugin = assert(load(source))()
  local description, mistakes = contract.check(plugin, { name = name, source = source })
  return description, contract.format(mistakes, "plugins/x/plugin.lua")
end

local function parser(body)
  local _, text = check('return { name = "x", api = 1, about = "a",\nparsers = { ["x.y"] = {\n' .. body .. "\n} } }")
  return text
end

local FINE = 'about = "a", match = { kind = "k" }, post = { id = "id" },'

describe("the contract", function()
  it("describes a good plugin with its paths spelt out", function()
    local d = check([[return { name = "x", api = 1, about = "a", parsers = { ["x.y"] = {
      match = { kind = "k", ["a.b"] = true, kind_of = { items = "array" } }, each = "items",
      post = { id = { first = { "id", "^doc.id" } } },
      counts = { views = { sum = { "a", "b" } }, average_watch_time = { "t", unit = "ms" } },
    } } }]])
    local p = d.parsers[1]
    assert.equal("x.y", p.name)
    assert.equal("lifetime", p.window)
    assert.same({ "items" }, p.each)
    assert.same({ paths = { "id", "^doc.id" }, how = "first" }, p.post.id)
    assert.same({ paths = { "a", "b" }, how = "sum" }, p.counts.views)
    assert.same({ paths = { "t" }, how = "first", unit = "ms" }, p.counts.average_watch_time)
    assert.equal(3, #p.match.conditions)
  end)

  it("lists all mistakes with their lines", function()
    local _, text = check([[
-- a comment with { and "quotes
return {
  name = "X",
  api = 2,
  abuot = "typo",
  parsers = {
    ["X.y"] = {
      matsch = { kind = "k" },
      post = { titel = "t" },
    },
  },
}]])
    assert.equal(table.concat({
      'plugins/x/plugin.lua:2: about: is missing; write about = "what it is for, in one sentence"',
      "plugins/x/plugin.lua:3: name: 'X' must be lower-case letters, digits and _, a letter first",
      "plugins/x/plugin.lua:4: api: the plugin is written for plugin api 2, this tidemark speaks up to 1: "
        .. "upgrade tidemark, or write api = 1",
      "plugins/x/plugin.lua:5: abuot: unknown key, did you mean 'about'?",
      "plugins/x/plugin.lua:7: parsers.X.y: a parser's name is the plugin's, a dot and lower-case words: 'X.videos'",
      'plugins/x/plugin.lua:7: parsers.X.y.match: is missing; write match = { kind = "…" }',
      "plugins/x/plugin.lua:8: parsers.X.y.matsch: unknown key, did you mean 'match'?",
      "plugins/x/plugin.lua:9: parsers.X.y.post.titel: unknown key, did you mean 'title'?",
      'plugins/x/plugin.lua:9: parsers.X.y.post.id: is missing: the path of the post\'s id; write id = "id"',
    }, "\n"), text)
  end)

  it("wants the name of the file or folder", function()
    local _, text = check('return { name = "y", api = 1, about = "a" }', "x")
    assert.matches("'y' must be 'x'", text)
  end)

  it("says what is no plugin at all", function()
    local _, text = check("return 7")
    assert.matches("must return the plugin's table, it returned a number", text)
  end)

  it("knows the grammar of paths", function()
    assert.equal("", parser(FINE))
    assert.matches("'a%.%.b' is no path", parser(FINE .. 'counts = { views = "a..b" }'))
    assert.matches("starts at the document already", parser(FINE .. 'each = "^items"'))
    assert.matches("this field has no unit", parser(FINE .. 'counts = { views = { "a", unit = "ms" } }'))
    assert.matches("did you mean 'ms'", parser(FINE .. 'counts = { average_watch_time = { "a", unit = "mss" } }'))
    assert.matches("cannot be a sum", parser('match = { kind = "k" }, post = { id = { sum = { "a" } } }'))
    assert.matches("several paths", parser(FINE .. 'counts = { views = { "a", "b" } }'))
    assert.matches("at least one path", parser(FINE .. "counts = { views = { first = {} } }"))
    assert.matches("did you mean 'days_28'", parser(FINE .. 'window = "day_28"'))
  end)

  it("refuses keys that have no meaning beside others", function()
    assert.matches("post: has no meaning beside 'parse'", parser(FINE .. "parse = function() end"))
    assert.matches("post: has no meaning beside 'skip'", parser(FINE .. 'skip = "account"'))
    assert.matches("post: has no meaning beside 'refuse'", parser(FINE .. 'refuse = { code = "c" }'))
    assert.matches("post: is missing", parser('match = { kind = "k" }'))
    assert.matches("post: is missing; write post = { id = \"id\", … }, or for items that are accounts account = {",
      parser('match = { kind = "k" }, account = { id = "id" }'))
    assert.matches("counts: has no meaning without 'post'",
      parser('match = { kind = "k" }, account = { id = "id", metrics = { f = "f" } }, counts = { views = "v" }'))
    assert.matches("account.id: is missing: the path of the account's id", parser(FINE .. 'account = { handle = "h" }'))
    assert.matches("account.followers: unknown key", parser(FINE .. 'account = { id = "i", followers = "f" }'))
    assert.matches("at least one condition", parser('match = {}, post = { id = "id" }'))
    assert.matches("is no Lua pattern", parser('match = { url = "[" }, post = { id = "id" }'))
  end)
end)

describe("locate", function()
  it("reads over strings, comments, long brackets and functions", function()
    local line = locate([==[
local s = [[ return { a = 1 } ]] -- return { b = 1 }
--[[ return {
a = 2 } ]]
return {
  f = function(t) if t then return { a = 3 } end for _ = 1, 2 do print("}") end end,
  ["a"] = "x\"}", b = { 1,
    2, { c = s } },
  d = 1 }]==])
    assert.equal(6, line({ "a" }))
    assert.equal(7, line({ "b", 2 }))
    assert.equal(7, line({ "b", 3, "c" }))
    assert.equal(8, line({ "d" }))
    assert.equal(4, line({ "nowhere" }))
  end)

  it("follows names", function()
    local line = locate('local P = {\n  a = 1,\n}\nlocal M = {\n  parsers = P,\n}\nreturn M')
    assert.equal(2, line({ "parsers", "a" }))
    assert.equal(5, line({ "parsers", "b" }))
  end)

  it("follows fields given later, and functions that return a table", function()
    local line = locate([==[
local M = { name = "x" }
local function rule(about, by)
  if about then print("}") end
  return {
    about = about,
    evry = "@weekly",
    needs = { since = "1x",
      metric = by },
  }
end
local make = function(a) return { find = a,
  b = 1 } end
M.rules = {}
M.rules["x.a"] = {
  find = 1,
}
M.rules["x.b"] = rule("a",
  print)
M.rules["x.c"] = make(3)
M.jobs = { ["x.j"] = {
  a = 1 } }
return M]==])
    assert.equal(1, line({ "name" }))
    assert.equal(15, line({ "rules", "x.a", "find" }))
    assert.equal(17, line({ "rules", "x.b" }))
    assert.equal(6, line({ "rules", "x.b", "evry" }))
    assert.equal(7, line({ "rules", "x.b", "needs", "since" }))
    assert.equal(12, line({ "rules", "x.c", "b" }))
    assert.equal(21, line({ "jobs", "x.j", "a" }))
    -- what was given as an argument was written at the call
    assert.equal(17, line({ "rules", "x.b", "about" }))
    assert.equal(17, line({ "rules", "x.b", "needs", "metric" }))
    assert.equal(19, line({ "rules", "x.c", "find" }))
  end)
end)
