-- Threads, records of several collections, and what only a named platform or the request can tell.

local M = {}

local function known(v)
  if v ~= nil and v ~= json.null then return v end
  return nil
end

local function object(v) return json.kind(v) == "object" end

-- Optional counts: what is missing on one side is not zero on the other.
local function sum(a, b)
  a, b = known(a), known(b)
  if a == nil or b == nil then return a == nil and b or a end
  local x, y = math.tointeger(tonumber(a)), math.tointeger(tonumber(b))
  if not x or not y then return a end
  local total = x + 0.0 + y -- more than a count can hold stays a float, which the host notes
  return math.abs(total) < 2 ^ 63 and x + y or total
end

-- The same as the description in plugin.lua, which reaches one list per document.
local function row(v, out)
  local did, handle = known(json.get(v, "author.did")), known(json.get(v, "author.handle"))
  out.post {
    id = v.uri, account = did, caption = json.get(v, "record.text"), published_at = json.get(v, "record.createdAt"),
    features = { language = json.get(v, "record.langs.0"), embed = json.get(v, "record.embed.$type"),
                 reply_to = json.get(v, "record.reply.parent.uri"), indexed_at = v.indexedAt },
  }
  local extra = { repostCount = known(v.repostCount), quoteCount = known(v.quoteCount) }
  out.counts { likes = v.likeCount, shares = sum(v.repostCount, v.quoteCount), comments = v.replyCount,
               saves = v.bookmarkCount, extra = next(extra) and extra or nil }
  if did then out.account { id = did, handle = handle } end
end

-- Why a node of a thread has no post.
local function gone(node)
  if not object(node) then return "not-found" end
  local kind = json.kind(node["$type"]) == "string" and node["$type"] or ""
  if known(node.notFound) or kind:find("[nN]otFound") then return "not-found" end
  if known(node.blocked) or kind:find("[bB]locked") then return "blocked" end
end

-- What others wrote around the post belongs to the conversation, not to its author's work.
local function around(node, author, reason, out)
  local post = object(node) and node.post
  if not object(post) or known(post.uri) == nil then return out.skip(gone(node) or reason) end
  if author and json.get(post, "author.did") == author then return row(post, out) end
  out.skip(reason)
end

local DEPTH = 200 -- the platform's own limit is lower; a document that goes deeper was not made by it

local function replies(node, author, out, depth)
  local list = object(node) and node.replies
  if json.kind(list) ~= "array" or depth > DEPTH then return end
  for _, reply in ipairs(list) do
    around(reply, author, "reply", out)
    replies(reply, author, out, depth + 1)
  end
end

function M.thread(doc, out)
  local node = doc.thread
  local post = node.post
  if not object(post) then return out.skip(gone(node) or "not-found") end
  if known(post.uri) == nil then return out.bad("missing_id", "thread.post has no uri", post) end
  row(post, out)
  local author = known(json.get(post, "author.did"))
  local parent, depth = node.parent, 0
  while object(parent) and depth <= DEPTH do
    around(parent, author, "parent", out)
    parent, depth = parent.parent, depth + 1
  end
  replies(node, author, out, 0)
end

-- A list of {uri, depth, value}: 0 is the post that was asked for, before it is above, after it is below.
function M.thread_list(doc, out)
  local author
  for _, item in ipairs(doc.thread) do
    if json.get(item, "depth") == 0 then author = known(json.get(item, "value.post.author.did")) end
  end
  for _, item in ipairs(doc.thread) do
    local depth = tonumber(json.get(item, "depth")) or 0
    around(json.get(item, "value"), author, depth < 0 and "parent" or "reply", out)
  end
end

function M.records(doc, out)
  for _, r in ipairs(doc.records) do
    local v = json.get(r, "value")
    local kind = json.get(v, "$type")
    if kind ~= "app.bsky.feed.post" then
      out.skip("reference")
    elseif known(json.get(r, "uri")) == nil then
      out.bad("missing_id", "this record has no uri", r)
    else
      out.post {
        id = r.uri, caption = v.text, published_at = v.createdAt,
        features = { language = json.get(v, "langs.0"), embed = json.get(v, "embed.$type"),
                     reply_to = json.get(v, "reply.parent.uri") },
      }
    end
  end
end

-- --- what a bare document does not say ---------------------------------------------------------------------------------------

local function named(input)
  return input.platform == "bluesky" or json.kind(input.url) == "string" and input.url:find("/xrpc/%l") ~= nil
end

-- Lists, and a field that their elements have here and not elsewhere.
local lists = {
  { "followers", "did", "account" }, { "follows", "did", "account" }, { "actors", "did", "account" },
  { "suggestions", "did", "account" }, { "repostedBy", "did", "account" }, { "likes", "actor", "account" },
  { "notifications", "cid", "notification" }, { "feeds", "cid", "reference" }, { "lists", "cid", "reference" },
  { "items", "subject", "reference" }, { "blocks", "did", "account" }, { "mutes", "did", "account" },
}
local function list_of(doc)
  for _, one in ipairs(lists) do
    local list = doc[one[1]]
    local first = json.kind(list) == "array" and list[1]
    if object(first) and first[one[2]] ~= nil then return list, one[3] end
  end
end

function M.reference(doc, input)
  if not object(doc) or doc.error ~= nil or doc.posts ~= nil or doc.feed ~= nil then return false end
  if list_of(doc) then return 3 end
  local record = json.get(doc, "value.$type")
  if json.kind(record) == "string" and record ~= "app.bsky.feed.post" and json.kind(doc.uri) == "string" then return 3 end
  if doc.did ~= nil and doc.handle ~= nil and (doc.accessJwt ~= nil or doc.didDoc ~= nil) then return 3 end
  if named(input) and (doc.did ~= nil or doc.cid ~= nil or doc.preferences ~= nil) and doc.author == nil
    and doc.followersCount == nil and doc.value == nil then
    return 2
  end
  return false
end

function M.skip(doc, out)
  local list, reason = list_of(doc)
  out.skip(reason or "reference", list and #list or 1)
end

function M.empty(doc, input)
  if not object(doc) or not named(input) then return false end
  for _, key in ipairs { "posts", "feed", "records", "bookmarks", "thread" } do
    if json.kind(doc[key]) == "array" and #doc[key] == 0 then return 1 end
  end
  return false
end

-- Names of XRPC's errors are words run together: "InvalidRequest". Anything else with an error and a message may be anybody's.
function M.failed(doc, input)
  if not object(doc) or json.kind(doc.error) ~= "string" or doc.status ~= nil or doc.statusCode ~= nil then return false end
  if named(input) then return 3 end
  return json.kind(doc.message) == "string" and doc.error:find("^%u%l+%u%a+$") ~= nil and 2
end

return M
