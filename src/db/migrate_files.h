/* The schema folder, read: numbered migrations in three parts, and the repeatable files. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "db/migrate_split.h"

struct migrate_file {
    const char *name; /* "0002_content", "40_views" */
    const char *file; /* "migrations/0002_content.sql": as messages call it */
    int version;      /* 0: repeatable */
    char sha256[65];
    struct sql_statements deploy, verify, revert; /* a repeatable file is all deploy */
};

struct migrate_files {
    struct arena arena;
    struct migrate_file *migration, *repeatable; /* in order; migration[i] has version i + 1 */
    size_t n_migration, n_repeatable;
};

/* ERR_CONFIG for a folder that cannot be read, a name or number that does not fit, a missing part. */
int migrate_files_read(const char *schema_dir, struct migrate_files *out, struct err *e);
void migrate_files_free(struct migrate_files *files);
