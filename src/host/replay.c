#include "host/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/json.h"
#include "host/ingest.h"
#include "host/writer.h"

struct replay {
    struct db_session *s;
    const struct registry *registry;
    const struct replay_options *o;
    /* the delivery in work */
    const PGresult *res;
    struct writer *writer;
    struct sha256 sha;
    int64_t observed_at;
    bool taken;
    char *problem;
};

/* Columns of load_sql. */
enum {
    SOURCE,
    SOURCE_CLASS,
    KNOWN,
    FORMAT,
    FIRST_LINE,
    BODY,
    PLATFORM,
    ACCOUNT,
    CONTENT,
    OPTIONS,
    WITHOUT,
    CODE,
    ENTRIES,
    SHA
};

static const char list_sql[] =
    "SELECT DISTINCT sha256, (extract(epoch FROM observed_at) * 1000000)::bigint AS at FROM tidemark.quarantine"
    " WHERE user_id = $1::uuid AND state = 'open' AND ($2::text IS NULL OR id::text LIKE '%' || $2)"
    "   AND ($3::text IS NULL OR code = $3) AND ($4::text IS NULL OR platform = $4) ORDER BY at, sha256";

static const char load_sql[] =
    "SELECT d.source, d.source_class, d.observed_known,"
    "  coalesce(x.format, CASE WHEN d.source_class = 'export' THEN 'csv' ELSE 'document' END),"
    "  coalesce(x.first_line, q.line, 0), coalesce(x.body, q.body), q.options ->> 'platform', q.options ->> 'account',"
    "  q.options ->> 'content', q.options::text, q.kind = 'row' AND x.body IS NULL, q.code, q.n, d.sha256"
    " FROM tidemark.deliveries d JOIN LATERAL"
    "  (SELECT q.*, count(*) OVER () AS n FROM tidemark.quarantine q"
    "    WHERE (q.user_id, q.sha256, q.observed_at) = (d.user_id, d.sha256, d.observed_at) AND q.state = 'open'"
    "    ORDER BY q.id LIMIT 1) q ON true"
    "  LEFT JOIN tidemark.quarantine_documents x"
    "   ON (x.user_id, x.sha256, x.observed_at) = (d.user_id, d.sha256, d.observed_at)"
    " WHERE d.user_id = $1::uuid AND d.sha256 = $2::bytea AND d.observed_at = $3::timestamptz";

static const char *text_at(const PGresult *res, int column)
{
    return PQgetisnull(res, 0, column) ? NULL : PQgetvalue(res, 0, column);
}

static bool flag_at(const PGresult *res, int column)
{
    return PQgetvalue(res, 0, column)[0] == 't';
}

static void add_said(struct buf *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    buf_printf(out, "%s\"%s\":", out->len == 0 ? "{" : ",", name);
    json_write_string(value, strlen(value), out);
}

void replay_said(const char *platform, const char *account, const char *content, struct buf *out)
{
    add_said(out, "platform", platform);
    add_said(out, "account", account);
    add_said(out, "content", content);
    if (out->len > 0)
        buf_char(out, '}');
}

/* Lines may hold wrappers beside the delivery that is meant: those are deliveries of their own, and were taken. */
static int take(void *ctx, struct delivery *d, struct err *e)
{
    struct replay *r = ctx;
    if (r->taken || memcmp(d->sha.bytes, r->sha.bytes, sizeof d->sha.bytes) != 0) {
        delivery_free(&d);
        return 0;
    }
    r->taken = true;
    d->observed_at = r->observed_at;
    d->observed_known = flag_at(r->res, KNOWN);
    d->again = mem_alloc(sizeof *d->again);
    *d->again = (struct delivery_again){.options = mem_dup(text_at(r->res, OPTIONS))};
    return writer_add(r->writer, d, e);
}

static void on_problem(void *ctx, const char *path, const char *code, const char *text)
{
    struct replay *r = ctx;
    (void)path;
    (void)code;
    mem_free(r->problem);
    r->problem = mem_dup(text);
}

