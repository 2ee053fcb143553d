/* How long the database has worked for a run: with three statements at work it runs three times as fast as the clock. When it is
 * used up, whatever runs is cancelled on the server. */
#include "base/clock.h"
#include "host/run_port_private.h"

int budget_text(const struct run_port *p, struct err *e)
{
    unsigned ms = p->o.db_ms;
    return ms % 1000 == 0 ? err_set(e, ERR_PLUGIN, "used more than %u s of database time (limits.db_s)", ms / 1000)
                          : err_set(e, ERR_PLUGIN, "used more than %u ms of database time (limits.db_s)", ms);
}

static void count(struct run_port *p)
{
    int64_t now = clock_mono_us();
    p->used_us += (now - p->since_us) * (int64_t)p->busy;
    p->since_us = now;
}

void budget_spent(void *arg)
{
    struct run_port *p = arg;
    p->spent = true;
    for (unsigned i = 0; i < p->n_link; i++) {
        struct call *c = p->link[i].running;
        if (c == NULL || c->kind > CALL_BEGIN)
            continue;
        c->over_budget = true;
        db_req_cancel(c->db);
    }
    links_out_of_time(p);
}

void budget_step(struct run_port *p, int statements)
{
    count(p);
    p->busy = (unsigned)((int)p->busy + statements);
    int64_t left_us = (int64_t)p->o.db_ms * 1000 - p->used_us;
    loop_timer_stop(p->budget);
    if (p->busy == 0 || p->spent)
        return;
    uint64_t ms = left_us > 0 ? (uint64_t)left_us / 1000 / p->busy + 1 : 0;
    loop_timer_start(p->budget, ms);
}
