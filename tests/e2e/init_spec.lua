-- A new project: what an editor finds in it, and what is said to do next.
local json = require("tidemark.testkit.json")
local support = require("e2e.support")

describe("tidemark init", function()
  local folder = support.folder()
  teardown(function() folder:close() end)

  it("writes a .luarc.json whose paths are there and hold the definitions of the plugin API", function()
    folder:ok({ "init", folder.dir .. "/a b" })
    local settings = json.decode(support.read(folder.dir .. "/a b/.luarc.json"))
    assert.equal("Lua 5.4", settings.runtime.version)
    assert.is_true(#settings.workspace["library"] > 0)
    for _, path in ipairs(settings.workspace["library"]) do
      assert.is_true(support.exists(path .. "/tidemark/meta/ctx.lua"), path)
      assert.is_true(support.exists(path .. "/tidemark/rows.lua"), path)
    end
    local globals = {}
    for _, name in ipairs(settings.diagnostics.globals) do globals[name] = true end
    assert.is_true(globals.describe and globals.it)
    assert.is_false(settings.workspace.checkThirdParty)
  end)

  it("says what to type next, also for the author of a plugin", function()
    local out = folder:ok({ "init", "mine" })
    assert.equal("made mine/tidemark.lua for me\n\n" ..
      "next    cd mine\n" ..
      "        tidemark ingest -p PLATFORM FILE\n" ..
      "plugin  tidemark plugin new NAME --kind parser --from PAYLOAD\n" ..
      "        tidemark plugin check\n" ..
      "        tidemark plugin test NAME\n" ..
      "editor  .luarc.json tells lua-language-server the plugin API\n", out)
    assert.truthy(support.read(folder.dir .. "/mine/tidemark.lua"):find("%-%-%-@type tidemark.Project\nreturn {"))
  end)

  it("leaves a .luarc.json that is there as it is", function()
    folder:write("own/.luarc.json", "{}\n")
    folder:ok({ "init", "own" })
    assert.equal("{}\n", support.read(folder.dir .. "/own/.luarc.json"))
  end)
end)
