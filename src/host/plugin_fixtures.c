/* A plugin's fixtures tried on its parsers: what none knows, what yields nothing, which names of paths are in none of them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "data/csv.h"
#include "data/json.h"
#include "host/ingest.h"
#include "host/parser_spec.h"
#include "host/plugin_check.h"
#include "host/plugin_files.h"
#include "host/plugin_parts.h"

enum { NAMES_MAX = 5000, FIXTURE_MAX = 16 << 20 };

/* --- the names that occur in fixtures ------------------------------------------------------------------------------------- */

struct names {
    const char **name;
    size_t n;
};

static bool has_name(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->name[i], name) == 0)
            return true;
    return false;
}

static void add_name(struct names *names, const char *name)
{
    if (name == NULL || names->n >= NAMES_MAX || has_name(names, name))
        return;
    names->name = mem_realloc(names->name, (names->n + 1) * sizeof *names->name);
    names->name[names->n++] = mem_dup(name);
}

static void add_keys(struct names *names, const cJSON *item)
{
    for (const cJSON *c = item != NULL ? item->child : NULL; c != NULL; c = c->next) {
        if (json_kind(item) == JSON_OBJECT)
            add_name(names, c->string);
        add_keys(names, c); /* as deep as the reader allows: 64 */
    }
}

static void add_csv(struct names *names, const struct buf *text)
{
    struct json_doc *doc = NULL;
    struct err ignored;
    size_t header = strcspn(text->data, "\n"), body = header + (text->data[header] != '\0');
    if (csv_parse(text->data, header, text->data + body, 0, 2, &doc, &ignored) == 0) {
        const cJSON *columns = json_get(json_root(doc), "columns", 7);
        for (const cJSON *c = columns != NULL ? columns->child : NULL; c != NULL; c = c->next)
            add_name(names, json_text(c));
    }
    json_free(&doc);
}

/* One document, or one a line. */
static void add_json(struct names *names, const struct buf *text)
{
    struct json_doc *doc = NULL;
    struct err ignored;
    if (json_parse(text->data, text->len, NULL, &doc, &ignored) == 0) {
        add_keys(names, json_root(doc));
        json_free(&doc);
        return;
    }
    for (const char *p = text->data; *p != '\0';) {
        size_t n = strcspn(p, "\n");
        if (json_parse(p, n, NULL, &doc, &ignored) == 0)
            add_keys(names, json_root(doc));
        json_free(&doc);
        p += n + (p[n] != '\0');
    }
}

