/* tidemark ingest: payloads to rows, or with --dry-run to what the rows would be. */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/content_link.h"
#include "app/ingest_progress.h"
#include "app/ingest_totals.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "data/datetime.h"
#include "data/table.h"
#include "data/text.h"
#include "host/glob.h"
#include "host/ingest.h"
#include "host/plugin_use.h"
#include "host/replay.h"
#include "host/row_check.h"
#include "host/row_json.h"
#include "host/writer.h"

enum { MATCHED_SHOWN = 8 };

struct matched {
    char *path;
    const struct parser_spec *parser;
};

struct ingest_cmd {
    struct app *app;
    struct ingest_options options;
    const char *who, *at, *since, *content, *format;
    struct cli_list include, exclude;
    bool dry_run, whole, has_content;
    struct uuid owner, content_id;

    struct writer *writer;
    struct rowset *dry_rows; /* dry run with --format table or json */
    struct matched *matched; /* dry run: which parsers took which file */
    size_t n_matched;
    struct buf line;
    struct ingest_totals totals;
    struct term_progress progress;
    int64_t begun_us, rows;
};

/* --- what is told on the way --- */

static void tell_refused(const struct delivery *d)
{
    if (d->line > 0)
        log_error("%s:%zu: %s", d->source, d->line, d->text);
    else
        log_error("%s: %s", d->source, d->text);
}

static void tell_bad_rows(const struct delivery *d)
{
    enum { SHOWN = 5 };
    for (size_t i = 0; i < d->rows.n_bad && i < SHOWN; i++) {
        const struct row_bad *bad = &d->rows.bad[i];
        if (bad->line > 0)
            log_warn("%s:%zu: %s", d->source, bad->line, bad->text);
        else
            log_warn("%s: %s", d->source, bad->text);
    }
    if (d->rows.n_bad > SHOWN)
        log_warn("%s: … and %zu more", d->source, d->rows.n_bad - SHOWN);
}

/* Of values that could not be taken; the rest of the row was. Of facts always: nobody else tells. Of counts in a dry run, as
 * platforms that send such values send them for months. */
static void tell_notes(const struct delivery *d, bool counts)
{
    enum { SHOWN = 5 };
    size_t n = 0;
    for (size_t i = 0; i < d->rows.n_row; i++) {
        const struct row *r = &d->rows.row[i];
        if ((counts || r->facts_only) && r->notes != NULL && n++ < SHOWN)
            log_warn("%s: %s %s: %s", d->source, r->platform, r->external_id, r->notes);
    }
    if (n > SHOWN)
        log_warn("%s: … and %zu more posts with values that were left out", d->source, n - SHOWN);
}

/* Each parser is told once a file, with what made it the one. */
static void on_matched(void *ctx, const char *path, const struct parser_spec *p, const struct json_doc *doc,
                       const struct parser_input *in)
{
    struct ingest_cmd *c = ctx;
    for (size_t i = 0; i < c->n_matched; i++)
        if (c->matched[i].parser == p && strcmp(c->matched[i].path, path) == 0)
            return;
    c->matched = mem_realloc(c->matched, (c->n_matched + 1) * sizeof *c->matched);
    c->matched[c->n_matched++] = (struct matched){mem_dup(path), p};
    if (c->n_matched > MATCHED_SHOWN)
        return;
    struct buf why = {0};
    struct err ignored = {0};
    int score = 0;
    parser_conditions(p, &why);
    parser_score(p, doc, in, &score, &ignored);
    log_info("%s: %s takes it, %d condition%s met (%s)", path, parser_name(p), score, score == 1 ? "" : "s",
             why.len > 0 ? why.data : "none");
    buf_free(&why);
}

static void on_done(void *ctx, const struct delivery *d)
{
    struct ingest_cmd *c = ctx;
    term_progress_end(&c->progress);
    totals_add(&c->totals, d);
    c->rows += (int64_t)d->rows.n_row;
    if (d->code != NULL)
        tell_refused(d);
    if (d->code == NULL && d->state == DELIVERY_READY) {
        tell_bad_rows(d);
        tell_notes(d, c->dry_run);
    }
}

