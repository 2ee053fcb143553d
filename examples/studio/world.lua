-- The made-up world: creators, their accounts, what they post and how it is received. Everything follows from the seed and
-- the end date; nothing in it exists.
local M = {}

M.day = 86400
M.weeks = 13

-- ---- chance ----

-- xorshift64*, begun by a hash of (seed, name): every account and post has its own stream, so that one more post changes no
-- other.
local Random = {}
Random.__index = Random

function M.random(seed, name)
    local h = -3750763034362895579 -- FNV-1a
    for c in (seed .. "/" .. name):gmatch(".") do
        h = (h ~ c:byte()) * 1099511628211
    end
    return setmetatable({ state = h == 0 and 1 or h }, Random)
end

function Random:bits()
    local x = self.state
    x = x ~ (x >> 12)
    x = x ~ (x << 25)
    x = x ~ (x >> 27)
    self.state = x
    return (x * 2685821657736338717) >> 11 -- 53 bits
end

function Random:unit()
    return self:bits() / 2 ^ 53
end

function Random:int(low, high)
    return low + self:bits() % (high - low + 1)
end

function Random:pick(list)
    return list[self:int(1, #list)]
end

function Random:normal()
    return math.sqrt(-2 * math.log(1 - self:unit())) * math.cos(2 * math.pi * self:unit())
end

function Random:text(n, alphabet)
    local out = {}
    for i = 1, n do
        local at = self:int(1, #alphabet)
        out[i] = alphabet:sub(at, at)
    end
    return table.concat(out)
end

-- ---- time ----

-- Seconds at the start of a day, from its calendar date; no time zone of the machine has a say.
function M.midnight(date)
    local y, m, d = date:match("^(%d%d%d%d)-(%d%d)-(%d%d)$")
    if not y then
        return nil, ("'%s' is not a date: write YYYY-MM-DD"):format(date)
    end
    y, m, d = tonumber(y), tonumber(m), tonumber(d)
    local shifted = m <= 2 and y - 1 or y
    local day_of_year = (153 * ((m + 9) % 12) + 2) // 5 + d - 1
    local days = 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + day_of_year - 719468
    local at = days * M.day
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

local function account(owner, creator, platform, handle, level, per_week, silent)
    M.accounts[#M.accounts + 1] = {
        owner = owner, creator = creator, platform = platform, handle = handle, level = level, per_week = per_week,
        silent = silent,
    }
end

account("studio", "Luma Kitchen", "youtube", "lumakitchen", 42000, 3)
account("studio", "Luma Kitchen", "tiktok", "lumakitchen", 61000, 7)
account("studio", "Luma Kitchen", "instagram", "luma.kitchen", 18000, 5)
account("studio", "Fjell & Fog", "youtube", "fjellandfog", 95000, 2)
account("studio", "Fjell & Fog", "instagram", "fjell.and.fog", 26000, 4)
account("studio", "Fjell & Fog", "x", "fjellandfog", 3100, 14)
account("studio", "Byte & Beans", "youtube", "byteandbeans", 23000, 4)
account("studio", "Byte & Beans", "tiktok", "byteandbeans", 34000, 6)
account("studio", "Byte & Beans", "x", "byteandbeans", 5200, 18)
account("studio", "Ola Mint", "tiktok", "ola.mint", 150000, 8, 4) -- its collector lost the login: silent for four days
account("studio", "Ola Mint", "instagram", "ola.mint", 47000, 5)
account("studio", "Ola Mint", "x", "olamint", 1800, 10)
account("solo", "Tess Varga", "youtube", "tessvarga", 3800, 2)
account("solo", "Tess Varga", "tiktok", "tess.varga", 7400, 4)
account("solo", "Tess Varga", "instagram", "tess.varga", 2100, 3)

local topics = {
    ["Luma Kitchen"] = { "one-pan dinner", "sourdough", "pickled lemons", "market haul", "knife skills" },
    ["Fjell & Fog"] = { "winter hut", "first snow", "packing light", "ridge walk", "northern light" },
    ["Byte & Beans"] = { "espresso math", "tiny keyboards", "a cache that lies", "grinder test", "debugging at dawn" },
    ["Ola Mint"] = { "green room", "thrift flip", "three looks", "mending", "colour of the week", "closet reset" },
    ["Tess Varga"] = { "slow loom", "indigo vat", "a scarf a week", "dye garden", "studio day" },
}
-- Some tags matter a little, most do not: what a rule should find, and what it should not.
local tags = {
    howto = 0.16, story = 0.09, behindthescenes = 0.06, shorts = 0, weekend = 0, qanda = 0, live = -0.05, unboxing = -0.14,
}
local tag_names = { "behindthescenes", "howto", "live", "qanda", "shorts", "story", "unboxing", "weekend" }
local openers = {
    "How we got to %s", "Why %s?", "%s, start to finish", "The trouble with %s", "%s in ten minutes",
    "What nobody says about %s", "Back to %s", "%s ☕", "Is %s worth it?",
}
local kinds = {
    youtube = { "video" }, tiktok = { "video" }, instagram = { "IMAGE", "VIDEO", "CAROUSEL_ALBUM" }, x = { "text" },
}
local weekday = { [0] = 1.08, 1.00, 0.94, 0.95, 0.97, 1.02, 1.14 } -- Sunday first

-- The AI that writes titles and captions changed from v6 to v7 five weeks before the end: a modest lift.
M.change = { version = "v7", before = "v6", days_before_end = 35, lift = 0.09 }

-- ---- what happens to a post ----

local shape = { -- how fast attention comes (days until 63 % of it) and how sharply; rates per view
    youtube = { tau = 3.2, beta = 0.62, likes = 0.041, comments = 0.0042, shares = 0.006, saves = 0.004 },
    tiktok = { tau = 1.1, beta = 0.70, likes = 0.088, comments = 0.0060, shares = 0.011, saves = 0.013 },
    instagram = { tau = 0.9, beta = 0.72, likes = 0.061, comments = 0.0035, shares = 0.007, saves = 0.015 },
    x = { tau = 0.35, beta = 0.65, likes = 0.017, comments = 0.0016, shares = 0.0031, saves = 0.0012 },
}

local function new_post(owner, at, seed, world)
    local r = M.random(seed, owner.key .. "/" .. at)
    local topic = r:pick(topics[owner.creator])
    local post = { account = owner, at = at, random = r, kind = r:pick(kinds[owner.platform]) }
    post.tags = { (topic:gsub("[^%w]", "")) }
    post.title = r:pick(openers):format(topic):gsub("^%l", string.upper)
    local lift = 0
    for _, name in ipairs(tag_names) do
        if r:unit() < 0.27 then
            post.tags[#post.tags + 1] = name
            lift = lift + tags[name]
        end
    end
    post.seconds = owner.platform == "youtube" and r:int(240, 1500) or r:int(11, 75)
    if at >= world.changed_at then
        lift = lift + M.change.lift
    end
    local week = tonumber(os.date("!%w", at))
    post.reach = owner.level * weekday[week] * math.exp(0.45 * r:normal() + lift * 0.5)
    local s = shape[owner.platform]
    post.rate = {}
    for _, count in ipairs({ "likes", "comments", "shares", "saves" }) do
        post.rate[count] = s[count] * math.exp(0.25 * r:normal() + lift)
    end
    return post
end

-- The counts of a post as they stand at a time.
function M.counts(post, at)
    local s = shape[post.account.platform]
    local age = (at - post.at) / M.day
    local share = 1 - math.exp(-(age / s.tau) ^ s.beta)
    local views = math.floor(post.reach * share)
    local c = { views = views }
    for name, rate in pairs(post.rate) do
        c[name] = math.floor(views * rate)
    end
    -- Once, a platform takes counts back: bought likes, found out a week later.
    if post.corrected and age > 7 then
        c.likes = math.floor(c.likes * 0.93)
        c.views = math.floor(c.views * 0.97)
    end
    return c
end

-- ---- all of it ----

local alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

local function name_account(a, seed)
    a.key = a.owner .. "/" .. a.platform .. "/" .. a.handle
    local r = M.random(seed, a.key)
    if a.platform == "youtube" then
        a.id = "UC" .. r:text(22, alphanumeric)
    elseif a.platform == "instagram" then
        a.id = "17841" .. r:text(12, "0123456789")
    else
        a.id = r:text(1, "123456789") .. r:text(9, "0123456789")
    end
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

-- The world of a seed that ends on a day: { first_day, last_day, changed_at, accounts = { { …, posts = { oldest first } } } }
function M.new(seed, last_day)
    local world = {
        first_day = last_day - (M.weeks * 7 - 1) * M.day,
        last_day = last_day,
        changed_at = last_day - M.change.days_before_end * M.day,
        accounts = {},
    }
    for i, given in ipairs(M.accounts) do
        local a = { number = i, posts = {} }
        for k, v in pairs(given) do
            a[k] = v
        end
        local r = name_account(a, seed)
        local at = world.first_day - 180 * M.day + r:int(0, M.day)
        local step = 7 * M.day / a.per_week
        while at < last_day do
            local post = new_post(a, at, seed, world)
            name_post(post)
            a.posts[#a.posts + 1] = post
            at = at + math.floor(step * (0.5 + r:unit()))
        end
        world.accounts[i] = a
    end
    -- A few odd things, because real data has them.
    local videos, clips = world.accounts[1].posts, world.accounts[2].posts
    videos[#videos - 9].hide_likes = true
    clips[#clips - 30].corrected = true
    videos[#videos - 4].title = "Dinner \27[31mis\27[0m served 🍋 «zest»"
    return world
end

return M
