/* A rule's find(posts, ctx) at work.
 *
 * find runs as a coroutine. ctx.rank, ctx.correlate, ctx.compare, ctx.trend and ctx.before_after call the rule's own functions for
 * every post, keep what they say as columns, and hand the question out; whoever drives the call computes the answer elsewhere. So
 * a rule decides what is looked at, and never touches a number of the evidence. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "data/frame.h"
#include "script/vm.h"

struct rule_call;

/* One question of the rule's; valid until the next call. */
struct rule_ask {
    const char *kind;          /* "rank", "correlate", "compare", "trend", "before_after" */
    const struct frame *extra; /* a row per post: "by" (text or list), or a number per fact */
    const char *opts;          /* the options without the functions, as JSON */
};

/* rules[rule].find of the plugin in vm. now, as_of: epoch seconds. budget_ms: CPU of the plugin's own code, over all steps. posts must
 * stay until rule_call_end. */
struct rule_call *rule_call_begin(struct vm *vm, const char *rule, const struct frame *posts, double now, double as_of,
                                  unsigned budget_ms);

/* Goes on until find asks (1, *ask filled) or has returned (0). answer: the last question's candidates as a JSON array; NULL the first
 * time. -1: ERR_PLUGIN. */
int rule_call_next(struct rule_call *c, const char *answer, struct rule_ask *ask, struct err *e);

/* Once it has returned: did find return the answer to its i-th question (from 0)? What it kept back is not written. */
bool rule_call_returned(const struct rule_call *c, size_t i);
void rule_call_end(struct rule_call **c);
