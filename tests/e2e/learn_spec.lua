-- Learning through the real program on a real server: what is found, what stays as it is, and what bad input is told.
-- Data: tests/golden/learn/data.sql.
local support = require("e2e.support")

local function has(text, wanted)
  assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

-- Everything learning writes, without ids and clocks: equal findings, equal text.
local FINDINGS = [[
  SELECT md5(string_agg(x, E'\n' ORDER BY x)) FROM (
    SELECT concat_ws('|', finding_key, success_rate, average_engagement, %s AS x
      FROM ai_learning_patterns WHERE user_id = '%s'
    UNION ALL SELECT concat_ws('|', finding_key, engagement_correlation, style_tags, %s
      FROM content_style_analysis WHERE user_id = '%s'
    UNION ALL SELECT concat_ws('|', finding_key, engagement_impact, platform, trend_type)
      FROM trend_analysis WHERE user_id = '%s'
    UNION ALL SELECT concat_ws('|', finding_key, improvement_percentage, improvement_type)
      FROM ai_improvement_tracking WHERE user_id = '%s'
    UNION ALL SELECT concat_ws('|', finding_key, n, needed, effect, lo, hi, p, q, decision, why)
      FROM tidemark.rule_results WHERE user_id = '%s') f]]

local function findings(project, owner)
  local pattern = "pattern_data #- '{evidence,window}' #- '{evidence,run}' #- '{evidence,computed_at}' #- '{evidence,input_hash}'"
    .. " #- '{evidence,lifecycle}')"
  local style = "evidence - 'window' - 'run' - 'computed_at' - 'input_hash' - 'lifecycle')"
  return project:sql(FINDINGS:format(pattern, owner, style, owner, owner, owner, owner))
end

-- Whole rows of everything that learning may write, with their places on disk.
local function state(project)
  local parts = {}
  for _, t in ipairs { "ai_learning_patterns", "content_style_analysis", "trend_analysis", "ai_improvement_tracking",
    "content_performance_metrics", "tidemark.content_at_age", "tidemark.rule_runs", "tidemark.rule_results" } do
    parts[#parts + 1] = ("SELECT '%s', count(*), md5(string_agg(t::text || t.xmin::text, ',' ORDER BY t::text)) FROM %s t"):format(t, t)
  end
  return project:sql(table.concat(parts, " UNION ALL ") .. " ORDER BY 1")
end

local function load(project, owner, order)
  project:ok({ "db", "psql", "-X", "-q", "-v", "owner=" .. owner, "-v", "order=" .. (order or "2"), "-f",
    support.source .. "/tests/golden/learn/data.sql" })
end

describe("tidemark learn", function()
  local project, owner

  local function decision(key)
    return project:sql(("SELECT decision FROM tidemark.rule_results WHERE finding_key = '%s' AND user_id = '%s'"):format(key, owner))
  end

  setup(function()
    project = support.project { owners = { "ann", "bob", "cas" }, pinned = true }
    project:ok({ "db", "migrate" })
    local config = support.read(project.dir .. "/tidemark.lua")
    owner = assert(config:match('ann = "([%x-]+)"'))
    load(project, owner)
    project:ok("learn --owner ann")
  end)

  teardown(function() project:close() end)

  it("finds the tag that works, and nothing else", function()
    assert.equal("written", decision("styles.tags|*|good"))
    assert.equal("written", decision("patterns.tags|youtube|good"))
    for _, tag in ipairs { "dull", "flat" } do
      assert.truthy(({ no_difference = 1, not_shown = 1 })[decision("styles.tags|*|" .. tag)], tag)
    end
    assert.equal("1", project:sql("SELECT count(*) FROM content_style_analysis"))
    assert.equal("{good}", project:sql("SELECT style_tags FROM content_style_analysis"))
    local percent = tonumber(project:sql("SELECT evidence #>> '{effect,percent}' FROM content_style_analysis"))
    assert.truthy(percent > 40 and percent < 60, percent)
    assert.equal("f", project:sql("SELECT engagement_correlation IS NULL OR engagement_correlation <= 0 FROM content_style_analysis"))
    assert.equal("t", project:sql("SELECT success_rate > 60 AND average_engagement > 5 AND content_id IS NOT NULL"
      .. " FROM ai_learning_patterns WHERE finding_key = 'patterns.tags|youtube|good'"))
  end)

  it("says of a tag on every post, and of a rare one, that nothing can be said", function()
    assert.equal("insufficient", decision("styles.tags|*|everywhere"))
    assert.equal("insufficient", decision("styles.tags|*|rare"))
    assert.equal("3|15", project:sql("SELECT n, needed FROM tidemark.rule_results WHERE finding_key = 'styles.tags|*|rare'"
      .. " AND user_id = '" .. owner .. "'"))
  end)

  it("changes no row when it learns again", function()
    local before = state(project)
    local r = project:run("learn --owner ann")
    assert.equal(0, r.code)
    has(r.err, "of them unchanged since their last run")
    assert.equal(before, state(project))
  end)

  it("writes evidence that its schema accepts, for every row", function()
    local rows = project:sql("SELECT coalesce(json_agg(e), '[]') FROM (SELECT evidence AS e FROM tidemark.rule_results"
      .. " UNION ALL SELECT evidence FROM content_style_analysis UNION ALL SELECT pattern_data -> 'evidence' FROM ai_learning_patterns"
      .. " UNION ALL SELECT trend_data -> 'evidence' FROM trend_analysis"
      .. " UNION ALL SELECT context -> 'evidence' FROM ai_improvement_tracking) x")
    local file = project:write("evidence.json", rows)
    local r = support.sh(("python3 %s %s %s"):format(support.quote(support.source .. "/tests/lib/validate.py"),
      support.quote(support.source .. "/schema/evidence.schema.json"), support.quote(file)))
    assert.equal("", r.out .. r.err)
    assert.equal(0, r.code)
  end)

  it("finds the same in rows of another order, and after old rows were archived", function()
    local other = assert(support.read(project.dir .. "/tidemark.lua"):match('bob = "([%x-]+)"'))
    load(project, other, "random()")
    project:ok("learn --owner bob")
    assert.equal(findings(project, owner), findings(project, other))
    project:sql("SELECT tidemark.archive_performance_data(now() - interval '40 days', 10000000)")
    assert.equal("t", project:sql("SELECT count(*) > 1000 FROM archived_performance_metrics"))
    local before = findings(project, owner)
    project:ok("learn --owner ann")
    assert.equal(before, findings(project, owner))
    -- and by an owner who has never learnt from them before
    project:sql(("DELETE FROM tidemark.rule_runs WHERE user_id = '%s'"):format(other))
    for _, t in ipairs { "tidemark.content_at_age", "tidemark.at_age_marks", "ai_learning_patterns", "content_style_analysis",
      "trend_analysis", "ai_improvement_tracking" } do
      project:sql(("DELETE FROM %s WHERE user_id = '%s'"):format(t, other))
    end
    project:ok("learn --owner bob")
    assert.equal(before, findings(project, other))
  end)

  it("explains a finding from its row, by the end of its id and by its key", function()
    local id = project:sql("SELECT right(id::text, 6) FROM content_style_analysis WHERE user_id = '" .. owner .. "'")
    local out = project:ok("explain --owner ann " .. id)
    has(out, "good")
    has(out, "The posts that show it best, and the deliveries their counts came with")
    assert.equal(out, project:ok({ "explain", "--owner", "ann", "styles.tags|*|good" }))
    has(project:ok({ "explain", "--owner", "ann", "styles.tags|*|rare" }), "15")
    has(project:ok({ "explain", "--owner", "ann", "--format", "json", "styles.tags|*|good" }), '"rule": "styles.tags"')
  end)

  it("says of two changes of the same accounts at the same time that they cannot be told apart", function()
    for k = 1, 6 do
      for _, change in ipairs { "model v7", "prompt p2" } do
        project:ok(("change add %s --owner ann --at now-60d --account youtube:account%d"):format(change, k))
      end
    end
    project:ok("learn ai.before_after --owner ann")
    local why = project:sql("SELECT string_agg(decision || ': ' || why, ' / ' ORDER BY subject) FROM tidemark.rule_results"
      .. " WHERE rule = 'ai.before_after' AND user_id = '" .. owner .. "'")
    has(why, "insufficient: insufficient data: it cannot be told apart from 'prompt p2', the same accounts at the same time: "
      .. "0 of 15 works needed under only one of them")
    has(why, "it cannot be told apart from 'model v7'")
  end)

  it("shows every candidate of a dry run and writes nothing", function()
    local before = state(project)
    local out = project:ok("learn styles.tags --owner ann --dry-run --format csv")
    has(out, "styles.tags,,good,")
    has(out, ",written,")
    has(out, "everywhere")
    assert.equal(before, state(project))
  end)

  it("tells what is wrong with what was typed", function()
    for _, case in ipairs {
      { "learn styles.tag --owner ann", 64, "unknown rule 'styles.tag', did you mean 'styles.tags'?" },
      { "learn --since soon --owner ann", 64, "--since soon: not a span of a day or more; write 180d or 26w" },
      { "learn --as-of yesterday --owner ann", 64, "--as-of yesterday: not a time; write 2026-03-01T12:00:00Z or now-7d" },
      { "learn --as-of 2999-01-01 --owner ann", 64, "--as-of 2999-01-01: lies in the future; nothing has been observed there yet" },
      { "learn --format xml --owner ann", 64, "unknown format 'xml': table, csv or json" },
      { "explain --owner ann", 64, "explain needs one finding: the end of its id, as \"tidemark report findings\" shows it, or its key" },
      { "explain --owner ann abc", 64, "'abc' is too short: the last 6 characters of a finding's id are needed at least" },
      { "explain --owner ann ffffffffffff", 64, "no finding 'ffffffffffff'; \"tidemark report findings\" lists them with the end of their ids" },
      { "playbook --owner ann --for nobody", 64, "--for nobody: no account or creator of that name; \"tidemark report freshness\" lists them" },
      { "playbook --owner ann --format xml", 64, "unknown format 'xml': md or json" },
      { "playbook ann", 64, "playbook takes no argument 'ann' (an account or a creator: --for)" },
    } do
      local r = project:run(case[1])
      assert.equal(case[2], r.code, case[1] .. ": " .. r.err)
      has(r.err, case[3])
    end
  end)

  it("makes a playbook of at most 2 KB, for all, a creator and an account", function()
    for _, whom in ipairs { "", " --for creator1", " --for youtube:account3" } do
      local md = project:ok("playbook --owner ann" .. whom)
      assert.truthy(#md <= 2048, #md)
      has(md, "good")
      assert.falsy(md:find("Work %d"), "a title of a post is in the playbook")
      local json = project:ok("playbook --owner ann --format json" .. whom)
      assert.truthy(#json <= 2048, #json)
    end
  end)

  describe("with an owner of little data", function()
    local cas

    local function sql(text, ...) return project:sql(text:gsub("OWNER", "'" .. cas .. "'"):format(...)) end
    local function reason(key)
      return sql("SELECT decision || ': ' || why FROM tidemark.rule_results WHERE user_id = OWNER AND finding_key LIKE '" .. key .. "'")
    end
    local function add_posts(from, to, counts, days)
      sql([[INSERT INTO content (id, title, user_id) SELECT md5('c' || n)::uuid, 'x', OWNER FROM generate_series(%d, %d) n]], from, to)
      sql([[INSERT INTO tidemark.posts (platform, external_id, content_id, account_id, published_at, features, user_id)
            SELECT 'x', 'p' || n, md5('c' || n)::uuid, md5('cas')::uuid, now() - interval '%d days', '{"tags":["only"]}', OWNER
              FROM generate_series(%d, %d) n]], days, from, to)
      sql([[INSERT INTO content_performance_metrics (content_id, platform, external_id, recorded_at, user_id, views, likes)
            SELECT md5('c' || n)::uuid, 'x', 'p' || n, now() - interval '13 days', OWNER, %s
              FROM generate_series(%d, %d) n]], counts, from, to)
    end

    setup(function()
      cas = assert(support.read(project.dir .. "/tidemark.lua"):match('cas = "([%x-]+)"'))
      sql([[INSERT INTO tidemark.accounts (id, platform, external_id, time_zone, user_id)
            VALUES (md5('cas')::uuid, 'x', 'one', 'Mars/Base', OWNER)]])
    end)

    it("no post at all", function()
      local r = project:run("learn --owner cas")
      assert.equal(0, r.code, r.err)
      has(r.err, " tests, 0 findings")
    end)

    it("one post, and a zone that does not exist", function()
      add_posts(1, 1, "100, 5", 20)
      local r = project:run("learn --owner cas")
      assert.equal(0, r.code, r.err)
      has(r.err, "x:one: there is no time zone 'Mars/Base', so the hour of these posts is unknown; set it right: UPDATE "
        .. "tidemark.accounts SET time_zone = 'Europe/Berlin' WHERE time_zone = 'Mars/Base'")
      has(r.err, " 0 findings")
      has(reason("styles.tags|*|only"), "insufficient: ")
    end)

    it("counts that are all unknown, and ages that were never observed", function()
      add_posts(2, 40, "NULL, NULL", 20)
      local r = project:run("learn --owner cas")
      assert.equal(0, r.code, r.err)
      has(r.err, " 0 findings")
      has(reason("styles.tags|*|only"), "insufficient: ")
    end)

    it("ages that were never observed: posts whose only read came at 60 days", function()
      add_posts(41, 70, "100, 5", 73)
      local r = project:run("learn --owner cas")
      assert.equal(0, r.code, r.err)
      has(reason("styles.tags|*|only"), "insufficient: ")
      assert.equal("missing|no_snapshot_near_age", sql("SELECT DISTINCT basis, reason FROM tidemark.content_at_age WHERE age_h = 168"
        .. " AND external_id = 'p50' AND user_id = OWNER"))
    end)

    it("a change in the future, and one without posts after it", function()
      local r = project:run("change add model v9 --owner cas --at 2999-01-01")
      has(r.err, "is in the future: taken as planned")
      project:ok("change add model v8 --owner cas --at now-1h")
      r = project:run("learn ai.before_after --owner cas")
      assert.equal(0, r.code, r.err)
      has(reason("ai.before_after|model v9|%%"), "insufficient: ")
      has(reason("ai.before_after|model v9|%%"), "it starts on 2999-01-01, after the clock of this run")
      has(reason("ai.before_after|model v8|%%"), "insufficient: ")
      assert.equal("insufficient data", sql("SELECT DISTINCT context ->> 'verdict' FROM ai_improvement_tracking WHERE user_id = OWNER"))
      assert.equal("0", sql("SELECT count(improvement_percentage) FROM ai_improvement_tracking WHERE user_id = OWNER"))
    end)
  end)

  describe("a plugin of the project", function()
    local function plugin(body)
      project:write("plugins/mine/plugin.lua", [[return { name = "mine", api = 1, about = "a", rules = { ["mine.rule"] = {
        about = "a", find = function(posts, ctx) ]] .. body .. [[ end } } }]])
    end

    after_each(function() os.execute("rm -rf " .. support.quote(project.dir .. "/plugins/mine")) end)

    it("that fails leaves the others alone and is told with its place", function()
      project:ok("learn styles.tags --owner ann")
      plugin("return nothing.at_all")
      local r = project:run("learn mine.rule styles.tags --owner ann")
      assert.equal(76, r.code)
      has(r.err, "mine.rule (plugins/mine/plugin.lua:2): attempt to index a nil value (global 'nothing')")
      has(r.out, "styles.tags")
      has(r.out, "unchanged")
    end)

    it("cannot make evidence up", function()
      plugin("return { { subject = { type = 'tag', key = 'best' }, effect = { raw = 5 }, n = { used = 1000 } } }")
      local r = project:run("learn mine.rule --owner ann")
      assert.equal(76, r.code)
      has(r.err, "a finding needs evidence that the host has computed")
    end)

    it("cannot reach the analysis through the libraries that both use", function()
      plugin([[string.format = function() return "stolen" end math.log = function() return 0 end table.sort = function() end
        return ctx.compare(posts, { by = function(p) return p.tags end, per = "work", subject = "tag", facet = "text", writes = "style" })]])
      project:ok("learn mine.rule --owner ann")
      local effect = "SELECT effect FROM tidemark.rule_results WHERE user_id = '" .. owner .. "' AND finding_key = '%s|*|good'"
      assert.equal(project:sql(effect:format("styles.tags")), project:sql(effect:format("mine.rule")))
    end)

    it("that asks twice about the same subject is told so", function()
      plugin([[local o = { by = function(p) return p.tags end, per = "platform", subject = "tag", writes = "pattern" }
        return { ctx.rank(posts, o), ctx.rank(posts, o) }]])
      local r = project:run("learn mine.rule --owner ann")
      assert.equal(76, r.code)
      has(r.err, "mine.rule: find asked twice about 'dull' on youtube: a finding is known by its rule, platform and subject, so ask "
        .. "in a rule of its own")
    end)

    it("that keeps its answer back has it tested, and not written", function()
      plugin([[ctx.compare(posts, { by = function(p) return p.tags end, per = "work", subject = "tag", writes = "style" })
        return ctx.rank(posts, { by = function() return "all" end, per = "platform", subject = "tag", writes = "pattern" })]])
      project:ok("learn mine.rule --owner ann")
      assert.equal("not_shown: the rule kept its answer back: find did not return it",
        project:sql("SELECT decision || ': ' || why FROM tidemark.rule_results WHERE finding_key = 'mine.rule|*|good'"))
    end)
  end)
end)
