/* The loop. Its one invariant: uv_run is never entered from inside itself, so a callback never waits.
 *
 * A wake only stops the running uv_run; whoever waits goes on after that, on the plain stack. */
#include "db/loop.h"

#include <signal.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"

struct loop {
    uv_loop_t uv;
    uv_timer_t pause; /* loop_sleep's; one is enough, as sleeps cannot nest */
    struct wait pause_wait;
    uv_signal_t signals[2];
    bool catching;
    bool running;         /* inside uv_run */
    struct wait *awaited; /* what loop_await waits for; a signal cancels it */
    _Atomic int signal;   /* read by a thread that does not run the loop */
};

struct loop *loop_open(void)
{
    struct loop *loop = mem_alloc(sizeof *loop);
    must(uv_loop_init(&loop->uv) == 0);
    loop->uv.data = loop;
    uv_timer_init(&loop->uv, &loop->pause);
    /* A server that went away must be an error of the write, not the end of the process. */
    signal(SIGPIPE, SIG_IGN);
    return loop;
}

static int run(struct loop *loop, uv_run_mode mode)
{
    must(!loop->running); /* loop_await and its like must not be called from a callback */
    loop->running = true;
    int alive = uv_run(&loop->uv, mode);
    loop->running = false;
    return alive;
}

static void check_closing(uv_handle_t *handle, void *arg)
{
    (void)arg;
    must(uv_is_closing(handle)); /* whoever opened it had to close it before the loop */
}

void loop_close(struct loop **loop)
{
    struct loop *l = *loop;
    if (l == NULL)
        return;
    *loop = NULL;
    uv_close((uv_handle_t *)&l->pause, NULL);
    for (int i = 0; l->catching && i < 2; i++)
        uv_close((uv_handle_t *)&l->signals[i], NULL);
    uv_walk(&l->uv, check_closing, NULL);
    while (run(l, UV_RUN_DEFAULT) != 0) /* cancel requests on their way end here */
        ;
    must(uv_loop_close(&l->uv) == 0);
    mem_free(l);
}

uv_loop_t *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

/* Makes uv_run return, also when the completion came from a timer and the poll would sleep next. */
static void stop_running(struct wait *w)
{
    struct loop *loop = w->waiter;
    uv_stop(&loop->uv);
}

void loop_await(struct loop *loop, struct wait *w)
{
    must(!loop->running && w->waiter == NULL);
    w->waiter = loop;
    w->wake = stop_running;
    loop->awaited = w;
    while (!w->done) {
        int alive = run(loop, UV_RUN_ONCE);
        must(alive || w->done); /* nothing is left that could end this wait */
    }
    loop->awaited = NULL;
    w->waiter = NULL;
}

void loop_poll(struct loop *loop)
{
    run(loop, UV_RUN_NOWAIT);
}

static void on_pause_over(uv_timer_t *timer)
{
    struct loop *loop = timer->loop->data;
    wait_done(&loop->pause_wait);
}

static void cancel_pause(struct wait *w)
{
    struct loop *loop = w->waiter;
    uv_timer_stop(&loop->pause);
    wait_done(w);
}

void loop_sleep(struct loop *loop, unsigned ms)
{
    loop->pause_wait = (struct wait){.cancel = cancel_pause};
    uv_update_time(&loop->uv);
    uv_timer_start(&loop->pause, on_pause_over, ms, 0);
    loop_await(loop, &loop->pause_wait);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct loop *loop = handle->loop->data;
    if (loop->signal != 0) { /* asked twice: no more waiting, and the shell sees the true reason */
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    loop->signal = number;
    struct wait *w = loop->awaited;
    if (w != NULL && !w->done && w->cancel != NULL)
        w->cancel(w); /* not wait_drop: loop_await still wants to know when it is over */
}

void loop_catch_signals(struct loop *loop)
{
    static const int numbers[2] = {SIGINT, SIGTERM};
    if (loop->catching)
        return;
    loop->catching = true;
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&loop->uv, &loop->signals[i]);
        uv_signal_start(&loop->signals[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)&loop->signals[i]); /* waiting for a signal alone keeps nothing alive */
    }
}

bool loop_interrupted(const struct loop *loop)
{
    return loop->signal != 0;
}

void loop_forget_signal(struct loop *loop)
{
    loop_poll(loop); /* one that came while nobody waited */
    loop->signal = 0;
}

int loop_signal(const struct loop *loop)
{
    return loop->signal;
}
