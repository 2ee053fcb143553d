/* What came out of a report against what it says of itself: known only once it has run. */
#include <string.h>

#include "host/report_file.h"

/* Where the report says a thing: its file and line, or the name of a report in Lua, whose lines nobody kept. */
static char *place(const struct report *r, int line)
{
    return line > 0 ? mem_printf("%s:%d", r->file, line) : mem_printf("%s (%s)", r->name, r->file);
}

__attribute__((format(printf, 4, 5))) static int wrong(const struct report *r, int line, struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = mem_vprintf(fmt, ap), *where = place(r, line);
    va_end(ap);
    err_set(e, ERR_PLUGIN, "%s: %s", where, text);
    mem_free(where);
    mem_free(text);
    return -1;
}

static const char *made_by(const struct report *r)
{
    return r->plugin != NULL ? "rows" : "query";
}

/* {name} in a sentence must be a column of the result: what was an arg's is filled in by now, and {rows} is the table's. */
static int check_placeholders(const struct report *r, const struct rowset *rows, const char *text, struct err *e)
{
    for (const char *p = text; p != NULL && (p = strchr(p, '{')) != NULL; p++) {
        size_t n = strcspn(p, "}");
        if (p[n] == '\0')
            break;
        char *name = mem_ndup(p + 1, n - 1);
        bool known = strcmp(name, "rows") == 0 || strcmp(name, "zone") == 0 || rowset_find(rows, name) < rows->n_column;
        for (size_t i = 0; i < r->n_arg; i++)
            known = known || strcmp(r->arg[i].name, name) == 0;
        if (!known)
            err_set(e, ERR_PLUGIN, "%s: {%s} in \"%s\" is neither a column of the %s nor an arg", r->file, name, text,
                    made_by(r));
        mem_free(name);
        if (!known)
            return -1;
    }
    return 0;
}

static int no_such_column(const struct report *r, const struct rowset *rows, int line, const char *what, const char *name,
                          struct err *e)
{
    struct buf has = {0};
    for (size_t i = 0; i < rows->n_column; i++)
        buf_printf(&has, "%s%s", i ? ", " : "", rows->column[i].name);
    wrong(r, line, e, "%s '%s' is no column of the %s (it has: %s)", what, name, made_by(r), has.data ? has.data : "none");
    buf_free(&has);
    return -1;
}

static const char *const role_names[TABLE_N_ROLE] = {
    [TABLE_BAR] = "chart",       [TABLE_CENTER] = "chart",    [TABLE_LO] = "chart",  [TABLE_HI] = "chart",
    [TABLE_SECTION] = "section", [TABLE_INSTEAD] = "instead", [TABLE_TAIL] = "tail", [TABLE_GLYPH] = "glyph",
};

/* A chart of texts would show nothing and say nothing. */
static int check_kinds(const struct report *r, const struct rowset *rows, struct err *e)
{
    const struct table_layout *l = &r->layout;
    for (size_t i = TABLE_BAR; i <= TABLE_HI; i++) {
        size_t at = l->role[i] ? rowset_find(rows, l->role[i]) : rows->n_column;
        if (at < rows->n_column && rows->column[at].kind != COLUMN_INTEGER && rows->column[at].kind != COLUMN_NUMBER)
            return wrong(r, r->role_line[i], e, "chart: column '%s' is no number", l->role[i]);
    }
    for (size_t i = 0; i < l->n_column; i++) {
        enum column_kind kind = rows->column[rowset_find(rows, l->column[i].name)].kind;
        if (l->column[i].spark && kind != COLUMN_ARRAY && kind != COLUMN_NUMBERS)
            return wrong(r, r->column_line[i], e, "column %s: spark wants %s", l->column[i].name,
                         r->plugin != NULL ? "a list of numbers" : "an array of numbers");
    }
    return 0;
}

static int check_columns(const struct report *r, const struct rowset *rows, struct err *e)
{
    for (size_t i = 0; i < rows->n_column; i++)
        if (rowset_find(rows, rows->column[i].name) < i)
            return err_set(e, ERR_PLUGIN, "%s: two columns are called '%s': name one of them with AS", r->file,
                           rows->column[i].name);
    const struct table_layout *l = &r->layout;
    for (size_t c = 0; c < l->n_column; c++)
        if (rowset_find(rows, l->column[c].name) == rows->n_column)
            return no_such_column(r, rows, r->column_line[c], "column", l->column[c].name, e);
    for (size_t i = 0; i < TABLE_N_ROLE; i++)
        if (l->role[i] != NULL && rowset_find(rows, l->role[i]) == rows->n_column)
            return no_such_column(r, rows, r->role_line[i], role_names[i], l->role[i], e);
    return 0;
}

static int check_sentences(const struct report *r, const struct rowset *rows, struct err *e)
{
    const struct table_layout *l = &r->layout;
    for (size_t i = 0; i < l->n_note; i++)
        if (check_placeholders(r, rows, l->note[i], e) != 0)
            return -1;
    for (size_t i = 0; i < l->n_next; i++)
        if (check_placeholders(r, rows, l->next[i], e) != 0)
            return -1;
    return check_placeholders(r, rows, l->title, e);
}

int report_check_rows(const struct report *r, const struct rowset *rows, struct err *e)
{
    if (check_columns(r, rows, e) != 0)
        return -1;
    if (r->plugin != NULL && rows->n_row == 0) /* rows made by hand tell their columns only when there is one */
        return 0;
    return check_sentences(r, rows, e) != 0 ? -1 : check_kinds(r, rows, e);
}
