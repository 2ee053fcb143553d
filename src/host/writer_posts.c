/* The batch's posts and their contents into the database: those that are new by COPY, those that are there by one statement. */
#include <stdlib.h>
#include <string.h>

#include "data/pgcopy.h"
#include "host/writer_batch.h"

/* FEW: so few that asking first which of them are there would cost more than it saves. SLICE: what is sent at once, as captions
 * may be long. */
enum { FEW = 50, SLICE = 1000 };

/* One statement: what is there keeps its content and takes newer facts, what is new gets a content and a post. LATERAL, as a join
 * of the planner's choice reads all of the owner's posts as soon as a batch is large. */
static const char posts_sql[] =
    "WITH want AS (SELECT * FROM unnest($2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::boolean[], $7::text[], $8::text[],"
    "   $9::text[], $10::timestamptz[], $11::jsonb[], $12::timestamptz[], $13::boolean[],"
    "   $14::timestamptz[])"
    "   AS w (platform, external_id, content_id, account_id, account_named, title, body, url, published_at, features, "
    "facts_at, aliased, seen_at)),"
    " old AS (SELECT p.platform, p.external_id, p.content_id, p.account_id, p.url, p.published_at, p.features, p.facts_at,"
    "   w.facts_at IS NULL OR w.facts_at >= ALL (ARRAY[p.facts_at, w.seen_at]) IS NOT FALSE AS newer"
    "   FROM (SELECT * FROM want ORDER BY platform, external_id) w CROSS JOIN LATERAL (SELECT * FROM tidemark.posts q"
    "     WHERE q.user_id = $1::uuid AND q.platform = w.platform AND q.external_id = w.external_id FOR UPDATE) p),"
    " fresh AS (SELECT w.* FROM want w WHERE NOT EXISTS"
    "   (SELECT FROM old o WHERE o.platform = w.platform AND o.external_id = w.external_id)),"
    " contents AS (INSERT INTO public.content (id, title, body, user_id)"
    "   SELECT DISTINCT ON (content_id) content_id, title, body, $1::uuid FROM fresh ORDER BY content_id ON CONFLICT DO "
    "NOTHING),"
    " posts AS (INSERT INTO tidemark.posts (platform, external_id, content_id, account_id, url, published_at, features, "
    "facts_at, user_id)"
    "   SELECT platform, external_id, content_id, account_id, url, published_at, coalesce(features, '{}'), facts_at, $1::uuid"
    "     FROM fresh ORDER BY platform, external_id),"
    " next AS (SELECT p.platform, p.external_id, CASE WHEN w.account_named THEN w.account_id ELSE p.account_id END AS "
    "account_id,"
    "   CASE WHEN p.newer THEN coalesce(w.url, p.url) ELSE coalesce(p.url, w.url) END AS url,"
    "   CASE WHEN w.aliased THEN least(w.published_at, p.published_at)"
    "        WHEN p.newer THEN coalesce(w.published_at, p.published_at) ELSE coalesce(p.published_at, w.published_at) END AS "
    "published_at,"
    "   CASE WHEN p.newer THEN p.features || coalesce(w.features, '{}') ELSE coalesce(w.features, '{}') || p.features END AS "
    "features,"
    "   greatest(p.facts_at, w.facts_at, w.seen_at) AS facts_at"
    "   FROM want w JOIN old p ON p.platform = w.platform AND p.external_id = w.external_id),"
    " facts AS (UPDATE tidemark.posts p SET account_id = n.account_id, url = n.url, published_at = n.published_at,"
    "    features = n.features, facts_at = n.facts_at FROM next n"
    "  WHERE p.user_id = $1::uuid AND p.platform = n.platform AND p.external_id = n.external_id"
    "    AND (p.account_id, p.url, p.published_at, p.features) IS DISTINCT FROM (n.account_id, n.url, n.published_at, "
    "n.features)),"
    " titles AS (UPDATE public.content c SET"
    "    title = CASE WHEN o.newer THEN coalesce(w.title, c.title) ELSE coalesce(c.title, w.title) END,"
    "    body = CASE WHEN o.newer AND w.title IS DISTINCT FROM c.title THEN coalesce(w.body, c.body) ELSE coalesce(c.body, "
    "w.body) END"
    "   FROM want w JOIN old o ON o.platform = w.platform AND o.external_id = w.external_id"
    "  WHERE c.user_id = $1::uuid AND c.id = o.content_id AND NOT coalesce(c.metadata ? 'title', false)"
    "    AND (w.title IS NOT NULL AND (o.newer OR c.title IS NULL) AND c.title IS DISTINCT FROM w.title"
    "         OR c.body IS NULL AND w.body IS NOT NULL))"
    " SELECT platform, external_id, content_id FROM old UNION ALL SELECT platform, external_id, content_id FROM fresh";

