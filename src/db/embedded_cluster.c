#include "db/embedded_cluster.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "db/embedded.h"
#include "db/embedded_run.h"

#define OLDEST 15 /* the views need security_invoker */
#define SIBLING "pg.new."

/* An empty folder is as good as none: the new cluster is renamed over it. */
static bool is_missing_or_empty(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return errno == ENOENT;
    int names = 0;
    while (readdir(dir) != NULL)
        names++;
    closedir(dir);
    return names <= 2;
}

int embedded_cluster_version(const struct embedded_paths *p, int *version, struct err *e)
{
    char *path = mem_printf("%s/PG_VERSION", p->data);
    FILE *f = fopen(path, "re");
    int rc = 0;
    *version = 0;
    if (f != NULL) {
        if (fscanf(f, "%d", version) != 1 || *version <= 0)
            rc = err_set(e, ERR_CONFIG, "%s: not the version number of a PostgreSQL cluster: restore the file, or move %s away",
                         path, p->data);
        fclose(f);
    } else if (errno != ENOENT && errno != ENOTDIR) {
        rc = embedded_file_error(e, "read", path);
    } else if (!is_missing_or_empty(p->data)) {
        rc = err_set(e, ERR_CONFIG, "%s is there but is no PostgreSQL cluster (no file PG_VERSION in it): move it away",
                     p->data);
    }
    mem_free(path);
    return rc;
}

static int check_owner(const struct embedded_paths *p, struct err *e)
{
    struct stat st;
    if (stat(p->data, &st) != 0)
        return embedded_file_error(e, "look at", p->data);
    if (st.st_uid != p->uid)
        return err_set(e, ERR_CONFIG, "%s belongs to user id %u, but its server would run as %s (%u): chown -R %s %s", p->data,
                       (unsigned)st.st_uid, p->account, (unsigned)p->uid, p->account, p->data);
    return 0;
}

int embedded_cluster_check(const struct embedded_paths *p, int version, const struct embedded_bin *bin, struct err *e)
{
    const char *given = getenv("TIDEMARK_PG_BINDIR");
    if (bin->dir == NULL && given != NULL)
        return err_set(
            e, ERR_CONFIG,
            "no PostgreSQL server in TIDEMARK_PG_BINDIR=%s (it must hold postgres and initdb): correct it, or unset it and "
            "install the package postgresql-%d",
            given, version != 0 ? version : OLDEST);
    if (bin->dir == NULL)
        return err_set(
            e, ERR_CONFIG,
            "no PostgreSQL server is installed: install the package postgresql-%d (Debian, Ubuntu) or \"postgresql\", or "
            "give a server of your own with --database",
            version != 0 ? version : OLDEST);
    if (version != 0 && version != bin->version)
        return err_set(e, ERR_CONFIG,
                       "the database in %s was made by PostgreSQL %d, but the server in %s is %d: install the package "
                       "postgresql-%d, or bring the data over with pg_upgrade",
                       p->data, version, bin->dir, bin->version, version);
    if (bin->version < OLDEST)
        return err_set(e, ERR_CONFIG,
                       "PostgreSQL %d in %s is too old, tidemark needs %d or newer: install the package \"postgresql\"",
                       bin->version, bin->dir, OLDEST);
    return version != 0 ? check_owner(p, e) : 0;
}

/* Removes a tree without following links: as root it is another account's that we take down. */
static void remove_tree(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        unlinkat(parent, name, 0);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_tree(dirfd(dir), entry->d_name);
    closedir(dir);
    unlinkat(parent, name, AT_REMOVEDIR);
}

/* What killed commands left half-made. */
static void remove_siblings(const struct embedded_paths *p)
{
    int fd = embedded_open(p->base, O_RDONLY | O_DIRECTORY, 0);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strncmp(entry->d_name, SIBLING, strlen(SIBLING)) == 0)
            remove_tree(dirfd(dir), entry->d_name);
    closedir(dir);
}

int embedded_destroy(const char *project, struct err *e)
{
    struct embedded_paths p;
    int rc = embedded_paths_find(project, &p, e);
    if (rc == 0) {
        embedded_paths_drop_sockets(p.socket_dir);
        remove_tree(AT_FDCWD, p.base);
    }
    embedded_paths_fini(&p);
    return rc;
}

bool embedded_says_full(const char *text)
{
    return strstr(text, "No space left on device") != NULL || strstr(text, "Disk quota exceeded") != NULL;
}

/* The tool's last lines, without the newline. */
static const char *tail_of(struct buf *out)
{
    if (out->len == 0)
        return "(it said nothing)";
    while (out->len > 0 && out->data[out->len - 1] == '\n')
        out->data[--out->len] = '\0';
    const char *from = out->data + out->len;
    for (int lines = 0; from > out->data && lines < 5; lines++)
        for (from--; from > out->data && from[-1] != '\n';)
            from--;
    return from;
}

/* One cluster on its way. */
struct making {
    const struct embedded_paths *p;
    const struct embedded_bin *bin;
    struct loop *loop;
    char *dir;
    bool full; /* a tool met the end of the disk */
};

static int run(struct making *m, const struct embedded_tool *tool, const char *what, struct err *e)
{
    struct buf out = {0};
    int status = 0;
    int rc = embedded_run_tool(m->p, tool, &out, &status, e);
    const char *said = out.len > 0 ? out.data : "";
    if (rc == 0 && (status != 0 || strstr(said, "ERROR:") != NULL || strstr(said, "FATAL:") != NULL)) {
        m->full = embedded_says_full(said);
        rc = err_set(e, ERR_UNAVAILABLE, "%s failed: %s", what, tail_of(&out));
    }
    buf_free(&out);
    return rc;
}

