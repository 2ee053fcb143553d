#include "script/pg_type.h"

#include <stddef.h>
#include <string.h>

static const struct {
    uint32_t element, array;
} arrays[] = {
    {PG_BOOL, 1000},    {PG_BYTEA, 1001},     {18, 1002},      {19, 1003},       {PG_INT2, 1005},   {PG_INT4, 1007},
    {PG_TEXT, 1009},    {1042, 1014},         {1043, 1015},    {PG_INT8, 1016},  {PG_FLOAT4, 1021}, {PG_FLOAT8, 1022},
    {PG_OID, 1028},     {PG_TIMESTAMP, 1115}, {PG_DATE, 1182}, {1083, 1183},     {1186, 1187},      {PG_TIMESTAMPTZ, 1185},
    {PG_NUMERIC, 1231}, {PG_UUID, 2951},      {PG_JSON, 199},  {PG_JSONB, 3807}, {869, 1041},       {650, 651},
};
enum { N_ARRAYS = sizeof arrays / sizeof *arrays };

uint32_t pg_element(uint32_t array)
{
    for (size_t i = 0; i < N_ARRAYS; i++)
        if (arrays[i].array == array)
            return arrays[i].element;
    return 0;
}

uint32_t pg_array(uint32_t element)
{
    for (size_t i = 0; i < N_ARRAYS; i++)
        if (arrays[i].element == element)
            return arrays[i].array;
    return 0;
}

const char *const pg_names[] = {
    "text",   "uuid",      "bool", "boolean", "int2",   "int4",    "int8",    "integer",
    "bigint", "float4",    "real", "float8",  "number", "numeric", "decimal", "timestamptz",
    "time",   "timestamp", "date", "json",    "jsonb",  "bytea",   "bytes",   NULL,
};
static const uint32_t types[] = {
    PG_TEXT,        PG_UUID,      PG_BOOL,   PG_BOOL,   PG_INT2,   PG_INT4,    PG_INT8,    PG_INT8,
    PG_INT8,        PG_FLOAT4,    PG_FLOAT4, PG_FLOAT8, PG_FLOAT8, PG_NUMERIC, PG_NUMERIC, PG_TIMESTAMPTZ,
    PG_TIMESTAMPTZ, PG_TIMESTAMP, PG_DATE,   PG_JSONB,  PG_JSONB,  PG_BYTEA,   PG_BYTEA,
};
_Static_assert(sizeof pg_names / sizeof *pg_names == sizeof types / sizeof *types + 1, "a type for each name");

uint32_t pg_named(const char *name)
{
    for (size_t i = 0; pg_names[i] != NULL; i++)
        if (strcmp(pg_names[i], name) == 0)
            return types[i];
    return 0;
}
