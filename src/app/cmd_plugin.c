/* tidemark plugin: what an author of plugins types. */
#include "app/cmd_plugin.h"

#include <stdio.h>
#include <string.h>

static const struct verb {
    const char *name, *summary;
    int (*run)(struct app *app, int argc, char **argv, struct err *e);
} verbs[] = {
    {"list", "every plugin: what it has, its version, limits and use, its last error", cmd_plugin_list},
    {"new", "writes a plugin that works at once, with fixture, spec and README", cmd_plugin_new},
    {"check", "every mistake in plugins and config, with file and line", cmd_plugin_check},
    {"test", "runs a plugin's specs inside the host, on a throw-away database", cmd_plugin_test},
    {"doc", "a plugin's page, made from its table", cmd_plugin_doc},
    {"fuzz", "mutates a plugin's fixtures and looks for crashes and broken promises", cmd_plugin_fuzz},
};
enum { N_VERBS = sizeof verbs / sizeof *verbs };

static void help(void)
{
    printf("tidemark plugin VERB [OPTION…] [ARG…]\n\n");
    for (size_t i = 0; i < N_VERBS; i++)
        printf("  %-7s %s\n", verbs[i].name, verbs[i].summary);
    printf("\n\"tidemark plugin VERB --help\" tells the rest.\n"
           "\nexample\n  tidemark plugin new tube --kind parser --from videos.json\n  tidemark plugin test tube\n");
}

int cmd_plugin(struct app *app, int argc, char **argv, struct err *e)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        help();
        return argc < 2 ? err_exit_code(ERR_USAGE) : 0;
    }
    const char *names[N_VERBS];
    for (size_t i = 0; i < N_VERBS; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(app, argc - 1, argv + 1, e);
        names[i] = verbs[i].name;
    }
    return app_bad_verb("plugin", argv[1], names, N_VERBS, "plugin list|new|check|test|doc|fuzz", e);
}
