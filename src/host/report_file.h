/* Inside the report files: what the parts of the loader say to each other. */
#pragma once

#include "host/report.h"

struct mistakes {
    const char *file;
    struct buf text; /* "file:line: what" lines */
};
__attribute__((format(printf, 3, 4))) void mistake(struct mistakes *m, int line, const char *fmt, ...);

struct reader {
    struct report *report;
    struct mistakes *mistakes;
    int line;
};
/* Cuts the next word off *rest; "quoted words" are one, without their quotes. NULL at the end. */
char *report_word(char **rest);
void report_set_once(struct reader *h, char **where, const char *what, const char *rest);

/* report_show.c: what stands behind the directive's colon */
void report_column_is(struct reader *h, char *rest);
void report_chart_is(struct reader *h, char *rest);
void report_section_is(struct reader *h, char *rest);
void report_instead_is(struct reader *h, char *rest);
void report_tail_is(struct reader *h, char *rest);
void report_glyph_is(struct reader *h, char *rest);

/* report_sql.c: fills sql, param and sql_text from the file's text (header included; its first line of SQL is first_line). */
void report_sql_bind(struct report *r, const char *text, int first_line, struct mistakes *m);

/* report_check.c: columns and sentences that the rows do not bear out are ERR_PLUGIN. */
int report_check_rows(const struct report *r, const struct rowset *rows, struct err *e);

/* report_args.c */
bool arg_type_parse(const char *word, enum arg_type *out);
const char *arg_type_names(void);              /* "text, integer, …" */
const char *arg_type_name(enum arg_type type); /* "text" */
const char *arg_type_sql(enum arg_type type);  /* "integer": what $n is cast to */
/* The value as the server is to read it (mem_free), or NULL and why: "not a whole number". */
char *arg_value(enum arg_type type, const char *value, const char **why);
/* The value of arg i among vars: the var's, else the fallback. */
const char *arg_find(const struct report *r, size_t i, const struct report_var *vars, size_t n);
/* The same as the server is to read it (mem_free); NULL with ERR_USAGE: missing, or of the wrong form. */
char *report_value(const struct report *r, size_t i, const struct report_var *vars, size_t n, struct err *e);
int report_bind(const struct report *r, const struct report_var *vars, size_t n, struct db_params *p, struct err *e);
