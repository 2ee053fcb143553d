-- What ingest takes beside plain files: ids that only the request knew, packed files, folders; all without a database.
local support = require("e2e.support")

local function has(text, part) assert.truthy(text:find(part, 1, true), part .. "\n---\n" .. text) end
local function lacks(text, part) assert.falsy(text:find(part, 1, true), part .. "\n---\n" .. text) end

local plugin = [[
return {
  name = "pins", api = 1, about = "x",
  parsers = {
    ["pins.days"] = { about = "a pin's days", match = { kind_of = { days = "array" } }, each = "days", window = "day",
      id_from_url = "/pins/([^/]+)/analytics", counts = { views = "n", window_start = "d" } },
    ["pins.list"] = { about = "pins", match = { kind_of = { pins = "array" } }, each = "pins", post = { id = "id" },
      counts = { views = "n" } },
    ["pins.code"] = { about = "as code", match = { code = true },
      parse = function(doc, out, input) out.post { title = input.content } out.counts { views = doc.code } end },
    ["pins.table"] = { about = "a table", match = { columns = { "id", "n" } }, post = { id = "id" }, counts = { views = "n" } },
  },
}
]]

local function days(url)
    return ('{"url":"%s","fetched_at":"2024-03-03T00:00:00Z","body":{"days":[{"d":"2024-03-01","n":1},{"d":"2024-03-02","n":2}]}}')
        :format(url)
end

local p
setup(function()
    p = support.project {}
    p:write("plugins/pins/plugin.lua", plugin)
end)
teardown(function() p:close() end)

local function sh(command) return support.sh(command, { cwd = p.dir }) end
local function dry(...) return p:run { "ingest", "--dry-run", "--format", "ndjson", ... } end

describe("an id that the answer does not hold", function()
    it("is read off the wrapper's url", function()
        p:write("days.json", days("https://api.pins.example/v5/pins/81%3A7/analytics?x=1"))
        local r = dry("days.json")
        assert.equal(0, r.code, r.err)
        local _, n = r.out:gsub('"external_id":"81:7"', "")
        assert.equal(2, n, r.out)
    end)

    it("is the one of --content where nothing else names it", function()
        p:write("other.json", days("https://api.pins.example/v5/boards/1"))
        local r = dry("other.json")
        assert.equal(65, r.code)
        has(r.err, "item 0: no id, and none in a wrapper's url by '/pins/([^/]+)/analytics'; name the post with --content ID")
        r = dry("--content", "pin-9", "other.json", "days.json")
        assert.equal(0, r.code, r.err)
        has(r.out, '"external_id":"pin-9"')
        has(r.out, '"external_id":"81:7"')
        p:write("code.json", '{"code":5}')
        r = p:run { "ingest", "--dry-run", "--whole", "--content", "pin-9", "code.json" }
        has(r.out, '"external_id":"pin-9"')
        has(r.out, '"title":"pin-9"')
    end)

    it("is never one for two posts", function()
        p:write("two.json", '{"pins":[{"n":1},{"id":"named","n":2},{"n":3}]}')
        local r = dry("--content", "pin-9", "two.json")
        assert.equal(2, r.code, r.err)
        has(r.err, "item 0: no id, and --content names one post: this delivery has more than one without an id")
        has(r.err, "item 2: no id")
        has(r.out, '"external_id":"named"')
        lacks(r.out, "pin-9")
    end)

    it("must be text that can be an id", function()
        local r = dry("--content", "", "two.json")
        assert.equal(64, r.code)
        has(r.err, "--content: must be the UUID of a work, or a post's id: UTF-8 text of 1 to 512 bytes")
    end)
end)

local list = '{"pins":[{"id":"a","n":1},{"id":"b","n":2}]}'

describe("packed files", function()
    it("are taken by their content, whatever their name", function()
        p:write("list.json", list)
        p:write("lines.jsonl", '{"pins":[{"id":"c","n":1}]}\n{"pins":[{"id":"d","n":2}]}\n')
        p:write("table.csv", "id,n\ne,3\n")
        sh("mkdir -p packed/deep && gzip -c list.json > packed/list.json.gz && zstd -qc lines.jsonl > packed/deep/lines.jsonl.zst"
            .. " && gzip -c table.csv > packed/table.csv.gz && gzip -c list.json | cat > odd.name")
        local r = dry("packed", "odd.name")
        assert.equal(0, r.code, r.err)
        for _, id in ipairs { "a", "b", "c", "d", "e" } do has(r.out, ('"external_id":"%s"'):format(id)) end
        r = sh("gzip -c list.json | " .. support.quote(support.bin) .. " ingest --dry-run --format ndjson -")
        has(r.out, '"external_id":"b"')
    end)
end)

describe("folders", function()
    local function ids(r)
        local out = {}
        for id in r.out:gmatch('"external_id":"(.-)"') do out[#out + 1] = id end
        return table.concat(out, " ")
    end

    setup(function()
        sh("mkdir -p tree/pins/2024 tree/old tree/.git")
        for path, id in pairs { ["1.json"] = "one", ["pins/2.json"] = "two", ["pins/2024/3.json"] = "three",
            ["old/4.json"] = "four", ["pins/notes.txt"] = "five", [".git/6.json"] = "six" } do
            p:write("tree/" .. path, ('{"pins":[{"id":"%s","n":1}]}'):format(id))
        end
        sh("mkfifo tree/pipe.json; ln -s ../tree tree/pins/loop; ln -s nowhere.json tree/broken.json")
    end)

    it("are gone through in a fixed order; pipes, hidden files and links to folders are not", function()
        local r = dry("tree")
        assert.equal(2, r.code, r.err)
        assert.equal("one four two three", ids(r))
        has(r.err, "tree/broken.json: No such file or directory")
        os.remove(p.dir .. "/tree/broken.json")
    end)

    it("are narrowed by --include and --exclude", function()
        assert.equal("one four two three", ids(dry("tree")))
        assert.equal("one two three", ids(dry("--exclude", "old", "tree")))
        assert.equal("two three", ids(dry("--include", "pins/**/*.json", "tree")))
        assert.equal("five", ids(dry("--include", "*.txt", "tree")))
        assert.equal("one four", ids(dry("--include", "*.json", "--exclude", "pins/**", "tree/")))
        local r = dry("--include", "*.xml", "tree")
        assert.equal(65, r.code)
        has(r.err, "tree: no file in this folder fits --include and --exclude")
        r = dry("--include", "a[", "tree")
        assert.equal(64, r.code)
        has(r.err, "--include a[: has a '[' without its ']'; write '*.json', 'youtube/**' or 'export-[0-9]*.csv'")
    end)

    it("are narrowed by time: --since passes over files changed before, and documents observed before", function()
        sh("touch -d 2024-01-01T00:00:00Z tree/old/4.json tree/1.json")
        p:write("tree/pins/5.json", '{"fetched_at":"2024-01-01T00:00:00Z","body":{"pins":[{"id":"wrapped","n":1}]}}')
        local r = dry("--since", "now-1d", "tree")
        assert.equal(0, r.code, r.err)
        assert.equal("two three", ids(r))
        has(r.err, "passed over by --since: 2 files, 1 document")
    end)
end)
