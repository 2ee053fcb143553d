-- Is the AI getting better? Each recorded change against what would have come without it.
return {
  name = "ai",
  api = 1,
  about = "Whether changes of the AI helped.",
  rules = {
    ["ai.before_after"] = {
      about = "posts before and after each recorded change",
      every = "@weekly",
      needs = { at_age = "24h", since = "180d", changes = true },
      find = function(posts, ctx) return ctx.before_after(posts, { subject = "change", writes = "improvement" }) end,
    },
  },
}
