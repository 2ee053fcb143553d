/* Child processes of the private PostgreSQL: its server and its tools, as the right account, with nothing of ours. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "db/embedded_paths.h"
#include "db/loop.h"

/* Sleeps; with a loop, lets it go on. ERR_CANCELLED when a signal asked the process to stop. loop may be NULL. */
int embedded_pause(struct loop *loop, unsigned ms, struct err *e);

/* Starts argv[0] (a path) in a session of its own: no descriptor of ours but in and out, no PG* or locale variable, default
 * signals, umask 077, folder "/", the server's account. for_good: it outlives us; else it is killed when we die. */
struct embedded_start {
    char *const *argv;
    int in, out; /* stdin; stdout and stderr */
    bool for_good;
};
int embedded_run_start(const struct embedded_paths *p, const struct embedded_start *s, pid_t *pid, struct err *e);

/* Runs a tool to its end. *status is waitpid's. */
struct embedded_tool {
    char *const *argv;
    const char *input; /* less than a pipe holds; NULL: none */
    struct loop *loop; /* may be NULL */
};
int embedded_run_tool(const struct embedded_paths *p, const struct embedded_tool *t, struct buf *out, int *status,
                      struct err *e);
