-- API v2: posts, what goes with them, and the several ways of saying no.

local numbers = require("numbers")

local M = {}

local function object(v) return json.kind(v) == "object" end
local function known(v) return v ~= json.null and v or nil end

-- Mastodon, Threads and Instagram have texts and ids as well, but name other things beside them.
local function is_post(v)
  if not object(v) or known(v.id) == nil or v.username ~= nil or v.id_str ~= nil then return false end
  if v.timestamp ~= nil or v.permalink ~= nil or v.media_type ~= nil or v.message ~= nil then return false end
  local m = v.public_metrics or v.organic_metrics or v.non_public_metrics
  if object(m) and m.followers_count == nil and m.follower_count == nil then return true end
  if json.kind(v.text) ~= "string" then return false end
  return v.value == nil and v.event_type == nil
end

-- Without the envelope an id and a text say too little.
local function sure(v)
  return v.public_metrics or v.edit_history_tweet_ids or v.author_id or v.conversation_id or v.referenced_tweets
end

-- The posts of a document as an array (not the included ones), or nil; and whether they stood under data.
local function find(doc)
  local data = json.get(doc, "data")
  if is_post(data) then return { data }, true end
  if json.kind(data) == "array" and is_post(data[1]) then return data, true end
  if data ~= nil then return nil end
  if json.kind(doc) == "array" then return is_post(doc[1]) and sure(doc[1]) and doc or nil end
  return is_post(doc) and sure(doc) and { doc } or nil -- a line of a flattened capture
end

function M.match(doc)
  local list, enveloped = find(doc)
  if not list then return false end
  return 3 + (enveloped and 1 or 0) + (sure(list[1]) and 1 or 0)
end

-- How often videos were begun, and seen to each quarter, stands with the media, and counts every post that shows the video. The
-- owner alone is told more than the views.
local of_media = { video_views = "view_count" }
for _, part in ipairs { "0", "25", "50", "75", "100" } do
  of_media["playback_" .. part .. "_count"] = "playback_" .. part .. "_count"
end
local media_families = { "public_metrics", "organic_metrics", "non_public_metrics" }

local function media_metric(m, name)
  for _, family in ipairs(media_families) do
    local n = known(json.get(m, family .. "." .. name))
    if n ~= nil then return n end
  end
  return nil -- a value, unlike nothing: tonumber() minds
end

local function media_of(doc)
  local by = {}
  local list = json.get(doc, "includes.media")
  for _, m in ipairs(json.kind(list) == "array" and list or {}) do by[known(json.get(m, "media_key")) or ""] = m end
  return by
end

-- The sums over a post's media, by name.
local function video_of(v, media)
  local keys, totals = json.get(v, "attachments.media_keys"), {}
  for _, key in ipairs(json.kind(keys) == "array" and keys or {}) do
    for name, field in pairs(of_media) do
      local n = tonumber(media_metric(media[key], field))
      if n then totals[name] = numbers.sum(totals[name] or 0, n) end
    end
  end
  for name, n in pairs(totals) do totals[name] = numbers.finite(n) end
  return totals
end

local function referenced_as(v, kind)
  local list = v.referenced_tweets
  for _, r in ipairs(json.kind(list) == "array" and list or {}) do
    if json.get(r, "type") == kind then return true end
  end
  return false
end

local public_first = { "public_metrics", "organic_metrics", "non_public_metrics" }
local function metric(v, name)
  for _, family in ipairs(public_first) do
    local n = known(json.get(v, family .. "." .. name))
    if n ~= nil then return n end
  end
  return nil
end

-- Shares: reposts and quotes; the site shows their sum. Both of one family, quotes being public only.
local function shares(v)
  local reposts, quotes = metric(v, "retweet_count"), metric(v, "quote_count")
  if reposts == nil or quotes == nil then
    if reposts ~= nil then return reposts end
    return quotes
  end
  return numbers.counts(reposts, quotes)
end

-- Where the references were not asked for, the text and the counts say it: a pure repost begins with the original's author, has
-- its reposts and no likes. ("RT @" written by hand is a post of its own.)
local function is_repost(v)
  if v.referenced_tweets ~= nil then return referenced_as(v, "retweeted") end
  if json.kind(v.text) ~= "string" or not v.text:find("^RT @[%w_]+: ") then return false end
  local likes, reposts = tonumber(metric(v, "like_count")), tonumber(metric(v, "retweet_count"))
  return (likes or 0) == 0 and reposts ~= 0
