return {
  name = "vidly",
  api = 1,
  about = "Videos of Vidly, a platform that does not exist.",
  parsers = {
    ["vidly.videos"] = {
      about = "the feed: one snapshot per video",
      match = { ["feed.kind"] = "vidly#feed", kind_of = { ["feed.videos"] = "array" } },
      each = "feed.videos",
      post = { id = "id", account = "creator.id", title = "headline", tags = "hashtags",
               published_at = { "createdAt", unit = "epoch_ms" }, duration_s = { "durationMs", unit = "ms" } },
      counts = { views = "stats.plays", likes = "stats.hearts", comments = "stats.replies", shares = "stats.reposts" },
      extra = "stats",
      drop = { { when = { kind = "ad" }, reason = "ad" } },
    },
  },
  rules = {
    ["vidly.evening"] = {
      about = "posts from 18 h on against those before",
      find = function(posts, ctx)
        return ctx.compare(posts, {
          by = function(p) return p.local_hour and (p.local_hour >= 18 and "evening" or "before") end,
          subject = "time_block", pattern_type = "evening", writes = "pattern",
        })
      end,
    },
  },
}
