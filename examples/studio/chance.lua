-- Chance that is the same each time: xorshift64*, begun by a hash of (seed, name). Every account, post and question about it
-- has its own stream, so that one more post, or one more question, changes no other.
local Random = {}
Random.__index = Random

local M = {}

function M.new(seed, name)
  local h = -3750763034362895579 -- FNV-1a
  for _, c in ipairs({ (seed .. "/" .. name):byte(1, -1) }) do
    h = (h ~ c) * 1099511628211
  end
  -- names that differ in their last letter must not begin alike: the finaliser of MurmurHash3
  h = (h ~ (h >> 33)) * -49064778989728563
  h = (h ~ (h >> 33)) * -4265267296055464877
  h = h ~ (h >> 33)
  return setmetatable({ state = h == 0 and 1 or h }, Random)
end

function Random:bits()
  local x = self.state
  x = x ~ (x >> 12)
  x = x ~ (x << 25)
  x = x ~ (x >> 27)
  self.state = x
  return (x * 2685821657736338717) >> 11 -- 53 bits
end

function Random:unit()
  return self:bits() / 2 ^ 53
end

function Random:int(low, high)
  return low + self:bits() % (high - low + 1)
end

function Random:pick(list)
  return list[self:int(1, #list)]
end

function Random:normal()
  return math.sqrt(-2 * math.log(1 - self:unit())) * math.cos(2 * math.pi * self:unit())
end

function Random:text(n, alphabet)
  local out = {}
  for i = 1, n do
    local at = self:int(1, #alphabet)
    out[i] = alphabet:sub(at, at)
  end
  return table.concat(out)
end

return M
