/* The lock is a transaction's, not a session's: it ends with the work, however that ends, and works behind a pooler. */
#include "db/migrate_ledger.h"

#include <stdlib.h>
#include <string.h>

static const char *const TABLES[] = {
    "CREATE SCHEMA IF NOT EXISTS tidemark",
    "CREATE TABLE IF NOT EXISTS tidemark.schema_migrations (version integer PRIMARY KEY, name text NOT NULL,"
    " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(), applied_by text NOT NULL DEFAULT current_user)",
    "CREATE TABLE IF NOT EXISTS tidemark.schema_repeatable (name text PRIMARY KEY, sha256 text NOT NULL,"
    " applied_at timestamptz NOT NULL DEFAULT now(), applied_by text NOT NULL DEFAULT current_user)",
    "CREATE TABLE IF NOT EXISTS tidemark.schema_objects (kind text, name text, definition text NOT NULL,"
    " server integer NOT NULL, PRIMARY KEY (kind, name))",
};

static int check_role(struct db_session *s, struct err *e)
{
    PGresult *res = NULL;
    if (db_exec(s, "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user", NULL, &res, e) != 0)
        return -1;
    int rc = 0;
    if (PQntuples(res) != 1 || PQgetvalue(res, 0, 1)[0] != 't')
        rc = err_set(e, ERR_CONFIG,
                     "role \"%s\" cannot migrate: it needs BYPASSRLS, for row level security is forced on every table and "
                     "would hide every row from upkeep. As a superuser: ALTER ROLE \"%s\" BYPASSRLS",
                     PQgetvalue(res, 0, 0), PQgetvalue(res, 0, 0));
    PQclear(res);
    return rc;
}

static int take_lock(struct db_session *s, struct err *e)
{
    if (db_run(s, "SELECT set_config('lock_timeout', '60s', true) WHERE current_setting('lock_timeout') = '0'", e) != 0)
        return -1;
    if (db_run(s, "SELECT pg_advisory_xact_lock(hashtextextended('tidemark.migrate', 0))", e) == 0)
        return 0;
    if (strcmp(e->sqlstate, "55P03") == 0)
        err_set(e, ERR_TEMPORARY, "another process is changing this database's schema and did not end in time: try again");
    return -1;
}

static int prepare(struct db_session *s, struct err *e)
{
    if (take_lock(s, e) != 0 || check_role(s, e) != 0 || db_run(s, "SET LOCAL client_min_messages = warning", e) != 0 ||
        db_run(s, "SET LOCAL search_path = public", e) != 0)
        return -1;
    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++) {
        if (db_run(s, TABLES[i], e) != 0)
            return -1;
    }
    return 0;
}

int ledger_begin(struct db_session *s, struct err *e)
{
    if (db_begin(s, "", e) != 0)
        return -1;
    if (prepare(s, e) == 0)
        return 0;
    db_rollback(s);
    return -1;
}

int ledger_read(struct db_session *s, struct ledger *out, struct err *e)
{
    memset(out, 0, sizeof *out);
    struct err why = {0};
    if (db_exec(s,
                "SELECT 'm', version, name, sha256 FROM tidemark.schema_migrations"
                " UNION ALL SELECT 'r', 0, name, sha256 FROM tidemark.schema_repeatable ORDER BY 1, 2, 3",
                NULL, &out->rows, &why) != 0) {
        if (strcmp(why.sqlstate, "42P01") == 0)
            return 0;
        *e = why;
        return -1;
    }
    for (int i = 0; i < PQntuples(out->rows); i++) {
        int version = atoi(PQgetvalue(out->rows, i, 1));
        out->version = version > out->version ? version : out->version;
    }
    return 0;
}

void ledger_free(struct ledger *l)
{
    PQclear(l->rows);
    memset(l, 0, sizeof *l);
}

const char *ledger_hash(const struct ledger *l, const struct migrate_file *m)
{
    for (int i = 0; i < PQntuples(l->rows); i++) {
        bool same = m->version > 0 ? atoi(PQgetvalue(l->rows, i, 1)) == m->version
                                   : PQgetvalue(l->rows, i, 0)[0] == 'r' && strcmp(PQgetvalue(l->rows, i, 2), m->name) == 0;
        if (same)
            return PQgetvalue(l->rows, i, 3);
    }
    return NULL;
}

int ledger_check_known(const struct ledger *l, const struct migrate_files *files, struct err *e)
{
    if (l->version <= (int)files->n_migration)
        return 0;
    return err_set(e, ERR_CONFIG,
                   "the database's schema is at version %d, and this tidemark knows versions up to %zu: use the newer tidemark",
                   l->version, files->n_migration);
}

int ledger_check_edited(const struct ledger *l, const struct migrate_files *files, struct err *e)
{
    for (size_t i = 0; i < files->n_migration; i++) {
        const struct migrate_file *m = &files->migration[i];
        const char *hash = ledger_hash(l, m);
        if (hash != NULL && strcmp(hash, m->sha256) != 0)
            return err_set(e, ERR_CONFIG,
                           "%s: migration %s was edited after it was applied: put the file back as it was; a change needs a "
                           "migration of its own",
                           m->file, m->name);
    }
    return 0;
}

int ledger_pending(const struct ledger *l, const struct migrate_files *files)
{
    int n = 0;
    for (size_t i = 0; i < files->n_migration; i++)
        n += ledger_hash(l, &files->migration[i]) == NULL;
    for (size_t i = 0; i < files->n_repeatable; i++) {
        const char *hash = ledger_hash(l, &files->repeatable[i]);
        n += hash == NULL || strcmp(hash, files->repeatable[i].sha256) != 0;
    }
    return n;
}

int ledger_add(struct db_session *s, const struct migrate_file *m, struct err *e)
{
    struct db_params p = {0};
    db_text(&p, m->name);
    db_text(&p, m->sha256);
    if (m->version > 0)
        db_int(&p, m->version);
    int rc = db_exec(s,
                     m->version > 0 ? "INSERT INTO tidemark.schema_migrations (name, sha256, version) VALUES ($1, $2, $3)"
                                    : "INSERT INTO tidemark.schema_repeatable (name, sha256) VALUES ($1, $2) ON CONFLICT (name)"
                                      " DO UPDATE SET sha256 = excluded.sha256, applied_at = now(), applied_by = current_user",
                     &p, NULL, e);
    db_params_clear(&p);
    return rc;
}

int ledger_remove(struct db_session *s, const struct migrate_file *m, struct err *e)
{
    struct db_params p = {0};
    db_int(&p, m->version);
    int rc = db_exec(s, "DELETE FROM tidemark.schema_migrations WHERE version = $1", &p, NULL, e);
    db_params_clear(&p);
    return rc == 0 ? db_run(s, "DELETE FROM tidemark.schema_repeatable", e) : -1;
}

int ledger_forget(struct db_session *s, const struct migrate_files *files, struct err *e)
{
    struct db_params p = {0};
    struct buf text = {0};
    struct db_array names;
    db_array_begin(&names, &text);
    for (size_t i = 0; i < files->n_repeatable; i++)
        db_array_text(&names, files->repeatable[i].name);
    db_array_end(&p, &names);
    int rc = db_exec(s, "DELETE FROM tidemark.schema_repeatable WHERE name <> ALL ($1::text[])", &p, NULL, e);
    db_params_clear(&p);
    buf_free(&text);
    return rc;
}
