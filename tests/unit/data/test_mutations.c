/* The fuzzers' promises over the same mutations every time: bytes flipped, cut, doubled and spliced. Bounded; the open-ended
 * search is tests/fuzz/run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../fuzz/targets.h"

enum { ROUNDS = 12000, LONGEST = 512 };

struct bytes {
    unsigned char data[LONGEST];
    size_t n;
};

static uint64_t seed;

/* xorshift: the same numbers on every machine */
static size_t below(size_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed % limit);
}

static void insert(struct bytes *b, size_t at, const void *data, size_t n)
{
    if (b->n + n > LONGEST)
        return;
    memmove(b->data + at + n, b->data + at, b->n - at);
    memcpy(b->data + at, data, n);
    b->n += n;
}

static void mutate(struct bytes *b, const char *const *words, size_t n_words)
{
    unsigned char copy[16];
    size_t at = below(b->n + 1), n = b->n - at < sizeof copy ? b->n - at : sizeof copy;
    const char *word = words[below(n_words)];
    switch (below(5)) {
    case 0:
        if (at < b->n)
            b->data[at] ^= (unsigned char)(1U << below(8));
        break;
    case 1: b->n = at; break;
    case 2: insert(b, at, word, strlen(word)); break;
    case 3:
        memcpy(copy, b->data + at, n);
        insert(b, below(b->n + 1), copy, n);
        break;
    default:
        n = below(n + 1);
        memmove(b->data + at, b->data + at + n, b->n - at - n);
        b->n -= n;
        break;
    }
}

static void run(void (*target)(const unsigned char *, size_t), const char *const *seeds, size_t n_seeds,
                const char *const *words, size_t n_words)
{
    seed = UINT64_C(0x9E3779B97F4A7C15);
    for (size_t i = 0; i < ROUNDS; i++) {
        struct bytes b = {0};
        const char *from = seeds[i % n_seeds];
        insert(&b, 0, from, strlen(from));
        for (size_t times = below(6); times > 0; times--)
            mutate(&b, words, n_words);
        unsigned char *exact = malloc(b.n > 0 ? b.n : 1); /* its own block: a read beyond the end is seen */
        memcpy(exact, b.data, b.n);
        target(exact, b.n);
        free(exact);
    }
}

static void json_keeps_its_promises(void **state)
{
    static const char *const seeds[] = {
        "{\"items\":[{\"id\":12345678901234567890,\"statistics\":{\"viewCount\":\"10\",\"likes\":-1.5e3}}],\"next\":null}",
        "[\"\\u0001#1\",\"\\ud83d\\ude00\",\"a\\u0000\",\"\\ud800\",true,false,{\"\":{},\"a\":1,\"a\":2}]",
        "\xEF\xBB\xBF[\"\xE3\x83\x86\xE3\x82\xB9\xE3\x83\x88\",\"\xF0\x9F\x98\x80\", 0.1234567890123456789 , -0]",
    };
    static const char *const words[] = {
        "[",        "]",    "{",   "}", "\"", ",", ":", "\\", "\\u0000", "\\u0001#", "1e999", "-", "0", ".", "9999999999999999",
        "\xE2\x82", "\x01", "null"};
    (void)state;
    run(fuzz_json, seeds, sizeof seeds / sizeof *seeds, words, sizeof words / sizeof *words);
}

static void csv_keeps_its_promises(void **state)
{
    static const char *const seeds[] = {
        "id,title,views\n1,\"a, \"\"b\"\"\nc\",3\r\n2,,\n",
        "\xEF\xBB\xBF\"id\",\"n\"\r1,2\r3,4\r",
        "a\n\n1\n2\n3\n4\n5\n6\n",
    };
    static const char *const words[] = {"\"", "\"\"", ",", "\n", "\r", "\r\n", "a", "\x01#1", "\xE2\x82", "\n\"x\ny\",1,2\n"};
    (void)state;
    run(fuzz_csv, seeds, sizeof seeds / sizeof *seeds, words, sizeof words / sizeof *words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_keeps_its_promises),
        cmocka_unit_test(csv_keeps_its_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
