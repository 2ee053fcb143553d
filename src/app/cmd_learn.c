/* tidemark learn: runs rules now and says what came of each. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/datetime.h"
#include "host/learn.h"

struct learn_cmd {
    struct app *app;
    const char *who, *since, *as_of, *format;
    bool dry_run;
    struct term_progress progress;
    struct learn_options options;
    const struct rule **rules;
};

/* --- what is asked for ----------------------------------------------------------------------------------------------------- */

static int check_times(struct learn_cmd *c, struct err *e)
{
    int64_t since = 0;
    c->options.now = c->options.as_of = clock_wall_us();
    if (c->since != NULL && (!datetime_parse_duration(c->since, &since) || since < 86400000000))
        return err_set(e, ERR_USAGE, "--since %s: not a span of a day or more; write 180d or 26w", c->since);
    c->options.since_s = since / 1000000;
    if (c->as_of != NULL && !datetime_parse_when(c->as_of, c->options.now, &c->options.as_of))
        return err_set(e, ERR_USAGE, "--as-of %s: not a time; write 2026-03-01T12:00:00Z or now-7d", c->as_of);
    if (c->options.as_of > c->options.now)
        return err_set(e, ERR_USAGE, "--as-of %s: lies in the future; nothing has been observed there yet", c->as_of);
    return 0;
}

/* The rules that were named, or all; each once, in the order of their plugins. */
static int choose(struct learn_cmd *c, const struct cli_list *names, struct err *e)
{
    const struct registry *r = c->app->registry;
    for (size_t i = 0; i < names->n; i++)
        if (rule_find(r, names->item[i]) == NULL)
            return rule_unknown(r, names->item[i], e);
    size_t n = 0;
    for (size_t i = 0; i < r->n_plugin; i++)
        for (size_t k = 0; k < r->plugin[i]->n_rule; k++) {
            bool wanted = names->n == 0;
            for (size_t j = 0; j < names->n; j++)
                wanted = wanted || strcmp(names->item[j], r->plugin[i]->rule[k]->name) == 0;
            if (!wanted)
                continue;
            c->rules = mem_realloc(c->rules, (n + 1) * sizeof *c->rules);
            c->rules[n++] = r->plugin[i]->rule[k];
        }
    c->options.rules = c->rules;
    c->options.n_rule = n;
    return n > 0 ? 0 : err_set(e, ERR_CONFIG, "no plugin has a rule");
}

/* --- what came of it --------------------------------------------------------------------------------------------------------- */

static void print_rows(const struct learn_cmd *c, const struct rowset *rows, struct table_layout *layout)
{
    struct buf out = {0};
    if (c->format != NULL && strcmp(c->format, "csv") == 0) {
        rowset_csv(rows, &out);
    } else if (c->format != NULL && strcmp(c->format, "json") == 0) {
        rowset_json(rows, &out);
    } else {
        struct table_style style = term_style(&c->app->out, c->app->zone);
        table_render(rows, layout, &style, &out);
    }
    fwrite(out.data, 1, out.len, stdout);
    buf_free(&out);
}

static const char *state_text(const struct learn_outcome *o)
{
    if (o->state == LEARN_FAILED)
        return "failed";
    return o->state == LEARN_UNCHANGED ? "unchanged" : "ran";
}

static bool any_own(const struct learn *l)
{
    for (size_t i = 0; i < l->n_outcome; i++)
        if (l->outcome[i].own > 0)
            return true;
    return false;
}

