/* What a parse function called (script/code.h: events) into rows. */
#include <string.h>

#include "host/parser_row.h"
#include "host/plugin.h"
#include "host/row_check.h"

struct replay {
    struct maker maker;
    struct fact post[FIELD_MAX]; /* of the out.post in work */
    const cJSON *post_table;
    bool counted;
};

static const cJSON *member(const cJSON *table, const char *name)
{
    return json_get(table, name, strlen(name));
}

/* Numbers that are times are seconds. */
static void read_facts(const cJSON *table, int from, int to, struct fact *facts)
{
    for (int f = from; f < to; f++) {
        bool time = f == FIELD_PUBLISHED_AT || f == FIELD_WINDOW_START || f == FIELD_WINDOW_END;
        facts[f] = (struct fact){member(table, field_names[f]), time ? UNIT_EPOCH_S : UNIT_NONE};
    }
}

enum members { MEMBERS_AS_THEY_STAND, MEMBERS_ARE_NUMBERS, MEMBERS_OF_ACCOUNTS };

static const char *object_of(struct maker *m, const char *name, const cJSON *value, enum members members)
{
    if (value == NULL || json_kind(value) == JSON_NULL)
        return NULL;
    if (json_size(value) == 0 && json_kind(value) == JSON_ARRAY) /* Lua's empty table */
        return NULL;
    if (json_kind(value) != JSON_OBJECT) {
        row_note(m, name, value, "is no table of names");
        return NULL;
    }
    struct buf object = {0};
    for (const cJSON *c = value->child; c != NULL; c = c->next) {
        if (members == MEMBERS_OF_ACCOUNTS)
            row_account_metric(m, c->string, c, UNIT_NONE, &object);
        else if (members == MEMBERS_ARE_NUMBERS)
            row_metric(m, c->string, c, UNIT_NONE, &object);
        else
            row_member(c->string, strlen(c->string), c, &object);
    }
    return row_object(m, &object);
}

static void bad(struct maker *m, const char *code, const char *text, const cJSON *item)
{
    struct buf body = {0};
    json_write(item, &body);
    rows_bad(m->out, &(struct row_bad){.item = m->item, .code = code, .text = text, .body = body.data});
    buf_free(&body);
}

static void no_id(struct maker *m, const char *call, const cJSON *table)
{
    struct buf text = {0};
    buf_printf(&text, "%s: no id", call);
    row_id_advice(m, &text);
    bad(m, "missing_id", text.data, table);
    buf_free(&text);
    buf_clear(&m->notes);
}

static bool window_of(struct maker *m, const cJSON *value, enum window *out)
{
    *out = WINDOW_LIFETIME;
    if (value == NULL || json_kind(value) == JSON_NULL)
        return true;
    const char *name = json_kind(value) == JSON_STRING ? json_text(value) : NULL;
    if (name != NULL && window_parse(name, out))
        return true;
    bad(m, "bad_shape", "out.counts: window must be lifetime, day, week, days_28 or range", value);
    return false;
}

/* counts NULL: a post for which none came. */
static void make_row(struct replay *r, const cJSON *counts)
{
    struct maker *m = &r->maker;
    struct row row = {0};
    if (!window_of(m, member(counts, "window"), &row.window))
        return;
    if (!row_post(m, r->post, &row)) {
        no_id(m, "out.post", r->post_table);
        return;
    }
    struct fact facts[FIELD_MAX] = {0};
    read_facts(counts, FIELD_FIRST_COUNT, FIELD_MAX, facts);
    row_counts(m, facts, &row);
    row.features = object_of(m, "features", member(r->post_table, "features"), MEMBERS_AS_THEY_STAND);
    row.metrics = object_of(m, "metrics", member(counts, "metrics"), MEMBERS_ARE_NUMBERS);
    row.audience = row_audience(m, member(counts, "audience"));
    row.extra = object_of(m, "extra", member(counts, "extra"), MEMBERS_AS_THEY_STAND);
    row_done(m, &row);
    *rows_add(m->out) = row;
}

