/* Parameters of one statement ($1, $2, …), collected in order. Values are copied. There is no other way to put a value into
 * SQL: no escaping, no formatting. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/uuid.h"

enum { DB_PARAMS_MAX = 32 };

struct db_params {
    struct arena arena;
    int n;
    const char *value[DB_PARAMS_MAX];
    int length[DB_PARAMS_MAX];
    int format[DB_PARAMS_MAX]; /* 0 text, 1 binary */
};

void db_text(struct db_params *p, const char *s); /* NULL is NULL */
void db_int(struct db_params *p, int64_t v);
void db_bool(struct db_params *p, int v);
void db_uuid(struct db_params *p, const struct uuid *u);
void db_time(struct db_params *p, int64_t us); /* timestamptz; INT64_MIN -infinity */
void db_bytes(struct db_params *p, const void *data, size_t n);
/* An array parameter, as PostgreSQL's array literal: $1::text[], ::uuid[], ::timestamptz[] … NULL elements are NULL. */
struct db_array {
    struct buf *text; /* made by db_array_begin */
    size_t n;
};
void db_array_begin(struct db_array *a, struct buf *storage);
void db_array_text(struct db_array *a, const char *s);
void db_array_int(struct db_array *a, int64_t v);
void db_array_uuid(struct db_array *a, const struct uuid *u);
void db_array_time(struct db_array *a, int64_t us);
void db_array_bytes(struct db_array *a, const void *data, size_t n);
void db_array_null(struct db_array *a);
void db_array_end(struct db_params *p, struct db_array *a); /* closes the literal and adds it as the next parameter */
void db_params_clear(struct db_params *p);
