#include "host/fuzz_doc.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"

const char *const doc_ending[] = {"json", "jsonl", "csv"};

/* --- nodes --------------------------------------------------------------------------------------------------------------- */

struct node *node_scalar(struct arena *a, const char *text, size_t len)
{
    struct node *n = arena_zero(a, sizeof *n);
    *n = (struct node){.kind = NODE_SCALAR, .text = text, .len = len};
    return n;
}

struct node *node_new(struct arena *a, enum node_kind kind)
{
    struct node *n = arena_zero(a, sizeof *n);
    n->kind = kind;
    return n;
}

void node_insert(struct arena *a, struct node *parent, size_t at, const char *key, struct node *child)
{
    if (parent->n == parent->cap) {
        parent->cap = parent->cap > 0 ? 2 * parent->cap : 4;
        struct node **children = arena_alloc(a, parent->cap * sizeof(struct node *));
        const char **keys = arena_alloc(a, parent->cap * sizeof(char *));
        for (size_t i = 0; i < parent->n; i++) {
            children[i] = parent->child[i];
            keys[i] = parent->key[i];
        }
        parent->child = children;
        parent->key = keys;
    }
    at = at < parent->n ? at : parent->n;
    memmove(parent->child + at + 1, parent->child + at, (parent->n - at) * sizeof(struct node *));
    memmove(parent->key + at + 1, parent->key + at, (parent->n - at) * sizeof(char *));
    parent->child[at] = child;
    parent->key[at] = key;
    parent->n++;
}

void node_remove(struct node *parent, size_t at)
{
    parent->n--;
    memmove(parent->child + at, parent->child + at + 1, (parent->n - at) * sizeof(struct node *));
    memmove(parent->key + at, parent->key + at + 1, (parent->n - at) * sizeof(char *));
}

static const char *text_of(struct arena *a, struct buf *b, size_t *len)
{
    if (len != NULL)
        *len = b->len;
    const char *text = arena_ndup(a, b->data, b->len);
    buf_clear(b);
    return text;
}

static struct node *build(struct arena *a, const cJSON *item, struct buf *work)
{
    enum json_kind kind = json_kind(item);
    size_t len;
    if (kind != JSON_ARRAY && kind != JSON_OBJECT) {
        json_write(item, work);
        const char *text = text_of(a, work, &len);
        return node_scalar(a, text, len);
    }
    struct node *n = node_new(a, kind == JSON_ARRAY ? NODE_ARRAY : NODE_OBJECT);
    for (const cJSON *c = item->child; c != NULL; c = c->next) {
        const char *key = NULL;
        if (kind == JSON_OBJECT) {
            json_write_string(c->string, strlen(c->string), work);
            key = text_of(a, work, NULL);
        }
        node_insert(a, n, n->n, key, build(a, c, work));
    }
    return n;
}

struct node *node_of(struct arena *a, const cJSON *item)
{
    struct buf work = {0};
    struct node *n = build(a, item, &work);
    buf_free(&work);
    return n;
}

struct node *node_copy(struct arena *a, const struct node *n)
{
    struct node *copy = node_new(a, n->kind);
    copy->text = n->text;
    copy->len = n->len;
    for (size_t i = 0; i < n->n; i++)
        node_insert(a, copy, i, n->key[i], node_copy(a, n->child[i]));
    return copy;
}

size_t node_bytes(const struct node *n)
{
    size_t bytes = n->len + 2;
    for (size_t i = 0; i < n->n; i++)
        bytes += node_bytes(n->child[i]) + (n->key[i] != NULL ? strlen(n->key[i]) + 1 : 0);
    return bytes;
}

static void write_json(const struct node *n, struct buf *out)
{
    if (n->kind == NODE_SCALAR) {
        buf_add(out, n->text, n->len);
        return;
    }
    buf_char(out, n->kind == NODE_ARRAY ? '[' : '{');
    for (size_t i = 0; i < n->n; i++) {
        if (i > 0)
            buf_char(out, ',');
        if (n->kind == NODE_OBJECT) {
            buf_str(out, n->key[i] != NULL ? n->key[i] : "\"\"");
            buf_char(out, ':');
        }
        write_json(n->child[i], out);
    }
    buf_char(out, n->kind == NODE_ARRAY ? ']' : '}');
}

static void write_csv(const struct node *n, struct buf *out)
{
    for (size_t i = 0; i < n->n; i++) {
        const struct node *record = n->child[i];
        for (size_t k = 0; k < record->n; k++) {
            if (k > 0)
                buf_char(out, ',');
            if (record->child[k]->kind == NODE_SCALAR)
                csv_write_cell(record->child[k]->text, record->child[k]->len, out);
            else
                write_json(record->child[k], out);
        }
        buf_char(out, '\n');
    }
}

void node_write(const struct node *n, enum doc_format format, struct buf *out)
{
    if (format == DOC_JSON || n->kind == NODE_SCALAR) {
        write_json(n, out);
    } else if (format == DOC_CSV) {
        write_csv(n, out);
    } else {
        for (size_t i = 0; i < n->n; i++) {
            write_json(n->child[i], out);
            buf_char(out, '\n');
        }
    }
}

/* --- the fixtures ---------------------------------------------------------------------------------------------------------- */

