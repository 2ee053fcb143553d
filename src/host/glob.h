/* Patterns for files below a folder: * and ? stop at a slash, ** does not, [a-z] and [!a-z] are sets, \ takes what follows as it is.
 * Compared byte by byte. */
#pragma once

#include <stdbool.h>

/* A pattern without a slash is compared with the last name of path, another one with the whole (relative) path. */
bool glob_match(const char *pattern, const char *path);
/* NULL: a good pattern; else what is wrong with it. */
const char *glob_wrong(const char *pattern);
