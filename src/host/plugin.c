#include "host/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "host/plugin_config.h"
#include "host/plugin_files.h"
#include "host/plugin_parts.h"
#include "host/report.h"
#include "script/code.h"

/* What loading is at work on. Mistakes are collected over all files; the first one's kind is the whole's. */
struct loading {
    const struct plugin_paths *paths;
    struct registry *registry;
    struct vm *checker; /* one for all plugins, made when the first is loaded */
    struct buf mistakes, warnings;
    enum err_kind kind;
    bool checking; /* more is wanted than loading needs: where entries stand */
};

static void add_lines(struct buf *to, const char *lines)
{
    buf_printf(to, "%s%s", to->len ? "\n" : "", lines);
}

static void collect(struct loading *l, const struct err *e)
{
    if (l->kind == ERR_NONE)
        l->kind = e->kind;
    add_lines(&l->mistakes, e->text);
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
    mem_free(p->shown);
    mem_free(p->dir);
    mem_free(p->version);
    mem_free(p);
    *plugin = NULL;
}

static void load_report(struct loading *l, struct plugin *p, const char *path)
{
    char *name = report_name(p->name, path);
    struct report *report = NULL;
    struct err e = {0};
    if (report_load(path, name, &report, &e) != 0) {
        collect(l, &e);
    } else {
        p->report = mem_realloc(p->report, (p->n_report + 1) * sizeof(struct report *));
        p->report[p->n_report++] = report;
    }
    mem_free(name);
}

static void load_reports(struct loading *l, struct plugin *p)
{
    if (p->dir == NULL)
        return;
    char *dir = mem_printf("%s/reports", p->dir);
    struct files list = {0};
    struct err e = {0};
    if (files_list(dir, &list, &e) != 0)
        collect(l, &e);
    for (size_t i = 0; i < list.n; i++) {
        char *path = mem_printf("%s/%s", dir, list.name[i]);
        if (files_ends_with(list.name[i], ".sql"))
            load_report(l, p, path);
        mem_free(path);
    }
    files_free(&list);
    mem_free(dir);
    struct buf twice = {0};
    plugin_parts_twice(p, &twice);
    if (twice.len > 0) {
        err_set(&e, ERR_CONFIG, "%s", twice.data);
        collect(l, &e);
    }
    buf_free(&twice);
}

/* Runs and checks its file; what is wrong is collected. */
static void load_file(struct loading *l, struct plugin *p)
{
    struct code_file file = {.path = p->file, .shown = p->shown, .name = p->name, .lines = l->checking};
    struct json_doc *description = NULL;
    struct buf mistakes = {0};
    struct err e = {0};
    if (l->checker == NULL)
        l->checker = code_checker(l->paths->lib_dir);
    if (code_check(p->vm, l->checker, &file, &description, &mistakes, &e) != 0) {
        l->kind = l->kind != ERR_NONE ? l->kind : e.kind;
        add_lines(&l->mistakes, mistakes.data);
    } else {
        plugin_parts_take(p, description);
        if (plugin_configure(p, l->paths->project, l->checker, &mistakes, &e) != 0 || plugin_set_version(p, &e) != 0)
            collect(l, &e);
        if (mistakes.len > 0) {
            l->kind = l->kind != ERR_NONE ? l->kind : ERR_CONFIG;
            add_lines(&l->mistakes, mistakes.data);
        }
    }
    buf_free(&mistakes);
}

/* folder/entry is the plugin: a folder with plugin.lua, or a single file x.lua. shown: how messages call the folder. */
static void load_plugin(struct loading *l, const char *folder, const char *entry, const char *shown, bool bundled)
{
    struct plugin *p = mem_alloc(sizeof *p);
    bool single = files_ends_with(entry, ".lua");
    size_t before = l->mistakes.len;
    p->name = mem_ndup(entry, strlen(entry) - (single ? 4 : 0));
    p->dir = single ? NULL : mem_printf("%s/%s", folder, entry);
    p->file = single ? mem_printf("%s/%s", folder, entry) : mem_printf("%s/plugin.lua", p->dir);
    p->shown = mem_printf("%s%s%s%s", shown, *shown ? "/" : "", entry, single ? "" : "/plugin.lua");
    p->bundled = bundled;
    struct vm_limits limits = l->paths->project != NULL ? project_limits(l->paths->project, p->name) : l->paths->limits;
    p->vm = vm_new(p->name, l->paths->lib_dir, p->dir, &limits);
    load_file(l, p);
    load_reports(l, p);
    if (l->mistakes.len > before) { /* a plugin that is wrong is not there */
        plugin_free(&p);
        return;
    }
    plugin_parts_warnings(p, &l->warnings);
    struct registry *r = l->registry;
    r->plugin = mem_realloc(r->plugin, (r->n_plugin + 1) * sizeof(struct plugin *));
    r->plugin[r->n_plugin++] = p;
}

/* --- the registry -------------------------------------------------------------------------------------------------------- */

