/* Why a document is a parser's own, or nearly is: in words, for whoever writes the parser. */
#include <string.h>

#include "host/parser_spec.h"
#include "host/plugin.h"

enum { VALUE_MAX = 40, ANY_MAX = 3 };

static const char *shown_path(const struct path *p)
{
    return strcmp(p->text, ".") == 0 || p->text[0] == '\0' ? "the document" : p->text;
}

static const char *kind_word(const char *kind)
{
    return strcmp(kind, "array") == 0 ? "a list" : strcmp(kind, "object") == 0 ? "an object" : kind;
}

static void say_wanted(const struct condition *c, struct buf *out)
{
    switch (c->what) {
    case CONDITION_THERE: buf_str(out, "there"); break;
    case CONDITION_ABSENT: buf_str(out, "not there"); break;
    case CONDITION_KIND: buf_str(out, kind_word(c->kind)); break;
    case CONDITION_TEXT:
        for (size_t i = 0; i < c->n_any && i < ANY_MAX; i++)
            buf_printf(out, "%s\"%s\"", i > 0 ? " or " : "", c->any[i]);
        if (c->n_any > ANY_MAX)
            buf_str(out, " or …");
    }
}

static void say_value(const cJSON *v, struct buf *out)
{
    enum json_kind kind = json_kind(v);
    if (v == NULL)
        buf_str(out, "not there");
    else if (kind == JSON_OBJECT || kind == JSON_ARRAY)
        buf_str(out, kind_word(json_kind_name(kind)));
    else {
        struct buf text = {0};
        json_write(v, &text);
        size_t n = text.len;
        if (n > VALUE_MAX)
            for (n = VALUE_MAX; n > 0 && ((unsigned char)text.data[n] & 0xC0) == 0x80;)
                n--;
        buf_printf(out, "%.*s%s", (int)n, text.data, n < text.len ? "…" : "");
        buf_free(&text);
    }
}

void parser_conditions(const struct parser_spec *p, struct buf *out)
{
    size_t before = out->len;
    if (p->match_is_code) {
        buf_str(out, "its match function");
        return;
    }
    for (size_t i = 0; i < p->match.n; i++) {
        const struct condition *c = &p->match.item[i];
        buf_printf(out, "%s%s is ", out->len > before ? ", " : "", shown_path(&c->path));
        say_wanted(c, out);
    }
    for (size_t i = 0; i < p->n_column; i++)
        buf_printf(out, "%sa column %s", out->len > before ? ", " : "", p->column[i]);
    if (p->url != NULL)
        buf_printf(out, "%sthe URL fits %s", out->len > before ? ", " : "", p->url);
}

static bool has_column(const cJSON *doc, const char *name)
{
    const cJSON *columns = json_get(doc, "columns", 7);
    for (const cJSON *c = json_kind(columns) == JSON_ARRAY ? columns->child : NULL; c != NULL; c = c->next)
        if (json_kind(c) == JSON_STRING && strcmp(json_text(c), name) == 0)
            return true;
    return false;
}

struct miss {
    const struct parser_spec *p;
    size_t met, of;
};

static struct miss measure(const struct parser_spec *p, const cJSON *doc)
{
    struct miss m = {.p = p, .of = p->match.n + p->n_column};
    for (size_t i = 0; i < p->match.n; i++)
        m.met += condition_met(&p->match.item[i], doc, doc);
    for (size_t i = 0; i < p->n_column; i++)
        m.met += has_column(doc, p->column[i]);
    return m;
}

/* What the document has in place of the first condition that is not met. */
static void say_first(const struct parser_spec *p, const cJSON *doc, struct buf *out)
{
    for (size_t i = 0; i < p->match.n; i++) {
        const struct condition *c = &p->match.item[i];
        if (condition_met(c, doc, doc))
            continue;
        buf_printf(out, "%s is ", shown_path(&c->path));
        say_value(path_get(&c->path, doc, doc), out);
        if (c->what == CONDITION_ABSENT) {
            buf_str(out, " and must not be there");
            return;
        }
        buf_str(out, ", not ");
        say_wanted(c, out);
        return;
    }
    for (size_t i = 0; i < p->n_column; i++)
        if (!has_column(doc, p->column[i])) {
            buf_printf(out, "there is no column %s", p->column[i]);
            return;
        }
    buf_printf(out, "the URL does not fit %s", p->url);
}

bool parser_near_miss(const struct registry *r, const char *platform, const struct json_doc *doc, const struct parser_input *in,
                      struct buf *out)
{
    const cJSON *root = json_root(doc);
    bool csv = in->format != NULL && strcmp(in->format, "csv") == 0;
    struct miss best = {0};
    for (size_t i = 0; i < r->n_plugin; i++) {
        const struct plugin *plugin = r->plugin[i];
        if (platform != NULL && strcmp(plugin->name, platform) != 0)
            continue;
        for (size_t k = 0; k < plugin->n_parser; k++) {
            if (plugin->parser[k]->match_is_code || plugin->parser[k]->csv != csv)
                continue;
            struct miss m = measure(plugin->parser[k], root);
            bool near = m.met * 2 > m.of; /* more than half: fewer is chance */
            if (near && (best.p == NULL || m.met * best.of > best.met * m.of))
                best = m;
        }
    }
    if (best.p == NULL)
        return false;
    buf_printf(out, "%s: %zu of %zu conditions met, but ", best.p->name, best.met, best.of + (best.p->url != NULL));
    say_first(best.p, root, out);
    return true;
}
