-- What reports and rules make of windows and of counts that cannot be compared: corrections, breaks, periods.
local support = require("e2e.support")

local function has(text, wanted) assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text)) end

-- Weekly reads of 30 youtube videos from 2026-07-06 on that gain 700 a week and, since views were redefined (2026-08-24), 2,100;
-- at that very day all that anybody ever saw is counted anew. One tiktok video is corrected; one page is counted by days.
local DATA = [[
SELECT tidemark.ensure_metric_partitions('2026-06-01', '2026-11-30');
INSERT INTO tidemark.accounts (id, user_id, platform, external_id) VALUES
    ('a0000000-0000-4000-8000-000000000001', :'ann', 'youtube', 'Y'), ('a0000000-0000-4000-8000-000000000002', :'ann', 'tiktok', 'T'),
    ('a0000000-0000-4000-8000-000000000003', :'ann', 'web', 'W');
INSERT INTO content (id, user_id, title) SELECT md5('c' || i)::uuid, :'ann', 'work ' || i FROM generate_series(1, 32) i;
INSERT INTO tidemark.posts (user_id, platform, external_id, content_id, account_id, published_at, features)
SELECT :'ann', CASE WHEN i <= 30 THEN 'youtube' WHEN i = 31 THEN 'tiktok' ELSE 'web' END, CASE WHEN i = 32 THEN '/page' ELSE 'v' || i END,
       md5('c' || i)::uuid, a.id, CASE WHEN i <= 30 THEN timestamptz '2026-07-06' + (i % 10) * interval '1 hour' ELSE '2026-09-01' END,
       '{"tags": ["rain"]}'
  FROM generate_series(1, 32) i
  JOIN tidemark.accounts a ON a.platform = CASE WHEN i <= 30 THEN 'youtube' WHEN i = 31 THEN 'tiktok' ELSE 'web' END;
INSERT INTO content_performance_metrics (user_id, content_id, platform, external_id, views, likes, recorded_at)
SELECT :'ann', md5('c' || i)::uuid, 'youtube', 'v' || i, 700 * w + CASE WHEN w > 7 THEN 50000 + 1400 * (w - 7) ELSE 0 END, 7 * w,
       timestamptz '2026-07-06' + w * interval '7 days'
  FROM generate_series(1, 30) i, generate_series(1, 14) w;
INSERT INTO content_performance_metrics (user_id, content_id, platform, external_id, views, recorded_at)
SELECT :'ann', md5('c31')::uuid, 'tiktok', 'v31', v, timestamptz '2026-09-01' + d * interval '1 day'
  FROM (VALUES (1, 100), (2, 300), (3, 250), (5, 270)) r (d, v);
INSERT INTO content_performance_metrics (user_id, content_id, platform, external_id, metric_window, window_start, window_end, views, recorded_at)
SELECT :'ann', md5('c32')::uuid, 'web', '/page', 'day', d, d + interval '1 day', 40, d + interval '3 days'
  FROM generate_series(timestamptz '2026-09-01', '2026-10-05', interval '1 day') d;
]]

describe("windows and breaks", function()
  local project

  setup(function()
    project = support.project { owners = { "ann" }, pinned = true }
    local config = support.read(project.dir .. "/tidemark.lua")
    project:ok({ "db", "migrate" })
    local file = support.write(project.dir .. "/data.sql", DATA)
    project:ok({ "db", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "ann=" .. config:match('ann = "([%x-]+)"'), "-f", file })
  end)

  teardown(function() project:close() end)

  local function show(args)
    return project:ok("report " .. args .. " --as ann --tz UTC",
      { env = { COLUMNS = "120", NO_COLOR = "1", LC_ALL = "C.UTF-8", TIDEMARK_NOW = "2026-10-12T12:00:00Z" } })
  end

  it("show a changed definition as a break, never as a gain", function()
    local out = show("content.gained --var weeks=14")
    has(out, "A view is counted differently by youtube since 24 Aug 2026: what lies across that day is left out.")
    has(show("content.gained --format csv --var platform=tiktok"), ",220,,1,1,") -- 200 and 20: the fall between them is in no sum
    local csv = show("content.gained --format csv --var platform=youtube --var weeks=12")
    assert.falsy(csv:find("%d%d%d%d%d%d%d"), "1,500,000 is the step of the definition:\n" .. csv)
    has(csv, "63000")
  end)

  it("tell one post's story read by read", function()
    local out = show("content.post --var post=youtube:v1")
    has(out, "break: views mean something else since 24 Aug 2026 (all")
    has(show("content.post --var post=youtube:v1 --format csv"), ",2100,300.")
    has(show("content.post --var post=tiktok:v31"), "corrected by the platform")
    has(show("content.post --var post=youtube:v1 --var metric=likes"), "since publication")
    has(show("content.post --var post=youtube:nobody"), "No observation of post youtube:nobody with a known number of views.")
  end)

  it("mark latest counts of two kinds, and those of periods", function()
    local out = show("content.top --var days=36500 --var limit=40")
    has(out, "! Of two kinds, so compare with nothing: youtube counts a view differently since 24 Aug 2026 (30 posts).")
    has(out, "not since publication: web.")
    has(show("content.top --format csv --var days=36500 --var platform=web"), "1400")
    local one = show("content.top --var days=36500 --var platform=tiktok")
    assert.falsy(one:find("Of two kinds", 1, true), one)
  end)

  it("teach a rule nothing: a step that a definition makes is no trend", function()
    project:ok("learn trends.platform trends.hashtag --owner ann --since 26w --as-of 2026-10-12", { env = { TIDEMARK_NOW = "2026-10-12T12:00:00Z" } })
    local out = project:ok({ "db", "psql", "-X", "-At", "-c", "SELECT count(*) FROM trend_analysis" })
    assert.equal("0\n", out)
    out = project:ok({ "db", "psql", "-X", "-At", "-c",
      "SELECT subject, decision, evidence #>> '{warnings,0,code}' FROM tidemark.rule_results WHERE platform = 'youtube' ORDER BY 1" })
    has(out, "youtube|")
  end)
end)
