/* What the files of json and csv share; nobody else includes it.
 *
 * A marked integer is a cJSON string that begins with U+0001 '#', its digits behind it. A real string that begins with U+0001
 * has one more U+0001 in front, so the two never meet. Keys are never marked.
 *
 * Every array and object keeps its number of children in valueint. An indexed array keeps a table of its children in
 * valuestring (cJSON leaves both fields of a container alone), which makes json_at one step. */
#pragma once

#include "data/json.h"

#define JSON_MARK '\x01'
#define JSON_REPLACEMENT "\xEF\xBF\xBD"

enum { JSON_DEPTH_MAX = 1000, JSON_FEW_KEYS = 32 }; /* what walks a tree may recurse: no stack is that small */

struct json_doc {
    struct arena arena;
    cJSON *root;
    const char *notes;
};

struct json_duplicates {
    size_t count;      /* keys that an equal one follows in the same object */
    const char *first; /* one of them */
};

struct json_seen {
    struct json_duplicates twice;
    size_t replaced; /* escapes that became U+FFFD */
};

/* Fills the document's arena and root. After an error its arena is to be freed like any other. */
int json_read(struct json_doc *doc, const char *text, size_t len, const struct json_limits *limits, struct json_seen *seen,
              struct err *e);

/* Counts the children, makes the tables of arrays, looks for duplicate keys. json_read does so itself but for large items. */
void json_index_one(struct arena *arena, cJSON *item, struct json_duplicates *twice);
struct json_duplicates json_index(struct arena *arena, cJSON *root);

cJSON *json_new_null(struct json_doc *doc);
/* As json_put for a key that lives at least as long as the document: it is not copied. */
void json_put_borrowed(cJSON *object, const char *key, cJSON *item);

int json_check_size(size_t len, size_t limit, struct err *e);
void json_group_digits(size_t n, char out[32]); /* 500,000 */

bool json_is_marked(const cJSON *item);
void json_number_text(double d, char out[32]);

/* Length of the UTF-8 sequence at p (left bytes remain, at least 1); 0: not UTF-8. */
size_t json_utf8_len(const unsigned char *p, size_t left);
/* Says for a person what is wrong where json_utf8_len gave 0. */
void json_utf8_explain(const unsigned char *p, size_t left, char *out, size_t size);
