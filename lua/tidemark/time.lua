--- Instants, zones, spans and buckets of time: the sandbox's table `time` in the host, the C module tidemark_time in plain Lua
--- (the build puts it into lib/ of the build folder; LUA_CPATH names it for the tests). Both are the same C code. What each
--- function takes, gives and raises stands in meta/time.lua, from which docs/api/time.md is made.

---@type tidemark.time
local time = rawget(_G, "time") or require("tidemark_time")
return time
