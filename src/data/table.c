#include "data/table.h"

#include <stdio.h>
#include <string.h>

#include "data/table_fit.h"

static const char BOLD[] = "\x1b[1m", FAULT[] = "\x1b[1;31m", DIM[] = "\x1b[2m", BLUE[] = "\x1b[34m", YELLOW[] = "\x1b[33m",
                  RESET[] = "\x1b[0m";

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

struct glyph {
    const char *word, *unicode, *ascii, *color;
};

/* The glyph of a row: by the word in its column, else by the sign of the number that marks. NULL: none. */
static const struct glyph *glyph_of(const struct table_view *v, size_t row)
{
    static const struct glyph glyphs[] = {
        {"unknown", "?", "?", DIM}, {"up", "▲", "^", BLUE},     {"down", "▼", "v", YELLOW},
        {"flat", "=", "=", NULL},   {"fault", "!", "!", FAULT},
    };
    if (v->role[TABLE_GLYPH] < v->n_column) {
        const char *word = table_role_cell(v, TABLE_GLYPH, row);
        for (size_t i = 0; word != NULL && i < sizeof glyphs / sizeof *glyphs; i++)
            if (strcmp(glyphs[i].word, word) == 0)
                return &glyphs[i];
        return word == NULL || *word == '\0' ? NULL : &glyphs[0];
    }
    if (v->mark == v->n_column)
        return NULL;
    const struct table_cell *cell = &v->column[v->mark].cell[row];
    return &glyphs[cell->text == NULL ? 0 : cell->sign > 0 ? 1 : cell->sign < 0 ? 2 : 3];
}

static void put_mark(struct line *l, const struct table_view *v, size_t row)
{
    const struct glyph *g = glyph_of(v, row);
    if (g == NULL) {
        l->owed += TABLE_GUTTER;
        return;
    }
    const char *text = v->style->ascii ? g->ascii : g->unicode;
    put(l, text, strlen(text), g->color);
    l->owed += TABLE_GUTTER - 1;
}

static void put_interval(struct line *l, const struct table_view *v, size_t row)
{
    static const struct {
        char ascii;
        const char *unicode;
    } forms[] = {{'-', "─"}, {'=', "━"}, {'*', "●"}, {'o', "○"}, {'|', "┊"}, {'+', "┼"}, {'<', "◂"}, {'>', "▸"}};
    char cells[TABLE_INTERVAL_MAX];
    bool apart = table_interval_row(v, row, cells);
    const char *color = apart ? color_of(v->column[v->role[TABLE_CENTER]].cell[row].sign) : NULL;
    for (size_t i = 0; i < v->bar_width;) {
        size_t n = i;
        struct buf run = {0};
        while (n < v->bar_width && cells[n] != ' ' && (cells[n] == '|') == (cells[i] == '|')) {
            const char *form = v->style->ascii ? NULL : "";
            for (size_t f = 0; form != NULL && f < sizeof forms / sizeof *forms; f++)
                form = forms[f].ascii == cells[n] ? forms[f].unicode : form;
            buf_add(&run, form ? form : &cells[n], form ? strlen(form) : 1);
            n++;
        }
        put(l, run.data, run.len, cells[i] == '|' ? DIM : color);
        buf_free(&run);
        l->owed += n == i;
        i = n == i ? i + 1 : n;
    }
}

static void put_bar(struct line *l, const struct table_view *v, size_t row)
{
    if (v->bar == v->role[TABLE_LO]) {
        put_interval(l, v, row);
        return;
    }
    struct buf bar = {0};
    table_bar(v, rowset_cell(v->rows, row, v->bar), &bar);
    buf_reserve(&bar, 1);
    size_t used = text_width(bar.data), lead = strspn(bar.data, " ");
    l->owed += lead;
    put(l, bar.data + lead, bar.len - lead, NULL);
    l->owed += v->bar_width - used;
    buf_free(&bar);
}

