/* tidemark plugin check: every mistake in plugins and config at once. Needs no project, no database and no owner. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/cmd_plugin.h"
#include "base/mem.h"
#include "data/json.h"
#include "data/table.h"
#include "host/parser.h"
#include "host/plugin_check.h"
#include "host/report.h"
#include "host/rule.h"

struct check_cmd {
    struct app *app;
    const char *format;
    struct registry *registry;
    struct buf mistakes, warnings;
};

/* --- as text: mistakes as compilers write them, so that editors find the place --- */

/* Where a line's text begins, behind "file:line: "; 0: it names no place. */
static size_t place_of(const char *line, size_t len, size_t *file, size_t *digits)
{
    for (size_t i = 0; i < len; i++) {
        size_t n = line[i] == ':' ? strspn(line + i + 1, "0123456789") : 0;
        if (n > 0 && strncmp(line + i + 1 + n, ": ", 2) == 0) {
            *file = i;
            *digits = n;
            return i + n + 3;
        }
    }
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    size_t file_x = 0, file_y = 0, digits;
    place_of(x, strlen(x), &file_x, &digits);
    place_of(y, strlen(y), &file_y, &digits);
    int order = strncmp(x, y, file_x < file_y ? file_x : file_y);
    if (order == 0 && file_x != file_y)
        order = file_x < file_y ? -1 : 1;
    long line_x = strtol(x + file_x + 1, NULL, 10), line_y = strtol(y + file_y + 1, NULL, 10);
    return order != 0 ? order : line_x != line_y ? (line_x > line_y) - (line_x < line_y) : strcmp(x, y);
}

static void sort_lines(struct buf *lines)
{
    char **list = NULL;
    size_t n = 0;
    for (char *p = lines->data; p != NULL && *p != '\0';) {
        size_t len = strcspn(p, "\n");
        list = mem_realloc(list, (n + 1) * sizeof *list);
        list[n++] = mem_ndup(p, len);
        p += len + (p[len] == '\n');
    }
    if (n > 1)
        qsort(list, n, sizeof *list, by_place);
    buf_clear(lines);
    for (size_t i = 0; i < n; i++) {
        buf_printf(lines, "%s%s", i ? "\n" : "", list[i]);
        mem_free(list[i]);
    }
    mem_free(list);
}

static size_t tell(const struct term *t, const struct buf *lines, const char *level)
{
    size_t n = 0;
    struct buf shown = {0};
    for (const char *p = lines->data; p != NULL && *p != '\0';) {
        size_t len = strcspn(p, "\n"), file, digits;
        char *line = mem_ndup(p, len);
        size_t place = place_of(line, len, &file, &digits);
        buf_clear(&shown);
        text_escape(line, t->ascii, &shown);
        n++;
        if (level == NULL || place > shown.len)
            fprintf(stderr, "%s\n", shown.data);
        else
            fprintf(stderr, "%.*s%s%s\n", (int)place, shown.data, level, shown.data + place);
        mem_free(line);
        p += len + (p[len] == '\n');
    }
    buf_free(&shown);
    return n;
}

static void count(struct buf *out, size_t n, const char *one)
{
    if (n > 0)
        buf_printf(out, "%s%zu %s%s", out->len ? ", " : "", n, one, n == 1 ? "" : "s");
}

static size_t json_length(const struct plugin *p, const char *part)
{
    const cJSON *list = json_get(json_root(p->description), part, strlen(part));
    return json_kind(list) == JSON_ARRAY ? json_size(list) : 0;
}

static size_t lua_reports(const struct plugin *p)
{
    size_t n = json_length(p, "reports"), sql = 0;
    for (size_t i = 0; i < p->n_report; i++)
        sql += p->report[i]->sql != NULL;
    return n + sql;
}

static char *what_it_has(const struct plugin *p)
{
    struct buf out = {0};
    count(&out, p->n_parser, "parser");
    count(&out, p->n_rule, "rule");
    count(&out, lua_reports(p), "report");
    count(&out, json_length(p, "jobs"), "job");
    count(&out, json_length(p, "collectors"), "collector");
    count(&out, json_length(p, "config"), "setting");
    return out.len > 0 ? buf_take(&out) : mem_dup("nothing yet");
}

