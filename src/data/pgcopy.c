#include "data/pgcopy.h"

#include <stdbool.h>
#include <string.h>

#include "base/err.h"

static const int64_t POSTGRES_EPOCH_US = INT64_C(946684800) * 1000000; /* 2000-01-01T00:00:00Z */

static void put_big_endian(char *at, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = (char)(unsigned char)(v >> (8 * (n - 1 - i)));
}

static void add_big_endian(struct buf *b, uint64_t v, size_t n)
{
    buf_reserve(b, n);
    put_big_endian(b->data + b->len, v, n);
    b->len += n;
    b->data[b->len] = '\0';
}

static void add_int16(struct buf *b, int v)
{
    add_big_endian(b, (uint64_t)(int64_t)v, 2);
}

static void add_length(struct buf *b, size_t n)
{
    must(n <= INT32_MAX);
    add_big_endian(b, n, 4);
}

void pgcopy_header(struct buf *b)
{
    static const char head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"; /* the signature has a NUL; then flags, extension: none */
    buf_add(b, head, 19);
}

void pgcopy_row(struct buf *b, int16_t fields)
{
    add_int16(b, fields);
}

void pgcopy_null(struct buf *b)
{
    add_big_endian(b, UINT32_MAX, 4);
}

void pgcopy_text(struct buf *b, const char *s, size_t n)
{
    add_length(b, n);
    if (n > 0)
        buf_add(b, s, n);
}

void pgcopy_int8(struct buf *b, int64_t v)
{
    add_length(b, 8);
    add_big_endian(b, (uint64_t)v, 8);
}

void pgcopy_uuid(struct buf *b, const struct uuid *u)
{
    add_length(b, sizeof u->bytes);
    buf_add(b, u->bytes, sizeof u->bytes);
}

void pgcopy_timestamptz(struct buf *b, int64_t us)
{
    int64_t since = us;
    if (us != INT64_MAX && __builtin_sub_overflow(us, POSTGRES_EPOCH_US, &since))
        since = INT64_MIN;
    pgcopy_int8(b, since);
}

void pgcopy_jsonb(struct buf *b, const char *json, size_t n)
{
    add_length(b, n + 1);
    buf_char(b, 1); /* the version of jsonb's binary form */
    buf_add(b, json, n);
}

size_t pgcopy_jsonb_begin(struct buf *b)
{
    size_t at = b->len;
    add_length(b, 0);
    buf_char(b, 1);
    return at;
}

void pgcopy_jsonb_end(struct buf *b, size_t at)
{
    size_t n = b->len - at - 4;
    must(n <= INT32_MAX);
    put_big_endian(b->data + at, n, 4);
}

/* numeric in digits of base 10000: the weight is the first digit's power, here one of the whole part's or, below 1, that of the
 * only digit behind the point. Zeros at both ends are left out; dscale says how many decimals are shown. */
void pgcopy_numeric_milli(struct buf *b, int64_t milli)
{
    enum { BASE = 10000, DSCALE = 3, NEGATIVE = 0x4000 };
    uint64_t left = milli < 0 ? -(uint64_t)milli : (uint64_t)milli;
    int digits[6], n = 0, weight = -1;
    digits[n++] = (int)(left % 1000) * 10; /* backwards: the last digit first */
    for (left /= 1000; left > 0; left /= BASE) {
        digits[n++] = (int)(left % BASE);
        weight++;
    }
    int last = 0;
    while (last < n && digits[last] == 0)
        last++;
    if (last == n)
        weight = 0;
    add_length(b, (size_t)(8 + 2 * (n - last)));
    add_int16(b, n - last);
    add_int16(b, weight);
    add_int16(b, milli < 0 ? NEGATIVE : 0);
    add_int16(b, DSCALE);
    while (n > last)
        add_int16(b, digits[--n]);
}

void pgcopy_trailer(struct buf *b)
{
    add_int16(b, -1);
}
