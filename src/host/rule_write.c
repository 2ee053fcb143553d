/* A run's findings, results and history, in the caller's transaction. A finding that is there already (its key) keeps its id and
 * its beginnings; one whose values did not change is left alone. */
#include <string.h>

#include "base/mem.h"
#include "data/json.h"
#include "host/rule_run.h"

/* $1 owner, $2 what was decided. Only what changed is touched: an unchanged row keeps its place and its xmin. */
static const char patterns_sql[] =
    "INSERT INTO public.ai_learning_patterns AS t (user_id, finding_key, pattern_type, pattern_data, success_rate, "
    "average_engagement,"
    "   context, first_observed, last_observed, content_id)"
    " SELECT $1::uuid, finding_key, pattern_type, pattern_data, success_rate, average_engagement, context, first_observed,"
    "   last_observed, content_id"
    "  FROM jsonb_to_recordset($2::jsonb -> 'rows' -> 'ai_learning_patterns') AS r (finding_key text, pattern_type text,"
    "   pattern_data jsonb, success_rate numeric, average_engagement numeric, context jsonb, first_observed timestamptz,"
    "   last_observed timestamptz, content_id uuid) ORDER BY finding_key"
    " ON CONFLICT (user_id, finding_key) DO UPDATE SET (pattern_type, pattern_data, success_rate, average_engagement, context,"
    "   first_observed, last_observed, content_id) = (excluded.pattern_type, excluded.pattern_data, excluded.success_rate,"
    "   excluded.average_engagement, excluded.context, excluded.first_observed, excluded.last_observed, excluded.content_id)";

static const char styles_sql[] =
    "INSERT INTO public.content_style_analysis AS t (user_id, finding_key, content_id, visual_style, audio_style, text_style,"
    "   engagement_correlation, style_tags, evidence)"
    " SELECT $1::uuid, finding_key, content_id, visual_style, audio_style, text_style, engagement_correlation, style_tags, "
    "evidence"
    "  FROM jsonb_to_recordset($2::jsonb -> 'rows' -> 'content_style_analysis') AS r (finding_key text, content_id uuid,"
    "   visual_style jsonb, audio_style jsonb, text_style jsonb, engagement_correlation numeric, style_tags text[], evidence "
    "jsonb)"
    " ORDER BY finding_key"
    " ON CONFLICT (user_id, finding_key) DO UPDATE SET (content_id, visual_style, audio_style, text_style, "
    "engagement_correlation,"
    "   style_tags, evidence) = (excluded.content_id, excluded.visual_style, excluded.audio_style, excluded.text_style,"
    "   excluded.engagement_correlation, excluded.style_tags, excluded.evidence)";

/* start_time is the clock of the run that first wrote the trend. */
static const char trends_sql[] =
    "INSERT INTO public.trend_analysis AS t (user_id, finding_key, platform, trend_type, trend_data, engagement_impact, "
    "start_time,"
    "   end_time)"
    " SELECT $1::uuid, finding_key, platform, trend_type, trend_data, engagement_impact, start_time, end_time"
    "  FROM jsonb_to_recordset($2::jsonb -> 'rows' -> 'trend_analysis') AS r (finding_key text, platform text, trend_type text,"
    "   trend_data jsonb, engagement_impact numeric, start_time timestamptz, end_time timestamptz) ORDER BY finding_key"
    " ON CONFLICT (user_id, finding_key) DO UPDATE SET (platform, trend_type, trend_data, engagement_impact, end_time) ="
    "   (excluded.platform, excluded.trend_type, excluded.trend_data, excluded.engagement_impact, excluded.end_time)";

static const char improvements_sql[] =
    "INSERT INTO public.ai_improvement_tracking AS t (user_id, finding_key, improvement_type, before_metrics, after_metrics,"
    "   improvement_percentage, context, recorded_at)"
    " SELECT $1::uuid, finding_key, improvement_type, before_metrics, after_metrics, improvement_percentage, context, "
    "recorded_at"
    "  FROM jsonb_to_recordset($2::jsonb -> 'rows' -> 'ai_improvement_tracking') AS r (finding_key text, improvement_type text,"
    "   before_metrics jsonb, after_metrics jsonb, improvement_percentage numeric, context jsonb, recorded_at timestamptz)"
    " ORDER BY finding_key"
    " ON CONFLICT (user_id, finding_key) DO UPDATE SET (improvement_type, before_metrics, after_metrics, "
    "improvement_percentage,"
    "   context, recorded_at) = (excluded.improvement_type, excluded.before_metrics, excluded.after_metrics,"
    "   excluded.improvement_percentage, excluded.context, excluded.recorded_at)";

