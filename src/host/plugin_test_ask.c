/* What a spec may ask of the host (lua/tidemark/testkit.lua, testkit.host()): JSON in, JSON out. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "data/datetime.h"
#include "data/json.h"
#include "host/ingest.h"
#include "host/parser_spec.h"
#include "host/plugin_test_ask.h"
#include "host/row_check.h"
#include "host/row_json.h"
#include "host/writer.h"

static const struct json_limits no_limits = {.bytes = SIZE_MAX / 2, .nodes = SIZE_MAX / 2, .depth = 100};

/* --- reading the question, writing the answer ---------------------------------------------------------------------------------- */

const cJSON *ask_arg(const cJSON *args, const char *name)
{
    const cJSON *v = json_get(args, name, strlen(name));
    return v == NULL || json_kind(v) == JSON_NULL ? NULL : v;
}

const char *ask_text(const cJSON *args, const char *name)
{
    const cJSON *v = ask_arg(args, name);
    return v != NULL && json_kind(v) == JSON_STRING ? json_text(v) : NULL;
}

int ask_when(const cJSON *args, const char *name, bool *has, int64_t *to, struct err *e)
{
    const char *text = ask_text(args, name);
    *has = text != NULL;
    if (text != NULL && !datetime_parse_when(text, clock_wall_us(), to))
        return err_set(e, ERR_USAGE, "%s = \"%s\": not a time; write 2026-03-01T12:00:00Z or seconds since 1970", name, text);
    return 0;
}

void ask_add_text(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, "%s\"%s\":", out->data[out->len - 1] == '{' ? "" : ",", name);
    if (text == NULL)
        buf_str(out, "null");
    else
        json_write_string(text, strlen(text), out);
}

/* JSON as it stands; nothing where there is none. */
static void ask_add_raw(struct buf *out, const char *name, const char *json)
{
    if (json != NULL)
        buf_printf(out, ",\"%s\":%s", name, json);
}

void ask_add_int(struct buf *out, const char *name, int64_t v)
{
    buf_printf(out, "%s\"%s\":%" PRId64, out->data[out->len - 1] == '{' ? "" : ",", name, v);
}

int ask_need_plugins(struct plugin_test *t, struct err *e)
{
    return t->registry != NULL ? 0 : registry_load(&t->o.paths, NULL, &t->registry, e);
}

static int need_database(const struct ask *a, struct err *e)
{
    if (throwaway_open(&a->t->db, a->t->o.schema_dir, e) != 0)
        return err_in(e, "the throw-away database");
    return 0;
}

int ask_need_owner(struct ask *a, struct err *e)
{
    const char *owner = ask_text(a->args, "owner");
    if (owner == NULL || !uuid_parse(owner, &a->owner))
        return err_set(e, ERR_USAGE, "no owner: ask through testkit.host()");
    return need_database(a, e);
}

/* --- parse --------------------------------------------------------------------------------------------------------------------- */

struct parsed {
    struct buf rows, bad, accounts, same, refused; /* JSON elements */
    struct buf drops;                              /* JSON members */
    char *parser;
};

static void separate(struct buf *list)
{
    if (list->len > 0)
        buf_char(list, ',');
}

static void add_refused(struct buf *list, const char *code, const char *text)
{
    separate(list);
    buf_char(list, '{');
    ask_add_text(list, "code", code);
    ask_add_text(list, "text", text);
    buf_char(list, '}');
}

static void add_delivery(struct parsed *p, const struct delivery *d)
{
    if (p->parser == NULL)
        p->parser = mem_dup(d->parser);
    if (d->code != NULL) {
        add_refused(&p->refused, d->code, d->text);
        return;
    }
    for (size_t i = 0; i < d->rows.n_row; i++) {
        separate(&p->rows);
        row_json_whole(&d->rows.row[i], &p->rows);
    }
    for (size_t i = 0; i < d->rows.n_bad; i++)
        add_refused(&p->bad, d->rows.bad[i].code, d->rows.bad[i].text);
    for (size_t i = 0; i < d->rows.n_account; i++) {
        separate(&p->accounts);
        buf_char(&p->accounts, '{');
        const struct row_account *a = &d->rows.account[i];
        ask_add_text(&p->accounts, "id", a->external_id);
        ask_add_text(&p->accounts, "handle", a->handle);
        ask_add_raw(&p->accounts, "metrics", a->metrics);
        ask_add_raw(&p->accounts, "audience", a->audience);
        if (a->notes != NULL)
            ask_add_text(&p->accounts, "notes", a->notes);
        buf_char(&p->accounts, '}');
    }
    for (size_t i = 0; i < d->rows.n_same; i++) {
        separate(&p->same);
        buf_char(&p->same, '{');
        ask_add_text(&p->same, "id", d->rows.same[i].external_id);
        ask_add_text(&p->same, "alias", d->rows.same[i].alias);
        buf_char(&p->same, '}');
    }
    for (size_t i = 0; i < d->rows.n_drop; i++) {
        separate(&p->drops);
        json_write_string(d->rows.drop[i].reason, strlen(d->rows.drop[i].reason), &p->drops);
        buf_printf(&p->drops, ":%zu", d->rows.drop[i].count);
    }
}

