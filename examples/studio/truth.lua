-- What is true in the made-up world: everything that a rule should find, and everything that it should not. All effects are
-- on the engagement rate and none on views, except the hashtag that is used more and more often: it gains views, nothing else.
local chance = require("chance")

local M = {}

local day = 86400

-- Tags of size zero, and on how many of ten posts each is.
M.null_tags = {
  story = 3, behindthescenes = 2, weekend = 3, qanda = 1, live = 2, vlog = 3, minimal = 1, diy = 2, budget = 1, quicktips = 3,
  challenge = 2, collab = 1, unfiltered = 2, morning = 3, travel = 1, throwback = 2, favorites = 2, learnwithme = 1,
  smallbusiness = 2, shorts = 3,
}
M.up, M.down = { tag = "howto", lift = 0.50, of_ten = 3 }, { tag = "unboxing", lift = -0.35, of_ten = 3 }
-- Of size zero too, but used on six of ten posts by the half of the accounts whose engagement is high, on one by the others.
M.confounded = { tag = "aesthetic", high = 6, low = 1 }
-- What the style documents call a post, beside the hashtags: of size zero.
M.style_tags = { closeup = 3, voiceover = 3 }

M.block = { platform = "tiktok", from = 18, till = 21, lift = 0.60 }
M.fact = { facet = "visual", name = "brightness", per_sd = 0.20 }
M.null_facts = {
  audio = { "tempo_bpm", "loudness_lufs" }, visual = { "contrast", "faces", "cuts_per_minute" },
  text = { "words_per_second", "overlay_words" },
}
-- From `from` to `to` posts a week of the studio's accounts on this platform, evenly in the logarithm from day `begins` on.
M.trend = { platform = "x", tag = "slowmorning", from = 6, to = 15, begins = 24 }

-- Who took up a change, by account number and day. The last is the single person's, for all accounts at once.
M.changes = {
  { owner = "studio", type = "model", version = "v7", lift = 0.50,
    adopters = { [2] = 56, [3] = 61, [5] = 49, [8] = 53, [10] = 58, [11] = 66 } },
  { owner = "studio", type = "thumbnail", version = "t3", lift = 0,
    adopters = { [2] = 84, [3] = 89, [4] = 58, [6] = 74, [7] = 66, [9] = 47 } },
  { owner = "solo", type = "model", version = "v7", lift = 0.50, everyone = 60 },
}

-- ---- which post carries what ----

local function sorted(set)
  local names = {}
  for name in pairs(set) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

-- A tag is on exactly so many of each ten posts of an account, which ones is chance: the weeks are even, and nothing that
-- happens to a post has a say. A single person with few posts uses each tag half as often.
local function spread(account, tag, of_ten, seed, put)
  local r = chance.new(seed, account.key .. "/tag/" .. tag)
  local left, need, thin = 0, 0, account.owner == "solo" and 20 or 10
  for _, post in ipairs(account.posts) do
    if left == 0 then
      left, need = thin, of_ten
    end
    if r:unit() * left < need then
      put(post, tag)
      need = need - 1
    end
    left = left - 1
  end
end

