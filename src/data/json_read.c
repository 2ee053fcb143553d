/* Bytes to a cJSON tree, in one pass: strict grammar, UTF-8, limits, and what cJSON's own reader would lose. That reader would
 * look at each byte three times more, and takes four times as long as all of this. It does not recurse, so depth is bounded by
 * the limit and not by the stack. Texts lie behind one another in one piece as long as the document; items come in slabs. */
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/json_scan.h"

enum { DIGITS_EXACT = 15, SLAB_FIRST = 32, SLAB = 256 }; /* a double keeps 15 digits */

static const uint64_t ONES = UINT64_C(0x0101010101010101), HIGHS = UINT64_C(0x8080808080808080);

static uint64_t has_zero(uint64_t v)
{
    return (v - ONES) & ~v & HIGHS;
}

/* Copies to the first byte that is not plain text in a string: a quote, a backslash, a control character, not ASCII. Eight bytes
 * at a time: of the bits that say so the lowest is always true, those above it may be carried over from it. Writes up to seven
 * bytes too many, which to has room for as long as eight more bytes are there to be read. */
static const unsigned char *copy_plain(const unsigned char *p, const unsigned char *end, char **to)
{
    char *out = *to;
    for (uint64_t v; end - p >= 8; p += 8, out += 8) {
        memcpy(&v, p, 8);
        memcpy(out, &v, 8);
        uint64_t odd =
            ((v & HIGHS) | ((v - ONES * 0x20) & ~v & HIGHS) | has_zero(v ^ (ONES * '"')) | has_zero(v ^ (ONES * '\\')));
        if (odd == 0)
            continue;
        if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
            break;
        size_t n = (size_t)__builtin_ctzll(odd) / 8;
        *to = out + n;
        return p + n;
    }
    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
        *out++ = (char)*p++;
    *to = out;
    return p;
}

/* --- the tree --- */

/* The next item, linked to the one that is open. */
static cJSON *add_item(struct scan *s, int type)
{
    if (s->item == s->items_end) {
        size_t n = s->items_end == NULL ? SLAB_FIRST : SLAB; /* most documents of our own making are small */
        s->item = arena_alloc(s->arena, n * sizeof *s->item);
        s->items_end = s->item + n;
    }
    cJSON *item = s->item++;
    *item = (cJSON){.type = type};
    if (s->depth == 0) {
        s->root = item;
        return item;
    }
    struct level *level = &s->level[s->depth - 1];
    item->string = s->key;
    s->key = NULL;
    item->prev = level->last;
    if (level->last != NULL)
        level->last->next = item;
    else
        level->item->child = item;
    level->last = item;
    level->item->valueint++;
    return item;
}

static void seen_twice(struct scan *s, const char *key)
{
    if (s->twice.count++ == 0)
        s->twice.first = key;
}

/* A key is compared with those before it only where a bit of a small filter says that it may be one of them. Objects of many
 * keys are looked at when they are closed, as comparing each with each would take for ever. */
static void look_for_twin(struct scan *s, size_t len)
{
    struct level *level = &s->level[s->depth - 1];
    uint64_t sign = 0;
    if (level->item->valueint >= JSON_FEW_KEYS)
        return;
    memcpy(&sign, s->key, len < 8 ? len : 8);
    if (len > 8) {
        uint64_t tail;
        memcpy(&tail, s->key + len - 8, 8);
        sign ^= tail << 1;
    }
    uint64_t bit = UINT64_C(1) << ((sign + len) * UINT64_C(0x9E3779B97F4A7C15) >> 58);
    if ((level->keys & bit) != 0) {
        for (const cJSON *c = level->item->child; c != NULL; c = c->next) {
            if (strcmp(c->string, s->key) == 0) {
                seen_twice(s, s->key);
                break;
            }
        }
    }
    level->keys |= bit;
}

/* --- the grammar --- */

static void keep(struct scan *s, const void *bytes, size_t n)
{
    memcpy(s->text, bytes, n);
    s->text += n;
}

static void replace_escape(struct scan *s)
{
    keep(s, JSON_REPLACEMENT, 3);
    s->replaced++;
    s->p += 6;
}

/* The code unit of \uXXXX at p, or -1. */
static int unit_at(const struct scan *s, const unsigned char *p)
{
    if (s->end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return -1;
    int unit = 0;
    for (int i = 2; i < 6; i++) {
        if (!isxdigit(p[i]))
            return -1;
        unit = unit * 16 + (p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
    }
    return unit;
}

static void keep_utf8(struct scan *s, unsigned c)
{
    unsigned char b[4];
    size_t n = 0;
    if (c < 0x80) {
        b[n++] = (unsigned char)c;
    } else if (c < 0x800) {
        b[n++] = (unsigned char)(0xC0 | c >> 6);
    } else if (c < 0x10000) {
        b[n++] = (unsigned char)(0xE0 | c >> 12);
        b[n++] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
    } else {
        b[n++] = (unsigned char)(0xF0 | c >> 18);
        b[n++] = (unsigned char)(0x80 | (c >> 12 & 0x3F));
        b[n++] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
    }
    if (c >= 0x80)
        b[n++] = (unsigned char)(0x80 | (c & 0x3F));
    keep(s, b, n);
}

static int unicode_escape(struct scan *s, bool first)
{
    int unit = unit_at(s, s->p);
    if (unit < 0)
        return scan_bad_escape(s);
    if (unit == JSON_MARK && first)
        keep(s, "\x01", 1);
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        int low = unit_at(s, s->p + 6);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            keep_utf8(s, 0x10000 + (((unsigned)unit & 0x3FF) << 10) + ((unsigned)low & 0x3FF));
            s->p += 12;
            return 0;
        }
    }
    if (unit == 0 || (unit >= 0xD800 && unit <= 0xDFFF)) {
        replace_escape(s);
        return 0;
    }
    keep_utf8(s, (unsigned)unit);
    s->p += 6;
    return 0;
}

