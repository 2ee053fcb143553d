/* The ledger of deliveries, and the quarantine. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "data/pgcopy.h"
#include "data/text.h"
#include "host/writer_batch.h"

/* Which of these bytes were taken before: at the same known time, or at an unknown one. refused: nothing of it was taken then. */
static const char seen_sql[] =
    "SELECT w.ord, (EXTRACT(epoch FROM d.observed_at) * 1000000)::bigint,"
    "       d.received = 1 AND (d.quarantined = 1 AND EXISTS (SELECT FROM tidemark.quarantine q"
    "        WHERE (q.user_id, q.sha256, q.observed_at) = (d.user_id, d.sha256, d.observed_at) AND q.kind = 'delivery')"
    "        OR d.dropped = '{\"purged\": 1}'), d.dropped = '{\"purged\": 1}'"
    "  FROM unnest($2::bytea[], $3::timestamptz[], $4::boolean[]) WITH ORDINALITY AS w (sha256, observed_at, known, ord)"
    "  JOIN tidemark.deliveries d ON d.user_id = $1::uuid AND d.sha256 = w.sha256"
    "   AND CASE WHEN w.known THEN d.observed_at = w.observed_at ELSE NOT d.observed_known END";

static void seen_params(const struct writer *w, struct db_params *p, struct buf storage[3])
{
    struct db_array a[3];
    for (int i = 0; i < 3; i++)
        db_array_begin(&a[i], &storage[i]);
    for (size_t i = 0; i < w->batch.n; i++) {
        const struct delivery *d = w->batch.delivery[i];
        db_array_bytes(&a[0], d->sha.bytes, sizeof d->sha.bytes);
        db_array_time(&a[1], d->observed_at);
        db_array_text(&a[2], d->observed_known ? "t" : "f");
    }
    db_uuid(p, &w->options.owner);
    for (int i = 0; i < 3; i++)
        db_array_end(p, &a[i]);
}

/* What was refused then and can be taken now is taken, in place of the entry in quarantine. */
static int take_back(struct writer *w, struct delivery *d, int64_t observed_at, struct err *e)
{
    struct db_params p = {0};
    d->observed_at = observed_at;
    db_uuid(&p, &w->options.owner);
    db_bytes(&p, d->sha.bytes, sizeof d->sha.bytes);
    db_time(&p, observed_at);
    int rc = db_exec(
        w->s,
        "DELETE FROM tidemark.deliveries WHERE user_id = $1::uuid AND sha256 = $2::bytea AND observed_at = $3::timestamptz", &p,
        NULL, e);
    db_params_clear(&p);
    return rc;
}

/* The same bytes twice within this batch. */
static void seen_in_batch(struct writer *w)
{
    struct entry {
        struct {
            struct sha256 sha;
            int64_t at;
        } key;
        UT_hash_handle hh;
    } *known = NULL, *found;
    for (size_t i = 0; i < w->batch.n; i++) {
        struct delivery *d = w->batch.delivery[i];
        struct entry *one = arena_zero(&w->batch.arena, sizeof *one);
        one->key.sha = d->sha;
        one->key.at = d->observed_known ? d->observed_at : INT64_MIN;
        HASH_FIND(hh, known, &one->key, sizeof one->key, found);
        if (found != NULL)
            d->state = DELIVERY_SEEN;
        else
            HASH_ADD(hh, known, key, sizeof one->key, one);
    }
    HASH_CLEAR(hh, known);
}

int ledger_seen(struct writer *w, struct err *e)
{
    struct db_params p = {0};
    struct buf storage[3] = {0};
    PGresult *res = NULL;
    seen_params(w, &p, storage);
    int rc = db_exec(w->s, seen_sql, &p, &res, e);
    for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
        struct delivery *d = w->batch.delivery[atoll(PQgetvalue(res, i, 0)) - 1];
        bool refused_before = PQgetvalue(res, i, 2)[0] == 't';
        if (d->again != NULL)
            continue;
        bool purged = PQgetvalue(res, i, 3)[0] == 't'; /* it has no entry that could stay */
        if (refused_before && (d->state == DELIVERY_READY || purged))
            rc = take_back(w, d, atoll(PQgetvalue(res, i, 1)), e);
        else
            d->state = DELIVERY_SEEN;
    }
    if (rc == 0)
        seen_in_batch(w);
    PQclear(res);
    for (int i = 0; i < 3; i++)
        buf_free(&storage[i]);
    db_params_clear(&p);
    return rc;
}

static void put_text(struct buf *b, const char *s)
{
    if (s == NULL)
        pgcopy_null(b);
    else
        pgcopy_text(b, s, strlen(s));
}

/* A file's name, or a message that quotes a payload: bytes that are no UTF-8 would fail the batch. */
static void put_foreign(struct buf *b, const char *s)
{
    struct buf clean = {0};
    text_clean(s, &clean);
    pgcopy_text(b, clean.data != NULL ? clean.data : "", clean.len);
    buf_free(&clean);
}

static const char delivery_columns[] =
    "COPY tidemark.deliveries (sha256, observed_at, observed_known, source, source_class, platform, parser, parser_version, "
    "bytes,"
    " received, inserted, updated, unchanged, quarantined, dropped_total, dropped, user_id) FROM STDIN (FORMAT binary)";

