#include "data/sha256.h"

#include <openssl/sha.h>
#include <stdio.h>

struct sha256 sha256_of(const void *data, size_t n)
{
    struct sha256 h;
    SHA256(data, n, h.bytes);
    return h;
}

void sha256_hex(const struct sha256 *h, char out[65])
{
    for (size_t i = 0; i < sizeof h->bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", h->bytes[i]);
}
