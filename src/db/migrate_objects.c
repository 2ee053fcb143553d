/* Ours is what lies in schema tidemark, what is commented "tidemark: …" elsewhere, and what was ours the last time (so that a
 * lost comment hides nothing). Partitions and the engine's own ledger are left out. Texts are PostgreSQL's own renderings, so
 * they are compared only between servers of one major version. */
#include "db/migrate_objects.h"

#define OBJECTS                                                                                                                \
    "WITH rel AS ("                                                                                                            \
    " SELECT c.oid, c.relkind, c.relowner, c.relacl, c.reloptions, c.relrowsecurity, c.relforcerowsecurity,"                   \
    "        format('%I.%I', n.nspname, c.relname) AS name"                                                                    \
    "   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"                                                         \
    "  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition"                                                  \
    "    AND n.nspname <> 'pg_catalog' AND NOT (n.nspname = 'tidemark' AND c.relname LIKE 'schema\\_%')"                       \
    "    AND (n.nspname = 'tidemark' OR obj_description(c.oid, 'pg_class') LIKE 'tidemark: %'"                                 \
    "         OR EXISTS (SELECT FROM tidemark.schema_objects o WHERE o.kind IN ('table', 'view')"                              \
    "                     AND o.name = format('%I.%I', n.nspname, c.relname)))"                                                \
    "), fn AS ("                                                                                                               \
    " SELECT p.oid, p.proowner, p.proacl, p.oid::regprocedure::text AS name"                                                   \
    "   FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"                                                          \
    "  WHERE p.prokind IN ('f', 'p') AND n.nspname <> 'pg_catalog'"                                                            \
    "    AND (n.nspname = 'tidemark' OR obj_description(p.oid, 'pg_proc') LIKE 'tidemark: %'"                                  \
    "         OR EXISTS (SELECT FROM tidemark.schema_objects o WHERE o.kind = 'function'"                                      \
    "                     AND o.name = p.oid::regprocedure::text))"                                                            \
    "), acl AS ("                                                                                                              \
    " SELECT 'grants on' AS kind, owned.name, coalesce((SELECT string_agg("                                                    \
    "          CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END || ' ' || a.privilege_type"             \
    "            || CASE WHEN a.is_grantable THEN '*' ELSE '' END, ', ' ORDER BY 1)"                                           \
    "          FROM aclexplode(owned.acl) a WHERE a.grantee <> owned.owner), '') AS definition"                                \
    "   FROM (SELECT name, relowner AS owner, coalesce(relacl, acldefault('r', relowner)) AS acl FROM rel"                     \
    "         UNION ALL SELECT name, proowner, coalesce(proacl, acldefault('f', proowner)) FROM fn"                            \
    "         UNION ALL SELECT 'schema ' || nspname, nspowner, coalesce(nspacl, acldefault('n', nspowner))"                    \
    "                     FROM pg_namespace WHERE nspname IN ('tidemark', 'tidemark_parts')) AS owned"                         \
    "), objects (kind, name, definition) AS ("                                                                                 \
    " SELECT 'table', name, format('row security %s, forced %s; ', relrowsecurity, relforcerowsecurity)"                       \
    "        || (SELECT string_agg(concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),"               \
    "                              CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)," \
    "                              nullif(a.attidentity::text, ''), nullif(a.attgenerated::text, '')), ', ' ORDER BY "         \
    "a.attnum)"                                                                                                                \
    "              FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"                \
    "             WHERE a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped)"                                         \
    "   FROM rel WHERE relkind IN ('r', 'p', 'f')"                                                                             \
    " UNION ALL SELECT 'view', name, concat_ws(' ', reloptions::text, pg_get_viewdef(oid)) FROM rel WHERE relkind IN ('v', "   \
    "'m')"                                                                                                                     \
    " UNION ALL SELECT 'constraint', rel.name || '.' || quote_ident(k.conname), pg_get_constraintdef(k.oid)"                   \
    "             FROM pg_constraint k JOIN rel ON rel.oid = k.conrelid"                                                       \
    " UNION ALL SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)"                                   \
    "             FROM pg_index i JOIN rel ON rel.oid = i.indrelid"                                                            \
    " UNION ALL SELECT 'policy', rel.name || '.' || quote_ident(p.polname), concat_ws(' ', p.polcmd, p.polpermissive,"         \
    "                  (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r) END, ',' ORDER BY 1)"            \
    "                     FROM unnest(p.polroles) r),"                                                                         \
    "                  'USING ' || pg_get_expr(p.polqual, p.polrelid), 'CHECK ' || pg_get_expr(p.polwithcheck, p.polrelid))"   \
    "             FROM pg_policy p JOIN rel ON rel.oid = p.polrelid"                                                           \
    " UNION ALL SELECT 'trigger', rel.name || '.' || quote_ident(g.tgname), pg_get_triggerdef(g.oid)"                          \
    "             FROM pg_trigger g JOIN rel ON rel.oid = g.tgrelid WHERE NOT g.tgisinternal"                                  \
    " UNION ALL SELECT 'function', name, pg_get_functiondef(oid) FROM fn"                                                      \
    " UNION ALL SELECT kind, name, definition FROM acl"                                                                        \
    "), server (major) AS (SELECT current_setting('server_version_num')::int / 10000) "

