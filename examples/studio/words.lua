-- What the posts say. How long a text is, whether it asks, calls, mentions or smiles: each is drawn for itself and changes
-- nothing about how a post is received.
local M = {}

local topics = {
  ["Luma Kitchen"] = { "one-pan dinner", "sourdough", "pickled lemons", "market haul", "knife skills" },
  ["Fjell & Fog"] = { "winter hut", "first snow", "packing light", "ridge walk", "northern light" },
  ["Byte & Beans"] = { "espresso math", "tiny keyboards", "a cache that lies", "grinder test", "debugging at dawn" },
  ["Ola Mint"] = { "green room", "thrift flip", "three looks", "mending", "colour of the week", "closet reset" },
  ["Tess Varga"] = { "slow loom", "indigo vat", "a scarf a week", "dye garden", "studio day" },
}
local openers = {
  "How we got to %s", "%s, start to finish", "The trouble with %s", "%s in ten minutes", "What nobody says about %s",
  "Back to %s", "All about %s", "Notes on %s",
}
local questions = { "Would you try it?", "What did we miss?", "Too much?", "Is it worth the time?" }
local calls = { "Follow for more.", "Save this for later.", "Link in bio.", "Tell us in the comments." }
local mentions = { "@marketmornings", "@slowstudio", "@northroom", "@brewlab" }
local emoji = { "☕", "🍋", "✨", "🌿", "🧵" }
local fillers = {
  "It took three tries and one long night.", "We kept the part that went wrong.", "Nothing here was planned.",
  "The second half is the good one.", "There is a list at the end.",
}

-- Gives a post its title and its caption (without hashtags).
function M.write(post, r)
  local topic = r:pick(topics[post.account.creator])
  post.title = r:pick(openers):format(topic):gsub("^%l", string.upper)
  local parts = { post.title .. "." }
  for _ = 1, r:int(0, post.account.platform == "x" and 1 or 4) do
    parts[#parts + 1] = r:pick(fillers)
  end
  if r:unit() < 0.30 then
    parts[#parts + 1] = r:pick(questions)
  end
  if r:unit() < 0.25 then
    parts[#parts + 1] = r:pick(calls)
  end
  if r:unit() < 0.20 then
    parts[#parts + 1] = "With " .. r:pick(mentions) .. "."
  end
  if r:unit() < 0.35 then
    parts[#parts + 1] = r:pick(emoji)
  end
  post.text = table.concat(parts, " ")
end

return M
