-- Lists and null of JSON, the same under the host and under plain Lua: an empty Lua table does not say whether it is [] or {}.

local M = {}

local host = rawget(_G, "json")
local mark = { __name = "json.array" }

--- What null is in the tables that are to become JSON.
M.null = host and host.null or setmetatable({}, { __name = "json.null", __tostring = function() return "null" end })

--- Marks t as an array and returns it: it stays [] when it is empty.
---@generic T
---@param t T[]?
---@return T[]
function M.array(t)
  t = t or {}
  if host and host.array then return host.array(t) end
  return setmetatable(t, mark)
end

--- Is t a list: marked as one, or with elements 1 .. n?
---@param t table
---@return boolean
function M.is_array(t)
  return getmetatable(t) == mark or #t > 0
end

return M
