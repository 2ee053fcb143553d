-- Made-up posts with planted effects, for the specs of the analyses: plain tables as a rule and an analysis see them. The same
-- seed gives the same posts; nothing comes from the machine.

local M = {}

M.from = 1767225600 -- 2026-01-01, a Thursday
M.day = 86400
M.as_of = M.from + 150 * M.day

--- A small generator of random numbers (xorshift64*).
function M.random(seed)
  local s = (seed * 0x9E3779B97F4A7C15 + 0x1234567) | 1
  local r = {}
  function r.unit()
    s = s ~ (s >> 12)
    s = s ~ (s << 25)
    s = s ~ (s >> 27)
    return ((s * 0x2545F4914F6CDD1D) >> 11) / (1 << 53)
  end
  function r.normal()
    return math.sqrt(-2 * math.log(1 - r.unit())) * math.cos(2 * math.pi * r.unit())
  end
  return r
end

local function median(list)
  table.sort(list)
  local h = #list // 2
  return #list % 2 == 1 and list[h + 1] or (list[h] + list[h + 1]) / 2
end

--- The score as the host gives it: y less the median of the account's other posts of the 90 days before, five at least.
function M.score(posts)
  local accounts = {}
  for _, p in ipairs(posts) do
    accounts[p.account] = accounts[p.account] or {}
    table.insert(accounts[p.account], p)
  end
  for _, list in pairs(accounts) do
    for _, p in ipairs(list) do
      local others = {}
      for _, o in ipairs(list) do
        local before = p.published_at - o.published_at
        if o ~= p and o.y and before >= 0 and before < 90 * M.day then others[#others + 1] = o.y end
      end
      p.score = p.y and #others >= 5 and p.y - median(others) or nil
    end
  end
  return posts
end

local function publish(posts, o, r, work, platform, creator)
  local hour = work.hour
  local noise = (o.noise or 0.4) * r.normal()
  local y = work.value + noise + (o.effect and o.effect(platform, hour, work) or 0)
  local views = 4000 + math.floor(8000 * r.unit())
  posts[#posts + 1] = {
    platform = platform, external_id = ("p%05d"):format(work.number), account = platform .. ":" .. creator, creator = creator,
    content = ("00000000-0000-7000-8000-%012d"):format(work.number), published_at = work.at + hour * 3600, local_hour = hour,
    local_weekday = 1 + (work.at // M.day + 3) % 7, tags = work.tags, views = views, basis = "observed", segment = "",
    straddles = false, y = y, likes = math.max(0, math.floor(math.exp(y) * (views + 10))), comments = 0, facts = work.facts,
  }
end

--- Posts. o: seed, accounts (12), works (each, 50), platforms ({ "tiktok" }: every work is published on each), days (120),
--- tags = { [name] = { share = 0.3, lift = 0.5 } } where share may be a function of the account's quality, facts =
--- { [name] = lift per sd }, effect(platform, hour, work) -> log ratio, noise, quality (sd between works), level (sd between
--- accounts).
function M.posts(o)
  local r, posts, number = M.random(o.seed or 1), {}, 0
  local names = {}
  for name in pairs(o.tags or {}) do names[#names + 1] = name end
  table.sort(names)
  local facts = {}
  for name in pairs(o.facts or {}) do facts[#facts + 1] = name end
  table.sort(facts)
  for a = 1, o.accounts or 12 do
    local creator, level = ("creator%02d"):format(a), (o.level or 0.5) * r.normal()
    for w = 1, o.works or 50 do
      number = number + 1
      local work = { number = number, creator = creator, index = a, tags = {}, facts = {}, hour = math.floor(24 * r.unit()) }
      work.at = M.from + math.floor((o.days or 120) * (w - r.unit()) / (o.works or 50)) * M.day
      work.value = -3 + level + (o.quality or 0.3) * r.normal()
      for _, name in ipairs(names) do
        local tag = o.tags[name]
        local share = type(tag.share) == "function" and tag.share(level) or tag.share or 0.3
        if r.unit() < share then
          work.tags[#work.tags + 1] = name
          work.value = work.value + math.log(1 + (tag.lift or 0))
        end
      end
      for _, name in ipairs(facts) do
        local z = r.normal()
        work.facts[name] = 10 + 2 * z
        work.value = work.value + z * math.log(1 + o.facts[name])
      end
      for _, platform in ipairs(o.platforms or { "tiktok" }) do publish(posts, o, r, work, platform, creator) end
    end
  end
  return M.score(posts)
end

--- The labels a rule would give: extra, parallel to posts.
function M.by(posts, f)
  local extra = {}
  for i, p in ipairs(posts) do extra[i] = { by = f(p) } end
  return extra
end

function M.tags(posts)
  return M.by(posts, function(p) return p.tags end)
end

function M.blocks(posts)
  return M.by(posts, function(p)
    local b = p.local_hour // 3 * 3
    return ("%02d-%02d"):format(b, b + 3)
  end)
end

--- The same posts in another order, and what belongs to them.
function M.shuffled(posts, extra, seed)
  local r, a, b = M.random(seed or 7), {}, extra and {} or nil
  for i = 1, #posts do a[i] = posts[i] end
  for i = 1, extra and #extra or 0 do b[i] = extra[i] end
  for i = #a, 2, -1 do
    local j = 1 + math.floor(i * r.unit())
    a[i], a[j] = a[j], a[i]
    if b then b[i], b[j] = b[j], b[i] end
  end
  return a, b
end

function M.world(o)
  local world = { as_of = M.as_of, watermark = M.as_of, age_h = 168, metric = "engagement", since = M.from, changes = {} }
  for k, v in pairs(o or {}) do world[k] = v end
  return world
end

function M.run(o)
  local run = {
    id = "0192f0c1-7a31-7c55-9b1e-5d0f8a6b1c22", rule = "spec.rule", plugin = "spec@1.0.0", computed_at = "2026-05-31T00:00:05Z",
    as_of = "2026-05-31T00:00:00Z", watermark = "2026-05-30T22:00:00Z", since = "2026-01-01T00:00:00Z", metric = "engagement",
    age_h = 168, withheld_h = 72, tz = "UTC", segment = "", input_hash = "abc",
  }
  for k, v in pairs(o or {}) do run[k] = v end
  return run
end

--- Candidates or results by platform and subject: "tiktok|howto", "*|howto".
function M.index(list)
  local out = {}
  for _, c in ipairs(list) do
    local key = type(c.subject) == "table" and c.subject.key or c.subject
    out[(c.platform or "*") .. "|" .. key] = c
  end
  return out
end

--- The subjects that are written, in order.
function M.written(results)
  local out = {}
  for _, r in ipairs(results) do
    if r.decision == "written" then out[#out + 1] = (r.platform or "*") .. "|" .. r.subject end
  end
  table.sort(out)
  return out
end

-- --- JSON, with its keys in order: what the host writes, near enough for a schema and for a comparison -----------------------

local jsonlist = require("tidemark.jsonlist")

local function encode(value, out)
  if type(value) == "table" and value ~= jsonlist.null then
    local list = jsonlist.is_array(value)
    out[#out + 1] = list and "[" or "{"
    if list then
      for i, v in ipairs(value) do
        if i > 1 then out[#out + 1] = "," end
        encode(v, out)
      end
    else
      local keys = {}
      for k in pairs(value) do keys[#keys + 1] = k end
      table.sort(keys)
      for i, k in ipairs(keys) do
        out[#out + 1] = (i > 1 and "," or "") .. ("%q:"):format(k)
        encode(value[k], out)
      end
    end
    out[#out + 1] = list and "]" or "}"
  elseif type(value) == "string" then
    out[#out + 1] = '"' .. value:gsub('[%c"\\]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
  elseif math.type(value) == "float" then
    out[#out + 1] = ("%.17g"):format(value)
  else
    out[#out + 1] = value == jsonlist.null and "null" or tostring(value)
  end
end

function M.json(value)
  local out = {}
  encode(value, out)
  return table.concat(out)
end

--- What the schema says of some evidences: "" when all are valid.
function M.invalid(evidences)
  local name = os.tmpname()
  local file = assert(io.open(name, "w"))
  file:write(M.json(jsonlist.array(evidences)))
  file:close()
  local pipe = assert(io.popen("/usr/bin/python3 tests/lib/validate.py schema/evidence.schema.json " .. name .. " 2>&1"))
  local text = pipe:read("a")
  pipe:close()
  os.remove(name)
  return text
end

return M
