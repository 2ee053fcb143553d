/* Ends the process when plugin code is stuck inside a C function, where no hook of Lua reaches it.
 *
 * A timer on the thread's CPU clock. Its first tick, at the budget, only puts the hook on every instruction; the second, stuck_ms
 * later, writes a line to stderr and calls _exit(76): nothing can unwind a C function in the middle, and a transaction
 * that is open is rolled back by the server. */
#pragma once

#include "script/vm.h"

/* what must stay valid until watchdog_disarm. Not nestable. */
void watchdog_arm(struct vm *vm, unsigned budget_ms, unsigned stuck_ms, const char *what);
void watchdog_disarm(void);

/* How many times slower code runs in this build. */
enum {
#if defined(__SANITIZE_ADDRESS__)
    WATCHDOG_SLOWDOWN = 4
#else
    WATCHDOG_SLOWDOWN = 1
#endif
};
