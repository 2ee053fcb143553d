#include "host/works.h"

#include <stdlib.h>
#include <string.h>

enum { MISSING_SHOWN = 5 };

static const char find_sql[] = "SELECT ord, content_id, platform, external_id FROM tidemark.find_works($1::uuid, $2::text[])";

static bool same(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static int begin(struct db_session *s, struct err *e)
{
    return db_begin(s, "", e) != 0 || db_run(s, "SET LOCAL ROLE service_role", e) != 0 ? -1 : 0;
}

static int lock(struct db_session *s, const struct uuid *owner, struct err *e)
{
    struct db_params p = {0};
    db_uuid(&p, owner);
    int rc = db_exec(s, "SELECT tidemark.identity_begin($1::uuid, true)", &p, NULL, e);
    db_params_clear(&p);
    return rc;
}

static int ask(struct db_session *s, const struct uuid *owner, const char *const *name, size_t n, PGresult **res, struct err *e)
{
    struct db_params p = {0};
    struct buf storage = {0};
    struct db_array a;
    db_uuid(&p, owner);
    db_array_begin(&a, &storage);
    for (size_t i = 0; i < n; i++)
        db_array_text(&a, name[i]);
    db_array_end(&p, &a);
    int rc = db_exec(s, find_sql, &p, res, e);
    buf_free(&storage);
    db_params_clear(&p);
    return rc;
}

/* Inside a transaction. */
static int find(struct db_session *s, const struct uuid *owner, const char *const *name, size_t n, struct works_found *found,
                struct err *e)
{
    PGresult *res = NULL;
    if (ask(s, owner, name, n, &res, e) != 0)
        return -1;
    memset(found, 0, n * sizeof *found);
    for (int i = 0; i < PQntuples(res); i++) {
        struct works_found *f = &found[atoll(PQgetvalue(res, i, 0)) - 1];
        struct uuid content;
        must(uuid_parse(PQgetvalue(res, i, 1), &content));
        if (f->n == 0 || !same(&f->content, &content))
            f->n++;
        f->content = content;
    }
    PQclear(res);
    return 0;
}

int works_find(struct db_session *s, const struct uuid *owner, const char *const *name, size_t n, struct works_found *found,
               struct err *e)
{
    if (begin(s, e) == 0 && find(s, owner, name, n, found, e) == 0 && db_commit(s, e) == 0)
        return 0;
    db_rollback(s);
    return -1;
}

int works_name_error(const char *name, const struct works_found *found, struct err *e)
{
    if (found->n == 0)
        return err_set(e, ERR_USAGE, "nothing is called %s: write platform:id, the post's address, or a content's id", name);
    return err_set(e, ERR_USAGE, "%s: %zu works have a post of that name; write it as platform:id", name, found->n);
}

/* --- linking ---------------------------------------------------------------------------------------------------------------- */

/* A manifest at work: all names in one list, each work's key first where it has one. */
struct linking {
    struct db_session *s;
    const struct uuid *owner;
    const struct manifest *m;
    const char *reason;
    bool strict, alone;
    struct works_result *r;
    struct arena arena;
    const char **name;
    struct works_found *found;
    size_t n;
};

static void collect_names(struct linking *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->m->n; i++)
        n += l->m->work[i].n_post + 1;
    l->name = arena_alloc(&l->arena, (n + 1) * sizeof *l->name);
    l->found = arena_zero(&l->arena, (n + 1) * sizeof *l->found);
    for (size_t i = 0; i < l->m->n; i++) {
        const struct manifest_work *w = &l->m->work[i];
        l->name[l->n++] = w->key != NULL ? arena_printf(&l->arena, "work:%s", w->key) : "work:";
        for (size_t k = 0; k < w->n_post; k++)
            l->name[l->n++] = w->post[k];
    }
}

static void miss(struct works_result *r, const char *name)
{
    if (r->n_missing < MISSING_SHOWN)
        buf_printf(&r->missing, "%s%s", r->n_missing > 0 ? ", " : "", name);
    else if (r->n_missing == MISSING_SHOWN)
        buf_str(&r->missing, ", …");
    r->n_missing++;
}

static int merge(struct linking *l, const struct uuid *from, const struct uuid *into, struct err *e)
{
    struct db_params p = {0};
    const struct uuid gone = *from, stays = *into; /* both may be among found */
    db_uuid(&p, l->owner);
    db_uuid(&p, &gone);
    db_uuid(&p, &stays);
    db_text(&p, l->reason);
    int rc = db_exec(l->s, "SELECT tidemark.merge_contents($1::uuid, $2::uuid, $3::uuid, $4)", &p, NULL, e);
    db_params_clear(&p);
    for (size_t i = 0; rc == 0 && i < l->n; i++)
        if (same(&l->found[i].content, &gone))
            l->found[i].content = stays;
    l->r->linked += rc == 0;
    return rc;
}

