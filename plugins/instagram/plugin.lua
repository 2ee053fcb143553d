-- Instagram: the Graph API's media, insights and webhooks, and connector exports.
-- Which shape becomes what, and why: README.md.

local insights = require("insights")
local media = require("media")

local function there(v) return v ~= nil and v ~= json.null end

-- An object that is its own document, or the first of {"data": [...]}, or the first value of an object keyed by ids.
local function sample(doc)
  local list = json.get(doc, "data")
  if json.kind(list) == "array" then return list[1] end
  if json.kind(doc) ~= "object" or doc.id ~= nil then return doc end
  local step, members, start = pairs(doc)
  local key, v = step(members, start)
  return key and key:find("^%d+$") and v or doc
end

local function comment(doc)
  local v = json.get(doc, "mentioned_comment") or sample(doc)
  return json.kind(v) == "object" and v.text ~= nil and v.timestamp ~= nil and v.media_type == nil and v.permalink == nil
    and v.media_product_type == nil and 3
end

local function account(doc)
  local v = json.get(doc, "business_discovery") or sample(doc)
  if json.kind(v) ~= "object" or v.text ~= nil or v.media_type ~= nil then return false end
  return (v.media_count ~= nil or v.follows_count ~= nil or v.instagram_business_account ~= nil
    or v.followers_count ~= nil and v.username ~= nil and v.statuses_count == nil) and 3
end

local account_fields = { "followers_count", "follows_count", "media_count" }

-- One observation of an account, where it has an id and numbers.
local function account_row(v, out)
  local metrics = {}
  for _, name in ipairs(account_fields) do
    if json.kind(json.get(v, name)) == "number" then metrics[name] = v[name] end
  end
  if not next(metrics) or not there(v.id) then return false end
  out.account { id = v.id, handle = json.kind(v.username) == "string" and v.username or nil, metrics = metrics }
  return true
end

-- Hashtags, publishing containers and limits, what a publish call answered.
local function reference(doc, input)
  local v = sample(doc)
  if json.kind(v) ~= "object" or there(json.get(v, "message")) then return false end
  if v.quota_usage ~= nil or v.copyright_check_information ~= nil then return 3 end
  if v.id ~= nil and json.kind(v.status_code) == "string" then return 3 end
  return input.platform == "instagram" and json.kind(v.id) == "string" and v.text == nil and 1
end

-- One change of a webhook.
local function pushed(change, out)
  local field, v = json.get(change, "field"), json.get(change, "value")
  if field ~= "story_insights" then
    out.skip(json.kind(field) == "string" and field:gsub("s$", "") or "change")
  elseif json.kind(v) ~= "object" or not there(v.media_id) then
    out.bad("missing_id", "value.media_id is not there", change)
  else
    local values = {}
    for name, value in pairs(v) do
      if name ~= "media_id" then values[name] = value end
    end
    out.post { id = v.media_id, media_kind = "STORY" }
    out.counts(insights.counts(values))
  end
end

local wide = { "^carousel_album_", "^reel_", "^story_", "^video_photo_" }
local function wide_columns(doc)
  local has, families = {}, 0
  for _, name in ipairs(doc.columns or {}) do
    has[name] = true
    for _, p in ipairs(wide) do
      if name:find(p) then families = families + 1 end
    end
  end
  return has.id and (has.like_count or has.comment_count) and families > 0 and 4
end

