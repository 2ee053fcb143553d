/* Rows that are facts alone: they join the features of their posts, and make no snapshot.
 *
 * Each fact (a member of features) has a time of its own beside it, in the member "_facts": what a platform said later or earlier
 * does not count against it, and of two documents of one fact the one observed later stays, whole. */
#include <stdlib.h>
#include <string.h>

#include "data/json.h"
#include "host/writer_batch.h"

static bool any_facts(const struct writer *w)
{
    for (size_t i = 0; i < w->batch.n_row; i++)
        if (w->batch.row[i].row->facts_only)
            return true;
    return false;
}

int facts_known(struct writer *w, struct err *e)
{
    struct known_post **post = arena_alloc(&w->batch.arena, (w->batch.n_row + 1) * sizeof(struct known_post *));
    size_t n = 0;
    for (size_t i = 0; i < w->batch.n_row; i++)
        if (w->batch.row[i].row->facts_only)
            post[n++] = w->batch.row[i].post;
    bool *is_there = arena_zero(&w->batch.arena, n * sizeof *is_there);
    if (n > 0 && posts_there(w, post, n, is_there, e) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        post[i]->there = is_there[i];
    return 0;
}

/* The batch's facts as if one came after the other: one is taken when none that stands was observed later. What a row changed is
 * seen against the fact that was taken before it. The posts are locked already, in the order of their keys. */
static const char facts_sql[] =
    "WITH given AS (SELECT w.*, to_jsonb(trim_scale(extract(epoch FROM w.observed_at))) AS at"
    "   FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::timestamptz[], $8::text[], $9::text[])"
    "   AS w (ord, platform, external_id, name, value, observed_at, parser, note)),"
    " old AS (SELECT p.platform, p.external_id, p.features FROM tidemark.posts p"
    "  WHERE p.user_id = $1::uuid AND (p.platform, p.external_id) IN (SELECT g.platform, g.external_id FROM given g)),"
    " seen AS (SELECT g.*, o.features -> g.name AS stored,"
    "   g.observed_at >= coalesce(max(g.observed_at) OVER earlier, '-infinity')"
    "   AND coalesce(g.at >= o.features #> ARRAY['" FACTS_ABOUT "', g.name, 'at'], true) AS taken"
    "   FROM given g JOIN old o USING (platform, external_id)"
    "   WINDOW earlier AS (PARTITION BY g.platform, g.external_id, g.name ORDER BY g.ord"
    "                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),"
    " taken AS (SELECT s.*, lag(value, 1, stored) OVER chain AS before, lead(ord) OVER chain IS NULL AS last"
    "   FROM seen s WHERE s.taken WINDOW chain AS (PARTITION BY platform, external_id, name ORDER BY ord)),"
    " news AS (SELECT platform, external_id, jsonb_object_agg(name, value) AS facts,"
    "   jsonb_object_agg(name, jsonb_strip_nulls(jsonb_build_object('at', at, 'by', parser, 'note', note))) AS about"
    "   FROM taken WHERE last GROUP BY platform, external_id),"
    " next AS (SELECT platform, external_id, o.features || n.facts"
    "   || jsonb_build_object('" FACTS_ABOUT "', coalesce(o.features -> '" FACTS_ABOUT "', '{}') || n.about) AS features"
    "   FROM news n JOIN old o USING (platform, external_id)),"
    " written AS (UPDATE tidemark.posts p SET features = n.features FROM next n"
    "  WHERE p.user_id = $1::uuid AND p.platform = n.platform AND p.external_id = n.external_id"
    "    AND p.features IS DISTINCT FROM n.features)"
    " SELECT DISTINCT ord FROM taken WHERE value IS DISTINCT FROM before";

enum { N_FACT_ARRAYS = 8 };

static struct json_doc *open_object(const char *text)
{
    struct json_doc *doc = NULL;
    struct err e;
    if (text != NULL && json_parse(text, strlen(text), NULL, &doc, &e) != 0)
        json_free(&doc);
    return doc;
}

/* One element of each array for every fact of the row. */
static size_t put_facts(const struct batch_row *r, int64_t ord, struct db_array a[N_FACT_ARRAYS])
{
    struct json_doc *features = open_object(r->row->features), *notes = open_object(r->row->fact_notes);
    struct buf value = {0};
    size_t n = 0;
    for (const cJSON *c = features != NULL ? json_root(features)->child : NULL; c != NULL; c = c->next, n++) {
        const cJSON *note = notes != NULL ? json_get(json_root(notes), c->string, strlen(c->string)) : NULL;
        buf_clear(&value);
        json_write(c, &value);
        db_array_int(&a[0], ord);
        db_array_text(&a[1], r->row->platform);
        db_array_text(&a[2], r->row->external_id);
        db_array_text(&a[3], c->string);
        db_array_text(&a[4], value.data);
        db_array_time(&a[5], r->delivery->observed_at);
        db_array_text(&a[6], r->delivery->parser);
        db_array_text(&a[7], note != NULL ? json_text(note) : NULL);
    }
    buf_free(&value);
    json_free(&features);
    json_free(&notes);
    return n;
}

/* The first row of a post that was not there makes it; of the others, one that changed a fact updates it. */
static void count_facts(const struct writer *w)
{
    for (size_t i = 0; i < w->batch.n_row; i++) {
        const struct batch_row *r = &w->batch.row[i];
        if (r->row->facts_only && !r->post->there)
            r->delivery->inserted++;
        else if (r->row->facts_only && r->changed)
            r->delivery->updated++;
        else if (r->row->facts_only)
            r->delivery->unchanged++;
        r->post->there = true;
    }
}

int facts_write(struct writer *w, struct err *e)
{
    struct db_params p = {0};
    struct buf storage[N_FACT_ARRAYS] = {0};
    struct db_array a[N_FACT_ARRAYS];
    PGresult *res = NULL;
    size_t n = 0;
    if (!any_facts(w))
        return 0;
    for (int i = 0; i < N_FACT_ARRAYS; i++)
        db_array_begin(&a[i], &storage[i]);
    for (size_t i = 0; i < w->batch.n_row; i++)
        if (w->batch.row[i].row->facts_only)
            n += put_facts(&w->batch.row[i], (int64_t)i, a);
    db_uuid(&p, &w->options.owner);
    for (int i = 0; i < N_FACT_ARRAYS; i++)
        db_array_end(&p, &a[i]);
    int rc = n > 0 ? db_exec(w->s, facts_sql, &p, &res, e) : 0;
    for (int i = 0; rc == 0 && n > 0 && i < PQntuples(res); i++)
        w->batch.row[atoll(PQgetvalue(res, i, 0))].changed = true;
    if (rc == 0)
        count_facts(w);
    PQclear(res);
    for (int i = 0; i < N_FACT_ARRAYS; i++)
        buf_free(&storage[i]);
    db_params_clear(&p);
    return rc;
}
