-- The advanced API of 2009: XML turned into JSON, so one child is an object and several are a list, and texts may be
-- objects with their text in _content.

local M = {}

local function known(v)
  if v ~= nil and v ~= json.null and v ~= "" then return v end
  return nil
end

local function text(v)
  if json.kind(v) == "object" then v = v._content end
  return known(v)
end

local function children(v)
  if json.kind(v) == "array" then return v end
  return json.kind(v) == "object" and { v } or {}
end

local function videos(doc)
  local v = json.get(doc, "videos.video")
  if v == nil then v = json.get(doc, "video") end
  return v
end

function M.match(doc)
  local v = children(videos(doc))[1]
  return json.kind(v) == "object" and v.id ~= nil and doc.stat ~= nil and (v.upload_date ~= nil or v.title ~= nil) and 4
end

local function tags_of(v)
  local names = {}
  for _, tag in ipairs(children(json.get(v, "tags.tag"))) do names[#names + 1] = text(tag) or text(tag.normalized) end
  return #names > 0 and names or nil
end

function M.parse(doc, out)
  for _, v in ipairs(children(videos(doc))) do
    if json.kind(v) ~= "object" or not known(v.id) then
      out.bad("missing_id", "this video has no id", v)
    else
      local owner = json.kind(v.owner) == "object" and v.owner or {}
      local url = children(json.get(v, "urls.url"))[1]
      out.post { id = v.id, account = known(owner.id), title = text(v.title), caption = text(v.description or v.caption),
                 url = url and text(url), published_at = known(v.upload_date), duration_s = known(v.duration),
                 tags = tags_of(v), media_kind = "video" }
      out.counts { views = known(v.number_of_plays), likes = known(v.number_of_likes), comments = known(v.number_of_comments) }
      if known(owner.id) then out.account { id = owner.id, handle = known(owner.username) } end
    end
  end
end

-- The simple API: counts as texts or numbers, tags as one text, times without a zone. What the owner hides is left out.
function M.simple(doc)
  local v = json.kind(doc) == "array" and doc[1]
  if json.kind(v) ~= "object" or v.id == nil or v.upload_date == nil then return false end
  if v.stats_number_of_plays ~= nil or v.stats_number_of_likes ~= nil then return 3 end
  return v.user_portrait_small ~= nil and v.thumbnail_small ~= nil and 3
end

local function split(list)
  local names = {}
  for name in (known(list) or ""):gmatch("[^,]+") do
    name = name:match("^%s*(.-)%s*$")
    if name ~= "" then names[#names + 1] = name end
  end
  return #names > 0 and names or nil
end

function M.parse_simple(doc, out)
  for _, v in ipairs(doc) do
    if json.kind(v) ~= "object" or not known(v.id) then
      out.bad("missing_id", "this video has no id", v)
    else
      local handle = json.kind(v.user_url) == "string" and v.user_url:match("([^/]+)/?$") or nil
      local account = known(v.user_id) or handle
      out.post { id = v.id, account = account, title = v.title, caption = known(v.description), url = v.url,
                 published_at = known(v.upload_date), duration_s = known(v.duration), media_kind = "video",
                 tags = json.kind(v.tags) == "string" and split(v.tags) or nil,
                 features = { width = known(v.width), height = known(v.height) } }
      out.counts { views = v.stats_number_of_plays, likes = v.stats_number_of_likes, comments = v.stats_number_of_comments }
      if account then out.account { id = account, handle = handle } end
    end
  end
end

-- Of the simple API: each kind by a field that only it has. Counts, the reason, how many.
local marks = {
  { "account", { "profile_url", "total_videos_uploaded" } }, { "account", { "profile_url", "display_name" } },
  { "reference", { "created_on", "total_videos" } }, { "reference", { "total_videos", "creator_url" } },
  { "reference", { "action", "subject_id" } }, { "reference", { "type", "date", "video_id" } },
}
function M.simple_other(doc)
  local v = json.kind(doc) == "array" and doc[1] or doc
  if json.kind(v) ~= "object" then return false end
  for _, mark in ipairs(marks) do
    local all = true
    for _, field in ipairs(mark[2]) do all = all and v[field] ~= nil end
    if all then return 2, mark[1], json.kind(doc) == "array" and #doc or 1 end
  end
  return false
end

return M
