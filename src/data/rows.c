#include "data/rows.h"

#include <string.h>

static const char *const window_names[] = {"lifetime", "day", "week", "days_28", "range"};

const char *window_name(enum window w)
{
    return window_names[w];
}

bool window_parse(const char *name, enum window *out)
{
    for (size_t i = 0; i < sizeof window_names / sizeof *window_names; i++) {
        if (strcmp(name, window_names[i]) == 0) {
            *out = (enum window)i;
            return true;
        }
    }
    return false;
}

/* Room for one more element; what is new is not zeroed. */
static void *grow(void *elements, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return elements;
    *cap = *cap > 0 ? *cap * 2 : 64;
    return mem_realloc(elements, *cap * size);
}

static const char *copy(struct rows *r, const char *s)
{
    return s != NULL ? arena_dup(&r->arena, s) : NULL;
}

struct row *rows_add(struct rows *r)
{
    r->row = grow(r->row, r->n_row, &r->cap_row, sizeof *r->row);
    struct row *row = &r->row[r->n_row++];
    *row = (struct row){0};
    return row;
}

bool row_account_observed(const struct row_account *a)
{
    return a->metrics != NULL || a->audience != NULL;
}

void rows_account(struct rows *r, const struct row_account *account)
{
    r->account = grow(r->account, r->n_account, &r->cap_account, sizeof *r->account);
    struct row_account *a = &r->account[r->n_account++];
    *a = *account;
    const char **const texts[] = {&a->platform, &a->external_id, &a->handle, &a->metrics, &a->audience, &a->notes};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = copy(r, *texts[i]);
}

size_t rows_accounts_observed(const struct rows *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_account; i++)
        n += row_account_observed(&r->account[i]);
    return n;
}

void rows_same(struct rows *r, const char *platform, const char *external_id, const char *alias)
{
    r->same = grow(r->same, r->n_same, &r->cap_same, sizeof *r->same);
    r->same[r->n_same++] = (struct row_same){copy(r, platform), copy(r, external_id), copy(r, alias)};
}

void rows_drop(struct rows *r, const char *reason, size_t count)
{
    for (size_t i = 0; i < r->n_drop; i++) {
        if (strcmp(r->drop[i].reason, reason) == 0) {
            r->drop[i].count += count;
            return;
        }
    }
    r->drop = grow(r->drop, r->n_drop, &r->cap_drop, sizeof *r->drop);
    r->drop[r->n_drop++] = (struct row_drop){copy(r, reason), count};
}

void rows_bad(struct rows *r, const struct row_bad *bad)
{
    r->bad = grow(r->bad, r->n_bad, &r->cap_bad, sizeof *r->bad);
    struct row_bad *b = &r->bad[r->n_bad++];
    *b = (struct row_bad){.item = bad->item, .line = bad->line, .code = copy(r, bad->code), .text = copy(r, bad->text)};
    if (bad->body == NULL)
        return;
    b->body_len = bad->body_len > 0 ? bad->body_len : strlen(bad->body);
    b->body = arena_ndup(&r->arena, bad->body, b->body_len);
}

void rows_reset(struct rows *r)
{
    r->n_row = r->n_account = r->n_same = r->n_drop = r->n_bad = 0;
    r->refused_code = r->refused_text = NULL;
    arena_reset(&r->arena);
}

void rows_free(struct rows *r)
{
    mem_free(r->row);
    mem_free(r->account);
    mem_free(r->same);
    mem_free(r->drop);
    mem_free(r->bad);
    arena_free(&r->arena);
    *r = (struct rows){0};
}

static bool has_counts(const struct row *r)
{
    return r->views.known || r->likes.known || r->shares.known || r->comments.known || r->saves.known ||
           r->average_watch_ms.known;
}

bool row_is_audience(const struct row *r)
{
    return !r->facts_only && r->audience != NULL && !has_counts(r) && r->metrics == NULL;
}

const char *row_kind(const struct row *r)
{
    if (r->facts_only)
        return "facts";
    if (row_is_audience(r))
        return "demographics";
    if (r->wide_export)
        return "content-wide-export";
    if (r->window != WINDOW_LIFETIME)
        return "content-period";
    return has_counts(r) ? "content" : "content-no-metrics";
}
