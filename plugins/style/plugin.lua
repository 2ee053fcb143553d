-- Documents about how a post looks, sounds and reads, of whatever tool made them: README.md.

local text = require("tidemark.text")

local FACETS = { "visual", "audio", "text" }
local FACTS_MAX, TEXT_MAX, NAME_MAX, TAGS_MAX, TAG_MAX = 200, 200, 100, 100, 100

-- What a document with counts has: a payload of some platform or collector, which this parser would take for facts alone.
local COUNTS = {
  "views", "likes", "shares", "comments", "saves", "counts", "metrics", "statistics", "stats", "insights", "view_count",
  "like_count", "public_metrics",
}

local function given(v) return v ~= nil and v ~= json.null end

local function is_id(v)
  local kind = json.kind(v)
  return kind == "string" and v:find("%S") ~= nil or kind == "number" and math.type(v) == "integer"
end

-- How many of the marks of a style document it has; false: it is none.
local function sure(doc)
  if json.kind(doc) ~= "object" or json.kind(doc.platform) ~= "string" or not is_id(doc.external_id) then return false end
  for _, name in ipairs(COUNTS) do
    if given(doc[name]) then return false end
  end
  local marks = json.kind(doc.tags) == "array" and 1 or 0
  for _, facet in ipairs(FACETS) do
    if json.kind(doc[facet]) == "object" then marks = marks + 1 end
  end
  return marks > 0 and 2 + marks
end

-- One fact as it is stored; nil and why not.
local function fact(v)
  local kind = json.kind(v)
  if kind == "number" or kind == "boolean" then return v end
  if kind ~= "string" then return nil, "a list is no fact (write how many, or give tags)" end
  if #v > TEXT_MAX then return nil, ("a text of more than %d bytes is no fact"):format(TEXT_MAX) end
  return v
end

local function leave_out(notes, name, why)
  if #name > 40 then name = text.cut(name, 40) .. "…" end
  notes[#notes + 1] = ("%s: %s; left out"):format(name, why)
end

-- The facts of an object into facts, those of objects inside it under names joined by dots. state.n counts them.
local function flatten(object, prefix, facts, state)
  for name, v in pairs(object) do
    local full = prefix .. name
    if json.kind(v) == "object" then
      flatten(v, full .. ".", facts, state)
    elseif v ~= json.null then
      local value, why = fact(v)
      if #full > NAME_MAX then value, why = nil, ("its name has more than %d bytes"):format(NAME_MAX) end
      if value ~= nil and facts[full] == nil then
        state.n = state.n + 1
        if state.n > FACTS_MAX then value, why = nil, ("there are more than %d facts"):format(FACTS_MAX) end
      end
      if value == nil then leave_out(state.notes, full, why) else facts[full] = value end
    end
  end
end

local function facet_of(object)
  local facts, state = {}, { n = 0, notes = {} }
  flatten(object, "", facts, state)
  return facts, state.notes
end

-- Longer than this no name or tag is looked at closer: lowering megabytes takes longer than a call may.
local RAW_MAX = 1000

-- "#Bold Text " -> "bold text"
local function clean_tag(v)
  local tag = text.lower(v):gsub("%s+", " "):gsub("^[# ]+", ""):gsub(" $", "")
  return tag
end

local function tags_of(list)
  local tags, seen, notes = {}, {}, {}
  for i, v in ipairs(list) do
    local long = json.kind(v) == "string" and #v > RAW_MAX
    local tag = long and v or json.kind(v) == "string" and clean_tag(v) or ""
    if tag == "" then
      leave_out(notes, "tag " .. i, "is no text")
    elseif #tag > TAG_MAX then
      leave_out(notes, "tag " .. i, ("has more than %d bytes"):format(TAG_MAX))
    elseif not seen[tag] and #tags == TAGS_MAX then
      leave_out(notes, "tag " .. i, ("there are more than %d"):format(TAGS_MAX))
    elseif not seen[tag] then
      seen[tag] = true
      tags[#tags + 1] = tag
    end
  end
  return tags, notes
end

local function say(notes, name, list)
  if #list > 3 then list = { list[1], list[2], list[3], ("and %d more"):format(#list - 3) } end
  if #list > 0 then notes[name] = table.concat(list, "; ") end
end

-- What is wrong with the document as a whole: code, text; nil: nothing.
local function fault(doc)
  if json.kind(doc) ~= "object" then return "bad_shape", "a style document is an object, not " .. json.kind(doc) end
  if json.kind(doc.platform) ~= "string" or not doc.platform:find("%S") then
    return "missing_platform", "a style document needs platform, as text: whose post it is about (youtube, tiktok, …)"
  end
  if #doc.platform > RAW_MAX then return "bad_platform", "the platform's name is longer than 50 bytes" end
  if not is_id(doc.external_id) then
    return "missing_id", "a style document needs external_id: the post's id on its platform, as text"
  end
  local any = false
  for _, name in ipairs { "visual", "audio", "text", "tags" } do
    local kind, want = json.kind(doc[name]), name == "tags" and "array" or "object"
    if given(doc[name]) and kind ~= want then
      local wanted = name == "tags" and "a list of texts" or "an object of facts"
      return "bad_shape", ("%s must be %s, not %s"):format(name, wanted, kind)
    end
    any = any or given(doc[name])
  end
  if not any then return "no_facts", "a style document needs visual, audio, text or tags" end
end

local function take(doc, out)
  local code, why = fault(doc)
  if code then return out.bad(code, why, doc) end
  local features, notes = {}, {}
  for _, facet in ipairs(FACETS) do
    if given(doc[facet]) then
      local facts, left_out = facet_of(doc[facet])
      features[facet] = facts
      say(notes, facet, left_out)
    end
  end
  if given(doc.tags) then
    local tags, left_out = tags_of(doc.tags)
    if #tags == 0 and #doc.tags > 0 then return out.bad("bad_shape", "tags: none of them is a text", doc) end
    features.style_tags = #tags > 0 and tags or doc.tags -- an empty list stays one
    say(notes, "style_tags", left_out)
  end
  out.facts { id = doc.external_id, platform = clean_tag(doc.platform), features = features, notes = notes }
end

return {
  name = "style", api = 1, about = "Facts about how posts look, sound and read, from whatever tool made them.",
  parsers = {
    ["style.document"] = {
      about = "{platform, external_id, visual, audio, text, tags}: one, a list of them, or a line each",
      match = function(doc)
        if json.kind(doc) == "array" then return sure(doc[1]) end
        return sure(doc)
      end,
      parse = function(doc, out)
        if json.kind(doc) ~= "array" then return take(doc, out) end
        for _, one in ipairs(doc) do take(one, out) end
      end,
    },
  },
}
