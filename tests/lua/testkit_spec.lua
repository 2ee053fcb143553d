-- lua/tidemark/testkit without the host: what a spec gets in plain Lua.

local fake = require("tidemark.testkit.fake")
local golden = require("tidemark.testkit.golden")
local json = require("tidemark.testkit.json")
local testkit = require("tidemark.testkit")
local time = require("tidemark.testkit.time")
local walk = require("tidemark.testkit.walk")

describe("json", function()
  it("keeps null, absent, [] and {} apart, and the digits of long integers", function()
    local doc = json.decode('{"a":null,"list":[],"object":{},"id":7777777777777777777,"n":-1.5e2,"t":true}')
    assert.equal("null", json.kind(doc.a))
    assert.equal("absent", json.kind(doc.b))
    assert.equal("array", json.kind(doc.list))
    assert.equal("object", json.kind(doc.object))
    assert.equal("7777777777777777777", doc.id)
    assert.equal(-150.0, doc.n)
    assert.equal('{"a":null,"id":"7777777777777777777","list":[],"n":-150,"object":{},"t":true}', json.encode(doc))
  end)

  it("reads escapes, also those of characters beyond the first plane", function()
    assert.equal("é\n😀 \\u0041", json.decode([["\u00e9\n\ud83d\ude00 \\u0041"]]))
    assert.equal("a\239\191\189", json.decode([["a\u0000"]]))
  end)

  it("walks paths as parsers write them, elements from 0", function()
    local doc = json.decode('{"a":{"b":[{"c":1},{"c":2}]}}')
    assert.equal(2, json.get(doc, "a.b.1.c"))
    assert.is_nil(json.get(doc, "a.x.c"))
    assert.equal(doc, json.get(doc, "."))
  end)

  it("says in which line a text is no JSON", function()
    for text, said in pairs {
      ['{"a":1,\n"b" 2}'] = "json.decode: line 2: ':' expected",
      ["[1,\n\n x]"] = "json.decode: line 3: no value",
      ['{"a": "b'] = "json.decode: line 1: a text without an end",
      ["[1] 2"] = "json.decode: line 1: something behind the document's end",
      [""] = "json.decode: line 1: nothing there",
      ["[1 2]"] = "json.decode: line 1: ',' or ']' expected",
    } do
      local ok, why = pcall(json.decode, text)
      assert.is_false(ok)
      assert.equal(said, why)
    end
  end)

  it("refuses to look into null, and to write what is no JSON", function()
    assert.has_error(function() return json.null.x end, "null has no 'x'")
    assert.has_error(function() json.encode { f = print } end, "json.encode: a function cannot be JSON")
    assert.has_error(function() json.encode(0 / 0) end)
  end)
end)

describe("time", function()
  it("knows when a day begins in a zone, also where the clocks change", function()
    local function utc(seconds) return os.date("!%Y-%m-%dT%H:%M", seconds) end
    assert.equal("2024-03-09T08:00", utc(time.day_start("2024-03-09", "America/Los_Angeles")))
    assert.equal("2024-07-01T22:00", utc(time.day_start("2024-07-02", "Europe/Berlin")))
    local day = time.day_start("2024-03-10", "America/Los_Angeles")
    assert.equal(23 * 3600, time.next_day(day, "America/Los_Angeles") - day)
    assert.is_nil(time.day_start("soon", "UTC"))
    assert.has_error(function() time.day_start("2024-03-10", "Mars/Olympus") end, "no such zone 'Mars/Olympus'")
  end)

  it("reads ISO 8601", function()
    assert.equal(1767225600, time.parse("2026-01-01T00:00:00Z"))
    assert.equal(1767225600, time.parse("2026-01-01T02:00:00+02:00"))
    assert.equal(1767225600.5, time.parse("2026-01-01 00:00:00.5"))
    assert.equal(1767225600, time.parse("2026-01-01"))
    assert.is_nil(time.parse("Jan 1, 2026"))
    assert.has_error(function() testkit.time("never") end, "testkit.time: 'never' is no time")
  end)
end)

