#include "host/not_payload.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "data/text.h"

enum { LOOK = 4096, TITLE = 80 };

static bool begins(const char *s, size_t n, const char *with)
{
    size_t m = strlen(with);
    return n >= m && memcmp(s, with, m) == 0;
}

/* The page's own words: "503 Service Unavailable" says more than that it is a page. */
static void add_title(const char *s, size_t n, struct buf *text)
{
    size_t i = 0;
    while (i + 7 < n && strncasecmp(s + i, "<title>", 7) != 0)
        i++;
    if (i + 7 >= n)
        return;
    const char *title = s + i + 7;
    size_t left = n - i - 7, len = 0;
    while (len < left && title[len] != '<')
        len++;
    struct buf raw = {0}, shown = {0};
    for (size_t k = 0; k < len; k++)
        if (!isspace((unsigned char)title[k]) || (raw.len > 0 && raw.data[raw.len - 1] != ' '))
            buf_char(&raw, isspace((unsigned char)title[k]) ? ' ' : title[k]);
    if (raw.len > 0) {
        text_cut(raw.data, false, TITLE, &shown);
        buf_printf(text, ": '%s'", shown.data);
    }
    buf_free(&raw);
    buf_free(&shown);
}

static const char *web_page(const char *s, size_t n, struct err *e)
{
    struct buf text = {0};
    buf_str(&text, "is neither JSON nor CSV: it begins with '<' (an HTML or XML page");
    add_title(s, n < LOOK ? n : LOOK, &text);
    buf_str(&text, "); what fetched it was answered with a page, not with data");
    err_set(e, ERR_INPUT, "%s", text.data);
    buf_free(&text);
    return "html";
}

static const char *other_file(const char *s, size_t n)
{
    static const struct {
        const char *magic, *what;
    } known[] = {{"%PDF-", "a PDF"},
                 {"\x89PNG", "an image"},
                 {"\xFF\xD8\xFF", "an image"},
                 {"GIF8", "an image"},
                 {"SQLite format 3", "an SQLite database"},
                 {"\x1F\x8B", "packed with gzip twice: unpack it once"},
                 {"\x28\xB5\x2F\xFD", "packed with zstd twice: unpack it once"},
                 {"PAR1", "a Parquet file: export it as CSV or NDJSON"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (begins(s, n, known[i].magic))
            return known[i].what;
    return NULL;
}

/* Text in UTF-16 or UTF-32 has a zero byte in each character of a Latin script. */
static bool is_wide(const char *s, size_t n)
{
    size_t zeros = 0, look = n < 64 ? n : 64;
    for (size_t i = 0; i < look; i++)
        zeros += s[i] == '\0';
    return begins(s, n, "\xFF\xFE") || begins(s, n, "\xFE\xFF") || (look >= 4 && zeros * 3 >= look);
}

/* A table with another separator: at least two columns in the first line and as many in the second. */
static char separator(const char *s, size_t n)
{
    static const char known[] = ";\t|";
    const char *eol = memchr(s, '\n', n);
    if (eol == NULL)
        return '\0';
    size_t first = (size_t)(eol - s);
    for (size_t i = 0; known[i] != '\0'; i++) {
        size_t a = 0, b = 0;
        for (size_t k = 0; k < first; k++)
            a += s[k] == known[i];
        for (size_t k = first + 1; k < n && s[k] != '\n'; k++)
            b += s[k] == known[i];
        if (a > 0 && a == b)
            return known[i];
    }
    return '\0';
}

const char *not_payload(const char *data, size_t n, struct err *e)
{
    if (begins(data, n, "\xEF\xBB\xBF"))
        data += 3, n -= 3;
    while (n > 0 && isspace((unsigned char)*data))
        data++, n--;
    if (n == 0 || *data == '{' || *data == '[')
        return strstr(e->text, "not UTF-8") != NULL ? "encoding" : "unreadable";
    if (*data == '<')
        return web_page(data, n, e);
    const char *what = other_file(data, n);
    if (what != NULL) {
        err_set(e, ERR_INPUT, "is neither JSON nor CSV: it is %s", what);
        return "binary";
    }
    if (is_wide(data, n)) {
        err_set(e, ERR_INPUT, "is not UTF-8: the text is UTF-16 or UTF-32, save it as UTF-8 (iconv -f UTF-16 -t UTF-8)");
        return "encoding";
    }
    char by = separator(data, n);
    if (by != '\0') {
        err_set(e, ERR_INPUT, "is a table whose columns are separated by %s: export it with commas",
                by == '\t'  ? "tabs"
                : by == ';' ? "';'"
                            : "'|'");
        return "separator";
    }
    return strstr(e->text, "not UTF-8") != NULL ? "encoding" : "unreadable";
}
