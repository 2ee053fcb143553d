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

/* {name} in a sentence must be a column of the result: what was an arg's is filled in by now, and {rows} is the table's. */
static int check_placeholders(const struct report *r, const PGresult *result, const char *text, struct err *e)
{
    for (const char *p = text; p != NULL && (p = strchr(p, '{')) != NULL; p++) {
        size_t n = strcspn(p, "}");
        if (p[n] == '\0')
            break;
        char *name = mem_ndup(p + 1, n - 1);
        bool known = strcmp(name, "rows") == 0 || strcmp(name, "zone") == 0;
        for (size_t i = 0; i < r->n_arg; i++)
            known = known || strcmp(r->arg[i].name, name) == 0;
        for (int i = 0; i < PQnfields(result); i++)
            known = known || strcmp(PQfname(result, i), name) == 0;
        int rc = known ? 0
                       : err_set(e, ERR_PLUGIN, "%s: {%s} in \"%s\" is neither a column of the query nor an arg", r->file, name,
                                 text);
        mem_free(name);
        if (rc != 0)
            return -1;
    }
    return 0;
}

static int no_such_column(const struct report *r, const PGresult *result, int line, const char *what, const char *name,
                          struct err *e)
{
    struct buf has = {0};
    for (int i = 0; i < PQnfields(result); i++)
        buf_printf(&has, "%s%s", i ? ", " : "", PQfname(result, i));
    err_set(e, ERR_PLUGIN, "%s:%d: %s '%s' is no column of the query (it has: %s)", r->file, line, what, name,
            has.data ? has.data : "none");
    buf_free(&has);
    return -1;
}

static const char *const role_names[TABLE_N_ROLE] = {
    [TABLE_BAR] = "chart",       [TABLE_CENTER] = "chart",    [TABLE_LO] = "chart",  [TABLE_HI] = "chart",
    [TABLE_SECTION] = "section", [TABLE_INSTEAD] = "instead", [TABLE_TAIL] = "tail", [TABLE_GLYPH] = "glyph",
};

static bool has_column(const PGresult *result, const char *name)
{
    for (int i = 0; i < PQnfields(result); i++)
        if (strcmp(PQfname(result, i), name) == 0)
            return true;
    return false;
}

/* A chart of texts would show nothing and say nothing. */
static int check_kinds(const struct report *r, const struct rowset *rows, struct err *e)
{
    const struct table_layout *l = &r->layout;
    for (size_t i = TABLE_BAR; i <= TABLE_HI; i++) {
        size_t at = l->role[i] ? rowset_find(rows, l->role[i]) : rows->n_column;
        if (at < rows->n_column && rows->column[at].kind != COLUMN_INTEGER && rows->column[at].kind != COLUMN_NUMBER)
            return err_set(e, ERR_PLUGIN, "%s:%d: chart: column '%s' is no number", r->file, r->role_line[i], l->role[i]);
    }
    for (size_t i = 0; i < l->n_column; i++)
        if (l->column[i].spark && rows->column[rowset_find(rows, l->column[i].name)].kind != COLUMN_ARRAY)
            return err_set(e, ERR_PLUGIN, "%s:%d: column %s: spark wants an array of numbers", r->file, r->column_line[i],
                           l->column[i].name);
    return 0;
}

/* The header against what the query really returns: only known once it has run. */
static int check_columns(const struct report *r, const PGresult *result, struct err *e)
{
    for (int i = 0; i < PQnfields(result); i++)
        for (int j = 0; j < i; j++)
            if (strcmp(PQfname(result, i), PQfname(result, j)) == 0)
                return err_set(e, ERR_PLUGIN, "%s: two columns are called '%s': name one of them with AS", r->file,
                               PQfname(result, i));
    const struct table_layout *l = &r->layout;
    for (size_t c = 0; c < l->n_column; c++)
        if (!has_column(result, l->column[c].name))
            return no_such_column(r, result, r->column_line[c], "column", l->column[c].name, e);
    for (size_t i = 0; i < TABLE_N_ROLE; i++)
        if (l->role[i] != NULL && !has_column(result, l->role[i]))
            return no_such_column(r, result, r->role_line[i], role_names[i], l->role[i], e);
    for (size_t i = 0; i < l->n_note; i++)
        if (check_placeholders(r, result, l->note[i], e) != 0)
            return -1;
    for (size_t i = 0; i < l->n_next; i++)
        if (check_placeholders(r, result, l->next[i], e) != 0)
            return -1;
    return check_placeholders(r, result, l->title, e);
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
    int rc;
    if (req->err.kind != ERR_NONE)
        rc = blame(r, req, e);
    else if (PQntuples(req->result) > ROWS_MAX)
        rc = err_set(e, ERR_PLUGIN, "%s: %d rows are more than a report may have (%d): add a LIMIT", r->file,
                     PQntuples(req->result), ROWS_MAX);
    else
        rc = check_columns(r, req->result, e);
    if (rc == 0) {
        *out = db_rowset(req->result);
        rc = check_kinds(r, *out, e);
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

int report_check_vars(const struct report *r, const struct report_var *vars, size_t n, struct err *e)
{
    struct db_params p = {0};
    int rc = report_bind(r, vars, n, &p, e);
    db_params_clear(&p);
    return rc;
}

int report_run(const struct report *r, struct db_session *s, const char *owner_uuid, const struct report_var *vars, size_t n,
               struct rowset **out, struct err *e)
{
    struct db_params params = {0};
    struct rowset *rows = NULL;
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
