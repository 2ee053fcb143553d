#include "data/text.h"

#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "data/json_private.h"

/* One thing that is written whole or not at all: a character, or the escape that stands for it. */
struct unit {
    size_t len; /* bytes of the source */
    char out[16];
    size_t out_len, width;
};

static locale_t utf8_locale(void)
{
    static locale_t locale; /* made once, kept: the process is single-threaded where it prints */
    if (locale == (locale_t)0)
        locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return locale;
}

/* Returns the bytes of the character at s, 0 where they are not UTF-8 (RFC 3629: no surrogates, nothing overlong). */
static size_t decode(const unsigned char *s, uint32_t *c)
{
    if (s[0] < 0x80) {
        *c = s[0];
        return 1;
    }
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    uint32_t v = s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        v = v << 6 | (s[i] & 0x3fu);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
        return 0;
    *c = v;
    return n;
}

/* Characters that reorder or break the line, or that show nothing and hide something. */
static bool is_harmful(uint32_t c)
{
    return c == 0x61c || (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
           c == 0xfeff || (c >= 0xe0000 && c <= 0xe0fff) || c == 0x200b || c == 0xad;
}

static void set_escape(struct unit *u, const char *format, uint32_t c)
{
    int n = snprintf(u->out, sizeof u->out, format, (unsigned)c);
    u->out_len = u->width = (size_t)n;
}

static void set_character(struct unit *u, const char *s, size_t width, bool ascii)
{
    if (ascii && u->len > 1) {
        u->out[0] = '?';
        u->out_len = u->width = width > 0;
        return;
    }
    memcpy(u->out, s, u->len);
    u->out_len = u->len;
    u->width = width;
}

/* wide_before: the character in front was two cells wide, so that a joiner here would melt emoji into one on some terminals. */
static struct unit unit_at(const char *s, bool ascii, bool wide_before)
{
    struct unit u = {.len = 1};
    uint32_t c;
    size_t n = decode((const unsigned char *)s, &c);
    if (n == 0) {
        set_escape(&u, "\\x%02x", (unsigned char)*s);
        return u;
    }
    u.len = n;
    if (c < 0x20 || (c >= 0x7f && c <= 0x9f)) {
        set_escape(&u, "\\x%02x", c);
        return u;
    }
    if ((c >= 0xfe00 && c <= 0xfe0f) || (c == 0x200d && wide_before))
        return u;
    int width = is_harmful(c) ? -1 : wcwidth((wchar_t)c);
    if (width < 0)
        set_escape(&u, "\\u{%x}", c);
    else
        set_character(&u, s, (size_t)width, ascii);
    return u;
}

/* Walks s and stops before the unit that would not fit. Returns the bytes of s that were taken. */
static size_t walk(const char *s, bool ascii, size_t cells, struct buf *out, size_t *width)
{
    locale_t before = uselocale(utf8_locale());
    size_t taken = 0, used = 0;
    bool wide = false;
    while (s[taken] != '\0') {
        struct unit u = unit_at(s + taken, ascii, wide);
        if (used + u.width > cells)
            break;
        if (u.width > 0 || u.out_len == 0)
            wide = u.width == 2 || (wide && u.out_len == 0);
        if (out != NULL)
            buf_add(out, u.out, u.out_len);
        used += u.width;
        taken += u.len;
    }
    uselocale(before);
    *width = used;
    return taken;
}

size_t text_width(const char *s)
{
    size_t width;
    walk(s, false, SIZE_MAX, NULL, &width);
    return width;
}

void text_escape(const char *s, bool ascii, struct buf *out)
{
    size_t width;
    walk(s, ascii, SIZE_MAX, out, &width);
}

size_t text_cut(const char *s, bool ascii, size_t cells, struct buf *out)
{
    size_t width;
    if (s[walk(s, ascii, cells, NULL, &width)] == '\0') {
        text_escape(s, ascii, out);
        return width;
    }
    const char *mark = ascii ? "..." : "…";
    size_t mark_width = ascii ? 3 : 1;
    walk(s, ascii, cells > mark_width ? cells - mark_width : 0, out, &width);
    while (width > 0 && out->data[out->len - 1] == ' ') { /* "Great …" reads worse than "Great…" */
        out->len--;
        width--;
    }
    buf_str(out, mark);
    return width + mark_width;
}

void text_clean(const char *s, struct buf *out)
{
    const unsigned char *p = (const unsigned char *)s;
    for (size_t left = strlen(s), n; left > 0; p += n, left -= n) {
        n = json_utf8_len(p, left);
        if (n > 0)
            buf_add(out, p, n);
        else
            buf_str(out, JSON_REPLACEMENT), n = 1;
    }
}
