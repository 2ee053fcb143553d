#include "host/project.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "data/datetime.h"
#include "data/json.h"
#include "script/value.h"

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

int share_find(struct share *share, struct err *e)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n < 0)
        return err_set(e, ERR_CONFIG, "cannot read /proc/self/exe: %s", strerror(errno));
    exe[n] = '\0';
    for (int up = 0; up < 2; up++) /* BINDIR/tidemark -> BINDIR -> its parent */
        *strrchr(exe, '/') = '\0';
    char *base = mem_printf("%s/share/tidemark", exe);
    *share = (struct share){
        .lua = mem_printf("%s/lua", base), .plugins = mem_printf("%s/plugins", base), .schema = mem_printf("%s/schema", base)};
    int rc = 0;
    if (!exists(share->schema) || !exists(share->lua) || !exists(share->plugins))
        rc = err_set(e, ERR_CONFIG,
                     "%s is not complete: tidemark needs the folders lua, plugins and schema there; install it again", base);
    mem_free(base);
    return rc;
}

void share_free(struct share *share)
{
    mem_free(share->lua);
    mem_free(share->plugins);
    mem_free(share->schema);
    *share = (struct share){0};
}

char *project_find(const char *start)
{
    char *dir = realpath(start, NULL);
    while (dir != NULL) {
        char *file = mem_printf("%s/tidemark.lua", dir);
        bool found = exists(file);
        mem_free(file);
        if (found)
            return dir;
        char *slash = strrchr(dir, '/');
        if (slash == NULL || dir[1] == '\0')
            break;
        slash[slash == dir ? 1 : 0] = '\0';
    }
    mem_free(dir);
    return NULL;
}

/* --- reading the config: the table as JSON, each key by its reader, all mistakes collected --- */

struct reading {
    struct project *p;
    const char *source; /* the file's text, to find the line a key stands on */
    struct buf mistakes;
};

/* The line on which a key is written: the first "key =" or ["key"] outside comments; 1 where it is not to be found. */
static int line_of(const char *source, const char *key)
{
    size_t n = strlen(key);
    int line = 1;
    for (const char *p = source; *p != '\0'; p++) {
        if (*p == '\n')
            line++;
        if (p[0] == '-' && p[1] == '-') {
            p += strcspn(p, "\n") - 1;
            continue;
        }
        bool begins = p == source || strchr(" \t\n{,;[\"'", p[-1]) != NULL;
        if (begins && strncmp(p, key, n) == 0 && strchr(" \t=\"']", p[n]) != NULL && p[n] != '\0')
            return line;
    }
    return 1;
}

__attribute__((format(printf, 3, 4))) static void mistake(struct reading *r, const char *key, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    const char *last = strrchr(key, '.');
    buf_printf(&r->mistakes, "%s%s:%d: %s: %s", r->mistakes.len ? "\n" : "", r->p->file,
               line_of(r->source, last ? last + 1 : key), key, text);
    mem_free(text);
}

static void read_owners(struct reading *r, const cJSON *value)
{
    struct project *p = r->p;
    if (json_kind(value) != JSON_OBJECT) {
        mistake(r, "owners", "must be a table of name = \"UUID\", not a %s", json_kind_name(json_kind(value)));
        return;
    }
    p->owner = mem_array(json_size(value), sizeof *p->owner);
    const cJSON *item;
    cJSON_ArrayForEach(item, value)
    {
        struct owner *o = &p->owner[p->n_owner];
        const char *text = json_text(item);
        char *key = mem_printf("owners.%s", item->string);
        if (text == NULL || !uuid_parse(text, &o->id))
            mistake(r, key, "must be a UUID such as \"01890f3e-7b3a-7cc2-98c4-dc0c0c07398f\"");
        else
            p->owner[p->n_owner++].name = mem_dup(item->string);
        mem_free(key);
    }
}

static void read_default_owner(struct reading *r, const cJSON *value)
{
    const char *name = json_text(value);
    if (name == NULL) {
        mistake(r, "default_owner", "must be the name of one of the owners");
        return;
    }
    for (size_t i = 0; i < r->p->n_owner; i++)
        if (strcmp(r->p->owner[i].name, name) == 0)
            r->p->default_owner = &r->p->owner[i];
    if (r->p->default_owner == NULL)
        mistake(r, "default_owner", "'%s' is not one of the owners", name);
}

static void read_text(struct reading *r, const cJSON *value, const char *key, char **to)
{
    if (json_text(value) == NULL)
        mistake(r, key, "must be text, not a %s", json_kind_name(json_kind(value)));
    else
        *to = mem_dup(json_text(value));
}

