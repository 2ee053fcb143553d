/* The files of the private PostgreSQL: which server programs there are, of which version the data is, and making it.
 *
 * A cluster is made in a folder beside its place and renamed when it is whole: there is never half a one. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "db/embedded_paths.h"
#include "db/loop.h"

#define EMBEDDED_PLUGIN_LOGIN "tidemark_plugin"

struct embedded_bin {
    char *dir; /* NULL: no server is installed */
    int version;
};

/* TIDEMARK_PG_BINDIR where it is set, else what lies under /usr/lib/postgresql or pg_config names: of version want where
 * there is one, else the newest. want 0: any. */
void embedded_bin_find(const struct embedded_paths *p, int want, struct embedded_bin *bin);
void embedded_bin_fini(struct embedded_bin *bin);

int embedded_cluster_version(const struct embedded_paths *p, int *version, struct err *e); /* 0: there is no cluster yet */
/* There is a server for this data: ERR_CONFIG says what to install or to do. version 0: for a new cluster. */
int embedded_cluster_check(const struct embedded_paths *p, int version, const struct embedded_bin *bin, struct err *e);
int embedded_cluster_make(const struct embedded_paths *p, const struct embedded_bin *bin, struct loop *loop, struct err *e);
/* Who may connect, brought up to what this version needs; a server that runs has to be told (SIGHUP) when something *changed. */
int embedded_cluster_renew(const struct embedded_paths *p, bool *changed, struct err *e);
bool embedded_says_full(const char *text); /* what a tool or the server printed tells of a full disk */
