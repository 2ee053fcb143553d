-- The table time through its binding: the sandbox's own code, built for plain Lua. That it agrees with PostgreSQL about zones is
-- in tests/e2e/time_spec.lua.
local time = require("tidemark.time")

local BERLIN, NEW_YORK, LORD_HOWE, KATHMANDU = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"

local function says(text, f, ...)
  local ok, wrong = pcall(f, ...)
  assert.is_false(ok)
  assert.truthy(tostring(wrong):find(text, 1, true), wrong)
end

local function at(text, zone) return assert(time.parse(text, zone)) end

describe("time.parse", function()
  it("reads ISO 8601 with and without an offset", function()
    assert.equal(1704164645, time.parse("2024-01-02T03:04:05Z"))
    assert.equal("integer", math.type(time.parse("2024-01-02T03:04:05Z")))
    assert.equal(1704164645.678901, time.parse("2024-01-02T03:04:05.678901Z"))
    assert.equal(1704164645 - 20700, time.parse("2024-01-02T03:04:05+05:45"))
    assert.equal(1704164645 - 3600, time.parse("2024-01-02T03:04:05", BERLIN))
    assert.equal(1704164645, time.parse("2024-01-02T03:04:05Z", BERLIN))
    assert.equal(1704067200 - 3600, time.parse("2024-01-01", BERLIN))
  end)

  it("gives nil and why for a text that is no time", function()
    for _, text in ipairs { "", "yesterday", "2024-02-30", "2024-01-02T25:00:00Z", "2024-01-02\0" } do
      local t, why = time.parse(text)
      assert.is_nil(t)
      assert.equal("not a time in ISO 8601 (2024-01-02T03:04:05Z)", why)
    end
    assert.equal("not a text", select(2, time.parse(nil)))
    assert.equal("not a text", select(2, time.parse(12)))
  end)

  it("raises for a zone that is not there", function()
    says("no such zone 'Europe/Berln' (a name like Europe/Berlin or UTC)", time.parse, "2024-01-01", "Europe/Berln")
    says("no such zone '../passwd'", time.parse, "2024-01-01", "../passwd")
  end)
end)

describe("time.format", function()
  it("writes UTC with Z, a zone with its offset", function()
    assert.equal("2024-01-02T03:04:05Z", time.format(1704164645))
    assert.equal("2024-01-02T03:04:05Z", time.format(1704164645, "UTC"))
    assert.equal("2024-01-02T04:04:05+01:00", time.format(1704164645, BERLIN))
    assert.equal("2024-01-02T08:49:05+05:45", time.format(1704164645, KATHMANDU))
    assert.equal("2024-01-02T14:04:05+11:00", time.format(1704164645, LORD_HOWE))
    assert.equal("2024-01-01T22:04:05-05:00", time.format(1704164645, NEW_YORK))
  end)

  it("writes microseconds as they are, or so many digits", function()
    assert.equal("2024-01-02T03:04:05.5Z", time.format(1704164645.5))
    assert.equal("2024-01-02T03:04:05.678901Z", time.format(1704164645.678901))
    assert.equal("2024-01-02T03:04:05.500000Z", time.format(1704164645.5, nil, 6))
    assert.equal("2024-01-02T03:04:05Z", time.format(1704164645.9, nil, 0))
    assert.equal("1969-12-31T23:59:59.999999Z", time.format(-0.000001))
    says("the fraction has 0 to 6 digits", time.format, 0, nil, 7)
  end)

  it("and parse are each other's inverse to the microsecond", function()
    for _, zone in ipairs { "UTC", BERLIN, NEW_YORK, LORD_HOWE, KATHMANDU } do
      for _, t in ipairs { 0, -1, 1711846799.999999, 1711846800, 1729990800.000001, 4102444800.123456, -5000000000.25 } do
        assert.equal(t, time.parse(time.format(t, zone)))
      end
    end
  end)

  it("keeps PostgreSQL's infinities and refuses what is no instant", function()
    assert.equal("infinity", time.format(math.huge))
    assert.equal("-infinity", time.format(-math.huge))
    says("not an instant in seconds since 1970 (years 1 to 9999)", time.format, 1e15)
    says("not an instant in seconds since 1970 (years 1 to 9999)", time.format, 0 / 0)
    says("number expected, got nil", time.format, nil)
  end)
end)

