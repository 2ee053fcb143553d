/* Trees back to compact JSON. */
#include <stdio.h>
#include <string.h>

#include "data/json_private.h"

static void escape_byte(unsigned char c, struct buf *out)
{
    static const char shorts[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\'};
    if (c == '\0') {
        buf_str(out, JSON_REPLACEMENT); /* jsonb takes no U+0000 */
    } else if (c < sizeof shorts && shorts[c] != '\0') {
        buf_char(out, '\\');
        buf_char(out, shorts[c]);
    } else {
        buf_printf(out, "\\u%04x", c);
    }
}

/* What is not UTF-8 becomes U+FFFD: the output is valid whatever came in. */
void json_write_string(const char *s, size_t n, struct buf *out)
{
    const unsigned char *p = (const unsigned char *)s, *end = p + n, *run = p;
    buf_char(out, '"');
    while (p < end) {
        if (*p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\') {
            p++;
            continue;
        }
        size_t len = *p >= 0x80 ? json_utf8_len(p, (size_t)(end - p)) : 0;
        if (len > 0) {
            p += len;
            continue;
        }
        buf_add(out, run, (size_t)(p - run));
        if (*p < 0x80)
            escape_byte(*p, out);
        else
            buf_str(out, JSON_REPLACEMENT);
        run = ++p;
    }
    if (run < end)
        buf_add(out, run, (size_t)(end - run));
    buf_char(out, '"');
}

static void write_scalar(const cJSON *item, struct buf *out)
{
    char number[32];
    const char *text = json_text(item);
    if (cJSON_IsNumber(item)) {
        json_number_text(item->valuedouble, number);
        buf_str(out, number);
    } else if (text == NULL) {
        buf_str(out, cJSON_IsTrue(item) ? "true" : cJSON_IsFalse(item) ? "false" : "null");
    } else if (json_is_marked(item)) {
        buf_str(out, text);
    } else {
        json_write_string(text, strlen(text), out);
    }
}

/* Recursion is as deep as the document, which the depth limit bounds. */
void json_write(const cJSON *item, struct buf *out)
{
    bool object = cJSON_IsObject(item);
    if (!object && !cJSON_IsArray(item)) {
        write_scalar(item, out);
        return;
    }
    buf_char(out, object ? '{' : '[');
    for (const cJSON *c = item->child; c != NULL; c = c->next) {
        if (c != item->child)
            buf_char(out, ',');
        if (object) {
            json_write_string(c->string, strlen(c->string), out);
            buf_char(out, ':');
        }
        json_write(c, out);
    }
    buf_char(out, object ? '}' : ']');
}
