/* tidemark plugin doc: a plugin's page, or without a name what a plugin's table may hold. Needs no project. */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/cmd_plugin.h"
#include "base/mem.h"
#include "data/text.h"
#include "host/plugin_doc.h"

/* The page holds names and texts of a plugin that may be a stranger's: on a terminal they do nothing. */
static void print_page(const struct term *t, const struct buf *page, bool as_text)
{
    struct buf shown = {0};
    for (const char *p = page->data; as_text && p != NULL && *p != '\0';) {
        size_t len = strcspn(p, "\n");
        char *line = mem_ndup(p, len);
        text_escape(line, t->ascii, &shown);
        buf_char(&shown, '\n');
        mem_free(line);
        p += len + (p[len] == '\n');
    }
    const struct buf *out = as_text ? &shown : page;
    fwrite(out->data ? out->data : "", 1, out->len, stdout);
    buf_free(&shown);
}

static int load(struct app *app, const char *name, struct registry **out, struct err *e)
{
    struct plugin_paths paths = {
        .lib_dir = app->share.lua,
        .bundled_dir = app->share.plugins,
        .project_dir = app->project != NULL ? app->project->plugins : NULL,
        .limits = vm_limits_default,
        .project = app->project,
    };
    struct buf mistakes = {0}, warnings = {0};
    int failed = registry_check(&paths, &name, 1, out, &mistakes, &warnings, e);
    if (!failed && mistakes.len > 0)
        failed = err_set_lines(e, ERR_CONFIG, mistakes.data, "type \"tidemark plugin check\"");
    buf_free(&mistakes);
    buf_free(&warnings);
    return failed;
}

static int doc(struct app *app, const struct cli_list *names, const char *format, struct err *e)
{
    bool as_text = strcmp(format, "text") == 0;
    struct registry *registry = NULL;
    struct buf page = {0};
    int failed = app_begin(app, e) != 0 || app_want_project(app, e) != 0;
    if (!failed && names->n > 0)
        failed = load(app, names->item[0], &registry, e);
    if (!failed)
        failed = plugin_doc(names->n > 0 ? registry->plugin[0] : NULL, app->share.lua, format, &page, e);
    if (!failed)
        print_page(&app->out, &page, as_text);
    buf_free(&page);
    registry_free(&registry);
    return failed ? -1 : 0;
}

int cmd_plugin_doc(struct app *app, int argc, char **argv, struct err *e)
{
    const char *format = "text";
    const struct cli_option options[] = {
        {"format", 0, CLI_VALUE, &format, "FORMAT", "text or md"},
        APP_OPTIONS(app),
    };
    const struct cli_command command = {
        .name = "plugin doc",
        .usage = "plugin doc [OPTION…] [NAME|DIR|FILE]",
        .about =
            "A plugin's page, made from its table: settings, capabilities, parsers with the paths of their fields, rules,\n"
            "reports, jobs. Without a name: all keys that a plugin's table may have. Needs no project.",
        .example = "  tidemark plugin doc youtube\n  tidemark plugin doc --format md > keys.md",
        .option = options,
        .n_option = sizeof options / sizeof *options,
    };
    struct cli_list names = {0};
    bool help = false;
    int rc = cli_parse(&command, argc, argv, false, &names, &help, e);
    if (rc == 0 && help)
        cli_help(&command);
    else if (rc == 0 && names.n > 1)
        rc = err_set(e, ERR_USAGE, "plugin doc takes one plugin, '%s' is one too many", names.item[1]);
    else if (rc == 0 && strcmp(format, "text") != 0 && strcmp(format, "md") != 0)
        rc = err_set(e, ERR_USAGE, "--format %s: text or md", format);
    else if (rc == 0)
        rc = doc(app, &names, format, e);
    cli_free(&names);
    return rc;
}
