/* Runs a report as its owner and brings the result home. */
#include "host/report.h"

#include <stdlib.h>
#include <string.h>

#include "db/conn.h"
#include "db/result.h"
#include "host/identity.h"
#include "host/report_file.h"
#include "host/run_guard.h"

enum { ROWS_MAX = 1000000, STATEMENT_MS = 60000 };

char *report_name(const char *plugin, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *stem = slash ? slash + 1 : path;
    const char *dot = strrchr(stem, '.');
    size_t n = dot ? (size_t)(dot - stem) : strlen(stem);
    if (strlen(plugin) == n && strncmp(plugin, stem, n) == 0)
        return mem_dup(plugin);
    return mem_printf("%s.%.*s", plugin, (int)n, stem);
}

const struct report *report_find(const struct registry *r, const char *name)
{
    for (size_t i = 0; i < r->n_plugin; i++)
        for (size_t j = 0; j < r->plugin[i]->n_report; j++)
            if (strcmp(r->plugin[i]->report[j]->name, name) == 0)
                return r->plugin[i]->report[j];
    return NULL;
}

static int line_at(const char *sql, int position)
{
    int line = 1;
    for (const char *p = sql; *p != '\0' && position > 1; p++) {
        line += *p == '\n';
        if (((unsigned char)p[1] & 0xc0) != 0x80) /* positions count characters */
            position--;
    }
    return line;
}

/* What the server has against the query is the report's fault; a lost connection or a time-out is not. */
static int blame(const struct report *r, const struct db_req *req, struct err *e)
{
    *e = req->err;
    char *statement = strstr(e->text, "\nstatement: "); /* the file and line say it better */
    if (statement != NULL)
        *statement = '\0';
    if (e->kind == ERR_BUG || e->kind == ERR_CONFLICT || e->kind == ERR_INPUT || e->kind == ERR_CONFIG) {
        e->kind = ERR_PLUGIN;
        if (req->position > 0)
            return err_in(e, "%s:%d", r->file, line_at(r->sql, req->position));
    }
    return err_in(e, "%s", r->file);
}

static int query(const struct report *r, struct db_session *s, const struct db_params *params, struct rowset **out,
                 struct err *e)
{
    struct db_req *req = db_conn_query(db_session_conn(s), r->sql, params, 0);
    loop_await(db_session_loop(s), &req->wait);
    int rc = 0;
    if (req->err.kind != ERR_NONE)
        rc = blame(r, req, e);
    else if (PQntuples(req->result) > ROWS_MAX)
        rc = err_set(e, ERR_PLUGIN, "%s: %d rows are more than a report may have (%d): add a LIMIT", r->file,
                     PQntuples(req->result), ROWS_MAX);
    if (rc == 0) {
        *out = db_rowset(req->result);
        rc = report_check_rows(r, *out, e);
    }
    db_req_unref(&req);
    return rc;
}

/* Identity and settings hold for this transaction only. Times come in UTC: the reader's zone is the table's business. */
static int become_owner(const struct report *r, struct db_session *s, const char *owner_uuid, struct err *e)
{
    /* What a report is, beside one statement, is not known of a database whose logins may change their settings: careful, then. */
    if (run_guard(r->sql, GUARD_QUERY, true, e) != 0)
        return err_in(e, "%s", r->file);
    return identity_take(s, owner_uuid, STATEMENT_MS, e);
}

int report_run(const struct report *r, struct db_session *s, const char *owner_uuid, const struct report_var *vars, size_t n,
               struct rowset **out, struct err *e)
{
    struct db_params params = {0};
    struct rowset *rows = NULL;
    if (r->plugin != NULL)
        return err_set(e, ERR_CONFIG, "%s is written in Lua (%s): here it has to be a report in SQL", r->name, r->file);
    int rc = report_bind(r, vars, n, &params, e);
    if (rc == 0)
        rc = db_begin(s, "READ ONLY", e);
    if (rc == 0) {
        rc = become_owner(r, s, owner_uuid, e);
        if (rc == 0)
            rc = query(r, s, &params, &rows, e);
        if (rc == 0)
            rc = db_commit(s, e);
        else
            db_rollback(s);
    }
    db_params_clear(&params);
    if (rc != 0)
        rowset_free(&rows);
    else
        *out = rows;
    return rc;
}

static char *fill_in(const struct report *r, const struct report_var *vars, size_t n, const char *text)
{
    struct buf out = {0};
    if (text == NULL)
        return NULL;
    for (const char *p = text; *p != '\0';) {
        size_t taken = 0;
        for (size_t i = 0; *p == '{' && i < r->n_arg && taken == 0; i++) {
            size_t len = strlen(r->arg[i].name);
            const char *value = arg_find(r, i, vars, n);
            if (strncmp(p + 1, r->arg[i].name, len) == 0 && p[1 + len] == '}') {
                buf_str(&out, value ? value : "?");
                taken = len + 2;
            }
        }
        if (taken == 0) {
            buf_char(&out, *p);
            taken = 1;
        }
        p += taken;
    }
    return buf_take(&out);
}

struct table_layout report_layout(const struct report *r, const struct report_var *vars, size_t n)
{
    const struct table_layout *l = &r->layout;
    struct table_layout out = {.n_column = l->n_column, .n_note = l->n_note, .n_next = l->n_next};
    out.column = mem_array(l->n_column ? l->n_column : 1, sizeof *out.column);
    for (size_t i = 0; i < l->n_column; i++) {
        out.column[i] = l->column[i];
        out.column[i].name = mem_dup(l->column[i].name);
        out.column[i].title = mem_dup(l->column[i].title);
        out.column[i].unit = mem_dup(l->column[i].unit);
    }
    out.note = mem_array(l->n_note ? l->n_note : 1, sizeof *out.note);
    for (size_t i = 0; i < l->n_note; i++)
        out.note[i] = fill_in(r, vars, n, l->note[i]);
    out.next = mem_array(l->n_next ? l->n_next : 1, sizeof *out.next);
    for (size_t i = 0; i < l->n_next; i++)
        out.next[i] = fill_in(r, vars, n, l->next[i]);
    out.title = fill_in(r, vars, n, l->title ? l->title : r->about);
    out.empty = fill_in(r, vars, n, l->empty);
    for (size_t i = 0; i < TABLE_N_ROLE; i++)
        out.role[i] = mem_dup(l->role[i]);
    return out;
}
