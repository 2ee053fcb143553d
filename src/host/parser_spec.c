#include "host/parser_spec.h"

#include <string.h>

#include "host/plugin.h"

const char *const field_names[FIELD_MAX] = {
    [FIELD_ID] = "id",
    [FIELD_PLATFORM] = "platform",
    [FIELD_ACCOUNT] = "account",
    [FIELD_TITLE] = "title",
    [FIELD_CAPTION] = "caption",
    [FIELD_URL] = "url",
    [FIELD_PUBLISHED_AT] = "published_at",
    [FIELD_TAGS] = "tags",
    [FIELD_DURATION_S] = "duration_s",
    [FIELD_MEDIA_KIND] = "media_kind",
    [FIELD_AI_VERSION] = "ai_version",
    [FIELD_ALIASES] = "aliases",
    [FIELD_VIEWS] = "views",
    [FIELD_LIKES] = "likes",
    [FIELD_SHARES] = "shares",
    [FIELD_COMMENTS] = "comments",
    [FIELD_SAVES] = "saves",
    [FIELD_AVERAGE_WATCH_TIME] = "average_watch_time",
    [FIELD_WINDOW_START] = "window_start",
    [FIELD_WINDOW_END] = "window_end",
};

/* --- looking into documents ------------------------------------------------------------------------------------------- */

const cJSON *path_get(const struct path *p, const cJSON *item, const cJSON *doc)
{
    const cJSON *at = p->from_doc ? doc : item;
    for (size_t i = 0; i < p->n && at != NULL; i++) {
        const struct step *s = &p->step[i];
        if (s->is_index && json_kind(at) == JSON_ARRAY)
            at = json_at(at, s->index);
        else
            at = json_get(at, s->key, s->len);
    }
    return at;
}

const cJSON *source_get(const struct source *s, const cJSON *item, const cJSON *doc)
{
    const cJSON *null = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const cJSON *found = path_get(&s->path[i], item, doc);
        if (found != NULL && json_kind(found) != JSON_NULL)
            return found;
        null = found ? found : null;
    }
    return null;
}

bool condition_met(const struct condition *c, const cJSON *item, const cJSON *doc)
{
    const cJSON *found = path_get(&c->path, item, doc);
    const char *text;
    switch (c->what) {
    case CONDITION_THERE: return found != NULL;
    case CONDITION_ABSENT: return found == NULL;
    case CONDITION_KIND: return strcmp(json_kind_name(json_kind(found)), c->kind) == 0;
    case CONDITION_TEXT: break;
    }
    if (json_kind(found) != JSON_STRING || (text = json_text(found)) == NULL)
        return false;
    for (size_t i = 0; i < c->n_any; i++)
        if (strcmp(text, c->any[i]) == 0)
            return true;
    return false;
}

bool conditions_met(const struct condition_list *list, const cJSON *item, const cJSON *doc)
{
    for (size_t i = 0; i < list->n; i++)
        if (!condition_met(&list->item[i], item, doc))
            return false;
    return true;
}

/* --- compiling --------------------------------------------------------------------------------------------------------- */

static const cJSON *member(const cJSON *object, const char *key)
{
    return json_get(object, key, strlen(key));
}

static const char *text_of(struct parser_spec *p, const cJSON *object, const char *key)
{
    const char *s = json_text(member(object, key));
    return s ? arena_dup(&p->arena, s) : NULL;
}

static void compile_path(struct parser_spec *p, const char *text, struct path *out)
{
    out->from_doc = text[0] == '^';
    out->text = arena_dup(&p->arena, text + out->from_doc);
    if (strcmp(out->text, ".") == 0)
        return;
    size_t steps = 1;
    for (const char *c = out->text; *c != '\0'; c++)
        steps += *c == '.';
    out->step = arena_zero(&p->arena, steps * sizeof *out->step);
    for (const char *c = out->text;; c++) {
        size_t len = strcspn(c, ".");
        struct step *s = &out->step[out->n++];
        *s = (struct step){.key = c, .len = len, .is_index = len < 10 && strspn(c, "0123456789") >= len};
        for (size_t i = 0; s->is_index && i < len; i++)
            s->index = s->index * 10 + (size_t)(c[i] - '0');
        c += len;
        if (*c == '\0')
            return;
    }
}