describe("a declarative parser in plain Lua", function()
  local parser = {
    match = { kind = "tube#list", kind_of = { items = "array" }, ["items.0.id"] = true, error = false },
    each = "items", window = "day",
    account = { id = "by.id", handle = "by.name" },
    post = { id = { first = { "key", "id" } }, title = "title", account = "^owner", tags = "tags",
             published_at = { "at", unit = "epoch_ms" }, duration_s = { "ms", unit = "ms" }, features = { lang = "lang" } },
    counts = { views = "n.views", likes = { sum = { "n.up", "n.down" } }, comments = "n.words", average_watch_time = "watch",
               metrics = { reach = "n.reach" } },
    extra = "n",
    drop = { { when = { kind = "ad" }, reason = "ad" } },
  }
  local doc = json.decode([[{"kind":"tube#list","owner":9,"items":[
    {"id":7777777777777777777,"title":"A","at":1767225600000,"ms":1500,"tags":["x"],"lang":"de","watch":"PT1M5S","by":{"id":5,"name":"kim"},
     "n":{"views":"12","up":3,"down":1,"words":"many","reach":7,"rate":0.5}},
    {"id":"b","key":null,"n":{"views":null}}, {"kind":"ad","id":"c"}, {"title":"no id"}, 5]}]])
  local out = fake.out()
  walk.run(json, parser, doc, out)

  it("yields what the host does: ids as text, counts as whole numbers or nothing", function()
    assert.equal("7777777777777777777", out.rows[1].post.id)
    assert.equal("9", out.rows[1].post.account)
    assert.equal(1767225600, out.rows[1].post.published_at)
    assert.equal(1.5, out.rows[1].post.duration_s)
    assert.same({ lang = "de" }, out.rows[1].post.features)
    local counts = out.rows[1].counts
    assert.equal(12, counts.views)
    assert.equal(4, counts.likes)
    assert.is_nil(counts.comments)
    assert.equal("comments is no count", counts.notes)
    assert.equal(65, counts.average_watch_time)
    assert.same({ reach = 7 }, counts.metrics)
    assert.equal("day", counts.window)
    assert.is_nil(out.rows[2].counts.views)
  end)

  it("counts drops, accounts and items that are bad", function()
    assert.same({ ad = 1 }, out.drops)
    assert.same({ { id = "5", handle = "kim" } }, out.accounts)
    assert.same({ "missing_id", "bad_shape" }, { out.bads[1].code, out.bads[2].code })
  end)

  it("is recognised by all of its conditions or not at all", function()
    assert.equal(4, walk.match(json, parser.match, doc, doc))
    assert.is_false(walk.match(json, parser.match, { kind = "tube#list", items = {} }, {}))
    assert.equal(1, walk.match(json, { url = "%.tube%.example/" }, doc, doc, { url = "https://api.tube.example/v1" }))
    assert.is_false(walk.match(json, { url = "%.tube%.example/" }, doc, doc, {}))
    assert.equal(2, walk.match(json, { columns = { "a", "b" } }, {}, { columns = { "b", "a", "c" } }))
  end)
end)

describe("an id that stands in the request alone", function()
  local parser = { id_from_url = { "/none/(%d+)", "/pins/([^/]+)/" }, counts = { views = "n" } }
  local function id_of(input, item)
    local out = fake.out()
    walk.run(json, parser, item or { n = 1 }, out, input)
    return out.rows[1] and out.rows[1].post.id, out.bads[1]
  end

  it("is read off the url, decoded, after the item's own and before --content", function()
    assert.equal("12", id_of { url = "https://x.example/pins/12/analytics", content = "c" })
    assert.equal("urn:li:1", id_of { url = "https://x.example/pins/urn%3Ali%3A1/analytics" })
    assert.equal("c", id_of { url = "https://x.example/boards/12", content = "c" })
    local id, bad = id_of {}
    assert.is_nil(id)
    assert.equal("missing_id", bad.code)
  end)
end)