static int parse_again(struct replay *r, const char *body, size_t n, struct err *e)
{
    const char *content = text_at(r->res, CONTENT);
    struct writer_options w = {.owner = r->o->owner, .ctx = r->o->ctx, .done = r->o->done};
    struct ingest_options options = {
        .platform = text_at(r->res, PLATFORM), .account = text_at(r->res, ACCOUNT), .has_at = true, .at = r->observed_at};
    struct ingest_bytes_of from = {.source = PQgetvalue(r->res, 0, SOURCE),
                                   .data = body,
                                   .n = n,
                                   .first_line = (size_t)atoll(PQgetvalue(r->res, 0, FIRST_LINE))};
    const struct ingest_sink sink = {.ctx = r, .take = take, .problem = on_problem};
    w.has_content = content != NULL && uuid_parse(content, &w.content);
    options.content = w.has_content ? NULL : content;
    must(delivery_format_parse(PQgetvalue(r->res, 0, FORMAT), &from.format));
    r->writer = writer_open(r->s, &w);
    int rc = ingest_again(r->registry, &options, &from, &sink, e);
    if (rc == 0)
        rc = writer_flush(r->writer, e);
    writer_close(&r->writer);
    return rc;
}

static void leave(const struct replay *r, const char *why)
{
    r->o->left(r->o->ctx, PQgetvalue(r->res, 0, SOURCE), (size_t)atoll(PQgetvalue(r->res, 0, ENTRIES)), why);
}

static int one_delivery(struct replay *r, struct err *e)
{
    const char *code = PQgetvalue(r->res, 0, CODE);
    if (flag_at(r->res, WITHOUT)) {
        leave(r, "the document around these rows was not kept: ingest the file again, with another --at");
        return 0;
    }
    if (strcmp(code, "not_whole") == 0 || strcmp(code, "too_large") == 0) {
        leave(r, "only a part of the file is here: ingest the whole of it, in smaller exports");
        return 0;
    }
    size_t n = 0, n_sha = 0;
    unsigned char *body = PQunescapeBytea((const unsigned char *)PQgetvalue(r->res, 0, BODY), &n);
    unsigned char *sha = PQunescapeBytea((const unsigned char *)PQgetvalue(r->res, 0, SHA), &n_sha);
    must(body != NULL && sha != NULL && n_sha == sizeof r->sha.bytes);
    memcpy(r->sha.bytes, sha, n_sha);
    r->taken = false;
    int rc = parse_again(r, (const char *)body, n, e);
    if (rc == 0 && !r->taken)
        leave(r, r->problem != NULL ? r->problem : "its bytes are read as other deliveries now: ingest the file again");
    mem_free(r->problem);
    r->problem = NULL;
    PQfreemem(body);
    PQfreemem(sha);
    return rc;
}

static int load(struct replay *r, const char *sha, int64_t at, struct err *e)
{
    struct db_params p = {0};
    PGresult *res = NULL;
    size_t n = 0;
    unsigned char *bytes = PQunescapeBytea((const unsigned char *)sha, &n);
    must(bytes != NULL);
    db_uuid(&p, &r->o->owner);
    db_bytes(&p, bytes, n);
    db_time(&p, at);
    int rc = db_exec(r->s, load_sql, &p, &res, e);
    r->res = res;
    r->observed_at = at;
    if (rc == 0 && PQntuples(res) > 0) /* else somebody else was quicker */
        rc = one_delivery(r, e);
    PQclear(res);
    PQfreemem(bytes);
    db_params_clear(&p);
    return rc;
}

int replay_run(struct db_session *s, const struct registry *registry, const struct replay_options *o, size_t *matched,
               struct err *e)
{
    struct replay r = {.s = s, .registry = registry, .o = o};
    struct db_params p = {0};
    PGresult *list = NULL;
    db_uuid(&p, &o->owner);
    db_text(&p, o->id);
    db_text(&p, o->code);
    db_text(&p, o->platform);
    int rc = db_exec(s, list_sql, &p, &list, e);
    *matched = rc == 0 ? (size_t)PQntuples(list) : 0;
    for (int i = 0; rc == 0 && i < PQntuples(list); i++)
        rc = load(&r, PQgetvalue(list, i, 0), atoll(PQgetvalue(list, i, 1)), e);
    PQclear(list);
    db_params_clear(&p);
    return rc;
}
