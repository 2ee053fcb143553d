/* plugin fuzz: a plugin's fixtures, bent as payloads break, through match and parse as an ingest runs them.
 *
 * The cases run in child processes, so that one that crashes or hangs costs itself. What is looked for: a crash, code stuck in C, a
 * budget gone over, an error raised by the parser (a payload is no reason for one: it is refused, or its items are bad), and a broken
 * contract: a row that the database could not take, items that are neither rows nor drops nor bad, a refusal without a code. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "host/plugin.h"

enum fuzz_kind { FUZZ_FINE, FUZZ_CRASH, FUZZ_STUCK, FUZZ_BUDGET, FUZZ_RAISED, FUZZ_CONTRACT };
const char *fuzz_kind_name(enum fuzz_kind kind); /* "crash", … */

struct fuzz_options {
    const char *plugin;
    const char *parser; /* only fixtures that are this parser's; NULL: all */
    const char *keep;   /* the folder for documents that failed */
    uint64_t seed, cases;
    bool has_only;
    uint64_t only; /* this one case */
    void *ctx;
    bool (*progress)(void *ctx, uint64_t done, size_t failures); /* false: stop; may be NULL */
};

enum { FUZZ_OUTCOMES = 64, FUZZ_FAILURES = 20 };

struct fuzz_failure {
    enum fuzz_kind kind;
    char text[600];
    uint64_t number; /* of the case */
    uint64_t times;  /* cases that failed alike */
    char *file;      /* the document, made as small as it goes */
    size_t bytes;
};

struct fuzz_report {
    uint64_t cases, fixtures;
    int64_t rows, dropped, quarantined;
    struct fuzz_outcome {
        char name[48]; /* "taken", "nothing in it", or the code of a refusal */
        uint64_t n;
    } outcome[FUZZ_OUTCOMES];
    size_t n_outcome;
    int64_t slowest_ns; /* CPU of one document, its reading included */
    uint64_t slowest;   /* its case */
    size_t slowest_bytes;
    char slowest_parser[64];
    uint64_t call_ms, memory; /* the most that a call of the plugin's own code used */
    struct fuzz_failure failure[FUZZ_FAILURES];
    size_t n_failure;
    bool stopped; /* by progress */
};

/* registry holds the plugin alone. Errors: no fixtures, none of the parser's, a case that cannot be written down. */
int fuzz_run(const struct registry *registry, const struct fuzz_options *options, struct fuzz_report *out, struct err *e);
void fuzz_report_free(struct fuzz_report *r);
