/* Reports written in Lua: what the contract says of them as a struct report, and their rows. */
#include "host/report_lua.h"

#include <string.h>

#include "data/json.h"
#include "host/report_file.h"
#include "script/part_call.h"

/* --- the description (lua/tidemark/contract_report.lua) ---------------------------------------------------------------------- */

static char *text_of(const cJSON *d, const char *key)
{
    return mem_dup(json_text(json_get(d, key, strlen(key))));
}

static bool flag_of(const cJSON *d, const char *key)
{
    return cJSON_IsTrue(json_get(d, key, strlen(key)));
}

static int whole_of(const cJSON *d, const char *key, int otherwise)
{
    int64_t n;
    return json_int64(json_get(d, key, strlen(key)), &n) ? (int)n : otherwise;
}

static void read_args(struct report *r, const cJSON *list)
{
    size_t n = json_size(list);
    r->arg = mem_array(n + 1, sizeof *r->arg);
    for (; r->n_arg < n; r->n_arg++) {
        const cJSON *d = json_at(list, r->n_arg);
        struct report_arg *arg = &r->arg[r->n_arg];
        const char *type = json_text(json_get(d, "type", 4));
        must(type != NULL && arg_type_parse(type, &arg->type)); /* the contract has checked it */
        arg->name = text_of(d, "name");
        arg->about = text_of(d, "about");
        arg->fallback = text_of(d, "default");
    }
}

static enum table_align align_of(const cJSON *d)
{
    const char *word = json_text(json_get(d, "align", 5));
    if (word == NULL)
        return ALIGN_AUTO;
    return strcmp(word, "left") == 0 ? ALIGN_LEFT : ALIGN_RIGHT;
}

static void read_columns(struct report *r, const cJSON *list)
{
    size_t n = json_size(list);
    r->layout.column = mem_array(n + 1, sizeof *r->layout.column);
    r->column_line = mem_array(n + 1, sizeof *r->column_line);
    r->column_time = mem_array(n + 1, sizeof *r->column_time);
    for (; r->layout.n_column < n; r->layout.n_column++) {
        const cJSON *d = json_at(list, r->layout.n_column);
        r->column_time[r->layout.n_column] = flag_of(d, "time");
        r->layout.column[r->layout.n_column] = (struct table_column){
            .name = text_of(d, "name"),
            .title = text_of(d, "title"),
            .unit = text_of(d, "unit"),
            .decimals = whole_of(d, "decimals", -1),
            .drop = whole_of(d, "drop", 0),
            .sign = flag_of(d, "sign"),
            .mark = flag_of(d, "mark"),
            .hide = flag_of(d, "hide"),
            .cut = flag_of(d, "cut"),
            .spark = flag_of(d, "spark"),
            .brief = flag_of(d, "brief"),
            .pvalue = flag_of(d, "pvalue"),
            .align = align_of(d),
        };
    }
}

static void read_roles(struct report *r, const cJSON *d)
{
    char **role = r->layout.role;
    const cJSON *chart = json_get(d, "chart", 5), *columns = json_get(chart, "columns", 7);
    const char *kind = json_text(json_get(chart, "kind", 4));
    if (kind != NULL && strcmp(kind, "bar") == 0)
        role[TABLE_BAR] = mem_dup(json_text(json_at(columns, 0)));
    for (size_t i = 0; kind != NULL && strcmp(kind, "interval") == 0 && i < 3; i++)
        role[TABLE_CENTER + i] = mem_dup(json_text(json_at(columns, i)));
    role[TABLE_SECTION] = text_of(d, "section");
    role[TABLE_INSTEAD] = text_of(d, "instead");
    role[TABLE_TAIL] = text_of(d, "tail");
    role[TABLE_GLYPH] = text_of(d, "glyph");
}

static char **read_lines(const cJSON *list, size_t *n)
{
    *n = json_size(list);
    char **lines = mem_array(*n + 1, sizeof *lines);
    for (size_t i = 0; i < *n; i++)
        lines[i] = mem_dup(json_text(json_at(list, i)));
    return lines;
}

