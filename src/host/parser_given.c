/* The id that stands in the request and not in the answer: read off the wrapper's url, or said by the user. */
#include <string.h>

#include "data/text.h"
#include "host/parser_spec.h"
#include "host/plugin.h"
#include "script/code.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "urn%3Ali%3Ashare%3A1" is "urn:li:share:1"; what would not be text stays as it is. */
static const char *decoded(struct arena *arena, const struct buf *raw)
{
    char *s = arena_ndup(arena, raw->data, raw->len);
    size_t n = 0;
    for (size_t i = 0; i < raw->len; i++) {
        int high = raw->data[i] == '%' && i + 2 < raw->len ? hex(raw->data[i + 1]) : -1;
        int low = high >= 0 ? hex(raw->data[i + 2]) : -1;
        bool escape = low >= 0 && (high > 0 || low > 0);
        s[n++] = escape ? (char)(high * 16 + low) : raw->data[i];
        i += escape ? 2 : 0;
    }
    s[n] = '\0';
    struct buf clean = {0};
    text_clean(s, &clean);
    bool is_text = clean.len == n && memcmp(clean.data, s, n) == 0;
    buf_free(&clean);
    return is_text ? s : arena_ndup(arena, raw->data, raw->len);
}

int parser_given_id(const struct parser_spec *p, const struct parser_input *in, struct rows *out, struct given_id *given,
                    struct err *e)
{
    struct buf raw = {0};
    int rc = 0;
    *given = (struct given_id){0};
    for (size_t i = 0; rc == 0 && in->url != NULL && raw.len == 0 && i < p->n_id_from_url; i++)
        rc = code_capture(p->plugin->vm, p->name, in->url, p->id_from_url[i], &raw, e);
    if (rc == 0 && raw.len > 0)
        given->id = decoded(&out->arena, &raw);
    else if (rc == 0 && in->content != NULL)
        *given = (struct given_id){.id = in->content, .by_content = true};
    buf_free(&raw);
    return rc;
}
