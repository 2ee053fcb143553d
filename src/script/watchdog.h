/* Ends the process when plugin code is stuck inside a C function, where no hook of Lua reaches it.
 *
 * Two timers: on the thread's CPU clock for a function that works without end, and on the wall's for one that sleeps or waits. The first
 * tick of either, at the end of its budget, only marks the call as over and puts the hook on every instruction; the second,
 * stuck_ms later, writes a line to stderr and calls _exit(76): nothing can unwind a C function in the middle, and a
 * transaction that is open is rolled back by the server. */
#pragma once

#include "script/vm.h"

/* Guards the call that begins, until its deadlines in vm. what must stay valid until watchdog_disarm. Not nestable. false: there are no
 * timers; then the hook has to look at the clocks. */
bool watchdog_arm(struct vm *vm, const char *what);
void watchdog_disarm(void);

/* How many times slower code runs in this build. */
enum {
#if defined(__SANITIZE_ADDRESS__)
    WATCHDOG_SLOWDOWN = 4
#else
    WATCHDOG_SLOWDOWN = 1
#endif
};
