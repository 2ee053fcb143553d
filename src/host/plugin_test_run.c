/* What a spec may ask of the host that needs the database: rules, reports, jobs, SQL. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "data/datetime.h"
#include "db/result.h"
#include "host/learn.h"
#include "host/part_run.h"
#include "host/plugin_test_ask.h"
#include "host/report_lua.h"
#include "script/part_call.h"

/* --- learn ----------------------------------------------------------------------------------------------------------------------- */

static int rules_of(const struct ask *a, const struct rule ***rules, size_t *n, struct err *e)
{
    const cJSON *names = ask_arg(a->args, "rules");
    *rules = mem_array(names != NULL ? json_size(names) + 1 : 1, sizeof **rules);
    *n = 0;
    for (const cJSON *one = names != NULL ? names->child : NULL; one != NULL; one = one->next) {
        const char *name = json_kind(one) == JSON_STRING ? json_text(one) : "?";
        const struct rule *rule = rule_find(a->t->registry, name);
        if (rule == NULL)
            return rule_unknown(a->t->registry, name, e);
        (*rules)[(*n)++] = rule;
    }
    return *n > 0 ? 0 : err_set(e, ERR_USAGE, "which rules? The plugin has none");
}

static void add_outcome(struct buf *out, const struct learn_outcome *o)
{
    static const char *const states[] = {[LEARN_RAN] = "ran", [LEARN_UNCHANGED] = "unchanged", [LEARN_FAILED] = "failed"};
    buf_char(out, '{');
    ask_add_text(out, "rule", o->rule->name);
    ask_add_text(out, "state", states[o->state]);
    ask_add_int(out, "tests", o->tests);
    ask_add_int(out, "written", o->written);
    ask_add_int(out, "no_difference", o->no_difference);
    ask_add_int(out, "not_shown", o->not_shown);
    ask_add_int(out, "insufficient", o->insufficient);
    buf_printf(out, ",\"results\":%s", o->results.len > 0 ? o->results.data : "[]");
    if (o->state == LEARN_FAILED)
        ask_add_text(out, "error", o->err.text);
    buf_char(out, '}');
}

int ask_learn(struct ask *a, struct err *e)
{
    struct learn_options o = {.lib_dir = a->t->o.paths.lib_dir, .now = clock_wall_us()};
    struct learn learnt = {0};
    const struct rule **rules = NULL;
    bool has_as_of = false;
    int64_t since = 0;
    const char *span = ask_text(a->args, "since");
    o.as_of = o.now;
    if (span != NULL && !datetime_parse_duration(span, &since))
        return err_set(e, ERR_USAGE, "since = \"%s\": not a span; write 180d", span);
    if (ask_need_plugins(a->t, e) != 0 || ask_when(a->args, "as_of", &has_as_of, &o.as_of, e) != 0 || ask_need_owner(a, e) != 0)
        return -1;
    if (has_as_of && o.as_of > o.now)
        o.now = o.as_of; /* a spec's own time: nothing in its world is later */
    o.owner = a->owner;
    o.pool = a->t->db.pool;
    o.since_s = since / 1000000;
    o.dry_run = ask_arg(a->args, "dry_run") == NULL || cJSON_IsTrue(ask_arg(a->args, "dry_run"));
    int rc = rules_of(a, &rules, &o.n_rule, e);
    o.rules = rules;
    if (rc == 0)
        rc = learn_run(a->t->db.session, &o, &learnt, e);
    buf_char(a->out, '[');
    for (size_t i = 0; rc == 0 && i < learnt.n_outcome; i++) {
        if (i > 0)
            buf_char(a->out, ',');
        add_outcome(a->out, &learnt.outcome[i]);
    }
    buf_char(a->out, ']');
    learn_free(&learnt);
    mem_free(rules);
    return rc;
}

/* --- report ---------------------------------------------------------------------------------------------------------------------- */

static int unknown_report(const struct registry *r, const char *name, struct err *e)
{
    struct buf known = {0};
    for (size_t i = 0; i < r->n_plugin; i++)
        for (size_t k = 0; k < r->plugin[i]->n_report; k++)
            buf_printf(&known, "%s%s", known.len > 0 ? ", " : "", r->plugin[i]->report[k]->name);
    err_set(e, ERR_USAGE, "there is no report %s (there are: %s)", name, known.data != NULL ? known.data : "none");
    buf_free(&known);
    return -1;
}

static void write_rows(struct buf *out, const struct rowset *rows)
{
    buf_str(out, "{\"columns\":[");
    for (size_t i = 0; i < rows->n_column; i++) {
        if (i > 0)
            buf_char(out, ',');
        json_write_string(rows->column[i].name, strlen(rows->column[i].name), out);
    }
    buf_str(out, "],\"rows\":");
    rowset_json(rows, out);
    buf_char(out, '}');
}

/* The clocks and the database of a run of plugin code. */
static int part_of(const struct ask *a, struct part_run *how, struct err *e)
{
    bool has_as_of = false;
    int64_t now = clock_wall_us(), as_of = now;
    if (ask_when(a->args, "as_of", &has_as_of, &as_of, e) != 0)
        return -1;
    *how = (struct part_run){.loop = a->t->db.loop,
                             .pool = a->t->db.pool,
                             .owner = a->owner,
                             .now = (double)(as_of > now ? as_of : now) / 1e6,
                             .as_of = (double)as_of / 1e6};
    return 0;
}

