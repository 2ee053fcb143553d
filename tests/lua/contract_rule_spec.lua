-- The contract of rules: what is right is described with its defaults spelt out, what is wrong is named with its line.
local contract = require("tidemark.contract")

local function check(body)
  local source = 'return { name = "x", api = 1, about = "a",\nrules = { ["x.y"] = {\n' .. body .. "\n} } }"
  local description, mistakes = contract.check(assert(load(source))(), { name = "x", source = source })
  return description and description.rules[1], mistakes and contract.format(mistakes, "plugin.lua")
end

local FINE = 'about = "a", find = function() end,'

describe("the contract of rules", function()
  it("spells out what a rule left out", function()
    local rule = check(FINE)
    assert.same({ age_h = 168, since_s = 180 * 86400, metric = "engagement", gained = false, changes = false }, rule.needs)
    assert.equal("x.y", rule.name)
    rule = check(FINE .. 'every = "@weekly", needs = { at_age = "24h", since = "26w", metric = "reach", changes = true }')
    assert.same({ age_h = 24, since_s = 26 * 7 * 86400, metric = "reach", gained = false, changes = true }, rule.needs)
    assert.equal("@weekly", rule.every)
  end)

  for _, case in ipairs {
    { "", 'plugin.lua:2: rules.x.y.about: is missing; write about = "what it looks for"\n'
      .. "plugin.lua:2: rules.x.y.find: is missing; write find = function(posts, ctx) … end" },
    { FINE .. "finds = 1", "plugin.lua:3: rules.x.y.finds: unknown key, did you mean 'find'?" },
    { FINE .. "needs = { at_age = '2h' }",
      "plugin.lua:3: rules.x.y.needs.at_age: '2h' is no age at which posts are compared (one of 1h, 24h, 7d, 28d)" },
    { FINE .. "needs = { since = 'half a year' }",
      "plugin.lua:3: rules.x.y.needs.since: 'half a year' is no span of time: write 180d or 26w" },
    { FINE .. "needs = { metric = 'engagment' }",
      "plugin.lua:3: rules.x.y.needs.metric: 'engagment' is not known here, did you mean 'engagement'?" },
    { FINE .. "needs = { gained = 'views', at_age = '7d' }", "plugin.lua:3: rules.x.y.needs.gained: has no meaning beside "
      .. "'at_age': a rule looks at one age, or at what was gained day by day" },
    { FINE .. "needs = { age = '7d' }", "plugin.lua:3: rules.x.y.needs.age: unknown key" },
    { FINE .. "every = 'sometimes'", "plugin.lua:3: rules.x.y.every: 'sometimes' is no schedule: write @daily, @weekly, an "
      .. "interval (6h) or five cron fields (0 3 * * 1)" },
    { FINE .. "needs = { changes = 'yes' }", "plugin.lua:3: rules.x.y.needs.changes: must be a boolean, not a string" },
  } do
    it("says: " .. case[2]:gsub("\n.*", ""), function()
      local rule, text = check(case[1])
      assert.is_nil(rule)
      assert.equal(case[2], text:sub(1, #case[2]))
    end)
  end

  it("knows the form of a rule's name", function()
    local source = 'return { name = "x", api = 1, about = "a", rules = { best = { about = "a", find = function() end } } }'
    local _, mistakes = contract.check(assert(load(source))(), { name = "x", source = source })
    assert.equal("plugin.lua:1: rules.best: a rule's name is the plugin's, a dot and lower-case words: 'x.best_hour'",
      contract.format(mistakes, "plugin.lua"))
  end)
end)
