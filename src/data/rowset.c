#include "data/rowset.h"

#include <ctype.h>
#include <string.h>

#include "base/err.h"
#include "data/csv.h"
#include "data/json.h"

struct rowset *rowset_new(const struct column *columns, size_t n)
{
    struct rowset *r = mem_alloc(sizeof *r);
    r->column = mem_array(n ? n : 1, sizeof *r->column);
    r->n_column = n;
    for (size_t i = 0; i < n; i++)
        r->column[i] = (struct column){.name = arena_dup(&r->arena, columns[i].name), .kind = columns[i].kind};
    return r;
}

void rowset_add(struct rowset *r, const char *const *cells)
{
    if (r->n_row == r->cap_row) {
        r->cap_row = r->cap_row ? r->cap_row * 2 : 64;
        must(r->n_column == 0 || r->cap_row < (size_t)-1 / sizeof *r->cell / r->n_column);
        r->cell = mem_realloc(r->cell, r->cap_row * (r->n_column ? r->n_column : 1) * sizeof *r->cell);
    }
    for (size_t i = 0; i < r->n_column; i++)
        r->cell[r->n_row * r->n_column + i] = cells[i] ? arena_dup(&r->arena, cells[i]) : NULL;
    r->n_row++;
}

const char *rowset_cell(const struct rowset *r, size_t row, size_t column)
{
    must(row < r->n_row && column < r->n_column);
    return r->cell[row * r->n_column + column];
}

size_t rowset_find(const struct rowset *r, const char *name)
{
    size_t i = 0;
    while (i < r->n_column && strcmp(r->column[i].name, name) != 0)
        i++;
    return i;
}

void rowset_free(struct rowset **r)
{
    if (*r == NULL)
        return;
    arena_free(&(*r)->arena);
    mem_free((*r)->column);
    mem_free((*r)->cell);
    mem_free(*r);
    *r = NULL;
}

void rowset_iso_time(const char *cell, struct buf *out)
{
    size_t n = strlen(cell);
    bool instant = n >= 19 && isdigit((unsigned char)cell[0]) && cell[4] == '-' && cell[10] == ' ' && cell[13] == ':';
    if (!instant || cell[n - 1] == 'C') { /* "… BC" has no ISO form that others read */
        buf_add(out, cell, n);
        return;
    }
    buf_add(out, cell, 10);
    buf_char(out, 'T');
    const char *rest = cell + 11;
    size_t clock = strcspn(rest, "+-");
    buf_add(out, rest, clock);
    const char *offset = rest + clock;
    if (strcmp(offset, "+00") == 0)
        buf_char(out, 'Z');
    else if (strlen(offset) == 3)
        buf_printf(out, "%s:00", offset);
    else
        buf_str(out, offset);
}

bool rowset_element(const char **at, struct buf *element, enum element_kind *kind)
{
    const char *s = *at;
    buf_reserve(element, 1);
    buf_clear(element);
    if (*s == '[') /* bounds other than 1: "[0:2]={a,b,c}" */
        s += strcspn(s, "{");
    if (*s != '{' && *s != ',')
        return false;
    if (*++s == '}' || *s == '\0')
        return false;
    bool quoted = false, inside = false, nested = *s == '{';
    int depth = 0;
    for (; *s != '\0' && (inside || depth > 0 || (*s != ',' && *s != '}')); s++) {
        if (*s == '"') {
            inside = !inside;
            quoted = true;
            if (depth == 0)
                continue;
        } else if (*s == '\\' && s[1] != '\0') {
            if (depth > 0)
                buf_char(element, *s);
            s++;
        } else if (!inside) {
            depth += (*s == '{') - (*s == '}');
        }
        buf_char(element, *s);
    }
    *kind = nested ? ELEMENT_ARRAY : !quoted && strcmp(element->data, "NULL") == 0 ? ELEMENT_NULL : ELEMENT_TEXT;
    *at = s;
    return true;
}

void rowset_csv(const struct rowset *r, struct buf *out)
{
    for (size_t i = 0; i < r->n_column; i++) {
        if (i > 0)
            buf_char(out, ',');
        csv_write_cell(r->column[i].name, strlen(r->column[i].name), out);
    }
    buf_str(out, "\r\n");
    struct buf time = {0};
    for (size_t row = 0; row < r->n_row; row++) {
        for (size_t i = 0; i < r->n_column; i++) {
            const char *cell = rowset_cell(r, row, i);
            if (i > 0)
                buf_char(out, ',');
            if (cell == NULL)
                continue;
            buf_clear(&time);
            if (r->column[i].kind == COLUMN_TIME)
                rowset_iso_time(cell, &time);
            else
                buf_str(&time, cell);
            csv_write_cell(time.data ? time.data : "", time.len, out);
        }
        buf_str(out, "\r\n");
    }
    buf_free(&time);
}

static void json_string(const char *s, struct buf *out)
{
    json_write_string(s, strlen(s), out);
}

static void json_number(const char *cell, struct buf *out)
{
    if (strpbrk(cell, "Ny") != NULL) /* NaN, Infinity, -Infinity */
        json_string(cell, out);
    else
        buf_str(out, cell);
}

static void json_array(const char *cell, bool numbers, struct buf *out)
{
    struct buf element = {0};
    enum element_kind kind;
    bool first = true;
    buf_char(out, '[');
    while (rowset_element(&cell, &element, &kind)) {
        if (!first)
            buf_char(out, ',');
        first = false;
        if (kind == ELEMENT_NULL)
            buf_str(out, "null");
        else if (kind == ELEMENT_ARRAY)
            json_array(element.data, numbers, out);
        else if (numbers)
            json_number(element.data, out);
        else
            json_string(element.data, out);
    }
    buf_char(out, ']');
    buf_free(&element);
}

static void json_cell(const char *cell, enum column_kind kind, struct buf *out)
{
    struct buf time = {0};
    if (cell == NULL) {
        buf_str(out, "null");
        return;
    }
    switch (kind) {
    case COLUMN_INTEGER:
    case COLUMN_NUMBER: json_number(cell, out); return;
    case COLUMN_BOOL: buf_str(out, cell[0] == 't' ? "true" : "false"); return;
    case COLUMN_JSON: buf_str(out, cell); return;
    case COLUMN_ARRAY:
    case COLUMN_NUMBERS: json_array(cell, kind == COLUMN_NUMBERS, out); return;
    case COLUMN_TIME:
        rowset_iso_time(cell, &time);
        json_string(time.data, out);
        buf_free(&time);
        return;
    case COLUMN_TEXT: break;
    }
    json_string(cell, out);
}

static void json_row(const struct rowset *r, size_t row, struct buf *out)
{
    buf_char(out, '{');
    for (size_t i = 0; i < r->n_column; i++) {
        if (i > 0)
            buf_str(out, ", ");
        json_string(r->column[i].name, out);
        buf_str(out, ": ");
        json_cell(rowset_cell(r, row, i), r->column[i].kind, out);
    }
    buf_char(out, '}');
}

void rowset_json(const struct rowset *r, struct buf *out)
{
    buf_char(out, '[');
    for (size_t row = 0; row < r->n_row; row++) {
        buf_str(out, row == 0 ? "\n  " : ",\n  ");
        json_row(r, row, out);
    }
    buf_str(out, r->n_row == 0 ? "]\n" : "\n]\n");
}

void rowset_ndjson(const struct rowset *r, struct buf *out)
{
    for (size_t row = 0; row < r->n_row; row++) {
        json_row(r, row, out);
        buf_char(out, '\n');
    }
}
