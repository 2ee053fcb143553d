/* A fixture as a tree that can be bent, and as bytes again: unlike a parsed document it may hold what no JSON may. Inside host/fuzz*.c.
 * Everything lives in an arena. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"

enum node_kind { NODE_SCALAR, NODE_ARRAY, NODE_OBJECT };

struct node {
    enum node_kind kind;
    const char *text; /* a scalar's bytes as they stand in the document; of a CSV cell, its value */
    size_t len;
    struct node **child;
    const char **key; /* of an object's members, with their quotes; NULL: none */
    size_t n, cap;
};

enum doc_format { DOC_JSON, DOC_LINES, DOC_CSV };
extern const char *const doc_ending[]; /* "json", "jsonl", "csv" */

struct fixture {
    char *name; /* "videos.json" */
    enum doc_format format;
    struct node *root; /* DOC_LINES: an array of documents; DOC_CSV: an array of records, each an array of cells */
};

/* The plugin's fixtures and the keys that occur in them. */
struct corpus {
    struct arena arena;
    struct fixture *fixture;
    size_t n;
    const char **key;
    size_t n_key;
};
/* ERR_CONFIG: the folder has none, or one cannot be read as what its ending says. */
int corpus_load(const char *dir, struct corpus *out, struct err *e);
void corpus_free(struct corpus *c);

struct node *node_scalar(struct arena *a, const char *text, size_t len); /* text is not copied */
struct node *node_new(struct arena *a, enum node_kind kind);
struct node *node_of(struct arena *a, const cJSON *item);
struct node *node_copy(struct arena *a, const struct node *n);
void node_insert(struct arena *a, struct node *parent, size_t at, const char *key, struct node *child);
void node_remove(struct node *parent, size_t at);
size_t node_bytes(const struct node *n); /* about as many as it takes when it is written */
void node_write(const struct node *n, enum doc_format format, struct buf *out);
