--- The statistics: the sandbox's table `stats` in the host, the C module tidemark_stats in plain Lua (the build puts it into
--- lib/ of the build folder; LUA_CPATH names it for the tests). Both are the same C code. What each function takes, assumes,
--- gives and raises, in what units and after whom, stands in meta/stats.lua, from which docs/api/stats.md is made.

---@type tidemark.stats
local stats = rawget(_G, "stats") or require("tidemark_stats")
return stats
