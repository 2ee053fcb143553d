/* What went wrong, for whoever decides what happens next.
 *
 * A function that can fail returns 0 or -1 and fills a struct err; it does not log. The kind says who has to act, and the
 * kind alone decides the exit code and whether a retry makes sense: nobody looks into the text. */
#pragma once

enum err_kind {
    ERR_NONE,
    ERR_USAGE,       /* the command line: exit 64 */
    ERR_INPUT,       /* a payload or file is bad, nothing was taken: exit 65 */
    ERR_UNAVAILABLE, /* the database cannot be reached, or refuses us: exit 69 */
    ERR_BUG,         /* the host is wrong, or a statement of the host is: exit 70 */
    ERR_LOST,        /* the connection went away; a write may or may not have happened: exit 75 */
    ERR_TEMPORARY,   /* try again: disk full, lock time-out, statement time-out: exit 75 */
    ERR_CANCELLED,   /* somebody asked for it: exit 75 */
    ERR_PLUGIN,      /* plugin code failed or went over a budget: exit 76 */
    ERR_CONFIG,      /* config, plugin file, schema or database is not what it should be: exit 78 */
    ERR_CONFLICT,    /* a unique or foreign key was hit: the caller knows what to do; escaped, it is a bug: exit 70 */
};

struct err {
    enum err_kind kind;
    char sqlstate[6]; /* "" unless the server said one */
    char text[2048];  /* one or more lines, no newline at the end, no "error:" in front */
};

/* Fills e and returns -1, so that a failing path is one line. A text that does not fit is cut with "…". */
__attribute__((format(printf, 3, 4))) int err_set(struct err *e, enum err_kind kind, const char *fmt, ...);

/* Many lines: those that fit, then how many do not, and what shows them all ("type …"). Returns -1. */
int err_set_lines(struct err *e, enum err_kind kind, const char *lines, const char *all);

/* Puts "what: " in front of the text that is there: adds the place, keeps kind and sqlstate. Returns -1. */
__attribute__((format(printf, 2, 3))) int err_in(struct err *e, const char *fmt, ...);

/* The process exit code of a kind (docs/exit-codes.md). */
int err_exit_code(enum err_kind kind);

/* Bugs only, never input: prints the place and aborts. Always compiled in. */
#define must(x) ((x) ? (void)0 : err_bug(#x, __FILE__, __LINE__))
_Noreturn void err_bug(const char *what, const char *file, int line);