static void print_plugins(const struct check_cmd *c)
{
    static const struct column columns[] = {
        {"plugin", COLUMN_TEXT}, {"has", COLUMN_TEXT}, {"version", COLUMN_TEXT}, {"from", COLUMN_TEXT}};
    struct rowset *rows = rowset_new(columns, 4);
    for (size_t i = 0; i < c->registry->n_plugin; i++) {
        const struct plugin *p = c->registry->plugin[i];
        char *has = what_it_has(p);
        const char *cells[] = {p->name, has, strchr(p->version, '@') + 1, p->bundled ? "tidemark" : p->shown};
        rowset_add(rows, cells);
        mem_free(has);
    }
    struct table_layout layout = {0};
    struct table_style style = term_style(&c->app->out, NULL);
    struct buf text = {0};
    table_render(rows, &layout, &style, &text);
    fwrite(text.data, 1, text.len, stdout);
    buf_free(&text);
    rowset_free(&rows);
}

static int end_as_text(const struct check_cmd *c)
{
    const struct term *t = &c->app->err;
    size_t mistakes = tell(t, &c->mistakes, NULL), warnings = tell(t, &c->warnings, "warning: ");
    struct buf sum = {0};
    count(&sum, mistakes, "mistake");
    count(&sum, warnings, "warning");
    if (sum.len > 0)
        fprintf(stderr, "%s\n", sum.data);
    buf_free(&sum);
    if (mistakes > 0)
        return err_exit_code(ERR_CONFIG);
    print_plugins(c);
    return 0;
}

/* --- as JSON --- */

static void json_member(struct buf *out, const char *key, const char *text)
{
    buf_printf(out, "\"%s\":", key);
    if (text == NULL)
        buf_str(out, "null");
    else
        json_write_string(text, strlen(text), out);
}

/* "file:line: what" as an object; what has no place has the whole as its text. */
static void json_mistakes(struct buf *out, const char *key, const struct buf *lines)
{
    buf_printf(out, "\"%s\":[", key);
    bool first = true;
    for (const char *p = lines->data; p != NULL && *p != '\0'; first = false) {
        size_t len = strcspn(p, "\n"), file = 0, digits = 0;
        size_t text = place_of(p, len, &file, &digits);
        buf_str(out, first ? "\n  {" : ",\n  {");
        char *name = mem_ndup(p, file);
        json_member(out, "file", digits > 0 ? name : NULL);
        buf_printf(out, ",\"line\":%.*s,\"text\":", digits > 0 ? (int)digits : 4, digits > 0 ? p + file + 1 : "null");
        json_write_string(p + text, len - text, out);
        buf_char(out, '}');
        mem_free(name);
        p += len + (p[len] == '\n');
    }
    buf_str(out, "]");
}

static void json_run(struct buf *out, bool *first, const char *part, const char *name, const char *every, unsigned timeout_s)
{
    buf_str(out, *first ? "\n    {" : ",\n    {");
    *first = false;
    json_member(out, "name", name);
    buf_char(out, ',');
    json_member(out, "part", part);
    buf_char(out, ',');
    json_member(out, "every", every);
    if (timeout_s > 0)
        buf_printf(out, ",\"timeout_s\":%u}", timeout_s);
    else
        buf_str(out, ",\"timeout_s\":null}");
}

/* What runs by itself: what the schedule is made of. */
static void json_runs(struct buf *out, const struct plugin *p)
{
    bool first = true;
    buf_str(out, ",\"jobs\":[");
    for (size_t i = 0; i < p->n_rule; i++)
        json_run(out, &first, "rule", p->rule[i]->name, p->rule[i]->every, 0);
    for (size_t i = 0; i < p->n_job; i++)
        json_run(out, &first, p->job[i].platform != NULL ? "collector" : "job", p->job[i].name, p->job[i].every,
                 p->job[i].timeout_s);
    buf_char(out, ']');
}

static void json_names(struct buf *out, const struct plugin *p)
{
    buf_str(out, ",\"parsers\":[");
    for (size_t i = 0; i < p->n_parser; i++) {
        const char *name = parser_name(p->parser[i]);
        buf_str(out, i ? "," : "");
        json_write_string(name, strlen(name), out);
    }
    buf_str(out, "],\"reports\":[");
    bool first = true;
    const cJSON *reports = json_get(json_root(p->description), "reports", 7);
    for (size_t i = 0; i < json_length(p, "reports"); i++, first = false) {
        const char *name = json_text(json_get(json_at(reports, i), "name", 4));
        buf_str(out, first ? "" : ",");
        json_write_string(name, strlen(name), out);
    }
    for (size_t i = 0; i < p->n_report; i++) {
        if (p->report[i]->sql == NULL)
            continue;
        buf_str(out, first ? "" : ",");
        json_write_string(p->report[i]->name, strlen(p->report[i]->name), out);
        first = false;
    }
    buf_char(out, ']');
}

