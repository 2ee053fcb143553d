-- Analytics: a series is {summary_metrics, daily_metrics, lifetime_metrics}; of those only days that are READY are numbers.

local M = {}

local function known(v)
  if v ~= nil and v ~= json.null then return v end
  return nil
end

local function object(v) return json.kind(v) == "object" end
local function array(v) return json.kind(v) == "array" end

local function is_series(v)
  return object(v) and (object(v.summary_metrics) or array(v.daily_metrics) or object(v.lifetime_metrics))
end

local function first_member(v)
  if not object(v) then return nil end
  local step, members, start = pairs(v)
  return step(members, start)
end

local function url_of(input) return json.kind(input.url) == "string" and input.url or "" end

-- {"all": series}, or a series per app, per source, per format.
function M.one(doc)
  local _, v = first_member(doc)
  return is_series(v) and (v.daily_metrics ~= nil and v.summary_metrics ~= nil and 4 or 3)
end

-- {"PIN": {"all": series}, …}
function M.several(doc)
  local key, v = first_member(doc)
  if not key or not key:find("^%d+$") then return false end
  local _, series = first_member(v)
  return is_series(series) and 4
end

-- --- which metrics -----------------------------------------------------------------------------------------------------------

local column = { IMPRESSION = "views", SAVE = "saves" }
-- Counts of the whole life that stand among the counts of a period, there without meaning.
local lifetime_only = { TOTAL_COMMENTS = true, TOTAL_REACTIONS = true }

local function ms(v)
  local n = tonumber(known(v))
  return n and n / 1000 or nil
end

-- status: per metric where an answer has it so; what is not READY is not known yet, however the number looks.
local function counts_of(metrics, window, status)
  local counts, extra = { window = window }, {}
  for name, v in pairs(metrics) do
    local ready = not object(status) or status[name] == nil or status[name] == "READY"
    if ready and known(v) ~= nil and not (lifetime_only[name] and window ~= "lifetime") then
      if column[name] then
        counts[column[name]] = v
      elseif name == "TOTAL_REACTIONS" then
        counts.likes = v
      elseif name == "TOTAL_COMMENTS" then
        counts.comments = v
      elseif name == "VIDEO_AVG_WATCH_TIME" then
        counts.average_watch_time = ms(v)
      else
        extra[name] = v
      end
    end
  end
  counts.extra = next(extra) and extra or nil
  return counts
end

-- What only accounts have, and what only pins have: neither the answer's keys nor its numbers say more.
local of_account = { "ENGAGEMENT", "ENGAGEMENT_RATE", "PIN_CLICK_RATE", "OUTBOUND_CLICK_RATE" }
local function is_account(v)
  if object(v.lifetime_metrics) then return false end
  local metrics = object(v.summary_metrics) and v.summary_metrics or json.get(v, "daily_metrics.0.metrics")
  for _, name in ipairs(of_account) do
    if object(metrics) and metrics[name] ~= nil then return true end
  end
  return false
end

-- --- rows --------------------------------------------------------------------------------------------------------------------

local function day_of(v)
  local day = json.kind(v) == "string" and v:match("^%d%d%d%d%-%d%d%-%d%d")
  return day and time.day_start(day, "UTC") or nil
end

-- The days that were asked for, where the request is known.
local function asked(input)
  local url = url_of(input)
  local first, last = day_of(url:match("[?&]start_date=([%d-]+)")), day_of(url:match("[?&]end_date=([%d-]+)"))
  return first, last and time.next_day(last, "UTC") or nil
end

local function reason_of(status)
  return json.kind(status) == "string" and status:lower():gsub("_", "-") or "processing"
end

local function is_ready(day) return json.get(day, "data_status") == "READY" and object(json.get(day, "metrics")) end

local function add_days(list, out)
  for _, day in ipairs(list) do
    local first = day_of(json.get(day, "date"))
    if not is_ready(day) then
      out.skip(reason_of(json.get(day, "data_status")))
    elseif not first then
      out.bad("bad_shape", "date is not a day (YYYY-MM-DD)", day)
    else
      local counts = counts_of(day.metrics, "day")
      counts.window_start, counts.window_end = first, time.next_day(first, "UTC")
      out.counts(counts)
    end
  end
end

-- Days where they came, else their sum: both would count the same views twice, and the sum has days in it that are not ready.
local function add(id, v, out, input)
  local days = array(v.daily_metrics) and v.daily_metrics or {}
  local ready = #days == 0
  for _, day in ipairs(days) do ready = ready or is_ready(day) end
  local lifetime = object(v.lifetime_metrics) and first_member(v.lifetime_metrics) ~= nil
  if not ready and not lifetime then
    for _, day in ipairs(days) do out.skip(reason_of(json.get(day, "data_status"))) end
    return
  end
  if not id then
    return out.bad("missing_id", "this answer does not say which pin it is about: ingest it with its request "
      .. "(a wrapper with url …/v5/pins/ID/analytics) or with --content ID", v)
  end
  out.post { id = id }
  if lifetime then out.counts(counts_of(v.lifetime_metrics, "lifetime")) end
  if #days > 0 then return add_days(days, out) end
  if object(v.summary_metrics) then
    local counts = counts_of(v.summary_metrics, "range")
    counts.window_start, counts.window_end = asked(input)
    out.counts(counts)
  end
end

-- The total of a pin's series. Parts (per app, per source) are none, and are not added up.
local function total(parts, out)
  for _, name in ipairs { "all", "ALL", "NO_SPLIT" } do
    if is_series(parts[name]) then return parts[name] end
  end
  for _ in pairs(parts) do out.skip("split") end
end

function M.parse_one(doc, out, input)
  local v, url = total(doc, out), url_of(input)
  if not v then return end
  local id = url:match("/pins/(%d+)/analytics") or input.content
  if not id and (url:find("/user_account/analytics", 1, true) or is_account(v)) then
    return out.skip("account", math.max(1, array(v.daily_metrics) and #v.daily_metrics or 1))
  end
  add(id, v, out, input)
end

function M.parse_several(doc, out, input)
  for id, parts in pairs(doc) do
    local v = object(parts) and total(parts, out)
    if v then
      add(id, v, out, input)
    elseif not object(parts) then
      out.bad("bad_shape", "the analytics of a pin are an object", parts)
    end
  end
end

function M.top_pins(doc, out, input)
  local first, last = asked(input)
  for _, pin in ipairs(doc.pins) do
    if not object(pin) or known(pin.pin_id) == nil then
      out.bad("missing_id", "this pin has no pin_id", pin)
    elseif not object(pin.metrics) then
      out.bad("bad_shape", "this pin has no metrics", pin)
    else
      local counts = counts_of(pin.metrics, "range", pin.data_status)
      counts.window_start, counts.window_end = first, last
      out.post { id = pin.pin_id }
      out.counts(counts)
    end
  end
end

-- --- what a bare document does not say ---------------------------------------------------------------------------------------

local function named(input) return input.platform == "pinterest" or url_of(input):find("api%.pinterest%.com/") ~= nil end

function M.reference(doc, input)
  if not object(doc) or not named(input) or doc.code ~= nil then return false end
  if array(doc.items) then return 1 end
  return (doc.owner ~= nil and doc.privacy ~= nil or doc.access_token ~= nil) and 1
end

-- {code, message} is what many answer: whose it is, only the request can tell.
function M.failed(doc, input)
  return object(doc) and json.kind(doc.code) == "number" and json.kind(doc.message) == "string" and named(input) and 2
end

return M
