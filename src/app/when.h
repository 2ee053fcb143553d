/* The clocks of a run of plugin code, from --as-of and --timeout. */
#pragma once

#include <stdint.h>

#include "app/app.h"
#include "host/part_run.h"

struct when {
    const char *as_of_text, *timeout_text; /* what was typed, or NULL */
    int64_t now, as_of;                    /* microseconds */
    unsigned timeout_ms;                   /* 0: not said */
};

/* ERR_USAGE: of the wrong form, in the future, not between 1 s and 24 h. */
int when_read(struct when *w, struct err *e);
/* Into part: the clocks, the time limit of its state, and the plugins' database, which is open (app_need_plugin_db); its session is closed,
 * as all connections are the run's. */
void when_set(const struct when *w, struct app *app, struct part_run *part);
