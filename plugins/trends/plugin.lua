-- Reports on what rises and falls on each platform: reports/*.sql.

return {
  name = "trends", api = 1, about = "What rises and falls on each platform.",
}
