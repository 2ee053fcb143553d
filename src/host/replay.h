/* What is in quarantine, tried again: each delivery through today's parsers, in a transaction of its own. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "data/uuid.h"
#include "db/session.h"
#include "host/delivery.h"
#include "host/plugin.h"

struct replay_options {
    struct uuid owner;
    const char *id, *code, *platform; /* which entries; NULL: any. id: its last characters */
    void *ctx;
    void (*done)(void *ctx, const struct delivery *d); /* counts are of this try; d->again: what was there */
    void (*left)(void *ctx, const char *source, size_t n, const char *why); /* n entries stay as they are */
};

/* matched: how many deliveries had such entries. */
int replay_run(struct db_session *s, const struct registry *registry, const struct replay_options *o, size_t *matched,
               struct err *e);

/* What an ingest was told, to be kept for the second try: nothing, or a JSON object. */
void replay_said(const char *platform, const char *account, const char *content, struct buf *out);
