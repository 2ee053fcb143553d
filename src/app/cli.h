/* The command line: options of a command, read in any order; unknown ones get the nearest match. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct cli_list {
    const char **item;
    size_t n;
};

enum cli_kind { CLI_FLAG, CLI_VALUE, CLI_LIST };

struct cli_option {
    const char *name; /* "platform": written --platform VALUE or --platform=VALUE */
    char letter;      /* 'p', or 0 */
    enum cli_kind kind;
    void *to;        /* bool *, const char **, struct cli_list * */
    const char *arg; /* "PLATFORM", for the help */
    const char *help;
};

struct cli_command {
    const char *name;    /* "ingest" */
    const char *usage;   /* "ingest [-p PLATFORM] … FILE|DIR|-…" */
    const char *about;   /* one or more sentences */
    const char *example; /* lines of commands */
    const struct cli_option *option;
    size_t n_option;
};

/* Reads argv[1..): options into their targets, the rest into *rest (cli_free). "--" ends the options; with stop_at_word the first
 * word does. ERR_USAGE for an unknown option ("unknown option --plattform, did you mean --platform?"), a missing value, a
 * value for a flag. *help is set when --help or -h was there; then nothing else is checked. */
int cli_parse(const struct cli_command *c, int argc, char **argv, bool stop_at_word, struct cli_list *rest, bool *help,
              struct err *e);
void cli_push(struct cli_list *list, const char *item);
void cli_free(struct cli_list *list);

void cli_help(const struct cli_command *c); /* on stdout */
