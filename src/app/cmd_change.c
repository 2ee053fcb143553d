/* tidemark change: what changed in the AI, and when. Before/after and the verdicts hang on it. */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "data/datetime.h"

struct change_cmd {
    struct app *app;
    const char *who, *at, *metric, *note, *account, *format;
};

/* --account names an account by "platform:external id", or by its id alone where only one platform has it. */
static const char add_sql[] =
    "WITH a AS (SELECT id FROM tidemark.accounts WHERE user_id = $1::uuid AND $7::text IS NOT NULL"
    "   AND (platform || ':' || external_id = $7::text OR external_id = $7::text OR handle = $7::text))"
    " INSERT INTO tidemark.ai_changes (id, type, version, started_at, metric, note, account_id, user_id)"
    " SELECT $2::uuid, $3, $4, $5::timestamptz, $6, $8, (SELECT id FROM a), $1::uuid"
    "  WHERE $7::text IS NULL OR (SELECT count(*) FROM a) = 1";

static int check_words(const struct change_cmd *c, const struct cli_list *words, struct err *e)
{
    static const char *const metrics[] = {"engagement", "reach"};
    if (words->n < 2 || words->item[1][0] == '\0')
        return err_set(e, ERR_USAGE, "change add needs what changed: tidemark change add TYPE [VERSION], such as: model v7");
    if (words->n > 3)
        return err_set(e, ERR_USAGE, "change add takes a type and a version, '%s' is one too many (a word to yourself: --note)",
                       words->item[3]);
    if (words->n == 3 && words->item[2][0] == '\0')
        return err_set(e, ERR_USAGE, "change add: the version is empty; leave it out where there is none");
    if (c->metric == NULL || strcmp(c->metric, metrics[0]) == 0 || strcmp(c->metric, metrics[1]) == 0)
        return 0;
    const char *near = nearest(c->metric, metrics, 2);
    return near != NULL ? err_set(e, ERR_USAGE, "unknown metric '%s', did you mean '%s'?", c->metric, near)
                        : err_set(e, ERR_USAGE, "unknown metric '%s': engagement or reach", c->metric);
}

static int add(struct change_cmd *c, const struct cli_list *words, struct err *e)
{
    struct uuid owner, id = uuid_v7();
    int64_t at = clock_wall_us();
    if (check_words(c, words, e) != 0)
        return -1;
    if (c->at != NULL && !datetime_parse_when(c->at, clock_wall_us(), &at))
        return err_set(e, ERR_USAGE, "--at %s: not a time; write 2026-03-01T12:00:00Z or now-7d", c->at);
    if (app_owner(c->app, c->who, &owner, e) != 0 || app_need_database(c->app, e) != 0)
        return -1;
    struct db_params p = {0};
    db_uuid(&p, &owner);
    db_uuid(&p, &id);
    db_text(&p, words->item[1]);
    db_text(&p, words->n > 2 ? words->item[2] : NULL);
    db_time(&p, at);
    db_text(&p, c->metric);
    db_text(&p, c->account);
    db_text(&p, c->note);
    int64_t n = -1;
    if (db_begin(c->app->session, "", e) == 0 && db_run(c->app->session, "SET LOCAL ROLE service_role", e) == 0)
        n = db_exec_count(c->app->session, add_sql, &p, e);
    db_params_clear(&p);
    if (n < 0 || db_commit(c->app->session, e) != 0)
        return -1;
    if (n == 0)
        return err_set(e, ERR_USAGE, "--account %s: no account of that name, or several; write it as platform:id", c->account);
    char when[40];
    datetime_format(at, when, sizeof when);
    if (at > clock_wall_us())
        log_warn("%s is in the future: taken as planned", when);
    struct buf what = {0};
    for (size_t i = 1; i < words->n; i++) {
        text_escape(words->item[i], c->app->out.ascii, &what);
        buf_char(&what, ' ');
    }
    printf("%ssince %s\n", what.data, when);
    buf_free(&what);
    return 0;
}

static const char list_sql[] =
    "SELECT c.started_at, c.type, c.version, c.metric, coalesce(a.platform || ':' || coalesce(a.handle, a.external_id), 'all') "
    "AS account,"
    "       c.note"
    "  FROM tidemark.ai_changes c LEFT JOIN tidemark.accounts a ON a.user_id = c.user_id AND a.id = c.account_id"
    " WHERE c.user_id = $1::uuid ORDER BY c.started_at DESC, c.id";

static int list(struct change_cmd *c, struct err *e)
{
    static char title[] = "Changes in the AI",
                empty[] = "No changes recorded yet. Record one: tidemark change add model v7 --at 2026-03-01", note[] = "note";
    struct table_column columns[] = {{.name = note, .decimals = -1, .cut = true}};
    struct table_layout layout = {.title = title, .empty = empty, .column = columns, .n_column = 1};
    struct uuid owner;
    struct db_params p = {0};
    if (app_owner(c->app, c->who, &owner, e) != 0 || app_need_database(c->app, e) != 0)
        return -1;
    db_uuid(&p, &owner);
    int rc = app_print_query(c->app, list_sql, &p, &layout, c->format, e);
    db_params_clear(&p);
    return rc;
}

static int run(struct change_cmd *c, const struct cli_list *words, struct err *e)
{
    if (app_begin(c->app, e) != 0 || app_check_format(c->format, e) != 0)
        return -1;
    if (words->n > 0 && strcmp(words->item[0], "add") == 0)
        return add(c, words, e);
    if (words->n == 1 && strcmp(words->item[0], "list") == 0)
        return list(c, e);
    static const char *const verbs[] = {"add", "list"};
    if (words->n > 1 && strcmp(words->item[0], "list") == 0)
        return err_set(e, ERR_USAGE, "change list takes no argument '%s'", words->item[1]);
    return app_bad_verb("change", words->n > 0 ? words->item[0] : NULL, verbs, 2, "add TYPE [VERSION], or list", e);
}

int cmd_change(struct app *app, int argc, char **argv, struct err *e)
{
    struct change_cmd c = {.app = app};
    const struct cli_option options[] = {
        {"at", 0, CLI_VALUE, &c.at, "TIME", "when it began; now unless given"},
        {"metric", 0, CLI_VALUE, &c.metric, "NAME", "declared beforehand: what it is to be judged by (engagement, reach)"},
        {"account", 0, CLI_VALUE, &c.account, "ID", "only this account (platform:id); all unless given"},
        {"note", 0, CLI_VALUE, &c.note, "TEXT", "a word to yourself"},
        {"owner", 0, CLI_VALUE, &c.who, "WHO", "whose AI: a name from the config or a UUID"},
        {"format", 'f', CLI_VALUE, &c.format, "FORMAT", "of the list: table, csv or json"},
        APP_OPTIONS(app),
    };
    const struct cli_command cmd = {"change",
                                    "change add TYPE [VERSION] [--at TIME] | change list",
                                    "Records what changed in the AI that makes the content: a model, a prompt, a strategy.",
                                    "tidemark change add model v7 --at 2026-03-01 --metric engagement\ntidemark change list",
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
