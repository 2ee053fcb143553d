/* A plugin's parts made from its description, and given back. Inside host/plugin*.c. */
#pragma once

#include "data/json.h"
#include "host/plugin.h"

/* Takes the description over and makes parsers, rules and jobs of it. */
void plugin_parts_take(struct plugin *p, struct json_doc *description);
/* Where an entry of its table stands: ("parsers", "x.y"), ("capabilities", "http"). 1 where that was not asked for when it was loaded. */
int plugin_line(const struct plugin *p, const char *part, const char *name);
/* Mistakes: reports in SQL whose name one in Lua has already. */
void plugin_parts_twice(const struct plugin *p, struct buf *mistakes);
/* Adds what the contract warned of, a line each. */
void plugin_parts_warnings(const struct plugin *p, struct buf *out);
void plugin_parts_free(struct plugin *p);
