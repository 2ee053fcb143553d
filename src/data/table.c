#include "data/table.h"

#include <stdio.h>
#include <string.h>

#include "data/table_fit.h"

static const char BOLD[] = "\x1b[1m", DIM[] = "\x1b[2m", BLUE[] = "\x1b[34m", YELLOW[] = "\x1b[33m", RESET[] = "\x1b[0m";

/* Blanks are owed until something follows, so that no line ends in one. */
struct line {
    struct buf *out;
    size_t owed;
    bool color;
};

static void put(struct line *l, const char *text, size_t n, const char *color)
{
    if (n == 0)
        return;
    buf_fill(l->out, ' ', l->owed);
    l->owed = 0;
    if (color != NULL && l->color)
        buf_str(l->out, color);
    buf_add(l->out, text, n);
    if (color != NULL && l->color)
        buf_str(l->out, RESET);
}

static void end(struct line *l)
{
    buf_char(l->out, '\n');
    l->owed = 0;
}

/* One cell in its column; text that ends in blanks of its own is trimmed into what is owed. */
static void put_cell(struct line *l, const char *text, size_t width, bool right, bool ascii, const char *color)
{
    struct buf cell = {0};
    size_t used = text_cut(text, ascii, width, &cell);
    size_t pad = width > used ? width - used : 0, tail = 0;
    while (tail < cell.len && cell.data[cell.len - 1 - tail] == ' ')
        tail++;
    l->owed += right ? pad : 0;
    if (cell.len == tail)
        l->owed += tail;
    else
        put(l, cell.data, cell.len - tail, color);
    l->owed += (cell.len == tail ? 0 : tail) + (right ? 0 : pad);
    buf_free(&cell);
}

static const char *color_of(int sign)
{
    return sign > 0 ? BLUE : sign < 0 ? YELLOW : NULL;
}

static void put_mark(struct line *l, const struct table_view *v, size_t row)
{
    if (v->mark == v->n_column) {
        l->owed += TABLE_GUTTER;
        return;
    }
    const struct table_cell *cell = &v->column[v->mark].cell[row];
    const char *glyph = "?";
    if (cell->text != NULL && v->style->ascii)
        glyph = cell->sign > 0 ? "^" : cell->sign < 0 ? "v" : "=";
    else if (cell->text != NULL)
        glyph = cell->sign > 0 ? "▲" : cell->sign < 0 ? "▼" : "=";
    put(l, glyph, strlen(glyph), cell->text ? color_of(cell->sign) : DIM);
    l->owed += TABLE_GUTTER - 1;
}

static void put_bar(struct line *l, const struct table_view *v, size_t row)
{
    struct buf bar = {0};
    table_bar(v, rowset_cell(v->rows, row, v->bar), &bar);
    buf_reserve(&bar, 1);
    size_t used = text_width(bar.data), lead = strspn(bar.data, " ");
    l->owed += lead;
    put(l, bar.data + lead, bar.len - lead, NULL);
    l->owed += v->bar_width - used;
    buf_free(&bar);
}

static void put_row(struct line *l, const struct table_view *v, size_t row)
{
    put_mark(l, v, row);
    for (size_t i = 0; i < v->n_column; i++) {
        const struct table_view_column *c = &v->column[i];
        if (!c->shown)
            continue;
        const struct table_cell *cell = &c->cell[row];
        const char *gap = v->style->ascii ? "-" : "·";
        const char *color = cell->text == NULL ? DIM : c->spec->mark ? color_of(cell->sign) : NULL;
        put_cell(l, cell->text ? cell->text : gap, c->width, c->right, v->style->ascii, color);
        l->owed += TABLE_GAP;
        if (i == v->bar && v->bar_width > 0) {
            put_bar(l, v, row);
            l->owed += TABLE_GAP;
        }
    }
    end(l);
}

static void put_head(struct line *l, struct table_view *v)
{
    struct buf head = {0}, scale = {0};
    struct line h = {.out = &head, .owed = TABLE_GUTTER};
    for (size_t i = 0; i < v->n_column; i++) {
        const struct table_view_column *c = &v->column[i];
        if (!c->shown)
            continue;
        put_cell(&h, c->head, c->width, c->right, v->style->ascii, NULL);
        h.owed += TABLE_GAP;
        if (i == v->bar && v->bar_width > 0) {
            table_bar_scale(v, &scale);
            put_cell(&h, scale.data, v->bar_width, false, v->style->ascii, NULL);
            h.owed += TABLE_GAP;
        }
    }
    put(l, head.data, head.len, DIM);
    end(l);
    buf_free(&scale);
    buf_free(&head);
}

