/* Reads a report file: the header's directives (those on how it is shown: report_show.c), all mistakes at once, and then the query
 * (report_sql.c). */
#include "host/report_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

enum { FILE_MAX = 256 * 1024 };

static void about_is(struct reader *h, char *rest);
static void title_is(struct reader *h, char *rest);
static void empty_is(struct reader *h, char *rest);
static void arg_is(struct reader *h, char *rest);
static void note_is(struct reader *h, char *rest);
static void next_is(struct reader *h, char *rest);

static const struct {
    const char *name;
    void (*take)(struct reader *h, char *rest);
} directives[] = {
    {"about", about_is},
    {"title", title_is},
    {"arg", arg_is},
    {"column", report_column_is},
    {"chart", report_chart_is},
    {"section", report_section_is},
    {"instead", report_instead_is},
    {"tail", report_tail_is},
    {"glyph", report_glyph_is},
    {"note", note_is},
    {"empty", empty_is},
    {"next", next_is},
};
enum { N_DIRECTIVE = sizeof directives / sizeof *directives };

void mistake(struct mistakes *m, int line, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    buf_printf(&m->text, "%s%s:%d: %s", m->text.len ? "\n" : "", m->file, line, text);
    mem_free(text);
}

char *report_word(char **rest)
{
    char *p = *rest + strspn(*rest, " \t");
    if (*p == '\0')
        return NULL;
    char stop = *p == '"' ? '"' : ' ';
    char *begin = stop == '"' ? ++p : p;
    while (*p != '\0' && *p != stop && !(stop == ' ' && *p == '\t'))
        p++;
    *rest = *p ? p + 1 : p;
    *p = '\0';
    return begin;
}

void report_set_once(struct reader *h, char **where, const char *what, const char *rest)
{
    if (*where != NULL)
        mistake(h->mistakes, h->line, "%s is said twice", what);
    else if (*rest == '\0')
        mistake(h->mistakes, h->line, "%s: says nothing", what);
    else
        *where = mem_dup(rest);
}

static void about_is(struct reader *h, char *rest)
{
    report_set_once(h, &h->report->about, "about", rest);
}

static void title_is(struct reader *h, char *rest)
{
    report_set_once(h, &h->report->layout.title, "title", rest);
}

static void empty_is(struct reader *h, char *rest)
{
    report_set_once(h, &h->report->layout.empty, "empty", rest);
}

static void add_text(char ***list, size_t *n, const char *text)
{
    *list = mem_realloc(*list, (*n + 1) * sizeof **list);
    (*list)[(*n)++] = mem_dup(text);
}

static void note_is(struct reader *h, char *rest)
{
    add_text(&h->report->layout.note, &h->report->layout.n_note, rest);
}

static void next_is(struct reader *h, char *rest)
{
    add_text(&h->report->layout.next, &h->report->layout.n_next, rest);
}

static bool is_identifier(const char *s)
{
    if (!islower((unsigned char)*s) && *s != '_')
        return false;
    return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(s);
}

static void check_fallback(struct reader *h, const struct report_arg *arg)
{
    const char *why;
    char *value = arg->fallback ? arg_value(arg->type, arg->fallback, &why) : NULL;
    if (arg->fallback != NULL && value == NULL)
        mistake(h->mistakes, h->line, "arg %s = %s: %s", arg->name, arg->fallback, why);
    mem_free(value);
}

/* NAME TYPE [= DEFAULT]: ABOUT */
static void arg_is(struct reader *h, char *rest)
{
    struct report *r = h->report;
    char *colon = strstr(rest, ": ");
    if (colon == NULL) {
        mistake(h->mistakes, h->line, "arg wants the form: name type = default: what it is");
        return;
    }
    *colon = '\0';
    char *equals = strchr(rest, '=');
    if (equals != NULL)
        *equals++ = '\0';
    char *name = report_word(&rest), *type = report_word(&rest), *more = report_word(&rest);
    char *fallback = equals ? equals + strspn(equals, " ") : NULL;
    for (char *p = fallback ? fallback + strlen(fallback) : NULL; p != NULL && p > fallback && p[-1] == ' ';)
        *--p = '\0';
    struct report_arg arg = {.line = h->line};
    if (name == NULL || type == NULL || more != NULL) {
        mistake(h->mistakes, h->line, "arg wants the form: name type = default: what it is");
        return;
    }
    if (!is_identifier(name))
        mistake(h->mistakes, h->line, "arg '%s': a name has small letters, digits and _ only", name);
    if (!arg_type_parse(type, &arg.type))
        mistake(h->mistakes, h->line, "arg %s: unknown type '%s' (there are: %s)", name, type, arg_type_names());
    for (size_t i = 0; i < r->n_arg; i++)
        if (strcmp(r->arg[i].name, name) == 0)
            mistake(h->mistakes, h->line, "arg %s is said twice (line %d)", name, r->arg[i].line);
    if (r->n_arg == DB_PARAMS_MAX) {
        mistake(h->mistakes, h->line, "more than %d args", DB_PARAMS_MAX);
        return;
    }
    arg.name = mem_dup(name);
    arg.fallback = mem_dup(fallback);
    arg.about = mem_dup(colon + 1 + strspn(colon + 1, " "));
    check_fallback(h, &arg);
    r->arg = mem_realloc(r->arg, (r->n_arg + 1) * sizeof *r->arg);
    r->arg[r->n_arg++] = arg;
}

