#include "data/frame.h"

#include <math.h>
#include <string.h>

#include "base/err.h"

struct frame *frame_new(void)
{
    return mem_alloc(sizeof(struct frame));
}

void frame_free(struct frame **f)
{
    if (*f == NULL)
        return;
    for (size_t i = 0; i < (*f)->n_column; i++)
        mem_free((*f)->column[i].number); /* whichever of the pointers it is */
    mem_free((*f)->column);
    arena_free(&(*f)->arena);
    mem_free(*f);
    *f = NULL;
}

static size_t cell_size(enum frame_kind kind)
{
    return kind == FRAME_NUMBER ? sizeof(double) : kind == FRAME_BOOL ? sizeof(bool) : sizeof(void *);
}

static void set_missing(struct frame_column *c, size_t from, size_t to)
{
    if (c->kind != FRAME_NUMBER)
        memset((char *)c->flag + from * cell_size(c->kind), 0, (to - from) * cell_size(c->kind));
    else
        for (size_t i = from; i < to; i++)
            c->number[i] = NAN;
}

size_t frame_column(struct frame *f, const char *name, enum frame_kind kind)
{
    f->column = mem_realloc(f->column, (f->n_column + 1) * sizeof *f->column);
    struct frame_column *c = &f->column[f->n_column];
    *c = (struct frame_column){.name = arena_dup(&f->arena, name), .kind = kind};
    c->number = mem_array(f->cap_row > 0 ? f->cap_row : 1, cell_size(kind));
    set_missing(c, 0, f->n_row);
    return f->n_column++;
}

size_t frame_find(const struct frame *f, const char *name)
{
    size_t i = 0;
    while (i < f->n_column && strcmp(f->column[i].name, name) != 0)
        i++;
    return i;
}

size_t frame_row(struct frame *f)
{
    if (f->n_row == f->cap_row) {
        f->cap_row = f->cap_row > 0 ? 2 * f->cap_row : 64;
        for (size_t i = 0; i < f->n_column; i++)
            f->column[i].number = mem_realloc(f->column[i].number, f->cap_row * cell_size(f->column[i].kind));
    }
    for (size_t i = 0; i < f->n_column; i++)
        set_missing(&f->column[i], f->n_row, f->n_row + 1);
    return f->n_row++;
}

static struct frame_column *cell_of(struct frame *f, size_t column, size_t row, enum frame_kind kind)
{
    must(column < f->n_column && row < f->n_row && f->column[column].kind == kind);
    return &f->column[column];
}

void frame_number(struct frame *f, size_t column, size_t row, double value)
{
    cell_of(f, column, row, FRAME_NUMBER)->number[row] = value;
}

void frame_flag(struct frame *f, size_t column, size_t row, bool value)
{
    cell_of(f, column, row, FRAME_BOOL)->flag[row] = value;
}

void frame_text(struct frame *f, size_t column, size_t row, const char *value)
{
    must(column < f->n_column && row < f->n_row);
    struct frame_column *c = &f->column[column];
    must(c->kind == FRAME_TEXT || c->kind == FRAME_JSON);
    /* Ordered rows repeat their neighbours' platform, account and segment. */
    const char *before = row > 0 ? c->text[row - 1] : NULL;
    bool same = before != NULL && value != NULL && strcmp(before, value) == 0;
    c->text[row] = value == NULL ? NULL : same ? before : arena_dup(&f->arena, value);
}

void frame_list(struct frame *f, size_t column, size_t row, const char *const *texts, size_t n)
{
    struct frame_column *c = cell_of(f, column, row, FRAME_LIST);
    struct frame_list *list = arena_alloc(&f->arena, sizeof *list + n * sizeof *list->text);
    list->n = n;
    for (size_t i = 0; i < n; i++)
        list->text[i] = arena_dup(&f->arena, texts[i]);
    c->list[row] = list;
}

void frame_daily(struct frame *f, size_t column, size_t row, int64_t first_day, const double *values, size_t n)
{
    struct frame_column *c = cell_of(f, column, row, FRAME_DAILY);
    struct frame_daily *d = arena_alloc(&f->arena, sizeof *d + n * sizeof *d->value);
    d->first_day = first_day;
    d->n = n;
    memcpy(d->value, values, n * sizeof *values);
    c->daily[row] = d;
}
