-- Pinterest: pins and their analytics from API v5. Which shape becomes what, and why: README.md.

local analytics = require("analytics")

-- A pin carries its lifetime counts only where pin_metrics were asked for.
local post = {
  id = "id", account = "board_owner.username", title = "title", caption = "description", published_at = "created_at",
  duration_s = { "media.duration", unit = "ms" }, media_kind = "media.media_type",
  features = { board_id = "board_id", link = "link", alt_text = "alt_text", parent_pin_id = "parent_pin_id" },
}
local counts = {
  views = { first = { "pin_metrics.lifetime_metrics.impression", "pin_metrics.all_time.impression" } },
  likes = { first = { "pin_metrics.lifetime_metrics.reaction", "pin_metrics.all_time.reaction" } },
  comments = { first = { "pin_metrics.lifetime_metrics.comment", "pin_metrics.all_time.comment" } },
  saves = { first = { "pin_metrics.lifetime_metrics.save", "pin_metrics.all_time.save" } },
  average_watch_time = { unit = "ms", first = { "pin_metrics.lifetime_metrics.video_average_time",
                                                "pin_metrics.all_time.video_average_time" } },
}
local extra = {
  pin_click = { first = { "pin_metrics.lifetime_metrics.pin_click", "pin_metrics.all_time.pin_click" } },
  outbound_click = { first = { "pin_metrics.lifetime_metrics.clickthrough", "pin_metrics.all_time.clickthrough",
                               "pin_metrics.lifetime_metrics.outbound_click", "pin_metrics.all_time.outbound_click" } },
}

return {
  name = "pinterest", api = 1, about = "Pins and their analytics from Pinterest's API v5.",
  parsers = {
    ["pinterest.pin"] = {
      about = "one pin",
      match = { id = true, board_id = true, created_at = true, kind_of = { media = "object" } },
      each = ".", post = post, counts = counts, extra = extra,
    },
    ["pinterest.pins"] = {
      about = "pins: of an account, of a board, of a search",
      match = { ["items.0.id"] = true, ["items.0.board_id"] = true, ["items.0.created_at"] = true, ["items.0.media"] = true },
      each = "items", post = post, counts = counts, extra = extra,
    },
    ["pinterest.analytics"] = {
      about = "analytics of one pin, or of an account: the answer names neither, so the request has to",
      match = analytics.one,
      parse = analytics.parse_one,
    },
    ["pinterest.analytics_multi"] = {
      about = "analytics of several pins, keyed by their ids",
      match = analytics.several,
      parse = analytics.parse_several,
    },
    ["pinterest.top_pins"] = {
      about = "top pins and top video pins of an account, each with its metrics over the asked days",
      match = { ["pins.0.pin_id"] = true, ["pins.0.metrics"] = true },
      parse = analytics.top_pins,
    },

    ["pinterest.account"] = {
      about = "user_account",
      match = { username = true, account_type = true, follower_count = true },
      each = ".", skip = "account", account = { id = "username", handle = "username" },
    },
    ["pinterest.boards"] = {
      about = "boards and their sections",
      match = { ["items.0.owner.username"] = true, ["items.0.privacy"] = true, ["items.0.name"] = true },
      each = "items", skip = "reference",
    },
    ["pinterest.reference"] = {
      about = "boards, sections, followers, links, catalogs: no content",
      match = analytics.reference,
      parse = function(doc, out)
        local n = json.kind(doc.items) == "array" and #doc.items or 1
        if n > 0 then out.skip("reference", n) end
      end,
    },

    ["pinterest.error"] = {
      about = "{code, message}",
      match = analytics.failed,
      refuse = { code = "code", text = "message" },
    },
  },
}
