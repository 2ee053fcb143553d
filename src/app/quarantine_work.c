/* tidemark quarantine replay and purge: what changes the quarantine. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/quarantine.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/datetime.h"
#include "host/replay.h"

/* --- replay --------------------------------------------------------------------------------------------------------------- */

struct tried {
    int64_t deliveries, entries, received, inserted, updated, unchanged, dropped, quarantined, left;
    bool plugin_failed;
};

static void tell_bad(const struct delivery *d)
{
    enum { SHOWN = 5 };
    if (d->code != NULL)
        log_warn("%s: %s", d->source, d->text);
    for (size_t i = 0; i < d->rows.n_bad && i < SHOWN; i++) {
        if (d->rows.bad[i].line > 0)
            log_warn("%s:%zu: %s", d->source, d->rows.bad[i].line, d->rows.bad[i].text);
        else
            log_warn("%s: %s", d->source, d->rows.bad[i].text);
    }
    if (d->rows.n_bad > SHOWN)
        log_warn("%s: … and %zu more", d->source, d->rows.n_bad - SHOWN);
}

static void on_done(void *ctx, const struct delivery *d)
{
    struct tried *t = ctx;
    if (d->state == DELIVERY_SEEN) /* somebody else was quicker */
        return;
    t->deliveries++;
    t->entries += (int64_t)d->again->n_entry;
    t->received += d->received;
    t->inserted += d->inserted;
    t->updated += d->updated;
    t->unchanged += d->unchanged;
    t->dropped += d->dropped;
    t->quarantined += d->quarantined;
    t->plugin_failed = t->plugin_failed || d->plugin_failed;
    tell_bad(d);
}

static void on_left(void *ctx, const char *source, size_t n, const char *why)
{
    struct tried *t = ctx;
    t->left += (int64_t)n;
    log_warn("%s: %s", source, why);
}

static void add_term(struct buf *out, int64_t n, const char *what, bool *first)
{
    if (n == 0)
        return;
    buf_printf(out, "%s%s %" PRId64, *first ? " = " : " + ", what, n);
    *first = false;
}

static void print_tried(const struct quarantine_cmd *c, const struct tried *t)
{
    struct buf out = {0};
    bool first = true;
    if (c->format != NULL && strcmp(c->format, "json") == 0) {
        printf("{\"deliveries\": %" PRId64 ", \"entries\": %" PRId64 ", \"received\": %" PRId64 ", \"inserted\": %" PRId64
               ", \"updated\": %" PRId64 ", \"unchanged\": %" PRId64 ", \"dropped\": %" PRId64 ", \"quarantined\": %" PRId64
               ", \"left\": %" PRId64 "}\n",
               t->deliveries, t->entries, t->received, t->inserted, t->updated, t->unchanged, t->dropped, t->quarantined,
               t->left);
        return;
    }
    buf_printf(&out, "%" PRId64 " %s of %" PRId64 " %s tried again: received %" PRId64, t->entries,
               t->entries == 1 ? "entry" : "entries", t->deliveries, t->deliveries == 1 ? "delivery" : "deliveries",
               t->received);
    add_term(&out, t->inserted, "inserted", &first);
    add_term(&out, t->updated, "updated", &first);
    add_term(&out, t->unchanged, "unchanged", &first);
    add_term(&out, t->quarantined, "quarantined", &first);
    add_term(&out, t->dropped, "dropped", &first);
    if (t->left > 0)
        buf_printf(&out, "; %" PRId64 " left as %s", t->left, t->left == 1 ? "it is" : "they are");
    printf("%s\n", out.data);
    buf_free(&out);
}

static int nothing_has(const char *id, struct err *e)
{
    return err_set(e, ERR_USAGE, "nothing in quarantine has an id that ends in %s", id);
}

int quarantine_replay(struct quarantine_cmd *c, const struct uuid *owner, const char *const *ids, size_t n, struct err *e)
{
    struct tried t = {0};
    struct replay_options o = {
        .owner = *owner, .code = c->code, .platform = c->platform, .ctx = &t, .done = on_done, .left = on_left};
    size_t matched = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < (n > 0 ? n : 1); i++) {
        int64_t before = t.deliveries;
        o.id = n > 0 ? ids[i] : NULL;
        rc = replay_run(c->app->session, c->app->registry, &o, &matched, e);
        if (rc == 0 && n > 0 && matched == 0 && before == 0)
            rc = nothing_has(ids[i], e);
    }
    if (rc == 0 || t.deliveries > 0)
        print_tried(c, &t);
    if (rc != 0)
        return -1;
    if (t.plugin_failed)
        return 76;
    if (t.quarantined + t.left == 0)
        return 0;
    return t.inserted + t.updated + t.unchanged + t.dropped > 0 ? 2 : 65;
}

/* --- purge ---------------------------------------------------------------------------------------------------------------- */

#define CHOSEN                                                                                       \
    "user_id = $1::uuid AND state = 'open' AND ($2::text IS NULL OR id::text LIKE ANY ($2::text[]))" \
    " AND ($3::text IS NULL OR code = $3) AND ($4::text IS NULL OR platform = $4)"                   \
    " AND ($5::timestamptz IS NULL OR created_at < $5)"

static const char preview_sql[] =
    "SELECT coalesce(sum(n), 0), string_agg(format('%s %s', n, code), ', ' ORDER BY n DESC, code),"
    " pg_size_pretty(sum(bytes)) FROM (SELECT code, count(*) AS n, sum(octet_length(body)) AS bytes"
    "  FROM tidemark.quarantine WHERE " CHOSEN " GROUP BY code) by_code";

