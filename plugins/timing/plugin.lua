-- When to publish: three-hour blocks of the account's own day.
return {
  name = "timing",
  api = 1,
  about = "The best time to publish, in the account's zone.",
  rules = {
    ["timing.posting_block"] = {
      about = "each three-hour block against the others",
      every = "@weekly",
      needs = { at_age = "7d", since = "180d" },
      find = function(posts, ctx)
        return ctx.compare(posts, {
          by = function(p) return p.local_hour and ("%02d-%02d"):format(p.local_hour // 3 * 3, p.local_hour // 3 * 3 + 3) end,
          per = "platform", sided = "greater", subject = "time_block", pattern_type = "posting_block", writes = "pattern",
        })
      end,
    },
  },
}
