/* A prompt's lines: put together to chunks, run one by one in a state that lives on, their values shown.
 *
 * Globals last from line to line, locals do not; the global ctx is the ctx of the line that runs. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "data/rowset.h"
#include "script/run.h"
#include "script/vm.h"

enum prompt_state {
    PROMPT_READY,      /* it is compiled and kept: prompt_code runs it */
    PROMPT_UNFINISHED, /* the chunk goes on in the next line */
    PROMPT_WRONG,      /* e says what, "stdin:1: …" */
};

/* text: an expression ("= 1 + 1" and "1 + 1"), or statements. name stands in messages, line is the number of its first line. */
enum prompt_state prompt_compile(struct vm *vm, const char *text, const char *name, int line, struct err *e);

/* What a chunk gave back, in order: rows that a table can show, or text. */
struct prompt_value {
    char *text;
    struct rowset *rows;
};

struct prompt_call {
    unsigned width; /* of a line, for tables in Lua's form; 0: 80 */
    struct prompt_value *value;
    size_t n_value;
};

/* The code of the chunk compiled last. The values are the caller's, also after a failure. */
struct run_code prompt_code(struct prompt_call *call);
void prompt_free(struct prompt_call *call);

/* The names that word could become ("ctx.db.qu": "ctx.db.query"), each given to found; no code of the state's runs. */
void prompt_complete(struct vm *vm, const char *word, void (*found)(void *arg, const char *name), void *arg);
