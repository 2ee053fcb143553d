#include "db/result.h"

#include "base/mem.h"

/* The types that have a form of their own in tables and JSON, by their OIDs, which PostgreSQL keeps for good. */
static enum column_kind kind_of(Oid type)
{
    switch (type) {
    case 16: return COLUMN_BOOL;
    case 20:
    case 21:
    case 23:
    case 26: return COLUMN_INTEGER;
    case 700:
    case 701:
    case 1700: return COLUMN_NUMBER;
    case 114:
    case 3802: return COLUMN_JSON;
    case 1082:
    case 1114:
    case 1184: return COLUMN_TIME;
    case 1002: /* char[], name[], text[], bpchar[], varchar[], uuid[] */
    case 1003:
    case 1009:
    case 1014:
    case 1015:
    case 2951: return COLUMN_ARRAY;
    case 1005: /* smallint[], integer[], bigint[], real[], double precision[], numeric[] */
    case 1007:
    case 1016:
    case 1021:
    case 1022:
    case 1231: return COLUMN_NUMBERS;
    default: return COLUMN_TEXT;
    }
}

struct rowset *db_rowset(const PGresult *result)
{
    int n = PQnfields(result), rows = PQntuples(result);
    struct column *columns = mem_array(n ? (size_t)n : 1, sizeof *columns);
    const char **cells = mem_array(n ? (size_t)n : 1, sizeof *cells);
    for (int i = 0; i < n; i++)
        columns[i] = (struct column){.name = PQfname(result, i), .kind = kind_of(PQftype(result, i))};
    struct rowset *set = rowset_new(columns, (size_t)n);
    for (int row = 0; row < rows; row++) {
        for (int i = 0; i < n; i++)
            cells[i] = PQgetisnull(result, row, i) ? NULL : PQgetvalue(result, row, i);
        rowset_add(set, cells);
    }
    mem_free(columns);
    mem_free(cells);
    return set;
}
