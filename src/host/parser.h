/* Parsers at work: which one a document belongs to, and what it yields. docs/parsers.md is the contract in words. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "data/rows.h"
#include "host/plugin.h"

struct parser_spec; /* compiled from the plugin's table: host/parser_spec.h */

const char *parser_name(const struct parser_spec *p);     /* "youtube.videos" */
const char *parser_platform(const struct parser_spec *p); /* the plugin's name */
const char *parser_version(const struct parser_spec *p);  /* "youtube@1f3c…" */
/* Needs the whole file in one document (sums over rows): such a CSV is not cut into chunks. */
bool parser_whole(const struct parser_spec *p);

/* What the parser is given beside the document: what only the request knew. Members may be NULL. */
struct parser_input {
    const char *platform; /* as named by the user or the wrapper; NULL: to be recognised */
    const char *url;      /* the wrapper's */
    const char *format;   /* "json" or "csv" */
    int status;           /* the wrapper's HTTP status, 0: unknown */
    int64_t observed_at;  /* microseconds */
    const char *content;  /* the id of the post of a document that names none (--content) */
    size_t line;          /* of an NDJSON line in its file: stamped on rows and bad items; 0: CSV records know theirs */
};

/* The parser a document belongs to: the most conditions met wins, then the name. platform NULL: all plugins; then parsers of
 * two platforms that match equally well are an error. Errors are ERR_INPUT: "no parser of youtube knows this payload (keys: a, b, c)", "looks like
 * threads or instagram: say which with -p". */
int parser_match(const struct registry *r, const char *platform, const struct json_doc *doc, const struct parser_input *in,
                 const struct parser_spec **out, struct err *e);

/* What p asks of a document, in words: "items is a list, kind is \"tube#list\""; of code: "its match function". parser_why.c */
void parser_conditions(const struct parser_spec *p, struct buf *out);
/* Of the parsers that are described (not code) the one that nearly takes the document: "tube.videos: 3 of 4 conditions met, but kind is
 * \"other\", not \"tube#list\"". false: none comes near. */
bool parser_near_miss(const struct registry *r, const char *platform, const struct json_doc *doc, const struct parser_input *in,
                      struct buf *out);

/* How many conditions of p a document meets; -1: it is not p's. */
int parser_score(const struct parser_spec *p, const struct json_doc *doc, const struct parser_input *in, int *score,
                 struct err *e);

/* Runs it; what it yields is added to out (lines of one delivery share one), which the caller collapses (rows_collapse) at the end.
 * 0: look into rows (rows, drops, bad items, or refused_code). -1: the parser itself failed (ERR_PLUGIN) and added
 * nothing. Pure: no I/O. */
int parser_run(const struct parser_spec *p, const struct json_doc *doc, const struct parser_input *in, struct rows *out,
               struct err *e);

/* How many items of the document a described parser is given: each becomes a row, a drop or a bad item. SIZE_MAX: only the parser's code
 * knows (or it refuses the whole). */
size_t parser_items(const struct parser_spec *p, const struct json_doc *doc);
