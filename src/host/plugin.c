#include "host/plugin.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/sha256.h"
#include "host/plugin_parts.h"
#include "host/report.h"
#include "script/code.h"

/* --- files --------------------------------------------------------------------------------------------------------------- */

struct names {
    char **name;
    size_t n;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in a folder, sorted; hidden ones left out. A folder that is not there has none. */
static int list_dir(const char *dir, struct names *out, struct err *e)
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

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        mem_free(names->name[i]);
    mem_free(names->name);
    *names = (struct names){0};
}

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool ends_with(const char *s, const char *end)
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
    struct names names = {0};
    int failed = list_dir(dir, &names, e);
    for (size_t i = 0; i < names.n && !failed; i++) {
        const char *name = names.name[i];
        char *path = mem_printf("%s/%s", dir, name);
        char *inner = mem_printf("%s%s%s", shown, *shown ? "/" : "", name);
        if (is_dir(path)) {
            bool counts = depth < 4 && strcmp(name, "spec") != 0 && strcmp(name, "fixtures") != 0;
            failed = counts ? add_folder(path, inner, depth + 1, all, e) : 0;
        } else if (ends_with(name, ".lua") || ends_with(name, ".sql")) {
            failed = add_file(path, inner, all, e);
        }
        mem_free(path);
        mem_free(inner);
    }
    names_free(&names);
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

static int set_version(struct plugin *p, struct err *e)
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

/* --- one plugin ---------------------------------------------------------------------------------------------------------- */

static void plugin_free(struct plugin **plugin)
{
    struct plugin *p = *plugin;
    if (p == NULL)
        return;
    plugin_parts_free(p);
    vm_free(&p->vm);
    mem_free(p->name);
    mem_free(p->file);
    mem_free(p->dir);
    mem_free(p->version);
    mem_free(p);
    *plugin = NULL;
}

/* Adds an error's lines to what is collected; anything that is no mistake in a file is passed on with its kind. */
static void collect(struct err *all, const struct err *one)
{
    if (all->kind == ERR_NONE) {
        *all = *one;
        return;
    }
    char old[sizeof all->text];
    memcpy(old, all->text, sizeof old);
    err_set(all, all->kind, "%s\n%s", old, one->text);
}

static void load_reports(struct plugin *p, struct err *all)
{
    if (p->dir == NULL)
        return;
    char *dir = mem_printf("%s/reports", p->dir);
    struct names names = {0};
    struct err e = {0};
    if (list_dir(dir, &names, &e) != 0)
        collect(all, &e);
    for (size_t i = 0; i < names.n; i++) {
        if (!ends_with(names.name[i], ".sql"))
            continue;
        char *path = mem_printf("%s/%s", dir, names.name[i]);
        char *name = report_name(p->name, path);
        struct report *report = NULL;
        if (report_load(path, name, &report, &e) != 0) {
            collect(all, &e);
        } else {
            p->report = mem_realloc(p->report, (p->n_report + 1) * sizeof(struct report *));
            p->report[p->n_report++] = report;
        }
        mem_free(path);
        mem_free(name);
    }
    names_free(&names);
    mem_free(dir);
}

/* entry is the name in the plugins folder: "x" for x/plugin.lua, or "x.lua". */
static void load_plugin(const struct plugin_paths *paths, const char *plugins, const char *entry, bool bundled,
                        struct registry *r, struct err *all)
{
    struct plugin *p = mem_alloc(sizeof *p);
    bool single = ends_with(entry, ".lua");
    p->name = mem_ndup(entry, strlen(entry) - (single ? 4 : 0));
    p->dir = single ? NULL : mem_printf("%s/%s", plugins, entry);
    p->file = single ? mem_printf("%s/%s", plugins, entry) : mem_printf("%s/plugin.lua", p->dir);
    p->bundled = bundled;
    p->config = mem_dup("{}");
    p->vm = vm_new(p->name, paths->lib_dir, p->dir, &paths->limits);

