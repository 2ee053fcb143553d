/* A plugin: one Lua file or a folder with plugin.lua (and reports/NAME.sql), checked against the contract when it is loaded.
 *
 * Loading runs the file once with no host API in reach and lists every mistake at once, each "file:line: path: what". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "script/vm.h"

struct parser_spec; /* host/parser.h */
struct report;      /* host/report.h */
struct rule;        /* host/rule.h */
struct json_doc;    /* data/json.h */

/* What the project's config grants of what the plugin declares under capabilities. */
struct plugin_grant {
    char **http; /* hosts; "*.example.com" is any below it */
    size_t n_http;
    char **table; /* "schema.table" */
    size_t n_table;
    char *role; /* its statements run under it; or NULL: authenticated */
    bool own_statistics;
};

/* A job or a collector. */
struct plugin_job {
    char *name, *about;
    char *every;        /* @daily, 6h, five cron fields; NULL: by hand only */
    char *platform;     /* of a collector, else NULL */
    unsigned timeout_s; /* 0: as usual */
};

struct plugin {
    char *name, *about, *file, *dir; /* dir NULL for a single file */
    char *version;                   /* "name@" and the first 12 hex digits of the SHA-256 of its files */
    bool bundled;
    struct vm *vm;
    struct parser_spec **parser;
    size_t n_parser;
    struct report **report;
    size_t n_report;
    struct rule **rule;
    size_t n_rule;
    struct plugin_job *job; /* jobs, then collectors, each by name */
    size_t n_job;
    struct json_doc *description; /* what lua/tidemark/contract.lua says of its table: reports, config, capabilities, … */
    char *config;                 /* its settings, checked, with defaults: a JSON object (ctx.config, input.config) */
    struct plugin_grant grant;
};

struct plugin_paths {
    const char *lib_dir;     /* …/lua */
    const char *bundled_dir; /* …/plugins */
    const char *project_dir; /* PROJECT/plugins or NULL */
    struct vm_limits limits;
};

struct registry {
    struct plugin **plugin; /* by name */
    size_t n_plugin;
};

/* Loads all of them: bundled ones, then the project's own; a project plugin with a bundled one's name replaces it. ERR_CONFIG with all
 * mistakes of all plugins, a line each, when any is invalid. only: NULL or the one plugin name that is wanted (a platform):
 * the others are not run, which keeps a command fast. */
int registry_load(const struct plugin_paths *paths, const char *only, struct registry **out, struct err *e);
void registry_free(struct registry **r);
const struct plugin *registry_find(const struct registry *r, const char *name);

/* The first 12 hex digits of the SHA-256 of a folder's Lua and SQL (spec and fixtures left out), 13 bytes with the NUL. */
int plugin_code_digest(const char *dir, char hex[13], struct err *e);
