-- What documents say of the contract and of the config is what the contract says.
local doc = require("tidemark.contract_doc")
local names = require("tidemark.contract_names")
local schema = require("tidemark.contract_schema")

local source = os.getenv("TIDEMARK_SOURCE") or "."

local function read(path)
  local f = assert(io.open(source .. "/" .. path))
  local text = f:read("a")
  f:close()
  return text
end

describe("the documents", function()
  it("have the limits with their defaults, made from the contract", function()
    assert.truthy(read("docs/configuration.md"):find(doc.keys("limits", "md"), 1, true),
      "docs/configuration.md needs this table:\n" .. doc.keys("limits", "md"))
  end)

  it("name every key of the config, of a grant and of a parser", function()
    local config, parsers = read("docs/configuration.md"), read("docs/parsers.md")
    for _, def in ipairs(schema.project) do assert.truthy(config:find("| `" .. def.key .. "` |", 1, true), def.key) end
    for _, def in ipairs(schema.grant) do assert.truthy(config:find("| `" .. def.key .. "` |", 1, true), def.key) end
    for _, def in ipairs(schema.parser) do
      assert.truthy(parsers:find("`" .. def.key .. "`", 1, true) or parsers:find(def.key .. " =", 1, true), def.key)
    end
  end)

  it("have the reference of all keys", function()
    assert.equal(read("docs/contract.md"), doc.reference("md"))
  end)

  it("are plain text where that is asked for: columns aligned, no marks", function()
    local text = doc.keys("capabilities", "text")
    assert.equal(table.concat({
      '  key             default  written                   what',
      '  http                     { "www.googleapis.com" }  hosts that it talks to',
      '  tables                   { "reference.holidays" }  tables beside the owner\'s own',
      '  own_statistics           true                      its rules compute their own evidence (ctx.own)',
    }, "\n") .. "\n", text)
  end)
end)

describe("names behind ctx and libraries", function()
  local meta = [[
---@class tidemark.Ctx
---@field now number the clock
---@field db tidemark.Db
local ctx = {}
---@class tidemark.Options
---@field wrong? integer of something else

function ctx.sleep(seconds) end

local db = {}
local sql = {}
function sql.query(statement, ...) end
function db.tx(f) end
local out = {}
function out.post(post) end
]]

  local function look(text) return table.concat(names.look(text, "f.lua", meta), "\n") end

  it("are told with the nearest one", function()
    assert.equal("f.lua:2: ctx has no 'slep', did you mean 'sleep'?", look("local x = 1\nctx.slep(1)"))
    assert.equal("f.lua:1: ctx.db has no 'qeury', did you mean 'query'?", look("ctx.db.qeury('SELECT 1')"))
    assert.equal("f.lua:1: tx has no 'querry', did you mean 'query'?", look("ctx.db.tx(function(tx) tx.querry() end)"))
    assert.equal("f.lua:1: out has no 'pots', did you mean 'post'?", look("out.pots {}"))
    assert.equal("f.lua:1: string has no 'fromat', did you mean 'format'?", look("return string.fromat('%d', 1)"))
    assert.equal("f.lua:1: ctx has no 'wrong' (it has now, db, sleep)", look("return ctx.wrong"))
  end)

  it("are left alone where they are there, or the file's own", function()
    assert.equal("", look([[
      local string = require("strings")
      local function f(ctx, table) ctx.mine = 1 return ctx.mine + ctx.now, table.anything, string.anything end
      ctx.db.query("ctx.slep") -- ctx.slep
      return other.ctx.slep, ctx.db.tx(f), "string.fromat"]]))
  end)
end)
