-- Reddit: posts from the API's listings. Which shape becomes what, and why: README.md.
-- A listing mixes kinds of things, several listings come in one list, and text may be escaped: as code.

local things = require("things")

return {
  name = "reddit", api = 1, about = "Posts from Reddit's listings.",
  parsers = {
    ["reddit.listing"] = {
      about = "a listing: hot, new, top, search, a user's posts; comments, subreddits and accounts in it are no content",
      match = { kind = "Listing", kind_of = { ["data.children"] = "array" } },
      parse = things.parse,
    },
    ["reddit.listings"] = {
      about = "several listings: a post with its comments, a post with its duplicates",
      match = { ["0.kind"] = "Listing", kind_of = { ["."] = "array", ["0.data.children"] = "array" } },
      parse = things.parse,
    },
    ["reddit.thing"] = {
      about = "one thing {kind, data}: a post, an account, a subreddit; collectors store them a line each",
      match = { kind = { "t1", "t2", "t3", "t4", "t5", "t6", "more" }, kind_of = { data = "object" } },
      parse = things.parse,
    },
    ["reddit.things"] = {
      about = "a list of things, and what a write or morechildren answers",
      match = things.listed,
      parse = things.parse,
    },
    ["reddit.post"] = {
      about = "a post without its envelope, as collectors store them a line each",
      match = things.bare,
      parse = things.parse_bare,
    },
    ["reddit.posts"] = {
      about = "a list of posts without their envelopes",
      match = things.bare_list,
      parse = things.parse_bare_list,
    },
    ["reddit.reference"] = {
      about = "lists of users, trophies, multireddits, rules, wiki pages, the account itself: no content",
      match = things.reference,
      each = ".", skip = "reference",
    },
    ["reddit.empty"] = {
      about = "an empty list: nothing is known, which is not zero",
      match = function(doc, input) return json.kind(doc) == "array" and #doc == 0 and input.platform == "reddit" and 1 end,
      parse = function() end,
    },

    ["reddit.error"] = {
      about = "{message, error: 403}, with a reason; a form's errors; OAuth's names",
      match = things.failed,
      parse = things.refuse,
    },
  },
}
