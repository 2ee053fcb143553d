-- Weekly trends of the views gained: does what posts of a label (a hashtag, a platform) bring in move over the window?
--
-- A series is the views gained a day by all posts with one label on one platform. Whole weeks are summed, so that the rhythm of
-- the week falls out, and a line is laid through ln(sum + 0.5). A good week is often followed by a good one: how much so is
-- estimated once for a platform, from the residuals of all its series (AR(1)). How much a single series scatters is its own
-- residuals' matter, pulled towards the platform's as far as the platform's series are alike.
--
-- Decisions, each for a reason:
--   * with ten series or more the platform's common weekly movement is taken out (a season, an algorithm, a changed definition
--     of a view moves all labels alike); with fewer the series begins at the latest change of that definition
--   * a label on many posts moves the other labels of these posts as well: it is compared with what the others bring in without
--     them (x2.5 on a third of all posts would be seen as x1.7)
--   * a label that begins inside the window (its first weeks bring nothing) is looked at from the week after its first: that a
--     thing came into being is no trend, and its first week is a part of one
--   * views come in lumps (a post brings its views within days), so labels scatter very differently: how far one variance may
--     be lent to another is estimated, never for more than four weeks of a series' own, and not at all below ten series
local jsonlist = require("tidemark.jsonlist")
local pool = require("tidemark.analysis.trend_pool")
local series_of = require("tidemark.analysis.trend_series")
local stats = require("tidemark.stats")
local test = require("tidemark.analysis.trend_test")
local util = require("tidemark.analysis.util")

local M = {}

local COMMON_SERIES = pool.ENOUGH
local GATE = 0.2
local MENTIONED = 3 -- a label that fewer posts carry is not even named as having too little

local function date(day) return os.date("!%Y-%m-%d", day * util.DAY) end

local function warn(list, code, text, ...) list[#list + 1] = { code = code, text = text:format(...) } end

local function warnings_of(series, p, opts)
  local list = {}
  if series.late > 0 then
    warn(list, "starts_late", "nothing before %s: the series begins with the week after its first", date(series.start - 7))
  end
  if series.cut then
    warn(list, "definition_change", "%s counts a view differently since %s: the series begins there", p.name, date(series.cut))
  end
  if series.tested and opts.subject ~= "platform" and not series.common then
    warn(list, "few_series", "fewer than %d series of %s: what moves all of it could not be taken out", COMMON_SERIES, p.name)
  end
  local stopped = 0
  for _, last in pairs(p.stops) do
    if last < p.last - 2 then stopped = stopped + 1 end
  end
  if stopped > 0 then
    warn(list, "accounts_stop", "%d of the platform's accounts %s no days up to %s", stopped, stopped == 1 and "has" or "have",
      date(p.last))
  end
  return list
end

local function baseline_of(series, opts)
  if series.common then
    return { kind = "platform_common_movement", controlled = true, n = series.common,
      text = ("the median weekly movement of %d series of the platform"):format(series.common) }
  end
  local text = opts.subject == "platform" and "the platform's own level at the start of the window"
    or "the label's own level at the start of the window"
  return { kind = "own_level", controlled = false, text = text }
end

local function excluded_of(series, p)
  local list = {}
  if series.cut then
    list[1] = { reason = "before_definition_change", count = series.cut - p.from, unit = "days" }
  end
  local unknown = p.unknown[series.label]
  if unknown then list[#list + 1] = { reason = "views_null", count = unknown, unit = "posts" } end
  return list
end

local function iso(day) return date(day) .. "T00:00:00Z" end

local function shell(series, p, opts)
  local examples = {}
  for i, e in ipairs(series.examples) do examples[i] = e.key end
  return {
    platform = p.name, kind = "trend", gate = math.log(1 + (opts.gate or GATE)),
    subject = { type = opts.subject or "hashtag", key = series.label,
      label = opts.subject == "platform" and series.label or "#" .. series.label },
    baseline = baseline_of(series, opts), excluded = excluded_of(series, p), adjusted_for = {},
    warnings = warnings_of(series, p, opts), params = { min_posts = opts.min_posts or 10, posts = series.posts },
    examples = examples, values = { posts = series.posts },
  }
end

local function insufficient(series, p, opts)
  local c = shell(series, p, opts)
  c.status = "insufficient"
  if series.few then
    c.n = { unit = "posts", used = series.posts, needed = opts.min_posts or 10 }
    c.why = ("%d of %d posts"):format(c.n.used, c.n.needed)
  else
    c.n = { unit = "weeks", used = series.alive, needed = series_of.MIN_WEEKS }
    c.why = ("%d of %d weeks with new posts"):format(c.n.used, c.n.needed)
    if series.empty then c.n.used, c.why = 0, "no views gained" end
  end
  return c
end

local function tested(series, p, opts)
  local c, f = shell(series, p, opts), series.fit
  local span = f.n - 1
  local total, se = f.slope * span, f.se * span
  local reach = stats.t_quantile(0.975, f.tdf) * se
  local percent = 100 * (math.exp(total) - 1)
  c.status = "tested"
  c.n = { unit = "weeks", used = f.n, needed = test.weeks_needed(f) }
  c.effect = { raw = total, unit = "log_count", se = se, df = f.tdf, percent = percent }
  c.interval = { lo = total - reach, hi = total + reach, level = 0.95, method = "ols_ar1", unit = "log_count" }
  c.test = { method = "slope of weekly ln(views + 0.5), AR(1) errors pooled over the platform, moderated variance",
    statistic = f.t, statistic_name = "t", p = f.p, p_kind = "fixed_n", sided = "two" }
  c.adjusted_for = series.common and { "weekday", "common movement of the platform" } or { "weekday" }
  c.params.rho, c.params.sd, c.params.lent_df = f.rho, math.sqrt(f.v), f.lent
  local moves = test.onset(series)
  c.params.onset = date(moves)
  c.window = { from = iso(series.start), to = iso(series.stop + 1),
    segment = series.cut and "views@" .. date(series.cut) or nil }
  c.values = { posts = series.posts, impact = percent, onset = date(moves), start = date(series.start),
    ["end"] = date(series.stop), series = jsonlist.array(series.sums) }
  return c
end

--- Weekly trends of the views gained.
---@param posts table posts with `gained` = { first_day = days since 1970-01-01 UTC, [1..n] = views gained that day }
---@param extra table parallel to posts: extra[i].by = the post's label or list of labels, nil for none
---@param opts { subject: "hashtag"|"platform"|nil, min_posts: integer?, gate: number? } gate: the least relative change, 0.2
---@param world { since: number?, definitions: table? } since in epoch seconds; definitions: { platform, metric, valid_from }
---@return table[] candidates by platform and label; effect = ln of the change from the window's first week to its last
function M.run(posts, extra, opts, world)
  extra = extra or {}
  local platforms = series_of.read(posts, extra, opts, world)
  local out, together = {}, {}
  for _, name in ipairs(util.keys(platforms)) do
    local list = series_of.prepare(platforms[name], opts, world)
    if opts.subject == "platform" then
      table.move(list, 1, #list, #together + 1, together)
    elseif #list > 0 then
      test.pool(list, opts)
    end
  end
  if #together > 0 then test.pool(together, opts) end
  for _, name in ipairs(util.keys(platforms)) do
    local p = platforms[name]
    for _, series in ipairs(p.series) do
      if series.tested then
        out[#out + 1] = tested(series, p, opts)
      elseif series.posts >= MENTIONED or opts.subject == "platform" then
        out[#out + 1] = insufficient(series, p, opts)
      end
    end
  end
  return out
end

return M
