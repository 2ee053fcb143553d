/* tidemark explain: where a finding's numbers come from, in words, from the row alone; then the posts and deliveries it rests on. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "base/mem.h"
#include "data/json.h"
#include "script/trusted.h"

enum { SUFFIX_MIN = 6, WIDTH_MAX = 100, EXPLAIN_MS = 10000 };

struct explain_cmd {
    struct app *app;
    const char *who, *format;
    struct uuid owner;
    struct buf evidence, row; /* JSON */
};

/* $1 owner, $2 the whole key or id, $3 the end of an id or NULL. What is written comes first; what was tested only has no id. */
static const char find_sql[] =
    "WITH f AS ("
    " SELECT 'ai_learning_patterns' AS kept_in, id, finding_key, pattern_data -> 'evidence' AS evidence FROM "
    "public.ai_learning_patterns"
    "  WHERE user_id = $1::uuid"
    " UNION ALL SELECT 'content_style_analysis', id, finding_key, evidence FROM public.content_style_analysis WHERE user_id = "
    "$1::uuid"
    " UNION ALL SELECT 'trend_analysis', id, finding_key, trend_data -> 'evidence' FROM public.trend_analysis WHERE user_id = "
    "$1::uuid"
    " UNION ALL SELECT 'ai_improvement_tracking', id, finding_key, context -> 'evidence' FROM public.ai_improvement_tracking"
    "  WHERE user_id = $1::uuid),"
    " all_of_them AS (SELECT kept_in, id::text AS id, finding_key, evidence, NULL AS decision, NULL AS why FROM f"
    " UNION ALL SELECT 'rule_results', NULL, finding_key, evidence, decision, why FROM tidemark.rule_results r"
    "  WHERE user_id = $1::uuid AND NOT EXISTS (SELECT FROM f WHERE f.finding_key = r.finding_key))"
    " SELECT finding_key, evidence, json_build_object('table', kept_in, 'id', id, 'finding_key', finding_key, 'decision', "
    "decision,"
    "   'why', why)"
    "  FROM all_of_them WHERE finding_key = $2 OR id = lower($2) OR id LIKE '%' || $3"
    " ORDER BY finding_key LIMIT 20";

static bool is_id_end(const char *s)
{
    size_t n = strspn(s, "0123456789abcdefABCDEF-");
    return s[n] == '\0' && n >= SUFFIX_MIN && n <= 36;
}

static int none_found(const char *what, struct err *e)
{
    size_t n = strlen(what);
    if (n < SUFFIX_MIN && strspn(what, "0123456789abcdefABCDEF") == n)
        return err_set(e, ERR_USAGE, "'%s' is too short: the last %d characters of a finding's id are needed at least", what,
                       SUFFIX_MIN);
    return err_set(e, ERR_USAGE, "no finding '%s'; \"tidemark report findings\" lists them with the end of their ids", what);
}

static int several_found(const char *what, const PGresult *res, struct err *e)
{
    struct buf list = {0};
    for (int i = 0; i < PQntuples(res); i++)
        buf_printf(&list, "\n  %s", PQgetvalue(res, i, 0));
    err_set(e, ERR_USAGE, "'%s' is the end of several ids; name one by more characters or by its key:%s", what, list.data);
    buf_free(&list);
    return -1;
}

