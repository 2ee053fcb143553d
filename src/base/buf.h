/* A growing byte buffer. Zero-initialised it is empty and owns nothing; buf_free gives the memory back. */
#pragma once

#include <stddef.h>

struct buf {
    char *data; /* NUL-terminated whenever it is not NULL; the NUL is not counted */
    size_t len, cap;
};

void buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *data, size_t n);
void buf_str(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_fill(struct buf *b, char c, size_t n);
__attribute__((format(printf, 2, 3))) void buf_printf(struct buf *b, const char *fmt, ...);
void buf_clear(struct buf *b); /* empty, keeps the memory */
char *buf_take(struct buf *b); /* the bytes, now the caller's (mem_free); never NULL; b is empty again */
void buf_free(struct buf *b);
