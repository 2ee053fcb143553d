/* What a spec may ask of the host (lua/tidemark/testkit.lua, testkit.host()): JSON in, JSON out. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "data/datetime.h"
#include "data/json.h"
#include "db/result.h"
#include "host/ingest.h"
#include "host/learn.h"
#include "host/parser_spec.h"
#include "host/plugin_test.h"
#include "host/report.h"
#include "host/row_check.h"
#include "host/row_json.h"
#include "host/writer.h"

struct ask {
    struct plugin_test *t;
    const cJSON *args;
    struct uuid owner;
    struct buf *out;
};

static const struct json_limits no_limits = {.bytes = SIZE_MAX / 2, .nodes = SIZE_MAX / 2, .depth = 100};

/* --- reading the question, writing the answer ---------------------------------------------------------------------------------- */

static const cJSON *arg(const cJSON *args, const char *name)
{
    const cJSON *v = json_get(args, name, strlen(name));
    return v == NULL || json_kind(v) == JSON_NULL ? NULL : v;
}

static const char *text_arg(const cJSON *args, const char *name)
{
    const cJSON *v = arg(args, name);
    return v != NULL && json_kind(v) == JSON_STRING ? json_text(v) : NULL;
}

static int when_arg(const cJSON *args, const char *name, bool *has, int64_t *to, struct err *e)
{
    const char *text = text_arg(args, name);
    *has = text != NULL;
    if (text != NULL && !datetime_parse_when(text, clock_wall_us(), to))
        return err_set(e, ERR_USAGE, "%s = \"%s\": not a time; write 2026-03-01T12:00:00Z or seconds since 1970", name, text);
    return 0;
}

static void add_text(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, "%s\"%s\":", out->data[out->len - 1] == '{' ? "" : ",", name);
    if (text == NULL)
        buf_str(out, "null");
    else
        json_write_string(text, strlen(text), out);
}

static void add_int(struct buf *out, const char *name, int64_t v)
{
    buf_printf(out, "%s\"%s\":%" PRId64, out->data[out->len - 1] == '{' ? "" : ",", name, v);
}

static int need_registry(struct plugin_test *t, struct err *e)
{
    return t->registry != NULL ? 0 : registry_load(&t->o.paths, NULL, &t->registry, e);
}

static int need_database(const struct ask *a, struct err *e)
{
    if (throwaway_open(&a->t->db, a->t->o.schema_dir, e) != 0)
        return err_in(e, "the throw-away database");
    return 0;
}

static int need_owner(struct ask *a, struct err *e)
{
    const char *owner = text_arg(a->args, "owner");
    if (owner == NULL || !uuid_parse(owner, &a->owner))
        return err_set(e, ERR_USAGE, "no owner: ask through testkit.host()");
    return need_database(a, e);
}

/* --- parse --------------------------------------------------------------------------------------------------------------------- */

