#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "base/nearest.h"
#include "db/result.h"

int app_check_format(const char *format, struct err *e)
{
    static const char *const formats[] = {"table", "csv", "json"};
    if (format == NULL)
        return 0;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(format, formats[i]) == 0)
            return 0;
    const char *near = nearest(format, formats, sizeof formats / sizeof *formats);
    if (near != NULL)
        return err_set(e, ERR_USAGE, "unknown format '%s', did you mean '%s'?", format, near);
    return err_set(e, ERR_USAGE, "unknown format '%s': table, csv or json", format);
}

int app_bad_verb(const char *command, const char *word, const char *const *verbs, size_t n, const char *usage, struct err *e)
{
    const char *near = word != NULL ? nearest(word, verbs, n) : NULL;
    if (word == NULL)
        return err_set(e, ERR_USAGE, "%s needs a verb: %s", command, usage);
    if (near != NULL)
        return err_set(e, ERR_USAGE, "unknown verb '%s %s', did you mean '%s'?", command, word, near);
    return err_set(e, ERR_USAGE, "unknown verb '%s %s': %s", command, word, usage);
}

static int query(struct app *app, const char *sql, const struct db_params *p, PGresult **res, struct err *e)
{
    if (db_begin(app->session, "READ ONLY", e) != 0)
        return -1;
    if (db_run(app->session, "SET LOCAL ROLE service_role", e) != 0 ||
        db_run(app->session, "SET LOCAL TimeZone = 'UTC'", e) != 0 ||
        db_run(app->session, "SET LOCAL DateStyle = 'ISO, YMD'", e) != 0 || db_exec(app->session, sql, p, res, e) != 0)
        return -1;
    return db_commit(app->session, e);
}

int app_print_query(struct app *app, const char *sql, const struct db_params *p, const struct table_layout *layout,
                    const char *format, struct err *e)
{
    struct table_style style = term_style(&app->out, app->zone);
    struct buf out = {0};
    PGresult *res = NULL;
    if (query(app, sql, p, &res, e) != 0) {
        PQclear(res);
        return -1;
    }
    struct rowset *rows = db_rowset(res);
    PQclear(res);
    if (format != NULL && strcmp(format, "csv") == 0)
        rowset_csv(rows, &out);
    else if (format != NULL && strcmp(format, "json") == 0)
        rowset_json(rows, &out);
    else {
        struct table_layout shown = *layout;
        if (rows->n_row == 0)
            shown.n_next = 0; /* what to type about an entry is no use where there is none: empty says what is */
        table_render(rows, &shown, &style, &out);
    }
    fwrite(out.data, 1, out.len, stdout);
    rowset_free(&rows);
    buf_free(&out);
    return 0;
}
