-- Tables of numbers over a period: Analytics answers, Reporting files, Studio's export.
-- Days are Pacific. A table split by country, device and so on holds no snapshot per split: a post's row is the sum.

local audience = require("audience")
local channel = require("channel")

local M = {}

local zone = "America/Los_Angeles"

-- Splits that are complete, so that their sum is the total. All others name a part only (the top 25 details, the provinces of
-- one country, the videos of a playlist): adding them up would make a wrong total.
local full = {
  country = true, subscribedStatus = true, liveOrOnDemand = true, youtubeProduct = true, creatorContentType = true,
  deviceType = true, operatingSystem = true, insightTrafficSourceType = true, insightPlaybackLocationType = true,
}
local partial = {
  province = true, city = true, dma = true, continent = true, subContinent = true, insightTrafficSourceDetail = true,
  insightPlaybackLocationDetail = true, sharingService = true, playlist = true, group = true, subtitleLanguage = true,
  adType = true, audienceType = true, livestreamPosition = true, claimedStatus = true, uploaderType = true,
  membershipsCancellationSurveyReason = true,
}
local partial_columns = {
  "province_code", "playlist_id", "sharing_service", "subtitle_language", "annotation_type", "card_type",
  "end_screen_element_type", "traffic_source_detail", "playback_location_detail", "ad_type",
}
-- A traffic or playback file has a row for every detail too, and there the details do add up.
local partial_exempt = { traffic_source_detail = "traffic_source_type", playback_location_detail = "playback_location_type" }

local function known(v)
  if v ~= nil and v ~= json.null and v ~= "" then return v end
  return nil -- a value, unlike nothing: tonumber() minds
end

local function number(v)
  local n = tonumber(known(v))
  return n and (math.tointeger(n) or n)
end

-- A sum may leave the whole numbers, and even the numbers: the host is told the first (no count can be that), not the
-- second.
local function add(a, b)
  local sum = a + b
  if math.type(sum) == "integer" and math.abs(a + 0.0 + b) >= 2 ^ 63 then return a + 0.0 + b end
  return sum
end

local function finite(v) return v == v and v ~= math.huge and v ~= -math.huge and v or nil end

