#include "db/embedded_server.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/embedded_run.h"

#define PATIENCE_US (60 * 1000000LL)
#define SAY_AFTER_US (2 * 1000000LL)
#define LOG_LIMIT (10 << 20)

/* A process that has ended but was not collected by its parent still has a number. */
static bool is_zombie(pid_t pid)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return true;
    bool read = fgets(text, sizeof text, f) != NULL;
    fclose(f);
    const char *after_name = strrchr(text, ')');
    return !read || after_name == NULL || after_name[1] == '\0' || strchr("ZX", after_name[2]) != NULL;
}

/* Its arguments say "-D", "our data folder": for a root that may not look into other accounts' processes (a container). */
static bool was_started_for(pid_t pid, const char *data)
{
    char path[64], text[8192];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    for (const char *arg = text; arg < text + n; arg += strlen(arg) + 1)
        if (strcmp(arg, "-D") == 0 && arg + 3 < text + n)
            return strcmp(arg + 3, data) == 0;
    return false;
}

static bool is_our_server(const struct embedded_paths *p, pid_t pid)
{
    if (pid <= 1 || (kill(pid, 0) != 0 && errno == ESRCH))
        return false;
    struct stat process, cwd, data;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d", (int)pid);
    if (stat(path, &process) != 0)
        return access("/proc/self", F_OK) != 0; /* no /proc to look into: believe the file */
    if (process.st_uid != p->uid || is_zombie(pid) || stat(p->data, &data) != 0)
        return false;
    snprintf(path, sizeof path, "/proc/%d/cwd", (int)pid);
    if (stat(path, &cwd) == 0)
        return cwd.st_dev == data.st_dev && cwd.st_ino == data.st_ino;
    return errno == EACCES && was_started_for(pid, p->data);
}

/* A child of ours is known by its number alone: it is not in the data folder from the first moment on. */
static bool is_running(const struct embedded_paths *p, const struct embedded_server *s)
{
    pid_t ended = waitpid(s->pid, NULL, WNOHANG);
    return s->child ? ended == 0 : is_our_server(p, s->pid);
}

/* postmaster.pid: number, data, start time, port, socket folder, address, shared memory, status. */
static bool read_pid_file(const char *path, struct embedded_server *s)
{
    int fd = embedded_open(path, O_RDONLY, 0);
    FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (f == NULL)
        return false;
    /* The file grows while the server starts: what an older one said must not stand for what is not there yet. */
    *s = (struct embedded_server){.child = s->child};
    char line[1200];
    for (int i = 1; fgets(line, sizeof line, f) != NULL; i++) {
        line[strcspn(line, "\n")] = '\0';
        if (i == 1)
            s->pid = (pid_t)atoi(line);
        else if (i == 5)
            snprintf(s->socket_dir, sizeof s->socket_dir, "%.127s", line);
        else if (i == 8)
            snprintf(s->status, sizeof s->status, "%.*s", (int)strcspn(line, " "), line);
    }
    fclose(f);
    return true;
}

static char *pid_file(const struct embedded_paths *p)
{
    return mem_printf("%s/postmaster.pid", p->data);
}

void embedded_server_find(const struct embedded_paths *p, struct embedded_server *s)
{
    *s = (struct embedded_server){0};
    char *path = pid_file(p);
    if (read_pid_file(path, s) && !is_our_server(p, s->pid))
        *s = (struct embedded_server){0};
    mem_free(path);
}

/* After a hard end. PostgreSQL removes a stale postmaster.pid itself, but only when no process has that number: here it is
 * known that none of ours has. */
static void remove_stale(const struct embedded_paths *p)
{
    struct embedded_server s = {0};
    char *path = pid_file(p);
    if (read_pid_file(path, &s) && s.pid > 0 && kill(s.pid, 0) == 0)
        unlink(path);
    mem_free(path);
    static const char *const names[] = {".s.PGSQL.5432", ".s.PGSQL.5432.lock"};
    for (size_t i = 0; i < 2; i++) {
        path = mem_printf("%s/%s", p->socket_dir, names[i]);
        unlink(path);
        mem_free(path);
    }
}

static PGPing ping(const char *socket_dir)
{
    static const char *const keys[] = {"host", "port", "user", "dbname", "connect_timeout", NULL};
    const char *const values[] = {socket_dir, "5432", "tidemark", "tidemark", "5", NULL};
    return PQpingParams(keys, values, 0);
}

