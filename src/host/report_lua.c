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
    for (; r->layout.n_column < n; r->layout.n_column++) {
        const cJSON *d = json_at(list, r->layout.n_column);
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