    char *shown = mem_printf("plugins/%s%s", entry, single ? "" : "/plugin.lua");
    struct json_doc *description = NULL;
    struct err e = {0};
    if (code_load(p->vm, p->file, shown, p->name, &description, &e) != 0)
        collect(all, &e);
    else
        plugin_parts_take(p, description);
    if (e.kind == ERR_NONE && set_version(p, &e) != 0)
        collect(all, &e);
    load_reports(p, all);
    mem_free(shown);
    r->plugin = mem_realloc(r->plugin, (r->n_plugin + 1) * sizeof(struct plugin *));
    r->plugin[r->n_plugin++] = p;
}

/* --- the registry -------------------------------------------------------------------------------------------------------- */

static bool is_plugin(const char *dir, const char *entry)
{
    char *path = mem_printf("%s/%s%s", dir, entry, ends_with(entry, ".lua") ? "" : "/plugin.lua");
    struct stat st;
    bool yes = stat(path, &st) == 0 && S_ISREG(st.st_mode);
    mem_free(path);
    return yes;
}

/* Does the entry hold the plugin of that name? */
static bool is_called(const char *entry, const char *name, size_t len)
{
    return strncmp(entry, name, len) == 0 && (entry[len] == '\0' || strcmp(entry + len, ".lua") == 0);
}

static bool has_plugin(const struct names *names, const char *dir, const char *entry)
{
    size_t len = strlen(entry) - (ends_with(entry, ".lua") ? 4 : 0);
    for (size_t i = 0; i < names->n; i++)
        if (is_called(names->name[i], entry, len) && is_plugin(dir, names->name[i]))
            return true;
    return false;
}

static void load_folder(const struct plugin_paths *paths, const char *dir, const struct names *names, const char *only,
                        const struct names *replaced_by, struct registry *r, struct err *all)
{
    for (size_t i = 0; i < names->n; i++) {
        const char *entry = names->name[i];
        if (!is_plugin(dir, entry) || (only != NULL && !is_called(entry, only, strlen(only))))
            continue;
        if (replaced_by != NULL && has_plugin(replaced_by, paths->project_dir, entry))
            continue;
        size_t len = strlen(entry) - (ends_with(entry, ".lua") ? 4 : 0);
        if (i > 0 && is_called(names->name[i - 1], entry, len) && is_plugin(dir, names->name[i - 1])) {
            struct err twice;
            err_set(&twice, ERR_CONFIG, "plugins/%s and plugins/%s are both called %.*s: keep one", names->name[i - 1], entry,
                    (int)len, entry);
            collect(all, &twice);
            continue;
        }
        load_plugin(paths, dir, entry, replaced_by != NULL, r, all);
    }
}

static int by_plugin_name(const void *a, const void *b)
{
    return strcmp((*(struct plugin *const *)a)->name, (*(struct plugin *const *)b)->name);
}

int registry_load(const struct plugin_paths *paths, const char *only, struct registry **out, struct err *e)
{
    struct registry *r = mem_alloc(sizeof *r);
    struct names bundled = {0}, own = {0};
    struct err all = {0};
    int failed = list_dir(paths->bundled_dir, &bundled, &all);
    if (!failed && paths->project_dir != NULL)
        failed = list_dir(paths->project_dir, &own, &all);
    if (!failed) {
        load_folder(paths, paths->bundled_dir, &bundled, only, &own, r, &all);
        load_folder(paths, paths->project_dir, &own, only, NULL, r, &all);
    }
    names_free(&bundled);
    names_free(&own);
    if (all.kind != ERR_NONE) {
        *e = all;
        registry_free(&r);
        return -1;
    }
    if (r->n_plugin > 1)
        qsort(r->plugin, r->n_plugin, sizeof(struct plugin *), by_plugin_name);
    *out = r;
    return 0;
}

void registry_free(struct registry **r)
{
    if (*r == NULL)
        return;
    for (size_t i = 0; i < (*r)->n_plugin; i++)
        plugin_free(&(*r)->plugin[i]);
    mem_free((*r)->plugin);
    mem_free(*r);
    *r = NULL;
}

const struct plugin *registry_find(const struct registry *r, const char *name)
{
    for (size_t i = 0; i < r->n_plugin; i++)
        if (strcmp(r->plugin[i]->name, name) == 0)
            return r->plugin[i];
    return NULL;
}
