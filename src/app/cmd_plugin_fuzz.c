/* tidemark plugin fuzz: a plugin's fixtures, bent, through its parsers. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cmd_plugin.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "data/table.h"
#include "host/fuzz.h"
#include "host/parser.h"

struct fuzz_cmd {
    struct app *app;
    const char *cases, *seed, *only;
    struct fuzz_options options;
    struct fuzz_report report;
    struct term_progress progress;
    int64_t begun_us;
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
    (void)sig;
    stopped = 1;
}

static bool on_progress(void *ctx, uint64_t done, size_t failures)
{
    struct fuzz_cmd *c = ctx;
    double seconds = (double)(clock_mono_us() - c->begun_us) / 1e6;
    term_progress_show(&c->progress, "fuzz %s  %" PRIu64 " of %" PRIu64 " cases  %zu failures  %.0f s", c->options.plugin, done,
                       c->options.cases, failures, seconds);
    return !stopped;
}

static int whole_number(const char *option, const char *text, uint64_t most, uint64_t *to, struct err *e)
{
    char *end;
    if (text == NULL)
        return 0;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || n > most)
        return err_set(e, ERR_USAGE, "--%s %s: must be a whole number up to %" PRIu64, option, text, most);
    *to = n;
    return 0;
}

/* --- which plugin, which parser ------------------------------------------------------------------------------------------------- */

static int unknown_plugin(struct fuzz_cmd *c, struct err *e)
{
    struct app *app = c->app;
    registry_free(&app->registry);
    if (app_need_plugins(app, NULL, e) != 0)
        return -1;
    struct buf list = {0};
    const char **names = mem_array(app->registry->n_plugin + 1, sizeof *names);
    size_t n = 0;
    for (size_t i = 0; i < app->registry->n_plugin; i++) {
        const struct plugin *p = app->registry->plugin[i];
        if (p->n_parser == 0)
            continue;
        buf_printf(&list, "%s%s", n > 0 ? ", " : "", p->name);
        names[n++] = p->name;
    }
    const char *near = nearest(c->options.plugin, names, n);
    if (near != NULL)
        err_set(e, ERR_USAGE, "there is no plugin '%s', did you mean '%s'?", c->options.plugin, near);
    else
        err_set(e, ERR_USAGE, "there is no plugin '%s'; these have parsers: %s", c->options.plugin,
                list.data ? list.data : "none");
    mem_free(names);
    buf_free(&list);
    return -1;
}

static int check_parser(const struct plugin *p, const char *wanted, struct err *e)
{
    const char **names = mem_array(p->n_parser + 1, sizeof *names);
    bool found = wanted == NULL;
    for (size_t i = 0; i < p->n_parser; i++) {
        names[i] = parser_name(p->parser[i]);
        found = found || strcmp(names[i], wanted) == 0;
    }
    const char *near = found ? NULL : nearest(wanted, names, p->n_parser);
    mem_free(names);
    if (found)
        return 0;
    if (near != NULL)
        return err_set(e, ERR_USAGE, "%s has no parser '%s', did you mean '%s'?", p->name, wanted, near);
    return err_set(e, ERR_USAGE, "%s has no parser '%s' (type \"tidemark plugin doc %s\")", p->name, wanted, p->name);
}

static int prepare(struct fuzz_cmd *c, const struct cli_list *words, struct err *e)
{
    struct app *app = c->app;
    if (words->n != 1)
        return err_set(e, ERR_USAGE, words->n == 0 ? "which plugin? tidemark plugin fuzz NAME" : "one plugin at a time");
    c->options.plugin = words->item[0];
    c->options.has_only = c->only != NULL;
    if (whole_number("cases", c->cases, UINT64_C(1000000000), &c->options.cases, e) != 0 ||
        whole_number("seed", c->seed, UINT64_MAX / 2, &c->options.seed, e) != 0 ||
        whole_number("case", c->only, UINT64_MAX / 2, &c->options.only, e) != 0 || app_begin(app, e) != 0 ||
        app_want_project(app, e) != 0 || app_need_plugins(app, c->options.plugin, e) != 0)
        return -1;
    const struct plugin *p = registry_find(app->registry, c->options.plugin);
    return p == NULL ? unknown_plugin(c, e) : check_parser(p, c->options.parser, e);
}

/* --- the result ------------------------------------------------------------------------------------------------------------------ */

static int by_number(const void *a, const void *b)
{
    const struct fuzz_outcome *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : strcmp(x->name, y->name);
}

static void print_outcomes(struct fuzz_cmd *c)
{
    static const struct column columns[] = {{"document", COLUMN_TEXT}, {"cases", COLUMN_INTEGER}};
    struct fuzz_report *r = &c->report;
    struct rowset *rows = rowset_new(columns, 2);
    struct table_style style = term_style(&c->app->out, c->app->zone);
    struct table_column shown[] = {{.name = "document", .decimals = -1}, {.name = "cases", .decimals = 0}};
    char *title = mem_printf("fuzz %s: %" PRIu64 " cases from %" PRIu64 " fixture%s, seed %" PRIu64, c->options.plugin,
                             r->cases, r->fixtures, r->fixtures == 1 ? "" : "s", c->options.seed);
    struct table_layout layout = {.title = title, .column = shown, .n_column = 2};
    struct buf out = {0};
    qsort(r->outcome, r->n_outcome, sizeof *r->outcome, by_number);
    for (size_t i = 0; i < r->n_outcome; i++) {
        char n[24];
        snprintf(n, sizeof n, "%" PRIu64, r->outcome[i].n);
        rowset_add(rows, (const char *const[]){r->outcome[i].name, n});
    }
    table_render(rows, &layout, &style, &out);
    fwrite(out.data != NULL ? out.data : "", 1, out.len, stdout);
    buf_free(&out);
    rowset_free(&rows);
    mem_free(title);
}

