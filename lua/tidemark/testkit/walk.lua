-- A declarative parser in plain Lua: what the host walks in C, for specs that run without it. Ids are text, counts whole
-- numbers or
-- nil with a note, durations seconds; times stay as the document has them, or are seconds where a unit says what they are.

local M = {}

local COUNTS = { "views", "likes", "shares", "comments", "saves" }
local TEXTS = { "account", "title", "caption", "url", "media_kind", "ai_version", "platform" }

-- "a.b" of the item, "^a.b" of the document.
local function get(json, path, item, doc)
  if path:sub(1, 1) == "^" then return json.get(doc, path:sub(2)) end
  return json.get(item, path)
end

local function known(json, v) return v ~= nil and json.kind(v) ~= "null" end

local function paths_of(source)
  if type(source) == "string" then return { source } end
  return source.first or source.sum or { source[1] }
end

local function whole(v)
  if type(v) == "string" then
    if not v:find("^%-?%d+$") then return nil end
    v = tonumber(v)
  end
  return type(v) == "number" and math.tointeger(v) or nil
end

local function value(json, source, item, doc)
  if source == nil then return nil end
  if type(source) == "table" and source.sum then
    local sum
    for _, path in ipairs(source.sum) do
      local v = whole(get(json, path, item, doc))
      if v then sum = (sum or 0) + v end
    end
    return sum
  end
  for _, path in ipairs(paths_of(source)) do
    local v = get(json, path, item, doc)
    if known(json, v) then return v end
  end
  return nil
end

local function text(json, v)
  if not known(json, v) then return nil end
  if type(v) == "number" then return tostring(math.tointeger(v) or v) end
  return type(v) == "string" and v or nil
end

local function unit_of(source) return type(source) == "table" and source.unit or nil end

local function seconds(v, unit)
  local n = tonumber(v)
  if n then return unit == "ms" and n / 1000 or n end
  local time = type(v) == "string" and v:match("^P[%dD]*T?(.*)$")
  if not time then return nil end
  local function part(letter) return tonumber(time:match("([%d.]+)" .. letter)) or 0 end
  return (tonumber(v:match("(%d+)D")) or 0) * 86400 + part("H") * 3600 + part("M") * 60 + part("S")
end

local function instant(v, unit)
  local n = unit and tonumber(v)
  if n then return unit == "epoch_ms" and n / 1000 or n end
  return v
end

--- Are all of a match's conditions met? Gives how many, or false.
function M.match(json, match, item, doc, input)
  local n = 0
  for path, want in pairs(match) do
    if path == "url" then
      if not (input and input.url and input.url:find(want)) then return false end
      n = n + 1
    elseif path == "columns" then
      local there = {}
      for _, column in ipairs(json.get(doc, "columns") or {}) do there[column] = true end
      for _, column in ipairs(want) do
        if not there[column] then return false end
        n = n + 1
      end
    elseif path == "kind_of" then
      for at, kind in pairs(want) do
        if json.kind(get(json, at, item, doc)) ~= kind then return false end
        n = n + 1
      end
    else
      local v = get(json, path, item, doc)
      local met
      if type(want) == "boolean" then
        met = (v ~= nil) == want
      else
        met = false
        for _, one in ipairs(type(want) == "table" and want or { want }) do met = met or text(json, v) == one end
      end
      if not met then return false end
      n = n + 1
    end
  end
  return n
end

local function items_of(json, parser, doc)
  if parser.match and type(parser.match) == "table" and parser.match.columns and not parser.each then return doc.rows end
  local each = parser.each
  local where = each == nil and doc or value(json, each, doc, doc)
  if where == nil then return {} end
  return json.kind(where) == "array" and where or { where }
end

local function named(json, sources, item, doc, make)
  local out = {}
  for name, source in pairs(sources or {}) do
    local v = value(json, source, item, doc)
    if known(json, v) then out[name] = make and make(v) or v end
  end
  return next(out) and out or nil
end

--- The id that only the request knew: off its url (%41 is A), or said by --content.
function M.given_id(parser, input)
  local patterns = parser.id_from_url or {}
  for _, pattern in ipairs(type(patterns) == "string" and { patterns } or patterns) do
    local id = input and input.url and input.url:match(pattern)
    if id and id ~= "" then
      return (id:gsub("%%(%x%x)", function(code) return code ~= "00" and string.char(tonumber(code, 16)) or nil end))
    end
  end
  return input and input.content
end

