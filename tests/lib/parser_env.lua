-- A plugin without the host: the globals json and time on plain Lua tables, require in the plugin's folder, and an out that
-- writes down what a parser says.

local payloads = require("lib.payloads")

local M = { null = payloads.null }

local json = { null = payloads.null }

function json.kind(v)
  if v == json.null then return "null" end
  local kind = type(v)
  if kind == "nil" then return "absent" end
  if kind == "table" then return (#v > 0 or getmetatable(v) == payloads.array) and "array" or "object" end
  assert(kind ~= "userdata" and kind ~= "function", "no value of a document")
  return kind
end

function json.get(v, path)
  for step in path:gmatch("[^.]+") do
    if type(v) ~= "table" or v == json.null then return nil end
    local field = v[step]
    if field == nil and step:find("^%d+$") then field = v[math.tointeger(tonumber(step)) + 1] end
    v = field
  end
  return v
end

-- Days since 1970-01-01 of a date, and back (the Gregorian calendar, years from March).
local function days_of(y, m, d)
  if m <= 2 then y, m = y - 1, m + 12 end
  return 365 * y + y // 4 - y // 100 + y // 400 + (153 * (m - 3) + 2) // 5 + d - 719469
end

-- 0 = Sunday
local function weekday(days) return (days + 4) % 7 end
local function nth_sunday(y, m, n)
  local first = days_of(y, m, 1)
  return first + (7 - weekday(first)) % 7 + 7 * (n - 1)
end

-- How many hours a day of the zone begins after UTC's: in Los Angeles 7 in summer time (since 2007: from the day after the
-- second Sunday of March to the first Sunday of November), else 8.
local function begins(zone, days, y)
  if zone == "UTC" then return 0 end
  assert(zone == "America/Los_Angeles", "only UTC and America/Los_Angeles are known here")
  return days > nth_sunday(y, 3, 2) and days <= nth_sunday(y, 11, 1) and 7 or 8
end

local time = {}

function time.day_start(text, zone)
  local y, m, d = text:match("^(%d%d%d%d)-(%d%d)-(%d%d)$")
  if not y then return nil end
  y = math.tointeger(tonumber(y))
  local days = days_of(y, math.tointeger(tonumber(m)), math.tointeger(tonumber(d)))
  return days * 86400 + begins(zone, days, y) * 3600
end

-- Good enough for instants at which a day begins.
function time.next_day(seconds, zone)
  local days = (seconds - begins(zone, 0, 1970) * 3600 + 3600) // 86400 + 1
  local y = math.tointeger(tonumber(os.date("!%Y", days * 86400)))
  return days * 86400 + begins(zone, days, y) * 3600
end

function time.parse() error("not used by these parsers: add it here") end

-- The plugin's table, loaded as the host does: json and time are there, require finds the plugin's own files.
function M.plugin(name)
  local folder = (os.getenv("TIDEMARK_SOURCE") or ".") .. "/plugins/" .. name .. "/"
  local env = setmetatable({ json = json, time = time }, { __index = _G })
  local loaded = {}
  function env.require(module)
    if module:find("^tidemark%.") then return require(module) end
    if loaded[module] == nil then loaded[module] = assert(loadfile(folder .. module .. ".lua", "t", env))() end
    return loaded[module]
  end
  return assert(loadfile(folder .. "plugin.lua", "t", env))()
end

-- Records rows ({post fields, counts = {…}}), facts, drops by reason, bad items, accounts, a refusal.
function M.out()
  local out = { rows = {}, fact_rows = {}, drops = {}, bads = {}, accounts = {} }
  local post
  function out.post(p)
    assert(p.id ~= nil, "a post without an id")
    post = p
    out.rows[#out.rows + 1] = { post = p }
  end
  function out.counts(c)
    local last = out.rows[#out.rows]
    assert(last, "counts before the first post")
    if last.counts then
      last = { post = post }
      out.rows[#out.rows + 1] = last
    end
    last.counts = c
  end
  function out.facts(f) out.fact_rows[#out.fact_rows + 1] = f end
  function out.account(a) out.accounts[#out.accounts + 1] = a end
  function out.skip(reason, n) out.drops[reason] = (out.drops[reason] or 0) + (n or 1) end
  function out.bad(code, text, item) out.bads[#out.bads + 1] = { code = code, text = text, item = item } end
  function out.refuse(code, text) out.refused = { code = code, text = text } end
  return out
end

-- A document from JSON text, as a parser would see it.
M.doc = payloads.json

-- A document from CSV text without quoted cells.
function M.csv(text)
  local doc = { columns = setmetatable({}, payloads.array), rows = setmetatable({}, payloads.array) }
  for line in text:gmatch("[^\n]+") do
    local cells = {}
    for cell in (line .. ","):gmatch("([^,]*),") do cells[#cells + 1] = cell end
    if #doc.columns == 0 then
      for i, cell in ipairs(cells) do doc.columns[i] = cell end
    else
      local row = {}
      for i, name in ipairs(doc.columns) do row[name] = cells[i] ~= "" and cells[i] or M.null end
      doc.rows[#doc.rows + 1] = row
    end
  end
  return doc
end

-- A plugin's fixture as a document.
function M.fixture(platform, name)
  local text = payloads.read((os.getenv("TIDEMARK_SOURCE") or ".") .. "/plugins/" .. platform .. "/fixtures/" .. name)
  return (name:find("%.csv$") and M.csv or M.doc)(text)
end

-- The names of parsers that recognise a document by code, with how sure they are.
function M.claims(plugin, doc, input)
  local claims = {}
  for name, parser in pairs(plugin.parsers) do
    local sure = type(parser.match) == "function" and not parser.csv and parser.match(doc, input or {})
    if sure then claims[name] = sure end
  end
  return claims
end

-- What of the other platforms' JSON fixtures the plugin's code would take for its own where no platform was named.
function M.foreign_claims(plugin, platforms)
  local found = {}
  for _, platform in ipairs(platforms) do
    local folder = (os.getenv("TIDEMARK_SOURCE") or ".") .. "/plugins/" .. platform .. "/fixtures"
    for _, name in ipairs(payloads.list(folder, "%.json$")) do
      if name ~= "invalid.json" then
        for parser in pairs(M.claims(plugin, M.fixture(platform, name))) do
          found[#found + 1] = ("%s takes %s/%s"):format(parser, platform, name)
        end
      end
    end
  end
  return found
end

-- Runs a parser's parse function on a document; input as the host gives it.
function M.parse(plugin, parser, doc, input)
  local out = M.out()
  plugin.parsers[parser].parse(doc, out, input or {})
  return out
end

return M
