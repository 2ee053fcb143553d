/* Parameters go as text, which the server converts to whatever type the statement gives them; only bytes go as binary. */
#include "db/params.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/err.h"
#include "data/datetime.h"

static void add(struct db_params *p, const char *value, size_t n, int format)
{
    must(p->n < DB_PARAMS_MAX && n <= INT_MAX);
    p->value[p->n] = value;
    p->length[p->n] = (int)n;
    p->format[p->n] = format;
    p->n++;
}

void db_text(struct db_params *p, const char *s)
{
    size_t n = s != NULL ? strlen(s) : 0;
    add(p, s != NULL ? arena_ndup(&p->arena, s, n) : NULL, n, 0);
}

void db_int(struct db_params *p, int64_t v)
{
    const char *text = arena_printf(&p->arena, "%" PRId64, v);
    add(p, text, strlen(text), 0);
}

void db_bool(struct db_params *p, int v)
{
    db_text(p, v ? "t" : "f");
}

void db_uuid(struct db_params *p, const struct uuid *u)
{
    char text[37];
    uuid_format(u, text);
    db_text(p, text);
}

static void format_time(int64_t us, char *out, size_t size)
{
    if (us == INT64_MIN || us == INT64_MAX)
        memcpy(out, us < 0 ? "-infinity" : "infinity", us < 0 ? sizeof "-infinity" : sizeof "infinity");
    else
        datetime_format(us, out, size);
}

void db_time(struct db_params *p, int64_t us)
{
    char text[64];
    format_time(us, text, sizeof text);
    db_text(p, text);
}

void db_bytes(struct db_params *p, const void *data, size_t n)
{
    /* A NULL value is the SQL NULL, so no bytes still need an address. */
    add(p, data != NULL ? arena_ndup(&p->arena, data, n) : NULL, n, 1);
}

void db_array_begin(struct db_array *a, struct buf *storage)
{
    a->text = storage;
    a->n = 0;
    buf_clear(storage);
    buf_char(storage, '{');
}

static void next_element(struct db_array *a)
{
    if (a->n++ > 0)
        buf_char(a->text, ',');
}

void db_array_text(struct db_array *a, const char *s)
{
    if (s == NULL) {
        db_array_null(a);
        return;
    }
    next_element(a);
    buf_char(a->text, '"'); /* quoted always: then NULL, {} and blanks are plain text */
    for (size_t plain; *s != '\0'; s += plain) {
        plain = strcspn(s, "\"\\");
        buf_add(a->text, s, plain);
        if (s[plain] != '\0') {
            buf_char(a->text, '\\');
            buf_char(a->text, s[plain++]);
        }
    }
    buf_char(a->text, '"');
}

void db_array_int(struct db_array *a, int64_t v)
{
    next_element(a);
    buf_printf(a->text, "%" PRId64, v);
}

void db_array_uuid(struct db_array *a, const struct uuid *u)
{
    char text[37];
    uuid_format(u, text);
    next_element(a);
    buf_str(a->text, text);
}

void db_array_time(struct db_array *a, int64_t us)
{
    char text[64];
    format_time(us, text, sizeof text);
    db_array_text(a, text);
}

void db_array_bytes(struct db_array *a, const void *data, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = data;
    next_element(a);
    buf_str(a->text, "\"\\\\x");
    for (size_t i = 0; i < n; i++) {
        buf_char(a->text, digits[bytes[i] >> 4]);
        buf_char(a->text, digits[bytes[i] & 15]);
    }
    buf_char(a->text, '"');
}

void db_array_null(struct db_array *a)
{
    next_element(a);
    buf_str(a->text, "NULL");
}

void db_array_end(struct db_params *p, struct db_array *a)
{
    buf_char(a->text, '}');
    db_text(p, a->text->data);
}

void db_params_clear(struct db_params *p)
{
    arena_free(&p->arena);
    *p = (struct db_params){0};
}