static void print_rules(const struct learn_cmd *c, const struct learn *l)
{
    static const struct column columns[] = {
        {"rule", COLUMN_TEXT},
        {"state", COLUMN_TEXT},
        {"tests", COLUMN_INTEGER},
        {"findings", COLUMN_INTEGER},
        {"no_difference", COLUMN_INTEGER},
        {"not_shown", COLUMN_INTEGER},
        {"insufficient", COLUMN_INTEGER},
        {"own_statistics", COLUMN_INTEGER}, /* subjects whose numbers are the plugin's own */
    };
    enum { N = sizeof columns / sizeof *columns };
    static char title[] = "Learnt, rule by rule", rule[] = "rule", insufficient[] = "insufficient",
                too_little[] = "too little data", no_difference[] = "no_difference", not_shown[] = "not_shown",
                none[] = "makes no difference", open[] = "not shown", own[] = "own_statistics", of_plugin[] = "plugin's own";
    bool any = any_own(l);
    struct table_column shown[] = {{.name = rule, .decimals = -1, .cut = true},
                                   {.name = no_difference, .title = none, .decimals = -1, .drop = 1},
                                   {.name = not_shown, .title = open, .decimals = -1, .drop = 2},
                                   {.name = insufficient, .title = too_little, .decimals = -1, .drop = 3},
                                   {.name = own, .title = of_plugin, .decimals = -1}};
    struct table_layout layout = {.title = title, .column = shown, .n_column = sizeof shown / sizeof *shown};
    struct rowset *rows = rowset_new(columns, any ? N : N - 1);
    for (size_t i = 0; i < l->n_outcome; i++) {
        const struct learn_outcome *o = &l->outcome[i];
        const int64_t counts[] = {o->tests, o->written, o->no_difference, o->not_shown, o->insufficient, o->own};
        enum { N_COUNTS = sizeof counts / sizeof *counts };
        char text[N_COUNTS][24];
        const char *cells[N] = {o->rule->name, state_text(o)};
        for (size_t k = 0; k < N_COUNTS; k++) {
            snprintf(text[k], sizeof text[k], "%" PRId64, counts[k]);
            cells[k + 2] = o->state == LEARN_RAN ? text[k] : NULL;
        }
        rowset_add(rows, cells);
    }
    print_rows(c, rows, &layout);
    rowset_free(&rows);
}

/* Is its effect a percentage, as the table's head says? One of a plugin's own may be in hours. */
static bool in_percent(const cJSON *result)
{
    const char *unit = json_text(json_path(result, "evidence.effect.unit"));
    return unit == NULL || strncmp(unit, "log_", 4) == 0 || strcmp(unit, "probability") == 0;
}

/* One tested subject of a dry run. as_table: for a person, who finds what has another unit in the sentence. */
static void add_result(struct rowset *rows, const struct rule *rule, const cJSON *result, bool as_table)
{
    static const char *const names[] = {"platform", "label", "effect",   "lo",  "hi", "n",
                                        "needed",   "q",     "decision", "why", "own"};
    enum { N = sizeof names / sizeof *names, EFFECT = 2, HI = 4 };
    bool blank = as_table && !in_percent(result);
    struct arena arena = {0};
    const char *cells[N + 1] = {rule->name};
    for (size_t i = 0; i < N; i++) {
        if (blank && i >= EFFECT && i <= HI)
            continue;
        const cJSON *value = json_get(result, names[i], strlen(names[i]));
        struct buf text = {0};
        if (json_kind(value) == JSON_STRING) {
            cells[i + 1] = arena_dup(&arena, json_text(value));
        } else if (json_kind(value) == JSON_NUMBER) {
            json_write(value, &text);
            cells[i + 1] = arena_dup(&arena, text.data);
        }
        buf_free(&text);
    }
    rowset_add(rows, cells);
    arena_free(&arena);
}

