#include "data/table_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct table_column *find_spec(const struct table_layout *layout, const char *name)
{
    static const struct table_column none = {.decimals = -1};
    for (size_t i = 0; i < layout->n_column; i++)
        if (strcmp(layout->column[i].name, name) == 0)
            return &layout->column[i];
    return &none;
}

static size_t width_of(const char *s, bool ascii)
{
    struct buf scratch = {0};
    size_t width = text_cut(s, ascii, SIZE_MAX, &scratch);
    buf_free(&scratch);
    return width;
}

static const char *head_text(struct arena *arena, const struct table_column *spec, const char *name)
{
    char *head = arena_dup(arena, spec->title ? spec->title : name);
    for (char *p = head; spec->title == NULL && *p != '\0'; p++)
        if (*p == '_')
            *p = ' ';
    return spec->unit ? arena_printf(arena, "%s %s", head, spec->unit) : head;
}

const char *table_role_cell(const struct table_view *v, enum table_role role, size_t row)
{
    return v->role[role] < v->n_column ? rowset_cell(v->rows, row, v->role[role]) : NULL;
}

static bool is_interval(const struct table_view *v)
{
    return v->role[TABLE_CENTER] < v->n_column && v->role[TABLE_LO] < v->n_column && v->role[TABLE_HI] < v->n_column;
}

/* Columns that are there for their role alone. */
static bool is_shown(const struct table_view *v, const struct table_view_column *c)
{
    static const enum table_role silent[] = {TABLE_HI, TABLE_SECTION, TABLE_INSTEAD, TABLE_TAIL, TABLE_GLYPH};
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        if (v->role[silent[i]] == c->index)
            return false;
    return !c->spec->hide;
}

static struct table_cell make_cell(struct table_view *v, const struct table_view_column *c, size_t row, bool years)
{
    const char *value = rowset_cell(v->rows, row, c->index);
    if (is_interval(v) && c->index == v->role[TABLE_LO])
        return table_interval_text(v, row, c->spec);
    if (is_interval(v) && c->index == v->role[TABLE_CENTER])
        return table_interval_center(v, value, c->spec);
    return table_cell_make(value, v->rows->column[c->index].kind, c->spec, v->style, years, &v->arena);
}

static void fill_column(struct table_view *v, struct table_view_column *c)
{
    enum column_kind kind = v->rows->column[c->index].kind;
    bool number = kind == COLUMN_INTEGER || kind == COLUMN_NUMBER;
    c->text =
        kind == COLUMN_TEXT || kind == COLUMN_JSON || ((kind == COLUMN_ARRAY || kind == COLUMN_NUMBERS) && !c->spec->spark);
    c->right = c->spec->align == ALIGN_RIGHT || (c->spec->align == ALIGN_AUTO && number);
    c->head = head_text(&v->arena, c->spec, v->rows->column[c->index].name);
    c->shown = is_shown(v, c);
    bool years = kind == COLUMN_TIME && table_needs_years(v->rows, c->index, v->style);
    c->cell = arena_zero(&v->arena, (v->rows->n_row ? v->rows->n_row : 1) * sizeof *c->cell);
    c->natural = width_of(c->head, v->style->ascii);
    for (size_t row = 0; row < v->rows->n_row; row++) {
        c->cell[row] = make_cell(v, c, row, years);
        bool covered = c->right && table_role_cell(v, TABLE_INSTEAD, row) != NULL;
        if (c->cell[row].width > c->natural && !covered)
            c->natural = c->cell[row].width;
    }
    c->width = c->natural;
}

static void find_bar(struct table_view *v)
{
    if (is_interval(v)) {
        table_interval_find(v);
        if (v->bar < v->n_column && !v->column[v->bar].shown)
            v->bar_width = 0;
        return;
    }
    size_t i = v->role[TABLE_BAR];
    for (size_t row = 0; i < v->n_column && row < v->rows->n_row; row++) {
        const char *cell = rowset_cell(v->rows, row, i);
        double d = cell ? strtod(cell, NULL) : 0;
        if (isfinite(d) && d < v->bar_low)
            v->bar_low = d;
        if (isfinite(d) && d > v->bar_high)
            v->bar_high = d;
    }
    if (v->bar_high > v->bar_low && v->column[i].shown) {
        v->bar = i;
        v->bar_width = v->bar_most = TABLE_BAR_MAX;
    }
}

static size_t total(const struct table_view *v)
{
    size_t sum = v->bar_width ? v->bar_width + TABLE_GAP : 0, behind = 0;
    for (size_t i = 0; i < v->n_column; i++)
        if (v->column[i].shown) {
            size_t cells = v->column[i].width + TABLE_GAP - (i == v->tight);
            sum += cells;
            behind += i > v->bar ? cells : 0;
        }
    if (v->tail > 0 && v->tail + 1 > behind) /* one blank in front of it will do */
        sum += v->tail + 1 - behind;
    return sum == 0 ? 0 : TABLE_GUTTER + sum - TABLE_GAP;
}

