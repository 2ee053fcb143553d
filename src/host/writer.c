#include "host/writer.h"

#include "base/mem.h"
#include "host/writer_batch.h"

enum { BATCH_ROWS = 5000, BATCH_DELIVERIES = 2000, BATCH_BYTES = 32 << 20, TRIES = 4 };

struct writer *writer_open(struct db_session *s, const struct writer_options *options)
{
    struct writer *w = mem_alloc(sizeof *w);
    *w = (struct writer){.s = s, .options = *options, .version = -1};
    return w;
}

static void batch_clear(struct batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        delivery_free(&b->delivery[i]);
    b->n = b->rows = b->bytes = b->n_row = 0;
    arena_reset(&b->arena);
    b->row = NULL;
}

void writer_close(struct writer **pw)
{
    struct writer *w = *pw;
    if (w == NULL)
        return;
    batch_clear(&w->batch);
    mem_free(w->batch.delivery);
    arena_free(&w->batch.arena);
    resolve_free(w);
    same_free(w);
    mem_free(w->month);
    mem_free(w);
    *pw = NULL;
}

/* One attempt, all in one transaction. merge: the rows go through staging. */
static int attempt(struct writer *w, bool merge, struct err *e)
{
    struct batch *b = &w->batch;
    arena_reset(&b->arena);
    for (size_t i = 0; i < b->n; i++) {
        struct delivery *d = b->delivery[i];
        d->inserted = d->updated = d->unchanged = 0;
        if (d->state == DELIVERY_SEEN)
            d->state = d->code != NULL ? DELIVERY_REFUSED : DELIVERY_READY;
        delivery_count(d);
    }
    if (db_begin(w->s, "", e) != 0 || db_run(w->s, "SET LOCAL ROLE service_role", e) != 0 || same_begin(w, e) != 0 ||
        ledger_seen(w, e) != 0 || replay_begin(w, e) != 0)
        return -1;
    int same = same_take(w, e);
    if (same != 0)
        return same;
    rows_collect(w);
    resolve_collect(w);
    if (resolve_write(w, e) != 0 || accounts_write(w, e) != 0 || (merge ? rows_merge(w, e) : rows_copy(w, e)) != 0 ||
        replay_write(w, e) != 0 || ledger_write(w, e) != 0)
        return -1;
    return db_commit(w->s, e);
}

/* Months first, in a short transaction of their own: making a partition locks its parent. */
int writer_flush(struct writer *w, struct err *e)
{
    struct batch *b = &w->batch;
    if (b->n == 0)
        return 0;
    int rc = rows_partitions(w, e);
    for (int try = 0; rc == 0 && try < TRIES; try++) {
        *e = (struct err){0};
        rc = attempt(w, try > 0, e);
        if (rc == 0)
            break;
        db_rollback(w->s);
        resolve_forget(w);
        same_forget(w);
        if (rc == SAME_ALONE) {
            w->alone = true;
            try--;
            rc = 0;
            continue;
        }
        if (e->kind == ERR_CONFLICT && try + 1 < TRIES) /* somebody wrote the same just now, or long ago */
            rc = 0;
    }
    w->alone = false;
    if (rc != 0)
        return -1;
    for (size_t i = 0; i < b->n && w->options.done != NULL; i++)
        w->options.done(w->options.ctx, b->delivery[i]);
    batch_clear(b);
    return 0;
}

int writer_add(struct writer *w, struct delivery *d, struct err *e)
{
    struct batch *b = &w->batch;
    if (b->n == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 64;
        b->delivery = mem_realloc(b->delivery, b->cap * sizeof(struct delivery *));
    }
    b->delivery[b->n++] = d;
    b->rows += d->rows.n_row + rows_accounts_observed(&d->rows);
    b->bytes += d->bytes;
    if (b->rows >= BATCH_ROWS || b->n >= BATCH_DELIVERIES || b->bytes >= BATCH_BYTES)
        return writer_flush(w, e);
    return 0;
}
