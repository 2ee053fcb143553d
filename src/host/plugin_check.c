#include "host/plugin_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "data/json.h"
#include "host/ingest.h"
#include "host/parser.h"
#include "host/plugin_files.h"
#include "host/plugin_parts.h"
#include "host/project.h"
#include "script/globals.h"

__attribute__((format(printf, 2, 3))) static void warn(struct buf *out, const char *fmt, ...)
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

static const char *near_global(const char *name)
{
    static const char *const names[] = {"assert", "coroutine", "error",    "getmetatable", "ipairs",   "json",   "math",
                                        "next",   "pairs",     "pcall",    "print",        "rawequal", "rawget", "rawlen",
                                        "rawset", "require",   "select",   "setmetatable", "stats",    "string", "table",
                                        "time",   "tonumber",  "tostring", "type",         "utf8",     "xpcall"};
    return nearest(name, names, sizeof names / sizeof *names);
}

static void say_global(const struct global_use *u, const char *shown, struct buf *warnings)
{
    const char *instead = globals_instead(u->name), *near = near_global(u->name);
    if (u->assigned)
        warn(warnings, "%s:%d: assigns the global '%s', which lives on from call to call; write local %s = …", shown, u->line,
             u->name, u->name);
    else if (instead != NULL)
        warn(warnings, "%s:%d: there is no global '%s' in a plugin: %s", shown, u->line, u->name, instead);
    else if (near != NULL)
        warn(warnings, "%s:%d: there is no global '%s', did you mean '%s'?", shown, u->line, u->name, near);
    else
        warn(warnings, "%s:%d: there is no global '%s', so it is nil; write local %s = … above it", shown, u->line, u->name,
             u->name);
}

/* A global that some file of the plugin assigns is said there; reading it is no second mistake. */
static void check_globals(struct vm *vm, const char *path, const char *shown, struct buf *warnings)
{
    struct globals g;
    struct err e = {0};
    if (globals_of(vm, path, shown, &g, &e) != 0)
        warn(warnings, "%s", e.text);
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

/* --- fixtures ------------------------------------------------------------------------------------------------------------- */

struct tried {
    const struct plugin *plugin;
    const char *shown; /* of the fixture */
    bool refused_is_meant;
    bool *reached; /* per parser */
    struct buf *warnings;
};

static int take(void *ctx, struct delivery *d, struct err *e)
{
    struct tried *t = ctx;
    (void)e;
    for (size_t i = 0; d->parser != NULL && i < t->plugin->n_parser; i++)
        if (strcmp(parser_name(t->plugin->parser[i]), d->parser) == 0)
            t->reached[i] = true;
    if (d->code != NULL && !t->refused_is_meant)
        warn(t->warnings, "%s:%zu: %s", t->shown, d->line > 0 ? d->line : 1, d->text);
    for (size_t i = 0; i < d->rows.n_bad; i++)
        if (strcmp(d->rows.bad[i].code, "no_parser") == 0)
            warn(t->warnings, "%s:%zu: %s", t->shown, d->rows.bad[i].line, d->rows.bad[i].text);
    delivery_free(&d);
    return 0;
}

static void on_problem(void *ctx, const char *path, const char *text)
{
    struct tried *t = ctx;
    (void)path;
    if (!t->refused_is_meant)
        warn(t->warnings, "%s:1: %s", t->shown, text);
}

/* a.json -> a, a.csv -> a_csv: beside it lies a.expected.ndjson, or a.refused where refusing is what it shows. */
static bool is_meant_refused(const char *dir, const char *name)
{
    char *stem = mem_ndup(name, (size_t)(strrchr(name, '.') - name));
    char *path = mem_printf("%s/%s%s.refused", dir, stem, files_ends_with(name, ".csv") ? "_csv" : "");
    FILE *f = fopen(path, "re");
    if (f != NULL)
        fclose(f);
    mem_free(stem);
    mem_free(path);
    return f != NULL;
}

static bool is_fixture(const char *name)
{
    bool document = files_ends_with(name, ".json") || files_ends_with(name, ".jsonl") || files_ends_with(name, ".ndjson") ||
                    files_ends_with(name, ".csv");
    return document && strstr(name, ".expected.") == NULL;
}

static void try_fixture(struct tried *t, const char *dir, const char *name)
{
    struct plugin *self = (struct plugin *)(uintptr_t)t->plugin;
    struct registry only = {.plugin = &self, .n_plugin = 1};
    struct ingest_options options = {.platform = t->plugin->name};
    struct ingest_sink sink = {.ctx = t, .take = take, .problem = on_problem};
    char *path = mem_printf("%s/%s", dir, name);
    char *shown = mem_printf("%.*sfixtures/%s", (int)(strlen(t->plugin->shown) - strlen("plugin.lua")), t->plugin->shown, name);
    const char *names[] = {path};
    struct err e = {0};
    t->shown = shown;
    t->refused_is_meant = is_meant_refused(dir, name);
    if (ingest_run(&only, &options, names, 1, &sink, &e) != 0)
        warn(t->warnings, "%s:1: %s", shown, e.text);
    mem_free(path);
    mem_free(shown);
}

static void check_fixtures(const struct plugin *p, struct buf *warnings)
{
    if (p->dir == NULL || p->n_parser == 0)
        return;
    char *dir = mem_printf("%s/fixtures", p->dir);
    struct tried t = {.plugin = p, .reached = mem_array(p->n_parser, sizeof *t.reached), .warnings = warnings};
    struct files list = {0};
    struct err ignored;
    size_t tried = 0;
    files_list(dir, &list, &ignored);
    for (size_t i = 0; i < list.n; i++)
        if (is_fixture(list.name[i])) {
            try_fixture(&t, dir, list.name[i]);
            tried++;
        }
    for (size_t i = 0; tried > 0 && i < p->n_parser; i++)
        if (!t.reached[i])
            warn(warnings, "%s:%d: parsers.%s: no fixture reaches it; put a document of its kind into fixtures/", p->shown,
                 plugin_line(p, "parsers", parser_name(p->parser[i])), parser_name(p->parser[i]));
    files_free(&list);
    mem_free(t.reached);
    mem_free(dir);
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
        warn(warnings, "%s:%d: capabilities.%s: %s%s%sis not granted; write into tidemark.lua: %s", p->shown,
             plugin_line(p, "capabilities", c.name), c.name, c.value ? "'" : "", c.value ? c.value : "", c.value ? "' " : "",
             line);
        mem_free(line);
    }
    mem_free(list);
}

void plugin_check(const struct plugin *p, const char *lib_dir, const struct project *project, struct buf *warnings)
{
    check_files(p, lib_dir, warnings);
    check_fixtures(p, warnings);
    if (project != NULL)
        check_granted(p, warnings);
}
