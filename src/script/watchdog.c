#include "script/watchdog.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "script/vm_state.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum clock { CPU, WALL, CLOCKS };

/* Only one call runs at a time in a process: plugin code never waits inside a call, and calls do not nest across states. */
static struct {
    timer_t timer[CLOCKS];
    pid_t tid; /* whose timers they are: a forked child has none */
    struct vm *volatile vm;
    volatile sig_atomic_t ticks[CLOCKS];
    const char *what;
} dog;

static void stop(struct vm *vm, int which)
{
    if (vm->over == VM_NONE)
        vm->over = which == WALL ? VM_RUN : (int)vm->meter;
    lua_sethook(vm->L, vm_hook, LUA_MASKCOUNT, 1); /* documented as fit for a signal handler */
}

/* Inside the handler nothing can be formatted: the line goes out in its pieces. */
static void give_up(const struct vm *vm, int which)
{
    const char *const piece[] = {"tidemark: error: ", dog.what, ": ", vm_limit_text(vm, which == WALL ? VM_RUN : vm->meter),
                                 " and is stuck inside a C function; stopped\n"};
    struct iovec part[sizeof piece / sizeof *piece];
    for (size_t i = 0; i < sizeof piece / sizeof *piece; i++)
        part[i] = (struct iovec){.iov_base = (void *)(uintptr_t)piece[i], .iov_len = strlen(piece[i])};
    ssize_t ignored = writev(STDERR_FILENO, part, sizeof piece / sizeof *piece);
    (void)ignored;
    _exit(err_exit_code(ERR_PLUGIN));
}

static void on_tick(int sig, siginfo_t *info, void *context)
{
    (void)context;
    int saved = errno;
    struct vm *vm = dog.vm;
    int which = info->si_value.sival_int == WALL ? WALL : CPU;
    if (info->si_code != SI_TIMER) { /* not ours: the kernel's own limit (RLIMIT_CPU) speaks */
        signal(sig, SIG_DFL);
        raise(sig);
    } else if (vm == NULL) { /* a tick that came late */
    } else if (dog.ticks[which]++ == 0) {
        stop(vm, which);
    } else {
        give_up(vm, which);
    }
    errno = saved;
}

static bool make_timer(enum clock which, clockid_t clock, pid_t tid)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGXCPU, .sigev_value.sival_int = which};
    event.sigev_notify_thread_id = tid;
    return timer_create(clock, &event, &dog.timer[which]) == 0;
}

static bool timers_ready(void)
{
    pid_t tid = gettid();
    if (dog.tid == tid)
        return true;
    struct sigaction action = {.sa_sigaction = on_tick, .sa_flags = SA_RESTART | SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGXCPU, &action, NULL) != 0 || !make_timer(CPU, CLOCK_THREAD_CPUTIME_ID, tid) ||
        !make_timer(WALL, CLOCK_MONOTONIC, tid)) {
        log_warn("no timer for plugin code (%s): a plugin stuck in a C function will not be stopped", strerror(errno));
        return false;
    }
    dog.tid = tid;
    return true;
}

static struct timespec span(int64_t ns)
{
    int64_t real = (ns > 0 ? ns : 1) * WATCHDOG_SLOWDOWN; /* 0 would disarm */
    return (struct timespec){.tv_sec = (time_t)(real / 1000000000), .tv_nsec = (long)(real % 1000000000)};
}

static void set_timer(enum clock which, int64_t budget_ns, unsigned stuck_ms)
{
    struct itimerspec when = {.it_value = span(budget_ns), .it_interval = span((int64_t)stuck_ms * 1000000)};
    dog.ticks[which] = 0;
    timer_settime(dog.timer[which], 0, &when, NULL);
}

void watchdog_arm(struct vm *vm, const char *what)
{
    if (!timers_ready())
        return;
    dog.what = what;
    dog.vm = vm;
    set_timer(CPU, vm->deadline_ns - vm->started_ns, vm->limits.stuck_ms);
    set_timer(WALL, vm->wall_deadline_ns - vm_wall_ns(), vm->limits.stuck_ms);
}

void watchdog_disarm(void)
{
    if (dog.tid == gettid()) {
        struct itimerspec never = {0};
        timer_settime(dog.timer[CPU], 0, &never, NULL);
        timer_settime(dog.timer[WALL], 0, &never, NULL);
    }
    dog.vm = NULL;
}
