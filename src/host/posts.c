#include "host/posts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/datetime.h"
#include "data/rowset.h"
#include "db/result.h"

enum { FETCH_ROWS = 5000 };

/* One line per column of the query: where it goes. The order is the query's. */
static const struct target {
    const char *name;
    enum frame_kind kind;
} targets[] = {
    {"platform", FRAME_TEXT},   {"external_id", FRAME_TEXT},    {"account", FRAME_TEXT},      {"creator", FRAME_TEXT},
    {"content", FRAME_TEXT},    {"published_at", FRAME_NUMBER}, {"local_hour", FRAME_NUMBER}, {"local_weekday", FRAME_NUMBER},
    {"caption", FRAME_TEXT},    {"media_kind", FRAME_TEXT},     {"ai_version", FRAME_TEXT},   {"duration_s", FRAME_NUMBER},
    {"tags", FRAME_LIST},       {"facts", FRAME_JSON},          {"views", FRAME_NUMBER},      {"likes", FRAME_NUMBER},
    {"comments", FRAME_NUMBER}, {"shares", FRAME_NUMBER},       {"saves", FRAME_NUMBER},      {"basis", FRAME_TEXT},
    {"reason", FRAME_TEXT},     {"segment", FRAME_TEXT},        {"straddles", FRAME_BOOL},    {"read_at", FRAME_NUMBER},
    {"y", FRAME_NUMBER},        {"score", FRAME_NUMBER},        {"gained", FRAME_DAILY},
};
enum { N_TARGETS = sizeof targets / sizeof *targets, N_SELECTED = N_TARGETS + 1 /* gained comes as first day and array */ };

/* $1 owner, $2 since, $3 as_of, $4 zones that exist, $5 age, $6 metric. Tags: the platform's, the style documents' and the caption's
 * hashtags, in lower case, each once. */
#define POST_COLUMNS                                                                                                          \
    "SELECT p.platform, p.external_id, p.platform || ':' || a.external_id, a.creator, p.content_id,"                          \
    " extract(epoch FROM p.published_at), extract(hour FROM l.at), extract(isodow FROM l.at),"                                \
    " p.features ->> 'caption', lower(p.features ->> 'media_kind'), p.features ->> 'ai_version',"                             \
    " CASE WHEN jsonb_typeof(p.features -> 'duration_s') = 'number' THEN p.features ->> 'duration_s' END,"                    \
    " (SELECT array_agg(t ORDER BY t COLLATE \"C\") FROM (SELECT DISTINCT lower(ltrim(x, '#')) AS t FROM ("                   \
    "   SELECT jsonb_array_elements_text(CASE jsonb_typeof(p.features -> f) WHEN 'array' THEN p.features -> f ELSE '[]' END)" \
    "     FROM unnest(ARRAY['tags', 'style_tags']) AS f"                                                                      \
    "   UNION ALL SELECT (regexp_matches(p.features ->> 'caption', '#([[:alnum:]_]+)', 'g'))[1]) AS u (x)) AS d"              \
    "   WHERE t <> '' AND octet_length(t) <= 200),"                                                                           \
    " nullif(jsonb_strip_nulls(jsonb_build_object('visual', p.features -> 'visual', 'audio', p.features -> 'audio',"          \
    "   'text', p.features -> 'text')), '{}'),"
#define POST_TABLES                                                                                    \
    " FROM tidemark.posts p"                                                                           \
    " JOIN tidemark.accounts a ON a.user_id = p.user_id AND a.id = p.account_id"                       \
    " CROSS JOIN LATERAL (SELECT p.published_at AT TIME ZONE CASE WHEN a.time_zone IS NULL THEN 'UTC'" \
    "   WHEN a.time_zone = ANY ($4::text[]) THEN a.time_zone END AS at) AS l"
#define POST_ORDER " ORDER BY p.platform COLLATE \"C\", p.external_id COLLATE \"C\""

