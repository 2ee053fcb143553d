-- What a plugin's spec needs: fixtures, parsers, fake posts and a fake ctx without the host; with `tidemark plugin test` the
-- host itself
-- (testkit.host()) on a throw-away database. docs/plugins.md shows it at work, docs/api/testkit.md lists it.

local fake = require("tidemark.testkit.fake")
local golden = require("tidemark.testkit.golden")
local walk = require("tidemark.testkit.walk")

local M = { out = fake.out, ctx = fake.ctx }

-- Inside of `tidemark plugin test`: { call = function(what, args_json), dir, name, record, pure }.
local seam = package.loaded["tidemark.seam"]

local json = rawget(_G, "json") or require("tidemark.testkit.json")
local native, calendar = pcall(require, "tidemark_time") -- the sandbox's own code, where the build is on LUA_CPATH
local time = rawget(_G, "time") or native and calendar or require("tidemark.testkit.time")

M.json, M.null = json, json.null

-- --- where the plugin is -----------------------------------------------------------------------------------------------------

--- The plugin's folder: that of the spec which asks.
---@return string dir
function M.dir()
  if seam then return seam.dir end
  for level = 2, 40 do
    local info = debug.getinfo(level, "S")
    if not info then break end
    local dir = info.source:match("^@(.*)/spec/[^/]*$") or info.source:find("^@spec/[^/]*$") and "."
    if dir then return dir end
  end
  error("testkit: the plugin is the folder above spec/, and no spec was found to be running", 2)
end

local function sibling(name) return name and M.dir() .. "/../" .. name or M.dir() end

--- A file of the plugin's folder.
---@param name string "fixtures/videos.json"
---@return string text
function M.read(name)
  local path = M.dir() .. "/" .. name
  local f, why = io.open(path, "rb")
  if not f then error("testkit: cannot read " .. why, 2) end
  local text = f:read("a")
  f:close()
  return text
end

-- --- the plugin's table ------------------------------------------------------------------------------------------------------

local statistics = rawget(_G, "stats")
local function stats_of()
  if not statistics then
    local ok, module = pcall(require, "tidemark_stats")
    statistics = ok and module or nil
  end
  return statistics
end

local plugins = {}

--- The plugin's table, loaded as the host loads it: json, time and stats are there, require finds the plugin's own files.
---@param name string? another plugin beside it
---@return table plugin
function M.plugin(name)
  local dir = sibling(name)
  if plugins[dir] then return plugins[dir] end
  local env = setmetatable({ json = json, time = time, stats = stats_of() }, { __index = _G })
  local loaded = {}
  function env.require(module)
    if module:find("^tidemark%.") then return require(module) end
    if loaded[module] == nil then
      loaded[module] = assert(loadfile(dir .. "/" .. module:gsub("%.", "/") .. ".lua", "t", env))()
    end
    return loaded[module]
  end
  plugins[dir] = assert(loadfile(dir .. "/plugin.lua", "t", env))()
  return plugins[dir]
end

-- A parser, rule, report or job by its name ("vidly.videos"), which says whose it is.
local function entry(kind, name)
  local own = M.plugin()
  local plugin = name:match("^[^.]*")
  local of = plugin == own.name and own or M.plugin(plugin)
  local found = of[kind] and of[kind][name]
  if not found then
    local names = {}
    for known in pairs(of[kind] or {}) do names[#names + 1] = known end
    table.sort(names)
    error(("testkit: no %s in the %s of plugin.lua (there are: %s)"):format(name, kind, #names > 0 and table.concat(names,
      ", ") or "none"), 3)
  end
  return found
end

-- --- fixtures ----------------------------------------------------------------------------------------------------------------

--- A document from JSON text, as a parser sees it: null is testkit.null, integers of more than 15 digits are texts.
---@param text string
function M.doc(text) return json.decode(text) end

