/* A database to try things on: a private PostgreSQL in a temporary folder, without the care that data which matters needs, gone when
 * it is closed. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "db/embedded.h"
#include "db/session.h"

struct throwaway {
    char *dir;
    struct loop *loop;
    struct embedded *server;
    struct db_pool *pool;
    struct db_session *session;
};

/* Nothing where it is open already. From then on SIGINT and SIGTERM are the loop's. */
int throwaway_open(struct throwaway *t, const char *schema_dir, struct err *e);
bool throwaway_interrupted(const struct throwaway *t);
void throwaway_close(struct throwaway *t); /* stops and removes all of it, also after a failed open */
