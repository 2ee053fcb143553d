/* The SQL files speak to a person with SQLSTATE TM078: the database is not what it should be, and the file is not to blame. */
#include "db/migrate_apply.h"

#include <string.h>

enum { BOOLEAN = 16 /* pg_type's oid for boolean */ };

static int statement_failed(const struct migrate_file *m, const struct sql_statement *st, struct err *e)
{
    if (strcmp(e->sqlstate, "TM078") == 0) {
        char *where = strstr(e->text, "\nwhere: ");
        if (where != NULL)
            *where = '\0';
        e->kind = ERR_CONFIG;
        return -1;
    }
    if (e->kind == ERR_BUG || e->kind == ERR_CONFLICT)
        e->kind = ERR_CONFIG;
    return err_in(e, "%s:%d", m->file, st->line);
}

int migrate_run(struct db_session *s, const struct migrate_file *m, const struct sql_statements *part, struct err *e)
{
    if (db_run(s, "SET LOCAL search_path = public", e) != 0)
        return -1;
    for (size_t i = 0; i < part->n; i++) {
        if (db_run(s, part->at[i].text, e) != 0)
            return statement_failed(m, &part->at[i], e);
    }
    return 0;
}

static bool says_true(const PGresult *res)
{
    if (PQresultStatus(res) != PGRES_TUPLES_OK || PQnfields(res) == 0 || PQftype(res, 0) != BOOLEAN)
        return true;
    for (int i = 0; i < PQntuples(res); i++) {
        if (PQgetvalue(res, i, 0)[0] != 't')
            return false;
    }
    return PQntuples(res) > 0;
}

int migrate_verify_file(struct db_session *s, const struct migrate_file *m, struct err *e)
{
    if (db_run(s, "SET LOCAL search_path = public", e) != 0)
        return -1;
    for (size_t i = 0; i < m->verify.n; i++) {
        PGresult *res = NULL;
        if (db_exec(s, m->verify.at[i].text, NULL, &res, e) != 0)
            return statement_failed(m, &m->verify.at[i], e);
        bool ok = says_true(res);
        PQclear(res);
        if (!ok)
            return err_set(e, ERR_CONFIG, "%s:%d: verify: this is not true: %s", m->file, m->verify.at[i].line,
                           m->verify.at[i].text);
    }
    return 0;
}
