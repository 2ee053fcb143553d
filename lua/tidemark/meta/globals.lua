---@meta

-- What every function of a plugin finds beside Lua's own string, table, math, utf8 and coroutine (not there: io, os, debug,
-- package, load, loadfile, dofile, collectgarbage, warn, string.dump, math.randomseed). print writes to stderr, of a script to
-- standard output.

---@type tidemark.time
time = nil

---@type tidemark.json
json = nil

---@type tidemark.stats
stats = nil