static int take_parsed(void *ctx, struct delivery *d, struct err *e)
{
    (void)e;
    add_delivery(ctx, d);
    delivery_free(&d);
    return 0;
}

static void parse_problem(void *ctx, const char *path, const char *code, const char *text)
{
    (void)code;
    (void)path;
    struct parsed *p = ctx;
    add_refused(&p->refused, "unreadable", text);
}

static int ingest_options_of(const struct ask *a, struct ingest_options *o, struct err *e)
{
    *o = (struct ingest_options){.platform = ask_text(a->args, "platform"), .account = ask_text(a->args, "account")};
    if (ask_when(a->args, "at", &o->has_at, &o->at, e) != 0 || ask_need_plugins(a->t, e) != 0)
        return -1;
    const struct plugin *p = o->platform != NULL ? registry_find(a->t->registry, o->platform) : NULL;
    if (o->platform != NULL && (p == NULL || p->n_parser == 0))
        return err_set(e, ERR_USAGE, "no plugin %s with parsers; platform = false: recognised by the payload", o->platform);
    return ask_text(a->args, "file") != NULL ? 0 : err_set(e, ERR_USAGE, "which payload?");
}

static void write_list(struct buf *out, const char *name, const struct buf *elements, const char *open, const char *close)
{
    if (elements->len > 0)
        buf_printf(out, ",\"%s\":%s%s%s", name, open, elements->data, close);
}

static int ask_parse(struct ask *a, struct err *e)
{
    struct ingest_options o;
    struct parsed p = {0};
    const struct ingest_sink sink = {.ctx = &p, .take = take_parsed, .problem = parse_problem};
    if (ingest_options_of(a, &o, e) != 0)
        return -1;
    const char *file = ask_text(a->args, "file");
    int rc = ingest_run(a->t->registry, &o, &file, 1, &sink, e);
    buf_printf(a->out, "{\"rows\":[%s]", p.rows.data != NULL ? p.rows.data : "");
    if (p.parser != NULL)
        ask_add_text(a->out, "parser", p.parser);
    write_list(a->out, "drops", &p.drops, "{", "}");
    write_list(a->out, "bad", &p.bad, "[", "]");
    write_list(a->out, "accounts", &p.accounts, "[", "]");
    write_list(a->out, "same", &p.same, "[", "]");
    write_list(a->out, "refused", &p.refused, "[", "]");
    buf_char(a->out, '}');
    buf_free(&p.rows);
    buf_free(&p.bad);
    buf_free(&p.accounts);
    buf_free(&p.same);
    buf_free(&p.refused);
    buf_free(&p.drops);
    mem_free(p.parser);
    return rc;
}

/* --- ingest, observe ------------------------------------------------------------------------------------------------------------- */

struct taking {
    struct writer *writer;
    int64_t received, inserted, updated, unchanged, quarantined, dropped;
    struct buf refused;
};

static int take_written(void *ctx, struct delivery *d, struct err *e)
{
    struct taking *t = ctx;
    return writer_add(t->writer, d, e);
}

static void written(void *ctx, const struct delivery *d)
{
    struct taking *t = ctx;
    t->received += d->received;
    t->inserted += d->inserted;
    t->updated += d->updated;
    t->unchanged += d->unchanged;
    t->quarantined += d->quarantined;
    t->dropped += d->dropped;
    if (d->code != NULL)
        add_refused(&t->refused, d->code, d->text);
}

static void taking_problem(void *ctx, const char *path, const char *code, const char *text)
{
    (void)code;
    (void)path;
    struct taking *t = ctx;
    add_refused(&t->refused, "unreadable", text);
}

static void begin_taking(const struct ask *a, struct taking *t)
{
    const struct writer_options options = {.owner = a->owner, .ctx = t, .done = written};
    t->writer = writer_open(a->t->db.session, &options);
}

