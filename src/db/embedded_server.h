/* The server process of the private PostgreSQL: found, started, waited for, stopped. The caller holds the mutex.
 *
 * postmaster.pid says who it is; since a process number is used again and the file may be a copy's, the process must also run
 * as our account in our data folder. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "db/embedded_cluster.h"

struct embedded_server {
    pid_t pid;  /* 0: none runs */
    bool child; /* this process started it */
    char status[16];
    char socket_dir[128]; /* where it listens: a server that is found may have been started with another XDG_RUNTIME_DIR */
};

enum embedded_wait {
    EMBEDDED_FAILED = -1, /* the error says why */
    EMBEDDED_READY,
    EMBEDDED_ENDED,     /* the process went away */
    EMBEDDED_NO_SOCKET, /* it runs, but its socket was removed */
};

void embedded_server_find(const struct embedded_paths *p, struct embedded_server *s);
/* Until it takes connections, or has ended. */
enum embedded_wait embedded_server_wait(const struct embedded_paths *p, struct embedded_server *s, struct loop *loop,
                                        struct err *e);
/* Starts it and waits until it is ready. */
int embedded_server_start(const struct embedded_paths *p, const struct embedded_bin *bin, struct embedded_server *s,
                          struct loop *loop, struct err *e);
/* A fast shutdown, to its end. */
int embedded_server_stop(const struct embedded_paths *p, const struct embedded_server *s, struct loop *loop, struct err *e);
