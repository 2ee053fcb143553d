-- Reports on styles and how they go with engagement: reports/*.sql.

return {
  name = "styles", api = 1, about = "Which styles go with engagement.",
}
