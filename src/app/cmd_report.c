/* tidemark report: one report on the terminal or into files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "host/report.h"

struct report_cmd {
    struct app *app;
    struct cli_list vars, outputs;
    const char *format, *who;
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

/* The suffix of -o FILE decides, unless --format does. */
static const char *format_of(const struct report_cmd *c, const char *file)
{
    const char *dot = file != NULL ? strrchr(file, '.') : NULL;
    if (c->format != NULL)
        return c->format;
    if (dot != NULL && (strcmp(dot, ".csv") == 0 || strcmp(dot, ".json") == 0))
        return dot + 1;
    return "table";
}

static void render(const struct report_cmd *c, const struct table_layout *layout, const struct rowset *rows, const char *format,
                   const struct term *to, struct buf *out)
{
    struct table_style style = term_style(to, c->app->zone);
    if (strcmp(format, "csv") == 0)
        rowset_csv(rows, out);
    else if (strcmp(format, "json") == 0)
        rowset_json(rows, out);
    else
        table_render(rows, layout, &style, out);
}

/* Into a sibling first: a reader never sees half a file, and a full disk leaves the old one. */
static int write_output(const char *file, const struct buf *text, struct err *e)
{
    char *part = mem_printf("%s.part", file);
    FILE *f = fopen(part, "we");
    bool bad = f == NULL || fwrite(text->data, 1, text->len, f) != text->len;
    if (f != NULL)
        bad = fclose(f) != 0 || bad;
    bad = bad || rename(part, file) != 0;
    int rc = bad ? err_set(e, errno == ENOSPC ? ERR_TEMPORARY : ERR_USAGE, "cannot write %s: %s", file, strerror(errno)) : 0;
    if (bad)
        remove(part);
    mem_free(part);
    return rc;
}

static int deliver(const struct report_cmd *c, const struct table_layout *layout, const struct rowset *rows, struct err *e)
{
    const struct term plain = {.ascii = c->app->out.ascii};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->outputs.n; i++) {
        struct buf text = {0};
        render(c, layout, rows, format_of(c, c->outputs.item[i]), &plain, &text);
        rc = write_output(c->outputs.item[i], &text, e);
        buf_free(&text);
    }
    if (rc == 0 && c->outputs.n == 0) {
        struct buf text = {0};
        render(c, layout, rows, format_of(c, NULL), &c->app->out, &text);
        fwrite(text.data, 1, text.len, stdout);
        buf_free(&text);
    }
    return rc;
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
    struct uuid owner;
    char owner_text[37];
    int rc = read_vars(c, vars, copies, e);
    if (rc == 0)
        rc = report_check_vars(r, vars, c->vars.n, e); /* a typing error is told before a server is started */
    if (rc == 0 && (rc = app_owner(c->app, c->who, &owner, e)) == 0 && (rc = app_need_plugin_db(c->app, e)) == 0) {
        uuid_format(&owner, owner_text);
        rc = report_run(r, c->app->plugin_session, owner_text, vars, c->vars.n, &rows, e);
    }
    if (rc == 0) {
        struct table_layout layout = report_layout(r, vars, c->vars.n);
        rc = deliver(c, &layout, rows, e);
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
    if (app_check_format(c->format, e) != 0)
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
    struct report_cmd r = {.app = app};
    const struct cli_option options[] = {
        {"var", 0, CLI_LIST, &r.vars, "K=V", "a variable of the report; may be repeated"},
        {"format", 'f', CLI_VALUE, &r.format, "FORMAT", "table, csv or json"},
        {"output", 'o', CLI_LIST, &r.outputs, "FILE", "into a file instead; .csv and .json decide the format; may be repeated"},
        {"as", 0, CLI_VALUE, &r.who, "WHO", "the owner whose data is shown: a name from the config or a UUID"},
        {"show-sql", 0, CLI_FLAG, &r.show_sql, NULL, "print the report's SQL instead of running it"},
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
    cli_free(&r.outputs);
    return rc;
}