static const char at_age_sql[] =
    "DECLARE posts NO SCROLL CURSOR FOR " POST_COLUMNS " g.views, g.likes, g.comments, g.shares, g.saves, g.basis, g.reason,"
    " g.segment, g.straddles, extract(epoch FROM g.observed_at), s.y, s.score, NULL, NULL" POST_TABLES
    " LEFT JOIN tidemark.content_at_age g ON g.user_id = p.user_id AND g.platform = p.platform"
    "   AND g.external_id = p.external_id AND g.age_h = $5::smallint AND (g.observed_at IS NULL OR g.observed_at <= "
    "$3::timestamptz)"
    " LEFT JOIN tidemark.post_scores($1::uuid, $5::integer, $6, $2::timestamptz, $3::timestamptz) s"
    "   ON s.platform = p.platform AND s.external_id = p.external_id"
    " WHERE p.user_id = $1::uuid AND p.published_at >= $2::timestamptz AND p.published_at <= $3::timestamptz" POST_ORDER;

static const char gained_sql[] = "DECLARE posts NO SCROLL CURSOR FOR " POST_COLUMNS " NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
                                 " NULL, NULL, NULL, NULL, NULL, g.first_day - DATE '1970-01-01', g.gained" POST_TABLES
                                 " JOIN tidemark.daily_gains($1::uuid, $2::timestamptz, $3::timestamptz) g"
                                 "   ON g.platform = p.platform AND g.external_id = p.external_id"
                                 " WHERE p.user_id = $1::uuid AND p.published_at <= $3::timestamptz AND $5::integer IS NOT "
                                 "NULL AND $6::text IS NOT NULL" POST_ORDER;

static void chain(struct sha256 *digest, struct buf *row)
{
    buf_add(row, digest->bytes, sizeof digest->bytes);
    *digest = sha256_of(row->data, row->len);
    buf_clear(row);
}

/* --- one row --------------------------------------------------------------------------------------------------------------- */

static void take_list(struct frame *f, size_t column, size_t row, const char *cell)
{
    struct buf element = {0};
    char **text = NULL;
    size_t n = 0;
    enum element_kind kind;
    for (const char *at = cell; rowset_element(&at, &element, &kind);)
        if (kind == ELEMENT_TEXT) {
            text = mem_realloc(text, (n + 1) * sizeof *text);
            text[n++] = mem_dup(element.data != NULL ? element.data : "");
        }
    frame_list(f, column, row, (const char *const *)text, n);
    for (size_t i = 0; i < n; i++)
        mem_free(text[i]);
    mem_free(text);
    buf_free(&element);
}

/* '{1,2,NULL}': whole numbers, so no element has quotes. */
static void take_daily(struct frame *f, size_t column, size_t row, const char *first_day, const char *cell)
{
    double *value = NULL;
    size_t n = 0, cap = 0;
    for (const char *at = cell + 1; *at != '\0' && *at != '}';) {
        if (n == cap) {
            cap = cap > 0 ? 2 * cap : 64;
            value = mem_realloc(value, cap * sizeof *value);
        }
        char *end;
        value[n++] = strtod(at, &end);
        at = end > at ? end : at + strcspn(at, ",}"); /* NULL counts as 0: strtod gave it */
        at += *at == ',';
    }
    frame_daily(f, column, row, strtoll(first_day, NULL, 10), value, n);
    mem_free(value);
}

static void take_row(struct frame *f, const PGresult *res, int from)
{
    size_t row = frame_row(f);
    for (size_t i = 0; i < N_TARGETS; i++) {
        if (PQgetisnull(res, from, (int)i))
            continue;
        const char *cell = PQgetvalue(res, from, (int)i);
        switch (targets[i].kind) {
        case FRAME_NUMBER: frame_number(f, i, row, strtod(cell, NULL)); break;
        case FRAME_BOOL: frame_flag(f, i, row, cell[0] == 't'); break;
        case FRAME_TEXT:
        case FRAME_JSON: frame_text(f, i, row, cell); break;
        case FRAME_LIST: take_list(f, i, row, cell); break;
        case FRAME_DAILY: take_daily(f, i, row, cell, PQgetvalue(res, from, (int)i + 1)); break;
        }
    }
}

static void take_rows(struct posts *out, const PGresult *res, struct buf *text)
{
    for (int i = 0; i < PQntuples(res); i++) {
        take_row(out->frame, res, i);
        for (int k = 0; k < N_SELECTED; k++) {
            buf_str(text, PQgetisnull(res, i, k) ? "\x1e" : PQgetvalue(res, i, k));
            buf_char(text, '\x1f');
        }
        chain(&out->digest, text);
    }
}

