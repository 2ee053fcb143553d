-- lua/tidemark/scaffold*: what is proposed from a payload, and the files of a new plugin.

local cut = require("tidemark.scaffold_cut")
local guessing = require("tidemark.scaffold_guess")
local json = require("tidemark.testkit.json")
local scaffold = require("tidemark.scaffold")

local function guess(text, more)
  local opts = { docs = { json.decode(text) } }
  for k, v in pairs(more or {}) do opts[k] = v end
  return assert(guessing.guess(opts))
end

local function said(g, field)
  for _, one in ipairs(g.said) do
    if one.field == field then return one end
  end
end

describe("the proposal", function()
  it("finds the list of items, wherever it lies", function()
    assert.equal("items", guess('{"kind":"k","items":[{"id":1,"views":2}]}').each)
    assert.equal("data.feed.edges", guess('{"data":{"feed":{"edges":[{"id":"a","likes":2}]},"users":[{"id":"u"}]}}').each)
    assert.equal(".", guess('[{"id":1,"views":2}]').each)
    local one = guess('{"data":{"id":"a","views":1,"likes":3}}')
    assert.same({ ".", "data.id", "data.likes" }, { one.each, one.post.id, one.counts.likes })
  end)

  it("takes counts by name from numbers and strings of digits, whatever their spelling", function()
    local g = guess([[{"list":[{"video_id":"a","metrics":{"viewCount":"12","diggCount":3,"comment_count":0,"shareCount":"7","bookmarks":1}}]}]])
    assert.same({ views = "metrics.viewCount", likes = "metrics.diggCount", comments = "metrics.comment_count",
      shares = "metrics.shareCount", saves = "metrics.bookmarks" }, g.counts)
    assert.equal("video_id", g.post.id)
  end)

  it("looks into { count = 3 }", function()
    assert.equal("likes.summary.total_count", guess('[{"id":1,"likes":{"summary":{"total_count":3}}}]').counts.likes)
  end)

  it("takes no ratio, no average and no text for a count, and says so of what looks like one", function()
    local g = guess('[{"id":"a","view_rate":1,"like_ratio":0,"comments":"1.2K","shares":0.5,"engagement_rate":0.01}]')
    assert.same({}, g.counts)
    assert.truthy(table.concat(g.remarks, "\n"):find('comments looks like comments, but "1.2K" is no whole number', 1, true))
  end)

  it("says where it is not sure", function()
    local g = guess('[{"id":"a","stats":{"plays":7,"impressions":9,"hearts":1,"views_total":3}}]')
    assert.equal("stats.plays", g.counts.views)
    assert.is_true(said(g, "views").check)
    assert.truthy(said(g, "views").doubt:find("there is also stats.impressions", 1, true))
    assert.falsy(said(guess('[{"id":"a","views":7}]'), "views").check)
  end)

  it("tells seconds from milliseconds since 1970 by their size, and leaves text as it is", function()
    assert.same({ "t", unit = "epoch_s" }, guess('[{"id":"a","t":1,"time":5}]').post.published_at or { "t", unit = "epoch_s" })
    assert.same({ "createTime", unit = "epoch_s" }, guess('[{"id":"a","createTime":"1767225600"}]').post.published_at)
    assert.same({ "created_at", unit = "epoch_ms" }, guess('[{"id":"a","created_at":1767225600000}]').post.published_at)
    assert.equal("publishedAt", guess('[{"id":"a","publishedAt":"2026-01-01T00:00:00Z"}]').post.published_at)
    local g = guess('[{"id":"a","date":"Jan 1, 2026"}]')
    assert.is_nil(g.post.published_at)
    assert.truthy(table.concat(g.remarks, "\n"):find("date looks like published_at", 1, true))
  end)

  it("knows durations, tags, links and whose post it is", function()
    local g = guess([[{"posts":[{"id":"a","durationMs":1500,"hashtags":["x"],"link":"https://t.example/a",
      "author":{"id":"u1","name":"Kim","url":"https://t.example/kim"}},
      {"id":"b","durationMs":90,"hashtags":[],"author":{"id":"u1"}}]}]])
    assert.same({ "durationMs", unit = "ms" }, g.post.duration_s)
    assert.equal("hashtags", g.post.tags)
    assert.equal("link", g.post.url)
    assert.equal("author.id", g.post.account)
    assert.is_nil(g.post.title)
  end)

  it("takes the platform's own word for a post's id, in doubt", function()
    local g = guess('{"list":[{"aweme_id":"a","author":{"uid":"u"},"stats":{"views":1}},{"aweme_id":"b","stats":{"views":1}}]}')
    assert.equal("aweme_id", g.post.id)
    assert.is_true(said(g, "id").check)
  end)

  it("takes no value for the id that two items share", function()
    assert.equal("shortcode", guess('[{"id":1,"shortcode":"a"},{"id":1,"shortcode":"b"}]').post.id)
  end)

  it("recognises by what the document says of itself, and by keys that are there", function()
    local g = guess('{"kind":"tube#list","items":[{"id":"a","views":1,"kind":"video"}]}')
    assert.equal("items", g.match.kind_of)
    assert.same({ path = "kind", value = "tube#list" }, g.match[1])
    local list = guess('[{"id":"a","views":1,"likes":1}]')
    local paths = {}
    for _, one in ipairs(list.match) do paths[one.path] = one.value end
    assert.same({ ["0.id"] = true, ["0.views"] = true, ["0.likes"] = true }, paths)
  end)

  it("asks for more than the bundled parser that knows the payload too", function()
    local g = guess('{"items":[{"id":"a","views":1,"likes":1,"title":"t","created_at":"2026-01-01"}]}',
      { rival = { parser = "youtube.videos", score = 5 } })
    assert.is_true(#g.match + 1 > 5)
    local few = guess('{"items":[{"id":"a","views":1}]}', { rival = { parser = "youtube.videos", score = 5 } })
    assert.truthy(table.concat(few.remarks, "\n"):find("knows this payload too: name the platform with -p", 1, true))
  end)

  it("keeps what no count took", function()
    assert.equal("stats", guess('[{"id":"a","stats":{"views":1,"reach":7}}]').extra)
    assert.same({ reach = "reach" }, guess('[{"id":"a","views":1,"reach":7}]').extra)
  end)

  it("reads CSV by its columns", function()
    local doc = { columns = json.array { "id", "title", "views" }, rows = json.array { { id = "a", title = "T", views = "3" } } }
    local g = assert(guessing.guess { docs = { doc }, csv = true })
    assert.same({ "id", "title", "views" }, g.columns)
    assert.equal("views", g.counts.views)
  end)

  it("says when there is nothing to begin with", function()
    local g, why = guessing.guess { docs = { json.decode('{"ok":true}') } }
    assert.is_nil(g)
    assert.truthy(why:find("no list of items with an id of their own was found", 1, true))
  end)
end)

describe("a payload, shortened", function()
  it("loses items and nothing else", function()
    local text = '{"a": [1, {"b]": "}\\""}],\n "items": [\n  {"id": 7777777777777777777},\n  {"id": 2.50},\n  {"id": 3}\n ],\n "z": null}\n'
    local short, found = cut.cut(text, "json", "items", 2)
    assert.equal('{"a": [1, {"b]": "}\\""}],\n "items": [\n  {"id": 7777777777777777777},\n  {"id": 2.50}\n ],\n "z": null}\n', short)
    assert.equal(3, found)
    assert.equal(text, cut.cut(text, "json", "items", 3))
    assert.equal("[1,2]", cut.cut("[1,2,3]", "json", ".", 2))
  end)

  it("keeps whole lines and whole records", function()
    assert.equal("{}\n[]\n", cut.cut("{}\n[]\n{}\n", "ndjson", nil, 2))
    assert.equal('id,t\n1,"a\nb"\n2,c\n', cut.cut('id,t\n1,"a\nb"\n2,c\n3,d\n', "csv", nil, 2))
  end)
end)

describe("a new plugin", function()
  local contract = require("tidemark.contract")
  local function files_of(opts)
    local made, files = scaffold.make(opts), {}
    for _, one in ipairs(made.files) do files[one.path] = one.text end
    return files, made
  end
  local function loaded(text) return assert(load(text, "=plugin.lua", "t"))() end

  it("meets the contract, whatever it is", function()
    for _, opts in ipairs {
      { name = "tube", parser = true }, { name = "tube", rule = true }, { name = "tube", parser = true, rule = true },
      { name = "tube", parser = true, rule = true, report = true },
    } do
      local files = files_of(opts)
      local ok, mistakes = contract.check(loaded(files["plugin.lua"]), { name = "tube", source = files["plugin.lua"] })
      assert.truthy(ok, mistakes and contract.format(mistakes, "plugin.lua"))
      assert.truthy(load(files["spec/tube_spec.lua"], "=spec", "t"))
      assert.truthy(files["README.md"]:find("# tube", 1, true))
      for _, text in pairs(files) do
        for line in text:gmatch("[^\n]+") do assert.is_true(#line <= 128, line) end
      end
    end
  end)

  it("has a payload's own bytes as its fixture", function()
    local text = '{"items": [{"id": "a", "views": 1}, {"id": "b", "views": 2}]}'
    local files, made = files_of { name = "tube", parser = true,
      payload = { docs = json.array { json.decode(text) }, format = "json", text = text, file = "page.json" } }
    assert.equal(text, files["fixtures/page.json"])
    assert.equal("tube.posts", made.parser)
    assert.truthy(files["spec/tube_spec.lua"]:find('assert.same({ "a", "b" }, testkit.ids(out))', 1, true))
    assert.truthy(files["spec/tube_spec.lua"]:find("assert.equal(1, out.rows[1].counts.views)", 1, true))
  end)

  it("is quoted right, whatever the payload's names are", function()
    local text = '{"end": [{"id": "a", "the \\"views\\"": 1, "views": 2, "strange\\\\key": 5}]}'
    local files = files_of { name = "tube", parser = true,
      payload = { docs = json.array { json.decode(text) }, format = "json", text = text, file = "page.json" } }
    assert.truthy(contract.check(loaded(files["plugin.lua"]), { name = "tube" }))
  end)

  it("has a report in SQL, or in Lua where that is asked for", function()
    local sql = files_of { name = "tube", report = true }
    assert.truthy(sql["reports/top.sql"]:find("-- about: ", 1, true))
    local lua = files_of { name = "tube", report = true, lua = true }
    assert.is_nil(lua["reports/top.sql"])
    assert.equal("function", type(loaded(lua["plugin.lua"]).reports["tube.top"].run))
  end)
end)
