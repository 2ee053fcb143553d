/* Declarative parsers: walks the document by the compiled paths. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/parser_row.h"
#include "host/plugin.h"
#include "host/row_check.h"
#include "script/code.h"

enum { ROWS_MAX = 50000 };

struct walk {
    struct maker maker;
    const struct parser_spec *p;
    const cJSON *doc;
    struct json_doc *sums; /* owns the values of sums; NULL until one is needed */
};

static void bad(struct walk *w, const char *code, const char *text, const cJSON *item)
{
    struct buf body = {0};
    json_write(item, &body);
    rows_bad(w->maker.out, &(struct row_bad){.item = w->maker.item, .code = code, .text = text, .body = body.data});
    buf_free(&body);
}

/* Those that are there, added up; absent when none is, or when one of them cannot be read: half a sum is a wrong count. */
static const cJSON *sum(struct walk *w, const char *name, const struct source *s, const cJSON *item)
{
    int64_t total = 0, one;
    bool any = false;
    for (size_t i = 0; i < s->n; i++) {
        const cJSON *v = path_get(&s->path[i], item, w->doc);
        if (v == NULL || json_kind(v) == JSON_NULL)
            continue;
        if (!json_int64(v, &one) || __builtin_add_overflow(total, one, &total)) {
            row_note(&w->maker, name, v, "is no count, so the sum has no value");
            return NULL;
        }
        any = true;
    }
    if (!any)
        return NULL;
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRId64, total);
    if (w->sums == NULL)
        w->sums = json_new();
    return json_new_string(w->sums, digits, (size_t)n);
}

static const cJSON *value_of(struct walk *w, const char *name, const struct source *s, const cJSON *item)
{
    return s->sum ? sum(w, name, s, item) : source_get(s, item, w->doc);
}

static bool is_used(const struct parser_spec *p, const char *key)
{
    for (size_t i = 0; i < p->n_extra_used; i++)
        if (strcmp(p->extra_used[i], key) == 0)
            return true;
    return false;
}

static const char *leftovers(struct walk *w, const cJSON *item)
{
    const struct parser_spec *p = w->p;
    struct buf object = {0};
    for (size_t i = 0; i < p->extra.n; i++)
        row_member(p->extra.item[i].name, strlen(p->extra.item[i].name), source_get(&p->extra.item[i].source, item, w->doc),
                   &object);
    const cJSON *from = p->has_extra_from ? path_get(&p->extra_from, item, w->doc) : NULL;
    if (from != NULL && json_kind(from) == JSON_OBJECT)
        for (const cJSON *c = from->child; c != NULL; c = c->next)
            if (!is_used(p, c->string) && json_get(from, c->string, strlen(c->string)) == c)
                row_member(c->string, strlen(c->string), c, &object);
    return row_object(&w->maker, &object);
}

static const char *audience(struct walk *w, const struct audience_source *a, const cJSON *item)
{
    struct buf object = {0};
    if (a->named.n == 0)
        return row_audience(&w->maker, source_get(&a->whole, item, w->doc));
    for (size_t i = 0; i < a->named.n; i++)
        row_member(a->named.item[i].name, strlen(a->named.item[i].name), source_get(&a->named.item[i].source, item, w->doc),
                   &object);
    return row_object(&w->maker, &object);
}

static struct row_account account_of(struct walk *w, const cJSON *item)
{
    const struct parser_spec *p = w->p;
    struct maker *m = &w->maker;
    struct buf metrics = {0};
    struct row_account a = {.beside_post = !p->only_accounts};
    a.external_id = row_text(m, "account", source_get(&p->account_id, item, w->doc));
    a.handle = row_text(m, "handle", source_get(&p->account_handle, item, w->doc));
    for (size_t i = 0; i < p->account_metrics.n; i++) {
        const struct named_source *one = &p->account_metrics.item[i];
        row_account_metric(m, one->name, value_of(w, one->name, &one->source, item), one->source.unit, &metrics);
    }
    a.metrics = row_object(m, &metrics);
    a.audience = audience(w, &p->account_audience, item);
    return a;
}

/* Beside a post or a reason to skip: what cannot be read of it is no matter of theirs. */
static void account(struct walk *w, const cJSON *item)
{
    struct buf of_row = w->maker.notes;
    if (!w->p->has_account)
        return;
    w->maker.notes = (struct buf){0};
    struct row_account a = account_of(w, item);
    row_account(&w->maker, &a);
    buf_free(&w->maker.notes);
    w->maker.notes = of_row;
}

static void same(struct walk *w, const cJSON *item)
{
    struct maker *m = &w->maker;
    const char **alias = NULL, *id = row_text(m, "id", source_get(&w->p->same_id, item, w->doc));
    if (!w->p->has_same || id == NULL || *id == '\0' || strlen(id) > ROW_ID_MAX)
        return;
    size_t n = row_aliases(m, source_get(&w->p->same_aliases, item, w->doc), id, &alias);
    for (size_t i = 0; i < n; i++)
        rows_same(m->out, w->p->plugin->name, id, alias[i]);
}

