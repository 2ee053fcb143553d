/* The directives of a report's header that say how its rows are shown: columns, chart, sections, glyphs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "host/report_file.h"

static bool number_option(struct reader *h, const char *option, const char *key, int most, int *out)
{
    size_t n = strlen(key);
    if (strncmp(option, key, n) != 0 || option[n] != '=')
        return false;
    char *end;
    errno = 0;
    long v = strtol(option + n + 1, &end, 10);
    if (end == option + n + 1 || *end != '\0' || errno != 0 || v < 0 || v > most)
        mistake(h->mistakes, h->line, "%s: a whole number from 0 to %d", option, most);
    else
        *out = (int)v;
    return true;
}

static void unknown_option(struct reader *h, const char *option)
{
    static const char *const known[] = {"unit", "decimals", "drop",  "sign",  "mark",  "cut",
                                        "hide", "left",     "right", "spark", "brief", "pvalue"};
    char *key = mem_ndup(option, strcspn(option, "="));
    const char *near = nearest(key, known, sizeof known / sizeof *known);
    if (near != NULL)
        mistake(h->mistakes, h->line, "column: unknown option '%s', did you mean '%s'?", key, near);
    else
        mistake(
            h->mistakes, h->line,
            "column: unknown option '%s' (there are: unit= decimals= drop= sign mark cut hide left right spark brief pvalue)",
            key);
    mem_free(key);
}

/* Options that are one word; false: it is none of them. */
static bool plain_option(struct table_column *c, const char *option)
{
    const struct {
        const char *name;
        bool *to;
    } flags[] = {{"sign", &c->sign},   {"mark", &c->mark},   {"cut", &c->cut},      {"hide", &c->hide},
                 {"spark", &c->spark}, {"brief", &c->brief}, {"pvalue", &c->pvalue}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (strcmp(option, flags[i].name) == 0) {
            *flags[i].to = true;
            return true;
        }
    if (strcmp(option, "left") == 0)
        c->align = ALIGN_LEFT;
    else if (strcmp(option, "right") == 0)
        c->align = ALIGN_RIGHT;
    else
        return false;
    return true;
}

static void column_option(struct reader *h, struct table_column *c, char *option, char **rest)
{
    if (plain_option(c, option))
        return;
    if (strncmp(option, "unit=", 5) == 0 && c->unit == NULL) {
        bool quote = option[5] == '"'; /* unit="per view": word() stopped at the blank inside */
        char *tail = quote && option[strlen(option) - 1] != '"' ? strchr(*rest, '"') : NULL;
        if (tail != NULL) {
            *tail = '\0';
            c->unit = mem_printf("%s %s", option + 6, *rest);
            *rest = tail + 1;
        } else {
            c->unit = quote && strlen(option) > 6 ? mem_ndup(option + 6, strlen(option) - 7) : mem_dup(option + 5);
        }
    } else if (!number_option(h, option, "decimals", 9, &c->decimals) && !number_option(h, option, "drop", 99, &c->drop))
        unknown_option(h, option);
}

/* NAME ["TITLE"] [OPTION…] */
void report_column_is(struct reader *h, char *rest)
{
    struct table_layout *l = &h->report->layout;
    char *name = report_word(&rest);
    if (name == NULL) {
        mistake(h->mistakes, h->line, "column wants the form: name \"title\" options");
        return;
    }
    for (size_t i = 0; i < l->n_column; i++)
        if (strcmp(l->column[i].name, name) == 0)
            mistake(h->mistakes, h->line, "column %s is said twice (line %d)", name, h->report->column_line[i]);
    l->column = mem_realloc(l->column, (l->n_column + 1) * sizeof *l->column);
    h->report->column_line = mem_realloc(h->report->column_line, (l->n_column + 1) * sizeof *h->report->column_line);
    h->report->column_line[l->n_column] = h->line;
    struct table_column *c = &l->column[l->n_column++];
    *c = (struct table_column){.name = mem_dup(name), .decimals = -1};
    rest += strspn(rest, " ");
    if (*rest == '"')
        c->title = mem_dup(report_word(&rest));
    for (char *option; (option = report_word(&rest)) != NULL;)
        column_option(h, c, option, &rest);
}

static void role_is(struct reader *h, enum table_role role, const char *what, const char *name)
{
    report_set_once(h, &h->report->layout.role[role], what, name);
    h->report->role_line[role] = h->line;
}

/* bar COLUMN, or interval CENTER LO HI */
void report_chart_is(struct reader *h, char *rest)
{
    char **role = h->report->layout.role;
    char *kind = report_word(&rest), *name[3];
    for (size_t i = 0; i < 3; i++)
        name[i] = report_word(&rest);
    bool more = report_word(&rest) != NULL;
    if (kind != NULL && strcmp(kind, "bar") == 0 && name[0] != NULL && name[1] == NULL) {
        if (role[TABLE_CENTER] != NULL)
            mistake(h->mistakes, h->line, "chart is said twice");
        else
            role_is(h, TABLE_BAR, "chart", name[0]);
    } else if (kind != NULL && strcmp(kind, "interval") == 0 && name[2] != NULL && !more) {
        if (role[TABLE_BAR] != NULL || role[TABLE_CENTER] != NULL) {
            mistake(h->mistakes, h->line, "chart is said twice");
            return;
        }
        for (size_t i = 0; i < 3; i++)
            role_is(h, (enum table_role)(TABLE_CENTER + i), "chart", name[i]);
    } else {
        mistake(h->mistakes, h->line, "chart wants the form: bar COLUMN, or: interval CENTER LOW HIGH");
    }
}

static void one_column(struct reader *h, enum table_role role, const char *what, char *rest)
{
    char *name = report_word(&rest);
    if (name == NULL || report_word(&rest) != NULL)
        mistake(h->mistakes, h->line, "%s wants the form: %s: COLUMN", what, what);
    else
        role_is(h, role, what, name);
}

void report_section_is(struct reader *h, char *rest)
{
    one_column(h, TABLE_SECTION, "section", rest);
}

void report_instead_is(struct reader *h, char *rest)
{
    one_column(h, TABLE_INSTEAD, "instead", rest);
}

void report_tail_is(struct reader *h, char *rest)
{
    one_column(h, TABLE_TAIL, "tail", rest);
}

void report_glyph_is(struct reader *h, char *rest)
{
    one_column(h, TABLE_GLYPH, "glyph", rest);
}
