/* The loop: pauses, completions that come from a timer, and the rule that a callback never waits. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "db/loop.h"

struct timed {
    uv_timer_t timer;
    struct wait wait;
    struct loop *loop;
};

static void finish(uv_timer_t *timer)
{
    struct timed *t = timer->data;
    uv_close((uv_handle_t *)timer, NULL);
    wait_done(&t->wait);
}

static void nest(uv_timer_t *timer)
{
    struct timed *t = timer->data;
    loop_sleep(t->loop, 1);
}

static void start(struct timed *t, uv_timer_cb cb)
{
    uv_timer_init(loop_uv(t->loop), &t->timer);
    t->timer.data = t;
    uv_timer_start(&t->timer, cb, 1, 0);
}

static void waits_for_what_a_timer_completes(void **state)
{
    (void)state;
    struct timed t = {.loop = loop_open()};
    start(&t, finish);
    loop_await(t.loop, &t.wait);
    assert_true(t.wait.done);
    loop_await(t.loop, &t.wait); /* done before anybody waits: comes back at once */
    loop_sleep(t.loop, 1);
    loop_poll(t.loop);
    loop_close(&t.loop);
    assert_null(t.loop);
}

/* In a child: the ways to end it are the point. */
static int ending_of(void (*run)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        close(2); /* what it says on the way out is not this test's */
        run();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void wait_in_callback(void)
{
    struct timed t = {.loop = loop_open()};
    start(&t, nest);
    loop_sleep(t.loop, 1000);
}

static void leave_a_handle_open(void)
{
    struct timed t = {.loop = loop_open()};
    start(&t, finish);
    loop_close(&t.loop);
}

static void interrupt_twice(void)
{
    struct loop *loop = loop_open();
    loop_catch_signals(loop);
    kill(getpid(), SIGTERM);
    loop_sleep(loop, 60000); /* cut short by the first */
    if (loop_signal(loop) != SIGTERM)
        _exit(1);
    kill(getpid(), SIGTERM);
    loop_sleep(loop, 60000);
}

static void misuse_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(ending_of(wait_in_callback), SIGABRT);
    assert_int_equal(ending_of(leave_a_handle_open), SIGABRT);
}

static void the_second_signal_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(ending_of(interrupt_twice), SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_for_what_a_timer_completes),
        cmocka_unit_test(misuse_ends_the_process),
        cmocka_unit_test(the_second_signal_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
