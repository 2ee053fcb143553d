/* tidemark report: one report on the terminal or into files. */
#include <stdio.h>
#include <string.h>

#include "app/output.h"
#include "app/stop.h"
#include "app/when.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "host/report_lua.h"

struct report_cmd {
    struct app *app;
    struct output output;
    struct cli_list vars;
    const char *who;
    bool show_sql;
};

static int list_reports(struct report_cmd *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->app->registry->n_plugin; i++) {
        const struct plugin *p = c->app->registry->plugin[i];
        for (size_t k = 0; k < p->n_report; k++, n++) {
            struct buf about = {0};
            text_escape(p->report[k]->about, c->app->out.ascii, &about);
            printf("%-22s %s\n", p->report[k]->name, about.data != NULL ? about.data : "");
            buf_free(&about);
        }
    }
    printf("\n%zu reports\n\nnext    tidemark report NAME\n        tidemark report NAME --help      its variables\n", n);
    return 0;
}

/* What --help says once a report is named: its variables. */
static void describe(const struct report *r)
{
    printf("%s\n\n%s\n\n%s\n", r->name, r->about, r->n_arg > 0 ? "variables" : "It takes no variables.");
    for (size_t i = 0; i < r->n_arg; i++) {
        const struct report_arg *a = &r->arg[i];
        char *left = mem_printf("--var %s=%s", a->name, a->fallback != NULL ? a->fallback : "… (needed)");
        printf("  %-26s %s\n", left, a->about != NULL ? a->about : "");
        mem_free(left);
    }
}

static int unknown_report(const struct registry *r, const char *name, struct err *e)
{
    const char **names = NULL;
    size_t n = 0;
    for (size_t i = 0; i < r->n_plugin; i++)
        for (size_t k = 0; k < r->plugin[i]->n_report; k++) {
            names = mem_realloc(names, (n + 1) * sizeof *names);
            names[n++] = r->plugin[i]->report[k]->name;
        }
    const char *near = nearest(name, names, n);
    if (near != NULL)
        err_set(e, ERR_USAGE, "unknown report '%s', did you mean '%s'?", name, near);
    else
        err_set(e, ERR_USAGE, "unknown report '%s'; \"tidemark report\" lists them", name);
    mem_free(names);
    return -1;
}

static int read_vars(const struct report_cmd *c, struct report_var *vars, char **copies, struct err *e)
{
    for (size_t i = 0; i < c->vars.n; i++) {
        copies[i] = mem_dup(c->vars.item[i]);
        char *equals = strchr(copies[i], '=');
        if (equals == NULL || equals == copies[i])
            return err_set(e, ERR_USAGE, "--var %s: write it as name=value", c->vars.item[i]);
        *equals = '\0';
        vars[i] = (struct report_var){copies[i], equals + 1};
    }
    return 0;
}

static int run_report(struct report_cmd *c, const struct report *r, struct err *e)
{
    struct report_var *vars = mem_array(c->vars.n, sizeof *vars);
    char **copies = mem_array(c->vars.n, sizeof *copies);
    struct rowset *rows = NULL;
    struct part_run how = {0};
    char owner_text[37];
    int rc = read_vars(c, vars, copies, e);
    if (rc == 0)
        rc = report_check_vars(r, vars, c->vars.n, e); /* a typing error is told before a server is started */
    if (rc == 0 && (rc = app_owner(c->app, c->who, &how.owner, e)) == 0)
        rc = app_need_plugin_db(c->app, e);
    if (rc == 0 && r->plugin != NULL) {
        struct when when = {0};
        rc = when_read(&when, e);
        when_set(&when, c->app, &how);
        stop_begin(r->plugin->vm);
        rc = stop_end(rc != 0 ? rc : report_run_lua(r, &how, vars, c->vars.n, &rows, e), e);
    } else if (rc == 0) {
        uuid_format(&how.owner, owner_text);
        rc = report_run(r, c->app->plugin_session, owner_text, vars, c->vars.n, &rows, e);
    }
    if (rc == 0) {
        struct table_layout layout = report_layout(r, vars, c->vars.n);
        rc = output_rows(&c->output, &layout, rows, e);
        table_layout_free(&layout);
    }
    rowset_free(&rows);
    for (size_t i = 0; i < c->vars.n; i++)
        mem_free(copies[i]);
    mem_free(copies);
    mem_free(vars);
    return rc;
}

