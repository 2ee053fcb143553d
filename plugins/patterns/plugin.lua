-- Reports on what the content has in common that does well: reports/*.sql.

return {
  name = "patterns", api = 1, about = "What the posts that do well have in common.",
}
