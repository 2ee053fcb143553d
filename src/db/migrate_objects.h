/* What our objects look like in the database, and what they looked like when the schema was last applied. */
#pragma once

#include <libpq-fe.h>

#include "base/err.h"
#include "db/session.h"

/* Differences, one row each: kind, name, what ("changed by hand", …), fingerprint of what is there (NULL: nothing). Runs in
 * the caller's transaction, whose search_path it sets. The ledger tables must be there. */
int migrate_objects_drift(struct db_session *s, PGresult **drift, struct err *e);

/* Remembers what is there now as how it should be, all but what had drifted before and has not changed since: applying a
 * migration does not bless what somebody did by hand. before NULL: nothing had. */
int migrate_objects_record(struct db_session *s, const PGresult *before, struct err *e);