describe("time.parts", function()
  it("says what a clock and a calendar in the zone show", function()
    local p = time.parts(at("2024-12-30T23:30:15.5", BERLIN), BERLIN)
    assert.same({ year = 2024, month = 12, day = 30, hour = 23, min = 30, sec = 15.5, weekday = 1, yday = 365, iso_week = 1,
      iso_year = 2025, offset = 3600, dst = false, abbr = "CET" }, p)
    assert.equal("integer", math.type(time.parts(0).sec))
    assert.same({ 53, 2020, 5 }, { time.parts(at("2021-01-01")).iso_week, time.parts(at("2021-01-01")).iso_year,
      time.parts(at("2021-01-01")).weekday })
    assert.equal("+1030", time.parts(at("2024-06-01"), LORD_HOWE).abbr)
    assert.is_true(time.parts(at("2024-12-01"), LORD_HOWE).dst)
  end)

  it("go back to the same instant, also where a time comes twice", function()
    for _, zone in ipairs { "UTC", BERLIN, NEW_YORK, LORD_HOWE, KATHMANDU } do
      for t = at("2024-10-20"), at("2024-11-10"), 1800 do
        assert.equal(t, time.from_parts(time.parts(t, zone), zone))
      end
    end
    assert.equal(1.25, time.from_parts(time.parts(1.25)))
  end)
end)

describe("time.from_parts", function()
  it("takes what is left out for the beginning", function()
    assert.equal(at("2024-01-01T00:00:00Z"), time.from_parts { year = 2024 })
    assert.equal(at("2024-03-05T06:00:00Z"), time.from_parts { year = 2024, month = 3, day = 5, hour = 6 })
    assert.equal(at("2024-03-05T05:00:00Z"), time.from_parts({ year = 2024, month = 3, day = 5, hour = 6 }, BERLIN))
  end)

  it("has a rule for a time that is left out, and a way to choose", function()
    local parts = { year = 2024, month = 3, day = 31, hour = 2, min = 30 }
    local function pick(how) return time.format(time.from_parts(parts, BERLIN, how), BERLIN) end
    assert.equal("2024-03-31T03:30:00+02:00", pick())
    assert.equal("2024-03-31T03:30:00+02:00", pick("later"))
    assert.equal("2024-03-31T01:30:00+01:00", pick("earlier"))
    says("2024-03-31T02:30:00 does not exist in this zone: clocks are set forward", pick, "error")
  end)

  it("has a rule for a time that comes twice, and a way to choose", function()
    local parts = { year = 2024, month = 10, day = 27, hour = 2, min = 30 }
    local function pick(how) return time.format(time.from_parts(parts, BERLIN, how), BERLIN) end
    assert.equal("2024-10-27T02:30:00+02:00", pick())
    assert.equal("2024-10-27T02:30:00+02:00", pick("earlier"))
    assert.equal("2024-10-27T02:30:00+01:00", pick("later"))
    says("2024-10-27T02:30:00 comes twice in this zone: clocks are set back", pick, "error")
    says("invalid option 'first'", pick, "first")
    assert.equal("2024-10-27T02:30:00+01:00", time.format(at("2024-10-27T02:30:00+01:00"), BERLIN))
  end)

  it("says which part is wrong", function()
    says("time.from_parts: year is missing", time.from_parts, { month = 2 })
    says("time.from_parts: month is 13, it must be a whole number from 1 to 12", time.from_parts, { year = 2024, month = 13 })
    says("time.from_parts: there is no day 29 in month 2 of 2023", time.from_parts, { year = 2023, month = 2, day = 29 })
    says("time.from_parts: hour is 1.5, it must be a whole number", time.from_parts, { year = 2024, hour = 1.5 })
    says("time.from_parts: sec is 60, it must be a number from 0 to below 60", time.from_parts, { year = 2024, sec = 60 })
    says("unknown part 'minute', did you mean 'min'?", time.from_parts, { year = 2024, minute = 3 })
    says("unknown part 'yeer', did you mean 'year'?", time.from_parts, { yeer = 2024 })
    says("unknown part '1' (year, month, day, hour, min, sec)", time.from_parts, { 2024 })
  end)
end)

