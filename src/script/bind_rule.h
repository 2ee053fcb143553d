/* What ctx is to a rule: questions to the analyses. Inside script/ only. */
#pragma once

#include <lua.h>

#include "base/buf.h"
#include "data/frame.h"

/* The question in the making, and the answers so far. */
struct question {
    lua_State *co; /* find's own coroutine: only it may wait */
    const struct frame *posts;
    const char *kind;
    struct frame *extra;
    struct buf opts;
};

/* Pushes ctx. q must be there until bind_rule_close. May raise. */
void bind_rule_push(lua_State *L, struct question *q, double now, double as_of);
/* From now on ctx raises: a plugin may have kept it. */
void bind_rule_close(lua_State *L);
