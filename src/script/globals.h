/* Which globals a plugin's file reads and assigns, also in functions that have not run: a typing error in a name is nil until then.
 * Looks at the compiled chunk, so that what is a local is known exactly. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "script/vm.h"

struct global_use {
    char *name;
    int line;
    bool assigned; /* else read */
    bool known;    /* a plugin has it */
    char *near;    /* else the one it has that is called nearly so, or NULL */
};

struct globals {
    struct global_use *use; /* by line; the first of each name and kind */
    size_t n;
};

/* vm: a state in which no plugin has run. ERR_CONFIG: the file does not compile. */
int globals_of(struct vm *vm, const char *path, const char *shown, struct globals *out, struct err *e);
void globals_free(struct globals *g);

/* What a plugin uses in place of a global that Lua has elsewhere ("os"), or NULL. */
const char *globals_instead(const char *name);
