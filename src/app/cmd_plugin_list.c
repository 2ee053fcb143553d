/* tidemark plugin list: what there is, what it may use and has used, and what went wrong last. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cmd_plugin.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/table.h"
#include "db/result.h"
#include "host/parser.h"

struct list_cmd {
    struct app *app;
    const char *format, *who;
    struct registry *registry;
    struct buf mistakes, warnings;
    PGresult *uses; /* NULL: no database */
};

static const struct column columns[] = {
    {"name", COLUMN_TEXT},
    {"origin", COLUMN_TEXT},
    {"version", COLUMN_TEXT},
    {"state", COLUMN_TEXT},
    {"parsers", COLUMN_INTEGER},
    {"rules", COLUMN_INTEGER},
    {"reports", COLUMN_INTEGER},
    {"jobs", COLUMN_INTEGER},
    {"collectors", COLUMN_INTEGER},
    {"runs", COLUMN_INTEGER},
    {"failures", COLUMN_INTEGER},
    {"load_ms", COLUMN_INTEGER},
    {"load_ms_limit", COLUMN_INTEGER},
    {"memory", COLUMN_INTEGER},
    {"memory_limit", COLUMN_INTEGER},
    {"call_ms", COLUMN_INTEGER},
    {"call_ms_limit", COLUMN_INTEGER},
    {"cpu_ms", COLUMN_INTEGER},
    {"cpu_ms_limit", COLUMN_INTEGER},
    {"run_ms", COLUMN_INTEGER},
    {"run_ms_limit", COLUMN_INTEGER},
    {"db_ms", COLUMN_INTEGER},
    {"db_ms_limit", COLUMN_INTEGER},
    {"rows", COLUMN_INTEGER},
    {"rows_limit", COLUMN_INTEGER},
    {"output", COLUMN_INTEGER},
    {"output_limit", COLUMN_INTEGER},
    {"log_lines", COLUMN_INTEGER},
    {"log_lines_limit", COLUMN_INTEGER},
    {"last_run_at", COLUMN_TIME},
    {"last_error", COLUMN_TEXT},
    {"last_error_at", COLUMN_TIME},
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

/* The pairs above, in their order. */
static const enum vm_meter meters[] = {VM_LOAD, VM_MEMORY, VM_CALL, VM_CPU, VM_RUN, VM_DB, VM_ROWS, VM_OUTPUT, VM_LOG_LINES};
enum { N_METERS = sizeof meters / sizeof *meters };

/* --- what the database knows ------------------------------------------------------------------------------------------------- */

static const char uses_sql[] = "SELECT plugin, sum(runs), sum(failures), max(memory_max), max(call_ms_max), max(cpu_ms_max), "
                               "max(run_ms_max), max(db_ms_max),"
                               "  max(rows_max), max(output_max), max(log_lines_max), max(last_run_at),"
                               "  (array_agg(last_error ORDER BY last_error_at DESC NULLS LAST))[1], max(last_error_at)"
                               "  FROM tidemark.plugin_uses WHERE user_id = $1 GROUP BY plugin ORDER BY plugin";
enum { USE_RUNS = 1, USE_FAILURES, USE_FIRST_METER, USE_LAST_RUN = USE_FIRST_METER + N_METERS - 1, USE_ERROR, USE_ERROR_AT };

static int ask(struct list_cmd *c, struct err *e)
{
    struct uuid owner;
    struct db_params p = {0};
    if (app_owner(c->app, c->who, &owner, e) != 0 || app_need_database(c->app, e) != 0)
        return -1;
    struct db_session *s = c->app->session;
    if (db_begin(s, "READ ONLY", e) != 0)
        return -1;
    db_uuid(&p, &owner);
    int rc = db_run(s, "SET LOCAL ROLE service_role", e);
    if (rc == 0)
        rc = db_run(s, "SET LOCAL TimeZone = 'UTC'", e);
    if (rc == 0)
        rc = db_exec(s, uses_sql, &p, &c->uses, e);
    db_params_clear(&p);
    if (rc != 0) {
        db_rollback(s);
        return -1;
    }
    return db_commit(s, e);
}

/* A private database that was never started holds nothing; making one for a list would be odd. */
static bool has_database(const struct app *app)
{
    static struct embedded_state state; /* large */
    struct err ignored;
    if (app_database_uri(app) != NULL)
        return true;
    return app->project != NULL && embedded_state(app->project->dir, &state, &ignored) == 0 && state.cluster_version > 0;
}

static void read_uses(struct list_cmd *c)
{
    struct err e = {0};
    if (has_database(c->app) && ask(c, &e) != 0)
        log_warn("what plugins used and their last errors are not shown: %s", e.text);
}

static int use_row(const struct list_cmd *c, const char *plugin)
{
    for (int i = 0; c->uses != NULL && i < PQntuples(c->uses); i++)
        if (strcmp(PQgetvalue(c->uses, i, 0), plugin) == 0)
            return i;
    return -1;
}

static const char *use_cell(const struct list_cmd *c, int row, int column)
{
    return row < 0 || PQgetisnull(c->uses, row, column) ? NULL : PQgetvalue(c->uses, row, column);
}

/* --- rows --------------------------------------------------------------------------------------------------------------------- */

struct line {
    struct arena arena;
    const char *cell[N_COLUMNS];
};

static const char *number(struct line *l, uint64_t n)
{
    return arena_printf(&l->arena, "%" PRIu64, n);
}

static void set_meters(struct line *l, const struct list_cmd *c, const struct plugin *p, int row)
{
    struct vm_usage usage;
    vm_usage(p->vm, &usage);
    for (int i = 0; i < N_METERS; i++) {
        const struct vm_use *here = &usage.of[meters[i]];
        const char *kept = i > 0 ? use_cell(c, row, USE_FIRST_METER + i - 1) : NULL; /* loading is measured here */
        uint64_t most = kept != NULL ? strtoull(kept, NULL, 10) : 0;
        bool measured = kept != NULL || meters[i] == VM_LOAD || meters[i] == VM_MEMORY;
        if (here->most > most)
            most = here->most;
        l->cell[11 + 2 * i] = measured ? number(l, most) : NULL;
        l->cell[12 + 2 * i] = number(l, here->limit);
    }
}

static void fill(struct line *l, const struct list_cmd *c, const struct plugin *p)
{
    int row = use_row(c, p->name);
    size_t jobs = 0, collectors = 0;
    for (size_t i = 0; i < p->n_job; i++)
        *(p->job[i].platform != NULL ? &collectors : &jobs) += 1;
    const char *failures = use_cell(c, row, USE_FAILURES);
    l->cell[0] = p->name;
    l->cell[1] = p->bundled ? "bundled" : "own";
    l->cell[2] = strchr(p->version, '@') + 1;
    l->cell[3] = row < 0 ? "never run" : strcmp(failures, "0") == 0 ? "ok" : "failed";
    l->cell[4] = number(l, p->n_parser);
    l->cell[5] = number(l, p->n_rule);
    l->cell[6] = number(l, p->n_report);
    l->cell[7] = number(l, jobs);
    l->cell[8] = number(l, collectors);
    l->cell[9] = use_cell(c, row, USE_RUNS);
    l->cell[10] = failures;
    set_meters(l, c, p, row);
    l->cell[29] = use_cell(c, row, USE_LAST_RUN);
    l->cell[30] = use_cell(c, row, USE_ERROR);
    l->cell[31] = use_cell(c, row, USE_ERROR_AT);
    if (c->uses == NULL)
        l->cell[3] = "loads";
}

/* Plugins with a mistake are not in the registry: their names are read off the mistakes, "plugins/NAME/…" or "plugins/NAME.lua:…". */
static void add_broken(const struct list_cmd *c, struct rowset *rows)
{
    char last[256] = "";
    for (const char *s = c->mistakes.data; s != NULL && *s != '\0';) {
        size_t len = strcspn(s, "\n");
        struct line l = {0};
        const char *name = strncmp(s, "plugins/", 8) == 0 ? s + 8 : NULL;
        size_t n = name != NULL ? strcspn(name, "/:\n") : 0;
        if (n > 4 && strncmp(name + n - 4, ".lua", 4) == 0)
            n -= 4;
        if (n > 0 && n < sizeof last && (strncmp(last, name, n) != 0 || last[n] != '\0')) {
            memcpy(last, name, n);
            last[n] = '\0';
            l.cell[0] = last;
            l.cell[3] = "invalid";
            l.cell[30] = arena_ndup(&l.arena, s, len);
            rowset_add(rows, l.cell);
        }
        arena_free(&l.arena);
        s += len + (s[len] == '\n');
    }
}

static struct rowset *all_rows(const struct list_cmd *c)
{
    struct rowset *rows = rowset_new(columns, N_COLUMNS);
    for (size_t i = 0; i < c->registry->n_plugin; i++) {
        struct line l = {0};
        fill(&l, c, c->registry->plugin[i]);
        rowset_add(rows, l.cell);
        arena_free(&l.arena);
    }
    add_broken(c, rows);
    return rows;
}

/* --- as a table ---------------------------------------------------------------------------------------------------------------- */

static const struct column shown[] = {{"plugin", COLUMN_TEXT}, {"has", COLUMN_TEXT},       {"version", COLUMN_TEXT},
                                      {"state", COLUMN_TEXT},  {"runs", COLUMN_INTEGER},   {"call_ms", COLUMN_TEXT},
                                      {"run_s", COLUMN_TEXT},  {"memory_mb", COLUMN_TEXT}, {"last_error", COLUMN_TEXT}};
enum { N_SHOWN = sizeof shown / sizeof *shown };

static const char *what_it_has(struct arena *a, const struct rowset *rows, size_t row)
{
    static const char *const kinds[] = {"parser", "rule", "report", "job", "collector"};
    const char *text = "";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *n = rowset_cell(rows, row, 4 + i);
        if (n != NULL && strcmp(n, "0") != 0)
            text = arena_printf(a, "%s%s%s %s%s", text, *text ? ", " : "", n, kinds[i], strcmp(n, "1") == 0 ? "" : "s");
    }
    return text;
}