static void on_problem(void *ctx, const char *path, const char *code, const char *text)
{
    struct ingest_cmd *c = ctx;
    term_progress_end(&c->progress);
    totals_problem(&c->totals, path, code, text);
    if (path != NULL)
        log_error("%s: %s", path, text);
    else
        log_error("%s", text);
}

static void on_passed(void *ctx, size_t files, size_t documents)
{
    struct ingest_cmd *c = ctx;
    c->totals.older_files += files;
    c->totals.older_documents += documents;
}

static bool on_progress(void *ctx, const struct ingest_progress *p)
{
    struct ingest_cmd *c = ctx;
    double seconds = (double)(clock_mono_us() - c->begun_us) / 1e6;
    c->totals.volume = (struct ingest_volume){p->files, p->bytes, c->rows, seconds};
    if (term_progress_due(&c->progress)) {
        c->line.len = 0;
        ingest_progress_text(p, c->rows, seconds, &c->line);
        term_progress_show(&c->progress, "%s", c->line.data);
    }
    if (c->app->loop == NULL)
        return true;
    if (!writer_busy(c->writer)) /* else its thread runs the loop, and hears of signals */
        loop_poll(c->app->loop);
    return !loop_interrupted(c->app->loop);
}

/* --- the two sinks --- */

static int take_for_database(void *ctx, struct delivery *d, struct err *e)
{
    struct ingest_cmd *c = ctx;
    return writer_add(c->writer, d, e);
}

static int take_for_show(void *ctx, struct delivery *d, struct err *e)
{
    struct ingest_cmd *c = ctx;
    (void)e;
    for (size_t i = 0; d->state == DELIVERY_READY && i < d->rows.n_row; i++) {
        if (!c->whole && row_is_audience(&d->rows.row[i])) /* like accounts: not what is asked of a post's counts */
            continue;
        if (c->dry_rows != NULL) {
            row_table_add(c->dry_rows, &d->rows.row[i]);
            continue;
        }
        buf_clear(&c->line);
        (c->whole ? row_json_whole : row_json)(&d->rows.row[i], &c->line);
        buf_char(&c->line, '\n');
        fwrite(c->line.data, 1, c->line.len, stdout);
    }
    for (size_t i = 0; c->whole && d->state == DELIVERY_READY && i < d->rows.n_account; i++) {
        if (!row_account_observed(&d->rows.account[i]))
            continue;
        buf_clear(&c->line);
        row_json_account(&d->rows.account[i], &c->line);
        buf_char(&c->line, '\n');
        fwrite(c->line.data, 1, c->line.len, stdout);
    }
    on_done(c, d);
    delivery_free(&d);
    return 0;
}

/* --- checks --- */

static int check_platform(const struct ingest_cmd *c, struct err *e)
{
    const char *wanted = c->options.platform;
    const struct registry *r = c->app->registry;
    const char **names = mem_array(r->n_plugin, sizeof *names);
    struct buf list = {0};
    size_t n = 0;
    bool found = wanted == NULL;
    for (size_t i = 0; i < r->n_plugin; i++) {
        if (r->plugin[i]->n_parser == 0)
            continue;
        names[n++] = r->plugin[i]->name;
        buf_printf(&list, "%s%s", list.len ? ", " : "", r->plugin[i]->name);
        found = found || strcmp(r->plugin[i]->name, wanted) == 0;
    }
    const char *near = found ? NULL : nearest(wanted, names, n);
    if (near != NULL)
        err_set(e, ERR_USAGE, "unknown platform '%s', did you mean '%s'?", wanted, near);
    else if (!found)
        err_set(e, ERR_USAGE, "unknown platform '%s'; there are parsers for %s", wanted, list.data ? list.data : "none");
    mem_free(names);
    buf_free(&list);
    return found ? 0 : -1;
}

static int check_when(const char *option, const char *text, bool *has, int64_t *to, struct err *e)
{
    if (text == NULL)
        return 0;
    *has = true;
    if (!datetime_parse_when(text, clock_wall_us(), to))
        return err_set(e, ERR_USAGE, "--%s %s: not a time; write 2026-03-01T12:00:00Z or now-7d", option, text);
    return 0;
}

