-- Reports on the AI that makes the content: reports/*.sql.

return {
  name = "ai", api = 1, about = "Whether changes of the AI made the content better.",
}