static void print_result(struct fuzz_cmd *c)
{
    const struct fuzz_report *r = &c->report;
    const struct vm_limits *limits = c->app->project != NULL ? &c->app->project->limits : &vm_limits_default;
    const bool ascii = c->app->out.ascii;
    print_outcomes(c);
    printf("\nrows %" PRId64 ", dropped %" PRId64 ", quarantined %" PRId64 "\n", r->rows, r->dropped, r->quarantined);
    printf("slowest document %.0f ms of CPU (%zu bytes, %s, case %" PRIu64 ")\n", (double)r->slowest_ns / 1e6, r->slowest_bytes,
           r->slowest_parser, r->slowest);
    printf("a call used at most %" PRIu64 " of %u ms of CPU, the state %.1f of %.0f MiB\n", r->call_ms, limits->call_ms,
           (double)r->memory / (1 << 20), (double)limits->memory / (1 << 20));
    for (size_t i = 0; i < r->n_failure; i++) {
        const struct fuzz_failure *f = &r->failure[i];
        printf("\n%s %s", ascii ? "FAILED" : "✗", fuzz_kind_name(f->kind));
        if (f->times > 1)
            printf(" (%" PRIu64 " cases alike)", f->times);
        printf("\n  %s\n", f->text);
        printf("  case %" PRIu64 " of seed %" PRIu64 "; the document, made small (%zu bytes): %s\n", f->number, c->options.seed,
               f->bytes, f->file);
        printf("  again: tidemark plugin fuzz %s --seed %" PRIu64 " --case %" PRIu64 "\n", c->options.plugin, c->options.seed,
               f->number);
    }
    if (r->n_failure == 0)
        printf("\n%s no failure\n", ascii ? "ok" : "✓");
}

static int run(struct fuzz_cmd *c, const struct cli_list *words, struct err *e)
{
    if (prepare(c, words, e) != 0)
        return -1;
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    c->begun_us = clock_mono_us();
    c->options.ctx = c;
    c->options.progress = on_progress;
    term_progress_begin(&c->progress, &c->app->err);
    int rc = fuzz_run(c->app->registry, &c->options, &c->report, e);
    term_progress_end(&c->progress);
    if (rc != 0)
        return -1;
    print_result(c);
    if (c->report.stopped)
        return err_set(e, ERR_CANCELLED, "stopped after %" PRIu64 " cases", c->report.cases);
    return c->report.n_failure > 0 ? 1 : 0;
}

int cmd_plugin_fuzz(struct app *app, int argc, char **argv, struct err *e)
{
    struct fuzz_cmd c = {.app = app, .options = {.seed = 1, .cases = 20000, .keep = "."}};
    const struct cli_option options[] = {
        {"cases", 0, CLI_VALUE, &c.cases, "N", "how many documents; 20000 unless given"},
        {"seed", 0, CLI_VALUE, &c.seed, "N", "other documents; 1 unless given. One seed makes the same ones everywhere"},
        {"parser", 0, CLI_VALUE, &c.options.parser, "NAME", "only fixtures that this parser takes (youtube.videos)"},
        {"case", 0, CLI_VALUE, &c.only, "N", "this one case only"},
        {"keep", 0, CLI_VALUE, &c.options.keep, "DIR", "where documents that failed are written; here unless given"},
        APP_OPTIONS(app),
    };
    const struct cli_command cmd = {
        "plugin fuzz",
        "plugin fuzz NAME [--cases 20000] [--seed N] [--parser NAME] [--case N] [--keep DIR]",
        "Bends the plugin's fixtures as payloads break (fields gone, null, other types, huge and negative numbers, nesting,\n"
        "long texts, bad UTF-8, duplicate keys, other columns, wrong wrappers) and runs its parsers on them as an ingest "
        "does.\n"
        "What must hold: no crash, no error raised, within the limits, and every item a row that the database takes, a drop\n"
        "or a bad item with a code. What fails is written to a file, as small as it goes, and the exit code is 1. Needs no\n"
        "project, database or owner.",
        "tidemark plugin fuzz youtube\ntidemark plugin fuzz tube --cases 2000 --seed 7",
        options,
        sizeof options / sizeof *options};
    struct cli_list words = {0};
    bool help;
    int rc = cli_parse(&cmd, argc, argv, false, &words, &help, e);
    if (rc == 0 && help)
        cli_help(&cmd);
    else if (rc == 0)
        rc = run(&c, &words, e);
    fuzz_report_free(&c.report);
    cli_free(&words);
    return rc;
}
