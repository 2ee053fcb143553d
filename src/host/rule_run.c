#include "host/rule_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/datetime.h"
#include "host/run_port.h"
#include "script/rule_call.h"
#include "script/trusted.h"

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The rule's options, and the names of the facts it gave. */
static void add_options(struct buf *out, const struct port_question *ask)
{
    size_t n = strlen(ask->opts);
    const char **fact = mem_array(ask->extra->n_column + 1, sizeof *fact);
    size_t n_fact = 0;
    for (size_t i = 0; i < ask->extra->n_column; i++)
        if (ask->extra->column[i].kind == FRAME_NUMBER)
            fact[n_fact++] = ask->extra->column[i].name;
    qsort(fact, n_fact, sizeof *fact, by_name);
    buf_add(out, ask->opts, n - 1); /* without the closing brace */
    buf_str(out, n > 2 ? ",\"facts\":[" : "\"facts\":[");
    for (size_t i = 0; i < n_fact; i++) {
        if (i > 0)
            buf_char(out, ',');
        json_write_string(fact[i], strlen(fact[i]), out);
    }
    buf_str(out, "]}");
    mem_free(fact);
}

/* --- find, and its questions --------------------------------------------------------------------------------------------------- */

/* What a rule has asked so far, and what the analyses said. */
struct questions {
    struct rule_run *run;
    struct buf *part; /* per question: what was asked and answered, as JSON without its end; empty: nobody waited for it */
    size_t n;
    struct err failed; /* of the host's, which ends the run whatever the rule does */
};

/* One question of the rule's, answered by an analysis. */
static int answer(struct rule_run *r, const struct port_question *q, struct buf *candidates, struct buf *part, struct err *e)
{
    struct buf opts = {0};
    if (strcmp(q->kind, "own") == 0 && rule_check_own(r->rule, e) != 0)
        return -1;
    add_options(&opts, q);
    const struct trusted_arg args[] = {
        {.kind = TRUSTED_TEXT, .text = q->kind},       {.kind = TRUSTED_FRAME, .frame = r->posts->frame},
        {.kind = TRUSTED_FRAME, .frame = q->extra},    {.kind = TRUSTED_JSON, .text = opts.data},
        {.kind = TRUSTED_JSON, .text = r->world.data},
    };
    int rc = trusted_call(r->trusted, "tidemark.learn", "answer", args, sizeof args / sizeof *args, candidates, e);
    if (rc == 0)
        buf_printf(part, "{\"kind\":\"%s\",\"opts\":%s,\"candidates\":%s,\"returned\":", q->kind, opts.data, candidates->data);
    else
        err_in(e, "%s", r->rule->name);
    buf_free(&opts);
    return rc;
}

static int on_question(void *arg, const struct port_question *question, struct buf *candidates, struct err *e)
{
    struct questions *q = arg;
    if (question->number >= q->n)
        q->part = mem_realloc(q->part, (question->number + 1) * sizeof *q->part);
    for (; q->n <= question->number; q->n++)
        q->part[q->n] = (struct buf){0};
    int rc = answer(q->run, question, candidates, &q->part[question->number], e);
    if (rc != 0)
        q->failed = *e;
    return rc;
}

static int call_find(struct rule_run *r, struct run_port *port, struct rule_answers *given, struct err *e)
{
    const struct plugin *plugin = r->rule->plugin;
    const struct plugin_grant *grant = &plugin->grant;
    const struct rule_call call = {.vm = plugin->vm,
                                   .rule = r->rule->name,
                                   .posts = r->posts->frame,
                                   .now = (double)r->o->now / 1e6,
                                   .as_of = (double)r->o->as_of / 1e6,
                                   .config = plugin->config,
                                   .state = r->state.data,
                                   .port = run_port(port)};
    if ((grant->n_table > 0 || grant->role != NULL) &&
        run_port_check(port, (const char *const *)grant->table, grant->n_table, e) != 0)
        return -1;
    return rule_call(&call, given, &r->unsaved, e);
}

/* Drives find. Every question ends in ':'; whether find gave its answer back is known only at the end. */
static int run_find(struct rule_run *r, struct buf *answers, struct err *e)
{
    struct questions q = {.run = r};
    struct rule_answers given = {0};
    struct vm_usage usage;
    vm_usage(r->rule->plugin->vm, &usage);
    const struct run_port_options o = {.walled = r->o->walled,
                                       .plugin = r->rule->plugin->name,
                                       .what = r->rule->name,
                                       .role = r->rule->plugin->grant.role,
                                       .db_ms = (unsigned)usage.of[VM_DB].limit,
                                       .answer = on_question,
                                       .arg = &q};
    struct run_port *port = run_port_open(db_session_loop(r->s), r->o->pool, &r->o->owner, &o);
    int rc = call_find(r, port, &given, e);
    run_port_close(&port);
    if (q.failed.kind != ERR_NONE) {
        *e = q.failed;
        rc = -1;
    }
    buf_char(answers, '[');
    for (size_t i = 0; i < q.n; i++) {
        if (rc == 0 && q.part[i].len > 0)
            buf_printf(answers, "%s%s%s}", answers->len > 1 ? "," : "", q.part[i].data, given.returned[i] ? "true" : "false");
        buf_free(&q.part[i]);
    }
    buf_char(answers, ']');
    mem_free(q.part);
    mem_free(given.returned);
    return rc;
}

static void add_time(struct buf *out, const char *name, int64_t us)
{
    char text[40];
    datetime_format(us / 1000000 * 1000000, text, sizeof text); /* whole seconds */
    buf_printf(out, "\"%s\":\"%s\",", name, text);
}

static void describe_run(const struct rule_run *r, struct buf *out)
{
    char id[37];
    uuid_format(&r->id, id);
    buf_printf(out, "{\"id\":\"%s\",\"rule\":\"%s\",\"plugin\":\"%s\",\"metric\":\"%s\",", id, r->rule->name,
               r->rule->plugin->version, r->rule->metric);
    if (!r->rule->gained)
        buf_printf(out, "\"age_h\":%d,", r->rule->age_h);
    add_time(out, "computed_at", r->o->now);
    add_time(out, "as_of", r->o->as_of);
    add_time(out, "watermark", r->watermark);
    add_time(out, "since", r->since);
    buf_printf(out, "\"withheld_h\":%d,\"tz\":\"UTC\",\"input_hash\":\"%s\"}", r->rule->gained ? 72 : 0, r->input_hash);
}

int rule_decide(struct rule_run *r, struct err *e)
{
    struct buf answers = {0}, run = {0};
    r->id = uuid_v7();
    int rc = run_find(r, &answers, e);
    if (rc == 0) {
        describe_run(r, &run);
        const struct trusted_arg args[] = {
            {.kind = TRUSTED_JSON, .text = run.data},
            {.kind = TRUSTED_JSON, .text = answers.data},
            {.kind = TRUSTED_JSON, .text = r->previous.data},
        };
        rc = trusted_call(r->trusted, "tidemark.learn", "decide", args, 3, &r->decided, e);
        if (rc != 0)
            err_in(e, "%s", r->rule->name);
    }
    buf_free(&answers);
    buf_free(&run);
    return rc;
}

void rule_run_free(struct rule_run *r)
{
    buf_free(&r->world);
    buf_free(&r->previous);
    buf_free(&r->decided);
    buf_free(&r->unsaved);
    buf_free(&r->state);
}
