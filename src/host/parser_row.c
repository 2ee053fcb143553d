#include "host/parser_row.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/datetime.h"
#include "host/plugin.h"
#include "host/row_check.h"

enum { SHOWN_MAX = 40 };

static bool absent(const cJSON *value)
{
    return value == NULL || json_kind(value) == JSON_NULL;
}

/* Up to SHOWN_MAX bytes of the value, cut between characters. */
void row_note(struct maker *m, const char *name, const cJSON *value, const char *what)
{
    struct buf shown = {0};
    json_write(value, &shown);
    size_t n = shown.len;
    if (n > SHOWN_MAX)
        for (n = SHOWN_MAX; n > 0 && ((unsigned char)shown.data[n] & 0xC0) == 0x80;)
            n--;
    buf_printf(&m->notes, "%s%s: %.*s%s %s", m->notes.len > 0 ? "; " : "", name, (int)n, shown.data, n < shown.len ? "…" : "",
               what);
    buf_free(&shown);
}

void row_done(struct maker *m, struct row *row)
{
    if (m->notes.len > 0) {
        row->notes = row->notes ? arena_printf(&m->out->arena, "%s; %s", row->notes, m->notes.data)
                                : arena_ndup(&m->out->arena, m->notes.data, m->notes.len);
    }
    buf_clear(&m->notes);
}

const char *row_text(struct maker *m, const char *name, const cJSON *value)
{
    if (absent(value))
        return NULL;
    const char *s = json_id(value, &m->out->arena);
    if (s == NULL)
        row_note(m, name, value, "is no text");
    return s ? arena_dup(&m->out->arena, s) : NULL;
}

static const char *filled_text(struct maker *m, const char *name, const cJSON *value)
{
    const char *s = row_text(m, name, value);
    return s != NULL && *s != '\0' ? s : NULL;
}

struct count row_count(struct maker *m, const char *name, const cJSON *value)
{
    struct count c = {0};
    if (absent(value))
        return c;
    c.known = json_int64(value, &c.value);
    if (!c.known)
        row_note(m, name, value, "is no count");
    return c;
}

/* Seconds: a number, numeric text, or an ISO 8601 duration. */
static bool span(struct maker *m, const char *name, struct fact f, double *seconds)
{
    if (absent(f.value))
        return false;
    const char *s = json_kind(f.value) == JSON_STRING ? json_text(f.value) : NULL;
    bool ok = json_double(f.value, seconds);
    if (ok && f.unit == UNIT_MS)
        *seconds /= 1000;
    if (!ok && s != NULL)
        ok = datetime_parse_iso_duration(s, seconds);
    if (ok && fabs(*seconds) < 1e9)
        return true;
    row_note(m, name, f.value, "is no duration");
    return false;
}

/* A date alone: "2024-03-01". */
static bool date_alone(const char *s, int *year, int *month, int *day)
{
    if (s == NULL || strlen(s) != 10 || s[4] != '-' || s[7] != '-')
        return false;
    *year = atoi(s);
    *month = atoi(s + 5);
    *day = atoi(s + 8);
    return true;
}

static bool instant(struct maker *m, const char *name, struct fact f, int64_t *us)
{
    if (absent(f.value))
        return false;
    double n;
    const char *s = json_kind(f.value) == JSON_STRING ? json_text(f.value) : NULL;
    if ((f.unit == UNIT_EPOCH_S || f.unit == UNIT_EPOCH_MS) && json_double(f.value, &n)) {
        double scaled = n * (f.unit == UNIT_EPOCH_S ? 1e6 : 1e3);
        if (fabs(scaled) < 2.5e17) { /* the year 9999 and a bit */
            *us = llround(scaled);
            return true;
        }
    } else if (s != NULL && datetime_parse(s, us)) {
        return true;
    }
    row_note(m, name, f.value,
             json_kind(f.value) == JSON_NUMBER && f.unit == UNIT_NONE ? "is a time without a unit" : "is no time");
    return false;
}

