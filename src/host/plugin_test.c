#include "host/plugin_test.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

/* --- the spec files -------------------------------------------------------------------------------------------------------- */

struct files {
    char **name;
    size_t n;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find_specs(const char *dir, struct files *out)
{
    static const char ending[] = "_spec.lua";
    char *folder = mem_printf("%s/spec", dir);
    DIR *d = opendir(folder);
    for (const struct dirent *entry; d != NULL && (entry = readdir(d)) != NULL;) {
        size_t n = strlen(entry->d_name);
        if (entry->d_name[0] == '.' || n < sizeof ending || strcmp(entry->d_name + n - strlen(ending), ending) != 0)
            continue;
        out->name = mem_realloc(out->name, (out->n + 1) * sizeof *out->name);
        out->name[out->n++] = mem_printf("%s/%s", folder, entry->d_name);
    }
    if (d != NULL)
        closedir(d);
    if (out->n > 0)
        qsort(out->name, out->n, sizeof *out->name, by_name);
    mem_free(folder);
}

static void files_free(struct files *f)
{
    for (size_t i = 0; i < f->n; i++)
        mem_free(f->name[i]);
    mem_free(f->name);
}

bool plugin_test_has_spec(const char *dir)
{
    struct files files = {0};
    find_specs(dir, &files);
    bool has = files.n > 0;
    files_free(&files);
    return has;
}

/* --- one plugin -------------------------------------------------------------------------------------------------------------- */

static bool interrupted(void *host)
{
    const struct plugin_test *t = host;
    return throwaway_interrupted(&t->db);
}

/* A plugin that does not load has no specs worth running: its mistakes are told instead. */
static int check_loads(const struct plugin_test *t, const char *name, struct err *e)
{
    struct registry *alone = NULL;
    if (registry_load(&t->o.paths, name, &alone, e) != 0)
        return -1;
    bool found = registry_find(alone, name) != NULL;
    registry_free(&alone);
    return found ? 0 : err_set(e, ERR_CONFIG, "there is no plugin %s", name);
}

int plugin_test_run(struct plugin_test *t, const char *name, const char *dir, struct spec_result *result, struct err *e)
{
    struct files files = {0};
    const struct spec_host host = {.host = t, .call = plugin_test_ask, .interrupted = interrupted};
    find_specs(dir, &files);
    int rc = check_loads(t, name, e);
    if (rc == 0 && files.n == 0)
        rc = err_set(e, ERR_CONFIG, "%s has no spec: write %s/spec/%s_spec.lua (tidemark plugin new makes one)", name, dir,
                     name);
    if (rc == 0) {
        const struct spec_options options = {.lib_dir = t->o.paths.lib_dir,
                                             .name = name,
                                             .dir = dir,
                                             .file = (const char *const *)files.name,
                                             .n_file = files.n,
                                             .filter = t->o.filter,
                                             .record = t->o.record,
                                             .pure = t->o.pure,
                                             .ascii = t->o.ascii,
                                             .host = &host};
        rc = spec_run(&options, result, e);
    }
    if (interrupted(t))
        rc = err_set(e, ERR_CANCELLED, "stopped; the throw-away database is removed");
    files_free(&files);
    return rc;
}

struct plugin_test *plugin_test_open(const struct plugin_test_options *o)
{
    struct plugin_test *t = mem_alloc(sizeof *t);
    t->o = *o;
    return t;
}

void plugin_test_close(struct plugin_test **t)
{
    if (*t == NULL)
        return;
    registry_free(&(*t)->registry);
    throwaway_close(&(*t)->db);
    mem_free(*t);
    *t = NULL;
}