local function hashtag(post, tag)
  post.tags[#post.tags + 1] = tag
  post.has[tag] = true
end

local function style_tag(post, tag)
  table.insert(post.style.tags, tag)
end

local function tag_account(account, high, seed)
  for _, post in ipairs(account.posts) do
    post.tags, post.has = {}, {}
  end
  for _, tag in ipairs(sorted(M.null_tags)) do
    spread(account, tag, M.null_tags[tag], seed, hashtag)
  end
  for _, given in ipairs({ M.up, M.down }) do
    spread(account, given.tag, given.of_ten, seed, hashtag)
  end
  spread(account, M.confounded.tag, high and M.confounded.high or M.confounded.low, seed, hashtag)
  for _, tag in ipairs(sorted(M.style_tags)) do
    spread(account, tag, M.style_tags[tag], seed, style_tag)
  end
end

-- The accounts whose engagement is above the owner's middle one.
local function high_ones(world)
  local of_owner, high = {}, {}
  for _, a in ipairs(world.accounts) do
    of_owner[a.owner] = of_owner[a.owner] or {}
    table.insert(of_owner[a.owner], a)
  end
  for _, list in pairs(of_owner) do
    table.sort(list, function(x, y)
      return x.engagement > y.engagement
    end)
    for i = 1, #list // 2 do
      high[list[i]] = true
    end
  end
  return high
end

-- Posts a week that carry the trend's hashtag, `along` days after the first poll.
function M.trend_rate(world, along)
  local t = M.trend
  if world.null then
    return (t.from + t.to) / 2
  end
  local share = math.max(0, along - t.begins) / (world.days - t.begins)
  return t.from * (t.to / t.from) ^ share
end

-- One post in each stretch that should hold one, which one is chance.
local function plant_trend(world)
  local posts, per_week = {}, 0
  for _, a in ipairs(world.accounts) do
    if a.owner == "studio" and a.platform == M.trend.platform then
      per_week = per_week + a.per_week
      table.move(a.posts, 1, #a.posts, #posts + 1, posts)
    end
  end
  table.sort(posts, function(x, y)
    return x.at < y.at or x.at == y.at and x.id < y.id
  end)
  local r = chance.new(world.seed, "trend")
  local sum, due, next_at = 0, 0, r:unit()
  for _, post in ipairs(posts) do
    sum = sum + M.trend_rate(world, (post.at - world.first_day) / day) / per_week
    while sum > next_at do
      due = due + 1
      next_at = math.floor(next_at) + 1 + r:unit()
    end
    if due > 0 then
      due = due - 1
      hashtag(post, M.trend.tag)
    end
  end
end

local function shuffle(list, r)
  for i = #list, 2, -1 do
    local j = r:int(1, i)
    list[i], list[j] = list[j], list[i]
  end
end

-- Tags the posts of a world, and says when its accounts took up which change.
function M.plant(world)
  local high = high_ones(world)
  world.confounded_accounts = {}
  for _, a in ipairs(world.accounts) do
    tag_account(a, high[a], world.seed)
    if high[a] then
      table.insert(world.confounded_accounts, a.platform .. ":" .. a.external_id)
    end
  end
  plant_trend(world)
  for _, a in ipairs(world.accounts) do
    for _, post in ipairs(a.posts) do
      shuffle(post.tags, chance.new(world.seed, post.key .. "/order"))
    end
  end
  world.changes = {}
  for _, change in ipairs(M.changes) do
    for number, a in ipairs(world.accounts) do
      local after = change.adopters and change.adopters[number]
      if after then
        table.insert(world.changes, { change = change, account = a, at = world.first_day + after * day })
      end
    end
    if change.everyone then
      table.insert(world.changes, { change = change, at = world.first_day + change.everyone * day })
    end
  end
end

-- ---- what it does ----

-- ln of what is planted in a post.
function M.lift(post, world)
  if world.null then
    return 0
  end
  local sum = post.brightness_z * math.log(1 + M.fact.per_sd)
  for _, given in ipairs({ M.up, M.down }) do
    sum = sum + (post.has[given.tag] and math.log(1 + given.lift) or 0)
  end
  if post.account.platform == M.block.platform and post.hour >= M.block.from and post.hour < M.block.till then
    sum = sum + math.log(1 + M.block.lift)
  end
  for _, taken in ipairs(world.changes) do
    local theirs = taken.account == post.account or not taken.account and taken.change.owner == post.account.owner
    if theirs and post.at >= taken.at then
      sum = sum + math.log(1 + taken.change.lift)
    end
  end
  return sum
end

-- ---- what truth.json says ----

local everywhere = { "instagram", "tiktok", "x", "youtube" }

local function change_key(change)
  return change.type .. " " .. change.version
end

-- Every planted effect: { kind, owner, subject = { type, key }, platforms, percent, must }. must: there are posts enough, so
-- that it counts as missed when no rule writes it; without, it may be found and need not.
function M.planted(world)
  local list = {}
  local function plant(owner, kind, type, key, platforms, percent)
    if not world.null then
      list[#list + 1] = {
        kind = kind, owner = owner, subject = { type = type, key = key }, platforms = platforms, percent = percent,
        must = owner == "studio",
      }
    end
  end
  for _, owner in ipairs({ "studio", "solo" }) do
    plant(owner, "tag", "tag", M.up.tag, everywhere, 100 * M.up.lift)
    plant(owner, "tag", "tag", M.down.tag, everywhere, 100 * M.down.lift)
    plant(owner, "block", "time_block", ("%02d-%02d"):format(M.block.from, M.block.till), { M.block.platform },
      100 * M.block.lift)
    plant(owner, "fact", "fact", M.fact.name, everywhere, 100 * M.fact.per_sd)
  end
  plant("studio", "trend", "hashtag", M.trend.tag, { M.trend.platform }, 100 * (M.trend.to / M.trend.from - 1))
  for _, change in ipairs(M.changes) do
    if change.lift ~= 0 then
      plant(change.owner, "change", "change", change_key(change), everywhere, 100 * change.lift)
    end
  end
  return list
end

-- Every subject that is there and does nothing: { type, key, why }. Whatever is not planted is false, named here or not.
function M.nulls(world)
  local list = {}
  local function null(type, key, why)
    list[#list + 1] = { type = type, key = key, why = why }
  end
  for _, tag in ipairs(sorted(M.null_tags)) do
    null("tag", tag, ("on %d of 10 posts"):format(M.null_tags[tag]))
    null("hashtag", tag, "used equally often in all weeks")
  end
  for _, tag in ipairs(sorted(M.style_tags)) do
    null("tag", tag, "a tag of the style documents")
  end
  null("tag", M.confounded.tag,
    "used by the accounts whose engagement is high: " .. table.concat(world.confounded_accounts, ", "))
  null("tag", M.trend.tag, "used more and more often, with no effect on engagement")
  for _, facet in ipairs(sorted(M.null_facts)) do
    for _, name in ipairs(M.null_facts[facet]) do
      null("fact", name, facet)
    end
  end
  for _, name in ipairs({ "length", "hashtags", "mentions", "emoji", "question", "call_to_action", "script" }) do
    null("fact", name, "text style of captions")
  end
  for _, change in ipairs(M.changes) do
    if change.lift == 0 or world.null then
      null("change", change_key(change), "changed nothing for " .. change.owner)
    end
  end
  for _, platform in ipairs(everywhere) do
    null("platform", platform, "as many views in all weeks; youtube counts them differently since 2026-08-24")
  end
  return list
end

return M
