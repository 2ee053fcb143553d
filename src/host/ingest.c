#include "host/ingest.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "data/csv.h"
#include "host/envelope.h"
#include "host/input.h"
#include "host/manifest.h"
#include "host/not_payload.h"
#include "host/parser.h"
#include "host/plugin_use.h"
#include "host/row_check.h"

struct run {
    const struct registry *registry;
    const struct ingest_options *options;
    const struct ingest_sink *sink;
    const char *path;
    int64_t last_arrival;
    struct ingest_progress done; /* bytes of the files that are done */
};

/* Arrival times are told apart even within one microsecond: two payloads of one post are two observations. */
static int64_t arrival(struct run *r)
{
    int64_t now = clock_wall_us();
    r->last_arrival = now > r->last_arrival ? now : r->last_arrival + 1;
    return r->last_arrival;
}

static void set_time(struct run *r, struct delivery *d, const struct envelope *env)
{
    d->observed_known = env->has_time || r->options->has_at;
    d->observed_at = env->has_time ? env->fetched_at : r->options->has_at ? r->options->at : arrival(r);
}

/* A platform whose clock, or whose caller's, is wrong would put rows into months that nobody looks at. */
static bool time_is_sane(const struct delivery *d)
{
    const int64_t day = (int64_t)86400 * 1000000, year2000 = INT64_C(946684800) * 1000000;
    return d->observed_at >= year2000 && d->observed_at <= clock_wall_us() + day;
}

/* The bytes around rows that could not be taken: only in them can they be tried again. */
static void keep(struct delivery *d, const struct piece *p)
{
    static const enum delivery_format formats[] = {
        [PIECE_JSON] = DELIVERY_DOCUMENT, [PIECE_LINES] = DELIVERY_LINES, [PIECE_CSV] = DELIVERY_CSV};
    d->format = formats[p->format];
    d->kept_line = p->first_line;
    if (d->rows.n_bad == 0 || d->state != DELIVERY_READY)
        return;
    buf_add(&d->kept, p->header != NULL ? p->header : "", p->header_len);
    buf_add(&d->kept, p->data, p->len);
}

/* p: what it was read from. */
static int give(struct run *r, struct delivery *d, const struct piece *p, struct err *e)
{
    if (r->options->has_since && d->observed_at < r->options->since) {
        if (r->sink->passed != NULL)
            r->sink->passed(r->sink->ctx, 0, 1);
        delivery_free(&d);
        return 0;
    }
    if (d->state == DELIVERY_READY) {
        rows_check_given(&d->rows);
        rows_check(&d->rows);
        rows_collapse(&d->rows);
    }
    keep(d, p);
    delivery_count(d);
    return r->sink->take(r->sink->ctx, d, e);
}

static void set_parser(struct delivery *d, const struct parser_spec *p)
{
    if (d->parser != NULL)
        return;
    mem_free(d->platform);
    d->platform = mem_dup(parser_platform(p));
    d->parser = mem_dup(parser_name(p));
    d->parser_version = mem_dup(parser_version(p));
}

/* Rows of payloads that name no account are given theirs when they are written; observations of an account need one now. */
static void set_account(const struct run *r, struct rows *rows)
{
    for (size_t i = 0; i < rows->n_account; i++)
        if (rows->account[i].external_id == NULL)
            rows->account[i].external_id = arena_dup(&rows->arena, r->options->account != NULL ? r->options->account : "-");
    for (size_t i = 0; r->options->account != NULL && i < rows->n_row; i++)
        if (rows->row[i].account == NULL)
            rows->row[i].account = arena_dup(&rows->arena, r->options->account);
}

/* What may go wrong with one document, told apart by code: the text is for a person. */
struct failure {
    const char *code;
    bool plugin;
    struct err err;
};

static int fail(struct failure *f, const char *code)
{
    f->code = code;
    f->plugin = f->err.kind == ERR_PLUGIN;
    return -1;
}