/* --- what the query needs ---------------------------------------------------------------------------------------------------- */

/* The accounts' zones that exist. One that does not is told: its posts have no local hour, and that is all they lack. */
static int check_zones(struct db_session *s, const struct uuid *owner, struct db_array *zones, struct buf *warnings,
                       struct err *e)
{
    static const char sql[] =
        "SELECT time_zone, string_agg(platform || ':' || coalesce(handle, external_id), ', ' ORDER BY platform, external_id)"
        "  FROM tidemark.accounts WHERE user_id = $1::uuid AND time_zone IS NOT NULL GROUP BY time_zone ORDER BY time_zone";
    struct db_params p = {0};
    PGresult *res = NULL;
    int year, month, day;
    db_uuid(&p, owner);
    int rc = db_exec(s, sql, &p, &res, e);
    for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
        const char *zone = PQgetvalue(res, i, 0);
        if (datetime_day_of(zone, 0, &year, &month, &day))
            db_array_text(zones, zone);
        else
            buf_printf(warnings,
                       "%s: there is no time zone '%s', so the hour of these posts is unknown; set it right: "
                       "UPDATE tidemark.accounts SET time_zone = 'Europe/Berlin' WHERE time_zone = '%s'\n",
                       PQgetvalue(res, i, 1), zone, zone);
    }
    PQclear(res);
    db_params_clear(&p);
    return rc;
}

static int read_watermark(struct db_session *s, const struct posts_query *q, int64_t *watermark, struct err *e)
{
    static const char sql[] =
        "SELECT coalesce((SELECT max(recorded_at) FROM tidemark.observations WHERE user_id = $1::uuid AND recorded_at <= "
        "$2::timestamptz),"
        " (SELECT max(observed_at) FROM tidemark.content_at_age WHERE user_id = $1::uuid AND observed_at <= $2::timestamptz))";
    struct db_params p = {0};
    PGresult *res = NULL;
    db_uuid(&p, &q->owner);
    db_time(&p, q->as_of);
    int rc = db_exec(s, sql, &p, &res, e);
    *watermark = q->as_of;
    if (rc == 0 && !PQgetisnull(res, 0, 0) && !datetime_parse(PQgetvalue(res, 0, 0), watermark))
        rc = err_set(e, ERR_BUG, "the server's time '%s' cannot be read", PQgetvalue(res, 0, 0));
    PQclear(res);
    db_params_clear(&p);
    return rc;
}

static int declare(struct db_session *s, const struct posts_query *q, struct posts *out, struct err *e)
{
    struct db_params p = {0};
    struct buf storage = {0};
    struct db_array zones;
    db_array_begin(&zones, &storage);
    int rc = check_zones(s, &q->owner, &zones, &out->warnings, e);
    db_uuid(&p, &q->owner);
    db_time(&p, q->since);
    db_time(&p, q->as_of);
    db_array_end(&p, &zones);
    db_int(&p, q->age_h);
    db_text(&p, q->metric);
    if (rc == 0)
        rc = db_exec(s, q->gained ? gained_sql : at_age_sql, &p, NULL, e);
    db_params_clear(&p);
    buf_free(&storage);
    return rc;
}

int posts_load(struct db_session *s, const struct posts_query *q, struct posts *out, struct err *e)
{
    struct buf text = {0};
    char fetch[40];
    snprintf(fetch, sizeof fetch, "FETCH %d FROM posts", FETCH_ROWS);
    *out = (struct posts){.frame = frame_new()};
    for (size_t i = 0; i < N_TARGETS; i++)
        frame_column(out->frame, targets[i].name, targets[i].kind);
    int rc = read_watermark(s, q, &out->watermark, e);
    if (rc == 0)
        rc = declare(s, q, out, e);
    for (bool more = rc == 0; more;) {
        PGresult *res = NULL;
        rc = db_exec(s, fetch, NULL, &res, e);
        more = rc == 0 && PQntuples(res) > 0;
        if (more)
            take_rows(out, res, &text);
        PQclear(res);
    }
    if (rc == 0)
        rc = db_run(s, "CLOSE posts", e);
    buf_free(&text);
    if (rc != 0)
        posts_free(out);
    return rc;
}

void posts_free(struct posts *p)
{
    frame_free(&p->frame);
    buf_free(&p->warnings);
}
