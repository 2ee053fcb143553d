/* A plugin's code at work: its table checked and described, its functions called. What goes in and comes out is JSON, so that
 * nobody above this room meets Lua. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "script/vm.h"

/* Runs the file and keeps the table it returns in the state. A copy of it is checked against the contract
 * (lua/tidemark/contract.lua) in the state checker (code_checker), where nothing that the plugin does to its own libraries reaches.
 * name is what the plugin has to be called, shown how messages call the file. description is what the contract makes of it, also
 * with its warnings. ERR_CONFIG with all mistakes, a line each; they are added to *mistakes as well, however many. */
struct code_file {
    const char *path, *shown, *name;
    bool lines; /* the description says where each entry stands */
};
int code_check(struct vm *vm, struct vm *checker, const struct code_file *file, struct json_doc **description,
               struct buf *mistakes, struct err *e);
/* The state for it. One serves any number of plugins. */
struct vm *code_checker(const char *lib_dir);

/* The same for one plugin on its own. */
int code_load(struct vm *vm, const char *path, const char *shown, const char *name, struct json_doc **description,
              struct err *e);

/* Runs the file of a project's config and gives what lua/tidemark/contract_project.lua makes of its table; mistakes as above. */
int code_config(struct vm *vm, struct vm *checker, const struct code_file *file, struct json_doc **config, struct buf *mistakes,
                struct err *e);

/* The plugin's settings (a JSON object), read only: input.config in its parsers. */
int code_set_config(struct vm *vm, const cJSON *config, struct err *e);

/* What the request knew beside the document; members may be NULL. */
struct code_input {
    const char *platform, *url, *format, *content;
    int status;          /* 0: unknown */
    int64_t observed_at; /* microseconds */
};

/* parsers[parser].match(doc, input): how many conditions are met; -1 in score when it is not this parser's. */
int code_match(struct vm *vm, const char *parser, const cJSON *doc, const struct code_input *in, int *score, struct err *e);

/* Does text fit the Lua pattern? */
int code_fits(struct vm *vm, const char *parser, const char *text, const char *pattern, bool *fits, struct err *e);

/* What the one capture of a Lua pattern takes of text, added to capture; nothing is added where it does not fit. */
int code_capture(struct vm *vm, const char *parser, const char *text, const char *pattern, struct buf *capture, struct err *e);

/* parsers[parser].parse(doc, out, input). events is an array of what it called, in order: ["post", {…}], ["counts", {…}],
 * ["account", {…}], ["skip", reason, n], ["bad", code, text, item], ["refuse", code, text]. Too many rows is ERR_INPUT. */
int code_parse(struct vm *vm, const char *parser, const cJSON *doc, const struct code_input *in, struct json_doc **events,
               struct err *e);
