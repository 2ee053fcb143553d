/* Where the private PostgreSQL of a project keeps its data, locks, log and sockets, and as whom it runs.
 *
 * Finding touches nothing; making creates what is missing with the right owner and mode, and refuses what is somebody
 * else's: a folder under /tmp may have been put there to catch our sockets. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct embedded_paths {
    bool root;
    char *project;    /* real path */
    char *base;       /* holds the rest: /var/lib/tidemark/HASH or PROJECT/.tidemark */
    char *data;       /* base/pg */
    char *log;        /* base/pg.log: what the server says */
    char *mutex;      /* base/pg.lock: held while a server is made, started or stopped */
    char *use;        /* base/pg.use: shared by all commands at work */
    char *pin;        /* base/pg.pin: there = the server stays */
    char *socket_dir; /* its parent is ours too */
    char *roots_data; /* not root: where root would keep this project's data */
    char hash[17];
    char account[64]; /* "" when the system knows no name for us, or has no account postgres */
    uid_t uid;        /* the server's */
    gid_t gid;
};

int embedded_paths_find(const char *project, struct embedded_paths *p, struct err *e);
void embedded_paths_fini(struct embedded_paths *p);
int embedded_paths_make(const struct embedded_paths *p, struct err *e);         /* base */
int embedded_paths_make_sockets(const struct embedded_paths *p, struct err *e); /* socket_dir, private to the account */
int embedded_paths_check_sockets(const struct embedded_paths *p, const char *dir, struct err *e);
void embedded_paths_drop_sockets(const char *socket_dir); /* the folders, where they are empty */

/* Close-on-exec and never 0, 1 or 2, which a command that was started without them would write its result to. */
int embedded_open(const char *path, int flags, mode_t mode);
int embedded_high_fd(int fd); /* the same for a descriptor that is there; closes fd */

/* errno as an error: "PATH: cannot WHAT: reason", or embedded_disk_full. */
int embedded_file_error(struct err *e, const char *what, const char *path);
int embedded_disk_full(struct err *e, const char *path, const char *need);