/* An opened document through its parser, into d. */
static int parse_document(const struct run *r, struct delivery *d, const struct json_doc *doc, const struct envelope *env,
                          size_t line, struct failure *f)
{
    const char *platform = r->options->platform != NULL ? r->options->platform : env->platform;
    struct parser_input in = {.platform = platform,
                              .url = env->url,
                              .content = r->options->content,
                              .format = env->format,
                              .status = env->status,
                              .observed_at = d->observed_at,
                              .line = line};
    const struct parser_spec *p = NULL;
    if (platform != NULL && d->platform == NULL && strlen(platform) <= ROW_PLATFORM_MAX)
        d->platform = mem_dup(platform);
    if (parser_match(r->registry, platform, doc, &in, &p, &f->err) != 0)
        return fail(f, env->status >= 400 ? "http_error" : "no_parser");
    set_parser(d, p);
    if (r->sink->matched != NULL)
        r->sink->matched(r->sink->ctx, r->path, p, doc, &in);
    int failed = parser_run(p, doc, &in, &d->rows, &f->err);
    plugin_use_add(r->options->uses, registry_find(r->registry, parser_platform(p)), parser_name(p),
                   failed && f->err.kind == ERR_PLUGIN ? &f->err : NULL);
    if (failed)
        return fail(f, "parser_failed");
    if (d->rows.refused_code != NULL) {
        err_set(&f->err, ERR_INPUT, "%s%s%s", d->rows.refused_code, d->rows.refused_text ? ": " : "",
                d->rows.refused_text ? d->rows.refused_text : "");
        return fail(f, "refused");
    }
    if (env->status >= 400) {
        err_set(&f->err, ERR_INPUT, "the platform answered with status %d", env->status);
        return fail(f, "http_error");
    }
    set_account(r, &d->rows);
    return 0;
}

/* Bytes to an opened document. The caller frees both, whatever comes back. */
static int open_json(const char *data, size_t n, struct json_doc **doc, struct envelope *env, struct failure *f)
{
    if (*doc == NULL && json_parse(data, n, NULL, doc, &f->err) != 0)
        return fail(f, not_payload(data, n, &f->err));
    if (envelope_open(doc, env, &f->err) != 0)
        return fail(f, env->status >= 400 ? "http_error" : "bad_wrapper");
    return 0;
}

/* Notes of the JSON reader stand with the first row: they are about the document. */
static void keep_notes(struct rows *rows, size_t first, const struct json_doc *doc)
{
    const char *notes = json_notes(doc);
    if (notes[0] == '\0' || first >= rows->n_row)
        return;
    struct row *row = &rows->row[first];
    row->notes = row->notes ? arena_printf(&rows->arena, "%s; %s", row->notes, notes) : arena_dup(&rows->arena, notes);
}

/* doc: data where it was parsed already, which is taken over; or NULL. */
static int take_document(struct run *r, struct json_doc *doc, const char *data, size_t n, size_t line, struct err *e)
{
    struct delivery *d = delivery_new(r->path, line, data, n);
    struct envelope env = {.format = "json"};
    struct failure f = {0};
    int rc = open_json(data, n, &doc, &env, &f);
    set_time(r, d, &env);
    if (env.platform != NULL && strlen(env.platform) <= ROW_PLATFORM_MAX)
        d->platform = mem_dup(env.platform);
    if (rc == 0 && !time_is_sane(d)) {
        err_set(&f.err, ERR_INPUT, "the time of observation lies in the future, or before the year 2000");
        d->observed_at = arrival(r);
        rc = fail(&f, "bad_time");
    }
    if (rc == 0 && (rc = parse_document(r, d, doc, &env, line, &f)) == 0)
        keep_notes(&d->rows, 0, doc);
    if (rc != 0) {
        delivery_refuse(d, f.code, f.err.text, data, n);
        d->plugin_failed = f.plugin;
    }
    json_free(&doc);
    envelope_free(&env);
    return give(r, d, &(struct piece){.format = PIECE_JSON, .data = data, .len = n, .first_line = line}, e);
}

/* One line of NDJSON that is no wrapper, into the delivery its piece makes. A bad line does not spoil the others. */
static void take_line(struct run *r, struct delivery *d, const char *data, size_t n, size_t line, const struct json_doc *doc,
                      struct failure *f)
{
    const struct envelope none = {.format = "json"};
    size_t first = d->rows.n_row;
    int rc = f->code != NULL ? -1 : parse_document(r, d, doc, &none, line, f);
    if (rc == 0) {
        keep_notes(&d->rows, first, doc);
        return;
    }
    d->rows.n_row = first; /* what a failing parser had begun */
    d->rows.refused_code = d->rows.refused_text = NULL;
    rows_bad(&d->rows, &(struct row_bad){.line = line, .code = f->code, .text = f->err.text, .body = data, .body_len = n});
    d->plugin_failed = d->plugin_failed || f->plugin;
}

