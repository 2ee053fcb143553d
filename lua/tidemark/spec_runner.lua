-- Runs a plugin's specs with busted, inside of `tidemark plugin test` (script/spec_state): a line a test, then how many.

local M = {}

local function full_name(busted, element)
  local names = { element.name or element.descriptor }
  local parent = busted.context.parent(element)
  while parent and parent.descriptor ~= "file" and (parent.name or parent.descriptor) do
    if parent.descriptor ~= "suite" then table.insert(names, 1, parent.name or parent.descriptor) end
    parent = busted.context.parent(parent)
  end
  return table.concat(names, " ")
end

local function indented(text) return "     " .. tostring(text):gsub("\n+$", ""):gsub("\n", "\n     ") .. "\n" end

--- options: files, filter (a Lua pattern, nil), glyphs = { ok, failed, skipped }, interrupted = function.
--- Gives { passed, failed, skipped }, or nil and why busted cannot be had.
function M.run(options)
  local found, core = pcall(require, "busted.core")
  if not found then return nil, tostring(core) end
  local busted = core()
  local result = { passed = 0, failed = 0, skipped = 0 }
  local said = {}
  local function print_line(glyph, text) io.stdout:write(glyph, "  ", text, "\n") end

  require("busted.modules.filter_loader")()(busted, {
    tags = {}, excludeTags = {}, filter = options.filter and { options.filter } or {}, filterOut = {},
  })
  require("busted")(busted)
  local function trouble(element, _, message)
    if element.descriptor == "it" then
      said[element] = message
    else -- outside of a test: a file that does not load, a setup
      result.failed = result.failed + 1
      print_line(options.glyphs.failed, full_name(busted, element))
      io.stdout:write(indented(message))
    end
    return nil, true
  end
  busted.subscribe({ "error" }, trouble)
  busted.subscribe({ "failure" }, trouble)
  busted.subscribe({ "pending" }, function(element, _, message)
    said[element] = message
    return nil, true
  end)
  busted.subscribe({ "test", "end" }, function(element, _, status)
    local kind = status == "success" and "passed" or status == "pending" and "skipped" or "failed"
    result[kind] = result[kind] + 1
    print_line(options.glyphs[kind], full_name(busted, element))
    if said[element] then io.stdout:write(indented(said[element])) end
    io.stdout:flush()
    if options.interrupted() then busted.skipAll = true end
    return nil, true
  end)

  local load_files = require("busted.modules.test_file_loader")(busted, { "lua" })
  load_files(options.files, {}, { excludes = {}, recursive = false })
  require("busted.execute")(busted)(1, {})
  return result
end

return M
