/* Files, folders and standard input as pieces: what the bytes are is read off the bytes, not off a flag; gzip and
 * zstd are unpacked on the way.
 *
 * A JSON document is one piece. NDJSON and CSV are cut into pieces of whole lines or records of about 1 MiB, at the same places
 * for the same bytes, so that a file of any size needs little memory and a second run finds the pieces it knows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { INPUT_DOCUMENT_MAX = 16 << 20, INPUT_PIECE = 1 << 20 };

enum piece_format { PIECE_JSON, PIECE_LINES, PIECE_CSV };

struct piece {
    enum piece_format format;
    const char *data; /* valid until the next call */
    size_t len;
    size_t first_line;  /* of data, 1-based */
    const char *header; /* CSV: the header record */
    size_t header_len;
    size_t too_long;  /* NDJSON: this one line has so many bytes, more than a document may have; data is empty */
    bool first, last; /* of the file */
};

struct input;

/* path "-" is standard input. ERR_INPUT: cannot be read. */
int input_open(const char *path, struct input **out, struct err *e);
/* The same over n bytes, which are copied. */
struct input *input_of(const char *name, const char *data, size_t n);
/* 1: a piece; 0: the end; -1: ERR_INPUT. Of a file that breaks off (packed data that is cut, a disk that fails) the whole lines come
 * first, then the error. */
int input_next(struct input *in, struct piece *out, struct err *e);
/* Why there was an error: "empty", "too_large", "cannot_read", "packed", "packed_badly", "bomb" (source.h). */
const char *input_code(const struct input *in);
/* The CSV piece that came first, grown to the whole file: for parsers that sum over rows. ERR_INPUT above 16 MiB: then the piece
 * stays as it was, and nothing comes after it. */
int input_whole(struct input *in, struct piece *out, struct err *e);
size_t input_bytes_read(const struct input *in); /* as they lie on the disk, packed or not */
void input_close(struct input **in);

/* Which files below a folder are meant; host/glob.h says what a pattern is. */
struct input_filter {
    const char *const *include, *const *exclude; /* include none: files that end as payloads do */
    size_t n_include, n_exclude;
    bool has_since; /* files last changed before it are passed over, named ones too */
    int64_t since;  /* microseconds */
};

/* The files a name stands for, in a fixed order: itself, or those below a folder that fit the filter (NULL: end in .json, .ndjson, .jsonl
 * or .csv, also with .gz or .zst behind; hidden ones and results recorded by plugin test, .golden.json, are passed over). ERR_INPUT: not
 * there, or a folder without any. Folders and files that cannot be looked at become problems, and the rest is there. */
struct input_paths {
    char **path, **problem;
    size_t n, n_problem;
    size_t bytes; /* of all of them */
    size_t older; /* passed over by the filter's time */
    bool endless; /* one of them is no file: bytes does not say how much there is */
};
int input_list(const char *name, const struct input_filter *filter, struct input_paths *out, struct err *e); /* adds to out */
void input_paths_free(struct input_paths *p);
