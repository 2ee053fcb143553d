-- The example payloads: made up, but the same each time, in the platforms' shapes, and never from the future.
local json = require("dkjson")

local source = os.getenv("TIDEMARK_SOURCE") or "."
local generator = source .. "/examples/studio/generate.lua"

local function quote(s)
    return "'" .. s:gsub("'", [['\'']]) .. "'"
end

local function output(command)
    local pipe <close> = assert(io.popen(command))
    return pipe:read("a")
end

describe("the example payloads", function()
    local tmp

    local function generate(name, options)
        local dir = tmp .. "/" .. name
        local command = ("lua5.4 %s --out %s %s 2>&1"):format(quote(generator), quote(dir), options)
        local pipe = assert(io.popen(command))
        local said = pipe:read("a")
        local _, _, code = pipe:close()
        return dir, code, said
    end

    local function answers(dir)
        local list, broken = {}, 0
        local files = output("find " .. quote(dir) .. " -name '*.ndjson' | sort")
        for file in files:gmatch("[^\n]+") do
            for line in io.lines(file) do
                local answer = json.decode(line)
                if answer then
                    answer.owner = file:find("/solo/", 1, true) and "solo" or "studio"
                    list[#list + 1] = answer
                else
                    broken = broken + 1
                end
            end
        end
        return list, broken
    end

    setup(function()
        tmp = output("mktemp -d"):gsub("\n$", "")
    end)
    teardown(function()
        os.execute("rm -rf " .. quote(tmp))
    end)

    it("are the same bytes for the same seed, and others for another", function()
        local sums = {}
        for i, options in ipairs({ "--seed 7", "--seed 7", "--seed 8" }) do
            local dir, code, said = generate("same" .. i, "--days 3 --end 2026-11-24 " .. options)
            assert.equal(0, code, said)
            sums[i] = output("cd " .. quote(dir) .. " && find . -type f | sort | xargs cat | sha256sum")
        end
        assert.equal(sums[1], sums[2])
        assert.not_equal(sums[1], sums[3])
    end)

    it("hold all four platforms, 12 accounts of the studio and 3 of the single person", function()
        local list = answers(generate("platforms", "--days 6 --end 2026-11-24"))
        local accounts = { studio = {}, solo = {} }
        local platforms = {}
        for _, a in ipairs(list) do
            platforms[a.platform] = true
            local who = a.fetched_at:match("T00:00:(%d%d)")
            if not a.url:find("/insights", 1, true) then
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
        assert.equal("2024-02-29", last:sub(1, 10))
    end)

    it("have the odd things of real data: an error of the platform, a cut line, a silent account", function()
        local dir = generate("odd", "--end 2026-11-24")
        local list, broken = answers(dir)
        local refused, silent = 0, 0
        for _, a in ipairs(list) do
            refused = refused + (a.body.error and a.body.error.type == "OAuthException" and 1 or 0)
            if a.fetched_at > "2026-11-21" and a.body.data and a.body.data.videos then
                silent = silent + (a.body.data.videos[1].share_url:find("@ola.mint", 1, true) and 1 or 0)
            end
        end
        assert.equal(1, broken)
        assert.equal(1, refused)
        assert.equal(0, silent)
        assert.is_true(#list > 1500)
    end)

    it("are refused for a date that is none", function()
        local _, code, said = generate("none", "--end 2025-02-29")
        assert.equal(64, code)
        assert.truthy(said:find("there is no 2025-02-29", 1, true))
    end)
end)
