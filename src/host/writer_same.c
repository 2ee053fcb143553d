/* Posts that go by several ids: whatever comes under one of them is written under the id that the post stands under.
 *
 * Which id is whose belongs to the database (tidemark.same_posts). A batch holds it still while it writes: together with other
 * writers, or alone where it brings ids together that were apart. What was looked up stays in a cache as long as the owner's version
 * of it (tidemark.identity_marks) does. Owners without aliases cost one look at that version a batch. */
#include <stdlib.h>
#include <string.h>

#include "host/writer_batch.h"

static struct known_id *find(struct writer *w, const char *platform, const char *id)
{
    struct known_id *k;
    buf_clear(&w->id_key);
    buf_str(&w->id_key, platform);
    buf_char(&w->id_key, '\x1f');
    buf_str(&w->id_key, id);
    HASH_FIND_STR(w->ids, w->id_key.data, k);
    return k;
}

static struct known_id *add(struct writer *w, const char *platform, const char *id)
{
    struct known_id *k = find(w, platform, id);
    if (k != NULL)
        return k;
    k = mem_alloc(sizeof *k);
    *k = (struct known_id){.key = mem_ndup(w->id_key.data, w->id_key.len), .split = strlen(platform)};
    HASH_ADD_KEYPTR(hh, w->ids, k->key, strlen(k->key), k);
    return k;
}

const char *same_id(struct writer *w, const char *platform, const char *id)
{
    const struct known_id *k = w->ids != NULL ? find(w, platform, id) : NULL;
    return k != NULL && k->post != NULL ? k->post : id;
}

static void forget(struct writer *w)
{
    struct known_id *k, *next;
    HASH_ITER(hh, w->ids, k, next)
    {
        HASH_DEL(w->ids, k);
        mem_free(k->key);
        mem_free(k->post);
        mem_free(k);
    }
}

void same_forget(struct writer *w)
{
    w->version = -1;
}

void same_free(struct writer *w)
{
    forget(w);
    buf_free(&w->id_key);
}

/* --- pairs ---------------------------------------------------------------------------------------------------------------- */

typedef void (*take_pair)(struct writer *w, void *ctx, const char *platform, const char *id, const char *alias);

static void each_pair(struct writer *w, take_pair take, void *ctx)
{
    for (size_t i = 0; i < w->batch.n; i++) {
        const struct delivery *d = w->batch.delivery[i];
        if (d->state != DELIVERY_READY)
            continue;
        for (size_t k = 0; k < d->rows.n_row; k++)
            for (size_t a = 0; a < d->rows.row[k].n_alias; a++)
                take(w, ctx, d->rows.row[k].platform, d->rows.row[k].external_id, d->rows.row[k].alias[a]);
        for (size_t k = 0; k < d->rows.n_same; k++)
            take(w, ctx, d->rows.same[k].platform, d->rows.same[k].external_id, d->rows.same[k].alias);
    }
}

static void count_pair(struct writer *w, void *ctx, const char *platform, const char *id, const char *alias)
{
    (void)w, (void)platform, (void)id, (void)alias;
    ++*(size_t *)ctx;
}

static void add_pair(struct writer *w, void *ctx, const char *platform, const char *id, const char *alias)
{
    (void)ctx;
    add(w, platform, id);
    add(w, platform, alias);
}

enum { N_PAIR_ARRAYS = 3 };

struct pairs {
    struct db_array a[N_PAIR_ARRAYS];
    size_t n;
};

/* Those that are not known to be one post. */
static void put_pair(struct writer *w, void *ctx, const char *platform, const char *id, const char *alias)
{
    struct pairs *p = ctx;
    if (strcmp(same_id(w, platform, id), same_id(w, platform, alias)) == 0)
        return;
    db_array_text(&p->a[0], platform);
    db_array_text(&p->a[1], id);
    db_array_text(&p->a[2], alias);
    p->n++;
}

/* --- asking the database ------------------------------------------------------------------------------------------------------ */

static const char find_sql[] =
    "SELECT w.ord, a.external_id FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS w (platform, alias, ord)"
    "  JOIN tidemark.post_aliases a ON a.user_id = $1::uuid AND a.platform = w.platform AND a.alias = w.alias";