static int escape(struct scan *s, bool first)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (s->end - s->p < 2)
        return scan_unfinished_string(s);
    if (s->p[1] == 'u')
        return unicode_escape(s, first);
    const char *at = strchr(from, s->p[1]);
    if (at == NULL || s->p[1] == '\0')
        return scan_bad_escape(s);
    *s->text++ = to[at - from];
    s->p += 2;
    return 0;
}

/* s->p stands on the opening quote. The text has a place even when it is marked: two quotes, or an escape, are longer than what
 * is added. */
static int string(struct scan *s, bool is_key, char **out)
{
    const unsigned char *first = s->string = s->p++;
    char *text = s->text;
    first++;
    for (;;) {
        s->p = copy_plain(s->p, s->end, &s->text);
        if (s->p == s->end)
            return scan_unfinished_string(s);
        if (*s->p == '"') {
            s->p++;
            *s->text++ = '\0';
            *out = text;
            return 0;
        }
        if (*s->p == '\\') {
            if (escape(s, s->p == first && !is_key) != 0)
                return -1;
        } else if (*s->p < 0x20) {
            return scan_raw_control(s);
        } else {
            size_t n = json_utf8_len(s->p, (size_t)(s->end - s->p));
            if (n == 0)
                return scan_bad_utf8(s, s->p);
            keep(s, s->p, n);
            s->p += n;
        }
    }
}

static size_t digits(struct scan *s)
{
    const unsigned char *from = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return (size_t)(s->p - from);
}

static void add_number(struct scan *s, double d)
{
    cJSON *item = add_item(s, cJSON_Number);
    item->valuedouble = d;
    item->valueint = d >= INT_MAX ? INT_MAX : d <= INT_MIN ? INT_MIN : (int)d;
}

/* A number whose size only strtod knows. */
static int wide_number(struct scan *s, const unsigned char *from)
{
    size_t n = (size_t)(s->p - from);
    char *copy = mem_ndup((const char *)from, n);
    double d = strtod(copy, NULL);
    mem_free(copy);
    if (!isfinite(d))
        return scan_fail(s, from, "the number %.*s%s is too large", n > 40 ? 40 : (int)n, (const char *)from,
                         n > 40 ? "…" : "");
    add_number(s, d);
    return 0;
}

/* As text behind the mark, so that no digit is lost. */
static void mark_integer(struct scan *s, const unsigned char *from)
{
    size_t n = (size_t)(s->p - from);
    char *text = arena_alloc(s->arena, n + 3);
    text[0] = JSON_MARK;
    text[1] = '#';
    memcpy(text + 2, from, n);
    text[n + 2] = '\0';
    add_item(s, cJSON_String)->valuestring = text;
}

/* "." and digits, "e" and digits. Returns 1 where the number has an exponent, 2 where it has only a fraction, 0 for neither. */
static int number_tail(struct scan *s)
{
    int kind = 0;
    if (s->p < s->end && *s->p == '.') {
        s->p++;
        kind = 2;
        if (digits(s) == 0)
            return scan_wanted(s, "a digit is expected after the '.'");
    }
    if (s->p < s->end && (*s->p | 0x20) == 'e') {
        s->p++;
        kind = 1;
        if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
            s->p++;
        if (digits(s) == 0)
            return scan_wanted(s, "a digit is expected in the exponent");
    }
    return kind;
}

static int number(struct scan *s)
{
    const unsigned char *from = s->p;
    if (*s->p == '-')
        s->p++;
    const unsigned char *whole = s->p;
    size_t n = digits(s);
    if (n == 0)
        return s->p < s->end && isalpha(*s->p) ? scan_bad_value(s, from) : scan_wanted(s, "a digit is expected after the '-'");
    if (n > 1 && *whole == '0')
        return scan_fail(s, from, "a number must not begin with 0 (found %.*s)", n > 20 ? 20 : (int)n, (const char *)whole);
    int tail = number_tail(s);
    if (tail < 0)
        return -1;
    if (tail == 0 && n > DIGITS_EXACT) {
        mark_integer(s, from);
        return 0;
    }
    if (tail != 0)
        return wide_number(s, from);
    int64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (whole[i] - '0');
    add_number(s, whole == from ? (double)v : -(double)v);
    return 0;
}

