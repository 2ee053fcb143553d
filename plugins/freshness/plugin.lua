-- Reports on the data itself: reports/*.sql.

return {
  name = "freshness", api = 1, about = "How old the data is, and where it has gaps.",
}
