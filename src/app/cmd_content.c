/* tidemark content: works, and the posts that belong to one. */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/content_link.h"
#include "base/mem.h"
#include "data/table.h"

struct content_cmd {
    struct app *app;
    const char *who, *format, *title, *key, *manifest;
    struct uuid owner;
};

/* --- list and show ------------------------------------------------------------------------------------------------------- */

static const char list_sql[] =
    "SELECT right(c.id::text, 12) AS id, c.title, c.metadata ->> 'key' AS key, count(*) AS posts,"
    "       string_agg(DISTINCT p.platform, ', ' ORDER BY p.platform) AS platforms, min(p.published_at) AS published"
    "  FROM public.content c JOIN tidemark.posts p ON p.user_id = c.user_id AND p.content_id = c.id"
    " WHERE c.user_id = $1::uuid GROUP BY c.user_id, c.id HAVING count(*) > 1 OR c.metadata ? 'key'"
    " ORDER BY min(p.published_at) DESC NULLS LAST, c.id";

static int list(struct content_cmd *c, struct err *e)
{
    static char title[] = "Works on several platforms",
                empty[] = "No work has several posts yet. Link some: tidemark content link youtube:ID tiktok:ID",
                name[] = "title", key[] = "key", published[] = "published", next[] = "tidemark content show NAME";
    struct table_column columns[] = {{.name = name, .decimals = -1, .cut = true},
                                     {.name = key, .decimals = -1, .cut = true, .drop = 1},
                                     {.name = published, .decimals = -1, .drop = 2}};
    char *nexts[] = {next};
    struct table_layout layout = {.title = title, .empty = empty, .column = columns, .n_column = 3, .next = nexts, .n_next = 1};
    struct db_params p = {0};
    db_uuid(&p, &c->owner);
    int rc = app_print_query(c->app, list_sql, &p, &layout, c->format, e);
    db_params_clear(&p);
    return rc;
}

/* The newest lifetime counts of each post, wherever they lie now. */
static const char show_sql[] =
    "SELECT p.platform, p.external_id AS post, (SELECT string_agg(s.alias, ', ' ORDER BY s.alias) FROM tidemark.post_aliases s"
    "         WHERE s.user_id = p.user_id AND s.platform = p.platform AND s.external_id = p.external_id) AS also,"
    "       coalesce(a.handle, a.external_id) AS account, p.published_at AS published, o.views, o.likes, o.recorded_at AS seen,"
    "       p.url"
    "  FROM tidemark.posts p JOIN tidemark.accounts a ON a.user_id = p.user_id AND a.id = p.account_id"
    "  LEFT JOIN LATERAL (SELECT m.views, m.likes, m.recorded_at FROM tidemark.observations m"
    "         WHERE m.user_id = p.user_id AND m.platform = p.platform AND m.external_id = p.external_id"
    "           AND m.metric_window = 'lifetime' ORDER BY m.recorded_at DESC LIMIT 1) o ON true"
    " WHERE p.user_id = $1::uuid AND p.content_id = $2::uuid ORDER BY p.published_at NULLS LAST, p.platform, p.external_id";

static const char work_sql[] =
    "SELECT coalesce(c.title, ''), coalesce(c.metadata ->> 'key', ''), c.id::text,"
    "       (SELECT count(*) FROM tidemark.content_merges m WHERE m.user_id = c.user_id AND m.into_id = c.id)"
    "  FROM public.content c WHERE c.user_id = $1::uuid AND c.id = $2::uuid";

