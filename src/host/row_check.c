#include "host/row_check.h"

#include <stdlib.h>
#include <string.h>

#include "host/row_json.h"

/* timestamptz reaches further; what lies outside these years is no time of a post. */
static const int64_t first_us = INT64_C(-62135596800) * 1000000; /* 0001-01-01 */
static const int64_t last_us = INT64_C(253402300799) * 1000000;  /* 9999-12-31 */
static const int64_t watch_max = INT64_C(9999999999);            /* thousandths: numeric(10,3) */

static bool storable(int64_t us)
{
    return us >= first_us && us <= last_us;
}

static void note(struct rows *rows, struct row *r, const char *text)
{
    r->notes = r->notes != NULL ? arena_printf(&rows->arena, "%s; %s", r->notes, text) : text;
}

static void check_values(struct rows *rows, struct row *r)
{
    if (r->has_published_at && !storable(r->published_at)) {
        r->has_published_at = false;
        note(rows, r, "published_at lies outside the years 1 to 9999");
    }
    if (r->average_watch_ms.known && (r->average_watch_ms.value > watch_max || r->average_watch_ms.value < -watch_max)) {
        r->average_watch_ms.known = false;
        note(rows, r, "average_watch_time is larger than 9999999.999 s");
    }
    if (r->account != NULL && strlen(r->account) > ROW_ID_MAX) {
        r->account = NULL;
        note(rows, r, "the account's id is longer than 512 bytes");
    }
}

/* Why a row cannot be stored at all: the code, and the text for a person; NULL when it can. */
static const char *reason(const struct row *r, const char **text)
{
    if (strlen(r->external_id) > ROW_ID_MAX) {
        *text = "the post's id is longer than 512 bytes";
        return "id_too_long";
    }
    if (strlen(r->platform) > ROW_PLATFORM_MAX) {
        *text = "the platform's name is longer than 50 bytes";
        return "bad_platform";
    }
    if ((r->has_window_start && !storable(r->window_start)) || (r->has_window_end && !storable(r->window_end))) {
        *text = "the window lies outside the years 1 to 9999";
        return "bad_window";
    }
    return NULL;
}

static void check_accounts(struct rows *rows)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->n_account; i++) {
        const struct row_account *a = &rows->account[i];
        if (strlen(a->external_id) <= ROW_ID_MAX && strlen(a->platform) <= ROW_PLATFORM_MAX) {
            rows->account[kept++] = *a;
        } else if (row_account_observed(a)) {
            struct buf body = {0};
            row_json_account(a, &body);
            char *text = mem_printf("item %zu: the account's id is longer than 512 bytes", a->item);
            rows_bad(rows, &(struct row_bad){
                               .item = a->item, .line = a->line, .code = "id_too_long", .text = text, .body = body.data});
            mem_free(text);
            buf_free(&body);
        }
    }
    rows->n_account = kept;
}

void rows_check(struct rows *rows)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->n_row; i++) {
        struct row *r = &rows->row[i];
        const char *text = NULL, *code = reason(r, &text);
        if (code == NULL) {
            check_values(rows, r);
            rows->row[kept++] = *r;
            continue;
        }
        struct buf body = {0};
        row_json(r, &body);
        char *where = mem_printf("item %zu: %s", r->item, text);
        rows_bad(rows, &(struct row_bad){.item = r->item, .line = r->line, .code = code, .text = where, .body = body.data});
        mem_free(where);
        buf_free(&body);
    }
    rows->n_row = kept;
    check_accounts(rows);
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int by_window(const void *pa, const void *pb)
{
    const struct row *a = *(const struct row *const *)pa, *b = *(const struct row *const *)pb;
    int order = strcmp(a->platform, b->platform);
    if (order == 0)
        order = COMPARE(a->window, b->window);
    if (order == 0)
        order = COMPARE(a->has_window_start, b->has_window_start);
    return order != 0 ? order : COMPARE(a->window_start, b->window_start);
}

/* Rows of one item are one post's, whatever their windows. Facts have no window. */
static bool two_posts(const struct rows *rows)
{
    const struct row **given = mem_array(rows->n_row, sizeof *given);
    size_t n = 0;
    bool two = false;
    for (size_t i = 0; i < rows->n_row; i++)
        if (rows->row[i].id_given && !rows->row[i].facts_only)
            given[n++] = &rows->row[i];
    qsort(given, n, sizeof *given, by_window);
    for (size_t i = 1; i < n && !two; i++)
        two = by_window(&given[i - 1], &given[i]) == 0 &&
              (given[i - 1]->item != given[i]->item || given[i - 1]->line != given[i]->line);
    mem_free(given);
    return two;
}

void rows_check_given(struct rows *rows)
{
    size_t kept = 0;
    if (!two_posts(rows))
        return;
    for (size_t i = 0; i < rows->n_row; i++) {
        struct row *r = &rows->row[i];
        if (!r->id_given) {
            rows->row[kept++] = *r;
            continue;
        }
        struct buf body = {0};
        row_json(r, &body);
        char *text =
            mem_printf("item %zu: no id, and --content names one post: this delivery has more than one without an id", r->item);
        rows_bad(rows,
                 &(struct row_bad){.item = r->item, .line = r->line, .code = "ambiguous_id", .text = text, .body = body.data});
        mem_free(text);
        buf_free(&body);
    }
    rows->n_row = kept;
}
