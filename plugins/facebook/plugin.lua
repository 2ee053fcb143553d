-- Facebook: posts and videos, insights, batch answers of the Graph API, and exports.
-- Which shape becomes what, and why: README.md.

local batch = require("batch")
local exports = require("exports")
local insights = require("insights")
local objects = require("objects")

local function object(v) return json.kind(v) == "object" end

-- An object that is its own document, or the first of {"data": [...]}, or the first value of an object keyed by ids.
local function sample(doc)
  local list = json.get(doc, "data")
  if json.kind(list) == "array" then return list[1] end
  if not object(doc) or doc.id ~= nil then return doc end
  local step, members, start = pairs(doc)
  local key, v = step(members, start)
  return key and key:find("^%d+$") and v or doc
end

local function count(doc)
  local list = json.get(doc, "data")
  return json.kind(list) == "array" and #list or 1
end

local function posts(doc)
  local list = objects.find(doc)
  return list and (objects.composite(json.get(list[1], "id")) and 5 or 4)
end

-- Where names occur that are not Facebook's own, the platform must have been named.
local function insight_list(doc, input)
  local list = json.get(doc, "data") or json.get(doc, "insights.data") or json.get(doc, "video_insights.data")
  if insights.ours(list) then return 4 end
  return input.platform == "facebook" and json.kind(list) == "array" and insights.is_metric(list[1]) and 2
end

local function comments(doc) return objects.is_comment(sample(doc)) and 3 end

local page_fields = { "fan_count", "followers_count", "talking_about_count", "were_here_count", "new_like_count",
                      "rating_count", "overall_star_rating" }
local function page_facts(v)
  local metrics = {}
  for _, name in ipairs(page_fields) do
    if json.kind(v[name]) == "number" then metrics[name] = v[name] end
  end
  return next(metrics) and metrics
end

local function accounts(doc, input)
  local v = sample(doc)
  if not object(v) or v.media_count ~= nil or v.uri ~= nil or v.text ~= nil or v.statuses_count ~= nil then return false end
  if v.fan_count ~= nil or v.category_list ~= nil or v.talking_about_count ~= nil or v.page_token ~= nil then return 3 end
  return input.platform == "facebook" and v.name ~= nil and v.message == nil and (v.id ~= nil or v.category ~= nil) and 1
end

-- X-App-Usage and its relatives, saved as if they were an answer: budgets, no data.
local function usage(doc)
  if not object(doc) then return false end
  local v = doc
  if doc.call_count == nil then
    local step, members, start = pairs(doc)
    local _, list = step(members, start)
    v = json.kind(list) == "array" and list[1] or nil
  end
  return object(v) and v.call_count ~= nil and (v.total_cputime ~= nil or v.total_time ~= nil) and 4
end

local function reference(doc, input)
  local v = sample(doc)
  return input.platform == "facebook" and object(v) and (v.id ~= nil or v.success ~= nil or v.url ~= nil) and 1
end

-- Meta's envelope is Instagram's too, so that it counts for little where Facebook was not named; Threads says so in its type.
local function graph_error(doc, input)
  local e = json.get(doc, "error")
  if not object(e) or json.kind(e.code) ~= "number" or e.type == "THApiException" or e.type == "IGApiException" then
    return false
  end
  if e.fbtrace_id == nil and json.kind(e.type) ~= "string" then return false end
  return input.platform == "facebook" and 3 or 1
end

-- The id in a request's address: …/v23.0/PAGE_POST/insights?metric=…
local function asked(input)
  local url = json.kind(input.url) == "string" and input.url
  return url and (url:match("/(%d+_%d+)/") or url:match("/(%d+)/video_insights") or url:match("/(%d+)/insights"))
end

local function insight_rows(list, fallback, out)
  local found = insights.collect(list, fallback, out)
  insights.pages(found, out)
  local last
  for _, series in ipairs(found.list) do
    if series.id ~= last then out.post { id = series.id, account = objects.composite(series.id) } end
    last = series.id
    out.counts(insights.windowed(series))
  end
end

local function post_rows(doc, out)
  for _, v in ipairs(objects.find(doc)) do objects.row(v, out) end
end

local function multi_rows(doc, out)
  for _, member in ipairs(objects.insight_lists(doc)) do insight_rows(member.value.data, member.key, out) end
end

local function page_row(v, out)
  local metrics = object(v) and v.id ~= nil and page_facts(v)
  if metrics then
    out.account { id = v.id, handle = json.kind(v.username) == "string" and v.username or nil, metrics = metrics }
  end
  return metrics
end

local function page_rows(doc, out)
  local list = json.get(doc, "data")
  for _, v in ipairs(json.kind(list) == "array" and list or { doc }) do
    if not page_row(v, out) then out.skip("account") end
  end
end

