-- Exports as CSV: the daily report, and captures whose column names are paths.

local numbers = require("numbers")

local M = {}

local function known(v)
  if v ~= nil and v ~= json.null and v ~= "" then return v end
  return nil -- a value, unlike nothing: tonumber() minds
end

-- "12" and the "12.0" that data frames write; anything else as it came, for the note it deserves.
local function whole(v)
  v = known(v)
  return v and v:gsub("^(%-?%d+)%.0+$", "%1") or nil
end

local counted = {
  impressions = "views", likes = "likes", retweets = "shares", replies = "comments",
}
local kept = { "engagements", "clicks", "url_clicks", "app_clicks", "follows", "unfollows", "card_engagements",
               "qualified_impressions", "video_total_views", "video_content_starts", "video_views_25", "video_views_50",
               "video_views_75", "video_views_100" }

-- Reports are per day (UTC) and placement. A day's row is the sum.
function M.report(doc, out)
  local has, take = {}, {}
  for _, name in ipairs(doc.columns) do has[name] = true end
  for name in pairs(counted) do take[#take + 1] = has[name] and name or nil end
  for _, name in ipairs(kept) do take[#take + 1] = has[name] and name or nil end

  local list, by = {}, {}
  for _, row in ipairs(doc.rows) do
    local id, day = known(row.organic_tweet_id), (known(row.date) or ""):match("^%d%d%d%d%-%d%d%-%d%d")
    if not id then
      out.bad("missing_id", "the column organic_tweet_id is empty", row)
    elseif not day then
      out.bad("bad_shape", "date is not a day (YYYY-MM-DD)", row)
    else
      local key = id .. " " .. day
      local sum = by[key]
      if not sum then
        sum = { id = id, account = known(row.account_id), day = day, total = {} }
        by[key], list[#list + 1] = sum, sum
      end
      for _, name in ipairs(take) do
        local n = tonumber(known(row[name]))
        if n then sum.total[name] = numbers.sum(sum.total[name] or 0, math.tointeger(n) or n) end
      end
    end
  end
  for _, sum in ipairs(list) do
    local first = time.day_start(sum.day, "UTC")
    local counts, extra = { window = "day", window_start = first, window_end = time.next_day(first, "UTC") }, {}
    for name, n in pairs(sum.total) do
      n = numbers.finite(n)
      if counted[name] then counts[counted[name]] = n else extra[name] = n end
    end
    counts.extra = next(extra) and extra or nil
    out.post { id = sum.id, account = sum.account }
    out.counts(counts)
  end
end

-- --- what the site itself lets one download ---------------------------------------------------------------------------------

local months = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

-- "2018-03-01 10:00 +0000" of the older export, "Fri, Mar 01, 2024" of the newer one: a day without a time.
local function moment(v)
  v = known(v)
  if not v then return nil end
  local day, clock = v:match("^(%d%d%d%d%-%d%d%-%d%d) (%d%d:%d%d) %+0000$")
  if day then return day .. "T" .. clock .. ":00Z" end
  local month, d, year = v:match("(%u%l%l) (%d+), (%d%d%d%d)$")
  if months[month] then return ("%s-%02d-%02dT00:00:00Z"):format(year, months[month], tonumber(d)) end
  return v
end

local function rest(row, counted_already)
  local extra = {}
  for name, cell in pairs(row) do
    local n = not counted_already[name] and tonumber(known(cell))
    if n then extra[name] = math.tointeger(n) or n end
  end
  return next(extra) and extra or nil
end

-- The columns are those of one generation of the export; what has no count of its own is kept under the export's name.
local generations = {
  { id = "Tweet id", text = "Tweet text", url = "Tweet permalink", at = "time",
    counts = { views = "impressions", likes = "likes", shares = "retweets", comments = "replies" } },
  { id = "Post id", text = "Post text", url = "Post Link", at = "Date",
    counts = { views = "Impressions", likes = "Likes", shares = "Reposts", comments = "Replies", saves = "Bookmarks" } },
}

local function download(doc, out, names)
  local not_extra = { [names.id] = true, [names.text] = true, [names.url] = true, [names.at] = true }
  for _, column in pairs(names.counts) do not_extra[column] = true end
  for _, row in ipairs(doc.rows) do
    if not known(row[names.id]) then
      out.bad("missing_id", "the column " .. names.id .. " is empty", row)
    else
      out.post { id = row[names.id], caption = known(row[names.text]), url = known(row[names.url]),
                 published_at = moment(row[names.at]) }
      local counts = { extra = rest(row, not_extra) }
      for field, column in pairs(names.counts) do counts[field] = whole(row[column]) end
      out.counts(counts)
    end
  end
end

function M.activity(doc, out) download(doc, out, generations[1]) end
function M.content(doc, out) download(doc, out, generations[2]) end

-- --- captures ---------------------------------------------------------------------------------------------------------------

local function add(a, b)
  if not a or not b then return a or b end
  return numbers.counts(a, b)
end

-- A cell holds the references as JSON; newer collectors have a column for each kind.
local function is_retweet(row)
  if known(row["referenced_tweets.retweeted.id"]) then return true end
  local cell = known(row.referenced_tweets)
  return cell ~= nil and cell:find('"type"%s*:%s*"retweeted"') ~= nil
end

function M.capture(doc, out)
  for _, row in ipairs(doc.rows) do
    if not known(row.id) then
      out.bad("missing_id", "the column id is empty", row)
    elseif is_retweet(row) then
      out.skip("retweet")
    elseif known(row.type) == "quoted" or known(row.type) == "replied_to" or known(row.type) == "retweeted" then
      out.skip("included") -- somebody else's post that one of the captured ones refers to
    else
      local function count(name) return whole(row["public_metrics." .. name]) end
      out.post { id = row.id, account = known(row.author_id), caption = known(row.text), published_at = known(row.created_at),
                 features = { language = known(row.lang) } }
      out.counts { views = count("impression_count"), likes = count("like_count"), comments = count("reply_count"),
                   shares = add(count("retweet_count"), count("quote_count")), saves = count("bookmark_count") }
    end
  end
end

return M
