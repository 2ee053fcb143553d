#include "host/rule_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "data/datetime.h"
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

/* A question on its way, and what its analysis said. */
struct asked {
    struct port_req req; /* first: the port's caller sees only this */
    struct port_question question;
    char *opts;
    struct buf candidates;
    size_t number;
    bool freed;
    struct asked *next;
};

/* The port of a rule's run. An analysis is computed while the run waits: in a state of its own, never beneath the rule's code. */
struct questions {
    struct rule_run *run;
    struct asked *waiting, *last;
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

static struct port_req *port_ask(void *host, const struct port_question *question)
{
    struct questions *q = host;
    struct asked *a = mem_alloc(sizeof *a);
    a->opts = mem_dup(question->opts);
    a->number = q->n++;
    q->part = mem_realloc(q->part, q->n * sizeof *q->part);
    q->part[a->number] = (struct buf){0};
    a->question = (struct port_question){.kind = question->kind, .extra = question->extra, .opts = a->opts};
    if (q->last != NULL)
        q->last->next = a;
    else
        q->waiting = a;
    q->last = a;
    return &a->req;
}

static void asked_free(struct asked *a)
{
    buf_free(&a->candidates);
    mem_free(a->opts);
    mem_free(a);
}

static void port_free(struct port_req **req)
{
    struct asked *a = (struct asked *)*req;
    *req = NULL;
    if (a == NULL)
        return;
    if (a->req.wait.done)
        asked_free(a);
    else
        a->freed = true; /* still in the list */
}

static void port_await(void *host, struct wait *w)
{
    struct questions *q = host;
    while (!w->done) {
        struct asked *a = q->waiting;
        must(a != NULL); /* a rule waits for answers only */
        q->waiting = a->next;
        if (q->waiting == NULL)
            q->last = NULL;
        if (a->freed) {
            asked_free(a);
            continue;
        }
        if (answer(q->run, &a->question, &a->candidates, &q->part[a->number], &a->req.err) != 0)
            q->failed = a->req.err;
        a->req.answer = a->candidates.data;
        wait_done(&a->req.wait);
    }
}

static void port_log(void *host, enum log_level level, const char *text)
{
    const char *rule = ((struct questions *)host)->run->rule->name;
    switch (level) {
    case LOG_DEBUG: log_debug("%s: %s", rule, text); break;
    case LOG_INFO: log_info("%s: %s", rule, text); break;
    case LOG_WARN: log_warn("%s: %s", rule, text); break;
    case LOG_ERROR: log_error("%s: %s", rule, text); break;
    }
}

/* Drives find. Every question ends in ':'; whether find gave its answer back is known only at the end. */
static int run_find(struct rule_run *r, struct buf *answers, struct err *e)
{
    struct questions q = {.run = r};
    const struct port port = {.host = &q, .ask = port_ask, .log = port_log, .free = port_free, .await = port_await};
    const struct rule_call call = {.vm = r->rule->plugin->vm,
                                   .rule = r->rule->name,
                                   .posts = r->posts->frame,
                                   .now = (double)r->o->now / 1e6,
                                   .as_of = (double)r->o->as_of / 1e6,
                                   .port = &port};
    struct rule_answers given;
    int rc = rule_call(&call, &given, &r->unsaved, e);
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
    while (q.waiting != NULL) {
        struct asked *a = q.waiting;
        q.waiting = a->next;
        asked_free(a);
    }
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
}
