-- Week by week: how many posts, the views of the median post, the best one, and the change against the week before.
--
--   tidemark run weekly_report.lua                          8 weeks of UTC
--   tidemark run weekly_report.lua 12 Europe/Berlin         12 weeks, from Monday to Sunday in Berlin
--   tidemark run -o weeks.csv weekly_report.lua             into a file
local rows = require("tidemark.rows")
local time = require("tidemark.time")

local ctx, args = ...

local weeks = math.tointeger(tonumber(args[1] or 8))
local zone = args[2] or "UTC"
if not weeks or weeks < 1 or weeks > 520 then
  error(("how many weeks? '%s' is no number from 1 to 520"):format(args[1]), 0)
end
if not time.is_zone(zone) then error(("there is no zone '%s'; write it as Europe/Berlin"):format(zone), 0) end

-- The weeks that end with the one the clock is in; ctx.as_of is now, or what --as-of says.
local this_week = time.bucket(ctx.as_of, "week", zone)
local buckets = time.buckets(time.sub(this_week.start, (weeks - 1) .. " weeks", zone), this_week.next, "week", zone)

-- Every post with its newest lifetime count that was known then.
local posts = ctx.db.query([[
  SELECT p.platform, p.published_at, c.title, m.views
    FROM tidemark.posts p
    LEFT JOIN content c ON c.user_id = p.user_id AND c.id = p.content_id
   CROSS JOIN LATERAL (
         SELECT views
           FROM content_performance_metrics
          WHERE user_id = p.user_id AND platform = p.platform AND external_id = p.external_id
            AND metric_window = 'lifetime' AND recorded_at <= $2
          ORDER BY window_start DESC, recorded_at DESC
          LIMIT 1) m
   WHERE p.published_at >= $1 AND p.published_at <= $2
   ORDER BY p.published_at]], ctx.db.time(buckets[1].start), ctx.db.time(ctx.as_of))
ctx.log(("%d posts since %s"):format(#posts, time.date(buckets[1].start, zone)))

-- One row a week. A week without posts is a row, too: that nothing was published is a fact.
local by_week = rows.group(posts, { week = function(post) return time.bucket(post.published_at, "week", zone).label end }, {
  { "posts", "count" },
  { "median", "median", "views" },
  { "best", function(of) return rows.sort(of, "-views")[1].title end },
})
local found = {}
for _, row in ipairs(by_week) do found[row.week] = row end

local out = { columns = { "week", "begins", "posts", "median_views", "change_percent", "best" } }
local before
for _, bucket in ipairs(buckets) do
  local row = found[bucket.label] or { posts = 0 }
  local change = before and before > 0 and row.median and 100 * (row.median / before - 1) or nil
  out[#out + 1] = {
    week = bucket.label, begins = time.date(bucket.start, zone), posts = row.posts, median_views = row.median,
    change_percent = change and math.floor(change * 10 + 0.5) / 10, best = row.best,
  }
  before = row.median or before
end
return out
