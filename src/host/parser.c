#include "host/parser.h"

#include <string.h>

#include "data/csv.h"
#include "host/parser_spec.h"
#include "host/plugin.h"
#include "script/code.h"

enum { SHOWN_KEYS = 12 };

const char *parser_name(const struct parser_spec *p)
{
    return p->name;
}

const char *parser_platform(const struct parser_spec *p)
{
    return p->plugin->name;
}

const char *parser_version(const struct parser_spec *p)
{
    return p->plugin->version;
}

bool parser_whole(const struct parser_spec *p)
{
    return p->whole;
}

static struct code_input code_input_of(const struct parser_input *in)
{
    return (struct code_input){.platform = in->platform,
                               .url = in->url,
                               .format = in->format,
                               .content = in->content,
                               .status = in->status,
                               .observed_at = in->observed_at};
}

/* --- which one ----------------------------------------------------------------------------------------------------------- */

static bool has_columns(const struct parser_spec *p, const cJSON *doc)
{
    const cJSON *columns = json_get(doc, "columns", 7);
    for (size_t i = 0; i < p->n_column; i++) {
        bool found = false;
        const cJSON *c = json_kind(columns) == JSON_ARRAY ? columns->child : NULL;
        for (; c != NULL && !found; c = c->next)
            found = json_kind(c) == JSON_STRING && strcmp(json_text(c), p->column[i]) == 0;
        if (!found)
            return false;
    }
    return true;
}

/* How many conditions are met; -1: not all. */
static int score_of(const struct parser_spec *p, const cJSON *doc, const struct parser_input *in, int *score, struct err *e)
{
    bool csv = in->format != NULL && strcmp(in->format, "csv") == 0;
    *score = -1;
    if (p->csv != csv ||
        (json_kind(doc) != JSON_ARRAY && json_kind(doc) != JSON_OBJECT)) /* a value alone is nobody's payload */
        return 0;
    if (p->match_is_code) {
        struct code_input input = code_input_of(in);
        return code_match(p->plugin->vm, p->name, doc, &input, score, e);
    }
    if (!conditions_met(&p->match, doc, doc) || !has_columns(p, doc))
        return 0;
    if (p->url != NULL) {
        bool fits = false;
        if (in->url == NULL)
            return 0;
        if (code_fits(p->plugin->vm, p->name, in->url, p->url, &fits, e) != 0)
            return -1;
        if (!fits)
            return 0;
    }
    *score = (int)(p->match.n + p->n_column) + (p->url != NULL);
    return 0;
}

int parser_score(const struct parser_spec *p, const struct json_doc *doc, const struct parser_input *in, int *score,
                 struct err *e)
{
    return score_of(p, json_root(doc), in, score, e);
}

/* "(keys: a, b, c)", as far as a person can use it. */
static void describe(const cJSON *doc, const struct parser_input *in, struct buf *out)
{
    bool csv = in->format != NULL && strcmp(in->format, "csv") == 0;
    const cJSON *list = csv ? json_get(doc, "columns", 7) : doc;
    if (!csv && json_kind(doc) == JSON_ARRAY) {
        list = json_at(doc, 0);
        buf_str(out, "a list; ");
    }
    if (list == NULL || list->child == NULL) {
        bool empty = json_kind(doc) == JSON_OBJECT || (json_kind(doc) == JSON_ARRAY && json_size(doc) == 0);
        buf_str(out, empty ? "empty" : json_kind_name(json_kind(list)));
        return;
    }
    buf_str(out, csv ? "columns: " : "keys: ");
    size_t n = 0;
    for (const cJSON *c = list->child; c != NULL; c = c->next, n++) {
        if (n == SHOWN_KEYS) {
            buf_str(out, ", …");
            return;
        }
        const char *key = csv ? json_text(c) : c->string;
        buf_printf(out, "%s%.40s", n > 0 ? ", " : "", key ? key : "?");
    }
}

struct best {
    const struct parser_spec *p, *rival;
    int score;
};

static void consider(struct best *b, const struct parser_spec *p, int score)
{
    if (score < 0 || score < b->score)
        return;
    if (b->p == NULL || score > b->score) {
        *b = (struct best){.p = p, .score = score};
        return;
    }
    if (p->plugin != b->p->plugin)
        b->rival = p;
    else if (strcmp(p->name, b->p->name) < 0)
        b->p = p;
}

