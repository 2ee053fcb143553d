/* Version 7 with a counter (RFC 9562, section 6.2, method 1): 48 bits of milliseconds, a counter of 26 bits that begins at a
 * random place below half and goes up by one inside a millisecond, 48 random bits. */
#include "data/uuid.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/err.h"

enum { POOL = 4096 };
static const uint32_t COUNTER_MAX = (1U << 26) - 1;

/* A pool and a counter for each thread: none waits for another. */
static _Thread_local struct {
    unsigned char bytes[POOL];
    size_t used;
    unsigned generation; /* of the process that filled it */
} pool = {.used = POOL};

static _Thread_local struct {
    int64_t ms;
    uint32_t counter;
} last;

/* A child of fork must not hand out its parent's bytes again. Asking for the process id instead would be a system call an id. */
static atomic_uint generation;
static pthread_once_t watch_forks_once = PTHREAD_ONCE_INIT;

static void on_child(void)
{
    atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
}

static void watch_forks(void)
{
    must(pthread_atfork(NULL, NULL, on_child) == 0);
}

static void fill_pool(void)
{
    pthread_once(&watch_forks_once, watch_forks);
    for (size_t got = 0; got < POOL;) {
        ssize_t n = getrandom(pool.bytes + got, POOL - got, 0);
        must(n >= 0 || errno == EINTR);
        if (n > 0)
            got += (size_t)n;
    }
    pool.used = 0;
    pool.generation = atomic_load_explicit(&generation, memory_order_relaxed);
}

static void take_random(void *out, size_t n)
{
    if (POOL - pool.used < n || pool.generation != atomic_load_explicit(&generation, memory_order_relaxed))
        fill_pool();
    memcpy(out, pool.bytes + pool.used, n);
    memset(pool.bytes + pool.used, 0, n);
    pool.used += n;
}

/* A clock that goes back, or stands, does not break the order: the last millisecond stays in use. */
static void advance(void)
{
    int64_t now = clock_wall_us() / 1000;
    if (now <= last.ms && last.counter < COUNTER_MAX) {
        last.counter++;
        return;
    }
    last.ms = now > last.ms ? now : last.ms + 1;
    take_random(&last.counter, sizeof last.counter);
    last.counter &= COUNTER_MAX >> 1;
}

static void set_version(struct uuid *u, unsigned version)
{
    u->bytes[6] = (uint8_t)((u->bytes[6] & 0x0F) | version << 4);
    u->bytes[8] = (uint8_t)((u->bytes[8] & 0x3F) | 0x80);
}

struct uuid uuid_v7(void)
{
    struct uuid u;
    advance();
    for (int i = 0; i < 6; i++)
        u.bytes[i] = (uint8_t)(last.ms >> (40 - 8 * i));
    u.bytes[6] = (uint8_t)(last.counter >> 22);
    u.bytes[7] = (uint8_t)(last.counter >> 14);
    u.bytes[8] = (uint8_t)(last.counter >> 8 & 0x3F);
    u.bytes[9] = (uint8_t)last.counter;
    take_random(u.bytes + 10, 6);
    set_version(&u, 7);
    return u;
}

struct uuid uuid_v4(void)
{
    struct uuid u;
    take_random(u.bytes, sizeof u.bytes);
    set_version(&u, 4);
    return u;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool uuid_parse(const char *s, struct uuid *out)
{
    struct uuid u;
    if (strlen(s) != 36)
        return false;
    for (size_t i = 0, at = 0; i < 36;) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (s[i++] != '-')
                return false;
            continue;
        }
        int high = hex_digit(s[i]), low = hex_digit(s[i + 1]);
        if (high < 0 || low < 0)
            return false;
        u.bytes[at++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    *out = u;
    return true;
}

void uuid_format(const struct uuid *u, char out[37])
{
    const uint8_t *b = u->bytes;
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4],
             b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}