describe("CSV", function()
  it("has quoted cells, line breaks in them, and null for empty ones", function()
    local doc = testkit.csv('\239\187\191id,title,n\r\n1,"a, ""b""\nc",2\r\n3,,\r\n')
    assert.same({ "id", "title", "n" }, { table.unpack(doc.columns) })
    assert.equal('a, "b"\nc', doc.rows[1].title)
    assert.equal("null", testkit.json.kind(doc.rows[2].n))
    assert.equal(2, #doc.rows)
  end)
end)

describe("fake posts", function()
  it("are nil where nothing is known, and refuse fields that posts do not have", function()
    local posts = testkit.posts { { platform = "tube", score = 0.5, local_hour = testkit.null } }
    assert.is_nil(posts[1].local_hour)
    assert.same({}, posts[1].tags)
    assert.has_error(function() return posts[1].local_huor end, "a post has no field 'local_huor'")
    assert.has_error(function() testkit.posts { { plattform = "tube" } } end, "post 1: a post has no field 'plattform'")
  end)
end)

describe("a fake ctx", function()
  it("gives the answers in order and writes down what was asked", function()
    local ctx = testkit.ctx { answers = { { { n = 1 } }, { { n = 2 } }, 3 } }
    assert.equal(1, ctx.db.query("select $1", "a")[1].n)
    assert.equal(2, ctx.db.value("select 2"))
    assert.equal(3, ctx.db.exec("delete from x where id = any($1)", ctx.db.array({ 1 }, "int8")))
    assert.same({ "query", "value", "exec" }, { ctx.asked[1].how, ctx.asked[2].how, ctx.asked[3].how })
    assert.same({ "a" }, ctx.asked[1].params)
    assert.has_error(function() ctx.db.query("select\n 4") end, "testkit: the spec gives no answer to statement 4: select 4")
  end)

  it("streams, finds one row, and fails where the spec wants that", function()
    local ctx = testkit.ctx { answers = { { { n = 1 }, { n = 2 } }, { { n = 1 } }, { {}, {} }, { raise = { kind = "lost" } } } }
    local sum = 0
    for row in ctx.db.each("select n") do sum = sum + row.n end
    assert.equal(3, sum)
    assert.equal(1, ctx.db.one("select n").n)
    assert.has_error(function() ctx.db.one("select n") end, "ctx.db.one: more than one row")
    local ok, why = pcall(ctx.db.query, "select n")
    assert.is_false(ok)
    assert.equal("lost", why.kind)
  end)

  it("refuses a parameter that the host would refuse", function()
    local ctx = testkit.ctx { answers = function() return {} end }
    assert.has_error(function() ctx.db.query("select $1", { a = 1 }) end,
      "parameter $1 is a table: use ctx.db.json, ctx.db.array, ctx.db.bytes, ctx.db.numeric, ctx.db.uuid or ctx.db.time")
    assert.same({}, ctx.db.query("select $1", ctx.db.json { a = 1 }))
  end)

  it("tells a transaction that ended well from one that did not", function()
    local ctx = testkit.ctx { answers = { 1, 1 } }
    assert.equal("done", ctx.db.tx(function(tx)
      tx.exec("insert …")
      return "done"
    end))
    assert.is_false(pcall(ctx.db.tx, function(tx)
      tx.exec("insert …")
      error("no")
    end))
    assert.same({ 1, 1 }, { ctx.committed, ctx.rolled_back })
    assert.is_true(ctx.asked[1].tx)
  end)

  it("does not wait, keeps what is logged, and its config cannot be set", function()
    local ctx = testkit.ctx { config = { region = "DE" }, now = 100, state = { seen = 1 } }
    ctx.sleep(5)
    ctx.log("hello")
    ctx.log.warn("careful")
    assert.same({ 5 }, ctx.slept)
    assert.same({ { level = "info", text = "hello" }, { level = "warn", text = "careful" } }, ctx.logged)
    assert.same({ 1, 2 }, { ctx.parallel(function() return 1 end, function() return 2 end) })
    assert.same({ 1, 2 }, ctx.parallel { function() return 1 end, function() return 2 end })
    assert.same({ "DE", 100, 100, 1 }, { ctx.config.region, ctx.now, ctx.as_of, ctx.state.seen })
    assert.has_error(function() ctx.config.region = "US" end, "ctx.config.region cannot be set")
  end)

  it("writes down what a rule asks of the analyses, with the label of each post", function()
    local ctx = testkit.ctx { candidates = { compare = { { effect = 1 } } } }
    local answer = ctx.compare(testkit.posts { { score = 1 }, { score = 2 } }, { by = function(p) return p.score > 1 and "b" or nil end })
    assert.equal(1, answer[1].effect)
    assert.same({ [2] = "b" }, ctx.asked[1].by)
  end)
end)

describe("golden results", function()
  it("are written a row a line, keys sorted, without what is not known", function()
    local value = golden.bare(json, { rows = json.array { { b = 1, a = json.null }, { a = "x" } }, parser = "t.p", bad = json.null })
    assert.equal('{\n  "parser": "t.p",\n  "rows": [\n    {"b":1},\n    {"a":"x"}\n  ]\n}\n', golden.write(json, value))
    assert.is_nil(golden.diff(json, json.decode(golden.write(json, value)), value))
  end)

  it("say what differs, where, and no more than can be read", function()
    local was = json.decode('{"rows":[{"id":"a","views":1200},{"id":"b"}],"parser":"t.p"}')
    local is = json.decode('{"rows":[{"id":"a","views":1300}],"parser":"t.p","drops":{"ad":1}}')
    assert.equal('\n  drops: recorded nothing, now {"ad":1}\n  rows[1].views: recorded 1200, now 1300\n  '
      .. 'rows[2]: recorded {"id":"b"}, now nothing', golden.diff(json, was, is))
    local many, none = json.array {}, json.array {}
    for i = 1, 25 do many[i], none[i] = i, 0 end
    assert.truthy(golden.diff(json, many, none):find("… and 5 more", 1, true))
  end)
end)

describe("the pure side", function()
  it("finds the plugin's folder above spec/ only", function()
    assert.has_error(function() testkit.dir() end, "testkit: the plugin is the folder above spec/, and no spec was found to be running")
  end)
end)
