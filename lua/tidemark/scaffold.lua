-- A new plugin that works at once: `tidemark plugin new` calls make() in the host's own state.

local cut = require("tidemark.scaffold_cut")
local guessing = require("tidemark.scaffold_guess")
local text = require("tidemark.scaffold_text")

local M = {}

local KEPT = 3  -- items of a payload that stay in the fixture

local json = rawget(_G, "json") or require("tidemark.testkit.json")

local COUNTS = { "views", "likes", "comments", "shares", "saves" }

local function path_of(source) return type(source) == "table" and source[1] or source end

local function whole(v) return math.tointeger(type(v) == "string" and tonumber(v) or v) end

local function id_text(v)
  if type(v) == "number" then return tostring(math.tointeger(v) or v) end
  return v
end

-- What the fixture's rows must be: the spec says it.
local function expected(guess, kept, p)
  p.ids, p.first = {}, {}
  for i = 1, math.min(kept, #guess.items) do p.ids[i] = id_text(json.get(guess.items[i], path_of(guess.post.id))) end
  for _, field in ipairs(COUNTS) do
    local v = guess.counts[field] and json.get(guess.items[1], guess.counts[field])
    if v ~= nil and json.kind(v) ~= "null" then p.first[#p.first + 1] = { field, whole(v) } end
  end
end

local function parser_word(guess)
  local word = guessing.snake(guess.each:match("[^.]*$") or "")
  if not word:find("^%l[%l%d_]*$") or word == "data" or word == "items" or word == "results" then word = "posts" end
  return word
end

local function said_lines(p)
  local lines, guess = {}, p.guess
  local function line(field, path, rest) lines[#lines + 1] = ("  %-18s <- %s%s"):format(field, path, rest or "") end
  local conditions = {}
  for _, one in ipairs(guess.match or {}) do
    conditions[#conditions + 1] = one.path .. (one.value == true and " is there" or (" = %q"):format(one.value))
  end
  if guess.match and guess.match.kind_of then table.insert(conditions, 1, (guess.match.kind_of == "." and "the document"
    or guess.match.kind_of) .. " is a list") end
  if guess.columns then conditions[1] = "the columns " .. table.concat(guess.columns, ", ") end
  line("match", table.concat(conditions, "; "))
  if guess.kind ~= "rows" then line("each", guess.each == "." and (guess.kind == "array" and "the document's elements"
    or "the document") or guess.each) end
  for _, one in ipairs(guess.said) do
    local rest = one.check and ": check this" .. (one.doubt and " (" .. one.doubt .. ")" or "") or one.doubt and " ("
      .. one.doubt .. ")"
    line(one.field, one.path, rest)
  end
  if type(guess.extra) == "string" then line("extra", "what else " .. guess.extra .. " holds") end
  if type(guess.extra) == "table" then
    local names = {}
    for name in pairs(guess.extra) do names[#names + 1] = name end
    table.sort(names)
    line("extra", table.concat(names, ", "))
  end
  for _, remark in ipairs(guess.remarks) do lines[#lines + 1] = "  note: " .. remark end
  return lines
end

local function parser(opts, p, files)
  local payload = opts.payload
  if not payload then
    local invented = text.fill(text.payload, opts.name)
    payload = { docs = { json.decode(invented) }, format = "json", text = invented, file = "posts.json" }
    p.invented = true
  end
  local guess, why = guessing.guess { docs = payload.docs, csv = payload.format == "csv", own = { opts.name },
    rival = opts.rival }
  if not guess then return why end
  local path = guess.each == "." and "" or guess.each
  local short, found = cut.cut(payload.text, payload.format, payload.wrapped and "body." .. path or path, KEPT)
  local kept = guess.kind == "object" and #guess.items or KEPT
  if payload.format == "ndjson" and guess.kind ~= "object" then -- three lines, each with all of its items
    kept = 0
    for i = 1, math.min(KEPT, #payload.docs) do kept = kept + #json.get(payload.docs[i], guess.each) end
  elseif payload.format == "ndjson" then
    kept = KEPT
  end
  p.guess, p.fixture, p.found, p.kept = guess, payload.file, found, math.min(kept, #guess.items)
  p.word = parser_word(guess)
  if payload.format == "csv" then p.word = "export" end
  p.parser = ("%s.%s"):format(opts.name, p.word)
  p.about_parser = payload.format == "csv" and "an export: one post per record"
    or guess.each == "." and "one post per document" or ("one post per element of %s"):format(guess.each)
  expected(guess, p.kept, p)
  files[#files + 1] = { path = "fixtures/" .. p.fixture, text = short }
  return nil
end

--- opts: name, parser, rule, report (booleans), lua (boolean: the report in Lua), payload = { docs, format, text, file,
--- wrapped } or nil,
--- rival. Gives { files = { { path, text } }, said = lines, next = commands }, or { why = text } when nothing can be proposed.
function M.make(opts)
  local p = { name = opts.name, rule = opts.rule, report = opts.report and (opts.lua and "lua" or "sql") or nil }
  local files = {}
  if opts.parser then
    local why = parser(opts, p, files)
    if why then return { why = why } end
  end
  local what = {}
  if opts.parser then what[#what + 1] = ("posts of %s"):format(opts.name) end
  if opts.rule then what[#what + 1] = "whether posts of the weekend do better" end
  if opts.report then what[#what + 1] = "the posts with the most views" end
  p.about = (table.concat(what, "; ") .. "."):gsub("^%l", string.upper)
  table.insert(files, 1, { path = "plugin.lua", text = text.plugin(p) })
  table.insert(files, 2, { path = "README.md", text = text.readme(p) })
  if p.report == "sql" then files[#files + 1] = { path = "reports/top.sql", text = text.sql(p) } end
  files[#files + 1] = { path = ("spec/%s_spec.lua"):format(opts.name), text = text.spec(p) }
  local said = {}
  if p.parser then
    said[1] = ("%s%s"):format(p.parser, p.invented and ", from an invented payload (give a real one with --from)"
      or p.found and p.found > p.kept and (", with %d of %d items as its fixture"):format(p.kept, p.found)
        or ", with the payload as its fixture")
    for _, line in ipairs(said_lines(p)) do said[#said + 1] = line end
  end
  if p.rule then said[#said + 1] = ("%s.weekend, a rule: posts of the weekend against the others"):format(opts.name) end
  if p.report then said[#said + 1] = ("%s.top, a report in %s: the posts with the most views"):format(opts.name, opts.lua
    and "Lua" or "SQL") end
  return { files = json.array(files), said = json.array(said), parser = p.parser }
end

return M
