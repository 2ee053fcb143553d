/* SHA-256 (libcrypto). */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct sha256 {
    uint8_t bytes[32];
};

struct sha256 sha256_of(const void *data, size_t n);
void sha256_hex(const struct sha256 *h, char out[65]);
