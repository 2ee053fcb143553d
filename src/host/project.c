#include "host/project.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

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