static bool has_socket(const char *socket_dir)
{
    char path[160];
    snprintf(path, sizeof path, "%s/.s.PGSQL.5432", socket_dir);
    return access(path, F_OK) == 0 || errno != ENOENT;
}

static void say_what_lasts(const char *status)
{
    if (strcmp(status, "stopping") == 0)
        log_info("the embedded PostgreSQL is still stopping, waiting for it");
    else
        log_info("the embedded PostgreSQL is starting up (after a crash it reads its log first), waiting for it");
}

/* The status in the file is asked before the server is: each refused connection would be a line in its log. */
enum embedded_wait embedded_server_wait(const struct embedded_paths *p, struct embedded_server *s, struct loop *loop,
                                        struct err *e)
{
    const struct embedded_server asked = *s;
    const int64_t begin = clock_mono_us();
    char *path = pid_file(p);
    enum embedded_wait rc = EMBEDDED_FAILED;
    for (bool told = false;;) {
        bool ready = read_pid_file(path, s) && s->pid == asked.pid && strcmp(s->status, "ready") == 0;
        if (!is_running(p, &asked)) {
            rc = EMBEDDED_ENDED;
            break;
        }
        if (ready && !has_socket(s->socket_dir)) {
            rc = EMBEDDED_NO_SOCKET;
            break;
        }
        if (ready && ping(s->socket_dir) == PQPING_OK) {
            rc = EMBEDDED_READY;
            break;
        }
        int64_t waited = clock_mono_us() - begin;
        if (waited > PATIENCE_US && strcmp(s->status, "starting") != 0) {
            err_set(e, ERR_UNAVAILABLE, "the embedded PostgreSQL (process %d) does not answer; its log is %s", (int)asked.pid,
                    p->log);
            break;
        }
        if (waited > SAY_AFTER_US && !told) {
            say_what_lasts(s->status);
            told = true;
        }
        if (embedded_pause(loop, 10, e) != 0)
            break;
    }
    s->pid = asked.pid;
    mem_free(path);
    return rc;
}

static int open_log(const struct embedded_paths *p, off_t *end, struct err *e)
{
    struct stat st;
    if (lstat(p->log, &st) == 0 && st.st_size > LOG_LIMIT) {
        char *old = mem_printf("%s.1", p->log);
        rename(p->log, old);
        mem_free(old);
    }
    int fd = embedded_open(p->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0)
        return embedded_file_error(e, "open", p->log);
    *end = fstat(fd, &st) == 0 ? st.st_size : 0;
    return fd;
}

/* An eighth of the machine's memory, from PostgreSQL's default to 512 MB: pages are taken only as they are used, and the posts that
 * an ingest looks up must not push each other out. */
static char *shared_buffers(void)
{
    uint64_t mb = uv_get_total_memory() / 8 >> 20, limit = uv_get_constrained_memory() / 8 >> 20;
    if (limit > 0 && limit < mb)
        mb = limit;
    return mem_printf("shared_buffers=%uMB", (unsigned)(mb < 128 ? 128 : mb > 512 ? 512 : mb));
}

static int launch(const struct embedded_paths *p, const struct embedded_bin *bin, int log, pid_t *pid, struct err *e)
{
    char *program = mem_printf("%s/postgres", bin->dir);
    char *sockets = mem_printf("unix_socket_directories=%s", p->socket_dir);
    char *name = mem_printf("cluster_name=tidemark %s", p->hash), *buffers = shared_buffers();
    char into[] = "-D", set[] = "-c", no_tcp[] = "listen_addresses=", port[] = "port=5432",
         only_us[] = "unix_socket_permissions=0700", to_stderr[] = "log_destination=stderr",
         no_files[] = "logging_collector=off", zone[] = "timezone=UTC", log_zone[] = "log_timezone=UTC",
         messages[] = "lc_messages=C", jit[] = "jit=off", connections[] = "max_connections=40", wal[] = "max_wal_size=2GB";
    char *const argv[] = {program,  into,    p->data, set,       sockets,     set,      name,    set,  no_tcp, set,      port,
                          set,      only_us, set,     to_stderr, set,         no_files, set,     zone, set,    log_zone, set,
                          messages, set,     jit,     set,       connections, set,      buffers, set,  wal,    NULL};
    struct embedded_start start = {.argv = argv, .out = log, .for_good = true};
    int rc = -1;
    start.in = embedded_open("/dev/null", O_RDONLY, 0);
    if (start.in < 0)
        embedded_file_error(e, "open", "/dev/null");
    else
        rc = embedded_run_start(p, &start, pid, e);
    if (start.in >= 0)
        close(start.in);
    mem_free(program);
    mem_free(sockets);
    mem_free(name);
    mem_free(buffers);
    return rc;
}

