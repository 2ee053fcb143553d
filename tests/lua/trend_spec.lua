-- Weekly trends of the views gained: what moves is found, what does not is not, and too little is said with its numbers.
local trend = require("tidemark.analysis.trend")

local FIRST = 20000 -- days since 1970
local DAY = 86400

-- Small deterministic chance: the same series on every machine.
local function chance(seed)
  local x = seed * 2654435761 % 4294967296
  return function()
    x = (1664525 * x + 1013904223) % 4294967296
    return x / 4294967296
  end
end

-- Posts of one label, `per_week` of them a week, whose views halve every day; level(week) is the views of a post of that week.
local function posts_of(out, o)
  local random = chance(o.seed or 1)
  for week = o.from_week or 0, o.weeks - 1 do
    for k = 1, o.per_week or 2 do
      local at = 7 * week + (3 * k - 3) % 7
      local left, gained = o.level(week) * (0.8 + 0.4 * random()), { first_day = FIRST + at }
      for d = at, 7 * o.weeks - 1 + (o.tail or 0) do
        gained[d - at + 1] = math.floor(left / 2)
        left = left / 2
      end
      out.posts[#out.posts + 1] = {
        platform = o.platform or "youtube", external_id = o.label .. week .. "." .. k, account = o.account or "youtube:a",
        published_at = (FIRST + at) * DAY + 3600, score = random(), gained = gained,
      }
      out.extra[#out.posts] = { by = o.label }
    end
  end
  return out
end

local function flat() return 1000 end
local function rising(weeks, factor)
  return function(week) return 1000 * factor ^ (week / (weeks - 1)) end
end

local function run(world, opts, more)
  local w = more or {}
  w.since = w.since or FIRST * DAY
  return trend.run(world.posts, world.extra, opts or { subject = "hashtag" }, w)
end

local function find(list, key)
  for _, c in ipairs(list) do
    if c.subject.key == key then return c end
  end
end

local function codes(c)
  local list = {}
  for i, w in ipairs(c.warnings) do list[i] = w.code end
  return list
end

describe("weekly trends", function()
  it("find the label that grows, with the change over the window and the weeks it rests on", function()
    local world = { posts = {}, extra = {} }
    posts_of(world, { label = "up", weeks = 17, level = rising(17, 4), seed = 2 })
    posts_of(world, { label = "still", weeks = 17, level = flat, seed = 3 })
    local c = find(run(world), "up")
    assert.equal("tested", c.status)
    assert.equal("trend", c.kind)
    assert.same({ type = "hashtag", key = "up", label = "#up" }, c.subject)
    assert.same("weeks", c.n.unit)
    assert.equal(17, c.n.used)
    assert.is_true(c.n.needed >= 8)
    assert.is_true(c.test.p < 0.001)
    assert.is_true(math.abs(c.effect.raw - math.log(4)) < 0.3, "ln change " .. c.effect.raw)
    assert.is_true(c.interval.lo < math.log(4) and math.log(4) < c.interval.hi)
    assert.equal("ols_ar1", c.interval.method)
    assert.is_true(math.abs(c.effect.percent - c.values.impact) < 1e-9)
    assert.equal("2024-10-04", c.values.start)
    assert.equal(17, #c.values.series)
    assert.equal(5, #c.examples)
    assert.is_true(math.abs(c.gate - math.log(1.2)) < 1e-12)
    assert.is_true(find(run(world), "still").test.p > 0.05)
  end)

  it("say from which day the label moves", function()
    local world = posts_of({ posts = {}, extra = {} }, {
      label = "late", weeks = 20, level = function(week) return 1000 * 1.25 ^ math.max(0, week - 9) end,
    })
    local c = run(world)[1]
    local onset = math.floor((FIRST + 7 * 9) / 7)
    local y, m, d = c.values.onset:match("(%d+)-(%d+)-(%d+)")
    local day = math.floor(os.time({ year = tonumber(y), month = tonumber(m), day = tonumber(d), hour = 12 }) / DAY)
    assert.is_true(math.abs(day // 7 - onset) <= 1, "onset " .. c.values.onset)
  end)

  it("count back from the last day, so that the last week is whole", function()
    local world = posts_of({ posts = {}, extra = {} }, { label = "a", weeks = 12, tail = 4, level = flat })
    local c = run(world)[1]
    assert.equal(12, c.n.used)
    assert.equal(os.date("!%Y-%m-%d", (FIRST + 4) * DAY), c.values.start)
    assert.equal(os.date("!%Y-%m-%d", (FIRST + 87) * DAY), c.values["end"])
  end)

  it("do not call a label's beginning a trend", function()
    local world = { posts = {}, extra = {} }
    posts_of(world, { label = "new", weeks = 20, from_week = 6, level = flat, seed = 4 })
    posts_of(world, { label = "old", weeks = 20, level = flat, seed = 5 })
    local c = find(run(world), "new")
    assert.equal(13, c.n.used) -- the week after its first
    assert.is_true(c.test.p > 0.05)
    assert.same({ "starts_late", "few_series" }, codes(c))
  end)

  it("take the platform's common movement out of ten series or more", function()
    local world = { posts = {}, extra = {} }
    for k = 1, 12 do
      posts_of(world, { label = ("t%02d"):format(k), weeks = 17, seed = k, level = function(week)
        return (week >= 8 and 1600 or 1000) * (k == 1 and 5 ^ (week / 16) or 1)
      end })
    end
    local change = { { platform = "youtube", metric = "views", valid_from = (FIRST + 56) * DAY } }
    local list = run(world, nil, { definitions = change })
    for _, c in ipairs(list) do
      if c.subject.key == "t01" then
        assert.is_true(c.test.p < 0.001)
        assert.is_true(math.abs(c.effect.raw - math.log(5)) < 0.3)
        assert.equal("platform_common_movement", c.baseline.kind)
        assert.is_true(c.baseline.controlled)
        assert.equal(17, c.n.used)
      else
        assert.is_true(math.abs(c.effect.raw) < math.log(1.3), c.subject.key)
      end
    end
  end)

  it("compare a label on many posts with the posts that have it not", function()
    local world = { posts = {}, extra = {} }
    for k = 1, 12 do
      for _, with in ipairs({ true, false }) do
        local from = #world.posts
        posts_of(world, { label = ("t%02d%s"):format(k, with and "w" or ""), weeks = 17, seed = 2 * k + (with and 1 or 0),
          level = with and rising(17, 4) or flat })
        for i = from + 1, #world.posts do world.extra[i] = { by = { ("t%02d"):format(k), with and "grows" or nil } } end
      end
    end
    local list = run(world)
    local c = find(list, "grows")
    assert.is_true(math.abs(c.effect.raw - math.log(4)) < 0.3, "ln change " .. c.effect.raw)
    assert.equal(12, c.baseline.n)
    for k = 1, 12 do assert.is_true(math.abs(find(list, ("t%02d"):format(k)).effect.raw) < 0.3) end
  end)

  it("begin at a changed definition of a view where the series are few, and say so", function()
    local world = posts_of({ posts = {}, extra = {} }, {
      label = "a", weeks = 20, level = function(week) return week >= 8 and 1600 or 1000 end,
    })
    local change = {
      { platform = "youtube", metric = "views", valid_from = (FIRST + 56) * DAY },
      { platform = "youtube", metric = "likes", valid_from = (FIRST + 90) * DAY },
      { platform = "tiktok", metric = "views", valid_from = (FIRST + 90) * DAY },
    }
    assert.is_true(run(world)[1].test.p < 0.05)
    local c = run(world, nil, { definitions = change })[1]
    assert.equal(12, c.n.used)
    assert.is_true(c.test.p > 0.05)
    assert.equal("own_level", c.baseline.kind)
    assert.is_false(c.baseline.controlled)
    assert.same({ "definition_change", "few_series" }, codes(c))
    local since = os.date("!%Y-%m-%d", (FIRST + 56) * DAY)
    assert.equal("youtube counts a view differently since " .. since .. ": the series begins there", c.warnings[1].text)
    assert.equal("views@" .. since, c.window.segment)
    assert.same({ { reason = "before_definition_change", count = 56, unit = "days" } }, c.excluded)
  end)

  it("say how many posts or weeks are missing", function()
    local world = { posts = {}, extra = {} }
    posts_of(world, { label = "few", weeks = 7, per_week = 1, level = flat })
    posts_of(world, { label = "short", weeks = 6, level = flat })
    posts_of(world, { label = "rare", weeks = 2, per_week = 1, level = flat })
    local list = run(world)
    assert.equal(2, #list) -- what two posts carry is not named
    local few, short = find(list, "few"), find(list, "short")
    assert.equal("insufficient", few.status)
    assert.same({ unit = "posts", used = 7, needed = 10 }, few.n)
    assert.equal("7 of 10 posts", few.why)
    assert.same({ unit = "weeks", used = 6, needed = 8 }, short.n)
    assert.equal("6 of 8 weeks with new posts", short.why)
    assert.is_nil(short.effect)
  end)

  it("test platforms among each other, each by its own level", function()
    local world = { posts = {}, extra = {} }
    for k, name in ipairs({ "instagram", "tiktok", "youtube" }) do
      posts_of(world, { label = name, platform = name, weeks = 17, per_week = 5, seed = k,
        level = name == "tiktok" and rising(17, 0.25) or flat })
    end
    local list = run(world, { subject = "platform" })
    assert.equal(3, #list)
    local c = find(list, "tiktok")
    assert.equal("tiktok", c.platform)
    assert.equal("tiktok", c.subject.label)
    assert.is_true(c.test.p < 0.001)
    assert.is_true(c.effect.percent < -60)
    assert.same({}, codes(c))
    assert.is_true(find(list, "youtube").test.p > 0.05)
  end)

  it("leave out posts whose views nobody knows, and count them", function()
    local world = posts_of({ posts = {}, extra = {} }, { label = "a", weeks = 12, level = flat })
    world.posts[#world.posts + 1] = { platform = "youtube", external_id = "x", account = "youtube:a" }
    world.extra[#world.posts] = { by = { "a", "a" } }
    local c = run(world)[1]
    assert.equal(24, c.values.posts)
    assert.same({ { reason = "views_null", count = 1, unit = "posts" } }, c.excluded)
  end)

  it("name an account whose days stop before the platform's", function()
    local world = posts_of({ posts = {}, extra = {} }, { label = "a", weeks = 12, level = flat })
    local gained = { first_day = FIRST, 10, 10, 10 }
    world.posts[#world.posts + 1] = { platform = "youtube", external_id = "x", account = "youtube:b", gained = gained }
    world.extra[#world.posts] = { by = "a" }
    assert.equal("1 of the platform's accounts has no days up to " .. os.date("!%Y-%m-%d", (FIRST + 83) * DAY),
      run(world)[1].warnings[2].text)
  end)

  it("give nothing for nothing, and an answer for zeros", function()
    assert.same({}, run({ posts = {}, extra = {} }))
    local world = posts_of({ posts = {}, extra = {} }, { label = "a", weeks = 12, level = function() return 0 end })
    local c = run(world)[1]
    assert.equal("insufficient", c.status)
    assert.equal("no views gained", c.why)
    local constant = { posts = {}, extra = {} }
    for week = 0, 11 do
      constant.posts[week + 1] = { platform = "x", external_id = "" .. week, account = "x:a",
        gained = { first_day = FIRST + 7 * week, 9, 9, 9, 9, 9, 9, 9 } }
      constant.extra[week + 1] = { by = "same" }
    end
    c = run(constant)[1]
    assert.equal("tested", c.status)
    assert.equal(0, c.effect.raw)
    assert.is_true(c.test.p > 0.99 and c.interval.hi > 0)
  end)

  it("give the same for posts in another order", function()
    local world, turned = { posts = {}, extra = {} }, { posts = {}, extra = {} }
    for k = 1, 11 do posts_of(world, { label = "t" .. k, weeks = 10, seed = k, level = flat }) end
    for i = #world.posts, 1, -1 do
      turned.posts[#turned.posts + 1], turned.extra[#turned.posts + 1] = world.posts[i], world.extra[i]
    end
    assert.same(run(world), run(turned))
  end)

  -- Lumps without a trend: lognormal views, few posts a week, labels of very different size.
  it("call few of many labels trending that are not", function()
    local hits, tests = 0, 0
    for seed = 1, 6 do
      local random = chance(1000 + seed)
      local function normal() return math.sqrt(-2 * math.log(1 - random())) * math.cos(2 * math.pi * random()) end
      local world = { posts = {}, extra = {} }
      for i = 1, 17 * 17 do
        local at, v, gained = math.floor(random() * 17 * 7), math.exp(7 + normal()), { first_day = FIRST }
        gained.first_day = FIRST + at
        for d = at, 17 * 7 - 1 do
          gained[d - at + 1] = math.floor(v * 0.4)
          v = v * 0.6
        end
        local labels = {}
        for k = 1, 25 do
          if random() < 0.04 + 0.018 * k then labels[#labels + 1] = "t" .. k end
        end
        world.posts[i] = { platform = "x", external_id = "" .. i, account = "x:a", gained = gained }
        world.extra[i] = { by = labels }
      end
      for _, c in ipairs(run(world)) do
        if c.status == "tested" then
          tests = tests + 1
          hits = hits + (c.test.p < 0.05 and 1 or 0)
        end
      end
    end
    assert.is_true(tests > 100)
    assert.is_true(hits / tests < 0.09, ("%d of %d"):format(hits, tests))
  end)
end)
