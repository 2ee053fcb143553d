-- Jobs and collectors of a plugin, checked. Both are functions that run by schedule or by hand.

local check = require("tidemark.contract_check")
local schema = require("tidemark.contract_schema")

local M = {}

local at, types = check.at, check.types

function types.platform(self, path, value, def)
  local name = types.text(self, path, value, def)
  if name and not name:find("^%l[%l%d_]*$") then
    self:say(path, "'%s' is no platform: lower-case letters, digits and _, a letter first", check.quoted(name))
    return nil
  end
  return name
end

--- self: the contract's Check object; job: what stands in the plugin.
function M.job(self, path, name, job)
  local out = self:part(path, job, schema.job) or {}
  out.name, out.run = name, nil
  out.timeout_s, out.timeout = out.timeout, nil
  return out
end

-- A host of a collector has to be one that the plugin declares.
local function covered(host, declared)
  for _, one in ipairs(declared) do
    if one == host or (one:sub(1, 2) == "*." and host:sub(-#one + 1) == one:sub(2)) then return true end
  end
  return false
end
M.covered = covered

function M.collector(self, path, name, collector, plugin)
  local out = self:part(path, collector, schema.collector) or {}
  local capabilities = type(plugin.capabilities) == "table" and plugin.capabilities or {}
  local declared = {}
  for _, host in ipairs(type(capabilities.http) == "table" and capabilities.http or {}) do
    if type(host) == "string" then declared[#declared + 1] = host end
  end
  for i, host in ipairs(out.hosts or {}) do
    if not covered(host, declared) then
      self:say(at(path, "hosts", i), "'%s' is not declared; write capabilities = { http = { \"%s\" } }", host, host)
    end
  end
  out.name, out.run = name, nil
  out.timeout_s, out.timeout = out.timeout, nil
  out.platform = out.platform or (type(plugin.name) == "string" and plugin.name or nil)
  return out
end

return M
