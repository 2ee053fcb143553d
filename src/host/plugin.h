/* A plugin: one Lua file or a folder with plugin.lua (and reports/NAME.sql), checked against the contract when it is loaded.
 *
 * Loading runs the file once with no host API in reach and lists every mistake at once, each "file:line: path: what". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "script/vm.h"

struct parser_spec; /* host/parser.h */
struct report;      /* host/report.h */
struct rule;        /* host/rule.h */
struct json_doc;    /* data/json.h */
struct project;     /* host/project.h */

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
    char *shown;                     /* how messages call its file: "plugins/x/plugin.lua" */
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
    const struct project *project; /* or NULL; its config's limits go before those above */
};

struct registry {
    struct plugin **plugin; /* by name */
    size_t n_plugin;
};

/* Loads all of them: bundled ones, then the project's own; a project plugin with a bundled one's name replaces it. ERR_CONFIG with all
 * mistakes of all plugins, a line each, when any is invalid. only: NULL or the one plugin name that is wanted (a platform):
 * the others are not run, which keeps a command fast. */
int registry_load(const struct plugin_paths *paths, const char *only, struct registry **out, struct err *e);
/* For a check: every mistake and warning of the plugins named (none: all), a line each, however many. A name is a plugin's, its folder
 * or one of its files. *out has those without a mistake. -1: not a mistake in a plugin but in what was typed, or a folder that
 * cannot be read. */
int registry_check(const struct plugin_paths *paths, const char *const *names, size_t n, struct registry **out,
                   struct buf *mistakes, struct buf *warnings, struct err *e);
void registry_free(struct registry **r);
const struct plugin *registry_find(const struct registry *r, const char *name);

/* What it declares, each with whether the project grants it. n of them; the list is the caller's (mem_free), its texts are not. */
struct plugin_capability {
    const char *name;  /* "http", "tables", "own_statistics" */
    const char *value; /* a host, a table; NULL for own_statistics */
    bool granted;
};
struct plugin_capability *plugin_capabilities(const struct plugin *p, size_t *n);

/* What to write into tidemark.lua so that it gets a capability: "plugins = { x = { grant = { http = { "a.com" } } } }" (mem_free).
 * value NULL: own_statistics. */
char *plugin_grant_line(const struct plugin *p, const char *capability, const char *value);

/* The first 12 hex digits of the SHA-256 of a folder's Lua and SQL (spec and fixtures left out), 13 bytes with the NUL. */
int plugin_code_digest(const char *dir, char hex[13], struct err *e);
