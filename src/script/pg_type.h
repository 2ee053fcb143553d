/* The types of PostgreSQL that we know by their OIDs, which never change. Inside script/ only. */
#pragma once

#include <stdint.h>

enum pg_type {
    PG_ANY = 0,
    PG_BOOL = 16,
    PG_BYTEA = 17,
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_OID = 26,
    PG_JSON = 114,
    PG_FLOAT4 = 700,
    PG_FLOAT8 = 701,
    PG_DATE = 1082,
    PG_TIMESTAMP = 1114,
    PG_TIMESTAMPTZ = 1184,
    PG_NUMERIC = 1700,
    PG_UUID = 2950,
    PG_JSONB = 3802,
};

/* The type of an array's elements; 0: no array that we know. */
uint32_t pg_element(uint32_t array);
/* The array of an element's type; 0: none that we know. */
uint32_t pg_array(uint32_t element);
/* By the name in ctx.db.array ("text", "int8", "integer", …); 0: none. */
uint32_t pg_named(const char *name);
extern const char *const pg_names[]; /* NULL-terminated */
