-- What the rules found, and what they did not: reports/*.sql.

return {
  name = "findings", api = 1, about = "What works, what makes no difference, and what cannot be told yet.",
}
