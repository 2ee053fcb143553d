-- docs/plugins.md is done as it says, in a fresh folder: its files are written, its commands run in order, and what it says they
-- print is compared. The result is examples/first_plugin.
local support = require("e2e.support")

local page = support.source .. "/docs/plugins.md"
local example = support.source .. "/examples/first_plugin/"

-- { { kind = "sh" | "file" | "text", line, text, path } }, in the page's order.
local function blocks()
    local list, block, n = {}, nil, 0
    for line in io.lines(page) do
        n = n + 1
        if block and line == "```" then
            list[#list + 1] = block
            block = nil
        elseif block then
            block.text = block.text .. line .. "\n"
        elseif line:find("^```") then
            local path = line:match("file=(%S+)$")
            local kind = path and "file" or line == "```sh tutorial" and "sh" or line == "```text" and "text" or "other"
            block = { kind = kind, path = path, line = n, text = "" }
        end
    end
    return list
end

describe("the tutorial", function()
    local project, commands, root
    local list = blocks()

    setup(function()
        root = support.mktemp()
        commands = {}
        for _, block in ipairs(list) do
            if block.kind == "sh" then
                for line in block.text:gmatch("[^\n]+") do commands[#commands + 1] = line end
            end
        end
    end)
    teardown(function()
        if project then project:close() end
        os.execute("rm -rf " .. support.quote(root))
    end)

    it("goes from init to a report in ten commands or fewer", function()
        assert.equal("tidemark init studio", commands[1])
        assert.equal("tidemark report vidly.top", commands[#commands])
        local n = 0
        for _, command in ipairs(commands) do n = n + (command:find("^tidemark") and 1 or 0) end
        assert.is_true(n <= 10, n .. " commands")
    end)

    it("does what it says, step by step", function()
        -- a project object for its environment and for tidying up; the tutorial's own init makes the folder
        project = support.folder()
        os.execute("rm -rf " .. support.quote(project.root))
        project.root, project.embedded = root, true
        local bin = support.bin:match("^(.*)/[^/]*$")
        local said, dir = "", root
        for _, block in ipairs(list) do
            if block.kind == "file" then
                project:write(block.path, block.text)
            elseif block.kind == "sh" then
                said = ""
                for line in block.text:gmatch("[^\n]+") do
                    local folder = line:match("^cd (%S+)$")
                    if folder then
                        dir = root .. "/" .. folder
                        project.dir = dir
                    else
                        local r = support.sh(line, { cwd = dir, env = { PATH = bin .. ":" .. os.getenv("PATH"),
                            TIDEMARK_DATABASE = false, PGHOST = false, PGHOSTADDR = false, PGSERVICE = false, PGDATABASE = false, COLUMNS = false } })
                        assert.equal(0, r.code, ("plugins.md:%d: %s\n%s%s"):format(block.line, line, r.out, r.err))
                        said = said .. r.out .. r.err
                    end
                end
            elseif block.kind == "text" and said ~= "" then
                for line in block.text:gmatch("[^\n]+") do
                    assert.truthy(said:find(line, 1, true), ("plugins.md:%d: this is not printed:\n%s\n---\n%s"):format(block.line, line, said))
                end
            end
        end
    end)

    it("ends in examples/first_plugin, byte for byte", function()
        for _, name in ipairs { "plugin.lua", "reports/top.sql", "spec/vidly_spec.lua", "fixtures/vidly.json", "fixtures/vidly.golden.json" } do
            assert.equal(support.read(example .. "vidly/" .. name), support.read(project.dir .. "/plugins/vidly/" .. name), name)
        end
        assert.equal(support.read(example .. "vidly.json"), support.read(project.dir .. "/vidly.json"))
    end)

    it("builds a parser of at most 15 lines and a rule of at most 12", function()
        local text = support.read(example .. "vidly/plugin.lua")
        local function lines(part) return select(2, part:gsub("\n", "\n")) end
        assert.is_true(lines(text:match('\n    %["vidly%.videos"%].-\n    },\n')) - 1 <= 15)
        assert.is_true(lines(text:match('\n    %["vidly%.evening"%].-\n    },\n')) - 1 <= 12)
    end)
end)

describe("examples/first_plugin", function()
    it("passes its own specs", function()
        local f = support.folder()
        local r = f:run { "plugin", "test", example .. "vidly" }
        f:close()
        assert.equal(0, r.code, r.out .. r.err)
        assert.truthy(r.out:find("6 passed, 0 failed, 0 skipped", 1, true), r.out)
    end)

    it("does what its README says", function()
        local f = support.folder()
        os.execute(("cp -r %s* %s/"):format(support.quote(example), support.quote(f.dir)))
        local script = support.read(example .. "README.md"):match("```\n(.-)```")
        local p = setmetatable({ root = f.root, dir = f.dir .. "/studio", env = {}, embedded = true }, getmetatable(f))
        local r = support.sh("set -e\n" .. script, { cwd = f.dir, env = { PATH = support.bin:match("^(.*)/[^/]*$") .. ":" .. os.getenv("PATH"),
            TIDEMARK_DATABASE = false, PGHOST = false, PGHOSTADDR = false, PGSERVICE = false, PGDATABASE = false } })
        p:close()
        assert.equal(0, r.code, r.out .. r.err)
        assert.truthy(r.out:find("Ten loaves", 1, true), r.out)
    end)
end)
