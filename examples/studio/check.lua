#!/usr/bin/env lua5.4
-- Compares what the rules found in the made-up payloads with what was planted in them.
--
-- check.lua OUT/truth.json < results   where results are the rows that results.sql prints: owner, rule, platform or *, subject
-- type, subject, effect in percent, decision, separated by tabs.
--
-- A finding is a row whose decision is "written". It is true when an effect of that subject is planted for that owner on that
-- platform (a row of * is of all platforms) and the signs agree; else it is false. An effect is found when a true finding names
-- it. Exit code: 0 all found and none false, 1 something missed or false, 64 or 65 bad arguments or input.
local here = arg[0]:match("^(.*/)") or "./"
package.path = here .. "?.lua;" .. package.path
local json = require("jsonr")

local usage = [[
usage: check.lua [--brief|--tsv] TRUTH.json < results
  --brief  the last line only
  --tsv    one row: seed, null, planted, found, false, findings, tests, rules, then kind=found/planted of each kind
]]

local function fail(code, text)
  io.stderr:write("check.lua: ", text, "\n", code == 64 and usage or "")
  os.exit(code)
end

local mode, path
for _, a in ipairs(arg) do
  if a == "--brief" or a == "--tsv" then
    mode = a
  elseif a:sub(1, 1) == "-" or path then
    fail(64, ("do not understand '%s'"):format(a))
  else
    path = a
  end
end
if not path then
  fail(64, "a truth.json is needed")
end
local file = io.open(path) or fail(65, "cannot read " .. path)
local ok, truth = pcall(json.decode, file:read("a"))
if not ok then
  fail(65, path .. ": " .. truth)
end

-- ---- the rows ----

-- A subject by which a finding and an effect are the same: a block by the hour it begins at ("18-21", "18 to 21 h"), a fact
-- without its facet ("visual.brightness"), all else by name, with or without #.
local function subject(type, key)
  key = key:lower():gsub("^#", "")
  if type == "time_block" then
    key = tostring(tonumber(key:match("%d+")))
  elseif type == "fact" then
    key = key:match("([^.]+)$") or key
  end
  return type .. " " .. key
end

local rows, rules = {}, {}
for line in io.lines() do
  local r, n = {}, 0
  for field in (line .. "\t"):gmatch("([^\t]*)\t") do
    n = n + 1
    r[n] = field
  end
  if n ~= 7 then
    fail(65, ("line %d: 7 fields expected, here are %d: %s"):format(#rows + 1, n, line))
  end
  rows[#rows + 1] = {
    owner = r[1], rule = r[2], platform = r[3], type = r[4], key = r[5], subject = subject(r[4], r[5]), effect = tonumber(r[6]),
    decision = r[7],
  }
  rules[r[2]] = true
end

-- ---- true or false ----

local function on(platforms, platform)
  for _, one in ipairs(platforms) do
    if one == platform or platform == "*" then
      return true
    end
  end
  return false
end

local function agrees(row, effect)
  return effect.owner == row.owner and subject(effect.subject.type, effect.subject.key) == row.subject
    and on(effect.platforms, row.platform) and (not row.effect or row.effect * effect.percent > 0)
end

local function judge(row)
  for _, effect in ipairs(truth.planted) do
    if agrees(row, effect) then
      effect.found_by = effect.found_by or row
      return true
    end
  end
  return false
end

local sum = { findings = 0, tests = 0, wrong = {}, planted = 0, found = 0, rules = 0 }
for _, row in ipairs(rows) do
  sum.tests = sum.tests + (row.decision ~= "insufficient" and 1 or 0)
  if row.decision == "written" then
    sum.findings = sum.findings + 1
    if not judge(row) then
      table.insert(sum.wrong, row)
    end
  end
end
for _ in pairs(rules) do
  sum.rules = sum.rules + 1
end

local owners, kinds, kind_names = {}, {}, {}
for _, row in ipairs(rows) do
  owners[row.owner] = true
end
for _, effect in ipairs(truth.planted) do
  if effect.must and (owners[effect.owner] or next(owners) == nil) then
    local k = kinds[effect.kind] or { planted = 0, found = 0 }
    if not kinds[effect.kind] then
      kinds[effect.kind] = k
      table.insert(kind_names, effect.kind)
    end
    local found = effect.found_by and 1 or 0
    k.planted, k.found = k.planted + 1, k.found + found
    sum.planted, sum.found = sum.planted + 1, sum.found + found
  end
end
table.sort(kind_names)

-- ---- what it says ----

local function percent(v)
  return v and ("%+.0f %%"):format(v) or "no figure"
end

-- What became of an effect that no rule wrote: its own rows, in their own words.
local function instead(effect)
  local said = {}
  for _, row in ipairs(rows) do
    if row.owner == effect.owner and row.subject == subject(effect.subject.type, effect.subject.key) then
      table.insert(said, ("%s, %s: %s"):format(row.rule, row.platform, row.decision))
    end
  end
  return #said > 0 and table.concat(said, "; ") or "no rule looked at it"
end

local function tell_all()
  for _, effect in ipairs(truth.planted) do
    local what = ("%s %s %s %s"):format(effect.owner, effect.subject.type, effect.subject.key, percent(effect.percent))
    local row = effect.found_by
    if row then
      print(("found   %s: %s, %s, %s"):format(what, percent(row.effect), row.platform, row.rule))
    else
      print(("%s  %s: %s"):format(effect.must and "MISSED" or "(thin)", what, instead(effect)))
    end
  end
  for _, row in ipairs(sum.wrong) do
    print(("FALSE   %s %s %s %s: %s, %s"):format(row.owner, row.type, row.key, percent(row.effect), row.platform, row.rule))
  end
end

if mode == "--tsv" then
  local out = {
    truth.seed, tostring(truth.null), sum.planted, sum.found, #sum.wrong, sum.findings, sum.tests, sum.rules,
  }
  for _, kind in ipairs(kind_names) do
    out[#out + 1] = ("%s=%d/%d"):format(kind, kinds[kind].found, kinds[kind].planted)
  end
  print(table.concat(out, "\t"))
else
  if not mode then
    tell_all()
  end
  print(("%d rules, %d tests, %d findings; planted %d of %d found, %d false"):format(
    sum.rules, sum.tests, sum.findings, sum.found, sum.planted, #sum.wrong))
end
os.exit(sum.found == sum.planted and #sum.wrong == 0 and 0 or 1)
