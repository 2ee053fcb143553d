-- Sums of counts. What a platform sends may be more than any count; a sum that has wrapped around is a wrong one.

local M = {}

-- The sum of two numbers. What no count can hold becomes a float, which the host notes.
function M.sum(a, b)
  local float = a + 0.0 + b
  return math.abs(float) < 2 ^ 63 and a + b or float
end

-- The number, or nil for what no document can say: infinity, and what is no number.
function M.finite(v) return v == v and v ~= math.huge and v ~= -math.huge and v or nil end

-- The sum of two counts, numbers or texts of digits. Where one is none, the first as it came: the host notes it.
function M.counts(a, b)
  local x, y = tonumber(a), tonumber(b)
  return x and y and M.finite(M.sum(math.tointeger(x) or x, math.tointeger(y) or y)) or a
end

return M
