---@meta

--- What a report's, job's, collector's, script's or rule's function gets to work with. Code is straight-line Lua: what takes
--- time (`ctx.db`, `ctx.sleep`, `ctx.parallel`, the analyses) waits and gives its result. Inside a coroutine of your own
--- nothing can wait.
---
--- Reports and rules only read; jobs, collectors and scripts may write. A script gets ctx as its first argument:
--- `local ctx, args = ...`. What is wrong raises an error object, see [errors](errors.md).
---@class tidemark.Ctx
---@field now number the run's clock in seconds since 1970: the wall's, or the data's with `--as-of`
---@field as_of number up to when data are looked at, in seconds since 1970; `now` unless `--as-of` says otherwise
---@field config table<string, any> the plugin's settings, checked, with their defaults; read only
---@field state table<string, any> values by text key that last from run to run, each owner's own: what JSON can hold, nil
---deletes. Kept by the next commit of the run, else at its successful end; in a report they can be read only
---@field db tidemark.Db the owner's data
---@field log tidemark.Log lines on stderr
local ctx = {}

--- Waits.
---
--- Units: seconds, 0 to 86,400, in steps of a millisecond.
--- Errors: raises for what is no such number, and when the run is cancelled or over its time.
---
--- ```lua
--- ctx.sleep(0.01)
--- ```
---@param seconds number
function ctx.sleep(seconds) end

--- Runs functions at the same time, as far as they wait, and gives their results in order: one of each. A list of functions
--- gives a list. The first error cancels the others and is raised.
---
--- Errors: raises what a function raised; raises for what is no function, and for more than 10,000 at once.
---
--- ```lua
--- local one, two = ctx.parallel(
---   function() return ctx.db.value("SELECT 1") end,
---   function() return ctx.db.value("SELECT 2") end)
--- assert(one == 1 and two == 2)
--- local list = ctx.parallel({ function() return "a" end, function() return "b" end })
--- assert(list[2] == "b")
--- ```
---@param ... (fun(): any)|(fun(): any)[]
---@return any ...
function ctx.parallel(...) end

--- Lines on stderr, each with the run's name. `ctx.log(text)` is `ctx.log.info(text)`.
---@class tidemark.Log
---@overload fun(text: any)
local log = {}

--- What the operator should see.
---
--- Errors: raises for more than one argument, and when the run has written as many lines as it may (limits.log_lines).
---
--- ```lua
--- ctx.log.info("read " .. 3 .. " rows")
--- ctx.log("the same, in short")
--- ```
---@param text any
function log.info(text) end

--- What may be wrong.
---
--- Errors: as info.
---
--- ```lua
--- ctx.log.warn("no posts since yesterday")
--- ```
---@param text any
function log.warn(text) end

--- What is wrong, though the run goes on.
---
--- Errors: as info.
---
--- ```lua
--- ctx.log.error("a page could not be read")
--- ```
---@param text any
function log.error(text) end

--- What helps to find a mistake; shown with TIDEMARK_LOG=debug.
---
--- Errors: as info.
---
--- ```lua
--- ctx.log.debug("page 3 of 7")
--- ```
---@param text any
function log.debug(text) end
