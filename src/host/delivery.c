#include "host/delivery.h"

#include <string.h>

#include "base/mem.h"
#include "data/json.h"

struct delivery *delivery_new(const char *source, size_t line, const void *data, size_t n)
{
    struct delivery *d = mem_alloc(sizeof *d);
    *d = (struct delivery){
        .source = mem_dup(source), .line = line, .sha = sha256_of(data, n), .bytes = n, .source_class = "api"};
    return d;
}

void delivery_refuse(struct delivery *d, const char *code, const char *text, const void *data, size_t n)
{
    d->state = DELIVERY_REFUSED;
    rows_reset(&d->rows);
    mem_free(d->code);
    mem_free(d->text);
    d->code = mem_dup(code);
    d->text = mem_dup(text);
    buf_clear(&d->body);
    buf_add(&d->body, data, n);
}

void delivery_count(struct delivery *d)
{
    if (d->state == DELIVERY_REFUSED) {
        d->received = d->quarantined = 1;
        return;
    }
    d->quarantined = (int64_t)d->rows.n_bad;
    d->dropped = 0;
    for (size_t i = 0; i < d->rows.n_drop; i++)
        d->dropped += (int64_t)d->rows.drop[i].count;
    d->received = (int64_t)(d->rows.n_row + rows_accounts_observed(&d->rows)) + d->quarantined + d->dropped;
}

void delivery_drops_json(const struct delivery *d, struct buf *out)
{
    buf_char(out, '{');
    for (size_t i = 0; i < d->rows.n_drop; i++) {
        if (i > 0)
            buf_str(out, ", ");
        json_write_string(d->rows.drop[i].reason, strlen(d->rows.drop[i].reason), out);
        buf_printf(out, ": %zu", d->rows.drop[i].count);
    }
    buf_char(out, '}');
}

void delivery_free(struct delivery **pd)
{
    struct delivery *d = *pd;
    if (d == NULL)
        return;
    mem_free(d->source);
    mem_free(d->platform);
    mem_free(d->parser);
    mem_free(d->parser_version);
    mem_free(d->code);
    mem_free(d->text);
    rows_free(&d->rows);
    buf_free(&d->body);
    mem_free(d);
    *pd = NULL;
}
