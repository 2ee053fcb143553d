#include "host/learn.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/json.h"
#include "host/plugin_use.h"
#include "host/rule_run.h"
#include "script/trusted.h"

enum { ANALYSIS_MS = 600000, ANALYSIS_MIB = 2048 };

static void tell(const struct learn_options *o, const char *what, size_t done)
{
    if (o->progress != NULL)
        o->progress(o->ctx, what, done, o->n_rule + 1);
}

static int begin(struct db_session *s, const char *mode, struct err *e)
{
    if (db_begin(s, mode, e) != 0)
        return -1;
    if (db_run(s, "SET LOCAL ROLE service_role", e) == 0 && db_run(s, "SET LOCAL TimeZone = 'UTC'", e) == 0 &&
        db_run(s, "SET LOCAL DateStyle = 'ISO, YMD'", e) == 0)
        return 0;
    db_rollback(s);
    return -1;
}

static int end(struct db_session *s, int rc, struct err *e)
{
    if (rc == 0)
        return db_commit(s, e);
    db_rollback(s);
    return -1;
}

/* --- what rules read is brought up to date -------------------------------------------------------------------------------- */

static int count_of(struct db_session *s, const struct learn_options *o, const char *sql, int64_t *n, struct err *e)
{
    struct db_params p = {0};
    PGresult *res = NULL;
    db_uuid(&p, &o->owner);
    db_time(&p, o->as_of);
    int rc = db_exec(s, sql, &p, &res, e);
    if (rc == 0)
        *n = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
    PQclear(res);
    db_params_clear(&p);
    return rc;
}

/* One learner an owner at a time: two would refresh the same readings and wait for each other in the middle. The lock goes with the
 * transaction. */
static int refresh(struct db_session *s, const struct learn_options *o, struct learn *out, struct err *e)
{
    int64_t locked = 0;
    if (count_of(s, o,
                 "SELECT pg_try_advisory_xact_lock(hashtextextended('tidemark.learn ' || $1::uuid, 0))::integer"
                 " WHERE $2::timestamptz IS NOT NULL",
                 &locked, e) != 0)
        return -1;
    if (!locked)
        return err_set(e, ERR_TEMPORARY, "another learn is at work for this owner: try again when it is done");
    if (count_of(s, o, "SELECT tidemark.refresh_at_age($1::uuid, $2::timestamptz)", &out->refreshed, e) != 0)
        return -1;
    return count_of(s, o, "SELECT tidemark.refresh_peak_times($1::uuid, $2::timestamptz)", &out->peaks, e);
}

/* Tables that changed much since the server last looked at them. Right after a large ingest it knows nothing of their rows, and a
 * plan made in the dark takes minutes where a second is enough. As the migrating role, which owns them. */
static int analyze(struct db_session *s, struct err *e)
{
    static const char sql[] =
        "SELECT format('ANALYZE %I.%I', schemaname, relname) FROM pg_stat_user_tables"
        " WHERE schemaname IN ('public', 'tidemark', 'tidemark_parts') AND n_mod_since_analyze > 500 + 0.2 * n_live_tup"
        "   AND pg_has_role((SELECT relowner FROM pg_class WHERE oid = relid), 'USAGE')"
        " UNION ALL SELECT 'ANALYZE public.content_performance_metrics' WHERE EXISTS (SELECT FROM pg_stat_user_tables"
        "   WHERE schemaname = 'tidemark_parts' AND n_mod_since_analyze > 500 + 0.2 * n_live_tup)"
        "   AND pg_has_role((SELECT relowner FROM pg_class WHERE oid = 'public.content_performance_metrics'::regclass), "
        "'USAGE')";
    PGresult *res = NULL;
    int rc = db_exec(s, sql, NULL, &res, e);
    for (int i = 0; rc == 0 && i < PQntuples(res); i++)
        rc = db_run(s, PQgetvalue(res, i, 0), e);
    PQclear(res);
    return rc;
}

/* --- one rule -------------------------------------------------------------------------------------------------------------- */

/* ERR_PLUGIN where the rule asked what cannot be decided. */
static int take_summary(const struct buf *decided, struct learn_outcome *to, struct err *e)
{
    struct json_limits limits = {.bytes = SIZE_MAX / 2, .nodes = SIZE_MAX / 2, .depth = 100};
    struct json_doc *doc = NULL;
    const struct {
        const char *name;
        int64_t *to;
    } counts[] = {{"tests", &to->tests},         {"own", &to->own},
                  {"written", &to->written},     {"no_difference", &to->no_difference},
                  {"not_shown", &to->not_shown}, {"insufficient", &to->insufficient}};
    if (json_parse(decided->data, decided->len, &limits, &doc, e) != 0)
        return -1;
    const char *problem = json_text(json_get(json_root(doc), "problem", 7));
    if (problem != NULL) {
        err_set(e, ERR_PLUGIN, "%s: %s", to->rule->name, problem);
        json_free(&doc);
        return -1;
    }
    const cJSON *summary = json_get(json_root(doc), "summary", 7);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        json_int64(json_get(summary, counts[i].name, strlen(counts[i].name)), counts[i].to);
    to->removed = (int64_t)json_size(json_get(json_root(doc), "removed", 7));
    json_write(json_get(json_root(doc), "results", 7), &to->results);
    json_free(&doc);
    return 0;
}