/* A piece of lines: wrappers are deliveries of their own, each at its own time; the other lines make one delivery together. */
static int take_lines(struct run *r, const struct piece *p, struct err *e)
{
    struct delivery *rest = NULL;
    struct buf bytes = {0};
    size_t line = p->first_line;
    int rc = 0;
    for (const char *s = p->data, *end = p->data + p->len; rc == 0 && s < end; line++) {
        const char *eol = memchr(s, '\n', (size_t)(end - s));
        size_t n = eol != NULL ? (size_t)(eol - s) : (size_t)(end - s);
        const char *text = s;
        s += n + 1;
        if (strspn(text, " \t\r") >= n)
            continue;
        struct json_doc *doc = NULL;
        struct failure f = {0};
        if (json_parse(text, n, NULL, &doc, &f.err) != 0) {
            fail(&f, not_payload(text, n, &f.err));
        } else if (envelope_is(doc)) {
            rc = take_document(r, doc, text, n, line, e);
            continue;
        }
        if (rest == NULL) {
            rest = delivery_new(r->path, line, "", 0);
            set_time(r, rest, &(struct envelope){0});
        }
        buf_add(&bytes, text, n);
        buf_char(&bytes, '\n');
        take_line(r, rest, text, n, line, doc, &f);
        json_free(&doc);
    }
    if (rest != NULL) {
        rest->sha = sha256_of(bytes.data, bytes.len);
        rest->bytes = bytes.len;
        if (rc == 0)
            rc = give(r, rest, p, e);
        else
            delivery_free(&rest);
    }
    buf_free(&bytes);
    return rc;
}

/* A CSV piece to its document and parser; one whose parser sums over rows is read whole, or is no good at all: the sum of a part
 * looks like the sum. */
static int open_csv(struct run *r, struct input *in, struct piece *p, struct json_doc **doc, struct csv_odd_list *odd,
                    struct failure *f)
{
    const struct parser_input input = {.platform = r->options->platform, .format = "csv"};
    const struct parser_spec *spec = NULL;
    if (csv_parse_most(p->header, p->header_len, p->data, p->len, p->first_line, doc, odd, &f->err) != 0)
        return fail(f, "bad_csv");
    if ((p->first && p->last && odd->n == 0) ||
        parser_match(r->registry, r->options->platform, *doc, &input, &spec, &f->err) != 0 || !parser_whole(spec))
        return 0; /* no parser: parse_document says so */
    if (!p->first) {
        err_set(&f->err, ERR_INPUT,
                "line %zu: a part of this file could not be read, and this kind of export is summed over its rows",
                p->first_line);
        return fail(f, "not_whole");
    }
    json_free(doc);
    if (!p->last && input_whole(in, p, &f->err) != 0)
        return fail(f, "too_large");
    mem_free(odd->item);
    *odd = (struct csv_odd_list){0};
    if (csv_parse(p->header, p->header_len, p->data, p->len, p->first_line, doc, &f->err) != 0)
        return fail(f, "bad_csv");
    return 0;
}

/* Records of another width than the header, each as it came. */
static void keep_odd(struct rows *rows, const struct csv_odd_list *odd, const char *data)
{
    for (size_t i = 0; i < odd->n; i++) {
        const struct csv_odd *o = &odd->item[i];
        char *text = mem_printf("%zu cell%s where the header has %zu", o->cells, o->cells == 1 ? "" : "s", odd->columns);
        rows_bad(rows,
                 &(struct row_bad){.line = o->line, .code = "bad_csv", .text = text, .body = data + o->at, .body_len = o->len});
        mem_free(text);
    }
}

static int take_csv(struct run *r, struct input *in, struct piece *p, struct err *e)
{
    const struct envelope none = {.format = "csv"};
    struct json_doc *doc = NULL;
    struct failure f = {0};
    struct csv_odd_list odd = {0};
    int rc = open_csv(r, in, p, &doc, &odd, &f);
    struct buf bytes = {0};
    buf_add(&bytes, p->header, p->header_len);
    buf_add(&bytes, p->data, p->len);
    struct delivery *d = delivery_new(r->path, p->first_line, bytes.data, bytes.len);
    d->source_class = "export";
    set_time(r, d, &none);
    if (rc == 0)
        rc = parse_document(r, d, doc, &none, 0, &f);
    if (rc == 0)
        keep_odd(&d->rows, &odd, p->data);
    if (rc != 0) {
        delivery_refuse(d, f.code, f.err.text, bytes.data, bytes.len);
        d->plugin_failed = f.plugin;
    }
    mem_free(odd.item);
    json_free(&doc);
    buf_free(&bytes);
    return give(r, d, p, e);
}