static void read_zone(struct reading *r, const cJSON *value)
{
    int year, month, day;
    read_text(r, value, "time_zone", &r->p->zone);
    if (r->p->zone != NULL && !datetime_day_of(r->p->zone, 0, &year, &month, &day))
        mistake(r, "time_zone", "there is no time zone '%s'; write it as Europe/Berlin", r->p->zone);
}

static void read_limits(struct reading *r, const cJSON *value)
{
    static const char *const keys[] = {"memory_mb", "call_ms"};
    const cJSON *item;
    if (json_kind(value) != JSON_OBJECT) {
        mistake(r, "limits", "must be a table such as { memory_mb = 64, call_ms = 200 }");
        return;
    }
    cJSON_ArrayForEach(item, value)
    {
        char *key = mem_printf("limits.%s", item->string);
        const char *near = nearest(item->string, keys, 2);
        int64_t n = 0;
        bool memory = strcmp(item->string, keys[0]) == 0, call = strcmp(item->string, keys[1]) == 0;
        if (!memory && !call)
            mistake(r, key, near ? "unknown key, did you mean '%s'?" : "unknown key", near);
        else if (!json_int64(item, &n) || n < 1 || n > 1000000)
            mistake(r, key, "must be a whole number from 1 to 1000000");
        else if (memory)
            r->p->limits.memory = (size_t)n << 20;
        else
            r->p->limits.call_ms = (unsigned)n;
        mem_free(key);
    }
}

static void read_config(struct reading *r, const cJSON *root)
{
    static const char *const keys[] = {"owners", "default_owner", "database", "time_zone", "limits"};
    if (json_kind(root) != JSON_OBJECT) {
        mistake(r, "return", "the file must return a table");
        return;
    }
    const cJSON *value;
    cJSON_ArrayForEach(value, root)
    {
        const char *key = value->string;
        if (strcmp(key, "owners") == 0)
            read_owners(r, value);
        else if (strcmp(key, "database") == 0)
            read_text(r, value, key, &r->p->database);
        else if (strcmp(key, "time_zone") == 0)
            read_zone(r, value);
        else if (strcmp(key, "limits") == 0)
            read_limits(r, value);
        else if (strcmp(key, "default_owner") != 0) {
            const char *near = nearest(key, keys, sizeof keys / sizeof *keys);
            mistake(r, key,
                    near ? "unknown key, did you mean '%s'?"
                         : "unknown key (known: owners, default_owner, database, time_zone, limits)",
                    near);
        }
    }
    if ((value = json_get(root, "default_owner", 13)) != NULL) /* after the owners, wherever it stands */
        read_default_owner(r, value);
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
    return buf_take(&b);
}

static int run_config(struct reading *r, struct vm *vm, struct err *e)
{
    if (vm_load_file(vm, r->p->file, NULL, e) != 0)
        return -1;
    struct buf text = {0};
    struct json_doc *doc = NULL;
    int rc = 0;
    const char *wrong = value_write(vm_lua(vm), -1, &text);
    if (wrong != NULL)
        rc = err_set(e, ERR_CONFIG, "%s: %s", r->p->file, wrong);
    else if ((rc = json_parse(text.data, text.len, NULL, &doc, e)) == 0)
        read_config(r, json_root(doc));
    if (rc == 0 && r->mistakes.len > 0)
        rc = err_set(e, ERR_CONFIG, "%s", r->mistakes.data);
    json_free(&doc);
    buf_free(&text);
    return rc;
}

int project_load(const char *dir, const char *lua_dir, struct project **out, struct err *e)
{
    struct project *p = mem_alloc(sizeof *p);
    p->dir = realpath(dir, NULL);
    p->limits = vm_limits_default;
    struct reading r = {.p = p};
    struct vm *vm = NULL;
    char *source = NULL;
    int rc = -1;
    if (p->dir == NULL) {
        err_set(e, ERR_CONFIG, "%s: %s", dir, strerror(errno));
        goto out;
    }
    p->file = mem_printf("%s/tidemark.lua", p->dir);
    p->plugins = mem_printf("%s/plugins", p->dir);
    if ((source = read_file(p->file, e)) == NULL)
        goto out;
    r.source = source;
    vm = vm_new("tidemark.lua", lua_dir, NULL, NULL);
    rc = run_config(&r, vm, e);
out:
    vm_free(&vm);
    buf_free(&r.mistakes);
    mem_free(source);
    if (rc != 0)
        project_free(&p);
    *out = p;
    return rc;
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
    mem_free(p->zone);
    mem_free(p);
    *pp = NULL;
}