static int run_initdb(struct making *m, struct err *e)
{
    char *program = mem_printf("%s/initdb", m->bin->dir);
    char into[] = "-D", encoding[] = "--encoding=UTF8", locale[] = "--locale=C.UTF-8", messages[] = "--lc-messages=C",
         checksums[] = "--data-checksums", peer[] = "--auth=peer", user[] = "--username=tidemark";
    struct embedded_tool tool = {
        .argv = (char *const[]){program, into, m->dir, encoding, locale, messages, checksums, peer, user, NULL},
        .loop = m->loop,
    };
    int rc = run(m, &tool, "initdb", e);
    mem_free(program);
    return rc;
}

/* Without a running server, so that nobody can meet a cluster that has no database yet. */
static int create_database(struct making *m, struct err *e)
{
    char *program = mem_printf("%s/postgres", m->bin->dir);
    char single[] = "--single", into[] = "-D", database[] = "postgres";
    struct embedded_tool tool = {
        .argv = (char *const[]){program, single, into, m->dir, database, NULL},
        .input = "CREATE DATABASE tidemark\n",
        .loop = m->loop,
    };
    int rc = run(m, &tool, "making the database tidemark", e);
    mem_free(program);
    return rc;
}

/* Over the file that initdb made. The folder is the server account's, who may have put a link there: not followed. */
static int write_file(const struct embedded_paths *p, const char *dir, const char *name, const char *text, struct err *e)
{
    char *path = mem_printf("%s/%s", dir, name);
    int rc = -1;
    struct stat st;
    int fd = embedded_open(path, O_WRONLY, 0);
    size_t n = strlen(text);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_uid != p->uid || st.st_nlink != 1)
        err_set(e, ERR_CONFIG, "%s: not the file that initdb made", path);
    else if (ftruncate(fd, 0) != 0 || write(fd, text, n) != (ssize_t)n || fsync(fd) != 0)
        embedded_file_error(e, "write", path);
    else
        rc = 0;
    if (fd >= 0)
        close(fd);
    mem_free(path);
    return rc;
}

static void add_map(struct buf *ident, const char *account, const char *login)
{
    buf_str(ident, "tidemark \"");
    for (const char *c = account; *c != '\0'; c++) {
        buf_char(ident, *c);
        if (*c == '"')
            buf_char(ident, '"');
    }
    buf_printf(ident, "\" %s\n", login);
}

static void make_ident(const struct embedded_paths *p, struct buf *ident)
{
    static const char *const logins[] = {"tidemark", EMBEDDED_PLUGIN_LOGIN};
    buf_str(ident, "# Who may connect as tidemark, and as the login of plugins' statements: the server's account and root.\n");
    for (size_t i = 0; i < sizeof logins / sizeof *logins; i++) {
        add_map(ident, p->account, logins[i]);
        if (strcmp(p->account, "root") != 0)
            add_map(ident, "root", logins[i]);
    }
}

int embedded_cluster_renew(const struct embedded_paths *p, bool *changed, struct err *e)
{
    char *path = mem_printf("%s/pg_ident.conf", p->data);
    int fd = embedded_open(path, O_RDONLY, 0);
    char found[2048];
    ssize_t n = fd >= 0 ? read(fd, found, sizeof found - 1) : -1;
    struct buf ident = {0};
    int rc = 0;
    if (fd >= 0)
        close(fd);
    mem_free(path);
    make_ident(p, &ident);
    found[n > 0 ? n : 0] = '\0';
    *changed = strcmp(found, ident.data) != 0;
    if (*changed)
        rc = write_file(p, p->data, "pg_ident.conf", ident.data, e);
    buf_free(&ident);
    return rc;
}

static int write_access(const struct embedded_paths *p, const char *dir, struct err *e)
{
    struct buf ident = {0};
    make_ident(p, &ident);
    int rc = write_file(p, dir, "pg_ident.conf", ident.data, e);
    if (rc == 0)
        rc = write_file(p, dir, "pg_hba.conf",
                        "# Only through the socket, and only whom pg_ident.conf names.\n"
                        "local all all peer map=tidemark\n"
                        "local replication all peer map=tidemark\n",
                        e);
    buf_free(&ident);
    return rc;
}

static int put_in_place(const struct embedded_paths *p, const char *dir, struct err *e)
{
    if (rename(dir, p->data) != 0)
        return embedded_file_error(e, "put the new database in place at", p->data);
    int fd = embedded_open(p->base, O_RDONLY | O_DIRECTORY, 0);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    return 0;
}

int embedded_cluster_make(const struct embedded_paths *p, const struct embedded_bin *bin, struct loop *loop, struct err *e)
{
    remove_siblings(p);
    struct making m = {.p = p, .bin = bin, .loop = loop, .dir = mem_printf("%s/" SIBLING "XXXXXX", p->base)};
    int rc = -1;
    if (mkdtemp(m.dir) == NULL || (p->root && chown(m.dir, p->uid, p->gid) != 0))
        embedded_file_error(e, "make", m.dir);
    else if (run_initdb(&m, e) == 0 && create_database(&m, e) == 0 && write_access(p, m.dir, e) == 0)
        rc = put_in_place(p, m.dir, e);
    if (rc != 0)
        remove_siblings(p);
    if (rc != 0 && m.full) /* said after the clean-up: what is free then is what there was */
        embedded_disk_full(e, p->base, "a new database needs about 60 MiB");
    mem_free(m.dir);
    return rc;
}
