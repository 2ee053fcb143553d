-- The made-up world: creators, their accounts, what they post and how it is received. Everything follows from the seed and
-- the end date; nothing in it exists. What is true in it stands in truth.lua.
local chance = require("chance")
local truth = require("truth")
local words = require("words")
local zones = require("zones")

local M = {}

M.day = 86400
M.days = 120
M.before = 14 -- days of posts before the first poll: attention to older posts is there from the start, and does not set in
M.random = chance.new

-- ---- time ----

-- Seconds at the start of a day, from its calendar date; no time zone of the machine has a say.
function M.midnight(date)
  local y, m, d = date:match("^(%d%d%d%d)-(%d%d)-(%d%d)$")
  if not y then
    return nil, ("'%s' is not a date: write YYYY-MM-DD"):format(date)
  end
  local at = zones.civil(tonumber(y), tonumber(m), tonumber(d)) * M.day
  if os.date("!%Y-%m-%d", at) ~= date then
    return nil, ("there is no %s"):format(date)
  end
  return at
end

function M.iso(at)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", at)
end

-- ---- who ----

-- level: a post's usual final views. per_week: how often they post. silent: how many days ago the last answer came.
M.accounts = {}

local function account(owner, creator, platform, handle, zone, level, per_week, silent)
  M.accounts[#M.accounts + 1] = {
    owner = owner, creator = creator, platform = platform, handle = handle, zone = zone, level = level,
    per_week = per_week, silent = silent,
  }
end

account("studio", "Luma Kitchen", "youtube", "lumakitchen", "Europe/Berlin", 42000, 2.6)
account("studio", "Luma Kitchen", "tiktok", "lumakitchen", "Europe/Berlin", 61000, 4.8)
account("studio", "Luma Kitchen", "instagram", "luma.kitchen", "Europe/Berlin", 18000, 3.5)
account("studio", "Fjell & Fog", "youtube", "fjellandfog", "Europe/Oslo", 95000, 2.4)
account("studio", "Fjell & Fog", "instagram", "fjell.and.fog", "Europe/Oslo", 26000, 3.4)
account("studio", "Fjell & Fog", "x", "fjellandfog", "Europe/Oslo", 5400, 11)
account("studio", "Byte & Beans", "youtube", "byteandbeans", "America/New_York", 23000, 2.6)
account("studio", "Byte & Beans", "tiktok", "byteandbeans", "America/New_York", 34000, 4.6)
account("studio", "Byte & Beans", "x", "byteandbeans", "America/New_York", 6600, 11)
account("studio", "Ola Mint", "tiktok", "ola.mint", "Europe/Lisbon", 150000, 4.9, 4) -- its login ran out: silent for four days
account("studio", "Ola Mint", "instagram", "ola.mint", "Europe/Lisbon", 47000, 3.6)
account("studio", "Ola Mint", "x", "olamint", "Europe/Lisbon", 6000, 11)
account("solo", "Tess Varga", "youtube", "tessvarga", "Europe/Budapest", 9800, 3.2)
account("solo", "Tess Varga", "tiktok", "tess.varga", "Europe/Budapest", 14000, 3.6)
account("solo", "Tess Varga", "instagram", "tess.varga", "Europe/Budapest", 8100, 3.4)

local weekday = { [0] = 1.08, 1.00, 0.94, 0.95, 0.97, 1.02, 1.14 } -- Sunday first
local kinds = {
  youtube = { "video" }, tiktok = { "video" }, instagram = { "IMAGE", "VIDEO", "CAROUSEL_ALBUM" }, x = { "text" },
}
-- How many posts of 24 are published in each 3-hour block of the account's day.
local blocks = { 1, 0, 2, 4, 4, 3, 7, 3 }

-- How fast attention comes (days until 63 % of it, and how sharply), how much posts differ in it, how the platform's
-- engagement grows over the days of the window, and the rates per view.
local shape = {
  youtube = { tau = 2.2, beta = 0.66, spread = 0.42, growth = 0.10, likes = 0.041, comments = 0.0042, shares = 0, saves = 0 },
  tiktok = { tau = 1.1, beta = 0.70, spread = 0.45, growth = 0.16, likes = 0.088, comments = 0.0060, shares = 0.011,
             saves = 0 },
  instagram = { tau = 0.9, beta = 0.72, spread = 0.40, growth = 0.20, likes = 0.061, comments = 0.0035, shares = 0.007,
                saves = 0.015 },
  x = { tau = 0.35, beta = 0.65, spread = 0.26, growth = 0.13, likes = 0.027, comments = 0.0026, shares = 0.0051,
        saves = 0.0022 },
}

