/* Which account, post and content a row belongs to. What is known stays in a cache for the life of the writer; the unknown and
 * the changed of a batch go to the database in one statement each for accounts and posts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/json.h"
#include "host/writer_batch.h"

/* Posts that are remembered, at about 200 bytes each. Beyond that all are forgotten: what goes round over more of them would find
 * none either if the oldest went one by one. */
enum { POSTS_MAX = 120000 };

static const char no_account[] = "-"; /* of payloads that name none */

/* Into the writer's own buffer: most are found. */
static void look_up_key(struct writer *w, const char *platform, const char *external_id)
{
    buf_clear(&w->key);
    buf_add(&w->key, platform, strlen(platform) + 1);
    buf_str(&w->key, external_id);
}

static struct known_account *known_account(struct writer *w, const char *platform, const char *external_id)
{
    struct known_account *a;
    look_up_key(w, platform, external_id);
    HASH_FIND(hh, w->accounts, w->key.data, (unsigned)w->key.len, a);
    return a;
}

static struct known_account *account_of(struct writer *w, const char *platform, const char *external_id)
{
    struct known_account *a = known_account(w, platform, external_id);
    if (a != NULL)
        return a;
    a = mem_alloc(sizeof *a + w->key.len + 1);
    a->id = uuid_v7();
    memcpy(a->key, w->key.data, w->key.len);
    HASH_ADD(hh, w->accounts, key, (unsigned)w->key.len, a);
    return a;
}

struct known_post *known_post(struct writer *w, const char *platform, const char *external_id)
{
    struct known_post *p;
    look_up_key(w, platform, external_id);
    HASH_FIND(hh, w->posts, w->key.data, (unsigned)w->key.len, p);
    return p;
}

const struct post_facts *facts_of(const struct known_post *p)
{
    static const struct post_facts none = {.sent_at = INT64_MIN};
    return p->facts != NULL ? p->facts : &none;
}

static struct post_facts *facts_to_write(struct known_post *p)
{
    if (p->facts == NULL) {
        p->facts = mem_alloc(sizeof *p->facts);
        p->facts->sent_at = INT64_MIN;
    }
    return p->facts;
}

static void facts_free(struct known_post *p)
{
    struct post_facts *f = p->facts;
    if (f == NULL)
        return;
    char *const texts[] = {f->title, f->caption, f->url, f->features};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        mem_free(texts[i]);
    mem_free(f);
    p->facts = NULL;
}

static struct known_post *post_of(struct writer *w, const struct row *r)
{
    struct known_post *p = known_post(w, r->platform, r->external_id);
    if (p != NULL)
        return p;
    p = mem_alloc(sizeof *p + w->key.len + 1);
    p->facts_at = INT64_MIN;
    p->content = w->options.has_content ? w->options.content : uuid_v7();
    memcpy(p->key, w->key.data, w->key.len);
    HASH_ADD(hh, w->posts, key, (unsigned)w->key.len, p);
    return p;
}

/* A newer observation's value wins where it has one; an older one fills gaps only. true: the stored text changed. */
static bool take_text(char **have, const char *value, bool newer)
{
    if (value == NULL || (*have != NULL && (!newer || strcmp(*have, value) == 0)))
        return false;
    mem_free(*have);
    *have = mem_dup(value);
    return true;
}

static void add_member(struct buf *b, const char *name, const char *json)
{
    buf_printf(b, "%s\"%s\":%s", b->len > 1 ? "," : "", name, json);
}

static void add_text(struct buf *b, const char *name, const char *text)
{
    struct buf quoted = {0};
    if (text == NULL)
        return;
    json_write_string(text, strlen(text), &quoted);
    add_member(b, name, quoted.data);
    buf_free(&quoted);
}

/* The same for an object, member by member. */
static bool take_object(char **have, const char *value, bool newer)
{
    struct arena scratch = {0};
    if (value == NULL || *have == NULL)
        return take_text(have, value, newer);
    const char *merged = rows_merge_objects(&scratch, *have, value);
    if (!newer) /* once more what was there: it keeps its place, and wins */
        merged = rows_merge_objects(&scratch, merged, *have);
    bool changed = take_text(have, merged, true);
    arena_free(&scratch);
    return changed;
}