static struct path *compile_paths(struct parser_spec *p, const cJSON *list, size_t *n)
{
    *n = json_size(list);
    struct path *paths = arena_zero(&p->arena, (*n + 1) * sizeof *paths);
    for (size_t i = 0; i < *n; i++)
        compile_path(p, json_text(json_at(list, i)), &paths[i]);
    return paths;
}

static struct source compile_source(struct parser_spec *p, const cJSON *d)
{
    static const char *const units[] = {"", "s", "ms", "epoch_s", "epoch_ms"};
    struct source s = {0};
    if (d == NULL)
        return s;
    s.path = compile_paths(p, member(d, "paths"), &s.n);
    const char *how = json_text(member(d, "how")), *unit = json_text(member(d, "unit"));
    s.sum = how != NULL && strcmp(how, "sum") == 0;
    for (size_t i = 1; unit != NULL && i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i]) == 0)
            s.unit = (enum unit)i;
    return s;
}

static struct named_list compile_named(struct parser_spec *p, const cJSON *list)
{
    struct named_list out = {.n = json_kind(list) == JSON_ARRAY ? json_size(list) : 0};
    out.item = arena_zero(&p->arena, (out.n + 1) * sizeof *out.item);
    for (size_t i = 0; i < out.n; i++) {
        const cJSON *one = json_at(list, i);
        out.item[i] = (struct named_source){text_of(p, one, "name"), compile_source(p, member(one, "source"))};
    }
    return out;
}

static struct audience_source compile_audience(struct parser_spec *p, const cJSON *d)
{
    if (json_kind(d) == JSON_ARRAY)
        return (struct audience_source){.named = compile_named(p, d)};
    return (struct audience_source){.whole = compile_source(p, d)};
}

static const char **compile_texts(struct parser_spec *p, const cJSON *list, size_t *n)
{
    *n = json_kind(list) == JSON_ARRAY ? json_size(list) : 0;
    const char **out = arena_zero(&p->arena, (*n + 1) * sizeof *out);
    for (size_t i = 0; i < *n; i++)
        out[i] = arena_dup(&p->arena, json_text(json_at(list, i)));
    return out;
}

static struct condition_list compile_conditions(struct parser_spec *p, const cJSON *list)
{
    struct condition_list out = {.n = json_kind(list) == JSON_ARRAY ? json_size(list) : 0};
    out.item = arena_zero(&p->arena, (out.n + 1) * sizeof *out.item);
    for (size_t i = 0; i < out.n; i++) {
        const cJSON *d = json_at(list, i), *present = member(d, "present");
        struct condition *c = &out.item[i];
        compile_path(p, json_text(member(d, "path")), &c->path);
        c->kind = text_of(p, d, "kind");
        c->any = compile_texts(p, member(d, "any"), &c->n_any);
        c->what = present != NULL ? (cJSON_IsTrue(present) ? CONDITION_THERE : CONDITION_ABSENT)
                  : c->kind       ? CONDITION_KIND
                                  : CONDITION_TEXT;
    }
    return out;
}

static void compile_fields(struct parser_spec *p, const cJSON *d)
{
    const cJSON *post = member(d, "post"), *counts = member(d, "counts");
    for (int f = 0; f < FIELD_MAX; f++)
        p->field[f] = compile_source(p, member(f < FIELD_FIRST_COUNT ? post : counts, field_names[f]));
    p->features = compile_named(p, member(post, "features"));
    p->metrics = compile_named(p, member(counts, "metrics"));
    p->audience = compile_audience(p, member(counts, "audience"));
    p->extra = compile_named(p, member(d, "extra"));
}

/* The member of the leftovers' object that a path takes, or NULL. */
static const char *taken_member(const struct path *from, const struct path *p)
{
    if (p->from_doc != from->from_doc || p->n != from->n + 1)
        return NULL;
    for (size_t i = 0; i < from->n; i++)
        if (p->step[i].len != from->step[i].len || memcmp(p->step[i].key, from->step[i].key, p->step[i].len) != 0)
            return NULL;
    return p->step[from->n].key;
}

static void mark_used(struct parser_spec *p, const struct source *s, size_t *cap)
{
    for (size_t i = 0; i < s->n; i++) {
        const char *key = taken_member(&p->extra_from, &s->path[i]);
        if (key == NULL)
            continue;
        if (p->n_extra_used == *cap) {
            const char **old = p->extra_used;
            *cap = *cap ? *cap * 2 : 16;
            p->extra_used = arena_zero(&p->arena, *cap * sizeof *old);
            if (old != NULL)
                memcpy(p->extra_used, old, p->n_extra_used * sizeof *old);
        }
        p->extra_used[p->n_extra_used++] = key;
    }
}

