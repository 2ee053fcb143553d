/* Posts of several platforms become one work. */
#pragma once

#include "data/uuid.h"
#include "db/session.h"
#include "host/manifest.h"

/* Of one thing that is named: nothing (n 0), one work, or several. */
struct works_found {
    struct uuid content;
    size_t n;
};

/* found has room for n. In no transaction; names that only a person could have meant are his to tell (works_name_error). */
int works_find(struct db_session *s, const struct uuid *owner, const char *const *name, size_t n, struct works_found *found,
               struct err *e);
/* ERR_USAGE: nothing has that name, or several works do. */
int works_name_error(const char *name, const struct works_found *found, struct err *e);

struct works_result {
    size_t posts;       /* that are there */
    size_t linked;      /* contents that became part of another */
    size_t named;       /* works that got a title or a key */
    struct buf missing; /* posts that are not there yet, a few of them: "tiktok:1, tiktok:2" */
    size_t n_missing;
    struct uuid content; /* of the last work */
};

/* In one transaction. strict: a post that is not there is an error; else it is counted as missing. reason: "link", "manifest". */
int works_link(struct db_session *s, const struct uuid *owner, const struct manifest *m, const char *reason, bool strict,
               struct works_result *r, struct err *e);
void works_result_free(struct works_result *r);

/* A post gets a work of its own again. false in *split: it has one already. */
int works_split(struct db_session *s, const struct uuid *owner, const char *name, bool *split, struct err *e);