/* A bound of a window: a date alone is the whole day in the parser's zone, so as an end it is the day after. */
static bool bound(struct maker *m, const char *name, struct fact f, int days, int64_t *us)
{
    const char *s = json_kind(f.value) == JSON_STRING ? json_text(f.value) : NULL;
    int y, mon, d;
    if (!instant(m, name, f, us))
        return false;
    if (date_alone(s, &y, &mon, &d))
        return datetime_day_start(m->p->zone ? m->p->zone : "UTC", y, mon, d + days, us);
    return true;
}

/* A list of texts stays one; one text is a list of one. */
static const char *tags(struct maker *m, const cJSON *value)
{
    if (absent(value) || (json_kind(value) == JSON_OBJECT && json_size(value) == 0)) /* Lua's empty table */
        return NULL;
    struct buf out = {0};
    size_t n = 0;
    if (json_kind(value) == JSON_STRING) {
        buf_char(&out, '[');
        n = *json_text(value) != '\0';
        if (n > 0)
            json_write(value, &out);
    } else if (json_kind(value) == JSON_ARRAY) {
        buf_char(&out, '[');
        size_t odd = 0;
        for (const cJSON *one = value->child; one != NULL; one = one->next) {
            if (json_kind(one) != JSON_STRING) {
                odd++;
                continue;
            }
            if (n++ > 0)
                buf_char(&out, ',');
            json_write(one, &out);
        }
        if (odd > 0)
            row_note(m, "tags", value, "holds tags that are no texts");
    } else {
        row_note(m, "tags", value, "is no list of texts");
    }
    buf_char(&out, ']');
    const char *text = n > 0 ? arena_ndup(&m->out->arena, out.data, out.len) : NULL;
    buf_free(&out);
    return text;
}

static bool is_listed(const char *id, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], id) == 0)
            return true;
    return false;
}

size_t row_aliases(struct maker *m, const cJSON *value, const char *id, const char ***out)
{
    enum { MOST = 64 };
    if (absent(value) || (json_kind(value) == JSON_OBJECT && json_size(value) == 0))
        return 0;
    bool list = json_kind(value) == JSON_ARRAY;
    const char **found = arena_alloc(&m->out->arena, MOST * sizeof *found);
    size_t n = 0;
    for (const cJSON *one = list ? value->child : value; one != NULL; one = list ? one->next : NULL) {
        const char *alias = json_id(one, &m->out->arena);
        if (alias == NULL || *alias == '\0' || strlen(alias) > ROW_ID_MAX) {
            row_note(m, "aliases", one, "is no id");
        } else if (strcmp(alias, id) != 0 && !is_listed(alias, found, n)) {
            if (n == MOST) {
                row_note(m, "aliases", value, "holds more than 64 ids");
                break;
            }
            found[n++] = arena_dup(&m->out->arena, alias);
        }
    }
    *out = found;
    return n;
}

bool row_post(struct maker *m, const struct fact facts[FIELD_MAX], struct row *row)
{
    const char *id = filled_text(m, "id", facts[FIELD_ID].value);
    if (id == NULL) {
        id = m->given->id;
        row->id_given = id != NULL && m->given->by_content;
    }
    if (id == NULL)
        return false;
    const char *platform = filled_text(m, "platform", facts[FIELD_PLATFORM].value);
    row->item = m->item;
    row->external_id = id;
    row->platform = platform ? platform : m->p->plugin->name;
    row->account = filled_text(m, "account", facts[FIELD_ACCOUNT].value);
    row->title = row_text(m, "title", facts[FIELD_TITLE].value);
    row->caption = row_text(m, "caption", facts[FIELD_CAPTION].value);
    row->url = row_text(m, "url", facts[FIELD_URL].value);
    row->media_kind = filled_text(m, "media_kind", facts[FIELD_MEDIA_KIND].value);
    row->ai_version = filled_text(m, "ai_version", facts[FIELD_AI_VERSION].value);
    row->n_alias = row_aliases(m, facts[FIELD_ALIASES].value, id, &row->alias);
    row->tags = tags(m, facts[FIELD_TAGS].value);
    row->has_published_at = instant(m, "published_at", facts[FIELD_PUBLISHED_AT], &row->published_at);
    row->has_duration = span(m, "duration_s", facts[FIELD_DURATION_S], &row->duration_s);
    row->wide_export = m->p->wide_export;
    return true;
}

