-- The example payloads: made up, but the same each time, in the platforms' shapes, never from the future, and with a truth in
-- them that can be found: what is planted stands out of the noise, what is not does not.
local json = require("dkjson")

local source = os.getenv("TIDEMARK_SOURCE") or "."
local studio = source .. "/examples/studio"

local function quote(s)
  return "'" .. s:gsub("'", [['\'']]) .. "'"
end

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local said = pipe:read("a")
  local _, _, code = pipe:close()
  return code, said
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

-- The generator's own modules, whose names are common ones: out of the way again when a spec is done.
local own = { "chance", "jsonr", "jsonw", "shapes", "truth", "words", "world", "zones" }
local function with_modules(f)
  local path = package.path
  package.path = studio .. "/?.lua;" .. path
  local ok, why = pcall(f)
  package.path = path
  for _, name in ipairs(own) do
    package.loaded[name] = nil
  end
  assert(ok, why)
end

local tmp

local function generate(name, options)
  local dir = tmp .. "/" .. name
  local code, said = run(("lua5.4 %s --out %s %s"):format(quote(studio .. "/generate.lua"), quote(dir), options))
  return dir, code, said
end

local function answers(dir)
  local list, broken = {}, 0
  local _, files = run("cd " .. quote(dir) .. " && find . -path ./style -prune -o -name '*.ndjson' -print | sort")
  for file in files:gmatch("[^\n]+") do
    for line in io.lines(dir .. "/" .. file) do
      local answer = json.decode(line)
      if answer then
        answer.owner = file:find("solo", 1, true) and "solo" or "studio"
        list[#list + 1] = answer
      else
        broken = broken + 1
      end
    end
  end
  return list, broken
end

describe("the example payloads", function()
  setup(function()
    tmp = select(2, run("mktemp -d")):gsub("\n$", "")
  end)
  teardown(function()
    os.execute("rm -rf " .. quote(tmp))
  end)

  it("are the same bytes for the same seed, and others for another", function()
    local sums = {}
    for i, options in ipairs({ "--seed 7", "--seed 7", "--seed 8" }) do
      local dir, code, said = generate("same" .. i, "--days 3 --end 2026-11-24 " .. options)
      assert.equal(0, code, said)
      sums[i] = select(2, run("cd " .. quote(dir) .. " && find . -type f | sort | xargs cat | sha256sum"))
    end
    assert.equal(sums[1], sums[2])
    assert.not_equal(sums[1], sums[3])
  end)

  it("hold all four platforms, 12 accounts of the studio and 3 of the single person", function()
    local list = answers(generate("platforms", "--days 6 --end 2026-11-24"))
    local accounts, platforms = { studio = {}, solo = {} }, {}
    for _, a in ipairs(list) do
      platforms[a.platform] = true
      local who = a.fetched_at:match("T00:00:(%d%d)")
      if who and not a.url:find("/insights", 1, true) then
        accounts[a.owner][who] = true
      end
    end
    assert.same({ youtube = true, tiktok = true, instagram = true, x = true }, platforms)
    local n = { studio = 0, solo = 0 }
    for owner, set in pairs(accounts) do
      for _ in pairs(set) do
        n[owner] = n[owner] + 1
      end
    end
    assert.same({ studio = 12, solo = 3 }, n)
  end)

  it("end on the day asked for: no observation and no post is later", function()
    local list = answers(generate("dates", "--days 2 --end 2024-02-29"))
    local last = ""
    for _, a in ipairs(list) do
      last = a.fetched_at > last and a.fetched_at or last
      for date in json.encode(a):gmatch("%d%d%d%d%-%d%d%-%d%d") do
        assert.is_true(date <= "2024-02-29", date)
      end
      for _, video in ipairs(a.platform == "tiktok" and a.body.data.videos or {}) do
        assert.is_true(video.create_time < 1709251200)
      end
    end
    assert.equal("2024-02-29T00:00:", last:sub(1, 17))
  end)

  it("have the odd things of real data: an error of the platform, a cut line, a silent account, old numbers", function()
    local list, broken = answers(generate("odd", "--end 2026-11-24 --days 40"))
    local refused, silent, stale, hidden = 0, 0, 0, 0
    for _, a in ipairs(list) do
      refused = refused + (a.body.error and a.body.error.type == "OAuthException" and 1 or 0)
      if a.fetched_at > "2026-11-21" and a.body.data and a.body.data.videos then
        silent = silent + (a.body.data.videos[1].share_url:find("@ola.mint", 1, true) and 1 or 0)
      end
      stale = stale + (a.fetched_at:find("T04:00", 1, true) and 1 or 0)
      for _, item in ipairs(a.body.items or {}) do
        hidden = hidden + (item.statistics.likeCount == nil and 1 or 0)
      end
    end
    assert.equal(1, broken)
    assert.equal(1, refused)
    assert.equal(0, silent)
    assert.equal(2, stale) -- two pages of one answer
    assert.is_true(hidden > 100)
    assert.is_true(#list > 1000)
  end)

  it("read every post of X when it is about a day old", function()
    local list = answers(generate("young", "--end 2026-11-24 --days 25 --owner studio"))
    local young = {}
    local function epoch(iso)
      local y, mo, d, h, mi, s = iso:match("(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)")
      return os.time({ year = y, month = mo, day = d, hour = h, min = mi, sec = s, isdst = false })
    end
    for _, a in ipairs(list) do
      for _, post in ipairs(a.platform == "x" and a.body.data or {}) do
        local age = epoch(a.fetched_at) - epoch(post.created_at)
        if post.created_at > "2026-10-31" and post.created_at < "2026-11-22" then
          young[post.id] = young[post.id] or age >= 18 * 3600 and age <= 30 * 3600
        end
      end
    end
    local read_young, all = 0, 0
    for _, read_then in pairs(young) do
      all = all + 1
      read_young = read_young + (read_then and 1 or 0)
    end
    assert.is_true(all > 80, all)
    assert.is_true(read_young >= all - 6, read_young .. " of " .. all) -- but for the days that the collector missed
  end)

  it("say in truth.json what is planted, with a size of its own, and in null mode that nothing is", function()
    local dir = generate("truth", "--days 1 --end 2026-11-24")
    local truth = assert(json.decode(read(dir .. "/truth.json")))
    local must, keys = 0, {}
    for _, p in ipairs(truth.planted) do
      must = must + (p.must and 1 or 0)
      keys[p.owner .. " " .. p.subject.type .. " " .. p.subject.key] = p.percent
    end
    assert.equal(6, must)
    assert.near(50, keys["studio tag howto"], 1e-9)
    assert.near(-35, keys["studio tag unboxing"], 1e-9)
    assert.near(60, keys["studio time_block 18-21"], 1e-9)
    assert.near(150, keys["studio hashtag slowmorning"], 1e-9)
    assert.near(50, keys["studio change model v7"], 1e-9)
    assert.near(20, keys["studio fact brightness"], 1e-9)
    assert.is_true(#truth.nulls > 60)
    local none = assert(json.decode(read(generate("null", "--days 1 --end 2026-11-24 --null") .. "/truth.json")))
    assert.same({}, none.planted)
    assert.is_true(none.null)
  end)

  it("record the changes account by account, and give every account a zone", function()
    local dir = generate("changes", "--days 1 --end 2026-11-24")
    local n = {}
    for line in io.lines(dir .. "/changes.tsv") do
      local owner, type, version, at, account, metric = line:match("^(%S+)\t(%S+)\t(%S+)\t(%S+)\t(%S+)\t(%S+)$")
      assert.truthy(owner, line)
      assert.truthy(at:find("^2026%-%d%d%-%d%dT00:00:00Z$"), line)
      assert.equal("engagement", metric)
      assert.equal(owner == "solo", account == "all")
      n[owner .. " " .. type .. " " .. version] = (n[owner .. " " .. type .. " " .. version] or 0) + 1
    end
    assert.same({ ["studio model v7"] = 6, ["studio thumbnail t3"] = 6, ["solo model v7"] = 1 }, n)
    local _, zoned = read(dir .. "/accounts.sql"):gsub("time_zone = '[%w_]+/[%w_]+'", "")
    assert.equal(15, zoned)
  end)

  it("describe the style of most posts, numbers and tags", function()
    local dir = generate("style", "--days 1 --end 2026-11-24")
    local n, moving = 0, 0
    for line in io.lines(dir .. "/style/studio.ndjson") do
      local doc = assert(json.decode(line))
      n = n + 1
      assert.is_true(doc.visual.brightness >= 0.02 and doc.visual.brightness <= 0.98)
      assert.is_string(doc.external_id)
      assert.is_table(doc.tags)
      moving = moving + (doc.audio and doc.audio.tempo_bpm and 1 or 0)
    end
    assert.is_true(n > 900 and n < 1150, n)
    assert.is_true(moving > 300, moving)
  end)

  it("are refused for a date that is none, and for an option that is none", function()
    local _, code, said = generate("none", "--end 2025-02-29")
    assert.equal(64, code)
    assert.truthy(said:find("there is no 2025-02-29", 1, true))
    _, code, said = generate("none", "--end 2025-02-28 --nul")
    assert.equal(64, code)
    assert.truthy(said:find("do not understand '--nul'", 1, true))
  end)
end)

describe("the truth of the examples", function()
  local world, truth, last_day

  -- y of a post when it is seven days old, minus its account's mean: what the rules work on, in its plainest form.
  local function scored(w)
    local posts = {}
    for _, a in ipairs(w.accounts) do
      local mine, sum = {}, 0
      for _, p in ipairs(a.owner == "studio" and a.posts or {}) do
        local at = p.at + 7 * world.day
        local counted_anew = a.platform == "youtube" and at > world.recount.at and p.at < world.recount.at + 7 * world.day
        if at < last_day and not counted_anew and not world.hides_likes(p, at) then
          local c = world.counts(p, at)
          p.y = math.log((c.likes + c.comments + c.shares + c.saves + 0.5) / (c.views + 10))
          sum = sum + p.y
          mine[#mine + 1] = p
        end
      end
      for _, p in ipairs(mine) do
        p.y = p.y - sum / #mine
        posts[#posts + 1] = p
      end
    end
    return posts
  end

  -- Welch's t of the posts that are in against those that are not.
  local function welch(posts, is_in)
    local g = { [true] = { 0, 0, 0 }, [false] = { 0, 0, 0 } }
    for _, p in ipairs(posts) do
      local s = g[is_in(p) and true or false]
      s[1], s[2], s[3] = s[1] + 1, s[2] + p.y, s[3] + p.y ^ 2
    end
    local function mean_var(s)
      return s[2] / s[1], (s[3] - s[2] ^ 2 / s[1]) / (s[1] - 1) / s[1]
    end
    local a, va = mean_var(g[true])
    local b, vb = mean_var(g[false])
    return (a - b) / math.sqrt(va + vb), a - b, g[true][1]
  end

  local function each_seed(n, null, f)
    with_modules(function()
      world, truth = require("world"), require("truth")
      last_day = assert(world.midnight("2026-11-24"))
      for seed = 1, n do
        f(world.new(tostring(seed), last_day, null), seed)
      end
    end)
  end

  local function on(platform, posts)
    local out = {}
    for _, p in ipairs(posts) do
      out[#out + 1] = p.account.platform == platform and p or nil
    end
    return out
  end

  local function has(tag)
    return function(p) return p.has[tag] end
  end

  local function in_block(p)
    return p.hour >= truth.block.from and p.hour < truth.block.till
  end

  local function by_brightness(p)
    return p.brightness_z > 0
  end

  it("has about 1,200 posts of the studio and 200 of the single person", function()
    each_seed(3, false, function(w)
      local n = { studio = 0, solo = 0 }
      for _, a in ipairs(w.accounts) do
        n[a.owner] = n[a.owner] + #a.posts
        assert.is_true(a.owner == "solo" or #a.posts >= 40)
      end
      assert.is_true(n.studio > 1100 and n.studio < 1300, n.studio)
      assert.is_true(n.solo > 150 and n.solo < 250, n.solo)
    end)
  end)

  it("stands out in each of 10 seeds: tags, block and fact", function()
    each_seed(10, false, function(w, seed)
      local posts = scored(w)
      assert.is_true(welch(posts, has("howto")) > 6, seed)
      assert.is_true(welch(posts, has("unboxing")) < -6, seed)
      local t, _, n = welch(on("tiktok", posts), in_block)
      assert.is_true(t > 3 and n >= 40, ("seed %d: t %.1f, %d posts"):format(seed, t, n))
      assert.is_true(welch(posts, by_brightness) > 4, seed)
    end)
  end)

  it("is a hashtag whose weekly views grow while the platform's do not", function()
    each_seed(10, false, function(w, seed)
      local function gained(from, to, tag)
        local sum = 0
        for _, a in ipairs(w.accounts) do
          for _, p in ipairs(a.owner == "studio" and a.platform == "x" and a.posts or {}) do
            if not tag or p.has[tag] then
              sum = sum + world.counts(p, to).views - world.counts(p, from).views
            end
          end
        end
        return sum
      end
      local first, last = w.first_day + world.day, last_day - 28 * world.day
      local function grown(tag)
        return gained(last, last_day, tag) / gained(first, first + 28 * world.day, tag)
      end
      assert.is_true(grown("slowmorning") > 1.7, seed)
      assert.near(1, grown(nil), 0.15)
    end)
  end)

  it("is as much as it says: the means over 10 seeds, and nothing in null mode", function()
    for _, case in ipairs({ { false, math.log(1.5), math.log(0.65), 0 }, { true, 0, 0, 0 } }) do
      local sum, n, far, tests = { 0, 0, 0 }, 0, 0, 0
      each_seed(10, case[1], function(w)
        local posts = scored(w)
        n = n + 1
        for i, tag in ipairs({ "howto", "unboxing", "aesthetic" }) do
          sum[i] = sum[i] + select(2, welch(posts, has(tag)))
        end
        for tag in pairs(truth.null_tags) do
          tests = tests + 1
          far = far + (math.abs(welch(posts, has(tag))) > 2 and 1 or 0)
        end
      end)
      for i = 1, 3 do
        assert.near(case[i + 1], sum[i] / n, 0.04)
      end
      assert.is_true(far / tests < 0.10, far .. " of " .. tests)
    end
  end)

  it("keeps the confounded tag apart: its accounts are better, its posts are not", function()
    each_seed(1, false, function(w)
      local high, low = { 0, 0 }, { 0, 0 }
      for _, a in ipairs(w.accounts) do
        for _, p in ipairs(a.owner == "studio" and a.posts or {}) do
          local s = p.has.aesthetic and high or low
          s[1], s[2] = s[1] + 1, s[2] + a.engagement
        end
      end
      assert.is_true(high[2] / high[1] - low[2] / low[1] > 0.3)
    end)
  end)
end)

describe("check.lua", function()
  local truth_file

  setup(function()
    tmp = select(2, run("mktemp -d")):gsub("\n$", "")
    truth_file = generate("check", "--days 1 --end 2026-11-24") .. "/truth.json"
  end)
  teardown(function()
    os.execute("rm -rf " .. quote(tmp))
  end)

  local all = {
    "studio\tr.tag\tx\ttag\thowto\t48.1\twritten", "studio\tr.tag\t*\ttag\tunboxing\t-31.0\twritten",
    "studio\tr.block\ttiktok\ttime_block\t18-21\t55.0\twritten", "studio\tr.trend\tx\thashtag\t#slowmorning\t130.0\twritten",
    "studio\tr.change\t*\tchange\tmodel v7\t40.0\twritten", "studio\tr.fact\t*\tfact\tvisual.brightness\t0.4\twritten",
    "studio\tr.tag\tx\ttag\tstory\t2.0\tno_difference", "studio\tr.tag\tx\ttag\tqanda\t-\tinsufficient",
  }

  local function check(rows, options)
    write(tmp .. "/rows", table.concat(rows, "\n") .. "\n")
    return run(("lua5.4 %s %s %s < %s"):format(quote(studio .. "/check.lua"), options or "", quote(truth_file),
      quote(tmp .. "/rows")))
  end

  local function but(...)
    local rows = table.move(all, 1, #all, 1, {})
    for i = 1, select("#", ...), 2 do
      local at, row = select(i, ...)
      rows[at] = row
    end
    return rows
  end

  it("is content where all that is planted was found and nothing else", function()
    local code, said = check(all, "--brief")
    assert.equal("5 rules, 7 tests, 6 findings; planted 6 of 6 found, 0 false\n", said)
    assert.equal(0, code)
  end)

  it("says what was missed, and in which words the rule did not write it", function()
    local code, said = check(but(1, "studio\tr.tag\tx\ttag\thowto\t48.1\tnot_shown"))
    assert.equal(1, code)
    assert.truthy(said:find("MISSED  studio tag howto +50 %: r.tag, x: not_shown", 1, true), said)
    assert.truthy(said:find("planted 5 of 6 found, 0 false", 1, true), said)
  end)

  it("calls false what is not planted, is on another platform, or goes the other way", function()
    local code, said = check(but(3, "studio\tr.block\tyoutube\ttime_block\t18-21\t55.0\twritten",
      2, "studio\tr.tag\tx\ttag\tunboxing\t31.0\twritten", 7, "studio\tr.tag\tx\ttag\tstory\t12.0\twritten"))
    assert.equal(1, code)
    assert.truthy(said:find("FALSE   studio time_block 18-21 +55 %: youtube, r.block", 1, true), said)
    assert.truthy(said:find("FALSE   studio tag unboxing +31 %: x, r.tag", 1, true), said)
    assert.truthy(said:find("FALSE   studio tag story +12 %: x, r.tag", 1, true), said)
    assert.truthy(said:find("planted 4 of 6 found, 3 false", 1, true), said)
  end)

  it("counts what the single person's few posts show as true, and does not ask for it", function()
    local rows = but(9, "solo\tr.fact\t*\tfact\tbrightness\t0.3\twritten")
    local code, said = check(rows, "--brief")
    assert.equal(0, code, said)
    rows[10] = "solo\tr.tag\ttiktok\ttag\tstory\t30.0\twritten"
    assert.equal(1, (check(rows, "--brief")))
  end)

  it("refuses rows that are not such rows with 65", function()
    local code, said = check({ "studio\tr.tag\tx" })
    assert.equal(65, code)
    assert.truthy(said:find("line 1: 7 fields expected, here are 3: studio", 1, true), said)
  end)
end)
