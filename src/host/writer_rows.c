/* The batch's rows into content_performance_metrics. */
#include <stdlib.h>
#include <string.h>

#include "data/datetime.h"
#include "data/json.h"
#include "data/pgcopy.h"
#include "host/writer_batch.h"

#define KEY "user_id, platform, external_id, metric_window, window_start, recorded_at"
#define COLUMNS                                                                                                       \
    "id, content_id, platform, metrics, views, likes, shares, comments, saves, average_watch_time, platform_metrics," \
    " recorded_at, external_id, metric_window, window_start, window_end, user_id, audience_demographics"
enum { N_COLUMNS = 18 };

/* Numbers as they lie in memory, then the texts with their NULs. */
static const char *key_of(struct arena *a, const struct row *r, int64_t at, size_t *len)
{
    struct {
        int64_t at, start;
        int64_t window, has_start;
    } when = {at, r->has_window_start ? r->window_start : 0, (int64_t)r->window, r->has_window_start};
    size_t platform = strlen(r->platform) + 1, id = strlen(r->external_id) + 1;
    char *key = arena_alloc(a, sizeof when + platform + id);
    memcpy(key, &when, sizeof when);
    memcpy(key + sizeof when, r->platform, platform);
    memcpy(key + sizeof when + platform, r->external_id, id);
    *len = sizeof when + platform + id;
    return key;
}

/* All rows of the batch in order; those of a later delivery that observed the same are merged into the earlier one's. */
void rows_collect(struct writer *w)
{
    struct batch *b = &w->batch;
    struct batch_row *known = NULL, *found;
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++)
        if (b->delivery[i]->state == DELIVERY_READY)
            n += b->delivery[i]->rows.n_row;
    b->row = arena_zero(&b->arena, (n + 1) * sizeof *b->row);
    b->n_row = 0;
    for (size_t i = 0; i < b->n; i++) {
        struct delivery *d = b->delivery[i];
        for (size_t k = 0; d->state == DELIVERY_READY && k < d->rows.n_row; k++) {
            struct batch_row *r = &b->row[b->n_row++];
            struct row *copy =
                arena_alloc(&b->arena, sizeof *copy); /* merging must not touch what a second attempt starts from */
            *copy = d->rows.row[k];
            copy->external_id = same_id(w, copy->platform, copy->external_id);
            size_t len;
            const char *key = key_of(&b->arena, copy, d->observed_at, &len);
            *r = (struct batch_row){.row = copy, .delivery = d, .id = uuid_v7()};
            r->aliased = copy->n_alias > 0 || strcmp(copy->external_id, d->rows.row[k].external_id) != 0;
            if (copy->facts_only)
                continue;
            HASH_FIND(hh, known, key, (unsigned)len, found);
            if (found != NULL) {
                r->into = found;
                r->changed = row_merge(&b->arena, found->row, copy);
            } else {
                HASH_ADD_KEYPTR(hh, known, key, (unsigned)len, r);
            }
        }
    }
    HASH_CLEAR(hh, known);
}

static bool has_snapshot(const struct delivery *d)
{
    size_t i = 0;
    while (i < d->rows.n_row && d->rows.row[i].facts_only)
        i++;
    return i < d->rows.n_row;
}

/* Whether the row goes to content_performance_metrics itself: facts do not, and what was merged into another row went with it. */
static bool is_snapshot(const struct batch_row *r)
{
    return r->into == NULL && !r->row->facts_only;
}

/* The months to come, once a run: when their first row arrives, nobody has to wait for a lock. */
static int months_ahead(struct writer *w, struct err *e)
{
    return w->n_month > 0 ? 0 : db_exec(w->s, "SELECT tidemark.make_months_ahead()", NULL, NULL, e);
}

/* Months of the batch that have no partition yet, as far as we know. */
int rows_partitions(struct writer *w, struct err *e)
{
    for (size_t i = 0; i < w->batch.n; i++) {
        const struct delivery *d = w->batch.delivery[i];
        int year, month, day;
        int64_t first;
        if (!has_snapshot(d) || !datetime_day_of("UTC", d->observed_at, &year, &month, &day) ||
            !datetime_day_start("UTC", year, month, 1, &first))
            continue;
        size_t k = 0;
        while (k < w->n_month && w->month[k] != first)
            k++;
        if (k < w->n_month)
            continue;
        if (months_ahead(w, e) != 0)
            return -1;
        struct db_params p = {0};
        db_time(&p, d->observed_at);
        int rc = db_exec(w->s, "SELECT tidemark.ensure_metric_partitions($1::timestamptz, $1::timestamptz)", &p, NULL, e);
        db_params_clear(&p);
        if (rc != 0)
            return -1;
        w->month = mem_realloc(w->month, (w->n_month + 1) * sizeof *w->month);
        w->month[w->n_month++] = first;
    }
    return 0;
}

