/* A rule's find(posts, ctx) at work: a run (script/run.h) whose ctx also has the analyses.
 *
 * ctx.rank, ctx.correlate, ctx.compare, ctx.trend and ctx.before_after call the rule's own functions for every post, keep what they
 * say as columns, and ask port->ask; whoever made the port computes the answer. So a rule decides what is looked at, and never touches
 * a number of the evidence. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/frame.h"
#include "script/port.h"
#include "script/vm.h"

struct rule_call {
    struct vm *vm;              /* of the plugin whose rules[rule].find is called */
    const char *rule;           /* "timing.best_hour" */
    const struct frame *posts;  /* must stay until rule_call returns */
    double now, as_of;          /* epoch seconds */
    const char *config, *state; /* as in struct run_options */
    const struct port *port;
};

/* Which questions, in the order in which they were asked, find has given the answers of back: what it kept is not written. */
struct rule_answers {
    size_t n;
    bool *returned;
};

/* 0: find has returned. unsaved: changes of ctx.state, to be kept with the findings (script/run.h). -1 as run_function. The caller frees
 * answers->returned (mem_free), also when it failed. */
int rule_call(const struct rule_call *c, struct rule_answers *answers, struct buf *unsaved, struct err *e);
