/* The query of a report: :name becomes $1, $2, … with a cast, and nothing else changes. Knows enough of PostgreSQL's lexical rules
 * to leave strings, quoted names, dollar quotes, comments, casts and array slices alone. */
#include <ctype.h>
#include <string.h>

#include "base/nearest.h"
#include "host/report_file.h"

struct lexer {
    struct report *report;
    struct mistakes *mistakes;
    const char *text, *p;
    struct buf out;
    int line;
    int end_line;   /* of the semicolon, 0: none yet */
    bool said_more; /* a second statement was complained about */
    bool any;       /* there is something beside blanks and comments */
    bool *used;     /* per arg */
};

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static void copy(struct lexer *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x->line += x->p[i] == '\n';
    buf_add(&x->out, x->p, n);
    x->p += n;
}

/* Length of a quoted thing that ends in quote; a doubled one goes on. escapes: E'…' with backslashes. */
static size_t quoted(const char *p, char quote, bool escapes)
{
    size_t i = 1;
    for (; p[i] != '\0'; i++) {
        if (escapes && p[i] == '\\' && p[i + 1] != '\0')
            i++;
        else if (p[i] == quote && p[i + 1] == quote)
            i++;
        else if (p[i] == quote)
            return i + 1;
    }
    return i;
}

static size_t comment(const char *p)
{
    size_t i = 2, depth = 1;
    while (p[i] != '\0' && depth > 0) {
        if (p[i] == '*' && p[i + 1] == '/') {
            depth--;
            i += 2;
        } else if (p[i] == '/' && p[i + 1] == '*') {
            depth++;
            i += 2;
        } else {
            i++;
        }
    }
    return i;
}

/* $tag$ … $tag$, or 0 where p opens none. */
static size_t dollar(const char *p)
{
    size_t n = 1;
    while (is_name(p[n]))
        n++;
    if (p[n] != '$' || isdigit((unsigned char)p[1]))
        return 0;
    n++;
    for (const char *q = p + n; *q != '\0'; q++)
        if (strncmp(q, p, n) == 0)
            return (size_t)(q - p) + n;
    return strlen(p);
}

static size_t param_of(struct report *r, size_t arg)
{
    for (size_t i = 0; i < r->n_param; i++)
        if (r->param[i] == arg)
            return i;
    r->param = mem_realloc(r->param, (r->n_param + 1) * sizeof *r->param);
    r->param[r->n_param] = arg;
    return r->n_param++;
}

static void unknown_name(struct lexer *x, const char *name)
{
    const struct report *r = x->report;
    const char **names = mem_array(r->n_arg ? r->n_arg : 1, sizeof *names);
    for (size_t i = 0; i < r->n_arg; i++)
        names[i] = r->arg[i].name;
    const char *near = nearest(name, names, r->n_arg);
    if (near != NULL)
        mistake(x->mistakes, x->line, ":%s is no arg of this report, did you mean ':%s'?", name, near);
    else
        mistake(x->mistakes, x->line, ":%s is no arg of this report; say what it is: -- arg: %s integer = 7: what for", name,
                name);
    mem_free(names);
}

static void parameter(struct lexer *x)
{
    struct report *r = x->report;
    size_t n = 0;
    while (is_name(x->p[1 + n]))
        n++;
    char *name = mem_ndup(x->p + 1, n);
    size_t i = 0;
    while (i < r->n_arg && strcmp(r->arg[i].name, name) != 0)
        i++;
    if (i == r->n_arg) {
        unknown_name(x, name);
    } else {
        x->used[i] = true;
        buf_printf(&x->out, "$%zu::%s", param_of(r, i) + 1, arg_type_sql(r->arg[i].type));
    }
    x->p += 1 + n;
    mem_free(name);
}

/* Blanks and comments: they may also stand behind the closing semicolon. */
static bool skip_blank(struct lexer *x)
{
    if (isspace((unsigned char)*x->p))
        copy(x, 1);
    else if (x->p[0] == '-' && x->p[1] == '-')
        copy(x, strcspn(x->p, "\n"));
    else if (x->p[0] == '/' && x->p[1] == '*')
        copy(x, comment(x->p));
    else
        return false;
    return true;
}

static char before(const struct lexer *x)
{
    return x->p > x->text ? x->p[-1] : '\0';
}

/* A colon right behind a value is an array slice's: a[1:n]. */
static bool is_slice(char prev)
{
    return is_name(prev) || prev == ')' || prev == ']' || prev == '"' || prev == '\'';
}

static void token(struct lexer *x)
{
    const char *p = x->p;
    char prev = before(x);
    bool escapes = (prev == 'e' || prev == 'E') && (p - x->text < 2 || !is_name(p[-2]));
    size_t body = *p == '$' && !is_name(prev) ? dollar(p) : 0;
    if (*p == '\'' || *p == '"') {
        copy(x, quoted(p, *p, *p == '\'' && escapes));
    } else if (body > 0) {
        copy(x, body);
    } else if (*p == '$' && isdigit((unsigned char)p[1]) && !is_name(prev)) {
        mistake(x->mistakes, x->line, "$%c: write :name and an arg of that name, not a number", p[1]);
        copy(x, 2);
    } else if (p[0] == ':' && (p[1] == ':' || p[1] == '=')) {
        copy(x, 2);
    } else if (*p == ':' && (isalpha((unsigned char)p[1]) || p[1] == '_') && !is_slice(prev)) {
        parameter(x);
    } else {
        copy(x, 1);
    }
}

static void run(struct lexer *x)
{
    while (*x->p != '\0') {
        if (skip_blank(x))
            continue;
        if (x->end_line > 0 && !x->said_more) {
            mistake(x->mistakes, x->line, "a second statement: a report is one query (the first one ends at line %d)",
                    x->end_line);
            x->said_more = true;
        }
        if (*x->p == ';') {
            x->end_line = x->line;
            x->p++;
            continue;
        }
        x->any = true;
        token(x);
    }
}

void report_sql_bind(struct report *r, const char *text, int first_line, struct mistakes *m)
{
    struct lexer x = {.report = r, .mistakes = m, .text = text, .p = text, .line = 1};
    x.used = mem_array(r->n_arg ? r->n_arg : 1, sizeof *x.used);
    run(&x);
    if (!x.any)
        mistake(m, first_line, "no query below the header");
    for (size_t i = 0; i < r->n_arg; i++)
        if (!x.used[i])
            mistake(m, r->arg[i].line, "arg '%s' is never used: the query has no :%s", r->arg[i].name, r->arg[i].name);
    const char *body = text;
    for (int line = 1; line < first_line && strchr(body, '\n') != NULL; line++)
        body = strchr(body, '\n') + 1;
    r->sql = buf_take(&x.out);
    r->sql_text = mem_dup(body);
    mem_free(x.used);
}