-- An account's days: one observation of it, each number by its day. Columns that begin with _ are the connector's own.
local function user_days(doc, out)
  local list, by = {}, {}
  for _, row in ipairs(doc.rows) do
    local id, day = there(row.id) and row.id, there(row.date) and row.date:match("^%d%d%d%d%-%d%d%-%d%d")
    if not id or not day then
      out.bad(id and "bad_shape" or "missing_id", "id and date (YYYY-MM-DD) are expected", row)
    else
      if not by[id] then
        by[id] = { id = id, metrics = {} }
        list[#list + 1] = by[id]
      end
      for name, v in pairs(row) do
        local n = name ~= "id" and name ~= "date" and name:sub(1, 1) ~= "_" and there(v) and tonumber(v)
        if n then
          local days = by[id].metrics[name .. ".day"] or {}
          by[id].metrics[name .. ".day"], days[day] = days, math.tointeger(n) or n
        end
      end
    end
  end
  for _, account_of in ipairs(list) do
    if next(account_of.metrics) then out.account(account_of) else out.skip("account") end
  end
end

-- Meta's envelope is Facebook's too, so that it counts for little where Instagram was not named; Threads says so in its type.
local function graph_error(doc, input)
  local e = json.get(doc, "error")
  if json.kind(e) ~= "object" or json.kind(e.code) ~= "number" or e.type == "THApiException" then return false end
  if e.fbtrace_id == nil and json.kind(e.type) ~= "string" then return false end
  return (e.type == "IGApiException" or input.platform == "instagram") and 3 or 1
end

return {
  name = "instagram", api = 1, about = "Media and insights from the Instagram Graph API.",
  parsers = {
    ["instagram.media"] = {
      about = "media objects: lists, one, several keyed by id, business_discovery, with insights inside",
      match = function(doc) return media.find(doc) ~= nil and 4 end,
      parse = function(doc, out, input)
        local list = media.find(doc)
        if json.kind(input.url) == "string" and input.url:find("/children") then
          return out.skip("child", #list) -- the pictures of a carousel: the carousel is the post
        end
        for _, v in ipairs(list) do media.row(v, out) end
        account_row(json.get(doc, "business_discovery") or doc, out) -- an account that was asked for its media as well
      end,
    },
    ["instagram.insights"] = {
      about = "insights of one media object; of an account they are no content",
      match = function(doc, input) return insights.match(json.get(doc, "data"), input) end,
      parse = function(doc, out, input)
        local asked = json.kind(input.url) == "string" and input.url:match("/(%d+)/insights") or nil
        local ids, values = insights.collect(doc.data, out, asked)
        for _, id in ipairs(ids) do
          out.post { id = id }
          out.counts(insights.counts(values[id]))
        end
      end,
    },
    ["instagram.insights_multi"] = {
      about = "insights of several media, keyed by id",
      match = function(doc, input)
        local lists = media.insight_lists(doc)
        return lists and insights.match(lists[1].data, input)
      end,
      parse = function(doc, out)
        for key, v in pairs(doc) do
          local ids, values = insights.collect(v.data, out, key)
          for _, id in ipairs(ids) do
            out.post { id = id }
            out.counts(insights.counts(values[id]))
          end
        end
      end,
    },
    ["instagram.webhook"] = {
      about = "what Instagram pushes: insights of an expired story; comments, mentions and messages are no content",
      match = function(doc) return doc.object == "instagram" and json.kind(doc.entry) == "array" and 3 end,
      parse = function(doc, out)
        for _, entry in ipairs(doc.entry) do
          local changes = json.get(entry, "changes")
          if json.kind(changes) ~= "array" then out.skip("message") end
          for _, change in ipairs(json.kind(changes) == "array" and changes or {}) do pushed(change, out) end
        end
      end,
    },

    ["instagram.insights_csv"] = {
      about = "media insights as a warehouse connector flattens them: the families of all media kinds side by side",
      match = wide_columns, csv = true,
      each = "rows", wide_export = true,
      post = { id = "id" },
      counts = { likes = "like_count", comments = "comment_count" },
    },
    ["instagram.media_csv"] = {
      about = "media as a warehouse connector flattens them: no counts",
      match = { columns = { "id", "ig_id", "media_type", "permalink" } },
      each = "rows",
      post = { id = "id", account = "user_id", caption = "caption", url = "permalink", media_kind = "media_type",
               published_at = { first = { "created_time", "timestamp" } } },
      account = { id = "user_id", handle = "username" },
    },
    ["instagram.suite_csv"] = {
      about = "Meta Business Suite's content export, English headers",
      match = { columns = { "Post ID", "Account ID", "Account username", "Likes", "Saves" } },
      each = "rows",
      post = { id = "Post ID", account = "Account ID", caption = "Description", url = "Permalink", media_kind = "Post type" },
      counts = { views = { first = { "Views", "Impressions" } }, likes = "Likes", comments = "Comments", shares = "Shares",
                 saves = "Saves" },
      extra = { reach = "Reach", follows = "Follows" },
      account = { id = "Account ID", handle = "Account username" },
    },
    ["instagram.users_csv"] = {
      about = "accounts as a warehouse connector flattens them",
      match = { columns = { "id", "followers_count", "media_count" } },
      each = "rows",
      account = {
        id = "id", handle = "username",
        metrics = { followers_count = "followers_count", follows_count = "follows_count", media_count = "media_count" },
      },
    },
    ["instagram.user_insights_csv"] = {
      about = "account insights per day as a warehouse connector flattens them",
      match = { columns = { "date", "id", "follower_count", "reach" } }, whole = true,
      parse = user_days,
    },

    ["instagram.accounts"] = {
      about = "accounts without media",
      match = account,
      parse = function(doc, out)
        local list = json.get(doc, "data")
        for _, v in ipairs(json.kind(list) == "array" and list or { json.get(doc, "business_discovery") or doc }) do
          if not account_row(v, out) then out.skip("account") end
        end
      end,
    },
    ["instagram.comments"] = {
      about = "comments and replies are not content of their own",
      match = comment,
      parse = function(doc, out)
        local list = json.get(doc, "data")
        out.skip("comment", json.kind(list) == "array" and #list or 1)
      end,
    },
    ["instagram.reference"] = {
      about = "hashtags, publishing containers and limits, bare ids",
      match = reference,
      parse = function(doc, out)
        local list = json.get(doc, "data")
        out.skip("reference", json.kind(list) == "array" and #list or 1)
      end,
    },
    ["instagram.empty"] = {
      about = "an empty list: nothing is known, which is not zero",
      match = function(doc, input)
        local list = json.get(doc, "data")
        return json.kind(list) == "array" and #list == 0 and input.platform == "instagram" and 1
      end,
      parse = function() end,
    },

    ["instagram.error"] = {
      about = "Graph error envelope",
      match = graph_error,
      parse = function(doc, out)
        local e = doc.error
        local code, text = tostring(e.code), json.kind(e.message) == "string" and e.message or "no message"
        if json.kind(e.error_subcode) == "number" then code = code .. "/" .. e.error_subcode end
        if json.kind(e.error_user_title) == "string" then text = text .. " - " .. e.error_user_title end
        out.refuse(code, text)
      end,
    },
    ["instagram.error_login"] = {
      about = "the login product's envelope",
      match = { error_type = true, error_message = true },
      refuse = { code = { first = { "error_type", "code" } }, text = "error_message" },
    },
  },
}
