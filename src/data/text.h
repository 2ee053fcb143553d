/* Strangers' text on a terminal: how wide it is, how it is made harmless, how it is cut. UTF-8 in, NUL-terminated.
 *
 * Widths are wcwidth's in a UTF-8 locale of our own, whatever the process runs in. What terminals disagree about is left out so
 * that columns stay where they are: variation selectors, and the joiner between wide characters. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Cells the text takes once text_escape has written it (the Unicode form). */
size_t text_width(const char *s);

/* Appends s escaped for a terminal: control characters as \x1b, bidi controls, separators and what has no width as \u{202e},
 * bytes that are not UTF-8 as \xff; in ASCII everything else beyond 7 bits as ?, combining marks not at all. */
void text_escape(const char *s, bool ascii, struct buf *out);

/* The same, at most `cells` wide: what does not fit ends in … (ASCII: ...). Returns the cells written. */
size_t text_cut(const char *s, bool ascii, size_t cells, struct buf *out);

/* Appends s as valid UTF-8: bytes that are none become U+FFFD. For file names and messages on their way into a text column. */
void text_clean(const char *s, struct buf *out);
