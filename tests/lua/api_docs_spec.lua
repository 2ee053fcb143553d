-- The reference of the plugin API: made of the annotations, not stale, nothing unsaid, and its examples work. Those that need
-- a run (ctx, ctx.db, out, the analyses, errors, json) are run by the real binary in tests/e2e/api_spec.lua.
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

  it("have its arguments, and those of the host's functions", function()
    local declared, there, said = reference.declared("lua/tidemark/meta/testkit.lua"), {}, {}
    local source = read("lua/tidemark/testkit.lua")
    for object, name, arguments in source:gmatch("\n *function (%l*M?)%.([%w_]+)%((.-)%)") do
      if object == "M" or object == "host" then there[object .. "." .. name] = arguments end
    end
    for object, class in pairs { M = "tidemark.testkit", host = "tidemark.testkit.Host" } do
      for _, f in ipairs(declared.by_name[class].functions) do said[object .. "." .. f.name] = table.concat(f.arguments, ", ") end
    end
    said["M.out"], said["M.ctx"] = nil, nil -- functions of testkit/fake.lua
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

-- What cannot be enumerated from Lua (keys that a call takes, fields of userdata) stands in lists of the bindings' sources.
describe("the definitions of what bindings take", function()
  local function words(text)
    local out = {}
    for word in text:gmatch('"([%w_]+)"') do out[word] = true end
    return out
  end

  local function names(list)
    local out = {}
    for _, one in ipairs(list) do out[one.name] = true end
    return out
  end

  local function class(file, name)
    return assert(reference.declared("lua/tidemark/meta/" .. file).by_name[name], name)
  end

  it("are those of a post", function()
    local fields = assert(read("src/script/bind_frame.c"):match("fields%[%] = {(.-)};"))
    local said = names(class("rule.lua", "tidemark.Post").fields)
    assert.same(words(fields), said)
  end)

  it("are those of out", function()
    local source = read("src/script/bind_out.c")
    for key, name in pairs { post = "OutPost", counts = "OutCounts", facts = "OutFacts" } do
      local list = assert(source:match(key .. "_keys%[%] = {(.-)};"))
      assert.same(words(list), names(class("parser.lua", "tidemark." .. name).fields), name)
    end
  end)

  it("are those of the analyses' options", function()
    local source = read("src/script/bind_rule.c")
    local shared = class("rule.lua", "tidemark.AnalysisOptions").fields
    local found = 0
    for key, name in pairs { rank = "RankOptions", correlate = "CorrelateOptions", compare = "CompareOptions",
      trend = "TrendOptions", before_after = "BeforeAfterOptions" } do
      local list = assert(source:match('{"' .. key .. '",.-%(const char %*const%[%]%){(.-)NULL}'), key)
      local said = names(class("rule.lua", "tidemark." .. name).fields)
      for _, one in ipairs(shared) do said[one.name] = true end
      assert.same(words(list), said, name)
      found = found + 1
    end
    assert.equal(5, found)
  end)

  it("are those of ctx.own", function()
    local source = read("src/script/bind_own.c")
    assert.same(words(assert(source:match("fields%[%] = {(.-)};"))), names(class("rule.lua", "tidemark.OwnCandidate").fields))
    assert.same(words(assert(source:match("option_names%[%] = {(.-)};"))), names(class("rule.lua", "tidemark.OwnOptions").fields))
  end)

  it("are those of what stats makes, both ways", function()
    local stats = require("tidemark.stats")
    local design = stats.design(3)
    design:add({ 1, 1, 1 })
    local objects = { ["stats.design"] = design, ["stats.generator"] = stats.generator(1),
      ["stats.fit"] = stats.ols(design, { 1, 2, 4 }) }
    for name, object in pairs(objects) do
      local index, there, said = debug.getmetatable(object).__index, {}, {}
      for _, field in ipairs(class("stats.lua", name).fields) do
        said[field.name] = true
        assert.is_not_nil(object[field.name], name .. "." .. field.name)
      end
      if type(index) == "table" then
        for key in pairs(index) do there[key] = true end
        for key in pairs(there) do assert.is_true(said[key], name .. "." .. key .. " is not said") end
      end
    end
  end)
end)

describe("every type that the definitions name", function()
  it("is declared, and once", function()
    local declared, used, pipe = {}, {}, assert(io.popen("ls lua/tidemark/meta/*.lua lua/tidemark/rows.lua lua/tidemark/analysis/*.lua"))
    for path in pipe:lines() do
      for line in read(path):gmatch("[^\n]+") do
        local tag, rest = line:match("^%-%-%-@(%w+)%s+(.*)$")
        if tag == "class" or tag == "alias" then
          local name = rest:match("^[%w_.]+")
          assert.is_nil(declared[name], name .. " is declared twice")
          declared[name] = true
        end
        local types = tag and rest:gsub('"[^"]*"', "") or ""
        for name in types:gmatch("%f[%w_.]%l+%.[%w_.]+") do
          local space = name:match("^%l+")
          if name:find("^tidemark%.%u") or ((space == "stats" or space == "rows" or space == "time") and tag ~= "class") then
            used[name:gsub("%.$", "")] = path
          end
        end
      end
    end
    pipe:close()
    for _, name in ipairs { "time.add", "time.bucket" } do used[name] = declared[name] and used[name] end -- functions that prose names
    for name, path in pairs(used) do assert.is_true(declared[name], ("%s names %s"):format(path, name)) end
  end)
end)
