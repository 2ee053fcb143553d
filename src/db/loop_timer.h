/* Callbacks of the loop for rooms that do not know libuv: after a time, and as soon as the loop comes round. A callback never waits. */
#pragma once

#include "db/loop.h"

struct loop_timer;

/* fn(arg) runs once, ms after the last start. */
struct loop_timer *loop_timer_new(struct loop *loop, void (*fn)(void *arg), void *arg);
void loop_timer_start(struct loop_timer *t, uint64_t ms); /* anew, where it runs */
void loop_timer_stop(struct loop_timer *t);
void loop_timer_free(struct loop_timer **t);

struct loop_soon;

/* fn(arg) runs once after each ask, or several, from the loop and never from inside the ask; asked for, it keeps the loop from sleeping. */
struct loop_soon *loop_soon_new(struct loop *loop, void (*fn)(void *arg), void *arg);
void loop_soon_ask(struct loop_soon *s);
void loop_soon_free(struct loop_soon **s);