static int literal(struct scan *s)
{
    static const char *const words[] = {"true", "false", "null"};
    static const int types[] = {cJSON_True, cJSON_False, cJSON_NULL};
    size_t n = scan_word(s, s->p);
    for (size_t i = 0; i < 3; i++) {
        if (n == strlen(words[i]) && memcmp(s->p, words[i], n) == 0) {
            s->p += n;
            add_item(s, types[i]);
            return 0;
        }
    }
    return scan_bad_value(s, s->p);
}

static int open_container(struct scan *s)
{
    if (s->depth == s->limits.depth)
        return scan_fail(s, s->p, "nested deeper than %u levels", s->limits.depth);
    cJSON *item = add_item(s, *s->p == '{' ? cJSON_Object : cJSON_Array);
    s->open[s->depth] = s->p;
    s->level[s->depth++] = (struct level){.item = item};
    s->expect = *s->p++ == '{' ? KEY_OR_CLOSE : VALUE_OR_CLOSE;
    return 0;
}

static void value_ends(struct scan *s)
{
    s->expect = s->depth == 0 ? NOTHING : COMMA_OR_CLOSE;
}

static int close_container(struct scan *s)
{
    struct level *level = &s->level[--s->depth];
    if (level->last != NULL)
        level->item->child->prev = level->last; /* as in cJSON, the first child's prev is the last child */
    if (level->item->valueint > JSON_FEW_KEYS)
        json_index_one(s->arena, level->item, &s->twice);
    s->p++;
    value_ends(s);
    return 0;
}

static int value(struct scan *s)
{
    unsigned char c = *s->p;
    if (c == ']' && s->expect == VALUE_OR_CLOSE)
        return close_container(s);
    if (s->nodes++ == s->limits.nodes) {
        char most[32];
        json_group_digits(s->limits.nodes, most);
        return scan_fail(s, s->p, "more than %s values", most);
    }
    if (c == '{' || c == '[')
        return open_container(s);
    int rc;
    if (c == '"') {
        char *text = NULL;
        rc = string(s, false, &text);
        if (rc == 0)
            add_item(s, cJSON_String)->valuestring = text;
    } else {
        rc = c == '-' || isdigit(c) ? number(s) : literal(s);
    }
    value_ends(s);
    return rc;
}

static int key(struct scan *s)
{
    if (*s->p == '}' && s->expect == KEY_OR_CLOSE)
        return close_container(s);
    if (*s->p != '"')
        return scan_bad_key(s);
    s->expect = COLON;
    if (string(s, true, &s->key) != 0)
        return -1;
    look_for_twin(s, (size_t)(s->text - s->key) - 1);
    return 0;
}

static int colon(struct scan *s)
{
    if (*s->p != ':')
        return scan_wanted(s, "':' is expected after the key");
    s->p++;
    s->expect = VALUE;
    return 0;
}

static int comma_or_close(struct scan *s)
{
    bool object = *s->open[s->depth - 1] == '{';
    if (*s->p == (object ? '}' : ']'))
        return close_container(s);
    if (*s->p != ',')
        return scan_wanted(s, object ? "',' or '}' is expected after a value" : "',' or ']' is expected after a value");
    s->p++;
    s->expect = object ? KEY : VALUE;
    return 0;
}

static int step(struct scan *s)
{
    switch (s->expect) {
    case VALUE:
    case VALUE_OR_CLOSE: return value(s);
    case KEY:
    case KEY_OR_CLOSE: return key(s);
    case COLON: return colon(s);
    case COMMA_OR_CLOSE: return comma_or_close(s);
    case NOTHING: break;
    }
    return scan_wanted(s, "the document has ended, nothing may follow it");
}

static void skip_blanks(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
}

static int scan_all(struct scan *s)
{
    for (;;) {
        skip_blanks(s);
        if (s->p == s->end)
            break;
        if (step(s) != 0)
            return -1;
    }
    return s->expect == NOTHING ? 0 : scan_ends_early(s);
}

int json_read(struct json_doc *doc, const char *text, size_t len, const struct json_limits *limits, struct json_seen *seen,
              struct err *e)
{
    if (json_check_size(len, limits->bytes, e) != 0)
        return -1;
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        len -= 3;
    }
    const unsigned char *start = (const unsigned char *)text;
    struct scan s; /* not all of it is set: the levels are, one by one */
    s.start = s.p = start;
    s.string = NULL;
    s.end = start + len;
    s.limits = *limits;
    s.nodes = s.depth = 0;
    s.expect = VALUE;
    s.e = e;
    s.arena = &doc->arena;
    s.text = arena_alloc(s.arena, len + 8);
    s.item = s.items_end = s.root = NULL;
    s.key = NULL;
    s.twice = (struct json_duplicates){0};
    s.replaced = 0;
    if (s.limits.depth > JSON_DEPTH_MAX)
        s.limits.depth = JSON_DEPTH_MAX;
    if (scan_all(&s) != 0)
        return -1;
    doc->root = s.root;
    *seen = (struct json_seen){.twice = s.twice, .replaced = s.replaced};
    return 0;
}
