#include "app/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"

int output_check(const struct output *o, struct err *e)
{
    static const char *const formats[] = {"table", "csv", "json", "ndjson"};
    enum { N = sizeof formats / sizeof *formats };
    for (size_t i = 0; i < N; i++)
        if (o->format == NULL || strcmp(o->format, formats[i]) == 0)
            return 0;
    const char *near = nearest(o->format, formats, N);
    if (near != NULL)
        return err_set(e, ERR_USAGE, "unknown format '%s', did you mean '%s'?", o->format, near);
    return err_set(e, ERR_USAGE, "unknown format '%s': table, csv, json or ndjson", o->format);
}

static const char *format_of(const struct output *o, const char *file)
{
    const char *dot = file != NULL ? strrchr(file, '.') : NULL;
    if (o->format != NULL)
        return o->format;
    if (dot != NULL && (strcmp(dot, ".csv") == 0 || strcmp(dot, ".json") == 0 || strcmp(dot, ".ndjson") == 0))
        return dot + 1;
    return "table";
}

static void render(const struct output *o, const struct table_layout *layout, const struct rowset *rows, const char *format,
                   const struct term *to, struct buf *out)
{
    struct table_style style = term_style(to, o->app->zone);
    if (strcmp(format, "csv") == 0)
        rowset_csv(rows, out);
    else if (strcmp(format, "json") == 0)
        rowset_json(rows, out);
    else if (strcmp(format, "ndjson") == 0)
        rowset_ndjson(rows, out);
    else
        table_render(rows, layout, &style, out);
}

/* Into a sibling first: a reader never sees half a file, and a full disk leaves the old one. */
static int write_file(const char *file, const struct buf *text, struct err *e)
{
    char *part = mem_printf("%s.part", file);
    FILE *f = fopen(part, "we");
    bool bad = f == NULL || fwrite(text->data, 1, text->len, f) != text->len;
    if (f != NULL)
        bad = fclose(f) != 0 || bad;
    bad = bad || rename(part, file) != 0;
    int rc = bad ? err_set(e, errno == ENOSPC ? ERR_TEMPORARY : ERR_USAGE, "cannot write %s: %s", file, strerror(errno)) : 0;
    if (bad)
        remove(part);
    mem_free(part);
    return rc;
}

int output_rows(const struct output *o, const struct table_layout *layout, const struct rowset *rows, struct err *e)
{
    const struct term plain = {.ascii = o->app->out.ascii};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < o->files.n; i++) {
        struct buf text = {0};
        buf_reserve(&text, 1); /* no rows make no bytes of NDJSON */
        render(o, layout, rows, format_of(o, o->files.item[i]), &plain, &text);
        rc = write_file(o->files.item[i], &text, e);
        buf_free(&text);
    }
    if (rc == 0 && o->files.n == 0) {
        struct buf text = {0};
        render(o, layout, rows, format_of(o, NULL), &o->app->out, &text);
        fwrite(text.len > 0 ? text.data : "", 1, text.len, stdout);
        buf_free(&text);
    }
    return rc;
}

void output_text(const struct app *app, const char *text, size_t len)
{
    if (!app->out.tty) {
        fwrite(text, 1, len, stdout);
        return;
    }
    struct buf out = {0};
    while (len > 0) { /* lines and tabs stay what they are */
        size_t n = 0;
        while (n < len && text[n] != '\n' && text[n] != '\t' && text[n] != '\0')
            n++;
        char *piece = mem_ndup(text, n);
        text_escape(piece, app->out.ascii, &out);
        mem_free(piece);
        if (n < len && text[n] == '\0')
            buf_str(&out, "\\x00");
        else if (n < len)
            buf_char(&out, text[n]);
        n += n < len;
        text += n;
        len -= n;
    }
    fwrite(out.len > 0 ? out.data : "", 1, out.len, stdout);
    buf_free(&out);
}

void output_free(struct output *o)
{
    cli_free(&o->files);
}
