local testkit = require("tidemark.testkit")

local style = testkit.plugin()
local match = style.parsers["style.document"].match

local function parse(json) return testkit.parse("style.document", testkit.doc(json)) end
local function facts(members)
  local out = parse('{"platform":"youtube","external_id":"a",' .. members .. "}")
  assert.equal(0, #out.bads, out.bads[1] and out.bads[1].text)
  return out.fact_rows[1].features, out.fact_rows[1].notes
end

describe("recognising style documents", function()
  it("asks for platform, external_id and at least one of visual, audio, text, tags", function()
    for json, sure in pairs {
      ['{"platform":"x","external_id":"1","visual":{}}'] = 3,
      ['{"platform":"x","external_id":1,"audio":{"a":1},"tags":[]}'] = 4,
      ['{"platform":"x","external_id":"1","visual":{},"audio":{},"text":{},"tags":[]}'] = 6,
      ['[{"platform":"x","external_id":"1","text":{}}]'] = 3,
      ['{"platform":"x","external_id":"1"}'] = false,
      ['{"platform":"x","visual":{}}'] = false,
      ['{"external_id":"1","visual":{}}'] = false,
      ['{"platform":1,"external_id":"1","visual":{}}'] = false,
      ['{"platform":"x","external_id":null,"visual":{}}'] = false,
      ['{"platform":"x","external_id":" ","visual":{}}'] = false,
      ['{"platform":"x","external_id":"1","text":"words"}'] = false,
      ['{"platform":"x","external_id":"1","tags":"words"}'] = false,
      ['[]'] = false, ['{}'] = false, ['"text"'] = false, ['null'] = false,
    } do
      assert.equal(sure, match(testkit.doc(json), {}), json)
    end
  end)

  it("leaves what carries counts to who can read them", function()
    for _, name in ipairs { "views", "likes", "statistics", "public_metrics", "insights" } do
      assert.is_false(match(testkit.doc(('{"platform":"x","external_id":"1","tags":["a"],"%s":{}}'):format(name)), {}), name)
    end
    assert.equal(3, match(testkit.doc('{"platform":"x","external_id":"1","tags":["a"],"views":null}'), {}))
  end)

  it("takes no platform's payload", function()
    assert.same({}, testkit.foreign_claims({ "youtube", "tiktok", "instagram", "x" }))
  end)

  it("is not taken for a platform's own", function()
    for _, platform in ipairs { "youtube", "tiktok", "instagram", "x" } do
      assert.same({}, testkit.foreign_claims({ "style" }, platform))
    end
  end)
end)

describe("facts", function()
  it("are numbers, booleans and short texts, under their facets", function()
    assert.same({ visual = { a = 1, b = 0.5, c = true, d = false, e = "red" }, audio = { f = -9 }, text = { g = "calm" } },
      (facts('"visual":{"a":1,"b":0.5,"c":true,"d":false,"e":"red"},"audio":{"f":-9},"text":{"g":"calm"}')))
  end)

  it("inside of facts get names joined by dots", function()
    assert.same({ visual = { ["a.b.c"] = 1, ["a.d"] = 2, e = 3 } }, (facts('"visual":{"a":{"b":{"c":1},"d":2},"e":3}')))
  end)

  it("that are null or not there leave nothing; an empty facet is one", function()
    assert.same({ visual = { a = 1 } }, (facts('"visual":{"a":1,"b":null,"c":{"d":null}},"audio":null')))
    assert.same({ audio = {} }, (facts('"audio":{}')))
  end)

  it("that are lists, long texts or have long names are left out with a note, the others stay", function()
    local features, notes = facts(('"visual":{"a":[1],"b":"%s","%s":1,"c":2}'):format(("x"):rep(201), ("n"):rep(101)))
    assert.same({ visual = { c = 2 } }, features)
    for _, part in ipairs { "a: a list is no fact (write how many, or give tags); left out",
                            "b: a text of more than 200 bytes is no fact", "nnn…: its name has more than 100 bytes" } do
      assert.truthy(notes.visual:find(part, 1, true), notes.visual)
    end
  end)

  it("are 200 a facet at most", function()
    local members = {}
    for i = 1, 204 do members[i] = ('"f%d":%d'):format(i, i) end
    local features, notes = facts('"audio":{' .. table.concat(members, ",") .. "}")
    local n = 0
    for _ in pairs(features.audio) do n = n + 1 end
    assert.equal(200, n)
    assert.truthy(notes.audio:find("there are more than 200 facts; left out; ", 1, true))
    assert.truthy(notes.audio:find("and 1 more", 1, true))
  end)
end)

describe("tags", function()
  it("become lower-case texts without #, each once", function()
    assert.same({ style_tags = { "neon light", "größe", "b" } },
      (facts('"tags":["#Neon  Light "," neon light","GRÖßE","größe","b"]')))
  end)

  it("that are no texts are left out with a note; none of them a text is a fault", function()
    local features, notes = facts('"tags":["a",1,"  "]')
    assert.same({ "a" }, features.style_tags)
    assert.equal("tag 2: is no text; left out; tag 3: is no text; left out", notes.style_tags)
    local out = parse('{"platform":"x","external_id":"1","tags":[1]}')
    assert.equal("tags: none of them is a text", out.bads[1].text)
  end)

  it("of megabytes are left out unread, and so is a platform's name", function()
    local long = ("\u{C9}"):rep(5 << 20)
    local made, notes = facts('"tags":["' .. long .. '","a"]')
    assert.same({ "a" }, made.style_tags)
    assert.matches("^tag 1: has more than %d+ bytes; left out", notes.style_tags)
    local out = parse('{"platform":"' .. long .. '","external_id":"a","tags":["a"]}')
    assert.equal("bad_platform", out.bads[1].code)
  end)

  it("may be an empty list: there are none", function()
    assert.same({}, facts('"tags":[]').style_tags)
  end)
end)

describe("a list of documents", function()
  it("keeps the good ones and says what is wrong with each of the others", function()
    local out = parse([[ [{"platform":" TikTok","external_id":7,"text":{"a":1}}, 5, {"external_id":"1","text":{}},
      {"platform":"x","text":{}}, {"platform":"x","external_id":"1"}, {"platform":"x","external_id":"1","visual":"bright"},
      {"platform":"x","external_id":"1","tags":"a"}] ]])
    assert.equal(1, #out.fact_rows)
    assert.same({ "tiktok", 7 }, { out.fact_rows[1].platform, out.fact_rows[1].id })
    local said = {}
    for i, bad in ipairs(out.bads) do said[i] = bad.code .. ": " .. bad.text end
    assert.same({
      "bad_shape: a style document is an object, not number",
      "missing_platform: a style document needs platform, as text: whose post it is about (youtube, tiktok, …)",
      "missing_id: a style document needs external_id: the post's id on its platform, as text",
      "no_facts: a style document needs visual, audio, text or tags",
      "bad_shape: visual must be an object of facts, not string",
      "bad_shape: tags must be a list of texts, not string",
    }, said)
  end)
end)

describe("what the host yields", function()
  testkit.goldens() -- recorded by: tidemark plugin test style --record
end)