struct report *report_of_lua(const struct plugin *p, const cJSON *d)
{
    struct report *r = mem_alloc(sizeof *r);
    r->plugin = p;
    r->name = text_of(d, "name");
    r->about = text_of(d, "about");
    r->file = p->dir != NULL ? mem_printf("plugins/%s/plugin.lua", p->name) : mem_printf("plugins/%s.lua", p->name);
    r->sql_text = mem_printf("-- %s is written in Lua: reports[\"%s\"].run in %s\n", r->name, r->name, p->file);
    read_args(r, json_get(d, "args", 4));
    read_columns(r, json_get(d, "columns", 7));
    read_roles(r, d);
    r->layout.title = text_of(d, "title");
    r->layout.empty = text_of(d, "empty");
    r->layout.note = read_lines(json_get(d, "notes", 5), &r->layout.n_note);
    r->layout.next = read_lines(json_get(d, "next", 4), &r->layout.n_next);
    return r;
}

/* --- running --------------------------------------------------------------------------------------------------------------------- */

static enum part_type part_type_of(enum arg_type type)
{
    switch (type) {
    case ARG_INTEGER: return PART_INTEGER;
    case ARG_NUMBER: return PART_NUMBER;
    case ARG_BOOLEAN: return PART_BOOLEAN;
    case ARG_TIME: return PART_TIME;
    case ARG_TEXT:
    case ARG_INTERVAL: break;
    }
    return PART_TEXT;
}

/* A column in which every cell is NULL has no kind of its own: it is what the report needs it to be. */
static void give_kind(struct rowset *rows, const char *name, enum column_kind kind)
{
    size_t at = name != NULL ? rowset_find(rows, name) : rows->n_column;
    if (at == rows->n_column)
        return;
    for (size_t row = 0; row < rows->n_row; row++)
        if (rowset_cell(rows, row, at) != NULL)
            return;
    rows->column[at].kind = kind;
}

static void give_kinds(const struct report *r, struct rowset *rows)
{
    for (size_t i = TABLE_BAR; i <= TABLE_HI; i++)
        give_kind(rows, r->layout.role[i], COLUMN_NUMBER);
    for (size_t i = 0; i < r->layout.n_column; i++)
        if (r->layout.column[i].spark)
            give_kind(rows, r->layout.column[i].name, COLUMN_NUMBERS);
}

static int call_run(const struct report *r, const struct part_run *how, struct part_call *call, struct err *e)
{
    const char **column = mem_array(r->layout.n_column + 1, sizeof *column), *beside[TABLE_N_ROLE];
    for (size_t i = 0; i < r->layout.n_column; i++)
        column[i] = r->layout.column[i].name;
    for (size_t i = 0; i < TABLE_N_ROLE; i++)
        if (r->layout.role[i] != NULL)
            beside[call->n_beside++] = r->layout.role[i];
    call->table = "reports";
    call->name = r->name;
    call->column = column;
    call->time = r->column_time;
    call->n_column = r->layout.n_column;
    call->beside = beside;
    call->wants_rows = true;
    struct part_run run = *how;
    run.plugin = r->plugin;
    run.vm = r->plugin->vm;
    run.kind = RUN_REPORT;
    run.what = r->name;
    const struct run_code code = part_code(call);
    int rc = part_run(&run, &code, e);
    call->beside = NULL;
    mem_free(column);
    return rc;
}

int report_run_lua(const struct report *r, const struct part_run *how, const struct report_var *vars, size_t n,
                   struct rowset **out, struct err *e)
{
    if (report_check_vars(r, vars, n, e) != 0)
        return -1;
    struct part_arg *args = mem_array(r->n_arg + 1, sizeof *args);
    char **value = mem_array(r->n_arg + 1, sizeof *value);
    int rc = 0;
    for (size_t i = 0; i < r->n_arg && rc == 0; i++) {
        value[i] = report_value(r, i, vars, n, e);
        args[i] = (struct part_arg){.name = r->arg[i].name, .type = part_type_of(r->arg[i].type), .text = value[i]};
        rc = value[i] == NULL ? -1 : 0;
    }
    struct part_call call = {.arg = args, .n_arg = r->n_arg};
    if (rc == 0)
        rc = call_run(r, how, &call, e);
    if (rc == 0) {
        give_kinds(r, call.rows);
        rc = report_check_rows(r, call.rows, e);
    }
    if (rc == 0)
        *out = call.rows;
    else
        rowset_free(&call.rows);
    for (size_t i = 0; i < r->n_arg; i++)
        mem_free(value[i]);
    mem_free(value);
    mem_free(args);
    return rc;
}
