/* Reports: SQL files with a header of comments, or functions of a plugin; run read-only as an owner. docs/reports.md is both forms
 * in words. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/rowset.h"
#include "data/table.h"
#include "db/session.h"
#include "host/plugin.h"

enum arg_type { ARG_TEXT, ARG_INTEGER, ARG_NUMBER, ARG_BOOLEAN, ARG_INTERVAL, ARG_TIME };

struct report_arg {
    char *name, *about, *fallback; /* fallback NULL: required */
    enum arg_type type;
    int line;
};

struct report {
    char *name, *about, *file;
    const struct plugin *plugin; /* of a report in Lua, which has no SQL; NULL: a file of SQL */
    char *sql;                   /* the whole file with $1, $2, … in place of :name: line numbers are the file's */
    char *sql_text;              /* as written, without the header, for --show-sql */
    struct report_arg *arg;
    size_t n_arg;
    size_t *param; /* param[i]: which arg $i+1 is */
    size_t n_param;
    struct table_layout layout; /* titles, units, notes, chart, what to type next */
    int *column_line;           /* layout.column[i] is said there */
    bool *column_time;          /* of a report in Lua: layout.column[i] holds instants */
    int role_line[TABLE_N_ROLE];
};

/* What a report file is called: reports/top.sql of plugin patterns is "patterns.top", reports/freshness.sql of plugin freshness is
 * "freshness". The caller's (mem_free). */
char *report_name(const char *plugin, const char *path);

/* ERR_CONFIG with all mistakes, "file:line: what", a line each. */
int report_load(const char *path, const char *name, struct report **out, struct err *e);
void report_free(struct report **r);

struct report_var {
    const char *name, *value;
};

/* Only the check that report_run begins with: a typing error is told before a server is started. */
int report_check_vars(const struct report *r, const struct report_var *vars, size_t n, struct err *e);

/* Checks vars against the args (ERR_USAGE: unknown name with the nearest match, wrong type, missing), binds, runs in a READ ONLY
 * transaction as the owner (row level security), reads everything. SQL errors are ERR_PLUGIN with file and line. For reports in
 * SQL; those in Lua have report_run_lua. */
int report_run(const struct report *r, struct db_session *s, const char *owner_uuid, const struct report_var *vars, size_t n,
               struct rowset **out, struct err *e);

/* The report's layout with the values of the args filled in ({days} in title, notes and empty): what table_render wants. The vars
 * are those that report_run took. The caller's (table_layout_free). */
struct table_layout report_layout(const struct report *r, const struct report_var *vars, size_t n);

const struct report *report_find(const struct registry *r, const char *name);