-- ---- what happens to a post ----

-- No stream is named by a time or an id: the same seed with another end date is the same world at another time.

-- A day of the account's cadence, an hour of its own: neither depends on what the post is about.
local function when(account_, r, i, start)
  local day = (start + (i + 0.5 * r:unit()) * 7 * M.day / account_.per_week) // M.day
  local pick, block = r:int(1, 24), 0
  while pick > 0 do
    block = block + 1
    pick = pick - blocks[block]
  end
  local hour = (block - 1) * 3 + r:int(0, 2)
  return zones.to_utc(account_.zone, math.tointeger(day) * M.day + hour * 3600 + r:int(0, 3599)), hour
end

-- What the post's style is, as a vision model and an audio analyser would say it.
local function style_of(post, r)
  local moving = post.kind == "video" or post.kind == "VIDEO"
  post.brightness_z = r:normal()
  post.has_style = r:unit() < 0.85
  post.style = {
    visual = {
      brightness = math.min(0.98, math.max(0.02, 0.52 + 0.14 * post.brightness_z)),
      contrast = 0.2 + 0.6 * r:unit(), faces = r:int(0, 3), cuts_per_minute = moving and 4 + 22 * r:unit() or nil,
    },
    audio = moving and { tempo_bpm = 80 + 70 * r:unit(), loudness_lufs = -23 + 12 * r:unit() } or nil,
    text = { words_per_second = moving and 1.4 + 2.2 * r:unit() or nil, overlay_words = r:int(0, 14) },
    tags = {},
  }
end

local function new_post(owner, i, start, world)
  local key = owner.key .. "/" .. i
  local post = { account = owner, key = key, random = chance.new(world.seed, key) }
  post.kind = post.random:pick(kinds[owner.platform])
  post.at, post.hour = when(owner, chance.new(world.seed, key .. "/time"), i, start)
  post.seconds = owner.platform == "youtube" and post.random:int(240, 1500) or post.random:int(11, 75)
  style_of(post, chance.new(world.seed, key .. "/style"))
  words.write(post, chance.new(world.seed, key .. "/words"))
  return post
end

-- ln of the engagement rate that the platform, the account and what is planted give a post; then chance.
local function receive(post, world)
  local owner, r = post.account, chance.new(world.seed, post.key .. "/fate")
  local s = shape[owner.platform]
  local along = (post.at - world.first_day) / (M.days * M.day)
  local lift = owner.engagement + math.log(1 + s.growth) * along + truth.lift(post, world) + 0.34 * r:normal()
  post.reach = owner.level * weekday[tonumber(os.date("!%w", post.at))] * math.exp(s.spread * r:normal())
  post.rate = {}
  for _, count in ipairs({ "likes", "comments", "shares", "saves" }) do
    post.rate[count] = s[count] * math.exp(0.12 * r:normal() + lift)
  end
end

-- ---- what a poll sees ----

local function base_views(post, at)
  local s = shape[post.account.platform]
  local age = (at - post.at) / M.day
  return age > 0 and post.reach * (1 - math.exp(-(age / s.tau) ^ s.beta)) or 0
end

-- YouTube counts a view from the first frame on since this day, in all formats; likes and comments are what they were.
M.recount = { platform = "youtube", at = 1787529600, factor = 1.6 } -- 2026-08-24

-- The counts of a post as they stand at a time.
function M.counts(post, at)
  local base = base_views(post, at)
  local views, lost = base, 0
  if post.account.platform == M.recount.platform and at > M.recount.at then
    views = M.recount.factor * base - (M.recount.factor - 1) * base_views(post, M.recount.at)
  end
  -- A platform takes counts back: bought ones, found out days later.
  if post.corrected and (at - post.at) > post.corrected.age * M.day then
    lost = post.corrected.share
  end
  local c = { views = math.floor(views * (1 - lost)) }
  for name, rate in pairs(post.rate) do
    c[name] = math.floor(base * rate * (1 - lost / 2))
  end
  return c
