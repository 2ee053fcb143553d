/* A new plugin: what a payload of an unknown platform might mean (lua/tidemark/scaffold.lua), written as files that work at once. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "host/plugin.h"

struct scaffold_options {
    const char *name;
    bool parser, rule, report; /* at least one */
    bool lua;                  /* the report in Lua, not in SQL */
    const char *payload;       /* a file, or NULL: the parser is for an invented one */
    const char *plugins;       /* the folder that gets NAME/ */
    const char *lib_dir;       /* the folder that holds tidemark/ */
    const struct registry *bundled;
};

/* ERR_USAGE: a bad name, one of a bundled plugin, one that is there already. */
int scaffold_check(const struct scaffold_options *o, struct err *e);

/* Makes PLUGINS/NAME, whole or not at all. said gets what is proposed, a line each; files the files' names, joined by blanks.
 * ERR_INPUT: the payload cannot be read, or nothing can be made of it. */
int scaffold_make(const struct scaffold_options *o, struct buf *said, struct buf *files, struct err *e);