static const char *amount(struct arena *a, const char *n, double unit)
{
    double v = strtod(n, NULL) / unit;
    return v < 10 && v != (double)(long)v ? arena_printf(a, "%.1f", v) : arena_printf(a, "%.0f", v);
}

/* "38 of 200" in other units; NULL where nothing is known. */
static const char *share_of(struct arena *a, const struct rowset *rows, size_t row, const char *name, double unit)
{
    size_t at = rowset_find(rows, name);
    const char *most = rowset_cell(rows, row, at), *limit = rowset_cell(rows, row, at + 1);
    if (limit == NULL)
        return NULL;
    return arena_printf(a, "%s of %s", most != NULL ? amount(a, most, unit) : "-", amount(a, limit, unit));
}

static void print_table(const struct list_cmd *c, const struct rowset *rows)
{
    struct rowset *table = rowset_new(shown, N_SHOWN);
    struct table_style style = term_style(&c->app->out, c->app->zone);
    char call[] = "ms of CPU", seconds[] = "s", mib[] = "MiB", call_title[] = "a call", run_title[] = "a run",
         memory_title[] = "memory";
    struct table_column column[] = {
        {.name = "plugin", .decimals = -1},
        {.name = "has", .decimals = -1, .cut = true},
        {.name = "version", .decimals = -1, .drop = 2},
        {.name = "state", .decimals = -1},
        {.name = "runs", .decimals = 0, .drop = 3},
        {.name = "call_ms", .title = call_title, .unit = call, .decimals = -1, .align = ALIGN_RIGHT, .drop = 4},
        {.name = "run_s", .title = run_title, .unit = seconds, .decimals = -1, .align = ALIGN_RIGHT, .drop = 5},
        {.name = "memory_mb", .title = memory_title, .unit = mib, .decimals = -1, .align = ALIGN_RIGHT, .drop = 6},
        {.name = "last_error", .decimals = -1, .cut = true, .drop = 1},
    };
    struct arena arena = {0};
    struct buf out = {0};
    for (size_t i = 0; i < rows->n_row; i++) {
        const char *origin = rowset_cell(rows, i, 1), *name = rowset_cell(rows, i, 0);
        const char *cells[N_SHOWN] = {origin != NULL && strcmp(origin, "own") == 0 ? arena_printf(&arena, "%s (own)", name)
                                                                                   : name,
                                      what_it_has(&arena, rows, i),
                                      rowset_cell(rows, i, 2),
                                      rowset_cell(rows, i, 3),
                                      rowset_cell(rows, i, 9),
                                      share_of(&arena, rows, i, "call_ms", 1),
                                      share_of(&arena, rows, i, "run_ms", 1000),
                                      share_of(&arena, rows, i, "memory", 1 << 20),
                                      rowset_cell(rows, i, 30)};
        rowset_add(table, cells);
    }
    char note[] = "the most that any call or run took, of what it may take; all limits: --format csv, docs/limits.md";
    char *notes[] = {note};
    struct table_layout layout = {.column = column, .n_column = N_SHOWN, .note = notes, .n_note = 1};
    table_render(table, &layout, &style, &out);
    fwrite(out.data != NULL ? out.data : "", 1, out.len, stdout);
    buf_free(&out);
    arena_free(&arena);
    rowset_free(&table);
}

