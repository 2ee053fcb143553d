/* The engine's own tables in schema tidemark, and the lock that lets one process at a time change the schema. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <libpq-fe.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/migrate_files.h"
#include "db/session.h"

/* What the database says was applied. */
struct ledger {
    PGresult *rows; /* "m" or "r", version, name, sha256; NULL: the database knows nothing of us */
    int version;    /* the highest, 0: none */
};

/* Opens a transaction that holds the lock (60 s, or the session's own lock_timeout), with the ledger's tables made where
 * absent. ERR_TEMPORARY when the lock is not had, ERR_CONFIG for a role that cannot migrate. Ends with commit or rollback. */
int ledger_begin(struct db_session *s, struct err *e);

int ledger_read(struct db_session *s, struct ledger *out,
                struct err *e); /* absent tables are an empty ledger, not in a transaction */
void ledger_free(struct ledger *l);

/* The hash under which a file was applied; NULL: it was not. */
const char *ledger_hash(const struct ledger *l, const struct migrate_file *m);
/* A database that is ahead of this build, or has a migration whose file is gone: ERR_CONFIG. */
int ledger_check_known(const struct ledger *l, const struct migrate_files *files, struct err *e);
/* A migration whose file is not what was applied: ERR_CONFIG, by its name. */
int ledger_check_edited(const struct ledger *l, const struct migrate_files *files, struct err *e);
int ledger_pending(const struct ledger *l, const struct migrate_files *files); /* migrations and repeatable files to apply */

int ledger_add(struct db_session *s, const struct migrate_file *m, struct err *e);
/* Takes a migration out; what is repeatable may have gone with it, so all of that is to be applied again. */
int ledger_remove(struct db_session *s, const struct migrate_file *m, struct err *e);
/* Repeatable files that no longer exist are forgotten. */
int ledger_forget(struct db_session *s, const struct migrate_files *files, struct err *e);
