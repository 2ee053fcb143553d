/* The request wrapper {platform, url, status, headers, fetched_at, body}: what only the request knew, around what the platform
 * answered. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "data/json.h"

struct envelope {
    const char *platform, *url; /* or NULL; live with the documents */
    const char *format;         /* of the body: "json" or "csv" */
    int status;                 /* 0: unknown */
    bool has_time;
    int64_t fetched_at;
    struct json_doc *outer; /* when the body was text: the wrapper itself, freed by envelope_free */
};

/* Whether a document is a wrapper: it has a body, beside it url, status, fetched_at or platform, and nothing else. */
bool envelope_is(const struct json_doc *doc);

/* Opens a wrapper: *doc becomes the body's document (text bodies are read as JSON or CSV). A document that is none stays as it is, with out
 * empty. ERR_INPUT: the wrapper is wrong, the body is not JSON, there is no body; out is filled as far as it was read. */
int envelope_open(struct json_doc **doc, struct envelope *out, struct err *e);
void envelope_free(struct envelope *env);
