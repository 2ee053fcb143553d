/* Where an input's bytes come from: a file, standard input or memory, unpacked on the way where they are gzip or zstd (told by
 * their first bytes, not by the name). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* What stands against a small file that unpacks to fill a disk: beyond the first 64 MiB, packed bytes may become so many times as
 * many. Exports that repeat themselves reach about 60. */
enum { SOURCE_FREE = 64 << 20, SOURCE_RATIO_MAX = 250 };

struct byte_source;

struct byte_source *source_of_file(int fd);                      /* takes fd over */
struct byte_source *source_of_bytes(const char *data, size_t n); /* copied */

/* Up to cap unpacked bytes; 0 at the end; -1: ERR_INPUT, and source_code tells which kind. */
ssize_t source_read(struct byte_source *s, char *to, size_t cap, struct err *e);
/* "cannot_read", "packed_badly" (cut or broken), "bomb" (over the limit) or "packed" (a format or window that is not unpacked here). */
const char *source_code(const struct byte_source *s);
size_t source_taken(const struct byte_source *s); /* bytes as they lie there, packed or not */
int source_fd(const struct byte_source *s);       /* -1: none */
bool source_packed(const struct byte_source *s);
void source_free(struct byte_source **s);
