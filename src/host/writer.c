#include "host/writer.h"

#include <string.h>

#include "base/mem.h"
#include "host/writer_batch.h"

enum { BATCH_ROWS = 4000, BATCH_DELIVERIES = 2000, BATCH_BYTES = 32 << 20, TRIES = 4 };

struct writer *writer_open(struct db_session *s, const struct writer_options *options)
{
    struct writer *w = mem_alloc(sizeof *w);
    *w = (struct writer){.s = s, .options = *options, .version = -1};
    struct uuid random = uuid_v4();
    memcpy(&w->salt, random.bytes, sizeof w->salt);
    w->salt |= 1;
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
    writer_stop(w);
    struct batch *const batches[] = {&w->batch, &w->next};
    for (int i = 0; i < 2; i++) {
        batch_clear(batches[i]);
        mem_free(batches[i]->delivery);
        arena_free(&batches[i]->arena);
    }
    resolve_free(w);
    same_free(w);
    buf_free(&w->key);
    mem_free(w->month);
    mem_free(w);
    *pw = NULL;
}

/* One attempt, all in one transaction. */
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
    if (db_begin(w->s, "", e) != 0 || db_run(w->s, "SET LOCAL ROLE service_role", e) != 0 ||
        (!w->last && db_run(w->s, "SET LOCAL synchronous_commit TO off", e) != 0) || same_begin(w, e) != 0 ||
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
    if (db_commit(w->s, e) != 0)
        return -1;
    w->unsettled = !w->last;
    return 0;
}

/* Batches that others follow do not wait for the disk. The last one does: what is told to be there is on it by then, as the server
 * writes its log in order. */
static int settle(struct writer *w, struct err *e)
{
    if (!w->unsettled)
        return 0;
    if (db_begin(w->s, "", e) != 0 || db_run(w->s, "SELECT pg_catalog.pg_current_xact_id()", e) != 0 ||
        db_commit(w->s, e) != 0) {
        db_rollback(w->s);
        return -1;
    }
    w->unsettled = false;
    return 0;
}

static void forget(struct writer *w)
{
    db_rollback(w->s);
    resolve_forget(w);
    same_forget(w);
}

static int attempt_alone_if_need_be(struct writer *w, bool merge, struct err *e)
{
    int rc;
    *e = (struct err){0};
    while ((rc = attempt(w, merge, e)) == SAME_ALONE) {
        forget(w);
        w->alone = true;
    }
    if (rc != 0)
        forget(w);
    return rc;
}

/* By COPY; where that meets a conflict (somebody wrote the same just now, or long ago), through staging. */
static void *write_batch(void *writer)
{
    struct writer *w = writer;
    w->alone = false;
    w->rc = attempt_alone_if_need_be(w, false, &w->err);
    for (int try = 1; w->rc != 0 && w->err.kind == ERR_CONFLICT && try < TRIES; try++)
        w->rc = attempt_alone_if_need_be(w, true, &w->err);
    if (w->rc == 0)
        resolve_committed(w);
    return NULL;
}

/* Tells of a batch that was committed, and empties it. */
static void done(const struct writer *w, struct batch *b)
{
    for (size_t i = 0; i < b->n && w->options.done != NULL; i++)
        w->options.done(w->options.ctx, b->delivery[i]);
    batch_clear(b);
}

/* Waits for the batch on its way, if there is one; what was committed stays in w->batch to be told of. */
static int finish(struct writer *w, struct err *e)
{
    if (!w->on_its_way)
        return 0;
    must(pthread_join(w->thread, NULL) == 0);
    w->on_its_way = false;
    if (w->rc != 0)
        *e = w->err;
    return w->rc;
}

/* Sends the batch that was gathered on its way, in a thread of its own: what comes next is parsed meanwhile. Session, loop and the
 * writer's caches are that thread's until finish. Months first, in a short transaction of their own: making a partition locks its
 * parent. */
static int start(struct writer *w, bool last, struct err *e)
{
    w->last = last;
    struct batch committed = w->batch;
    w->batch = w->next;
    w->next = committed;
    int rc = w->batch.n == 0 ? 0 : rows_partitions(w, e);
    if (rc == 0 && w->batch.n > 0) {
        w->on_its_way = pthread_create(&w->thread, NULL, write_batch, w) == 0;
        if (!w->on_its_way) { /* no thread to be had: one after the other */
            write_batch(w);
            rc = w->rc;
            *e = w->err;
        }
    }
    done(w, &w->next);
    return rc;
}

int writer_flush(struct writer *w, struct err *e)
{
    if (finish(w, e) != 0 || start(w, true, e) != 0 || finish(w, e) != 0)
        return -1;
    done(w, &w->batch);
    return settle(w, e);
}

bool writer_busy(const struct writer *w)
{
    return w != NULL && w->on_its_way;
}

void writer_stop(struct writer *w)
{
    struct err ignored = {0};
    if (w == NULL)
        return;
    if (w->on_its_way && finish(w, &ignored) == 0)
        done(w, &w->batch);
    if (w->rc == 0 || w->err.kind != ERR_LOST) /* else the server may be gone */
        settle(w, &ignored);
}

int writer_add(struct writer *w, struct delivery *d, struct err *e)
{
    struct batch *b = &w->next;
    if (b->n == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 64;
        b->delivery = mem_realloc(b->delivery, b->cap * sizeof(struct delivery *));
    }
    b->delivery[b->n++] = d;
    resolve_sums(w, &d->rows);
    b->rows += d->rows.n_row + rows_accounts_observed(&d->rows);
    b->bytes += d->bytes;
    if (b->rows >= BATCH_ROWS || b->n >= BATCH_DELIVERIES || b->bytes >= BATCH_BYTES)
        return finish(w, e) != 0 ? -1 : start(w, false, e);
    return 0;
}
