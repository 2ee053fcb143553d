/* Several statements in one round trip: libpq's pipeline mode, entered for one batch and left after it.
 *
 * Each statement has an answer of its own; after one that failed the server answers "aborted" for all that follow, up to the
 * mark (sync) that ends the batch. */
#include <string.h>

#include "base/mem.h"
#include "db/conn_private.h"

static const int *keep_ints(struct arena *a, const int *from, int n)
{
    if (from == NULL)
        return NULL;
    int *copy = arena_alloc(a, (size_t)n * sizeof *copy);
    memcpy(copy, from, (size_t)n * sizeof *copy);
    return copy;
}

static void keep_one(struct arena *a, const struct db_statement *from, struct db_statement *to)
{
    *to = (struct db_statement){.sql = arena_dup(a, from->sql), .n = from->n};
    if (from->n == 0)
        return;
    const char **value = arena_alloc(a, (size_t)from->n * sizeof *value);
    for (int i = 0; i < from->n; i++) {
        const char *v = from->value[i];
        bool binary = from->format != NULL && from->format[i] == 1;
        value[i] = v == NULL ? NULL : arena_ndup(a, v, binary ? (size_t)from->length[i] : strlen(v));
    }
    to->value = value;
    to->length = keep_ints(a, from->length, from->n);
    to->format = keep_ints(a, from->format, from->n);
    if (from->type != NULL) {
        Oid *type = arena_alloc(a, (size_t)from->n * sizeof *type);
        memcpy(type, from->type, (size_t)from->n * sizeof *type);
        to->type = type;
    }
}

void batch_keep(struct db_req *req, const struct db_statement *s)
{
    struct arena *a = &req->priv->arena;
    req->priv->batch = arena_alloc(a, req->n_results * sizeof *s);
    for (size_t i = 0; i < req->n_results; i++)
        keep_one(a, &s[i], &req->priv->batch[i]);
}

bool batch_send(struct db_conn *c, const struct db_req *req, const struct db_statement *s)
{
    if (!PQenterPipelineMode(c->pg))
        return false;
    for (size_t i = 0; i < req->n_results; i++)
        if (!PQsendQueryParams(c->pg, s[i].sql, s[i].n, s[i].type, s[i].value, s[i].length, s[i].format, 0))
            return false;
    return PQpipelineSync(c->pg) == 1;
}

bool batch_take(struct db_req *req, PGresult *res)
{
    ExecStatusType status = PQresultStatus(res);
    size_t at = req->priv->at;
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY) {
        PQclear(req->results[at]);
        req->results[at] = res;
        return true;
    }
    if (status != PGRES_PIPELINE_ABORTED) {
        if (req->err.kind == ERR_NONE)
            req->failed = at;
        return false;
    }
    PQclear(res);
    return true;
}

struct db_req *batch_new(size_t n, unsigned timeout_ms)
{
    struct db_req *req = req_new(NULL, timeout_ms);
    req->results = mem_array(n, sizeof *req->results);
    req->n_results = n;
    return req;
}

struct db_req *db_conn_batch(struct db_conn *c, const struct db_statement *statements, size_t n, unsigned timeout_ms)
{
    must(n > 0);
    return conn_submit_batch(c, batch_new(n, timeout_ms), statements);
}