static void unknown_directive(struct reader *h, const char *name)
{
    const char *names[N_DIRECTIVE];
    for (size_t i = 0; i < N_DIRECTIVE; i++)
        names[i] = directives[i].name;
    const char *near = nearest(name, names, N_DIRECTIVE);
    if (near != NULL)
        mistake(h->mistakes, h->line, "unknown directive '%s', did you mean '%s'?", name, near);
    else
        mistake(h->mistakes, h->line,
                "unknown directive '%s' (there are: about, title, arg, column, chart, section, instead, tail, "
                "glyph, note, empty, next)",
                name);
}

/* One comment line behind its "--". A single word and a colon is a directive, anything else a remark. */
static void header_line(struct reader *h, char *text)
{
    text += strspn(text, " \t");
    size_t n = 0;
    while (isalpha((unsigned char)text[n]) || text[n] == '_')
        n++;
    if (n == 0 || text[n] != ':' || text[n + 1] == ':')
        return;
    text[n] = '\0';
    char *rest = text + n + 1 + strspn(text + n + 1, " \t");
    for (size_t i = 0; i < N_DIRECTIVE; i++)
        if (strcmp(directives[i].name, text) == 0) {
            directives[i].take(h, rest);
            return;
        }
    unknown_directive(h, text);
}

/* Takes the header's lines; returns the number of the first line below it. */
static int read_header(struct reader *h, const char *text)
{
    const char *p = text;
    for (h->line = 1; *p != '\0'; h->line++) {
        size_t n = strcspn(p, "\n");
        const char *s = p + strspn(p, " \t\r");
        bool blank = s >= p + n;
        if (!blank && (s[0] != '-' || s[1] != '-'))
            return h->line;
        if (!blank) {
            char *line = mem_ndup(s + 2, n - (size_t)(s + 2 - p));
            for (size_t len = strlen(line); len > 0 && isspace((unsigned char)line[len - 1]);)
                line[--len] = '\0';
            header_line(h, line);
            mem_free(line);
        }
        p += n + (p[n] == '\n');
    }
    return h->line > 1 ? h->line - 1 : 1;
}

static char *read_file(const char *path, struct err *e)
{
    FILE *f = fopen(path, "rbe");
    if (f == NULL) {
        err_set(e, ERR_CONFIG, "%s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = mem_alloc(FILE_MAX + 1);
    size_t n = fread(text, 1, FILE_MAX + 1, f);
    bool failed = ferror(f) != 0;
    fclose(f);
    if (!failed && n <= FILE_MAX && memchr(text, '\0', n) == NULL) {
        text[n] = '\0';
        return text;
    }
    err_set(e, ERR_CONFIG, "%s: %s", path,
            failed         ? "cannot be read"
            : n > FILE_MAX ? "larger than 256 KiB"
                           : "not a text file");
    mem_free(text);
    return NULL;
}

int report_load(const char *path, const char *name, struct report **out, struct err *e)
{
    char *text = read_file(path, e);
    if (text == NULL)
        return -1;
    struct report *r = mem_alloc(sizeof *r);
    r->name = mem_dup(name);
    r->file = mem_dup(path);
    struct mistakes m = {.file = path};
    struct reader h = {.report = r, .mistakes = &m};
    int first = read_header(&h, text);
    if (r->about == NULL)
        mistake(&m, 1, "about is missing: -- about: what the report answers");
    report_sql_bind(r, text, first, &m);
    mem_free(text);
    if (m.text.len == 0) {
        *out = r;
        return 0;
    }
    err_set(e, ERR_CONFIG, "%s", m.text.data);
    buf_free(&m.text);
    report_free(&r);
    return -1;
}

void report_free(struct report **out)
{
    struct report *r = *out;
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->n_arg; i++) {
        mem_free(r->arg[i].name);
        mem_free(r->arg[i].about);
        mem_free(r->arg[i].fallback);
    }
    mem_free(r->arg);
    mem_free(r->param);
    mem_free(r->column_line);
    mem_free(r->column_time);
    table_layout_free(&r->layout);
    mem_free(r->name);
    mem_free(r->about);
    mem_free(r->file);
    mem_free(r->sql);
    mem_free(r->sql_text);
    mem_free(r);
    *out = NULL;
}