/* What the server said since offset, its last lines; the caller's. */
static char *said_since(const struct embedded_paths *p, off_t offset)
{
    char text[1200] = "";
    int fd = embedded_open(p->log, O_RDONLY, 0);
    off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    off_t from = end - offset > (off_t)sizeof text - 1 ? end - (off_t)sizeof text + 1 : offset;
    ssize_t n = fd >= 0 ? pread(fd, text, sizeof text - 1, from) : 0;
    if (fd >= 0)
        close(fd);
    while (n > 0 && text[n - 1] == '\n')
        text[--n] = '\0';
    const char *start = from > offset && strchr(text, '\n') != NULL ? strchr(text, '\n') + 1 : text;
    return mem_dup(start);
}

/* A server that is not wanted any more: asked to end, and waited for, since its end would remove the next one's files. */
static void give_up(const struct embedded_paths *p, const struct embedded_server *s, int sig)
{
    struct err ignored;
    kill(s->pid, sig);
    for (int i = 0; i < 1000 && is_running(p, s); i++)
        embedded_pause(NULL, 10, &ignored);
}

/* Killed children of a killed server hold its memory for a moment longer: that start is tried again. */
static int try_start(const struct embedded_paths *p, const struct embedded_bin *bin, struct embedded_server *s,
                     struct loop *loop, bool *again, struct err *e)
{
    off_t end = 0;
    int log = open_log(p, &end, e);
    *again = false;
    if (log < 0)
        return -1;
    remove_stale(p);
    *s = (struct embedded_server){.child = true};
    int rc = launch(p, bin, log, &s->pid, e);
    close(log);
    if (rc != 0)
        return -1;
    enum embedded_wait got = embedded_server_wait(p, s, loop, e);
    if (got == EMBEDDED_READY)
        return 0;
    if (got != EMBEDDED_ENDED) {
        give_up(p, s, e->kind == ERR_CANCELLED ? SIGINT : SIGQUIT);
        return got == EMBEDDED_FAILED ? -1 : err_set(e, ERR_UNAVAILABLE, "somebody removes the sockets in %s", p->socket_dir);
    }
    char *said = said_since(p, end);
    *again = strstr(said, "is still in use") != NULL;
    if (embedded_says_full(said))
        embedded_disk_full(e, p->data, "the database needs room to start");
    else
        err_set(e, ERR_UNAVAILABLE, "the embedded PostgreSQL did not come up; the end of its log %s:\n%s", p->log, said);
    mem_free(said);
    return -1;
}

int embedded_server_start(const struct embedded_paths *p, const struct embedded_bin *bin, struct embedded_server *s,
                          struct loop *loop, struct err *e)
{
    bool again = false;
    if (embedded_paths_make_sockets(p, e) != 0)
        return -1;
    for (int tries = 0; tries < 50; tries++) {
        if (try_start(p, bin, s, loop, &again, e) == 0)
            return 0;
        struct err interrupted = {0};
        if (!again)
            break;
        if (embedded_pause(loop, 200, &interrupted) != 0) {
            *e = interrupted;
            break;
        }
    }
    embedded_paths_drop_sockets(p->socket_dir);
    return -1;
}

int embedded_server_stop(const struct embedded_paths *p, const struct embedded_server *s, struct loop *loop, struct err *e)
{
    const int64_t begin = clock_mono_us();
    bool told = false;
    if (kill(s->pid, SIGINT) != 0 && errno != ESRCH)
        return err_set(e, ERR_UNAVAILABLE, "cannot stop the embedded PostgreSQL (process %d): %s", (int)s->pid,
                       strerror(errno));
    while (is_running(p, s)) {
        int64_t waited = clock_mono_us() - begin;
        if (waited > PATIENCE_US)
            return err_set(e, ERR_UNAVAILABLE,
                           "the embedded PostgreSQL (process %d) has not stopped within 60 s; its log is %s", (int)s->pid,
                           p->log);
        if (waited > SAY_AFTER_US && !told) {
            say_what_lasts("stopping");
            told = true;
        }
        if (embedded_pause(loop, 5, e) != 0)
            return -1;
    }
    embedded_paths_drop_sockets(s->socket_dir);
    return 0;
}
