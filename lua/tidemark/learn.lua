-- What the host asks of its own Lua while it learns: an analysis' answer, and what is decided from all of a run's answers.
-- Runs in the trusted state only (src/script/trusted.h).

local analysis = require("tidemark.analysis.init")
local discipline = require("tidemark.discipline")
local jsonlist = require("tidemark.jsonlist")
local own = require("tidemark.analysis.own")
local playbook = require("tidemark.playbook")

local M = {}

local OWN_MAX = 10000 -- of a run, as of a call

--- A question of a rule's, answered: the candidates of one analysis.
---@param kind string "rank", "correlate", "compare", "trend", "before_after" or "own"
---@param posts table[] rows (tidemark.Post)
---@param extra table[] a row per post: what the rule's own function said of it
---@param opts table the rule's options; facts: the names of the facts
---@param world table changes, definitions and clocks
---@return table[] candidates
function M.answer(kind, posts, extra, opts, world)
  if kind == "own" then return own.brief(own.run(opts)) end
  return jsonlist.array(analysis.run(kind, posts, extra, opts, world))
end

-- The answers' candidates in one list, the family of the run; and which of them find kept back: those are tested with the rest
-- and not written. A finding is known by its subject, so two answers of a rule cannot be about the same one.
local function flatten(answers)
  local all, kept_back, seen, owned = {}, {}, {}, 0
  for _, answer in ipairs(answers) do
    local candidates = answer.candidates
    if answer.kind == "own" then
      candidates = own.run(answer.opts)
      owned = owned + #candidates
    end
    if owned > OWN_MAX then
      return nil, ("find gave more than %d candidates to ctx.own in one run"):format(OWN_MAX)
    end
    for _, candidate in ipairs(candidates) do
      local subject = (candidate.platform or "*") .. "|" .. candidate.subject.key
      if seen[subject] then
        return nil, ("find asked twice about '%s' on %s: a finding is known by its rule, platform and subject, so ask in a "
          .. "rule of its own"):format(candidate.subject.key, candidate.platform or "all platforms")
      end
      seen[subject], all[#all + 1] = true, candidate
      kept_back[subject] = not answer.returned
    end
  end
  return all, kept_back
end

local function row_of(result)
  local row = {}
  for k, v in pairs(result.row) do
    if k ~= "table" and k ~= "remove" then row[k] = v end
  end
  row.finding_key = result.finding_key
  return row
end

--- All of a run's answers -> what is written.
---@param run table id, rule, plugin, clocks and input_hash of the run
---@param answers table[] { kind, opts, returned, candidates }
---@param previous table<string, table> finding_key -> lifecycle of the row as it stands
---@return table decided { results, rows = { [table] = rows }, removed, summary, warnings }; or { problem } where the rule
--- asked what cannot be decided
function M.decide(run, answers, previous)
  local candidates, kept_back = flatten(answers)
  if not candidates then return { problem = kept_back } end
  local results, expired = discipline.decide(run, candidates, previous)
  local rows, removed, warnings = {}, expired or {}, {}
  local summary = { tests = 0, own = 0, written = 0, no_difference = 0, not_shown = 0, insufficient = 0 }
  for _, result in ipairs(results) do
    if result.decision == "written" and kept_back[(result.platform or "*") .. "|" .. result.subject] then
      local whose = result.own and ("own statistics of plugin %s: "):format(result.own) or ""
      result.decision, result.why = "not_shown", whose .. "the rule kept its answer back: find did not return it"
      result.row = nil
    end
    summary[result.decision] = summary[result.decision] + 1
    if result.decision ~= "insufficient" then summary.tests = summary.tests + 1 end
    if result.own then summary.own = summary.own + 1 end
    local row = result.row
    if row and row.remove then
      removed[#removed + 1] = result.finding_key
    elseif row then
      rows[row.table] = rows[row.table] or {}
      table.insert(rows[row.table], row_of(result))
    end
    result.row = nil
  end
  return {
    results = jsonlist.array(results), rows = rows, removed = jsonlist.array(removed), summary = summary,
    warnings = jsonlist.array(warnings),
  }
end

--- The playbook, as it is handed on.
---@param posts table[] rows, with score_24h beside the score at 7 d
---@param world table clocks
---@param findings table[] the newest results of every rule, with the findings they became
---@param opts table creator or account it is for; empty: all of the owner's
---@param format "md"|"json"
---@return string|table
function M.playbook(posts, world, findings, opts, format)
  local book = playbook.build(posts, world, findings, opts)
  return format == "json" and playbook.to_table(book) or playbook.to_markdown(book)
end

return M