/* The plugin a report belongs to is the part before the dot: only that one is loaded. */
static int load_one(struct report_cmd *c, const char *name, const struct report **r, struct err *e)
{
    char *plugin = mem_ndup(name, strcspn(name, "."));
    int rc = app_need_plugins(c->app, plugin, e);
    mem_free(plugin);
    if (rc != 0)
        return rc;
    if ((*r = report_find(c->app->registry, name)) != NULL)
        return 0;
    registry_free(&c->app->registry);
    if (app_need_plugins(c->app, NULL, e) != 0)
        return -1;
    return unknown_report(c->app->registry, name, e);
}

static int run(struct report_cmd *c, const struct cli_list *names, struct err *e)
{
    const struct report *r = NULL;
    if (output_check(&c->output, e) != 0)
        return -1;
    if (names->n > 1)
        return err_set(e, ERR_USAGE, "one report at a time: '%s' is one too many (variables are --var name=value)",
                       names->item[1]);
    if (app_begin(c->app, e) != 0 || app_want_project(c->app, e) != 0)
        return -1;
    if (names->n == 0)
        return app_need_plugins(c->app, NULL, e) != 0 ? -1 : list_reports(c);
    if (load_one(c, names->item[0], &r, e) != 0)
        return -1;
    if (c->show_sql) {
        fputs(r->sql_text, stdout);
        return 0;
    }
    return run_report(c, r, e);
}

/* tidemark report NAME --help */
static int explain(struct report_cmd *c, const char *name, struct err *e)
{
    const struct report *r = NULL;
    if (app_begin(c->app, e) != 0 || app_want_project(c->app, e) != 0 || load_one(c, name, &r, e) != 0)
        return -1;
    describe(r);
    return 0;
}

int cmd_report(struct app *app, int argc, char **argv, struct err *e)
{
    struct report_cmd r = {.app = app, .output = {.app = app}};
    const struct cli_option options[] = {
        {"var", 0, CLI_LIST, &r.vars, "K=V", "a variable of the report; may be repeated"},
        {"format", 'f', CLI_VALUE, &r.output.format, "FORMAT", "table, csv, json or ndjson"},
        {"output", 'o', CLI_LIST, &r.output.files, "FILE",
         "into a file instead; .csv, .json and .ndjson decide the format; may be repeated"},
        {"as", 0, CLI_VALUE, &r.who, "WHO", "the owner whose data is shown: a name from the config or a UUID"},
        {"show-sql", 0, CLI_FLAG, &r.show_sql, NULL,
         "print the report's SQL instead of running it (of one in Lua: where it is)"},
        APP_OPTIONS(app),
    };
    const struct cli_command c = {"report",
                                  "report [NAME] [--var K=V]… [--format FORMAT] [-o FILE]… [--as WHO]",
                                  "Runs a report, read-only, as the owner. Without a name it lists the reports.",
                                  "tidemark report content.top --var days=7\ntidemark report styles.top -o styles.csv",
                                  options,
                                  sizeof options / sizeof *options};
    struct cli_list names = {0};
    bool help;
    int rc = cli_parse(&c, argc, argv, false, &names, &help, e);
    if (rc == 0 && help && names.n > 0)
        rc = explain(&r, names.item[0], e);
    else if (rc == 0 && help)
        cli_help(&c);
    else if (rc == 0)
        rc = run(&r, &names, e);
    cli_free(&names);
    cli_free(&r.vars);
    output_free(&r.output);
    return rc;
}
