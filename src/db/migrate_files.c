/* Everything is checked before anything is applied: a broken last file is no reason to stop half-way. */
#include "db/migrate_files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "data/sha256.h"

enum { FILES_MAX = 9999 };

static int is_sql(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return d->d_name[0] != '.' && n > 4 && strcmp(d->d_name + n - 4, ".sql") == 0;
}

static int slurp(const char *path, struct buf *out, struct err *e)
{
    FILE *f = fopen(path, "rbe");
    if (f == NULL)
        return err_set(e, ERR_CONFIG, "%s: %s", path, strerror(errno));
    char piece[16384];
    size_t n;
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_add(out, piece, n);
    int failed = ferror(f);
    fclose(f);
    if (failed)
        return err_set(e, ERR_CONFIG, "%s: cannot be read", path);
    buf_reserve(out, 1);
    return 0;
}

/* The start of the line that is the marker and nothing else, from p on; NULL: there is none. *line is that line's number. */
static const char *find_marker(const char *p, const char *end, const char *marker, int *line)
{
    size_t n = strlen(marker);
    for (*line = 1; p < end; ++*line) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        eol = eol != NULL ? eol : end;
        size_t len = (size_t)(eol - p);
        len -= len > 0 && p[len - 1] == '\r';
        if (len == n && memcmp(p, marker, n) == 0)
            return p;
        p = eol < end ? eol + 1 : end;
    }
    return NULL;
}

static int read_parts(struct arena *arena, struct migrate_file *m, const struct buf *text, struct err *e)
{
    static const char *const markers[] = {"-- deploy", "-- verify", "-- revert"};
    struct sql_statements *parts[] = {&m->deploy, &m->verify, &m->revert};
    const char *start[4], *end = text->data + text->len;
    int line[3];
    start[3] = end;
    for (int i = 0; i < 3; i++) {
        start[i] = find_marker(text->data, end, markers[i], &line[i]);
        if (start[i] == NULL)
            return err_set(e, ERR_CONFIG, "the line \"%s\" is missing: a migration has three parts, deploy, verify and revert",
                           markers[i]);
        if (i > 0 && start[i] < start[i - 1])
            return err_set(e, ERR_CONFIG, "%d: \"%s\" must come after \"%s\"", line[i], markers[i], markers[i - 1]);
    }
    for (int i = 0; i < 3; i++) {
        if (migrate_split(arena, start[i], (size_t)(start[i + 1] - start[i]), line[i], parts[i], e) != 0)
            return -1;
        if (parts[i]->n == 0)
            return err_set(e, ERR_CONFIG, "%d: nothing follows \"%s\"", line[i], markers[i]);
    }
    return 0;
}

static int read_file(struct migrate_files *files, const char *dir, const char *sub, const char *entry, int version,
                     struct migrate_file *m, struct err *e)
{
    struct buf text = {0};
    m->name = arena_ndup(&files->arena, entry, strlen(entry) - 4);
    m->file = arena_printf(&files->arena, "%s/%s", sub, entry);
    m->version = version;
    int rc = slurp(arena_printf(&files->arena, "%s/%s", dir, entry), &text, e);
    if (rc == 0) {
        struct sha256 hash = sha256_of(text.data, text.len);
        sha256_hex(&hash, m->sha256);
        rc = version > 0 ? read_parts(&files->arena, m, &text, e)
                         : migrate_split(&files->arena, text.data, text.len, 1, &m->deploy, e);
        if (rc != 0)
            err_in(e, "%s", m->file);
    }
    buf_free(&text);
    return rc;
}

/* NNNN_name: the numbers are 1, 2, 3 …, so that two branches that both took the next one are noticed. */
static int check_number(const char *entry, int version, struct err *e)
{
    char *end;
    long number = strtol(entry, &end, 10);
    if (!isdigit((unsigned char)entry[0]) || end - entry != 4 || *end != '_')
        return err_set(e, ERR_CONFIG, "migrations/%s: a migration is called NNNN_name.sql", entry);
    if (number != version)
        return err_set(e, ERR_CONFIG, "migrations/%s: number %04d was expected here: the numbers run on, each once", entry,
                       version);
    return 0;
}

static int read_folder(struct migrate_files *files, const char *schema_dir, const char *sub, bool numbered,
                       struct migrate_file **list, size_t *count, struct err *e)
{
    char *dir = mem_printf("%s/%s", schema_dir, sub);
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, is_sql, alphasort), rc = 0;
    if (n < 0 || n > FILES_MAX || (numbered && n == 0))
        rc = err_set(e, ERR_CONFIG, "%s: %s: the schema cannot be read; is tidemark installed whole?", dir,
                     n < 0 ? strerror(errno) : "no migrations");
    size_t found = n > 0 ? (size_t)n : 0;
    *list = arena_zero(&files->arena, (found + 1) * sizeof **list);
    for (size_t i = 0; i < found; i++) {
        const char *entry = entries[i]->d_name;
        int version = numbered ? (int)i + 1 : 0;
        if (rc == 0 && numbered)
            rc = check_number(entry, version, e);
        if (rc == 0)
            rc = read_file(files, dir, sub, entry, version, &(*list)[i], e);
        free(entries[i]);
    }
    free(entries);
    mem_free(dir);
    *count = found;
    return rc;
}

int migrate_files_read(const char *schema_dir, struct migrate_files *out, struct err *e)
{
    memset(out, 0, sizeof *out);
    if (read_folder(out, schema_dir, "migrations", true, &out->migration, &out->n_migration, e) == 0 &&
        read_folder(out, schema_dir, "repeatable", false, &out->repeatable, &out->n_repeatable, e) == 0)
        return 0;
    migrate_files_free(out);
    return -1;
}

void migrate_files_free(struct migrate_files *files)
{
    arena_free(&files->arena);
    memset(files, 0, sizeof *files);
}
