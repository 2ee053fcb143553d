#!/usr/bin/env lua5.4
-- Writes what a collector would have kept of 13 weeks: the answers of YouTube, TikTok, Instagram and X for a studio with 12
-- accounts and a person with three. All of it is made up, and the same arguments give the same bytes.
--
-- OUT/studio and OUT/solo hold an NDJSON file a day; a line is one answer in the request wrapper { platform, url, status,
-- headers, fetched_at, body }. TikTok's answers do not say whose they are, so each login has a folder of its own,
-- OUT/tiktok/OWNER/HANDLE. OUT/accounts.sql holds what a person adds by hand: which creator an account belongs to.
--
-- A collector has its bad days: one answer is an error of the platform, one line was cut off when a disk filled up.
local here = arg[0]:match("^(.*/)") or "./"
package.path = here .. "?.lua;" .. package.path
local json = require("jsonw")
local shapes = require("shapes")
local world = require("world")

local usage = "usage: generate.lua --out DIR --end YYYY-MM-DD [--seed N] [--days N]\n"

local function fail(text)
    io.stderr:write("generate.lua: ", text, "\n", usage)
    os.exit(64)
end

local function options()
    local o = { seed = "1", days = tostring(world.weeks * 7) }
    local i = 1
    while arg[i] do
        local name = arg[i]:match("^%-%-(%a+)$")
        if not name or not arg[i + 1] or not ({ out = 1, ["end"] = 1, seed = 1, days = 1 })[name] then
            fail(("do not understand '%s'"):format(arg[i]))
        end
        o[name] = arg[i + 1]
        i = i + 2
    end
    if not o.out or not o["end"] then
        fail("--out and --end are needed")
    end
    o.days = math.tointeger(tonumber(o.days)) or fail("--days is a whole number")
    return o
end

local function wrap(account, answer, at)
    local headers = answer.headers or json.object("content-type", "application/json")
    return ('{"platform":"%s","url":%s,"status":%d,"headers":%s,"fetched_at":"%s","body":%s}'):format(
        account.platform, json.encode(answer.url), answer.status or 200, json.encode(headers),
        world.iso(at + (answer.later or 0)), answer.body)
end

-- Each account is asked at the same second of every day, a little after midnight.
local function day_lines(account, day, last_day, lines)
    local at = day + account.number
    if day > last_day - (account.silent or 0) * world.day then
        return
    end
    local answers = account.refused_on == day and { shapes.instagram_refusal(account) } or shapes[account.platform](account, at)
    for _, answer in ipairs(answers) do
        lines[#lines + 1] = wrap(account, answer, at)
    end
end

local function shell_quote(s)
    return "'" .. s:gsub("'", [['\'']]) .. "'"
end

local o = options()
local last_day, why = world.midnight(o["end"])
if not last_day then
    fail(why)
end
local all = world.new(o.seed, last_day)
all.accounts[11].refused_on = last_day - 17 * world.day
local cut_day = last_day - 23 * world.day

local function write_file(path, text)
    local file = assert(io.open(path, "wb"))
    assert(file:write(text))
    assert(file:close())
end

local function folder_of(account)
    if account.platform == "tiktok" then
        return ("tiktok/%s/%s"):format(account.owner, account.handle)
    end
    return account.owner
end

local folders, order = {}, {}
for _, account in ipairs(all.accounts) do
    local name = folder_of(account)
    if not folders[name] then
        folders[name] = {}
        order[#order + 1] = name
    end
    table.insert(folders[name], account)
end

for _, name in ipairs(order) do
    local dir = o.out .. "/" .. name
    if not os.execute("mkdir -p " .. shell_quote(dir)) then
        os.exit(75)
    end
    for day = math.max(all.first_day, last_day - (o.days - 1) * world.day), last_day, world.day do
        local lines = {}
        for _, account in ipairs(folders[name]) do
            day_lines(account, day, last_day, lines)
        end
        if name == "studio" and day == cut_day then
            lines[#lines] = lines[#lines]:sub(1, 4000)
        end
        if #lines > 0 then
            write_file(("%s/%s.ndjson"):format(dir, os.date("!%Y-%m-%d", day)), table.concat(lines, "\n") .. "\n")
        end
    end
end

local labels = {}
for i, account in ipairs(all.accounts) do
    labels[i] = ("UPDATE tidemark.accounts SET creator = '%s', handle = coalesce(handle, '%s') WHERE user_id = :'%s'"
        .. " AND platform = '%s' AND external_id = '%s';\n"):format(account.creator, account.handle, account.owner,
        account.platform, account.platform == "tiktok" and account.handle or account.id)
end
write_file(o.out .. "/accounts.sql", table.concat(labels))
