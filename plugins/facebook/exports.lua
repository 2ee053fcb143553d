-- Exports as CSV: a warehouse connector's daily samples of lifetime numbers, and Meta Business Suite's content table.

local insights = require("insights")

local M = {}

local function known(v)
  if v ~= nil and v ~= json.null and v ~= "" then return v end
  return nil -- a value, unlike nothing: tonumber() minds
end

local function columns_of(doc)
  local has, posts, pages = {}, 0, 0
  for _, name in ipairs(json.kind(doc.columns) == "array" and doc.columns or {}) do
    has[name] = true
    if name:find("^post_") and name ~= "post_id" then posts = posts + 1 end
    if name:find("^page_") and name ~= "page_id" then pages = pages + 1 end
  end
  return has, posts, pages
end

function M.is_post_metrics(doc)
  local has, posts = columns_of(doc)
  return has.post_id and posts > 0 and (has.date and 4 or 3)
end

function M.is_page_metrics(doc)
  local has, _, pages = columns_of(doc)
  return has.page_id and has.date and not has.post_id and pages > 0 and 4
end

-- "2024-03-01" or "2024-03-01 00:00:00" -> the day
local function day_of(v)
  return (known(v) or ""):match("^%d%d%d%d%-%d%d%-%d%d")
end

-- Counts since publishing, sampled once a day: the day stands in the row.
function M.post_metrics(doc, out)
  local has = columns_of(doc)
  for _, row in ipairs(doc.rows) do
    local id, day = known(row.post_id), day_of(row.date)
    if not id then
      out.bad("missing_id", "the column post_id is empty", row)
    elseif has.date and not day then
      out.bad("bad_shape", "date is not a day (YYYY-MM-DD)", row)
    else
      local values = {}
      for name, v in pairs(row) do
        if name:find("^post_") and name ~= "post_id" then
          local n = tonumber(known(v))
          values[name] = n and (math.tointeger(n) or n) or nil
        end
      end
      local counts = insights.counts(values)
      counts.window_start = day
      out.post { id = id, account = known(row.page_id) or id:match("^(%d+)_%d+$") }
      out.counts(counts)
    end
  end
end

-- A page's days: one observation of the page, each number by its day.
function M.page_metrics(doc, out)
  local list, by = {}, {}
  for _, row in ipairs(doc.rows) do
    local id, day = known(row.page_id), day_of(row.date)
    if not id or not day then
      out.bad(id and "bad_shape" or "missing_id", "page_id and date (YYYY-MM-DD) are expected", row)
    else
      local page = by[id] or { id = id, metrics = {} }
      if not by[id] then by[id], list[#list + 1] = page, page end
      for name, v in pairs(row) do
        local n = name:find("^page_") and name ~= "page_id" and tonumber(known(v))
        if n then
          page.metrics[name .. ".day"] = page.metrics[name .. ".day"] or {}
          page.metrics[name .. ".day"][day] = math.tointeger(n) or n
        end
      end
    end
  end
  for _, page in ipairs(list) do
    if next(page.metrics) then out.account(page) else out.skip("account") end
  end
end

-- A post's id stands there without its page; both make the id that the API knows.
function M.suite(doc, out)
  for _, row in ipairs(doc.rows) do
    local id, page = known(row["Post ID"]), known(row["Page ID"])
    if not id then
      out.bad("missing_id", "the column Post ID is empty", row)
    else
      if page and not id:find("_", 1, true) then id = page .. "_" .. id end
      local seconds = tonumber(known(row["Duration (sec)"])) or 0
      out.post { id = id, account = page, title = known(row.Title), caption = known(row.Description),
                 url = known(row.Permalink), media_kind = known(row["Post type"]), duration_s = seconds > 0 and seconds or nil }
      local reach, clicks = tonumber(known(row.Reach)), tonumber(known(row["Total clicks"]))
      out.counts { views = known(row.Views) or known(row.Impressions), likes = row.Reactions, comments = row.Comments,
                   shares = row.Shares, extra = { reach = reach, total_clicks = clicks } }
    end
  end
end

return M
