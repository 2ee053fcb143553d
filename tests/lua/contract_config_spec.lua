-- Settings and capabilities: declared by a plugin, given by a project.
local contract = require("tidemark.contract")
local project = require("tidemark.contract_project")

local function check(parts)
  local source = 'return { name = "x", api = 1, about = "a",\n' .. parts .. "\n}"
  local description, mistakes = contract.check(assert(load(source))(), { name = "x", source = source })
  return description, contract.format(mistakes, "plugin.lua")
end

local function setting(body) return check("config = { s = {\n" .. body .. "\n} }") end

describe("a setting", function()
  it("is described with its type and default", function()
    local d = setting('type = "integer", default = 3, min = 1, max = 5, about = "s"')
    assert.same({ { name = "s", type = "integer", default = 3, min = 1, max = 5, about = "s", required = false } }, d.config)
  end)

  for _, case in ipairs {
    { 'about = "s"', 'plugin.lua:2: config.s.type: is missing; write type = "string"' },
    { 'type = "text", about = "s"', "plugin.lua:3: config.s.type: 'text' is not known here (one of string, integer, number, boolean, "
      .. "duration, list)" },
    { 'type = "integer", default = "3", about = "s"',
      "plugin.lua:3: config.s.default: must be a whole number, not '3' (the setting is of type integer)" },
    { 'type = "integer", default = 9, max = 5, about = "s"', "plugin.lua:3: config.s.default: 9 is more than 5 (the setting is of type "
      .. "integer)" },
    { 'type = "string", default = "FR", one_of = { "US", "DE" }, about = "s"', "plugin.lua:3: config.s.default: 'FR' is not one of its "
      .. "values (US, DE) (the setting is of type string)" },
    { 'type = "string", min = 1, about = "s"', "plugin.lua:3: config.s.min: has no meaning for a setting of type string" },
    { 'type = "duration", min = 60, about = "s"', 'plugin.lua:3: config.s.min: must be a duration such as "15m" or "7d", not 60' },
    { 'type = "integer", min = 5, max = 1, about = "s"', "plugin.lua:3: config.s.max: 1 is less than min, 5" },
    { 'type = "string", default = "a", required = true, about = "s"', "plugin.lua:3: config.s.required: has no meaning beside "
      .. "'default': what has a default need not be given" },
    { 'type = "string", of = "integer", about = "s"', "plugin.lua:3: config.s.of: has no meaning beside type 'string', only beside a "
      .. "list" },
    { 'type = "list", of = "integer", one_of = { "a" }, about = "s"', "plugin.lua:3: config.s.one_of.1: must be a whole number, as the "
      .. "setting is of type list, not 'a'" },
  } do
    it("says: " .. case[2], function()
      local d, text = setting(case[1])
      assert.is_nil(d)
      assert.equal(case[2], text)
    end)
  end

  it("has a name that a project can write", function()
    assert.equal("plugin.lua:2: config.limits: 'limits' stands for a project's own limits of a plugin: give the setting another name",
      select(2, check('config = { limits = { type = "string", about = "s" } }')))
    assert.equal("plugin.lua:2: config.My-s: 'My-s' is no name of a setting: lower-case letters, digits and _, a letter first",
      select(2, check('config = { ["My-s"] = { type = "string", about = "s" } }')))
  end)
end)

describe("capabilities", function()
  for _, case in ipairs {
    { 'capabilities = { http = { "https://www.googleapis.com/youtube" } }', "plugin.lua:2: capabilities.http.1: "
      .. "'https://www.googleapis.com/youtube' is no name of a host; write \"www.googleapis.com\"" },
    { 'capabilities = { http = "www.googleapis.com" }',
      'plugin.lua:2: capabilities.http: must be a table, not a string; write http = { "www.googleapis.com" }' },
    { 'capabilities = { tables = { "holidays" } }',
      "plugin.lua:2: capabilities.tables.1: 'holidays' is no table with its schema; write \"reference.holidays\"" },
    { "capabilities = { own_statistic = true }", "plugin.lua:2: capabilities.own_statistic: unknown key, did you mean 'own_statistics'?" },
  } do
    it("say: " .. case[2], function()
      local d, text = check(case[1])
      assert.is_nil(d)
      assert.equal(case[2], text)
    end)
  end
end)

local function config(source)
  local out, mistakes = project.check(assert(load(source))(), { source = source })
  return out, mistakes and project.format(mistakes, "tidemark.lua")
end

