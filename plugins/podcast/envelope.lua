-- What the connectors put around an answer: {provider, version, retrieved, meta: {show, episode, endpoint}, range, data}.

local M = {}

function M.known(v)
  if v ~= nil and v ~= json.null and v ~= "" then return v end
  return nil
end
local known = M.known

-- -1 says "not available", where a count cannot be below 0.
function M.count(v)
  v = known(v)
  local n = tonumber(v)
  if n and n < 0 then return nil end
  return v
end

-- A count one may add up; nil for what is none.
function M.number(v)
  local n = tonumber(M.count(v))
  return n and (math.tointeger(n) or n) or nil
end

-- What stands where. A bare answer (no envelope) says nothing of its episode: that is in the address it came from.
function M.open(doc, input)
  if json.kind(doc) ~= "object" then return nil end
  if json.kind(doc.provider) == "string" and json.kind(doc.meta) == "object" and doc.data ~= nil and doc.data ~= json.null then
    return { wrapped = true, provider = doc.provider, endpoint = known(doc.meta.endpoint), show = known(doc.meta.show),
             episode = known(doc.meta.webEpisodeId) or known(doc.meta.web_episode_id) or known(doc.meta.episode),
             range = json.kind(doc.range) == "object" and doc.range or {}, data = doc.data }
  end
  local url = input and known(input.url) or ""
  local own = url:find("spotify%.com/") or url:find("anchor%.fm/") or url:find("podcastsconnect%.apple%.com/")
  return { wrapped = false, episode = url:match("/episodes?/([%w_%-]+)") or input and known(input.content),
           show = url:match("/shows?/([%w_%-]+)"), range = {}, data = doc,
           bare = own or input and input.platform == "podcast" }
end

function M.is(e, providers)
  if not e.wrapped then return e.bare and providers ~= nil end
  if providers == nil then return true end
  for _, name in ipairs(providers) do
    if e.provider:lower() == name then return true end
  end
  return false
end

-- "2022-09-26" or 20220926 as "2022-09-26"; nil for what is no day.
function M.day(v)
  v = known(v)
  local text = json.kind(v) == "number" and ("%d"):format(math.tointeger(v) or 0) or json.kind(v) == "string" and v or ""
  local y, m, d = text:match("^(%d%d%d%d)%-?(%d%d)%-?(%d%d)")
  local day = y and ("%s-%s-%s"):format(y, m, d)
  return day and time.day_start(day, "UTC") and day or nil
end

-- A day's window.
function M.day_window(day)
  local start = time.day_start(day, "UTC")
  return { window = "day", window_start = start, window_end = time.next_day(start, "UTC") }
end

-- From one instant to another: a day where it is one, else a range.
function M.window(from, to)
  local first, last = time.parse(from), time.parse(to)
  if not first then return nil end
  last = last and last > first and last or time.next_day(first, "UTC")
  local name = last == time.next_day(first, "UTC") and "day" or last - first == 7 * 86400 and "week" or "range"
  return { window = name, window_start = first, window_end = last }
end

-- How many items a list or an object of them holds; one of anything else.
function M.size(v)
  if json.kind(v) == "array" then return #v end
  return 1
end

-- A kind of data that is no content.
function M.skip(reason, list)
  return function(e, out)
    local n = list and M.size(json.get(e.data, list)) or 1
    if n > 0 then out.skip(reason, n) end
  end
end

return M