static bool fits(const struct table_view *v)
{
    return v->style->width == 0 || total(v) <= v->style->width;
}

/* Narrows text columns, the widest first, until it fits or all are at least. */
static void cut_to(struct table_view *v, size_t least, bool all_text)
{
    while (!fits(v)) {
        struct table_view_column *widest = NULL;
        for (size_t i = 0; i < v->n_column; i++) {
            struct table_view_column *c = &v->column[i];
            if (c->shown && (c->spec->cut || (all_text && c->text)) && c->width > least &&
                (!widest || c->width > widest->width))
                widest = c;
        }
        if (widest == NULL)
            return;
        widest->width--;
    }
}

/* Whether only its head fills the column: a blank less in front of it brings heads together, not values. */
static bool is_loose(const struct table_view *v, const struct table_view_column *c)
{
    for (size_t row = 0; row < v->rows->n_row; row++)
        if (c->cell[row].width >= c->width && c->cell[row].text != NULL)
            return false;
    return c->right && c->shown;
}

/* Where one cell is missing: a blank less in front of a column, which is then the tight one. */
static bool squeeze(struct table_view *v, bool loose)
{
    if (v->tight < v->n_column || total(v) != v->style->width + 1)
        return false;
    size_t found = v->n_column;
    for (size_t i = 1; i < v->n_column; i++)
        if (loose ? found == v->n_column && is_loose(v, &v->column[i]) : v->column[i].shown)
            found = i;
    if (found == v->bar && !loose)
        return false;
    v->tight = found;
    return found < v->n_column;
}

static bool drop_one(struct table_view *v)
{
    struct table_view_column *first = NULL;
    for (size_t i = 0; i < v->n_column; i++) {
        struct table_view_column *c = &v->column[i];
        if (c->shown && c->spec->drop > 0 && (first == NULL || c->spec->drop < first->spec->drop))
            first = c;
    }
    if (first == NULL)
        return false;
    first->shown = false;
    return true;
}

/* What a dropped column left over goes to the names that were cut, then to the bar. */
static void grow_back(struct table_view *v)
{
    for (size_t i = 0; i < v->n_column; i++) {
        struct table_view_column *c = &v->column[i];
        while (c->shown && c->width < c->natural && total(v) < v->style->width)
            c->width++;
    }
    while (v->bar_width > 0 && v->bar_width < v->bar_most && total(v) < v->style->width)
        v->bar_width++;
}

static void fit(struct table_view *v)
{
    if (is_interval(v))
        squeeze(v, true);
    while (!fits(v) && v->bar_width > TABLE_BAR_MIN)
        v->bar_width--;
    cut_to(v, is_interval(v) ? TABLE_CUT_INTERVAL : TABLE_CUT_EASY, false);
    while (!fits(v) && !squeeze(v, false) && drop_one(v))
        ;
    if (!fits(v))
        v->bar_width = 0;
    cut_to(v, TABLE_CUT_MIN, false);
    cut_to(v, TABLE_CUT_MIN, true);
    if (v->style->width > 0)
        grow_back(v);
}

static void find_tail(struct table_view *v)
{
    for (size_t row = 0; row < v->rows->n_row; row++) {
        const char *text = table_role_cell(v, TABLE_TAIL, row);
        size_t width = text != NULL ? width_of(text, v->style->ascii) : 0;
        v->tail = width > v->tail ? width : v->tail;
    }
}

static void find_tail_gap(struct table_view *v)
{
    size_t used = TABLE_GUTTER + (v->bar_width > 0 ? v->bar_width + TABLE_GAP : 0);
    for (size_t i = 0; i < v->n_column && i <= v->bar; i++)
        if (v->column[i].shown)
            used += v->column[i].width + TABLE_GAP;
    v->tail_gap = v->style->width > 0 && used + v->tail > v->style->width ? 1 : TABLE_GAP;
}

void table_view_init(struct table_view *v, const struct rowset *r, const struct table_layout *layout,
                     const struct table_style *style)
{
    *v = (struct table_view){.rows = r, .layout = layout, .style = style, .n_column = r->n_column};
    v->mark = v->bar = v->tight = r->n_column;
    for (size_t i = 0; i < TABLE_N_ROLE; i++)
        v->role[i] = layout->role[i] ? rowset_find(r, layout->role[i]) : r->n_column;
    v->column = mem_array(r->n_column ? r->n_column : 1, sizeof *v->column);
    char *zone = table_zone_enter(style->zone);
    for (size_t i = 0; i < r->n_column; i++) {
        v->column[i] = (struct table_view_column){.spec = find_spec(layout, r->column[i].name), .index = i};
        fill_column(v, &v->column[i]);
        if (v->column[i].spec->mark && v->mark == r->n_column)
            v->mark = i;
    }
    table_zone_leave(zone);
    find_bar(v);
    find_tail(v);
    fit(v);
    find_tail_gap(v);
}

void table_view_fini(struct table_view *v)
{
    arena_free(&v->arena);
    mem_free(v->column);
}