static int read_all(const char *path, struct buf *out, struct err *e)
{
    FILE *f = fopen(path, "rbe");
    if (f == NULL)
        return err_set(e, ERR_CONFIG, "cannot read %s: %s", path, strerror(errno));
    size_t n;
    do {
        buf_reserve(out, 64 << 10);
        n = fread(out->data + out->len, 1, 64 << 10, f);
        out->len += n;
    } while (n > 0);
    fclose(f);
    return 0;
}

/* A fixture may be no JSON on purpose: then it is one value, as it stands. */
static struct node *read_json(struct arena *a, const char *text, size_t n)
{
    struct json_doc *doc = NULL;
    struct err e;
    if (json_parse(text, n, NULL, &doc, &e) != 0)
        return node_scalar(a, arena_ndup(a, text, n), n);
    struct node *root = node_of(a, json_root(doc));
    json_free(&doc);
    return root;
}

static struct node *read_lines(struct arena *a, const char *text, size_t n)
{
    struct node *root = node_new(a, NODE_ARRAY);
    for (const char *s = text, *end = text + n; s < end;) {
        const char *eol = memchr(s, '\n', (size_t)(end - s));
        size_t len = eol != NULL ? (size_t)(eol - s) : (size_t)(end - s);
        if (strspn(s, " \t\r") < len)
            node_insert(a, root, root->n, NULL, read_json(a, s, len));
        s += len + 1;
    }
    return root;
}

static struct node *record_of(struct arena *a, const cJSON *first)
{
    struct node *record = node_new(a, NODE_ARRAY);
    for (const cJSON *c = first; c != NULL; c = c->next) {
        const char *text = json_text(c);
        size_t len = text != NULL ? strlen(text) : 0;
        node_insert(a, record, record->n, NULL, node_scalar(a, arena_ndup(a, text != NULL ? text : "", len), len));
    }
    return record;
}

static struct node *read_csv(struct arena *a, const char *text, size_t n)
{
    struct json_doc *doc = NULL;
    struct err e;
    struct node *root = node_new(a, NODE_ARRAY);
    size_t header = csv_cut(text, n, 1);
    if (csv_parse(text, header, text + header, n - header, 2, &doc, &e) != 0)
        return node_scalar(a, arena_ndup(a, text, n), n);
    node_insert(a, root, 0, NULL, record_of(a, json_get(json_root(doc), "columns", 7)->child));
    const cJSON *row = json_get(json_root(doc), "rows", 4)->child;
    for (; row != NULL; row = row->next)
        node_insert(a, root, root->n, NULL, record_of(a, row->child));
    json_free(&doc);
    return root;
}

static void collect_keys(struct corpus *c, const struct node *n)
{
    for (size_t i = 0; i < n->n; i++) {
        if (n->kind == NODE_OBJECT) {
            c->key = mem_realloc(c->key, (c->n_key + 1) * sizeof *c->key);
            c->key[c->n_key++] = n->key[i];
        }
        collect_keys(c, n->child[i]);
    }
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n > m && strcmp(s + n - m, end) == 0;
}

/* The kind by the file's ending; false: no payload (what is expected of one, say). */
static bool format_of(const char *name, enum doc_format *out)
{
    if (name[0] == '.' || strstr(name, ".expected.") != NULL || strstr(name, ".golden.") != NULL)
        return false;
    *out = ends_with(name, ".csv") ? DOC_CSV : ends_with(name, ".jsonl") || ends_with(name, ".ndjson") ? DOC_LINES : DOC_JSON;
    return *out != DOC_JSON || ends_with(name, ".json");
}

static int add_fixture(struct corpus *c, const char *dir, const char *name, enum doc_format format, struct err *e)
{
    static struct node *(*const read[])(struct arena *, const char *, size_t) = {read_json, read_lines, read_csv};
    struct buf text = {0};
    char *path = mem_printf("%s/%s", dir, name);
    int failed = read_all(path, &text, e);
    if (!failed) {
        c->fixture = mem_realloc(c->fixture, (c->n + 1) * sizeof *c->fixture);
        struct node *root = read[format](&c->arena, text.len > 0 ? text.data : "", text.len);
        c->fixture[c->n++] = (struct fixture){.name = mem_dup(name), .format = format, .root = root};
        collect_keys(c, root);
    }
    mem_free(path);
    buf_free(&text);
    return failed;
}

static int wanted(const struct dirent *entry)
{
    enum doc_format format;
    return format_of(entry->d_name, &format);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int corpus_load(const char *dir, struct corpus *out, struct err *e)
{
    struct dirent **entry = NULL;
    int n = scandir(dir, &entry, wanted, by_name), failed = 0;
    for (int i = 0; i < n; i++) {
        enum doc_format format;
        if (!failed && format_of(entry[i]->d_name, &format))
            failed = add_fixture(out, dir, entry[i]->d_name, format, e);
        free(entry[i]);
    }
    free(entry);
    if (!failed && out->n == 0)
        failed = err_set(e, ERR_CONFIG,
                         "no payloads in %s: put a .json, .jsonl or .csv file there that the platform really sent", dir);
    if (failed)
        corpus_free(out);
    return failed;
}

void corpus_free(struct corpus *c)
{
    for (size_t i = 0; i < c->n; i++)
        mem_free(c->fixture[i].name);
    mem_free(c->fixture);
    mem_free(c->key);
    arena_free(&c->arena);
    *c = (struct corpus){0};
}
