/* The reader's state, and the sentences about what is wrong at a place; for json_read.c and json_errors.c only. */
#pragma once

#include "data/json_private.h"

enum expect { VALUE, VALUE_OR_CLOSE, KEY, KEY_OR_CLOSE, COLON, COMMA_OR_CLOSE, NOTHING };

/* An array or object that is open. */
struct level {
    cJSON *item, *last; /* last: of its children */
    uint64_t keys;      /* a filter of the keys so far */
};

struct scan {
    const unsigned char *start, *p, *end;
    const unsigned char *string; /* where the last string began */
    struct json_limits limits;
    size_t nodes;
    unsigned depth;
    enum expect expect;
    struct arena *arena;
    char *text;              /* where the next text goes */
    cJSON *item, *items_end; /* the next free item, and the end of its slab */
    cJSON *root;
    char *key; /* of the member whose value comes next */
    struct json_duplicates twice;
    size_t replaced;
    struct err *e;
    const unsigned char *open[JSON_DEPTH_MAX]; /* the brackets that are open */
    struct level level[JSON_DEPTH_MAX];
};

/* All return -1. */
__attribute__((format(printf, 3, 4))) int scan_fail(struct scan *s, const unsigned char *at, const char *fmt, ...);
int scan_wanted(struct scan *s, const char *what); /* "…, found 'x'", or that the text ends */
int scan_bad_value(struct scan *s, const unsigned char *at);
int scan_bad_key(struct scan *s);
int scan_bad_escape(struct scan *s);
int scan_bad_utf8(struct scan *s, const unsigned char *at);
int scan_raw_control(struct scan *s);
int scan_unfinished_string(struct scan *s);
int scan_ends_early(struct scan *s);

/* Length of the run of letters, digits and '_' at p. */
size_t scan_word(const struct scan *s, const unsigned char *p);
