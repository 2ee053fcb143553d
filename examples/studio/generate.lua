#!/usr/bin/env lua5.4
-- Writes what a collector would have kept of 120 days: the answers of YouTube, TikTok, Instagram and X for a studio with 12
-- accounts and a person with three. All of it is made up, the same arguments give the same bytes, and what is true in it is
-- known: OUT/truth.json says what was planted, check.lua compares it with what was found.
--
-- OUT/studio and OUT/solo hold two NDJSON files a day, of the poll at midnight and of the one at noon; a line is one answer
-- in the request wrapper { platform, url, status, headers, fetched_at, body }. TikTok's answers do not say whose they are, so
-- each login has a folder of its own, OUT/tiktok/OWNER/HANDLE. OUT/style/OWNER.ndjson holds what a vision model and an audio
-- analyser said of most posts. OUT/accounts.sql holds what a person adds by hand: an account's creator and time zone;
-- OUT/changes.tsv what changed in the AI: owner, type, version, time, account or all, metric.
--
-- A collector has its bad days: some it missed, one answer is an error of the platform, one came late with old numbers, one
-- line was cut off when a disk filled up. Platforms have theirs: counts taken back, likes hidden, views counted differently.
local here = arg[0]:match("^(.*/)") or "./"
package.path = here .. "?.lua;" .. package.path
local json = require("jsonw")
local shapes = require("shapes")
local truth = require("truth")
local world = require("world")

local usage = [[
usage: generate.lua --out DIR --end YYYY-MM-DD [--seed N] [--days N] [--owner studio|solo] [--null]
  --days   write the last N of the 120 days only
  --owner  write what is this owner's only
  --null   the same world, but everything planted is of size zero
]]

local function fail(text)
  io.stderr:write("generate.lua: ", text, "\n", usage)
  os.exit(64)
end

local function options()
  local o = { seed = "1", days = tostring(world.days) }
  local i = 1
  while arg[i] do
    local name = arg[i]:match("^%-%-(%a+)$")
    if name == "null" then
      o.null = true
      i = i + 1
    elseif name and arg[i + 1] and ({ out = 1, ["end"] = 1, seed = 1, days = 1, owner = 1 })[name] then
      o[name] = arg[i + 1]
      i = i + 2
    else
      fail(("do not understand '%s'"):format(arg[i]))
    end
  end
  if not o.out or not o["end"] then
    fail("--out and --end are needed")
  end
  if o.owner and o.owner ~= "studio" and o.owner ~= "solo" then
    fail(("there is no owner '%s'"):format(o.owner))
  end
  o.days = math.tointeger(tonumber(o.days)) or fail("--days is a whole number")
  return o
end

local o = options()
local last_day, why = world.midnight(o["end"])
if not last_day then
  fail(why)
end
local all = world.new(o.seed, last_day, o.null)

-- ---- what is polled ----

local function wrap(account, answer, at)
  local headers = answer.headers or json.object("content-type", "application/json")
  return ('{"platform":"%s","url":%s,"status":%d,"headers":%s,"fetched_at":"%s","body":%s}'):format(
    account.platform, json.encode(answer.url), answer.status or 200, json.encode(headers),
    world.iso(at + (answer.later or 0)), answer.body)
end