static void put_text(struct buf *b, const char *s)
{
    if (s == NULL)
        pgcopy_null(b);
    else
        pgcopy_text(b, s, strlen(s));
}

static void put_count(struct buf *b, const struct count *c)
{
    if (c->known)
        pgcopy_int8(b, c->value);
    else
        pgcopy_null(b);
}

/* Leftovers under the platform's own names, and our own remarks under names that no platform uses. */
static void put_platform_metrics(const struct batch_row *r, struct buf *b)
{
    const char *extra = r->row->extra;
    size_t n = extra != NULL ? strlen(extra) : 0, at = pgcopy_jsonb_begin(b);
    if (n > 2) /* not {} */
        buf_add(b, extra, n - 1);
    else
        buf_char(b, '{');
    buf_str(b, n > 2 ? ",\"_parser\":" : "\"_parser\":");
    json_write_string(r->delivery->parser, strlen(r->delivery->parser), b);
    if (r->row->notes != NULL) {
        buf_str(b, ",\"_notes\":");
        json_write_string(r->row->notes, strlen(r->row->notes), b);
    }
    buf_char(b, '}');
    pgcopy_jsonb_end(b, at);
}

/* ord < 0: for the table itself; else one more field, for staging. */
static void put_row(const struct writer *w, const struct batch_row *r, int64_t ord, struct buf *b)
{
    const struct row *row = r->row;
    const char *metrics = row->metrics != NULL ? row->metrics : "{}";
    pgcopy_row(b, (int16_t)(N_COLUMNS + (ord >= 0)));
    pgcopy_uuid(b, &r->id);
    pgcopy_uuid(b, &r->post->content);
    put_text(b, row->platform);
    pgcopy_jsonb(b, metrics, strlen(metrics));
    const struct count *const counts[] = {&row->views, &row->likes, &row->shares, &row->comments, &row->saves};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        put_count(b, counts[i]);
    if (row->average_watch_ms.known)
        pgcopy_numeric_milli(b, row->average_watch_ms.value);
    else
        pgcopy_null(b);
    put_platform_metrics(r, b);
    pgcopy_timestamptz(b, r->delivery->observed_at);
    put_text(b, row->external_id);
    put_text(b, window_name(row->window));
    pgcopy_timestamptz(b, row->has_window_start ? row->window_start : INT64_MIN);
    if (row->has_window_end)
        pgcopy_timestamptz(b, row->window_end);
    else
        pgcopy_null(b);
    pgcopy_uuid(b, &w->options.owner);
    if (row->audience != NULL)
        pgcopy_jsonb(b, row->audience, strlen(row->audience));
    else
        pgcopy_null(b);
    if (ord >= 0)
        pgcopy_int8(b, ord);
}

/* The rows as they go, some at a time. */
struct rows_out {
    const struct writer *w;
    bool staging;
    size_t i; /* of the next row */
    bool began, ended;
};

enum { ROWS_A_PIECE = 250 };

static void next_rows(void *ctx, struct buf *b)
{
    struct rows_out *o = ctx;
    size_t n = 0;
    if (!o->began)
        pgcopy_header(b);
    o->began = true;
    for (; o->i < o->w->batch.n_row && n < ROWS_A_PIECE; o->i++) {
        const struct batch_row *r = &o->w->batch.row[o->i];
        if (!is_snapshot(r))
            continue;
        put_row(o->w, r, o->staging ? (int64_t)o->i : -1, b);
        n++;
    }
    if (o->i == o->w->batch.n_row && !o->ended) {
        pgcopy_trailer(b);
        o->ended = true;
    }
}

static bool any_snapshot(const struct writer *w)
{
    size_t i = 0;
    while (i < w->batch.n_row && !is_snapshot(&w->batch.row[i]))
        i++;
    return i < w->batch.n_row;
}