-- The sum over splits, in the order of first appearance. Averages of durations belong to the views they were measured on.
-- at(id, window) gives the sum that a split belongs to; add_average takes part of its average.
local function sums()
  local list, by = {}, {}
  local function at(id, window)
    local days_of = by[id]
    if not days_of then
      days_of = {}
      by[id] = days_of
    end
    local row = days_of[window.key]
    if not row then
      row = { post = { id = id }, window = window, total = {}, weight = 0, weighted = 0, new = true }
      days_of[window.key] = row
      list[#list + 1] = row
    end
    return row
  end
  return at, list
end

local function add_average(row, average, weight)
  if average and weight and weight > 0 then
    row.weight = row.weight + weight
    row.weighted = row.weighted + average * weight
  end
end

local function emit(out, row, column)
  local counts, extra = { window = row.window.kind, window_start = row.window.first, window_end = row.window.last }, {}
  for name, v in pairs(row.total) do
    v = math.tointeger(v) or finite(v)
    if column[name] then counts[column[name]] = v else extra[name] = v end
  end
  if row.weight > 0 then counts.average_watch_time = finite(row.weighted / row.weight) end
  if next(extra) then counts.extra = extra end
  out.post(row.post)
  out.counts(counts)
end

local function iso_day(text)
  local y, m, d = tostring(known(text) or ""):match("^(%d%d%d%d)%-?(%d%d)%-?(%d%d)")
  return y and ("%s-%s-%s"):format(y, m, d)
end

-- Day windows, one computation a day.
local function days()
  local made, seen = {}, {}
  return function(text)
    if seen[text] then return seen[text] end
    local day = iso_day(text)
    local first = day and (made[day] and made[day].first or time.day_start(day, zone))
    if not first then return nil end
    made[day] = made[day] or { kind = "day", first = first, last = time.next_day(first, zone), key = day }
    seen[text] = made[day]
    return made[day]
  end
end

local function month(text)
  local y, m = tostring(text):match("^(%d%d%d%d)%-(%d%d)$")
  if not y then return nil end
  local after = tonumber(m) == 12 and ("%d-01-01"):format(y + 1) or ("%s-%02d-01"):format(y, m + 1)
  return { kind = "range", first = time.day_start(y .. "-" .. m .. "-01", zone), last = time.day_start(after, zone),
           key = text }
end

local function decoded(input)
  local url = input and known(input.url)
  return url and (url:gsub("%%(%x%x)", function(h) return string.char(tonumber(h, 16)) end))
end

-- The channel asked for; of "channel==MINE" nothing is known.
local function asked_channel(input)
  local url = decoded(input)
  local id = url and url:match("[?&]ids=channel==([%w_-]+)")
  return id ~= "MINE" and id or nil
end

-- What only the request knew: the dates asked for and, where no column says it, the one video asked for.
local function asked(input)
  local url = decoded(input)
  if not url then return {}, nil end
  local first, last = iso_day(url:match("[?&]startDate=([%d-]+)")), iso_day(url:match("[?&]endDate=([%d-]+)"))
  local range = {}
  if first and last then
    range.first = time.day_start(first, zone)
    range.last = time.next_day(time.day_start(last, zone), zone)
  end
  local ids = url:match("[?&]filters=[^&]*video==([^;&]+)")
  return range, ids and not ids:find(",", 1, true) and ids or nil
end

function M.is_table(doc)
  local heads = json.get(doc, "columnHeaders")
  if json.kind(heads) ~= "array" or #heads == 0 then return false end
  for _, h in ipairs(heads) do
    if json.kind(h) ~= "object" or json.kind(h.name) ~= "string" or h.name:find("^ga:") then return false end
  end
  return doc.kind == "youtubeAnalytics#resultTable" and 4 or 2
end

local table_column = { views = "views", likes = "likes", comments = "comments", shares = "shares" }

-- Where things stand in a row, and whether the rows are to be added up.
local function layout(doc)
  local at, split, part = {}, false, false
  for i, h in ipairs(doc.columnHeaders) do
    at[h.name] = i
    split = split or full[h.name] or false
    part = part or partial[h.name] or false
  end
  return at, split, part
end

local function why_no_content(at, part)
  if at.elapsedVideoTimeRatio then return "retention" end
  return at.video and part and "breakdown" or nil
end

local kinds = { shorts = "short", videoondemand = "video", livestream = "live", story = "story" }

-- What the analytics call a video's kind: SHORTS, videoOnDemand, LIVE_STREAM.
local function kind_of(row, at)
  local name = at.creatorContentType and known(row[at.creatorContentType])
  return json.kind(name) == "string" and kinds[name:lower():gsub("_", "")] or nil
end

-- A row as it stands: digits stay digits, null stays unknown.
local function plain(row, at, id, window, out)
  local extra = {}
  for name, i in pairs(at) do
    if not table_column[name] and name ~= "averageViewDuration" and name ~= "video" then extra[name] = number(row[i]) end
  end
  local function cell(name) return at[name] and row[at[name]] end
  out.post { id = id }
  out.counts { views = cell("views"), likes = cell("likes"), comments = cell("comments"), shares = cell("shares"),
               average_watch_time = cell("averageViewDuration"), window = window.kind, window_start = window.first,
               window_end = window.last, extra = next(extra) and extra or nil }
end

-- A split's numbers; averages and percentages are no summands.
local function summands(row, at)
  local values = {}
  for name, i in pairs(at) do
    if name ~= "averageViewDuration" and name ~= "averageViewPercentage" and name ~= "video" then
      values[name] = number(row[i])
    end
  end
  return values
end

function M.table(doc, out, input)
  local rows = json.kind(doc.rows) == "array" and doc.rows or {}
  local at, split, part = layout(doc)
  local range, video = asked(input)
  local why = why_no_content(at, part)
  if #rows == 0 then return end
  if why then return out.skip(why, #rows) end
  if at.viewerPercentage or at.ageGroup or at.gender then
    return audience.table(rows, at, video, range, asked_channel(input), out)
  end
  if not at.video and not video then return channel.table(rows, at, split or part, asked_channel(input), out) end
  if part then return out.skip("breakdown", #rows) end
  local day_window = days()
  local whole = { kind = "range", first = range.first, last = range.last, key = "" }
  local sum_at, list = sums()
  for _, row in ipairs(rows) do
    local fits = json.kind(row) == "array"
    local id = fits and (at.video and known(row[at.video]) or video)
    local window = whole
    if fits and at.day then window = day_window(row[at.day]) elseif fits and at.month then window = month(row[at.month]) end
    if fits and not id then
      out.skip("account")
    elseif json.kind(id) ~= "string" or not window then
      out.bad("bad_shape", "a row is a list of cells: the video's id as text, its day as YYYY-MM-DD", row)
    elseif split then
      local sum, values = sum_at(id, window), summands(row, at)
      sum.post.media_kind = sum.post.media_kind or kind_of(row, at)
      for name, v in pairs(values) do sum.total[name] = add(sum.total[name] or 0, v) end
      local average = at.averageViewDuration and number(row[at.averageViewDuration])
      add_average(sum, average, values.engagedViews or values.views)
    else
      plain(row, at, id, window, out)
    end
  end
  for _, row in ipairs(list) do emit(out, row, table_column) end
end

local file_column = { views = "views", likes = "likes", comments = "comments", shares = "shares" }
local file_extra = { "dislikes", "engaged_views", "watch_time_minutes", "subscribers_gained", "estimated_partner_revenue" }

function M.file(doc, out)
  local has, take = {}, {}
  for _, name in ipairs(doc.columns) do has[name] = true end
  for _, name in ipairs(partial_columns) do
    if has[name] and not has[partial_exempt[name] or ""] then return out.skip("breakdown", math.max(#doc.rows, 1)) end
  end
  for name in pairs(file_column) do take[#take + 1] = has[name] and name or nil end
  for _, name in ipairs(file_extra) do take[#take + 1] = has[name] and name or nil end

  local day_window = days()
  local sum_at, list = sums()
  local weight = has.engaged_views and "engaged_views" or has.views and "views"
  local average = weight and has.average_view_duration_seconds and "average_view_duration_seconds"
  local no_video = 0
  for _, row in ipairs(doc.rows) do -- files are long: as few looks into a row as possible
    local id, window = known(row.video_id), day_window(row.date)
    if not id then
      no_video = no_video + 1 -- an event of the channel, or of a video that is gone
    elseif not window then
      out.bad("bad_shape", "date is not a day (YYYY-MM-DD or YYYYMMDD)", row)
    else
      local sum = sum_at(id, window)
      if sum.new then sum.post.account, sum.new = known(row.channel_id), nil end
      local total, watched = sum.total, nil
      for _, name in ipairs(take) do
        local n = tonumber(row[name])
        if n then total[name] = add(total[name] or 0, n) end
        if name == weight then watched = n end
      end
      if average and watched and watched > 0 then add_average(sum, tonumber(row[average]), watched) end
    end
  end
  if no_video > 0 then out.skip("account", no_video) end
  for _, row in ipairs(list) do emit(out, row, file_column) end
end

local months = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

-- "Mar 1, 2024" -> "2024-03-01": Studio says the day only.
local function studio_day(text)
  local name, d, y = tostring(known(text) or ""):match("^(%a%a%a)%a* (%d+), (%d%d%d%d)$")
  return months[name] and ("%s-%02d-%02d"):format(y, months[name], d) or nil
end

-- "0:03:25" -> 205
local function clock(text)
  local h, m, s = tostring(known(text) or ""):match("^(%d+):(%d%d):(%d%d)$")
  return h and h * 3600 + m * 60 + s or nil
end

-- The export is of the period chosen in Studio, which the file does not say. Its first row is the sum of the others.
function M.studio(doc, out)
  for _, row in ipairs(doc.rows) do
    if row.Content == "Total" then
      out.skip("total")
    elseif not known(row.Content) then
      out.bad("missing_id", "the column Content is empty", row)
    else
      out.post { id = row.Content, title = known(row["Video title"]), published_at = studio_day(row["Video publish time"]),
                 duration_s = number(row.Duration) }
      out.counts { views = row.Views, likes = row.Likes, comments = row["Comments added"], shares = row.Shares,
                   average_watch_time = clock(row["Average view duration"]), window = "range" }
    end
  end
end

return M
