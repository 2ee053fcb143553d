local testkit = require("tidemark.testkit")

describe("vidly.videos", function()
  it("takes the videos and leaves the advertisement out", function()
    local out = testkit.parse("vidly.videos", testkit.fixture("vidly.json"))
    assert.same({ "9007199254740993001", "9007199254740993002", "9007199254740993003" }, testkit.ids(out))
    assert.equal(12400, out.rows[1].counts.views)
    assert.is_nil(out.rows[3].counts.shares) -- null is not 0
    assert.same({ ad = 1 }, out.drops)
  end)

  it("recognises the payload, and no other plugin does", function()
    assert.equal("vidly.videos", testkit.host().match("vidly.json"))
  end)

  it("yields what was recorded", function()
    testkit.golden("vidly.json")
  end)
end)

describe("vidly.evening", function()
  it("labels a post by its hour", function()
    local posts = testkit.posts { { local_hour = 17 }, { local_hour = 18 }, { title = nil } }
    assert.same({ "before", "evening" }, testkit.find("vidly.evening", posts)[1].by)
  end)

  it("finds that the evening does better, where it does", function()
    local host, posts = testkit.host(), {}
    for i = 0, 99 do -- a post every day, every other one in the evening, with twice the likes
      local evening = i % 2 == 0
      posts[#posts + 1] = { id = "v" .. i, account = "c1", views = 1000, likes = (evening and 120 or 60) + i % 7,
        published_at = testkit.time("2024-01-01T00:00:00Z") + i * 86400 + (evening and 19 or 9) * 3600, age = "7d" }
    end
    host.observe(posts)
    local found = {}
    for _, one in ipairs(host.learn("vidly.evening", { as_of = "2024-05-01T00:00:00Z" })[1].results) do
      found[one.label] = one
    end
    assert.equal("written", found.evening.decision)
    assert.is_true(found.evening.effect > 0)
  end)
end)

describe("vidly.top", function()
  it("puts the most viewed video first", function()
    local host = testkit.host()
    host.ingest("vidly.json", { at = "2024-03-20T00:00:00Z" })
    local rows = host.report("vidly.top", { limit = 2 })
    assert.same({ "Ten loaves", "Bread in a cold oven" }, { rows[1].title, rows[2].title })
    assert.equal(81, rows[1].completion)
  end)
end)
