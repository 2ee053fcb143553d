/* A document that fails, made as small as it goes while it still fails alike: first by its tree, then by its bytes. */
#include <ctype.h>
#include <string.h>

#include "host/fuzz_inside.h"

/* One that goes over a budget takes that budget each time. */
enum { TRIES_MAX = 400, DEAR_TRIES_MAX = 40 };

struct shrink {
    const struct fuzzer *f;
    const char *name;
    enum doc_format format;
    const struct verdict *v;
    struct arena arena;
    struct buf work;
    size_t tries, most;
};

/* Numbers in the texts (counts, sizes, addresses) tell nothing about the cause. */
bool fuzz_alike(const struct verdict *a, const struct verdict *b)
{
    const char *x = a->text, *y = b->text;
    if (a->kind != b->kind)
        return false;
    for (int i = 0; i < 120; i++, x++, y++) {
        while (isdigit((unsigned char)*x))
            x++;
        while (isdigit((unsigned char)*y))
            y++;
        if (*x != *y)
            return false;
        if (*x == '\0' || *x == '\n')
            return true;
    }
    return true;
}

static bool still_fails(struct shrink *s, const char *data, size_t n)
{
    struct verdict v;
    if (s->tries++ >= s->most)
        return false;
    fuzz_probe(s->f, s->name, data, n, &v);
    return fuzz_alike(&v, s->v);
}

static bool tree_fails(struct shrink *s, const struct node *root)
{
    buf_clear(&s->work);
    node_write(root, s->format, &s->work);
    return still_fails(s, s->work.data != NULL ? s->work.data : "", s->work.len);
}

/* n without m of its children from at on, if that still fails. The lists are tried as copies: a document may have half a million. */
static bool without(struct shrink *s, const struct node *root, struct node *n, size_t at, size_t m)
{
    struct node kept = *n;
    size_t rest = kept.n - at - m;
    n->child = mem_array(kept.n, sizeof *n->child);
    n->key = mem_array(kept.n, sizeof *n->key);
    memcpy(n->child, kept.child, at * sizeof *n->child);
    memcpy(n->key, kept.key, at * sizeof *n->key);
    memcpy(n->child + at, kept.child + at + m, rest * sizeof *n->child);
    memcpy(n->key + at, kept.key + at + m, rest * sizeof *n->key);
    n->n = kept.n - m;
    bool fails = tree_fails(s, root);
    if (fails) {
        memcpy(kept.child, n->child, n->n * sizeof *n->child);
        memcpy(kept.key, n->key, n->n * sizeof *n->key);
        kept.n = n->n;
    }
    mem_free(n->child);
    mem_free(n->key);
    *n = kept;
    return fails;
}

/* Takes runs of children away: half of them, a quarter, … one. */
static void fewer(struct shrink *s, const struct node *root, struct node *n)
{
    for (size_t run = n->n; run > 0; run /= 2) {
        for (size_t at = 0; at < n->n && s->tries < s->most;) {
            size_t m = run < n->n - at ? run : n->n - at;
            if (!without(s, root, n, at, m))
                at += m;
        }
    }
}

static void shorter(struct shrink *s, const struct node *root, struct node *n)
{
    static const char *const simple[] = {"null", "0", "\"\"", "\"x\""};
    struct node kept = *n;
    for (size_t i = 0; i < sizeof simple / sizeof *simple && s->tries < s->most; i++) {
        size_t len = strlen(simple[i]);
        if (s->format == DOC_CSV || (kept.kind == NODE_SCALAR && kept.len <= len))
            continue;
        *n = (struct node){.kind = NODE_SCALAR, .text = simple[i], .len = len};
        if (tree_fails(s, root))
            return;
    }
    *n = kept;
}

static void walk(struct shrink *s, const struct node *root, struct node *n)
{
    if (s->tries >= s->most)
        return;
    if (n != root)
        shorter(s, root, n);
    if (n->n > 0)
        fewer(s, root, n);
    for (size_t i = 0; i < n->n; i++)
        walk(s, root, n->child[i]);
}

static void by_tree(struct shrink *s, struct buf *doc)
{
    struct json_doc *json = NULL;
    struct err e;
    if (s->format != DOC_JSON || json_parse(doc->data, doc->len, NULL, &json, &e) != 0)
        return;
    struct node *root = node_of(&s->arena, json_root(json));
    json_free(&json);
    if (!tree_fails(s, root)) /* it failed by what a tree does not keep: duplicate keys, blanks */
        return;
    walk(s, root, root);
    buf_clear(doc);
    node_write(root, DOC_JSON, doc);
}

static void by_bytes(struct shrink *s, struct buf *doc)
{
    for (size_t run = doc->len / 2; run > 0 && s->tries < s->most; run /= 2) {
        for (size_t at = 0; at + run <= doc->len && s->tries < s->most;) {
            buf_clear(&s->work);
            buf_add(&s->work, doc->data, at);
            buf_add(&s->work, doc->data + at + run, doc->len - at - run);
            if (s->work.len > 0 && still_fails(s, s->work.data, s->work.len)) {
                buf_clear(doc);
                buf_add(doc, s->work.data, s->work.len);
            } else {
                at += run;
            }
        }
    }
}

void fuzz_shrink(const struct fuzzer *f, const char *name, enum doc_format format, const struct verdict *v, struct buf *doc)
{
    struct shrink s = {.f = f, .name = name, .format = format, .v = v, .most = TRIES_MAX};
    if (v->kind == FUZZ_BUDGET || v->kind == FUZZ_STUCK)
        s.most = DEAR_TRIES_MAX;
    by_tree(&s, doc);
    s.tries = s.tries / 2; /* what is left, and some more */
    by_bytes(&s, doc);
    arena_free(&s.arena);
    buf_free(&s.work);
}
