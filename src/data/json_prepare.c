/* The pass over the bytes that comes before cJSON: strict grammar, UTF-8, limits, and the few rewrites that keep what cJSON
 * would lose. It does not recurse: one byte of state a level, so depth is bounded by the limit and not by the stack.
 * Runs that need no change are copied whole; a document that needs none at all is not copied. */
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/json_scan.h"

enum { DIGITS_EXACT = 15, NUMBER_SHORT = 60 }; /* a double keeps 15 digits; cJSON reads 63 bytes of a number */

static const uint64_t ONES = UINT64_C(0x0101010101010101), HIGHS = UINT64_C(0x8080808080808080);

static uint64_t has_zero(uint64_t v)
{
    return (v - ONES) & ~v & HIGHS;
}

/* To the first byte that is not plain text in a string: a quote, a backslash, a control character, not ASCII. */
static const unsigned char *skip_plain(const unsigned char *p, const unsigned char *end)
{
    for (uint64_t v; end - p >= 8; p += 8) {
        memcpy(&v, p, 8);
        if (((v & HIGHS) | ((v - ONES * 0x20) & ~v & HIGHS) | has_zero(v ^ (ONES * '"')) | has_zero(v ^ (ONES * '\\'))) != 0)
            break;
    }
    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* Puts n bytes in the place of [from, to). */
static void rewrite(struct scan *s, const unsigned char *from, const unsigned char *to, const char *with, size_t n)
{
    if (s->out->rewritten.data == NULL) /* growth: two quotes and a mark around at least 16 digits */
        buf_reserve(&s->out->rewritten, (size_t)(s->end - s->start) / 16 * 20 + 64);
    buf_add(&s->out->rewritten, s->kept, (size_t)(from - s->kept));
    buf_add(&s->out->rewritten, with, n);
    s->kept = to;
}

static void replace_escape(struct scan *s)
{
    rewrite(s, s->p, s->p + 6, JSON_REPLACEMENT, 3);
    s->out->replaced++;
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

static int unicode_escape(struct scan *s, bool first)
{
    int unit = unit_at(s, s->p);
    if (unit < 0)
        return scan_bad_escape(s);
    if (unit == JSON_MARK && first)
        rewrite(s, s->p, s->p, "\x01", 1);
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        int low = unit_at(s, s->p + 6);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            s->p += 12;
            return 0;
        }
    }
    if (unit == 0 || (unit >= 0xD800 && unit <= 0xDFFF))
        replace_escape(s);
    else
        s->p += 6;
    return 0;
}

static int escape(struct scan *s, bool first)
{
    if (s->end - s->p < 2)
        return scan_unfinished_string(s);
    if (s->p[1] == 'u')
        return unicode_escape(s, first);
    if (strchr("\"\\/bfnrt", s->p[1]) == NULL || s->p[1] == '\0')
        return scan_bad_escape(s);
    s->p += 2;
    return 0;
}

/* s->p stands on the opening quote. */
static int string(struct scan *s, bool is_key)
{
    const unsigned char *first = s->string = s->p++;
    first++;
    for (;;) {
        s->p = skip_plain(s->p, s->end);
        if (s->p == s->end)
            return scan_unfinished_string(s);
        if (*s->p == '"') {
            s->p++;
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

/* A number that cJSON would cut, or whose size only strtod knows. */
static int wide_number(struct scan *s, const unsigned char *from)
{
    size_t n = (size_t)(s->p - from);
    char *copy = mem_ndup((const char *)from, n);
    double d = strtod(copy, NULL);
    mem_free(copy);
    if (!isfinite(d))
        return scan_fail(s, from, "the number %.*s%s is too large", n > 40 ? 40 : (int)n, (const char *)from,
                         n > 40 ? "…" : "");
    if (n > NUMBER_SHORT) {
        char text[32];
        int len = snprintf(text, sizeof text, "%.17g", d);
        rewrite(s, from, s->p, text, (size_t)len);
    }
    return 0;
}

static void mark_integer(struct scan *s, const unsigned char *from)
{
    rewrite(s, from, from, "\"\x01#", 3);
    rewrite(s, s->p, s->p, "\"", 1);
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
    if (tail == 0 && n > DIGITS_EXACT)
        mark_integer(s, from);
    else if (tail == 1 || s->p - from > NUMBER_SHORT)
        return wide_number(s, from);
    return 0;
}

static int literal(struct scan *s)
{
    static const char *const words[] = {"true", "false", "null"};
    size_t n = scan_word(s, s->p);
    for (size_t i = 0; i < 3; i++) {
        if (n == strlen(words[i]) && memcmp(s->p, words[i], n) == 0) {
            s->p += n;
            return 0;
        }
    }
    return scan_bad_value(s, s->p);
}

static int open_container(struct scan *s)
{
    if (s->depth == s->limits.depth)
        return scan_fail(s, s->p, "nested deeper than %u levels", s->limits.depth);
    s->open[s->depth++] = s->p;
    s->expect = *s->p++ == '{' ? KEY_OR_CLOSE : VALUE_OR_CLOSE;
    return 0;
}

static void value_ends(struct scan *s)
{
    s->expect = s->depth == 0 ? NOTHING : COMMA_OR_CLOSE;
}

static int close_container(struct scan *s)
{
    s->depth--;
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
    int rc = c == '"' ? string(s, false) : c == '-' || isdigit(c) ? number(s) : literal(s);
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
    return string(s, true);
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

static void finish(struct scan *s)
{
    struct json_prepared *out = s->out;
    if (out->rewritten.data != NULL) {
        rewrite(s, s->end, s->end, "", 0);
        out->text = out->rewritten.data;
        out->len = out->rewritten.len;
    } else {
        out->text = (const char *)s->start;
        out->len = (size_t)(s->end - s->start);
    }
}

int json_prepare(const char *text, size_t len, const struct json_limits *limits, struct json_prepared *out, struct err *e)
{
    *out = (struct json_prepared){0};
    if (json_check_size(len, limits->bytes, e) != 0)
        return -1;
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        len -= 3;
    }
    const unsigned char *start = (const unsigned char *)text;
    struct scan s = {.start = start, .p = start, .end = start + len, .kept = start, .limits = *limits, .out = out, .e = e};
    if (s.limits.depth > JSON_DEPTH_MAX)
        s.limits.depth = JSON_DEPTH_MAX;
    for (;;) {
        skip_blanks(&s);
        if (s.p == s.end)
            break;
        if (step(&s) != 0) {
            buf_free(&out->rewritten);
            return -1;
        }
    }
    if (s.expect != NOTHING) {
        buf_free(&out->rewritten);
        return scan_ends_early(&s);
    }
    finish(&s);
    return 0;
}