static void json_plugin(struct buf *out, const struct plugin *p)
{
    buf_char(out, '{');
    json_member(out, "name", p->name);
    buf_char(out, ',');
    json_member(out, "about", p->about);
    buf_char(out, ',');
    json_member(out, "version", p->version);
    buf_printf(out, ",\"bundled\":%s,", p->bundled ? "true" : "false");
    json_member(out, "file", p->file);
    json_names(out, p);
    json_runs(out, p);
    size_t n;
    struct plugin_capability *list = plugin_capabilities(p, &n);
    buf_str(out, ",\"capabilities\":[");
    for (size_t i = 0; i < n; i++) {
        buf_str(out, i ? ",{" : "{");
        json_member(out, "name", list[i].name);
        buf_char(out, ',');
        json_member(out, "value", list[i].value);
        buf_printf(out, ",\"granted\":%s}", list[i].granted ? "true" : "false");
    }
    buf_str(out, "]}");
    mem_free(list);
}

static int end_as_json(const struct check_cmd *c)
{
    struct buf out = {0};
    bool good = c->mistakes.len == 0;
    buf_printf(&out, "{\"ok\":%s,\n ", good ? "true" : "false");
    json_mistakes(&out, "mistakes", &c->mistakes);
    buf_str(&out, ",\n ");
    json_mistakes(&out, "warnings", &c->warnings);
    buf_str(&out, ",\n \"plugins\":[");
    for (size_t i = 0; i < c->registry->n_plugin; i++) {
        buf_str(&out, i ? ",\n  " : "\n  ");
        json_plugin(&out, c->registry->plugin[i]);
    }
    buf_str(&out, "]}\n");
    fwrite(out.data, 1, out.len, stdout);
    buf_free(&out);
    return good ? 0 : err_exit_code(ERR_CONFIG);
}

/* --- */

/* The project's config, where there is one: its mistakes are mistakes of the check, not its end. */
static void check_config(struct check_cmd *c)
{
    struct app *app = c->app;
    struct err ignored;
    char *dir = app->project_dir != NULL ? mem_dup(app->project_dir) : project_find(".");
    if (dir != NULL)
        project_check(dir, app->share.lua, &c->mistakes, &app->project, &ignored);
    mem_free(dir);
}

static int check(struct check_cmd *c, const struct cli_list *names, struct err *e)
{
    struct app *app = c->app;
    check_config(c);
    char *own =
        app->project == NULL ? project_find(".") : NULL; /* its config is wrong: its plugins are looked at all the same */
    char *own_plugins = own != NULL ? mem_printf("%s/plugins", own) : NULL;
    struct plugin_paths paths = {
        .lib_dir = app->share.lua,
        .bundled_dir = app->share.plugins,
        .project_dir = app->project != NULL ? app->project->plugins : own_plugins,
        .limits = vm_limits_default,
        .project = app->project,
    };
    int failed = registry_check(&paths, names->item, names->n, &c->registry, &c->mistakes, &c->warnings, e);
    for (size_t i = 0; !failed && i < c->registry->n_plugin; i++)
        plugin_check(c->registry->plugin[i], app->share.lua, app->project, &c->warnings);
    sort_lines(&c->warnings);
    mem_free(own);
    mem_free(own_plugins);
    if (failed)
        return -1;
    return c->format != NULL && strcmp(c->format, "json") == 0 ? end_as_json(c) : end_as_text(c);
}

int cmd_plugin_check(struct app *app, int argc, char **argv, struct err *e)
{
    struct check_cmd c = {.app = app};
    const struct cli_option options[] = {
        {"format", 0, CLI_VALUE, &c.format, "FORMAT", "text or json (mistakes, warnings, plugins with what they run)"},
        APP_OPTIONS(app),
    };
    const struct cli_command command = {
        .name = "plugin check",
        .usage = "plugin check [OPTION…] [NAME|DIR|FILE…]",
        .about = "Every mistake in the config and in plugins, the bundled ones and the project's own (or those named), each\n"
                 "with file, line and what to do. Needs neither project nor database. Exit 78 when there is a mistake.",
        .example = "  tidemark plugin check\n  tidemark plugin check plugins/tube",
        .option = options,
        .n_option = sizeof options / sizeof *options,
    };
    struct cli_list names = {0};
    bool help = false;
    int rc = cli_parse(&command, argc, argv, false, &names, &help, e);
    if (rc == 0 && help)
        cli_help(&command);
    else if (rc == 0 && c.format != NULL && strcmp(c.format, "text") != 0 && strcmp(c.format, "json") != 0)
        rc = err_set(e, ERR_USAGE, "--format %s: text or json", c.format);
    else if (rc == 0 && app_begin(app, e) == 0)
        rc = check(&c, &names, e);
    else
        rc = -1;
    registry_free(&c.registry);
    buf_free(&c.mistakes);
    buf_free(&c.warnings);
    cli_free(&names);
    return rc;
}