/* What a person calls it stays: payloads do not change a title that stands in metadata. */
static const char name_sql[] =
    "UPDATE public.content SET title = coalesce($3::text, title), metadata = coalesce(metadata, '{}')"
    "   || jsonb_strip_nulls(jsonb_build_object('title', $3::text, 'key', coalesce(metadata ->> 'key', $4::text)))"
    " WHERE user_id = $1::uuid AND id = $2::uuid AND coalesce(jsonb_typeof(metadata), 'object') = 'object'"
    "   AND ($3 <> '' AND (title, metadata ->> 'title') IS DISTINCT FROM ($3, $3)"
    "        OR $4 <> '' AND NOT coalesce(metadata ? 'key', false))";

static int give_name(struct linking *l, const struct manifest_work *w, const struct uuid *content, bool has_key, struct err *e)
{
    struct db_params p = {0};
    if (w->title == NULL && (w->key == NULL || has_key))
        return 0;
    db_uuid(&p, l->owner);
    db_uuid(&p, content);
    db_text(&p, w->title);
    db_text(&p, has_key ? NULL : w->key);
    int64_t n = db_exec_count(l->s, name_sql, &p, e);
    db_params_clear(&p);
    l->r->named += n > 0;
    return n < 0 ? -1 : 0;
}

/* 1: it changes which content is whose, and that takes the lock. */
static int link_one(struct linking *l, const struct manifest_work *w, size_t first, struct err *e)
{
    const size_t end = first + 1 + w->n_post;
    size_t target = end;
    for (size_t i = first; i < end; i++) {
        const struct works_found *f = &l->found[i];
        if (f->n > 1)
            return works_name_error(l->name[i], f, e);
        if (f->n == 0 && i > first && l->strict)
            return works_name_error(l->name[i], f, e);
        if (f->n == 0 && i > first)
            miss(l->r, l->name[i]);
        l->r->posts += f->n == 1 && i > first;
        if (f->n == 1 && target == end)
            target = i;
    }
    for (size_t i = target; i < end; i++) {
        if (l->found[i].n == 0 || same(&l->found[i].content, &l->found[target].content))
            continue;
        if (!l->alone)
            return 1;
        if (merge(l, &l->found[i].content, &l->found[target].content, e) != 0)
            return -1;
    }
    if (target == end)
        return 0;
    l->r->content = l->found[target].content;
    return give_name(l, w, &l->found[target].content, target == first, e);
}

static int link_all(struct linking *l, struct err *e)
{
    size_t at = 0;
    int rc = 0;
    works_result_free(l->r);
    if (begin(l->s, e) != 0 || (l->alone && lock(l->s, l->owner, e) != 0) ||
        find(l->s, l->owner, l->name, l->n, l->found, e) != 0)
        return -1;
    for (size_t i = 0; rc == 0 && i < l->m->n; at += l->m->work[i++].n_post + 1)
        rc = link_one(l, &l->m->work[i], at, e);
    return rc != 0 ? rc : db_commit(l->s, e);
}

int works_link(struct db_session *s, const struct uuid *owner, const struct manifest *m, const char *reason, bool strict,
               struct works_result *r, struct err *e)
{
    struct linking l = {.s = s, .owner = owner, .m = m, .reason = reason, .strict = strict, .r = r};
    collect_names(&l);
    int rc = link_all(&l, e);
    if (rc == 1) {
        db_rollback(s);
        l.alone = true;
        rc = link_all(&l, e);
    }
    if (rc != 0)
        db_rollback(s);
    arena_free(&l.arena);
    return rc;
}

void works_result_free(struct works_result *r)
{
    buf_free(&r->missing);
    *r = (struct works_result){0};
}

/* --- and taking apart --------------------------------------------------------------------------------------------------------- */

static int split(struct db_session *s, const struct uuid *owner, const char *name, bool *done, struct err *e)
{
    struct db_params p = {0};
    PGresult *res = NULL;
    if (begin(s, e) != 0 || lock(s, owner, e) != 0 || ask(s, owner, &name, 1, &res, e) != 0)
        return -1;
    int rc = 0, n = PQntuples(res);
    if (n != 1)
        rc = works_name_error(name, &(struct works_found){.n = (size_t)n}, e);
    else if (PQgetisnull(res, 0, 2))
        rc = err_set(e, ERR_USAGE, "%s is a work: which of its posts is to leave it? Name that: platform:id", name);
    if (rc == 0) {
        PGresult *own = NULL;
        db_uuid(&p, owner);
        db_text(&p, PQgetvalue(res, 0, 2));
        db_text(&p, PQgetvalue(res, 0, 3));
        rc = db_exec(s, "SELECT tidemark.split_post($1::uuid, $2, $3)", &p, &own, e);
        *done = rc == 0 && !PQgetisnull(own, 0, 0);
        PQclear(own);
    }
    PQclear(res);
    db_params_clear(&p);
    return rc != 0 ? -1 : db_commit(s, e);
}

int works_split(struct db_session *s, const struct uuid *owner, const char *name, bool *done, struct err *e)
{
    int rc = split(s, owner, name, done, e);
    if (rc != 0)
        db_rollback(s);
    return rc;
}
