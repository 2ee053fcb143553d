/* Is what a parser yielded what it may yield? */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/csv.h"
#include "host/envelope.h"
#include "host/fuzz_inside.h"
#include "host/parser.h"
#include "host/row_check.h"
#include "host/row_json.h"

static const struct json_limits wide = {.bytes = (size_t)1 << 30, .nodes = 50000000, .depth = 200};

/* A text must be what the database takes: UTF-8. As JSON it has to be read back. */
static bool good_text(const char *s)
{
    struct buf b = {0};
    struct json_doc *doc = NULL;
    struct err e;
    if (s == NULL)
        return true;
    json_write_string(s, strlen(s), &b);
    bool good = json_parse(b.data, b.len, &wide, &doc, &e) == 0;
    json_free(&doc);
    buf_free(&b);
    return good;
}

/* numeric has at most 131,072 digits before the point. */
static bool small_numbers(const char *s)
{
    size_t run = 0;
    for (bool text = false; *s != '\0'; s++) {
        if (*s == '\\' && text && s[1] != '\0') {
            s++;
            continue;
        }
        if (*s == '"')
            text = !text;
        run = !text && *s >= '0' && *s <= '9' ? run + 1 : 0;
        if (run > 100000)
            return false;
    }
    return true;
}

static bool all_texts(const cJSON *array)
{
    for (const cJSON *c = array->child; c != NULL; c = c->next)
        if (json_kind(c) != JSON_STRING)
            return false;
    return true;
}

static bool all_numbers(const cJSON *object)
{
    double d;
    for (const cJSON *c = object->child; c != NULL; c = c->next)
        if (!json_double(c, &d))
            return false;
    return true;
}

static bool good_json(const char *s, enum json_kind kind, bool (*members)(const cJSON *))
{
    struct json_doc *doc = NULL;
    struct err e;
    if (s == NULL)
        return true;
    bool good = json_parse(s, strlen(s), &wide, &doc, &e) == 0 && json_kind(json_root(doc)) == kind && small_numbers(s);
    if (good && members != NULL)
        good = members(json_root(doc));
    json_free(&doc);
    return good;
}

static const char *bad_id(const char *name, const char *s, size_t max, bool needed, char *text, size_t size)
{
    if (s == NULL && !needed)
        return NULL;
    if (s == NULL || *s == '\0')
        snprintf(text, size, "a row without %s", name);
    else if (strlen(s) > max)
        snprintf(text, size, "a row whose %s is longer than %zu bytes", name, max);
    else if (!good_text(s))
        snprintf(text, size, "a row whose %s is not UTF-8", name);
    else
        return NULL;
    return text;
}

static const char *bad_row(const struct row *r, char *text, size_t size)
{
    const struct {
        const char *name, *text;
    } texts[] = {{"title", r->title},           {"caption", r->caption}, {"url", r->url},
                 {"media_kind", r->media_kind}, {"notes", r->notes},     {"ai_version", r->ai_version}};
    const struct {
        const char *name, *json;
        enum json_kind kind;
        bool (*members)(const cJSON *);
    } objects[] = {{"tags", r->tags, JSON_ARRAY, all_texts},
                   {"features", r->features, JSON_OBJECT, NULL},
                   {"metrics", r->metrics, JSON_OBJECT, all_numbers},
                   {"audience", r->audience, JSON_OBJECT, NULL},
                   {"extra", r->extra, JSON_OBJECT, NULL},
                   {"fact_notes", r->fact_notes, JSON_OBJECT, all_texts}};
    if (bad_id("id", r->external_id, ROW_ID_MAX, true, text, size) != NULL ||
        bad_id("platform", r->platform, ROW_PLATFORM_MAX, true, text, size) != NULL ||
        bad_id("account", r->account, ROW_ID_MAX, false, text, size) != NULL)
        return text;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!good_text(texts[i].text))
            return snprintf(text, size, "a row whose %s is not UTF-8", texts[i].name), text;
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
        if (!good_json(objects[i].json, objects[i].kind, objects[i].members))
            return snprintf(text, size, "a row whose %s cannot be stored: %.200s", objects[i].name, objects[i].json), text;
    if (r->has_duration && !isfinite(r->duration_s))
        return snprintf(text, size, "a row whose duration is no number"), text;
    if (!r->facts_only && window_name(r->window) == NULL)
        return snprintf(text, size, "a row with an unknown window"), text;
    return NULL;
}

