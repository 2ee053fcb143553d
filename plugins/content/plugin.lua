-- Reports on single posts: reports/*.sql.

return {
  name = "content", api = 1, about = "How single posts do.",
}
