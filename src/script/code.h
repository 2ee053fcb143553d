/* A plugin's code at work: its table checked and described, its functions called. What goes in and comes out is JSON, so that
 * nobody above this room meets Lua. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "data/json.h"
#include "script/vm.h"

/* Runs the file, checks the table it returns (lua/tidemark/contract.lua) and keeps it in the state. description is what contract.lua
 * makes of it. name is what the plugin has to be called, shown how messages call the file. ERR_CONFIG with all mistakes, a line each. */
int code_load(struct vm *vm, const char *path, const char *shown, const char *name, struct json_doc **description,
              struct err *e);

/* What the request knew beside the document; members may be NULL. */
struct code_input {
    const char *platform, *url, *format;
    int status;          /* 0: unknown */
    int64_t observed_at; /* microseconds */
};

/* parsers[parser].match(doc, input): how many conditions are met; -1 in score when it is not this parser's. */
int code_match(struct vm *vm, const char *parser, const cJSON *doc, const struct code_input *in, int *score, struct err *e);

/* Does text fit the Lua pattern? */
int code_fits(struct vm *vm, const char *parser, const char *text, const char *pattern, bool *fits, struct err *e);

/* parsers[parser].parse(doc, out, input). events is an array of what it called, in order: ["post", {…}], ["counts", {…}],
 * ["account", {…}], ["skip", reason, n], ["bad", code, text, item], ["refuse", code, text]. Too many rows is ERR_INPUT. */
int code_parse(struct vm *vm, const char *parser, const cJSON *doc, const struct code_input *in, struct json_doc **events,
               struct err *e);