/* Looks up the ids of the cache that nobody has asked for yet. */
static int look_up(struct writer *w, struct err *e)
{
    struct db_params p = {0};
    struct buf storage[2] = {0};
    struct db_array a[2];
    PGresult *res = NULL;
    size_t n = 0, of = HASH_COUNT(w->ids);
    struct known_id **asked = mem_array(of + 1, sizeof(struct known_id *));
    for (int i = 0; i < 2; i++)
        db_array_begin(&a[i], &storage[i]);
    for (struct known_id *k = w->ids; k != NULL; k = k->hh.next) {
        if (k->asked)
            continue;
        char *platform = mem_ndup(k->key, k->split);
        db_array_text(&a[0], platform);
        db_array_text(&a[1], k->key + k->split + 1);
        mem_free(platform);
        asked[n++] = k;
    }
    db_uuid(&p, &w->options.owner);
    for (int i = 0; i < 2; i++)
        db_array_end(&p, &a[i]);
    int rc = n > 0 ? db_exec(w->s, find_sql, &p, &res, e) : 0;
    for (size_t i = 0; rc == 0 && i < n; i++)
        asked[i]->asked = true;
    for (int i = 0; rc == 0 && n > 0 && i < PQntuples(res); i++) {
        struct known_id *k = asked[atoll(PQgetvalue(res, i, 0)) - 1];
        mem_free(k->post);
        k->post = mem_dup(PQgetvalue(res, i, 1));
    }
    PQclear(res);
    mem_free(asked);
    for (int i = 0; i < 2; i++)
        buf_free(&storage[i]);
    db_params_clear(&p);
    return rc;
}

static int look_up_batch(struct writer *w, bool pairs, struct err *e)
{
    if (pairs)
        each_pair(w, add_pair, NULL);
    for (size_t i = 0; w->version > 0 && i < w->batch.n; i++) {
        const struct delivery *d = w->batch.delivery[i];
        for (size_t k = 0; d->state == DELIVERY_READY && k < d->rows.n_row; k++)
            add(w, d->rows.row[k].platform, d->rows.row[k].external_id);
    }
    return look_up(w, e);
}

/* --content names a work; one that became part of another leads there. */
static int follow_content(struct writer *w, struct err *e)
{
    struct db_params p = {0};
    PGresult *res = NULL;
    if (!w->options.has_content)
        return 0;
    db_uuid(&p, &w->options.owner);
    db_uuid(&p, &w->options.content);
    int rc = db_exec(w->s, "SELECT into_id FROM tidemark.content_merges WHERE user_id = $1::uuid AND content_id = $2::uuid", &p,
                     &res, e);
    if (rc == 0 && PQntuples(res) > 0)
        must(uuid_parse(PQgetvalue(res, 0, 0), &w->options.content));
    PQclear(res);
    db_params_clear(&p);
    return rc;
}

int same_begin(struct writer *w, struct err *e)
{
    struct db_params p = {0};
    PGresult *res = NULL;
    db_uuid(&p, &w->options.owner);
    db_bool(&p, w->alone);
    int rc = db_exec(w->s, "SELECT tidemark.identity_begin($1::uuid, $2::boolean)", &p, &res, e);
    int64_t version = rc == 0 ? atoll(PQgetvalue(res, 0, 0)) : -1;
    if (rc == 0 && version != w->version) {
        forget(w);
        resolve_forget(w);
        rc = version > 0 ? follow_content(w, e) : 0;
    }
    w->version = version;
    PQclear(res);
    db_params_clear(&p);
    return rc;
}

static int bring_together(struct writer *w, struct db_params *p, struct err *e)
{
    PGresult *res = NULL;
    if (db_exec(w->s, "SELECT tidemark.same_posts($1::uuid, $2::text[], $3::text[], $4::text[])", p, &res, e) != 0)
        return -1;
    w->version = atoll(PQgetvalue(res, 0, 0));
    PQclear(res);
    forget(w); /* posts that were merged have other facts and contents now */
    resolve_forget(w);
    return look_up_batch(w, false, e);
}

int same_take(struct writer *w, struct err *e)
{
    struct db_params p = {0};
    struct buf storage[N_PAIR_ARRAYS] = {0};
    struct pairs pairs = {0};
    size_t n = 0;
    each_pair(w, count_pair, &n);
    if (n == 0 && w->version == 0)
        return 0;
    if (look_up_batch(w, n > 0, e) != 0)
        return -1;
    for (int i = 0; i < N_PAIR_ARRAYS; i++)
        db_array_begin(&pairs.a[i], &storage[i]);
    each_pair(w, put_pair, &pairs);
    db_uuid(&p, &w->options.owner);
    for (int i = 0; i < N_PAIR_ARRAYS; i++)
        db_array_end(&p, &pairs.a[i]);
    int rc = 0;
    if (pairs.n > 0 && !w->alone)
        rc = SAME_ALONE;
    else if (pairs.n > 0)
        rc = bring_together(w, &p, e);
    for (int i = 0; i < N_PAIR_ARRAYS; i++)
        buf_free(&storage[i]);
    db_params_clear(&p);
    return rc;
}
