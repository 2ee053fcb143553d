/* Files to deliveries: read, cut, unwrap, choose the parser, run it. Where the deliveries go is the sink's business: the database
 * (writer.h) or a dry run's output. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "data/uuid.h"
#include "host/delivery.h"
#include "host/input.h"
#include "host/parser.h"
#include "host/plugin.h"

struct ingest_options {
    const char *platform;      /* -p, or NULL: the wrapper's, else read off the payload */
    const char *account;       /* --account: for payloads that name none; or NULL */
    const char *content;       /* --content: the post's id for documents that name none; or NULL */
    struct input_filter files; /* which files below folders; its time is set from since */
    bool has_at, has_since;
    struct plugin_uses *uses; /* NULL, or gets what the parsers used (host/plugin_use.h) */
    int64_t at,
        since; /* --at: when bare payloads were observed; --since: files changed, and deliveries observed, before it are passed over */
};

/* Bytes as they lie on the disk, packed or not. */
struct ingest_progress {
    size_t bytes, bytes_all; /* bytes_all 0: unknown, as standard input has no end that is known */
    size_t files, files_all; /* files that are done */
};

struct ingest_sink {
    void *ctx;
    /* Takes the delivery over. -1 ends the whole run (the database is gone), with e. */
    int (*take)(void *ctx, struct delivery *d, struct err *e);
    /* A parser was chosen for a document, which is in work now. May be NULL: only a dry run tells why. */
    void (*matched)(void *ctx, const char *path, const struct parser_spec *p, const struct json_doc *doc,
                    const struct parser_input *in);
    /* A file or folder of which something cannot be taken at all, and why; that much of it is not kept. path NULL: text names it.
     * code: not_found, empty, too_large, cannot_read, packed, packed_badly or bomb. */
    void (*problem)(void *ctx, const char *path, const char *code, const char *text);
    /* Files and documents that are older than --since. May be NULL. */
    void (*passed)(void *ctx, size_t files, size_t documents);
    /* Now and then, for the progress line. May be NULL. false: stop, somebody pressed Ctrl-C. */
    bool (*progress)(void *ctx, const struct ingest_progress *p);
};

/* 0 when all names were gone through, whatever became of their deliveries. */
int ingest_run(const struct registry *registry, const struct ingest_options *options, const char *const *names, size_t n,
               const struct ingest_sink *sink, struct err *e);

/* The same for bytes that are there already; name stands in what is told, and its ending counts. */
int ingest_bytes(const struct registry *registry, const struct ingest_options *options, const char *name, const char *data,
                 size_t n, const struct ingest_sink *sink, struct err *e);
