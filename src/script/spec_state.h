/* The state in which an author's own specs run: all of Lua's libraries, busted from the distribution, and the host behind one call.
 *
 * Specs are the author's tests and trusted as his shell is. What they ask of the host goes as JSON and comes back as JSON: the plugin's
 * code runs in its own sandbox, never here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct spec_host {
    void *host;
    /* One question of a spec; answer gets JSON. -1: e is raised in the spec. May wait; never touches Lua. */
    int (*call)(void *host, const char *what, const char *args, struct buf *answer, struct err *e);
    bool (*interrupted)(void *host); /* somebody pressed Ctrl-C */
};

struct spec_options {
    const char *lib_dir;    /* the folder that holds tidemark/ */
    const char *name, *dir; /* the plugin's */
    const char *const *file;
    size_t n_file;
    const char *filter; /* a Lua pattern over the tests' names; or NULL */
    bool record;        /* golden results are written, not compared */
    bool pure;          /* as in plain Lua: the host is not there */
    bool ascii;
    const struct spec_host *host;
};

struct spec_result {
    int passed, failed, skipped, recorded;
};

/* Prints a line a test on stdout. ERR_CONFIG: busted is not installed. Failing specs are no error here. */
int spec_run(const struct spec_options *o, struct spec_result *result, struct err *e);
