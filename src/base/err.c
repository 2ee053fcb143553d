#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void cut_mark(char *text, size_t size)
{
    static const char mark[] = "…";
    size_t at = size - sizeof mark;
    while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80) /* not into the middle of a character */
        at--;
    memcpy(text + at, mark, sizeof mark);
}

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
    e->kind = kind;
    e->sqlstate[0] = '\0';
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    if (n >= (int)sizeof e->text)
        cut_mark(e->text, sizeof e->text);
    return -1;
}

int err_set_lines(struct err *e, enum err_kind kind, const char *lines, const char *all)
{
    size_t room = sizeof e->text - 160, more = 1;
    if (strlen(lines) < sizeof e->text)
        return err_set(e, kind, "%s", lines);
    while (room > 0 && lines[room] != '\n')
        room--;
    if (room == 0)
        return err_set(e, kind, "%s", lines);
    for (const char *p = lines + room + 1; (p = strchr(p, '\n')) != NULL; p++)
        more++;
    return err_set(e, kind, "%.*s\n… and %zu more: %s", (int)room, lines, more, all);
}

int err_in(struct err *e, const char *fmt, ...)
{
    char old[sizeof e->text];
    memcpy(old, e->text, sizeof old);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    if (n < 0)
        n = 0;
    if (n >= (int)sizeof e->text) {
        cut_mark(e->text, sizeof e->text);
        return -1;
    }
    size_t room = sizeof e->text - (size_t)n;
    if ((size_t)snprintf(e->text + n, room, ": %s", old) >= room)
        cut_mark(e->text, sizeof e->text);
    return -1;
}

int err_exit_code(enum err_kind kind)
{
    switch (kind) {
    case ERR_NONE: return 0;
    case ERR_USAGE: return 64;
    case ERR_INPUT: return 65;
    case ERR_UNAVAILABLE: return 69;
    case ERR_BUG:
    case ERR_CONFLICT: return 70;
    case ERR_LOST:
    case ERR_TEMPORARY:
    case ERR_CANCELLED: return 75;
    case ERR_PLUGIN: return 76;
    case ERR_CONFIG: return 78;
    }
    return 70;
}

_Noreturn void err_bug(const char *what, const char *file, int line)
{
    fprintf(stderr, "tidemark: bug: %s:%d: '%s' does not hold; please report this with the command you typed\n", file, line,
            what);
    abort();
}
