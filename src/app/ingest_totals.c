#include "app/ingest_totals.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "data/json.h"
#include "data/text.h"

static struct platform_total *total_of(struct ingest_totals *t, const char *platform)
{
    for (size_t i = 0; i < t->n_platform; i++)
        if (strcmp(t->platform[i].platform, platform) == 0)
            return &t->platform[i];
    t->platform = mem_realloc(t->platform, (t->n_platform + 1) * sizeof *t->platform);
    struct platform_total *fresh = &t->platform[t->n_platform++];
    *fresh = (struct platform_total){.platform = mem_dup(platform)};
    return fresh;
}

static void add_drops(struct ingest_totals *t, const struct rows *rows)
{
    for (size_t i = 0; i < rows->n_drop; i++) {
        size_t k = 0;
        while (k < t->n_drop && strcmp(t->drop[k].reason, rows->drop[i].reason) != 0)
            k++;
        if (k == t->n_drop) {
            t->drop = mem_realloc(t->drop, (t->n_drop + 1) * sizeof *t->drop);
            t->drop[t->n_drop++] = (struct drop_total){.reason = mem_dup(rows->drop[i].reason)};
        }
        t->drop[k].n += (int64_t)rows->drop[i].count;
    }
}

void totals_add(struct ingest_totals *t, const struct delivery *d)
{
    struct platform_total *p = total_of(t, d->platform != NULL ? d->platform : "?");
    p->deliveries++;
    t->plugin_failed = t->plugin_failed || d->plugin_failed;
    if (d->code != NULL) { /* refused now, or again */
        t->refused++;
        p->received++;
        p->quarantined++;
        return;
    }
    if (d->state == DELIVERY_SEEN) {
        t->taken++;
        p->replays++;
        return;
    }
    if (d->rows.n_row > 0 || d->rows.n_account > 0 || d->rows.n_drop > 0 || d->rows.n_bad == 0)
        t->taken++;
    t->bad_rows += d->quarantined;
    p->received += d->received;
    p->inserted += d->inserted;
    p->updated += d->updated;
    p->unchanged += d->unchanged;
    p->quarantined += d->quarantined;
    p->dropped += d->dropped;
    t->accounts += rows_accounts_observed(&d->rows);
    for (size_t i = 0; i < d->rows.n_row; i++)
        t->facts += d->rows.row[i].facts_only;
    add_drops(t, &d->rows);
}

void totals_problem(struct ingest_totals *t, const char *path, const char *code, const char *text)
{
    t->problem = mem_realloc(t->problem, (t->n_problem + 1) * sizeof *t->problem);
    t->problem[t->n_problem++] = (struct input_problem){mem_dup(path), mem_dup(code), mem_dup(text)};
}

static struct platform_total sum(const struct ingest_totals *t)
{
    struct platform_total s = {0};
    for (size_t i = 0; i < t->n_platform; i++) {
        const struct platform_total *p = &t->platform[i];
        s.deliveries += p->deliveries;
        s.replays += p->replays;
        s.received += p->received;
        s.inserted += p->inserted;
        s.updated += p->updated;
        s.unchanged += p->unchanged;
        s.quarantined += p->quarantined;
        s.dropped += p->dropped;
    }
    return s;
}

/* 121588 as "121 588". */
static void put_grouped(struct buf *out, int64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRId64, n);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            buf_char(out, ' ');
        buf_char(out, digits[i]);
    }
}

static void put_term(struct buf *out, int64_t n, const char *what, bool *first)
{
    if (n == 0)
        return;
    buf_str(out, *first ? " = " : " + ");
    buf_printf(out, "%s ", what);
    put_grouped(out, n);
    *first = false;
}

static void put_drops(const struct ingest_totals *t, struct buf *out)
{
    for (size_t i = 0; i < t->n_drop; i++) {
        buf_printf(out, "%s%s ", i == 0 ? " (" : ", ", t->drop[i].reason);
        put_grouped(out, t->drop[i].n);
    }
    if (t->n_drop > 0)
        buf_char(out, ')');
}

void totals_sentence(const struct ingest_totals *t, struct buf *out)
{
    struct platform_total s = sum(t);
    bool first = true;
    buf_str(out, "received ");
    put_grouped(out, s.received);
    put_term(out, s.inserted, "inserted", &first);
    put_term(out, s.updated, "updated", &first);
    put_term(out, s.unchanged, "unchanged", &first);
    put_term(out, s.quarantined, "quarantined", &first);
    put_term(out, s.dropped, "dropped", &first);
    put_drops(t, out);
    if (t->facts > 0) {
        buf_str(out, "; ");
        put_grouped(out, (int64_t)t->facts);
        buf_str(out, " of them facts, no snapshot");
    }
    if (t->accounts > 0) {
        buf_str(out, "; ");
        put_grouped(out, (int64_t)t->accounts);
        buf_str(out, " of them observations of accounts");
    }
    if (s.replays > 0) {
        buf_str(out, "; ");
        put_grouped(out, s.replays);
        buf_printf(out, s.replays == 1 ? " delivery was taken before" : " deliveries were taken before");
    }
    if (t->older_files + t->older_documents > 0) {
        buf_str(out, "; passed over by --since: ");
        put_grouped(out, (int64_t)(t->older_files > 0 ? t->older_files : t->older_documents));
        buf_str(out, t->older_files > 0 ? (t->older_files == 1 ? " file" : " files") : "");
        if (t->older_files > 0 && t->older_documents > 0) {
            buf_str(out, ", ");
            put_grouped(out, (int64_t)t->older_documents);
        }
        if (t->older_documents > 0)
            buf_str(out, t->older_documents == 1 ? " document" : " documents");
    }
}