/* A UUID is a work's; anything else is the post's id on its platform, for documents that name none. */
static int check_content(struct ingest_cmd *c, struct err *e)
{
    struct buf clean = {0};
    c->has_content = c->content != NULL && uuid_parse(c->content, &c->content_id);
    if (c->content == NULL || c->has_content)
        return 0;
    text_clean(c->content, &clean);
    bool is_text = clean.len > 0 && strcmp(clean.data, c->content) == 0;
    buf_free(&clean);
    if (!is_text || strlen(c->content) > ROW_ID_MAX)
        return err_set(e, ERR_USAGE, "--content: must be the UUID of a work, or a post's id: UTF-8 text of 1 to %d bytes",
                       ROW_ID_MAX);
    c->options.content = c->content;
    return 0;
}

static int check_patterns(const char *option, const struct cli_list *list, struct err *e)
{
    for (size_t i = 0; i < list->n; i++) {
        const char *wrong = glob_wrong(list->item[i]);
        if (wrong != NULL)
            return err_set(e, ERR_USAGE, "--%s %s: %s; write '*.json', 'youtube/**' or 'export-[0-9]*.csv'", option,
                           list->item[i], wrong);
    }
    return 0;
}

static int check_options(struct ingest_cmd *c, const struct cli_list *names, struct err *e)
{
    static const char *const formats[] = {"table", "json", "ndjson"};
    bool known = c->format == NULL;
    for (size_t i = 0; !known && i < 3; i++)
        known = strcmp(c->format, formats[i]) == 0;
    if (!known)
        return err_set(e, ERR_USAGE, "unknown format '%s': table, json or ndjson", c->format);
    if (c->format != NULL && strcmp(c->format, "ndjson") == 0 && !c->dry_run)
        return err_set(e, ERR_USAGE, "--format ndjson shows rows, so it goes with --dry-run; the summary is table or json");
    if (c->whole && (!c->dry_run || (c->format != NULL && strcmp(c->format, "ndjson") != 0)))
        return err_set(e, ERR_USAGE,
                       "--whole shows all that a row holds as NDJSON, so it goes with --dry-run and no other --format");
    if (c->whole)
        c->format = "ndjson";
    if (names->n == 0)
        return err_set(e, ERR_USAGE, "which payloads? Name files or folders, or - for standard input");
    if (check_content(c, e) != 0 || check_patterns("include", &c->include, e) != 0 ||
        check_patterns("exclude", &c->exclude, e) != 0)
        return -1;
    c->options.files = (struct input_filter){
        .include = c->include.item, .n_include = c->include.n, .exclude = c->exclude.item, .n_exclude = c->exclude.n};
    if (check_when("at", c->at, &c->options.has_at, &c->options.at, e) != 0)
        return -1;
    return check_when("since", c->since, &c->options.has_since, &c->options.since, e);
}

/* --- the run --- */

static bool is_format(const struct ingest_cmd *c, const char *name)
{
    return strcmp(c->format != NULL ? c->format : "table", name) == 0;
}

/* What no row has a value for only makes the table wide. */
static void print_dry_table(const struct ingest_cmd *c, const struct table_style *style, struct buf *out)
{
    static char title[] = "title";
    const struct rowset *r = c->dry_rows;
    struct table_layout layout = {.column = mem_array(r->n_column, sizeof *layout.column), .n_column = r->n_column};
    for (size_t k = 0; k < r->n_column; k++) {
        struct table_column *column = &layout.column[k];
        *column = (struct table_column){.name = mem_dup(r->column[k].name), .decimals = -1, .hide = r->n_row > 0};
        column->cut = strcmp(column->name, title) == 0;
        for (size_t i = 0; i < r->n_row && column->hide; i++)
            column->hide = rowset_cell(r, i, k) == NULL;
    }
    table_render(r, &layout, style, out);
    table_layout_free(&layout);
}

