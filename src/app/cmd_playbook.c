/* tidemark playbook: what the AI should do, avoid, ignore and try next. The result is made to be given to it as it is. */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/mem.h"
#include "host/playbook.h"

struct playbook_cmd {
    struct app *app;
    const char *who, *whom, *format;
};

static int run(struct playbook_cmd *c, const struct cli_list *words, struct err *e)
{
    struct playbook_options o = {.whom = c->whom, .format = c->format != NULL ? c->format : "md"};
    struct buf out = {0};
    if (words->n > 0)
        return err_set(e, ERR_USAGE, "playbook takes no argument '%s' (an account or a creator: --for)", words->item[0]);
    if (strcmp(o.format, "md") != 0 && strcmp(o.format, "json") != 0)
        return err_set(e, ERR_USAGE, "unknown format '%s': md or json", o.format);
    if (app_begin(c->app, e) != 0 || app_owner(c->app, c->who, &o.owner, e) != 0 || app_need_database(c->app, e) != 0)
        return -1;
    o.lib_dir = c->app->share.lua;
    o.now = clock_wall_us();
    int rc = playbook_make(c->app->session, &o, &out, e);
    if (rc == 0)
        fwrite(out.data, 1, out.len, stdout);
    buf_free(&out);
    return rc;
}

int cmd_playbook(struct app *app, int argc, char **argv, struct err *e)
{
    struct playbook_cmd c = {.app = app};
    const struct cli_option options[] = {
        {"for", 0, CLI_VALUE, &c.whom, "ACCOUNT", "an account (platform:id, id or handle) or a creator; all unless given"},
        {"owner", 0, CLI_VALUE, &c.who, "WHO", "whose playbook: a name from the config or a UUID"},
        {"format", 'f', CLI_VALUE, &c.format, "FORMAT", "md or json"},
        APP_OPTIONS(app),
    };
    const struct cli_command cmd = {
        "playbook",
        "playbook [--for ACCOUNT] [--format md|json]",
        "What the AI that makes the content should do, avoid, ignore and try next, each with its lift, "
        "interval, state, n and the finding it rests on. At most 2 KB; made to be given to the AI.",
        "tidemark playbook > playbook.md\ntidemark playbook --for youtube:UCx --format json",
        options,
        sizeof options / sizeof *options};
    struct cli_list words = {0};
    bool help;
    int rc = cli_parse(&cmd, argc, argv, false, &words, &help, e);
    if (rc == 0 && help)
        cli_help(&cmd);
    else if (rc == 0)
        rc = run(&c, &words, e);
    cli_free(&words);
    return rc;
}