/* "Spring launch (spring, 0199…)" */
static int headline(struct content_cmd *c, const struct uuid *content, char **text, struct err *e)
{
    struct db_params p = {0};
    PGresult *res = NULL;
    struct buf title = {0};
    db_uuid(&p, &c->owner);
    db_uuid(&p, content);
    int rc = db_exec(c->app->session, work_sql, &p, &res, e);
    if (rc == 0 && PQntuples(res) == 1) {
        const char *key = PQgetvalue(res, 0, 1);
        text_escape(PQgetvalue(res, 0, 0)[0] != '\0' ? PQgetvalue(res, 0, 0) : "(no title)", c->app->out.ascii, &title);
        buf_printf(&title, " (");
        if (*key != '\0') {
            text_escape(key, c->app->out.ascii, &title);
            buf_str(&title, ", ");
        }
        buf_printf(&title, "%s)", PQgetvalue(res, 0, 2));
    } else if (rc == 0) {
        rc = err_set(e, ERR_USAGE, "that work is gone");
    }
    *text = buf_take(&title);
    PQclear(res);
    db_params_clear(&p);
    return rc;
}

static int show_work(struct content_cmd *c, const struct uuid *content, struct err *e)
{
    static char empty[] = "It has no posts.", url[] = "url", also[] = "also", seen[] = "seen", account[] = "account";
    struct table_column columns[] = {{.name = url, .decimals = -1, .cut = true, .drop = 1},
                                     {.name = also, .decimals = -1, .cut = true, .drop = 3},
                                     {.name = account, .decimals = -1, .cut = true, .drop = 4},
                                     {.name = seen, .decimals = -1, .drop = 2}};
    struct table_layout layout = {.empty = empty, .column = columns, .n_column = 4};
    struct db_params p = {0};
    char *title = NULL;
    int rc = headline(c, content, &title, e);
    layout.title = title;
    db_uuid(&p, &c->owner);
    db_uuid(&p, content);
    if (rc == 0)
        rc = app_print_query(c->app, show_sql, &p, &layout, c->format, e);
    db_params_clear(&p);
    mem_free(title);
    return rc;
}

static int show(struct content_cmd *c, const char *name, struct err *e)
{
    struct works_found found;
    if (works_find(c->app->session, &c->owner, &name, 1, &found, e) != 0)
        return -1;
    if (found.n != 1)
        return works_name_error(name, &found, e);
    return show_work(c, &found.content, e);
}

/* --- link and unlink ------------------------------------------------------------------------------------------------------ */

static int link_names(struct content_cmd *c, const struct cli_list *words, struct err *e)
{
    struct manifest_work work = {.key = c->key, .title = c->title, .post = words->item + 1, .n_post = words->n - 1};
    const struct manifest m = {.work = &work, .n = 1};
    struct works_result r = {0};
    int rc = works_link(c->app->session, &c->owner, &m, "link", true, &r, e);
    if (rc == 0)
        rc = show_work(c, &r.content, e);
    works_result_free(&r);
    return rc;
}

static int unlink_names(struct content_cmd *c, const struct cli_list *words, struct err *e)
{
    for (size_t i = 1; i < words->n; i++) {
        bool done = false;
        struct buf name = {0};
        if (works_split(c->app->session, &c->owner, words->item[i], &done, e) != 0)
            return -1;
        text_escape(words->item[i], c->app->out.ascii, &name);
        printf(done ? "%s has a work of its own now\n" : "%s has a work of its own already\n", name.data);
        buf_free(&name);
    }
    return 0;
}

/* --- the command ---------------------------------------------------------------------------------------------------------- */

enum verb { VERB_LINK, VERB_UNLINK, VERB_SHOW, VERB_LIST, VERB_NONE };

static enum verb verb_of(const char *word)
{
    static const char *const verbs[] = {"link", "unlink", "show", "list"};
    for (int i = 0; word != NULL && i < VERB_NONE; i++)
        if (strcmp(word, verbs[i]) == 0)
            return (enum verb)i;
    return VERB_NONE;
}

