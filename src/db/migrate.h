/* The schema's history: numbered migrations, then repeatable files, all from one folder.
 *
 * schema/migrations/NNNN_name.sql holds three parts, each begun by a line of its own: "-- deploy", "-- verify", "-- revert"; all
 * required. A migration is one transaction under an advisory lock, with the SHA-256 of its file in the ledger
 * tidemark.schema_migrations. schema/repeatable/NN_name.sql (views, functions, policies) is applied again, in name order, when its hash
 * changed. After each run the definitions of all our objects are recorded (tidemark.schema_objects): what differs later is drift. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/session.h"

struct migrate_report {
    int applied, repeated, current; /* migrations applied now, repeatable files applied now, version now */
};

/* Errors: ERR_CONFIG for a database that is not ours (a foreign public.content), a newer schema, an edited migration (named),
 * a broken file; ERR_TEMPORARY when the lock is not had within 60 s. A failure leaves everything as it was. */
int migrate_up(struct db_session *s, const char *schema_dir, struct migrate_report *report, struct err *e);

/* Whether the schema is what this build wants: 0 and *pending = 0 when current; cheap (one query): every command asks. */
int migrate_check(struct db_session *s, const char *schema_dir, int *pending, struct err *e);

/* Lines for a person into out; *problems = pending + edited + drifted. */
int migrate_status(struct db_session *s, const char *schema_dir, struct buf *out, int *problems, struct err *e);
int migrate_verify(struct db_session *s, const char *schema_dir, struct buf *out, int *failed, struct err *e);
/* Takes the last migration back; refused with ERR_CONFIG when its revert would drop rows and force is false. */
int migrate_revert(struct db_session *s, const char *schema_dir, bool force, struct buf *out, struct err *e);
