-- A plugin's page, made from its description, and the reference of the contract, made from its data.

local page = require("tidemark.contract_page")
local schema = require("tidemark.contract_schema")

local M = {}

local function add(out, ...) out[#out + 1] = { ... } end

local function code(value) return "`" .. tostring(value) .. "`" end

local function list_of(values, how)
  local out = {}
  for i, v in ipairs(values) do out[i] = how and how(v) or tostring(v) end
  return table.concat(out, ", ")
end

-- A default as it is written in Lua.
local function literal(v)
  if v == nil then return "" end
  if type(v) == "string" then return code('"' .. v .. '"') end
  if type(v) == "table" then
    return "`{ " .. list_of(v, function(one) return type(one) == "string" and '"' .. one .. '"' or tostring(one) end) .. " }`"
  end
  return code(v)
end

local function span(seconds)
  for _, unit in ipairs { { 604800, "w" }, { 86400, "d" }, { 3600, "h" }, { 60, "m" } } do
    if seconds % unit[1] == 0 and (unit[2] ~= "w" or seconds % (86400 * 30) ~= 0) then return seconds // unit[1] .. unit[2] end
  end
  return seconds .. "s"
end

-- --- settings, capabilities ----------------------------------------------------------------------------------------------

local function allowed(s)
  local out = {}
  if s.one_of then out[1] = "one of " .. list_of(s.one_of, literal) end
  if s.min ~= nil and s.max ~= nil then
    out[#out + 1] = ("%s to %s"):format(s.min, s.max)
  elseif s.min ~= nil then
    out[#out + 1] = "at least " .. s.min
  elseif s.max ~= nil then
    out[#out + 1] = "at most " .. s.max
  end
  return table.concat(out, "; ")
end

local function settings(out, p)
  if not p.config then return end
  local rows = {}
  for i, s in ipairs(p.config) do
    local kind = s.type == "list" and "list of " .. (s.of or "string") or s.type
    rows[i] = { code(s.name), kind, s.required and "required" or literal(s.default), allowed(s), s.about }
  end
  add(out, "heading", 2, "Settings")
  local where = "In tidemark.lua, under `plugins = { %s = { … } }`; in code `ctx.config`, in parsers `input.config`."
  add(out, "text", where:format(p.name))
  add(out, "table", { "setting", "type", "default", "allowed", "what" }, rows)
end

local ABOUT_CAPABILITY = {}
for _, def in ipairs(schema.capabilities) do ABOUT_CAPABILITY[def.key] = def.about end

local function capabilities(out, granted)
  if #granted == 0 then return end
  local rows, missing = {}, {}
  for i, c in ipairs(granted) do
    rows[i] = { code(c.name), c.value and code(c.value) or "", c.granted and "yes" or "no", ABOUT_CAPABILITY[c.name] }
    if not c.granted then missing[#missing + 1] = c.line end
  end
  add(out, "heading", 2, "Capabilities")
  add(out, "table", { "capability", "which", "granted", "what" }, rows)
  if #missing > 0 then
    add(out, "text", "To grant what is missing, write into tidemark.lua:")
    add(out, "code", table.concat(missing, "\n"))
  end
end

-- --- parsers -------------------------------------------------------------------------------------------------------------

local function path_text(path)
  if path:sub(1, 1) == "^" then return code(path:sub(2)) .. " of the document" end
  return path == "." and "the item itself" or code(path)
end

local function source_text(s)
  local joined = list_of(s.paths, path_text)
  if #s.paths > 1 then joined = (s.how == "sum" and "the sum of " or "the first of ") .. joined end
  return joined .. (s.unit and (" in %s"):format(s.unit) or "")
end

local function condition_text(c)
  if c.kind then return ("%s is of kind %s"):format(path_text(c.path), c.kind) end
  if c.present ~= nil then return path_text(c.path) .. (c.present and " is there" or " is not there") end
  return ("%s is %s%s"):format(path_text(c.path), #c.any > 1 and "one of " or "", list_of(c.any, literal))
end

local function match_text(m)
  local out = {}
  for _, c in ipairs(m.conditions or {}) do out[#out + 1] = condition_text(c) end
  if m.columns then out[#out + 1] = "it is a CSV with the columns " .. list_of(m.columns, code) end
  if m.url then out[#out + 1] = "the URL fits the pattern " .. code(m.url) end
  return out
end

local function field_rows(p)
  local rows = {}
  for _, part in ipairs { "post", "counts", "account", "same", "refuse" } do
    for _, def in ipairs(p[part] and schema[part] or {}) do
      local s = p[part][def.key]
      if s and def.named and not s.paths then
        for _, one in ipairs(s) do
          rows[#rows + 1] = { ("%s.%s.%s"):format(part, def.key, one.name), source_text(one.source) }
        end
      elseif s then
        rows[#rows + 1] = { part .. "." .. def.key, source_text(s) }
      end
    end
  end
  for _, one in ipairs(p.extra or {}) do rows[#rows + 1] = { "extra." .. one.name, source_text(one.source) } end
  if p.extra_from then rows[#rows + 1] = { "extra", "what no count uses of " .. path_text(p.extra_from) } end
  for _, row in ipairs(rows) do row[1] = code(row[1]) end
  return rows
end

local function parser(out, p)
  add(out, "heading", 3, p.name)
  if p.about then add(out, "text", p.about) end
  local facts = { p.match.code and "its own by code: `match(doc, input)`"
    or "its own when " .. table.concat(match_text(p.match), ", ") }
  if p.csv then facts[#facts + 1] = "for CSV" .. (p.whole and ", never cut" or "") end
  if p.each then facts[#facts + 1] = "items: " .. (#p.each > 1 and "the first of " or "") .. list_of(p.each, path_text) end
  if p.code then facts[#facts + 1] = "rows by code: " .. code("parse(doc, out, input)") end
  if p.account and not p.post and not p.skip then facts[#facts + 1] = "every item is an observation of an account" end
  if p.window then facts[#facts + 1] = "window: " .. p.window .. (p.zone and ", days in " .. p.zone or "") end
  if p.skip then facts[#facts + 1] = ("every item is dropped as %s"):format(literal(p.skip)) end
  for _, d in ipairs(p.drop or {}) do
    local when = {}
    for i, c in ipairs(d.conditions) do when[i] = condition_text(c) end
    facts[#facts + 1] = ("dropped as %s: %s"):format(literal(d.reason), table.concat(when, ", "))
  end
  if p.refuse then facts[#facts + 1] = "the document is an error and is refused" end
  add(out, "lines", facts)
  local rows = field_rows(p)
  if #rows > 0 then add(out, "table", { "field", "from" }, rows) end
end

-- --- what runs -----------------------------------------------------------------------------------------------------------

local function every_text(every) return every and "runs by itself: " .. code(every) or "runs by hand only" end

local function rule(out, r)
  local n = r.needs
  add(out, "heading", 3, r.name)
  add(out, "text", r.about)
  add(out, "lines", {
    every_text(r.every),
    "posts of the last " .. span(n.since_s) .. (n.gained and ", with what they gained day by day" or ", compared at " ..
      (n.age_h % 24 == 0 and n.age_h > 24 and n.age_h // 24 .. "d" or n.age_h .. "h")),
    "score: " .. n.metric,
    n.changes and "knows what changed in the AI" or nil,
  })
end

local function report(out, r)
  add(out, "heading", 3, r.name)
  add(out, "text", r.about)
  local words = {}
  for i, a in ipairs(r.args or {}) do words[i] = (" --var %s=%s"):format(a.name, a.default or a.type:upper()) end
  add(out, "lines", { code("tidemark report " .. r.name .. table.concat(words)), r.sql and "in SQL" or "in Lua" })
  local rows = {}
  for i, a in ipairs(r.args or {}) do
    rows[i] = { code(a.name), a.type, a.default and code(a.default) or "required", a.about or "" }
  end
  if #rows > 0 then add(out, "table", { "argument", "type", "default", "what" }, rows) end
  rows = {}
  for i, c in ipairs(r.columns or {}) do
    rows[i] = { code(c.name), c.title or "", c.unit or "", c.hide and "in CSV and JSON only" or "" }
  end
  if #rows > 0 then add(out, "table", { "column", "title", "unit", "shown" }, rows) end
end

local function job(out, j)
  add(out, "heading", 3, j.name)
  add(out, "text", j.about)
  local facts = { every_text(j.every) }
  if j.timeout_s then facts[#facts + 1] = "may take " .. span(j.timeout_s) end
  if j.platform then facts[#facts + 1] = "documents of " .. code(j.platform) end
  if j.hosts then facts[#facts + 1] = "talks to " .. list_of(j.hosts, code) end
  if not j.platform then facts[#facts + 1] = "by hand: " .. code("tidemark run " .. j.name) end
  add(out, "lines", facts)
end

local function part(out, title, list, each)
  if not list or #list == 0 then return end
  add(out, "heading", 2, title)
  for _, one in ipairs(list) do each(out, one) end
end

--- info: { description =, sql_reports = reports of files, capabilities = { { name, value, granted, line }, … } }.
function M.page(info, format)
  local p, out = info.description, {}
  add(out, "heading", 1, p.name)
  add(out, "text", p.about)
  settings(out, p)
  capabilities(out, info.capabilities or {})
  part(out, "Parsers", p.parsers, parser)
  part(out, "Rules", p.rules, rule)
  local reports = {}
  for _, r in ipairs(p.reports or {}) do reports[#reports + 1] = r end
  for _, r in ipairs(info.sql_reports or {}) do
    r.sql = true
    reports[#reports + 1] = r
  end
  table.sort(reports, function(a, b) return a.name < b.name end)
  part(out, "Reports", reports, report)
  part(out, "Jobs", p.jobs, job)
  part(out, "Collectors", p.collectors, job)
  return page.render(out, format)
end

-- --- the reference -------------------------------------------------------------------------------------------------------

local PARTS = {
  { "plugin", "The plugin's table" },
  { "parser", "parsers" }, { "post", "post of a parser" }, { "counts", "counts of a parser" },
  { "account", "account of a parser" }, { "same", "same of a parser" }, { "refuse", "refuse of a parser" },
  { "drop", "drop of a parser" },
  { "rule", "rules" }, { "needs", "needs of a rule" },
  { "report", "reports" }, { "arg", "args of a report" }, { "column", "columns of a report" },
  { "job", "jobs" }, { "collector", "collectors" },
  { "setting", "config" }, { "capabilities", "capabilities" }, { "grant", "grant, in tidemark.lua" },
}

local function default_text(def)
  if def.required then return "required" end
  if def.shown then return literal(def.shown) end
  return def.default ~= nil and literal(def.default) or ""
end

local function about_text(def)
  local out = { def.about }
  if def.one_of then out[#out + 1] = "one of " .. list_of(def.one_of, code) end
  if def.min and def.max then out[#out + 1] = ("%d to %d"):format(def.min, def.max) end
  if def.units then out[#out + 1] = "units " .. list_of(def.units, code) end
  if def.sum then out[#out + 1] = "may be a sum" end
  if def.named then out[#out + 1] = "a table of names with paths" end
  if def.forms and def.forms ~= "declared skip refuse parse" then
    local forms = {}
    for form in def.forms:gmatch("%S+") do forms[#forms + 1] = form == "declared" and "paths" or code(form) end
    out[#out + 1] = "in a parser with " .. table.concat(forms, ", ")
  end
  if def.since then out[#out + 1] = "since api " .. def.since end
  return table.concat(out, "; ")
end

local function keys_table(defs)
  local rows, written = {}, false
  for _, def in ipairs(defs) do written = written or def.form ~= nil end
  for i, def in ipairs(defs) do
    rows[i] = { code(def.key), default_text(def), about_text(def) }
    if written then table.insert(rows[i], 3, def.form and code(def.form) or "") end
  end
  return written and { "key", "default", "written", "what" } or { "key", "default", "what" }, rows
end

--- The rows of a part as docs have them: "limits", "project", ….
function M.keys(name, format)
  return page.render({ { "table", keys_table(schema[name]) } }, format)
end

--- All that a plugin's table may hold.
function M.reference(format)
  local out = {}
  add(out, "heading", 1, "The plugin's table, key by key")
  add(out, "text", "Made from the data that plugins are checked against (`tidemark plugin doc --format md`).")
  for _, one in ipairs(PARTS) do
    add(out, "heading", 2, one[2])
    add(out, "table", keys_table(schema[one[1]]))
  end
  return page.render(out, format)
end

return M
