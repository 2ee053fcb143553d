-- A channel's own numbers: no content, but an observation of the account.

local M = {}

-- A hidden number of subscribers comes as 0, which it is not.
function M.numbers(c)
  local s, numbers = json.get(c, "statistics"), {}
  if json.kind(s) ~= "object" then return nil end
  for _, name in ipairs { "viewCount", "subscriberCount", "videoCount" } do numbers[name] = s[name] end
  if s.hiddenSubscriberCount == true then numbers.subscriberCount = nil end
  return next(numbers) and numbers or nil
end

-- channels.list, or one channel.
function M.list(doc, out)
  for _, c in ipairs(json.kind(doc.items) == "array" and doc.items or { doc }) do
    local id = json.get(c, "id")
    if json.kind(id) == "string" then
      out.account { id = id, handle = json.get(c, "snippet.customUrl"), metrics = M.numbers(c) }
    else
      out.skip("account")
    end
  end
end

-- An Analytics table without a video: one observation, each number under NAME.day or NAME.month by its day or month. A table
-- that is split up by anything else says nothing about the channel as a whole.
function M.table(rows, at, split, id, out)
  local period = at.day and "day" or at.month and "month" or nil
  if split or not period and #rows > 1 then return out.skip("account", #rows) end
  local metrics = {}
  for _, row in ipairs(rows) do
    local when = json.kind(row) == "array" and period and row[at[period]]
    if json.kind(row) ~= "array" or period and json.kind(when) ~= "string" then
      out.bad("bad_shape", "a row is a list of cells, its day or month a text", row)
    else
      for name, i in pairs(at) do
        local n = name ~= period and row[i]
        if json.kind(n) == "number" and period then
          local key = name .. "." .. period
          metrics[key] = metrics[key] or {}
          metrics[key][when] = n
        elseif json.kind(n) == "number" then
          metrics[name] = n
        end
      end
    end
  end
  if next(metrics) then out.account { id = id, metrics = metrics } end
end

return M
