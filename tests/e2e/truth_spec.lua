-- The demo's own promise, through the real program: of what is planted in the examples' made-up world everything is found, and
-- nothing else. ./dev bench truth says the same of other seeds.
local support = require("e2e.support")

local studio = support.source .. "/examples/studio"
local last_day, seed = "2026-11-24", 7 -- the seed of ./dev demo

describe("the examples' planted truth", function()
  local project, payloads, ids

  -- 0, or 2 where something was quarantined: some of it is broken on purpose.
  local function ingest(...)
    local r = project:run({ "ingest", ... })
    assert.truthy(r.code == 0 or r.code == 2, r.out .. r.err)
  end

  -- The same steps as ./dev demo.
  local function fill(owner)
    ingest("--owner", owner, payloads .. "/" .. owner)
    local logins = support.sh("ls " .. support.quote(payloads .. "/tiktok/" .. owner)).out
    for login in logins:gmatch("[^\n]+") do
      ingest("--owner", owner, "-p", "tiktok", "--account", login, ("%s/tiktok/%s/%s"):format(payloads, owner, login))
    end
    ingest("--owner", owner, "-p", "style", "--at", last_day .. "T00:00:00Z", ("%s/style/%s.ndjson"):format(payloads, owner))
  end

  local function psql(file)
    return project:ok({ "db", "psql", "-X", "-v", "studio=" .. ids.studio, "-v", "solo=" .. ids.solo, "-f", file })
  end

  local function record_changes()
    for line in io.lines(payloads .. "/changes.tsv") do
      local owner, type, version, at, account, metric = line:match("^(%S+)\t(%S+)\t(%S+)\t(%S+)\t(%S+)\t(%S+)$")
      local args = { "change", "add", type, version, "--owner", owner, "--at", at, "--metric", metric }
      if account ~= "all" then
        table.move({ "--account", account }, 1, 2, #args + 1, args)
      end
      project:ok(args)
    end
  end

  setup(function()
    project = support.project { owners = { "studio", "solo" }, pinned = true }
    payloads = project.root .. "/payloads"
    local config = support.read(project.dir .. "/tidemark.lua")
    ids = { studio = config:match('studio = "([%x-]+)"'), solo = config:match('solo = "([%x-]+)"') }
    local made = support.sh(("lua5.4 %s --out %s --end %s --seed %d"):format(support.quote(studio .. "/generate.lua"),
      support.quote(payloads), last_day, seed))
    assert.equal(0, made.code, made.err)
    fill("studio")
    fill("solo")
    psql(payloads .. "/accounts.sql")
    record_changes()
    for _, owner in ipairs { "studio", "solo" } do
      project:ok({ "learn", "--owner", owner, "--as-of", last_day .. "T06:00:00Z" })
    end
  end)

  teardown(function() project:close() end)

  it("is found, all of it and nothing else", function()
    local results = support.write(project.root .. "/results.tsv", psql(studio .. "/results.sql"))
    local said = support.sh(("lua5.4 %s %s < %s"):format(support.quote(studio .. "/check.lua"),
      support.quote(payloads .. "/truth.json"), support.quote(results)))
    assert.equal(0, said.code, said.out .. said.err)
    assert.truthy(said.out:find("planted 6 of 6 found, 0 false", 1, true), said.out)
  end)

  it("leaves most of a single person's few posts at 'insufficient data'", function()
    local share = project:sql(([[SELECT avg((decision = 'insufficient')::int) FROM tidemark.rule_results WHERE user_id = '%s'
      AND subject_type IN ('tag', 'time_block', 'change')]]):format(ids.solo))
    assert.is_true(tonumber(share) > 0.5, share)
  end)
end)