/* A row that was merged into an earlier delivery's counts as an update of it, or as nothing new. */
static void count_merged(const struct writer *w)
{
    for (size_t i = 0; i < w->batch.n_row; i++) {
        const struct batch_row *r = &w->batch.row[i];
        if (r->into != NULL && r->changed)
            r->delivery->updated++;
        else if (r->into != NULL)
            r->delivery->unchanged++;
    }
}

int rows_copy(struct writer *w, struct err *e)
{
    struct rows_out out = {.w = w};
    int64_t written;
    if (any_snapshot(w) &&
        db_copy_pieces(w->s, "COPY public.content_performance_metrics (" COLUMNS ") FROM STDIN (FORMAT binary)", next_rows,
                       &out, &written, e) != 0)
        return -1;
    for (size_t i = 0; i < w->batch.n_row; i++)
        if (is_snapshot(&w->batch.row[i]))
            w->batch.row[i].delivery->inserted++;
    count_merged(w);
    return 0;
}

/* A value that is there wins over an absent one; rows that would not change are left alone. The id tells a new row (ours) from
 * one that was there. */
static const char merge_sql[] =
    "WITH put AS (INSERT INTO public.content_performance_metrics AS m (" COLUMNS ")"
    " SELECT " COLUMNS " FROM pg_temp.tidemark_incoming"
    " ON CONFLICT (" KEY ") DO UPDATE SET"
    "  metrics = m.metrics || excluded.metrics, views = coalesce(excluded.views, m.views),"
    "  likes = coalesce(excluded.likes, m.likes), shares = coalesce(excluded.shares, m.shares),"
    "  comments = coalesce(excluded.comments, m.comments), saves = coalesce(excluded.saves, m.saves),"
    "  average_watch_time = coalesce(excluded.average_watch_time, m.average_watch_time),"
    "  platform_metrics = coalesce(m.platform_metrics, '{}') || excluded.platform_metrics,"
    "  window_end = coalesce(excluded.window_end, m.window_end),"
    "  audience_demographics = coalesce(m.audience_demographics || excluded.audience_demographics, m.audience_demographics,"
    "   excluded.audience_demographics)"
    " WHERE (m.metrics, m.views, m.likes, m.shares, m.comments, m.saves, m.average_watch_time, m.window_end,"
    "        coalesce(m.platform_metrics, '{}') - '_parser', m.audience_demographics) IS DISTINCT FROM"
    "       (m.metrics || excluded.metrics, coalesce(excluded.views, m.views), coalesce(excluded.likes, m.likes),"
    "        coalesce(excluded.shares, m.shares), coalesce(excluded.comments, m.comments), coalesce(excluded.saves, m.saves),"
    "        coalesce(excluded.average_watch_time, m.average_watch_time), coalesce(excluded.window_end, m.window_end),"
    "        (coalesce(m.platform_metrics, '{}') || excluded.platform_metrics) - '_parser',"
    "        coalesce(m.audience_demographics || excluded.audience_demographics, m.audience_demographics,"
    "         excluded.audience_demographics))"
    " RETURNING " KEY ", id)"
    " SELECT i.ord, put.id = i.id FROM put JOIN pg_temp.tidemark_incoming i USING (" KEY ")";

static void count_outcomes(const struct writer *w, const PGresult *res)
{
    for (size_t i = 0; i < w->batch.n_row; i++)
        if (is_snapshot(&w->batch.row[i]))
            w->batch.row[i].delivery->unchanged++;
    for (int i = 0; i < PQntuples(res); i++) {
        struct delivery *d = w->batch.row[atoll(PQgetvalue(res, i, 0))].delivery;
        d->unchanged--;
        if (PQgetvalue(res, i, 1)[0] == 't')
            d->inserted++;
        else
            d->updated++;
    }
    count_merged(w);
}

int rows_merge(struct writer *w, struct err *e)
{
    struct rows_out out = {.w = w, .staging = true};
    PGresult *res = NULL;
    int64_t written;
    if (!any_snapshot(w)) {
        count_merged(w);
        return 0;
    }
    if (db_run(w->s, "CREATE TEMP TABLE tidemark_incoming (LIKE public.content_performance_metrics, ord bigint) ON COMMIT DROP",
               e) != 0 ||
        db_copy_pieces(w->s, "COPY pg_temp.tidemark_incoming (" COLUMNS ", ord) FROM STDIN (FORMAT binary)", next_rows, &out,
                       &written, e) != 0 ||
        db_exec(w->s, merge_sql, NULL, &res, e) != 0)
        return -1;
    count_outcomes(w, res);
    PQclear(res);
    return 0;
}
