-- The test data's table of what each payload must yield (payloads/EXPECTED.tsv), and how a payload's rows are held against it.
-- tests/payloads.lua prints it for all platforms, tests/e2e/payloads_spec.lua makes a test of each file.

local payloads = require("lib.payloads")

local M = {}

local columns = {
  "external_id", "views", "likes", "shares", "comments", "saves", "average_watch_time", "published_at", "kind", "period",
}

-- Days since 1970 of a date of the Gregorian calendar.
local function days(y, m, d)
  y = m <= 2 and y - 1 or y
  local era = y // 400
  local yoe = y - era * 400
  local doy = (153 * (m + (m > 2 and -3 or 9)) + 2) // 5 + d - 1
  return era * 146097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 719468
end

-- A time as an instant, so that two ways to write it are one; one without a zone is read as UTC. The table cuts times at the
-- millisecond, so both are. Anything else as it came.
function M.instant(text)
  local y, mon, d, h, min, s, rest = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)[T ](%d%d):(%d%d):(%d%d%.?%d*)(.*)$")
  if not y then
    y, mon, d = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
    if not y then return text end
    h, min, s, rest = 0, 0, "00", ""
  end
  local sign, zh, zm = rest:match("^([+-])(%d%d):?(%d%d)$")
  if not sign and rest ~= "" and rest ~= "Z" then return text end
  local minutes = sign and (zh * 60 + zm) * (sign == "+" and 1 or -1) or 0
  local whole = days(tonumber(y), tonumber(mon), tonumber(d)) * 86400 + h * 3600 + (min - minutes) * 60
  local seconds, fraction = s:match("^(%d+)%.?(%d*)$")
  return ("%d.%s"):format(whole + tonumber(seconds), (fraction .. "000"):sub(1, 3))
end

local function cell(v)
  if v == nil or v == payloads.null then return "" end
  local n = math.type(v) == "float" and math.tointeger(v)
  return tostring(n or v)
end

-- A row as one line of text, so that a difference reads well.
local function line(row)
  local cells = {}
  for _, name in ipairs(columns) do
    local text = cell(row[name])
    if name == "published_at" and text ~= "" then text = M.instant(text) end
    if name == "average_watch_time" and tonumber(text) then text = ("%.3f"):format(tonumber(text)) end
    cells[#cells + 1] = name .. "=" .. text
  end
  return table.concat(cells, " ")
end

local function lines(rows)
  local seen, list = {}, {}
  for _, row in ipairs(rows) do
    local text = line(row)
    if not seen[text] then list[#list + 1] = text end
    seen[text] = true
  end
  table.sort(list)
  return list
end

-- { ["x/01-….json"] = { rows = { … }, kinds = { content = true } } }
function M.load(data)
  local due = {}
  for _, row in ipairs(payloads.tsv(data .. "/payloads/EXPECTED.tsv")) do
    local file = due[row.file] or { rows = {}, kinds = {} }
    due[row.file] = file
    file.kinds[row.kind] = true
    if row.kind:find("^content") then
      row.external_id = row.content_id
      table.insert(file.rows, row)
    end
  end
  return due
end

function M.platforms(data) return payloads.list(data .. "/payloads", "^%l+$") end
function M.files(data, platform) return payloads.list(data .. "/payloads/" .. platform, ".") end

-- The rows of content in what a dry run printed. A range's first day is compared where the table names one.
local function content(out, due)
  local dated = {}
  for _, row in ipairs(due) do dated[row.content_id .. row.period] = row.period ~= "" end
  local rows = {}
  for _, row in ipairs(payloads.ndjson(out)) do
    if row.kind:find("^content") then
      local start = row.window_start ~= payloads.null and row.window_start:sub(1, 10) or ""
      row.period = (row.metric_window ~= "range" or dated[row.external_id .. start]) and start or ""
      rows[#rows + 1] = row
    end
  end
  return rows
end

local function without(list, other)
  local there, left = {}, {}
  for _, text in ipairs(other) do there[text] = true end
  for _, text in ipairs(list) do
    if not there[text] then left[#left + 1] = text end
  end
  return left
end

-- Which files a dry run's messages call refused.
local function refusals(err, folder)
  local refused = {}
  for text in err:gmatch("[^\n]+") do
    local file, rest = text:match("error: " .. folder:gsub("%p", "%%%0") .. "/([^:]+): (.*)$")
    if file then refused[file] = rest end
  end
  return refused
end

local function ingest(tidemark, ...)
  return payloads.run(tidemark, "ingest", "--dry-run", "--format", "ndjson", ...)
end

--- Holds files of a platform against the table, in one run: { due, got, missing, extra (lines), wrong = { text } }.
function M.check(tidemark, data, platform, names, due)
  local folder, files, rows, wrong = data .. "/payloads/" .. platform, {}, {}, {}
  for _, name in ipairs(names) do
    local file = due[platform .. "/" .. name]
    files[#files + 1] = folder .. "/" .. name
    if not file then wrong[#wrong + 1] = platform .. "/" .. name .. ": EXPECTED.tsv does not name this file" end
    table.move(file and file.rows or {}, 1, #(file and file.rows or {}), #rows + 1, rows)
  end
  local status, out, err = ingest(tidemark, "-p", platform, table.unpack(files))
  local r = { due = lines(rows), got = lines(content(out, rows)), wrong = wrong, err = err }
  r.missing, r.extra = without(r.due, r.got), without(r.got, r.due)
  local refused = refusals(err, folder)
  if status ~= 0 and status ~= 2 and status ~= 65 then wrong[#wrong + 1] = ("exit %d: %s"):format(status, err) end
  for _, name in ipairs(names) do
    local kinds = due[platform .. "/" .. name] and due[platform .. "/" .. name].kinds or {}
    local is_due = (kinds.error or kinds["invalid-json"]) ~= nil
    if is_due and not refused[name] then wrong[#wrong + 1] = name .. ": is to be refused, and was not" end
    if refused[name] and not is_due then wrong[#wrong + 1] = name .. ": refused: " .. refused[name] end
  end
  return r
end

--- Whose files are taken for when nobody says it: { [path] = { platform = true } }; not there = asked for.
function M.takers(tidemark, files)
  local taken = {}
  for from = 1, #files, 8 do -- of more it names only the first
    local _, _, err = ingest(tidemark, table.unpack(files, from, math.min(from + 7, #files)))
    for path, parser in err:gmatch("tidemark: ([^:\n]+): ([%w_]+)%.[%w_]+ takes it") do
      taken[path] = taken[path] or {}
      taken[path][parser] = true
    end
  end
  return taken
end

function M.detected(tidemark, data, platform, names)
  local files, taken = {}, {}
  for _, name in ipairs(names) do files[#files + 1] = data .. "/payloads/" .. platform .. "/" .. name end
  local by_path = M.takers(tidemark, files)
  for i, name in ipairs(names) do taken[name] = by_path[files[i]] end
  return taken
end

return M
