#include "host/plugin_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "data/json.h"
#include "host/plugin_files.h"
#include "host/plugin_parts.h"
#include "host/project.h"
#include "script/globals.h"

void plugin_warn(struct buf *out, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    for (char *c = text; *c != '\0'; c++) /* a traceback below the first line is of no use here */
        if (*c == '\n')
            *c = '\0';
    buf_printf(out, "%s%s", out->len ? "\n" : "", text);
    mem_free(text);
}

/* --- globals -------------------------------------------------------------------------------------------------------------- */

static void say_global(const struct global_use *u, const char *shown, struct buf *warnings)
{
    const char *instead = globals_instead(u->name);
    if (u->assigned)
        plugin_warn(warnings, "%s:%d: assigns the global '%s', which lives on from call to call; make it local", shown, u->line,
                    u->name);
    else if (instead != NULL)
        plugin_warn(warnings, "%s:%d: there is no global '%s' in a plugin: %s", shown, u->line, u->name, instead);
    else if (u->near != NULL)
        plugin_warn(warnings, "%s:%d: there is no global '%s', did you mean '%s'?", shown, u->line, u->name, u->near);
    else
        plugin_warn(warnings, "%s:%d: there is no global '%s', so it is nil; write local %s = … above it", shown, u->line,
                    u->name, u->name);
}

/* A global that some file of the plugin assigns is said there; reading it is no second mistake. */
static void check_globals(struct vm *vm, const char *path, const char *shown, struct buf *warnings)
{
    struct globals g;
    struct err e = {0};
    if (globals_of(vm, path, shown, &g, &e) != 0)
        plugin_warn(warnings, "%s", e.text);
    for (size_t i = 0; i < g.n; i++) {
        bool own = false;
        for (size_t k = 0; k < g.n; k++)
            own = own || (g.use[k].assigned && strcmp(g.use[k].name, g.use[i].name) == 0);
        if (g.use[i].assigned || (!g.use[i].known && !own))
            say_global(&g.use[i], shown, warnings);
    }
    globals_free(&g);
}

static void check_folder(struct vm *vm, const char *dir, const char *shown, unsigned depth, struct buf *warnings)
{
    struct files list = {0};
    struct err ignored;
    if (depth > 4 || files_list(dir, &list, &ignored) != 0)
        return;
    for (size_t i = 0; i < list.n; i++) {
        const char *name = list.name[i];
        char *path = mem_printf("%s/%s", dir, name), *inner = mem_printf("%s/%s", shown, name);
        if (files_is_dir(path) && strcmp(name, "spec") != 0 && strcmp(name, "fixtures") != 0)
            check_folder(vm, path, inner, depth + 1, warnings);
        else if (files_ends_with(name, ".lua"))
            check_globals(vm, path, inner, warnings);
        mem_free(path);
        mem_free(inner);
    }
    files_free(&list);
}

static void check_files(const struct plugin *p, const char *lib_dir, struct buf *warnings)
{
    struct vm *vm = vm_new(p->name, lib_dir, NULL, NULL);
    if (p->dir == NULL) {
        check_globals(vm, p->file, p->shown, warnings);
    } else {
        char *shown = mem_ndup(p->shown, (size_t)(strrchr(p->shown, '/') != NULL ? strrchr(p->shown, '/') - p->shown : 0));
        check_folder(vm, p->dir, shown, 0, warnings);
        mem_free(shown);
    }
    vm_free(&vm);
}

/* --- capabilities --------------------------------------------------------------------------------------------------------- */

static void check_granted(const struct plugin *p, struct buf *warnings)
{
    size_t n;
    struct plugin_capability *list = plugin_capabilities(p, &n);
    for (size_t i = 0; i < n; i++) {
        struct plugin_capability c = list[i];
        if (c.granted)
            continue;
        char *line = plugin_grant_line(p, c.name, c.value);
        plugin_warn(warnings, "%s:%d: capabilities.%s: %s%s%sis not granted; write into tidemark.lua: %s", p->shown,
                    plugin_line(p, "capabilities", c.name), c.name, c.value ? "'" : "", c.value ? c.value : "",
                    c.value ? "' " : "", line);
        mem_free(line);
    }
    mem_free(list);
}

void plugin_check(const struct plugin *p, const char *lib_dir, const struct project *project, struct buf *warnings)
{
    check_files(p, lib_dir, warnings);
    plugin_check_fixtures(p, warnings);
    if (project != NULL)
        check_granted(p, warnings);
}
