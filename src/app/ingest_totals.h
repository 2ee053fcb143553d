/* What became of all deliveries of one ingest: per platform, and what is told at the end. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/table.h"
#include "host/delivery.h"

struct drop_total {
    char *reason;
    int64_t n;
};

struct platform_total {
    char *platform;
    int64_t deliveries, replays, received, inserted, updated, unchanged, quarantined, dropped;
};

struct input_problem {
    char *path, *code, *text; /* path may be NULL: text names it */
};

/* How much came in, and how long it took. */
struct ingest_volume {
    size_t files, bytes;
    int64_t rows;
    double seconds;
};

struct ingest_totals {
    struct platform_total *platform;
    size_t n_platform;
    struct drop_total *drop;
    size_t n_drop;
    size_t taken;                  /* deliveries of which something was taken, or that were taken before */
    size_t refused;                /* deliveries refused whole */
    struct input_problem *problem; /* files, or parts of them, that could not be read at all */
    size_t n_problem;
    size_t older_files, older_documents; /* passed over by --since */
    size_t facts;                        /* rows that made no snapshot */
    size_t accounts;                     /* observations of accounts, not of posts */
    int64_t bad_rows;
    bool plugin_failed;
    struct ingest_volume volume;
};

void totals_add(struct ingest_totals *t, const struct delivery *d);
void totals_problem(struct ingest_totals *t, const char *path, const char *code, const char *text);
/* "received 121 588 = inserted 121 550 + quarantined 38" over all platforms. */
void totals_sentence(const struct ingest_totals *t, struct buf *out);
/* "3 files, 41.2 MiB, 120 000 rows in 4.1 s (29.3 k rows/s)" */
void totals_volume(const struct ingest_totals *t, struct buf *out);
void totals_table(const struct ingest_totals *t, const struct table_style *style, struct buf *out);
void totals_json(const struct ingest_totals *t, struct buf *out);
/* 0, 2 (done in part), 65 (nothing was taken), 76 (a plugin failed). */
int totals_exit_code(const struct ingest_totals *t);
void totals_free(struct ingest_totals *t);