/* What belongs to a plugin is the outcome's; anything else ends the learning. */
static int settle(struct learn_outcome *to, int rc, struct err *e)
{
    if (rc == 0 || (e->kind != ERR_PLUGIN && e->kind != ERR_BUG))
        return rc;
    to->state = LEARN_FAILED;
    to->err = *e;
    return 0;
}

static int decide_and_write(struct rule_run *r, struct learn_outcome *to, struct err *e)
{
    int rc = rule_decide(r, e);
    rc = settle(to, rc == 0 ? take_summary(&r->decided, to, e) : rc, e);
    if (rc != 0 || to->state == LEARN_FAILED)
        return rc;
    if (r->o->dry_run)
        return 0;
    if (begin(r->s, "", e) != 0)
        return -1;
    return end(r->s, rule_write(r, e), e);
}

static int one_rule(struct rule_run *r, struct learn_outcome *to, struct err *e)
{
    to->rule = r->rule;
    int rc;
    if (r->o->dry_run) { /* inside learn_run's own transaction */
        rc = rule_read(r, e);
    } else {
        rc = begin(r->s, "ISOLATION LEVEL REPEATABLE READ READ ONLY", e);
        if (rc == 0)
            rc = end(r->s, rule_read(r, e), e);
    }
    if (rc != 0)
        return -1;
    to->posts = (int64_t)r->posts->frame->n_row;
    if (r->posts->warnings.len > 0)
        buf_add(&to->warnings, r->posts->warnings.data, r->posts->warnings.len);
    if (r->seen && !r->o->dry_run) {
        to->state = LEARN_UNCHANGED;
        return 0;
    }
    return decide_and_write(r, to, e);
}

static int all_rules(struct db_session *s, const struct learn_options *o, struct learn *out, struct err *e)
{
    char code[13];
    if (plugin_code_digest(o->lib_dir, code, e) != 0)
        return -1;
    struct vm *trusted = trusted_open(o->lib_dir, ANALYSIS_MS, (size_t)ANALYSIS_MIB << 20);
    struct posts_kept kept = {0};
    struct plugin_uses uses = {0};
    int rc = 0;
    for (size_t i = 0; i < o->n_rule && rc == 0; i++) {
        struct rule_run run = {.s = s, .o = o, .rule = o->rules[i], .trusted = trusted, .code = code, .kept = &kept};
        tell(o, o->rules[i]->name, i + 1);
        struct learn_outcome *to = &out->outcome[out->n_outcome++];
        rc = one_rule(&run, to, e);
        if (rc == 0 && to->state != LEARN_UNCHANGED)
            plugin_use_add(&uses, to->rule->plugin, to->rule->name, to->state == LEARN_FAILED ? &to->err : NULL);
        if (run.watermark > out->watermark)
            out->watermark = run.watermark;
        rule_run_free(&run);
    }
    if (rc == 0 && !o->dry_run)
        plugin_use_write(&uses, s, &o->owner);
    plugin_uses_free(&uses);
    posts_free(&kept.posts);
    vm_free(&trusted);
    return rc;
}

int learn_run(struct db_session *s, const struct learn_options *o, struct learn *out, struct err *e)
{
    *out = (struct learn){.outcome = mem_array(o->n_rule + 1, sizeof *out->outcome)};
    tell(o, "counts at fixed ages", 0);
    if (analyze(s, e) != 0 || begin(s, "", e) != 0)
        return -1;
    int rc = refresh(s, o, out, e);
    if (!o->dry_run) {
        rc = end(s, rc, e);
        return rc == 0 && analyze(s, e) == 0 ? all_rules(s, o, out, e) : -1;
    }
    if (rc == 0)
        rc = all_rules(s, o, out, e);
    db_rollback(s);
    return rc;
}

void learn_free(struct learn *l)
{
    for (size_t i = 0; i < l->n_outcome; i++) {
        buf_free(&l->outcome[i].results);
        buf_free(&l->outcome[i].warnings);
    }
    mem_free(l->outcome);
    *l = (struct learn){0};
}