/* A sentence, broken between words where it is too wide. */
static void put_wrapped(struct line *l, const char *text, const struct table_style *style, const char *color)
{
    struct buf line = {0}, safe = {0};
    text_escape(text, style->ascii, &safe);
    const char *p = safe.data ? safe.data : "";
    size_t used = 0;
    while (*p != '\0') {
        char *word = mem_ndup(p, strcspn(p, " "));
        size_t width = text_width(word);
        if (used > 0 && style->width > 0 && used + 1 + width > style->width) {
            put(l, line.data, line.len, color);
            end(l);
            buf_clear(&line);
            used = 0;
        }
        if (used > 0)
            buf_char(&line, ' ');
        buf_str(&line, word);
        used += width + (used > 0);
        p += strlen(word);
        p += strspn(p, " ");
        mem_free(word);
    }
    put(l, line.data, line.len, color);
    end(l);
    buf_free(&safe);
    buf_free(&line);
}

/* {name} is the first row's value of that column, {rows} their number; other braces stay. */
static char *fill_in(const struct table_view *v, const char *text)
{
    struct buf out = {0};
    for (const char *p = text; *p != '\0';) {
        size_t n = *p == '{' ? strcspn(p, "}") : 0;
        if (n == 0 || p[n] == '\0') {
            buf_char(&out, *p++);
            continue;
        }
        char *name = mem_ndup(p + 1, n - 1);
        size_t i = rowset_find(v->rows, name);
        if (strcmp(name, "rows") == 0)
            buf_printf(&out, "%zu", v->rows->n_row);
        else if (i == v->n_column)
            buf_add(&out, p, n + 1);
        else
            buf_str(&out, v->rows->n_row > 0 && v->column[i].cell[0].text ? v->column[i].cell[0].text : "?");
        mem_free(name);
        p += n + 1;
    }
    return out.data ? buf_take(&out) : mem_dup("");
}

static void put_sentence(struct line *l, const struct table_view *v, const char *text, const char *color)
{
    char *full = fill_in(v, text);
    put_wrapped(l, full, v->style, color);
    mem_free(full);
}

static void put_below(struct line *l, const struct table_view *v)
{
    if (v->layout->n_note > 0 && v->rows->n_row > 0) {
        end(l);
        for (size_t i = 0; i < v->layout->n_note; i++)
            put_sentence(l, v, v->layout->note[i], DIM);
    }
    for (size_t i = 0; i < v->layout->n_next; i++) {
        if (i == 0)
            end(l);
        put(l, i == 0 ? "next" : "", i == 0 ? 4 : 0, DIM);
        l->owed += i == 0 ? 4 : 8;
        struct buf command = {0};
        text_escape(v->layout->next[i], v->style->ascii, &command);
        put(l, command.data, command.len, NULL);
        end(l);
        buf_free(&command);
    }
}

void table_render(const struct rowset *r, const struct table_layout *layout, const struct table_style *style, struct buf *out)
{
    struct table_view v;
    struct line l = {.out = out, .color = style->color};
    table_view_init(&v, r, layout, style);
    if (layout->title != NULL) {
        put_sentence(&l, &v, layout->title, BOLD);
        end(&l);
    }
    if (r->n_row == 0) {
        put_sentence(&l, &v, layout->empty ? layout->empty : "No rows.", NULL);
    } else {
        put_head(&l, &v);
        for (size_t row = 0; row < r->n_row; row++)
            put_row(&l, &v, row);
    }
    put_below(&l, &v);
    table_view_fini(&v);
}

static void free_list(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        mem_free(list[i]);
    mem_free(list);
}

void table_layout_free(struct table_layout *layout)
{
    for (size_t i = 0; i < layout->n_column; i++) {
        mem_free(layout->column[i].name);
        mem_free(layout->column[i].title);
        mem_free(layout->column[i].unit);
    }
    mem_free(layout->column);
    free_list(layout->note, layout->n_note);
    free_list(layout->next, layout->n_next);
    mem_free(layout->title);
    mem_free(layout->bar);
    mem_free(layout->empty);
    *layout = (struct table_layout){0};
}
