-- The evidence of a finding in words: every sentence from the JSON alone, none from anywhere else.
local jsonlist = require("tidemark.jsonlist")

local M = {}

-- --- values: JSON's null and what is absent are the same here ---------------------------------------------------------------

local function table_of(x) return type(x) == "table" and x ~= jsonlist.null and x or {} end
local function number_of(x) return type(x) == "number" and x == x and x or nil end

-- Text as it may stand on a terminal: control characters spelt out.
local function text_of(x)
  if type(x) ~= "string" or x == "" then return nil end
  return (x:gsub("%c", function(c) return ("\\x%02x"):format(c:byte()) end))
end

local function plain(x)
  x = number_of(x)
  if not x then return "?" end
  if x == math.floor(x) and math.abs(x) < 1e15 then return ("%d"):format(x) end
  return ("%.3g"):format(x)
end

local function count(n, unit)
  n = number_of(n)
  if n == 1 then unit = unit:gsub("s$", "") end
  return ("%s %s"):format(plain(n), unit)
end

local function probability(p)
  if p < 0.001 then return "< 0.001" end
  return ("%.2g"):format(p)
end

local function percent(x)
  if math.abs(x) < 0.05 then return "0 %" end
  return (math.abs(x) < 1 and "%+.1f %%" or "%+.0f %%"):format(x)
end

local function day(x)
  x = text_of(x)
  return x and (x:match("^%d%d%d%d%-%d%d%-%d%d") or x)
end

local function moment(x)
  x = text_of(x)
  local date, time = (x or ""):match("^(%d%d%d%d%-%d%d%-%d%d)T(%d%d:%d%d)")
  return date and date .. " " .. time .. " UTC" or x
end

