/* Reports written in Lua: reports["x.top"] of a plugin. */
#pragma once

#include "data/json.h"
#include "host/part_run.h"
#include "host/report.h"

/* d: one of the description's reports. */
struct report *report_of_lua(const struct plugin *p, const cJSON *d);

/* As report_run; of how, loop, pool, owner and the clocks count. What the function does wrong is ERR_PLUGIN with its place. */
int report_run_lua(const struct report *r, const struct part_run *how, const struct report_var *vars, size_t n,
                   struct rowset **out, struct err *e);
