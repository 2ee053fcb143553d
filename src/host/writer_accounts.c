/* Observations of accounts into tidemark.account_snapshots. Their accounts are there already (writer_resolve.c). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/writer_batch.h"

/* One observation to be written; those of later deliveries that saw the same account at the same time were merged into it. */
struct seen_account {
    struct row_account facts;
    struct delivery *delivery;
    struct seen_account *into;
    bool changed;
    const char *key;
    UT_hash_handle hh;
};

/* What is there keeps what a later one does not tell. In the order of the key, so that two writers never wait in a circle. */
static const char snapshots_sql[] =
    "WITH want AS (SELECT * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::jsonb[], $7::jsonb[],"
    "   $8::text[], $9::text[]) AS w (ord, platform, external_id, observed_at, metrics, audience, parser, notes)),"
    " put AS (INSERT INTO tidemark.account_snapshots AS s (platform, external_id, observed_at, metrics, audience, parser, "
    "notes,"
    "   user_id)"
    "  SELECT platform, external_id, observed_at, coalesce(metrics, '{}'), audience, parser, notes, $1::uuid FROM want"
    "   ORDER BY platform, external_id, observed_at"
    "  ON CONFLICT (user_id, platform, external_id, observed_at) DO UPDATE SET metrics = s.metrics || excluded.metrics,"
    "   audience = coalesce(s.audience || excluded.audience, s.audience, excluded.audience),"
    "   parser = excluded.parser, notes = coalesce(excluded.notes, s.notes)"
    "   WHERE (s.metrics, s.audience) IS DISTINCT FROM"
    "    (s.metrics || excluded.metrics, coalesce(s.audience || excluded.audience, s.audience, excluded.audience))"
    "  RETURNING platform, external_id, observed_at, xmax = 0 AS fresh)"
    " SELECT w.ord, put.fresh FROM put JOIN want w USING (platform, external_id, observed_at)";
enum { N_ARRAYS = 8 };

static struct seen_account *collect(struct writer *w, size_t *n)
{
    struct batch *b = &w->batch;
    struct seen_account *all, *known = NULL, *found;
    *n = 0;
    for (size_t i = 0; i < b->n; i++)
        if (b->delivery[i]->state == DELIVERY_READY)
            *n += rows_accounts_observed(&b->delivery[i]->rows);
    if (*n == 0)
        return NULL;
    struct seen_account *next = all = arena_zero(&b->arena, *n * sizeof *all);
    for (size_t i = 0; i < b->n; i++) {
        struct delivery *d = b->delivery[i];
        for (size_t k = 0; d->state == DELIVERY_READY && k < d->rows.n_account; k++) {
            if (!row_account_observed(&d->rows.account[k]))
                continue;
            struct seen_account *s = next++;
            *s = (struct seen_account){.facts = d->rows.account[k], .delivery = d};
            s->key =
                arena_printf(&b->arena, "%s\x1f%s\x1f%lld", s->facts.platform, s->facts.external_id, (long long)d->observed_at);
            HASH_FIND_STR(known, s->key, found);
            if (found == NULL) {
                HASH_ADD_KEYPTR(hh, known, s->key, strlen(s->key), s);
                continue;
            }
            s->into = found;
            s->changed = row_account_merge(&b->arena, &found->facts, &s->facts);
        }
    }
    HASH_CLEAR(hh, known);
    return all;
}

static void put(struct db_array a[N_ARRAYS], const struct seen_account *s, int64_t ord)
{
    db_array_int(&a[0], ord);
    db_array_text(&a[1], s->facts.platform);
    db_array_text(&a[2], s->facts.external_id);
    db_array_time(&a[3], s->delivery->observed_at);
    db_array_text(&a[4], s->facts.metrics);
    db_array_text(&a[5], s->facts.audience);
    db_array_text(&a[6], s->delivery->parser);
    db_array_text(&a[7], s->facts.notes);
}

/* What the database does not name stayed as it was. */
static void count(struct seen_account *all, size_t n, const PGresult *res)
{
    for (size_t i = 0; i < n; i++)
        if (all[i].into == NULL || !all[i].changed)
            all[i].delivery->unchanged++;
        else
            all[i].delivery->updated++;
    for (int i = 0; i < PQntuples(res); i++) {
        struct delivery *d = all[atoll(PQgetvalue(res, i, 0))].delivery;
        d->unchanged--;
        if (PQgetvalue(res, i, 1)[0] == 't')
            d->inserted++;
        else
            d->updated++;
    }
}

int accounts_write(struct writer *w, struct err *e)
{
    struct db_params p = {0};
    struct buf storage[N_ARRAYS] = {0};
    struct db_array a[N_ARRAYS];
    PGresult *res = NULL;
    size_t n;
    struct seen_account *all = collect(w, &n);
    if (n == 0)
        return 0;
    for (int i = 0; i < N_ARRAYS; i++)
        db_array_begin(&a[i], &storage[i]);
    for (size_t i = 0; i < n; i++)
        if (all[i].into == NULL)
            put(a, &all[i], (int64_t)i);
    db_uuid(&p, &w->options.owner);
    for (int i = 0; i < N_ARRAYS; i++)
        db_array_end(&p, &a[i]);
    int rc = db_exec(w->s, snapshots_sql, &p, &res, e);
    if (rc == 0)
        count(all, n, res);
    PQclear(res);
    for (int i = 0; i < N_ARRAYS; i++)
        buf_free(&storage[i]);
    db_params_clear(&p);
    return rc;
}
