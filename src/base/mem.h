/* Memory that never comes back as NULL: when the host is out of memory it says so and exits (70). */
#pragma once

#include <stdarg.h>
#include <stddef.h>

__attribute__((returns_nonnull)) void *mem_alloc(size_t n);                  /* zeroed */
__attribute__((returns_nonnull)) void *mem_array(size_t count, size_t size); /* zeroed; dies when count * size overflows */
__attribute__((returns_nonnull)) void *mem_realloc(void *p, size_t n);       /* what is added is not zeroed */
char *mem_dup(const char *s);                                                /* NULL stays NULL */
char *mem_ndup(const char *s, size_t n);                                     /* n bytes and a NUL */
__attribute__((format(printf, 1, 2))) char *mem_printf(const char *fmt, ...);
char *mem_vprintf(const char *fmt, va_list ap);
void mem_free(void *p); /* NULL is fine */

/* Once, before any thread: what is given back is kept for the next batch instead of being returned to the system page by page,
 * and all threads share one heap, so that memory stays bounded by what is in use. */
void mem_tune(void);

/* Things with one lifetime: everything that was taken goes at once. Aligned for any type. */
struct arena {
    struct arena_block *block;
    size_t used;   /* bytes taken since the last reset */
    size_t before; /* … and between the two resets before, where that was more than one block */
};
void *arena_alloc(struct arena *a, size_t n); /* not zeroed */
void *arena_zero(struct arena *a, size_t n);
char *arena_ndup(struct arena *a, const char *s, size_t n);
char *arena_dup(struct arena *a, const char *s);
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *a, const char *fmt, ...);
void arena_reset(struct arena *a); /* keeps one block for the next round */
void arena_free(struct arena *a);