static int unknown_platform(const struct registry *r, const char *platform, struct err *e)
{
    struct buf names = {0};
    for (size_t i = 0; i < r->n_plugin; i++)
        if (r->plugin[i]->n_parser > 0)
            buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", r->plugin[i]->name);
    err_set(e, ERR_USAGE, "no platform '%s' (known: %s)", platform, names.data ? names.data : "none");
    buf_free(&names);
    return -1;
}

int parser_match(const struct registry *r, const char *platform, const struct json_doc *doc, const struct parser_input *in,
                 const struct parser_spec **out, struct err *e)
{
    const cJSON *root = json_root(doc);
    struct best best = {.score = -1};
    const struct plugin *only = platform != NULL ? registry_find(r, platform) : NULL;
    if (platform != NULL && (only == NULL || only->n_parser == 0))
        return unknown_platform(r, platform, e);
    for (size_t i = 0; i < r->n_plugin; i++) {
        const struct plugin *plugin = r->plugin[i];
        for (size_t k = 0; k < plugin->n_parser && (only == NULL || plugin == only); k++) {
            int score;
            if (score_of(plugin->parser[k], root, in, &score, e) != 0)
                return -1;
            consider(&best, plugin->parser[k], score);
        }
    }
    if (best.rival != NULL)
        return err_set(e, ERR_INPUT, "looks like %s or %s: say which with -p", best.p->plugin->name, best.rival->plugin->name);
    *out = best.p;
    if (best.p != NULL)
        return 0;
    struct buf keys = {0};
    describe(root, in, &keys);
    struct buf near = {0};
    bool nearly = parser_near_miss(r, platform, doc, in, &near);
    err_set(e, ERR_INPUT, "no parser%s%s knows this payload (%s)%s%s", platform ? " of " : "", platform ? platform : "",
            keys.data, nearly ? "; nearest is " : "", nearly ? near.data : "");
    buf_free(&near);
    buf_free(&keys);
    return -1;
}

/* --- running it --------------------------------------------------------------------------------------------------------- */

/* Where in the file a row stood: the NDJSON line, or the record of a CSV. A parser in Lua may have summed over records. */
static size_t line_of(const struct parser_spec *p, const cJSON *root, const struct parser_input *in, size_t item)
{
    if (in->line > 0)
        return in->line;
    const cJSON *record = p->csv && !p->is_code ? json_at(json_get(root, "rows", 4), item) : NULL;
    return record != NULL ? csv_line(record) : 0;
}

static int run(const struct parser_spec *p, const cJSON *root, const struct parser_input *in, struct rows *out, struct err *e)
{
    struct given_id given = {0};
    if (parser_given_id(p, in, out, &given, e) != 0)
        return -1;
    if (!p->is_code)
        return parser_walk(p, root, &given, out, e);
    struct json_doc *events = NULL;
    struct code_input input = code_input_of(in);
    int failed = code_parse(p->plugin->vm, p->name, root, &input, &events, e);
    if (!failed)
        parser_events(p, json_root(events), &given, out);
    json_free(&events);
    return failed;
}

int parser_run(const struct parser_spec *p, const struct json_doc *doc, const struct parser_input *in, struct rows *out,
               struct err *e)
{
    const cJSON *root = json_root(doc);
    size_t row = out->n_row, account = out->n_account, same = out->n_same, bad = out->n_bad;
    if (run(p, root, in, out, e) != 0) {
        out->n_row = row;
        out->n_account = account;
        out->n_same = same;
        out->n_bad = bad;
        return -1;
    }
    for (size_t i = row; i < out->n_row; i++)
        out->row[i].line = line_of(p, root, in, out->row[i].item);
    for (size_t i = account; i < out->n_account; i++)
        out->account[i].line = line_of(p, root, in, out->account[i].item);
    for (size_t i = bad; i < out->n_bad; i++)
        out->bad[i].line = line_of(p, root, in, out->bad[i].item);
    return 0;
}

size_t parser_items(const struct parser_spec *p, const struct json_doc *doc)
{
    if (p->is_code || p->refuses)
        return SIZE_MAX;
    const struct source each = {.path = p->each, .n = p->n_each};
    const cJSON *found = each.n > 0 ? source_get(&each, json_root(doc), json_root(doc)) : json_root(doc);
    switch (json_kind(found)) {
    case JSON_ABSENT:
    case JSON_NULL: return 0;
    case JSON_ARRAY: return json_size(found);
    default: return 1;
    }
}