end

-- An edit makes a new post of the same words: all of the versions' ids are ids of this one.
local function versions(v)
  local list, others = v.edit_history_tweet_ids, {}
  for _, id in ipairs(json.kind(list) == "array" and list or {}) do
    if json.kind(id) == "string" and id ~= v.id then others[#others + 1] = id end
  end
  return #others > 0 and others or nil
end

-- A long post's text is cut short; the whole stands beside it.
local function text_of(v)
  return known(json.get(v, "note_tweet.text")) or known(v.text)
end

local leftovers = { "url_link_clicks", "user_profile_clicks", "engagements" }

function M.row(v, out, video)
  local extra = video
  for _, name in ipairs(leftovers) do extra[name] = metric(v, name) end
  local author = known(v.author_id) or known(json.get(v, "author.id"))
  out.post {
    id = v.id, aliases = versions(v), account = author, title = known(json.get(v, "article.title")), caption = text_of(v),
    published_at = known(v.created_at),
    features = {
      language = known(v.lang), reply = referenced_as(v, "replied_to") or nil, quote = referenced_as(v, "quoted") or nil,
      with_media = json.get(v, "attachments.media_keys") ~= nil or nil,
    },
  }
  out.counts {
    views = metric(v, "impression_count"), likes = metric(v, "like_count"), shares = shares(v),
    comments = metric(v, "reply_count"), saves = metric(v, "bookmark_count"), extra = next(extra) and extra or nil,
  }
end

local function code_of(e)
  local kind = json.kind(e.type) == "string" and e.type:match("/problems/([%w-]+)$")
  if kind then return kind end
  if known(e.code) ~= nil then return tostring(e.code) end
  return json.kind(e.title) == "string" and e.title or "error"
end

-- Names of the authors taken, not of everybody who is mentioned.
local function handles(doc, out, taken)
  local users = json.get(doc, "includes.users")
  for _, u in ipairs(json.kind(users) == "array" and users or {}) do
    local id, name = known(json.get(u, "id")), known(json.get(u, "username"))
    if id and name and taken[id] then out.account { id = id, handle = name } end
  end
end

-- What was asked for and could not be had. Errors about fields and about references concern posts that did arrive.
local function missing(doc, out)
  local list = json.get(doc, "errors")
  for _, e in ipairs(json.kind(list) == "array" and list or {}) do
    local about = json.kind(e) == "object" and known(e.parameter)
    if object(e) and e.field == nil and (not about or about == "ids" or about == "id") then out.skip(code_of(e)) end
  end
end

function M.parse(doc, out)
  local media, taken = media_of(doc), {}
  for _, v in ipairs((find(doc))) do
    if not object(v) or known(v.id) == nil then
      out.bad("missing_id", "this post has no id", v)
    elseif is_repost(v) then
      out.skip("retweet") -- it repeats the original's reposts and has none of its other counts
    else
      M.row(v, out, video_of(v, media))
      taken[known(v.author_id) or ""] = known(v.author_id) ~= nil
    end
  end
  handles(doc, out, taken)
  missing(doc, out)
end

-- The first of the errors: problem+json has it at the top as well.
local function envelope(doc)
  if not object(doc) or known(doc.data) ~= nil then return nil end
  local one = json.get(doc, "errors.0")
  if json.kind(doc.title) == "string" and json.kind(doc.type) == "string" then return doc, one end
  if object(one) then return one end
end

function M.failed(doc)
  local e = envelope(doc)
  if e and json.kind(e.type) == "string" and e.title ~= nil then
    local ours = e.type:find("api%.x%.com/") or e.type:find("api%.twitter%.com/")
    return ours and 4 or 2
  end
  if e then return json.kind(e.message) == "string" and (json.kind(e.code) == "number" and 3 or 2) end
  -- v1.1 sometimes names the request it refused.
  return json.kind(json.get(doc, "error")) == "string" and json.kind(json.get(doc, "request")) == "string" and 2
end

local function string(v) return json.kind(v) == "string" and v or nil end

function M.refuse(doc, out)
  local e, detail = envelope(doc)
  if not e then return out.refuse("error", doc.error) end
  local text = string(e.detail) or string(e.message) or string(e.title) or "no message"
  -- "One or more parameters is invalid" says less than the parameter's own message.
  local inner = detail and object(detail) and (string(detail.message) or string(detail.detail))
  if inner and inner ~= text then text = text .. " - " .. inner end
  out.refuse(code_of(e), text)
end

return M