static int end_taking(const struct ask *a, struct taking *t, int rc, struct err *e)
{
    if (rc == 0)
        rc = writer_flush(t->writer, e);
    writer_close(&t->writer);
    buf_char(a->out, '{');
    ask_add_int(a->out, "received", t->received);
    ask_add_int(a->out, "inserted", t->inserted);
    ask_add_int(a->out, "updated", t->updated);
    ask_add_int(a->out, "unchanged", t->unchanged);
    ask_add_int(a->out, "quarantined", t->quarantined);
    ask_add_int(a->out, "dropped", t->dropped);
    write_list(a->out, "refused", &t->refused, "[", "]");
    buf_char(a->out, '}');
    buf_free(&t->refused);
    return rc;
}

static int ask_ingest(struct ask *a, struct err *e)
{
    struct ingest_options o;
    struct taking t = {0};
    const struct ingest_sink sink = {.ctx = &t, .take = take_written, .problem = taking_problem};
    if (ingest_options_of(a, &o, e) != 0 || ask_need_owner(a, e) != 0)
        return -1;
    const char *file = ask_text(a->args, "file");
    begin_taking(a, &t);
    return end_taking(a, &t, ingest_run(a->t->registry, &o, &file, 1, &sink, e), e);
}

/* One observation: what out.post and out.counts of a parser would say, as a delivery of its own. */
static int observe(struct taking *t, const cJSON *one, size_t i, struct err *e)
{
    char source[40];
    const char *name = ask_text(one, "platform") != NULL ? ask_text(one, "platform") : "test";
    struct buf bytes = {0};
    bool has_at = false;
    snprintf(source, sizeof source, "observation %zu", i + 1);
    json_write(one, &bytes);
    struct delivery *d = delivery_new(source, 0, bytes.data, bytes.len);
    buf_free(&bytes);
    struct plugin platform = {.name = arena_dup(&d->rows.arena, name)}; /* rows point to it */
    const struct parser_spec spec = {.plugin = &platform, .name = "testkit.observe"};
    d->source_class = "api";
    d->platform = mem_dup(name);
    d->parser = mem_dup(spec.name);
    d->parser_version = mem_printf("%s@test", name);
    d->observed_known = true;
    d->observed_at = clock_wall_us();
    if (ask_when(one, "at", &has_at, &d->observed_at, e) != 0) {
        delivery_free(&d);
        return -1;
    }
    parser_events(&spec, ask_arg(one, "events"), &(struct given_id){0}, &d->rows);
    rows_check(&d->rows);
    rows_collapse(&d->rows);
    delivery_count(d);
    if (d->rows.n_bad > 0) {
        err_set(e, ERR_USAGE, "%s: %s", source, d->rows.bad[0].text);
        delivery_free(&d);
        return -1;
    }
    return writer_add(t->writer, d, e);
}

static int ask_observe(struct ask *a, struct err *e)
{
    struct taking t = {0};
    const cJSON *list = ask_arg(a->args, "list");
    if (ask_need_owner(a, e) != 0)
        return -1;
    begin_taking(a, &t);
    int rc = 0;
    size_t i = 0;
    for (const cJSON *one = list != NULL ? list->child : NULL; one != NULL && rc == 0; one = one->next)
        rc = observe(&t, one, i++, e);
    return end_taking(a, &t, rc, e);
}

/* --- all of them ------------------------------------------------------------------------------------------------------------------- */

static int ask_owner(struct ask *a, struct err *e)
{
    (void)e;
    char text[37];
    struct uuid owner = uuid_v4();
    uuid_format(&owner, text);
    buf_printf(a->out, "{\"owner\":\"%s\"}", text);
    return 0;
}

int plugin_test_ask(void *host, const char *what, const char *args, struct buf *answer, struct err *e)
{
    static const struct {
        const char *name;
        int (*ask)(struct ask *a, struct err *e);
    } asks[] = {
        {"owner", ask_owner}, {"parse", ask_parse},   {"ingest", ask_ingest}, {"observe", ask_observe},
        {"learn", ask_learn}, {"report", ask_report}, {"run", ask_run},       {"query", ask_query},
    };
    struct json_doc *doc = NULL;
    if (json_parse(args, strlen(args), &no_limits, &doc, e) != 0)
        return -1;
    struct ask a = {.t = host, .args = json_root(doc), .out = answer};
    int rc = err_set(e, ERR_USAGE, "the host does not know how to %s", what);
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
        if (strcmp(asks[i].name, what) == 0)
            rc = asks[i].ask(&a, e);
    json_free(&doc);
    return rc;
}