static void no_id_at(struct walk *w, const struct source *id, const char *whose, const cJSON *item)
{
    struct buf text = {0};
    buf_printf(&text, "item %zu: no id%s", w->maker.item, whose);
    for (size_t i = 0; i < id->n; i++)
        buf_printf(&text, " %s '%s%s'", i == 0 ? "at" : "or", id->path[i].from_doc ? "^" : "", id->path[i].text);
    if (*whose == '\0')
        row_id_advice(&w->maker, &text);
    bad(w, "missing_id", text.data, item);
    buf_free(&text);
    buf_clear(&w->maker.notes);
}

static void no_id(struct walk *w, const cJSON *item)
{
    no_id_at(w, &w->p->field[FIELD_ID], "", item);
}

/* An item that tells nothing but who it is has no numbers to keep: it is dropped, and its facts are taken. */
static void make_account(struct walk *w, const cJSON *item)
{
    struct row_account a = account_of(w, item);
    if (w->p->account_id.n > 0 && (a.external_id == NULL || *a.external_id == '\0')) {
        no_id_at(w, &w->p->account_id, " of an account", item);
        return;
    }
    row_account(&w->maker, &a);
    if (!row_account_observed(&a))
        rows_drop(w->maker.out, "account", 1);
}

static void make_row(struct walk *w, const cJSON *item)
{
    const struct parser_spec *p = w->p;
    struct maker *m = &w->maker;
    struct fact facts[FIELD_MAX];
    for (int f = 0; f < FIELD_MAX; f++)
        facts[f] = (struct fact){value_of(w, field_names[f], &p->field[f], item), p->field[f].unit};
    struct row row = {.window = p->window};
    if (!row_post(m, facts, &row)) {
        no_id(w, item);
        return;
    }
    row_counts(m, facts, &row);
    struct buf features = {0}, metrics = {0};
    for (size_t i = 0; i < p->features.n; i++)
        row_member(p->features.item[i].name, strlen(p->features.item[i].name),
                   source_get(&p->features.item[i].source, item, w->doc), &features);
    for (size_t i = 0; i < p->metrics.n; i++) {
        const struct named_source *one = &p->metrics.item[i];
        row_metric(m, one->name, value_of(w, one->name, &one->source, item), one->source.unit, &metrics);
    }
    row.features = row_object(m, &features);
    row.metrics = row_object(m, &metrics);
    row.audience = audience(w, &p->audience, item);
    row.extra = leftovers(w, item);
    account(w, item);
    row_done(m, &row);
    *rows_add(m->out) = row;
}

static void one_item(struct walk *w, const cJSON *item)
{
    const struct parser_spec *p = w->p;
    if (p->skip != NULL) {
        account(w, item);
        same(w, item);
        buf_clear(&w->maker.notes);
        rows_drop(w->maker.out, p->skip, 1);
        return;
    }
    if (json_kind(item) != JSON_OBJECT) {
        char text[80];
        snprintf(text, sizeof text, "item %zu: %s where an object was expected", w->maker.item,
                 json_kind_name(json_kind(item)));
        bad(w, "bad_shape", text, item);
        return;
    }
    for (size_t i = 0; i < p->n_drop; i++) {
        if (conditions_met(&p->drop[i].when, item, w->doc)) {
            rows_drop(w->maker.out, p->drop[i].reason, 1);
            return;
        }
    }
    if (p->only_accounts)
        make_account(w, item);
    else
        make_row(w, item);
}

static int refuse(struct walk *w)
{
    struct maker *m = &w->maker;
    const char *code = row_text(m, "code", source_get(&w->p->refuse_code, w->doc, w->doc));
    const char *text = row_text(m, "text", source_get(&w->p->refuse_text, w->doc, w->doc));
    m->out->refused_code = code ? code : "error";
    m->out->refused_text = text ? text : "the platform gave no reason";
    return 0;
}

static int items(struct walk *w, struct err *e)
{
    const struct source each = {.path = w->p->each, .n = w->p->n_each};
    const cJSON *found = each.n > 0 ? source_get(&each, w->doc, w->doc) : w->doc;
    switch (json_kind(found)) {
    case JSON_ABSENT:
    case JSON_NULL: return 0;
    case JSON_ARRAY: break;
    default: one_item(w, found); return 0;
    }
    if (w->p->skip == NULL && json_size(found) > ROWS_MAX)
        return err_set(e, ERR_INPUT, "%s: more than 50,000 rows from one document (it has %zu items)", w->p->name,
                       json_size(found));
    for (const cJSON *item = found->child; item != NULL; item = item->next, w->maker.item++)
        one_item(w, item);
    return 0;
}

int parser_walk(const struct parser_spec *p, const cJSON *doc, const struct given_id *given, struct rows *out, struct err *e)
{
    struct walk w = {.maker = {.p = p, .out = out, .given = given}, .p = p, .doc = doc};
    int failed = p->refuses ? refuse(&w) : items(&w, e);
    buf_free(&w.maker.notes);
    json_free(&w.sums);
    return failed;
}
