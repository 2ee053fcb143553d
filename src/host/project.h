/* The project folder and its config (tidemark.lua), and where our own files are. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "data/uuid.h"
#include "script/vm.h"

/* Found beside the binary: BINDIR/../share/tidemark, in the build tree as in an installed one. */
struct share {
    char *lua, *plugins, *schema;
};
int share_find(struct share *share, struct err *e);
void share_free(struct share *share);

struct owner {
    char *name;
    struct uuid id;
};

struct project {
    char *dir;  /* absolute, links resolved */
    char *file; /* DIR/tidemark.lua */
    char *plugins;
    struct owner *owner; /* by name */
    size_t n_owner;
    const struct owner *default_owner; /* or NULL */
    char *database;                    /* or NULL */
    char *zone;                        /* for display; or NULL */
    struct vm_limits limits;
};

/* The nearest folder at or above start that holds tidemark.lua, or NULL (mem_free). */
char *project_find(const char *start);

/* Loads the config. Errors are ERR_CONFIG, one line per mistake: "tidemark.lua:4: databse: unknown key, did you mean 'database'?" */
int project_load(const char *dir, const char *lua_dir, struct project **out, struct err *e);
void project_free(struct project **p);