/* A text that takes what is left of the line. at: the cells used so far. */
static void put_rest(struct line *l, const struct table_view *v, size_t at, const char *text)
{
    struct buf cell = {0};
    size_t room = v->style->width == 0 ? SIZE_MAX : v->style->width > at ? v->style->width - at : 0;
    text_cut(text, v->style->ascii, room, &cell);
    put(l, cell.data, cell.len, NULL);
    buf_free(&cell);
}

static const char *cell_color(const struct table_view *v, const struct table_view_column *c, size_t row)
{
    if (c->cell[row].text == NULL)
        return DIM;
    if (v->role[TABLE_GLYPH] < v->n_column && c->index == v->role[TABLE_CENTER]) {
        const struct glyph *g = glyph_of(v, row);
        return g != NULL && (g->color == BLUE || g->color == YELLOW) ? g->color : NULL;
    }
    return c->spec->mark ? color_of(c->cell[row].sign) : NULL;
}

static void put_row(struct line *l, const struct table_view *v, size_t row)
{
    const char *instead = table_role_cell(v, TABLE_INSTEAD, row), *tail = table_role_cell(v, TABLE_TAIL, row);
    size_t at = TABLE_GUTTER;
    put_mark(l, v, row);
    for (size_t i = 0; i < v->n_column; i++) {
        const struct table_view_column *c = &v->column[i];
        if (!c->shown)
            continue;
        l->owed -= i == v->tight;
        at -= i == v->tight;
        if (instead != NULL && c->right) {
            put_rest(l, v, at, instead);
            break;
        }
        const char *none = v->style->ascii ? "-" : "·";
        const struct table_cell *cell = &c->cell[row];
        put_cell(l, cell->text ? cell->text : none, c->width, c->right, v->style->ascii, cell_color(v, c, row));
        l->owed += TABLE_GAP;
        at += c->width + TABLE_GAP;
        if (i != v->bar)
            continue;
        if (v->bar_width > 0) {
            put_bar(l, v, row);
            l->owed += TABLE_GAP;
            at += v->bar_width + TABLE_GAP;
        }
        if (tail != NULL) {
            l->owed -= TABLE_GAP - v->tail_gap;
            put_rest(l, v, at - (TABLE_GAP - v->tail_gap), tail);
            break;
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
        h.owed -= i == v->tight;
        put_cell(&h, c->head, c->width, c->right, v->style->ascii, NULL);
        h.owed += TABLE_GAP;
        if (i == v->bar && v->bar_width > 0) {
            if (v->bar == v->role[TABLE_LO])
                table_interval_scale(v, &scale);
            else
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

/* {name} is the first row's value of that column, {rows} their number, {zone} the times'; other braces stay. *missing: one has no value. */
static char *fill_in(const struct table_view *v, const char *text, bool *missing)
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
        else if (strcmp(name, "zone") == 0)
            buf_str(&out, v->style->zone ? v->style->zone : "UTC");
        else if (i == v->n_column)
            buf_add(&out, p, n + 1);
        else if (v->rows->n_row > 0 && v->column[i].cell[0].text)
            buf_str(&out, v->column[i].cell[0].text);
        else {
            buf_char(&out, '?');
            *missing = true;
        }
        mem_free(name);
        p += n + 1;
    }
    return out.data ? buf_take(&out) : mem_dup("");
}

static void put_sentence(struct line *l, const struct table_view *v, const char *text, const char *color)
{
    bool missing = false;
    char *full = fill_in(v, text, &missing);
    if (!missing || strcmp(full, "?") != 0) /* a sentence that the query writes, and did not */
        put_wrapped(l, full, v->style, color);
    mem_free(full);
}

/* Commands to type next; one about something that is not there is left out. */
static void put_next(struct line *l, const struct table_view *v)
{
    bool first = true;
    for (size_t i = 0; i < v->layout->n_next; i++) {
        bool missing = false;
        char *full = fill_in(v, v->layout->next[i], &missing);
        if (!missing) {
            struct buf command = {0};
            if (first)
                end(l);
            put(l, first ? "next" : "", first ? 4 : 0, DIM);
            l->owed += first ? 4 : 8;
            first = false;
            text_escape(full, v->style->ascii, &command);
            put(l, command.data, command.len, NULL);
            end(l);
            buf_free(&command);
        }
        mem_free(full);
    }
}

static void put_below(struct line *l, const struct table_view *v)
{
    if (v->layout->n_note > 0 && v->rows->n_row > 0) {
        end(l);
        for (size_t i = 0; i < v->layout->n_note; i++)
            put_sentence(l, v, v->layout->note[i], DIM);
    }
    put_next(l, v);
}

/* "What works now  lift at 7 d": bold up to two blanks, then not. */
static void put_heading(struct line *l, const struct table_view *v, const char *text)
{
    struct buf safe = {0};
    text_cut(text, v->style->ascii, v->style->width ? v->style->width : SIZE_MAX, &safe);
    buf_reserve(&safe, 1);
    const char *rest = safe.len > 0 ? strstr(safe.data, "  ") : NULL;
    size_t n = rest ? (size_t)(rest - safe.data) : safe.len;
    put(l, safe.data, n, BOLD);
    if (rest != NULL)
        put(l, rest, safe.len - n, DIM);
    end(l);
    buf_free(&safe);
}

/* The sub-headline in front of a row that begins a section. */
static void put_section(struct line *l, const struct table_view *v, size_t row)
{
    const char *name = table_role_cell(v, TABLE_SECTION, row),
               *before = row ? table_role_cell(v, TABLE_SECTION, row - 1) : NULL;
    bool same = name == before || (name != NULL && before != NULL && strcmp(name, before) == 0);
    if (v->role[TABLE_SECTION] == v->n_column || same || (row == 0 && v->layout->headings))
        return;
    if (row > 0)
        end(l);
    if (name == NULL || *name == '\0')
        return;
    if (v->layout->headings) {
        put_heading(l, v, name);
        return;
    }
    struct buf safe = {0};
    size_t room = v->style->width > TABLE_GUTTER ? v->style->width - TABLE_GUTTER : SIZE_MAX;
    text_cut(name, v->style->ascii, room, &safe);
    l->owed += TABLE_GUTTER;
    put(l, safe.data, safe.len, DIM);
    end(l);
    buf_free(&safe);
}

/* Without rows there may be nothing to fill into the headline: then there is none. */
static void put_title(struct line *l, const struct table_view *v)
{
    bool missing = false;
    char *full = v->layout->title != NULL ? fill_in(v, v->layout->title, &missing) : NULL;
    if (full != NULL && v->layout->headings) {
        put_heading(l, v, full);
    } else if (full != NULL && !(missing && v->rows->n_row == 0)) {
        put_wrapped(l, full, v->style, BOLD);
        end(l);
    }
    mem_free(full);
}

void table_render(const struct rowset *r, const struct table_layout *layout, const struct table_style *style, struct buf *out)
{
    struct table_view v;
    struct line l = {.out = out, .color = style->color};
    table_view_init(&v, r, layout, style);
    put_title(&l, &v);
    if (r->n_row == 0) {
        put_sentence(&l, &v, layout->empty ? layout->empty : "No rows.", NULL);
    } else {
        const char *first = layout->headings ? table_role_cell(&v, TABLE_SECTION, 0) : NULL;
        if (first != NULL)
            put_heading(&l, &v, first);
        put_head(&l, &v);
        for (size_t row = 0; row < r->n_row; row++) {
            put_section(&l, &v, row);
            put_row(&l, &v, row);
        }
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
    for (size_t i = 0; i < TABLE_N_ROLE; i++)
        mem_free(layout->role[i]);
    mem_free(layout->empty);
    *layout = (struct table_layout){0};
}
