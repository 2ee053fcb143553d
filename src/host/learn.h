/* Learning: the rules of the plugins over an owner's posts, their evidence, and what becomes of it.
 *
 * First the counts at the fixed ages are brought up to date, then each rule runs: its posts are read, its find says what to look at,
 * the analyses (lua/tidemark/analysis) compute, and lua/tidemark/discipline decides what is written. Each rule's findings, results
 * and run are one transaction. A rule that fails leaves the others alone; a rule whose data and code are those of its last run is
 * not run again. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/uuid.h"
#include "db/session.h"
#include "host/rule.h"

enum learn_state { LEARN_RAN, LEARN_UNCHANGED, LEARN_FAILED };

struct learn_outcome {
    const struct rule *rule;
    enum learn_state state;
    int64_t posts; /* that it was given: published in its span, by what was known at as_of */
    int64_t tests, own, written, no_difference, not_shown, insufficient, removed;
    /* own: tests and too little data of statistics that are the plugin's own */
    struct buf results;  /* a dry run's: the results as a JSON array */
    struct buf warnings; /* a line each */
    struct err err;      /* LEARN_FAILED */
};

struct learn_options {
    struct uuid owner;
    const char *lib_dir;             /* the folder that holds tidemark/ */
    struct db_pool *pool;            /* for statements of the rules' own (ctx.db) */
    bool walled;                     /* as in struct run_port_options */
    const struct rule *const *rules; /* in the order in which they run */
    size_t n_rule;
    int64_t since_s;    /* 0: each rule's own */
    int64_t now, as_of; /* microseconds: the wall's clock, and the data's */
    bool dry_run;       /* everything but the writing; runs rules even where nothing changed */
    /* Before each step, for the progress line; done of total. May be NULL. */
    void (*progress)(void *ctx, const char *what, size_t done, size_t total);
    void *ctx;
};

struct learn {
    int64_t refreshed; /* readings at fixed ages that are new or changed */
    int64_t peaks;     /* posts whose peak of engagement is new or changed */
    int64_t watermark; /* of the data the rules saw; microseconds */
    struct learn_outcome *outcome;
    size_t n_outcome;
};

/* ERR_*: nothing more was learnt; what earlier rules wrote stays. A failing plugin is no error here but an outcome. */
int learn_run(struct db_session *s, const struct learn_options *o, struct learn *out, struct err *e);
void learn_free(struct learn *l);
