-- The reference of the plugin API: made of the annotations, not stale, nothing unsaid, and its examples work. Those that need a run
-- (ctx, ctx.db, out, the analyses, errors, json) are run by the real binary in tests/e2e/api_spec.lua.
local reference = dofile("docs/api/generate.lua")

local function read(path)
  local f = io.open(path, "rb")
  if not f then return nil end
  local text = f:read("a")
  f:close()
  return text
end

describe("the reference of the plugin API", function()
  it("is what the annotations say", function()
    local stale = {}
    for path, text in pairs((reference.make())) do
      if read(path) ~= text then stale[#stale + 1] = path .. " is stale: run lua5.4 docs/api/generate.lua" end
    end
    assert.same({}, stale)
  end)

  it("says of every function what it does, its units, its errors, and has an example", function()
    local _, pages, wrong = reference.make()
    assert.same({}, wrong)
    local functions = 0
    for _, page in ipairs(pages) do functions = functions + #page.functions end
    assert.is_true(functions > 100, functions .. " functions only")
  end)

  it("has no page and no file that nothing makes any more", function()
    local made = reference.make()
    local pipe = assert(io.popen("ls docs/api/*.md"))
    for path in pipe:lines() do assert.truthy(made[path], path) end
    pipe:close()
  end)
end)

local function runs(example, globals, file)
  local env = setmetatable({}, { __index = function(_, name) return globals[name] or _G[name] end })
  local chunk = assert(load(example.code, file or "=" .. example.where, "t", env))
  local ok, why = pcall(chunk)
  assert.is_true(ok, ("%s, the example of %s: %s"):format(example.where, example.name, tostring(why)))
end

describe("every example of", function()
  local globals = { json = require("tidemark.testkit.json"), time = require("tidemark.time"), stats = require("tidemark.stats"),
    rows = require("tidemark.rows"), testkit = require("tidemark.testkit") }
  local plain = { json = true, time = true, stats = true, rows = true }
  local _, pages = reference.make()
  for _, page in ipairs(pages) do
    if plain[page.file] then
      it(page.title .. " works", function()
        for _, example in ipairs(page.examples) do runs(example, globals) end
        assert.is_true(#page.examples >= #page.functions)
      end)
    elseif page.file == "testkit" then
      it("testkit that needs no host works, in a spec of the plugin that the page tells of", function()
        local pipe = assert(io.popen("mktemp -d /tmp/tidemark-vidly.XXXXXX"))
        local dir = pipe:read("l")
        pipe:close()
        finally(function() os.execute("rm -rf '" .. dir .. "'") end)
        local spec = "@" .. require("lib.vidly").write(dir) .. "/spec/example_spec.lua"
        for _, example in ipairs(page.examples) do
          if not example.code:find("testkit.host", 1, true) then runs(example, globals, spec) end
        end
      end)
    end
  end
end)

describe("the definitions of testkit", function()
  it("are those of the module, both ways", function()
    local class = reference.declared("lua/tidemark/meta/testkit.lua").by_name["tidemark.testkit"]
    local said, there = {}, {}
    for _, f in ipairs(class.functions) do said[f.name] = true end
    for _, f in ipairs(class.fields) do said[f.name] = true end
    for name in pairs(require("tidemark.testkit")) do there[name] = true end
    assert.same(there, said)
  end)
end)

describe("the definitions of rows", function()
  it("are those of the module, both ways", function()
    local class = reference.declared("lua/tidemark/rows.lua").by_name["tidemark.rows"]
    local said, there = {}, {}
    for _, f in ipairs(class.functions) do said[f.name] = true end
    for name in pairs(require("tidemark.rows")) do there[name] = true end
    assert.same(there, said)
  end)
end)
