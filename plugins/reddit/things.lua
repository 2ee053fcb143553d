-- Things: {kind, data}. t3 is a post, and nothing else is content; a Listing holds things.

local M = {}

local function known(v)
  if v ~= nil and v ~= json.null then return v end
  return nil
end

local function object(v) return json.kind(v) == "object" end
local function array(v) return json.kind(v) == "array" end

local reasons = { t1 = "comment", t2 = "account", t4 = "message", t5 = "account", t6 = "reference", more = "more" }

-- Unless it was asked for raw, text comes with three characters escaped, once.
local unescaped = { ["&amp;"] = "&", ["&lt;"] = "<", ["&gt;"] = ">" }
local function plain(v, raw)
  if json.kind(v) ~= "string" or v == "" then return nil end
  if raw then return v end
  return (v:gsub("&%l+;", unescaped))
end

local function is_raw(input) return json.kind(input.url) == "string" and input.url:find("raw_json=1", 1, true) ~= nil end

local function media_kind(v)
  if v.is_gallery == true then return "gallery" end
  if v.is_video == true then return "video" end
  if v.is_self == true then return "text" end
  local hint = known(v.post_hint)
  return hint and hint:gsub("^%l+:", "") or known(v.is_self) ~= nil and "link" or nil
end

local kept = { "upvote_ratio", "total_awards_received", "gilded" }

-- created_utc alone: created is moved by the server's own zone. An older crosspost has the id without its prefix only.
function M.row(v, out, input)
  local id = known(v.name) or json.kind(v.id) == "string" and v.id ~= "" and "t3_" .. v.id
  if not id then return out.bad("missing_id", "this post has neither name nor id", v) end
  if v.promoted == true then return out.skip("ad") end
  local raw, account = is_raw(input), known(v.author_fullname)
  local path = known(v.permalink)
  local parents = v.crosspost_parent_list
  out.post {
    id = id, account = account, title = plain(v.title, raw), caption = plain(v.selftext, raw),
    url = path and path:find("^/") and "https://www.reddit.com" .. path or path, published_at = tonumber(known(v.created_utc)),
    media_kind = media_kind(v), duration_s = json.get(v, "media.reddit_video.duration"),
    features = {
      subreddit = known(v.subreddit), flair = plain(v.link_flair_text, raw), is_self = known(v.is_self),
      over_18 = known(v.over_18), stickied = known(v.stickied), removed_by = known(v.removed_by_category),
      crosspost = array(parents) and #parents > 0 or nil,
    },
  }
  local extra = {}
  for _, name in ipairs(kept) do extra[name] = known(v[name]) end
  out.counts { views = v.view_count, likes = v.score, shares = v.num_crossposts, comments = v.num_comments,
               extra = next(extra) and extra or nil }
  if account then out.account { id = account, handle = known(v.author) } end
end

local thing

local function listing(data, out, input)
  local children = json.get(data, "children")
  if not array(children) then return out.bad("bad_shape", "this listing has no list of children", data) end
  for _, child in ipairs(children) do thing(child, out, input) end
end

function thing(v, out, input)
  if not object(v) or not object(v.data) then return out.bad("bad_shape", "a thing is an object with kind and data", v) end
  if v.kind == "t3" then return M.row(v.data, out, input) end
  if v.kind == "Listing" then return listing(v.data, out, input) end
  out.skip(reasons[v.kind] or "reference")
end

-- {"json": {"data": {"things": […]}}}
local function answered(doc) return object(doc) and json.get(doc, "json.data.things") or nil end

function M.parse(doc, out, input)
  local list = answered(doc) or array(doc) and doc
  if not list then return thing(doc, out, input) end
  for _, v in ipairs(list) do thing(v, out, input) end
end

local function is_thing(v) return object(v) and object(v.data) and reasons[v.kind] ~= nil or object(v) and v.kind == "t3" end

function M.listed(doc)
  local list = answered(doc)
  if list then return array(list) and is_thing(list[1]) and 3 end
  return array(doc) and is_thing(doc[1]) and 3
end

-- Without the envelope: what a post has here, and nowhere else together. Comments have no title.
local function is_post(v)
  return object(v) and v.subreddit ~= nil and v.title ~= nil and v.score ~= nil and v.num_comments ~= nil
    and v.created_utc ~= nil
end

function M.bare(doc) return is_post(doc) and 5 end
function M.bare_list(doc) return array(doc) and is_post(doc[1]) and 5 end
function M.parse_bare(doc, out, input) M.row(doc, out, input) end

function M.parse_bare_list(doc, out, input)
  for _, v in ipairs(doc) do
    if object(v) then M.row(v, out, input) else out.bad("bad_shape", "a post is an object", v) end
  end
end

local kinds = { UserList = true, TrophyList = true, LabeledMulti = true, KarmaList = true, wikipage = true, ModuleList = true,
                stylesheet = true, wikipagelisting = true, subreddit_settings = true, Styles = true }
function M.reference(doc, input)
  local v = array(doc) and doc[1] or doc
  if not object(v) then return false end
  if kinds[v.kind] and v.data ~= nil then return 2 end
  if v.link_karma ~= nil and v.comment_karma ~= nil or v.short_name ~= nil and v.violation_reason ~= nil then return 2 end
  if array(v.rules) and array(v.site_rules) then return 2 end
  return input.platform == "reddit" and v.kind == nil and not is_post(v) and M.failed(doc, input) == false and 1
end

-- --- errors ------------------------------------------------------------------------------------------------------------------

-- {"json": {"errors": [["BAD_SR_NAME", "that name isn't going to work", "sr"]]}}
local function form_error(doc)
  local one = json.get(doc, "json.errors.0")
  if array(one) then return one[1], one[2] end
end

function M.failed(doc, input)
  if not object(doc) then return false end
  if form_error(doc) then return 3 end
  if json.kind(doc.error) == "number" and json.kind(doc.message) == "string" and doc.status == nil and doc.code == nil then
    return 2
  end
  if array(doc.fields) and json.kind(doc.explanation) == "string" and json.kind(doc.reason) == "string" then return 3 end
  return input.platform == "reddit" and json.kind(doc.error) == "string" and 2
end

function M.refuse(doc, out)
  local code, text = form_error(doc)
  if code then return out.refuse(tostring(code), json.kind(text) == "string" and text or "no message") end
  local reason = json.kind(doc.reason) == "string" and doc.reason
  if json.kind(doc.explanation) == "string" then return out.refuse(reason or "error", doc.explanation) end
  local error = known(doc.error)
  text = json.kind(doc.message) == "string" and doc.message
    or json.kind(doc.error_description) == "string" and doc.error_description
  if reason then text = (text or "no message") .. " - " .. reason end
  out.refuse(tostring(math.type(error) == "float" and math.tointeger(error) or error), text or tostring(error))
end

return M