local function csv_record(text, at)
  local cells, cell = {}, {}
  while true do
    if text:sub(at, at) == '"' then
      local from = at + 1
      repeat
        local stop = assert(text:find('"', from, true), "a quoted cell without an end")
        local twice = text:sub(stop + 1, stop + 1) == '"'
        cell[#cell + 1] = text:sub(from, twice and stop or stop - 1)
        from = stop + (twice and 2 or 1)
      until not twice
      at = from
    end
    local stop = text:find("[,\r\n]", at) or #text + 1
    cell[#cell + 1] = text:sub(at, stop - 1)
    cells[#cells + 1] = table.concat(cell)
    cell = {}
    local mark = text:sub(stop, stop)
    if mark ~= "," then return cells, text:match("^\r?\n?()", stop) end
    at = stop + 1
  end
end

--- A document from CSV text, as a parser sees it: { columns = { … }, rows = { { column = cell } } }, empty cells null.
---@param text string
function M.csv(text)
  local doc = { columns = json.array {}, rows = json.array {} }
  local at = text:match("^\xEF\xBB\xBF()") or 1
  while at <= #text do
    local cells
    cells, at = csv_record(text, at)
    if #doc.columns == 0 then
      for i, cell in ipairs(cells) do doc.columns[i] = cell end
    elseif #cells > 1 or cells[1] ~= "" then
      local row = {}
      for i, name in ipairs(doc.columns) do row[name] = cells[i] ~= nil and cells[i] ~= "" and cells[i] or json.null end
      doc.rows[#doc.rows + 1] = row
    end
  end
  return doc
end

-- The request wrapper goes, as it does in the host.
local function unwrap(doc)
  if json.kind(doc) ~= "object" or json.kind(doc.body) ~= "object" and json.kind(doc.body) ~= "array" then return doc, {} end
  if doc.url == nil and doc.status == nil and doc.fetched_at == nil and doc.platform == nil then return doc, {} end
  return doc.body, { url = doc.url, status = doc.status, platform = doc.platform }
end

--- A fixture as a document; JSON (of NDJSON: line `line`, 1 unless said) or CSV. The second value is what its request
--- wrapper knew.
---@param name string a file in fixtures/
---@param line integer?
---@return any doc, table input
function M.fixture(name, line)
  local text = M.read("fixtures/" .. name)
  if name:find("%.csv$") then return M.csv(text), { format = "csv" } end
  if name:find("%.nd?jsonl?$") and not name:find("%.json$") or name:find("%.jsonl$") then
    local n = 0
    for one in text:gmatch("[^\n]+") do
      n = n + 1
      if n == (line or 1) then return unwrap(json.decode(one)) end
    end
    error(("testkit: %s has no line %d"):format(name, line or 1), 2)
  end
  return unwrap(json.decode(text))
end

--- All documents of an NDJSON fixture.
---@param name string
---@return any[]
function M.lines(name)
  local docs = {}
  for one in M.read("fixtures/" .. name):gmatch("[^\n]+") do
    if one:find("%S") then docs[#docs + 1] = unwrap(json.decode(one)) end
  end
  return docs
end

--- Seconds since 1970 of an ISO 8601 time.
---@param text string
---@return number
function M.time(text)
  local seconds = time.parse(text)
  return seconds or error("testkit.time: '" .. tostring(text) .. "' is no time", 2)
end

-- --- parsers -----------------------------------------------------------------------------------------------------------------

--- Runs a parser on a document, as code or as a description, without the host. The host's own walk, with all of its notes, is
--- testkit.host().parse.
---@param name string "vidly.videos"
---@param doc any
---@param input table? as the host gives it
---@param out table? what an earlier document of the same delivery yielded: this one's is added
---@return table out rows = { { post, counts } }, drops, bads, accounts, sames, fact_rows, refused
function M.parse(name, doc, input, out)
  local parser = entry("parsers", name)
  out = out or fake.out()
  if parser.parse then
    parser.parse(doc, out, input or {})
  else
    walk.run(json, parser, doc, out, input)
  end
  return out
end

--- How many conditions of a parser's match a document meets; false where it is not its own.
---@param name string
---@param doc any
---@param input table?
---@return integer|false
function M.match(name, doc, input)
  local parser = entry("parsers", name)
  if type(parser.match) == "function" then
    local sure = parser.match(doc, input or {})
    return sure == true and 1 or sure or false
  end
  return walk.match(json, parser.match, doc, doc, input)
end

--- The ids of what a parser yielded, in order.
---@param out table
---@return string[]
function M.ids(out)
  local ids = {}
  for i, row in ipairs(out.rows) do ids[i] = row.post and row.post.id or row.external_id end
  return ids
end

--- The parsers of a plugin that recognise a document, with how sure each is.
---@param doc any
---@param input table?
---@param plugin string? another one
---@return table<string, integer>
function M.claims(doc, input, plugin)
  local claims = {}
  for name, parser in pairs(M.plugin(plugin).parsers or {}) do
    local csv = parser.csv or type(parser.match) == "table" and parser.match.columns
    local sure = not csv and (type(parser.match) == "function" and parser.match(doc, input or {})
      or type(parser.match) == "table" and walk.match(json, parser.match, doc, doc, input))
    if sure then claims[name] = sure == true and 1 or sure end
  end
  return claims
end

local function files_in(dir)
  local names = {}
  local pipe = assert(io.popen("ls -1 '" .. dir:gsub("'", "'\\''") .. "'"))
  for name in pipe:lines() do names[#names + 1] = name end
  pipe:close()
  return names
end

--- Which JSON fixtures of other plugins this one would take for its own where no platform was named: "vidly.videos takes
--- x/posts.json".
---@param others string[] plugins beside it
---@param plugin string? another one than the spec's own
---@return string[]
function M.foreign_claims(others, plugin)
  local found = {}
  for _, other in ipairs(others) do
    local folder = sibling(other) .. "/fixtures/"
    for _, name in ipairs(files_in(folder)) do
      if name:find("%.json$") and not name:find("%.golden%.json$") and name ~= "invalid.json" then
        local f = assert(io.open(folder .. name, "rb"))
        local doc = json.decode(f:read("a"))
        f:close()
        for parser in pairs(M.claims(doc, {}, plugin)) do found[#found + 1] = ("%s takes %s/%s"):format(parser, other, name) end
      end
    end
  end
  table.sort(found)
  return found
end

-- --- rules, reports, jobs ----------------------------------------------------------------------------------------------------

--- Posts as a rule sees them: from a list of tables, or from a fixture that holds one.
---@param from table[]|string
---@return table[]
function M.posts(from)
  if type(from) == "string" then from = M.fixture(from) end
  local list = {}
  for i, one in ipairs(from) do
    list[i] = {}
    for k, v in pairs(one) do
      if json.kind(v) ~= "null" then list[i][k] = v end
    end
  end
  return fake.posts(list)
end

--- Runs a rule's find over posts; gives what it asked: { { kind = "compare", opts, by = label per post, facts }, … }, and
--- what find
--- returned.
---@param name string "vidly.weekend"
---@param posts table[]
---@param ctx table? testkit.ctx{ candidates = … } where find reads the answers
---@return table[] asked, any answer
function M.find(name, posts, ctx)
  ctx = ctx or fake.ctx()
  local answer = entry("rules", name).find(posts, ctx)
  return ctx.asked, answer
end

local function with_defaults(args, given)
  local out = {}
  for key, arg in pairs(args or {}) do
    if arg.default ~= nil then out[key] = arg.default end
  end
  for key, v in pairs(given or {}) do
    if not (args or {})[key] then error("testkit: the report has no arg '" .. tostring(key) .. "'", 3) end
    out[key] = v
  end
  return out
end

--- Runs a Lua report with a fake ctx; gives its rows.
---@param name string
---@param ctx table testkit.ctx{ answers = … }
---@param args table?
function M.report(name, ctx, args)
  local report = entry("reports", name)
  return report.run(ctx, with_defaults(report.args, args))
end

--- Runs a job with a fake ctx; gives what it returned.
---@param name string
---@param ctx table
function M.job(name, ctx) return entry("jobs", name).run(ctx) end

-- --- the host ----------------------------------------------------------------------------------------------------------------

-- "plugins/vidly/spec/vidly_spec.lua:12: ", the line of the spec that is at work.
local function where()
  for level = 2, 60 do
    local info = debug.getinfo(level, "Sl")
    if not info then return "" end
    if info.source:find("^@.*_spec%.lua$") and info.currentline > 0 then
      return ("%s:%d: "):format(info.short_src, info.currentline)
    end
  end
  return ""
end

-- Ends the running test as one that was left out. Only busted itself can: it is found among the callers.
local function skip(why)
  for level = 2, 80 do
    local info = debug.getinfo(level, "f")
    if not info then break end
    for i = 1, 255 do
      local name, value = debug.getupvalue(info.func, i)
      if not name then break end
      if name == "busted" and type(value) == "table" and type(value.pending) == "function" then value.pending(where()
        .. why) end
    end
  end
  error(where() .. why, 0)
end

local error_mt = { __tostring = function(e) return e.message end }

local function call(what, args)
  local answer, why, kind = seam.call(what, json.encode(args))
  if answer then return json.decode(answer) end
  error(setmetatable({ kind = kind, message = where() .. why }, error_mt), 0)
end

-- A payload for the host: a fixture's path, or a file made of a document or a text.
local function with_file(payload, fn)
  if type(payload) == "string" and not payload:find("[\n{%[]") then
    local path = payload:sub(1, 1) == "/" and payload or M.dir() .. "/fixtures/" .. payload
    return fn(path)
  end
  local path = os.tmpname()
  local f = assert(io.open(path, "wb"))
  f:write(type(payload) == "string" and payload or json.encode(payload))
  f:close()
  local results = table.pack(pcall(fn, path))
  os.remove(path)
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

local function texts(args)
  local out = {}
  for key, v in pairs(args or {}) do out[#out + 1] = { name = key, value = tostring(v) } end
  table.sort(out, function(a, b) return a.name < b.name end)
  return json.array(out)
end

local function moment(v) return type(v) == "number" and os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(v)) or v end

local AGES = { ["1h"] = 3600, ["24h"] = 86400, ["7d"] = 604800, ["28d"] = 2419200 }
local COUNTED = { "views", "likes", "shares", "comments", "saves", "average_watch_time" }

-- Each observation a delivery of its own, at its own time.
local function observations(list)
  local out = json.array {}
  for i, one in ipairs(list) do
    local post, counts = {}, {}
    for k, v in pairs(one) do post[k] = v end
    for _, field in ipairs(COUNTED) do counts[field], post[field] = post[field], nil end
    if post.id == nil then error(("testkit: observation %d has no id"):format(i), 3) end
    local published = type(post.published_at) == "string" and M.time(post.published_at) or post.published_at
      or M.time("2026-01-01T12:00:00Z")
    local age = post.age and (AGES[post.age] or error("testkit: age is 1h, 24h, 7d or 28d, not " .. tostring(post.age), 3))
      or 86400
    local at = post.at and (type(post.at) == "string" and M.time(post.at) or post.at) or published + age
    post.published_at, post.age, post.at = published, nil, nil
    out[i] = { platform = post.platform or M.plugin().name, at = moment(at), events = json.array { { "post", post },
      { "counts", counts } } }
    post.platform = nil
  end
  return out
end

--- The host itself, with a world of its own: an owner that nobody else's posts belong to. Its database is a throw-away
--- PostgreSQL, started
--- when something first asks for it. In plain Lua (busted, or --pure) the spec that asks is left out.
---@return table host
function M.host()
  if not seam or seam.pure then skip("needs the host: tidemark plugin test") end
  local owner = call("owner", {}).owner
  local host = { owner = owner }

  --- What the parser machinery makes of a payload: a fixture's name, a document, or a text. options: platform (the plugin's
  --- unless said;
  --- false: to be recognised), account, at. Gives { parser, rows, drops, bad, accounts, same, refused }.
  function host.parse(payload, options)
    options = options or {}
    local platform = options.platform
    if platform == nil then platform = M.plugin().name end
    return with_file(payload, function(path)
      return call("parse", { file = path, platform = platform or nil, account = options.account, at = moment(options.at) })
    end)
  end

  --- The parser that takes a payload where no platform was named; nil and the reason where none does.
  function host.match(payload)
    local found = host.parse(payload, { platform = false })
    return found.parser, not found.parser and found.refused and found.refused[1].text or nil
  end

  --- Takes a payload in (or a list of them). options as host.parse has them. Gives { received, inserted, updated, unchanged,
  --- quarantined,
  --- dropped, refused = { { code, text } } }.
  function host.ingest(payload, options)
    options = options or {}
    local platform = options.platform
    if platform == nil then platform = M.plugin().name end
    return with_file(payload, function(path)
      return call("ingest", { owner = owner, file = path, platform = platform or nil, account = options.account,
        at = moment(options.at) })
    end)
  end

  --- Posts that were observed, without a payload: { { platform, id, account, title, published_at, tags, …, views, likes, …,
  --- age = "7d" or
  --- at = time } }. Gives the same as host.ingest.
  function host.observe(list) return call("observe", { owner = owner, list = observations(list) }) end

  --- Runs rules (one, a list, or all of the plugin's): options as_of, since, dry_run (true unless said). Gives a list of {
  --- rule, state, tests,
  --- written, results = { { platform, label, effect, lo, hi, n, q, decision, why } } }.
  function host.learn(rules, options)
    options = options or {}
    if type(rules) == "string" then rules = { rules } end
    if not rules then
      rules = {}
      for name in pairs(M.plugin().rules or {}) do rules[#rules + 1] = name end
      table.sort(rules)
    end
    return call("learn", { owner = owner, rules = json.array(rules), as_of = moment(options.as_of), since = options.since,
      dry_run = options.dry_run ~= false })
  end

  --- Runs a report, in SQL or in Lua, as the owner; gives its rows, in order. options: as_of (of one in Lua).
  function host.report(name, args, options)
    return call("report", { owner = owner, name = name, args = texts(args), as_of = moment(options and options.as_of) }).rows
  end

  --- Runs a job; gives the rows it returned, nil where it returned none. options: as_of.
  function host.run(name, options)
    return call("run", { owner = owner, name = name, as_of = moment(options and options.as_of) }).rows
  end

  --- One statement as the owner; gives its rows.
  function host.query(sql, ...)
    local params = table.pack(...)
    local list = json.array {}
    for i = 1, params.n do list[i] = params[i] == nil and json.null or params[i] end
    return call("query", { owner = owner, sql = sql, params = list }).rows
  end

  return host
end

-- --- golden results ----------------------------------------------------------------------------------------------------------

local function golden_file(name)
  if name:find("%.json$") then return (name:gsub("%.json$", "")) .. ".golden.json" end
  return (name:gsub("%.", "_")) .. ".golden.json"
end

--- Compares a result with the one that was recorded in fixtures/NAME.golden.json: rows of a report, or anything else that
--- JSON can hold.
--- Without a value: what the host's parsers make of the fixture `name`. `tidemark plugin test --record` keeps the new result.
---@param name string "videos.json", or a name of your own
---@param value any?
---@param options table? host.parse's
function M.golden(name, value, options)
  if value == nil then
    if not seam or seam.pure then skip("the recorded result is compared inside the host: tidemark plugin test") end
    value = M.host().parse(name, options)
  end
  local file = "fixtures/" .. golden_file(name)
  local path = M.dir() .. "/" .. file
  local f = io.open(path, "rb")
  local before = f and f:read("a")
  if f then f:close() end
  local now = golden.bare(json, value)
  if seam and seam.record then
    local text = golden.write(json, now)
    if text ~= before then
      f = assert(io.open(path, "wb"))
      f:write(text)
      f:close()
      seam.recorded(file)
    end
    return
  end
  if not before then skip(file .. " is not there yet: tidemark plugin test --record") end
  local diff = golden.diff(json, json.decode(before), json.decode(json.encode(now)))
  if diff then
    error(where() .. file .. ": the result is another than the recorded one:" .. diff
      .. "\n  meant so? tidemark plugin test --record keeps the new one", 0)
  end
end

--- A test per fixture of the plugin: that it yields what was recorded. To be called inside of a describe.
function M.goldens()
  local it = require("busted").it
  for _, name in ipairs(files_in(M.dir() .. "/fixtures")) do
    if not name:find("%.golden%.json$") and (name:find("%.jsonl?$") or name:find("%.ndjson$") or name:find("%.csv$")) then
      it("of " .. name, function() M.golden(name) end)
    end
  end
end

return M
