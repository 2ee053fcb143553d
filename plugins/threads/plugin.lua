-- Threads: media, insights and replies of the Threads API.
-- Which shape becomes what, and why: README.md.

local insights = require("insights")

local function object(v) return json.kind(v) == "object" end
local function there(v) return v ~= nil and v ~= json.null end
local function named(input) return input.platform == "threads" end

-- An object that is its own document, or the first of {"data": [...]}.
local function sample(doc)
  local list = json.get(doc, "data")
  if json.kind(list) == "array" then return list[1] end
  return doc
end

local function count(doc)
  local list = json.get(doc, "data")
  return json.kind(list) == "array" and #list or 1
end

local own_types = { TEXT_POST = true, AUDIO = true, REPOST_FACADE = true }
local own_fields = { "is_quote_post", "has_replies", "reply_audience", "quoted_post", "reposted_post", "is_reply", "root_post",
                     "link_attachment_url", "topic_tag", "poll_attachment", "hide_status", "is_reply_owned_by_me" }

-- Sure of itself by what only Threads has; text and timestamp alone are also a comment of Instagram's.
local function media(doc, input)
  local v = sample(doc)
  if not object(v) or not there(v.id) then return false end
  if v.media_product_type == "THREADS" or own_types[v.media_type] then return 5 end
  if json.kind(v.permalink) == "string" and v.permalink:find("//[%w.]*threads%.") then return 5 end
  for _, name in ipairs(own_fields) do
    if v[name] ~= nil then return 4 end
  end
  return named(input) and (v.text ~= nil or v.timestamp ~= nil or v.media_type ~= nil or v.permalink ~= nil
    or v.shortcode ~= nil) and 3
end

local function text(v) return json.kind(v) == "string" and v or nil end

local function media_row(v, out)
  if not object(v) or not there(v.id) then return out.bad("missing_id", "this media object has no id", v) end
  if v.media_type == "REPOST_FACADE" then return out.skip("repost") end
  if v.is_reply_owned_by_me == false then return out.skip("comment") end
  local owner = json.get(v, "owner.id")
  out.post {
    id = v.id, account = owner, caption = text(v.text), url = text(v.permalink), published_at = v.timestamp,
    media_kind = text(v.media_type), tags = text(v.topic_tag) and { v.topic_tag } or nil,
    features = { reply_to = text(json.get(v, "replied_to.id")), quotes = text(json.get(v, "quoted_post.id")) },
  }
  if owner ~= nil and text(v.username) then out.account { id = owner, handle = v.username } end
  local list = json.get(v, "insights.data")
  if json.kind(list) == "array" and #list > 0 then
    local found = insights.collect(list, v.id, out)
    out.counts(insights.counts(found.values[v.id] or {}))
  end
end

-- Answers to a post: the request says so. (The list of an account's own replies, /me/replies, is that of its posts.)
local function replies(doc, input)
  local url = json.kind(input.url) == "string" and input.url or ""
  return (url:find("/%d+/replies") or url:find("/conversation") or url:find("/pending_replies")) and media(doc, input) and 6
end

local function accounts(doc, input)
  local v = sample(doc)
  if not object(v) or v.text ~= nil or v.timestamp ~= nil then return false end
  if v.threads_profile_picture_url ~= nil or v.threads_biography ~= nil or v.is_eligible_for_geo_gating ~= nil then return 4 end
  return named(input) and (v.username ~= nil or v.follower_count ~= nil) and 2
end

-- Publishing containers and limits, locations, bare ids, tokens.
local function reference(doc, input)
  local v = sample(doc)
  if not object(v) then return false end
  if v.reply_quota_usage ~= nil or v.reply_config ~= nil then return 4 end
  return named(input) and (v.id ~= nil or v.quota_usage ~= nil or v.success ~= nil or v.access_token ~= nil) and 1
end

-- The id in the request's address: …/v1.0/MEDIA/insights?metric=…; else the one that was given by hand.
local function asked(input)
  local url = json.kind(input.url) == "string" and input.url
  local id = url and (url:match("/(%d+)/insights") or url:match("/(%d+)/threads_insights"))
  return id or json.kind(input.content) == "string" and input.content or nil
end

local function filled(t) return next(t) ~= nil and t or nil end

local function insight_rows(doc, out, input)
  local found = insights.collect(doc.data, asked(input), out)
  for _, id in ipairs(found.ids) do
    out.post { id = id }
    out.counts(insights.counts(found.values[id]))
  end
  for _, account in ipairs(found.account_list) do
    local metrics, audience = filled(account.metrics), filled(account.audience)
    if metrics or audience then
      out.account { id = account.id, metrics = metrics, audience = audience }
    else
      out.skip("account")
    end
  end
  if found.unnamed > 0 then -- whole, so that it can be taken again once its id is known
    local why = "these insights name no post (no MEDIA/insights/NAME/PERIOD): give the request's address or --content"
    out.bad("missing_id", why, doc)
  end
end

return {
  name = "threads", api = 1, about = "Posts and insights from the Threads API.",
  parsers = {
    ["threads.media"] = {
      about = "media objects, one or a list: posts without counts (the platform gives those as insights only)",
      match = media,
      parse = function(doc, out)
        local list = json.get(doc, "data")
        for _, v in ipairs(json.kind(list) == "array" and list or { doc }) do media_row(v, out) end
      end,
    },
    ["threads.replies"] = {
      about = "replies to a post are not content of their own",
      match = replies,
      each = { first = { "data", "." } }, skip = "comment",
    },
    ["threads.insights"] = {
      about = "insights of a post; of an account they are no content",
      match = insights.match,
      parse = insight_rows,
    },
    ["threads.accounts"] = {
      about = "profiles",
      match = accounts,
      each = { first = { "data", "." } }, skip = "account",
    },
    ["threads.reference"] = {
      about = "publishing containers and limits, bare ids, tokens",
      match = reference,
      parse = function(doc, out) out.skip("reference", count(doc)) end,
    },
    ["threads.empty"] = {
      about = "an empty list: nothing is known (also of a repost), which is not zero",
      match = function(doc, input)
        local list = json.get(doc, "data")
        return json.kind(list) == "array" and #list == 0 and named(input) and 1
      end,
      parse = function() end,
    },
    ["threads.error"] = {
      about = "Graph error envelope; its type says that it is Threads'",
      match = function(doc, input)
        local e = json.get(doc, "error")
        if not object(e) or json.kind(e.code) ~= "number" then return false end
        if e.type == "THApiException" then return 4 end
        return named(input) and (e.fbtrace_id ~= nil or json.kind(e.type) == "string") and 3
      end,
      parse = function(doc, out)
        local e = doc.error
        local code, why = tostring(e.code), text(e.message) or "no message"
        if json.kind(e.error_subcode) == "number" then code = code .. "/" .. e.error_subcode end
        if text(e.error_user_title) then why = why .. " - " .. e.error_user_title end
        out.refuse(code, why)
      end,
    },
  },
}
