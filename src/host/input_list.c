#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "host/glob.h"
#include "host/input.h"

struct walk {
    const struct input_filter *filter;
    struct input_paths *out;
    size_t root; /* length of the folder's own path, with the slash */
};

static void add(struct input_paths *p, char *path, const struct stat *st)
{
    p->path = mem_realloc(p->path, (p->n + 1) * sizeof *p->path);
    p->path[p->n++] = path;
    if (st != NULL && S_ISREG(st->st_mode))
        p->bytes += (size_t)st->st_size;
    else
        p->endless = true;
}

static void add_problem(struct input_paths *p, const char *path, const char *text)
{
    p->problem = mem_realloc(p->problem, (p->n_problem + 1) * sizeof *p->problem);
    p->problem[p->n_problem++] = mem_printf("%s: %s", path, text);
}

static bool ends_in(const char *name, size_t n, const char *end)
{
    size_t m = strlen(end);
    return n > m && strncasecmp(name + n - m, end, m) == 0;
}

static bool is_payload(const char *name)
{
    static const char *const ends[] = {".json", ".ndjson", ".jsonl", ".csv"}, *const packs[] = {".gz", ".zst"};
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof packs / sizeof *packs; i++)
        if (ends_in(name, n, packs[i])) {
            n -= strlen(packs[i]);
            break;
        }
    if (ends_in(name, n, ".golden.json")) /* beside a plugin's fixtures: what was recorded of them, no payload */
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends_in(name, n, ends[i]))
            return true;
    return false;
}

static bool any(const char *const *pattern, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++)
        if (glob_match(pattern[i], path))
            return true;
    return false;
}

static bool is_wanted(const struct walk *w, const char *path, const char *name)
{
    const struct input_filter *f = w->filter;
    if (strncmp(name, "tidemark.content.", 17) == 0) /* says which posts are one work, and is no payload */
        return false;
    if (f->n_include == 0 ? !is_payload(name) : !any(f->include, f->n_include, path + w->root))
        return false;
    return !any(f->exclude, f->n_exclude, path + w->root);
}

static bool is_older(const struct input_filter *f, const struct stat *st)
{
    int64_t changed = (int64_t)st->st_mtim.tv_sec * 1000000 + st->st_mtim.tv_nsec / 1000;
    return f->has_since && S_ISREG(st->st_mode) && changed < f->since;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* not the locale's order: the same everywhere */
}

static int visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static void walk(struct walk *w, const char *dir);

/* Links to folders are not followed: a loop of them would never end. What is neither a file nor a folder may never end either. */
static void visit(struct walk *w, char *path, const char *name)
{
    struct stat st, target;
    const struct input_filter *f = w->filter;
    bool keep = false;
    if (lstat(path, &st) != 0) {
        add_problem(w->out, path, strerror(errno));
    } else if (S_ISDIR(st.st_mode)) {
        if (!any(f->exclude, f->n_exclude, path + w->root))
            walk(w, path);
    } else if (is_wanted(w, path, name)) {
        if (stat(path, &target) != 0)
            add_problem(w->out, path, strerror(errno));
        else if (S_ISREG(target.st_mode) && is_older(f, &target))
            w->out->older++;
        else
            keep = S_ISREG(target.st_mode);
    }
    if (keep)
        add(w->out, path, &target);
    else
        mem_free(path);
}

static void walk(struct walk *w, const char *dir)
{
    struct dirent **entry = NULL;
    int n = scandir(dir, &entry, visible, by_name);
    if (n < 0) {
        add_problem(w->out, dir, strerror(errno));
        return;
    }
    for (int i = 0; i < n; i++) {
        visit(w, mem_printf("%s/%s", dir, entry[i]->d_name), entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
}

static int nothing_there(const struct input_filter *f, const char *name, struct err *e)
{
    if (f->n_include > 0 || f->n_exclude > 0)
        return err_set(e, ERR_INPUT, "%s: no file in this folder fits --include and --exclude", name);
    return err_set(e, ERR_INPUT,
                   "%s: no payloads in this folder (files that end in .json, .ndjson, .jsonl or .csv, also packed as .gz or "
                   ".zst; --include names others)",
                   name);
}

int input_list(const char *name, const struct input_filter *filter, struct input_paths *out, struct err *e)
{
    static const struct input_filter none = {0};
    struct stat st = {0};
    const struct input_filter *f = filter != NULL ? filter : &none;
    bool is_stdin = strcmp(name, "-") == 0;
    if (!is_stdin && stat(name, &st) != 0)
        return err_set(e, ERR_INPUT, "%s: %s", name, strerror(errno));
    if (is_stdin || !S_ISDIR(st.st_mode)) {
        if (!is_stdin && is_older(f, &st))
            out->older++;
        else
            add(out, mem_dup(name), is_stdin ? NULL : &st);
        return 0;
    }
    size_t before = out->n + out->older + out->n_problem;
    char *dir = mem_dup(name);
    for (size_t n = strlen(dir); n > 1 && dir[n - 1] == '/'; n--)
        dir[n - 1] = '\0';
    struct walk w = {.filter = f, .out = out, .root = strlen(dir) + 1};
    walk(&w, dir);
    mem_free(dir);
    return out->n + out->older + out->n_problem > before ? 0 : nothing_there(f, name, e);
}

void input_paths_free(struct input_paths *p)
{
    for (size_t i = 0; i < p->n; i++)
        mem_free(p->path[i]);
    for (size_t i = 0; i < p->n_problem; i++)
        mem_free(p->problem[i]);
    mem_free(p->path);
    mem_free(p->problem);
    *p = (struct input_paths){0};
}
