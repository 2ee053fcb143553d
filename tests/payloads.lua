-- The recorded payloads of all platforms against the table of what each must yield: files, rows, mismatches; and whose each is
-- taken for when no platform is named. ./dev payloads runs it; TIDEMARK_TEST_DATA names the folder with payloads/EXPECTED.tsv.
--
--   lua5.4 tests/payloads.lua [PLATFORM…]      exit 0, or 1 with a mismatch

local source = arg[0]:match("^(.*)/tests/[^/]*$") or "."
package.path = source .. "/tests/?.lua;" .. package.path

local expected = require("lib.expected")

local tidemark = os.getenv("TIDEMARK_BIN") or source .. "/build/release/bin/tidemark"
local data = os.getenv("TIDEMARK_TEST_DATA")
if not data or data == "" then
  io.stderr:write("payloads: TIDEMARK_TEST_DATA is not set: the folder that holds payloads/EXPECTED.tsv\n")
  os.exit(69)
end

local wanted = {}
for _, name in ipairs(arg) do wanted[name] = true end

local due = expected.load(data)
local total = { files = 0, due = 0, got = 0, wrong = 0, detected = 0, asked = 0, foreign = 0 }
local complaints = {}

local function complain(...) complaints[#complaints + 1] = string.format(...) end

local function check(platform, name, sum)
  local file = platform .. "/" .. name
  local r = expected.check(tidemark, data, platform, { name }, due)
  sum.files, sum.due, sum.got = sum.files + 1, sum.due + #r.due, sum.got + #r.got
  sum.wrong = sum.wrong + math.max(#r.missing, #r.extra) + #r.wrong
  for _, line in ipairs(r.missing) do complain("%s: due, not there: %s", file, line) end
  for _, line in ipairs(r.extra) do complain("%s: there, not due: %s", file, line) end
  for _, text in ipairs(r.wrong) do complain("%s: %s", file, (text:gsub("%s+$", ""))) end
end

local function detect(platform, names, sum)
  local whose = expected.detected(tidemark, data, platform, names)
  for _, name in ipairs(names) do
    local column = whose[name] and "detected" or "asked"
    for other in pairs(whose[name] or {}) do
      if other ~= platform then
        column = "foreign"
        complain("%s/%s: taken for %s where no platform is named", platform, name, other)
      end
    end
    sum[column] = sum[column] + 1
  end
end

local form = "%-10s %6s %9s %9s %11s %9s %10s %8s\n"
io.write(form:format("platform", "files", "rows due", "rows", "mismatches", "detected", "asked for", "foreign"))
for _, platform in ipairs(expected.platforms(data)) do
  if not next(wanted) or wanted[platform] then
    local sum = { files = 0, due = 0, got = 0, wrong = 0, detected = 0, asked = 0, foreign = 0 }
    local names = expected.files(data, platform)
    for _, name in ipairs(names) do check(platform, name, sum) end
    detect(platform, names, sum)
    io.write(form:format(platform, sum.files, sum.due, sum.got, sum.wrong, sum.detected, sum.asked, sum.foreign))
    for key, n in pairs(sum) do total[key] = total[key] + n end
  end
end
io.write(form:format("all", total.files, total.due, total.got, total.wrong, total.detected, total.asked, total.foreign))
if #complaints > 0 then io.write("\n", table.concat(complaints, "\n"), "\n") end
os.exit(total.wrong + total.foreign == 0 and 0 or 1)
