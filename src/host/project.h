/* The project folder and its config (tidemark.lua), and where our own files are. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/uuid.h"
#include "script/vm.h"

/* Found beside the binary: BINDIR/../share/tidemark, in the build tree as in an installed one. */
struct share {
    char *lua, *plugins, *schema;
};
int share_find(struct share *share, struct err *e);
void share_free(struct share *share);

struct json_doc; /* data/json.h */

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
    char *plugin_database;             /* the same one, by the login of plugins' statements; or NULL */
    char *zone;                        /* for display; or NULL */
    struct vm_limits limits;           /* for all plugins */
    char *source;                      /* the file's text: mistakes are said with its lines */
    struct json_doc *config;           /* what lua/tidemark/contract_project.lua makes of it */
};

/* The nearest folder at or above start that holds tidemark.lua, or NULL (mem_free). */
char *project_find(const char *start);

/* Loads the config. Errors are ERR_CONFIG, one line per mistake: "tidemark.lua:4: databse: unknown key, did you mean 'database'?" */
int project_load(const char *dir, const char *lua_dir, struct project **out, struct err *e);
/* The same; all mistakes, however many, are added to *mistakes, a line each. */
int project_check(const char *dir, const char *lua_dir, struct buf *mistakes, struct project **out, struct err *e);
void project_free(struct project **p);

/* The limits of one plugin: those for all, and its own over them. project NULL: the defaults. */
struct vm_limits project_limits(const struct project *p, const char *plugin);
