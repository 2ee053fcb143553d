#include "db/embedded_paths.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "data/sha256.h"

#define SOCKET_NAME "/.s.PGSQL.5432"
#define ROOTS_BASE "/var/lib/tidemark"
/* PostgreSQL keeps paths in 1024 bytes and appends names of its own to the data folder's. */
#define MAX_BASE 960

int embedded_disk_full(struct err *e, const char *path, const char *need)
{
    struct statvfs fs;
    unsigned long long mib = 0;
    if (statvfs(path, &fs) == 0)
        mib = (unsigned long long)fs.f_bavail * fs.f_frsize >> 20;
    return err_set(e, ERR_TEMPORARY, "the disk is full: %s has %llu MiB free, %s", path, mib, need);
}

int embedded_file_error(struct err *e, const char *what, const char *path)
{
    if (errno == ENOSPC || errno == EDQUOT)
        return err_set(e, ERR_TEMPORARY, "the disk is full: cannot %s %s", what, path);
    return err_set(e, ERR_CONFIG, "%s: cannot %s: %s", path, what, strerror(errno));
}

int embedded_high_fd(int fd)
{
    if (fd < 0 || fd > 2)
        return fd;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    close(fd);
    return high;
}

int embedded_open(const char *path, int flags, mode_t mode)
{
    return embedded_high_fd(open(path, flags | O_CLOEXEC | O_NOFOLLOW, mode));
}

/* The server's account: root's is "postgres", because PostgreSQL refuses to run as root; everybody else's is his own. */
static void find_account(struct embedded_paths *p)
{
    const struct passwd *pw = p->root ? getpwnam("postgres") : getpwuid(geteuid());
    p->uid = pw != NULL ? pw->pw_uid : geteuid();
    p->gid = pw != NULL ? pw->pw_gid : getegid();
    if (pw != NULL)
        snprintf(p->account, sizeof p->account, "%s", pw->pw_name);
}

/* $XDG_RUNTIME_DIR where it can serve: ours (after su it is another user's), plain enough to stand in a connection string and
 * in a list setting of the server, and short enough for a socket's name. NULL: it cannot. */
static const char *runtime_dir(const char *hash)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+";
    const char *dir = getenv("XDG_RUNTIME_DIR");
    if (dir == NULL || dir[0] != '/' || dir[strspn(dir, plain)] != '\0')
        return NULL;
    if (strlen(dir) + strlen("/tidemark/") + strlen(hash) + strlen(SOCKET_NAME) >= sizeof((struct sockaddr_un *)0)->sun_path)
        return NULL;
    struct stat st;
    if (lstat(dir, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022) != 0)
        return NULL;
    return dir;
}

static void find_sockets(struct embedded_paths *p)
{
    const char *runtime = p->root ? NULL : runtime_dir(p->hash);
    if (p->root)
        p->socket_dir = mem_printf("/run/tidemark/%s", p->hash);
    else if (runtime != NULL)
        p->socket_dir = mem_printf("%s/tidemark/%s", runtime, p->hash);
    else
        p->socket_dir = mem_printf("/tmp/tidemark-%u/%s", (unsigned)geteuid(), p->hash);
}

int embedded_paths_find(const char *project, struct embedded_paths *p, struct err *e)
{
    *p = (struct embedded_paths){.root = geteuid() == 0};
    char *real = realpath(project, NULL);
    if (real == NULL)
        return err_set(e, ERR_CONFIG, "%s: cannot find the project folder: %s", project, strerror(errno));
    p->project = mem_dup(real);
    free(real);
    struct sha256 sum = sha256_of(p->project, strlen(p->project));
    char hex[65];
    sha256_hex(&sum, hex);
    memcpy(p->hash, hex, sizeof p->hash - 1);
    find_account(p);
    p->roots_data = mem_printf(ROOTS_BASE "/%s/pg", p->hash);
    p->base = p->root ? mem_printf(ROOTS_BASE "/%s", p->hash) : mem_printf("%s/.tidemark", p->project);
    p->data = mem_printf("%s/pg", p->base);
    p->log = mem_printf("%s/pg.log", p->base);
    p->mutex = mem_printf("%s/pg.lock", p->base);
    p->use = mem_printf("%s/pg.use", p->base);
    p->pin = mem_printf("%s/pg.pin", p->base);
    find_sockets(p);
    return 0;
}

void embedded_paths_fini(struct embedded_paths *p)
{
    char *const texts[] = {p->project, p->base, p->data, p->log, p->mutex, p->use, p->pin, p->socket_dir, p->roots_data};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        mem_free(texts[i]);
    *p = (struct embedded_paths){0};
}

static const char *name_of(uid_t uid, char text[64])
{
    const struct passwd *pw = getpwuid(uid);
    if (pw != NULL)
        snprintf(text, 64, "%s", pw->pw_name);
    else
        snprintf(text, 64, "user id %u", (unsigned)uid);
    return text;
}

static mode_t forbidden_by(mode_t mode)
{
    return mode == 0700 ? 077 : 022;
}