local function add(lines, account, answers, at)
  for _, answer in ipairs(answers) do
    lines[#lines + 1] = wrap(account, answer, at)
  end
end

local function polled(account, day)
  return day <= last_day - (account.silent or 0) * world.day and not all.missed[account.number][day]
end

-- Each account is asked at the same second of every day, a little after midnight.
local function at_midnight(account, day, lines)
  local at = day + account.number
  if not polled(account, day) then
    return
  end
  if all.refused.account == account.number and all.refused.day == day then
    return add(lines, account, { shapes.instagram_refusal(account) }, at)
  end
  add(lines, account, shapes[account.platform](account, at), at)
  local stale = all.stale
  if stale.account == account.number and stale.day == day then
    add(lines, account, shapes[account.platform](account, at - stale.age), at + stale.later)
  end
end

-- At noon, the posts that are about a day old and were not, or will not be, when it is midnight.
local function at_noon(account, day, lines)
  local at, young = day + world.day // 2 + account.number, {}
  if not polled(account, day) or day == last_day then
    return
  end
  for i = #account.posts, 1, -1 do
    local age = at - account.posts[i].at
    if age >= 30 * 3600 then
      break
    elseif age >= 18 * 3600 then
      young[#young + 1] = account.posts[i]
    end
  end
  if #young > 0 then
    add(lines, account, shapes[account.platform](account, at, young), at)
  end
end

-- ---- what is written ----

local function shell_quote(s)
  return "'" .. s:gsub("'", [['\'']]) .. "'"
end

local function make_dir(path)
  if not os.execute("mkdir -p " .. shell_quote(path)) then
    os.exit(75)
  end
end

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
end

local function wanted(owner)
  return not o.owner or o.owner == owner
end

local function folder_of(account)
  if account.platform == "tiktok" then
    return ("tiktok/%s/%s"):format(account.owner, account.handle)
  end
  return account.owner
end

local function write_payloads()
  local folders, order = {}, {}
  for _, account in ipairs(all.accounts) do
    local name = folder_of(account)
    if wanted(account.owner) and not folders[name] then
      folders[name] = {}
      order[#order + 1] = name
    end
    table.insert(folders[name] or {}, account)
  end
  for _, name in ipairs(order) do
    make_dir(o.out .. "/" .. name)
    for day = math.max(all.first_day, last_day - (o.days - 1) * world.day), last_day, world.day do
      for poll, hour in ipairs({ "T00", "T12" }) do
        local lines = {}
        for _, account in ipairs(folders[name]) do
          (poll == 1 and at_midnight or at_noon)(account, day, lines)
        end
        if name == "studio" and poll == 1 and day == all.cut_day then
          lines[#lines] = lines[#lines]:sub(1, 4000)
        end
        if #lines > 0 then
          local path = ("%s/%s/%s%s.ndjson"):format(o.out, name, os.date("!%Y-%m-%d", day), hour)
          write_file(path, table.concat(lines, "\n") .. "\n")
        end
      end
    end
  end
end

local function rounded(facts)
  local out, names = {}, {}
  for name in pairs(facts or {}) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local v = facts[name]
    out[#out + 1] = name
    out[#out + 1] = math.type(v) == "float" and math.floor(v * 1000 + 0.5) / 1000 or v
  end
  return #out > 0 and json.object(table.unpack(out)) or nil
end

local function style_document(post)
  local s = post.style
  return json.encode(json.object(
    "platform", post.account.platform, "external_id", post.id, "visual", rounded(s.visual), "audio", rounded(s.audio),
    "text", rounded(s.text), "tags", s.tags))
end

local function write_style()
  local lines = { studio = {}, solo = {} }
  for _, account in ipairs(all.accounts) do
    for _, post in ipairs(account.posts) do
      -- what no poll has seen, nobody has looked at either
      if post.has_style and post.at < last_day - (account.silent or 0) * world.day then
        table.insert(lines[account.owner], style_document(post))
      end
    end
  end
  make_dir(o.out .. "/style")
  for owner, list in pairs(lines) do
    if wanted(owner) then
      write_file(("%s/style/%s.ndjson"):format(o.out, owner), table.concat(list, "\n") .. "\n")
    end
  end
end

local function write_accounts()
  local lines = {}
  for _, a in ipairs(all.accounts) do
    if wanted(a.owner) then
      lines[#lines + 1] = ("UPDATE tidemark.accounts SET creator = '%s', handle = coalesce(handle, '%s'), time_zone = '%s'"
        .. " WHERE user_id = :'%s' AND platform = '%s' AND external_id = '%s';\n"):format(a.creator, a.handle, a.zone, a.owner,
        a.platform, a.external_id)
    end
  end
  write_file(o.out .. "/accounts.sql", table.concat(lines))
end

local function write_changes()
  local lines = {}
  for _, taken in ipairs(all.changes) do
    local c, a = taken.change, taken.account
    if wanted(c.owner) then
      lines[#lines + 1] = table.concat({ c.owner, c.type, c.version, world.iso(taken.at),
        a and a.platform .. ":" .. a.external_id or "all", "engagement" }, "\t")
    end
  end
  write_file(o.out .. "/changes.tsv", table.concat(lines, "\n") .. "\n")
end

local function write_truth()
  local planted, nulls = {}, {}
  for i, p in ipairs(truth.planted(all)) do
    planted[i] = "\n    " .. json.encode(json.object(
      "kind", p.kind, "owner", p.owner, "subject", json.object("type", p.subject.type, "key", p.subject.key),
      "platforms", p.platforms, "percent", p.percent, "must", p.must))
  end
  for i, n in ipairs(truth.nulls(all)) do
    nulls[i] = "\n    " .. json.encode(json.object("type", n.type, "key", n.key, "why", n.why))
  end
  local text = '{\n  "seed": %s, "end": "%s", "null": %s,\n  "planted": [%s\n  ],\n  "nulls": [%s\n  ]\n}\n'
  write_file(o.out .. "/truth.json",
    text:format(json.encode(o.seed), o["end"], all.null, table.concat(planted, ","), table.concat(nulls, ",")))
end

make_dir(o.out)
write_payloads()
write_style()
write_accounts()
write_changes()
write_truth()
