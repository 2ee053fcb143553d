/* UUIDs: version 7 (RFC 9562) made here, any version read and written. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct uuid {
    uint8_t bytes[16];
};

struct uuid uuid_v7(void); /* later ones sort after earlier ones of this process */
struct uuid uuid_v4(void);
bool uuid_parse(const char *s, struct uuid *out); /* 36 characters with dashes, any case */
void uuid_format(const struct uuid *u, char out[37]);
