#include "script/watchdog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "script/vm_state.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* Only one call runs at a time in a process: plugin code never waits inside a call, and calls do not nest across states. */
static struct {
    timer_t timer;
    pid_t tid; /* whose timer it is: a forked child has none */
    struct vm *volatile vm;
    volatile sig_atomic_t ticks;
    char line[512];
    size_t line_len;
} dog;

static void on_tick(int sig, siginfo_t *info, void *context)
{
    (void)context;
    int saved = errno;
    struct vm *vm = dog.vm;
    if (info->si_code != SI_TIMER) { /* not ours: the kernel's own limit (RLIMIT_CPU) speaks */
        signal(sig, SIG_DFL);
        raise(sig);
    } else if (vm == NULL) { /* a tick that came late */
    } else if (dog.ticks++ == 0) {
        vm->over = 1;
        lua_sethook(vm->L, vm_hook, LUA_MASKCOUNT, 1); /* documented as fit for a signal handler */
    } else {
        ssize_t ignored = write(STDERR_FILENO, dog.line, dog.line_len);
        (void)ignored;
        _exit(err_exit_code(ERR_PLUGIN));
    }
    errno = saved;
}

static bool timer_ready(void)
{
    pid_t tid = gettid();
    if (dog.tid == tid)
        return true;
    struct sigaction action = {.sa_sigaction = on_tick, .sa_flags = SA_RESTART | SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGXCPU};
    event.sigev_notify_thread_id = tid;
    if (sigaction(SIGXCPU, &action, NULL) != 0 || timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &dog.timer) != 0) {
        log_warn("no timer for plugin code (%s): a plugin stuck in a C function will not be stopped", strerror(errno));
        return false;
    }
    dog.tid = tid;
    return true;
}

static struct timespec span(unsigned ms)
{
    unsigned long real = (unsigned long)ms * WATCHDOG_SLOWDOWN;
    return (struct timespec){.tv_sec = (time_t)(real / 1000), .tv_nsec = (long)(real % 1000) * 1000000};
}

void watchdog_arm(struct vm *vm, unsigned budget_ms, unsigned stuck_ms, const char *what)
{
    if (!timer_ready())
        return;
    unsigned total = budget_ms + stuck_ms;
    int n =
        snprintf(dog.line, sizeof dog.line, "tidemark: error: %s: used more than %u.%u s of CPU inside a C function; stopped\n",
                 what, total / 1000, total % 1000 / 100);
    dog.line_len = n < (int)sizeof dog.line ? (size_t)n : sizeof dog.line - 1;
    dog.ticks = 0;
    dog.vm = vm;
    struct itimerspec when = {.it_value = span(budget_ms), .it_interval = span(stuck_ms)};
    timer_settime(dog.timer, 0, &when, NULL);
}

void watchdog_disarm(void)
{
    if (dog.tid == gettid()) {
        struct itimerspec never = {0};
        timer_settime(dog.timer, 0, &never, NULL);
    }
    dog.vm = NULL;
}
