-- Posts in three generations (posts, ugcPosts, shares), and their social counts; one, in lists, or keyed by URN.

local M = {}

local function known(v)
  if v ~= nil and v ~= json.null then return v end
  return nil
end

local function object(v) return json.kind(v) == "object" end
local function array(v) return json.kind(v) == "array" end

-- {"results": {URN: …}} (batches), {"elements": […]} (finders), or the thing itself. fn(v, URN it stood under)
local function each(doc, fn)
  if object(doc.results) then
    for urn, v in pairs(doc.results) do fn(v, urn) end
  elseif array(doc.elements) then
    for _, v in ipairs(doc.elements) do fn(v) end
  else
    fn(doc)
  end
end

local function sample(doc)
  if not object(doc) then return nil end
  if object(doc.results) then
    local step, members, start = pairs(doc.results)
    local _, v = step(members, start)
    return object(v) and v or nil
  end
  local v = doc
  if array(doc.elements) then v = doc.elements[1] end
  return object(v) and v or nil
end

-- What a batch could not have: {"errors": {URN: {status, message}}}.
local function missing(doc, out)
  if not object(doc.errors) then return end
  for _, e in pairs(doc.errors) do
    local status = json.get(e, "status")
    out.skip(status == 404 and "not-found" or "error")
  end
end

local function is_urn(v) return json.kind(v) == "string" and v:find("^urn:li:%w+:") ~= nil end

-- An older share's id is the bare number.
local function id_of(v, urn)
  local id = known(v.id) or urn
  if json.kind(id) == "number" then id = tostring(math.tointeger(id) or id) end
  if json.kind(id) == "string" and id:find("^%d+$") then return "urn:li:share:" .. id end
  return id
end

-- --- posts -------------------------------------------------------------------------------------------------------------------

function M.match(doc)
  local v = sample(doc)
  if not v or known(v.author or v.owner) == nil then return false end
  if not is_urn(v.author or v.owner) or v.totalShareStatistics ~= nil then return false end
  if v.lifecycleState ~= nil and (v.commentary ~= nil or v.specificContent ~= nil or is_urn(v.id)) then return 5 end
  return (v.activity ~= nil or v.distribution ~= nil) and v.created ~= nil and 4
end

local unpublished = {
  DRAFT = true, PROCESSING = true, PUBLISH_REQUESTED = true, PUBLISH_FAILED = true, PROCESSING_FAILED = true,
}

-- Keys with dots in them, which no path reaches.
local function ugc_content(v) return object(v.specificContent) and v.specificContent["com.linkedin.ugc.ShareContent"] end

local kinds = { "media", "multiImage", "article", "poll", "carousel", "document", "celebration", "reference" }
local function kind_of(v, ugc)
  if object(ugc) then
    local kind = known(ugc.shareMediaCategory)
    return kind and kind:lower()
  end
  local media = json.get(v, "content.media.id")
  local of = json.kind(media) == "string" and media:match("^urn:li:(%l+):")
  if of then return of end
  for _, kind in ipairs(kinds) do
    if object(json.get(v, "content." .. kind)) then return kind end
  end
end

local function published(v)
  local ms = known(v.publishedAt) or known(v.firstPublishedAt) or known(v.createdAt) or known(json.get(v, "created.time"))
  ms = tonumber(ms)
  return ms and ms / 1000 or nil
end

local function row(v, urn, out)
  if not object(v) then return out.bad("bad_shape", "a post is an object", v) end
  local id = id_of(v, urn)
  if not id then return out.bad("missing_id", "this post has no id", v) end
  if unpublished[v.lifecycleState] then return out.skip("unpublished") end
  local ugc = ugc_content(v)
  local author = known(v.author) or known(v.owner)
  out.post {
    id = id, account = author, published_at = published(v), media_kind = kind_of(v, ugc),
    caption = known(v.commentary) or known(json.get(ugc, "shareCommentary.text")) or known(json.get(v, "text.text")),
    title = known(json.get(v, "content.media.title")) or known(json.get(v, "content.article.title")) or known(v.subject),
    features = { visibility = json.kind(v.visibility) == "string" and v.visibility or nil,
                 reshare_of = known(json.get(v, "reshareContext.parent")), sponsored = known(json.get(v, "adContext.isDsc")) },
  }
  if is_urn(author) then out.account { id = author } end
end

function M.parse(doc, out)
  each(doc, function(v, urn) row(v, urn, out) end)
  missing(doc, out)
end

-- --- social counts -----------------------------------------------------------------------------------------------------------

function M.match_metadata(doc)
  local v = sample(doc)
  if not v then return false end
  if v.reactionSummaries ~= nil or object(v.commentSummary) then return 4 end
  return doc.results ~= nil and (v.likesSummary ~= nil or v.commentsSummary ~= nil) and 4
end

local function reactions(v)
  if not object(v.reactionSummaries) then return nil end
  local total, by = nil, {}
  for kind, one in pairs(v.reactionSummaries) do
    local n = math.tointeger(tonumber(known(json.get(one, "count"))))
    if n then
      total = (total or 0) + n
      if total < 0 and n > 0 then return nil end -- wrapped around: a sum that no count can hold
      by["reactions." .. kind] = n
    end
  end
  return total or 0, by -- an empty object: there are none
end

local function metadata(v, urn, out)
  if not object(v) then return out.bad("bad_shape", "social metadata is an object", v) end
  local id = known(v.entity) or known(v.target) or known(v["$URN"]) or urn
  if not id then return out.bad("missing_id", "this social metadata names no entity", v) end
  if json.kind(id) == "string" and id:find("^urn:li:comment:") then return out.skip("comment") end
  local likes, by = reactions(v)
  if likes == nil then
    likes = known(json.get(v, "likesSummary.aggregatedTotalLikes")) or known(json.get(v, "likesSummary.totalLikes"))
  end
  local comments = known(json.get(v, "commentSummary.count")) or known(json.get(v, "commentsSummary.aggregatedTotalComments"))
    or known(json.get(v, "commentsSummary.totalFirstLevelComments"))
  out.post { id = id }
  out.counts { likes = likes, comments = comments, extra = by and next(by) and by or nil }
end

function M.parse_metadata(doc, out, input)
  local url = json.kind(input.url) == "string" and input.url or ""
  local asked = url:match("/socialMetadata/([^/?]+)") or url:match("/socialActions/([^/?]+)")
  if asked then asked = asked:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end) end
  each(doc, function(v, urn) metadata(v, urn or asked, out) end)
  missing(doc, out)
end

return M
