/* What a rule's run reads: posts, changes, metric definitions, the findings as they stand. */
#include <string.h>

#include "base/mem.h"
#include "host/rule_run.h"

/* A change is its type and version; each account adopts it at its first recorded time, or all do. */
static const char changes_sql[] =
    "SELECT coalesce(json_agg(json_strip_nulls(json_build_object('key', key, 'type', type, 'version', version, 'metric', "
    "metric,"
    "   'starts', starts, 'all_from', all_from)) ORDER BY key COLLATE \"C\"), '[]')"
    " FROM (SELECT concat_ws(' ', type, version) AS key, type, version, max(metric) AS metric,"
    "    coalesce(json_object_agg(account, started ORDER BY account COLLATE \"C\") FILTER (WHERE account IS NOT NULL), '{}') "
    "AS starts,"
    "    min(started) FILTER (WHERE account IS NULL) AS all_from"
    "   FROM (SELECT c.type, c.version, a.platform || ':' || a.external_id AS account, max(c.metric) AS metric,"
    "      extract(epoch FROM min(c.started_at)) AS started"
    "     FROM tidemark.ai_changes c LEFT JOIN tidemark.accounts a ON a.user_id = c.user_id AND a.id = c.account_id"
    "    WHERE c.user_id = $1::uuid GROUP BY 1, 2, 3) AS adopted"
    "   GROUP BY type, version) AS changes";

static const char definitions_sql[] =
    "SELECT coalesce(json_agg(json_build_object('platform', platform, 'metric', metric, "
    "'valid_from', extract(epoch FROM valid_from))"
    "   ORDER BY platform, metric, valid_from), '[]')"
    "  FROM tidemark.metric_definitions WHERE isfinite(valid_from) AND media_kind = ''"; /* a break for shorts alone cuts no series */

static const char previous_sql[] =
    "SELECT coalesce(json_strip_nulls(json_object_agg(finding_key, CASE WHEN evidence ? 'own'"
    "   THEN evidence -> 'lifecycle' || '{\"own\": true}' ELSE evidence -> 'lifecycle' END)), '{}') FROM ("
    " SELECT finding_key, pattern_data -> 'evidence' AS evidence FROM public.ai_learning_patterns WHERE user_id = $1::uuid"
    " UNION ALL SELECT finding_key, evidence FROM public.content_style_analysis WHERE user_id = $1::uuid"
    " UNION ALL SELECT finding_key, trend_data -> 'evidence' FROM public.trend_analysis WHERE user_id = $1::uuid"
    " UNION ALL SELECT finding_key, context -> 'evidence' FROM public.ai_improvement_tracking WHERE user_id = $1::uuid"
    ") AS f WHERE starts_with(finding_key, $2 || '|') AND jsonb_typeof(evidence -> 'lifecycle') = 'object'";

static const char last_sql[] = "SELECT input_hash FROM tidemark.rule_runs WHERE user_id = $1::uuid AND rule = $2 ORDER BY "
                               "finished_at DESC, id DESC LIMIT 1";

static const char state_sql[] = "SELECT coalesce(json_object_agg(key, value), '{}') FROM tidemark.plugin_state"
                                " WHERE user_id = $1::uuid AND plugin = $2";

/* One cell as text, "" where it is NULL or there is no row. $1: the owner, $2: name. */
static int read_cell(struct rule_run *r, const char *sql, int n_params, const char *name, struct buf *out, struct err *e)
{
    struct db_params p = {0};
    PGresult *res = NULL;
    if (n_params > 0)
        db_uuid(&p, &r->o->owner);
    if (n_params > 1)
        db_text(&p, name);
    int rc = db_exec(r->s, sql, &p, &res, e);
    if (rc == 0 && PQntuples(res) == 1)
        buf_str(out, PQgetvalue(res, 0, 0));
    PQclear(res);
    db_params_clear(&p);
    return rc;
}

static int read_world(struct rule_run *r, struct err *e)
{
    struct buf changes = {0}, definitions = {0};
    int rc = 0;
    if (r->rule->changes || !r->rule->gained) /* what else changed is taken out of every comparison */
        rc = read_cell(r, changes_sql, 1, NULL, &changes, e);
    if (rc == 0)
        rc = read_cell(r, definitions_sql, 0, NULL, &definitions, e);
    if (rc == 0)
        buf_printf(&r->world,
                   "{\"rule\":\"%s\",\"age_h\":%d,\"metric\":\"%s\",\"as_of\":%.6f,\"watermark\":%.6f,\"since\":%.6f,"
                   "\"changes\":%s,\"definitions\":%s}",
                   r->rule->name, r->rule->age_h, r->rule->metric, (double)r->o->as_of / 1e6, (double)r->watermark / 1e6,
                   (double)r->since / 1e6, changes.data != NULL ? changes.data : "[]", definitions.data);
    /* The clocks are left out: the same data a day later is the same data. */
    struct buf input = {0};
    buf_printf(&input, "%s\n%s\n%s\n%s\n%s\n", r->rule->name, r->rule->plugin->version, r->code,
               changes.data != NULL ? changes.data : "", definitions.data != NULL ? definitions.data : "");
    if (r->rule->plugin->grant.own_statistics) /* taken back, the rule is to run again and be refused */
        buf_str(&input, "own_statistics\n");
    buf_add(&input, r->posts->digest.bytes, sizeof r->posts->digest.bytes);
    struct sha256 h = sha256_of(input.data, input.len);
    sha256_hex(&h, r->input_hash);
    buf_free(&input);
    buf_free(&changes);
    buf_free(&definitions);
    return rc;
}

static bool same_query(const struct posts_query *a, const struct posts_query *b)
{
    return a->age_h == b->age_h && strcmp(a->metric, b->metric) == 0 && a->gained == b->gained && a->since == b->since &&
           a->as_of == b->as_of && memcmp(&a->owner, &b->owner, sizeof a->owner) == 0;
}

static int load_posts(struct rule_run *r, const struct posts_query *q, struct err *e)
{
    struct posts_kept *kept = r->kept;
    r->posts = &kept->posts;
    if (kept->filled && same_query(&kept->query, q))
        return 0;
    posts_free(&kept->posts);
    kept->filled = posts_load(r->s, q, &kept->posts, e) == 0;
    kept->query = *q;
    return kept->filled ? 0 : -1;
}

int rule_read(struct rule_run *r, struct err *e)
{
    int64_t since_s = r->o->since_s > 0 ? r->o->since_s : r->rule->since_s;
    r->since = r->o->as_of - since_s * 1000000;
    const struct posts_query q = {
        .owner = r->o->owner,
        .age_h = r->rule->age_h,
        .metric = r->rule->metric,
        .gained = r->rule->gained,
        .since = r->since,
        .as_of = r->o->as_of,
    };
    if (load_posts(r, &q, e) != 0)
        return -1;
    r->watermark = r->posts->watermark;
    struct buf last = {0};
    int rc = read_world(r, e);
    if (rc == 0)
        rc = read_cell(r, previous_sql, 2, r->rule->name, &r->previous, e);
    if (rc == 0)
        rc = read_cell(r, state_sql, 2, r->rule->plugin->name, &r->state, e);
    if (rc == 0)
        rc = read_cell(r, last_sql, 2, r->rule->name, &last, e);
    r->seen = rc == 0 && last.data != NULL && strcmp(last.data, r->input_hash) == 0;
    buf_free(&last);
    return rc;
}