describe("time.add", function()
  local function moved(text, span, zone, pick) return time.format(time.add(at(text, zone), span, zone, pick), zone) end

  it("ends a month that is too short on its last day", function()
    assert.equal("2024-02-29T00:00:00Z", moved("2024-01-31", "1 month"))
    assert.equal("2023-02-28T00:00:00Z", moved("2023-01-31", "1 month"))
    assert.equal("2025-02-28T00:00:00Z", moved("2024-02-29", "1 year"))
    assert.equal("2024-02-29T00:00:00Z", moved("2024-05-31", "-1 quarter"))
    assert.equal("2024-03-31T00:00:00Z", moved("2024-01-31", "2 months"))
  end)

  it("keeps the clock over a change with days, the elapsed time with hours", function()
    assert.equal("2024-03-31T12:00:00+02:00", moved("2024-03-30T12:00:00", "1 day", BERLIN))
    assert.equal("2024-03-31T13:00:00+02:00", moved("2024-03-30T12:00:00", "24h", BERLIN))
    assert.equal("2024-10-27T12:00:00+01:00", moved("2024-10-26T12:00:00", "1d", BERLIN))
    assert.equal("2024-10-27T11:00:00+01:00", moved("2024-10-26T12:00:00", 86400, BERLIN))
    assert.equal("2024-04-07T12:00:00+10:30", moved("2024-04-06T12:00:00", "1 day", LORD_HOWE))
  end)

  it("has the same rules as from_parts where the clock jumps", function()
    assert.equal("2024-03-31T03:30:00+02:00", moved("2024-03-30T02:30:00", "1 day", BERLIN))
    assert.equal("2024-03-31T01:30:00+01:00", moved("2024-03-30T02:30:00", "1 day", BERLIN, "earlier"))
    assert.equal("2024-10-27T02:30:00+02:00", moved("2024-10-26T02:30:00", "1 day", BERLIN))
    assert.equal("2024-10-27T02:30:00+01:00", moved("2024-10-28T02:30:00", "-1 day", BERLIN)) -- the offset it had
    assert.equal("2024-10-27T02:30:00+02:00", moved("2024-10-28T02:30:00", "-1 day", BERLIN, "earlier"))
    says("2024-03-31T02:30:00 does not exist in this zone", moved, "2024-03-30T02:30:00", "1 day", BERLIN, "error")
    says("2024-10-27T02:30:00 comes twice in this zone", moved, "2024-10-26T02:30:00", "1 day", BERLIN, "error")
    assert.equal("2024-10-26T02:30:00+02:00", moved("2024-10-25T02:30:00", "1 day", BERLIN, "error"))
  end)

  it("reads spans of several units, ISO 8601's and seconds", function()
    assert.equal("2025-03-04T05:00:00Z", moved("2024-01-01", "1 year 2 months 3 days 5 hours"))
    assert.equal("2025-03-04T05:00:00Z", moved("2024-01-01", "P1Y2M3DT5H"))
    assert.equal("2024-01-01T01:30:00.5Z", moved("2024-01-01", "1h30m 500ms"))
    assert.equal("2023-12-18T00:00:00Z", moved("2024-01-01", "-2 weeks"))
    assert.equal("2024-01-01T00:01:30Z", moved("2024-01-01", "1.5m"))
    assert.equal(at("2023-12-01"), time.sub(at("2024-01-01"), "1 month"))
    assert.equal(at("2024-02-01"), time.sub(at("2024-01-01"), "-1 month"))
  end)

  it("says what it does not take", function()
    says("'1 fortnight' is no span of time: write \"1 month\"", time.add, 0, "1 fortnight")
    for _, span in ipairs { "", "1", "month", "1.5 months", "P", "PT", "P1H", "PT1D", "1 month - 1 day", "99999999999999 days" } do
      says("is no span of time", time.add, 0, span)
    end
    says("that is beyond the years 1 to 9999", time.add, 0, "9000 years")
    says("that is beyond the years 1 to 9999", time.sub, 0, "1000000000000 years")
  end)
end)

describe("time.diff", function()
  it("counts whole units on the zone's calendar", function()
    local a, b = at("2024-01-31", BERLIN), at("2024-04-01", BERLIN)
    assert.equal(2, time.diff(a, b, "months", BERLIN))
    assert.equal(61, time.diff(a, b, "days", BERLIN))
    assert.equal(8, time.diff(a, b, "weeks", BERLIN))
    assert.equal(0, time.diff(a, b, "quarters", BERLIN))
    assert.equal(-2, time.diff(b, a, "months", BERLIN))
    assert.equal(1, time.diff(at("2024-02-29"), at("2025-02-28"), "years"))
    assert.equal(0, time.diff(at("2024-03-30T12:00:00", BERLIN), at("2024-03-31T11:59:59", BERLIN), "days", BERLIN))
    assert.equal(1, time.diff(at("2024-03-30T12:00:00", BERLIN), at("2024-03-31T12:00:00", BERLIN), "days", BERLIN))
  end)

  it("gives seconds, minutes and hours exactly", function()
    assert.equal(61 * 86400 - 3600, time.diff(at("2024-01-31", BERLIN), at("2024-04-01", BERLIN)))
    assert.equal(1.5, time.diff(0, 5400, "hours"))
    assert.equal("integer", math.type(time.diff(0, 7200, "hours")))
    assert.equal(-90, time.diff(5400, 0, "minutes"))
    says("time.diff: unknown unit 'month', did you mean 'months'?", time.diff, 0, 1, "month")
  end)
end)

