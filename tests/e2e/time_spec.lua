-- The table time against PostgreSQL, which has its own zone code: offsets, calendars, the starts of buckets, sums with calendar spans
-- and instants from clock readings, over both changes of the clocks of four zones, in years from a table and in years by rule.
local support = require("e2e.support")
local time = require("tidemark.time")

local ZONES = { "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu" }
local AROUND = { "2024-03-31", "2024-10-27", "2024-03-10", "2024-11-03", "2024-04-07", "2024-10-06", "1986-01-01", "2007-03-11",
  "2060-03-28", "2060-10-31" }
local SPANS = { "1 day", "1 month", "-1 month", "1 year 2 months 3 days 4 hours", "36 hours" }

local function epoch(expression) return ("extract(epoch from %s)::bigint"):format(expression) end

-- A line per 7.5 minutes around each change: the instant, then what PostgreSQL says of it.
local function statement(zone)
  local columns = { epoch("t"), "to_char(t, 'YYYY-MM-DD\"T\"HH24:MI:SS')", epoch("t at time zone z - t at time zone 'UTC'"),
    "extract(isodow from t)", "extract(doy from t)", "extract(week from t)", "extract(isoyear from t)",
    epoch("(t at time zone z) at time zone z") }
  for _, size in ipairs { "hour", "day", "week", "month", "quarter", "year" } do
    columns[#columns + 1] = epoch(("date_trunc('%s', t, z)"):format(size))
  end
  for _, span in ipairs(SPANS) do columns[#columns + 1] = epoch(("t + interval '%s'"):format(span)) end
  local days = "'" .. table.concat(AROUND, "', '") .. "'"
  return ([[set time zone '%s';
    select %s from (select '%s' as z, day::timestamp at time zone 'UTC' + n * interval '450 seconds' as t
      from unnest(array[%s]) day, generate_series(-480, 480) n) x;
    select 'local', to_char(l, 'YYYY-MM-DD"T"HH24:MI:SS'), %s from (select day::timestamp + n * interval '900 seconds' as l
      from unnest(array[%s]) day, generate_series(-96, 96) n) x;]]):format(zone, table.concat(columns, ", "), zone, days,
      epoch(("l at time zone '%s'"):format(zone)), days)
end

local function words(line)
  local out = {}
  for word in (line .. "|"):gmatch("([^|]*)|") do out[#out + 1] = word end
  return out
end

-- What we say, in the same columns.
local function ours(t, zone)
  local p = time.parts(t, zone)
  local clock = time.format(t, zone, 0)
  local out = { t, clock:sub(1, 19), p.offset, p.weekday, p.yday, p.iso_week, p.iso_year,
    time.parse(clock:sub(1, 19), zone, "later") } -- what PostgreSQL takes of a time that is left out or comes twice
  for _, size in ipairs { "hour", "day", "week", "month", "quarter", "year" } do
    out[#out + 1] = time.bucket(t, size, zone).start
  end
  for _, span in ipairs(SPANS) do out[#out + 1] = time.add(t, span, zone, "later") end
  for i, v in ipairs(out) do out[i] = tostring(v) end
  return out
end

describe("time", function()
  for _, zone in ipairs(ZONES) do
    it("agrees with PostgreSQL about " .. zone, function()
      local r = support.sh(support.quote(support.source .. "/tests/lib/with-postgres") .. " psql -X -qAt -v ON_ERROR_STOP=1",
        { stdin = statement(zone) })
      assert.equal(0, r.code, r.err)
      local instants, clocks, differences = 0, 0, {}
      for line in r.out:gmatch("[^\n]+") do
        local theirs = words(line)
        if theirs[1] == "local" then
          clocks = clocks + 1
          local t = time.parse(theirs[2], zone, "later")
          if tostring(t) ~= theirs[3] then differences[#differences + 1] = line .. " | we: " .. tostring(t) end
        else
          instants = instants + 1
          -- After a change that is no whole hour PostgreSQL lets the hour begin before the change, where the clock reads otherwise.
          local t, hour = math.tointeger(tonumber(theirs[1])), math.tointeger(tonumber(theirs[9]))
          local mine = ours(t, zone)
          if time.parts(hour, zone).offset ~= time.parts(t, zone).offset then mine[9] = theirs[9] end
          mine = table.concat(mine, "|")
          if mine ~= table.concat(theirs, "|") then differences[#differences + 1] = line .. " | we: " .. mine end
        end
      end
      assert.equal(#AROUND * 961, instants)
      assert.equal(#AROUND * 193, clocks)
      assert.same({}, { table.unpack(differences, 1, 5) })
    end)
  end
end)
