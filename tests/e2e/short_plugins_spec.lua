-- How short a plugin is: the two that people write first, whole files, at work in the real program.
-- Data: tests/golden/learn/data.sql, plugins/youtube/fixtures.
local support = require("e2e.support")

local BEST_HOUR = [[
return {
  name = "hours", api = 1, about = "The best hours to publish.",
  rules = {
    ["hours.best_hour"] = {
      about = "three-hour blocks of the day against the others",
      find = function(posts, ctx)
        local function block(p) return p.local_hour and p.local_hour // 3 * 3 end
        return ctx.compare(posts, { by = block, per = "platform", subject = "time_block" })
      end,
    },
  },
}
]]

local VIDEOS = [[
return {
  name = "youtube", api = 1, about = "Videos from the YouTube Data API.",
  parsers = {
    ["youtube.videos"] = {
      about = "videos.list: one snapshot per video",
      match = { kind = "youtube#videoListResponse" },
      each = "items",
      post = { id = "id", account = "snippet.channelId", title = "snippet.title", caption = "snippet.description",
               published_at = "snippet.publishedAt", tags = "snippet.tags", duration_s = "contentDetails.duration" },
      counts = { views = "statistics.viewCount", likes = "statistics.likeCount", comments = "statistics.commentCount" },
      extra = "statistics", account = { id = "snippet.channelId" },
    },
  },
}
]]

-- Lines that a person reads: no blank ones, and none that is too wide to be one.
local function lines(text)
  local n = 0
  for line in text:gmatch("[^\n]*%S[^\n]*") do
    assert.truthy(#line <= 128, line)
    n = n + 1
  end
  return n
end

describe("a short plugin", function()
  it("finds the best hours in at most 12 lines", function()
    assert.truthy(lines(BEST_HOUR) <= 12, lines(BEST_HOUR))
    local project <close> = setmetatable({}, { __index = support.project { owners = { "ann" }, pinned = true },
      __close = function(p) p:close() end })
    project:ok({ "db", "migrate" })
    local owner = assert(support.read(project.dir .. "/tidemark.lua"):match('ann = "([%x-]+)"'))
    project:ok({ "db", "psql", "-X", "-q", "-v", "owner=" .. owner, "-v", "order=2", "-f",
      support.source .. "/tests/golden/learn/data.sql" })
    project:sql([[UPDATE content_performance_metrics m SET likes = round(likes * 1.6) FROM tidemark.posts p
      WHERE p.user_id = m.user_id AND p.platform = m.platform AND p.external_id = m.external_id
        AND extract(hour FROM p.published_at AT TIME ZONE 'Europe/Berlin') BETWEEN 18 AND 20]])
    project:write("plugins/hours.lua", BEST_HOUR)
    project:ok("learn hours.best_hour")
    assert.equal("18", project:sql([[SELECT string_agg(subject, ' ') FROM tidemark.rule_results
      WHERE rule = 'hours.best_hour' AND decision = 'written' AND effect > 0]]))
    assert.equal("8", project:sql("SELECT count(*) FROM tidemark.rule_results WHERE rule = 'hours.best_hour'"))
    assert.equal("posting_block", project:sql("SELECT pattern_type FROM ai_learning_patterns WHERE finding_key LIKE 'hours.%|18'"))
    local out = project:ok("report findings")
    assert.truthy(out:find("18", 1, true), out)
  end)

  it("takes videos in, in at most 15 lines, as the bundled parser does", function()
    assert.truthy(lines(VIDEOS) <= 15, lines(VIDEOS))
    local project <close> = setmetatable({}, { __index = support.project { owners = { "ann" }, pinned = true },
      __close = function(p) p:close() end })
    local file = support.quote(support.source .. "/plugins/youtube/fixtures/videos.json")
    local show = "ingest --dry-run --format ndjson -p youtube " .. file
    local bundled = project:ok(show)
    project:write("plugins/youtube.lua", VIDEOS)
    assert.equal(bundled, project:ok(show))
    assert.equal(3, select(2, bundled:gsub("\n", "\n")))
    project:ok("ingest -p youtube --at 2024-03-12T00:00:00Z " .. file)
    assert.equal("-Kq7mZt_0aA|3331930783|8201|311|253|youtube.videos|12", project:sql([[
      SELECT m.external_id, views, likes, comments, p.features ->> 'duration_s', platform_metrics ->> '_parser',
             platform_metrics ->> 'dislikeCount' FROM content_performance_metrics m
      JOIN tidemark.posts p USING (user_id, platform, external_id) WHERE m.external_id = '-Kq7mZt_0aA']]))
  end)
end)
