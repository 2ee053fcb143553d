/* A table in columns: what rules and analyses read posts from. A hundred thousand rows cost what their values cost; Lua sees a row
 * as a view (script/bind_frame.h).
 *
 * Rows are added one by one; a column is found by its name. Everything lives in the frame's arena and goes with it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

enum frame_kind {
    FRAME_NUMBER, /* a double; missing: NaN */
    FRAME_BOOL,
    FRAME_TEXT,  /* missing: NULL */
    FRAME_LIST,  /* texts, in order; missing: NULL */
    FRAME_JSON,  /* a JSON text, read when a row's field is asked for; missing: NULL */
    FRAME_DAILY, /* numbers of consecutive days; missing: NULL */
};

struct frame_list {
    size_t n;
    const char *text[];
};

struct frame_daily {
    int64_t first_day; /* days since 1970-01-01 */
    size_t n;
    double value[];
};

struct frame_column {
    const char *name;
    enum frame_kind kind;
    union {
        double *number;
        bool *flag;
        const char **text;
        const struct frame_list **list;
        const struct frame_daily **daily;
    };
};

struct frame {
    struct arena arena;
    struct frame_column *column;
    size_t n_column, n_row, cap_row;
};

struct frame *frame_new(void);
void frame_free(struct frame **f);

/* A new column, missing in every row there is. Its number. */
size_t frame_column(struct frame *f, const char *name, enum frame_kind kind);
/* The column's number, or n_column where there is none. */
size_t frame_find(const struct frame *f, const char *name);

/* A new row, missing in every column. Its number. */
size_t frame_row(struct frame *f);

/* Values are copied; the column must be of the kind. */
void frame_number(struct frame *f, size_t column, size_t row, double value);
void frame_flag(struct frame *f, size_t column, size_t row, bool value);
void frame_text(struct frame *f, size_t column, size_t row, const char *value);
void frame_list(struct frame *f, size_t column, size_t row, const char *const *texts, size_t n);
void frame_daily(struct frame *f, size_t column, size_t row, int64_t first_day, const double *values, size_t n);
