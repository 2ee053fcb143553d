/* The one event loop of a process (libuv), and the queue of what is ready to go on.
 *
 * Completions only queue. A command's straight-line code calls loop_await, which runs the loop until a request is done; it
 * must never be called from inside a callback (that would nest loops), and it checks. */
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/wait.h"

struct loop;

struct loop *loop_open(void);
void loop_close(struct loop **loop); /* runs what is closing; a handle still active after that is a bug */
uv_loop_t *loop_uv(struct loop *loop);

/* Runs the loop until w is done, or a signal asked the process to stop (then w is dropped, its cancel having been asked for,
 * and the loop runs on until it is done all the same). */
void loop_await(struct loop *loop, struct wait *w);
/* Lets everything that is ready happen, without waiting. */
void loop_poll(struct loop *loop);
/* A pause that lets everything else go on. */
void loop_sleep(struct loop *loop, unsigned ms);

/* SIGINT and SIGTERM: the first one makes loop_await cancel what it waits for and loop_interrupted true; the second ends the
 * process at once. */
void loop_catch_signals(struct loop *loop);
bool loop_interrupted(const struct loop *loop);
/* The signal is dealt with: what follows can be interrupted anew (a prompt's next line). */
void loop_forget_signal(struct loop *loop);
int loop_signal(const struct loop *loop); /* the signal's number, 0: none */
