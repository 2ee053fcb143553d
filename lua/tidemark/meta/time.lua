---@meta

--- Instants, zones, spans and buckets of time: the table `time` of a plugin's sandbox, and `require("tidemark.time")`.
---
--- An instant is a number: seconds since 1970-01-01T00:00:00Z, an integer where it is whole, else a float that is exact to
--- the microsecond up to the year 2242. A zone is an IANA name ("Europe/Berlin"); where none is given it is UTC. There is no
--- clock here: what time it is, `ctx.now` says.
---
--- A text that is no time or no duration gives `nil, why`, since texts come from payloads. Whatever else is wrong raises: a
--- zone that is not there, an instant beyond the years 1 to 9999, an unknown option.
---
--- Twice a year clocks jump. A time that is left out (02:30 when clocks go from 02:00 to 03:00) is read with the offset from
--- before, so that it becomes 03:30; of a time that comes twice the first is taken. Functions that meet this take `pick`:
--- "earlier" or "later" of the two instants, or "error" to raise. PostgreSQL's AT TIME ZONE takes "later".
---@class tidemark.time
local time = {}

---@alias time.pick "natural"|"earlier"|"later"|"error" which instant, where clocks jump; natural unless given

--- The instant that a text names: ISO 8601 ("2024-01-02T03:04:05.678901+01:00", "2024-01-02 03:04Z", "2024-01-02") or
--- "Thu Nov 08 02:31:41 +0000 2012". A text without an offset is a clock's reading in the zone; a date alone is its midnight.
---
--- Units: seconds since 1970-01-01T00:00:00Z; what is finer than a microsecond is cut.
--- Errors: nil and why for what is no time, also for a value that is no text; raises for an unknown zone.
---
--- ```lua
--- assert(time.parse("2024-01-02T03:04:05Z") == 1704164645)
--- assert(time.parse("2024-01-02T03:04:05", "Europe/Berlin") == 1704164645 - 3600)
--- local t, why = time.parse("yesterday")
--- assert(t == nil and why:find("ISO 8601"))
--- ```
---@param text any
---@param zone? string of a text without an offset
---@param pick? time.pick
---@return number? seconds
---@return string? why
function time.parse(text, zone, pick) end

--- An instant as ISO 8601: "…Z" without a zone, with the zone's offset else.
---
--- Units: seconds in; digits of a second's fraction 0 to 6 (cut, not rounded), as many as it takes unless given.
--- Errors: raises for an unknown zone and for what is no instant. Infinities give "infinity" and "-infinity", as PostgreSQL.
---
--- ```lua
--- assert(time.format(1704164645) == "2024-01-02T03:04:05Z")
--- assert(time.format(1704164645.5, "Asia/Kathmandu", 3) == "2024-01-02T08:49:05.500+05:45")
--- ```
---@param seconds number
---@param zone? string
---@param digits? integer
---@return string
function time.format(seconds, zone, digits) end

--- The day an instant falls on in a zone.
---
--- Units: seconds in, "2024-01-02" out.
--- Errors: raises for an unknown zone and for what is no instant.
---
--- ```lua
--- assert(time.date(1704164645, "America/New_York") == "2024-01-01")
--- ```
---@param seconds number
---@param zone? string
---@return string
function time.date(seconds, zone) end

--- Is there such a zone?
---
--- Errors: never; what is no text is no zone.
---
--- ```lua
--- assert(time.is_zone("Europe/Berlin") and not time.is_zone("Europe/Berln"))
--- ```
---@param name any
---@return boolean
function time.is_zone(name) end

--- What clock and calendar in a zone show at an instant.
---
--- Units: see the fields; `offset` is seconds east of UTC.
--- Errors: raises for an unknown zone and for what is no instant.
---
--- ```lua
--- local p = time.parts(1704164645, "Europe/Berlin")
--- assert(p.year == 2024 and p.hour == 4 and p.weekday == 2 and p.iso_week == 1 and p.offset == 3600)
--- ```
---@param seconds number
---@param zone? string
---@return time.parts
function time.parts(seconds, zone) end

