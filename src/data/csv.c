/* One reader of records serves the header and the body: it moves over the bytes once and hands out cells. */
#include "data/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/json_private.h"

struct reader {
    const char *p, *start, *end;
    struct csv_odd_list *odd; /* NULL: a record of another width is an error */
    size_t line, cell_no;     /* where p stands: 1-based */
    size_t values;            /* rows and cells so far */
    struct buf unquoted;      /* a quoted cell's text */
    struct err *e;
};

struct cell {
    const char *text; /* valid until the next cell; NULL: empty and not quoted */
    size_t len;
};

enum { CELL_MORE = 0, CELL_LAST = 1 }; /* or -1 */

static int fail(const struct reader *r, const char *what)
{
    return err_set(r->e, ERR_INPUT, "line %zu, cell %zu: %s", r->line, r->cell_no, what);
}

static bool at_line_end(const struct reader *r)
{
    return r->p == r->end || *r->p == '\n' || *r->p == '\r';
}

static void take_line_end(struct reader *r)
{
    if (r->p == r->end)
        return;
    if (*r->p == '\r' && r->end - r->p > 1 && r->p[1] == '\n')
        r->p++;
    r->p++;
    r->line++;
}

/* Adds up to the closing quote, or to the first of two quotes; counts the lines inside. */
static int quoted_run(struct reader *r, size_t opened_at)
{
    const char *quote = memchr(r->p, '"', (size_t)(r->end - r->p));
    if (quote == NULL) {
        r->line = opened_at;
        return fail(r, "a quoted cell begins here and never ends: its closing '\"' is missing");
    }
    for (const char *c = r->p; c < quote; c++) {
        if (*c == '\n' || (*c == '\r' && c[1] != '\n'))
            r->line++;
    }
    buf_add(&r->unquoted, r->p, (size_t)(quote - r->p));
    r->p = quote + 1;
    return 0;
}

static int quoted_cell(struct reader *r, struct cell *cell)
{
    size_t opened_at = r->line;
    buf_clear(&r->unquoted);
    r->p++;
    while (quoted_run(r, opened_at) == 0) {
        if (r->p < r->end && *r->p == '"') {
            buf_char(&r->unquoted, '"');
            r->p++;
            continue;
        }
        if (!at_line_end(r) && *r->p != ',')
            return fail(r, "text after the closing '\"' of a quoted cell (a '\"' inside one is written twice)");
        *cell = (struct cell){r->unquoted.data != NULL ? r->unquoted.data : "", r->unquoted.len};
        return 0;
    }
    return -1;
}

static int plain_cell(struct reader *r, struct cell *cell)
{
    const char *from = r->p;
    while (!at_line_end(r) && *r->p != ',') {
        if (*r->p == '"')
            return fail(r, "a '\"' inside a cell that is not quoted");
        r->p++;
    }
    *cell = (struct cell){from, (size_t)(r->p - from)};
    if (cell->len == 0)
        cell->text = NULL;
    return 0;
}

static int next_cell(struct reader *r, struct cell *cell)
{
    r->cell_no++;
    if ((r->p < r->end && *r->p == '"' ? quoted_cell(r, cell) : plain_cell(r, cell)) != 0)
        return -1;
    if (r->p < r->end && *r->p == ',') {
        r->p++;
        return CELL_MORE;
    }
    take_line_end(r);
    r->cell_no = 0;
    return CELL_LAST;
}

static int count_values(struct reader *r, size_t line)
{
    if (r->values++ < json_limits_default.nodes)
        return 0;
    char most[32];
    json_group_digits(json_limits_default.nodes, most);
    return err_set(r->e, ERR_INPUT, "line %zu: more than %s values", line, most);
}

