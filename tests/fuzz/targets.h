/* What must hold for any bytes, for the fuzzers and for the bounded run in unit/data/test_mutations.c. A broken promise aborts. */
#pragma once

#include <stdint.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "data/csv.h"
#include "data/json.h"

static inline void fuzz_check_refusal(const struct err *e, const void *doc)
{
    must(e->kind == ERR_INPUT);
    must(e->text[0] != '\0');
    must(doc == NULL);
}

/* Every accessor on every item: they agree with each other on what it is. */
static inline void fuzz_walk(const cJSON *item, struct arena *arena)
{
    int64_t whole;
    double number;
    enum json_kind kind = json_kind(item);
    bool has_text = json_text(item) != NULL;
    must(kind != JSON_ABSENT);
    must(kind != JSON_STRING || has_text);
    must((json_id(item, arena) != NULL) == (kind == JSON_NUMBER || kind == JSON_STRING));
    must(!json_int64(item, &whole) || json_double(item, &number));
    size_t n = 0;
    for (const cJSON *c = item->child; c != NULL; c = c->next, n++) {
        if (kind == JSON_OBJECT)
            must(json_get(item, c->string, strlen(c->string)) != NULL);
        else
            must(json_at(item, n) == c);
        fuzz_walk(c, arena);
    }
    must(json_size(item) == n);
}

/* What is written is JSON again and is written the same way. */
static inline void fuzz_round_trip(const struct json_doc *doc)
{
    struct buf once = {0}, twice = {0};
    struct json_doc *again;
    struct err e = {0};
    struct json_limits wide = {SIZE_MAX, SIZE_MAX, 1000};
    json_write(json_root(doc), &once);
    must(json_parse(once.data, once.len, &wide, &again, &e) == 0);
    json_write(json_root(again), &twice);
    must(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
    json_free(&again);
    buf_free(&once);
    buf_free(&twice);
}

static inline void fuzz_json(const unsigned char *data, size_t n)
{
    struct json_doc *doc;
    struct err e = {0};
    if (json_parse((const char *)data, n, NULL, &doc, &e) != 0) {
        fuzz_check_refusal(&e, doc);
        return;
    }
    struct arena arena = {0};
    fuzz_walk(json_root(doc), &arena);
    arena_free(&arena);
    fuzz_round_trip(doc);
    json_free(&doc);
}

static inline void fuzz_cells(const cJSON *rows, size_t columns)
{
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        must(json_size(row) == columns);
        must(csv_line(row) >= 2);
    }
}

/* Cut into a header and chunks, then each chunk read: the cuts cover the bytes, the rows of the chunks are those of the whole. */
static inline void fuzz_csv(const unsigned char *data, size_t n)
{
    const char *text = (const char *)data;
    struct json_doc *doc;
    struct err e = {0};
    size_t header = csv_cut(text, n, 1), want = n > 0 ? 1 + data[0] % 64U : 1, chunks = 0;
    must(header <= n && (header > 0 || n == 0));
    if (csv_parse(text, header, text + header, n - header, 2, &doc, &e) != 0) {
        fuzz_check_refusal(&e, doc);
        return;
    }
    size_t rows = json_size(json_path(json_root(doc), "rows"));
    fuzz_cells(json_path(json_root(doc), "rows"), json_size(json_path(json_root(doc), "columns")));
    fuzz_round_trip(doc);
    json_free(&doc);
    for (size_t at = header, cut; at < n; at += cut) {
        cut = csv_cut(text + at, n - at, want);
        must(cut > 0 && cut <= n - at);
        must(csv_parse(text, header, text + at, cut, 2, &doc, &e) == 0);
        chunks += json_size(json_path(json_root(doc), "rows"));
        json_free(&doc);
    }
    must(chunks == rows);
}
