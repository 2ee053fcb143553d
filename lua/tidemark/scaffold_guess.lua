-- What a payload of an unknown platform might mean: where its items are, which of their values are which facts of a post,
-- and how
-- its documents are recognised. By names and by the values seen, and never without saying how sure that is.

local json = rawget(_G, "json") or require("tidemark.testkit.json")

local M = {}

local ITEMS_LOOKED_AT = 50
local DEPTH = 5 -- of objects inside of an item
local SURE = 4  -- so many first names of a field's list are what its values usually are called

-- --- names -----------------------------------------------------------------------------------------------------------------

local function snake(name)
  return (name:gsub("(%l)(%u)", "%1_%2"):gsub("(%u)(%u%l)", "%1_%2"):lower():gsub("[^%w]+", "_"):gsub("^_+", ""):gsub("_+$",
    ""))
end
M.snake = snake

local function split(text)
  local list = {}
  for word in text:gmatch("%S+") do list[#list + 1] = word end
  return list
end

-- The names of each field, the surest first.
local COUNTS = {
  views = split [[
    views view_count views_count play_count plays play video_views viewed total_views watch_count num_views
    nb_views total_plays video_plays play_counts impressions impression_count reads read_count
  ]],
  likes = split [[
    likes like_count likes_count favorite_count hearts heart_count digg_count total_likes num_likes reactions
    reaction_count thumbs_up upvotes claps applause
  ]],
  comments = split [[
    comments comment_count comments_count replies reply_count total_comments num_comments responses response_count
  ]],
  shares = split [[
    shares share_count shares_count reposts repost_count retweets retweet_count total_shares num_shares reblogs
    forwards
  ]],
  saves = split [[
    saves save_count saves_count bookmarks bookmark_count saved collects collect_count favorites favourites
    favorites_count favourites_count pins
  ]],
}
local WATCH = split [[
    average_watch_time avg_watch_time average_watch_seconds average_view_duration avg_view_duration
    mean_watch_time average_watch_time_ms avg_watch_time_ms average_time_watched
  ]]
local COUNT_ORDER = { "views", "likes", "comments", "shares", "saves" }

local POST = {
  title = split("title headline name subject"),
  caption = split("caption description desc text body message summary"),
  url = split("permalink share_url url web_url webpage_url link href"),
  published_at = split [[
    published_at publish_time created_at create_time publish_date date_published posted_at created published
    upload_date uploaded_at taken_at created_time timestamp date time posted
  ]],
  tags = split("tags hashtags hashtag_names keywords tag_list labels topics"),
  duration_s = split [[
    duration duration_s duration_seconds length_seconds length video_duration duration_ms length_ms runtime
    seconds
  ]],
  media_kind = split("media_type media_kind post_type content_type format type kind"),
}
local POST_ORDER = { "title", "caption", "url", "published_at", "tags", "duration_s", "media_kind" }

local ID = split [[
    id video_id post_id item_id media_id content_id clip_id uuid guid pk id_str shortcode short_code key slug
  ]]
local ACCOUNT = split [[
    channel_id account_id user_id author_id creator_id owner_id uploader_id profile_id page_id username author
    channel creator
  ]]
local ACCOUNT_INSIDE = split("id uid user_id username handle unique_id name")

-- Objects that are of somebody or something else than the post.
local PEOPLE = { author = true, user = true, channel = true, creator = true, owner = true, account = true, publisher = true,
  uploader = true, profile = true, page = true }
local OTHERS = { music = true, sound = true, audio = true, category = true, parent = true, playlist = true, thumbnail = true,
  thumbnails = true, cover = true, location = true, place = true, app = true, source = true }
-- Last names that say nothing: { likes = { count = 3 } }.
local PLAIN = { count = true, total = true, total_count = true, value = true, sum = true, n = true, summary = true }
local RATIO = { "rate", "ratio", "percent", "percentage", "pct", "share_of", "average", "avg", "mean", "median", "score",
  "per" }

local function has_word(name, word)
  return ("_" .. name .. "_"):find("_" .. word .. "_", 1, true) ~= nil
end

local function is_ratio_name(name)
  for _, word in ipairs(RATIO) do
    if has_word(name, word) then return true end
  end
  return false
end

-- --- an item's values --------------------------------------------------------------------------------------------------------

local function sorted_keys(t)
  local keys = {}
  for k in pairs(t) do
    if type(k) == "string" then keys[#keys + 1] = k end
  end
  table.sort(keys)
  return keys
end

local function add(leaves, path, name, parents, value)
  local leaf = leaves[path]
  if not leaf then
    leaf = { path = path, name = name, parents = parents, values = {}, there = 0 }
    leaves[path] = leaf
    leaves[#leaves + 1] = leaf
  end
  leaf.there = leaf.there + 1
  if json.kind(value) ~= "null" then leaf.values[#leaf.values + 1] = value end
end

local function walk(leaves, object, prefix, parents, odd)
  for _, key in ipairs(sorted_keys(object)) do
    local value = object[key]
    local path = prefix .. key
    if key == "" or key:find(".", 1, true) or key:find("^%^") then
      odd[prefix .. key] = true -- no path reaches a key with a dot
    elseif json.kind(value) == "object" then
      if #parents < DEPTH then walk(leaves, value, path .. ".", table.move(parents, 1, #parents, 1,
        { [#parents + 1] = snake(key) }), odd) end
    else
      add(leaves, path, snake(key), parents, value)
    end
  end
end

local function leaves_of(items)
  local leaves, odd = {}, {}
  for i = 1, math.min(#items, ITEMS_LOOKED_AT) do
    if json.kind(items[i]) == "object" then walk(leaves, items[i], "", {}, odd) end
  end
  table.sort(leaves, function(a, b)
    if #a.parents ~= #b.parents then return #a.parents < #b.parents end
    return a.path < b.path
  end)
  leaves.odd, leaves.items = sorted_keys(odd), math.min(#items, ITEMS_LOOKED_AT)
  return leaves
end

local function all(values, test)
  for _, v in ipairs(values) do
    if not test(v) then return false end
  end
  return #values > 0
end

local function countable(v)
  if type(v) == "number" then return math.type(v) == "integer" or math.tointeger(v) ~= nil end
  return type(v) == "string" and #v < 19 and v:find("^%-?%d+$") ~= nil
end

local function is_scalar(v)
  local kind = json.kind(v)
  return kind == "string" or kind == "number"
end

local function is_text(v) return type(v) == "string" end

local function about_others(leaf)
  for _, parent in ipairs(leaf.parents) do
    if PEOPLE[parent] or OTHERS[parent] then return true end
  end
  return false
end

-- --- one field's source ------------------------------------------------------------------------------------------------------

-- The leaves whose values pass, by how good their names are: { { leaf =, rank = }, … }, the best first.
local function candidates(leaves, names, test, allowed)
  local rank, found = {}, {}
  for i, name in ipairs(names) do rank[name] = i end
  for order, leaf in ipairs(leaves) do
    local name = leaf.name
    local up = #leaf.parents
    while PLAIN[name] and not rank[name] and up > 0 do
      name, up = leaf.parents[up], up - 1
    end
    local at = rank[name]
    if at and all(leaf.values, test) and (not allowed or allowed(leaf)) then
      found[#found + 1] = { leaf = leaf, rank = at, order = order, name = name }
    end
  end
  table.sort(found, function(a, b)
    if a.rank ~= b.rank then return a.rank < b.rank end
    return a.order < b.order
  end)
  return found
end

local function say(out, field, leaf, doubt, check)
  out.said[#out.said + 1] = { field = field, path = leaf.path, doubt = doubt, check = check }
end

local function guess_counts(leaves, out)
  local used = {}
  for _, field in ipairs(COUNT_ORDER) do
    local found = candidates(leaves, COUNTS[field], countable, function(leaf)
      return not about_others(leaf) and not is_ratio_name(leaf.name) and not used[leaf.path]
    end)
    local best = found[1]
    if best then
      used[best.leaf.path] = true
      out.counts[field] = best.leaf.path
      local doubt = best.rank > SURE and ("by the name '%s', which not every platform means so"):format(best.name) or nil
      if found[2] then doubt = (doubt and doubt .. "; " or "") .. "there is also " .. found[2].leaf.path end
      say(out, field, best.leaf, doubt, doubt ~= nil)
    end
  end
  -- numbers by name whose values are none: the author has to know
  for _, field in ipairs(COUNT_ORDER) do
    local unreadable = not out.counts[field] and candidates(leaves, COUNTS[field], is_scalar, function(leaf)
      return not about_others(leaf) and not is_ratio_name(leaf.name)
    end)[1]
    if unreadable then
      local text = "%s looks like %s, but %s is no whole number: that needs parse = function(doc, out)"
      out.remarks[#out.remarks + 1] = text:format(
        unreadable.leaf.path, field, json.encode(unreadable.leaf.values[1]))
    end
  end
end

local function guess_watch(leaves, out)
  local best = candidates(leaves, WATCH, function(v) return tonumber(v) ~= nil end)[1]
  if not best then return end
  local ms = has_word(best.leaf.name, "ms")
  out.counts.average_watch_time = { best.leaf.path, unit = ms and "ms" or nil }
  say(out, "average_watch_time", best.leaf, ms and "milliseconds, by its name" or "taken as seconds", not ms)
end

-- An id is there in every item, and in each another.
local function guess_id(leaves, items, own, out)
  local names = table.move(ID, 1, #ID, 1, {})
  for _, prefix in ipairs(own) do table.insert(names, 2, prefix .. "_id") end
  local known, accounts = #names, {}
  for _, name in ipairs(ACCOUNT) do accounts[name] = true end
  for _, leaf in ipairs(leaves) do -- the platform's own word for a post: aweme_id
    if #leaf.parents == 0 and leaf.name:find("_id$") and not accounts[leaf.name] then names[#names + 1] = leaf.name end
  end
  local found = candidates(leaves, names, is_scalar, function(leaf)
    if about_others(leaf) or #leaf.values < math.min(#items, ITEMS_LOOKED_AT) then return false end
    local seen = {}
    for _, v in ipairs(leaf.values) do
      if seen[tostring(v)] then return false end
      seen[tostring(v)] = true
    end
    return true
  end)
  table.sort(found, function(a, b)
    if (a.rank > known) ~= (b.rank > known) then return b.rank > known end
    if #a.leaf.parents ~= #b.leaf.parents then return #a.leaf.parents < #b.leaf.parents end
    if a.rank ~= b.rank then return a.rank < b.rank end
    return a.order < b.order
  end)
  local best = found[1]
  if not best then return end
  out.post.id, out.id_is_known = best.leaf.path, best.rank <= known
  local sure = best.rank <= SURE + #own
  local doubt = not sure and "is it the id, and does it stay?" or found[2] and "there is also " .. found[2].leaf.path or nil
  say(out, "id", best.leaf, doubt, not sure)
end

local function guess_account(leaves, out)
  local found = candidates(leaves, ACCOUNT, is_scalar)
  local inside = candidates(leaves, ACCOUNT_INSIDE, is_scalar, function(leaf) return PEOPLE[leaf.parents[#leaf.parents]]
    or false end)
  local best = found[1] or inside[1]
  if found[1] and inside[1] and inside[1].rank <= 3 and found[1].rank > 8 then best = inside[1] end
  if not best then return end
  out.post.account = best.leaf.path
  local by_name = best.leaf.name:find("name") or best.leaf.name == "handle" or best.leaf.name == "author"
    or best.leaf.name == "channel"
  say(out, "account", best.leaf, by_name and "a name may change, an id would not" or nil, by_name and true or false)
end

local function time_of(leaf)
  local v = leaf.values[1]
  local n = tonumber(v)
  if n then
    if all(leaf.values, function(x) local y = tonumber(x) return y and y >= 1e8 and y < 2e10 end) then return "epoch_s" end
    if all(leaf.values, function(x) local y = tonumber(x) return y and y >= 1e11 and y < 2e13 end) then return "epoch_ms" end
    return nil, "is no time in seconds or milliseconds since 1970"
  end
  local function iso(x) return type(x) == "string" and (x:find("^%d%d%d%d%-%d%d%-%d%d")
    or x:find("^%a%a%a %a%a%a %d%d ")) ~= nil end
  if all(leaf.values, iso) then return "text" end
  return nil, "is no ISO 8601 time: that needs parse = function(doc, out)"
end

local function guess_time(leaves, out)
  for _, one in ipairs(candidates(leaves, POST.published_at, is_scalar, function(leaf) return not about_others(leaf) end)) do
    local unit, why = time_of(one.leaf)
    if unit then
      out.post.published_at = unit == "text" and one.leaf.path or { one.leaf.path, unit = unit }
      local doubt = unit ~= "text" and (unit == "epoch_s" and "seconds" or "milliseconds") .. " since 1970, by its size" or nil
      if one.rank > 9 then doubt = (doubt and doubt .. "; " or "") .. "is it when the post came out?" end
      return say(out, "published_at", one.leaf, doubt, one.rank > 9)
    end
    out.remarks[#out.remarks + 1] = ("%s looks like published_at, but %s %s"):format(one.leaf.path,
      json.encode(one.leaf.values[1]), why)
  end
end

local function guess_duration(leaves, out)
  local best = candidates(leaves, POST.duration_s, function(v)
    return tonumber(v) ~= nil or type(v) == "string" and v:find("^P[%dT]") ~= nil
  end, function(leaf) return not about_others(leaf) end)[1]
  if not best then return end
  local function large(v) return (tonumber(v) or 0) >= 10000 end
  local by_name = has_word(best.leaf.name, "ms") or has_word(best.leaf.name, "millis")
  local ms = by_name or all(best.leaf.values, large)
  out.post.duration_s = ms and { best.leaf.path, unit = "ms" } or best.leaf.path
  say(out, "duration_s", best.leaf, ms and "milliseconds, by its " .. (by_name and "name" or "size") or nil, ms and not by_name)
end

local function guess_tags(leaves, out)
  local function texts(v)
    return json.kind(v) == "array" and (#v == 0 or all(v, is_text))
  end
  for _, one in ipairs(candidates(leaves, POST.tags, function(v) return json.kind(v) == "array" end)) do
    if all(one.leaf.values, texts) then
      out.post.tags = one.leaf.path
      return say(out, "tags", one.leaf, one.rank > 3 and "are these what the author tagged?" or nil, one.rank > 3)
    end
    local text = "%s looks like tags, but holds objects: that needs parse = function(doc, out)"
    out.remarks[#out.remarks + 1] = text:format(one.leaf.path)
  end
end

local function guess_texts(leaves, out)
  local taken = {}
  for _, field in ipairs { "title", "caption", "url", "media_kind" } do
    local found = candidates(leaves, POST[field], is_text, function(leaf)
      if about_others(leaf) or taken[leaf.path] then return false end
      if field == "media_kind" and leaf.there * 2 < leaves.items then return false end -- what few have says something else
      if field == "url" then return all(leaf.values, function(v) return v:find("^https?://") ~= nil end) end
      if field == "media_kind" then return all(leaf.values, function(v) return v:find("^[%w_ -]+$") ~= nil and #v <= 24 end) end
      return not all(leaf.values, function(v) return v:find("^https?://") ~= nil end)
    end)
    if found[1] then
      taken[found[1].leaf.path] = true
      out.post[field] = found[1].leaf.path
      local doubt = found[1].rank > SURE and "is it the post's " .. field .. "?" or nil
      say(out, field, found[1].leaf, doubt, doubt ~= nil)
    end
  end
end

-- Where counts come from one object, what it has beside them; else the other numbers by name.
local function guess_extra(leaves, out)
  local used, parents = {}, {}
  for _, source in pairs(out.counts) do
    local path = type(source) == "table" and source[1] or source
    used[path] = true
    parents[path:match("^(.*)%.[^.]*$") or ""] = true
  end
  for _, source in pairs(out.post) do used[type(source) == "table" and source[1] or source] = true end
  local one = next(parents)
  if one and one ~= "" and next(parents, one) == nil then
    for _, leaf in ipairs(leaves) do
      if leaf.path:sub(1, #one + 1) == one .. "." and not used[leaf.path] then
        out.extra = one
        return
      end
    end
    return
  end
  local extra = {}
  for _, leaf in ipairs(leaves) do
    if not used[leaf.path] and not about_others(leaf) and all(leaf.values, function(v) return tonumber(v) ~= nil end)
      and not leaf.name:find("id$") then
      extra[leaf.name] = extra[leaf.name] or leaf.path
    end
  end
  if next(extra) then out.extra = extra end
end

local function guess_item(items, own)
  local leaves = leaves_of(items)
  local out = { post = {}, counts = {}, said = {}, remarks = {}, leaves = leaves }
  guess_id(leaves, items, own, out)
  guess_account(leaves, out)
  guess_texts(leaves, out)
  guess_time(leaves, out)
  guess_tags(leaves, out)
  guess_duration(leaves, out)
  guess_counts(leaves, out)
  guess_watch(leaves, out)
  guess_extra(leaves, out)
  if #leaves.odd > 0 then
    out.remarks[#out.remarks + 1] = ("no path reaches a name with a dot: %s (read it in parse = function(doc, out))"):format(
      table.concat(leaves.odd, ", "))
  end
  local n = 0
  for _ in pairs(out.counts) do n = n + 1 end
  local id = out.post.id and (out.id_is_known and 10 or 6) or 0
  out.worth = id + 4 * n + (out.post.published_at and 3 or 0) + (out.post.title and 1 or 0) + (out.post.caption and 1 or 0)
  return out
end

-- --- where the items are -----------------------------------------------------------------------------------------------------

-- Calls found(path, items, kind) for every place that could hold the items.
local function places(doc, path, depth, found)
  local kind = json.kind(doc)
  if kind == "array" then
    if json.kind(doc[1]) == "object" then found(path, doc, "array") end
  elseif kind == "object" then
    found(path, { doc }, "object")
    if depth == 0 then return end
    for _, key in ipairs(sorted_keys(doc)) do
      if not key:find(".", 1, true) and key ~= "" then places(doc[key], path == "." and key or path .. "." .. key, depth - 1,
        found) end
    end
  end
end

local function choose(docs, own)
  local best
  places(docs[1], ".", 4, function(path, items, kind)
    for i = 2, #docs do -- NDJSON: the same place in every line
      local more = json.get(docs[i], path)
      if json.kind(more) == "array" then table.move(more, 1, #more, #items + 1, items) end
      if kind == "object" and json.kind(more) == "object" then items[#items + 1] = more end
    end
    local guess = guess_item(items, own)
    guess.each, guess.kind, guess.items = path, kind, items
    local depth = select(2, path:gsub("%.", "")) + (path == "." and 0 or 1)
    guess.worth = guess.worth + (kind == "array" and 3 or 0) - depth * 0.5
    if guess.post.id and (not best or guess.worth > best.worth) then best = guess end
  end)
  return best
end

-- --- how a document is recognised --------------------------------------------------------------------------------------------

local IDENTIFIERS = split("kind type object schema api source platform provider resource")

local function first_item(guess, doc)
  local where = guess.each == "." and doc or json.get(doc, guess.each)
  return guess.kind == "array" and where[1] or where
end

local function path_in(guess, path)
  local prefix = guess.each == "." and "" or guess.each .. "."
  return prefix .. (guess.kind == "array" and "0." or "") .. path
end

--- Conditions that this shape meets: more than the rival's, where there are so many.
local function conditions(guess, docs, rival)
  local doc = docs[1]
  local list, seen = {}, {}
  local function want(path, value)
    if seen[path] then return end
    seen[path] = true
    list[#list + 1] = { path = path, value = value }
  end
  -- what the document, or an object around the items, says of itself; never an item's own
  local around = {}
  if guess.each ~= "." and json.kind(doc) == "object" then
    around[1] = ""
    for behind in guess.each:gmatch("()%.") do around[#around + 1] = guess.each:sub(1, behind) end
  end
  for _, prefix in ipairs(around) do
    for _, name in ipairs(IDENTIFIERS) do
      local v = json.get(doc, prefix .. name)
      local same = type(v) == "string" and #v <= 60
      for i = 2, #docs do same = same and json.get(docs[i], prefix .. name) == v end
      if same then want(prefix .. name, v) end
    end
  end
  if guess.kind == "array" then list.kind_of = guess.each end
  local identified = #list > 0
  -- a value says more than a key that is there
  local needed = math.max(identified and 2 or 3, rival and rival.score + 1 or 0)
  local first = first_item(guess, doc)
  local function there(source)
    local path = type(source) == "table" and source[1] or source
    if path and json.get(first, path) ~= nil then want(path_in(guess, path), true) end
  end
  local function enough() return #list + (list.kind_of and 1 or 0) >= needed end
  if not (identified and enough()) then
    there(guess.post.id)
    for _, field in ipairs(COUNT_ORDER) do
      if not enough() or #list < 3 then there(guess.counts[field]) end
    end
    for _, field in ipairs(POST_ORDER) do
      if not enough() or #list < 3 then there(guess.post[field]) end
    end
    for _, leaf in ipairs(guess.leaves) do
      if not enough() then there(leaf.path) end
    end
    list.needs_item = guess.kind == "array"
  end
  return list
end

-- --- the whole ---------------------------------------------------------------------------------------------------------------

--- opts: docs = documents (one; of NDJSON its first lines), csv = boolean, own = words an id may begin with (the plugin's
--- name),
--- rival = { parser =, score = } or nil: the bundled parser that takes this payload, and how many conditions it meets.
--- Gives { each, kind, post, counts, extra, match, columns, said = { { field, path, doubt, check } }, remarks, ids }, or nil
--- and why.
---@param opts { docs: table[], csv: boolean?, own: string[], rival: { parser: string, score: integer }? }
---@return table? guess, string? why
function M.guess(opts)
  local docs, own = opts.docs, { "video", "post", "item" }
  for _, word in ipairs(opts.own or {}) do own[#own + 1] = word end
  local guess
  if opts.csv then
    guess = guess_item(docs[1].rows, own)
    guess.each, guess.kind, guess.items = ".", "rows", docs[1].rows
    if not guess.post.id then guess = nil end
  else
    guess = choose(docs, own)
  end
  if not guess then
    return nil, "no list of items with an id of their own was found in it (looked for " .. table.concat(ID, ", ", 1, 6)
      .. ", …)"
  end
  if opts.csv then
    local columns = {}
    for _, source in pairs(guess.post) do columns[#columns + 1] = type(source) == "table" and source[1] or source end
    for _, source in pairs(guess.counts) do columns[#columns + 1] = type(source) == "table" and source[1] or source end
    table.sort(columns)
    guess.columns = columns
  else
    guess.match = conditions(guess, docs, opts.rival)
    local n = #guess.match + (guess.match.kind_of and 1 or 0)
    if opts.rival then
      local text = n > opts.rival.score
        and "%s, which comes with tidemark, knows this payload too: with more conditions met, this one goes first"
        or "%s, which comes with tidemark, knows this payload too: name the platform with -p, or give match more conditions"
      guess.remarks[#guess.remarks + 1] = text:format(opts.rival.parser)
    end
    if guess.match.needs_item then
      guess.remarks[#guess.remarks + 1] = "an empty page is not recognised by itself: name the platform with -p"
    end
  end
  if next(guess.counts) == nil then guess.remarks[#guess.remarks + 1] = "no count was found: fill in counts" end
  if not guess.post.published_at then
    guess.remarks[#guess.remarks + 1] = "no time of publication was found: without it posts have no age"
  end
  return guess
end

return M
