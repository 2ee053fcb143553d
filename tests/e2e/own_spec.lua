-- A rule with statistics of its own, through the real program: asked for twice, checked, disciplined, and marked wherever it shows.
-- Data: tests/golden/learn/data.sql.
local support = require("e2e.support")

local function has(text, wanted)
  assert(text:find(wanted, 1, true), ("%q is not in:\n%s"):format(wanted, text))
end

local function has_not(text, unwanted)
  assert(not text:find(unwanted, 1, true), ("%q is in:\n%s"):format(unwanted, text))
end

local MARK = "own statistics of plugin mine"

-- Three who found something, in the units people count in, and one with too few; a rule of the host's beside them.
local HONEST = [[
  local function c(t)
    t.n, t.p, t.unit, t.method = t.n or 240, t.p or 0.0004, t.unit or "percent", "paired permutation test of my own, 10,000 rounds"
    return t
  end
  return ctx.own({
    c { subject = { type = "tag", key = "good", label = "#good" }, effect = 25, lo = 12, hi = 40, why = "seen since May" },
    c { subject = { type = "tag", key = "dull" }, effect = 1, lo = -4, hi = 6, p = 0.7 },
    c { subject = { type = "format", key = "duet" }, platform = "youtube", effect = 30, lo = 14, hi = 49 },
    c { subject = { type = "tag", key = "rare" }, effect = 80, lo = 20, hi = 170, n = 4 },
  }, { writes = "pattern", pattern_type = "mine" })]]

local LIAR = [[
  local list = {}
  for i = 1, 1000 do
    list[i] = { subject = { type = "tag", key = "lie" .. i }, n = 1000000, effect = 300, lo = 299, hi = 301, p = 0,
      unit = "percent", method = "trust me" }
  end
  return ctx.own(list)]]

