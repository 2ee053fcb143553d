/* A project's config: run and checked by script/code (lua/tidemark/contract_project.lua says what may stand in it), then read here. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/json.h"
#include "host/project.h"
#include "script/code.h"

static const cJSON *member(const cJSON *object, const char *name)
{
    return object != NULL ? json_get(object, name, strlen(name)) : NULL;
}

/* --- limits: the config has other units than the states, so that a person need not count zeros --- */

static void set_limit(struct vm_limits *limits, const char *key, uint64_t n)
{
    const struct {
        const char *key;
        unsigned *to;
        unsigned unit;
    } numbers[] = {
        {"load_ms", &limits->load_ms, 1},     {"call_ms", &limits->call_ms, 1}, {"stuck_ms", &limits->stuck_ms, 1},
        {"run_s", &limits->run_ms, 1000},     {"cpu_s", &limits->cpu_ms, 1000}, {"db_s", &limits->db_ms, 1000},
        {"log_lines", &limits->log_lines, 1},
    };
    const struct {
        const char *key;
        size_t *to;
        unsigned shift;
    } sizes[] = {
        {"memory_mb", &limits->memory, 20},
        {"output_mb", &limits->output, 20},
        {"rows", &limits->rows, 0},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(key, numbers[i].key) == 0)
            *numbers[i].to = (unsigned)n * numbers[i].unit;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (strcmp(key, sizes[i].key) == 0)
            *sizes[i].to = (size_t)n << sizes[i].shift;
}

static void set_limits(struct vm_limits *limits, const cJSON *given)
{
    const cJSON *item;
    int64_t n;
    cJSON_ArrayForEach(item, given)
    {
        if (json_int64(item, &n) && n > 0)
            set_limit(limits, item->string, (uint64_t)n);
    }
}

struct vm_limits project_limits(const struct project *p, const char *plugin)
{
    struct vm_limits limits = p != NULL ? p->limits : vm_limits_default;
    if (p != NULL)
        set_limits(&limits, member(member(member(json_root(p->config), "plugins"), plugin), "limits"));
    return limits;
}

/* --- the rest --- */

static int read_owners(struct project *p, const cJSON *list, struct err *e)
{
    size_t n = json_kind(list) == JSON_ARRAY ? json_size(list) : 0;
    p->owner = mem_array(n + 1, sizeof *p->owner);
    for (; p->n_owner < n; p->n_owner++) {
        const cJSON *one = json_at(list, p->n_owner);
        const char *id = json_text(member(one, "id"));
        if (id == NULL || !uuid_parse(id, &p->owner[p->n_owner].id))
            return err_set(e, ERR_BUG, "the config's check let an owner pass whose id is no UUID");
        p->owner[p->n_owner].name = mem_dup(json_text(member(one, "name")));
    }
    return 0;
}

static int read_config(struct project *p, struct err *e)
{
    const cJSON *root = json_root(p->config);
    if (read_owners(p, member(root, "owners"), e) != 0)
        return -1;
    const char *name = json_text(member(root, "default_owner"));
    for (size_t i = 0; name != NULL && i < p->n_owner; i++)
        if (strcmp(p->owner[i].name, name) == 0)
            p->default_owner = &p->owner[i];
    p->database = mem_dup(json_text(member(root, "database")));
    p->plugin_database = mem_dup(json_text(member(root, "plugin_database")));
    p->zone = mem_dup(json_text(member(root, "time_zone")));
    set_limits(&p->limits, member(root, "limits"));
    return 0;
}

static char *read_file(const char *path, struct err *e)
{
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        err_set(e, ERR_CONFIG, "%s: %s", path, strerror(errno));
        return NULL;
    }
    struct buf b = {0};
    char piece[8192];
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0 && b.len < (1u << 20);)
        buf_add(&b, piece, n);
    fclose(f);
    return b.len > 0 ? buf_take(&b) : mem_dup("");
}

static int load(struct project *p, const char *lua_dir, struct buf *mistakes, struct err *e)
{
    if ((p->source = read_file(p->file, e)) == NULL)
        return -1;
    struct code_file file = {.path = p->file, .shown = "tidemark.lua", .name = "tidemark"};
    struct vm *vm = vm_new("tidemark.lua", lua_dir, NULL, NULL), *checker = code_checker(lua_dir);
    int rc = code_config(vm, checker, &file, &p->config, mistakes, e);
    vm_free(&vm);
    vm_free(&checker);
    return rc != 0 ? rc : read_config(p, e);
}

int project_check(const char *dir, const char *lua_dir, struct buf *mistakes, struct project **out, struct err *e)
{
    struct project *p = mem_alloc(sizeof *p);
    p->dir = realpath(dir, NULL);
    p->limits = vm_limits_default;
    size_t before = mistakes != NULL ? mistakes->len : 0;
    int rc = -1;
    if (p->dir == NULL) {
        err_set(e, ERR_CONFIG, "%s: %s", dir, strerror(errno));
    } else {
        p->file = mem_printf("%s/tidemark.lua", p->dir);
        p->plugins = mem_printf("%s/plugins", p->dir);
        rc = load(p, lua_dir, mistakes, e);
    }
    if (rc != 0 && mistakes != NULL && mistakes->len == before)
        buf_printf(mistakes, "%s%s", before > 0 ? "\n" : "", e->text);
    if (rc != 0)
        project_free(&p);
    *out = p;
    return rc;
}

int project_load(const char *dir, const char *lua_dir, struct project **out, struct err *e)
{
    return project_check(dir, lua_dir, NULL, out, e);
}

void project_free(struct project **pp)
{
    struct project *p = *pp;
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->n_owner; i++)
        mem_free(p->owner[i].name);
    mem_free(p->owner);
    mem_free(p->dir);
    mem_free(p->file);
    mem_free(p->plugins);
    mem_free(p->database);
    mem_free(p->plugin_database);
    mem_free(p->zone);
    mem_free(p->source);
    json_free(&p->config);
    mem_free(p);
    *pp = NULL;
}