/* What cannot be taken says why, by a code that a program can read. */
static bool good_reason(const char *code, const char *why)
{
    return code != NULL && *code != '\0' && strlen(code) <= 200 && good_text(code) && why != NULL && *why != '\0' &&
           good_text(why);
}

static const struct parser_spec *spec_of(const struct fuzzer *f, const char *name)
{
    for (size_t i = 0; name != NULL && i < f->plugin->n_parser; i++)
        if (strcmp(parser_name(f->plugin->parser[i]), name) == 0)
            return f->plugin->parser[i];
    return NULL;
}

/* The items of the document, counted anew; SIZE_MAX: not known. */
static size_t items_of(const struct parser_spec *p, const struct delivery *d, const char *data, size_t n)
{
    struct json_doc *doc = NULL;
    struct envelope env = {0};
    struct err e;
    size_t items = SIZE_MAX;
    if (strcmp(d->source_class, "export") == 0) { /* a CSV */
        size_t header = csv_cut(data, n, 1);
        if (csv_parse(data, header, data + header, n - header, 2, &doc, &e) == 0)
            items = parser_items(p, doc);
    } else if (json_parse(data, n, NULL, &doc, &e) == 0 && envelope_open(&doc, &env, &e) == 0) {
        items = parser_items(p, doc);
    }
    json_free(&doc);
    envelope_free(&env);
    return items;
}

static const char *bad_parts(const struct rows *rows, char *text, size_t size)
{
    for (size_t i = 0; i < rows->n_row; i++)
        if (bad_row(&rows->row[i], text, size) != NULL)
            return text;
    for (size_t i = 0; i < rows->n_bad; i++)
        if (!good_reason(rows->bad[i].code, rows->bad[i].text))
            return snprintf(text, size, "a bad item without a code or a text (code '%.60s')",
                            rows->bad[i].code ? rows->bad[i].code : ""),
                   text;
    for (size_t i = 0; i < rows->n_drop; i++)
        if (rows->drop[i].reason == NULL || *rows->drop[i].reason == '\0' || !good_text(rows->drop[i].reason))
            return snprintf(text, size, "dropped items without a reason"), text;
    for (size_t i = 0; i < rows->n_account; i++) {
        const struct row_account *a = &rows->account[i];
        if (bad_id("account", a->external_id, ROW_ID_MAX, true, text, size) != NULL)
            return text;
        if (!good_text(a->handle) || !good_text(a->notes) || !good_json(a->metrics, JSON_OBJECT, NULL) ||
            !good_json(a->audience, JSON_OBJECT, NULL))
            return snprintf(text, size, "an account whose facts cannot be stored"), text;
    }
    for (size_t i = 0; i < rows->n_same; i++)
        if (bad_id("id", rows->same[i].external_id, ROW_ID_MAX, true, text, size) != NULL ||
            bad_id("alias", rows->same[i].alias, ROW_ID_MAX, true, text, size) != NULL)
            return text;
    return NULL;
}

const char *fuzz_check(const struct fuzzer *f, const struct delivery *d, const char *data, size_t n, bool alone, char *text,
                       size_t size)
{
    const struct parser_spec *p = spec_of(f, d->parser);
    if (d->state == DELIVERY_REFUSED)
        return good_reason(d->code, d->text) ? NULL : (snprintf(text, size, "refused without a code or a text"), text);
    if (p == NULL && d->rows.n_row > 0)
        return snprintf(text, size, "taken, but by no parser"), text;
    if (bad_parts(&d->rows, text, size) != NULL)
        return text;
    size_t accounts = rows_accounts_observed(&d->rows), beside = 0;
    for (size_t i = 0; i < d->rows.n_account; i++)
        beside += row_account_observed(&d->rows.account[i]) && d->rows.account[i].beside_post;
    if (d->received != (int64_t)(d->rows.n_row + accounts) + d->dropped + d->quarantined || d->dropped < 0 || d->received < 0)
        return snprintf(text, size, "received %lld is not rows + dropped + quarantined", (long long)d->received), text;
    size_t items = alone && p != NULL ? items_of(p, d, data, n) : SIZE_MAX;
    if (items != SIZE_MAX && (int64_t)(items + beside) != d->received)
        return snprintf(text, size, "%zu items came, but %zu rows + %lld dropped + %lld quarantined are %lld", items,
                        d->rows.n_row, (long long)d->dropped, (long long)d->quarantined, (long long)d->received),
               text;
    return NULL;
}
