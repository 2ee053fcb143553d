/* tidemark quarantine: what its files share. */
#pragma once

#include "app/app.h"

struct quarantine_cmd {
    struct app *app;
    const char *who, *format, *code, *platform, *older_than;
    bool raw, all, yes;
};

/* quarantine_work.c. ids: n endings of ids; none: whatever the options say. */
int quarantine_replay(struct quarantine_cmd *c, const struct uuid *owner, const char *const *ids, size_t n, struct err *e);
int quarantine_purge(struct quarantine_cmd *c, const struct uuid *owner, const char *const *ids, size_t n, struct err *e);