end

-- Are the likes of a post hidden at a time?
function M.hides_likes(post, at)
  return post.hide_likes or (post.account.hides_likes_from and at >= post.account.hides_likes_from) or false
end

-- ---- all of it ----

local alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

local function name_account(a, seed)
  a.key = a.owner .. "/" .. a.platform .. "/" .. a.handle
  local r = chance.new(seed, a.key)
  if a.platform == "youtube" then
    a.id = "UC" .. r:text(22, alphanumeric)
  elseif a.platform == "instagram" then
    a.id = "17841" .. r:text(12, "0123456789")
  else
    a.id = r:text(1, "123456789") .. r:text(9, "0123456789")
  end
  -- What tidemark knows it by: TikTok's answers name no account, a login's folder does.
  a.external_id = a.platform == "tiktok" and a.handle or a.id
  a.engagement = 0.5 * chance.new(seed, a.key .. "/engagement"):normal()
  return r
end

local function name_post(post)
  local r, platform = post.random, post.account.platform
  if platform == "youtube" then
    post.id = r:text(11, alphanumeric .. "-_")
  elseif platform == "instagram" then
    post.id = "178" .. r:text(14, "0123456789")
    post.code = r:text(11, alphanumeric)
  elseif platform == "tiktok" then
    post.id = tostring(post.at << 32 | r:int(1, 0x7fffffff))
  else
    post.id = tostring((post.at * 1000 - 1288834974657) << 22 | r:int(0, 0x3fffff))
  end
end

local function post_all(a, world, r)
  local start = world.first_day - M.before * M.day + r:int(0, M.day)
  for i = 0, math.ceil((M.days + M.before) * a.per_week / 7) do
    local post = new_post(a, i, start, world)
    if post.at < world.last_day then
      name_post(post)
      a.posts[#a.posts + 1] = post
    end
  end
  table.sort(a.posts, function(x, y)
    return x.at < y.at or x.at == y.at and x.id < y.id
  end)
end

-- A few odd things, because real data has them.
local function spoil(world)
  local r = chance.new(world.seed, "odd")
  local videos = world.accounts[1].posts
  videos[#videos - 4].title = "Dinner \27[31mis\27[0m served 🍋 «zest»"
  for _, i in ipairs({ 1, 4, 7 }) do
    r:pick(world.accounts[i].posts).hide_likes = true
  end
  world.accounts[13].hides_likes_from = world.last_day - 14 * M.day
  world.missed = {} -- account number -> day -> true: the collector did not run
  for i, a in ipairs(world.accounts) do
    a.number = i
    world.missed[i] = {}
    for _, post in ipairs(a.posts) do
      if r:unit() < 0.02 then
        post.corrected = { age = r:int(3, 10), share = 0.05 + 0.15 * r:unit() }
      end
    end
  end
  for _ = 1, 8 do
    world.missed[r:int(1, #world.accounts)][world.first_day + r:int(5, M.days - 8) * M.day] = true
  end
  world.refused = { account = 11, day = world.last_day - 17 * M.day }
  world.stale = { account = 2, day = world.last_day - 31 * M.day, age = 2 * M.day, later = 4 * 3600 }
  world.cut_day = world.last_day - 23 * M.day
end

-- The world of a seed that ends on a day; null: everything planted is of size zero.
-- -> { seed, first_day, last_day, null, accounts = { { …, posts = { oldest first } } }, … }
function M.new(seed, last_day, null)
  local world = {
    seed = seed, null = null or false, days = M.days, first_day = last_day - (M.days - 1) * M.day, last_day = last_day,
    accounts = {},
  }
  for i, given in ipairs(M.accounts) do
    local a = { number = i, posts = {} }
    for k, v in pairs(given) do
      a[k] = v
    end
    world.accounts[i] = a
    post_all(a, world, name_account(a, seed))
  end
  truth.plant(world)
  for _, a in ipairs(world.accounts) do
    for _, post in ipairs(a.posts) do
      receive(post, world)
    end
  end
  spoil(world)
  return world
end

return M