/* Candidates that have expired. $3: the rule's name: a rule removes findings of its own only. */
static const char *const remove_sql[] = {
    "DELETE FROM public.ai_learning_patterns WHERE user_id = $1::uuid AND starts_with(finding_key, $3 || '|')"
    "  AND finding_key IN (SELECT jsonb_array_elements_text($2::jsonb -> 'removed'))",
    "DELETE FROM public.content_style_analysis WHERE user_id = $1::uuid AND starts_with(finding_key, $3 || '|')"
    "  AND finding_key IN (SELECT jsonb_array_elements_text($2::jsonb -> 'removed'))",
    "DELETE FROM public.trend_analysis WHERE user_id = $1::uuid AND starts_with(finding_key, $3 || '|')"
    "  AND finding_key IN (SELECT jsonb_array_elements_text($2::jsonb -> 'removed'))",
};

static const char run_sql[] =
    "INSERT INTO tidemark.rule_runs (id, rule, plugin_version, input_hash, as_of, watermark, since, started_at, finished_at, "
    "tests,"
    "   written, warnings, user_id)"
    " SELECT $3::uuid, $4, $5, $6, $7::timestamptz, $8::timestamptz, $9::timestamptz, $10::timestamptz, clock_timestamp(),"
    "   ($2::jsonb -> 'summary' ->> 'tests')::integer, ($2::jsonb -> 'summary' ->> 'written')::integer,"
    "   coalesce($2::jsonb -> 'warnings', '[]'), $1::uuid";

static const char results_sql[] =
    "INSERT INTO tidemark.rule_results (run_id, finding_key, rule, platform, subject_type, subject, label, n, needed, effect, "
    "lo, hi,"
    "   p, q, decision, why, evidence, user_id)"
    " SELECT $3::uuid, finding_key, $4, platform, subject_type, subject, label, n, needed, effect, lo, hi, p, q, decision, why,"
    "   evidence, $1::uuid"
    "  FROM jsonb_to_recordset($2::jsonb -> 'results') AS r (finding_key text, platform text, subject_type text, subject text,"
    "   label text, n bigint, needed bigint, effect double precision, lo double precision, hi double precision, p double "
    "precision,"
    "   q double precision, decision text, why text, evidence jsonb)";

/* The newest run of a rule is kept whole, the hundred before it as lines of history. */
static const char *const prune_sql[] = {
    "DELETE FROM tidemark.rule_results WHERE user_id = $1::uuid AND rule = $2 AND run_id <> $3::uuid",
    "DELETE FROM tidemark.rule_runs WHERE user_id = $1::uuid AND rule = $2 AND id NOT IN (SELECT id FROM tidemark.rule_runs"
    "  WHERE user_id = $1::uuid AND rule = $2 ORDER BY finished_at DESC, id DESC LIMIT 101)",
};

/* What was decided, in pieces: ten thousand results are some twenty megabytes, which no statement is to read that does not need
 * them. {} where there is no such member. */
static void add_member(struct buf *out, const cJSON *object, const char *name)
{
    const cJSON *value = json_get(object, name, strlen(name));
    if (value == NULL)
        return;
    buf_printf(out, "%s\"%s\":", out->len > 1 ? "," : "", name);
    json_write(value, out);
}

static void only(struct buf *out, const cJSON *decided, const char *const *names)
{
    buf_clear(out);
    buf_char(out, '{');
    for (; *names != NULL; names++)
        add_member(out, decided, *names);
    buf_char(out, '}');
}

/* The rows of one table; false: there are none. */
static bool rows_of(struct buf *out, const cJSON *decided, const char *table)
{
    const cJSON *rows = json_get(decided, "rows", 4);
    buf_clear(out);
    buf_str(out, "{\"rows\":{");
    size_t before = out->len;
    const cJSON *of_table = json_get(rows, table, strlen(table));
    if (of_table != NULL) {
        buf_printf(out, "\"%s\":", table);
        json_write(of_table, out);
    }
    bool some = out->len > before;
    buf_str(out, "}}");
    return some;
}

