/* Rows of one key become one. The first row of a key keeps its place and position; the chain of those that follow is merged
 * into it in the order they came. Every row, and every member of the objects they carry, is looked at once. */
#include <string.h>
#include <uthash.h>

#include "data/json.h"
#include "data/rows.h"

struct group {
    UT_hash_handle hh;
    size_t first, last;
};

/* A member of a merged object; its key lives in one of the documents. */
struct member {
    UT_hash_handle hh;
    const cJSON *value;
};

struct collapse {
    struct rows *rows;
    struct arena arena;
    struct group *groups;
    size_t *next; /* of the same key; 0: none */
};

/* Texts with their NULs, so that no two keys run together. own: not 0 for a row that is to stay alone. */
static const char *key_of(struct arena *arena, const struct row *r, size_t own, size_t *len)
{
    const char *platform = r->platform != NULL ? r->platform : "", *id = r->external_id != NULL ? r->external_id : "";
    struct {
        int64_t start;
        int window, has_start;
        size_t own;
    } when = {r->has_window_start ? r->window_start : 0, (int)r->window, r->has_window_start, own};
    size_t a = strlen(platform) + 1, b = strlen(id) + 1;
    char *key = arena_alloc(arena, a + b + sizeof when);
    memcpy(key, platform, a);
    memcpy(key + a, id, b);
    memcpy(key + a + b, &when, sizeof when);
    *len = a + b + sizeof when;
    return key;
}

static void add_members(struct member **members, struct arena *arena, const cJSON *object)
{
    for (const cJSON *c = object->child; c != NULL; c = c->next) {
        struct member *m = NULL;
        size_t len = strlen(c->string);
        HASH_FIND(hh, *members, c->string, (unsigned)len, m);
        if (m == NULL) {
            m = arena_zero(arena, sizeof *m);
            HASH_ADD_KEYPTR(hh, *members, c->string, (unsigned)len, m);
            m->value = c;
        } else if (json_kind(c) != JSON_NULL) {
            m->value = c;
        }
    }
}

static const char *write_members(struct member *members, struct arena *arena)
{
    struct buf b = {0};
    buf_char(&b, '{');
    for (const struct member *m = members; m != NULL; m = m->hh.next) {
        if (m != members)
            buf_char(&b, ',');
        json_write_string(m->value->string, strlen(m->value->string), &b);
        buf_char(&b, ':');
        json_write(m->value, &b);
    }
    buf_char(&b, '}');
    const char *text = arena_dup(arena, b.data);
    buf_free(&b);
    return text;
}

typedef const char **(*object_field)(struct row *);

static const char **metrics_of(struct row *r)
{
    return &r->metrics;
}

static const char **audience_of(struct row *r)
{
    return &r->audience;
}

static const char **extra_of(struct row *r)
{
    return &r->extra;
}

static const char **features_of(struct row *r)
{
    return &r->features;
}

