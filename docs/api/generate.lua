#!/usr/bin/env lua5.4
-- Makes what is said in one place and read in another: docs/api/*.md from the annotations in lua/tidemark (LuaCATS), and
-- lua/tidemark/meta/plugin.lua from the contract's own lists. Run it after changing either:
--
--   lua5.4 docs/api/generate.lua            writes the files
--   lua5.4 docs/api/generate.lua --check    says which are stale, and ends with 1
--
-- A function of the reference without its units, its errors or an example is refused. tests/lua/api_docs_spec.lua runs the
-- check and the examples.

local root = (arg and arg[0] or ""):match("^(.*)/docs/api/[^/]*$") or os.getenv("TIDEMARK_SOURCE") or "."
package.path = root .. "/lua/?.lua;" .. package.path

local M = {}

-- --- what there is -----------------------------------------------------------------------------------------------------

-- from: the files; names: how a class's functions are called; says: what each must say besides errors and an example.
local PAGES = {
  { file = "ctx", title = "ctx", from = { "meta/ctx.lua" },
    names = { ["tidemark.Ctx"] = "ctx", ["tidemark.Log"] = "ctx.log" } },
  { file = "ctx-db", title = "ctx.db", from = { "meta/db.lua" },
    names = { ["tidemark.Db"] = "ctx.db", ["tidemark.Sql"] = "ctx.db", ["tidemark.Numeric"] = "numeric" } },
  { file = "analyses", title = "The analyses", from = { "meta/rule.lua", "analysis/candidate.lua" },
    names = { ["tidemark.RuleCtx"] = "ctx" }, says = { "Assumes", "Units", "Source" },
    classes_only = "analysis/candidate.lua" },
  { file = "parser", title = "A parser's out and input", from = { "meta/parser.lua" },
    names = { ["tidemark.Out"] = "out" } },
  { file = "json", title = "json", from = { "meta/json.lua" }, names = { ["tidemark.json"] = "json" } },
  { file = "time", title = "time", from = { "meta/time.lua" }, names = { ["tidemark.time"] = "time" } },
  { file = "stats", title = "stats", from = { "meta/stats.lua" }, names = { ["tidemark.stats"] = "stats" },
    says = { "Assumes", "Units", "Source" } },
  { file = "rows", title = "rows", from = { "rows.lua" }, names = { ["tidemark.rows"] = "rows" },
    require = "tidemark.rows" },
  { file = "testkit", title = "testkit", from = { "meta/testkit.lua" }, require = "tidemark.testkit",
    names = { ["tidemark.testkit"] = "testkit", ["tidemark.testkit.Host"] = "host" } },
  { file = "errors", title = "Errors", from = { "meta/error.lua" }, names = {} },
}

local function read(path)
  local f = io.open(root .. "/" .. path, "rb")
  if not f then return nil end
  local text = f:read("a")
  f:close()
  return text
end

-- --- annotations -------------------------------------------------------------------------------------------------------

-- Where the type that begins at position `at` of a text ends.
local function type_end(text, at)
  at = text:match("^%s*()", at)
  local _, stop = text:find("^fun%b()", at)
  if stop then
    local after = text:match("^%s*:%s*()", stop + 1)
    at = after and type_end(text, after) or stop + 1
  else
    _, stop = text:find("^%b{}", at)
    if not stop then _, stop = text:find("^%b()", at) end
    if not stop then _, stop = text:find('^"[^"]*"', at) end
    if not stop then _, stop = text:find("^[%w_.]+", at) end
    if not stop then return at end
    at = stop + 1
    _, stop = text:find("^%b<>", at)
    at = stop and stop + 1 or at
  end
  while text:find("^%[%]", at) do at = at + 2 end
  if text:sub(at, at) == "?" then at = at + 1 end
  local more = text:match("^%s*|%s*()", at)
  return more and type_end(text, more) or at
end

-- "string? why it failed" -> "string?", "why it failed"
local function split_type(text)
  local stop = type_end(text, 1)
  return text:sub(1, stop - 1):match("^%s*(.-)%s*$"), text:sub(stop):match("^%s*(.-)%s*$")
end

-- The comment blocks of a file: { line, text = lines, tags = { { "param", "rest" }, … }, code = the line below }.
local function blocks(source)
  local list, block, number = {}, nil, 0
  for line in (source .. "\n"):gmatch("(.-)\r?\n") do
    number = number + 1
    local comment = line:match("^%-%-%-(.*)$")
    if comment then
      block = block or { line = number, text = {}, tags = {} }
      local tag, rest = comment:match("^@(%w+)%s*(.*)$")
      if tag then
        table.insert(block.tags, { tag, rest })
      elseif #block.tags > 0 then
        local last = block.tags[#block.tags]
        last[2] = last[2] .. (comment:find("^|") and "\n" or " ") .. comment:match("^%s*(.*)$")
      else
        table.insert(block.text, (comment:gsub("^ ", "")))
      end
    elseif block then
      block.code = line
      list[#list + 1], block = block, nil
    end
  end
  return list
end

local function tag_of(block, name)
  for _, tag in ipairs(block.tags) do
    if tag[1] == name then return tag[2] end
  end
end

local function function_of(block)
  local object, dot, name, arguments = block.code:match("^function ([%w_]+)([.:])([%w_]+)%((.-)%)")
  if not name then return nil end
  local f = { object = object, dot = dot, name = name, arguments = {}, params = {}, returns = {}, text = block.text,
    line = block.line }
  for one in arguments:gmatch("[^,%s]+") do f.arguments[#f.arguments + 1] = one end
  for _, tag in ipairs(block.tags) do
    if tag[1] == "param" then
      local key, rest = tag[2]:match("^([%w_.]+%??)%s+(.*)$")
      local kind, about = split_type(rest or "")
      f.params[#f.params + 1] = { name = key:gsub("%?$", ""), optional = key:find("%?$") ~= nil, type = kind, about = about }
    elseif tag[1] == "return" then
      local kind, about = split_type(tag[2])
      f.returns[#f.returns + 1] = { type = kind, about = about }
    end
  end
  return f
end

local function class_of(block)
  local head = tag_of(block, "class")
  if not head then return nil end
  local name, rest = head:match("^([%w_.]+)(.*)$")
  local parent, about = rest:match("^%s*:%s*([%w_.]+)%s*(.*)$")
  local class = { name = name, parent = parent, about = about or rest:match("^%s*(.*)$"), text = block.text, fields = {},
    functions = {}, line = block.line }
  for _, tag in ipairs(block.tags) do
    if tag[1] == "field" then
      local key, tail = tag[2]:match("^(%b[])%s+(.*)$")
      if not key then key, tail = tag[2]:match("^([%w_]+%??)%s+(.*)$") end
      local kind, said = split_type(tail)
      table.insert(class.fields, { name = key:gsub("%?$", ""), optional = key:find("%?$") ~= nil, type = kind, about = said })
    end
  end
  return class
end

--- What a file declares. Functions belong to the class whose table they are put into: the one declared above `local NAME = {}`.
---@param path string below the root
---@return { classes: table[], by_name: table<string, table>, aliases: table[] }
function M.declared(path)
  local source = read(path)
  if not source then error(path .. " is not there", 0) end
  local out, tables = { classes = {}, by_name = {}, aliases = {} }, {}
  for _, block in ipairs(blocks(source)) do
    local class = class_of(block)
    if class then
      out.classes[#out.classes + 1], out.by_name[class.name] = class, class
      local object = block.code:match("^local ([%w_]+) = {")
      if object then tables[object] = class end
    end
    for _, tag in ipairs(block.tags) do
      if tag[1] == "alias" then
        local name, rest = tag[2]:match("^([%w_.]+)%s*(.*)$")
        table.insert(out.aliases, { name = name, text = rest })
      end
    end
    local f = function_of(block)
    if f and tables[f.object] then table.insert(tables[f.object].functions, f) end
  end
  return out
end

-- --- what a function must say ------------------------------------------------------------------------------------------

local LABELS = { Units = true, Assumes = true, Source = true, Errors = true }

-- A text's paragraphs, its labelled sentences and its examples.
local function sections(text)
  local out = { paragraphs = {}, labels = {}, examples = {} }
  local paragraph, example
  for _, line in ipairs(text) do
    if example then
      if line:find("^```") then
        table.insert(out.examples, table.concat(example, "\n"))
        example = nil
      else
        table.insert(example, line)
      end
    elseif line:find("^```lua") then
      example, paragraph = {}, nil
    elseif line == "" then
      paragraph = nil
    else
      local label, rest = line:match("^(%u%l+): (.*)$")
      if LABELS[label] then
        paragraph = { label = label, rest }
        table.insert(out.labels, paragraph)
        out.labels[label] = paragraph
      elseif paragraph then
        table.insert(paragraph, line)
      else
        paragraph = { line }
        table.insert(out.paragraphs, paragraph)
      end
    end
  end
  return out
end

local function has_number(f)
  for _, list in ipairs { f.params, f.returns } do
    for _, p in ipairs(list) do
      local kind = p.type:gsub('"[^"]*"', "")
      if kind:find("number") or kind:find("integer") then return true end
    end
  end
  return false
end

local function check_function(path, name, f, says, wrong)
  local function miss(what) table.insert(wrong, ("%s:%d: %s %s"):format(path, f.line, name, what)) end
  local s = sections(f.text)
  if #s.paragraphs == 0 then miss("does not say what it does") end
  if not s.labels.Errors then miss("does not say how it fails (Errors: …)") end
  if #s.examples == 0 then miss("has no example (```lua)") end
  for _, label in ipairs(says or {}) do
    if not s.labels[label] then miss(("says nothing of its %s (%s: …)"):format(label:lower(), label)) end
  end
  if not says and has_number(f) and not s.labels.Units then
    miss("takes or gives numbers and does not say their units (Units: …)")
  end
  local known = {}
  for _, p in ipairs(f.params) do known[p.name] = true end
  for _, argument in ipairs(f.arguments) do
    if not known[argument] then miss(("has an argument without a type: %s"):format(argument)) end
    known[argument] = nil
  end
  for argument in pairs(known) do miss(("has a @param of no argument: %s"):format(argument)) end
  return s
end

-- --- pages -------------------------------------------------------------------------------------------------------------

local function put(out, ...) out[#out + 1] = table.concat({ ... }) end

local function cell(text) return (text:gsub("|", "\\|"):gsub("%s*\n%s*", " ")) end

local function put_text(out, s)
  for _, paragraph in ipairs(s.paragraphs) do
    put(out, table.concat(paragraph, "\n"))
    put(out, "")
  end
end

local function signature(prefix, f)
  local optional = {}
  for _, p in ipairs(f.params) do optional[p.name] = p.optional end
  local words = {}
  for i, name in ipairs(f.arguments) do words[i] = name .. (optional[name] and "?" or "") end
  return ("%s%s%s(%s)"):format(prefix, f.dot, f.name, table.concat(words, ", "))
end

local function put_function(out, prefix, f, s)
  put(out, "### ", signature(prefix, f))
  put(out, "")
  put_text(out, s)
  if #f.params > 0 then
    put(out, "| argument | type | |")
    put(out, "|---|---|---|")
    for _, p in ipairs(f.params) do
      put(out, "| `", p.name, p.optional and "?" or "", "` | `", cell(p.type), "` | ", cell(p.about), " |")
    end
    put(out, "")
  end
  for i, r in ipairs(f.returns) do
    put(out, i == 1 and "- gives `" or "- then `", r.type, "`", r.about ~= "" and " " .. r.about or "")
  end
  for _, label in ipairs(s.labels) do put(out, "- ", label.label:lower(), ": ", table.concat(label, "\n  ")) end
  if #f.returns + #s.labels > 0 then put(out, "") end
  for _, example in ipairs(s.examples) do
    put(out, "```lua")
    put(out, example)
    put(out, "```")
    put(out, "")
  end
end

local function put_fields(out, class)
  if #class.fields == 0 then return end
  put(out, "| field | type | |")
  put(out, "|---|---|---|")
  for _, f in ipairs(class.fields) do
    local name = f.name:find("^%[") and f.name or f.name .. (f.optional and "?" or "")
    put(out, "| `", name, "` | `", cell(f.type), "` | ", cell(f.about), " |")
  end
  put(out, "")
end

local function put_class(out, page, path, class, wrong)
  local prefix = page.names[class.name]
  local s = sections(class.text)
  if prefix == nil or #class.functions == 0 or class ~= page.first then
    put(out, "## ", prefix and #class.functions > 0 and class.name or class.name)
    put(out, "")
    if class.parent then
      put(out, "Has what `", class.parent, "` has, and:")
      put(out, "")
    end
  end
  if class.about ~= "" then
    put(out, class.about:sub(1, 1):upper(), class.about:sub(2), ".")
    put(out, "")
  end
  put_text(out, s)
  for _, example in ipairs(s.examples) do
    put(out, "```lua")
    put(out, example)
    put(out, "```")
    put(out, "")
    table.insert(page.examples, { name = class.name, code = example, where = path .. ":" .. class.line })
  end
  put_fields(out, class)
  for _, f in ipairs(class.functions) do
    local name = (prefix or class.name) .. f.dot .. f.name
    local said = check_function(path, name, f, page.says, wrong)
    put_function(out, prefix or class.name, f, said)
    for _, example in ipairs(said.examples) do
      table.insert(page.examples, { name = name, code = example, where = path .. ":" .. f.line })
    end
    table.insert(page.functions, name)
  end
end

local NOTE = "<!-- made by docs/api/generate.lua from lua/tidemark/%s: change it there -->"

-- A page's text; what it lacks is added to wrong.
local function render(page, wrong)
  local out = { NOTE:format(table.concat(page.from, ", lua/tidemark/")), "", "# " .. page.title, "" }
  page.examples, page.functions = {}, {}
  if page.require then
    put(out, "`local ", page.title, " = require(\"", page.require, "\")`")
    put(out, "")
  end
  for _, from in ipairs(page.from) do
    local path = "lua/tidemark/" .. from
    local file = M.declared(path)
    page.first = page.first or file.classes[1]
    for _, class in ipairs(file.classes) do
      if from == page.classes_only then class.functions = {} end
      put_class(out, page, path, class, wrong)
    end
    for _, alias in ipairs(file.aliases) do
      put(out, "## ", alias.name)
      put(out, "")
      if alias.text:find("\n") then
        for one in alias.text:gmatch("|%s*([^\n]+)") do
          local kind, about = split_type(one)
          put(out, "- `", kind, "` ", about)
        end
      else
        local kind, about = split_type(alias.text)
        put(out, "`", kind, "`", about ~= "" and ": " .. about or "")
      end
      put(out, "")
    end
  end
  while out[#out] == "" do out[#out] = nil end
  return table.concat(out, "\n") .. "\n"
end

local function index(pages)
  local out = { NOTE:format("…"), "", "# The plugin API", "",
    "One page for each name that a plugin's code meets. Every example is run by the tests. An editor knows all of it too:",
    "`tidemark init` writes a `.luarc.json` for lua-language-server.", "" }
  for _, page in ipairs(pages) do
    put(out, "- [", page.title, "](", page.file, ".md)", #page.functions > 0 and ": " or "",
      #page.functions > 0 and "`" .. table.concat(page.functions, "`, `") .. "`" or "")
  end
  put(out, "")
  put(out, "A plugin's table is in [parsers](../parsers.md), [rules](../rules.md) and [reports](../reports.md).")
  return table.concat(out, "\n") .. "\n"
end

-- --- the plugin's table ------------------------------------------------------------------------------------------------

local CLASSES = {
  { "plugin", "Plugin" }, { "parser", "Parser" }, { "post", "PostPaths" }, { "counts", "CountsPaths" },
  { "account", "AccountPaths" }, { "same", "SamePaths" },
  { "refuse", "RefusePaths" }, { "drop", "Drop" }, { "rule", "Rule" }, { "needs", "Needs" },
  { "report", "Report" }, { "arg", "ReportArg" }, { "column", "ReportColumn" }, { "job", "Job" }, { "collector", "Collector" },
  { "setting", "Setting" },
  { "capabilities", "Capabilities" }, { "project", "Project" }, { "limits", "Limits" }, { "grant", "Grant" },
}
local PATHS = { post = true, counts = true, account = true, same = true, refuse = true }

-- The types of what the contract's lists leave to code; of the others by their reader.
local TYPES = {
  ["plugin.name"] = "string", ["plugin.api"] = "integer", ["plugin.parsers"] = "table<string, tidemark.Parser>",
  ["plugin.rules"] = "table<string, tidemark.Rule>", ["plugin.reports"] = "table<string, tidemark.Report>",
  ["plugin.jobs"] = "table<string, tidemark.Job>", ["plugin.collectors"] = "table<string, tidemark.Collector>",
  ["plugin.config"] = "table<string, tidemark.Setting>", ["plugin.capabilities"] = "tidemark.Capabilities",
  ["parser.match"] = "table<string, any>|(fun(doc: tidemark.View, input: tidemark.Input): boolean|integer|nil)",
  ["parser.id_from_url"] = "string|string[]",
  ["parser.each"] = "tidemark.Path", ["parser.post"] = "tidemark.PostPaths", ["parser.counts"] = "tidemark.CountsPaths",
  ["parser.extra"] = "string|table<string, tidemark.Path>", ["parser.account"] = "tidemark.AccountPaths",
  ["parser.same"] = "tidemark.SamePaths",
  ["parser.drop"] = "tidemark.Drop[]", ["parser.refuse"] = "tidemark.RefusePaths",
  ["parser.parse"] = "fun(doc: tidemark.View, out: tidemark.Out, input: tidemark.Input)",
  ["drop.when"] = "table<string, any>", ["rule.needs"] = "tidemark.Needs",
  ["rule.find"] = "fun(posts: tidemark.Posts, ctx: tidemark.RuleCtx): any",
  ["report.args"] = "table<string, tidemark.ReportArg>", ["report.columns"] = "tidemark.ReportColumn[]",
  ["report.chart"] = "string",
  ["report.run"] = "fun(ctx: tidemark.Ctx, args: table<string, any>): rows.List", ["arg.default"] = "string|number|boolean",
  ["job.run"] = "fun(ctx: tidemark.Ctx): any", ["collector.run"] = "fun(ctx: tidemark.Ctx): any",
  ["setting.default"] = "any", ["setting.one_of"] = "any[]", ["setting.min"] = "number", ["setting.max"] = "number",
  ["project.owners"] = "table<string, string>", ["project.default_owner"] = "string",
  ["project.limits"] = "tidemark.Limits",
  ["project.plugins"] = "table<string, tidemark.Grant|table<string, any>>",
}
local READERS = {
  text = "string", flag = "boolean", whole = "integer", texts = "string[]", lines = "string|string[]", schedule = "string",
  span = "string", timeout = "string", zone = "string", display_zone = "string", platform = "string", column = "string",
  role = "string",
}

local function type_of(section, key)
  if PATHS[section] then return key.named and "table<string, tidemark.Path>" or "tidemark.Path" end
  local known = TYPES[section .. "." .. key.key]
  if known then return known end
  if key.one_of then
    local words = {}
    for i, word in ipairs(key.one_of) do words[i] = ("%q"):format(word) end
    return table.concat(words, "|")
  end
  if READERS[key.type] then return READERS[key.type] end
  error(("docs/api/generate.lua: what type has %s.%s? add it to TYPES"):format(section, key.key), 0)
end

local function plugin_meta()
  local schema = require("tidemark.contract_schema")
  local out = { "---@meta", "",
    "-- A plugin's table and a project's config, from the contract's own lists (contract_schema.lua): made by",
    "-- docs/api/generate.lua, change it there.", "",
    "---@alias tidemark.Path string",
    "---| { [1]: string, unit?: string }",
    "---| { first: string[], unit?: string } the first that is there and not null",
    "---| { sum: string[], unit?: string } of those that are there", "" }
  for _, pair in ipairs(CLASSES) do
    local section = schema[pair[1]]
    put(out, "---@class tidemark.", pair[2], " ", (section.about:gsub("\n", " ")))
    for _, key in ipairs(section) do
      local default = key.shown or key.default
      put(out, "---@field ", key.key, key.required and "" or "?", " ", type_of(pair[1], key), " ", (key.about:gsub("\n", " ")),
        default ~= nil and default ~= false and ("; unless given %s"):format(tostring(default)) or "")
    end
    put(out, "")
  end
  while out[#out] == "" do out[#out] = nil end
  return table.concat(out, "\n") .. "\n"
end

-- --- all of it ---------------------------------------------------------------------------------------------------------

--- Everything that is made: text by path, the pages with their examples, and what is missing in the annotations.
---@return table<string, string> files
---@return { file: string, title: string, functions: string[], examples: table[] }[] pages examples: name, code, where
---@return string[] wrong
function M.make()
  local files, pages, wrong = { ["lua/tidemark/meta/plugin.lua"] = plugin_meta() }, {}, {}
  for _, page in ipairs(PAGES) do
    files["docs/api/" .. page.file .. ".md"] = render(page, wrong)
    pages[#pages + 1] = page
  end
  files["docs/api/README.md"] = index(pages)
  return files, pages, wrong
end

local function main(check)
  local files, _, wrong = M.make()
  local paths = {}
  for path in pairs(files) do paths[#paths + 1] = path end
  table.sort(paths)
  for _, path in ipairs(paths) do
    if read(path) ~= files[path] then
      if check then
        table.insert(wrong, path .. ":1: is stale: run lua5.4 docs/api/generate.lua")
      else
        local f = assert(io.open(root .. "/" .. path, "wb"))
        f:write(files[path])
        f:close()
        print("wrote " .. path)
      end
    end
  end
  for _, text in ipairs(wrong) do print(text) end
  os.exit(#wrong == 0)
end

if arg and arg[0] and arg[0]:find("docs/api/generate%.lua$") then main(arg[1] == "--check") end

return M