describe("time.duration", function()
  it("reads both forms", function()
    assert.equal(5400, time.duration("1h30m"))
    assert.equal(253, time.duration("PT4M13S"))
    assert.equal(253.5, time.duration("PT4M13.5S"))
    assert.equal(93600, time.duration("P1DT2H"))
    assert.equal(604800, time.duration("1w"))
    assert.equal(-90, time.duration("-1m30s"))
    assert.equal(0.25, time.duration("250ms"))
  end)

  it("gives nil and why for what is none", function()
    assert.equal("not a duration (1h30m, PT4M13S)", select(2, time.duration("soon")))
    assert.equal("not a duration (1h30m, PT4M13S)", select(2, time.duration(nil)))
    assert.equal("years, quarters and months have no fixed length", select(2, time.duration("1 month")))
    assert.is_nil(time.duration("1 month"))
    assert.equal("too long", select(2, time.duration("999999999999 days")))
  end)

  it("is written in both forms", function()
    local forms = { [0] = { "0s", "PT0S" }, [253] = { "4m13s", "PT4M13S" }, [5400] = { "1h30m", "PT1H30M" },
      [93784.25] = { "1d2h3m4.25s", "P1DT2H3M4.25S" }, [86400] = { "1d", "P1D" }, [-90] = { "-1m30s", "-PT1M30S" },
      [0.000001] = { "0.000001s", "PT0.000001S" } }
    for seconds, want in pairs(forms) do
      assert.equal(want[1], time.format_duration(seconds))
      assert.equal(want[2], time.format_duration(seconds, "iso"))
      assert.equal(seconds, time.duration(want[1]))
      assert.equal(seconds, time.duration(want[2]))
    end
  end)
end)