-- One body of a batch: whatever the same request would have answered alone.
local function any_rows(doc, out)
  local list = json.get(doc, "data") or json.get(doc, "insights.data")
  if posts(doc) then
    post_rows(doc, out)
  elseif json.kind(list) == "array" and insights.is_metric(list[1]) then
    insight_rows(list, json.kind(doc.id) == "string" and doc.id or nil, out)
  elseif objects.insight_lists(doc) then
    multi_rows(doc, out)
  elseif comments(doc) then
    out.skip("comment", count(doc))
  elseif accounts(doc, { platform = "facebook" }) then
    page_rows(doc, out)
  elseif json.kind(list) ~= "array" or #list > 0 then
    out.skip("reference", count(doc))
  end
end

local function pushed(change, out)
  local field, item = json.get(change, "field"), json.get(change, "value.item")
  local what = json.kind(item) == "string" and item or field
  out.skip(json.kind(what) == "string" and what or "change")
end

return {
  name = "facebook", api = 1, about = "Posts, videos and insights from the Facebook Graph API.",
  parsers = {
    ["facebook.posts"] = {
      about = "posts and videos: lists, one, several keyed by id, a page with its posts; with insights inside",
      match = posts,
      parse = function(doc, out, input)
        local url = json.kind(input.url) == "string" and input.url or ""
        if url:find("/comments") then return out.skip("comment", #objects.find(doc)) end
        if url:find("/tagged") or url:find("/visitor_posts") then return out.skip("visitor_post", #objects.find(doc)) end
        post_rows(doc, out)
        page_row(doc, out) -- a page that was asked for its posts as well
      end,
    },
    ["facebook.insights"] = {
      about = "insights of a post or a video; of a page they are no content",
      match = insight_list,
      parse = function(doc, out, input)
        local own = json.kind(doc.id) == "string" and doc.id or nil
        for _, path in ipairs { "data", "insights.data", "video_insights.data" } do
          local list = json.get(doc, path)
          if json.kind(list) == "array" then insight_rows(list, own or asked(input), out) end
        end
      end,
    },
    ["facebook.insights_multi"] = {
      about = "insights of several posts, keyed by id",
      match = function(doc) return objects.insight_lists(doc) ~= nil and 4 end,
      parse = multi_rows,
    },
    ["facebook.batch"] = {
      about = "batch answers: each body as if it had come alone; failed ones are counted by their code",
      match = function(doc) return batch.is_batch(doc) and 3 end,
      parse = function(doc, out)
        batch.each(doc, out, function(body) any_rows(body, out) end)
      end,
    },
    ["facebook.webhook"] = {
      about = "what Facebook pushes about a page: posts, comments, reactions, messages, without counts",
      match = function(doc) return doc.object == "page" and json.kind(doc.entry) == "array" and 3 end,
      parse = function(doc, out)
        for _, entry in ipairs(doc.entry) do
          local changes = json.get(entry, "changes")
          if json.kind(changes) ~= "array" then out.skip("message") end
          for _, change in ipairs(json.kind(changes) == "array" and changes or {}) do pushed(change, out) end
        end
      end,
    },

    ["facebook.post_metrics_csv"] = {
      about = "lifetime numbers of posts, one row a post and day, as a warehouse connector flattens them",
      match = exports.is_post_metrics, csv = true, zone = "America/Los_Angeles",
      parse = exports.post_metrics,
    },
    ["facebook.posts_csv"] = {
      about = "posts as a warehouse connector flattens them: no numbers but shares",
      match = { columns = { "id", "created_time", "message", "page_id" } },
      post = { id = "id", account = "page_id", caption = { first = { "message", "story" } }, url = "permalink_url",
               published_at = "created_time", media_kind = "status_type" },
      counts = { shares = { first = { "shares_count", "share_count" } } },
    },
    ["facebook.suite_csv"] = {
      about = "Meta Business Suite's content export, English headers",
      match = { columns = { "Post ID", "Page ID", "Permalink", "Reactions" } },
      parse = exports.suite,
    },
    ["facebook.page_metrics_csv"] = {
      about = "numbers of pages per day as a warehouse connector flattens them",
      match = exports.is_page_metrics, csv = true, whole = true,
      parse = exports.page_metrics,
    },
    ["facebook.pages_csv"] = {
      about = "pages as a warehouse connector flattens them",
      match = { columns = { "id", "fan_count", "name" } },
      account = { id = "id", handle = "username", metrics = { fan_count = "fan_count", followers_count = "followers_count" } },
    },

    ["facebook.accounts"] = {
      about = "pages and people, without posts",
      match = accounts,
      parse = page_rows,
    },
    ["facebook.comments"] = {
      about = "comments are not content of their own",
      match = comments,
      parse = function(doc, out) out.skip("comment", count(doc)) end,
    },
    ["facebook.usage"] = {
      about = "a rate limit header saved as a file",
      match = usage,
      parse = function(_, out) out.skip("header") end,
    },
    ["facebook.reference"] = {
      about = "albums, events, conversations, bare ids, what a publish call answered",
      match = reference,
      parse = function(doc, out) out.skip("reference", count(doc)) end,
    },
    ["facebook.empty"] = {
      about = "an empty list: nothing is known, which is not zero",
      match = function(doc, input)
        local list = json.get(doc, "data")
        return json.kind(list) == "array" and #list == 0 and input.platform == "facebook" and 1
      end,
      parse = function() end,
    },

    ["facebook.error"] = {
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
  },
}
