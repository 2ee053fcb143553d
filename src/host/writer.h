/* Deliveries to the database: a batch of them is one transaction that holds rows, ledger and quarantine, so that a crash at any
 * point loses and doubles nothing.
 *
 * A batch goes optimistically by COPY straight into the tables; when it meets rows that are there already it goes once more,
 * through a staging table and INSERT … ON CONFLICT. */
#pragma once

#include "base/err.h"
#include "data/uuid.h"
#include "db/session.h"
#include "host/delivery.h"

struct writer;

struct writer_options {
    struct uuid owner;
    bool has_content; /* --content: posts that are new belong to this work */
    struct uuid content;
    const char
        *said; /* a JSON object of what the command line said (platform, account, content), kept with bad rows; or NULL */
    void *ctx;
    void (*done)(void *ctx, const struct delivery *d); /* after the commit: state and counts are final */
};

struct writer *writer_open(struct db_session *s, const struct writer_options *options);
/* Takes the delivery over; sends a batch on its way now and then (about 4,000 rows), and commits the one before. -1: the batch was
 * rolled back, e says why. Until writer_flush or writer_stop nothing else may be asked of the session. */
int writer_add(struct writer *w, struct delivery *d, struct err *e);
int writer_flush(struct writer *w, struct err *e);
bool writer_busy(const struct writer *w); /* a batch is on its way: another thread runs the session's loop. NULL: no */
void writer_stop(struct writer *w);       /* waits for the batch on its way, as it may end; what was gathered is forgotten */
void writer_close(struct writer **w);     /* what was not flushed is forgotten */