/* What stands in posts.features: the parser's own, then the facts with fixed names. NULL: nothing. */
static char *features_of(const struct row *r)
{
    struct buf b = {0};
    if (r->features != NULL && strlen(r->features) > 2)
        buf_add(&b, r->features, strlen(r->features) - 1);
    else
        buf_char(&b, '{');
    add_text(&b, "caption", r->caption);
    add_text(&b, "media_kind", r->media_kind);
    add_text(&b, "ai_version", r->ai_version);
    if (r->tags != NULL)
        add_member(&b, "tags", r->tags);
    if (r->has_duration) {
        char number[40];
        snprintf(number, sizeof number, "%.10g", r->duration_s);
        add_member(&b, "duration_s", number);
    }
    if (b.len == 1) {
        buf_free(&b);
        return NULL;
    }
    buf_char(&b, '}');
    return buf_take(&b);
}

/* Facts say nothing about account, caption and the like, nor when those were observed. The post goes to the database all the
 * same: if it is not there, it is made; if it is, its row is locked in the order that all writers keep. */
static void collect_facts(struct known_post *p)
{
    p->written = false;
}

__extension__ typedef unsigned __int128 wide;

static uint64_t mix(uint64_t a, uint64_t b)
{
    wide m = (wide)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static uint64_t mix_text(uint64_t h, const char *s, uint64_t salt)
{
    if (s == NULL)
        return mix(h ^ salt, UINT64_C(0xE7037ED1A0B428DB));
    size_t n = strlen(s);
    h = mix(h ^ n, salt ^ UINT64_C(0x9E3779B97F4A7C15));
    for (uint64_t v = 0; n > 0; v = 0) {
        size_t take = n < sizeof v ? n : sizeof v;
        memcpy(&v, s, take);
        h = mix(h ^ v, salt);
        s += take;
        n -= take;
    }
    return h;
}

/* What a row says about its post, as a number: most say what the one before said. Salted, as the texts are strangers'. */
static uint64_t sum_of(const struct writer *w, const struct row *r)
{
    const char *const texts[] = {r->title, r->caption, r->url, r->media_kind, r->ai_version, r->tags, r->features, r->account};
    uint64_t h = w->salt, seconds = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        h = mix_text(h, texts[i], w->salt);
    memcpy(&seconds, &r->duration_s, sizeof seconds);
    h = mix(h ^ (r->has_published_at ? (uint64_t)r->published_at : 1), w->salt);
    h = mix(h ^ (r->has_duration ? seconds : 1), w->salt);
    return h != 0 ? h : 1;
}

void resolve_sums(const struct writer *w, struct rows *rows)
{
    for (size_t i = 0; i < rows->n_row; i++)
        rows->row[i].sum = sum_of(w, &rows->row[i]);
}

static void collect_row(struct writer *w, struct batch_row *b)
{
    const struct row *r = b->row;
    struct known_post *p = post_of(w, r);
    b->post = p;
    if (r->facts_only) {
        collect_facts(p);
        return;
    }
    bool newer = b->delivery->observed_at >= p->facts_at, changed = false;
    if (r->sum == p->sum && p->account != NULL && !b->aliased) { /* as before: what it said was taken as the newest */
        if (newer)
            p->facts_at = b->delivery->observed_at;
        return;
    }
    p->sum = newer ? r->sum : 0;
    struct post_facts *f = facts_to_write(p);
    if (f->sent_at < b->delivery->observed_at)
        f->sent_at = b->delivery->observed_at;
    char *features = features_of(r);
    changed = take_text(&f->title, r->title, newer) || changed;
    changed = take_text(&f->caption, r->caption, newer) || changed;
    changed = take_text(&f->url, r->url, newer) || changed;
    changed = take_object(&f->features, features, newer) || changed;
    mem_free(features);
    p->aliased = p->aliased || b->aliased;
    bool other = p->aliased ? r->published_at < p->published_at : newer && r->published_at != p->published_at;
    if (r->has_published_at && (!p->has_published_at || other)) {
        p->has_published_at = changed = true;
        p->published_at = r->published_at;
    }
    if (p->account == NULL || (r->account != NULL && !p->account_named)) {
        p->account_named = r->account != NULL;
        p->account = account_of(w, r->platform, r->account != NULL ? r->account : no_account);
        changed = true;
    }
    if (newer)
        p->facts_at = b->delivery->observed_at;
    if (changed)
        p->written = false;
}

void resolve_collect(struct writer *w)
{
    for (size_t i = 0; i < w->batch.n; i++) {
        const struct delivery *d = w->batch.delivery[i];
        for (size_t k = 0; d->state == DELIVERY_READY && k < d->rows.n_account; k++) {
            const struct row_account *seen = &d->rows.account[k];
            struct known_account *a = account_of(w, seen->platform, seen->external_id);
            if (take_text(&a->handle, seen->handle, true))
                a->written = false;
        }
    }
    for (size_t i = 0; i < w->batch.n_row; i++)
        collect_row(w, &w->batch.row[i]);
}

/* In the order of the key, so that two writers never wait for each other in a circle. */
static const char accounts_sql[] =
    "INSERT INTO tidemark.accounts AS a (id, platform, external_id, handle, user_id)"
    " SELECT w.id, w.platform, w.external_id, w.handle, $1::uuid"
    "   FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) AS w (id, platform, external_id, handle)"
    "  ORDER BY w.platform, w.external_id"
    " ON CONFLICT (user_id, platform, external_id) DO UPDATE SET handle = coalesce(excluded.handle, a.handle)"
    " RETURNING a.platform, a.external_id, a.id";

static int write_accounts(struct writer *w, struct err *e)
{
    struct db_params p = {0};
    struct buf storage[4] = {0};
    struct db_array a[4];
    struct known_account *one, *next;
    PGresult *res = NULL;
    size_t n = 0;
    for (int i = 0; i < 4; i++)
        db_array_begin(&a[i], &storage[i]);
    HASH_ITER(hh, w->accounts, one, next)
    {
        if (one->written)
            continue;
        db_array_uuid(&a[0], &one->id);
        db_array_text(&a[1], known_platform(one->key));
        db_array_text(&a[2], known_external_id(one->key));
        db_array_text(&a[3], one->handle);
        n++;
    }
    db_uuid(&p, &w->options.owner);
    for (int i = 0; i < 4; i++)
        db_array_end(&p, &a[i]);
    int rc = n > 0 ? db_exec(w->s, accounts_sql, &p, &res, e) : 0;
    for (int i = 0; rc == 0 && n > 0 && i < PQntuples(res); i++) {
        one = known_account(w, PQgetvalue(res, i, 0), PQgetvalue(res, i, 1));
        if (one != NULL && uuid_parse(PQgetvalue(res, i, 2), &one->id))
            one->written = true;
    }
    PQclear(res);
    for (int i = 0; i < 4; i++)
        buf_free(&storage[i]);
    db_params_clear(&p);
    return rc;
}

/* Posts that only facts came for: one that is new has the account that was asked for, or none. */
static void account_for_facts(struct writer *w)
{
    for (size_t i = 0; i < w->batch.n_row; i++) {
        const struct row *r = w->batch.row[i].row;
        struct known_post *p = w->batch.row[i].post;
        if (p->account != NULL || p->there)
            continue;
        p->account_named = r->account != NULL;
        p->account = account_of(w, r->platform, r->account != NULL ? r->account : no_account);
    }
}

int resolve_write(struct writer *w, struct err *e)
{
    if (facts_known(w, e) != 0)
        return -1;
    account_for_facts(w);
    return write_accounts(w, e) != 0 || posts_write(w, e) != 0 ? -1 : facts_write(w, e);
}

void resolve_forget(struct writer *w)
{
    for (struct known_account *a = w->accounts; a != NULL; a = a->hh.next)
        a->written = false;
    for (struct known_post *p = w->posts; p != NULL; p = p->hh.next) {
        p->written = false;
        p->sum = 0;
    }
}

static void forget_posts(struct writer *w)
{
    struct known_post *p, *next;
    HASH_ITER(hh, w->posts, p, next)
    {
        HASH_DEL(w->posts, p);
        facts_free(p);
        mem_free(p);
    }
}

void resolve_committed(struct writer *w)
{
    for (size_t i = 0; i < w->batch.n_row; i++) {
        struct known_post *p = w->batch.row[i].post;
        facts_free(p);
    }
    if (HASH_COUNT(w->posts) > POSTS_MAX)
        forget_posts(w);
}

void resolve_free(struct writer *w)
{
    struct known_account *a, *next;
    HASH_ITER(hh, w->accounts, a, next)
    {
        HASH_DEL(w->accounts, a);
        mem_free(a->handle);
        mem_free(a);
    }
    forget_posts(w);
}
