/* A plugin's specs with the real host behind them: parsers in the plugin's own sandbox under its budgets; files, rules, reports and SQL on
 * a throw-away database that is started when a spec first asks for it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "host/plugin.h"
#include "host/throwaway.h"
#include "script/spec_state.h"

struct plugin_test_options {
    struct plugin_paths paths; /* where the plugin and the others are */
    const char *schema_dir;
    const char *filter; /* a Lua pattern over the tests' names; or NULL */
    bool record, pure, ascii;
};

struct plugin_test;

struct plugin_test *plugin_test_open(const struct plugin_test_options *o);
/* name: the plugin; dir: its folder. ERR_CONFIG: the plugin does not load, has no spec, or busted is not installed. ERR_CANCELLED: Ctrl-C. */
int plugin_test_run(struct plugin_test *t, const char *name, const char *dir, struct spec_result *result, struct err *e);
/* Does the folder hold specs? */
bool plugin_test_has_spec(const char *dir);
void plugin_test_close(struct plugin_test **t); /* also removes the database */

/* Inside: one question of a spec is answered by plugin_test_ask.c. */
struct plugin_test {
    struct plugin_test_options o;
    struct registry *registry; /* all plugins; loaded when first asked for */
    struct throwaway db;
};
int plugin_test_ask(void *host, const char *what, const char *args, struct buf *answer, struct err *e);
