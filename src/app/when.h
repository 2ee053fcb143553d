/* The clocks of a run, from --as-of and --timeout. */
#pragma once

#include <stdint.h>

#include "base/err.h"

struct when {
    const char *as_of_text, *timeout_text; /* what was typed, or NULL */
    int64_t now, as_of;                    /* microseconds */
    unsigned timeout_ms;                   /* 0: not said */
};

/* ERR_USAGE: of the wrong form, in the future, not between 1 s and 24 h. */
int when_read(struct when *w, struct err *e);
