/* What stands at the other end of stdout and stderr, and the talk that goes there. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/table.h"

enum term_color { TERM_AUTO, TERM_ALWAYS, TERM_NEVER };

struct term {
    bool tty, color, ascii;
    unsigned width; /* 0: not a terminal and COLUMNS is not set */
};

/* COLUMNS, else the terminal's width, never its last column; UTF-8 by the locale's codeset unless ascii is forced. */
struct term term_look(int fd, enum term_color color, bool ascii);
struct table_style term_style(const struct term *t, const char *zone);

/* A line on stderr that is written over: terminal only, 10 a second at most, nothing before 400 ms; elsewhere a line every 10 s. */
struct term_progress {
    struct term term;
    int64_t begun_us, shown_us;
    bool drawn;
};
void term_progress_begin(struct term_progress *p, const struct term *stderr_term);
__attribute__((format(printf, 2, 3))) void term_progress_show(struct term_progress *p, const char *fmt, ...);
bool term_progress_due(const struct term_progress *p); /* would the next one be shown? */
void term_progress_end(struct term_progress *p);       /* erases the line */
