/* The handles live on the heap by themselves: libuv gives them back one round after they were closed. */
#include "db/loop_timer.h"

#include "base/mem.h"

static void free_handle(uv_handle_t *handle)
{
    mem_free(handle);
}

/* --- after a time --------------------------------------------------------------------------------------------------------- */

struct loop_timer {
    uv_timer_t *timer;
    void (*fn)(void *arg);
    void *arg;
};

static void on_time(uv_timer_t *timer)
{
    struct loop_timer *t = timer->data;
    t->fn(t->arg);
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*fn)(void *arg), void *arg)
{
    struct loop_timer *t = mem_alloc(sizeof *t);
    *t = (struct loop_timer){.timer = mem_alloc(sizeof *t->timer), .fn = fn, .arg = arg};
    uv_timer_init(loop_uv(loop), t->timer);
    t->timer->data = t;
    return t;
}

void loop_timer_start(struct loop_timer *t, uint64_t ms)
{
    uv_update_time(t->timer->loop); /* somebody may have computed for long */
    uv_timer_start(t->timer, on_time, ms, 0);
}

void loop_timer_stop(struct loop_timer *t)
{
    uv_timer_stop(t->timer);
}

void loop_timer_free(struct loop_timer **t)
{
    if (*t == NULL)
        return;
    uv_close((uv_handle_t *)(*t)->timer, free_handle);
    mem_free(*t);
    *t = NULL;
}

/* --- soon ------------------------------------------------------------------------------------------------------------------- */

struct loop_soon {
    uv_check_t *check; /* comes after every poll */
    uv_idle_t *idle;   /* active while fn is asked for: the poll does not sleep then */
    void (*fn)(void *arg);
    void *arg;
};

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

static void on_check(uv_check_t *check)
{
    struct loop_soon *s = check->data;
    if (!uv_is_active((uv_handle_t *)s->idle))
        return;
    uv_idle_stop(s->idle);
    s->fn(s->arg);
}

struct loop_soon *loop_soon_new(struct loop *loop, void (*fn)(void *arg), void *arg)
{
    struct loop_soon *s = mem_alloc(sizeof *s);
    *s = (struct loop_soon){.check = mem_alloc(sizeof *s->check), .idle = mem_alloc(sizeof *s->idle), .fn = fn, .arg = arg};
    uv_check_init(loop_uv(loop), s->check);
    uv_idle_init(loop_uv(loop), s->idle);
    s->check->data = s;
    uv_check_start(s->check, on_check);
    uv_unref((uv_handle_t *)s->check); /* it waits for nothing by itself */
    return s;
}

void loop_soon_ask(struct loop_soon *s)
{
    uv_idle_start(s->idle, on_idle);
}

void loop_soon_free(struct loop_soon **s)
{
    if (*s == NULL)
        return;
    uv_close((uv_handle_t *)(*s)->check, free_handle);
    uv_close((uv_handle_t *)(*s)->idle, free_handle);
    mem_free(*s);
    *s = NULL;
}
