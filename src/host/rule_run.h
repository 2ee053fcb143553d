/* One rule, from its posts to its decisions; and the writing of them. Inside host/learn*.c and host/rule_*.c. */
#pragma once

#include "host/learn.h"
#include "host/posts.h"

/* The posts that the rule before looked at: most rules want the same. One set is kept, for rules run plugin by plugin. */
struct posts_kept {
    bool filled;
    struct posts_query query;
    struct posts posts;
};

struct rule_run {
    struct db_session *s;
    const struct learn_options *o;
    const struct rule *rule;
    struct vm *trusted;
    const char *code; /* digest of the host's own Lua */

    struct uuid id;
    int64_t since, watermark;
    struct posts_kept *kept;
    const struct posts *posts; /* kept's */
    struct buf world;          /* JSON: changes, definitions, clocks */
    struct buf previous;       /* JSON: finding_key -> lifecycle, as the rows stand */
    struct buf state;          /* JSON: ctx.state of the rule's plugin */
    struct buf decided;        /* JSON: results, rows, summary (lua/tidemark/learn.lua) */
    struct buf unsaved;        /* JSON: changes of ctx.state, to be kept with the findings; "": none */
    char input_hash[65];
    bool seen; /* the last run had the same input */
};

/* rule_input.c: posts, world, previous, hash. Inside a transaction, as service_role. */
int rule_read(struct rule_run *r, struct err *e);
/* rule_run.c: find, analyses, decisions. */
int rule_decide(struct rule_run *r, struct err *e);
/* rule_write.c: findings, results and run. Inside a transaction, as service_role. */
int rule_write(struct rule_run *r, struct err *e);
void rule_run_free(struct rule_run *r);
