/* Up: one transaction a migration (deploy, verify, ledger, the objects' fingerprints), then one for all that is repeatable.
 * Each begins with the lock and reads the ledger again: of two processes the second finds the work done. */
#include "db/migrate.h"

#include <string.h>

#include "db/migrate_apply.h"
#include "db/migrate_files.h"
#include "db/migrate_ledger.h"
#include "db/migrate_objects.h"

static int check_ledger(const struct ledger *l, const struct migrate_files *files, struct err *e)
{
    return ledger_check_known(l, files, e) != 0 ? -1 : ledger_check_edited(l, files, e);
}

static const struct migrate_file *next_pending(const struct ledger *l, const struct migrate_files *files)
{
    for (size_t i = 0; i < files->n_migration; i++) {
        if (ledger_hash(l, &files->migration[i]) == NULL)
            return &files->migration[i];
    }
    return NULL;
}

static int apply_migration(struct db_session *s, const struct migrate_file *m, struct err *e)
{
    if (migrate_run(s, m, &m->deploy, e) != 0 || migrate_verify_file(s, m, e) != 0)
        return -1;
    return ledger_add(s, m, e);
}

/* All of them when something drifted: what was changed by hand and is repeatable becomes ours again. */
static int apply_repeatable(struct db_session *s, const struct migrate_files *files, const struct ledger *l, bool all, int *n,
                            struct err *e)
{
    for (size_t i = 0; i < files->n_repeatable; i++) {
        const struct migrate_file *m = &files->repeatable[i];
        const char *hash = ledger_hash(l, m);
        if (!all && hash != NULL && strcmp(hash, m->sha256) == 0)
            continue;
        if (migrate_run(s, m, &m->deploy, e) != 0 || ledger_add(s, m, e) != 0)
            return -1;
        ++*n;
    }
    return ledger_forget(s, files, e);
}

/* One transaction's work; *more says that another one is due. */
static int work(struct db_session *s, const struct migrate_files *files, struct migrate_report *report, bool *more,
                struct err *e)
{
    struct ledger l = {0};
    PGresult *drift = NULL;
    int rc = -1, repeated = 0;
    if (ledger_read(s, &l, e) != 0 || check_ledger(&l, files, e) != 0)
        goto out;
    /* Where nothing was ever applied, nothing can differ from how it was left. */
    if (PQntuples(l.rows) > 0 && migrate_objects_drift(s, &drift, e) != 0)
        goto out;
    const struct migrate_file *m = next_pending(&l, files);
    *more = m != NULL;
    if (m != NULL)
        rc = apply_migration(s, m, e);
    else
        rc = apply_repeatable(s, files, &l, PQntuples(drift) > 0, &repeated, e);
    if (rc == 0 && (m != NULL || repeated > 0))
        rc = migrate_objects_record(s, drift, e);
    if (rc == 0)
        rc = db_commit(s, e);
    if (rc == 0) {
        report->applied += m != NULL;
        report->repeated += repeated;
        report->current = m != NULL ? m->version : l.version;
    }
out:
    PQclear(drift);
    ledger_free(&l);
    return rc;
}

int migrate_up(struct db_session *s, const char *schema_dir, struct migrate_report *report, struct err *e)
{
    struct migrate_files files;
    memset(report, 0, sizeof *report);
    if (migrate_files_read(schema_dir, &files, e) != 0)
        return -1;
    int rc = 0;
    for (bool more = true; rc == 0 && more;) {
        rc = ledger_begin(s, e);
        if (rc == 0 && work(s, &files, report, &more, e) != 0) {
            db_rollback(s);
            rc = -1;
        }
    }
    migrate_files_free(&files);
    return rc;
}

int migrate_check(struct db_session *s, const char *schema_dir, int *pending, struct err *e)
{
    struct migrate_files files;
    struct ledger l = {0};
    if (migrate_files_read(schema_dir, &files, e) != 0)
        return -1;
    int rc = ledger_read(s, &l, e) != 0 ? -1 : check_ledger(&l, &files, e);
    if (rc == 0)
        *pending = ledger_pending(&l, &files);
    ledger_free(&l);
    migrate_files_free(&files);
    return rc;
}
