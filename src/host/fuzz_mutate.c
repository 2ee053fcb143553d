#include "host/fuzz_mutate.h"

#include <stdio.h>
#include <string.h>

/* --- chance ---------------------------------------------------------------------------------------------------------------- */

uint64_t chance_next(struct chance *c)
{
    uint64_t z = c->state += UINT64_C(0x9E3779B97F4A7C15); /* splitmix64 */
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

struct chance chance_of(uint64_t seed, uint64_t number)
{
    struct chance c = {seed};
    c.state = chance_next(&c) ^ (number * UINT64_C(0xD1B54A32D192ED03));
    chance_next(&c);
    return c;
}

size_t chance_below(struct chance *c, size_t n)
{
    return n > 0 ? (size_t)(chance_next(c) % n) : 0;
}

/* --- odd values ------------------------------------------------------------------------------------------------------------- */

struct work {
    struct arena arena;
    const struct corpus *corpus;
    const char *plugin;
    struct chance *c;
    enum doc_format format;
    struct node *root;
    bool big; /* it has its ten megabytes already */
};

enum { BYTES_MAX = 12 << 20 }; /* a little below the 16 MiB that a document may have */

#define PICK(w, pool) (pool)[chance_below((w)->c, sizeof(pool) / sizeof *(pool))]

static const char *const numbers[] = {
    "0",
    "-1",
    "1",
    "-0",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "1e308",
    "-1e308",
    "1e-308",
    "1e400",
    "4.9e-324",
    "0.1",
    "1.5",
    "-2.5e10",
    "1e15",
    "1e16",
    "999999999999999",
    "9007199254740993",
    "123456789012345678901234567890123456789012345678",
    "1577836800",
    "1577836800000",
    "253402300800",
    "-62135596801",
    "1e12",
    "2147483648",
    "-2147483649",
    "4294967296",
    "50001",
};
/* No JSON at all. */
static const char *const broken[] = {"NaN", "-Infinity", "01",      "+1",         "1.",        ".5",      "0x10",      "1e",
                                     "-",   "nul",       "True",    "'x'",        "undefined", "\"\\x\"", "\"\\ud83d", "\"",
                                     "{",   "[",         "{\"a\"}", "{\"a\":1,}", "[1,]",      "/* */1",  ""};
static const char *const texts[] = {
    "\"\"",
    "\" \"",
    "\"x\"",
    "\"0\"",
    "\"-1\"",
    "\"007\"",
    "\"12 345\"",
    "\"1,234\"",
    "\"1e3\"",
    "\"9223372036854775808\"",
    "\"NaN\"",
    "\"inf\"",
    "\"-\"",
    "\"\\u221e\"",
    "\"null\"",
    "\"true\"",
    "\"\\u0000\"",
    "\"a\\u0000b\"",
    "\"\\ud800\"",
    "\"\\udc00x\"",
    "\"\\ufeff\"",
    "\"\\u202e\\u0007\\u001b[2J\"",
    "\"\\ud83d\\ude00\"",
    "\"\\\"'; DROP TABLE content; --\"",
    "\"=1+1\"",
    "\"..\"",
    "\"%s%n\"",
    "\"2024-02-30T25:61:61Z\"",
    "\"0000-00-00\"",
    "\"2024-03-01\"",
    "\"9999-12-31T23:59:60Z\"",
    "\"10000-01-01T00:00:00Z\"",
    "\"-0001-01-01T00:00:00Z\"",
    "\"2024-03-01T00:00:00+99:99\"",
    "\"2024-03-10T02:30:00\"",
    "\"Mon Mar 04 05:06:07 +0000 2024\"",
    "\"P1Y\"",
    "\"PT1e9S\"",
    "\"-PT5M\"",
    "\"P99999999999D\"",
    "\"PT\"",
    "\"lifetime\"",
    "\"day\"",
    "\"video\"",
    "\"https://example.com/\\u0000\"",
};
static const char *const whole[] = {"null",
                                    "true",
                                    "false",
                                    "[]",
                                    "{}",
                                    "[[]]",
                                    "[null]",
                                    "[{}]",
                                    "{\"\":null}",
                                    "{\"a\":{\"b\":[1,\"x\"]}}",
                                    "[1,\"x\",null,true,{},[]]"};

static struct node *scalar(struct work *w, const char *text)
{
    return node_scalar(&w->arena, text, strlen(text));
}

static struct node *repeated(struct work *w, const char *head, const char *body, size_t times, const char *tail)
{
    struct buf b = {0};
    buf_str(&b, head);
    for (size_t i = 0; i < times; i++)
        buf_str(&b, body);
    buf_str(&b, tail);
    struct node *n = node_scalar(&w->arena, arena_ndup(&w->arena, b.data, b.len), b.len);
    buf_free(&b);
    return n;
}

/* Now and then one of ten megabytes, once in a document. */
static bool is_big(struct work *w)
{
    bool big = !w->big && chance_below(w->c, 60) == 0;
    w->big = w->big || big;
    return big;
}

static struct node *long_text(struct work *w)
{
    static const char *const bodies[] = {"x", "\\u00e9", "\xc3\xa9", "\\\"", "#tag ", "1", "\xf0\x9f\x98\x80"};
    static const size_t sizes[] = {40, 51, 512, 513, 600, 5000, 70000};
    const char *body = PICK(w, bodies);
    size_t size = is_big(w) ? (size_t)10 << 20 : PICK(w, sizes);
    return repeated(w, "\"", body, size / strlen(body) + 1, "\"");
}

static struct node *deep(struct work *w, const char *inside)
{
    static const size_t depths[] = {3, 20, 55, 63, 64, 65, 100, 1000, 100000};
    size_t depth = PICK(w, depths);
    bool object = chance_below(w->c, 2) == 0;
    struct buf b = {0};
    for (size_t i = 0; i < depth; i++)
        buf_str(&b, object ? "{\"a\":" : "[");
    buf_str(&b, inside);
    for (size_t i = 0; i < depth; i++)
        buf_char(&b, object ? '}' : ']');
    struct node *n = node_scalar(&w->arena, arena_ndup(&w->arena, b.data, b.len), b.len);
    buf_free(&b);
    return n;
}

static struct node *random_node(const struct node *root, struct chance *c)
{
    const struct node *n = root;
    while (n->n > 0 && chance_below(c, 4) != 0)
        n = n->child[chance_below(c, n->n)];
    return (struct node *)(uintptr_t)n;
}

static struct node *odd_value(struct work *w)
{
    switch (chance_below(w->c, 12)) {
    case 0: return scalar(w, "null");
    case 1:
    case 2:
    case 3: return scalar(w, PICK(w, numbers));
    case 4:
    case 5:
    case 6: return scalar(w, PICK(w, texts));
    case 7:
    case 8: return scalar(w, PICK(w, whole));
    case 9: return chance_below(w->c, 4) == 0 ? long_text(w) : repeated(w, "\"", "z", 513, "\"");
    case 10: return chance_below(w->c, 4) == 0 ? repeated(w, "1", "0", 1 + chance_below(w->c, 200000), "") : deep(w, "1");
    default: break;
    }
    if (chance_below(w->c, 3) == 0)
        return scalar(w, PICK(w, broken));
    const struct fixture *other = &w->corpus->fixture[chance_below(w->c, w->corpus->n)];
    return node_copy(&w->arena, random_node(other->root, w->c));
}

static const char *any_key(struct work *w)
{
    static const char *const odd[] = {"\"\"",  "\"id\"",        "\"ID\"",      "\"items\"",   "\"data\"",  "\"a.b\"",
                                      "\"0\"", "\"__proto__\"", "\"\\u0000\"", "\"\\ud800\"", "\"error\"", "\"body\""};
    if (w->corpus->n_key == 0 || chance_below(w->c, 4) == 0)
        return PICK(w, odd);
    return w->corpus->key[chance_below(w->c, w->corpus->n_key)];
}

/* --- bending the tree -------------------------------------------------------------------------------------------------------- */

/* A place in the tree: a child of parent. */
struct slot {
    struct node *parent;
    size_t at;
};

/* false: the tree is a single value. */
static bool pick(struct work *w, struct slot *out)
{
    struct node *n = w->root;
    if (n->n == 0)
        return false;
    for (;;) {
        *out = (struct slot){n, chance_below(w->c, n->n)};
        struct node *child = n->child[out->at];
        if (child->n == 0 || chance_below(w->c, 5) == 0)
            return true;
        n = child;
    }
}

static void replace(struct work *w, const struct slot *s, struct node *with)
{
    if (s->parent != NULL)
        s->parent->child[s->at] = with;
    else
        w->root = with;
}

static void multiply(struct work *w, const struct slot *s)
{
    static const size_t times[] = {1, 2, 3, 10, 100, 1000};
    size_t n = chance_below(w->c, 200) == 0 ? 50001 : PICK(w, times);
    size_t all = node_bytes(w->root), one = node_bytes(s->parent->child[s->at]);
    if (all + one > BYTES_MAX)
        return;
    if (all + one * n > BYTES_MAX)
        n = 1;
    for (size_t i = 0; i < n; i++) /* what is shared is written as often as it is met */
        node_insert(&w->arena, s->parent, s->parent->n, s->parent->key[s->at], s->parent->child[s->at]);
}

static void turn(struct work *w, const struct slot *s)
{
    const struct node *old = s->parent->child[s->at];
    struct node *n = node_new(&w->arena, old->kind == NODE_OBJECT ? NODE_ARRAY : NODE_OBJECT);
    for (size_t i = 0; i < old->n; i++)
        node_insert(&w->arena, n, i, arena_printf(&w->arena, "\"%zu\"", i), old->child[i]);
    if (old->n == 0)
        node_insert(&w->arena, n, 0, any_key(w), (struct node *)(uintptr_t)old);
    replace(w, s, n);
}

static void swap_two(struct work *w, const struct slot *a)
{
    struct slot b;
    if (!pick(w, &b))
        return;
    /* copies: a node must not come to hang below itself */
    struct node *x = node_copy(&w->arena, a->parent->child[a->at]), *y = node_copy(&w->arena, b.parent->child[b.at]);
    replace(w, a, y);
    if (b.at < b.parent->n)
        b.parent->child[b.at] = x;
}

static void new_key(struct work *w, const struct slot *s)
{
    const char *old = s->parent->key[s->at];
    if (s->parent->kind != NODE_OBJECT || old == NULL)
        return;
    if (chance_below(w->c, 3) == 0) { /* another case of the same name */
        char *key = arena_dup(&w->arena, old);
        size_t i = strlen(key) > 2 ? 1 + chance_below(w->c, strlen(key) - 2) : 0;
        if ((key[i] >= 'a' && key[i] <= 'z') || (key[i] >= 'A' && key[i] <= 'Z'))
            key[i] ^= 0x20;
        s->parent->key[s->at] = key;
        return;
    }
    s->parent->key[s->at] = any_key(w);
}

static void bend(struct work *w)
{
    struct slot s;
    if (!pick(w, &s)) {
        w->root = odd_value(w);
        return;
    }
    struct node *value = s.parent->child[s.at];
    switch (chance_below(w->c, 14)) {
    case 0:
    case 1: node_remove(s.parent, s.at); break;
    case 2: replace(w, &s, scalar(w, "null")); break;
    case 3:
    case 4:
    case 5:
    case 6: replace(w, &s, odd_value(w)); break;
    case 7: node_insert(&w->arena, s.parent, chance_below(w->c, s.parent->n + 1), s.parent->key[s.at], odd_value(w)); break;
    case 8: node_insert(&w->arena, s.parent, chance_below(w->c, s.parent->n + 1), any_key(w), odd_value(w)); break;
    case 9: turn(w, &s); break;
    case 10: multiply(w, &s); break;
    case 11: swap_two(w, &s); break;
    case 12: new_key(w, &s); break;
    default: {
        struct node *wrap = node_new(&w->arena, chance_below(w->c, 2) == 0 ? NODE_ARRAY : NODE_OBJECT);
        node_insert(&w->arena, wrap, 0, any_key(w), value);
        replace(w, &s, wrap);
    }
    }
}

/* --- CSV ---------------------------------------------------------------------------------------------------------------------- */

static struct node *odd_cell(struct work *w)
{
    static const char *const cells[] = {"",
                                        " ",
                                        "-1",
                                        "0",
                                        "1e308",
                                        "9223372036854775808",
                                        "1,234",
                                        "12.5%",
                                        "\"",
                                        "a\"b",
                                        "a\nb",
                                        "a\r\nb",
                                        "NaN",
                                        "null",
                                        "2024-02-30",
                                        "20240301",
                                        "=1+1",
                                        "\xc3\xa9",
                                        "\xff",
                                        "\xe2\x82",
                                        "1577836800",
                                        "PT5M",
                                        "99999999999999999999",
                                        "-",
                                        "true",
                                        "\xef\xbb\xbf"};
    switch (chance_below(w->c, 10)) {
    case 0: return repeated(w, "", "x", is_big(w) ? (size_t)10 << 20 : 513, "");
    case 1: return scalar(w, PICK(w, numbers));
    default: return scalar(w, PICK(w, cells));
    }
}

static void bend_column(struct work *w)
{
    struct node *header = w->root->n > 0 ? w->root->child[0] : NULL;
    size_t at = header != NULL ? chance_below(w->c, header->n) : 0, to = header != NULL ? chance_below(w->c, header->n) : 0;
    size_t how = chance_below(w->c, 4);
    for (size_t i = 0; header != NULL && i < w->root->n; i++) {
        struct node *record = w->root->child[i];
        if (at >= record->n || to >= record->n)
            continue;
        struct node *cell = record->child[at];
        if (how == 0) {
            node_remove(record, at);
        } else if (how == 1) {
            record->child[at] = record->child[to];
            record->child[to] = cell;
        } else if (how == 2) {
            node_insert(&w->arena, record, to, NULL, cell);
        } else if (i > 0) {
            record->child[at] = odd_cell(w);
        }
    }
}

static void bend_csv(struct work *w)
{
    size_t row = chance_below(w->c, w->root->n);
    if (w->root->n == 0) {
        w->root = odd_cell(w);
        return;
    }
    struct node *record = w->root->child[row];
    size_t at = chance_below(w->c, record->n);
    switch (chance_below(w->c, 9)) {
    case 0: node_remove(w->root, row); break;
    case 1:
        if (record->n > 0)
            node_remove(record, at);
        break;
    case 2: node_insert(&w->arena, record, at, NULL, odd_cell(w)); break;
    case 3: bend_column(w); break;
    case 4:
        for (size_t i = chance_below(w->c, 300) == 0 ? 50001 : chance_below(w->c, 50);
             i > 0 && node_bytes(record) * i < BYTES_MAX; i--)
            node_insert(&w->arena, w->root, w->root->n, NULL, record);
        break;
    case 5:
        if (row > 0)
            w->root->n = 1; /* a header and nothing else */
        break;
    default:
        if (record->n > 0)
            record->child[at] = odd_cell(w);
    }
}

/* --- the request's wrapper ---------------------------------------------------------------------------------------------------- */

static const char *quoted_document(struct work *w)
{
    struct buf text = {0}, quoted = {0};
    node_write(w->root, w->format, &text);
    json_write_string(text.data != NULL ? text.data : "", text.len, &quoted);
    const char *out = arena_ndup(&w->arena, quoted.data, quoted.len);
    buf_free(&text);
    buf_free(&quoted);
    return out;
}

static void wrap(struct work *w)
{
    static const char *const status[] = {"200", "404", "429", "\"200\"", "-1", "null", "1e9", "{}", "99999999999999999999"};
    static const char *const time[] = {"\"2026-03-01T12:00:00Z\"",
                                       "1772366400",
                                       "\"yesterday\"",
                                       "null",
                                       "1e308",
                                       "\"1969-12-31T00:00:00Z\"",
                                       "[]",
                                       "-1",
                                       "\"2026-03-01\""};
    static const char *const url[] = {"\"https://example.com/v1/x\"", "null", "5", "\"\"", "\"\\ud800\"", "[]"};
    struct node *n = node_new(&w->arena, NODE_OBJECT);
    const char *mine = arena_printf(&w->arena, "\"%s\"", w->plugin);
    const char *const platform[] = {mine, mine, mine, "\"nobody\"", "null", "7", "\"\""};
    if (chance_below(w->c, 3) != 0)
        node_insert(&w->arena, n, 0, "\"platform\"", scalar(w, PICK(w, platform)));
    if (chance_below(w->c, 3) != 0)
        node_insert(&w->arena, n, n->n, "\"url\"", scalar(w, PICK(w, url)));
    if (chance_below(w->c, 3) != 0)
        node_insert(&w->arena, n, n->n, "\"status\"", scalar(w, PICK(w, status)));
    if (chance_below(w->c, 3) != 0)
        node_insert(&w->arena, n, n->n, "\"fetched_at\"", scalar(w, PICK(w, time)));
    if (chance_below(w->c, 10) == 0)
        node_insert(&w->arena, n, n->n, "\"headers\"", odd_value(w));
    bool text = w->format != DOC_JSON || chance_below(w->c, 3) == 0;
    if (chance_below(w->c, 20) != 0)
        node_insert(&w->arena, n, chance_below(w->c, n->n + 1), "\"body\"", text ? scalar(w, quoted_document(w)) : w->root);
    if (chance_below(w->c, 12) == 0)
        node_insert(&w->arena, n, chance_below(w->c, n->n + 1), any_key(w), odd_value(w));
    w->root = n;
    w->format = DOC_JSON;
}

/* --- bytes ---------------------------------------------------------------------------------------------------------------------- */

static void bend_bytes(struct work *w, struct buf *b)
{
    static const char *const bad[] = {"\x80",
                                      "\xC0\xAF",
                                      "\xED\xA0\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xFF",
                                      "\xE2\x82",
                                      "\xF0\x9F\x98",
                                      "\x01",
                                      "\x1F",
                                      "\n",
                                      "\r",
                                      "\"",
                                      "\\",
                                      ",",
                                      "]",
                                      "}",
                                      "\xEF\xBB\xBF"};
    if (b->len == 0)
        return;
    size_t at = chance_below(w->c, b->len), n = 1 + chance_below(w->c, b->len - at < 64 ? b->len - at : 64);
    struct buf out = {0};
    switch (chance_below(w->c, 7)) {
    case 0: b->data[at] = (char)(b->data[at] ^ (1 << chance_below(w->c, 8))); return;
    case 1: b->len = at; return;
    case 2: /* a range gone */
        buf_add(&out, b->data, at);
        buf_add(&out, b->data + at + n, b->len - at - n);
        break;
    case 3: /* a range twice */
        buf_add(&out, b->data, at + n);
        buf_add(&out, b->data + at, b->len - at);
        break;
    case 4: b->data[at] = '\0'; return;
    default: {
        const char *what = PICK(w, bad);
        buf_add(&out, b->data, at);
        buf_str(&out, what);
        buf_add(&out, b->data + at, b->len - at);
    }
    }
    buf_free(b);
    *b = out;
}

static bool whole_instead(struct work *w, struct buf *out)
{
    static const char *const empties[] = {"{}",
                                          "[]",
                                          "null",
                                          "0",
                                          "\"\"",
                                          "",
                                          " \n",
                                          "\n\n",
                                          "true",
                                          "[[]]",
                                          "[{}]",
                                          "{}\n{}\n",
                                          "a,b\n",
                                          ",\n,\n",
                                          "\xEF\xBB\xBF{}",
                                          "<html>",
                                          "{\"items\":[]}",
                                          "{\"data\":null}",
                                          "id\n1\n",
                                          "[",
                                          "\0\0"};
    if (chance_below(w->c, 80) != 0)
        return false;
    buf_str(out, PICK(w, empties));
    return true;
}

void mutate(const struct corpus *corpus, const struct fixture *from, const char *plugin, struct chance *c, struct buf *out)
{
    struct work w = {.corpus = corpus, .plugin = plugin, .c = c, .format = from->format};
    if (!whole_instead(&w, out)) {
        w.root = node_copy(&w.arena, from->root);
        size_t bends = chance_below(c, 5);
        for (size_t i = 0; i < bends; i++) {
            if (w.format == DOC_CSV)
                bend_csv(&w);
            else
                bend(&w);
        }
        if (chance_below(c, 8) == 0)
            wrap(&w);
        node_write(w.root, w.format, out);
        while (chance_below(c, 8) == 0)
            bend_bytes(&w, out);
    }
    arena_free(&w.arena);
}