void totals_volume(const struct ingest_totals *t, struct buf *out)
{
    const struct ingest_volume *v = &t->volume;
    put_grouped(out, (int64_t)v->files);
    buf_printf(out, " file%s, %.1f MiB, ", v->files == 1 ? "" : "s", (double)v->bytes / (1 << 20));
    put_grouped(out, v->rows);
    buf_printf(out, " row%s in %.1f s", v->rows == 1 ? "" : "s", v->seconds);
    if (v->seconds > 0)
        buf_printf(out, " (%.1f k rows/s)", (double)v->rows / v->seconds / 1000);
}

static const struct column columns[] = {
    {"platform", COLUMN_TEXT},     {"deliveries", COLUMN_INTEGER},  {"replays", COLUMN_INTEGER},
    {"received", COLUMN_INTEGER},  {"inserted", COLUMN_INTEGER},    {"updated", COLUMN_INTEGER},
    {"unchanged", COLUMN_INTEGER}, {"quarantined", COLUMN_INTEGER}, {"dropped", COLUMN_INTEGER},
};
enum { N = sizeof columns / sizeof *columns };

static struct rowset *to_rowset(const struct ingest_totals *t)
{
    struct rowset *r = rowset_new(columns, N);
    for (size_t i = 0; i < t->n_platform; i++) {
        const struct platform_total *p = &t->platform[i];
        const int64_t v[] = {p->deliveries, p->replays,   p->received,    p->inserted,
                             p->updated,    p->unchanged, p->quarantined, p->dropped};
        char text[N - 1][24];
        const char *cell[N] = {p->platform};
        for (size_t k = 0; k < N - 1; k++) {
            snprintf(text[k], sizeof text[k], "%" PRId64, v[k]);
            cell[k + 1] = text[k];
        }
        rowset_add(r, cell);
    }
    return r;
}

void totals_table(const struct ingest_totals *t, const struct table_style *style, struct buf *out)
{
    struct rowset *r = to_rowset(t);
    struct buf sentence = {0};
    totals_sentence(t, &sentence);
    char *note[] = {sentence.data};
    char title[] = "Taken in, by platform";
    struct table_layout layout = {.title = title, .note = note, .n_note = 1};
    if (r->n_row > 0)
        table_render(r, &layout, style, out);
    buf_free(&sentence);
    rowset_free(&r);
}

static void put_text(const char *name, const char *text, struct buf *out)
{
    buf_printf(out, "\"%s\": ", name);
    if (text != NULL) {
        struct buf clean = {0};
        text_clean(text, &clean); /* file names are any bytes */
        json_write_string(clean.data, clean.len, out);
        buf_free(&clean);
    } else {
        buf_str(out, "null");
    }
}

static void put_problems(const struct ingest_totals *t, struct buf *out)
{
    buf_char(out, '[');
    for (size_t i = 0; i < t->n_problem; i++) {
        buf_str(out, i > 0 ? ", {" : "{");
        put_text("file", t->problem[i].path, out);
        buf_str(out, ", ");
        put_text("code", t->problem[i].code, out);
        buf_str(out, ", ");
        put_text("text", t->problem[i].text, out);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

void totals_json(const struct ingest_totals *t, struct buf *out)
{
    struct rowset *r = to_rowset(t);
    struct platform_total s = sum(t);
    buf_printf(out,
               "{\"deliveries\": %" PRId64 ", \"replays\": %" PRId64 ", \"received\": %" PRId64 ", \"inserted\": %" PRId64
               ", \"updated\": %" PRId64 ", \"unchanged\": %" PRId64 ", \"quarantined\": %" PRId64 ", \"dropped\": {",
               s.deliveries, s.replays, s.received, s.inserted, s.updated, s.unchanged, s.quarantined);
    for (size_t i = 0; i < t->n_drop; i++) {
        buf_str(out, i > 0 ? ", " : "");
        json_write_string(t->drop[i].reason, strlen(t->drop[i].reason), out);
        buf_printf(out, ": %" PRId64, t->drop[i].n);
    }
    buf_printf(out, "}, \"facts\": %zu, \"accounts\": %zu, \"refused\": %zu, \"unreadable\": %zu, \"problems\": ", t->facts,
               t->accounts, t->refused, t->n_problem);
    put_problems(t, out);
    buf_printf(out,
               ", \"older\": {\"files\": %zu, \"documents\": %zu}, \"files\": %zu, \"bytes\": %zu, \"rows\": %" PRId64
               ", \"seconds\": %.3f, \"platforms\": ",
               t->older_files, t->older_documents, t->volume.files, t->volume.bytes, t->volume.rows, t->volume.seconds);
    rowset_json(r, out);
    while (out->len > 0 && out->data[out->len - 1] == '\n')
        out->data[--out->len] = '\0';
    buf_str(out, "}\n");
    rowset_free(&r);
}

int totals_exit_code(const struct ingest_totals *t)
{
    if (t->plugin_failed)
        return 76;
    if (t->refused == 0 && t->n_problem == 0 && t->bad_rows == 0)
        return 0;
    return t->taken > 0 ? 2 : 65;
}

void totals_free(struct ingest_totals *t)
{
    for (size_t i = 0; i < t->n_platform; i++)
        mem_free(t->platform[i].platform);
    for (size_t i = 0; i < t->n_drop; i++)
        mem_free(t->drop[i].reason);
    for (size_t i = 0; i < t->n_problem; i++) {
        mem_free(t->problem[i].path);
        mem_free(t->problem[i].code);
        mem_free(t->problem[i].text);
    }
    mem_free(t->problem);
    mem_free(t->platform);
    mem_free(t->drop);
    *t = (struct ingest_totals){0};
}
