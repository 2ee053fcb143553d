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
