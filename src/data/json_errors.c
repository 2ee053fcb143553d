/* What is wrong with a document, in words a person understands, with line and column. Only on the way out: the pass itself
 * counts neither lines nor characters. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "data/json_scan.h"

struct place {
    size_t line, column;
};

static struct place place_of(const struct scan *s, const unsigned char *at)
{
    struct place place = {1, 1};
    for (const unsigned char *p = s->start; p < at; p++) {
        if (*p == '\n')
            place = (struct place){place.line + 1, 1};
        else if ((*p & 0xC0) != 0x80)
            place.column++;
    }
    return place;
}

int scan_fail(struct scan *s, const unsigned char *at, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct place place = place_of(s, at);
    return err_set(s->e, ERR_INPUT, "line %zu, column %zu: %s", place.line, place.column, text);
}

size_t scan_word(const struct scan *s, const unsigned char *p)
{
    size_t n = 0;
    while (p + n < s->end && (isalnum(p[n]) || p[n] == '_'))
        n++;
    return n;
}

/* The thing at p as it may stand in a sentence. */
static const char *thing(const struct scan *s, const unsigned char *p, char out[48])
{
    size_t word = scan_word(s, p), n = json_utf8_len(p, (size_t)(s->end - p));
    if (word > 24)
        snprintf(out, 48, "'%.24s…'", (const char *)p);
    else if (word > 0)
        snprintf(out, 48, "'%.*s'", (int)word, (const char *)p);
    else if (*p < 0x20 || *p == 0x7F || n == 0)
        snprintf(out, 48, "byte 0x%02X", *p);
    else
        snprintf(out, 48, "'%.*s'", (int)n, (const char *)p);
    return out;
}

int scan_bad_utf8(struct scan *s, const unsigned char *at)
{
    char text[160];
    json_utf8_explain(at, (size_t)(s->end - at), text, sizeof text);
    return scan_fail(s, at, "%s", text);
}

int scan_wanted(struct scan *s, const char *what)
{
    char found[48];
    if (s->p == s->end)
        return scan_fail(s, s->p, "the text ends where %s", what);
    if (json_utf8_len(s->p, (size_t)(s->end - s->p)) == 0)
        return scan_bad_utf8(s, s->p);
    return scan_fail(s, s->p, "%s, found %s", what, thing(s, s->p, found));
}

static bool is_one_of(const unsigned char *p, size_t n, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (n == strlen(*words) && strncasecmp((const char *)p, *words, n) == 0)
            return true;
    }
    return false;
}

/* A word that other languages write where JSON has true, false, null or a finite number. */
static int bad_word(struct scan *s, const unsigned char *at)
{
    static const char *const infinite[] = {"nan", "inf", "infinity", NULL};
    static const char *const plain[] = {"true", "false", "null", "none", "undefined", "nil", NULL};
    size_t sign = *at == '-' ? 1 : 0, n = scan_word(s, at + sign);
    int shown = (int)(sign + (n > 24 ? 24 : n));
    if (is_one_of(at + sign, n, infinite))
        return scan_fail(s, at, "'%.*s' is no JSON value, numbers must be finite", shown, (const char *)at);
    if (is_one_of(at, n, plain))
        return scan_fail(s, at, "'%.*s' is no JSON value, only true, false and null are", shown, (const char *)at);
    return scan_fail(s, at, "a value is expected, found '%.*s'", shown, (const char *)at);
}

int scan_bad_value(struct scan *s, const unsigned char *at)
{
    if (at == s->start && s->end - at >= 2 && (memcmp(at, "\xFF\xFE", 2) == 0 || memcmp(at, "\xFE\xFF", 2) == 0))
        return scan_fail(s, at, "not UTF-8: the text is UTF-16, save it as UTF-8");
    s->p = at;
    switch (*at) {
    case ']':
        if (s->depth > 0 && *s->open[s->depth - 1] == '[')
            return scan_fail(s, at, "a comma before ']'");
        break;
    case '+': return scan_fail(s, at, "a number must not begin with '+'");
    case '.': return scan_fail(s, at, "a number must begin with a digit, found '.'");
    case '\'': return scan_fail(s, at, "a string stands in double quotes, found a single one");
    case '/':
    case '#': return scan_fail(s, at, "a value is expected, found '%c' (JSON has no comments)", *at);
    default:
        if (isalpha(*at) || *at == '-')
            return bad_word(s, at);
        break;
    }
    return scan_wanted(s, "a value is expected");
}

int scan_bad_key(struct scan *s)
{
    if (*s->p == '}')
        return scan_fail(s, s->p, "a comma before '}'");
    return scan_wanted(s, "a key in double quotes is expected");
}

int scan_bad_escape(struct scan *s)
{
    char found[48];
    const unsigned char *p = s->p;
    if (p[1] == 'u') {
        size_t n = 2;
        while (n < 6 && p + n < s->end && isxdigit(p[n]))
            n++;
        if (p + n == s->end)
            return scan_unfinished_string(s);
        return scan_fail(s, p, "four hexadecimal digits are expected after \\u");
    }
    if (json_utf8_len(p + 1, (size_t)(s->end - p - 1)) == 0)
        return scan_bad_utf8(s, p + 1);
    return scan_fail(s, p, "a backslash must not stand before %s", thing(s, p + 1, found));
}

int scan_raw_control(struct scan *s)
{
    static const char *const names[0x20] = {['\n'] = "a line break", ['\t'] = "a tab", ['\r'] = "a carriage return"};
    static const char *const written[0x20] = {['\n'] = "\\n", ['\t'] = "\\t", ['\r'] = "\\r"};
    unsigned char c = *s->p;
    if (names[c] != NULL)
        return scan_fail(s, s->p, "%s inside a string must be written as %s", names[c], written[c]);
    return scan_fail(s, s->p, "the control character 0x%02X inside a string must be written as \\u%04X", c, c);
}

int scan_unfinished_string(struct scan *s)
{
    struct place place = place_of(s, s->string);
    return scan_fail(s, s->end, "the text ends inside a string (it begins at line %zu, column %zu)", place.line, place.column);
}

int scan_ends_early(struct scan *s)
{
    if (s->depth == 0)
        return err_set(s->e, ERR_INPUT, "the document is empty");
    const unsigned char *open = s->open[s->depth - 1];
    struct place place = place_of(s, open);
    return scan_fail(s, s->end, "the text ends inside an %s (it begins at line %zu, column %zu)",
                     *open == '{' ? "object" : "array", place.line, place.column);
}

void json_group_digits(size_t n, char out[32])
{
    char plain[24];
    int len = snprintf(plain, sizeof plain, "%zu", n), at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = plain[i];
    }
    out[at] = '\0';
}

static void size_text(size_t n, size_t unit, char out[48])
{
    char grouped[32];
    json_group_digits(n / unit, grouped);
    snprintf(out, 48, "%s %s", grouped, unit == 1 ? "bytes" : unit == 1024 ? "KiB" : "MiB");
}

int json_check_size(size_t len, size_t limit, struct err *e)
{
    char size[48], most[48];
    if (len <= limit)
        return 0;
    size_t unit = (size_t)1 << 20;
    while (unit > 1 && (limit % unit != 0 || len / unit == limit / unit)) /* a unit in which the two differ */
        unit >>= 10;
    size_text(len, unit, size);
    size_text(limit, unit, most);
    return err_set(e, ERR_INPUT, "document of %s is larger than %s", size, most);
}
