/* What a plugin's statement may be, decided before it is sent: one statement, and only one that reads or changes rows. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

enum run_guard_for {
    GUARD_QUERY,
    GUARD_CURSOR, /* SELECT, WITH, VALUES or TABLE: what a cursor can be made of */
};

/* ERR_PLUGIN: what was given, and what may be. careful: the server itself does not keep a statement from changing who it acts as
 * (its login may do more than the owner's role): the functions that could are refused by their names, too. That is a fence and no
 * wall: docs say what an operator does for a wall. */
int run_guard(const char *sql, enum run_guard_for use, bool careful, struct err *e);