describe("a project's config", function()
  it("is described", function()
    local c = config([[return { owners = { me = "01890f3e-7b3a-7cc2-98c4-dc0c0c07398f" }, default_owner = "me",
      limits = { cpu_s = 5 }, plugins = { x = { region = "DE", limits = { rows = 10 }, grant = { own_statistics = true } } } }]])
    assert.same({ cpu_s = 5 }, c.limits)
    assert.same({ region = "DE", limits = { rows = 10 }, grant = { own_statistics = true } }, c.plugins.x)
    assert.equal("me", c.owners[1].name)
  end)

  it("lists all mistakes with their lines", function()
    local c, text = config([[
return {
  owners = { me = "no uuid" },
  default_owner = "you",
  databse = "x",
  limits = { cpus_s = 5, rows = 0 },
  plugins = {
    x = {
      limits = { call_ms = "200" },
      grant = { htp = { "a.b" }, role = "My Role" },
      region = function() end,
    },
  },
}]])
    assert.is_nil(c)
    assert.equal(table.concat({
      'tidemark.lua:2: owners.me: must be a UUID such as "01890f3e-7b3a-7cc2-98c4-dc0c0c07398f"',
      "tidemark.lua:3: default_owner: 'you' is not one of the owners (me)",
      "tidemark.lua:4: databse: unknown key, did you mean 'database'?",
      "tidemark.lua:5: limits.cpus_s: unknown key, did you mean 'cpu_s'?",
      "tidemark.lua:5: limits.rows: must be a whole number from 1 to 1000000000, not 0",
      "tidemark.lua:8: plugins.x.limits.call_ms: must be a whole number from 1 to 600000, not a string",
      "tidemark.lua:9: plugins.x.grant.htp: unknown key, did you mean 'http'?",
      "tidemark.lua:9: plugins.x.grant.role: 'My Role' is no name of a database role: small letters, digits and _",
      "tidemark.lua:10: plugins.x.region: a setting is a text, a number, true, false or a list, not a function",
    }, "\n"), text)
  end)
end)

describe("what a project gives a plugin", function()
  local description = check([[config = {
      region = { type = "string", default = "US", one_of = { "US", "DE" }, about = "r" },
      wait = { type = "duration", default = "15m", min = "1m", max = "1h", about = "w" },
      tags = { type = "list", default = { "a" }, max = 2, about = "t" },
      key = { type = "string", required = true, about = "the key" },
      ratio = { type = "number", about = "n" }, on = { type = "boolean", default = true, about = "o" },
    }, capabilities = { http = { "*.example.com" }, tables = { "reference.holidays" } }]])

  local function given(body)
    local source = "return { plugins = { x = {\n" .. body .. "\n} } }"
    local c = assert(config(source))
    local r = project.given({ file = "tidemark.lua", source = source, given = c.plugins.x }, description)
    return r.config, r.mistakes and table.concat(r.mistakes, "\n")
  end

  it("becomes the settings, with defaults; durations in seconds", function()
    local settings, text = given('key = "k", ratio = 2, wait = "1m", on = false, grant = { http = { "api.example.com" }, role = "r" }')
    assert.is_nil(text)
    assert.same({ region = "US", wait = 60, tags = { "a" }, key = "k", ratio = 2, on = false }, settings)
  end)

  for _, case in ipairs {
    { 'key = "k", regio = "DE"', "tidemark.lua:2: plugins.x.regio: unknown key, did you mean 'region'?" },
    { 'key = "k", region = "FR"', "tidemark.lua:2: plugins.x.region: 'FR' is not one of its values (US, DE)" },
    { 'key = "k", region = 3', "tidemark.lua:2: plugins.x.region: must be a text in quotes, not 3" },
    { 'key = "k", wait = "2h"', "tidemark.lua:2: plugins.x.wait: '2h' is more than 1h" },
    { 'key = "k", wait = 60', "tidemark.lua:2: plugins.x.wait: must be a duration such as \"15m\" or \"7d\", not 60" },
    { 'key = "k", tags = { "a", "b", "c" }', "tidemark.lua:2: plugins.x.tags: a list of 3 is more than 2" },
    { 'key = "k", tags = { "a", 2 }', "tidemark.lua:2: plugins.x.tags.2: element 2 must be a text in quotes, not 2" },
    { 'key = "k", on = "yes"', "tidemark.lua:2: plugins.x.on: must be true or false, not 'yes'" },
    { 'region = "DE"', "tidemark.lua:1: plugins.x.key: is missing: plugin x needs it (string, the key); "
      .. "write plugins = { x = { key = … } }" },
    { 'key = "k", grant = { http = { "other.com" } }', "tidemark.lua:2: plugins.x.grant.http.1: 'other.com' is granted, but plugin x "
      .. "does not declare it (it declares *.example.com)" },
    { 'key = "k", grant = { own_statistics = true }',
      "tidemark.lua:2: plugins.x.grant.own_statistics: is granted, but plugin x does not declare it" },
  } do
    it("says: " .. case[2], function()
      assert.equal(case[2], select(2, given(case[1])))
    end)
  end

  it("has to be a plugin that is there", function()
    local r = project.strangers({ file = "tidemark.lua", source = "return { plugins = {\n youtub = {} } }", plugins = { youtub = {} } },
      { "tiktok", "youtube" })
    assert.same({ "tidemark.lua:2: plugins.youtub: there is no such plugin, did you mean 'youtube'?" }, r.mistakes)
  end)
end)