static const char DRIFT[] = OBJECTS
    "SELECT kind, name, CASE WHEN was.definition IS NULL THEN 'added by hand' WHEN o.definition IS NULL THEN 'dropped by hand'"
    "                        ELSE 'changed by hand' END, md5(o.definition)"
    "  FROM objects o FULL JOIN tidemark.schema_objects was USING (kind, name)"
    " WHERE o.definition IS DISTINCT FROM was.definition"
    "   AND (o.definition IS NULL OR was.definition IS NULL OR was.server = (SELECT major FROM server))"
    " ORDER BY kind, name";

static const char RECORD[] =
    OBJECTS ", drifted AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS d (kind, name, md5))"
            ", forgotten AS ("
            "  DELETE FROM tidemark.schema_objects was"
            "   WHERE NOT EXISTS (SELECT FROM objects o WHERE (o.kind, o.name) = (was.kind, was.name))"
            "     AND NOT EXISTS (SELECT FROM drifted d WHERE (d.kind, d.name) = (was.kind, was.name) AND d.md5 IS NULL)"
            ")"
            "INSERT INTO tidemark.schema_objects (kind, name, definition, server)"
            "SELECT kind, name, definition, major FROM objects o, server"
            " WHERE NOT EXISTS (SELECT FROM drifted d WHERE (d.kind, d.name, d.md5) = (o.kind, o.name, md5(o.definition)))"
            " ON CONFLICT (kind, name) DO UPDATE SET definition = excluded.definition, server = excluded.server";

/* Names are written in full when no schema is searched, whatever the session's setting. */
static int search_nothing(struct db_session *s, struct err *e)
{
    return db_run(s, "SET LOCAL search_path = pg_catalog", e);
}

int migrate_objects_drift(struct db_session *s, PGresult **drift, struct err *e)
{
    return search_nothing(s, e) != 0 ? -1 : db_exec(s, DRIFT, NULL, drift, e);
}

static void add_column(struct db_params *p, const PGresult *rows, int column)
{
    struct buf text = {0};
    struct db_array a;
    db_array_begin(&a, &text);
    for (int i = 0; i < PQntuples(rows); i++) {
        if (PQgetisnull(rows, i, column))
            db_array_null(&a);
        else
            db_array_text(&a, PQgetvalue(rows, i, column));
    }
    db_array_end(p, &a);
    buf_free(&text);
}

int migrate_objects_record(struct db_session *s, const PGresult *before, struct err *e)
{
    struct db_params p = {0};
    add_column(&p, before, 0);
    add_column(&p, before, 1);
    add_column(&p, before, 3);
    int rc = search_nothing(s, e) != 0 ? -1 : db_exec(s, RECORD, &p, NULL, e);
    db_params_clear(&p);
    return rc;
}