static int check_link(const struct content_cmd *c, const struct cli_list *words, struct err *e)
{
    bool named = c->title != NULL || c->key != NULL;
    if (c->manifest != NULL && (words->n > 1 || named))
        return err_set(e, ERR_USAGE, "content link --manifest FILE takes posts, titles and keys from the file alone");
    if (c->manifest == NULL && words->n < (named ? 2U : 3U))
        return err_set(e, ERR_USAGE,
                       "content link needs what is one work: tidemark content link youtube:ID tiktok:ID (or --manifest FILE)");
    if ((c->title != NULL && *c->title == '\0') || (c->key != NULL && *c->key == '\0'))
        return err_set(e, ERR_USAGE, "--%s is empty", c->title != NULL && *c->title == '\0' ? "title" : "key");
    return 0;
}

static int check(const struct content_cmd *c, enum verb verb, const struct cli_list *words, struct err *e)
{
    static const char *const verbs[] = {"link", "unlink", "show", "list"};
    const char *word = words->n > 0 ? words->item[0] : NULL;
    if (verb == VERB_NONE)
        return app_bad_verb("content", word, verbs, 4, "link POST…, unlink POST…, show POST, or list", e);
    if (verb != VERB_LINK && (c->title != NULL || c->key != NULL || c->manifest != NULL))
        return err_set(e, ERR_USAGE, "--title, --key and --manifest go with content link");
    if (verb == VERB_LINK)
        return check_link(c, words, e);
    if (verb == VERB_UNLINK && words->n < 2)
        return err_set(e, ERR_USAGE, "content unlink needs a post: tidemark content unlink tiktok:ID");
    if (verb == VERB_SHOW && words->n != 2)
        return err_set(e, ERR_USAGE, "content show needs one post, address or content: tidemark content show youtube:ID");
    if (verb == VERB_LIST && words->n > 1)
        return err_set(e, ERR_USAGE, "content list takes no argument '%s'; one work: tidemark content show %s", words->item[1],
                       words->item[1]);
    return 0;
}

static int run(struct content_cmd *c, const struct cli_list *words, struct err *e)
{
    enum verb verb = verb_of(words->n > 0 ? words->item[0] : NULL);
    if (check(c, verb, words, e) != 0 || app_begin(c->app, e) != 0 || app_check_format(c->format, e) != 0 ||
        app_owner(c->app, c->who, &c->owner, e) != 0 || app_need_database(c->app, e) != 0)
        return -1;
    switch (verb) {
    case VERB_LINK: return c->manifest != NULL ? content_link_file(c->app, &c->owner, c->manifest, e) : link_names(c, words, e);
    case VERB_UNLINK: return unlink_names(c, words, e);
    case VERB_SHOW: return show(c, words->item[1], e);
    default: return list(c, e);
    }
}

int cmd_content(struct app *app, int argc, char **argv, struct err *e)
{
    struct content_cmd c = {.app = app};
    const struct cli_option options[] = {
        {"title", 0, CLI_VALUE, &c.title, "TEXT", "link: what the work is called, whatever payloads say"},
        {"key", 0, CLI_VALUE, &c.key, "KEY", "link: your own name for it; the work of that key, where there is one"},
        {"manifest", 0, CLI_VALUE, &c.manifest, "FILE", "link: the works that a file lists, JSON or CSV"},
        {"owner", 0, CLI_VALUE, &c.who, "WHO", "whose works: a name from the config or a UUID"},
        {"format", 'f', CLI_VALUE, &c.format, "FORMAT", "table, csv or json"},
        APP_OPTIONS(app),
    };
    const struct cli_command cmd = {
        "content",
        "content link POST POST… | content unlink POST… | content show POST | content list",
        "Says that posts on several platforms are one work. POST is platform:id, an address, a content's id, or\n"
        "work:KEY. The first named work takes the others in; what they were is kept, and unlink gives it back.",
        "tidemark content link youtube:dQw4w9WgXcQ tiktok:7301234567890123456 --title \"Spring launch\"\n"
        "tidemark content show https://youtu.be/dQw4w9WgXcQ\ntidemark content link --manifest tidemark.content.csv",
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
