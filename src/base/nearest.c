#include "base/nearest.h"

#include <string.h>

enum { LONGEST = 48 };

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Candidates are in lower case; what is typed in capitals is compared as if it were. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Optimal string alignment distance; words longer than LONGEST are compared by their beginning. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
    size_t row[3][LONGEST + 1];
    for (size_t j = 0; j <= nb; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *now = row[i % 3], *up = row[(i + 2) % 3], *upup = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            now[j] = least(up[j] + 1, now[j - 1] + 1, up[j - 1] + (lower(a[i - 1]) != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && upup[j - 2] + 1 < now[j])
                now[j] = upup[j - 2] + 1;
        }
    }
    return row[na % 3][nb];
}

const char *nearest(const char *word, const char *const *candidates, size_t n)
{
    const char *best = NULL;
    size_t na = strnlen(word, LONGEST), best_distance = 4;
    for (size_t i = 0; i < n; i++) {
        size_t nb = strnlen(candidates[i], LONGEST);
        size_t d = distance(word, na, candidates[i], nb), longer = na > nb ? na : nb;
        if (d < best_distance && d * 3 <= longer) {
            best = candidates[i];
            best_distance = d;
        }
    }
    return best;
}
