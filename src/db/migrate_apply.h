/* Running the parts of a file, inside the caller's transaction. */
#pragma once

#include "base/err.h"
#include "db/migrate_files.h"
#include "db/session.h"

/* Errors begin with file and line of the statement. */
int migrate_run(struct db_session *s, const struct migrate_file *m, const struct sql_statements *part, struct err *e);
/* The same for the verify part: a statement that gives a boolean must give true in every row, and at least one row. */
int migrate_verify_file(struct db_session *s, const struct migrate_file *m, struct err *e);
