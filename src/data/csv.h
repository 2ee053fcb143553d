/* CSV as RFC 4180 has it, with a header; also what spreadsheets do: a BOM, CR, LF or CRLF, a last line without an end. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"

/* Cuts text into chunks of whole records of about want bytes, at the same places for the same bytes.
 * Returns the length of the first chunk of text[0..len) (len when it is the last); quoted newlines do not end a record. */
size_t csv_cut(const char *text, size_t len, size_t want);
/* The same, with so many records at most. */
size_t csv_cut_most(const char *text, size_t len, size_t want, size_t records);

/* header = the header record's bytes, body = any number of records. The tree is
 * {"columns": ["id", …], "rows": [{"id": "…", …}, …]}: cells are strings, an empty unquoted cell is null, a record whose
 * number of cells differs from the header's is ERR_INPUT with its line (first_line = the line body starts at). Blank lines are
 * passed over. The limits on bytes and values are those of json_limits_default. */
int csv_parse(const char *header, size_t header_len, const char *body, size_t body_len, size_t first_line,
              struct json_doc **doc, struct err *e);

/* Records with another number of cells than the header: where each lies in body. */
struct csv_odd {
    size_t line, at, len, cells;
};
struct csv_odd_list {
    struct csv_odd *item;
    size_t n;
    size_t columns;
};
/* The same, but such records are put aside and the others are there; as many of them as there are others, and it is no table with this
 * header: then it is ERR_INPUT as above. The caller frees odd->item (mem_free), whatever comes back. */
int csv_parse_most(const char *header, size_t header_len, const char *body, size_t body_len, size_t first_line,
                   struct json_doc **doc, struct csv_odd_list *odd, struct err *e);

/* The line on which an element of "rows" begins. */
size_t csv_line(const cJSON *row);

/* One cell as RFC 4180 wants it: quoted only where it must be. */
void csv_write_cell(const char *s, size_t n, struct buf *out);
