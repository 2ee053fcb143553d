#!/usr/bin/env lua5.4
-- Writes what a collector would have kept of 13 weeks: the answers of YouTube, TikTok, Instagram and X for a studio with 12
-- accounts and a person with three. All of it is made up, and the same arguments give the same bytes.
--
-- One NDJSON file a day and owner; a line is one answer in the request wrapper { platform, url, status, headers, fetched_at,
-- body }. A collector has its bad days: one answer is an error of the platform, one line was cut off when a disk filled up.
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
local function day_lines(accounts, owner, day, last_day)
    local lines = {}
    for _, account in ipairs(accounts) do
        local at = day + account.number
        if account.owner == owner and day <= last_day - (account.silent or 0) * world.day then
            local answers = shapes[account.platform](account, at)
            if account.refused_on == day then
                answers = { shapes.instagram_refusal(account) }
            end
            for _, answer in ipairs(answers) do
                lines[#lines + 1] = wrap(account, answer, at)
            end
        end
    end
    return lines
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

for _, owner in ipairs({ "studio", "solo" }) do
    local dir = o.out .. "/" .. owner
    if not os.execute("mkdir -p " .. shell_quote(dir)) then
        os.exit(75)
    end
    for day = math.max(all.first_day, last_day - (o.days - 1) * world.day), last_day, world.day do
        local lines = day_lines(all.accounts, owner, day, last_day)
        if owner == "studio" and day == cut_day then
            lines[#lines] = lines[#lines]:sub(1, 4000)
        end
        local path = ("%s/%s.ndjson"):format(dir, os.date("!%Y-%m-%d", day))
        local file = assert(io.open(path, "wb"))
        assert(file:write(table.concat(lines, "\n"), "\n"))
        assert(file:close())
    end
end
