/* PostgreSQL's binary COPY format: header, rows, trailer, appended to a buffer. Every row has the same number of fields. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/uuid.h"

void pgcopy_header(struct buf *b);
void pgcopy_row(struct buf *b, int16_t fields);
void pgcopy_null(struct buf *b);
void pgcopy_text(struct buf *b, const char *s, size_t n);
void pgcopy_int8(struct buf *b, int64_t v);
void pgcopy_uuid(struct buf *b, const struct uuid *u);
void pgcopy_timestamptz(struct buf *b, int64_t us); /* INT64_MIN is -infinity, INT64_MAX infinity */
void pgcopy_jsonb(struct buf *b, const char *json, size_t n);
/* The same for JSON that is appended in between; at is what begin gave. */
size_t pgcopy_jsonb_begin(struct buf *b);
void pgcopy_jsonb_end(struct buf *b, size_t at);
void pgcopy_numeric_milli(struct buf *b, int64_t milli); /* thousandths: 1500 is numeric 1.500 */
void pgcopy_trailer(struct buf *b);
