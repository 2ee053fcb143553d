-- Insights: a list of metrics, each {name, period, values[] and/or total_value, id "MEDIA/insights/NAME/PERIOD"}.
-- Titles are translated, so only names count. Old versions put carousel_album_ before a carousel's names.

local M = {}

-- Names that no other Graph product uses. likes, comments, shares, views and replies are not among them: Threads has them too.
local own = {
  reach = true, impressions = true, saved = true, saves = true, engagement = true, plays = true, video_views = true,
  total_interactions = true, profile_visits = true, profile_activity = true, profile_views = true, follows = true,
  navigation = true, exits = true, taps_forward = true, taps_back = true, clips_replays_count = true, comments = true,
  accounts_engaged = true, website_clicks = true, email_contacts = true, follower_count = true, online_followers = true,
  follows_and_unfollows = true, profile_links_taps = true, get_directions_clicks = true, phone_call_clicks = true,
  text_message_clicks = true, engaged_audience_demographics = true, reached_audience_demographics = true,
  reels_skip_rate = true, reposts_count = true, facebook_views = true, crossposted_views = true, total_views = true,
}
local own_prefix = { "^ig_reels_", "^carousel_album_", "^audience_" }
-- Names that say: this is Facebook, or Threads.
local foreign_prefix = { "^post_", "^page_", "^blue_reels_", "^total_video_" }
local foreign = { reposts = true, quotes = true, clicks = true }

local demographics = {
  follower_demographics = true, engaged_audience_demographics = true, reached_audience_demographics = true,
  audience_city = true, audience_country = true, audience_gender_age = true, audience_locale = true,
}
-- Of an account although their period is "lifetime".
local of_account = { online_followers = true, follower_count = true, followers_count = true }

local function any(prefixes, name)
  for _, p in ipairs(prefixes) do
    if name:find(p) then return true end
  end
  return false
end

function M.is_metric(v)
  return json.kind(v) == "object" and json.kind(v.name) == "string" and json.kind(v.period) == "string"
    and (v.values ~= nil or v.total_value ~= nil)
end

-- Whether a list of metrics may be Instagram's (not where a name is Facebook's or Threads' own), and whether a name says so.
function M.ours(list)
  if json.kind(list) ~= "array" or not M.is_metric(list[1]) then return false end
  local sure = false
  for _, metric in ipairs(list) do
    local name = json.get(metric, "name")
    if json.kind(name) ~= "string" then name = "" end
    if foreign[name] or any(foreign_prefix, name) then return false end
    sure = sure or own[name] or any(own_prefix, name)
  end
  return true, sure
end

-- Where only names occur that Threads has as well, the platform or the request must say whose they are.
function M.match(list, input)
  local ours, sure = M.ours(list)
  if not ours then return false end
  local url = json.kind(input.url) == "string" and input.url:find("graph%.instagram%.com")
  return (sure or url or input.platform == "instagram") and 4
end