describe("a rule with statistics of its own", function()
  local project, owner, config

  local function sql(text, ...) return project:sql(text:gsub("OWNER", "'" .. owner .. "'"):format(...)) end

  -- rules: name -> body of find
  local function plugin(rules, head)
    local parts = {}
    for name, body in pairs(rules) do
      parts[#parts + 1] = ('["mine.%s"] = { about = "a", find = function(posts, ctx)\n%s\nend },\n'):format(name, body)
    end
    project:write("plugins/mine/plugin.lua", ('return { name = "mine", api = 1, about = "a",\n%s rules = {\n%s} }\n'):format(
      head or "capabilities = { own_statistics = true },", table.concat(parts)))
  end

  local function grant(yes)
    local text = yes and config:gsub("return {", "return {\n  plugins = { mine = { grant = { own_statistics = true } } },", 1) or config
    support.write(project.dir .. "/tidemark.lua", text)
  end

  local function forget()
    for _, t in ipairs { "tidemark.rule_runs", "ai_learning_patterns", "content_style_analysis", "trend_analysis",
      "ai_improvement_tracking" } do
      sql("DELETE FROM " .. t .. " WHERE user_id = OWNER")
    end
  end

  setup(function()
    project = support.project { owners = { "ann" }, pinned = true }
    project:ok({ "db", "migrate" })
    config = support.read(project.dir .. "/tidemark.lua")
    owner = assert(config:match('ann = "([%x-]+)"'))
    project:ok({ "db", "psql", "-X", "-q", "-v", "owner=" .. owner, "-v", "order=2", "-f",
      support.source .. "/tests/golden/learn/data.sql" })
  end)

  teardown(function() project:close() end)

  before_each(function() grant(true) end)

  it("is told what to add where it declares nothing; the others go on", function()
    grant(false)
    plugin({ one = HONEST }, "")
    local r = project:run("learn mine.one styles.tags")
    assert.equal(76, r.code)
    has(r.err, "mine.one: ctx.own needs a capability, since tidemark cannot check what it says. Add to plugins/mine/plugin.lua: "
      .. "capabilities = { own_statistics = true }; and to tidemark.lua: plugins = { mine = { grant = { own_statistics = true } } }")
    has(r.out, "styles.tags")
    assert.equal("0", sql("SELECT count(*) FROM tidemark.rule_runs WHERE rule LIKE 'mine.%%'"))
    assert.equal("1", sql("SELECT count(*) FROM tidemark.rule_runs WHERE rule = 'styles.tags'"))
  end)

  it("is told what to add where the project has not granted it", function()
    grant(false)
    plugin { one = HONEST }
    local r = project:run("learn mine.one")
    assert.equal(76, r.code)
    has(r.err, "mine.one: ctx.own is not granted: tidemark cannot check what it says. Where you trust plugin mine, add to "
      .. "tidemark.lua: plugins = { mine = { grant = { own_statistics = true } } }")
    assert.equal("0", sql("SELECT count(*) FROM ai_learning_patterns WHERE finding_key LIKE 'mine.%%'"))
  end)

  describe("that is honest", function()
    local learnt

    setup(function()
      grant(true)
      forget()
      plugin { one = HONEST, styled = [[return ctx.own({ { subject = "bright", n = 200, effect = 0.3, lo = 0.2, hi = 0.4, p = 1e-6,
        unit = "correlation", method = "rank correlation of my own" } }, { writes = "style", facet = "visual", subject = "fact",
        gate = 0.1 })]], rising = [[return ctx.own({ { subject = "slowtv", platform = "youtube", n = 30, effect = 2.5, lo = 2, hi = 3,
        p = 1e-5, unit = "ratio", method = "growth of my own" } }, { writes = "trend", subject = "hashtag" })]],
        change = [[return ctx.own({ { subject = "model v7", n = 300, effect = 20, lo = 11, hi = 30, p = 1e-4, unit = "percent",
        method = "switchback" } }, { writes = "improvement", subject = "change" })]], hours = [[return ctx.own({ { subject = "half-life",
        n = 90, effect = 2.5, lo = 1.5, hi = 3.5, p = 0.001, unit = "hours", method = "fit of my own" } }, { gate = 1 })]] }
      learnt = project:run("learn")
      assert(learnt.code == 0, learnt.out .. learnt.err)
    end)

    it("is corrected, gated and written as a candidate; what says too little is not", function()
      assert.equal("dull|no_difference duet|written good|written rare|insufficient", sql([[
        SELECT string_agg(subject || '|' || decision, ' ' ORDER BY decision = 'insufficient', decision, subject)
          FROM tidemark.rule_results WHERE rule = 'mine.one' AND user_id = OWNER]]))
      assert.equal("candidate 3 mine.one|own", (sql([[SELECT concat_ws(' ', evidence #>> '{lifecycle,state}',
        evidence #>> '{family,m}', regexp_replace(evidence #>> '{family,id}', '[|][^|]*[|]', '|')) FROM tidemark.rule_results
        WHERE finding_key = 'mine.one|*|good' AND user_id = OWNER]])))
      assert.equal("4|15", sql("SELECT n, needed FROM tidemark.rule_results WHERE finding_key = 'mine.one|*|rare'"))
      assert.equal("25.00|12.00|40.00", sql("SELECT round(effect::numeric, 2), round(lo::numeric, 2), round(hi::numeric, 2)"
        .. " FROM tidemark.rule_results WHERE finding_key = 'mine.one|*|good'"))
      assert.equal("t", sql("SELECT (evidence #>> '{effect,shrunk}')::float < (evidence #>> '{effect,raw}')::float"
        .. " FROM tidemark.rule_results WHERE finding_key = 'mine.one|*|good'"))
    end)

    it("goes to its table, marked in the row", function()
      assert.equal("mine|mine|paired permutation test of my own, 10,000 rounds|seen since May|", sql([[
        SELECT pattern_type, pattern_data #>> '{own,plugin}', pattern_data #>> '{evidence,own,method}',
               pattern_data #>> '{evidence,own,why}', success_rate FROM ai_learning_patterns WHERE finding_key = 'mine.one|*|good']]))
      assert.equal("0.300000|{bright}|mine|mine", sql([[SELECT engagement_correlation, style_tags, visual_style #>> '{own,plugin}',
        evidence #>> '{own,plugin}' FROM content_style_analysis WHERE finding_key = 'mine.styled|*|bright']]))
      assert.equal("youtube|hashtag|150.0000|mine", sql([[SELECT platform, trend_type, engagement_impact,
        trend_data #>> '{own,plugin}' FROM trend_analysis WHERE finding_key = 'mine.rising|youtube|slowtv']]))
      assert.equal("change|improved|mine", sql([[SELECT improvement_type, context ->> 'verdict', context #>> '{own,plugin}'
        FROM ai_improvement_tracking WHERE finding_key LIKE 'mine.change|model v7|%%']]))
    end)

    it("is marked in every result, and its evidence holds the schema, which asks for the mark", function()
      assert.equal("t", sql([[SELECT bool_and(evidence #>> '{own,plugin}' = 'mine' AND why LIKE 'own statistics of plugin mine: %%'
        AND (decision = 'insufficient' OR evidence #>> '{test,p_kind}' = 'own')) AND count(*) = 8
        FROM tidemark.rule_results WHERE rule LIKE 'mine.%%' AND user_id = OWNER]]))
      assert.equal("0", sql([[SELECT count(*) FROM tidemark.rule_results WHERE rule NOT LIKE 'mine.%%' AND user_id = OWNER
        AND (evidence ? 'own' OR why LIKE '%%own statistics%%')]]))
      local all = [[SELECT json_agg(e) FROM (SELECT evidence AS e FROM tidemark.rule_results
         UNION ALL SELECT evidence FROM content_style_analysis UNION ALL SELECT pattern_data -> 'evidence' FROM ai_learning_patterns
         UNION ALL SELECT trend_data -> 'evidence' FROM trend_analysis
         UNION ALL SELECT context -> 'evidence' FROM ai_improvement_tracking) x]]
      local function validate(query)
        local file = project:write("evidence.json", sql(query))
        return support.sh(("python3 %s %s %s"):format(support.quote(support.source .. "/tests/lib/validate.py"),
          support.quote(support.source .. "/schema/evidence.schema.json"), support.quote(file)))
      end
      local r = validate(all)
      assert.equal("", r.out .. r.err)
      r = validate([[SELECT json_agg(evidence - 'own') FROM tidemark.rule_results WHERE rule LIKE 'mine.%%' AND user_id = OWNER]])
      local _, n = r.out:gsub("'own' is a required property", "")
      assert.equal(8, n, r.out)
    end)

    it("is marked in what learn prints", function()
      has(learnt.err, "mine.one: 4 of its subjects rest on statistics of plugin mine's own: tidemark did not compute them")
      has(learnt.out, "plugin's own")
      has(project:ok("learn mine.one --dry-run --format csv"), "own_statistics\r\n")
      local out = project:ok("learn mine.hours --dry-run")
      has(out, "own of plugin")
      has(project:ok("learn mine.hours --dry-run", { env = { COLUMNS = "200" } }), MARK .. ": candidate until")
    end)

    it("is marked in explain before any number", function()
      local out = project:ok({ "explain", "mine.one|*|good" })
      has((out:gsub("%s+", " ")), "Own statistics of plugin mine: its estimate, interval, p and n are what the plugin says; tidemark did "
        .. "not compute them and cannot check them. How the plugin made them: paired permutation test of my own, 10,000 rounds. "
        .. "What it says of it: seen since May.")
      has_not(out, "Left out: nothing")
      has(project:ok({ "explain", "mine.one|*|rare" }), "Own statistics of plugin mine")
      has(project:ok({ "explain", "mine.hours|*|half-life" }), "2.5 h")
      has(project:ok({ "explain", "--format", "json", "mine.one|*|good" }), '"own": {')
    end)

    it("stands apart in the findings, under the plugin's name, in its own unit", function()
      local out = project:ok("report findings", { env = { COLUMNS = "120" } })
      local apart = assert(out:find(MARK .. ": not computed by tidemark", 1, true), out)
      assert.truthy(out:find("#good", 1, true) < apart)
      assert.truthy(out:find("duet", apart, true), out)
      has(out, "hours +2.5, 95 % 1.5 to 3.5, n 90")
      has(out, "Plugins' own statistics: 6 of 8.")
      has(out, "not shown by " .. MARK .. ": not computed by tidemark")
      for line in project:ok("report findings --format csv"):gmatch("[^\r\n]+") do
        if line:find(",mine%.") then has(line, ",mine,") end
      end
    end)

    it("is marked in the reports of every table", function()
      for report, wanted in pairs {
        ["patterns.top"] = MARK .. ": mine", ["styles.top"] = MARK .. "\"\",\"\"bright", ["styles.performance"] = MARK,
        ["trends.impact"] = MARK .. ": hashtag", ["trends.current"] = MARK .. ": hashtag",
        ["ai.improvement --var days=400"] = MARK .. ": change", ["ai.dashboard --var days=400"] = MARK .. ": change",
      } do
        has(project:ok("report " .. report), MARK)
        local csv = project:ok("report --format csv " .. report)
        has(csv, MARK)
        assert(csv:find(wanted, 1, true) or report:find("styles"), report .. "\n" .. csv)
      end
    end)

    it("is a line of its own on the day's screen, and none of what works", function()
      local out = project:ok("", { env = { COLUMNS = "160" } })
      has(out, "Plugins' own statistics  6 findings that tidemark did not compute, of plugin mine: tidemark report findings")
      has_not(out, "duet")
      has(out, "no change is recorded")
    end)

    it("stands apart in the playbook and lends nothing to what the host computed", function()
      local md = project:ok("playbook")
      local at = assert(md:find("## Plugins' own statistics, not computed by tidemark, 95 % intervals", 1, true), md)
      has(md:sub(at), "- good: +25 % (+12 to +40), by plugin mine, candidate, n 240, finding ")
      has(md:sub(at), "- half-life: +2.5 h (+1.5 to +3.5), by plugin mine, candidate, n 90")
      has_not(md:sub(1, at), "duet")
      has_not(md:sub(1, at), "mine")
      assert.truthy(#md <= 2048)
      local json = project:ok("playbook --format json")
      has(json, '"own_statistics_of":"mine"')
      assert.truthy(#json <= 2048)
    end)

    it("changes nothing when it is learnt again, and is refused when the grant is taken back", function()
      has(project:run("learn").err, "unchanged since their last run")
      grant(false)
      local r = project:run("learn mine.one")
      assert.equal(76, r.code)
      has(r.err, "mine.one: ctx.own is not granted")
    end)
  end)

  it("that lies moves nothing of the host's, and every lie carries the mark", function()
    forget()
    plugin { honest = [[return ctx.compare(posts, { by = function(p) return p.tags end, per = "work", subject = "tag", writes = "style" })]] }
    project:ok("learn mine.honest")
    local host = [[SELECT string_agg(concat_ws('|', subject, platform, effect, p, q, decision, evidence #>> '{effect,shrunk}',
      evidence #>> '{family,m}'), ' / ' ORDER BY subject) FROM tidemark.rule_results
      WHERE rule = 'mine.honest' AND user_id = OWNER AND NOT evidence ? 'own']]
    local alone = sql(host)
    plugin { honest = LIAR:gsub("return ctx", "local lies = ctx") .. [[
      return { lies, ctx.compare(posts, { by = function(p) return p.tags end, per = "work", subject = "tag", writes = "style" }) }]] }
    local r = project:run("learn mine.honest")
    assert.equal(0, r.code, r.err)
    assert.equal(alone, sql(host))
    has(r.err, "mine.honest: 1000 of its subjects rest on statistics of plugin mine's own")
    assert.equal("1000|1000|1000", sql([[SELECT count(*), count(pattern_data #> '{evidence,own}'), count(context -> 'own')
      FROM ai_learning_patterns WHERE user_id = OWNER AND finding_key LIKE 'mine.honest|*|lie%%']]))
    assert.equal("0", sql("SELECT count(*) FROM ai_learning_patterns WHERE pattern_data #>> '{evidence,lifecycle,state}' = 'confirmed'"
      .. " AND finding_key LIKE 'mine.%%'"))
    local md = project:ok("playbook")
    assert.truthy(#md <= 2048)
    has(md, "by plugin mine")
  end)

  it("cannot hand its state to a finding of the host's about the same subject, nor take one over", function()
    forget()
    local by = "{ by = function(p) return p.tags end, per = 'work', subject = 'tag', writes = 'pattern' }"
    plugin { one = HONEST:gsub("25, lo = 12, hi = 40", "900, lo = 890, hi = 910") }
    project:ok("learn mine.one")
    sql([[UPDATE ai_learning_patterns SET pattern_data = jsonb_set(pattern_data, '{evidence,lifecycle,state}', '"confirmed"')
           WHERE finding_key = 'mine.one|*|dull' OR finding_key = 'mine.one|*|good']])
    plugin { one = "return ctx.compare(posts, " .. by .. ")" }
    project:ok("learn mine.one")
    assert.equal("0", sql("SELECT count(*) FROM ai_learning_patterns WHERE finding_key = 'mine.one|*|dull'"))
    assert.equal("f|t", sql("SELECT pattern_data -> 'evidence' ? 'own', (pattern_data #>> '{evidence,lifecycle,candidate_at}') = "
      .. "(pattern_data #>> '{evidence,lifecycle,since}') FROM ai_learning_patterns WHERE finding_key = 'mine.one|*|good'"))
    sql([[UPDATE ai_learning_patterns SET pattern_data = jsonb_set(pattern_data, '{evidence,lifecycle,state}', '"confirmed"')
           WHERE finding_key = 'mine.one|*|good']])
    plugin { one = HONEST }
    project:ok("learn mine.one")
    assert.equal("candidate|t", sql("SELECT pattern_data #>> '{evidence,lifecycle,state}', pattern_data -> 'evidence' ? 'own'"
      .. " FROM ai_learning_patterns WHERE finding_key = 'mine.one|*|good'"))
  end)

  it("is told what is wrong with what it gives, with its line", function()
    forget()
    for body, text in pairs {
      ["return ctx.own { { subject = 'a', n = 20, effect = 0/0, lo = 0, hi = 1, p = 0, unit = 'percent', method = 'm' } }"] =
        "mine.one (plugins/mine/plugin.lua:4): ctx.own: candidate 1: effect must be a finite number, not NaN",
      ["return ctx.own { { subject = 'a', n = 20, effect = '5', lo = 0, hi = 1, p = 0, unit = 'percent', method = 'm' } }"] =
        "mine.one (plugins/mine/plugin.lua:4): ctx.own: candidate 1: effect must be a number, not a string",
      ["return ctx.own('lots')"] = "list of candidates expected, got string",
      ["local c = { subject = 'a', n = 20, effect = 5, lo = 0, hi = 6, p = 0, unit = 'percent', method = 'm' }\n"
        .. "return { ctx.own { c }, ctx.own { c } }"] = "mine.one: find asked twice about 'a' on all platforms",
      ["local all = {} for k = 1, 2 do local l = {} for i = 1, 6000 do l[i] = { subject = k .. '/' .. i, n = 20, effect = 5, lo = 0, "
        .. "hi = 6, p = 0.5, unit = 'percent', method = 'm' } end all[k] = ctx.own(l) end return all"] =
        "mine.one: find gave more than 10000 candidates to ctx.own in one run",
      ["return { { subject = 'a', own = { plugin = 'mine', method = 'm' } } }"] =
        "a finding needs evidence that the host has computed",
      ["local a = ctx.own { { subject = 'a', n = 20, effect = 5, lo = 0, hi = 6, p = 0, unit = 'percent', method = 'm' } }\n"
        .. "return a[1]"] = "a finding needs evidence that the host has computed",
    } do
      plugin { one = body }
      local r = project:run("learn mine.one styles.tags")
      assert.equal(76, r.code, body .. ": " .. r.err)
      has(r.err, text)
      has(r.out, "styles.tags")
    end
    assert.equal("0", sql("SELECT count(*) FROM ai_learning_patterns WHERE finding_key LIKE 'mine.%%'"))
  end)

  it("may give thousands, and what it keeps back is not written", function()
    forget()
    plugin { one = [[
      local list = {}
      for i = 1, 2000 do
        list[i] = { subject = "s" .. i, n = 100, effect = i % 3, lo = -3, hi = 5, p = 0.4, unit = "percent", method = ("m"):rep(300),
          why = ("w"):rep(500) }
      end
      local all = ctx.own(list)
      assert(#all == 2000 and all[2000].subject.key == "s2000" and all[1].n.used == 100 and all[1].status == "tested")
      return all]] }
    local r = project:run("learn mine.one")
    assert.equal(0, r.code, r.err)
    assert.equal("2000", sql("SELECT count(*) FROM tidemark.rule_results WHERE rule = 'mine.one' AND evidence ? 'own'"))
    plugin { one = HONEST:gsub("return ctx", "local kept = ctx") .. " return ctx.own {}" }
    project:ok("learn mine.one")
    assert.equal("not_shown: " .. MARK .. ": the rule kept its answer back: find did not return it",
      sql("SELECT decision || ': ' || why FROM tidemark.rule_results WHERE finding_key = 'mine.one|*|good'"))
  end)
end)
