/* The seam between a request and whoever waits for it.
 *
 * The link has two ends and whoever goes first cuts it. A completion may come before anybody waits (done says so), and it
 * never runs the waiter: wake only queues it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct wait {
    void *waiter; /* NULL: nobody waits, yet or any more */
    bool done;
    void (*wake)(struct wait *w);   /* set by the waiter; must only queue, never run it */
    void (*cancel)(struct wait *w); /* set by the worker: nobody wants this any more, stop soon */
};

static inline void wait_done(struct wait *w)
{
    w->done = true;
    if (w->waiter != NULL)
        w->wake(w);
}

static inline void wait_drop(struct wait *w)
{
    w->waiter = NULL;
    if (!w->done && w->cancel != NULL)
        w->cancel(w);
}
