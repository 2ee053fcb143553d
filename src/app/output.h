/* Rows on stdout or into files, in the form asked for. */
#pragma once

#include "app/app.h"
#include "data/rowset.h"

struct output {
    struct app *app;
    const char *format; /* "table", "csv", "json" or "ndjson"; NULL: by the file's suffix, else a table */
    struct cli_list files;
};

int output_rows(const struct output *o, const struct table_layout *layout, const struct rowset *rows, struct err *e);
void output_free(struct output *o);