static void put_delivery(const struct writer *w, const struct delivery *d, struct buf *b)
{
    struct buf drops = {0};
    pgcopy_row(b, 17);
    pgcopy_text(b, (const char *)d->sha.bytes, sizeof d->sha.bytes); /* bytea and text look the same on the wire */
    pgcopy_timestamptz(b, d->observed_at);
    pgcopy_text(b, d->observed_known ? "\1" : "\0", 1); /* as a boolean does */
    put_foreign(b, d->source);
    put_text(b, d->source_class);
    put_text(b, d->platform);
    put_text(b, d->parser);
    put_text(b, d->parser_version);
    pgcopy_int8(b, (int64_t)d->bytes);
    const int64_t counts[] = {d->received, d->inserted, d->updated, d->unchanged, d->quarantined, d->dropped};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        pgcopy_int8(b, counts[i]);
    delivery_drops_json(d, &drops);
    pgcopy_jsonb(b, drops.data, drops.len);
    pgcopy_uuid(b, &w->options.owner);
    buf_free(&drops);
}

static const char quarantine_columns[] = "COPY tidemark.quarantine (id, kind, sha256, observed_at, platform, source, line, "
                                         "item, code, reason, parser, parser_version,"
                                         " body, options, created_at, user_id) FROM STDIN (FORMAT binary)";

static void put_position(struct buf *b, int64_t n)
{
    if (n >= 0)
        pgcopy_int8(b, n);
    else
        pgcopy_null(b);
}

/* The entry that this one was when it was tried before: it keeps its id and its age. */
static const struct delivery_entry *entry_of(const struct delivery *d, bool is_row, int64_t line, int64_t item)
{
    const struct delivery_again *a = d->again;
    for (size_t i = 0; a != NULL && i < a->n_entry; i++)
        if (a->entry[i].is_row == is_row && a->entry[i].line == line && a->entry[i].item == item)
            return &a->entry[i];
    return NULL;
}

/* bad NULL: the delivery itself. */
static void put_quarantine(const struct writer *w, const struct delivery *d, const struct row_bad *bad, struct buf *b)
{
    size_t first = bad != NULL ? bad->line : d->line;
    int64_t line = first > 0 ? (int64_t)first : -1, item = bad != NULL ? (int64_t)bad->item : -1;
    const struct delivery_entry *before = entry_of(d, bad != NULL, line, item);
    const char *options = d->again != NULL ? d->again->options : w->options.said;
    struct uuid id = before != NULL ? before->id : uuid_v7();
    pgcopy_row(b, 16);
    pgcopy_uuid(b, &id);
    put_text(b, bad != NULL ? "row" : "delivery");
    pgcopy_text(b, (const char *)d->sha.bytes, sizeof d->sha.bytes);
    pgcopy_timestamptz(b, d->observed_at);
    put_text(b, d->platform);
    put_foreign(b, d->source);
    put_position(b, line);
    put_position(b, item);
    put_foreign(b, bad != NULL ? bad->code : d->code);
    put_foreign(b, bad != NULL ? bad->text : d->text);
    put_text(b, d->parser);
    put_text(b, d->parser_version);
    if (bad != NULL)
        pgcopy_text(b, bad->body != NULL ? bad->body : "", bad->body_len);
    else
        pgcopy_text(b, d->body.data != NULL ? d->body.data : "", d->body.len);
    if (options != NULL)
        pgcopy_jsonb(b, options, strlen(options));
    else
        pgcopy_null(b);
    pgcopy_timestamptz(b, before != NULL ? before->created_at : clock_wall_us());
    pgcopy_uuid(b, &w->options.owner);
}

static const char document_columns[] =
    "COPY tidemark.quarantine_documents (sha256, observed_at, body, format, first_line, rows_in, dropped_in, user_id)"
    " FROM STDIN (FORMAT binary)";

static void put_document(const struct writer *w, const struct delivery *d, struct buf *b)
{
    struct buf drops = {0};
    pgcopy_row(b, 8);
    pgcopy_text(b, (const char *)d->sha.bytes, sizeof d->sha.bytes);
    pgcopy_timestamptz(b, d->observed_at);
    pgcopy_text(b, d->kept.data, d->kept.len);
    put_text(b, delivery_format_name(d->format));
    pgcopy_int8(b, (int64_t)d->kept_line);
    pgcopy_int8(b, (int64_t)(d->rows.n_row + rows_accounts_observed(&d->rows)));
    delivery_drops_json(d, &drops);
    pgcopy_jsonb(b, drops.data, drops.len);
    pgcopy_uuid(b, &w->options.owner);
    buf_free(&drops);
}

static int copy_in(struct writer *w, const char *columns, struct buf *b, size_t n, struct err *e)
{
    int64_t rows;
    pgcopy_trailer(b);
    int rc = n > 0 ? db_copy_in(w->s, columns, b->data, b->len, &rows, e) : 0;
    buf_free(b);
    return rc;
}

int ledger_write(struct writer *w, struct err *e)
{
    struct buf ledger = {0}, bad = {0}, documents = {0};
    size_t n = 0, n_bad = 0, n_document = 0;
    pgcopy_header(&ledger);
    pgcopy_header(&bad);
    pgcopy_header(&documents);
    for (size_t i = 0; i < w->batch.n; i++) {
        const struct delivery *d = w->batch.delivery[i];
        if (d->state == DELIVERY_SEEN)
            continue;
        if (d->again == NULL)
            put_delivery(w, d, &ledger), n++;
        for (size_t k = 0; k < d->rows.n_bad; k++, n_bad++)
            put_quarantine(w, d, &d->rows.bad[k], &bad);
        if (d->state == DELIVERY_REFUSED)
            put_quarantine(w, d, NULL, &bad), n_bad++;
        if (d->kept.len > 0)
            put_document(w, d, &documents), n_document++;
    }
    int rc = copy_in(w, delivery_columns, &ledger, n, e);
    if (copy_in(w, quarantine_columns, &bad, rc == 0 ? n_bad : 0, e) != 0)
        rc = -1;
    if (copy_in(w, document_columns, &documents, rc == 0 ? n_document : 0, e) != 0)
        rc = -1;
    return rc;
}
