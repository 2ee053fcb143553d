/* tidemark run: a script of the user's own, or a plugin's job, once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/output.h"
#include "app/stop.h"
#include "app/when.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "host/part_run.h"
#include "host/report.h"
#include "host/rule.h"
#include "script/part_call.h"

struct run_cmd {
    struct app *app;
    struct output output;
    struct when when;
    const char *who;
    bool read_only;
};

static void print_to(void *arg, const char *text, size_t len)
{
    output_text(arg, text, len);
}

/* --- a script -------------------------------------------------------------------------------------------------------------- */

static bool is_script(const char *word)
{
    size_t n = strlen(word);
    return strchr(word, '/') != NULL || (n > 4 && strcmp(word + n - 4, ".lua") == 0);
}

/* What Lua would call "cannot read" belongs to the one who typed the name. */
static int check_readable(const char *path, struct err *e)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return err_set(e, ERR_INPUT, "%s is a folder: name a Lua file", path);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return err_set(e, ERR_INPUT, "%s is no file: name a Lua file", path);
    if (access(path, R_OK) != 0)
        return err_set(e, ERR_INPUT, "%s: %s", path, strerror(errno));
    return 0;
}

/* The script is compiled before anything else is asked for: a typing error is told before a server is started. */
static int load_script(const struct run_cmd *c, const char *path, const struct part_print *print, struct vm **vm, struct err *e)
{
    if (check_readable(path, e) != 0)
        return -1;
    const char *slash = strrchr(path, '/');
    char *dir = slash == NULL ? mem_dup(".") : slash == path ? mem_dup("/") : mem_ndup(path, (size_t)(slash - path));
    const struct vm_limits *limits = c->app->project != NULL ? &c->app->project->limits : NULL;
    *vm = vm_new(slash != NULL ? slash + 1 : path, c->app->share.lua, dir, limits);
    mem_free(dir);
    return part_script_load(*vm, path, path, e) != 0 ? -1 : part_print_to(*vm, print, e);
}

static int run_part(struct run_cmd *c, struct part_run *part, struct part_call *call, struct err *e)
{
    struct app *app = c->app;
    if (app_owner(app, c->who, &part->owner, e) != 0 || app_need_plugin_db(app, e) != 0)
        return -1;
    when_set(&c->when, app, part);
    part->read_only = c->read_only;
    const struct run_code code = part_code(call);
    stop_begin(part->vm);
    int rc = stop_end(part_run(part, &code, e), e);
    const struct table_layout as_it_comes = {0};
    if (rc == 0 && call->rows != NULL)
        return output_rows(&c->output, &as_it_comes, call->rows, e);
    if (rc == 0 && c->output.files.n > 0)
        log_warn("%s gave back no rows: %s was not written", part->what, c->output.files.item[0]);
    return rc;
}

static int run_script(struct run_cmd *c, const struct cli_list *words, struct err *e)
{
    const char *path = words->item[0];
    struct part_print print = {.write = print_to, .arg = c->app};
    struct part_arg *args = mem_array(words->n, sizeof *args);
    for (size_t i = 1; i < words->n; i++)
        args[i - 1] = (struct part_arg){.type = PART_TEXT, .text = words->item[i]};
    struct part_call call = {.arg = args, .n_arg = words->n - 1};
    struct vm *vm = NULL;
    int rc = load_script(c, path, &print, &vm, e);
    if (rc == 0) {
        struct part_run part = {.vm = vm, .kind = RUN_SCRIPT, .what = vm_name(vm)};
        rc = run_part(c, &part, &call, e);
    }
    rowset_free(&call.rows);
    vm_free(&vm);
    mem_free(args);
    return rc;
}

/* --- a plugin's job -------------------------------------------------------------------------------------------------------- */

static const struct plugin_job *find_job(const struct registry *r, const char *name, const struct plugin **of)
{
    for (size_t i = 0; i < r->n_plugin; i++)
        for (size_t k = 0; k < r->plugin[i]->n_job; k++)
            if (strcmp(r->plugin[i]->job[k].name, name) == 0) {
                *of = r->plugin[i];
                return &r->plugin[i]->job[k];
            }
    return NULL;
}

static int unknown_job(const struct registry *r, const char *name, struct err *e)
{
    if (report_find(r, name) != NULL)
        return err_set(e, ERR_USAGE, "%s is a report: type \"tidemark report %s\"", name, name);
    if (rule_find(r, name) != NULL)
        return err_set(e, ERR_USAGE, "%s is a rule: type \"tidemark learn %s\"", name, name);
    const char **names = NULL;
    struct buf list = {0};
    size_t n = 0;
    for (size_t i = 0; i < r->n_plugin; i++)
        for (size_t k = 0; k < r->plugin[i]->n_job; k++) {
            if (r->plugin[i]->job[k].platform != NULL)
                continue;
            names = mem_realloc(names, (n + 1) * sizeof *names);
            names[n++] = r->plugin[i]->job[k].name;
            buf_printf(&list, "%s%s", list.len > 0 ? ", " : "", r->plugin[i]->job[k].name);
        }
    const char *near = nearest(name, names, n);
    if (near != NULL)
        err_set(e, ERR_USAGE, "unknown job '%s', did you mean '%s'?", name, near);
    else if (n > 0)
        err_set(e, ERR_USAGE, "unknown job '%s' (there are: %s); a script's name ends in .lua", name, list.data);
    else
        err_set(e, ERR_USAGE, "unknown job '%s': no plugin has a job; a script's name ends in .lua", name);
    mem_free(names);
    buf_free(&list);
    return -1;
}

