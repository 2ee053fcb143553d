#include "host/row_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "data/datetime.h"
#include "data/json.h"

/* In the order of the keys; text NULL is null. */
struct cell {
    const char *text;
    bool number;
    char own[40];
};

static const struct column columns[] = {
    {"platform", COLUMN_TEXT},     {"external_id", COLUMN_TEXT},
    {"account", COLUMN_TEXT},      {"title", COLUMN_TEXT},
    {"views", COLUMN_INTEGER},     {"likes", COLUMN_INTEGER},
    {"shares", COLUMN_INTEGER},    {"comments", COLUMN_INTEGER},
    {"saves", COLUMN_INTEGER},     {"average_watch_time", COLUMN_NUMBER},
    {"published_at", COLUMN_TIME}, {"metric_window", COLUMN_TEXT},
    {"window_start", COLUMN_TIME}, {"window_end", COLUMN_TIME},
    {"kind", COLUMN_TEXT},
};
enum { N = sizeof columns / sizeof *columns };

static void set_count(struct cell *c, const struct count *count)
{
    c->number = true;
    if (!count->known)
        return;
    snprintf(c->own, sizeof c->own, "%" PRId64, count->value);
    c->text = c->own;
}

/* Thousandths to seconds, without needless zeros. */
static void set_milli(struct cell *c, const struct count *milli)
{
    c->number = true;
    if (!milli->known)
        return;
    uint64_t size = milli->value < 0 ? -(uint64_t)milli->value : (uint64_t)milli->value;
    int n = snprintf(c->own, sizeof c->own, "%s%" PRIu64 ".%03" PRIu64, milli->value < 0 ? "-" : "", size / 1000, size % 1000);
    while (c->own[n - 1] == '0')
        c->own[--n] = '\0';
    if (c->own[n - 1] == '.')
        c->own[n - 1] = '\0';
    c->text = c->own;
}

static void set_time(struct cell *c, bool has, int64_t us)
{
    if (!has)
        return;
    datetime_format(us, c->own, sizeof c->own);
    c->text = c->own;
}

static void fill(const struct row *r, struct cell cell[N])
{
    memset(cell, 0, N * sizeof *cell);
    cell[0].text = r->platform;
    cell[1].text = r->external_id;
    cell[2].text = r->account;
    cell[3].text = r->title;
    set_count(&cell[4], &r->views);
    set_count(&cell[5], &r->likes);
    set_count(&cell[6], &r->shares);
    set_count(&cell[7], &r->comments);
    set_count(&cell[8], &r->saves);
    set_milli(&cell[9], &r->average_watch_ms);
    set_time(&cell[10], r->has_published_at, r->published_at);
    cell[11].text = r->facts_only ? NULL : window_name(r->window);
    set_time(&cell[12], r->has_window_start, r->window_start);
    set_time(&cell[13], r->has_window_end, r->window_end);
    cell[14].text = row_kind(r);
}

void row_json(const struct row *r, struct buf *out)
{
    struct cell cell[N];
    fill(r, cell);
    for (size_t i = 0; i < N; i++) {
        buf_printf(out, "%s\"%s\":", i == 0 ? "{" : ",", columns[i].name);
        if (cell[i].text == NULL)
            buf_str(out, "null");
        else if (cell[i].number)
            buf_str(out, cell[i].text);
        else
            json_write_string(cell[i].text, strlen(cell[i].text), out);
    }
    buf_char(out, '}');
}

static void add_raw(struct buf *out, const char *name, const char *json)
{
    if (json != NULL)
        buf_printf(out, "%s\"%s\":%s", out->data[out->len - 1] == '{' ? "" : ",", name, json);
}

static void add_text(struct buf *out, const char *name, const char *text)
{
    if (text == NULL)
        return;
    struct buf quoted = {0};
    json_write_string(text, strlen(text), &quoted);
    add_raw(out, name, quoted.data);
    buf_free(&quoted);
}

static void add_texts(struct buf *out, const char *name, const char *const *text, size_t n)
{
    struct buf list = {0};
    for (size_t i = 0; i < n; i++) {
        buf_char(&list, i == 0 ? '[' : ',');
        json_write_string(text[i], strlen(text[i]), &list);
    }
    if (n > 0) {
        buf_char(&list, ']');
        add_raw(out, name, list.data);
    }
    buf_free(&list);
}

void row_json_whole(const struct row *r, struct buf *out)
{
    struct cell cell[N];
    char duration[40];
    fill(r, cell);
    buf_char(out, '{');
    for (size_t i = 0; i < N; i++) {
        if (cell[i].number)
            add_raw(out, columns[i].name, cell[i].text);
        else
            add_text(out, columns[i].name, cell[i].text);
    }
    add_text(out, "caption", r->caption);
    add_text(out, "url", r->url);
    add_raw(out, "tags", r->tags);
    add_texts(out, "aliases", r->alias, r->n_alias);
    snprintf(duration, sizeof duration, "%.15g", r->duration_s);
    add_raw(out, "duration_s", r->has_duration ? duration : NULL);
    add_text(out, "media_kind", r->media_kind);
    add_text(out, "ai_version", r->ai_version);
    add_raw(out, "features", r->features);
    add_raw(out, "metrics", r->metrics);
    add_raw(out, "audience", r->audience);
    add_raw(out, "extra", r->extra);
    add_text(out, "notes", r->notes);
    buf_char(out, '}');
}

void row_json_account(const struct row_account *a, struct buf *out)
{
    buf_char(out, '{');
    add_text(out, "platform", a->platform);
    add_text(out, "account", a->external_id);
    add_text(out, "handle", a->handle);
    add_raw(out, "metrics", a->metrics);
    add_raw(out, "audience", a->audience);
    add_text(out, "notes", a->notes);
    add_text(out, "kind", "account");
    buf_char(out, '}');
}

struct rowset *row_table_new(void)
{
    return rowset_new(columns, N);
}

void row_table_add(struct rowset *t, const struct row *r)
{
    struct cell cell[N];
    const char *text[N];
    fill(r, cell);
    for (size_t i = 0; i < N; i++)
        text[i] = cell[i].text;
    rowset_add(t, text);
}