local function join(list)
  if #list < 2 then return list[1] or "" end
  return table.concat(list, ", ", 1, #list - 1) .. " and " .. list[#list]
end

-- --- the estimate -----------------------------------------------------------------------------------------------------------

-- How a number of this unit is said: log ratios as a change in percent.
local function say(x, unit)
  if unit == "log_ratio" or unit == "log_count" then return percent(100 * (math.exp(x) - 1)) end
  if unit == "probability" then return ("%.0f %%"):format(100 * x) end
  if unit == "points" then return ("%+.0f points"):format(100 * x) end
  if unit == "rho" then return ("%+.2f"):format(x) end
  if unit == "ratio" then return ("%.1f times"):format(x) end
  if unit == "hours" then return ("%.3g h"):format(x) end
  if unit == "seconds" then return ("%.3g s"):format(x) end
  return plain(x)
end

local NOTHING = { log_ratio = 0, log_count = 0, rho = 0, points = 0, ratio = 1 } -- what no effect is in each unit

local function verdict(e)
  local effect, interval = table_of(e.effect), table_of(e.interval)
  local lo, hi, none = number_of(interval.lo), number_of(interval.hi), NOTHING[effect.unit]
  if not lo or not hi or not none then return "" end
  if lo > none then return "; all of it is more than nothing" end
  if hi < none then return "; all of it is less than nothing" end
  return "; nothing at all lies inside it"
end

local function estimate(e)
  local effect, interval = table_of(e.effect), table_of(e.interval)
  local raw, shrunk = number_of(effect.raw), number_of(effect.shrunk)
  if not raw then return nil end
  local lo, hi, level = number_of(interval.lo), number_of(interval.hi), number_of(interval.level) or 0.95
  local line = "Estimate: " .. say(raw, effect.unit)
  if lo and hi then
    line = ("%s, %.0f %% interval %s to %s"):format(line, 100 * level, say(lo, effect.unit), say(hi, effect.unit)) .. verdict(e)
  else
    line = line .. ", without an interval"
  end
  local lines = { line .. "." }
  if shrunk then
    local shrink = table_of(effect.shrink)
    local text = ("Shrunk, since the largest of many estimates is too large on average: %s"):format(say(shrunk, effect.unit))
    local to = number_of(shrink.to)
    lines[2] = text .. (to and (", drawn towards %s"):format(say(to, effect.unit)) or "") .. "."
  end
  return lines
end

local METHODS = {
  t_hc3 = "Student's t with standard errors that hold for uneven scatter (HC3)",
  jackknife_account = "leaving out one account at a time (jackknife)",
  hartung_knapp = "Hartung and Knapp's", welch = "Welch's", bca = "bootstrap (BCa)", wilson = "Wilson's",
  beta_posterior = "the quantiles of a beta posterior", fisher_z = "Fisher's z",
  ols_ar1 = "a line whose errors remember the week before (AR(1))", delta = "the delta method",
  prediction = "where one more value was to be expected", bootstrap = "bootstrap", own = "the plugin",
}

-- --- what each kind compares ------------------------------------------------------------------------------------------------

local QUESTION = {
  effect = "Compared: %s with and without it", rate = "Counted: how often %s is reached", anomaly = "Watched: %s",
  trend = "Followed: %s, week by week", burst = "Followed: %s, day by day", level = "Followed: the level of %s",
  duration = "Measured: how long %s lasts", correlation = "Ordered: does %s go up and down with it",
  forecast = "Projected: %s", improvement = "Compared: %s before and after it", insufficient = "To be compared: %s",
}

local BASELINE = {
  improvement = "against", trend = "measured against", insufficient = "against", rate = "drawn towards", anomaly = "expected",
}

local function subject_of(e)
  local s = table_of(e.subject)
  local label = text_of(s.label) or text_of(s.key) or "?"
  local kind = text_of(s.type) or "subject"
  local platform = text_of(s.platform)
  return ("%s (%s%s)"):format(label, (kind:gsub("_", " ")), platform and platform ~= label and " on " .. platform or "")
end

local function headline(e)
  local effect, n = table_of(e.effect), table_of(e.n)
  if e.kind == "insufficient" then
    local needed = number_of(n.needed)
    return ("%s: not enough data, %s of %s %s."):format(subject_of(e), plain(n.used), plain(needed), text_of(n.unit) or "")
  end
  local x = number_of(effect.shrunk) or number_of(effect.raw)
  if not x then return subject_of(e) .. "." end
  local said = say(x, effect.unit)
  local form = {
    rate = "%s: reached in %s of the cases.", correlation = "%s: rank correlation %s within account.",
    trend = "%s: %s over the window.", burst = "%s: %s while it lasted.", anomaly = "%s: %s what was expected.",
    improvement = "%s: %s after it.", forecast = "%s: %s expected.", duration = "%s: lasts %s.",
    level = "%s: moved by %s.",
  }
  return (form[e.kind] or "%s: %s."):format(subject_of(e), said)
end

-- What rests on a plugin's own statistics says so before any number.
local function own_of(e)
  local own = table_of(e.own)
  if not next(own) then return {} end
  local lines = {
    ("Own statistics of plugin %s: its estimate, interval, p and n are what the plugin says; tidemark did not compute them")
      :format(text_of(own.plugin) or "?") .. " and cannot check them.",
    ("How the plugin made them: %s."):format(((text_of(own.method) or "?"):gsub("%.$", ""))),
  }
  local why = text_of(own.why)
  if why then lines[3] = ("What it says of it: %s."):format((why:gsub("%.$", ""))) end
  return lines
end

-- A probability of a plugin's own is a difference of two.
local function own_units(e)
  if not e.own then return e end
  local function renamed(x)
    local out = {}
    for k, v in pairs(table_of(x)) do out[k] = v end
    if out.unit == "probability" then out.unit = "points" end
    return out
  end
  local out, gates = renamed(e), {}
  for i, g in ipairs(table_of(e.gates)) do gates[i] = renamed(g) end
  out.effect, out.gates = e.effect and renamed(e.effect), gates
  return out
end

local function compared(e)
  if e.own then return {} end
  local metric, baseline = table_of(e.metric), table_of(e.baseline)
  local what = (text_of(metric.name) or "the metric"):gsub("_", " ")
  local line = (QUESTION[e.kind] or "Compared: %s"):format(what)
  local age = number_of(metric.age_h)
  if age then
    line = ("%s at %s of age"):format(line, age % 24 == 0 and count(age / 24, "days") or count(age, "hours"))
  end
  if text_of(metric.formula) then line = line .. (", measured as %s"):format(text_of(metric.formula)) end
  local lines = { line .. "." }
  local text = text_of(baseline.text)
  if text then
    local base = ("%s: %s"):format(BASELINE[e.kind] or "against", text)
    local value = number_of(baseline.value)
    if value then base = base .. (" (%s)"):format(plain(value)) end
    if baseline.controlled == true then base = base .. "; controlled" end
    if baseline.controlled == false then base = base .. "; uncontrolled: what else changed then counts as well" end
    lines[2] = base:sub(1, 1):upper() .. base:sub(2) .. "."
  end
  local definitions = {}
  for _, d in ipairs(table_of(metric.definitions)) do definitions[#definitions + 1] = text_of(d) end
  if #definitions > 0 then lines[#lines + 1] = "As the platforms define it: " .. join(definitions) .. "." end
  return lines
end

local function numbers(e)
  local n = table_of(e.n)
  local unit = text_of(n.unit) or "values"
  local line = "Data: " .. count(n.used, unit)
  local a, b = number_of(n.a), number_of(n.b)
  if a and b then
    local names = { improvement = { "after", "before or elsewhere" }, rate = { "above", "below" } }
    local name = names[e.kind] or { "with", "without" }
    line = ("%s, %s %s and %s %s"):format(line, plain(a), name[1], plain(b), name[2])
  end
  local needed = number_of(n.needed)
  if needed then line = ("%s; needed: %s"):format(line, plain(needed)) end
  if number_of(n.effective) then line = ("%s; worth %s independent ones"):format(line, plain(n.effective)) end
  return line .. "."
end

-- --- the test ---------------------------------------------------------------------------------------------------------------

local P_KIND = {
  fixed_n = "for one look at the data", always_valid = "valid however often it is looked at", bootstrap = "by resampling",
  own = "as the plugin says",
}
local SIDED = { two = "two-sided", greater = "one-sided, for more", less = "one-sided, for less" }

local function family_of(e)
  local f = table_of(e.family)
  if not number_of(f.m) then return {} end
  local line = ("Family: %s in one run (%s)"):format(count(f.m, "tests"), text_of(f.id) or "?")
  local q, alpha = number_of(f.q), number_of(f.alpha)
  if q then
    line = ("%s, q %s by %s"):format(line, probability(q), text_of(f.procedure) or "?")
    if alpha then line = ("%s, %s allowed"):format(line, plain(alpha)) end
    if number_of(f.rank) then line = ("%s, rank %s"):format(line, plain(f.rank)) end
  elseif f.procedure == "none" then
    line = line .. ", not corrected"
  end
  return { line .. "." }
end

local function test_of(e)
  local t = table_of(e.test)
  if not text_of(t.method) then return family_of(e) end
  local line = "Test: " .. text_of(t.method)
  local statistic = number_of(t.statistic)
  if statistic then
    line = ("%s; %s = %.2f"):format(line, text_of(t.statistic_name) or "statistic", statistic)
    local df = number_of(table_of(e.effect).df)
    if df and t.statistic_name == "t" then line = ("%s with %.0f degrees of freedom"):format(line, df) end
  end
  local p = number_of(t.p)
  if p then
    line = ("%s, p %s"):format(line, probability(p))
    local how = {}
    if SIDED[t.sided] then how[1] = SIDED[t.sided] end
    if P_KIND[t.p_kind] then how[#how + 1] = P_KIND[t.p_kind] end
    if #how > 0 then line = ("%s (%s)"):format(line, table.concat(how, ", ")) end
  end
  local score = number_of(t.score)
  if score then
    line = ("%s; score %s"):format(line, plain(score))
    if number_of(t.threshold) then line = ("%s, alarm at %s"):format(line, plain(t.threshold)) end
  end
  if number_of(t.e) then line = ("%s; e-value %s"):format(line, plain(t.e)) end
  local lines = { line .. "." }
  local method = METHODS[table_of(e.interval).method]
  if method then lines[2] = "Interval by " .. method .. "." end
  for _, family in ipairs(family_of(e)) do lines[#lines + 1] = family end
  return lines
end

local GATES = {
  min_effect = "the estimate is large enough", min_shrunk = "the shrunk estimate is large enough",
  min_change = "the change is large enough", min_n = "there are enough", min_works = "there are enough works",
  min_n_each = "there are enough on both sides", min_adopters = "enough accounts took it up",
  min_multiple = "it is many times what was expected", interval = "the whole interval lies on one side of nothing",
  min_factor = "it is large enough", q = "q is small enough",
}

local function gate_line(g)
  local unit = text_of(g.unit)
  local function value(x)
    x = number_of(x)
    if not x then return "?" end
    if NOTHING[unit] or unit == "probability" or unit == "points" then return say(x, unit) end
    return plain(x) .. (unit and " " .. unit or "")
  end
  local name = GATES[g.name] or (text_of(g.name) or "?"):gsub("_", " ")
  return ("%s: %s, needed %s: %s"):format(name, value(g.value), value(g.limit), g.passed == true and "passed" or "NOT passed")
end

-- --- what was left out, and the rest ----------------------------------------------------------------------------------------

local REASONS = {
  no_snapshot_near_age = "no snapshot near the age", likes_hidden = "likes are hidden", views_null = "views are not known",
  period_window = "counts of a period, not of the lifetime",
  before_definition_change = "before the metric's definition changed",
  straddles_definition_change = "the metric's definition changed during their life",
  counter_corrected = "the platform corrected its counter", stale_read = "the read was stale", too_young = "too young",
  deleted = "deleted", reupload = "uploaded again", duplicate = "double", quarantined = "in quarantine", holiday = "holidays",
  other_platform_missing = "missing on the other platform", below_min_views = "too few views",
  no_publish_time = "time of publication not known", no_fact = "the fact was not measured",
  no_baseline = "too few other posts of the account to compare with", day_missing = "days without data",
  day_incomplete = "days not complete",
}

local function excluded_of(e)
  if e.own then return nil end -- nobody knows what the plugin left out
  local parts = {}
  for _, x in ipairs(table_of(e.excluded)) do
    local reason = text_of(x.reason) or "?"
    local said = REASONS[reason] or (reason:gsub("_", " "))
    parts[#parts + 1] = ("%s (%s)"):format(count(x.count, text_of(x.unit) or "values"), said)
  end
  return #parts > 0 and "Left out: " .. join(parts) .. "." or "Left out: nothing."
end

local function window_of(e)
  local w, mark = table_of(e.window), table_of(e.watermark)
  local line = ("Window: %s to %s"):format(day(w.from) or "?", day(w.to) or "?")
  if text_of(w.tz) then line = ("%s (%s)"):format(line, text_of(w.tz)) end
  if text_of(w.segment) then line = ("%s, only under the definition %s"):format(line, text_of(w.segment)) end
  line = ("%s. Data known up to %s"):format(line, moment(mark.recorded_at) or "?")
  local withheld = number_of(mark.withheld_h)
  if withheld and withheld > 0 then line = ("%s; the last %s are not looked at yet"):format(line, count(withheld, "hours")) end
  return line .. "."
end

local STATE = {
  candidate = "Candidate since %s: found once, to be seen again on new data", confirmed = "Confirmed since %s",
  decayed = "Decayed since %s: it was there, new data do not show it", retired = "Retired since %s",
}

local function state_of(e)
  local l = table_of(e.lifecycle)
  if not STATE[l.state] then return nil end
  local line = STATE[l.state]:format(day(l.since) or "?")
  if l.state ~= "candidate" and day(l.candidate_at) then line = line .. ", a candidate since " .. day(l.candidate_at) end
  if number_of(l.works_fresh) then
    line = ("%s; %s since"):format(line, count(l.works_fresh, "new works"))
    if number_of(l.e_fresh) then line = ("%s, e-value %s (20 confirm)"):format(line, plain(l.e_fresh)) end
  end
  if l.state == "candidate" and day(l.expires_at) then line = ("%s; expires on %s"):format(line, day(l.expires_at)) end
  if text_of(l.cause) then line = ("%s; cause: %s"):format(line, text_of(l.cause)) end
  return line .. "."
end

local function from_of(e)
  local run, plugin = text_of(e.run) or "?", text_of(e.plugin) or "?"
  local line = ("From: rule %s of plugin %s, run %s"):format(text_of(e.rule) or "?", plugin, run)
  if moment(e.computed_at) then line = ("%s, computed %s"):format(line, moment(e.computed_at)) end
  return line .. "."
end

local function decision_of(e, row)
  local decision = text_of(row.decision)
  local why = text_of(row.why) or text_of(e.why)
  if not decision and not why then return nil end
  local said = decision and decision:gsub("_", " ")
  if said and why then return ("Decision: %s: %s."):format(said, (why:gsub("%.$", ""))) end
  return ("Decision: %s."):format(said or (why:gsub("%.$", "")))
end

local function sorted_params(e)
  local keys, parts = {}, {}
  for k, v in pairs(table_of(e.params)) do
    if type(k) == "string" and (type(v) == "number" or type(v) == "string") then keys[#keys + 1] = k end
  end
  table.sort(keys)
  for i, k in ipairs(keys) do
    local v = e.params[k]
    parts[i] = ("%s %s"):format(text_of(k), type(v) == "number" and plain(v) or text_of(v) or '""')
  end
  return #parts > 0 and "Settings: " .. table.concat(parts, ", ") .. "." or nil
end

--- The evidence of a finding in words.
---@param evidence table by schema/evidence.schema.json
---@param row table? of the finding or of rule_results: decision and why are read, where there are any
---@return string[] lines plain sentences, ASCII but for names; not wrapped
function M.text(evidence, row)
  local e, lines = own_units(table_of(evidence)), {}
  local function add(x)
    for _, line in ipairs(type(x) == "table" and x or { x }) do lines[#lines + 1] = line end
  end
  add(headline(e))
  add(own_of(e))
  add(compared(e))
  add(estimate(e))
  add(numbers(e))
  add(test_of(e))
  local gates = table_of(e.gates)
  for _, g in ipairs(gates) do add("Gate: " .. gate_line(table_of(g)) .. ".") end
  local adjusted = {}
  for _, a in ipairs(table_of(e.adjusted_for)) do adjusted[#adjusted + 1] = text_of(a) end
  if #adjusted > 0 then add("Held equal: " .. join(adjusted) .. ".") end
  add(excluded_of(e))
  add(window_of(e))
  add(state_of(e))
  for _, w in ipairs(table_of(e.warnings)) do
    local text = text_of(table_of(w).text) or text_of(table_of(w).code)
    if text then add("Note: " .. text:gsub("%.$", "") .. ".") end
  end
  add(decision_of(e, table_of(row)))
  add(sorted_params(e))
  add(from_of(e))
  return lines
end

return M