static void print_candidates(const struct learn_cmd *c, const struct learn *l)
{
    static const struct column columns[] = {
        {"rule", COLUMN_TEXT}, {"platform", COLUMN_TEXT}, {"subject", COLUMN_TEXT}, {"effect", COLUMN_NUMBER},
        {"lo", COLUMN_NUMBER}, {"hi", COLUMN_NUMBER},     {"n", COLUMN_INTEGER},    {"needed", COLUMN_INTEGER},
        {"q", COLUMN_NUMBER},  {"decision", COLUMN_TEXT}, {"why", COLUMN_TEXT},     {"own_statistics", COLUMN_TEXT},
    };
    static char title[] = "What would be written, and why the rest would not", effect[] = "effect", lo[] = "lo", hi[] = "hi",
                q[] = "q", unit[] = "%", why[] = "why", subject[] = "subject", needed[] = "needed",
                none[] = "Nothing was tested.", own[] = "own_statistics", of_plugin[] = "own of plugin";
    struct table_column shown[] = {{.name = effect, .unit = unit, .decimals = 1, .sign = true, .mark = true},
                                   {.name = lo, .decimals = 0, .drop = 3},
                                   {.name = hi, .decimals = 0, .drop = 3},
                                   {.name = q, .decimals = 3, .drop = 2},
                                   {.name = needed, .decimals = 0, .drop = 1},
                                   {.name = subject, .decimals = -1, .cut = true},
                                   {.name = own, .title = of_plugin, .decimals = -1},
                                   {.name = why, .decimals = -1, .cut = true}};
    struct table_layout layout = {.title = title, .empty = none, .column = shown, .n_column = sizeof shown / sizeof *shown};
    struct json_limits limits = {.bytes = SIZE_MAX / 2, .nodes = SIZE_MAX / 2, .depth = 100};
    struct rowset *rows = rowset_new(columns, sizeof columns / sizeof *columns - (any_own(l) ? 0 : 1));
    for (size_t i = 0; i < l->n_outcome; i++) {
        struct json_doc *doc = NULL;
        struct err ignored = {0};
        const struct buf *results = &l->outcome[i].results;
        if (results->len == 0 || json_parse(results->data, results->len, &limits, &doc, &ignored) != 0)
            continue;
        for (const cJSON *one = json_root(doc)->child; one != NULL; one = one->next)
            add_result(rows, l->outcome[i].rule, one, c->format == NULL || strcmp(c->format, "table") == 0);
        json_free(&doc);
    }
    print_rows(c, rows, &layout);
    rowset_free(&rows);
}

/* What an author asks first of a rule that found nothing: did it see any posts, and from when are they? */
static void tell_seen(const struct learn_cmd *c, const struct learn_outcome *o, const char *until)
{
    const struct rule *rule = o->rule;
    int64_t days = (c->options.since_s != 0 ? c->options.since_s : rule->since_s) / 86400;
    if (o->state == LEARN_FAILED)
        return;
    if (o->posts > 0) {
        log_info("%s: %" PRId64 " post%s of the last %" PRId64 " days, %" PRId64 " subject%s tested%s", rule->name, o->posts,
                 o->posts == 1 ? "" : "s", days, o->tests, o->tests == 1 ? "" : "s",
                 o->tests + o->insufficient > 0 ? "" : ": its find gave no label that a post carries");
        return;
    }
    char as_of[40];
    datetime_format(c->options.as_of / 1000000 * 1000000, as_of, sizeof as_of);
    log_info("%s: no post was published in the %" PRId64
             " days before %s; the data reach to %s: look from there with --as-of, or "
             "further back with --since",
             rule->name, days, as_of, until);
}

/* The talk: what went wrong, then one sentence. The exit code: 76 when a plugin failed. */
static int conclude(const struct learn_cmd *c, const struct learn *l)
{
    int64_t tests = 0, written = 0;
    size_t failed = 0, unchanged = 0;
    const char *before = "";
    for (size_t i = 0; i < l->n_outcome; i++) {
        const struct learn_outcome *o = &l->outcome[i];
        tests += o->tests;
        written += o->written;
        failed += o->state == LEARN_FAILED;
        unchanged += o->state == LEARN_UNCHANGED;
        if (o->warnings.len > 0 && strcmp(o->warnings.data, before) != 0) /* each rule says the same of the same accounts */
            log_warn("%.*s", (int)o->warnings.len - 1, o->warnings.data);
        if (o->warnings.len > 0)
            before = o->warnings.data;
        if (o->state == LEARN_FAILED)
            log_error("%s", o->err.text);
    }
    for (size_t i = 0; i < l->n_outcome; i++)
        if (l->outcome[i].own > 0)
            log_warn("%s: %" PRId64 " of its subjects rest on statistics of plugin %s's own: tidemark did not compute them",
                     l->outcome[i].rule->name, l->outcome[i].own, l->outcome[i].rule->plugin->name);
    char until[40];
    datetime_format(l->watermark / 1000000 * 1000000, until, sizeof until);
    for (size_t i = 0; c->dry_run && i < l->n_outcome; i++)
        tell_seen(c, &l->outcome[i], until);
    struct buf text = {0};
    buf_printf(&text, "%zu rule%s", l->n_outcome, l->n_outcome == 1 ? "" : "s");
    if (unchanged > 0)
        buf_printf(&text, ", %zu of them unchanged since their last run", unchanged);
    if (failed > 0)
        buf_printf(&text, ", %zu failed", failed);
    buf_printf(&text, ", %" PRId64 " test%s, %" PRId64 " finding%s%s; data to %s", tests, tests == 1 ? "" : "s", written,
               written == 1 ? "" : "s", c->dry_run ? " that would be written" : "", until);
    log_info("%s", text.data);
    buf_free(&text);
    return failed > 0 ? err_exit_code(ERR_PLUGIN) : 0;
}

