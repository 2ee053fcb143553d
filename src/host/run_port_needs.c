/* What a run needs of the database before it begins: ctx.state, and the rights that its plugin was granted. */
#include <string.h>

#include "host/run_port_private.h"

/* A statement of the host's own, asked through the port, as the run's role. */
static struct port_req *ask(struct run_port *p, const char *sql, const struct port_param *param, size_t n, struct err *e)
{
    const struct port *port = &p->port;
    struct port_req *req = port->query(p, &(struct port_query){.sql = sql, .param = param, .n_param = n});
    if (!req->wait.done)
        loop_await(p->loop, &req->wait);
    if (req->err.kind == ERR_NONE)
        return req;
    *e = req->err;
    if (e->kind == ERR_PLUGIN) /* the plugin has no part in it */
        e->kind = ERR_CONFIG;
    port->free(&req);
    return NULL;
}

static struct port_param text(const char *s)
{
    return (struct port_param){.type = 25, .data = s, .len = strlen(s)};
}

int run_port_state(struct run_port *p, struct buf *json, struct err *e)
{
    static const char sql[] = "SELECT coalesce(json_object_agg(key, value), '{}') FROM tidemark.plugin_state"
                              " WHERE user_id = $1::uuid AND plugin = $2";
    struct port_param param[] = {text(p->owner), text(p->plugin)};
    struct port_req *req = ask(p, sql, param, 2, e);
    size_t len = 0;
    if (req == NULL)
        return err_in(e, "%s: reading ctx.state", p->what);
    buf_clear(json);
    buf_str(json, p->port.cell(req, 0, 0, &len));
    p->port.free(&req);
    return 0;
}

/* --- rights ---------------------------------------------------------------------------------------------------------------------- */

static bool is_true(const struct run_port *p, const struct port_req *req, size_t row, size_t column)
{
    size_t len = 0;
    const char *cell = p->port.cell(req, row, column, &len);
    return cell != NULL && cell[0] == 't';
}

static int check_role(struct run_port *p, struct err *e)
{
    static const char sql[] =
        "SELECT rolsuper OR rolbypassrls, pg_has_role(oid, 'authenticated', 'USAGE'),"
        "       EXISTS (SELECT FROM pg_roles o WHERE (o.rolsuper OR o.rolbypassrls) AND pg_has_role(r.oid, o.oid, 'MEMBER'))"
        "  FROM pg_roles r WHERE rolname = current_user";
    if (strcmp(p->role, "authenticated") == 0)
        return 0;
    struct port_req *req = ask(p, sql, NULL, 0, e);
    if (req == NULL) {
        char first[sizeof e->text]; /* of the error: why it cannot be taken up */
        memcpy(first, e->text, sizeof first);
        return e->kind != ERR_CONFIG
                   ? -1
                   : err_set(e, ERR_CONFIG,
                             "%s\nplugins.%s.grant.role: the role must be there and be one that tidemark may take up. In "
                             "\"tidemark db psql\" type:\n"
                             "  CREATE ROLE \"%s\" NOLOGIN; GRANT authenticated TO \"%s\"; GRANT \"%s\" TO tidemark_plugin;",
                             first, p->plugin, p->role, p->role, p->role);
    }
    bool above = is_true(p, req, 0, 0), member = is_true(p, req, 0, 1), reaches = is_true(p, req, 0, 2);
    p->port.free(&req);
    if (above || reaches)
        return err_set(
            e, ERR_CONFIG, "plugins.%s.grant.role: '%s' %s, so it would see every owner's rows: name a role without", p->plugin,
            p->role, above ? "is a superuser or has BYPASSRLS" : "is a member of a role that is a superuser or has BYPASSRLS");
    if (!member)
        return err_set(e, ERR_CONFIG,
                       "plugins.%s.grant.role: '%s' does not have what authenticated may do. In \"tidemark db psql\" type:\n"
                       "  GRANT authenticated TO \"%s\"; ALTER ROLE \"%s\" INHERIT;",
                       p->plugin, p->role, p->role, p->role);
    return 0;
}

static void say_table(const struct run_port *p, struct buf *out, const char *table, bool there, bool schema, bool readable)
{
    if (there && schema && readable)
        return;
    buf_printf(out, "%splugins.%s.grant.tables: %s ", out->len > 0 ? "\n" : "", p->plugin, table);
    if (!there) {
        buf_str(out, "is not there (written as schema.table?)");
        return;
    }
    buf_printf(out, "may not be read by role %s. In \"tidemark db psql\" type:\n ", p->role);
    if (!schema)
        buf_printf(out, " GRANT USAGE ON SCHEMA %.*s TO %s;", (int)strcspn(table, "."), table, p->role);
    if (!readable)
        buf_printf(out, " GRANT SELECT ON %s TO %s;", table, p->role);
}

int run_port_check(struct run_port *p, const char *const *tables, size_t n, struct err *e)
{
    static const char sql[] =
        "SELECT c.oid IS NOT NULL, has_schema_privilege(s.oid, 'USAGE'), has_table_privilege(c.oid, 'SELECT')"
        "  FROM (SELECT parse_ident($1) AS part) i LEFT JOIN pg_namespace s ON s.nspname = part[1]"
        "  LEFT JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = part[2] AND c.relkind IN ('r', 'p', 'v', 'm', 'f')";
    struct buf missing = {0};
    int rc = check_role(p, e);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct port_param param = text(tables[i]);
        struct port_req *req = ask(p, sql, &param, 1, e);
        if (req == NULL)
            rc = err_in(e, "plugins.%s.grant.tables: %s", p->plugin, tables[i]);
        else
            say_table(p, &missing, tables[i], is_true(p, req, 0, 0), is_true(p, req, 0, 1), is_true(p, req, 0, 2));
        p->port.free(&req);
    }
    if (rc == 0 && missing.len > 0)
        rc = err_set(e, ERR_CONFIG, "%s", missing.data);
    buf_free(&missing);
    return rc;
}
