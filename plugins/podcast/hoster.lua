-- Podigee and other hosters, in the form that connectors bring them into: a metric a line, {start, end, dimension,
-- subdimension, value}, or an episode's facts.

local envelope = require("envelope")
local known = envelope.known

local function add(a, b)
  local n = envelope.number(b)
  return n and (a or 0) + n or a
end

-- One row per window: downloads are views, everything else is kept under its own name.
local function metrics(e, out)
  local list = e.data.metrics
  if not e.episode then return #list > 0 and out.skip("account", #list) or nil end
  local rows, by = {}, {}
  for _, v in ipairs(list) do
    local window = json.kind(v) == "object" and known(v.dimension) and envelope.window(known(v.start), known(v["end"]))
    if not window then
      out.bad("bad_shape", "metrics: needs dimension and start (a day)", v)
    else
      local key = ("%d %d"):format(window.window_start, window.window_end)
      local row = by[key]
      if not row then
        row = { counts = window, extra = {}, parts = 0 }
        rows[#rows + 1], by[key] = row, row
      end
      local sub = known(v.subdimension)
      if v.dimension == "downloads" and (sub == nil or sub == "total") then
        row.counts.views = v.value
      else
        local name = sub and v.dimension .. "." .. sub or v.dimension
        row.extra[name] = add(row.extra[name], v.value)
      end
    end
  end
  if e.show then out.account { id = e.show } end
  for _, row in ipairs(rows) do
    row.counts.extra = next(row.extra) and row.extra or nil
    out.post { id = e.episode, account = e.show }
    out.counts(row.counts)
  end
end

local function is_metrics(data) return json.kind(data) == "object" and json.kind(data.metrics) == "array" end

return {
  { match = is_metrics, parse = metrics },
  {
    match = function(data) return json.kind(data) == "object" and data.ep_name ~= nil end,
    parse = function(e, out)
      local v = e.data
      if not e.episode then return out.bad("missing_id", "meta.episode is missing", v) end
      out.post { id = e.episode, account = e.show, title = known(v.ep_name), url = known(v.ep_url),
                 published_at = known(v.ep_release_date), media_kind = "audio" }
    end,
  },
  {
    match = function(data, e)
      local mine = e.provider and e.provider ~= "spotify" and e.provider ~= "apple" and e.provider ~= "anchor"
      return mine and json.kind(data) == "object" and data.name ~= nil
    end,
    parse = envelope.skip("account"),
  },
}
