/* Works as a person lists them: tidemark.content.json or tidemark.content.csv beside the payloads. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "host/input.h"

struct manifest_work {
    const char *key, *title; /* NULL: not given */
    const char **post;       /* platform:id, addresses, … */
    size_t n_post;
};

struct manifest {
    struct arena arena;
    struct manifest_work *work;
    size_t n;
};

/* ERR_INPUT: cannot be read, or holds something else; says where. Frees itself then. */
int manifest_read(const char *path, struct manifest *out, struct err *e);
void manifest_free(struct manifest *m);

bool manifest_is_name(const char *path); /* by its file name */
/* The manifests that go with payloads: below a folder, or beside a file; adds to out, none twice. */
void manifest_beside(const char *name, struct input_paths *out);
