/* Deliveries that were in quarantine and are tried again. Their ledger rows stay: what lands moves from quarantined to inserted, updated
 * or unchanged, and what the document yielded besides was counted when it came first. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/json.h"
#include "host/writer_batch.h"

#define THIS "user_id = $1::uuid AND sha256 = $2::bytea AND observed_at = $3::timestamptz"

static void key_params(const struct writer *w, const struct delivery *d, struct db_params *p)
{
    db_uuid(p, &w->options.owner);
    db_bytes(p, d->sha.bytes, sizeof d->sha.bytes);
    db_time(p, d->observed_at);
}

static int run(struct writer *w, const struct delivery *d, const char *sql, PGresult **res, struct err *e)
{
    struct db_params p = {0};
    key_params(w, d, &p);
    int rc = db_exec(w->s, sql, &p, res, e);
    db_params_clear(&p);
    return rc;
}

static int64_t number_at(const PGresult *res, int row, int column)
{
    return PQgetisnull(res, row, column) ? -1 : atoll(PQgetvalue(res, row, column));
}

static void read_entries(struct delivery_again *a, const PGresult *res)
{
    mem_free(a->entry);
    a->n_entry = (size_t)PQntuples(res);
    a->entry = mem_array(a->n_entry + 1, sizeof *a->entry);
    for (int i = 0; i < PQntuples(res); i++) {
        struct delivery_entry *entry = &a->entry[i];
        uuid_parse(PQgetvalue(res, i, 0), &entry->id);
        entry->is_row = strcmp(PQgetvalue(res, i, 1), "row") == 0;
        entry->line = number_at(res, i, 2);
        entry->item = number_at(res, i, 3);
        entry->created_at = number_at(res, i, 4);
    }
}

/* The ledger's row is locked first: of two who try the same again one waits, and finds nothing left. */
static int take_out(struct writer *w, struct delivery *d, struct err *e)
{
    struct delivery_again *a = d->again;
    PGresult *entries = NULL, *document = NULL;
    int rc = run(w, d, "SELECT FROM tidemark.deliveries WHERE " THIS " FOR UPDATE", NULL, e);
    if (rc == 0)
        rc = run(w, d,
                 "DELETE FROM tidemark.quarantine WHERE " THIS " AND state = 'open'"
                 " RETURNING id, kind, line, item, (extract(epoch FROM created_at) * 1000000)::bigint",
                 &entries, e);
    if (rc == 0)
        rc = run(w, d, "DELETE FROM tidemark.quarantine_documents WHERE " THIS " RETURNING rows_in, dropped_in", &document, e);
    if (rc == 0) {
        read_entries(a, entries);
        mem_free(a->dropped_in);
        a->rows_in = PQntuples(document) > 0 ? number_at(document, 0, 0) : 0;
        a->dropped_in = mem_dup(PQntuples(document) > 0 ? PQgetvalue(document, 0, 1) : "{}");
        if (a->n_entry == 0)
            d->state = DELIVERY_SEEN;
    }
    PQclear(entries);
    PQclear(document);
    return rc;
}

int replay_begin(struct writer *w, struct err *e)
{
    for (size_t i = 0; i < w->batch.n; i++)
        if (w->batch.delivery[i]->again != NULL && take_out(w, w->batch.delivery[i], e) != 0)
            return -1;
    return 0;
}

/* Of the rows that were there, those the delivery itself had brought are counted already. */
static void without_counted(struct delivery *d)
{
    int64_t there = d->updated + d->unchanged, counted = there < d->again->rows_in ? there : d->again->rows_in;
    int64_t rest = there - counted;
    d->updated = d->updated < rest ? d->updated : rest;
    d->unchanged = rest - d->updated;
}

static const char sums_sql[] =
    "WITH reasons AS (SELECT k, sum(n) AS n FROM"
    "   (SELECT r.key AS k, r.value::bigint AS n FROM tidemark.deliveries d, jsonb_each_text(d.dropped) r WHERE " THIS
    "    AND r.key <> 'purged'" /* it comes with its document, and is tried again with the others */
    "    UNION ALL SELECT key, -value::bigint FROM jsonb_each_text($4::jsonb)"
    "    UNION ALL SELECT key, value::bigint FROM jsonb_each_text($5::jsonb)) all_of_them"
    "   GROUP BY k HAVING sum(n) > 0),"
    " dropped AS (SELECT coalesce(jsonb_object_agg(k, n), '{}') AS reasons, coalesce(sum(n), 0)::bigint AS total FROM reasons)"
    " UPDATE tidemark.deliveries SET inserted = inserted + $6::bigint, updated = updated + $7::bigint,"
    "  unchanged = unchanged + $8::bigint, quarantined = $9::bigint, dropped = x.reasons, dropped_total = x.total,"
    "  received = inserted + $6::bigint + updated + $7::bigint + unchanged + $8::bigint + $9::bigint + x.total,"
    "  platform = coalesce($10::text, platform), parser = coalesce($11::text, parser),"
    "  parser_version = coalesce($12::text, parser_version)"
    " FROM dropped x WHERE " THIS;

static int64_t sum_of(const char *object)
{
    struct json_doc *doc = NULL;
    struct err ignored;
    int64_t sum = 0, n;
    if (json_parse(object, strlen(object), NULL, &doc, &ignored) == 0)
        for (const cJSON *c = json_root(doc)->child; c != NULL; c = c->next)
            sum += json_int64(c, &n) ? n : 0;
    json_free(&doc);
    return sum;
}

static int write_sums(struct writer *w, struct delivery *d, struct err *e)
{
    struct db_params p = {0};
    struct buf dropped = {0};
    without_counted(d);
    delivery_drops_json(d, &dropped);
    key_params(w, d, &p);
    db_text(&p, d->again->dropped_in);
    db_text(&p, dropped.data);
    const int64_t counts[] = {d->inserted, d->updated, d->unchanged, d->quarantined};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        db_int(&p, counts[i]);
    db_text(&p, d->platform);
    db_text(&p, d->parser);
    db_text(&p, d->parser_version);
    int rc = db_exec(w->s, sums_sql, &p, NULL, e);
    int64_t news = d->dropped - sum_of(d->again->dropped_in);
    d->dropped = news > 0 ? news : 0;
    d->received = d->inserted + d->updated + d->unchanged + d->quarantined + d->dropped;
    db_params_clear(&p);
    buf_free(&dropped);
    return rc;
}

int replay_write(struct writer *w, struct err *e)
{
    for (size_t i = 0; i < w->batch.n; i++) {
        struct delivery *d = w->batch.delivery[i];
        if (d->again != NULL && d->state != DELIVERY_SEEN && write_sums(w, d, e) != 0)
            return -1;
    }
    return 0;
}
