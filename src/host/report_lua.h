/* Reports written in Lua. Inside host/. */
#pragma once

#include "data/json.h"
#include "host/report.h"

/* d: one of the description's reports. */
struct report *report_of_lua(const struct plugin *p, const cJSON *d);