static int write_rows(struct rule_run *r, const cJSON *decided, struct err *e)
{
    static const struct {
        const char *table, *sql;
    } kinds[] = {{"ai_learning_patterns", patterns_sql},
                 {"content_style_analysis", styles_sql},
                 {"trend_analysis", trends_sql},
                 {"ai_improvement_tracking", improvements_sql}};
    static const char *const removed[] = {"removed", NULL};
    struct buf part = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof kinds / sizeof *kinds; i++) {
        struct db_params p = {0};
        if (!rows_of(&part, decided, kinds[i].table))
            continue;
        db_uuid(&p, &r->o->owner);
        db_text(&p, part.data);
        rc = db_exec(r->s, kinds[i].sql, &p, NULL, e);
        db_params_clear(&p);
    }
    only(&part, decided, removed);
    for (size_t i = 0; rc == 0 && i < sizeof remove_sql / sizeof *remove_sql; i++) {
        struct db_params p = {0};
        db_uuid(&p, &r->o->owner);
        db_text(&p, part.data);
        db_text(&p, r->rule->name);
        rc = db_exec(r->s, remove_sql[i], &p, NULL, e);
        db_params_clear(&p);
    }
    buf_free(&part);
    return rc;
}

static int write_run(struct rule_run *r, const cJSON *decided, struct err *e)
{
    static const char *const names[] = {"summary", "warnings", NULL};
    struct buf part = {0};
    struct db_params p = {0};
    only(&part, decided, names);
    db_uuid(&p, &r->o->owner);
    db_text(&p, part.data);
    db_uuid(&p, &r->id);
    db_text(&p, r->rule->name);
    db_text(&p, r->rule->plugin->version);
    db_text(&p, r->input_hash);
    db_time(&p, r->o->as_of);
    db_time(&p, r->watermark);
    db_time(&p, r->since);
    db_time(&p, r->o->now);
    int rc = db_exec(r->s, run_sql, &p, NULL, e);
    db_params_clear(&p);
    buf_free(&part);
    return rc;
}

static int write_results(struct rule_run *r, const cJSON *decided, struct err *e)
{
    static const char *const names[] = {"results", NULL};
    struct buf part = {0};
    struct db_params p = {0};
    only(&part, decided, names);
    db_uuid(&p, &r->o->owner);
    db_text(&p, part.data);
    db_uuid(&p, &r->id);
    db_text(&p, r->rule->name);
    int rc = db_exec(r->s, results_sql, &p, NULL, e);
    db_params_clear(&p);
    buf_free(&part);
    for (size_t i = 0; rc == 0 && i < sizeof prune_sql / sizeof *prune_sql; i++) {
        struct db_params prune = {0};
        db_uuid(&prune, &r->o->owner);
        db_text(&prune, r->rule->name);
        if (i == 0)
            db_uuid(&prune, &r->id);
        rc = db_exec(r->s, prune_sql[i], &prune, NULL, e);
        db_params_clear(&prune);
    }
    return rc;
}

/* What the rule remembers is kept with what it found. A null takes a key away. */
static int write_state(struct rule_run *r, struct err *e)
{
    static const char sql[] =
        "WITH given AS (SELECT key, value FROM jsonb_each($3::jsonb)),"
        " gone AS (DELETE FROM tidemark.plugin_state s USING given g"
        "  WHERE s.user_id = $1::uuid AND s.plugin = $2 AND s.key = g.key AND jsonb_typeof(g.value) = 'null')"
        " INSERT INTO tidemark.plugin_state AS s (user_id, plugin, key, value, updated_at)"
        " SELECT $1::uuid, $2, key, value, now() FROM given WHERE jsonb_typeof(value) <> 'null'"
        " ON CONFLICT (user_id, plugin, key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
    struct db_params p = {0};
    if (r->unsaved.len == 0)
        return 0;
    db_uuid(&p, &r->o->owner);
    db_text(&p, r->rule->plugin->name);
    db_text(&p, r->unsaved.data);
    int rc = db_exec(r->s, sql, &p, NULL, e);
    db_params_clear(&p);
    return rc;
}

int rule_write(struct rule_run *r, struct err *e)
{
    struct json_limits limits = {.bytes = SIZE_MAX / 2, .nodes = SIZE_MAX / 2, .depth = 100};
    struct json_doc *doc = NULL;
    if (json_parse(r->decided.data, r->decided.len, &limits, &doc, e) != 0)
        return -1;
    const cJSON *decided = json_root(doc);
    int rc = -1;
    if (write_rows(r, decided, e) == 0 && write_run(r, decided, e) == 0 && write_state(r, e) == 0)
        rc = write_results(r, decided, e);
    json_free(&doc);
    return rc;
}