static void add_fixture(struct names *names, const char *path)
{
    struct buf text = {0};
    char piece[16384];
    FILE *f = fopen(path, "rbe");
    for (size_t n; f != NULL && text.len < FIXTURE_MAX && (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_add(&text, piece, n);
    if (f != NULL)
        fclose(f);
    if (text.len > 0 && files_ends_with(path, ".csv"))
        add_csv(names, &text);
    else if (text.len > 0)
        add_json(names, &text);
    buf_free(&text);
}

/* The name that is called nearly so. nearest() wants its candidates in lower case, and columns often are not. */
static const char *near_name(const struct names *names, const char *word)
{
    char **lower = mem_array(names->n + 1, sizeof *lower);
    const char *found = NULL;
    for (size_t i = 0; i < names->n; i++) {
        lower[i] = mem_dup(names->name[i]);
        for (char *c = lower[i]; *c != '\0'; c++)
            *c = (char)tolower((unsigned char)*c);
    }
    const char *near = nearest(word, (const char *const *)lower, names->n);
    for (size_t i = 0; i < names->n; i++) {
        if (near == lower[i])
            found = names->name[i];
    }
    for (size_t i = 0; i < names->n; i++)
        mem_free(lower[i]);
    mem_free(lower);
    return found;
}

static void free_names(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        mem_free((void *)(uintptr_t)names->name[i]);
    mem_free(names->name);
}

/* --- trying --------------------------------------------------------------------------------------------------------------- */

struct tried {
    const struct plugin *plugin;
    const char *shown; /* of the fixture */
    bool refused_is_meant;
    bool nothing_is_meant;
    struct {
        size_t documents, rows;
        bool filled[FIELD_MAX];
    } * of;                     /* per parser */
    struct names keys, columns; /* of JSON, of CSV */
    struct buf *warnings;
};

static bool count_filled(const struct row *r, enum field f)
{
    switch (f) {
    case FIELD_VIEWS: return r->views.known;
    case FIELD_LIKES: return r->likes.known;
    case FIELD_SHARES: return r->shares.known;
    case FIELD_COMMENTS: return r->comments.known;
    case FIELD_SAVES: return r->saves.known;
    case FIELD_AVERAGE_WATCH_TIME: return r->average_watch_ms.known;
    case FIELD_WINDOW_START: return r->has_window_start;
    case FIELD_WINDOW_END: return r->has_window_end;
    default: return true;
    }
}

static bool is_filled(const struct row *r, enum field f)
{
    switch (f) {
    case FIELD_ID: return true;
    case FIELD_PLATFORM: return r->platform != NULL;
    case FIELD_ACCOUNT: return r->account != NULL;
    case FIELD_TITLE: return r->title != NULL;
    case FIELD_CAPTION: return r->caption != NULL;
    case FIELD_URL: return r->url != NULL;
    case FIELD_PUBLISHED_AT: return r->has_published_at;
    case FIELD_TAGS: return r->tags != NULL;
    case FIELD_DURATION_S: return r->has_duration;
    case FIELD_MEDIA_KIND: return r->media_kind != NULL;
    case FIELD_AI_VERSION: return r->ai_version != NULL;
    case FIELD_ALIASES: return true; /* most posts have one id */
    default: return count_filled(r, f);
    }
}

static void take_rows(struct tried *t, size_t parser, const struct delivery *d)
{
    t->of[parser].documents++;
    t->of[parser].rows += d->rows.n_row;
    for (size_t i = 0; i < d->rows.n_row; i++)
        for (int f = 0; f < FIELD_MAX; f++)
            t->of[parser].filled[f] = t->of[parser].filled[f] || is_filled(&d->rows.row[i], (enum field)f);
    bool nothing = d->code == NULL && d->rows.n_row + d->rows.n_drop + d->rows.n_bad + d->rows.n_account + d->rows.n_same == 0;
    if (nothing && !t->nothing_is_meant)
        plugin_warn(t->warnings,
                    "%s:1: %s knows it, but takes nothing from it: neither rows nor drops; does 'each' point to the items?",
                    t->shown, d->parser);
}

static int take(void *ctx, struct delivery *d, struct err *e)
{
    struct tried *t = ctx;
    (void)e;
    for (size_t i = 0; d->parser != NULL && i < t->plugin->n_parser; i++)
        if (strcmp(parser_name(t->plugin->parser[i]), d->parser) == 0)
            take_rows(t, i, d);
    if (d->code != NULL && !t->refused_is_meant)
        plugin_warn(t->warnings, "%s:%zu: %s", t->shown, files_ends_with(t->shown, ".csv") || d->line == 0 ? 1 : d->line,
                    d->text);
    for (size_t i = 0; i < d->rows.n_bad; i++)
        if (strcmp(d->rows.bad[i].code, "no_parser") == 0)
            plugin_warn(t->warnings, "%s:%zu: %s", t->shown, d->rows.bad[i].line, d->rows.bad[i].text);
    delivery_free(&d);
    return 0;
}

static void on_problem(void *ctx, const char *path, const char *code, const char *text)
{
    (void)code;
    struct tried *t = ctx;
    (void)path;
    if (!t->refused_is_meant)
        plugin_warn(t->warnings, "%s:1: %s", t->shown, text);
}

/* Beside a.json lies a.golden.json where somebody has written down what comes of it (beside a.csv: a_csv.golden.json): then it is meant
 * that nothing comes, and where that says so, that it is refused. */
static void look_for_golden(struct tried *t, const char *dir, const char *name)
{
    bool plain = files_ends_with(name, ".json");
    char *stem = mem_ndup(name, strlen(name) - (plain ? strlen(".json") : 0));
    for (char *c = stem; !plain && *c != '\0'; c++)
        if (*c == '.')
            *c = '_';
    char *path = mem_printf("%s/%s.golden.json", dir, stem);
    FILE *f = fopen(path, "rbe");
    char text[64 * 1024];
    size_t n = f != NULL ? fread(text, 1, sizeof text - 1, f) : 0;
    text[n] = '\0';
    t->nothing_is_meant = f != NULL;
    t->refused_is_meant = strstr(text, "\"refused\"") != NULL;
    if (f != NULL)
        fclose(f);
    mem_free(stem);
    mem_free(path);
}

static bool is_fixture(const char *name)
{
    bool document = files_ends_with(name, ".json") || files_ends_with(name, ".jsonl") || files_ends_with(name, ".ndjson") ||
                    files_ends_with(name, ".csv");
    return document && strstr(name, ".golden.") == NULL;
}

static void try_fixture(struct tried *t, const char *dir, const char *name)
{
    struct plugin *self = (struct plugin *)(uintptr_t)t->plugin;
    struct registry only = {.plugin = &self, .n_plugin = 1};
    struct ingest_options options = {.platform = t->plugin->name};
    struct ingest_sink sink = {.ctx = t, .take = take, .problem = on_problem};
    char *path = mem_printf("%s/%s", dir, name);
    char *shown = mem_printf("%.*sfixtures/%s", (int)(strlen(t->plugin->shown) - strlen("plugin.lua")), t->plugin->shown, name);
    const char *names[] = {path};
    struct err e = {0};
    t->shown = shown;
    look_for_golden(t, dir, name);
    add_fixture(files_ends_with(name, ".csv") ? &t->columns : &t->keys, path);
    if (ingest_run(&only, &options, names, 1, &sink, &e) != 0)
        plugin_warn(t->warnings, "%s:1: %s", shown, e.text);
    mem_free(path);
    mem_free(shown);
}

/* --- what they say of the parsers ----------------------------------------------------------------------------------------- */

/* A name that no fixture has, where one has a name like it: most likely a typing error. */
static bool check_word(struct tried *t, const struct parser_spec *p, const char *where, const char *word)
{
    const struct names *names = p->csv ? &t->columns : &t->keys;
    if (has_name(names, word))
        return false;
    const char *near = near_name(names, word);
    if (near != NULL)
        plugin_warn(t->warnings, "%s:%d: parsers.%s.%s: no fixture has '%s', did you mean '%s'?", t->plugin->shown,
                    plugin_line(t->plugin, "parsers", p->name), p->name, where, word, near);
    return near != NULL;
}

static bool check_path(struct tried *t, const struct parser_spec *p, const char *where, const struct path *path)
{
    for (size_t i = 0; i < path->n; i++) {
        char *word = mem_ndup(path->step[i].key, path->step[i].len);
        bool said = !path->step[i].is_index && check_word(t, p, where, word);
        mem_free(word);
        if (said)
            return true;
    }
    return false;
}

static bool check_match(struct tried *t, const struct parser_spec *p)
{
    bool said = false;
    for (size_t i = 0; i < p->match.n; i++)
        if (p->match.item[i].what != CONDITION_ABSENT)
            said = check_path(t, p, "match", &p->match.item[i].path) || said;
    for (size_t i = 0; i < p->n_column; i++)
        said = check_word(t, p, "match.columns", p->column[i]) || said;
    return said;
}

static void check_parser(struct tried *t, size_t k)
{
    const struct parser_spec *p = t->plugin->parser[k];
    if (t->of[k].documents == 0) {
        if (!check_match(t, p))
            plugin_warn(t->warnings, "%s:%d: parsers.%s: no fixture reaches it; put a document of its kind into fixtures/",
                        t->plugin->shown, plugin_line(t->plugin, "parsers", p->name), p->name);
        return;
    }
    for (size_t i = 0; i < p->n_each && t->of[k].rows == 0; i++)
        check_path(t, p, "each", &p->each[i]);
    for (int f = 0; f < FIELD_MAX; f++) {
        char *where = mem_printf("%s.%s", f < FIELD_FIRST_COUNT ? "post" : "counts", field_names[f]);
        bool said = t->of[k].filled[f];
        for (size_t i = 0; !said && i < p->field[f].n; i++)
            said = check_path(t, p, where, &p->field[f].path[i]);
        mem_free(where);
    }
}

void plugin_check_fixtures(const struct plugin *p, struct buf *warnings)
{
    if (p->dir == NULL || p->n_parser == 0)
        return;
    char *dir = mem_printf("%s/fixtures", p->dir);
    struct tried t = {.plugin = p, .of = mem_array(p->n_parser, sizeof *t.of), .warnings = warnings};
    struct files list = {0};
    struct err ignored;
    size_t tried = 0;
    files_list(dir, &list, &ignored);
    for (size_t i = 0; i < list.n; i++)
        if (is_fixture(list.name[i])) {
            try_fixture(&t, dir, list.name[i]);
            tried++;
        }
    for (size_t i = 0; tried > 0 && i < p->n_parser; i++)
        check_parser(&t, i);
    files_free(&list);
    free_names(&t.keys);
    free_names(&t.columns);
    mem_free(t.of);
    mem_free(dir);
}