/* The plugin a job belongs to is the part before the dot: only that one is loaded. */
static int need_job(struct run_cmd *c, const char *name, const struct plugin **p, const struct plugin_job **job, struct err *e)
{
    char *plugin = mem_ndup(name, strcspn(name, "."));
    int rc = app_need_plugins(c->app, plugin, e);
    mem_free(plugin);
    if (rc != 0)
        return rc;
    if ((*job = find_job(c->app->registry, name, p)) == NULL) {
        registry_free(&c->app->registry);
        return app_need_plugins(c->app, NULL, e) != 0 ? -1 : unknown_job(c->app->registry, name, e);
    }
    if ((*job)->platform != NULL)
        return err_set(e, ERR_USAGE, "%s is a collector: it runs in the daemon only", name);
    return 0;
}

static int run_job(struct run_cmd *c, const struct cli_list *words, struct err *e)
{
    const struct plugin *p = NULL;
    const struct plugin_job *job = NULL;
    if (words->n > 1)
        return err_set(e, ERR_USAGE, "a job takes no arguments: '%s' is one too many (options stand before the name)",
                       words->item[1]);
    if (need_job(c, words->item[0], &p, &job, e) != 0)
        return -1;
    struct part_call call = {.table = "jobs", .name = job->name};
    struct part_run part = {.plugin = p, .vm = p->vm, .kind = RUN_JOB, .what = job->name};
    if (job->timeout_s > 0)
        part_time_limit(p->vm, job->timeout_s * 1000, "the job's timeout");
    int64_t began = clock_mono_us();
    int rc = run_part(c, &part, &call, e);
    if (rc == 0)
        log_info("%s: done in %.1f s", job->name, (double)(clock_mono_us() - began) / 1e6);
    rowset_free(&call.rows);
    return rc;
}

/* --- the command ------------------------------------------------------------------------------------------------------------ */

static int run(struct run_cmd *c, const struct cli_list *words, struct err *e)
{
    if (words->n == 0)
        return err_set(e, ERR_USAGE, "what is to run? Name a Lua file or a plugin's job: tidemark run SCRIPT.lua");
    if (output_check(&c->output, e) != 0 || app_begin(c->app, e) != 0 || when_read(&c->when, e) != 0 ||
        app_want_project(c->app, e) != 0)
        return -1;
    return is_script(words->item[0]) ? run_script(c, words, e) : run_job(c, words, e);
}

int cmd_run(struct app *app, int argc, char **argv, struct err *e)
{
    struct run_cmd c = {.app = app, .output = {.app = app}};
    const struct cli_option options[] = {
        {"as", 0, CLI_VALUE, &c.who, "WHO", "whose data: a name from the config or a UUID"},
        {"owner", 0, CLI_VALUE, &c.who, "WHO", "the same"},
        {"as-of", 0, CLI_VALUE, &c.when.as_of_text, "TIME", "the run's clock, ctx.as_of: 2026-03-01T12:00:00Z or now-7d"},
        {"timeout", 0, CLI_VALUE, &c.when.timeout_text, "SPAN", "how long it may take; 60 s unless the config or the job says"},
        {"read-only", 0, CLI_FLAG, &c.read_only, NULL, "it cannot write, whatever it tries"},
        {"format", 'f', CLI_VALUE, &c.output.format, "FORMAT", "of the rows that it returns: table, csv, json or ndjson"},
        {"output", 'o', CLI_LIST, &c.output.files, "FILE",
         "into a file instead; its suffix decides the format; may be repeated"},
        APP_OPTIONS(app),
    };
    const struct cli_command cmd = {
        "run",
        "run [OPTION…] SCRIPT.lua [ARG…]\ntidemark run [OPTION…] JOB",
        "Runs a Lua script, or a plugin's job, once, as the owner. The script is a chunk that is called with the plugin API "
        "and "
        "the words behind its name:\n\n  local ctx, args = ...\n  return ctx.db.query(\"SELECT * FROM tidemark.accounts LIMIT "
        "$1\", "
        "tonumber(args[1]))\n\nIt reaches ctx, json, time, stats and, with require, tidemark's Lua and the script's own "
        "folder. "
        "print writes to standard output, ctx.log to standard error; a list of rows that it returns is printed. Options stand "
        "before the name; what stands behind it is the script's.",
        "tidemark run weekly_report.lua 7\ntidemark run --format csv -o week.csv weekly_report.lua 7",
        options,
        sizeof options / sizeof *options};
    struct cli_list words = {0};
    bool help;
    int rc = cli_parse(&cmd, argc, argv, true, &words, &help, e);
    if (rc == 0 && help)
        cli_help(&cmd);
    else if (rc == 0)
        rc = run(&c, &words, e);
    cli_free(&words);
    output_free(&c.output);
    return rc;
}
