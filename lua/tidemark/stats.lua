return rawget(_G, "stats") or require("tidemark_stats")
