#include "host/plugin_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/sha256.h"

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int files_list(const char *dir, struct files *out, struct err *e)
{
    DIR *d = opendir(dir);
    if (d == NULL)
        return errno == ENOENT ? 0 : err_set(e, ERR_CONFIG, "cannot read the folder %s: %s", dir, strerror(errno));
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        out->name = mem_realloc(out->name, (out->n + 1) * sizeof *out->name);
        out->name[out->n++] = mem_dup(entry->d_name);
    }
    closedir(d);
    if (out->n > 0)
        qsort(out->name, out->n, sizeof *out->name, by_name);
    return 0;
}

void files_free(struct files *list)
{
    for (size_t i = 0; i < list->n; i++)
        mem_free(list->name[i]);
    mem_free(list->name);
    *list = (struct files){0};
}

bool files_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool files_ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n > m && strcmp(s + n - m, end) == 0;
}

static int add_file(const char *path, const char *shown, struct buf *all, struct err *e)
{
    FILE *f = fopen(path, "rbe");
    if (f == NULL)
        return err_set(e, ERR_CONFIG, "cannot read %s: %s", path, strerror(errno));
    struct buf text = {0};
    size_t n;
    do {
        buf_reserve(&text, 32 * 1024);
        n = fread(text.data + text.len, 1, 32 * 1024, f);
        text.len += n;
    } while (n > 0);
    fclose(f);
    buf_printf(all, "%s %zu\n", shown, text.len);
    buf_add(all, text.len > 0 ? text.data : "", text.len);
    buf_free(&text);
    return 0;
}

/* What makes a plugin's version: its Lua and SQL. Its spec, fixtures and README change nothing that it does. */
static int add_folder(const char *dir, const char *shown, unsigned depth, struct buf *all, struct err *e)
{
    struct files list = {0};
    int failed = files_list(dir, &list, e);
    for (size_t i = 0; i < list.n && !failed; i++) {
        const char *name = list.name[i];
        char *path = mem_printf("%s/%s", dir, name);
        char *inner = mem_printf("%s%s%s", shown, *shown ? "/" : "", name);
        if (files_is_dir(path)) {
            bool counts = depth < 4 && strcmp(name, "spec") != 0 && strcmp(name, "fixtures") != 0;
            failed = counts ? add_folder(path, inner, depth + 1, all, e) : 0;
        } else if (files_ends_with(name, ".lua") || files_ends_with(name, ".sql")) {
            failed = add_file(path, inner, all, e);
        }
        mem_free(path);
        mem_free(inner);
    }
    files_free(&list);
    return failed;
}

static void short_digest(const struct buf *all, char hex[13])
{
    char whole[65];
    struct sha256 h = sha256_of(all->data ? all->data : "", all->len);
    sha256_hex(&h, whole);
    memcpy(hex, whole, 12);
    hex[12] = '\0';
}

int plugin_code_digest(const char *dir, char hex[13], struct err *e)
{
    struct buf all = {0};
    int failed = add_folder(dir, "", 0, &all, e);
    short_digest(&all, hex);
    buf_free(&all);
    return failed;
}

int plugin_set_version(struct plugin *p, struct err *e)
{
    struct buf all = {0};
    char hex[13];
    int failed = p->dir != NULL ? add_folder(p->dir, "", 0, &all, e) : add_file(p->file, p->name, &all, e);
    short_digest(&all, hex);
    if (!failed)
        p->version = mem_printf("%s@%s", p->name, hex);
    buf_free(&all);
    return failed;
}
