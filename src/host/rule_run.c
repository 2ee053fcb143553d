#include "host/rule_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/datetime.h"
#include "script/rule_call.h"
#include "script/trusted.h"

enum { FIND_MS = 60000 }; /* CPU of a rule's own code */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The rule's options, and the names of the facts it gave. */
static void add_options(struct buf *out, const struct rule_ask *ask)
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

/* One question of the rule's, answered by an analysis; kept in answers with what was asked. */
static int answer(struct rule_run *r, const struct rule_ask *ask, struct buf *candidates, struct buf *answers, struct err *e)
{
    struct buf opts = {0};
    if (strcmp(ask->kind, "own") == 0 && rule_check_own(r->rule, e) != 0)
        return -1;
    add_options(&opts, ask);
    const struct trusted_arg args[] = {
        {.kind = TRUSTED_TEXT, .text = ask->kind},     {.kind = TRUSTED_FRAME, .frame = r->posts->frame},
        {.kind = TRUSTED_FRAME, .frame = ask->extra},  {.kind = TRUSTED_JSON, .text = opts.data},
        {.kind = TRUSTED_JSON, .text = r->world.data},
    };
    int rc = trusted_call(r->trusted, "tidemark.learn", "answer", args, sizeof args / sizeof *args, candidates, e);
    if (rc == 0)
        buf_printf(answers, "%s{\"kind\":\"%s\",\"opts\":%s,\"candidates\":%s,\"returned\":", answers->len > 0 ? "," : "",
                   ask->kind, opts.data, candidates->data);
    else
        err_in(e, "%s", r->rule->name);
    buf_free(&opts);
    return rc;
}

/* Drives find. Every question ends in ':'; whether find gave its answer back is known only at the end. */
static int run_find(struct rule_run *r, struct buf *answers, struct err *e)
{
    struct buf candidates = {0};
    struct buf *part = NULL;
    size_t n = 0;
    struct rule_ask ask;
    struct rule_call *call = rule_call_begin(r->rule->plugin->vm, r->rule->name, r->posts->frame, (double)r->o->now / 1e6,
                                             (double)r->o->as_of / 1e6, FIND_MS);
    int rc = rule_call_next(call, NULL, &ask, e);
    while (rc == 1) {
        part = mem_realloc(part, (n + 1) * sizeof *part);
        part[n] = (struct buf){0};
        rc = answer(r, &ask, &candidates, &part[n++], e) == 0 ? rule_call_next(call, candidates.data, &ask, e) : -1;
    }
    buf_char(answers, '[');
    for (size_t i = 0; i < n; i++) {
        if (rc == 0)
            buf_printf(answers, "%s%s%s}", i > 0 ? "," : "", part[i].data, rule_call_returned(call, i) ? "true" : "false");
        buf_free(&part[i]);
    }
    buf_char(answers, ']');
    mem_free(part);
    buf_free(&candidates);
    rule_call_end(&call);
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
}
