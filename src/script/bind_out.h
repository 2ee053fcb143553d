/* The table out of a parse function: it writes down what is called. Inside script/ only. */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum { OUT_ROWS_MAX = 50000 };

struct out {
    struct buf text; /* the events, without the closing bracket */
    size_t events, rows;
    size_t begun; /* where the event that is being written begins */
    bool post_open, post_counted;
    bool too_much; /* a limit of the document was hit, not a mistake of the plugin */
};

/* Pushes the table. out must be there until bind_out_close. */
void bind_out_push(lua_State *L, struct out *out);
/* From now on the functions raise: a plugin may have kept them. */
void bind_out_close(lua_State *L);
