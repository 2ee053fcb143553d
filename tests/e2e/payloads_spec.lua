-- Payloads through the real program: what each must yield, row for row, without a database.

local payloads = require("lib.payloads")
local expected = require("lib.expected")

local tidemark = assert(os.getenv("TIDEMARK_BIN"), "TIDEMARK_BIN is not set: run this through ctest")
local source = os.getenv("TIDEMARK_SOURCE") or "."
local platforms = {
  "youtube", "tiktok", "instagram", "facebook", "threads", "x", "linkedin", "pinterest", "reddit", "mastodon", "bluesky", "twitch",
  "vimeo", "podcast", "web",
}
local columns = {
  "platform", "external_id", "account", "title", "views", "likes", "shares", "comments", "saves", "average_watch_time",
  "published_at", "metric_window", "window_start", "window_end", "kind",
}

local function ingest(platform, path)
  return payloads.run(tidemark, "ingest", "--dry-run", "--format", "ndjson", "-p", platform, path)
end

-- Rows as sorted lines of text, so that a difference reads well.
local function lines(rows, names)
  local list = {}
  for _, row in ipairs(rows) do
    local cells = {}
    for _, name in ipairs(names) do
      local v = row[name]
      if v == nil or v == payloads.null then v = "" end
      if math.type(v) == "float" and math.tointeger(v) then v = math.tointeger(v) end
      cells[#cells + 1] = name .. "=" .. tostring(v)
    end
    list[#list + 1] = table.concat(cells, " ")
  end
  table.sort(list)
  return list
end

-- What was recorded of a fixture (its plugin's spec compares all of it): NAME.json has NAME.golden.json, NAME.csv NAME_csv.golden.json.
local function golden_of(folder, name)
  local stem = name:find("%.json$") and name:gsub("%.json$", "") or name:gsub("%.", "_")
  return payloads.json(payloads.read(folder .. stem .. ".golden.json"))
end

-- What a dry run prints of a fixture is what its golden holds; all of a platform in one run, as a run is mostly its start.
for _, platform in ipairs { "style", table.unpack(platforms) } do
  describe("the fixtures of " .. platform, function()
    local folder = source .. "/plugins/" .. platform .. "/fixtures/"
    local names, files = {}, {}
    for _, name in ipairs(payloads.list(folder, "%.[jc]s[ov][nl]?l?$")) do
      if not name:find("%.golden%.json$") then
        names[#names + 1], files[#files + 1] = name, folder .. name
      end
    end

    it("yield the rows that were recorded, and are refused with the reasons that were", function()
      local _, out, err = payloads.run(tidemark, "ingest", "--dry-run", "--format", "ndjson", "-p", platform, table.unpack(files))
      local rows = {}
      for _, name in ipairs(names) do
        local golden = golden_of(folder, name)
        if golden.refused then
          assert.truthy(err:find(name .. ": " .. golden.refused[1].text, 1, true), name .. " in\n" .. err)
        end
        for _, row in ipairs(golden.rows) do
          -- An audience alone is no row of counts: a dry run shows it with --whole.
          if row.kind ~= "demographics" then rows[#rows + 1] = row end
        end
      end
      assert.same(lines(rows, columns), lines(payloads.ndjson(out), columns), err)
    end)

    if platform ~= "style" then
      it("are taken for no other platform's where none is named", function()
        local taken = expected.takers(tidemark, files)
        for path, whose in pairs(taken) do assert.same({ [platform] = true }, whose, path) end
        assert.truthy(next(taken))
      end)
    end
  end)
end

describe("the keys of a dry run's row", function()
  it("are the documented ones, in their order, null where nothing is known", function()
    local _, out = ingest("youtube", source .. "/plugins/youtube/fixtures/videos_bare.json")
    local keys = {}
    for key in out:match("^[^\n]+"):gmatch('"([%w_]+)":') do keys[#keys + 1] = key end
    assert.same(columns, keys)
    assert.truthy(out:find('"shares":null', 1, true))
  end)
end)

describe("a platform that was not named", function()
  it("is the document's own in a style document", function()
    local path = source .. "/plugins/style/fixtures/"
    for file, platform in pairs { ["vision.json"] = "youtube", ["list.json"] = "tiktok", ["wrapped.json"] = "youtube" } do
      local status, out, err = payloads.run(tidemark, "ingest", "--dry-run", "--format", "ndjson", path .. file)
      assert.equal(0, status, err)
      assert.equal(platform, payloads.ndjson(out)[1].platform)
    end
  end)

  it("is not guessed where only names occur that Threads has too", function()
    local path = source .. "/plugins/instagram/fixtures/insights_one_name.json"
    local status, out = payloads.run(tidemark, "ingest", "--dry-run", "--format", "ndjson", path)
    assert.equal("", out)
    assert.equal(65, status)
  end)
end)

-- The payloads of the test data, against its table of what each must yield.
describe("the test data", function()
  local data = os.getenv("TIDEMARK_TEST_DATA")
  if not data or data == "" then
    pending("is checked where TIDEMARK_TEST_DATA names its folder; it is not set")
    return
  end

  it("holds no style document", function()
    for _, folder in ipairs(expected.platforms(data)) do
      local _, out, err = payloads.run(tidemark, "ingest", "--dry-run", "--format", "ndjson", "-p", "style", data .. "/payloads/" .. folder)
      assert.equal("", out, err)
    end
  end)

  it("holds the platforms there are parsers for", function()
    local names = table.move(platforms, 1, #platforms, 1, {})
    table.sort(names)
    assert.same(names, expected.platforms(data))
  end)

  -- A run per platform: starting the program a hundred times would be most of the time. ./dev payloads says more, file by file.
  local due = expected.load(data)
  for _, platform in ipairs(platforms) do
    it("yields of " .. platform .. " what it must, row for row", function()
      local r = expected.check(tidemark, data, platform, expected.files(data, platform), due)
      assert.same({ missing = {}, extra = {}, wrong = {} }, { missing = r.missing, extra = r.extra, wrong = r.wrong })
      assert.truthy(#r.due > 0)
    end)

    it("is never taken for another platform's where " .. platform .. " is not named", function()
      for name, whose in pairs(expected.detected(tidemark, data, platform, expected.files(data, platform))) do
        assert.same({ [platform] = true }, whose, name)
      end
    end)
  end
end)