--- The instant at which a clock in a zone shows these parts. What is left out is the beginning (month 1, day 1, 00:00:00). A
--- table of `time.parts` can be given back, also changed: of its members only year, month, day, hour, min and sec count, and
--- where the time comes twice its `offset` says which of the two it was.
---
--- Units: seconds since 1970-01-01T00:00:00Z.
--- Errors: raises for a part that is missing, unknown or out of range (no day 30 in February), an unknown zone, and with
--- "error" for a time that is left out or comes twice.
---
--- ```lua
--- local noon = time.from_parts({ year = 2024, month = 7, day = 1, hour = 12 }, "Europe/Berlin")
--- assert(time.format(noon) == "2024-07-01T10:00:00Z")
--- local twice = { year = 2024, month = 10, day = 27, hour = 2, min = 30 }
--- assert(time.from_parts(twice, "Europe/Berlin", "later") - time.from_parts(twice, "Europe/Berlin") == 3600)
--- ```
---@param parts time.parts|{ year: integer, month?: integer, day?: integer, hour?: integer, min?: integer, sec?: number }
---@param zone? string
---@param pick? time.pick
---@return number seconds
function time.from_parts(parts, zone, pick) end

--- The instant at which a day begins in a zone; where midnight is left out, the first instant after it.
---
--- Units: seconds since 1970-01-01T00:00:00Z.
--- Errors: nil and why for a text that is no day; raises for an unknown zone.
---
--- ```lua
--- assert(time.day_start("2024-03-01", "America/Los_Angeles") == 1709280000)
--- ```
---@param day any "2024-03-01"
---@param zone string
---@return number? seconds
---@return string? why
function time.day_start(day, zone) end

--- The instant at which the day after an instant's own begins in a zone.
---
--- Units: seconds in and out.
--- Errors: raises for an unknown zone and for what is no instant.
---
--- ```lua
--- local day = time.day_start("2024-03-31", "Europe/Berlin")
--- assert(time.next_day(day, "Europe/Berlin") - day == 23 * 3600)
--- ```
---@param seconds number
---@param zone string
---@return number seconds
function time.next_day(seconds, zone) end

--- An instant moved by a span. Years, quarters, months, weeks and days are the calendar's in the zone: the clock's time
--- stays, and a day that the month has not becomes its last (31 January + 1 month = 28 or 29 February). Hours and less are
--- exact. Months come first, then days, then the rest. Of a time that comes twice the one with the offset from before the
--- move is taken.
---
--- Units: a span is a text ("1 month", "2 weeks 1 day", "1h30m", "-1 quarter", "P1Y2M3DT4H"; m is minutes, mo months; one
--- sign, in front) or a number of seconds.
--- Errors: raises for a text that is no span, an unknown zone, a sum beyond the years 1 to 9999, and with "error" for a time
--- that is left out or comes twice.
---
--- ```lua
--- local t = time.parse("2024-01-31T12:00:00", "Europe/Berlin")
--- assert(time.format(time.add(t, "1 month", "Europe/Berlin"), "Europe/Berlin") == "2024-02-29T12:00:00+01:00")
--- assert(time.format(time.add(t, "2 months", "Europe/Berlin"), "Europe/Berlin") == "2024-03-31T12:00:00+02:00")
--- assert(time.add(t, "1h30m") == t + 5400)
--- ```
---@param seconds number
---@param span string|number
---@param zone? string
---@param pick? time.pick
---@return number seconds
function time.add(seconds, span, zone, pick) end

--- An instant moved back by a span: `time.add` with the span's sign turned.
---
--- Units: as in time.add.
--- Errors: as in time.add.
---
--- ```lua
--- assert(time.format(time.sub(time.parse("2024-03-31"), "1 month")) == "2024-02-29T00:00:00Z")
--- ```
---@param seconds number
---@param span string|number
---@param zone? string
---@param pick? time.pick
---@return number seconds
function time.sub(seconds, span, zone, pick) end

