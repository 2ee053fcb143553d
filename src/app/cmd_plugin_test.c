/* tidemark plugin test: a plugin's specs, run inside the host. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/cmd_plugin.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "host/plugin_test.h"

struct test_cmd {
    struct app *app;
    struct plugin_test_options options;
    struct spec_result all;
    size_t plugins;
};

/* A plugin that is to be tested. */
struct subject {
    char *name, *dir, *folder; /* folder: what dir lies in, "plugins" */
    bool bundled;
};

static bool is_file(const char *dir, const char *name)
{
    struct stat st;
    char *path = mem_printf("%s/%s", dir, name);
    bool yes = stat(path, &st) == 0 && S_ISREG(st.st_mode);
    mem_free(path);
    return yes;
}

static void subject_free(struct subject *s)
{
    mem_free(s->name);
    mem_free(s->dir);
    mem_free(s->folder);
    *s = (struct subject){0};
}

static struct subject subject_in(const char *folder, const char *name)
{
    return (struct subject){.name = mem_dup(name), .dir = mem_printf("%s/%s", folder, name), .folder = mem_dup(folder)};
}

/* The project's plugins folder as a person would write it, where the project is the folder he stands in. */
static char *plugins_folder(const struct app *app)
{
    struct stat here, there;
    bool same = stat("plugins", &here) == 0 && stat(app->project->plugins, &there) == 0 && here.st_ino == there.st_ino &&
                here.st_dev == there.st_dev;
    return mem_dup(same ? "plugins" : app->project->plugins);
}

static int unknown(const struct app *app, const char *word, struct err *e)
{
    struct registry *r = app->registry;
    const char **names = mem_array(r->n_plugin + 1, sizeof *names);
    for (size_t i = 0; i < r->n_plugin; i++)
        names[i] = r->plugin[i]->name;
    const char *near = nearest(word, names, r->n_plugin);
    err_set(e, ERR_USAGE, near != NULL ? "no plugin '%s', did you mean '%s'?" : "no plugin '%s'%s", word,
            near != NULL ? near : ": name one of this project's, one that comes with tidemark, or a plugin's folder");
    mem_free(names);
    return -1;
}

/* A folder with plugin.lua, else a name: the project's own, then a bundled one. */
static int find_subject(const struct test_cmd *c, const char *word, struct subject *out, struct err *e)
{
    const struct app *app = c->app;
    size_t n = strlen(word);
    while (n > 1 && word[n - 1] == '/')
        n--;
    char *path = mem_ndup(word, n);
    const char *slash = strrchr(path, '/');
    if (slash != NULL && is_file(path, "plugin.lua")) {
        char *folder = slash == path ? mem_dup("/") : mem_ndup(path, (size_t)(slash - path));
        *out = subject_in(folder, slash + 1);
        mem_free(folder);
    } else if (slash == NULL) {
        char *own = app->project != NULL ? plugins_folder(app) : NULL;
        *out = subject_in(own != NULL ? own : app->share.plugins, path);
        if (own != NULL && !is_file(out->dir, "plugin.lua")) {
            subject_free(out);
            *out = subject_in(app->share.plugins, path);
            out->bundled = true;
        }
        out->bundled = out->bundled || own == NULL;
        mem_free(own);
        if (!is_file(out->dir, "plugin.lua"))
            subject_free(out);
    }
    mem_free(path);
    if (out->name != NULL)
        return 0;
    struct plugin_paths paths = c->options.paths;
    struct err ignored = {0};
    if (registry_load(&paths, NULL, &c->app->registry, &ignored) != 0)
        return err_set(e, ERR_USAGE, "no plugin '%s'", word);
    return unknown(app, word, e);
}

static int test_one(struct test_cmd *c, const struct subject *s, bool heading, struct err *e)
{
    struct spec_result r = {0};
    struct plugin_test_options o = c->options;
    if (!s->bundled)
        o.paths.project_dir = s->folder;
    struct plugin_test *t = plugin_test_open(&o);
    if (heading)
        printf("%s%s\n", c->plugins > 0 ? "\n" : "", s->name);
    int rc = plugin_test_run(t, s->name, s->dir, &r, e);
    plugin_test_close(&t);
    c->plugins++;
    c->all.passed += r.passed;
    c->all.failed += r.failed;
    c->all.skipped += r.skipped;
    c->all.recorded += r.recorded;
    return rc;
}