/* Bytes that are no text are found before anything is made of them. */
static int check_text(const char *text, size_t len, size_t line, struct err *e)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + len;
    if (line == 1 && len >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
        return err_set(e, ERR_INPUT, "line 1: not UTF-8: the text is UTF-16, save it as UTF-8");
    while (p < end) {
        size_t n = *p < 0x80 ? 1 : json_utf8_len(p, (size_t)(end - p));
        if (n == 0) {
            char what[160];
            json_utf8_explain(p, (size_t)(end - p), what, sizeof what);
            return err_set(e, ERR_INPUT, "line %zu: %s", line, what);
        }
        if (*p == '\0')
            return err_set(e, ERR_INPUT, "line %zu: a byte 0x00, which no text has", line);
        if (*p == '\n' || (*p == '\r' && (end - p == 1 || p[1] != '\n')))
            line++;
        p += n;
    }
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int check_names(const cJSON *columns, struct err *e)
{
    size_t n = json_size(columns), i = 0;
    const char **names = mem_array(n, sizeof *names), *twice = NULL;
    for (const cJSON *c = columns->child; c != NULL; c = c->next)
        names[i++] = json_text(c);
    qsort(names, n, sizeof *names, by_text);
    for (i = 1; i < n && twice == NULL; i++) {
        if (strcmp(names[i - 1], names[i]) == 0)
            twice = names[i];
    }
    mem_free(names);
    if (twice != NULL)
        return err_set(e, ERR_INPUT, "line 1: two columns are called '%s'; give each its own name", twice);
    return 0;
}

static int read_header(struct reader *r, struct json_doc *doc, cJSON *columns)
{
    struct cell cell = {0};
    int rc = CELL_MORE;
    if (at_line_end(r))
        return err_set(r->e, ERR_INPUT, "line 1: a header is expected, found an empty line");
    while (rc == CELL_MORE) {
        rc = next_cell(r, &cell);
        if (rc < 0 || count_values(r, 1) != 0)
            return -1;
        json_append(columns, json_new_string(doc, cell.text, cell.len));
    }
    if (r->p < r->end)
        return err_set(r->e, ERR_BUG, "the header of a CSV is more than one record");
    return check_names(columns, r->e);
}

static int wrong_number(const struct reader *r, size_t line, size_t cells, size_t columns)
{
    return err_set(r->e, ERR_INPUT, "line %zu: %zu cell%s where the header has %zu", line, cells, cells == 1 ? "" : "s",
                   columns);
}

static cJSON *cell_item(struct json_doc *doc, const struct cell *cell)
{
    if (cell->text != NULL)
        return json_new_string(doc, cell->text, cell->len);
    return json_new_null(doc);
}

/* false: the caller takes no such records. */
static bool put_aside(struct reader *r, const char *from, size_t line, size_t cells)
{
    struct csv_odd_list *odd = r->odd;
    if (odd == NULL)
        return false;
    if ((odd->n & (odd->n - 1)) == 0)
        odd->item = mem_realloc(odd->item, (odd->n > 0 ? odd->n * 2 : 1) * sizeof *odd->item);
    odd->item[odd->n++] = (struct csv_odd){line, (size_t)(from - r->start), (size_t)(r->p - from), cells};
    return true;
}

static int read_record(struct reader *r, struct json_doc *doc, const cJSON *columns, cJSON *rows)
{
    cJSON *row = json_new_object(doc);
    const cJSON *column = columns->child;
    struct cell cell = {0};
    const char *from = r->p;
    size_t line = r->line, cells = 0;
    if (count_values(r, line) != 0)
        return -1;
    for (int rc = CELL_MORE; rc == CELL_MORE; cells++) {
        rc = next_cell(r, &cell);
        if (rc < 0 || count_values(r, line) != 0)
            return -1;
        if (column == NULL)
            continue;
        json_put_borrowed(row, json_text(column), cell_item(doc, &cell));
        column = column->next;
    }
    if (cells != json_size(columns))
        return put_aside(r, from, line, cells) ? 0 : wrong_number(r, line, cells, json_size(columns));
    row->valuedouble = (double)line;
    json_append(rows, row);
    return 0;
}

static int read_all(struct reader *header, struct reader *body, struct json_doc *doc)
{
    cJSON *root = json_new_object(doc), *columns = json_new_array(doc), *rows = json_new_array(doc);
    if (read_header(header, doc, columns) != 0)
        return -1;
    body->values = header->values;
    while (body->p < body->end) {
        if (at_line_end(body))
            take_line_end(body);
        else if (read_record(body, doc, columns, rows) != 0)
            return -1;
    }
    if (body->odd != NULL && body->odd->n > 0) {
        const struct csv_odd *first = &body->odd->item[0];
        body->odd->columns = json_size(columns);
        if (body->odd->n >= json_size(rows))
            return wrong_number(body, first->line, first->cells, json_size(columns));
    }
    json_put_borrowed(root, "columns", columns);
    json_put_borrowed(root, "rows", rows);
    json_set_root(doc, root);
    return 0;
}

int csv_parse(const char *header, size_t header_len, const char *body, size_t body_len, size_t first_line,
              struct json_doc **doc, struct err *e)
{
    return csv_parse_most(header, header_len, body, body_len, first_line, doc, NULL, e);
}

int csv_parse_most(const char *header, size_t header_len, const char *body, size_t body_len, size_t first_line,
                   struct json_doc **doc, struct csv_odd_list *odd, struct err *e)
{
    *doc = NULL;
    if (odd != NULL)
        *odd = (struct csv_odd_list){0};
    if (header_len >= 3 && memcmp(header, "\xEF\xBB\xBF", 3) == 0) {
        header += 3;
        header_len -= 3;
    }
    if (header_len + body_len == 0)
        return err_set(e, ERR_INPUT, "the document is empty");
    if (json_check_size(header_len + body_len, json_limits_default.bytes, e) != 0 ||
        check_text(header, header_len, 1, e) != 0 || check_text(body, body_len, first_line, e) != 0)
        return -1;
    struct reader h = {.p = header, .end = header + header_len, .line = 1, .e = e};
    struct reader b = {.p = body, .start = body, .end = body + body_len, .line = first_line, .odd = odd, .e = e};
    struct json_doc *d = json_new();
    int rc = read_all(&h, &b, d);
    buf_free(&h.unquoted);
    buf_free(&b.unquoted);
    if (rc != 0)
        json_free(&d);
    *doc = d;
    return rc;
}

size_t csv_line(const cJSON *row)
{
    return (size_t)row->valuedouble;
}

/* To the end of the record at from, its line end included. A quote opens only at the start of a cell, as for the reader. */
static size_t record_end(const char *text, size_t len, size_t from)
{
    bool cell_start = true, quoted = false;
    for (size_t i = from; i < len; i++) {
        char c = text[i];
        if (quoted) {
            if (c == '"' && i + 1 < len && text[i + 1] == '"')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"' && cell_start) {
            quoted = true;
            cell_start = false;
        } else if (c == '\n' || (c == '\r' && (i + 1 == len || text[i + 1] != '\n'))) {
            return i + 1;
        } else {
            cell_start = c == ',';
        }
    }
    return len;
}

size_t csv_cut(const char *text, size_t len, size_t want)
{
    return csv_cut_most(text, len, want, SIZE_MAX);
}

size_t csv_cut_most(const char *text, size_t len, size_t want, size_t records)
{
    size_t n = 0;
    size_t at = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0; /* a BOM does not keep a quote from opening */
    do
        at = record_end(text, len, at);
    while (at < len && at < want && ++n < records);
    return at;
}

void csv_write_cell(const char *s, size_t n, struct buf *out)
{
    bool must_quote = false;
    for (size_t i = 0; i < n && !must_quote; i++)
        must_quote = s[i] == '"' || s[i] == ',' || s[i] == '\n' || s[i] == '\r';
    if (!must_quote) {
        if (n > 0)
            buf_add(out, s, n);
        return;
    }
    buf_char(out, '"');
    for (const char *end = s + n; s < end;) {
        const char *quote = memchr(s, '"', (size_t)(end - s));
        const char *upto = quote != NULL ? quote + 1 : end;
        buf_add(out, s, (size_t)(upto - s));
        if (quote != NULL)
            buf_char(out, '"');
        s = upto;
    }
    buf_char(out, '"');
}
