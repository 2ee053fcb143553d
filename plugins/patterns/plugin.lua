-- Which tags and which formats succeed: the share of posts that beat their account's usual.

-- A format is the kind of media and, where it has a length, a band of it.
local BANDS = { { 15, "under 15 s" }, { 60, "15 to 60 s" }, { 180, "1 to 3 min" }, { 600, "3 to 10 min" } }

local function format_of(p)
  local kind = p.media_kind or (p.duration_s and "video")
  if not kind or not p.duration_s then return kind end
  for _, band in ipairs(BANDS) do
    if p.duration_s < band[1] then return kind .. " " .. band[2] end
  end
  return kind .. " over 10 min"
end

return {
  name = "patterns",
  api = 1,
  about = "What works: patterns by type and by platform.",
  rules = {
    ["patterns.tags"] = {
      about = "success rate per tag and platform",
      every = "@weekly",
      needs = { at_age = "7d", since = "180d" },
      find = function(posts, ctx)
        return ctx.rank(posts, {
          by = function(p) return p.tags end,
          per = "platform", subject = "tag", pattern_type = "tag", writes = "pattern",
        })
      end,
    },
    ["patterns.formats"] = {
      about = "success rate per format and platform",
      every = "@weekly",
      needs = { at_age = "7d", since = "180d" },
      find = function(posts, ctx)
        return ctx.rank(posts, {
          by = format_of,
          per = "platform", subject = "format", pattern_type = "format", writes = "pattern",
        })
      end,
    },
  },
}