/* One object of a chain of rows: the union of their members. */
static void merge_objects(struct collapse *c, size_t first, object_field field)
{
    struct row *row = c->rows->row;
    size_t texts = 0, n = 0, at = first;
    do
        texts += *field(&row[at]) != NULL;
    while ((at = c->next[at]) != 0);
    if (texts == 0)
        return;
    struct json_doc **docs = mem_array(texts, sizeof(struct json_doc *));
    struct member *members = NULL;
    struct err e;
    at = first;
    do {
        const char *text = *field(&row[at]);
        if (text == NULL)
            continue;
        if (texts == 1)
            *field(&row[first]) = text;
        else if (json_parse(text, strlen(text), NULL, &docs[n], &e) == 0)
            add_members(&members, &c->arena, json_root(docs[n++]));
    } while ((at = c->next[at]) != 0);
    if (members != NULL) {
        *field(&row[first]) = write_members(members, &c->rows->arena);
        HASH_CLEAR(hh, members);
    }
    while (n > 0)
        json_free(&docs[--n]);
    mem_free(docs);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void take_count(struct count *to, const struct count *from)
{
    if (from->known)
        *to = *from;
}

static void take_text(const char **to, const char *from)
{
    if (from != NULL)
        *to = from;
}

static void take_time(bool *has, int64_t *to, bool from_has, int64_t from)
{
    if (from_has) {
        *has = true;
        *to = from;
    }
}

static bool has_alias(const struct row *r, const char *id)
{
    for (size_t i = 0; i < r->n_alias; i++)
        if (strcmp(r->alias[i], id) == 0)
            return true;
    return false;
}

static void take_aliases(struct arena *arena, struct row *to, const struct row *from)
{
    if (from->n_alias == 0)
        return;
    const char **all = arena_alloc(arena, (to->n_alias + from->n_alias) * sizeof *all);
    for (size_t i = 0; i < to->n_alias; i++)
        all[i] = to->alias[i];
    to->alias = all;
    for (size_t i = 0; i < from->n_alias; i++)
        if (!has_alias(to, from->alias[i]))
            all[to->n_alias++] = from->alias[i];
}

static void take_row(struct arena *arena, struct row *to, const struct row *from)
{
    take_aliases(arena, to, from);
    take_text(&to->account, from->account);
    take_text(&to->title, from->title);
    take_text(&to->caption, from->caption);
    take_text(&to->url, from->url);
    take_text(&to->media_kind, from->media_kind);
    take_text(&to->ai_version, from->ai_version);
    take_text(&to->tags, from->tags);
    take_text(&to->notes, from->notes);
    take_time(&to->has_published_at, &to->published_at, from->has_published_at, from->published_at);
    take_time(&to->has_window_end, &to->window_end, from->has_window_end, from->window_end);
    if (from->has_duration) {
        to->has_duration = true;
        to->duration_s = from->duration_s;
    }
    take_count(&to->views, &from->views);
    take_count(&to->likes, &from->likes);
    take_count(&to->shares, &from->shares);
    take_count(&to->comments, &from->comments);
    take_count(&to->saves, &from->saves);
    take_count(&to->average_watch_ms, &from->average_watch_ms);
    to->wide_export = to->wide_export || from->wide_export;
}

/* Chains the rows of a key. Returns how many rows follow another. */
static size_t chain(struct collapse *c)
{
    size_t again = 0;
    for (size_t i = 0; i < c->rows->n_row; i++) {
        size_t len;
        const char *key = key_of(&c->arena, &c->rows->row[i], c->rows->row[i].facts_only ? i + 1 : 0, &len);
        struct group *g = NULL;
        HASH_FIND(hh, c->groups, key, (unsigned)len, g);
        if (g != NULL) {
            c->next[g->last] = i;
            g->last = i;
            again++;
            continue;
        }
        g = arena_alloc(&c->arena, sizeof *g);
        g->first = g->last = i;
        HASH_ADD_KEYPTR(hh, c->groups, key, (unsigned)len, g);
    }
    return again;
}

/* Groups come in the order of their first rows, so a row moves only to a place whose own row has been moved already. */
static void merge(struct collapse *c)
{
    size_t n = 0;
    for (const struct group *g = c->groups; g != NULL; g = g->hh.next) {
        struct row *first = &c->rows->row[g->first];
        if (c->next[g->first] != 0) {
            merge_objects(c, g->first, metrics_of);
            merge_objects(c, g->first, audience_of);
            merge_objects(c, g->first, extra_of);
            merge_objects(c, g->first, features_of);
            for (size_t i = c->next[g->first]; i != 0; i = c->next[i])
                take_row(&c->rows->arena, first, &c->rows->row[i]);
        }
        c->rows->row[n++] = *first;
    }
    c->rows->n_row = n;
}

bool row_account_merge(struct arena *arena, struct row_account *into, const struct row_account *later)
{
    const struct row_account old = *into;
    take_text(&into->handle, later->handle);
    take_text(&into->notes, later->notes);
    into->metrics = rows_merge_objects(arena, into->metrics, later->metrics);
    into->audience = rows_merge_objects(arena, into->audience, later->audience);
    into->beside_post = into->beside_post && later->beside_post;
    return !same_text(old.metrics, into->metrics) || !same_text(old.audience, into->audience);
}

/* Facts of accounts stay as they are: they are no items. */
static void collapse_accounts(struct rows *r)
{
    struct collapse c = {.rows = r};
    size_t kept = 0, again = 0;
    for (size_t i = 0; i < r->n_account; i++) {
        struct row_account *a = &r->account[i];
        struct row as_row = {.platform = a->platform, .external_id = a->external_id};
        struct group *g = NULL;
        size_t len;
        const char *key = key_of(&c.arena, &as_row, row_account_observed(a) ? 0 : i + 1, &len);
        HASH_FIND(hh, c.groups, key, (unsigned)len, g);
        if (g != NULL) {
            again += !a->beside_post;
            row_account_merge(&r->arena, &r->account[g->first], a);
            continue;
        }
        g = arena_alloc(&c.arena, sizeof *g);
        g->first = g->last = kept;
        HASH_ADD_KEYPTR(hh, c.groups, key, (unsigned)len, g);
        r->account[kept++] = *a;
    }
    r->n_account = kept;
    if (again > 0)
        rows_drop(r, "duplicate", again);
    HASH_CLEAR(hh, c.groups);
    arena_free(&c.arena);
}

void rows_collapse(struct rows *r)
{
    if (rows_accounts_observed(r) > 1)
        collapse_accounts(r);
    if (r->n_row < 2)
        return;
    struct collapse c = {.rows = r, .next = mem_array(r->n_row, sizeof *c.next)};
    size_t again = chain(&c);
    if (again > 0) {
        merge(&c);
        rows_drop(r, "duplicate", again);
    }
    HASH_CLEAR(hh, c.groups);
    mem_free(c.next);
    arena_free(&c.arena);
}

const char *rows_merge_objects(struct arena *arena, const char *a, const char *b)
{
    struct json_doc *docs[2] = {NULL, NULL};
    struct member *members = NULL;
    struct arena scratch = {0};
    struct err e;
    const char *out = a;
    if (a == NULL || b == NULL || strcmp(a, b) == 0)
        return a != NULL ? a : b;
    if (json_parse(a, strlen(a), NULL, &docs[0], &e) == 0 && json_parse(b, strlen(b), NULL, &docs[1], &e) == 0) {
        add_members(&members, &scratch, json_root(docs[0]));
        add_members(&members, &scratch, json_root(docs[1]));
        out = write_members(members, arena);
        HASH_CLEAR(hh, members);
    }
    json_free(&docs[0]);
    json_free(&docs[1]);
    arena_free(&scratch);
    return out;
}

static bool same_count(const struct count *a, const struct count *b)
{
    return a->known == b->known && (!a->known || a->value == b->value);
}

bool row_merge(struct arena *arena, struct row *into, const struct row *later)
{
    const struct row old = *into;
    take_row(arena, into, later);
    into->metrics = rows_merge_objects(arena, into->metrics, later->metrics);
    into->audience = rows_merge_objects(arena, into->audience, later->audience);
    into->extra = rows_merge_objects(arena, into->extra, later->extra);
    into->features = rows_merge_objects(arena, into->features, later->features);
    return !(same_count(&old.views, &into->views) && same_count(&old.likes, &into->likes) &&
             same_count(&old.shares, &into->shares) && same_count(&old.comments, &into->comments) &&
             same_count(&old.saves, &into->saves) && same_count(&old.average_watch_ms, &into->average_watch_ms) &&
             same_text(old.metrics, into->metrics) && same_text(old.audience, into->audience) &&
             same_text(old.extra, into->extra) && old.has_window_end == into->has_window_end &&
             old.window_end == into->window_end);
}