local function post_of(json, parser, item, doc, input)
  local from = parser.post or {}
  local post = { id = text(json, value(json, from.id, item, doc)) }
  if post.id == nil or post.id == "" then post.id = M.given_id(parser, input) end
  for _, field in ipairs(TEXTS) do post[field] = text(json, value(json, from[field], item, doc)) end
  post.tags = value(json, from.tags, item, doc)
  post.aliases = value(json, from.aliases, item, doc)
  local published = value(json, from.published_at, item, doc)
  if published ~= nil then post.published_at = instant(published, unit_of(from.published_at)) end
  local duration = value(json, from.duration_s, item, doc)
  if duration ~= nil then post.duration_s = seconds(duration, unit_of(from.duration_s)) end
  post.features = named(json, from.features, item, doc)
  return post
end

-- One object, or values put together under names.
local function audience_of(json, from, item, doc)
  if type(from) == "string" or type(from) == "table" and (from[1] or from.first) then
    local v = value(json, from, item, doc)
    return json.kind(v) == "object" and v or nil
  end
  return named(json, from, item, doc)
end

local function number(v) return type(v) == "table" and v or whole(v) or tonumber(v) end

local function account_of(json, from, item, doc)
  local metrics = named(json, from.metrics, item, doc, number)
  local audience = audience_of(json, from.audience, item, doc)
  return { id = text(json, value(json, from.id, item, doc)), handle = text(json, value(json, from.handle, item, doc)),
    metrics = metrics, audience = audience }
end

local function counts_of(json, parser, item, doc)
  local from = parser.counts or {}
  local counts, used = { window = parser.window }, {}
  for _, field in ipairs(COUNTS) do
    local v = value(json, from[field], item, doc)
    counts[field] = whole(v)
    if v ~= nil and counts[field] == nil then counts.notes = (counts.notes and counts.notes .. "; " or "") .. field
      .. " is no count" end
  end
  for _, source in pairs(from) do
    local is_source = type(source) == "string" or source[1] or source.first or source.sum -- else metrics = { … }
    for _, path in ipairs(is_source and paths_of(source) or {}) do used[path] = true end
  end
  local watch = value(json, from.average_watch_time, item, doc)
  if watch ~= nil then counts.average_watch_time = seconds(watch, unit_of(from.average_watch_time)) end
  for _, bound in ipairs { "window_start", "window_end" } do
    local v = value(json, from[bound], item, doc)
    if v ~= nil then counts[bound] = instant(v, unit_of(from[bound])) end
  end
  counts.metrics = named(json, from.metrics, item, doc, whole)
  counts.audience = audience_of(json, from.audience, item, doc)
  if type(parser.extra) == "string" then
    local object, extra = get(json, parser.extra, item, doc), {}
    if json.kind(object) == "object" then
      for name, v in pairs(object) do
        if not used[parser.extra .. "." .. name] then extra[name] = v end
      end
    end
    counts.extra = next(extra) and extra or nil
  else
    counts.extra = named(json, parser.extra, item, doc)
  end
  return counts
end

local function dropped(json, parser, item, doc)
  for _, rule in ipairs(parser.drop or {}) do
    if M.match(json, rule.when, item, doc) then return rule.reason end
  end
end

--- Runs a declarative parser on a document; what it yields goes to out (out.post, out.counts, …).
function M.run(json, parser, doc, out, input)
  if parser.refuse then
    return out.refuse(text(json, value(json, parser.refuse.code, doc, doc)) or "error", text(json, value(json,
      parser.refuse.text, doc, doc)))
  end
  for _, item in ipairs(items_of(json, parser, doc)) do
    local account = parser.account and account_of(json, parser.account, item, doc)
    local observed = account and (account.metrics or account.audience)
    local only = account and not parser.post and not parser.id_from_url and not parser.skip
    if parser.same then
      local id = text(json, value(json, parser.same.id, item, doc))
      if id then out.same { id = id, aliases = value(json, parser.same.aliases, item, doc) } end
    end
    local reason = parser.skip or dropped(json, parser, item, doc)
    if account and (account.id or observed) and not (only and reason) then out.account(account) end
    if reason then
      out.skip(reason, 1)
    elseif json.kind(item) ~= "object" then
      out.bad("bad_shape", "the item is no object", item)
    elseif only and parser.account.id and not account.id then
      out.bad("missing_id", "the item has no id of an account", item)
    elseif only then
      if not observed then out.skip("account", 1) end
    else
      local post = post_of(json, parser, item, doc, input)
      if post.id == nil or post.id == "" then
        out.bad("missing_id", "the item has no id", item)
      else
        out.post(post)
        if parser.counts or parser.extra then out.counts(counts_of(json, parser, item, doc)) end
      end
    end
  end
end

return M
