/* The state in which the host's own Lua runs: analyses, discipline, playbook, explanations (lua/tidemark). No plugin is loaded into
 * it, so nothing that a plugin does to its own libraries can reach a number of the evidence. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "data/frame.h"
#include "script/vm.h"

enum trusted_kind { TRUSTED_FRAME, TRUSTED_JSON, TRUSTED_TEXT };

struct trusted_arg {
    enum trusted_kind kind;
    const struct frame *frame; /* a list of rows */
    const char *text;          /* JSON, arrives as tables of the callee's own; or a text. NULL: nil */
};

enum { TRUSTED_ARGS_MAX = 8 };

/* A state for trusted_call. lib_dir is the folder that holds tidemark/; budget_ms and memory hold for each call. */
struct vm *trusted_open(const char *lib_dir, unsigned budget_ms, size_t memory);

/* require(module)[function](args…), its one result as JSON. ERR_BUG: our own code failed; ERR_PLUGIN: over a budget. */
int trusted_call(struct vm *vm, const char *module, const char *function, const struct trusted_arg *args, size_t n,
                 struct buf *json, struct err *e);