static void print_result(struct ingest_cmd *c)
{
    c->totals.volume.rows = c->rows; /* with what was written last */
    c->totals.volume.seconds = (double)(clock_mono_us() - c->begun_us) / 1e6;
    struct table_style style = term_style(&c->app->out, c->app->zone);
    struct buf out = {0};
    if (c->dry_run && is_format(c, "json"))
        rowset_json(c->dry_rows, &out);
    else if (c->dry_run && is_format(c, "table"))
        print_dry_table(c, &style, &out);
    else if (!c->dry_run && is_format(c, "json"))
        totals_json(&c->totals, &out);
    else if (!c->dry_run)
        totals_table(&c->totals, &style, &out);
    fwrite(out.data != NULL ? out.data : "", 1, out.len, stdout);
    buf_free(&out);
    if (c->n_matched > MATCHED_SHOWN)
        log_info("… and %zu more files, with their parsers", c->n_matched - MATCHED_SHOWN);
    if (c->dry_run && c->totals.n_platform > 0) {
        struct buf sentence = {0};
        totals_sentence(&c->totals, &sentence);
        log_info("%s", sentence.data);
        buf_free(&sentence);
    }
    if (c->totals.volume.seconds >= 1) {
        struct buf volume = {0};
        totals_volume(&c->totals, &volume);
        log_info("%s", volume.data);
        buf_free(&volume);
    }
    if (!c->dry_run && (c->totals.refused > 0 || c->totals.bad_rows > 0))
        log_info("what could not be taken is kept: tidemark quarantine list");
}

static int run_dry(struct ingest_cmd *c, const struct cli_list *names, struct err *e)
{
    const struct ingest_sink sink = {.ctx = c,
                                     .take = take_for_show,
                                     .matched = on_matched,
                                     .problem = on_problem,
                                     .passed = on_passed,
                                     .progress = on_progress};
    if (!is_format(c, "ndjson"))
        c->dry_rows = row_table_new();
    if (ingest_run(c->app->registry, &c->options, names->item, names->n, &sink, e) != 0)
        return -1;
    term_progress_end(&c->progress);
    content_link_beside(c->app, NULL, names->item, names->n, c, on_problem);
    print_result(c);
    return totals_exit_code(&c->totals);
}

static int run_into_database(struct ingest_cmd *c, const struct cli_list *names, struct err *e)
{
    const struct ingest_sink sink = {
        .ctx = c, .take = take_for_database, .problem = on_problem, .passed = on_passed, .progress = on_progress};
    if (app_owner(c->app, c->who, &c->owner, e) != 0 || app_need_database(c->app, e) != 0)
        return -1;
    struct buf said = {0};
    replay_said(c->options.platform, c->options.account, c->content, &said);
    const struct writer_options options = {.owner = c->owner,
                                           .has_content = c->has_content,
                                           .content = c->content_id,
                                           .said = said.data,
                                           .ctx = c,
                                           .done = on_done};
    c->writer = writer_open(c->app->session, &options);
    struct plugin_uses uses = {0};
    c->options.uses = &uses;
    int rc = ingest_run(c->app->registry, &c->options, names->item, names->n, &sink, e);
    if (rc == 0)
        rc = writer_flush(c->writer, e);
    else
        writer_stop(c->writer); /* what it commits yet is told below */
    if (rc == 0)
        plugin_use_write(&uses, c->app->session, &c->owner);
    plugin_uses_free(&uses);
    buf_free(&said);
    term_progress_end(&c->progress);
    if (rc == 0)
        content_link_beside(c->app, &c->owner, names->item, names->n, c, on_problem);
    if (rc == 0 || c->totals.n_platform > 0)
        print_result(c);                           /* what was committed before a failure stays, and is told */
    if (rc != 0 && loop_interrupted(c->app->loop)) /* wherever it was met */
        err_set(e, ERR_CANCELLED, "stopped: what was committed stays, run it again for the rest");
    else if (rc != 0 && (e->kind == ERR_LOST || strcmp(e->sqlstate, "53100") == 0))
        app_explain_full_disk(c->app, e);
    return rc != 0 ? -1 : totals_exit_code(&c->totals);
}

