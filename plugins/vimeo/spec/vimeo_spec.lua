local testkit = require("tidemark.testkit")

local vimeo = testkit.plugin()
local function match(name, doc, input) return vimeo.parsers[name].match(doc, input or {}) end
local function parse(name, doc) return testkit.parse(name, doc) end
local function fixture(name) return testkit.fixture(name) end

local function video(fields)
  local v = { uri = "/videos/1", name = "x", stats = { plays = 3 } }
  for name, value in pairs(fields or {}) do v[name] = value end
  return v
end
local function row(fields) return parse("vimeo.videos", video(fields)).rows[1] end

describe("vimeo.videos", function()
  it("takes the id out of the uri, without the key of an unlisted one", function()
    for uri, id in pairs { ["/videos/123"] = "123", ["/videos/123:a1b2"] = "123", ["/channels/reel/videos/124"] = "124",
                           ["made_up_uri"] = "made_up_uri" } do
      assert.equal(id, row { uri = uri }.post.id)
    end
  end)

  it("leaves plays the owner hides, and connections that are null, open", function()
    local counts = parse("vimeo.videos", fixture("video_unlisted.json")).rows[1].counts
    assert.equal(testkit.null, counts.views)
    assert.is_nil(counts.likes)
    assert.equal(2, counts.comments)
    assert.is_nil(row { stats = testkit.null, duration = 1, privacy = {}, link = "x" }.counts.views)
  end)

  it("was published at its release, else when it was made", function()
    local times = { created_time = "2024-03-01T10:00:00+00:00", release_time = "2024-03-02T10:00:00+00:00" }
    assert.equal(times.release_time, row(times).post.published_at)
    assert.equal(times.created_time, row { created_time = times.created_time, release_time = testkit.null }.post.published_at)
  end)

  it("finds the videos in what a search wraps, and drops the rest", function()
    local out = parse("vimeo.videos", fixture("search.json"))
    assert.equal("705", out.rows[1].post.id)
    assert.same({ reference = 1 }, out.drops)
  end)

  it("quarantines what has no uri", function()
    local out = parse("vimeo.videos", { data = { video(), { name = "?" } } })
    assert.equal(1, #out.rows)
    assert.equal("missing_id", out.bads[1].code)
  end)

  it("does not take users and comments, which have a uri too", function()
    for _, name in ipairs { "user.json", "comments.json", "empty.json", "simple.json" } do
      assert.falsy(match("vimeo.videos", fixture(name)), name)
    end
    assert.same({ account = 1 }, parse("vimeo.other", fixture("user.json")).drops)
    assert.same({ comment = 1 }, parse("vimeo.other", fixture("comments.json")).drops)
    assert.falsy(match("vimeo.other", { uri = "/users/1", name = "not Vimeo's" }))
  end)
end)

describe("the APIs of 2009", function()
  it("give counts as texts or numbers, tags as one text", function()
    local rows = parse("vimeo.simple", fixture("simple.json")).rows
    assert.same({ "122", "9", 2 }, { rows[1].counts.views, rows[1].counts.likes, rows[1].counts.comments })
    assert.same({ "sun", "long photo" }, rows[1].post.tags)
    assert.is_nil(rows[2].counts.views)
    assert.equal(801, rows[2].post.account)
  end)

  it("give one video as an object and several as a list", function()
    local doc = fixture("advanced.json")
    assert.truthy(match("vimeo.advanced", doc))
    assert.equal("708", parse("vimeo.advanced", doc).rows[1].post.id)
    local one = { stat = "ok", video = doc.videos.video[1] }
    assert.truthy(match("vimeo.advanced", one))
    assert.same({ "Sun" }, parse("vimeo.advanced", one).rows[1].post.tags)
  end)
end)

describe("an error that is only a text", function()
  it("is Vimeo's where Vimeo was named", function()
    assert.falsy(match("vimeo.error_plain", fixture("error_plain.json")))
    assert.truthy(match("vimeo.error_plain", fixture("error_plain.json"), { platform = "vimeo" }))
  end)
end)

describe("the fixtures of Vimeo", function()
  testkit.goldens() -- recorded by: tidemark plugin test vimeo --record
end)