static void compile_leftovers(struct parser_spec *p, const cJSON *d)
{
    const char *from = json_text(member(d, "extra_from"));
    if (from == NULL)
        return;
    size_t cap = 0;
    p->has_extra_from = true;
    compile_path(p, from, &p->extra_from);
    for (int f = 0; f < FIELD_MAX; f++)
        mark_used(p, &p->field[f], &cap);
    for (size_t i = 0; i < p->metrics.n; i++)
        mark_used(p, &p->metrics.item[i].source, &cap);
    for (size_t i = 0; i < p->features.n; i++)
        mark_used(p, &p->features.item[i].source, &cap);
    mark_used(p, &p->audience.whole, &cap);
    for (size_t i = 0; i < p->audience.named.n; i++)
        mark_used(p, &p->audience.named.item[i].source, &cap);
    mark_used(p, &p->account_id, &cap);
    mark_used(p, &p->account_handle, &cap);
}

static void compile_match(struct parser_spec *p, const cJSON *d)
{
    p->match_is_code = cJSON_IsTrue(member(d, "code"));
    p->match = compile_conditions(p, member(d, "conditions"));
    p->column = compile_texts(p, member(d, "columns"), &p->n_column);
    p->url = text_of(p, d, "url");
}

static void compile_items(struct parser_spec *p, const cJSON *d)
{
    const cJSON *account = member(d, "account"), *drop = member(d, "drop"), *refuse = member(d, "refuse"),
                *same = member(d, "same");
    p->each = compile_paths(p, member(d, "each"), &p->n_each);
    if (p->n_each == 0 && p->n_column > 0) { /* a table's items are its rows */
        p->each = arena_zero(&p->arena, sizeof *p->each);
        p->n_each = 1;
        compile_path(p, "rows", p->each);
    }
    p->has_account = account != NULL;
    p->account_id = compile_source(p, member(account, "id"));
    p->account_handle = compile_source(p, member(account, "handle"));
    p->account_metrics = compile_named(p, member(account, "metrics"));
    p->account_audience = compile_audience(p, member(account, "audience"));
    p->has_same = same != NULL;
    p->same_id = compile_source(p, member(same, "id"));
    p->same_aliases = compile_source(p, member(same, "aliases"));
    p->n_drop = json_kind(drop) == JSON_ARRAY ? json_size(drop) : 0;
    p->drop = arena_zero(&p->arena, (p->n_drop + 1) * sizeof *p->drop);
    for (size_t i = 0; i < p->n_drop; i++) {
        const cJSON *rule = json_at(drop, i);
        p->drop[i] = (struct drop_rule){text_of(p, rule, "reason"), compile_conditions(p, member(rule, "conditions"))};
    }
    p->skip = text_of(p, d, "skip");
    p->refuses = refuse != NULL;
    p->only_accounts = p->has_account && p->skip == NULL && member(d, "post") == NULL && member(d, "id_from_url") == NULL;
    p->refuse_code = compile_source(p, member(refuse, "code"));
    p->refuse_text = compile_source(p, member(refuse, "text"));
}

struct parser_spec *parser_spec_new(const struct plugin *plugin, const cJSON *d)
{
    struct parser_spec *p = mem_alloc(sizeof *p);
    p->plugin = plugin;
    p->name = text_of(p, d, "name");
    p->csv = cJSON_IsTrue(member(d, "csv"));
    p->whole = cJSON_IsTrue(member(d, "whole"));
    p->wide_export = cJSON_IsTrue(member(d, "wide_export"));
    p->is_code = cJSON_IsTrue(member(d, "code"));
    p->zone = text_of(p, d, "zone");
    p->id_from_url = compile_texts(p, member(d, "id_from_url"), &p->n_id_from_url);
    const char *window = json_text(member(d, "window"));
    must(window == NULL || window_parse(window, &p->window));
    compile_match(p, member(d, "match"));
    compile_fields(p, d);
    compile_items(p, d);
    compile_leftovers(p, d);
    return p;
}

void parser_spec_free(struct parser_spec **p)
{
    if (*p == NULL)
        return;
    struct arena arena = (*p)->arena;
    arena_free(&arena);
    mem_free(*p);
    *p = NULL;
}
