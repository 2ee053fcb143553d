/* What a statement answered, as a result set of our own. */
#pragma once

#include <libpq-fe.h>

#include "data/rowset.h"

/* Copies everything; the result may be cleared. It must have come as text. */
struct rowset *db_rowset(const PGresult *result);
