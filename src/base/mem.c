#include "base/mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_MIN = 16 * 1024, BLOCK_MAX = 4 << 20, ALIGN = 16 };

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    _Alignas(ALIGN) unsigned char bytes[];
};

static void *alive(void *p, size_t n)
{
    if (p != NULL || n == 0)
        return p;
    fprintf(stderr, "tidemark: out of memory (%zu bytes wanted)\n", n);
    _Exit(70);
}

void *mem_alloc(size_t n)
{
    return alive(calloc(1, n ? n : 1), n);
}

void *mem_array(size_t count, size_t size)
{
    return alive(calloc(count ? count : 1, size ? size : 1), SIZE_MAX);
}

void *mem_realloc(void *p, size_t n)
{
    return alive(realloc(p, n ? n : 1), n);
}

char *mem_ndup(const char *s, size_t n)
{
    char *p = mem_alloc(n + 1);
    memcpy(p, s, n);
    return p;
}

char *mem_dup(const char *s)
{
    return s ? mem_ndup(s, strlen(s)) : NULL;
}

char *mem_vprintf(const char *fmt, va_list ap)
{
    char *p = NULL;
    int n = vasprintf(&p, fmt, ap);
    return alive(n < 0 ? NULL : p, 1);
}

char *mem_printf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *p = mem_vprintf(fmt, ap);
    va_end(ap);
    return p;
}

void mem_free(void *p)
{
    free(p);
}

void mem_tune(void)
{
    mallopt(M_TRIM_THRESHOLD, 32 << 20);
    mallopt(M_MMAP_THRESHOLD, 8 << 20);
    mallopt(M_ARENA_MAX, 1);
}

/* Each block adds a quarter of what there is: a large payload costs few of them, and little is left unused. */
static struct arena_block *grow(struct arena *a, size_t n)
{
    struct arena_block *old = a->block;
    size_t more = old == NULL ? a->before : a->used / 4;
    size_t size = more < BLOCK_MIN ? BLOCK_MIN : more < BLOCK_MAX ? more : BLOCK_MAX;
    if (size < n)
        size = n;
    struct arena_block *b = alive(malloc(sizeof *b + size), size);
    *b = (struct arena_block){.next = old, .size = size};
    return a->block = b;
}

void *arena_alloc(struct arena *a, size_t n)
{
    n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct arena_block *b = a->block;
    if (b == NULL || b->size - b->used < n)
        b = grow(a, n);
    void *p = b->bytes + b->used;
    b->used += n;
    a->used += n;
    return p;
}

void *arena_zero(struct arena *a, size_t n)
{
    return memset(arena_alloc(a, n), 0, n);
}

char *arena_ndup(struct arena *a, const char *s, size_t n)
{
    char *p = arena_alloc(a, n + 1);
    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *arena_dup(struct arena *a, const char *s)
{
    return arena_ndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *s = mem_vprintf(fmt, ap);
    va_end(ap);
    char *p = arena_dup(a, s);
    mem_free(s);
    return p;
}

static void free_blocks(struct arena_block *b)
{
    for (struct arena_block *next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
}

void arena_reset(struct arena *a)
{
    struct arena_block *only = a->block;
    if (only != NULL && only->next == NULL) {
        only->used = 0;
    } else { /* the next round gets one block for what this one took */
        free_blocks(only);
        a->block = NULL;
        a->before = a->used;
    }
    a->used = 0;
}

void arena_free(struct arena *a)
{
    free_blocks(a->block);
    *a = (struct arena){0};
}
