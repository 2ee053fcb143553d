#include "host/playbook.h"

#include <string.h>

#include "base/mem.h"
#include "data/json.h"
#include "script/trusted.h"

enum { BUILD_MS = 60000, BUILD_MIB = 1024, DAYS = 180, AGE_H = 168, EARLY_AGE_H = 24 };

/* The newest results of every rule with the findings they became. */
static const char findings_sql[] =
    "WITH f AS (SELECT finding_key, id, 'ai_learning_patterns' AS kept_in FROM public.ai_learning_patterns WHERE user_id = "
    "$1::uuid"
    "  UNION ALL SELECT finding_key, id, 'content_style_analysis' FROM public.content_style_analysis WHERE user_id = $1::uuid"
    "  UNION ALL SELECT finding_key, id, 'trend_analysis' FROM public.trend_analysis WHERE user_id = $1::uuid"
    "  UNION ALL SELECT finding_key, id, 'ai_improvement_tracking' FROM public.ai_improvement_tracking WHERE user_id = "
    "$1::uuid)"
    " SELECT coalesce(json_agg(json_strip_nulls(json_build_object('id', right(f.id::text, 6), 'table', f.kept_in, 'rule', "
    "r.rule,"
    "   'kind', r.evidence ->> 'kind', 'subject', r.subject, 'subject_type', r.subject_type, 'label', r.label, 'platform', "
    "r.platform,"
    "   'state', r.evidence #>> '{lifecycle,state}', 'effect', r.effect, 'lo', r.lo, 'hi', r.hi, 'n', r.n, 'q', r.q,"
    "   'decision', r.decision, 'own', r.evidence #>> '{own,plugin}', 'unit', r.evidence #>> '{effect,unit}')) ORDER BY "
    "r.finding_key COLLATE \"C\"), '[]')"
    "  FROM tidemark.rule_results r LEFT JOIN f ON f.finding_key = r.finding_key WHERE r.user_id = $1::uuid";

/* $2 is a creator, or an account by platform:id, id or handle: how many of each it could be. */
static const char whom_sql[] = "SELECT DISTINCT coalesce(creator, ''), platform || ':' || external_id,"
                               "   coalesce(creator = $2, false) AS is_creator"
                               "  FROM tidemark.accounts WHERE user_id = $1::uuid"
                               "   AND (creator = $2 OR platform || ':' || external_id = $2 OR external_id = $2 OR handle = $2 "
                               "OR platform || ':' || handle = $2)"
                               " ORDER BY 3 DESC, 2";

static int begin(struct db_session *s, struct err *e)
{
    if (db_begin(s, "ISOLATION LEVEL REPEATABLE READ READ ONLY", e) != 0)
        return -1;
    if (db_run(s, "SET LOCAL ROLE service_role", e) == 0 && db_run(s, "SET LOCAL TimeZone = 'UTC'", e) == 0 &&
        db_run(s, "SET LOCAL DateStyle = 'ISO, YMD'", e) == 0)
        return 0;
    db_rollback(s);
    return -1;
}

/* The options for build: who it is for. A creator beats an account of the same name. */
static int find_whom(struct db_session *s, const struct playbook_options *o, struct buf *opts, struct err *e)
{
    struct db_params p = {0};
    PGresult *res = NULL;
    buf_char(opts, '{');
    if (o->whom == NULL) {
        buf_str(opts, "}");
        return 0;
    }
    db_uuid(&p, &o->owner);
    db_text(&p, o->whom);
    int rc = db_exec(s, whom_sql, &p, &res, e);
    bool creator = rc == 0 && PQntuples(res) > 0 && strcmp(PQgetvalue(res, 0, 2), "t") == 0;
    if (rc == 0 && PQntuples(res) == 0)
        rc = err_set(e, ERR_USAGE, "--for %s: no account or creator of that name; \"tidemark report freshness\" lists them",
                     o->whom);
    else if (rc == 0 && !creator && PQntuples(res) > 1)
        rc = err_set(e, ERR_USAGE, "--for %s: %d accounts are called that; write it as platform:id, such as %s", o->whom,
                     PQntuples(res), PQgetvalue(res, 0, 1));
    if (rc == 0) {
        const char *value = creator ? o->whom : PQgetvalue(res, 0, 1);
        buf_printf(opts, "\"%s\":", creator ? "creator" : "account");
        json_write_string(value, strlen(value), opts);
        buf_str(opts, "}");
    }
    PQclear(res);
    db_params_clear(&p);
    return rc;
}

