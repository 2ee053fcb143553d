/* The private PostgreSQL of a project: made on demand, started on demand, stopped by the last one out.
 *
 * Unix socket only, checksums, UTF-8, C.UTF-8, peer authentication with an ident map; PG* variables have no say. As root the
 * data lies in /var/lib/tidemark/HASH and the server runs as "postgres"; else in PROJECT/.tidemark/pg as whoever calls.
 * HASH = the first 16 hex digits of the SHA-256 of the project's real path. Two lock files guard it (embedded.c says how);
 * a server that a killed command left behind is adopted by the next one. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/loop.h"

struct embedded;

/* Takes a share in the server: makes the cluster and starts it where needed. Blocks while another command makes or starts it
 * (the loop is not running yet). Errors: ERR_CONFIG (no server binary: names the package; a cluster of another major
 * version: names both; the socket folder is somebody else's), ERR_TEMPORARY (disk full), ERR_UNAVAILABLE (it did not come
 * up: ends with the last lines of its log). */
int embedded_enter(struct loop *loop, const char *project, struct embedded **out, struct err *e);
const char *embedded_uri(const struct embedded *pg); /* "host=… port=5432 user=tidemark dbname=tidemark" */
/* The same as the login that plugins' statements use (schema/repeatable/65_wall.sql makes it): it may become an owner, and nothing
 * else. */
const char *embedded_plugin_uri(const struct embedded *pg);
bool embedded_was_made(const struct embedded *pg); /* this call made the cluster */
/* Gives the share back; the last one out stops the server unless it is pinned. */
void embedded_leave(struct embedded **pg);

int embedded_pin(const char *project, struct err *e);   /* db start: after embedded_enter; the server stays */
int embedded_unpin(const char *project, struct err *e); /* db stop: whoever leaves last stops it */
/* db stop when nobody else uses it: stops a running server; *was_running says whether there was one. Others at work:
 * it goes on until they end, and that is no error (*others = true). */
int embedded_stop(struct loop *loop, const char *project, bool *was_running, bool *others, struct err *e);

/* Removes everything the project's server has: data, locks, log, sockets. Only for a project that nobody else uses, after embedded_leave. */
int embedded_destroy(const char *project, struct err *e);

/* For doctor: where all of it is and how it stands. Texts live as long as the struct. */
struct embedded_state {
    char data[4096], socket_dir[128], log[4096], account[64];
    char bindir[4096];   /* "" when no server binary was found */
    int server_version;  /* of the binaries, 15; 0 unknown */
    int cluster_version; /* PG_VERSION of the data; 0: no cluster yet */
    pid_t pid;           /* 0: not running */
    bool pinned;
    int users; /* commands that hold a share now, without the caller; -1 unknown */
};
int embedded_state(const char *project, struct embedded_state *out, struct err *e);