void row_id_advice(const struct maker *m, struct buf *text)
{
    if (m->p->n_id_from_url > 0)
        buf_printf(text, ", and none in a wrapper's url by '%s'; name the post with --content ID", m->p->id_from_url[0]);
}

void row_counts(struct maker *m, const struct fact facts[FIELD_MAX], struct row *row)
{
    struct count *const counts[] = {&row->views, &row->likes, &row->shares, &row->comments, &row->saves};
    for (int i = 0; i < 5; i++)
        *counts[i] = row_count(m, field_names[FIELD_VIEWS + i], facts[FIELD_VIEWS + i].value);
    double seconds;
    if (span(m, "average_watch_time", facts[FIELD_AVERAGE_WATCH_TIME], &seconds)) {
        if (fabs(seconds) < 1e7) /* what numeric(10,3) holds */
            row->average_watch_ms = (struct count){true, llround(seconds * 1000)};
        else
            row_note(m, "average_watch_time", facts[FIELD_AVERAGE_WATCH_TIME].value, "is too long");
    }
    row->has_window_start = bound(m, "window_start", facts[FIELD_WINDOW_START], 0, &row->window_start);
    row->has_window_end = bound(m, "window_end", facts[FIELD_WINDOW_END], 1, &row->window_end);
    int y, mon, d;
    const char *zone = m->p->zone ? m->p->zone : "UTC";
    if (row->window == WINDOW_DAY && row->has_window_start && !row->has_window_end &&
        datetime_day_of(zone, row->window_start, &y, &mon, &d))
        row->has_window_end = datetime_day_start(zone, y, mon, d + 1, &row->window_end);
}

void row_member(const char *name, size_t len, const cJSON *value, struct buf *object)
{
    if (absent(value))
        return;
    buf_char(object, object->len == 0 ? '{' : ',');
    json_write_string(name, len, object);
    buf_char(object, ':');
    json_write(value, object);
}

void row_metric(struct maker *m, const char *name, const cJSON *value, enum unit unit, struct buf *object)
{
    if (absent(value))
        return;
    int64_t whole;
    double d;
    bool is_whole = unit != UNIT_MS && json_int64(value, &whole);
    if (!is_whole && !json_double(value, &d)) {
        row_note(m, name, value, "is no number");
        return;
    }
    buf_char(object, object->len == 0 ? '{' : ',');
    json_write_string(name, strlen(name), object);
    if (is_whole)
        buf_printf(object, ":%" PRId64, whole);
    else
        buf_printf(object, ":%.15g", unit == UNIT_MS ? d / 1000 : d);
}

void row_account_metric(struct maker *m, const char *name, const cJSON *value, enum unit unit, struct buf *object)
{
    if (json_kind(value) == JSON_OBJECT || json_kind(value) == JSON_ARRAY)
        row_member(name, strlen(name), value, object);
    else
        row_metric(m, name, value, unit, object);
}

const char *row_audience(struct maker *m, const cJSON *value)
{
    struct buf text = {0};
    if (absent(value) || (json_size(value) == 0 && json_kind(value) != JSON_STRING)) /* Lua's empty table is no list */
        return NULL;
    if (json_kind(value) != JSON_OBJECT) {
        row_note(m, "audience", value, "is no table of names");
        return NULL;
    }
    json_write(value, &text);
    const char *kept = arena_ndup(&m->out->arena, text.data, text.len);
    buf_free(&text);
    return kept;
}

bool row_account(struct maker *m, const struct row_account *account)
{
    struct row_account a = *account;
    a.platform = m->p->plugin->name;
    a.item = m->item;
    if (a.external_id != NULL && *a.external_id == '\0')
        a.external_id = NULL;
    if (m->notes.len > 0 && row_account_observed(&a))
        a.notes = m->notes.data;
    bool something = a.external_id != NULL || row_account_observed(&a);
    if (something)
        rows_account(m->out, &a);
    buf_clear(&m->notes);
    return something;
}

const char *row_object(struct maker *m, struct buf *object)
{
    const char *text = NULL;
    if (object->len > 0) {
        buf_char(object, '}');
        text = arena_ndup(&m->out->arena, object->data, object->len);
    }
    buf_free(object);
    return text;
}
