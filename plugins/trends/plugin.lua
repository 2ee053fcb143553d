-- What rises and falls: views gained, week by week.
local function rule(about, subject, by)
  return {
    about = about,
    every = "@weekly",
    needs = { gained = "views", since = "26w" },
    find = function(posts, ctx)
      return ctx.trend(posts, { by = by, subject = subject, min_posts = 10, writes = "trend" })
    end,
  }
end

return {
  name = "trends",
  api = 1,
  about = "What rises and falls on each platform.",
  rules = {
    ["trends.hashtag"] = rule("views gained by the posts with a hashtag", "hashtag", function(p) return p.tags end),
    ["trends.platform"] = rule("views gained on a platform", "platform", function(p) return p.platform end),
  },
}
