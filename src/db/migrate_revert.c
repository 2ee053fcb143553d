/* Back by one. Whether rows would go is not guessed from the SQL: the revert runs, the tables that held rows are looked at
 * again, and when one lost a column, its rows or itself, everything is rolled back unless that was asked for. A table whose comment
 * ends with (reference) is left out: its rows come from a repeatable file and not from anybody. */
#include <string.h>

#include "db/migrate.h"
#include "db/migrate_apply.h"
#include "db/migrate_files.h"
#include "db/migrate_ledger.h"
#include "db/migrate_objects.h"

static const char TABLES[] =
    "SELECT name, (SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute"
    "               WHERE attrelid = oid AND attnum > 0 AND NOT attisdropped)"
    "  FROM (SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name"
    "          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    "         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT (n.nspname = 'tidemark' AND c.relname LIKE "
    "'schema\\_%')"
    "           AND (n.nspname = 'tidemark' OR obj_description(c.oid, 'pg_class') LIKE 'tidemark: %')"
    "           AND coalesce(obj_description(c.oid, 'pg_class') NOT LIKE '%(reference)', true)) AS ours ORDER BY name";

static const char LOST[] =
    "SELECT CASE WHEN to_regclass($1) IS NULL THEN $1 END,"
    "       (SELECT string_agg($1 || '.' || c, ', ') FROM unnest($2::text[]) AS c WHERE NOT EXISTS ("
    "          SELECT FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = c AND NOT attisdropped))";

/* The name comes from format('%I.%I'), so it is quoted where it must be. */
static int has_rows(struct db_session *s, const char *table, bool *yes, struct err *e)
{
    PGresult *res = NULL;
    char *sql = mem_printf("SELECT EXISTS (SELECT FROM %s)", table);
    int rc = db_exec(s, sql, NULL, &res, e);
    mem_free(sql);
    if (rc == 0)
        *yes = PQgetvalue(res, 0, 0)[0] == 't';
    PQclear(res);
    return rc;
}

static int what_went(struct db_session *s, const char *table, const char *columns, struct buf *lost, struct err *e)
{
    struct db_params p = {0};
    PGresult *res = NULL;
    bool rows = true;
    db_text(&p, table);
    db_text(&p, columns);
    int rc = db_exec(s, LOST, &p, &res, e);
    db_params_clear(&p);
    if (rc != 0)
        return -1;
    const char *gone = PQgetisnull(res, 0, 0) ? NULL : table;
    if (gone == NULL && !PQgetisnull(res, 0, 1))
        gone = PQgetvalue(res, 0, 1);
    if (gone == NULL) {
        rc = has_rows(s, table, &rows, e);
        gone = rc == 0 && !rows ? table : NULL;
    }
    if (gone != NULL)
        buf_printf(lost, "%s%s", lost->len > 0 ? ", " : "", gone);
    PQclear(res);
    return rc;
}

static int run_and_look(struct db_session *s, const struct migrate_file *m, struct buf *lost, struct err *e)
{
    PGresult *tables = NULL;
    if (db_exec(s, TABLES, NULL, &tables, e) != 0)
        return -1;
    int n = PQntuples(tables), rc = 0;
    bool *filled = mem_array((size_t)n + 1, sizeof *filled);
    for (int i = 0; rc == 0 && i < n; i++)
        rc = has_rows(s, PQgetvalue(tables, i, 0), &filled[i], e);
    if (rc == 0)
        rc = migrate_run(s, m, &m->revert, e);
    for (int i = 0; rc == 0 && i < n; i++) {
        if (filled[i])
            rc = what_went(s, PQgetvalue(tables, i, 0), PQgetvalue(tables, i, 1), lost, e);
    }
    mem_free(filled);
    PQclear(tables);
    return rc;
}

static int revert_last(struct db_session *s, const struct migrate_files *files, bool force, struct buf *out, struct err *e)
{
    struct ledger l = {0};
    struct buf lost = {0};
    PGresult *drift = NULL;
    int rc = -1;
    if (ledger_read(s, &l, e) != 0 || ledger_check_known(&l, files, e) != 0 || ledger_check_edited(&l, files, e) != 0)
        goto out;
    if (l.version == 0) {
        err_set(e, ERR_CONFIG, "there is nothing to revert: no migration is applied");
        goto out;
    }
    const struct migrate_file *m = &files->migration[l.version - 1];
    if (migrate_objects_drift(s, &drift, e) != 0 || run_and_look(s, m, &lost, e) != 0)
        goto out;
    if (lost.len > 0 && !force) {
        err_set(e, ERR_CONFIG, "reverting %s would drop rows (%s): nothing was changed; --force does it all the same", m->name,
                lost.data);
        goto out;
    }
    if (ledger_remove(s, m, e) == 0 && migrate_objects_record(s, drift, e) == 0 && db_commit(s, e) == 0) {
        buf_printf(out, "%s: reverted\n", m->name);
        rc = 0;
    }
out:
    PQclear(drift);
    buf_free(&lost);
    ledger_free(&l);
    return rc;
}

int migrate_revert(struct db_session *s, const char *schema_dir, bool force, struct buf *out, struct err *e)
{
    struct migrate_files files;
    if (migrate_files_read(schema_dir, &files, e) != 0)
        return -1;
    int rc = ledger_begin(s, e);
    if (rc == 0 && revert_last(s, &files, force, out, e) != 0) {
        db_rollback(s);
        rc = -1;
    }
    migrate_files_free(&files);
    return rc;
}
