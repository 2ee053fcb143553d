/* Standard strings only: in '…' a backslash is a backslash; E'…' knows \'. Comments nest, as in PostgreSQL. */
#include "db/migrate_split.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

struct cut {
    const char *p, *end;
    int line;
    struct err *e;
};

static void step(struct cut *c)
{
    c->line += *c->p == '\n';
    c->p++;
}

static bool looking_at(const struct cut *c, const char *what)
{
    size_t n = strlen(what);
    return (size_t)(c->end - c->p) >= n && memcmp(c->p, what, n) == 0;
}

static bool in_word(char ch)
{
    return isalnum((unsigned char)ch) || ch == '_' || ((unsigned char)ch & 0x80) != 0;
}

static void skip_line(struct cut *c)
{
    while (c->p < c->end && *c->p != '\n')
        c->p++;
}

static int skip_comment(struct cut *c)
{
    int opened = c->line, depth = 0;
    do {
        if (c->p >= c->end)
            return err_set(c->e, ERR_CONFIG, "%d: this comment is never closed", opened);
        int change = looking_at(c, "/*") - looking_at(c, "*/");
        depth += change;
        c->p += change != 0;
        step(c);
    } while (depth > 0);
    return 0;
}

static int skip_quoted(struct cut *c, bool backslash)
{
    int opened = c->line;
    char quote = *c->p;
    for (step(c); c->p < c->end; step(c)) {
        if (backslash && *c->p == '\\' && c->p + 1 < c->end)
            step(c);
        else if (*c->p == quote) { /* a doubled one opens the next piece at once, which comes to the same */
            step(c);
            return 0;
        }
    }
    return err_set(c->e, ERR_CONFIG, "%d: this quote is never closed", opened);
}

/* At a dollar that may open $tag$: the length of the opening, or 0. */
static size_t dollar_quote(const struct cut *c)
{
    const char *p = c->p + 1;
    if (p < c->end && isdigit((unsigned char)*p))
        return 0;
    while (p < c->end && in_word(*p))
        p++;
    return p < c->end && *p == '$' ? (size_t)(p - c->p) + 1 : 0;
}

static int skip_dollars(struct cut *c, size_t n)
{
    int opened = c->line;
    const char *tag = c->p;
    for (c->p += n; c->p < c->end; step(c)) {
        if ((size_t)(c->end - c->p) >= n && memcmp(c->p, tag, n) == 0) {
            c->p += n;
            return 0;
        }
    }
    return err_set(c->e, ERR_CONFIG, "%d: %.*s is never closed", opened, (int)n, tag);
}

static void skip_word(struct cut *c)
{
    while (c->p < c->end && (in_word(*c->p) || *c->p == '$'))
        c->p++;
}

static int skip_token(struct cut *c)
{
    size_t n;
    if ((*c->p == 'E' || *c->p == 'e') && c->p + 1 < c->end && c->p[1] == '\'') {
        c->p++;
        return skip_quoted(c, true);
    }
    if (*c->p == '\'' || *c->p == '"')
        return skip_quoted(c, false);
    if (*c->p == '$' && (n = dollar_quote(c)) > 0)
        return skip_dollars(c, n);
    if (in_word(*c->p))
        skip_word(c);
    else
        step(c);
    return 0;
}

/* White space and comments, which belong to no statement. */
static int skip_between(struct cut *c)
{
    while (c->p < c->end) {
        if (isspace((unsigned char)*c->p))
            step(c);
        else if (looking_at(c, "--"))
            skip_line(c);
        else if (!looking_at(c, "/*"))
            return 0;
        else if (skip_comment(c) != 0)
            return -1;
    }
    return 0;
}

static void add(struct arena *arena, struct sql_statements *out, const char *text, size_t n, int line)
{
    while (n > 0 && isspace((unsigned char)text[n - 1]))
        n--;
    if (n == 0)
        return;
    if (out->n == out->cap) {
        out->cap = out->cap == 0 ? 16 : out->cap * 2;
        struct sql_statement *more = arena_alloc(arena, out->cap * sizeof *more);
        if (out->n > 0)
            memcpy(more, out->at, out->n * sizeof *more);
        out->at = more;
    }
    out->at[out->n++] = (struct sql_statement){.text = arena_ndup(arena, text, n), .line = line};
}

int migrate_split(struct arena *arena, const char *text, size_t n, int first_line, struct sql_statements *out, struct err *e)
{
    struct cut c = {.p = text, .end = text + n, .line = first_line, .e = e};
    while (skip_between(&c) == 0) {
        if (c.p >= c.end)
            return 0;
        const char *start = c.p;
        int line = c.line;
        while (c.p < c.end && *c.p != ';') {
            if (skip_token(&c) != 0 || skip_between(&c) != 0)
                return -1;
        }
        add(arena, out, start, (size_t)(c.p - start), line);
        c.p += c.p < c.end;
    }
    return -1;
}
