/* The writer's own: a batch on its way, and the cache of what is known about posts. */
#pragma once

#include <pthread.h>
#include <string.h>
#include <uthash.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "data/uuid.h"
#include "host/writer.h"

/* One row to be written. */
struct batch_row {
    struct row *row;
    struct delivery *delivery;
    struct uuid id;
    struct known_post *post;
    struct batch_row *into; /* another delivery of this batch observed the same: that row was merged into this one */
    bool aliased;           /* it came under another id than its post's, or named others */
    bool changed;           /* … and changed it; of facts: the post's features did */
    UT_hash_handle hh;
};

/* The key of what is known: platform, NUL, external id, NUL; hashed without the last NUL. */
struct known_account {
    struct uuid id;
    char *handle;
    bool written; /* the database knows it, handle and all */
    UT_hash_handle hh;
    char key[];
};

/* What is to be written of a post. features: what platforms said, the whole object. */
struct post_facts {
    char *title, *caption, *url, *features;
    int64_t sent_at; /* the newest observation among them; INT64_MIN: none */
};

/* Facts as they were last observed. */
struct known_post {
    struct post_facts *facts; /* NULL: none is to be written; the database has what there was */
    struct known_account *account;
    bool aliased;       /* it goes by several ids: published is what was published first */
    bool account_named; /* the payload said so: not the stand-in "-" */
    struct uuid content;
    bool has_published_at;
    int64_t published_at, facts_at;
    uint64_t sum; /* of what the newest row said; 0: not known */
    bool written; /* the database has these facts */
    bool there;   /* facts came for it, and the database had it before this batch, or an earlier row made it */
    UT_hash_handle hh;
    char key[];
};

static inline const char *known_platform(const char *key)
{
    return key;
}

static inline const char *known_external_id(const char *key)
{
    must(key != NULL); /* an array in a struct: only the analyzer doubts it */
    return key + strlen(key) + 1;
}

/* An id that was met, and the post it stands for. */
struct known_id {
    char *key;    /* platform, unit separator, id */
    size_t split; /* the platform's length */
    char *post;   /* the id that post stands under; NULL: this one */
    bool asked;   /* the database was */
    UT_hash_handle hh;
};

struct batch {
    struct delivery **delivery;
    size_t n, cap;
    size_t rows, bytes;
    struct arena arena;
    struct batch_row *row; /* n_row of them, in order */
    size_t n_row;
};

struct writer {
    struct db_session *s;
    struct writer_options options;
    struct batch batch, next; /* the one that is written, and the one that is gathered */
    bool on_its_way;          /* batch: thread writes it, and owns all of this but next, options, salt and months */
    pthread_t thread;
    bool last;      /* no other batch follows it */
    bool unsettled; /* what was committed may not be on the server's disk yet */
    int rc;         /* what became of it, with err; after the thread */
    struct err err;
    struct buf key; /* that is looked for */
    uint64_t salt;
    struct known_account *accounts;
    struct known_post *posts;
    struct known_id *ids;
    int64_t version; /* of the owner's identity, as the caches have it; -1: not known */
    bool alone;      /* this batch brings posts together: no other writer may be at work */
    struct buf id_key;
    int64_t *month; /* first instants of the months whose partitions are there */
    size_t n_month;
};

/* writer_same.c: posts that go by several ids */
enum { SAME_ALONE = 1 };
int same_begin(struct writer *w, struct err *e); /* in the batch's transaction, before anything is looked up */
int same_take(struct writer *w, struct err *e);  /* SAME_ALONE: once more from the start, with w->alone */
const char *same_id(struct writer *w, const char *platform, const char *id); /* the id its post stands under */
void same_forget(struct writer *w);                                          /* after a rollback */
void same_free(struct writer *w);

/* writer_resolve.c: accounts, posts and contents of the batch's rows; fills batch_row.post. */
void resolve_sums(const struct writer *w, struct rows *rows); /* while they are gathered: what each says about its post */
void resolve_collect(struct writer *w);
int resolve_write(struct writer *w, struct err *e);
void resolve_forget(struct writer *w);    /* after a rollback: what was written is not */
void resolve_committed(struct writer *w); /* before the batch's rows go */
void resolve_free(struct writer *w);

/* writer_posts.c: those of the batch's posts that are not yet there as they are */
int posts_write(struct writer *w, struct err *e);
/* Which of them the database has: is_there[i] becomes true for post[i]. */
int posts_there(struct writer *w, struct known_post *const *post, size_t n, bool *is_there, struct err *e);
const struct post_facts *facts_of(const struct known_post *p);                                  /* never NULL */
struct known_post *known_post(struct writer *w, const char *platform, const char *external_id); /* or NULL */

/* writer_facts.c: rows that are facts alone. */
int facts_known(struct writer *w, struct err *e); /* which of their posts are there */
int facts_write(struct writer *w, struct err *e); /* after the posts were; counts the rows */

/* writer_rows.c */
void rows_collect(struct writer *w);
int rows_partitions(struct writer *w, struct err *e);
int rows_copy(struct writer *w, struct err *e);
int rows_merge(struct writer *w, struct err *e); /* for a batch that COPY could not take */

/* writer_accounts.c: observations of accounts; counts them */
int accounts_write(struct writer *w, struct err *e);

/* writer_replay.c: deliveries that were in quarantine. begin takes their entries out, and marks as seen what somebody else took. */
int replay_begin(struct writer *w, struct err *e);
int replay_write(struct writer *w, struct err *e); /* the ledger's sums, and the counts that are told */

/* writer_ledger.c */
int ledger_seen(struct writer *w, struct err *e); /* marks what was taken before; in the batch's transaction */
int ledger_write(struct writer *w, struct err *e);