/* Of a named platform its own plugin alone: nobody else may take a document. Without one, all, to say which there are. */
static int need_parsers(struct ingest_cmd *c, struct err *e)
{
    const char *platform = c->options.platform;
    if (platform != NULL && app_need_plugins(c->app, platform, e) == 0 && registry_find(c->app->registry, platform) != NULL)
        return check_platform(c, e);
    *e = (struct err){0};
    registry_free(&c->app->registry);
    return app_need_plugins(c->app, NULL, e) != 0 ? -1 : check_platform(c, e);
}

static int run(struct ingest_cmd *c, const struct cli_list *names, struct err *e)
{
    if (check_options(c, names, e) != 0 || app_begin(c->app, e) != 0 || app_want_project(c->app, e) != 0 ||
        need_parsers(c, e) != 0)
        return -1;
    c->begun_us = clock_mono_us();
    term_progress_begin(&c->progress, &c->app->err);
    return c->dry_run ? run_dry(c, names, e) : run_into_database(c, names, e);
}

int cmd_ingest(struct app *app, int argc, char **argv, struct err *e)
{
    struct ingest_cmd i = {.app = app};
    const struct cli_option options[] = {
        {"platform", 'p', CLI_VALUE, &i.options.platform, "PLATFORM",
         "whose payloads; else the wrapper's, else read off the payload"},
        {"owner", 0, CLI_VALUE, &i.who, "WHO", "whose data it is: a name from the config or a UUID"},
        {"at", 0, CLI_VALUE, &i.at, "TIME", "when bare payloads were observed; a wrapper's fetched_at goes before it"},
        {"account", 0, CLI_VALUE, &i.options.account, "ID", "the account of payloads that name none"},
        {"content", 0, CLI_VALUE, &i.content, "ID",
         "a work's UUID: posts not seen before belong to it; else a post's id: documents that name none are of that post"},
        {"since", 0, CLI_VALUE, &i.since, "TIME", "pass over files changed before, and documents observed before"},
        {"include", 0, CLI_LIST, &i.include, "GLOB", "below folders, take the files that fit; may be given again"},
        {"exclude", 0, CLI_LIST, &i.exclude, "GLOB", "below folders, pass over files and folders that fit; may be given again"},
        {"dry-run", 0, CLI_FLAG, &i.dry_run, NULL, "show the rows; needs no project and no database"},
        {"whole", 0, CLI_FLAG, &i.whole, NULL, "with --dry-run: all that a row holds, also tags, caption, extra; as NDJSON"},
        {"format", 'f', CLI_VALUE, &i.format, "FORMAT", "table, json; with --dry-run also ndjson"},
        APP_OPTIONS(app),
    };
    const struct cli_command c = {"ingest",
                                  "ingest [-p PLATFORM] [--owner WHO] [--at TIME] [--dry-run] FILE|DIR|-…",
                                  "Takes payloads in: what platforms answered or exported, bare or in a wrapper {platform, "
                                  "url, status, headers, fetched_at,\n"
                                  "body}; JSON, NDJSON, CSV with a header, also packed with gzip or zstd (read off the bytes). "
                                  "Folders are gone through\n"
                                  "with all that is below them. What cannot be taken is kept in quarantine with the reason.\n"
                                  "Running it again takes nothing twice.",
                                  "tidemark ingest -p youtube videos.json\ntidemark ingest --at 2026-03-01T12:00:00Z exports/\n"
                                  "tidemark ingest --since now-1d --exclude 'old/**' exports/\n"
                                  "curl … | tidemark ingest -p x --dry-run --format ndjson -",
                                  options,
                                  sizeof options / sizeof *options};
    struct cli_list names = {0};
    bool help;
    int rc = cli_parse(&c, argc, argv, false, &names, &help, e);
    if (rc == 0 && help)
        cli_help(&c);
    else if (rc == 0)
        rc = run(&i, &names, e);
    writer_close(&i.writer);
    rowset_free(&i.dry_rows);
    for (size_t k = 0; k < i.n_matched; k++)
        mem_free(i.matched[k].path);
    mem_free(i.matched);
    buf_free(&i.line);
    totals_free(&i.totals);
    cli_free(&i.include);
    cli_free(&i.exclude);
    cli_free(&names);
    return rc;
}