/* The score at 24 hours as a column of its own, for posts too young for the other. Both frames hold the same posts in the same
 * order. */
static void add_early(struct frame *f, const struct frame *early)
{
    must(f->n_row == early->n_row);
    size_t to = frame_column(f, "score_24h", FRAME_NUMBER);
    const double *from = early->column[frame_find(early, "score")].number;
    for (size_t i = 0; i < f->n_row; i++)
        frame_number(f, to, i, from[i]);
}

static int read_posts(struct db_session *s, const struct playbook_options *o, struct posts *posts, struct err *e)
{
    struct posts_query q = {.owner = o->owner,
                            .age_h = AGE_H,
                            .metric = "engagement",
                            .since = o->now - (int64_t)DAYS * 86400000000,
                            .as_of = o->now};
    struct posts early = {0};
    if (posts_load(s, &q, posts, e) != 0)
        return -1;
    q.age_h = EARLY_AGE_H;
    if (posts_load(s, &q, &early, e) != 0)
        return -1;
    add_early(posts->frame, early.frame);
    posts_free(&early);
    return 0;
}

static int read_findings(struct db_session *s, const struct playbook_options *o, struct buf *findings, struct err *e)
{
    struct db_params p = {0};
    PGresult *res = NULL;
    db_uuid(&p, &o->owner);
    int rc = db_exec(s, findings_sql, &p, &res, e);
    if (rc == 0)
        buf_str(findings, PQgetvalue(res, 0, 0));
    PQclear(res);
    db_params_clear(&p);
    return rc;
}

static int build(const struct playbook_options *o, const struct posts *posts, const char *findings, const char *opts,
                 struct buf *out, struct err *e)
{
    struct buf world = {0}, json = {0};
    struct json_doc *doc = NULL;
    buf_printf(&world,
               "{\"as_of\":%.6f,\"watermark\":%.6f,\"age_h\":%d,\"metric\":\"engagement\",\"changes\":[],\"definitions\":[]}",
               (double)o->now / 1e6, (double)posts->watermark / 1e6, AGE_H);
    const struct trusted_arg args[] = {
        {.kind = TRUSTED_FRAME, .frame = posts->frame}, {.kind = TRUSTED_JSON, .text = world.data},
        {.kind = TRUSTED_JSON, .text = findings},       {.kind = TRUSTED_JSON, .text = opts},
        {.kind = TRUSTED_TEXT, .text = o->format},
    };
    struct vm *vm = trusted_open(o->lib_dir, BUILD_MS, (size_t)BUILD_MIB << 20);
    int rc = trusted_call(vm, "tidemark.learn", "playbook", args, 5, &json, e);
    vm_free(&vm);
    if (rc == 0 && strcmp(o->format, "json") == 0)
        buf_printf(out, "%s\n", json.data);
    else if (rc == 0 && (rc = json_parse(json.data, json.len, NULL, &doc, e)) == 0)
        buf_str(out, json_text(json_root(doc)));
    json_free(&doc);
    buf_free(&world);
    buf_free(&json);
    return rc;
}

int playbook_make(struct db_session *s, const struct playbook_options *o, struct buf *out, struct err *e)
{
    struct posts posts = {0};
    struct buf opts = {0}, findings = {0};
    int rc = begin(s, e);
    if (rc == 0) {
        rc = find_whom(s, o, &opts, e) != 0 || read_posts(s, o, &posts, e) != 0 || read_findings(s, o, &findings, e) != 0 ? -1
                                                                                                                          : 0;
        if (rc == 0)
            rc = db_commit(s, e);
        else
            db_rollback(s);
    }
    if (rc == 0)
        rc = build(o, &posts, findings.data, opts.data, out, e);
    posts_free(&posts);
    buf_free(&opts);
    buf_free(&findings);
    return rc;
}
