/* Fixtures bent as payloads break: fields gone, types swapped, numbers that overflow, texts of megabytes, bytes that are no UTF-8.
 * Inside host/fuzz*.c. */
#pragma once

#include "host/fuzz_doc.h"

/* The same numbers from the same seed, everywhere. */
struct chance {
    uint64_t state;
};
struct chance chance_of(uint64_t seed, uint64_t number);
uint64_t chance_next(struct chance *c);
size_t chance_below(struct chance *c, size_t n); /* 0 to n - 1; 0 where n is 0 */

/* A document made of one of the fixtures, as bytes; its name ends as its kind's file does. */
void mutate(const struct corpus *corpus, const struct fixture *from, const char *plugin, struct chance *c, struct buf *out);
