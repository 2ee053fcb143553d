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
#include "script/trusted.h"

enum { SOURCE_MAX = 4 << 20 };

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

/* Over a plugin's Lua files. */
struct looking {
    struct vm *vm;      /* the plugin's globals, before it ran */
    struct vm *trusted; /* looks at texts */
    struct buf meta;    /* the annotations of what functions are given */
    struct buf *warnings;
};

static void add_file(struct buf *out, const char *path)
{
    char piece[16384];
    FILE *f = fopen(path, "rbe");
    for (size_t n; f != NULL && out->len < SOURCE_MAX && (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_add(out, piece, n);
    if (f != NULL)
        fclose(f);
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

/* Names behind ctx, out and the libraries that are not there. */
static void check_names(struct looking *l, const char *path, const char *shown)
{
    struct buf source = {0}, answer = {0};
    struct json_doc *list = NULL;
    struct err e = {0};
    add_file(&source, path);
    const struct trusted_arg args[] = {{.kind = TRUSTED_TEXT, .text = source.data ? source.data : ""},
                                       {.kind = TRUSTED_TEXT, .text = shown},
                                       {.kind = TRUSTED_TEXT, .text = l->meta.data ? l->meta.data : ""}};
    int failed = trusted_call(l->trusted, "tidemark.contract_names", "look", args, 3, &answer, &e);
    if (!failed)
        failed = json_parse(answer.data, answer.len, NULL, &list, &e);
    if (failed)
        plugin_warn(l->warnings, "%s:1: %s", shown, e.text);
    for (size_t i = 0; !failed && i < json_size(json_root(list)); i++)
        plugin_warn(l->warnings, "%s", json_text(json_at(json_root(list), i)));
    json_free(&list);
    buf_free(&source);
    buf_free(&answer);
}

static void check_file(struct looking *l, const char *path, const char *shown)
{
    check_globals(l->vm, path, shown, l->warnings);
    check_names(l, path, shown);
}

static void check_folder(struct looking *l, const char *dir, const char *shown, unsigned depth)
{
    struct files list = {0};
    struct err ignored;
    if (depth > 4 || files_list(dir, &list, &ignored) != 0)
        return;
    for (size_t i = 0; i < list.n; i++) {
        const char *name = list.name[i];
        char *path = mem_printf("%s/%s", dir, name), *inner = mem_printf("%s/%s", shown, name);
        if (files_is_dir(path) && strcmp(name, "spec") != 0 && strcmp(name, "fixtures") != 0)
            check_folder(l, path, inner, depth + 1);
        else if (files_ends_with(name, ".lua"))
            check_file(l, path, inner);
        mem_free(path);
        mem_free(inner);
    }
    files_free(&list);
}

static void check_files(const struct plugin *p, const char *lib_dir, struct buf *warnings)
{
    static const char *const described[] = {"ctx", "db", "rule", "parser"};
    struct looking l = {.vm = vm_new(p->name, lib_dir, NULL, NULL),
                        .trusted = trusted_open(lib_dir, 10000, (size_t)128 << 20),
                        .warnings = warnings};
    for (size_t i = 0; i < sizeof described / sizeof *described; i++) {
        char *path = mem_printf("%s/tidemark/meta/%s.lua", lib_dir, described[i]);
        add_file(&l.meta, path);
        mem_free(path);
    }
    if (p->dir == NULL) {
        check_file(&l, p->file, p->shown);
    } else {
        char *shown = mem_ndup(p->shown, (size_t)(strrchr(p->shown, '/') != NULL ? strrchr(p->shown, '/') - p->shown : 0));
        check_folder(&l, p->dir, shown, 0);
        mem_free(shown);
    }
    vm_free(&l.vm);
    vm_free(&l.trusted);
    buf_free(&l.meta);
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