static int find(struct explain_cmd *c, const char *what, struct err *e)
{
    struct db_params p = {0};
    PGresult *res = NULL;
    char *end = is_id_end(what) ? mem_dup(what) : NULL;
    for (char *at = end; at != NULL && *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    db_uuid(&p, &c->owner);
    db_text(&p, what);
    db_text(&p, end);
    int rc = db_begin(c->app->session, "READ ONLY", e);
    if (rc == 0)
        rc = db_run(c->app->session, "SET LOCAL ROLE service_role", e);
    if (rc == 0)
        rc = db_exec(c->app->session, find_sql, &p, &res, e);
    if (rc == 0)
        rc = db_commit(c->app->session, e);
    if (rc == 0 && PQntuples(res) == 0)
        rc = none_found(what, e);
    else if (rc == 0 && PQntuples(res) > 1)
        rc = several_found(what, res, e);
    else if (rc == 0 && PQgetisnull(res, 0, 1))
        rc = err_set(e, ERR_USAGE, "'%s' was written by hand: it has no evidence to explain", PQgetvalue(res, 0, 0));
    if (rc == 0) {
        buf_str(&c->evidence, PQgetvalue(res, 0, 1));
        buf_str(&c->row, PQgetvalue(res, 0, 2));
    }
    PQclear(res);
    db_params_clear(&p);
    mem_free(end);
    return rc;
}

/* A paragraph, broken at blanks; what is continued is indented under its text. */
static void print_wrapped(const char *text, unsigned width, bool ascii)
{
    struct buf safe = {0};
    text_escape(text, ascii, &safe);
    size_t indent = strspn(safe.data != NULL ? safe.data : "", " "), column = 0;
    for (const char *at = safe.data + indent; safe.data != NULL && *at != '\0';) {
        size_t n = strcspn(at, " ");
        char *word = mem_ndup(at, n);
        size_t cells = text_width(word);
        bool first = column == 0;
        if (!first && column + 1 + cells > width) {
            putchar('\n');
            column = 0;
        }
        if (column == 0) {
            for (size_t i = 0; i < indent + (first ? 0 : 2); i++)
                putchar(' ');
            column = indent + (first ? 0 : 2);
        } else {
            putchar(' ');
            column++;
        }
        fputs(word, stdout);
        column += cells;
        mem_free(word);
        at += n;
        at += strspn(at, " ");
    }
    putchar('\n');
    buf_free(&safe);
}

static int print_words(struct explain_cmd *c, struct err *e)
{
    struct buf lines = {0};
    struct json_doc *doc = NULL;
    unsigned width = c->app->out.width > 0 && c->app->out.width < WIDTH_MAX ? c->app->out.width : WIDTH_MAX;
    struct vm *vm = trusted_open(c->app->share.lua, EXPLAIN_MS, (size_t)64 << 20);
    const struct trusted_arg args[] = {{.kind = TRUSTED_JSON, .text = c->evidence.data},
                                       {.kind = TRUSTED_JSON, .text = c->row.data}};
    int rc = trusted_call(vm, "tidemark.explain", "text", args, 2, &lines, e);
    vm_free(&vm);
    if (rc == 0)
        rc = json_parse(lines.data, lines.len, NULL, &doc, e);
    for (const cJSON *line = rc == 0 ? json_root(doc)->child : NULL; line != NULL; line = line->next)
        print_wrapped(json_text(line), width, c->app->out.ascii);
    json_free(&doc);
    buf_free(&lines);
    return rc;
}

/* $1 owner, $2 the evidence. The posts named in it, with the counts that were compared and the delivery they came with. */
static const char posts_sql[] =
    "SELECT coalesce(nullif(ct.title, ''), nullif(left(p.features ->> 'caption', 120), ''), p.external_id) AS post, p.platform,"
    "   g.views, g.likes, g.comments, g.basis, g.observed_at, d.source AS delivery, left(encode(d.sha256, 'hex'), 12) AS "
    "sha256,"
    "   p.external_id, d.arrived_at"
    "  FROM jsonb_array_elements_text(coalesce($2::jsonb -> 'examples', '[]')) WITH ORDINALITY AS x (key, place)"
    "  JOIN tidemark.posts p ON p.user_id = $1::uuid AND p.platform = split_part(x.key, ':', 1)"
    "   AND p.external_id = substr(x.key, strpos(x.key, ':') + 1)"
    "  JOIN public.content ct ON ct.user_id = p.user_id AND ct.id = p.content_id"
    "  LEFT JOIN tidemark.content_at_age g ON g.user_id = p.user_id AND g.platform = p.platform AND g.external_id = "
    "p.external_id"
    "   AND g.age_h = coalesce(($2::jsonb #>> '{metric,age_h}')::numeric, 168)::smallint"
    "  LEFT JOIN LATERAL (SELECT source, sha256, arrived_at FROM tidemark.deliveries WHERE user_id = p.user_id"
    "    AND observed_at = g.observed_at AND platform = p.platform ORDER BY arrived_at LIMIT 1) d ON true"
    " ORDER BY x.place";

static int print_posts(struct explain_cmd *c, struct err *e)
{
    static char title[] = "The posts that show it best, and the deliveries their counts came with",
                empty[] = "No single post is named in the evidence.", post[] = "post", observed[] = "observed_at",
                external[] = "external_id", arrived[] = "arrived_at", delivery[] = "delivery", read[] = "counts read",
                basis[] = "basis", sha[] = "sha256";
    struct table_column columns[] = {
        {.name = post, .decimals = -1, .cut = true},     {.name = observed, .title = read, .decimals = -1, .drop = 3},
        {.name = delivery, .decimals = -1, .cut = true}, {.name = basis, .decimals = -1, .drop = 1},
        {.name = sha, .decimals = -1, .drop = 2},        {.name = external, .decimals = -1, .hide = true},
        {.name = arrived, .decimals = -1, .hide = true}};
    struct table_layout layout = {
        .title = title, .empty = empty, .column = columns, .n_column = sizeof columns / sizeof *columns};
    struct db_params p = {0};
    db_uuid(&p, &c->owner);
    db_text(&p, c->evidence.data);
    putchar('\n');
    fflush(stdout);
    int rc = app_print_query(c->app, posts_sql, &p, &layout, NULL, e);
    db_params_clear(&p);
    return rc;
}

static int run(struct explain_cmd *c, const struct cli_list *words, struct err *e)
{
    if (words->n != 1 || words->item[0][0] == '\0')
        return err_set(e, ERR_USAGE,
                       "explain needs one finding: the end of its id, as \"tidemark report findings\" shows it, or its key");
    if (c->format != NULL && strcmp(c->format, "json") != 0 && strcmp(c->format, "text") != 0)
        return err_set(e, ERR_USAGE, "unknown format '%s': text or json", c->format);
    if (app_begin(c->app, e) != 0 || app_owner(c->app, c->who, &c->owner, e) != 0 || app_need_database(c->app, e) != 0 ||
        find(c, words->item[0], e) != 0)
        return -1;
    if (c->format != NULL && strcmp(c->format, "json") == 0) {
        puts(c->evidence.data);
        return 0;
    }
    return print_words(c, e) != 0 ? -1 : print_posts(c, e);
}

int cmd_explain(struct app *app, int argc, char **argv, struct err *e)
{
    struct explain_cmd c = {.app = app};
    const struct cli_option options[] = {
        {"owner", 0, CLI_VALUE, &c.who, "WHO", "whose finding: a name from the config or a UUID"},
        {"format", 'f', CLI_VALUE, &c.format, "FORMAT", "text, or json: the evidence as it stands in the row"},
        APP_OPTIONS(app),
    };
    const struct cli_command cmd = {
        "explain",
        "explain FINDING [--format text|json]",
        "Says in words where a finding comes from: what was compared, how sure it is, what was left out, and "
        "the posts and deliveries behind it. FINDING is the end of its id (6 characters or more) or its key.",
        "tidemark report findings\ntidemark explain 7c31f0",
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
    buf_free(&c.evidence);
    buf_free(&c.row);
    return rc;
}
