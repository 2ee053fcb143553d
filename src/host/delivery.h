/* One delivery: bytes as they came, what they yielded, and what became of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/rows.h"
#include "data/sha256.h"
#include "data/uuid.h"

enum delivery_state {
    DELIVERY_READY,   /* rows, drops and bad items are to be written */
    DELIVERY_REFUSED, /* nothing was taken: code and text say why; it goes to quarantine whole */
    DELIVERY_SEEN,    /* the same bytes were taken before: nothing to do */
};

enum delivery_format { DELIVERY_DOCUMENT, DELIVERY_LINES, DELIVERY_CSV };
const char *delivery_format_name(enum delivery_format f); /* "document", "lines", "csv" */
bool delivery_format_parse(const char *name, enum delivery_format *out);

/* An entry of the quarantine that the delivery replaces. */
struct delivery_entry {
    struct uuid id;
    bool is_row;
    int64_t line, item; /* -1: none */
    int64_t created_at;
};

/* What is known of a delivery that is tried again. */
struct delivery_again {
    struct delivery_entry *entry;
    size_t n_entry;
    int64_t rows_in;  /* so many of its rows were taken, and counted, then */
    char *dropped_in; /* a JSON object: so many were dropped */
    char *options;
};

struct delivery {
    enum delivery_state state;
    char *source;     /* the file's path, or "-" */
    size_t line;      /* where in the file it begins; 0: it is the file */
    size_t kept_line; /* where kept begins */
    struct sha256 sha;
    size_t bytes;
    const char *source_class; /* "api" or "export": whose terms hold for the data */
    int64_t observed_at;
    bool observed_known;

    char *platform, *parser, *parser_version; /* NULL where it did not come that far */
    struct rows rows;
    struct buf body; /* the bytes: kept only when refused */
    char *code, *text;
    enum delivery_format format;
    struct buf kept;              /* the bytes around bad rows, in which they can be tried again */
    struct delivery_again *again; /* NULL, or it was in quarantine: host/replay.h */
    bool plugin_failed;           /* refused because the parser raised or went over a budget */

    /* received = inserted + updated + unchanged + quarantined + dropped; filled by delivery_count and the writer */
    int64_t received, inserted, updated, unchanged, quarantined, dropped;
};

struct delivery *delivery_new(const char *source, size_t line, const void *data, size_t n);
void delivery_refuse(struct delivery *d, const char *code, const char *text, const void *data, size_t n);
/* received, quarantined and dropped from what the parser yielded; the rest is the writer's to fill. */
void delivery_count(struct delivery *d);
/* {"account": 2, "retweet": 1}, appended. */
void delivery_drops_json(const struct delivery *d, struct buf *out);
void delivery_free(struct delivery **d);
