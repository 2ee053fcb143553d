/* "did you mean": the nearest of some words. */
#pragma once

#include <stddef.h>

/* The candidate nearest to word by edit distance (Levenshtein, with swaps of neighbours counted as one), or NULL when none is
 * near: at most a third of the longer word, and never more than 3, may differ. */
const char *nearest(const char *word, const char *const *candidates, size_t n);
