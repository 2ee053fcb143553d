/* An owner's posts as a rule looks at them: one row a post, with its counts at an age, its score, what it says and when it came out;
 * or with what it gained day by day. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/frame.h"
#include "data/sha256.h"
#include "data/uuid.h"
#include "db/session.h"

struct posts_query {
    struct uuid owner;
    int age_h;
    const char *metric;
    bool gained;
    int64_t since, as_of; /* microseconds; posts published in this span (gained: gains in it) */
};

struct posts {
    struct frame *frame;  /* ordered by platform and external_id, whatever the order in the database */
    struct sha256 digest; /* of everything that was read: equal data, equal digest */
    int64_t watermark;    /* when the newest observation was made; as_of where there is none */
    struct buf warnings;  /* a line each: accounts whose zone does not exist */
};

/* Inside the caller's transaction, as service_role. */
int posts_load(struct db_session *s, const struct posts_query *q, struct posts *out, struct err *e);
void posts_free(struct posts *p);
