#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "host/input.h"

static void add(struct input_paths *p, char *path)
{
    p->path = mem_realloc(p->path, (p->n + 1) * sizeof *p->path);
    p->path[p->n++] = path;
}

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n > m && strcasecmp(name + n - m, end) == 0;
}

static bool is_payload(const char *name)
{
    static const char *const ends[] = {".json", ".ndjson", ".jsonl", ".csv"};
    if (ends_in(name, ".golden.json")) /* beside a plugin's fixtures: what was recorded of them, no payload */
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends_in(name, ends[i]))
            return true;
    return false;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* not the locale's order: the same everywhere */
}

static int visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

/* Links to folders are not followed: a loop of them would never end. */
static int walk(const char *dir, struct input_paths *out, struct err *e)
{
    struct dirent **entry = NULL;
    int n = scandir(dir, &entry, visible, by_name), rc = 0;
    if (n < 0)
        return err_set(e, ERR_INPUT, "%s: %s", dir, strerror(errno));
    for (int i = 0; i < n; i++) {
        char *path = mem_printf("%s/%s", dir, entry[i]->d_name);
        struct stat st;
        bool keep = false;
        if (rc == 0 && lstat(path, &st) == 0) {
            if (S_ISDIR(st.st_mode))
                rc = walk(path, out, e);
            else
                keep = is_payload(entry[i]->d_name);
        }
        if (keep)
            add(out, path);
        else
            mem_free(path);
        free(entry[i]);
    }
    free(entry);
    return rc;
}

int input_list(const char *name, struct input_paths *out, struct err *e)
{
    struct stat st = {0};
    if (strcmp(name, "-") != 0 && stat(name, &st) != 0)
        return err_set(e, ERR_INPUT, "%s: %s", name, strerror(errno));
    if (strcmp(name, "-") == 0 || !S_ISDIR(st.st_mode)) {
        add(out, mem_dup(name));
        return 0;
    }
    size_t before = out->n;
    char *dir = mem_dup(name);
    for (size_t n = strlen(dir); n > 1 && dir[n - 1] == '/'; n--)
        dir[n - 1] = '\0';
    int rc = walk(dir, out, e);
    mem_free(dir);
    if (rc == 0 && out->n == before)
        rc = err_set(e, ERR_INPUT, "%s: no payloads in this folder (files that end in .json, .ndjson, .jsonl or .csv)", name);
    return rc;
}

void input_paths_free(struct input_paths *p)
{
    for (size_t i = 0; i < p->n; i++)
        mem_free(p->path[i]);
    mem_free(p->path);
    *p = (struct input_paths){0};
}
