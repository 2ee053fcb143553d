-- Every command a document shows works: the sh blocks of README.md, CONTRIBUTING.md and docs/*.md are run, a document's
-- blocks in order in one shell, in a folder with example payloads beside it. Output stands in text blocks and is not run.
--
-- ./dev itself is not run from here (it would build, and test, within a test): its commands are looked up in its help.
local lfs = require("lfs")

local source = assert(os.getenv("TIDEMARK_SOURCE"), "TIDEMARK_SOURCE is not set")
local binary = assert(os.getenv("TIDEMARK_BIN"), "TIDEMARK_BIN is not set")

local function quote(s)
    return "'" .. s:gsub("'", [['\'']]) .. "'"
end

local function run(command)
    local pipe = assert(io.popen(command .. " 2>&1"))
    local said = pipe:read("a")
    local _, _, code = pipe:close()
    return code, said
end

local function write(path, text)
    local f <close> = assert(io.open(path, "wb"))
    assert(f:write(text))
end

-- The sh blocks of a document: { { line = n, text = "…" }, … }.
local function blocks(file)
    local out, n, block = {}, 0, nil
    for line in io.lines(file) do
        n = n + 1
        if block and line:find("^```") then
            out[#out + 1] = block
            block = nil
        elseif block then
            block.text = block.text .. line .. "\n"
        elseif line == "```sh" then
            block = { line = n, text = "" }
        end
    end
    assert(block == nil, file .. ": a block is not closed")
    return out
end

local function documents()
    local list = { "README.md", "CONTRIBUTING.md" }
    for name in lfs.dir(source .. "/docs") do
        if name:find("%.md$") then
            list[#list + 1] = "docs/" .. name
        end
    end
    table.sort(list)
    return list
end

local video = [[{"kind":"youtube#videoListResponse","items":[{"id":"dQw4w9WgXcQ","snippet":{"channelId":"UCexample",
"title":"A first look","publishedAt":"2026-01-02T10:00:00Z","tags":["howto"]},
"statistics":{"viewCount":"1200","likeCount":"80","commentCount":"7"}}]}]]

describe("the commands in the documents", function()
    local tmp

    setup(function()
        tmp = select(2, run("mktemp -d")):gsub("\n$", "")
        assert(lfs.mkdir(tmp .. "/payloads"))
        write(tmp .. "/payloads/videos.json", video)
        assert(os.execute(("cp %s %s"):format(quote(source .. "/examples/first_plugin/vidly.json"), quote(tmp .. "/payloads/"))))
    end)
    teardown(function()
        run("rm -rf " .. quote(tmp))
    end)

    -- Each document has a project of its own; root's databases lie in /var/lib and must go too.
    local script = [[
set -eux
cd "$1"
PATH=$2:$PATH
export HOME=$1
unset TIDEMARK_DATABASE PGHOST PGHOSTADDR PGSERVICE PGDATABASE || true
clean() {
    for config in "$1"/*/tidemark.lua; do
        [ -e "$config" ] || continue
        dir=$(readlink -f "$(dirname "$config")")
        (cd "$dir" && tidemark db stop >/dev/null 2>&1) || true
        if [ "$(id -u)" = 0 ]; then
            rm -rf "/var/lib/tidemark/$(printf %s "$dir" | sha256sum | cut -c1-16)"
        fi
    done
}
trap 'clean "$1"' EXIT
]]

    for _, name in ipairs(documents()) do
        local list = blocks(source .. "/" .. name)
        if #list > 0 then
            it("of " .. name .. " work", function()
                local text = script
                local help = select(2, run(quote(source .. "/dev") .. " --help"))
                for _, block in ipairs(list) do
                    for line in block.text:gmatch("[^\n]+") do
                        local command = line:match("^%./dev%s+(%S+)")
                        if command then
                            assert.truthy(help:find("\n  " .. command, 1, true) or command == "--help",
                                ("%s:%d: there is no ./dev %s"):format(name, block.line, command))
                        else
                            text = text .. line .. "\n"
                        end
                    end
                end
                local dir = tmp .. "/" .. name:gsub("%W", "_")
                assert(lfs.mkdir(dir))
                run(("cp -r %s %s"):format(quote(tmp .. "/payloads"), quote(dir .. "/")))
                write(dir .. "/script", text)
                local bin = binary:match("^(.*)/[^/]*$")
                local code, said = run(("bash %s %s %s"):format(quote(dir .. "/script"), quote(dir), quote(bin)))
                assert.equal(0, code, said)
            end)
        end
    end
end)
