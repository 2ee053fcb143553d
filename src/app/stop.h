/* Ctrl-C while plugin code computes: the loop, which hears of signals, does not run then. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "script/vm.h"

/* From now on SIGINT and SIGTERM also end what vm is at; a second one ends the process. After loop_catch_signals. */
void stop_begin(struct vm *vm);
/* The handlers as they were before. rc is the run's: one that a signal ended is ERR_CANCELLED. Returns rc. */
int stop_end(int rc, struct err *e);