--- How long from one instant to another. Seconds, minutes and hours are exact; days and more are whole ones on the zone's
--- calendar, towards 0: the largest n for which `time.add(from, n .. " months", zone)` does not pass `to`.
---
--- Units: seconds unless another is named.
--- Errors: raises for an unknown unit or zone and for what is no instant.
---
--- ```lua
--- local a, b = time.parse("2024-01-31"), time.parse("2024-04-01")
--- assert(time.diff(a, b, "days") == 61 and time.diff(a, b, "months") == 2 and time.diff(b, a, "months") == -2)
--- assert(time.diff(0, 5400, "hours") == 1.5)
--- ```
---@param from number
---@param to number
---@param unit? "seconds"|"minutes"|"hours"|"days"|"weeks"|"months"|"quarters"|"years"
---@param zone? string
---@return number
function time.diff(from, to, unit, zone) end

--- A duration's seconds: "1h30m", "90 s", "250ms", "1.5h", "2d", ISO 8601 "PT4M13S". Days are 24 hours, weeks 7 days.
---
--- Units: seconds, exact to the microsecond.
--- Errors: nil and why for what is no duration; years, quarters and months are none, they have no fixed length.
---
--- ```lua
--- assert(time.duration("1h30m") == 5400 and time.duration("PT4M13S") == 253)
--- assert(select(2, time.duration("1 month")) == "years, quarters and months have no fixed length")
--- ```
---@param text any
---@return number? seconds
---@return string? why
function time.duration(text) end

--- Seconds as a duration's text.
---
--- Units: seconds in, rounded to the microsecond; "1d2h3m4.5s" out, or "P1DT2H3M4.5S".
--- Errors: raises for what is no number, or longer than 9e12 seconds.
---
--- ```lua
--- assert(time.format_duration(5400) == "1h30m" and time.format_duration(5400, "iso") == "PT1H30M")
--- ```
---@param seconds number
---@param style? "short"|"iso"
---@return string
function time.format_duration(seconds, style) end

--- The bucket that an instant is in, on the clock and calendar of a zone. Days begin at midnight, weeks on Monday (ISO 8601).
--- Where clocks jump, no instant is lost or in two buckets: an hour that comes twice is two buckets, whose labels carry the
--- offset; a bucket of which only a part comes twice is longer, one that is left out is not there.
---
--- Units: sizes are "minute", "hour", "day", "week", "month", "quarter", "year", or a number with s, m or h that divides an
--- hour or a day ("15m", "6h"). start and next are instants in seconds.
--- Errors: raises for another size, an unknown zone and for what is no instant.
---
--- ```lua
--- local b = time.bucket(time.parse("2024-03-31T12:00:00Z"), "week", "Europe/Berlin")
--- assert(b.label == "2024-W13" and time.format(b.start, "Europe/Berlin") == "2024-03-25T00:00:00+01:00")
--- assert(b.next - b.start == 7 * 86400 - 3600)
--- ```
---@param seconds number
---@param size string
---@param zone? string
---@return time.bucket
function time.bucket(seconds, size, zone) end

--- All buckets that a stretch of time touches, in order: for series in which an empty bucket is a 0.
---
--- Units: from (included) and to (not included) in seconds; sizes as in time.bucket.
--- Errors: as time.bucket; raises for more than 100,000 buckets.
---
--- ```lua
--- local days = time.buckets(time.parse("2024-02-28"), time.parse("2024-03-02"), "day")
--- assert(#days == 3 and days[2].label == "2024-02-29" and days[2].next == days[3].start)
--- ```
---@param from number
---@param to number
---@param size string
---@param zone? string
---@return time.bucket[]
function time.buckets(from, to, size, zone) end

---@class time.parts
---@field year integer
---@field month integer 1 to 12
---@field day integer 1 to 31
---@field hour integer 0 to 23
---@field min integer 0 to 59
---@field sec number 0 to below 60; an integer where it is whole
---@field weekday integer 1 = Monday … 7 = Sunday
---@field yday integer day of the year, from 1
---@field iso_week integer 1 to 53
---@field iso_year integer the year that the ISO week belongs to
---@field offset integer seconds east of UTC
---@field dst boolean daylight saving time
---@field abbr string "CET", "+0545"

---@class time.bucket
---@field start number its first instant
---@field next number the next bucket's first instant
---@field label string "2024-03-31 02:00", "2024-03-31", "2024-W13", "2024-03", "2024-Q1", "2024"