static int take_piece(struct run *r, struct input *in, struct piece *p, struct err *e)
{
    if (p->too_long > 0) {
        char *text = mem_printf("line %zu of %zu MiB is larger than the 16 MiB a document may have; it was passed over",
                                p->first_line, p->too_long >> 20);
        r->sink->problem(r->sink->ctx, r->path, "too_large", text);
        mem_free(text);
        return 0;
    }
    if (p->format == PIECE_LINES)
        return take_lines(r, p, e);
    if (p->format == PIECE_CSV)
        return take_csv(r, in, p, e);
    return take_document(r, NULL, p->data, p->len, 0, e);
}

static bool go_on(const struct run *r, const struct input *in)
{
    if (r->sink->progress == NULL)
        return true;
    struct ingest_progress now = r->done;
    now.bytes += input_bytes_read(in);
    return r->sink->progress(r->sink->ctx, &now);
}

static int take_input(struct run *r, struct input **in, struct err *e)
{
    struct piece piece;
    struct err bad = {0};
    int got = 0, rc = 0;
    while (rc == 0 && (got = input_next(*in, &piece, &bad)) > 0) {
        rc = take_piece(r, *in, &piece, e);
        if (rc == 0 && !go_on(r, *in))
            rc = err_set(e, ERR_CANCELLED, "stopped");
    }
    if (rc == 0 && got < 0)
        r->sink->problem(r->sink->ctx, r->path, input_code(*in), bad.text);
    r->done.bytes += input_bytes_read(*in);
    r->done.files++;
    input_close(in);
    return rc;
}

static int take_file(struct run *r, const char *path, struct err *e)
{
    struct input *in = NULL;
    struct err bad = {0};
    r->path = path;
    if (manifest_is_name(path)) { /* no payload: it says which posts are one work */
        r->done.files++;
        return 0;
    }
    if (input_open(path, &in, &bad) != 0) {
        r->sink->problem(r->sink->ctx, path, "cannot_read", bad.text);
        r->done.files++;
        return 0;
    }
    return take_input(r, &in, e);
}

int ingest_bytes(const struct registry *registry, const struct ingest_options *options, const char *name, const char *data,
                 size_t n, const struct ingest_sink *sink, struct err *e)
{
    struct run r = {.registry = registry, .options = options, .sink = sink, .path = name};
    struct input *in = input_of(name, data, n);
    return take_input(&r, &in, e);
}

/* All files are found first: how much there is says how long it takes. */
static void find_files(const struct run *r, const char *const *names, size_t n, struct input_paths *files)
{
    struct input_filter filter = r->options->files;
    filter.has_since = r->options->has_since;
    filter.since = r->options->since;
    for (size_t i = 0; i < n; i++) {
        struct err bad = {0};
        size_t problems = files->n_problem;
        if (input_list(names[i], &filter, files, &bad) != 0)
            r->sink->problem(r->sink->ctx, NULL, "not_found", bad.text);
        for (; problems < files->n_problem; problems++)
            r->sink->problem(r->sink->ctx, NULL, "cannot_read", files->problem[problems]);
    }
    if (files->older > 0 && r->sink->passed != NULL)
        r->sink->passed(r->sink->ctx, files->older, 0);
}

int ingest_run(const struct registry *registry, const struct ingest_options *options, const char *const *names, size_t n,
               const struct ingest_sink *sink, struct err *e)
{
    struct run r = {.registry = registry, .options = options, .sink = sink};
    struct input_paths files = {0};
    int rc = 0;
    find_files(&r, names, n, &files);
    r.done.files_all = files.n;
    r.done.bytes_all = files.endless ? 0 : files.bytes;
    for (size_t i = 0; rc == 0 && i < files.n; i++)
        rc = take_file(&r, files.path[i], e);
    if (sink->progress != NULL)
        sink->progress(sink->ctx, &r.done); /* what came in altogether */
    input_paths_free(&files);
    return rc;
}

int ingest_again(const struct registry *registry, const struct ingest_options *options, const struct ingest_bytes_of *from,
                 const struct ingest_sink *sink, struct err *e)
{
    struct run r = {.registry = registry, .options = options, .sink = sink, .path = from->source};
    struct piece p = {.data = from->data, .len = from->n, .first_line = from->first_line, .first = true, .last = true};
    if (from->format == DELIVERY_DOCUMENT)
        return take_document(&r, NULL, from->data, from->n, from->first_line, e);
    p.format = from->format == DELIVERY_LINES ? PIECE_LINES : PIECE_CSV;
    if (p.format == PIECE_CSV) {
        p.header = from->data;
        p.header_len = csv_cut(from->data, from->n, 1);
        p.data += p.header_len;
        p.len -= p.header_len;
    }
    return take_piece(&r, NULL, &p, e);
}