local function joined(list, mark)
  local parts = {}
  for _, v in ipairs(list) do parts[#parts + 1] = tostring(v) end
  return table.concat(parts, mark)
end

-- The number, wherever it stands.
local function value(metric)
  local v = json.get(metric, "values.0.value")
  if json.kind(v) ~= "number" and json.kind(v) ~= "string" then
    local total = json.get(metric, "total_value.value")
    if total ~= nil and total ~= json.null then v = total end
  end
  return v
end

local function is_account(metric)
  return demographics[metric.name] or of_account[metric.name] or metric.period ~= "lifetime"
end

-- A number split up ({dimension_keys, results[]}): by the names of the dimensions, what each group has.
function M.breakdowns(metric)
  local list, found = json.get(metric, "total_value.breakdowns"), {}
  for _, one in ipairs(json.kind(list) == "array" and list or {}) do
    local keys, results = json.get(one, "dimension_keys"), json.get(one, "results")
    if json.kind(keys) == "array" and json.kind(results) == "array" then
      local groups = {}
      for _, result in ipairs(results) do
        local values = json.get(result, "dimension_values")
        if json.kind(values) == "array" then groups[joined(values, ".")] = json.get(result, "value") end
      end
      found[joined(keys, "_")] = groups
    end
  end
  return found
end

-- Who follows or was reached: audience_city is a map, follower_demographics is split up by its dimensions.
local function put_audience(audience, metric)
  local whose = metric.name:match("^(%a+)_audience_demographics$")
  for dimensions, groups in pairs(M.breakdowns(metric)) do
    audience[(whose and whose .. "_" or "") .. dimensions] = groups
  end
  local map = value(metric)
  if json.kind(map) == "object" then audience[(metric.name:gsub("^audience_", ""))] = map end
end

-- A number that stands alone, or each by the time its day, week or 28 days ended.
local function account_value(metric)
  local list, by = json.get(metric, "values"), {}
  for _, sample in ipairs(json.kind(list) == "array" and list or {}) do
    local at = json.get(sample, "end_time")
    if json.kind(at) == "string" then by[at] = json.get(sample, "value") end
  end
  return next(by) and by or value(metric)
end

-- An account's numbers under NAME.PERIOD.
local function put_account(accounts, id, metric)
  local key = id or ""
  local account = accounts.by[key]
  if not account then
    account = { id = id, metrics = {}, audience = {} }
    accounts.by[key], accounts[#accounts + 1] = account, account
  end
  if demographics[metric.name] then return put_audience(account.audience, metric) end
  local name = metric.period == "lifetime" and metric.name or metric.name .. "." .. metric.period
  account.metrics[name] = account_value(metric)
  for dimensions, groups in pairs(M.breakdowns(metric)) do account.metrics[name .. "_by_" .. dimensions] = groups end
end

local function filled(t) return next(t) ~= nil and t or nil end

local function tell(accounts, out)
  for _, account in ipairs(accounts) do
    local metrics, audience = filled(account.metrics), filled(account.audience)
    if metrics or audience then
      out.account { id = account.id, metrics = metrics, audience = audience }
    else
      out.skip("account")
    end
  end
end

-- Media ids in the order of first appearance, and each one's values by name; what is about an account is told at once.
-- fallback: the id where the metrics carry none.
function M.collect(list, out, fallback)
  local ids, values, accounts = {}, {}, { by = {} }
  for _, metric in ipairs(list) do
    local shaped = M.is_metric(metric)
    local id = shaped and json.kind(metric.id) == "string" and metric.id:match("^([^/]+)/insights/") or fallback
    if not shaped then
      out.bad("bad_shape", "no metric: name, period and values or total_value are expected", metric)
    elseif is_account(metric) then
      put_account(accounts, id, metric)
    elseif not id then
      out.bad("missing_id", "this metric has no id (MEDIA/insights/NAME/PERIOD) and the request is not known", metric)
    else
      if not values[id] then
        ids[#ids + 1], values[id] = id, {}
      end
      local name = metric.name:gsub("^carousel_album_", "")
      values[id][name] = value(metric)
      for dimensions, groups in pairs(M.breakdowns(metric)) do values[id][name .. "_by_" .. dimensions] = groups end
    end
  end
  tell(accounts, out)
  return ids, values
end

local function first(v, names)
  for _, name in ipairs(names) do
    if v[name] ~= nil and v[name] ~= json.null then return v[name] end
  end
end

local column = { likes = true, shares = true, comments = true, saved = true, saves = true, ig_reels_avg_watch_time = true }
local view_names = { "views", "plays", "video_views", "impressions" }

-- Values by name as counts. What fed no column is kept under its own name, and so is an older name that the views came from:
-- it is another definition.
function M.counts(v)
  local counts, extra = {}, {}
  counts.views = first(v, view_names)
  counts.likes, counts.shares = v.likes, v.shares
  counts.comments = first(v, { "comments", "replies" })
  counts.saves = first(v, { "saved", "saves" })
  local ms = tonumber(v.ig_reels_avg_watch_time)
  counts.average_watch_time = ms and ms / 1000 or nil
  for name, value_of in pairs(v) do
    local kept = json.kind(value_of) == "number" or json.kind(value_of) == "object"
    if not column[name] and name ~= "views" and kept then extra[name] = value_of end
  end
  counts.extra = next(extra) and extra or nil
  return counts
end

return M