/* What is at path is a folder of that owner and lets in whom mode lets in: nobody else (0700), or others to pass (0711). */
static int check_folder(const char *path, uid_t owner, mode_t mode, struct err *e)
{
    struct stat st;
    char is[64], must_be[64];
    if (lstat(path, &st) != 0)
        return embedded_file_error(e, "look at", path);
    if (!S_ISDIR(st.st_mode))
        return err_set(e, ERR_CONFIG, "%s is not a folder, tidemark keeps its database socket there: remove it", path);
    if (st.st_uid != owner)
        return err_set(e, ERR_CONFIG, "%s belongs to %s, it must belong to %s: remove it or ask its owner to", path,
                       name_of(st.st_uid, is), name_of(owner, must_be));
    if ((st.st_mode & forbidden_by(mode)) != 0 || (st.st_mode & mode) != mode)
        return err_set(e, ERR_CONFIG, "%s has mode %04o, it must have %04o: chmod %o %s", path, (unsigned)st.st_mode & 07777,
                       (unsigned)mode, (unsigned)mode, path);
    return 0;
}

/* Makes the folder where it is missing, or ends what a killed command began: what is ours and closed to others is put right,
 * anything else is left as it is and refused. */
static int own_folder(const char *path, const struct embedded_paths *p, uid_t owner, mode_t mode, struct err *e)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return embedded_file_error(e, "make", path);
    int fd = embedded_open(path, O_RDONLY | O_DIRECTORY, 0);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & forbidden_by(mode)) == 0 &&
        ((st.st_mode & mode) != mode || st.st_uid != owner)) {
        bool done = (owner == geteuid() || fchown(fd, owner, p->gid) == 0) && fchmod(fd, mode) == 0;
        if (!done) {
            embedded_file_error(e, "set owner and mode of", path);
            close(fd);
            return -1;
        }
    }
    if (fd >= 0)
        close(fd);
    return check_folder(path, owner, mode, e);
}

static int check_account(const struct embedded_paths *p, struct err *e)
{
    if (p->account[0] != '\0')
        return 0;
    if (p->root)
        return err_set(e, ERR_CONFIG,
                       "there is no account \"postgres\", and PostgreSQL refuses to run as root: install the package "
                       "postgresql (it makes the account), or run tidemark as an ordinary user");
    return err_set(e, ERR_CONFIG,
                   "user id %u has no name on this system, and PostgreSQL needs one: add it to /etc/passwd, or give "
                   "a server of your own with --database",
                   (unsigned)geteuid());
}

int embedded_paths_make(const struct embedded_paths *p, struct err *e)
{
    if (check_account(p, e) != 0)
        return -1;
    if (strlen(p->base) > MAX_BASE)
        return err_set(e, ERR_CONFIG, "the project's path is too long for PostgreSQL: %zu bytes, at most %zu: move the project",
                       strlen(p->project), (size_t)MAX_BASE - strlen("/.tidemark"));
    if (p->root) /* passable: the server, which is not root, lives below */
        return own_folder(ROOTS_BASE, p, 0, 0711, e) != 0 ? -1 : own_folder(p->base, p, 0, 0711, e);
    struct stat st;
    char is[64];
    if (mkdir(p->base, 0700) != 0 && errno != EEXIST)
        return embedded_file_error(e, "make", p->base);
    if (stat(p->base, &st) != 0) /* may be a link to a bigger disk */
        return embedded_file_error(e, "look at", p->base);
    if (st.st_uid != geteuid())
        return err_set(e, ERR_CONFIG, "%s belongs to %s: the project's database can only be used by its owner", p->base,
                       name_of(st.st_uid, is));
    return 0;
}

static char *parent_of(const char *dir)
{
    return mem_ndup(dir, (size_t)(strrchr(dir, '/') - dir));
}

int embedded_paths_make_sockets(const struct embedded_paths *p, struct err *e)
{
    char *parent = parent_of(p->socket_dir);
    int rc = -1;
    /* Another project's last command may take the empty parent away between the two: once more, then. */
    for (int i = 0; i < 5 && rc != 0; i++) {
        rc = own_folder(parent, p, geteuid(), p->root ? 0711 : 0700, e);
        if (rc == 0)
            rc = own_folder(p->socket_dir, p, p->uid, 0700, e);
        if (rc != 0 && access(parent, F_OK) == 0)
            break;
    }
    mem_free(parent);
    return rc;
}

int embedded_paths_check_sockets(const struct embedded_paths *p, const char *dir, struct err *e)
{
    char *parent = parent_of(dir);
    int rc = check_folder(parent, geteuid(), p->root ? 0711 : 0700, e);
    mem_free(parent);
    return rc != 0 ? -1 : check_folder(dir, p->uid, 0700, e);
}

void embedded_paths_drop_sockets(const char *socket_dir)
{
    if (rmdir(socket_dir) != 0)
        return;
    char *parent = parent_of(socket_dir);
    rmdir(parent);
    mem_free(parent);
}
