-- Exports as CSV: a warehouse connector's tables, and what a page's own analytics let one download.

local M = {}

local function known(v)
  if v ~= nil and v ~= json.null and v ~= "" then return v end
  return nil -- a value, unlike nothing: tonumber() minds
end

local function urn(kind, id)
  id = known(id)
  return id and (id:find("^urn:") and id or id:find("^%d+$") and "urn:li:" .. kind .. ":" .. id) or nil
end

-- The table has a row per state that was seen. All states are as of this delivery, so that the newest has to come last.
function M.share_statistics(doc, out)
  local list = {}
  for i, row in ipairs(doc.rows) do list[i] = { row = row, at = known(row._fivetran_synced) or "", i = i } end
  table.sort(list, function(a, b)
    if a.at ~= b.at then return a.at < b.at end
    return a.i < b.i
  end)
  for _, one in ipairs(list) do
    local row = one.row
    local id, organization = urn("share", row._share_entity_urn), known(row._organization_entity_urn)
    if not id and not known(row._share_entity_urn) then
      out.skip("account") -- the organization's own statistics
    elseif not id then
      out.bad("bad_shape", "_share_entity_urn is no URN", row)
    else
      out.post { id = id, account = organization }
      out.counts {
        views = row.impression_count, likes = row.like_count, shares = row.share_count, comments = row.comment_count,
        extra = { clickCount = tonumber(known(row.click_count)), engagement = tonumber(known(row.engagement)),
                  uniqueImpressionsCount = tonumber(known(row.unique_impressions_count)) },
      }
    end
  end
end

-- "2021-10-26 21:04:50.082", epoch milliseconds in older tables.
local function moment(v)
  v = known(v)
  if v and v:find("^%d+$") then return tonumber(v) / 1000 end
  return v
end

local unpublished = { DRAFT = true, PROCESSING = true, PUBLISH_REQUESTED = true, PUBLISH_FAILED = true,
                      PROCESSING_FAILED = true }

function M.posts(doc, out)
  for _, row in ipairs(doc.rows) do
    local id = known(row.commentary) and urn("share", row.id) or urn("ugcPost", row.id)
    if not id then
      out.bad("missing_id", "the column id is no post's id", row)
    elseif unpublished[row.lifecycle_state] then
      out.skip("unpublished")
    else
      out.post {
        id = id, account = known(row.author),
        caption = known(row.commentary) or known(row.specific_content_share_commentary_text),
        published_at = moment(row.first_published_at) or moment(row.published_at) or moment(row.created_time)
          or moment(row.created_at),
        media_kind = (known(row.specific_content_share_media_category) or ""):lower():match("%S+"),
        features = { visibility = known(row.visibility) },
      }
    end
  end
end

function M.organizations(doc, out)
  for _, row in ipairs(doc.rows) do
    local id = urn("organization", row.id)
    if id then out.account { id = id, handle = known(row.vanity_name) } end
    out.skip("account")
  end
end

-- "1,234" as the export writes it in some languages; anything else as it came, for the note it deserves.
local function count(v)
  v = known(v)
  return v and (v:find("^%-?%d[%d,]*$") and v:gsub(",", "") or v) or nil
end

-- Dates are as in the United States.
local function date(v)
  local month, day, year = (known(v) or ""):match("^(%d+)/(%d+)/(%d%d%d%d)")
  return year and ("%04d-%02d-%02dT00:00:00Z"):format(year, month, day) or nil
end

function M.page(doc, out)
  for _, row in ipairs(doc.rows) do
    local id = (known(row["Post link"]) or ""):match("urn:li:%l+[%u%l]*:%d+")
    if not id then
      out.bad("missing_id", "the column Post link holds no URN (urn:li:…)", row)
    else
      out.post { id = id, caption = known(row["Post title"]), url = known(row["Post link"]),
                 published_at = date(row["Created date"]),
                 media_kind = (known(row["Content Type"]) or ""):lower():match("%S.*") }
      out.counts {
        views = count(row.Impressions), likes = count(row.Likes), comments = count(row.Comments), shares = count(row.Reposts),
        extra = { clickCount = tonumber(count(row.Clicks)), VIDEO_VIEW = tonumber(count(row.Views)),
                  engagement = tonumber(known(row["Engagement rate"])) },
      }
    end
  end
end

return M
