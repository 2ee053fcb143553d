-- How a playbook is handed on: Markdown or a table for JSON, at most 2 KB of enumerated names and numbers.
local jsonlist = require("tidemark.jsonlist")
local names = require("tidemark.playbook_names")

local M = {}

local BYTES = 2048
local OWN = 7 -- rows that are not tidemark's own are enough

local function date(epoch) return os.date("!%Y-%m-%d", math.floor(epoch)) end

local function rounded(x) return x and math.floor(x + 0.5) end

local function signed(x) return x and ("%+d"):format(rounded(x)) or "?" end

-- A plugin's own may have other units than percent: 2.5 hours are not 3.
local function fine(item) return item.own and item.unit and item.unit ~= "points" end

local function amount(item, x)
  if x and fine(item) then return ("%+.3g"):format(x) end
  return signed(x)
end

local function item_line(item)
  local what = item.feature .. (item.platform and names.safe(item.platform) and " on " .. item.platform or "")
  local parts = {}
  if item.direction then what = item.direction .. " " .. what end
  local unit = item.direction and "% per standard deviation" or item.unit or "%"
  parts[1] = ("%s %s (%s to %s)"):format(amount(item, item.lift), unit, amount(item, item.lo), amount(item, item.hi))
  if item.own then parts[#parts + 1] = "by plugin " .. item.own end
  if item.p then parts[#parts + 1] = ("P(lift > 0) %.2f"):format(item.p) end
  parts[#parts + 1] = item.state
  parts[#parts + 1] = "n " .. tostring(item.n or "?")
  if item.last then parts[#parts + 1] = "last " .. item.last end
  if item.why == "to learn" or item.why == "best so far" then parts[#parts + 1] = item.why end
  parts[#parts + 1] = item.finding and "finding " .. item.finding or "no finding"
  return ("- %s: %s"):format(what, table.concat(parts, ", "))
end

local SECTIONS = {
  { "act", "## Do", "- nothing is sure enough yet" }, { "avoid", "## Avoid" }, { "try", "## Try next" },
  { "same", "## Makes no difference" },
  { "own", "## Plugins' own statistics, not computed by tidemark, 95 % intervals" },
}

local function plan_line(work)
  local tags = #work.tags > 0 and table.concat(work.tags, " + ") or "none of these tags"
  return ("- %d x %s%s"):format(work.works, tags, work.block and ", at " .. work.block or "")
end

-- How many rows each list may keep so that everything fits: the longest list gives first, never its first row.
local function trim(book, size_of)
  local keep = { act = #book.act, avoid = #book.avoid, try = #book.try, same = #book.same, plan = #book.plan }
  keep.own = math.min(OWN, #book.own)
  while size_of(keep) > BYTES do
    local most, at = 1, nil
    for _, name in ipairs({ "own", "same", "plan", "avoid", "try", "act" }) do
      if keep[name] > most then most, at = keep[name], name end
    end
    if not at then
      for _, name in ipairs({ "own", "same", "plan", "avoid", "try", "act" }) do
        if keep[name] > 0 then at = name break end
      end
    end
    if not at then break end
    keep[at] = keep[at] - 1
  end
  return keep
end

local function render(book, keep)
  local out = { ("# Playbook, %s: %d works, lift in the score, 80 %% intervals"):format(date(book.as_of), book.works) }
  local left = 0
  for _, section in ipairs(SECTIONS) do
    local list, n = book[section[1]], keep[section[1]]
    left = left + #list - n
    if n > 0 or #list > 0 and section[1] ~= "own" or section[3] then out[#out + 1] = section[2] end
    if #list == 0 and section[3] then out[#out + 1] = section[3] end
    for k = 1, n do out[#out + 1] = item_line(list[k]) end
  end
  if keep.plan > 0 then
    out[#out + 1] = ("## Next week, %d works"):format(book.works_per_week)
    for k = 1, keep.plan do out[#out + 1] = plan_line(book.plan[k]) end
  end
  if left > 0 then out[#out + 1] = ("%d more rows left out"):format(left) end
  return table.concat(out, "\n") .. "\n"
end

--- The playbook as Markdown, at most 2048 bytes: enumerated names and numbers only.
---@param book table what build gave
---@return string
function M.to_markdown(book)
  return render(book, trim(book, function(keep) return #render(book, keep) end))
end

-- The bytes a compact JSON writer needs; names are safe, so nothing but quotes is added.
local function json_size(v)
  if type(v) == "string" then return #v + 2 end
  if type(v) == "number" then return #(math.type(v) == "integer" and ("%d"):format(v) or ("%.17g"):format(v)) end
  if type(v) ~= "table" then return #tostring(v) end
  local size = 2
  if jsonlist.is_array(v) then
    for _, x in ipairs(v) do size = size + json_size(x) + 1 end
  else
    for k, x in pairs(v) do size = size + #k + 4 + json_size(x) end
  end
  return size
end

local function plain(item)
  return { feature = item.feature, kind = item.kind, platform = names.safe(item.platform) and item.platform or nil,
    lift = rounded(item.lift), unit = item.unit, direction = item.direction, lo = rounded(item.lo), hi = rounded(item.hi),
    p = item.p and math.floor(100 * item.p + 0.5) / 100,
    state = item.state, n = item.n, last = item.last, why = item.why, finding = item.finding }
end

local function as_table(book, keep)
  local t = { as_of = date(book.as_of), works = book.works, unit = "percent lift in the score, 80 % interval",
    works_per_week = book.works_per_week }
  for name, list in pairs({ ["do"] = "act", avoid = "avoid", try_next = "try", makes_no_difference = "same" }) do
    local rows = {}
    for k = 1, keep[list] do rows[k] = plain(book[list][k]) end
    t[name] = jsonlist.array(rows)
  end
  if keep.own > 0 then -- the numbers in it are not tidemark's
    local rows = {}
    for k = 1, keep.own do
      local item = book.own[k]
      rows[k] = plain(item)
      rows[k].own_statistics_of, rows[k].unit, rows[k].interval = item.own, item.unit or "%", 95
      for _, key in ipairs(fine(item) and { "lift", "lo", "hi" } or {}) do
        rows[k][key] = item[key] and tonumber(("%.3g"):format(item[key]))
      end
    end
    t.own_statistics = jsonlist.array(rows)
  end
  t.next_week = jsonlist.array(table.move(book.plan, 1, keep.plan, 1, {}))
  return t
end

--- The playbook as a table for a JSON writer: at most 2048 bytes when written without spaces.
---@param book table what build gave
---@return table
function M.to_table(book)
  return as_table(book, trim(book, function(keep) return json_size(as_table(book, keep)) end))
end

return M
