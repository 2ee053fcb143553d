/* tidemark quarantine: what could not be taken, whole, and why. */
#include <stdio.h>
#include <string.h>

#include "app/quarantine.h"
#include "base/mem.h"
#include "data/table.h"

static const char list_sql[] =
    "SELECT right(id::text, 12) AS id, created_at AS kept, platform, code, source || coalesce(':' || line, '') AS source, "
    "reason"
    "  FROM tidemark.quarantine WHERE user_id = $1::uuid AND state = 'open'"
    "   AND ($2::text IS NULL OR code = $2) AND ($3::text IS NULL OR platform = $3) ORDER BY created_at DESC, id DESC";

static int list(struct quarantine_cmd *c, const struct uuid *owner, struct err *e)
{
    static char title[] = "In quarantine", empty[] = "Nothing is in quarantine.", source[] = "source", reason[] = "reason",
                next[] = "tidemark quarantine show ID", again[] = "tidemark quarantine replay", kept[] = "kept";
    struct table_column columns[] = {{.name = source, .decimals = -1, .cut = true, .drop = 2},
                                     {.name = kept, .decimals = -1, .drop = 1},
                                     {.name = reason, .decimals = -1, .cut = true}};
    char *nexts[] = {next, again};
    struct table_layout layout = {.title = title, .empty = empty, .column = columns, .n_column = 3, .next = nexts, .n_next = 2};
    struct db_params p = {0};
    db_uuid(&p, owner);
    db_text(&p, c->code);
    db_text(&p, c->platform);
    int rc = app_print_query(c->app, list_sql, &p, &layout, c->format, e);
    db_params_clear(&p);
    return rc;
}

static const char show_sql[] =
    "SELECT id::text, kind, created_at::text, platform, source, line::text, item::text, code, reason, parser, parser_version,"
    "       observed_at::text, encode(sha256, 'hex'), octet_length(body)::text, body"
    "  FROM tidemark.quarantine WHERE user_id = $1::uuid AND id::text LIKE '%' || $2::text LIMIT 2";

static void print_fields(const PGresult *res)
{
    static const char *const names[] = {"id",   "kind",   "kept since", "platform", "source",      "line",   "item",
                                        "code", "reason", "parser",     "version",  "observed at", "sha256", "bytes"};
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++) {
        if (PQgetisnull(res, 0, i))
            continue;
        struct buf text = {0};
        text_escape(PQgetvalue(res, 0, i), false, &text);
        printf("%-12s %s\n", names[i], text.data != NULL ? text.data : "");
        buf_free(&text);
    }
}

/* As text, with what a terminal must not get escaped; text ends at a NUL, and bytes that are no text may go on after it. */
static void show_bytes(const char *bytes, size_t n)
{
    struct buf shown = {0};
    for (size_t from = 0; from < n;) {
        char *text = mem_ndup(bytes + from, n - from);
        text_escape(text, false, &shown);
        from += strlen(text);
        mem_free(text);
        if (from < n) {
            buf_str(&shown, "\\x00");
            from++;
        }
    }
    printf("\n%s\n", shown.data != NULL ? shown.data : "");
    buf_free(&shown);
}

static void print_body(const PGresult *res, bool raw)
{
    enum { SHOWN = 2000 };
    size_t n = 0;
    unsigned char *body = PQunescapeBytea((const unsigned char *)PQgetvalue(res, 0, 14), &n);
    must(body != NULL);
    if (raw) {
        fwrite(body, 1, n, stdout);
    } else {
        show_bytes((const char *)body, n < SHOWN ? n : SHOWN);
        if (n > SHOWN)
            printf("… %zu of %zu bytes; --raw gives all of it\n", (size_t)SHOWN, n);
    }
    PQfreemem(body);
}

static int show(struct quarantine_cmd *c, const struct uuid *owner, const char *id, struct err *e)
{
    struct db_params p = {0};
    PGresult *res = NULL;
    db_uuid(&p, owner);
    db_text(&p, id);
    int rc = db_exec(c->app->session, show_sql, &p, &res, e);
    if (rc == 0 && PQntuples(res) != 1)
        rc = err_set(e, ERR_USAGE,
                     PQntuples(res) == 0 ? "nothing in quarantine has an id that ends in %s"
                                         : "more than one id ends in %s: give more of it",
                     id);
    if (rc == 0 && !c->raw)
        print_fields(res);
    if (rc == 0)
        print_body(res, c->raw);
    PQclear(res);
    db_params_clear(&p);
    return rc;
}

