/* tidemark plugin new: a plugin that works at once, from a payload or from nothing. */
#include <stdio.h>
#include <string.h>

#include "app/cmd_plugin.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "host/scaffold.h"

struct new_cmd {
    struct app *app;
    struct cli_list kinds;
    const char *from, *dir;
    struct scaffold_options options;
};

/* "--kind parser,rule": sets what is wanted. */
static int take_kinds(struct new_cmd *c, struct err *e)
{
    static const char *const known[] = {"parser", "rule", "report"};
    bool *const to[] = {&c->options.parser, &c->options.rule, &c->options.report};
    for (size_t i = 0; i < c->kinds.n; i++) {
        const char *s = c->kinds.item[i];
        for (bool more = true; more;) {
            size_t n = strcspn(s, ","), k = 0;
            while (k < 3 && (strlen(known[k]) != n || strncmp(known[k], s, n) != 0))
                k++;
            if (k == 3) {
                char *word = mem_ndup(s, n);
                const char *near = nearest(word, known, 3);
                err_set(e, ERR_USAGE, near != NULL ? "--kind '%s' is not known, did you mean '%s'?" : "--kind '%s': %s", word,
                        near != NULL ? near : "must be parser, rule or report (several: --kind parser,rule)");
                mem_free(word);
                return -1;
            }
            *to[k] = true;
            more = s[n] == ',';
            s += n + 1;
        }
    }
    return 0;
}

static int check(struct new_cmd *c, const struct cli_list *names, struct err *e)
{
    if (names->n == 0)
        return err_set(e, ERR_USAGE, "which name? tidemark plugin new NAME --kind parser|rule|report");
    if (names->n > 1)
        return err_set(e, ERR_USAGE, "plugin new makes one plugin, not %zu", names->n);
    c->options.name = names->item[0];
    c->options.payload = c->from;
    if (take_kinds(c, e) != 0)
        return -1;
    if (c->kinds.n == 0 && c->from == NULL)
        return err_set(e, ERR_USAGE, "which kind? --kind parser, rule or report (several: --kind parser,rule)");
    c->options.parser = c->options.parser || c->kinds.n == 0;
    if (c->from != NULL && !c->options.parser)
        return err_set(e, ERR_USAGE, "--from gives a payload to make a parser from: it goes with --kind parser");
    if (c->options.lua && !c->options.report)
        return err_set(e, ERR_USAGE, "--lua makes the report in Lua: it goes with --kind report");
    return 0;
}

static void tell(const struct new_cmd *c, const struct buf *said, const struct buf *files)
{
    const struct scaffold_options *o = &c->options;
    char *path = mem_printf("%s/%s", c->dir != NULL ? c->dir : "plugins", o->name);
    const char *word = c->dir != NULL ? path : o->name; /* a plugin that no project has is named by its folder */
    printf("made %s: %s\n\n%s\nnext    ", path, files->data, said->data != NULL ? said->data : "");
    if (c->dir == NULL)
        printf("tidemark plugin check %s\n        ", word);
    printf("tidemark plugin test %s%s\n", word, o->parser ? " --record" : "");
    if (o->payload != NULL && c->dir == NULL)
        printf("        tidemark ingest --dry-run %s\n", o->payload);
    if (o->rule && c->dir == NULL)
        printf("        tidemark learn %s.weekend --dry-run\n", o->name);
    if (o->report && c->dir == NULL)
        printf("        tidemark report %s.top\n", o->name);
    mem_free(path);
}

static int run(struct new_cmd *c, const struct cli_list *names, struct err *e)
{
    struct app *app = c->app;
    struct buf said = {0}, files = {0};
    if (check(c, names, e) != 0 || app_begin(app, e) != 0)
        return -1;
    if (c->dir == NULL && app_need_project(app, e) != 0)
        return -1;
    /* only the bundled ones: a broken plugin of the project's own is no reason not to begin another */
    struct plugin_paths paths = {.lib_dir = app->share.lua, .bundled_dir = app->share.plugins, .limits = vm_limits_default};
    c->options.plugins = c->dir != NULL ? c->dir : app->project->plugins;
    c->options.lib_dir = app->share.lua;
    if (registry_load(&paths, NULL, &app->registry, e) != 0)
        return -1;
    c->options.bundled = app->registry;
    int rc = scaffold_check(&c->options, e);
    if (rc == 0)
        rc = scaffold_make(&c->options, &said, &files, e);
    if (rc == 0)
        tell(c, &said, &files);
    buf_free(&said);
    buf_free(&files);
    return rc;
}

int cmd_plugin_new(struct app *app, int argc, char **argv, struct err *e)
{
    struct new_cmd n = {.app = app};
    const struct cli_option options[] = {
        {"kind", 0, CLI_LIST, &n.kinds, "KIND", "parser, rule or report; several: --kind parser,rule (parser with --from)"},
        {"from", 0, CLI_VALUE, &n.from, "FILE",
         "a payload of the platform (JSON, NDJSON, CSV): the parser is proposed from it"},
        {"lua", 0, CLI_FLAG, &n.options.lua, NULL, "the report in Lua, not in SQL"},
        {"dir", 0, CLI_VALUE, &n.dir, "DIR", "another plugins folder than the project's"},
        APP_OPTIONS(app),
    };
    const struct cli_command c = {
        "plugin new",
        "plugin new NAME --kind parser|rule|report [--from PAYLOAD]",
        "Writes a plugin that works at once: plugin.lua, a fixture, a spec and a README. From a payload "
        "it proposes which\nvalues are the id, the title, the counts …, and says how sure that is.",
        "tidemark plugin new tube --from videos.json\n"
        "tidemark plugin new tube --kind parser,rule,report --from videos.json\n"
        "tidemark plugin new weekly --kind report --lua",
        options,
        sizeof options / sizeof *options};
    struct cli_list names = {0};
    bool help;
    int rc = cli_parse(&c, argc, argv, false, &names, &help, e);
    if (rc == 0 && help)
        cli_help(&c);
    else if (rc == 0)
        rc = run(&n, &names, e);
    cli_free(&n.kinds);
    cli_free(&names);
    return rc;
}