enum { N_POST_ARRAYS = 13 };

static int64_t published_of(const struct known_post *p)
{
    return p->has_published_at && facts_of(p)->sent_at != INT64_MIN ? p->published_at : INT64_MIN;
}

static void put_time(struct db_array *a, int64_t at)
{
    if (at != INT64_MIN)
        db_array_time(a, at);
    else
        db_array_null(a);
}

/* Its facts are those that rows of this batch brought, at the time of the newest of them (sent_at). facts_at may be later: a row
 * that said the same again moved it, and nothing was written. */
static void put_post(struct db_array a[N_POST_ARRAYS], const struct known_post *p)
{
    const struct post_facts *f = facts_of(p);
    db_array_text(&a[0], known_platform(p->key));
    db_array_text(&a[1], known_external_id(p->key));
    db_array_uuid(&a[2], &p->content);
    if (p->account != NULL)
        db_array_uuid(&a[3], &p->account->id);
    else
        db_array_null(&a[3]); /* of facts about a post that is there */
    db_array_text(&a[4], p->account_named ? "t" : "f");
    db_array_text(&a[5], f->title);
    db_array_text(&a[6], f->caption);
    db_array_text(&a[7], f->url);
    put_time(&a[8], published_of(p));
    db_array_text(&a[9], f->features);
    put_time(&a[10], f->sent_at);
    db_array_text(&a[11], p->aliased ? "t" : "f");
    put_time(&a[12], p->facts_at);
}

static void read_posts(struct writer *w, const PGresult *res)
{
    for (int i = 0; i < PQntuples(res); i++) {
        struct known_post *p = known_post(w, PQgetvalue(res, i, 0), PQgetvalue(res, i, 1));
        if (p != NULL && uuid_parse(PQgetvalue(res, i, 2), &p->content))
            p->written = true;
    }
}

static int write_by_statement(struct writer *w, struct known_post *const *post, size_t n, struct err *e)
{
    struct db_params p = {0};
    struct buf storage[N_POST_ARRAYS] = {0};
    struct db_array a[N_POST_ARRAYS];
    PGresult *res = NULL;
    for (int i = 0; i < N_POST_ARRAYS; i++)
        db_array_begin(&a[i], &storage[i]);
    for (size_t i = 0; i < n; i++)
        put_post(a, post[i]);
    db_uuid(&p, &w->options.owner);
    for (int i = 0; i < N_POST_ARRAYS; i++)
        db_array_end(&p, &a[i]);
    int rc = db_exec(w->s, posts_sql, &p, &res, e);
    if (rc == 0)
        read_posts(w, res);
    PQclear(res);
    for (int i = 0; i < N_POST_ARRAYS; i++)
        buf_free(&storage[i]);
    db_params_clear(&p);
    return rc;
}

static const char there_sql[] =
    "SELECT w.ord FROM unnest($2::bigint[], $3::text[], $4::text[]) AS w (ord, platform, external_id)"
    " CROSS JOIN LATERAL (SELECT FROM tidemark.posts p WHERE p.user_id = $1::uuid"
    "  AND p.platform = w.platform AND p.external_id = w.external_id OFFSET 0) p";

int posts_there(struct writer *w, struct known_post *const *post, size_t n, bool *is_there, struct err *e)
{
    struct db_params p = {0};
    struct buf storage[3] = {0};
    struct db_array a[3];
    PGresult *res = NULL;
    for (int i = 0; i < 3; i++)
        db_array_begin(&a[i], &storage[i]);
    for (size_t i = 0; i < n; i++) {
        db_array_int(&a[0], (int64_t)i);
        db_array_text(&a[1], known_platform(post[i]->key));
        db_array_text(&a[2], known_external_id(post[i]->key));
    }
    db_uuid(&p, &w->options.owner);
    for (int i = 0; i < 3; i++)
        db_array_end(&p, &a[i]);
    int rc = db_exec(w->s, there_sql, &p, &res, e);
    for (int i = 0; rc == 0 && i < PQntuples(res); i++)
        is_there[atoll(PQgetvalue(res, i, 0))] = true;
    PQclear(res);
    for (int i = 0; i < 3; i++)
        buf_free(&storage[i]);
    db_params_clear(&p);
    return rc;
}

static void copy_text(struct buf *b, const char *s)
{
    if (s == NULL)
        pgcopy_null(b);
    else
        pgcopy_text(b, s, strlen(s));
}

