-- Insights: a list of metrics, each {name, period, values[] or total_value, id "MEDIA/insights/NAME/PERIOD"}. One answer may
-- mix both forms of value. Media have the period "lifetime"; a user's numbers are per day, or a total over the time asked for.

local M = {}

-- Names that only an account has.
local of_user = { clicks = true, followers_count = true, follower_demographics = true }
-- Names that Instagram does not have beside the shared ones.
local own = { reposts = true, quotes = true }
local known = { views = true, likes = true, replies = true, reposts = true, quotes = true, shares = true,
                clicks = true, followers_count = true, follower_demographics = true }

local function object(v) return json.kind(v) == "object" end
local function array(v) return json.kind(v) == "array" end

function M.is_metric(v)
  return object(v) and json.kind(v.name) == "string" and json.kind(v.period) == "string"
    and (array(v.values) or object(v.total_value) or array(v.link_total_values))
end

-- Whether all names of a list are Threads', and whether one of them says so.
function M.ours(list)
  if not array(list) or not M.is_metric(list[1]) then return false end
  local sure = false
  for _, metric in ipairs(list) do
    local name = json.get(metric, "name")
    if json.kind(name) == "string" then
      if not known[name] then return false end
      sure = sure or own[name] or name == "clicks" and array(metric.link_total_values)
    end
  end
  return true, sure
end

local function is_threads_address(v) return json.kind(v) == "string" and v:find("graph%.threads%.") ~= nil end

-- likes, views, replies and shares are Instagram's names too: then a page's address or the request must say whose they are.
function M.match(doc, input)
  local ours, sure = M.ours(json.get(doc, "data"))
  if not ours then return false end
  local address = is_threads_address(input.url) or is_threads_address(json.get(doc, "paging.next"))
    or is_threads_address(json.get(doc, "paging.previous"))
  return (sure or address or input.platform == "threads") and 5
end

-- The number, wherever it stands; of several the newest.
local function value(metric)
  if array(metric.values) and #metric.values > 0 then
    local v = json.get(metric.values[#metric.values], "value")
    if json.kind(v) == "number" or json.kind(v) == "string" then return v end
  end
  return json.get(metric, "total_value.value")
end

local function is_user(metric) return of_user[metric.name] or metric.period ~= "lifetime" end

local function joined(list, mark)
  local parts = {}
  for _, v in ipairs(list) do parts[#parts + 1] = tostring(v) end
  return table.concat(parts, mark)
end

-- {dimension_keys, results[]}: by the names of the dimensions, how many followers each group has.
local function put_audience(audience, metric)
  local list = json.get(metric, "total_value.breakdowns")
  for _, one in ipairs(array(list) and list or {}) do
    local keys, results, groups = json.get(one, "dimension_keys"), json.get(one, "results"), {}
    for _, result in ipairs(array(results) and results or {}) do
      local values = json.get(result, "dimension_values")
      if array(values) then groups[joined(values, ".")] = json.get(result, "value") end
    end
    if array(keys) and next(groups) then audience[joined(keys, "_")] = groups end
  end
end

-- A number that stands alone, or each by the day (or the link) it is of.
local function account_value(metric)
  local list = array(metric.values) and metric.values or array(metric.link_total_values) and metric.link_total_values or {}
  local by = {}
  for _, sample in ipairs(list) do
    local key = json.get(sample, "end_time") or json.get(sample, "link_url")
    if json.kind(key) == "string" then by[key] = json.get(sample, "value") end
  end
  return next(by) and by or value(metric)
end

-- follower_demographics is the audience; all else is kept under NAME.PERIOD.
local function of_account(found, id, metric)
  local key = id or ""
  local account = found.accounts[key]
  if not account then
    account = { id = id, metrics = {}, audience = {} }
    found.accounts[key], found.account_list[#found.account_list + 1] = account, account
  end
  if metric.name == "follower_demographics" then
    put_audience(account.audience, metric)
  else
    account.metrics[metric.period == "lifetime" and metric.name or metric.name .. "." .. metric.period] = account_value(metric)
  end
end

-- What a list of metrics holds: ids in the order of first appearance, values[id] by name, observations of accounts, and how
-- many metrics name no post.
function M.collect(list, fallback, out)
  local found = { ids = {}, values = {}, accounts = {}, account_list = {}, unnamed = 0 }
  for _, metric in ipairs(list) do
    local shaped = M.is_metric(metric)
    local id = shaped and json.kind(metric.id) == "string" and metric.id:match("^([^/]+)/insights/") or fallback
    if not shaped then
      out.bad("bad_shape", "no metric: name, period and values or total_value are expected", metric)
    elseif is_user(metric) then
      of_account(found, id, metric)
    elseif not id then
      found.unnamed = found.unnamed + 1
    else
      if not found.values[id] then found.ids[#found.ids + 1], found.values[id] = id, {} end
      found.values[id][metric.name] = value(metric)
    end
  end
  return found
end

-- What passes a post on: reposts, quotes and shares together, of those that are there.
local function passed_on(v)
  local sum
  for _, name in ipairs { "reposts", "quotes", "shares" } do
    local n = tonumber(v[name])
    if n then sum = (sum or 0) + n end
  end
  return sum
end

function M.counts(v)
  local extra = {}
  for _, name in ipairs { "reposts", "quotes", "shares" } do extra[name] = tonumber(v[name]) end
  return { views = v.views, likes = v.likes, comments = v.replies, shares = passed_on(v), extra = next(extra) and extra or nil }
end

return M
