#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const names[] = {"debug", "info", "warn", "error"};
static _Atomic enum log_level level_now = LOG_INFO;
static _Atomic int level_known;

void log_set_level(enum log_level level)
{
    level_now = level;
    level_known = 1;
}

static void read_level(void)
{
    level_known = 1;
    const char *want = getenv("TIDEMARK_LOG");
    for (int i = 0; want != NULL && i < 4; i++)
        if (strcmp(want, names[i]) == 0)
            level_now = (enum log_level)i;
}

/* A line that came from a server or a file may hold anything: control characters are shown, not sent to the terminal. */
static void put_escaped(const char *text, FILE *out)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
        if ((*p < 0x20 && *p != '\n' && *p != '\t') || *p == 0x7F)
            fprintf(out, "\\x%02x", *p);
        else
            putc(*p, out);
}

static void say(enum log_level level, const char *fmt, va_list ap)
{
    if (!level_known)
        read_level();
    if (level < level_now)
        return;
    char *text = mem_vprintf(fmt, ap);
    fputs("tidemark: ", stderr);
    if (level != LOG_INFO)
        fprintf(stderr, "%s: ", names[level]);
    put_escaped(text, stderr);
    putc('\n', stderr);
    mem_free(text);
}

#define LOG_AT(level)    \
    va_list ap;          \
    va_start(ap, fmt);   \
    say(level, fmt, ap); \
    va_end(ap)

void log_debug(const char *fmt, ...)
{
    LOG_AT(LOG_DEBUG);
}

void log_info(const char *fmt, ...)
{
    LOG_AT(LOG_INFO);
}

void log_warn(const char *fmt, ...)
{
    LOG_AT(LOG_WARN);
}

void log_error(const char *fmt, ...)
{
    LOG_AT(LOG_ERROR);
}
