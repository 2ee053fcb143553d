/* JSON as platforms send it, without cJSON's losses.
 *
 * One linear pass over the bytes (json_read.c) makes a cJSON tree of them in an arena that belongs to the document: strict RFC
 * 8259 and UTF-8, a BOM skipped, non-finite numbers refused, limits counted; integers of more than 15 digits become marked
 * strings so that no digit is lost; \u0000 and lone surrogates become U+FFFD with a note. Look at the tree
 * through the functions below only: they know the marks, compare keys by exact case, and take the last of duplicate keys. */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

struct json_limits {
    size_t bytes;   /* default 16 MiB */
    size_t nodes;   /* default 500,000 */
    unsigned depth; /* default 64 */
};
extern const struct json_limits json_limits_default;

struct json_doc;

/* Parses one document. Errors are ERR_INPUT and name line and column (1-based; columns count characters) for bad syntax or
 * UTF-8, and the limit by name where one was hit ("document of 200 MiB is larger than 16 MiB"). limits NULL: the default.
 * The document keeps nothing of text. */
int json_parse(const char *text, size_t len, const struct json_limits *limits, struct json_doc **doc, struct err *e);
void json_free(struct json_doc **doc);
const cJSON *json_root(const struct json_doc *doc);

/* What the prepare pass had to change or saw: "", or sentences joined with "; " (duplicate keys, U+FFFD in place of …). */
const char *json_notes(const struct json_doc *doc);

/* For trees that we build ourselves (CSV rows, wrappers): items live in the document's arena. */
struct json_doc *json_new(void);
cJSON *json_new_object(struct json_doc *doc);
cJSON *json_new_array(struct json_doc *doc);
cJSON *json_new_string(struct json_doc *doc, const char *s, size_t n);
void json_append(cJSON *array, cJSON *item);                                      /* O(1) */
void json_put(struct json_doc *doc, cJSON *object, const char *key, cJSON *item); /* no check for duplicates */
void json_set_root(struct json_doc *doc, cJSON *root);
void json_narrow(struct json_doc *doc,
                 const cJSON *item); /* an item of the document's own, so to speak its payload, is the root now */

enum json_kind { JSON_ABSENT, JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* item NULL is JSON_ABSENT. A marked integer is a JSON_NUMBER. */
enum json_kind json_kind(const cJSON *item);
const char *json_kind_name(enum json_kind kind); /* "absent", "null", "boolean", "number", "string", "array", "object" */

/* Member of an object by exact case; the last one of duplicates; NULL where absent or where obj is no object. */
const cJSON *json_get(const cJSON *obj, const char *key, size_t key_len);
const cJSON *json_at(const cJSON *array, size_t index); /* 0-based; NULL outside */
size_t json_size(const cJSON *item);                    /* members or elements; 0 for the rest */

/* A dotted path: "snippet.title", "items.0.id" (a whole number indexes an array, from 0). "" and "." are the item itself. */
const cJSON *json_path(const cJSON *item, const char *path);

/* The text of a string, or the digits of a marked integer; NULL for any other kind. NUL-terminated, lives with the document. */
const char *json_text(const cJSON *item);
/* As json_text, and ordinary numbers too ("12", "1.5"), written into arena. For ids: a number of any length keeps its digits. */
const char *json_id(const cJSON *item, struct arena *arena);

/* A count: integer, integral float, or string of digits with optional '-', inside int64. false for anything else. */
bool json_int64(const cJSON *item, int64_t *out);
/* Any finite number or numeric string. */
bool json_double(const cJSON *item, double *out);

/* Appends compact JSON; marked integers are written as numbers again. */
void json_write(const cJSON *item, struct buf *out);
/* Appends s as a JSON string with quotes. */
void json_write_string(const char *s, size_t n, struct buf *out);
