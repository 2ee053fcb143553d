/* A plugin's function, a script or a prompt's line, run now for one owner: its database, its state, its settings. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "data/uuid.h"
#include "db/session.h"
#include "host/plugin.h"
#include "script/run.h"

struct part_run {
    struct loop *loop;
    struct db_pool *pool;       /* nobody else's while it runs */
    bool walled;                /* as in host/run_port.h */
    struct db_session *session; /* the host's own: what the run used is kept over it; NULL: it is not */
    struct uuid owner;
    const struct plugin *plugin; /* whose settings, grants and state; NULL: a script */
    struct vm *vm;
    enum run_kind kind;
    bool read_only;   /* of a script or a job: it may not write */
    const char *what; /* names it in errors */
    double now, as_of;
};

/* Errors as run_function's; ERR_CONFIG for a table that the plugin may not read. */
int part_run(const struct part_run *r, const struct run_code *code, struct err *e);
