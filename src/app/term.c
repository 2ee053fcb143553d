#include "app/term.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum { FIRST_US = 400 * 1000, TTY_US = 100 * 1000, PLAIN_US = 10 * 1000 * 1000 };

static bool is_set(const char *name)
{
    const char *v = getenv(name);
    return v != NULL && v[0] != '\0';
}

static bool want_color(bool tty, enum term_color color)
{
    if (color != TERM_AUTO)
        return color == TERM_ALWAYS;
    const char *force = getenv("CLICOLOR_FORCE");
    if (force != NULL && strcmp(force, "1") == 0)
        return true;
    const char *kind = getenv("TERM");
    return tty && !is_set("NO_COLOR") && kind != NULL && strcmp(kind, "dumb") != 0;
}

static unsigned find_width(int fd, bool tty)
{
    const char *columns = getenv("COLUMNS");
    char *end = NULL;
    unsigned long n = columns != NULL ? strtoul(columns, &end, 10) : 0;
    if (columns != NULL && end != columns && *end == '\0' && n >= 20 && n <= 10000)
        return (unsigned)n - 1;
    struct winsize size;
    if (tty && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
        return size.ws_col - 1u;
    return tty ? 79 : 0;
}

struct term term_look(int fd, enum term_color color, bool ascii)
{
    bool tty = isatty(fd) == 1;
    return (struct term){
        .tty = tty,
        .color = want_color(tty, color),
        .ascii = ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
        .width = find_width(fd, tty),
    };
}

struct table_style term_style(const struct term *t, const char *zone)
{
    return (struct table_style){.width = t->width, .ascii = t->ascii, .color = t->color, .zone = zone, .now = clock_wall_us()};
}

void term_progress_begin(struct term_progress *p, const struct term *stderr_term)
{
    *p = (struct term_progress){.term = *stderr_term, .begun_us = clock_mono_us()};
}

bool term_progress_due(const struct term_progress *p)
{
    int64_t now = clock_mono_us();
    int64_t pause = p->term.tty ? TTY_US : PLAIN_US;
    return now - p->begun_us >= (p->term.tty ? FIRST_US : PLAIN_US) && (p->shown_us == 0 || now - p->shown_us >= pause);
}

void term_progress_show(struct term_progress *p, const char *fmt, ...)
{
    if (!term_progress_due(p))
        return;
    p->shown_us = clock_mono_us();
    va_list ap;
    va_start(ap, fmt);
    char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    if (p->term.tty)
        fprintf(stderr, "\r\x1b[K%.*s", (int)p->term.width, text);
    else
        fprintf(stderr, "%s\n", text);
    fflush(stderr);
    p->drawn = p->term.tty;
    mem_free(text);
}

void term_progress_end(struct term_progress *p)
{
    if (p->drawn)
        fputs("\r\x1b[K", stderr);
    p->drawn = false;
}