int ask_report(struct ask *a, struct err *e)
{
    const char *name = ask_text(a->args, "name");
    const cJSON *list = ask_arg(a->args, "args");
    struct rowset *rows = NULL;
    char owner[37];
    if (ask_need_plugins(a->t, e) != 0)
        return -1;
    const struct report *report = name != NULL ? report_find(a->t->registry, name) : NULL;
    if (report == NULL)
        return unknown_report(a->t->registry, name != NULL ? name : "?", e);
    size_t n = list != NULL ? json_size(list) : 0, i = 0;
    struct report_var *vars = mem_array(n + 1, sizeof *vars);
    for (const cJSON *one = list != NULL ? list->child : NULL; one != NULL; one = one->next)
        vars[i++] = (struct report_var){.name = ask_text(one, "name"), .value = ask_text(one, "value")};
    int rc = report_check_vars(report, vars, n, e);
    if (rc == 0)
        rc = ask_need_owner(a, e);
    if (rc == 0 && report->plugin != NULL) {
        struct part_run how;
        rc = part_of(a, &how, e);
        if (rc == 0)
            rc = report_run_lua(report, &how, vars, n, &rows, e);
    } else if (rc == 0) {
        uuid_format(&a->owner, owner);
        rc = report_run(report, a->t->db.session, owner, vars, n, &rows, e);
    }
    if (rc == 0)
        write_rows(a->out, rows);
    rowset_free(&rows);
    mem_free(vars);
    return rc;
}

/* --- run ------------------------------------------------------------------------------------------------------------------------- */

static const struct plugin_job *find_job(const struct registry *r, const char *name, const struct plugin **of)
{
    for (size_t i = 0; i < r->n_plugin; i++)
        for (size_t k = 0; k < r->plugin[i]->n_job; k++)
            if (strcmp(r->plugin[i]->job[k].name, name) == 0 && r->plugin[i]->job[k].platform == NULL) {
                *of = r->plugin[i];
                return &r->plugin[i]->job[k];
            }
    return NULL;
}

int ask_run(struct ask *a, struct err *e)
{
    const char *name = ask_text(a->args, "name");
    const struct plugin *p = NULL;
    struct part_run how;
    if (name == NULL)
        return err_set(e, ERR_USAGE, "host.run wants a job's name");
    if (ask_need_plugins(a->t, e) != 0)
        return -1;
    const struct plugin_job *job = find_job(a->t->registry, name, &p);
    if (job == NULL)
        return err_set(e, ERR_USAGE, "there is no job %s", name);
    if (ask_need_owner(a, e) != 0 || part_of(a, &how, e) != 0)
        return -1;
    struct part_call call = {.table = "jobs", .name = job->name};
    how.plugin = p;
    how.vm = p->vm;
    how.kind = RUN_JOB;
    how.what = job->name;
    const struct run_code code = part_code(&call);
    int rc = part_run(&how, &code, e);
    if (rc == 0 && call.rows != NULL)
        write_rows(a->out, call.rows);
    else
        buf_str(a->out, "{}");
    rowset_free(&call.rows);
    return rc;
}

/* --- query ----------------------------------------------------------------------------------------------------------------------- */

static int add_param(struct db_params *p, const cJSON *v, struct err *e)
{
    struct buf text = {0};
    int64_t whole;
    enum json_kind kind = json_kind(v);
    if (kind == JSON_NULL) {
        db_text(p, NULL);
    } else if (kind == JSON_BOOL) {
        db_bool(p, cJSON_IsTrue(v));
    } else if (kind == JSON_STRING) {
        db_text(p, json_text(v));
    } else if (kind == JSON_NUMBER && json_int64(v, &whole)) {
        db_int(p, whole);
    } else {
        json_write(v, &text);
        db_text(p, text.data);
    }
    buf_free(&text);
    return p->n < DB_PARAMS_MAX ? 0 : err_set(e, ERR_USAGE, "more than %d parameters", DB_PARAMS_MAX - 1);
}

static int become_owner(const struct ask *a, struct err *e)
{
    struct db_params who = {0};
    db_uuid(&who, &a->owner);
    int rc = db_exec(a->t->db.session, "SELECT tidemark.act_as($1::uuid)", &who, NULL, e);
    db_params_clear(&who);
    return rc == 0 ? db_run(a->t->db.session, "SET LOCAL ROLE authenticated", e) : rc;
}

int ask_query(struct ask *a, struct err *e)
{
    const char *sql = ask_text(a->args, "sql");
    const cJSON *list = ask_arg(a->args, "params");
    struct db_params p = {0};
    PGresult *result = NULL;
    if (sql == NULL)
        return err_set(e, ERR_USAGE, "host.query wants a statement");
    if (ask_need_owner(a, e) != 0)
        return -1;
    int rc = 0;
    for (const cJSON *one = list != NULL ? list->child : NULL; one != NULL && rc == 0; one = one->next)
        rc = add_param(&p, one, e);
    if (rc == 0 && (rc = db_begin(a->t->db.session, "", e)) == 0) {
        rc = become_owner(a, e);
        if (rc == 0)
            rc = db_exec(a->t->db.session, sql, &p, &result, e);
        if (rc == 0)
            rc = db_commit(a->t->db.session, e);
        else
            db_rollback(a->t->db.session);
    }
    struct rowset *rows = result != NULL ? db_rowset(result) : NULL;
    PQclear(result);
    if (rc == 0)
        write_rows(a->out, rows);
    rowset_free(&rows);
    db_params_clear(&p);
    if (rc != 0 && e->kind == ERR_BUG) /* the spec's statement, not the host's */
        e->kind = ERR_USAGE;
    return rc;
}
