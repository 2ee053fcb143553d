/* Rows on stdout or into files, in the form asked for. */
#pragma once

#include "app/app.h"
#include "data/rowset.h"

struct output {
    struct app *app;
    const char *format; /* "table", "csv", "json" or "ndjson"; NULL: by the file's suffix, else a table */
    struct cli_list files;
};

int output_check(const struct output *o, struct err *e); /* ERR_USAGE for a format that is none of the four */
int output_rows(const struct output *o, const struct table_layout *layout, const struct rowset *rows, struct err *e);
/* What a script prints: as it is into a pipe or a file, escaped on a terminal, where a title must not move the cursor. */
void output_text(const struct app *app, const char *text, size_t len);
void output_free(struct output *o);