struct parsed {
    struct buf rows, bad, accounts, refused; /* JSON elements */
    struct buf drops;                        /* JSON members */
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
    add_text(list, "code", code);
    add_text(list, "text", text);
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
        add_text(&p->accounts, "id", d->rows.account[i].external_id);
        add_text(&p->accounts, "handle", d->rows.account[i].handle);
        buf_char(&p->accounts, '}');
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

static void parse_problem(void *ctx, const char *path, const char *text)
{
    (void)path;
    struct parsed *p = ctx;
    add_refused(&p->refused, "unreadable", text);
}

static int ingest_options_of(const struct ask *a, struct ingest_options *o, struct err *e)
{
    *o = (struct ingest_options){.platform = text_arg(a->args, "platform"), .account = text_arg(a->args, "account")};
    if (when_arg(a->args, "at", &o->has_at, &o->at, e) != 0 || need_registry(a->t, e) != 0)
        return -1;
    const struct plugin *p = o->platform != NULL ? registry_find(a->t->registry, o->platform) : NULL;
    if (o->platform != NULL && (p == NULL || p->n_parser == 0))
        return err_set(e, ERR_USAGE, "no plugin %s with parsers; platform = false: recognised by the payload", o->platform);
    return text_arg(a->args, "file") != NULL ? 0 : err_set(e, ERR_USAGE, "which payload?");
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
    const char *file = text_arg(a->args, "file");
    int rc = ingest_run(a->t->registry, &o, &file, 1, &sink, e);
    buf_printf(a->out, "{\"rows\":[%s]", p.rows.data != NULL ? p.rows.data : "");
    if (p.parser != NULL)
        add_text(a->out, "parser", p.parser);
    write_list(a->out, "drops", &p.drops, "{", "}");
    write_list(a->out, "bad", &p.bad, "[", "]");
    write_list(a->out, "accounts", &p.accounts, "[", "]");
    write_list(a->out, "refused", &p.refused, "[", "]");
    buf_char(a->out, '}');
    buf_free(&p.rows);
    buf_free(&p.bad);
    buf_free(&p.accounts);
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

static void taking_problem(void *ctx, const char *path, const char *text)
{
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
    add_int(a->out, "received", t->received);
    add_int(a->out, "inserted", t->inserted);
    add_int(a->out, "updated", t->updated);
    add_int(a->out, "unchanged", t->unchanged);
    add_int(a->out, "quarantined", t->quarantined);
    add_int(a->out, "dropped", t->dropped);
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
    if (ingest_options_of(a, &o, e) != 0 || need_owner(a, e) != 0)
        return -1;
    const char *file = text_arg(a->args, "file");
    begin_taking(a, &t);
    return end_taking(a, &t, ingest_run(a->t->registry, &o, &file, 1, &sink, e), e);
}

/* One observation: what out.post and out.counts of a parser would say, as a delivery of its own. */
static int observe(struct taking *t, const cJSON *one, size_t i, struct err *e)
{
    char source[40];
    const char *name = text_arg(one, "platform") != NULL ? text_arg(one, "platform") : "test";
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
    if (when_arg(one, "at", &has_at, &d->observed_at, e) != 0) {
        delivery_free(&d);
        return -1;
    }
    parser_events(&spec, arg(one, "events"), &d->rows);
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
    const cJSON *list = arg(a->args, "list");
    if (need_owner(a, e) != 0)
        return -1;
    begin_taking(a, &t);
    int rc = 0;
    size_t i = 0;
    for (const cJSON *one = list != NULL ? list->child : NULL; one != NULL && rc == 0; one = one->next)
        rc = observe(&t, one, i++, e);
    return end_taking(a, &t, rc, e);
}

/* --- learn ----------------------------------------------------------------------------------------------------------------------- */

static int rules_of(const struct ask *a, const struct rule ***rules, size_t *n, struct err *e)
{
    const cJSON *names = arg(a->args, "rules");
    *rules = mem_array(names != NULL ? json_size(names) + 1 : 1, sizeof **rules);
    *n = 0;
    for (const cJSON *one = names != NULL ? names->child : NULL; one != NULL; one = one->next) {
        const char *name = json_kind(one) == JSON_STRING ? json_text(one) : "?";
        const struct rule *rule = rule_find(a->t->registry, name);
        if (rule == NULL)
            return rule_unknown(a->t->registry, name, e);
        (*rules)[(*n)++] = rule;
    }
    return *n > 0 ? 0 : err_set(e, ERR_USAGE, "which rules? The plugin has none");
}

static void add_outcome(struct buf *out, const struct learn_outcome *o)
{
    static const char *const states[] = {[LEARN_RAN] = "ran", [LEARN_UNCHANGED] = "unchanged", [LEARN_FAILED] = "failed"};
    buf_char(out, '{');
    add_text(out, "rule", o->rule->name);
    add_text(out, "state", states[o->state]);
    add_int(out, "tests", o->tests);
    add_int(out, "written", o->written);
    add_int(out, "no_difference", o->no_difference);
    add_int(out, "not_shown", o->not_shown);
    add_int(out, "insufficient", o->insufficient);
    buf_printf(out, ",\"results\":%s", o->results.len > 0 ? o->results.data : "[]");
    if (o->state == LEARN_FAILED)
        add_text(out, "error", o->err.text);
    buf_char(out, '}');
}

static int ask_learn(struct ask *a, struct err *e)
{
    struct learn_options o = {.lib_dir = a->t->o.paths.lib_dir, .now = clock_wall_us()};
    struct learn learnt = {0};
    const struct rule **rules = NULL;
    bool has_as_of = false;
    int64_t since = 0;
    const char *span = text_arg(a->args, "since");
    o.as_of = o.now;
    if (span != NULL && !datetime_parse_duration(span, &since))
        return err_set(e, ERR_USAGE, "since = \"%s\": not a span; write 180d", span);
    if (need_registry(a->t, e) != 0 || when_arg(a->args, "as_of", &has_as_of, &o.as_of, e) != 0 || need_owner(a, e) != 0)
        return -1;
    if (has_as_of && o.as_of > o.now)
        o.now = o.as_of; /* a spec's own time: nothing in its world is later */
    o.owner = a->owner;
    o.since_s = since / 1000000;
    o.dry_run = arg(a->args, "dry_run") == NULL || cJSON_IsTrue(arg(a->args, "dry_run"));
    int rc = rules_of(a, &rules, &o.n_rule, e);
    o.rules = rules;
    if (rc == 0)
        rc = learn_run(a->t->db.session, &o, &learnt, e);
    buf_char(a->out, '[');
    for (size_t i = 0; rc == 0 && i < learnt.n_outcome; i++) {
        if (i > 0)
            buf_char(a->out, ',');
        add_outcome(a->out, &learnt.outcome[i]);
    }
    buf_char(a->out, ']');
    learn_free(&learnt);
    mem_free(rules);
    return rc;
}

/* --- report, query --------------------------------------------------------------------------------------------------------------- */

static int unknown_report(const struct registry *r, const char *name, struct err *e)
{
    struct buf known = {0};
    for (size_t i = 0; i < r->n_plugin; i++)
        for (size_t k = 0; k < r->plugin[i]->n_report; k++)
            buf_printf(&known, "%s%s", known.len > 0 ? ", " : "", r->plugin[i]->report[k]->name);
    err_set(e, ERR_USAGE, "there is no report %s (there are: %s)", name, known.data != NULL ? known.data : "none");
    buf_free(&known);
    return -1;
}

static void write_rows(struct buf *out, const struct rowset *rows)
{
    buf_str(out, "{\"columns\":[");
    for (size_t i = 0; i < rows->n_column; i++) {
        if (i > 0)
            buf_char(out, ',');
        json_write_string(rows->column[i].name, strlen(rows->column[i].name), out);
    }
    buf_str(out, "],\"rows\":");
    rowset_json(rows, out);
    buf_char(out, '}');
}

static int ask_report(struct ask *a, struct err *e)
{
    const char *name = text_arg(a->args, "name");
    const cJSON *list = arg(a->args, "args");
    struct rowset *rows = NULL;
    char owner[37];
    if (need_registry(a->t, e) != 0)
        return -1;
    const struct report *report = name != NULL ? report_find(a->t->registry, name) : NULL;
    if (report == NULL)
        return unknown_report(a->t->registry, name != NULL ? name : "?", e);
    size_t n = list != NULL ? json_size(list) : 0, i = 0;
    struct report_var *vars = mem_array(n + 1, sizeof *vars);
    for (const cJSON *one = list != NULL ? list->child : NULL; one != NULL; one = one->next)
        vars[i++] = (struct report_var){.name = text_arg(one, "name"), .value = text_arg(one, "value")};
    int rc = report_check_vars(report, vars, n, e);
    if (rc == 0)
        rc = need_owner(a, e);
    uuid_format(&a->owner, owner);
    if (rc == 0)
        rc = report_run(report, a->t->db.session, owner, vars, n, &rows, e);
    if (rc == 0)
        write_rows(a->out, rows);
    rowset_free(&rows);
    mem_free(vars);
    return rc;
}

static int add_param(struct db_params *p, const cJSON *v, struct err *e)
{
    struct buf text = {0};
    int64_t whole;
    enum json_kind kind = json_kind(v);
    if (kind == JSON_NULL) {
        db_text(p, NULL);
    } else if (kind == JSON_BOOL) {
        db_bool(p, cJSON_IsTrue(v));
    } else if (kind == JSON_STRING) {
        db_text(p, json_text(v));
    } else if (kind == JSON_NUMBER && json_int64(v, &whole)) {
        db_int(p, whole);
    } else {
        json_write(v, &text);
        db_text(p, text.data);
    }
    buf_free(&text);
    return p->n < DB_PARAMS_MAX ? 0 : err_set(e, ERR_USAGE, "more than %d parameters", DB_PARAMS_MAX - 1);
}

static int become_owner(const struct ask *a, struct err *e)
{
    struct db_params who = {0};
    db_uuid(&who, &a->owner);
    int rc = db_exec(a->t->db.session, "SELECT tidemark.act_as($1::uuid)", &who, NULL, e);
    db_params_clear(&who);
    return rc == 0 ? db_run(a->t->db.session, "SET LOCAL ROLE authenticated", e) : rc;
}

static int ask_query(struct ask *a, struct err *e)
{
    const char *sql = text_arg(a->args, "sql");
    const cJSON *list = arg(a->args, "params");
    struct db_params p = {0};
    PGresult *result = NULL;
    if (sql == NULL)
        return err_set(e, ERR_USAGE, "host.query wants a statement");
    if (need_owner(a, e) != 0)
        return -1;
    int rc = 0;
    for (const cJSON *one = list != NULL ? list->child : NULL; one != NULL && rc == 0; one = one->next)
        rc = add_param(&p, one, e);
    if (rc == 0 && (rc = db_begin(a->t->db.session, "", e)) == 0) {
        rc = become_owner(a, e);
        if (rc == 0)
            rc = db_exec(a->t->db.session, sql, &p, &result, e);
        if (rc == 0)
            rc = db_commit(a->t->db.session, e);
        else
            db_rollback(a->t->db.session);
    }
    struct rowset *rows = result != NULL ? db_rowset(result) : NULL;
    PQclear(result);
    if (rc == 0)
        write_rows(a->out, rows);
    rowset_free(&rows);
    db_params_clear(&p);
    if (rc != 0 && e->kind == ERR_BUG) /* the spec's statement, not the host's */
        e->kind = ERR_USAGE;
    return rc;
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
        {"learn", ask_learn}, {"report", ask_report}, {"query", ask_query},
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
