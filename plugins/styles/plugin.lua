-- How content is made: tags, and what can be said of picture, sound and words.
local text = require("tidemark.text")

-- Facts that a tool measured: numbers as they are, yes and no as 1 and 0.
local function facet(name)
  return function(p)
    local facts = p.facts and p.facts[name]
    if not facts then return nil end
    local out = {}
    for key, value in pairs(facts) do
      if type(value) == "number" or type(value) == "boolean" then out[key] = value end
    end
    return out
  end
end

local measured_text = facet("text")

-- What the caption shows by itself, and what a tool said of the words.
local function text_facts(p)
  local out = p.caption and text.facts(p.caption) or {}
  for key, value in pairs(out) do
    if type(value) ~= "number" then out[key] = nil end
  end
  for key, value in pairs(measured_text(p) or {}) do out[key] = value end
  return next(out) and out or nil
end

local function rule(about, find)
  return { about = about, every = "@weekly", needs = { at_age = "7d", since = "180d" }, find = find }
end

return {
  name = "styles",
  api = 1,
  about = "How the style of content goes with its engagement.",
  rules = {
    ["styles.tags"] = rule("lift of each tag, other things equal", function(posts, ctx)
      return ctx.compare(posts, {
        by = function(p) return p.tags end,
        per = "work", sided = "two", subject = "tag", facet = "text", writes = "style",
      })
    end),
    ["styles.text"] = rule("length, hashtags, mentions, emoji, questions, calls to action", function(posts, ctx)
      return ctx.correlate(posts, { facts = text_facts, facet = "text", subject = "fact", writes = "style" })
    end),
    ["styles.visual"] = rule("brightness, cuts and what else was seen", function(posts, ctx)
      return ctx.correlate(posts, { facts = facet("visual"), facet = "visual", subject = "fact", writes = "style" })
    end),
    ["styles.audio"] = rule("tempo, loudness and what else was heard", function(posts, ctx)
      return ctx.correlate(posts, { facts = facet("audio"), facet = "audio", subject = "fact", writes = "style" })
    end),
  },
}
