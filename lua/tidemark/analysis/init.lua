-- The analyses: posts and what a rule's functions said of them -> candidates. Pure Lua over the C statistics; it runs in the
-- host's trusted state, where no plugin can reach it, and in specs without the host.

local works = require("tidemark.analysis.works")

local M = {}

local KINDS = {
  rank = "tidemark.analysis.rank", correlate = "tidemark.analysis.correlate", compare = "tidemark.analysis.compare",
  before_after = "tidemark.analysis.before_after",
}

--- Runs one analysis. The same posts give the same candidates, in whatever order they come.
---@param kind "rank"|"correlate"|"compare"|"trend"|"before_after"|"own"
---@param posts table[] rows of posts (a list, or the host's frame)
---@param extra table[]? parallel to posts: { by = label or labels } or { [fact] = number }
---@param opts table what the rule asked for
---@param world { as_of: number, watermark: number, age_h: integer, metric: string, changes: table[]?, definitions: table[]?,
---  since: number? } what is known beside the posts; times in epoch seconds
---@return tidemark.Candidate[]
function M.run(kind, posts, extra, opts, world)
  opts = opts or {}
  local candidates
  if kind == "trend" then
    candidates = require("tidemark.analysis.trend").run(posts, extra, opts, world)
  elseif kind == "own" then
    return require("tidemark.analysis.own").run(opts)
  elseif KINDS[kind] then
    candidates = require(KINDS[kind]).run(works.rows(posts, extra), opts, world)
  else
    error(("'%s' is no analysis: rank, correlate, compare, trend, before_after or own"):format(tostring(kind)), 2)
  end
  local gate = opts.gate and math.log(1 + opts.gate) or nil
  for _, c in ipairs(candidates) do
    c.writes, c.gate = opts.writes, c.gate or gate
  end
  return candidates
end

return M