static int print(const struct list_cmd *c)
{
    struct rowset *rows = all_rows(c);
    struct buf out = {0};
    if (c->format != NULL && strcmp(c->format, "csv") == 0)
        rowset_csv(rows, &out);
    else if (c->format != NULL && strcmp(c->format, "json") == 0)
        rowset_json(rows, &out);
    else
        print_table(c, rows);
    fwrite(out.data != NULL ? out.data : "", 1, out.len, stdout);
    buf_free(&out);
    rowset_free(&rows);
    return c->mistakes.len > 0 ? err_exit_code(ERR_CONFIG) : 0;
}

static int run(struct list_cmd *c, const struct cli_list *words, struct err *e)
{
    struct app *app = c->app;
    if (words->n > 0)
        return err_set(e, ERR_USAGE, "plugin list takes no argument '%s'", words->item[0]);
    if (app_check_format(c->format, e) != 0 || app_begin(app, e) != 0 || app_want_project(app, e) != 0)
        return -1;
    const struct plugin_paths paths = {
        .lib_dir = app->share.lua,
        .bundled_dir = app->share.plugins,
        .project_dir = app->project != NULL ? app->project->plugins : NULL,
        .limits = app->project != NULL ? app->project->limits : vm_limits_default,
        .project = app->project,
    };
    if (registry_check(&paths, NULL, 0, &c->registry, &c->mistakes, &c->warnings, e) != 0)
        return -1;
    read_uses(c);
    int rc = print(c);
    if (c->mistakes.len > 0)
        log_error("%s", c->mistakes.data);
    return rc;
}

