/* Looking without touching: what is applied, what waits, what was edited, what differs from how it was left. */
#include <string.h>

#include "db/migrate.h"
#include "db/migrate_apply.h"
#include "db/migrate_files.h"
#include "db/migrate_ledger.h"
#include "db/migrate_objects.h"

static int migrations(const struct ledger *l, const struct migrate_files *files, struct buf *out)
{
    int problems = 0;
    for (size_t i = 0; i < files->n_migration; i++) {
        const struct migrate_file *m = &files->migration[i];
        const char *hash = ledger_hash(l, m);
        bool edited = hash != NULL && strcmp(hash, m->sha256) != 0;
        buf_printf(out, "%s: %s\n", m->name, hash == NULL ? "pending" : edited ? "edited after it was applied" : "applied");
        problems += hash == NULL || edited;
    }
    for (size_t i = 0; i < files->n_repeatable; i++) {
        const struct migrate_file *m = &files->repeatable[i];
        const char *hash = ledger_hash(l, m);
        bool changed = hash != NULL && strcmp(hash, m->sha256) != 0;
        buf_printf(out, "%s: %s\n", m->name, hash == NULL ? "pending" : changed ? "pending: the file changed" : "applied");
        problems += hash == NULL || changed;
    }
    return problems;
}

/* In a transaction of its own, for the search_path; rolled back. */
static int drift(struct db_session *s, struct buf *out, int *problems, struct err *e)
{
    PGresult *rows = NULL;
    if (db_begin(s, "READ ONLY", e) != 0)
        return -1;
    int rc = migrate_objects_drift(s, &rows, e);
    db_rollback(s);
    if (rc != 0)
        return -1;
    for (int i = 0; i < PQntuples(rows); i++)
        buf_printf(out, "%s %s: %s\n", PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1), PQgetvalue(rows, i, 2));
    *problems += PQntuples(rows);
    PQclear(rows);
    return 0;
}

int migrate_status(struct db_session *s, const char *schema_dir, struct buf *out, int *problems, struct err *e)
{
    struct migrate_files files;
    struct ledger l = {0};
    *problems = 0;
    if (migrate_files_read(schema_dir, &files, e) != 0)
        return -1;
    int rc = ledger_read(s, &l, e) != 0 ? -1 : ledger_check_known(&l, &files, e);
    if (rc == 0) {
        *problems = migrations(&l, &files, out);
        rc = l.rows != NULL ? drift(s, out, problems, e) : 0;
    }
    ledger_free(&l);
    migrate_files_free(&files);
    return rc;
}

int migrate_verify(struct db_session *s, const char *schema_dir, struct buf *out, int *failed, struct err *e)
{
    struct migrate_files files;
    struct ledger l = {0};
    *failed = 0;
    if (migrate_files_read(schema_dir, &files, e) != 0)
        return -1;
    int rc = ledger_read(s, &l, e) != 0 ? -1 : ledger_check_known(&l, &files, e);
    for (size_t i = 0; rc == 0 && i < files.n_migration; i++) {
        const struct migrate_file *m = &files.migration[i];
        struct err why = {0};
        if (ledger_hash(&l, m) == NULL) {
            buf_printf(out, "%s: not applied\n", m->name);
            ++*failed;
            continue;
        }
        rc = db_begin(s, "READ ONLY", e);
        if (rc != 0)
            break;
        bool ok = migrate_verify_file(s, m, &why) == 0;
        db_rollback(s);
        if (!ok && why.kind != ERR_CONFIG) { /* not the schema's fault: the connection, a time-out */
            *e = why;
            rc = -1;
            break;
        }
        buf_printf(out, "%s: %s\n", m->name, ok ? "ok" : why.text);
        *failed += !ok;
    }
    ledger_free(&l);
    migrate_files_free(&files);
    return rc;
}
