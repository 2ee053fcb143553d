-- Vimeo: videos of the API 3 and of the two old APIs of 2009.
-- Which shape becomes what, and why: README.md.

local old = require("old")

local function known(v)
  if v ~= nil and v ~= json.null and v ~= "" then return v end
  return nil
end

local function is_video_uri(uri) return json.kind(uri) == "string" and uri:find("^/videos/[^/]+/?$") ~= nil end

-- "/videos/123", "/videos/123:hash" of an unlisted one; in a channel's list "/channels/x/videos/123".
local function video_id(uri)
  if json.kind(uri) ~= "string" then return nil end
  return known(uri:match("([^/]+)/?$") and uri:match("([^/]+)/?$"):match("^[^:]*"))
end

-- By its address; a mock's or a cut answer's by fields that of all Vimeo's objects only a video has.
local function is_video(v)
  if json.kind(v) ~= "object" or v.uri == nil then return false end
  if is_video_uri(v.uri) then return true end
  if json.kind(v.uri) == "string" and v.uri:find("^/") and not v.uri:find("/videos/[^/]+$") then return false end
  return json.kind(v.stats) == "object" and v.stats.plays ~= nil or v.duration ~= nil and v.privacy ~= nil and v.link ~= nil
end

-- Searches, feeds and folders wrap what they list.
local function inner(v)
  if json.kind(v) ~= "object" then return nil end
  for _, key in ipairs { "clip", "video" } do
    if is_video(v[key]) then return v[key] end
  end
  return v
end

local function list_of(doc)
  if json.kind(doc) ~= "object" then return nil end
  if json.kind(doc.data) == "array" then return doc.data end
  return { doc }
end

local function has_video(doc)
  local list = list_of(doc)
  if not list then return false end
  for _, v in ipairs(list) do
    if is_video(inner(v)) then return json.kind(doc.data) == "array" and 4 or 5 end
  end
  return false
end

local function total(v, name) return json.get(v, "metadata.connections." .. name .. ".total") end

local function tags_of(v)
  local names = {}
  for _, tag in ipairs(json.kind(v.tags) == "array" and v.tags or {}) do
    names[#names + 1] = json.kind(tag) == "object" and (known(tag.name) or known(tag.tag)) or known(tag)
  end
  return #names > 0 and names or nil
end

local function video(v, out)
  local id = video_id(v.uri)
  if not id then return out.bad("missing_id", "this video's uri names no id", v) end
  local user = json.kind(v.user) == "object" and v.user or {}
  out.post {
    id = id, account = video_id(user.uri), title = v.name, caption = known(v.description), url = v.link,
    published_at = known(v.release_time) or known(v.created_time), duration_s = v.duration, tags = tags_of(v),
    media_kind = "video",
    features = { language = known(v.language), privacy = known(json.get(v, "privacy.view")), width = known(v.width),
                 height = known(v.height) },
  }
  out.counts { views = json.get(v, "stats.plays"), likes = total(v, "likes"), comments = total(v, "comments") }
  if video_id(user.uri) then
    local handle = json.kind(user.link) == "string" and user.link:match("([^/]+)/?$")
    out.account { id = video_id(user.uri), handle = handle }
  end
end

local function parse(doc, out)
  for _, item in ipairs(list_of(doc)) do
    local v = inner(item)
    if is_video(v) then
      video(v, out)
    elseif json.kind(v) == "object" and known(v.uri) then
      out.skip("reference")
    else
      out.bad("missing_id", "this item of the list has no uri", item)
    end
  end
end

-- Users, albums, channels, comments, pictures …: everything of the API has a uri that says what it is.
local function reference(doc)
  local list = list_of(doc)
  local v = list and list[1]
  v = json.kind(v) == "object" and json.kind(v.uri) == "string" and v or nil
  if not v or not v.uri:find("^/%a+/[^/]") and v.uri ~= "/me" then return nil end
  -- A uri alone is not Vimeo's alone: its objects say how to use them.
  if v.resource_key == nil and json.get(v, "metadata.connections") == nil and json.get(doc, "paging.first") == nil then
    return nil
  end
  if v.uri:find("^/users/[^/]+$") or v.uri == "/me" then return "account" end
  return v.uri:find("/comments/[^/]+$") and "comment" or "reference"
end

-- A page's paging holds first and last, also when nothing is on it.
local function nothing(doc)
  return json.kind(json.get(doc, "data")) == "array" and #doc.data == 0 and doc.total ~= nil and doc.per_page ~= nil
    and json.get(doc, "paging.first") ~= nil and 4
end

return {
  name = "vimeo", api = 1, about = "Videos from the Vimeo API, and from its old APIs of 2009.",
  parsers = {
    ["vimeo.videos"] = {
      about = "a video or a list of them: counts since publishing",
      match = has_video,
      parse = parse,
    },
    ["vimeo.simple"] = {
      about = "simple API v2 (until 2020): videos of a user, a group, an album",
      match = old.simple,
      parse = old.parse_simple,
    },
    ["vimeo.advanced"] = {
      about = "advanced API (until 2014): {stat, video: […]} and {stat, videos: {video: […]}}",
      match = old.match,
      parse = old.parse,
    },
    ["vimeo.other"] = {
      about = "users, albums, channels, comments, pictures: no content",
      match = function(doc) return reference(doc) ~= nil and 2 end,
      parse = function(doc, out) out.skip(reference(doc), #list_of(doc)) end,
    },
    ["vimeo.simple_other"] = {
      about = "simple API v2: users, albums, channels, groups, activity: no content",
      match = old.simple_other,
      parse = function(doc, out)
        local reason, n = select(2, old.simple_other(doc))
        out.skip(reason, n)
      end,
    },
    ["vimeo.empty"] = { about = "a page without results", match = nothing, parse = function() end },
    ["vimeo.error"] = {
      about = "{error, link, developer_message, error_code}",
      match = { kind_of = { error = "string", error_code = "number" }, developer_message = true },
      refuse = { code = "error_code", text = { first = { "developer_message", "error" } } },
    },
    ["vimeo.error_plain"] = {
      about = "{error}: no more than a text, so Vimeo has to be named",
      match = function(doc, input)
        return input.platform == "vimeo" and json.kind(doc) == "object" and json.kind(doc.error) == "string" and 1
      end,
      refuse = { code = "error_code", text = "error" },
    },
    ["vimeo.error_advanced"] = {
      about = "advanced API: {stat: fail, err: {code, expl, msg}}",
      match = { stat = "fail", ["err.code"] = true, ["err.msg"] = true },
      refuse = { code = "err.code", text = { first = { "err.expl", "err.msg" } } },
    },
  },
}
