-- Podcasts: what Spotify, Apple, Anchor and hosters say about episodes, as the connectors of Open Podcast hand it on, or
-- as the platform answered it. Which shape becomes what, and why: README.md.

local envelope = require("envelope")
local spotify = require("spotify")
local apple = require("apple")
local anchor = require("anchor")
local hoster = require("hoster")

-- Each provider: which of its kinds of data a document holds, and what is made of it.
local function parser(about, provider, kinds)
  local function kind_of(doc, input)
    local e = envelope.open(doc, input)
    if not e or not envelope.is(e, provider) then return nil end
    for _, kind in ipairs(kinds) do
      if kind.match(e.data, e) then return kind, e end
    end
  end
  return {
    about = about,
    match = function(doc, input)
      local kind, e = kind_of(doc, input)
      return kind ~= nil and (e.wrapped and 5 or 2)
    end,
    parse = function(doc, out, input)
      local kind, e = kind_of(doc, input)
      kind.parse(e, out)
    end,
  }
end

return {
  name = "podcast", api = 1, about = "Podcast episodes: Spotify, Apple Podcasts, Anchor, Podigee and other hosters.",
  parsers = {
    ["podcast.spotify"] = parser("Spotify for Podcasters", { "spotify" }, spotify),
    ["podcast.apple"] = parser("Apple Podcasts Connect", { "apple" }, apple),
    ["podcast.anchor"] = parser("Anchor", { "anchor" }, anchor),
    ["podcast.hoster"] = parser("Podigee and other hosters: one metric a line", nil, hoster),
  },
}
