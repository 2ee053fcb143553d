/* A plugin's parts made from its description, and given back. Inside host/plugin*.c. */
#pragma once

#include "data/json.h"
#include "host/plugin.h"

/* Takes the description over and makes parsers, rules and jobs of it. */
void plugin_parts_take(struct plugin *p, struct json_doc *description);
void plugin_parts_free(struct plugin *p);
