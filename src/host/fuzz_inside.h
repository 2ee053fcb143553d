/* What the files of the fuzzer share. Inside host/fuzz*.c. */
#pragma once

#include "host/delivery.h"
#include "host/fuzz.h"
#include "host/fuzz_doc.h"

struct verdict {
    enum fuzz_kind kind;
    char text[600];
};

/* Shared with the children. */
struct fuzz_shared {
    volatile uint64_t at; /* the case in work */
    struct verdict verdict;
    struct fuzz_report sum; /* what the cases that went well add up to; without failures */
};

struct fuzzer {
    const struct registry *registry;
    const struct plugin *plugin;
    const struct fuzz_options *options;
    struct corpus corpus;
    struct fuzz_shared *shared;
    struct fuzz_report *report;
};

/* One document's way, in this process; sum may be NULL. */
void fuzz_document(const struct fuzzer *f, const char *name, const char *data, size_t n, struct fuzz_report *sum,
                   struct verdict *v);
/* The same in a child: a crash becomes a verdict too. */
void fuzz_probe(const struct fuzzer *f, const char *name, const char *data, size_t n, struct verdict *v);
/* What breaks the contract in a delivery, as text; NULL: nothing. doc, n: the bytes it came from. text has room. */
const char *fuzz_check(const struct fuzzer *f, const struct delivery *d, const char *data, size_t n, bool alone, char *text,
                       size_t size);
/* Makes the document smaller as long as it fails alike. */
void fuzz_shrink(const struct fuzzer *f, const char *name, enum doc_format format, const struct verdict *v, struct buf *doc);
/* Do two verdicts tell of the same mistake? */
bool fuzz_alike(const struct verdict *a, const struct verdict *b);
