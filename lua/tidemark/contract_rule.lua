-- A rule of a plugin, checked: docs/rules.md in code.

local check = require("tidemark.contract_check")
local schema = require("tidemark.contract_schema")

local M = {}

local at = check.at

local function needs(self, path, value)
  if value == nil then value = {} end
  local out = self:part(path, value, schema.needs, { form = '{ at_age = "7d", since = "180d" }' })
  if not out then return {} end
  if value.gained ~= nil and value.at_age ~= nil then
    self:say(at(path, "gained"), "has no meaning beside 'at_age': a rule looks at one age, or at what was gained day by day")
  end
  return { age_h = out.at_age, since_s = out.since, metric = out.metric, gained = out.gained ~= nil, changes = out.changes }
end

--- self: the contract's Check object; rule: what stands in the plugin.
function M.check(self, path, name, rule)
  local out = self:part(path, rule, schema.rule)
  if not out then return { name = name } end
  return { name = name, about = out.about, every = out.every, needs = needs(self, at(path, "needs"), rawget(rule, "needs")) }
end

return M
