/* Cuts SQL text into its statements, as psql would: a semicolon inside quotes, dollar quotes or comments ends nothing. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

struct sql_statement {
    const char *text; /* without the semicolon; starts at its first word */
    int line;         /* of that word, counted from 1 */
};

struct sql_statements {
    struct sql_statement *at;
    size_t n, cap;
};

/* Statements in text[0..n), whose first line has the number first_line. Texts and list live in the arena. An open quote or
 * comment is ERR_CONFIG, with the line where it was opened. */
int migrate_split(struct arena *arena, const char *text, size_t n, int first_line, struct sql_statements *out, struct err *e);