int cmd_plugin_list(struct app *app, int argc, char **argv, struct err *e)
{
    struct list_cmd c = {.app = app};
    const struct cli_option options[] = {
        {"format", 'f', CLI_VALUE, &c.format, "FORMAT", "table, csv or json; the last two have every limit"},
        {"owner", 0, CLI_VALUE, &c.who, "WHO", "whose runs: a name from the config or a UUID"},
        APP_OPTIONS(app),
    };
    const struct cli_command cmd = {"plugin list",
                                    "plugin list [--format table|csv|json] [--owner WHO]",
                                    "Every plugin: what it has, its version, whether its runs went well, the most that a call "
                                    "or a run took of what it may\n"
                                    "take, and its last error. Without a database: what is known without one.",
                                    "tidemark plugin list\ntidemark plugin list --format json",
                                    options,
                                    sizeof options / sizeof *options};
    struct cli_list words = {0};
    bool help;
    int rc = cli_parse(&cmd, argc, argv, false, &words, &help, e);
    if (rc == 0 && help)
        cli_help(&cmd);
    else if (rc == 0)
        rc = run(&c, &words, e);
    PQclear(c.uses);
    registry_free(&c.registry);
    buf_free(&c.mistakes);
    buf_free(&c.warnings);
    cli_free(&words);
    return rc;
}
