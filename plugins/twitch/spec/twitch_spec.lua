local testkit = require("tidemark.testkit")

local twitch = testkit.plugin()
local function match(name, doc, input) return twitch.parsers[name].match(doc, input or {}) end
local function parse(name, doc) return testkit.parse(name, doc) end
local function fixture(name) return testkit.fixture(name) end

local function video(fields)
  local v = { id = "1", user_id = "9", duration = "1m0s", view_count = 3, viewable = "public" }
  for name, value in pairs(fields or {}) do v[name] = value end
  return { data = { v }, pagination = {} }
end
local function post(fields) return parse("twitch.videos", video(fields)).rows[1].post end

describe("twitch.videos", function()
  it("reads lengths as hours, minutes and seconds", function()
    for text, seconds in pairs { ["3h45m54s"] = 13554, ["14m16s"] = 856, ["45s"] = 45, ["2h0s"] = 7200, ["0s"] = 0 } do
      assert.equal(seconds, post { duration = text }.duration_s)
    end
  end)

  it("leaves what is no such length as it came, for the note it deserves", function()
    for _, text in ipairs { "soon", "", "1x2s" } do assert.equal(text, post { duration = text }.duration_s) end
    assert.equal(22.5, post { duration = 22.5 }.duration_s)
  end)

  it("was published when it says so, else when it was created", function()
    local made = { created_at = "2024-03-01T18:00:00Z", published_at = "2024-03-02T18:00:00Z" }
    assert.equal(made.published_at, post(made).published_at)
    assert.equal(made.created_at, post { created_at = made.created_at, published_at = testkit.null }.published_at)
  end)

  it("tells parts never looked for from none that were muted", function()
    local function kept(list) return parse("twitch.videos", video { muted_segments = list }).rows[1].counts.extra end
    assert.is_nil(kept(testkit.null).muted_seconds)
    local rows = parse("twitch.videos", fixture("videos.json")).rows
    assert.equal(90, rows[1].counts.extra.muted_seconds)
    assert.is_nil(rows[2].counts.extra.muted_seconds)
    assert.equal(0, rows[3].counts.extra.muted_seconds)
  end)

  it("stores a zero, and leaves likes, shares, comments and saves open", function()
    local counts = parse("twitch.videos", fixture("videos.json")).rows[2].counts
    assert.equal(0, counts.views)
    for _, name in ipairs { "likes", "shares", "comments", "saves" } do assert.is_nil(counts[name]) end
  end)

  it("quarantines a video without an id and keeps the others", function()
    local doc = video()
    doc.data[2] = { user_id = "9", duration = "1s", view_count = 1 }
    local out = parse("twitch.videos", doc)
    assert.equal(1, #out.rows)
    assert.equal("missing_id", out.bads[1].code)
  end)
end)

describe("what a page of Twitch holds", function()
  it("is seen from fields that only one kind has", function()
    for name, parser in pairs { ["videos.json"] = "twitch.videos", ["clips.json"] = "twitch.clips",
                                ["users.json"] = "twitch.other", ["streams.json"] = "twitch.other",
                                ["empty.json"] = "twitch.empty", ["error.json"] = "twitch.error" } do
      for other, p in pairs(twitch.parsers) do
        assert.equal(other == parser, p.match(fixture(name), {}) and true or false, name)
      end
    end
  end)

  it("is no content where it is a user, who has views too, or a stream", function()
    assert.same({ account = 1 }, parse("twitch.other", fixture("users.json")).drops)
    assert.same({ stream = 1 }, parse("twitch.other", fixture("streams.json")).drops)
  end)

  it("is no empty page where more stands beside it", function()
    assert.falsy(match("twitch.empty", { data = {}, paging = {} }))
    assert.falsy(match("twitch.empty", { data = {}, pagination = { next = "x" } }))
    assert.falsy(match("twitch.empty", { data = {}, pagination = {}, meta = {} }))
  end)

  it("is no error of Twitch where a framework's path stands beside it", function()
    local doc = { error = "Not Found", status = 404, message = "x" }
    assert.truthy(match("twitch.error", doc))
    doc.path = "/x"
    assert.falsy(match("twitch.error", doc))
    assert.falsy(match("twitch.error_oauth", { status = 400, message = "x" }))
    assert.truthy(match("twitch.error_oauth", { status = 400, message = "x" }, { platform = "twitch" }))
  end)
end)

describe("the fixtures of Twitch", function()
  testkit.goldens() -- recorded by: tidemark plugin test twitch --record
end)