static void on_progress(void *ctx, const char *what, size_t done, size_t total)
{
    struct learn_cmd *c = ctx;
    term_progress_show(&c->progress, "learn  %zu of %zu  %s", done, total - 1, what);
}

static int run(struct learn_cmd *c, const struct cli_list *names, struct err *e)
{
    struct learn learnt = {0};
    if (app_check_format(c->format, e) != 0 || app_begin(c->app, e) != 0 || check_times(c, e) != 0)
        return -1;
    if (app_owner(c->app, c->who, &c->options.owner, e) != 0 || app_want_project(c->app, e) != 0 ||
        app_need_plugins(c->app, NULL, e) != 0 || choose(c, names, e) != 0 || app_need_plugin_db(c->app, e) != 0)
        return -1;
    c->options.lib_dir = c->app->share.lua;
    c->options.dry_run = c->dry_run;
    c->options.progress = on_progress;
    c->options.ctx = c;
    c->options.pool = c->app->plugin_pool;
    c->options.walled = c->app->walled;
    term_progress_begin(&c->progress, &c->app->err);
    int rc = learn_run(c->app->session, &c->options, &learnt, e);
    term_progress_end(&c->progress);
    if (rc == 0) {
        if (c->dry_run)
            print_candidates(c, &learnt);
        else
            print_rules(c, &learnt);
        rc = conclude(c, &learnt);
    }
    learn_free(&learnt);
    return rc;
}

int cmd_learn(struct app *app, int argc, char **argv, struct err *e)
{
    struct learn_cmd c = {.app = app};
    const struct cli_option options[] = {
        {"since", 0, CLI_VALUE, &c.since, "SPAN", "how far back to look; each rule's own span unless given"},
        {"as-of", 0, CLI_VALUE, &c.as_of, "TIME", "on the data's clock: with what was known then"},
        {"dry-run", 0, CLI_FLAG, &c.dry_run, NULL, "show every candidate, and why it is not written; write nothing"},
        {"owner", 0, CLI_VALUE, &c.who, "WHO", "whose posts: a name from the config or a UUID"},
        {"format", 'f', CLI_VALUE, &c.format, "FORMAT", "table, csv or json"},
        APP_OPTIONS(app),
    };
    const struct cli_command cmd = {
        "learn",
        "learn [RULE…] [--since SPAN] [--as-of TIME] [--dry-run]",
        "Runs rules over the posts and writes what they find: patterns, styles, trends, improvements. A rule "
        "whose data and code are those of its last run is not run again.",
        "tidemark learn\ntidemark learn timing.posting_block --dry-run",
        options,
        sizeof options / sizeof *options};
    struct cli_list names = {0};
    bool help;
    int rc = cli_parse(&cmd, argc, argv, false, &names, &help, e);
    if (rc == 0 && help)
        cli_help(&cmd);
    else if (rc == 0)
        rc = run(&c, &names, e);
    mem_free(c.rules);
    cli_free(&names);
    return rc;
}