static int check_words(const struct cli_list *words, struct err *e)
{
    static const char *const verbs[] = {"list", "show", "replay", "purge"};
    const char *verb = words->n > 0 ? words->item[0] : NULL;
    size_t k = 0;
    while (verb != NULL && k < 4 && strcmp(verb, verbs[k]) != 0)
        k++;
    if (verb == NULL || k == 4)
        return app_bad_verb("quarantine", verb, verbs, 4, "list, show ID, replay or purge", e);
    if (k == 0 && words->n > 1)
        return err_set(e, ERR_USAGE, "quarantine list takes no argument '%s'; one entry: tidemark quarantine show ID",
                       words->item[1]);
    if (k == 1 && words->n != 2)
        return err_set(e, ERR_USAGE,
                       "quarantine show needs one id: the last 6 or more characters of one in \"tidemark quarantine list\"");
    for (size_t i = 1; i < words->n; i++)
        if (strlen(words->item[i]) < 6 || strspn(words->item[i], "0123456789abcdef-") != strlen(words->item[i]))
            return err_set(e, ERR_USAGE,
                           "quarantine %s %s: give the last 6 or more characters of an id (tidemark quarantine list)", verb,
                           words->item[i]);
    return 0;
}

static int check_options(const struct quarantine_cmd *c, const char *verb, struct err *e)
{
    bool purge = strcmp(verb, "purge") == 0;
    if (!purge && (c->older_than != NULL || c->all || c->yes))
        return err_set(e, ERR_USAGE, "--older-than, --all and --yes belong to quarantine purge");
    if (c->raw && strcmp(verb, "show") != 0)
        return err_set(e, ERR_USAGE, "--raw belongs to quarantine show");
    if (strcmp(verb, "show") == 0 && (c->code != NULL || c->platform != NULL))
        return err_set(e, ERR_USAGE, "quarantine show ID takes neither --code nor --platform");
    return 0;
}

static int run(struct quarantine_cmd *c, const struct cli_list *words, struct err *e)
{
    struct uuid owner;
    if (check_words(words, e) != 0 || check_options(c, words->item[0], e) != 0)
        return -1;
    const char *verb = words->item[0];
    if (app_begin(c->app, e) != 0 || app_check_format(c->format, e) != 0 || app_owner(c->app, c->who, &owner, e) != 0)
        return -1;
    if (strcmp(verb, "replay") == 0 && app_need_plugins(c->app, NULL, e) != 0)
        return -1;
    if (app_need_database(c->app, e) != 0)
        return -1;
    if (strcmp(verb, "replay") == 0)
        return quarantine_replay(c, &owner, words->item + 1, words->n - 1, e);
    if (strcmp(verb, "purge") == 0)
        return quarantine_purge(c, &owner, words->item + 1, words->n - 1, e);
    return strcmp(verb, "list") == 0 ? list(c, &owner, e) : show(c, &owner, words->item[1], e);
}

int cmd_quarantine(struct app *app, int argc, char **argv, struct err *e)
{
    struct quarantine_cmd q = {.app = app};
    const struct cli_option options[] = {
        {"owner", 0, CLI_VALUE, &q.who, "WHO", "whose data: a name from the config or a UUID"},
        {"code", 0, CLI_VALUE, &q.code, "CODE", "only entries of this reason code, such as missing_id"},
        {"platform", 'p', CLI_VALUE, &q.platform, "PLATFORM", "only entries of this platform"},
        {"older-than", 0, CLI_VALUE, &q.older_than, "AGE", "purge: only what has been there for longer, such as 90d"},
        {"all", 0, CLI_FLAG, &q.all, NULL, "purge: everything, where nothing else says what"},
        {"yes", 'y', CLI_FLAG, &q.yes, NULL, "purge: without asking"},
        {"format", 'f', CLI_VALUE, &q.format, "FORMAT", "table, csv or json"},
        {"raw", 0, CLI_FLAG, &q.raw, NULL, "show: only the bytes as they came"},
        APP_OPTIONS(app),
    };
    const struct cli_command c = {
        "quarantine",
        "quarantine list | show ID [--raw] | replay [ID…] | purge [ID…] [--older-than AGE]",
        "Lists what could not be taken with the reason, and shows one entry whole. replay parses it again, after a parser\n"
        "was mended: what lands leaves the quarantine, the rest stays. purge deletes for good; in the ledger it is counted\n"
        "as dropped. Ids are given by their last 6 or more characters.",
        "tidemark quarantine list --code no_parser\ntidemark quarantine show 3f9a1c --raw > payload.json\n"
        "tidemark quarantine replay -p youtube\ntidemark quarantine purge --older-than 90d --yes",
        options,
        sizeof options / sizeof *options};
    struct cli_list words = {0};
    bool help;
    int rc = cli_parse(&c, argc, argv, false, &words, &help, e);
    if (rc == 0 && help)
        cli_help(&c);
    else if (rc == 0)
        rc = run(&q, &words, e);
    cli_free(&words);
    return rc;
}
