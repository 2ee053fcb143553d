local testkit = require("tidemark.testkit")

local tiktok = testkit.plugin()
local function match(name, doc, input) return tiktok.parsers[name].match(doc, input or {}) end
local function fixture(name) return testkit.fixture(name) end

describe("recognising videos", function()
  it("finds every list of the Display and Research APIs, with every mark of success", function()
    for _, key in ipairs { "videos", "video_list", "user_liked_videos", "reposted_videos", "user_reposted_videos",
                           "pinned_videos_list" } do
      for _, code in ipairs { "ok", 0 } do
        assert.truthy(match("tiktok.videos", { data = { [key] = { { id = "1" } } }, error = { code = code } }), key)
      end
      assert.truthy(match("tiktok.videos", { data = { [key] = { { video_id = 1 } } } }), key)
    end
  end)

  it("tells the Business API by its item_id", function()
    assert.truthy(match("tiktok.business", fixture("business.json")))
    assert.is_false(match("tiktok.videos", fixture("business.json")))
    assert.is_false(match("tiktok.business", fixture("display.json")))
  end)

  it("takes no list beside an error for data", function()
    assert.is_false(match("tiktok.videos", { data = { videos = {} }, error = { code = "rate_limit_exceeded" } }))
    assert.is_false(match("tiktok.business", { code = 40100, data = { videos = { { item_id = "1" } } } }))
  end)

  it("tells the generations of tiktok.com apart", function()
    for file, parser in pairs { ["web_v1.json"] = "tiktok.web_v1", ["web_flat.json"] = "tiktok.web_flat",
                                ["web_v2.json"] = "tiktok.web_v2", ["web_page.json"] = "tiktok.web_v2",
                                ["web_state.json"] = "tiktok.web_state", ["app.json"] = "tiktok.app" } do
      local claims = testkit.claims(fixture(file))
      local best
      for name, sure in pairs(claims) do
        if not best or sure > claims[best] then best = name end
      end
      assert.equal(parser, best, file)
    end
  end)

  it("takes no other platform's payload", function()
    assert.same({}, testkit.foreign_claims({ "youtube", "instagram", "facebook", "threads", "x" }))
  end)
end)

describe("tiktok.web_v2", function()
  it("reads stats, and statsV2 with its strings where stats is not there", function()
    local out = testkit.parse("tiktok.web_v2", fixture("web_v2.json"))
    assert.same({ views = 14, likes = 11, shares = 12, comments = 13, saves = 15 }, out.rows[1].counts)
    assert.equal("5000000000", out.rows[2].counts.views)
    assert.is_nil(out.rows[2].counts.shares)
  end)

  it("knows an author by id, by number or by name, and a time that came as text", function()
    local out = testkit.parse("tiktok.web_v2", fixture("web_v2.json"))
    assert.equal("42", out.rows[1].post.account)
    assert.equal("42", out.rows[2].post.account)
    assert.equal(1700000001, out.rows[2].post.published_at)
  end)

  it("quarantines an item without an id and keeps the others", function()
    local doc = { itemList = { { id = "1", stats = { playCount = 1 } }, { desc = "?" } } }
    local out = testkit.parse("tiktok.web_v2", doc)
    assert.equal(1, #out.rows)
    assert.equal("missing_id", out.bads[1].code)
  end)

  it("finds the one video of a page whose key has a dot", function()
    local out = testkit.parse("tiktok.web_v2", fixture("web_page.json"))
    assert.equal("7000000000000000005", out.rows[1].post.id)
  end)
end)

describe("tiktok.web_state", function()
  it("takes the videos of a page's state", function()
    local out = testkit.parse("tiktok.web_state", fixture("web_state.json"))
    assert.same({ views = 8, likes = 5, shares = 6, comments = 7, saves = 9 }, out.rows[1].counts)
  end)
end)

describe("tiktok.business", function()
  it("knows who watched, and keeps what no column takes", function()
    local counts = testkit.parse("tiktok.business", fixture("business.json")).rows[1].counts
    assert.same({ country = { DE = 0.8 } }, counts.audience)
    assert.same({ 12.62, 31, 7001 }, { counts.average_watch_time, counts.saves, counts.extra.reach })
    local doc = { data = { videos = { { item_id = "1", audience_genders = { { gender = "Female", percentage = "0.6" } } },
                                      { likes = 1 } } } }
    local out = testkit.parse("tiktok.business", doc)
    assert.same({ gender = { Female = 0.6 } }, out.rows[1].counts.audience)
    assert.equal("missing_id", out.bads[1].code)
  end)
end)

describe("what is no content", function()
  local function drops(doc)
    assert.truthy(match("tiktok.other", doc))
    return testkit.parse("tiktok.other", doc).drops
  end

  it("is counted by what it is", function()
    assert.same({ account = 2 }, drops(fixture("followers.json")))
    assert.same({ account = 1 }, drops { data = { display_name = "whose?", follower_count = 3 }, error = { code = "ok" } })
    assert.same({ comment = 1 }, drops(fixture("comments.json")))
    assert.same({ reference = 1 }, drops(fixture("music.json")))
    assert.same({ reference = 1 }, drops { challenge = { id = "1" }, stats = { viewCount = 37100000000 } })
  end)

  it("is an observation of the account where the answer names one", function()
    local function account(doc, input) return testkit.parse("tiktok.other", doc, input).accounts[1] end
    assert.same({ id = "made-up", metrics = { follower_count = 12 } }, account(fixture("user.json")))
    local profile = account(fixture("business_profile.json"), { url = "https://business-api.tiktok.com/x?business_id=b-1" })
    assert.same({ "b-1", 1200, 320 }, { profile.id, profile.metrics.followers_count,
      profile.metrics["video_views.day"]["2024-03-09"] })
    local web = account { userInfo = { user = { id = "42", uniqueId = "made.up" }, stats = { followerCount = 9 } } }
    assert.same({ id = "42", handle = "made.up", metrics = { followerCount = 9 } }, web)
  end)

  it("is TikTok's only beside TikTok's mark of success", function()
    assert.is_false(match("tiktok.other", { data = { username = "somebody", id = "1", name = "n" } }))
  end)
end)

describe("tiktok.error", function()
  it("recognises all envelopes", function()
    for _, name in ipairs { "error_flat.json", "error_v2.json", "error_v1.json", "error_business.json", "error_web.json" } do
      assert.truthy(match("tiktok.error", fixture(name)), name)
    end
  end)

  it("does not take success for an error", function()
    for _, name in ipairs { "display.json", "v1_list.json", "business.json", "web_v1.json", "web_v2.json", "user.json" } do
      assert.is_false(match("tiktok.error", fixture(name), { platform = "tiktok" }), name)
    end
  end)

  it("takes an envelope that does not say whose it is only where TikTok was named", function()
    local doc = { code = 8, message = "You have exceeded your rate limit." }
    assert.is_false(match("tiktok.error", doc))
    assert.truthy(match("tiktok.error", doc, { platform = "tiktok" }))
  end)
end)

describe("the plugin", function()
  it("meets the contract", function()
    local contract = require("tidemark.contract")
    local ok, mistakes = contract.check(tiktok, { name = "tiktok" })
    assert.truthy(ok, mistakes and contract.format(mistakes, "plugin.lua"))
  end)
end)

describe("what the host yields", function()
  testkit.goldens() -- recorded by: tidemark plugin test tiktok --record
end)