/* All of the project's own plugins that have specs. */
static int test_own(struct test_cmd *c, struct err *e)
{
    struct plugin_paths paths = c->options.paths;
    if (app_need_project(c->app, e) != 0 || registry_load(&paths, NULL, &c->app->registry, e) != 0)
        return -1;
    char *folder = plugins_folder(c->app);
    int rc = 0;
    for (size_t i = 0; i < c->app->registry->n_plugin && rc == 0; i++) {
        const struct plugin *p = c->app->registry->plugin[i];
        if (p->bundled || p->dir == NULL || !plugin_test_has_spec(p->dir))
            continue;
        struct subject s = subject_in(folder, p->name);
        rc = test_one(c, &s, true, e);
        subject_free(&s);
    }
    mem_free(folder);
    if (rc == 0 && c->plugins == 0)
        rc = err_set(e, ERR_USAGE, "no plugin of this project has a spec: name a plugin, or make one with tidemark plugin new");
    return rc;
}

static int run(struct test_cmd *c, const struct cli_list *names, struct err *e)
{
    struct app *app = c->app;
    if (app_begin(app, e) != 0 || app_want_project(app, e) != 0)
        return -1;
    if (c->options.record && c->options.pure)
        return err_set(e, ERR_USAGE, "--record keeps what the host makes of fixtures, so it does not go with --pure");
    c->options.ascii = app->out.ascii;
    c->options.schema_dir = app->share.schema;
    c->options.paths = (struct plugin_paths){
        .lib_dir = app->share.lua,
        .bundled_dir = app->share.plugins,
        .project_dir = app->project != NULL ? app->project->plugins : NULL,
        .limits = vm_limits_default,
        .project = app->project,
    };
    int rc = names->n == 0 ? test_own(c, e) : 0;
    for (size_t i = 0; i < names->n && rc == 0; i++) {
        struct subject s = {0};
        rc = find_subject(c, names->item[i], &s, e);
        if (rc == 0)
            rc = test_one(c, &s, names->n > 1, e);
        subject_free(&s);
    }
    if (rc != 0)
        return rc;
    printf("\n%d passed, %d failed, %d skipped\n", c->all.passed, c->all.failed, c->all.skipped);
    fflush(stdout);
    if (c->all.recorded > 0)
        log_info("recorded %d result%s: look at the difference before you commit it", c->all.recorded,
                 c->all.recorded == 1 ? "" : "s");
    if (c->all.passed + c->all.failed + c->all.skipped == 0)
        return err_set(e, ERR_USAGE, c->options.filter != NULL ? "no test fits --filter %s" : "there is no test in the specs%s",
                       c->options.filter != NULL ? c->options.filter : "");
    return c->all.failed > 0 ? 1 : 0;
}

int cmd_plugin_test(struct app *app, int argc, char **argv, struct err *e)
{
    struct test_cmd t = {.app = app};
    const struct cli_option options[] = {
        {"record", 0, CLI_FLAG, &t.options.record, NULL, "keep what comes now as the golden results, instead of comparing"},
        {"filter", 0, CLI_VALUE, &t.options.filter, "PATTERN", "only tests whose name fits this Lua pattern"},
        {"pure", 0, CLI_FLAG, &t.options.pure, NULL, "without the host, as plain busted runs them"},
        APP_OPTIONS(app),
    };
    const struct cli_command c = {
        "plugin test",
        "plugin test [NAME|DIR…] [--record] [--filter PATTERN]",
        "Runs spec/*_spec.lua of plugins with busted, inside the host: testkit.host() gives a spec the real "
        "parsers, rules and\nreports on a throw-away database. Without a name: all plugins of the project.\n"
        "Exit 0, 1 when a test fails, 78 when the plugin does not load.",
        "tidemark plugin test tube\ntidemark plugin test tube --filter golden\n"
        "tidemark plugin test plugins/tube --record",
        options,
        sizeof options / sizeof *options};
    struct cli_list names = {0};
    bool help;
    int rc = cli_parse(&c, argc, argv, false, &names, &help, e);
    if (rc == 0 && help)
        cli_help(&c);
    else if (rc == 0)
        rc = run(&t, &names, e);
    cli_free(&names);
    return rc;
}
