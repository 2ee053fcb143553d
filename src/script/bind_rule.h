/* What ctx is to a rule besides what it is to every run: questions to the analyses. Inside script/ only. */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "data/frame.h"

struct question {
    const struct frame *posts;
    size_t n_asked; /* questions so far */
};

/* Pushes the run's ctx, with the analyses in it. q must be there until bind_rule_close. May raise. */
void bind_rule_push(lua_State *L, struct question *q);
/* Is the value at index the answer to a question of find's? Which one, from 0. index is absolute. */
bool bind_rule_answer(lua_State *L, int index, size_t *number);
/* From now on the analyses raise: a plugin may have kept them. */
void bind_rule_close(lua_State *L);
