-- Pages that hold statuses in several places, and what only a named platform or the request can tell.

local M = {}

local function known(v)
  if v ~= nil and v ~= json.null then return v end
  return nil
end

local function object(v) return json.kind(v) == "object" end

-- Counts that come as numbers or digits; what is missing on one side is not zero on the other.
local function sum(a, b)
  a, b = known(a), known(b)
  if a == nil or b == nil then return a == nil and b or a end
  local x, y = math.tointeger(tonumber(a)), math.tointeger(tonumber(b))
  if not x or not y then return a end
  local total = x + 0.0 + y -- more than a count can hold stays a float, which the host notes
  return math.abs(total) < 2 ^ 63 and x + y or total
end

-- The same as the description in plugin.lua, which reaches one list per document.
function M.row(v, out)
  if not object(v) then return out.bad("bad_shape", "the status is no object", v) end
  if object(v.reblog) then return out.skip("boost") end
  if known(v.id) == nil then return out.bad("missing_id", "this status has no id", v) end
  local account, handle = known(json.get(v, "account.id")), known(json.get(v, "account.acct"))
  out.post {
    id = v.id, account = account, caption = v.content, url = known(v.url) or v.uri, published_at = v.created_at,
    media_kind = json.get(v, "media_attachments.0.type"),
    features = { language = known(v.language), visibility = known(v.visibility), sensitive = known(v.sensitive),
                 reply_to = known(v.in_reply_to_id), edited_at = known(v.edited_at) },
  }
  local extra = { reblogs_count = known(v.reblogs_count), quotes_count = known(v.quotes_count) }
  out.counts { likes = v.favourites_count, shares = sum(v.reblogs_count, v.quotes_count), comments = v.replies_count,
               extra = next(extra) and extra or nil }
  if account then out.account { id = account, handle = handle } end
end

function M.context(doc, out)
  for _, v in ipairs(doc.ancestors) do M.row(v, out) end
  for _, v in ipairs(doc.descendants) do M.row(v, out) end
end

function M.search(doc, out)
  for _, v in ipairs(doc.statuses) do M.row(v, out) end
  if #doc.accounts > 0 then out.skip("account", #doc.accounts) end
  if #doc.hashtags > 0 then out.skip("reference", #doc.hashtags) end
end

-- {"stream": ["public"], "event": "update", "payload": "{…the status…}"}
function M.event(doc, out)
  if doc.event ~= "update" and doc.event ~= "status.update" then return out.skip("event") end
  local status = doc.payload
  if json.kind(status) == "string" then
    local ok, v = pcall(json.decode, status)
    if not ok then return out.bad("bad_shape", "the payload of this event is no JSON", doc) end
    status = v
  end
  M.row(status, out)
end

-- --- what a bare document does not say ---------------------------------------------------------------------------------------

local function named(input)
  if input.platform == "mastodon" then return true end
  local url = json.kind(input.url) == "string" and input.url or ""
  return url:find("/api/v[12]/%l+") ~= nil and url:find("/api/v[12]/[%w_]*videos?") == nil and input.platform == nil
end

local function sample(doc)
  if json.kind(doc) == "array" then return doc[1] end
  return doc
end

-- Marks of things that are no statuses; most of them mean Mastodon only where it was named.
local marks = {
  { "followed_by", "requested" }, { "votes_count", "options" }, { "preview_url", "meta" }, { "shortcode", "static_url" },
  { "client_id", "website" }, { "replies_policy", "title" }, { "context", "filter_action" }, { "history", "name" },
  { "last_read_id", "version" }, { "statuses_count", "name" }, { "notification", "id" },
}
function M.reference(doc, input)
  local v = sample(doc)
  if not object(v) or v.error ~= nil then return false end
  if known(v.registrations) ~= nil and (v.uri ~= nil or v.domain ~= nil) and v.version ~= nil then return 4 end
  if not named(input) or v.favourites_count ~= nil or v.acct ~= nil then return false end
  for _, pair in ipairs(marks) do
    if v[pair[1]] ~= nil and v[pair[2]] ~= nil then return 2 end
  end
  return false
end

function M.empty(doc, input) return json.kind(doc) == "array" and #doc == 0 and named(input) and 1 end

-- {"error": "…"} is what many servers answer: whose it is, only the request can tell.
function M.failed(doc, input)
  return object(doc) and json.kind(doc.error) == "string" and doc.message == nil and doc.status == nil and doc.request == nil
    and named(input) and 2
end

-- OAuth's errors are codes with a description; others are a sentence in the server's language, so the status is the code.
function M.refuse(doc, out, input)
  local detail = json.kind(doc.error_description) == "string" and doc.error_description
  if detail then return out.refuse(doc.error, detail) end
  local status = json.kind(input.status) == "number" and tostring(math.tointeger(input.status) or input.status)
  out.refuse(status or "error", doc.error)
end

return M