static bool is_plugin(const char *dir, const char *entry)
{
    char *path = mem_printf("%s/%s%s", dir, entry, files_ends_with(entry, ".lua") ? "" : "/plugin.lua");
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

static bool has_plugin(const struct files *names, const char *dir, const char *entry)
{
    size_t len = strlen(entry) - (files_ends_with(entry, ".lua") ? 4 : 0);
    for (size_t i = 0; i < names->n; i++)
        if (is_called(names->name[i], entry, len) && is_plugin(dir, names->name[i]))
            return true;
    return false;
}

static size_t name_length(const char *entry)
{
    return strlen(entry) - (files_ends_with(entry, ".lua") ? 4 : 0);
}

/* The plugins of one folder; replaced_by: those of the project that stand in for bundled ones, NULL for the project's own. */
static void load_folder(struct loading *l, const char *dir, const struct files *names, const char *only,
                        const struct files *replaced_by)
{
    for (size_t i = 0; i < names->n; i++) {
        const char *entry = names->name[i];
        if (!is_plugin(dir, entry) || (only != NULL && !is_called(entry, only, strlen(only))))
            continue;
        if (replaced_by != NULL && has_plugin(replaced_by, l->paths->project_dir, entry))
            continue;
        size_t len = name_length(entry);
        if (i > 0 && is_called(names->name[i - 1], entry, len) && is_plugin(dir, names->name[i - 1])) {
            struct err twice;
            err_set(&twice, ERR_CONFIG, "plugins/%s and plugins/%s are both called %.*s: keep one", names->name[i - 1], entry,
                    (int)len, entry);
            collect(l, &twice);
            continue;
        }
        load_plugin(l, dir, entry, "plugins", replaced_by != NULL);
    }
}

static int by_plugin_name(const void *a, const void *b)
{
    return strcmp((*(struct plugin *const *)a)->name, (*(struct plugin *const *)b)->name);
}

/* The names of all plugins that are there, whether they are right or not. */
static const char **all_names(const struct plugin_paths *paths, const struct files *bundled, const struct files *own, size_t *n)
{
    const char **names = mem_array(bundled->n + own->n + 1, sizeof *names);
    *n = 0;
    for (size_t i = 0; i < bundled->n; i++)
        if (is_plugin(paths->bundled_dir, bundled->name[i]))
            names[(*n)++] = mem_ndup(bundled->name[i], name_length(bundled->name[i]));
    for (size_t i = 0; i < own->n; i++)
        if (is_plugin(paths->project_dir, own->name[i]))
            names[(*n)++] = mem_ndup(own->name[i], name_length(own->name[i]));
    return names;
}

static void check_strangers(struct loading *l, const char *const *names, size_t n)
{
    struct buf mistakes = {0};
    struct err e = {0};
    if (l->checker == NULL)
        l->checker = code_checker(l->paths->lib_dir);
    if (plugin_strangers(l->paths->project, names, n, l->checker, &mistakes, &e) != 0)
        collect(l, &e);
    if (mistakes.len > 0) {
        l->kind = l->kind != ERR_NONE ? l->kind : ERR_CONFIG;
        add_lines(&l->mistakes, mistakes.data);
    }
    buf_free(&mistakes);
}

/* A folder of the project that holds no plugin is passed over when loading: whoever made it will want to know. */
static void look_for_folders(struct loading *l, const struct files *own)
{
    for (size_t i = 0; i < own->n; i++) {
        char *path = mem_printf("%s/%s", l->paths->project_dir, own->name[i]);
        if (files_is_dir(path) && !is_plugin(l->paths->project_dir, own->name[i])) {
            char *text = mem_printf("plugins/%s/plugin.lua:1: is missing, so the folder holds no plugin", own->name[i]);
            add_lines(&l->warnings, text);
            mem_free(text);
        }
        mem_free(path);
    }
}

/* All plugins, or the one that is wanted. -1: a folder cannot be read. */
static int load_all(struct loading *l, const char *only, struct err *e)
{
    struct files bundled = {0}, own = {0};
    int failed = files_list(l->paths->bundled_dir, &bundled, e);
    if (!failed && l->paths->project_dir != NULL)
        failed = files_list(l->paths->project_dir, &own, e);
    if (!failed) {
        load_folder(l, l->paths->bundled_dir, &bundled, only, &own);
        load_folder(l, l->paths->project_dir, &own, only, NULL);
        if (l->checking)
            look_for_folders(l, &own);
        size_t n;
        const char **names = all_names(l->paths, &bundled, &own, &n);
        check_strangers(l, names, n);
        for (size_t i = 0; i < n; i++)
            mem_free((void *)(uintptr_t)names[i]);
        mem_free(names);
    }
    files_free(&bundled);
    files_free(&own);
    if (l->registry->n_plugin > 1)
        qsort(l->registry->plugin, l->registry->n_plugin, sizeof(struct plugin *), by_plugin_name);
    return failed;
}

static void end_loading(struct loading *l)
{
    vm_free(&l->checker);
    buf_free(&l->mistakes);
    buf_free(&l->warnings);
    registry_free(&l->registry);
}

int registry_load(const struct plugin_paths *paths, const char *only, struct registry **out, struct err *e)
{
    struct loading l = {.paths = paths, .registry = mem_alloc(sizeof *l.registry)};
    int failed = load_all(&l, only, e);
    if (!failed && l.mistakes.len > 0)
        failed = err_set_lines(e, l.kind, l.mistakes.data, "type \"tidemark plugin check\"");
    if (!failed) {
        *out = l.registry;
        l.registry = NULL;
    }
    end_loading(&l);
    return failed;
}

/* --- checking ------------------------------------------------------------------------------------------------------------ */

/* The nearest folder at or above path that holds plugin.lua (mem_free), or NULL. */
static char *plugin_folder(const char *path)
{
    char *dir = mem_dup(path);
    for (unsigned up = 0; up < 4; up++) {
        char *file = mem_printf("%s/plugin.lua", dir);
        struct stat st;
        bool found = stat(file, &st) == 0 && S_ISREG(st.st_mode);
        mem_free(file);
        if (found)
            return dir;
        char *slash = strrchr(dir, '/');
        if (slash == NULL || slash == dir)
            break;
        *slash = '\0';
    }
    mem_free(dir);
    return NULL;
}

/* A plugin by its path: its folder, its file, or any file of it. false: there is none. */
static bool load_path(struct loading *l, const char *path)
{
    char *real = realpath(path, NULL);
    if (real == NULL)
        return false;
    char *folder = plugin_folder(real);
    const char *entry = folder != NULL ? folder : files_ends_with(real, ".lua") ? real : NULL;
    if (entry != NULL) {
        const char *slash = strrchr(entry, '/');
        char *dir = mem_ndup(entry, (size_t)(slash - entry));
        /* as far as it was typed: what messages call it can be opened from here */
        const char *typed = strstr(path, slash + 1);
        char *shown = typed != NULL && typed > path ? mem_ndup(path, (size_t)(typed - path) - 1) : mem_dup("");
        load_plugin(l, dir, slash + 1, shown, false);
        mem_free(dir);
        mem_free(shown);
    }
    mem_free(folder);
    free(real); /* libc's own */
    return entry != NULL;
}

static bool load_named(struct loading *l, const char *name)
{
    const char *dirs[] = {l->paths->project_dir, l->paths->bundled_dir};
    for (size_t i = 0; i < 2; i++) {
        if (dirs[i] == NULL)
            continue;
        char *single = mem_printf("%s.lua", name);
        const char *entry = is_plugin(dirs[i], name) ? name : is_plugin(dirs[i], single) ? single : NULL;
        if (entry != NULL)
            load_plugin(l, dirs[i], entry, "plugins", dirs[i] == l->paths->bundled_dir);
        mem_free(single);
        if (entry != NULL)
            return true;
    }
    return false;
}

static int no_such_plugin(struct loading *l, const char *name, struct err *e)
{
    struct files bundled = {0}, own = {0};
    struct err ignored;
    size_t n = 0;
    struct buf list = {0};
    files_list(l->paths->bundled_dir, &bundled, &ignored);
    if (l->paths->project_dir != NULL)
        files_list(l->paths->project_dir, &own, &ignored);
    const char **names = all_names(l->paths, &bundled, &own, &n);
    for (size_t i = 0; i < n; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    const char *near = nearest(name, names, n);
    if (near != NULL)
        err_set(e, ERR_USAGE, "unknown plugin '%s', did you mean '%s'?", name, near);
    else
        err_set(e, ERR_USAGE, "'%s' is no plugin, no folder with plugin.lua and no plugin's file (plugins: %s)", name,
                list.data ? list.data : "none");
    for (size_t i = 0; i < n; i++)
        mem_free((void *)(uintptr_t)names[i]);
    mem_free(names);
    buf_free(&list);
    files_free(&bundled);
    files_free(&own);
    return -1;
}

int registry_check(const struct plugin_paths *paths, const char *const *names, size_t n, struct registry **out,
                   struct buf *mistakes, struct buf *warnings, struct err *e)
{
    struct loading l = {.paths = paths, .registry = mem_alloc(sizeof *l.registry), .checking = true};
    int failed = n == 0 ? load_all(&l, NULL, e) : 0;
    for (size_t i = 0; i < n && !failed; i++) {
        bool is_path = strchr(names[i], '/') != NULL || files_ends_with(names[i], ".lua") || strcmp(names[i], ".") == 0;
        bool found = is_path ? load_path(&l, names[i]) : load_named(&l, names[i]) || load_path(&l, names[i]);
        if (!found)
            failed = no_such_plugin(&l, names[i], e);
    }
    if (!failed) {
        if (l.mistakes.len > 0)
            add_lines(mistakes, l.mistakes.data);
        if (l.warnings.len > 0)
            add_lines(warnings, l.warnings.data);
        *out = l.registry;
        l.registry = NULL;
    }
    end_loading(&l);
    return failed;
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
