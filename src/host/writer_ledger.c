/* The ledger of deliveries, and the quarantine. */
#include <stdlib.h>
#include <string.h>

#include "data/pgcopy.h"
#include "data/text.h"
#include "host/writer_batch.h"

/* Which of these bytes were taken before: at the same known time, or at an unknown one. refused: nothing of it was taken then. */
static const char seen_sql[] =
    "SELECT w.ord, (EXTRACT(epoch FROM d.observed_at) * 1000000)::bigint,"
    "       d.received = 1 AND d.quarantined = 1 AND EXISTS (SELECT FROM tidemark.quarantine q"
    "        WHERE (q.user_id, q.sha256, q.observed_at) = (d.user_id, d.sha256, d.observed_at) AND q.kind = 'delivery')"
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
        if (refused_before && d->state == DELIVERY_READY)
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
                                         " body, user_id) FROM STDIN (FORMAT binary)";

/* bad NULL: the delivery itself. */
static void put_quarantine(const struct writer *w, const struct delivery *d, const struct row_bad *bad, struct buf *b)
{
    struct uuid id = uuid_v7();
    size_t line = bad != NULL ? bad->line : d->line;
    pgcopy_row(b, 14);
    pgcopy_uuid(b, &id);
    put_text(b, bad != NULL ? "row" : "delivery");
    pgcopy_text(b, (const char *)d->sha.bytes, sizeof d->sha.bytes);
    pgcopy_timestamptz(b, d->observed_at);
    put_text(b, d->platform);
    put_foreign(b, d->source);
    if (line > 0)
        pgcopy_int8(b, (int64_t)line);
    else
        pgcopy_null(b);
    if (bad != NULL)
        pgcopy_int8(b, (int64_t)bad->item);
    else
        pgcopy_null(b);
    put_foreign(b, bad != NULL ? bad->code : d->code);
    put_foreign(b, bad != NULL ? bad->text : d->text);
    put_text(b, d->parser);
    put_text(b, d->parser_version);
    if (bad != NULL)
        pgcopy_text(b, bad->body != NULL ? bad->body : "", bad->body_len);
    else
        pgcopy_text(b, d->body.data != NULL ? d->body.data : "", d->body.len);
    pgcopy_uuid(b, &w->options.owner);
}

int ledger_write(struct writer *w, struct err *e)
{
    struct buf ledger = {0}, bad = {0};
    size_t n = 0, n_bad = 0;
    int64_t rows;
    int rc = 0;
    pgcopy_header(&ledger);
    pgcopy_header(&bad);
    for (size_t i = 0; i < w->batch.n; i++) {
        const struct delivery *d = w->batch.delivery[i];
        if (d->state == DELIVERY_SEEN)
            continue;
        put_delivery(w, d, &ledger);
        n++;
        for (size_t k = 0; k < d->rows.n_bad; k++, n_bad++)
            put_quarantine(w, d, &d->rows.bad[k], &bad);
        if (d->state == DELIVERY_REFUSED)
            put_quarantine(w, d, NULL, &bad), n_bad++;
    }
    pgcopy_trailer(&ledger);
    pgcopy_trailer(&bad);
    if (n > 0)
        rc = db_copy_in(w->s, delivery_columns, ledger.data, ledger.len, &rows, e);
    if (rc == 0 && n_bad > 0)
        rc = db_copy_in(w->s, quarantine_columns, bad.data, bad.len, &rows, e);
    buf_free(&ledger);
    buf_free(&bad);
    return rc;
}
