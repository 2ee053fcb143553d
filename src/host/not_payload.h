/* Bytes that are no payload at all, told apart for the person who has to find out what they are. */
#pragma once

#include <stddef.h>

#include "base/err.h"

/* The code for bytes that json_parse refused with e, whose text may become a better one: "html" (a web page), "encoding" (not UTF-8),
 * "separator" (a table, but not with commas), "binary" (a PDF, an image, …), else "unreadable". */
const char *not_payload(const char *data, size_t n, struct err *e);