/* Deliveries are locked first, as everybody does who counts on them. */
static const char lock_sql[] =
    "SELECT FROM tidemark.deliveries d WHERE d.user_id = $1::uuid AND (d.sha256, d.observed_at) IN"
    " (SELECT sha256, observed_at FROM tidemark.quarantine WHERE " CHOSEN ") ORDER BY d.sha256, d.observed_at FOR UPDATE";

static const char purge_sql[] =
    "WITH gone AS (DELETE FROM tidemark.quarantine WHERE " CHOSEN " RETURNING sha256, observed_at),"
    " n AS (SELECT sha256, observed_at, count(*) AS n FROM gone GROUP BY 1, 2),"
    " sums AS (UPDATE tidemark.deliveries d SET quarantined = d.quarantined - n.n, dropped_total = d.dropped_total + n.n,"
    "   dropped = d.dropped || jsonb_build_object('purged', coalesce((d.dropped ->> 'purged')::bigint, 0) + n.n)"
    "   FROM n WHERE (d.user_id, d.sha256, d.observed_at) = ($1::uuid, n.sha256, n.observed_at))"
    " SELECT count(*) FROM gone";

/* Documents go with the last of their rows. */
static const char documents_sql[] =
    "DELETE FROM tidemark.quarantine_documents x WHERE x.user_id = $1::uuid AND NOT EXISTS (SELECT FROM tidemark.quarantine q"
    " WHERE (q.user_id, q.sha256, q.observed_at) = (x.user_id, x.sha256, x.observed_at) AND q.state = 'open')";

static void chosen_params(const struct quarantine_cmd *c, const struct uuid *owner, const char *const *ids, size_t n,
                          int64_t before, struct db_params *p, struct buf *storage)
{
    struct db_array a;
    db_uuid(p, owner);
    if (n == 0)
        db_text(p, NULL);
    for (size_t i = 0; i < n; i++) {
        char *pattern = mem_printf("%%%s", ids[i]);
        if (i == 0)
            db_array_begin(&a, storage);
        db_array_text(&a, pattern);
        mem_free(pattern);
    }
    if (n > 0)
        db_array_end(p, &a);
    db_text(p, c->code);
    db_text(p, c->platform);
    if (c->older_than != NULL)
        db_time(p, before);
    else
        db_text(p, NULL);
}

/* true: go on. On a terminal the answer is asked for; elsewhere --yes has to be there. */
static bool confirmed(const struct quarantine_cmd *c, const PGresult *preview, struct err *e)
{
    char line[16] = "";
    fprintf(stderr, "%s entries would be deleted for good: %s (%s)\n", PQgetvalue(preview, 0, 0), PQgetvalue(preview, 0, 1),
            PQgetvalue(preview, 0, 2));
    if (c->yes)
        return true;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        err_set(e, ERR_USAGE, "nothing was deleted: say --yes where nobody can be asked");
        return false;
    }
    fprintf(stderr, "Type yes to delete them: ");
    if (fgets(line, sizeof line, stdin) != NULL && strcmp(line, "yes\n") == 0)
        return true;
    err_set(e, ERR_USAGE, "nothing was deleted");
    return false;
}

static int delete_chosen(struct quarantine_cmd *c, const struct db_params *p, const struct uuid *owner, struct err *e)
{
    struct db_session *s = c->app->session;
    struct db_params own = {0};
    PGresult *res = NULL;
    db_uuid(&own, owner);
    int rc = db_begin(s, "", e);
    if (rc == 0)
        rc = db_run(s, "SET LOCAL ROLE service_role", e);
    if (rc == 0)
        rc = db_exec(s, lock_sql, p, NULL, e);
    if (rc == 0)
        rc = db_exec(s, purge_sql, p, &res, e);
    if (rc == 0)
        rc = db_exec(s, documents_sql, &own, NULL, e);
    if (rc == 0)
        rc = db_commit(s, e);
    else
        db_rollback(s);
    if (rc == 0 && c->format != NULL && strcmp(c->format, "json") == 0)
        printf("{\"purged\": %s}\n", PQgetvalue(res, 0, 0));
    else if (rc == 0)
        printf("%s purged; the ledger counts them as dropped\n", PQgetvalue(res, 0, 0));
    PQclear(res);
    db_params_clear(&own);
    return rc;
}

int quarantine_purge(struct quarantine_cmd *c, const struct uuid *owner, const char *const *ids, size_t n, struct err *e)
{
    struct db_params p = {0};
    struct buf storage = {0};
    PGresult *preview = NULL;
    int64_t before = 0;
    bool chosen = n > 0 || c->code != NULL || c->platform != NULL || c->older_than != NULL;
    if (!chosen && !c->all)
        return err_set(e, ERR_USAGE,
                       "quarantine purge: which entries? Give ids, --code, --platform, --older-than 90d, or --all");
    char *when = mem_printf("now-%s", c->older_than != NULL ? c->older_than : "0d");
    bool good = datetime_parse_when(when, clock_wall_us(), &before);
    mem_free(when);
    if (!good)
        return err_set(e, ERR_USAGE, "--older-than %s: not a span of time; write 90d or 12h", c->older_than);
    chosen_params(c, owner, ids, n, before, &p, &storage);
    int rc = db_exec(c->app->session, preview_sql, &p, &preview, e);
    bool any = rc == 0 && strcmp(PQgetvalue(preview, 0, 0), "0") != 0;
    if (rc == 0 && !any && n > 0)
        rc = nothing_has(ids[0], e);
    else if (rc == 0 && !any)
        printf("Nothing in quarantine is meant by that.\n");
    if (any)
        rc = confirmed(c, preview, e) ? delete_chosen(c, &p, owner, e) : -1;
    PQclear(preview);
    db_params_clear(&p);
    buf_free(&storage);
    return rc;
}
