std = "lua54"
max_line_length = 128
codes = true
files["**/spec/*.lua"] = { std = "+busted" }
files["**/*_spec.lua"] = { std = "+busted" }
-- tests quote whole command lines and what they print
files["tests/**/*.lua"] = { max_line_length = 150 }
-- what a plugin's sandbox has beside the standard library (src/script/vm.h, src/script/value.h)
files["plugins/*/*.lua"] = { read_globals = { "json", "stats", "time" } }
-- definitions for editors: functions without a body
files["lua/tidemark/meta/*.lua"] = { unused = false, max_line_length = 180, globals = { "json", "stats", "time" } }
