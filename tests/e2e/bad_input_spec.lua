-- What is wrong with an input is said with its place and a code, is kept where it can be kept, and costs nothing that is good.
-- All of it lies in one folder that is ingested once.
local support = require("e2e.support")

local function has(text, part) assert.truthy(text:find(part, 1, true), part .. "\n---\n" .. text) end

local function answer(...)
    local items = {}
    for i, id in ipairs { ... } do items[i] = ('{"id":"%s","statistics":{"viewCount":"%d"}}'):format(id, i) end
    return '{"kind":"youtube#videoListResponse","items":[' .. table.concat(items, ",") .. "]}"
end

local table_plugin = [[
return { name = "sheet", api = 1, about = "A table.", parsers = {
  ["sheet.rows"] = { about = "rows", match = { columns = { "post", "seen" } }, post = { id = "post" }, counts = { views = "seen" } },
  ["sheet.sum"] = { about = "sums", match = { columns = { "post", "part" } }, whole = true,
    parse = function(doc, out) out.post { id = doc.rows[1].post } out.counts { views = #doc.rows } end },
} }
]]

-- file = { content, code in quarantine or in problems, what the message says }
local refused = {
    ["trailing_comma.json"] = { '{"kind":"youtube#videoListResponse","items":[1,]}', "unreadable", "column 48: a comma before ']'" },
    ["cut.json"] = { answer("aaaaaaaaaa0"):sub(1, 70), "unreadable", "line 1, column 71: the text ends" },
    ["latin1.json"] = { answer("a"):gsub('"a"', '"caf\xE9"'), "encoding", "not UTF-8: byte 0xE9" },
    ["latin1.csv"] = { "post,seen\ncaf\xE9,1\n", "bad_csv", "line 2: not UTF-8: byte 0xE9" },
    ["utf16.csv"] = { "\xFF\xFEp\0o\0s\0t\0,\0n\0\n\0", "encoding", "save it as UTF-8 (iconv -f UTF-16 -t UTF-8)" },
    ["utf16.json"] = { "\0{\0}", "encoding", "the text is UTF-16 or UTF-32" },
    ["page.json"] = { "<!DOCTYPE html><html><head><title>\n 502  Bad Gateway\27[31m</title></head></html>", "html",
        "it begins with '<' (an HTML or XML page: '502 Bad Gateway\\x1b[31m'); what fetched it was answered with a page" },
    ["semicolons.csv"] = { "post;seen\na;1\n", "separator", "is a table whose columns are separated by ';': export it with commas" },
    ["tabs.csv"] = { "post\tseen\na\t1\n", "separator", "separated by tabs" },
    ["report.json"] = { "%PDF-1.7\n", "binary", "is neither JSON nor CSV: it is a PDF" },
    ["twice.json.gz"] = { "", "binary", "packed with gzip twice: unpack it once" },
    ["columns.csv"] = { "post,seen\n1\n2,3,4\n", "bad_csv", "line 2: 1 cell where the header has 2" },
    ["quote.csv"] = { 'post,seen\n"a,1\nb,2\n', "bad_csv", "line 2, cell 1: a quoted cell begins here and never ends" },
    ["same.csv"] = { "post,post\na,1\n", "bad_csv", "line 1: two columns are called 'post'" },
    ["sum.csv"] = { "post,part\na,1\na\na,2\na,3\n", "bad_csv", "line 3: 1 cell where the header has 2" },
    ["other.csv"] = { "Datum,Aufrufe\n1,2\n", "no_parser", "no parser knows this payload (columns: Datum, Aufrufe)" },
    ["stranger.json"] = { '{"unknown":{"platform":1}}', "no_parser", "no parser knows this payload (keys: unknown)" },
    ["platform.json"] = { '{"platform":"vidly","url":"x","body":{"a":1}}', "no_parser", "no platform 'vidly' (known: " },
    ["deep.json"] = { ("["):rep(100) .. ("]"):rep(100), "unreadable", "nested deeper than 64 levels" },
    ["infinite.json"] = { '{"a":1e999}', "unreadable", "is too large" },
    ["wrapper.json"] = { '{"platform":"youtube","status":200,"body":"<html>"}', "bad_wrapper", "wrapper: body: line 1, column 1" },
    ["future.json"] = { '{"platform":"youtube","fetched_at":"2999-01-01T00:00:00Z","body":' .. answer("b") .. "}", "bad_time",
        "lies in the future" },
    ["status.json"] = { '{"platform":"youtube","url":"x","status":503,"body":"<html>"}', "http_error", "wrapper: body" },
    ["lines.ndjson"] = { answer("line_one") .. "\n" .. answer("cut"):sub(1, 60) .. "\n\xFF\xFE\n" .. answer("line_four") .. "\n",
        "unreadable", "lines.ndjson:2: line 1, column 61: the text ends" },
}
local problems = {
    ["empty.json"] = { "", "empty", "is empty" },
    ["blank.csv"] = { "\xEF\xBB\xBF\n \n", "empty", "holds nothing but blanks" },
    ["export.json"] = { "PK\3\4....", "packed", "is a zip archive: unpack it first (unzip)" },
    ["broken.json.gz"] = { "\x1F\x8B\8\0\0\0\0\0\0\3\255\255", "packed_badly", "cannot be unpacked" },
}
local good = {
    ["bom.json"] = { "\xEF\xBB\xBF" .. answer("with_a_bom"), "with_a_bom" },
    ["crlf.ndjson"] = { answer("crlf_one") .. "\r\n\r\n" .. answer("crlf_two") .. "\r\n", "crlf_one", "crlf_two" },
    ["crlf.csv"] = { "\xEF\xBB\xBFpost,seen\r\ncrlf_row,1\r\n", "crlf_row" },
    ["mixed.csv"] = { "post,seen\ncell_one,1\nodd\ncell_two,2\n", "cell_one", "cell_two" },
}

describe("bad input", function()
    local p, r, codes, views

    setup(function()
        p = support.project { pinned = true }
        p:write("plugins/sheet/plugin.lua", table_plugin)
        for _, files in ipairs { refused, problems, good } do
            for name, file in pairs(files) do p:write("in/" .. name, file[1]) end
        end
        support.sh("echo '{}' | gzip | gzip > in/twice.json.gz; head -c 3000000 /dev/zero | tr '\\0' ' ' > in/blanks.json", { cwd = p.dir })
        r = p:run { "ingest", "--format", "json", "in", "nowhere" }
        codes = p:sql("SELECT string_agg(source || '=' || code, ' ') FROM tidemark.quarantine")
        views = p:sql("SELECT string_agg(external_id, ' ') FROM content_performance_metrics")
    end)
    teardown(function() p:close() end)

    it("ends with 2: something was taken", function() assert.equal(2, r.code, r.err) end)

    it("is kept, with what is wrong, where, and a code", function()
        for name, file in pairs(refused) do
            has(r.err, "in/" .. name)
            has(r.err, file[3])
            has(" " .. codes .. " ", (" in/%s=%s "):format(name, file[2]))
        end
    end)

    it("that cannot be kept is told in the summary, with a code", function()
        for name, file in pairs(problems) do
            has(r.err, "in/" .. name .. ": ")
            has(r.err, file[3])
            has(r.out, ('{"file": "in/%s", "code": "%s", "text": "'):format(name, file[2]))
        end
        has(r.out, '{"file": null, "code": "not_found", "text": "nowhere: No such file or directory"}')
        has(r.out, '"unreadable": 6')
        has(r.err, "in/blanks.json: holds nothing but blanks")
    end)

    it("costs nothing that is good: a BOM, CRLF, the other lines and records", function()
        for name, file in pairs(good) do
            for i = 2, #file do assert.truthy(views:find(file[i], 1, true), name .. ": " .. views) end
        end
        has(views, "line_one")
        has(views, "line_four")
        has(r.err, "in/mixed.csv:3: 1 cell where the header has 2")
        has(codes, "in/mixed.csv=bad_csv")
        has(codes, "in/lines.ndjson=encoding")
    end)

    it("of a delivery adds up: received is what became of it", function()
        assert.equal("0", p:sql("SELECT count(*) FROM tidemark.deliveries WHERE received <> inserted + updated + unchanged "
            .. "+ quarantined + dropped_total"))
        has(r.out, '"received": ')
        assert.equal(p:sql("SELECT count(*) FROM tidemark.quarantine"), r.out:match('"quarantined": (%d+)'))
    end)
end)

describe("input without end", function()
    local p

    setup(function()
        p = support.project {}
        p:write("plugins/sheet/plugin.lua", table_plugin)
    end)
    teardown(function() p:close() end)

    local function from(command)
        return p:run({ "ingest", "--dry-run", "--format", "ndjson", "-" }, { before = command .. " | " })
    end
    local gigabyte = "head -c 1000000000 /dev/zero | tr '\\0' x"

    it("a value of 1 GB is passed over, alone or in a line, and the other lines land", function()
        local r = from(("{ printf '{\"a\":\"'; %s; printf '\"}'; }"):format(gigabyte))
        assert.equal(65, r.code)
        has(r.err, "-: document is larger than 16 MiB; NDJSON and CSV may be of any size")
        r = from(("{ printf '%%s\\n{\"a\":\"' %s; %s; printf '\"}\\n%%s\\n' %s; }"):format(support.quote(answer("before")), gigabyte,
            support.quote(answer("after"))))
        assert.equal(2, r.code, r.err)
        has(r.err, "-: line 2 of 953 MiB is larger than the 16 MiB a document may have; it was passed over")
        has(r.out, '"external_id":"before"')
        has(r.out, '"external_id":"after"')
    end)

    it("a record that never ends is stopped at 16 MiB, and what came before it lands", function()
        local r = from("{ printf 'post,seen\\na,1\\n'; yes 'b,2' | head -n 50000; printf '\"c,'; head -c 40000000 /dev/zero | tr '\\0' x; }")
        has(r.err, "a record of more than 16 MiB (limit; a quote that is never closed?)")
        has(r.out, '"external_id":"a"')
        has(r.out, '"external_id":"b"')
    end)

    it("a CSV of short records is cut so that none of its pieces is over a limit", function()
        local r = p:run({ "ingest", "--dry-run", "--format", "ndjson", "-" },
            { before = "{ echo post,seen; seq -f '%.0f,1' 120000; } | ", after = " | wc -l" })
        assert.equal("120000", r.out:match("%d+"), r.err)
    end)

    it("what unpacks to 250 times its size is no payload", function()
        local r = from(("{ printf '%%s\\n' %s; yes '' | head -c 80000000; } | zstd -q"):format(support.quote(answer("before"))))
        assert.equal(2, r.code, r.err)
        has(r.err, "-: unpacks to more than 250 times its size (limit, from 64 MiB on): is it what it claims to be?")
        has(r.out, '"external_id":"before"')
    end)
end)
