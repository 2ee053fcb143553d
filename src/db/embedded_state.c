/* What doctor shows: looks, and changes nothing. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/mem.h"
#include "db/embedded.h"
#include "db/embedded_cluster.h"
#include "db/embedded_server.h"

/* Commands at work, but for this process, from the kernel's list of locks:
 * "1: FLOCK  ADVISORY  READ  1234 fe:00:98765 0 EOF". One of another process namespace has no number here, and counts. */
static int count_users(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return 0;
    FILE *f = fopen("/proc/locks", "re");
    if (f == NULL)
        return -1;
    char line[256], kind[16], mode[16];
    int users = 0;
    while (fgets(line, sizeof line, f) != NULL) {
        int pid = 0;
        unsigned dev_major = 0, dev_minor = 0;
        unsigned long inode = 0;
        if (sscanf(line, "%*d: %15s %*s %15s %d %x:%x:%lu", kind, mode, &pid, &dev_major, &dev_minor, &inode) != 6)
            continue;
        bool ours = dev_major == major(st.st_dev) && dev_minor == minor(st.st_dev) && inode == st.st_ino;
        if (ours && strcmp(kind, "FLOCK") == 0 && pid != getpid())
            users++;
    }
    fclose(f);
    return users;
}

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from != NULL ? from : "");
}

int embedded_state(const char *project, struct embedded_state *out, struct err *e)
{
    struct embedded_paths p;
    struct embedded_server s;
    struct embedded_bin bin;
    *out = (struct embedded_state){0};
    if (embedded_paths_find(project, &p, e) != 0)
        return -1;
    int rc = embedded_cluster_version(&p, &out->cluster_version, e);
    if (rc == 0) {
        embedded_server_find(&p, &s);
        embedded_bin_find(&p, out->cluster_version, &bin);
        copy(out->data, sizeof out->data, p.data);
        copy(out->socket_dir, sizeof out->socket_dir, s.pid != 0 ? s.socket_dir : p.socket_dir);
        copy(out->log, sizeof out->log, p.log);
        copy(out->account, sizeof out->account, p.account);
        copy(out->bindir, sizeof out->bindir, bin.dir);
        out->server_version = bin.version;
        out->pid = s.pid;
        out->pinned = access(p.pin, F_OK) == 0;
        out->users = count_users(p.use);
        embedded_bin_fini(&bin);
    }
    embedded_paths_fini(&p);
    return rc;
}
