#include "app/stop.h"

#include <signal.h>
#include <stddef.h>

#include "script/part_call.h"

enum { N = 2 };
static const int numbers[N] = {SIGINT, SIGTERM};
static struct sigaction before[N];
static struct vm *volatile at_work;
static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    if (stopped) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    stopped = 1;
    part_stop(at_work);
    for (size_t i = 0; i < N; i++) /* the loop's: it only writes to a pipe */
        if (numbers[i] == number && before[i].sa_handler != SIG_DFL && before[i].sa_handler != SIG_IGN)
            before[i].sa_handler(number);
}

void stop_begin(struct vm *vm)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    stopped = 0;
    at_work = vm;
    for (size_t i = 0; i < N; i++)
        sigaction(numbers[i], &action, &before[i]);
}

int stop_end(int rc, struct err *e)
{
    for (size_t i = 0; i < N; i++)
        sigaction(numbers[i], &before[i], NULL);
    at_work = NULL;
    return rc != 0 && stopped ? err_set(e, ERR_CANCELLED, "%s", "stopped by a signal") : rc;
}
