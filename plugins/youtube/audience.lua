-- Who watched: shares of the viewers in percent, by age and sex (and by country where a file has it).
-- Shares are parts of a video's whole audience of a period, so that those of the splits add up.

local M = {}

local zone = "America/Los_Angeles"

local function known(v)
  if v ~= nil and v ~= json.null and v ~= "" then return v end
  return nil
end

-- "age18-24", "AGE_18_24" -> "18-24"; "age65-", "AGE_65_" -> "65+"
local function age(v)
  local from, to = (known(v) or ""):match("^[aA][gG][eE]_?(%d+)[-_](%d*)$")
  if not from then return known(v) end
  return to == "" and from .. "+" or from .. "-" .. to
end

local function sex(v)
  local name = known(v) and v:lower():gsub("^gender_", "")
  return name == "user_specified" and "other" or name
end

-- The dimension and the group that a row is of.
local function group_of(age_group, gender)
  local a, g = age(age_group), sex(gender)
  if a and g then return "age_gender", g .. "." .. a end
  if a then return "age", a end
  return g and "gender" or nil, g
end

local function add(audience, dimension, group, percent)
  local groups = audience[dimension] or {}
  audience[dimension], groups[group] = groups, tonumber(("%.9g"):format((groups[group] or 0) + percent))
end

local dimensions = { ageGroup = true, gender = true, video = true, viewerPercentage = true }

-- An Analytics table of viewerPercentage: of each video, of the one video asked for, else of the channel. Where it is split by
-- more than age and sex, the shares are of a part.
function M.table(rows, at, video, range, channel, out)
  if not at.viewerPercentage then return out.skip("demographics", #rows) end
  for name in pairs(at) do
    if not dimensions[name] then return out.skip("demographics", #rows) end
  end
  local list, by = {}, {}
  for _, row in ipairs(rows) do
    local fits = json.kind(row) == "array"
    local function cell(name) return fits and at[name] and row[at[name]] or nil end
    local id, percent = known(cell("video")) or video or "", tonumber(known(cell("viewerPercentage")))
    local dimension, group = group_of(cell("ageGroup"), cell("gender"))
    if not percent or not dimension then
      out.bad("bad_shape", "an age or a gender, and viewerPercentage are expected", row)
    else
      if not by[id] then
        by[id] = { id = id, audience = {} }
        list[#list + 1] = by[id]
      end
      add(by[id].audience, dimension, group, percent)
    end
  end
  for _, one in ipairs(list) do
    if one.id == "" then
      out.account { id = channel, audience = one.audience }
    else
      out.post { id = one.id }
      out.counts { window = "range", window_start = range.first, window_end = range.last, audience = one.audience }
    end
  end
end

-- A Reporting API file: one audience per video and day.
function M.file(doc, out)
  local list, by, others = {}, {}, 0
  for _, row in ipairs(doc.rows) do
    local id, percent = known(row.video_id), tonumber(known(row.views_percentage))
    local y, m, d = (known(row.date) or ""):match("^(%d%d%d%d)%-?(%d%d)%-?(%d%d)")
    local dimension, group = group_of(row.age_group, row.gender)
    local first = y and time.day_start(("%s-%s-%s"):format(y, m, d), zone)
    if not id then
      others = others + 1 -- of a video that is gone, or of the channel
    elseif not first or not percent or not dimension then
      out.bad("bad_shape", "a day, an age or a gender, and views_percentage are expected", row)
    else
      local key = id .. " " .. first
      local one = by[key]
      if not one then
        one = { id = id, account = known(row.channel_id), first = first, audience = {} }
        by[key], list[#list + 1] = one, one
      end
      add(one.audience, dimension, group, percent)
      if known(row.country_code) then add(one.audience, "country", row.country_code, percent) end
    end
  end
  if others > 0 then out.skip("demographics", others) end
  for _, one in ipairs(list) do
    out.post { id = one.id, account = one.account }
    out.counts { window = "day", window_start = one.first, window_end = time.next_day(one.first, zone),
                 audience = one.audience }
  end
end

return M
