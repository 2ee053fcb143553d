-- Statistics by bucket and by metric, followers, and what only a named platform or the request can tell.

local M = {}

local function known(v)
  if v ~= nil and v ~= json.null then return v end
  return nil
end

local function object(v) return json.kind(v) == "object" end
local function array(v) return json.kind(v) == "array" end

local function first_of(doc)
  local v = json.get(doc, "elements.0")
  return object(v) and v or nil
end

-- The one text in an object with one member: {"share": "urn:…"}, {"com.linkedin…TypeV1": "IMPRESSION"}.
local function text_in(v)
  if json.kind(v) == "string" then return v end
  if not object(v) then return nil end
  for _, one in pairs(v) do
    if json.kind(one) == "string" then return one end
  end
end

local function decoded(text)
  return text and (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- --- windows -----------------------------------------------------------------------------------------------------------------

local DAY = 86400

local function window(first, last)
  local days = (last - first) / DAY
  if days == 1 then return "day" end
  return days == 7 and "week" or "range"
end

-- {"start": ms, "end": ms}, the end not in it.
local function range_of(range)
  local first, last = tonumber(known(json.get(range, "start"))), tonumber(known(json.get(range, "end")))
  if not first then return nil end
  first, last = first / 1000, last and last / 1000
  return first, last, last and window(first, last) or "range"
end

-- {"start": {year, month, day}, "end": {…}}: the dates of members' statistics, the end not in it.
local function date_of(v)
  local y, m, d = tonumber(json.get(v, "year")), tonumber(json.get(v, "month")), tonumber(json.get(v, "day"))
  return y and m and d and time.day_start(("%04d-%02d-%02d"):format(y, m, d), "UTC") or nil
end

local function dates_of(range)
  local first, last = date_of(json.get(range, "start")), date_of(json.get(range, "end"))
  if not first then return nil end
  return first, last, last and window(first, last) or "range"
end

-- --- statistics of posts by bucket -------------------------------------------------------------------------------------------

local column = { impressionCount = "views", likeCount = "likes", shareCount = "shares", commentCount = "comments" }

local function bucket(v, out)
  local id = known(v.share) or known(v.ugcPost)
  local counted = v.totalShareStatistics
  if not object(counted) then return out.bad("bad_shape", "this element has no totalShareStatistics", v) end
  if not id then return out.skip("account") end
  local first, last, name = range_of(v.timeRange)
  local counts, extra = { window = name or "lifetime", window_start = first, window_end = last }, {}
  for key, n in pairs(counted) do
    if column[key] then counts[column[key]] = n elseif known(n) ~= nil then extra[key] = n end
  end
  counts.extra = next(extra) and extra or nil
  out.post { id = id, account = known(v.organizationalEntity) or known(v.organization) }
  out.counts(counts)
end

function M.buckets(doc, out)
  for _, v in ipairs(array(doc.elements) and doc.elements or { doc }) do
    if object(v) then bucket(v, out) else out.bad("bad_shape", "an element is an object", v) end
  end
end

-- --- one metric per element --------------------------------------------------------------------------------------------------

local function metric_of(v, url)
  return text_in(v.statisticsType) or text_in(v.metricType) or text_in(v.queryType) or text_in(v.type)
    or url:match("[?&]type=([%u_]+)") or url:match("[?&]queryType=([%u_]+)")
end

local function entity_of(v, url)
  local id = text_in(v.entity) or text_in(v.targetEntity)
  if id then return id end
  return decoded(url):match("[?&]entity=%(?[%a]*:?(urn:li:%w+:[%w_-]+)")
end

function M.match_video(doc)
  local v = first_of(doc)
  return v and v.value ~= nil and v.totalShareStatistics == nil and (text_in(v.statisticsType) or text_in(v.type)) ~= nil
    and (text_in(v.entity) or ""):find("^urn:li:") ~= nil and 4
end

function M.match_member(doc)
  local v = first_of(doc)
  return v and v.count ~= nil and v.metricType ~= nil and (v.targetEntity ~= nil or v.dateRange ~= nil
    or (text_in(v.metricType) or ""):find("^%u[%u_]+$") ~= nil) and 4
end

-- A video's views are beside the impressions that views are here, for all kinds of posts.
local of_metric = {
  IMPRESSION = "views", REACTION = "likes", RESHARE = "shares", COMMENT = "comments", POST_SAVE = "saves", SAVE = "saves",
}

-- The elements of one post and window are one row.
function M.parse_metrics(doc, out, input)
  local url = json.kind(input.url) == "string" and input.url or ""
  local list, by = {}, {}
  for _, v in ipairs(doc.elements) do
    local metric = object(v) and metric_of(v, url)
    local id = metric and entity_of(v, url) or input.content
    if not metric then
      out.bad("bad_shape", "this element names no metric", v)
    elseif not id then
      out.skip("account") -- of all of a member's posts
    else
      local first, last, name = range_of(v.timeRange)
      if not first then first, last, name = dates_of(v.dateRange) end
      local key = id .. " " .. tostring(first) .. " " .. tostring(last)
      local row = by[key]
      if not row then
        row = { id = id, counts = { window = name or "lifetime", window_start = first, window_end = last }, extra = {} }
        by[key], list[#list + 1] = row, row
      end
      local n = known(v.value)
      if n == nil then n = known(v.count) end
      if of_metric[metric] then row.counts[of_metric[metric]] = n else row.extra[metric] = n end
    end
  end
  for _, row in ipairs(list) do
    row.counts.extra = next(row.extra) and row.extra or nil
    out.post { id = row.id }
    out.counts(row.counts)
  end
end

-- --- followers ---------------------------------------------------------------------------------------------------------------

local function is_followers(v)
  if not object(v) then return false end
  for key in pairs(v) do
    if key:find("^followerCountsBy") or key == "followerGains" then return true end
  end
  return false
end

function M.match_followers(doc) return (is_followers(doc) or is_followers(first_of(doc))) and 4 end

function M.parse_followers(doc, out)
  local list = array(doc.elements) and doc.elements or { doc }
  out.skip("demographics", #list)
end

-- --- what is no content ------------------------------------------------------------------------------------------------------

function M.match_reactions(doc)
  local v = first_of(doc)
  if not v then return false end
  if v.reactionType ~= nil and (v.root ~= nil or v.created ~= nil) then return 3 end
  return v.actor ~= nil and v.object ~= nil and (v.message ~= nil or v.created ~= nil) and 3
end

function M.parse_reactions(doc, out)
  for _, v in ipairs(doc.elements) do out.skip(json.get(v, "message") ~= nil and "comment" or "reaction") end
end

-- Elsewhere an organization is named by its URN.
function M.parse_organization(doc, out)
  local id = math.tointeger(tonumber(known(doc.id)))
  if id then out.account { id = ("urn:li:organization:%d"):format(id), handle = known(doc.vanityName) } end
  out.skip("account")
end

local function named(input)
  return input.platform == "linkedin" or json.kind(input.url) == "string" and input.url:find("api%.linkedin%.com/") ~= nil
end

function M.match_reference(doc, input)
  if not object(doc) then return false end
  if doc.firstDegreeSize ~= nil then return 3 end
  local v = first_of(doc)
  if v and (v.localizedName ~= nil or v.organizationalTarget ~= nil or v.roleAssignee ~= nil) then return 3 end
  return named(input) and v ~= nil and doc.paging ~= nil and 1
end

function M.parse_reference(doc, out)
  local list = array(doc.elements) and doc.elements
  local account = doc.firstDegreeSize ~= nil or list and json.get(list[1], "localizedName") ~= nil
  out.skip(account and "account" or "reference", list and #list or 1)
end

-- --- errors ------------------------------------------------------------------------------------------------------------------

-- Many answer {status, message}; serviceErrorCode, or a code in capitals, is LinkedIn's own.
function M.failed(doc, input)
  if not object(doc) or json.kind(doc.message) ~= "string" or doc.error ~= nil then
    return object(doc) and named(input) and json.kind(doc.error) == "string" and 2
  end
  if json.kind(doc.status) ~= "number" then return false end
  if doc.serviceErrorCode ~= nil then return 4 end
  return (named(input) or json.kind(doc.code) == "string" and doc.code:find("^%u[%u_]+$") ~= nil) and 3
end

function M.refuse(doc, out)
  local function text(v) return json.kind(v) == "string" and v or nil end
  local status = tonumber(known(doc.status))
  local code = text(doc.code) or text(doc.error) or status and tostring(math.tointeger(status) or status) or "error"
  out.refuse(code, text(doc.message) or text(doc.error_description) or "no message")
end

return M
