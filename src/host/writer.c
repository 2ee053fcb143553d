#include "host/writer.h"

#include "base/clock.h"
#include "base/mem.h"
#include "host/writer_batch.h"

enum { BATCH_ROWS = 5000, BATCH_DELIVERIES = 2000, BATCH_BYTES = 32 << 20, TRIES = 4, PUMP_US = 1000 };

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
    if (w->on_its_way)
        db_rollback(w->s);
    struct batch *const batches[] = {&w->batch, &w->next};
    for (int i = 0; i < 2; i++) {
        batch_clear(batches[i]);
        mem_free(batches[i]->delivery);
        arena_free(&batches[i]->arena);
        buf_free(&batches[i]->copy);
    }
    resolve_free(w);
    same_free(w);
    buf_free(&w->key);
    mem_free(w->month);
    mem_free(w);
    *pw = NULL;
}

/* The first half of an attempt, all in one transaction: up to where the server is busy with the rows. */
static int begin(struct writer *w, bool merge, struct err *e)
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
    if (resolve_write(w, e) != 0 || accounts_write(w, e) != 0)
        return -1;
    return merge ? rows_merge(w, e) : rows_copy_begin(w, e);
}

static int end(struct writer *w, bool merge, struct err *e)
{
    if ((!merge && rows_copy_finish(w, e) != 0) || replay_write(w, e) != 0 || ledger_write(w, e) != 0)
        return -1;
    return db_commit(w->s, e);
}

static void forget(struct writer *w)
{
    db_rollback(w->s);
    resolve_forget(w);
    same_forget(w);
}

/* Takes the batch back. true: somebody wrote the same just now, or long ago, and another attempt is worth while. */
static bool take_back(struct writer *w, const struct err *e)
{
    forget(w);
    return e->kind == ERR_CONFLICT;
}

static int begin_alone_if_need_be(struct writer *w, bool merge, struct err *e)
{
    int rc;
    *e = (struct err){0};
    while ((rc = begin(w, merge, e)) == SAME_ALONE) {
        forget(w);
        w->alone = true;
    }
    return rc;
}

static void done(struct writer *w)
{
    struct batch *b = &w->batch;
    for (size_t i = 0; i < b->n && w->options.done != NULL; i++)
        w->options.done(w->options.ctx, b->delivery[i]);
    resolve_committed(w);
    batch_clear(b);
}

/* Attempts through staging, after one by COPY that met a conflict. */
static int again(struct writer *w, struct err *e)
{
    for (int try = 1; try < TRIES; try++) {
        if (begin_alone_if_need_be(w, true, e) == 0 && end(w, true, e) == 0) {
            done(w);
            return 0;
        }
        if (!take_back(w, e))
            break;
    }
    return -1;
}

/* Waits for the batch on its way, if there is one. */
static int finish(struct writer *w, struct err *e)
{
    if (!w->on_its_way)
        return 0;
    w->on_its_way = false;
    if (end(w, false, e) == 0) {
        done(w);
        return 0;
    }
    return take_back(w, e) ? again(w, e) : -1;
}

/* Sends the batch that was gathered on its way. What comes next is parsed while the server takes the rows in. Months first, in a
 * short transaction of their own: making a partition locks its parent. */
static int start(struct writer *w, struct err *e)
{
    struct batch gathered = w->next;
    if (gathered.n == 0)
        return 0;
    w->next = w->batch;
    w->batch = gathered;
    if (rows_partitions(w, e) != 0)
        return -1;
    w->alone = false;
    if (begin_alone_if_need_be(w, false, e) == 0) {
        w->on_its_way = true;
        return 0;
    }
    return take_back(w, e) ? again(w, e) : -1;
}

int writer_flush(struct writer *w, struct err *e)
{
    return finish(w, e) != 0 || start(w, e) != 0 ? -1 : finish(w, e);
}

static void pump(struct writer *w)
{
    int64_t now = clock_mono_us();
    if (!w->on_its_way || now - w->pumped_at < PUMP_US)
        return;
    w->pumped_at = now;
    db_copy_pump(w->s);
}

int writer_add(struct writer *w, struct delivery *d, struct err *e)
{
    struct batch *b = &w->next;
    if (b->n == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 64;
        b->delivery = mem_realloc(b->delivery, b->cap * sizeof(struct delivery *));
    }
    b->delivery[b->n++] = d;
    b->rows += d->rows.n_row + rows_accounts_observed(&d->rows);
    b->bytes += d->bytes;
    pump(w);
    if (b->rows >= BATCH_ROWS || b->n >= BATCH_DELIVERIES || b->bytes >= BATCH_BYTES)
        return finish(w, e) != 0 ? -1 : start(w, e);
    return 0;
}
