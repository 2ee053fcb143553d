#include "script/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
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

/* Only one call runs at a time in a process: plugin code never waits inside a call, and calls do not nest across states.
 *
 * Calls are short and many, and setting a timer is a call to the kernel: so a timer stays set when its call has ended, and the tick
 * looks whether the call that it meets is over by now, or is to be looked at again later. */
static struct {
    timer_t timer[CLOCKS];
    bool ready; /* a forked child has no timers */
    struct vm *volatile vm;
    volatile sig_atomic_t armed[CLOCKS], over[CLOCKS];
    volatile int64_t expiry[CLOCKS]; /* when the timer ticks, on its clock */
    const char *what;
} dog;

static int64_t now_of(int which)
{
    return which == WALL ? vm_wall_ns() : vm_cpu_ns();
}

static int64_t deadline_of(const struct vm *vm, int which)
{
    return which == WALL ? vm->wall_deadline_ns : vm->deadline_ns;
}

/* Fit for a signal handler. */
static void set_timer(int which, int64_t now, int64_t left_ns)
{
    int64_t real = (left_ns > 0 ? left_ns : 1) * WATCHDOG_SLOWDOWN; /* 0 would disarm */
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(real / 1000000000), .tv_nsec = (long)(real % 1000000000)}};
    dog.expiry[which] = now + left_ns;
    dog.armed[which] = 1;
    timer_settime(dog.timer[which], 0, &when, NULL);
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

static void tick(struct vm *vm, int which)
{
    int64_t now = now_of(which), deadline = deadline_of(vm, which);
    if (dog.over[which])
        give_up(vm, which);
    if (now < deadline) { /* set for an earlier call */
        set_timer(which, now, deadline - now);
        return;
    }
    dog.over[which] = 1;
    if (vm->over == VM_NONE)
        vm->over = which == WALL ? VM_RUN : (int)vm->meter;
    lua_sethook(vm->L, vm_hook, LUA_MASKCOUNT, 1); /* documented as fit for a signal handler */
    set_timer(which, now, (int64_t)vm->limits.stuck_ms * 1000000);
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
        return;
    }
    dog.armed[which] = 0;
    if (vm != NULL)
        tick(vm, which);
    errno = saved;
}

static bool make_timer(enum clock which, clockid_t clock)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGXCPU, .sigev_value.sival_int = which};
    event.sigev_notify_thread_id = gettid();
    return timer_create(clock, &event, &dog.timer[which]) == 0;
}

static void forget_timers(void)
{
    dog.ready = false;
    dog.armed[CPU] = dog.armed[WALL] = 0;
}

static bool make_ready(void)
{
    static bool watches_forks;
    struct sigaction action = {.sa_sigaction = on_tick, .sa_flags = SA_RESTART | SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGXCPU, &action, NULL) != 0 || !make_timer(CPU, CLOCK_THREAD_CPUTIME_ID) ||
        !make_timer(WALL, CLOCK_MONOTONIC)) {
        log_warn("no timer for plugin code (%s): a plugin stuck in a C function will not be stopped", strerror(errno));
        return false;
    }
    if (!watches_forks)
        pthread_atfork(NULL, NULL, forget_timers);
    watches_forks = true;
    dog.ready = true;
    return true;
}

static void arm(const struct vm *vm, int which, int64_t now)
{
    int64_t deadline = deadline_of(vm, which);
    if (!dog.armed[which] || dog.expiry[which] > deadline)
        set_timer(which, now, deadline - now);
}

bool watchdog_arm(struct vm *vm, const char *what)
{
    if (!dog.ready && !make_ready())
        return false;
    dog.what = what;
    dog.over[CPU] = dog.over[WALL] = 0;
    atomic_signal_fence(memory_order_seq_cst);
    dog.vm = vm; /* from here on a tick that comes sees to its timer itself */
    arm(vm, CPU, vm->started_ns);
    arm(vm, WALL, vm->wall_started_ns);
    return true;
}

void watchdog_disarm(void)
{
    dog.vm = NULL;
}