describe("time.bucket", function()
  it("gives start, next start and label", function()
    local function bucket(text, size)
      local b = time.bucket(at(text, BERLIN), size, BERLIN)
      return { time.format(b.start, BERLIN), time.format(b.next, BERLIN), b.label }
    end
    assert.same({ "2024-03-31T00:00:00+01:00", "2024-04-01T00:00:00+02:00", "2024-03-31" }, bucket("2024-03-31T12:00:00", "day"))
    assert.same({ "2024-03-25T00:00:00+01:00", "2024-04-01T00:00:00+02:00", "2024-W13" }, bucket("2024-03-31T12:00:00", "week"))
    assert.same({ "2024-10-01T00:00:00+02:00", "2024-11-01T00:00:00+01:00", "2024-10" }, bucket("2024-10-27T12:00:00", "month"))
    assert.same({ "2024-10-01T00:00:00+02:00", "2025-01-01T00:00:00+01:00", "2024-Q4" }, bucket("2024-10-27T12:00:00", "quarter"))
    assert.same({ "2024-01-01T00:00:00+01:00", "2025-01-01T00:00:00+01:00", "2024" }, bucket("2024-10-27T12:00:00", "year"))
    assert.same({ "2024-07-01T12:45:00+02:00", "2024-07-01T13:00:00+02:00", "2024-07-01 12:45" }, bucket("2024-07-01T12:59:59", "15m"))
    assert.same({ "2024-07-01T12:00:00+02:00", "2024-07-01T18:00:00+02:00", "2024-07-01 12:00" }, bucket("2024-07-01T12:59:59", "6h"))
    assert.same({ "2024-12-30T00:00:00+01:00", "2025-01-06T00:00:00+01:00", "2025-W01" }, bucket("2024-12-31", "week"))
    assert.same({ "2024-07-01T12:59:30+02:00", "2024-07-01T13:00:00+02:00", "2024-07-01 12:59:30" }, bucket("2024-07-01T12:59:59", "30s"))
  end)

  it("makes an hour that comes twice two buckets with two labels, and a longer one where only a part comes twice", function()
    local function labels(from, to, size, zone)
      local out = {}
      for i, b in ipairs(time.buckets(at(from, zone), at(to, zone), size, zone)) do
        out[i] = ("%s %gm"):format(b.label:sub(12), (b.next - b.start) / 60)
      end
      return table.concat(out, ", ")
    end
    assert.equal("01:00 60m, 02:00+02:00 60m, 02:00+01:00 60m, 03:00 60m",
      labels("2024-10-27T01:00:00", "2024-10-27T04:00:00", "hour", BERLIN))
    assert.equal("00:00 120m, 02:00 180m", labels("2024-10-27", "2024-10-27T04:00:00", "2h", BERLIN))
    assert.equal("01:00 60m, 03:00 60m", labels("2024-03-31T01:00:00", "2024-03-31T04:00:00", "hour", BERLIN))
    assert.equal("00:00 300m", labels("2024-03-31", "2024-03-31T06:00:00", "6h", BERLIN))
    assert.equal("00:00 60m, 01:00 90m, 02:00 60m", labels("2024-04-07", "2024-04-07T03:00:00", "hour", LORD_HOWE))
    assert.equal("01:00 60m, 02:00 30m, 03:00 60m", labels("2024-10-06T01:00:00", "2024-10-06T04:00:00", "hour", LORD_HOWE))
    assert.equal("01:00 30m, 01:30+11:00 30m, 01:30+10:30 30m", labels("2024-04-07T01:00:00", "2024-04-07T02:00:00", "30m", LORD_HOWE))
  end)

  it("puts every instant into one bucket, whose edges are the neighbours'", function()
    local changes = { [BERLIN] = { "2024-03-31", "2024-10-27" }, [NEW_YORK] = { "2024-03-10", "2024-11-03" },
      [LORD_HOWE] = { "2024-04-07", "2024-10-06" }, [KATHMANDU] = { "1986-01-01", "2024-01-01" },
      ["America/Havana"] = { "2024-03-10", "2024-11-03" }, ["Pacific/Apia"] = { "2011-12-30" } }
    for zone, days in pairs(changes) do
      for _, day in ipairs(days) do
        for _, size in ipairs { "5m", "15m", "30m", "hour", "2h", "3h", "6h", "12h", "day", "week", "month", "quarter", "year" } do
          local from = at(day) - 3 * 86400
          local seen, last = {}, nil
          for t = from, from + 6 * 86400, 300 do
            local b = time.bucket(t, size, zone)
            local new = last and last.start ~= b.start
            if not (b.start <= t and t < b.next) or new and (last.next ~= b.start or seen[b.label]) then
              error(("%s, %s, at %s: %s"):format(zone, size, time.format(t, zone), b.label))
            end
            seen[b.label], last = true, b
          end
        end
      end
    end
  end)

  it("says which sizes there are", function()
    says("'fortnight' is no size of a bucket: one of minute, hour, day, week, month, quarter, year", time.bucket, 0, "fortnight")
    says("'7m' is no size of a bucket: seconds and minutes must divide an hour", time.bucket, 0, "7m")
    says("'5h' is no size of a bucket", time.bucket, 0, "5h")
    says("'2d' is no size of a bucket", time.bucket, 0, "2d")
    says("'0h' is no size of a bucket", time.bucket, 0, "0h")
    says("time.buckets: more than 100000 buckets; take a larger size", time.buckets, 0, 4e9, "minute")
  end)
end)

describe("zones", function()
  it("are known by name, with or without the machine's zone files for UTC", function()
    assert.is_true(time.is_zone("Europe/Berlin"))
    assert.is_true(time.is_zone("UTC"))
    assert.is_false(time.is_zone("Mars/Olympus"))
    assert.is_false(time.is_zone(nil))
  end)

  it("begin days where their clocks say", function()
    assert.equal(at("2018-11-04T03:00:00Z"), time.day_start("2018-11-04", "America/Sao_Paulo")) -- midnight is left out
    assert.equal(at("2024-04-01T22:00:00Z"), time.next_day(at("2024-04-01T12:00:00Z"), BERLIN))
    assert.equal("not a day (2024-01-02)", select(2, time.day_start("soon", BERLIN)))
    says("time.day_start: no such zone 'Nowhere'", time.day_start, "2024-01-01", "Nowhere")
  end)

  it("go by their rule after the last change that their file lists", function()
    assert.equal("2099-07-01T02:00:00+02:00", time.format(at("2099-07-01T00:00:00Z"), BERLIN))
    assert.equal("2099-12-31T19:00:00-05:00", time.format(at("2100-01-01T00:00:00Z"), NEW_YORK))
    assert.equal("2099-01-01T11:00:00+11:00", time.format(at("2099-01-01T00:00:00Z"), LORD_HOWE))
    assert.equal("2099-07-01T10:30:00+10:30", time.format(at("2099-07-01T00:00:00Z"), LORD_HOWE))
  end)
end)
