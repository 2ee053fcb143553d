/* The table time of the sandbox: instants are seconds since the epoch, integers where they are whole. It is a Lua C module as well
 * (require("tidemark_time")), so that specs run without the host. No clock: what time it is, ctx.now says. A text that is no time or
 * no duration gives nil and why, since texts come from payloads; whatever else is wrong raises. */
#pragma once

#include <lua.h>

#include "data/datetime.h"

void bind_time_open(lua_State *L); /* sets the global; raises */
int luaopen_tidemark_time(lua_State *L);

/* For the files of the binding. */
void bind_time_span_functions(lua_State *L);              /* adds add, sub, diff, bucket, … to the table on the top */
int64_t bind_time_instant(lua_State *L, int arg);         /* microseconds of the years 1 to 9999; raises */
const struct zone *bind_time_zone(lua_State *L, int arg); /* UTC where there is none; raises */
int bind_time_pick(lua_State *L, int arg);                /* an enum datetime_pick, or BIND_TIME_REFUSE; raises */
void bind_time_refuse(lua_State *L, enum datetime_fit fit, int64_t local_us); /* raises unless the time is there once */
int bind_time_push(lua_State *L, int64_t us);
enum { BIND_TIME_REFUSE = 100 };