/* Names in posts.features that the host itself fills from what a platform said. */
static bool is_taken(const char *name)
{
    static const char *const names[] = {"caption", "media_kind", "ai_version", "tags", "duration_s", FACTS_ABOUT};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static const char *facts_of(struct maker *m, const cJSON *features)
{
    struct buf object = {0};
    if (features == NULL || json_kind(features) == JSON_NULL)
        return NULL;
    if (json_kind(features) != JSON_OBJECT) {
        row_note(m, "features", features, "is no table of names");
        return NULL;
    }
    for (const cJSON *c = features->child; c != NULL; c = c->next) {
        if (is_taken(c->string))
            row_note(m, c->string, c, "is a name that the platform's payload fills");
        else
            row_member(c->string, strlen(c->string), c, &object);
    }
    return row_object(m, &object);
}

/* Remarks by feature: kept with each, and told together. */
static const char *fact_notes_of(struct maker *m, const cJSON *notes)
{
    struct buf object = {0};
    const cJSON *c = json_kind(notes) == JSON_OBJECT ? notes->child : NULL;
    for (; c != NULL; c = c->next) {
        if (json_kind(c) != JSON_STRING)
            continue;
        row_member(c->string, strlen(c->string), c, &object);
        buf_printf(&m->notes, "%s%s: %s", m->notes.len > 0 ? "; " : "", c->string, json_text(c));
    }
    return row_object(m, &object);
}

static void make_facts(struct maker *m, const cJSON *table)
{
    struct fact facts[FIELD_MAX] = {0};
    struct row row = {.facts_only = true};
    facts[FIELD_ID].value = member(table, field_names[FIELD_ID]);
    facts[FIELD_PLATFORM].value = member(table, field_names[FIELD_PLATFORM]);
    if (row_post(m, facts, &row)) {
        row.features = facts_of(m, member(table, "features"));
        row.fact_notes = fact_notes_of(m, member(table, "notes"));
        row_done(m, &row);
        *rows_add(m->out) = row;
    } else {
        no_id(m, "out.facts", table);
    }
    m->item++;
}

static void close_post(struct replay *r)
{
    if (r->post_table != NULL) {
        if (!r->counted)
            make_row(r, NULL);
        r->maker.item++;
    }
    r->post_table = NULL;
    r->counted = false;
}

static void account(struct maker *m, const cJSON *table)
{
    struct row_account a = {.external_id = row_text(m, "account", member(table, "id")),
                            .handle = row_text(m, "handle", member(table, "handle")),
                            .metrics = object_of(m, "metrics", member(table, "metrics"), MEMBERS_OF_ACCOUNTS),
                            .audience = row_audience(m, member(table, "audience"))};
    row_account(m, &a);
}

static void same(struct maker *m, const cJSON *table)
{
    const char **alias = NULL, *id = row_text(m, "id", member(table, "id"));
    if (id != NULL && *id != '\0' && strlen(id) <= ROW_ID_MAX)
        for (size_t i = 0, n = row_aliases(m, member(table, "aliases"), id, &alias); i < n; i++)
            rows_same(m->out, m->p->plugin->name, id, alias[i]);
    buf_clear(&m->notes);
}

static void refuse(struct maker *m, const cJSON *event)
{
    const char *code = row_text(m, "code", json_at(event, 1)), *text = row_text(m, "text", json_at(event, 2));
    buf_clear(&m->notes);
    m->out->refused_code = code ? code : "error";
    m->out->refused_text = text ? text : "the platform gave no reason";
}

static void one_event(struct replay *r, const cJSON *event)
{
    const char *name = json_text(json_at(event, 0));
    const cJSON *first = json_at(event, 1);
    int64_t n = 0;
    if (strcmp(name, "post") == 0) {
        close_post(r);
        r->post_table = first;
        read_facts(first, 0, FIELD_FIRST_COUNT, r->post);
    } else if (strcmp(name, "counts") == 0) {
        make_row(r, first);
        r->counted = true;
    } else if (strcmp(name, "facts") == 0) {
        close_post(r);
        make_facts(&r->maker, first);
    } else if (strcmp(name, "account") == 0) {
        account(&r->maker, first);
    } else if (strcmp(name, "same") == 0) {
        same(&r->maker, first);
    } else if (strcmp(name, "skip") == 0) {
        if (json_int64(json_at(event, 2), &n) && n > 0)
            rows_drop(r->maker.out, json_id(first, &r->maker.out->arena), (size_t)n);
    } else if (strcmp(name, "bad") == 0) {
        close_post(r);
        bad(&r->maker, json_id(first, &r->maker.out->arena), json_id(json_at(event, 2), &r->maker.out->arena),
            json_at(event, 3));
        r->maker.item++;
    } else {
        refuse(&r->maker, event);
    }
}

void parser_events(const struct parser_spec *p, const cJSON *events, const struct given_id *given, struct rows *out)
{
    struct replay r = {.maker = {.p = p, .out = out, .given = given}};
    for (const cJSON *event = events->child; event != NULL; event = event->next)
        one_event(&r, event);
    close_post(&r);
    buf_free(&r.maker.notes);
}