static void copy_time(struct buf *b, int64_t at)
{
    if (at == INT64_MIN)
        pgcopy_null(b);
    else
        pgcopy_timestamptz(b, at);
}

static void copy_content(const struct writer *w, const struct known_post *p, struct buf *b)
{
    const struct post_facts *f = facts_of(p);
    pgcopy_row(b, 4);
    pgcopy_uuid(b, &p->content);
    copy_text(b, f->title);
    copy_text(b, f->caption);
    pgcopy_uuid(b, &w->options.owner);
}

static void copy_post(const struct writer *w, const struct known_post *p, struct buf *b)
{
    const struct post_facts *f = facts_of(p);
    const char *features = f->features != NULL ? f->features : "{}";
    pgcopy_row(b, 9);
    copy_text(b, known_platform(p->key));
    copy_text(b, known_external_id(p->key));
    pgcopy_uuid(b, &p->content);
    if (p->account != NULL)
        pgcopy_uuid(b, &p->account->id);
    else
        pgcopy_null(b);
    copy_text(b, f->url);
    copy_time(b, published_of(p));
    pgcopy_jsonb(b, features, strlen(features));
    copy_time(b, f->sent_at);
    pgcopy_uuid(b, &w->options.owner);
}

/* Somebody else may make one of them meanwhile: that is a conflict like any other, and the next attempt finds it there. */
static int write_by_copy(struct writer *w, struct known_post *const *post, size_t n, struct err *e)
{
    struct buf contents = {0}, posts = {0};
    int64_t written;
    int rc = 0;
    pgcopy_header(&contents);
    pgcopy_header(&posts);
    for (size_t i = 0; i < n; i++) {
        copy_content(w, post[i], &contents);
        copy_post(w, post[i], &posts);
    }
    pgcopy_trailer(&contents);
    pgcopy_trailer(&posts);
    if (db_copy_in(w->s, "COPY public.content (id, title, body, user_id) FROM STDIN (FORMAT binary)", contents.data,
                   contents.len, &written, e) != 0 ||
        db_copy_in(w->s,
                   "COPY tidemark.posts (platform, external_id, content_id, account_id, url, published_at, features, facts_at,"
                   " user_id) FROM STDIN (FORMAT binary)",
                   posts.data, posts.len, &written, e) != 0)
        rc = -1;
    buf_free(&contents);
    buf_free(&posts);
    return rc;
}

static int in_slices(struct writer *w, struct known_post *const *post, size_t n,
                     int write(struct writer *w, struct known_post *const *post, size_t n, struct err *e), struct err *e)
{
    for (size_t i = 0; i < n; i += SLICE)
        if (write(w, post + i, n - i < SLICE ? n - i : SLICE, e) != 0)
            return -1;
    return 0;
}

/* The order of the key, so that two writers never wait for each other in a circle. */
static int by_key(const void *a, const void *b)
{
    const struct known_post *const *x = a, *const *y = b;
    int rc = strcmp(known_platform((*x)->key), known_platform((*y)->key));
    return rc != 0 ? rc : strcmp(known_external_id((*x)->key), known_external_id((*y)->key));
}

/* Those of the batch that the database does not have as they are. Marked as written; resolve_forget takes it back. */
static struct known_post **pending(struct writer *w, size_t *n)
{
    struct known_post **post = arena_alloc(&w->batch.arena, (w->batch.n_row + 1) * sizeof(struct known_post *));
    *n = 0;
    for (size_t i = 0; i < w->batch.n_row; i++) {
        struct known_post *p = w->batch.row[i].post;
        if (!p->written)
            post[(*n)++] = p;
        p->written = true;
    }
    qsort(post, *n, sizeof(struct known_post *), by_key);
    return post;
}

int posts_write(struct writer *w, struct err *e)
{
    size_t n, n_there = 0, n_new = 0;
    struct known_post **post = pending(w, &n);
    if (n <= FEW || w->options.has_content) /* a content that is there already, perhaps */
        return in_slices(w, post, n, write_by_statement, e);
    bool *is_there = arena_zero(&w->batch.arena, n * sizeof *is_there);
    struct known_post **fresh = arena_alloc(&w->batch.arena, n * sizeof(struct known_post *));
    if (posts_there(w, post, n, is_there, e) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (is_there[i])
            post[n_there++] = post[i];
        else
            fresh[n_new++] = post[i];
    }
    return in_slices(w, post, n_there, write_by_statement, e) != 0 ? -1 : in_slices(w, fresh, n_new, write_by_copy, e);
}
