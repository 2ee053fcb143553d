/* Two flock files beside the data, neither ever removed, neither inherited by a child:
 *   pg.lock   exclusive, only while somebody makes, starts or stops the server
 *   pg.use    shared by each command at work; taken and tried for exclusive only under pg.lock
 * The last one out is the one that gets pg.use for itself alone. A kill -9 drops both; the server it leaves running is found
 * and used by the next command. */
#include "db/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/embedded_cluster.h"
#include "db/embedded_run.h"
#include "db/embedded_server.h"

struct embedded {
    struct embedded_paths paths;
    int mutex, use; /* -1: not open */
    bool made;
    char uri[256], plugin_uri[256];
};

extern char **environ;

/* libpq would take from the environment whatever the connection string does not say. */
static void forget_pg_variables(void)
{
    for (char **var = environ; var != NULL && *var != NULL;) {
        char name[64];
        size_t n = strcspn(*var, "=");
        if (strncmp(*var, "PG", 2) != 0 || n >= sizeof name) {
            var++;
            continue;
        }
        memcpy(name, *var, n);
        name[n] = '\0';
        unsetenv(name);
        var = environ;
    }
}

static int open_lock(const char *path, int *fd, struct err *e)
{
    *fd = embedded_open(path, O_RDWR | O_CREAT, 0600);
    return *fd < 0 ? embedded_file_error(e, "open", path) : 0;
}

static int lock_mutex(struct embedded *pg, struct loop *loop, struct err *e)
{
    const int64_t begin = clock_mono_us();
    for (bool told = false; flock(pg->mutex, LOCK_EX | LOCK_NB) != 0;) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return embedded_file_error(e, "lock", pg->paths.mutex);
        if (!told && clock_mono_us() - begin > 2000000) {
            log_info("another tidemark is starting or stopping the embedded PostgreSQL, waiting for it");
            told = true;
        }
        if (embedded_pause(loop, 5, e) != 0)
            return -1;
    }
    return 0;
}

static int open_locks(struct embedded *pg, struct loop *loop, struct err *e)
{
    if (open_lock(pg->paths.mutex, &pg->mutex, e) != 0 || open_lock(pg->paths.use, &pg->use, e) != 0)
        return -1;
    if (lock_mutex(pg, loop, e) != 0)
        return -1;
    if (flock(pg->use, LOCK_SH | LOCK_NB) != 0)
        return embedded_file_error(e, "share", pg->paths.use);
    return 0;
}

/* Under the mutex, holding a share, which is kept. */
static bool is_alone(struct embedded *pg)
{
    bool alone = flock(pg->use, LOCK_EX | LOCK_NB) == 0;
    flock(pg->use, LOCK_SH | LOCK_NB); /* the failed try has let the share go */
    return alone;
}

static void close_locks(struct embedded *pg)
{
    if (pg->use >= 0)
        close(pg->use);
    if (pg->mutex >= 0)
        close(pg->mutex);
    pg->use = pg->mutex = -1;
}

/* A cluster that an older version made. A server that runs reads the file again in its own time: whoever connects as the new login
 * tries for a while. */
static int renew(struct embedded *pg, const struct embedded_server *s, struct err *e)
{
    bool changed = false;
    if (embedded_cluster_renew(&pg->paths, &changed, e) != 0)
        return -1;
    if (changed && s->pid != 0)
        kill(s->pid, SIGHUP);
    return 0;
}

static int start_server(struct embedded *pg, struct embedded_server *s, struct loop *loop, struct err *e)
{
    struct embedded_bin bin = {0};
    int version = 0, rc = -1;
    if (embedded_cluster_version(&pg->paths, &version, e) != 0)
        return -1;
    embedded_bin_find(&pg->paths, version, &bin);
    rc = embedded_cluster_check(&pg->paths, version, &bin, e);
    if (rc == 0 && version == 0) {
        log_info("making the embedded PostgreSQL %d in %s", bin.version, pg->paths.data);
        rc = embedded_cluster_make(&pg->paths, &bin, loop, e);
        pg->made = rc == 0;
    }
    if (rc == 0 && version != 0)
        rc = renew(pg, s, e);
    if (rc == 0)
        rc = embedded_server_start(&pg->paths, &bin, s, loop, e);
    embedded_bin_fini(&bin);
    return rc;
}

/* A folder of sockets that was cleaned away (a logout removes $XDG_RUNTIME_DIR) leaves a server that nobody can reach. */
static int stop_unreachable(struct embedded *pg, const struct embedded_server *s, struct loop *loop, struct err *e)
{
    if (!is_alone(pg))
        return err_set(e, ERR_UNAVAILABLE, "the sockets in %s were removed while others use the server: end them and try again",
                       s->socket_dir);
    log_info("the sockets in %s were removed: starting the embedded PostgreSQL again", s->socket_dir);
    return embedded_server_stop(&pg->paths, s, loop, e);
}

/* Finds the server or starts it. One that ends while we look at it is started again. */
static int bring_up(struct embedded *pg, struct loop *loop, struct err *e)
{
    struct embedded_server s;
    for (int round = 0; round < 3; round++) {
        embedded_server_find(&pg->paths, &s);
        if (s.pid != 0 && renew(pg, &s, e) != 0)
            return -1;
        if (s.pid == 0) {
            if (start_server(pg, &s, loop, e) != 0)
                return -1;
        } else {
            enum embedded_wait got = embedded_server_wait(&pg->paths, &s, loop, e);
            if (got == EMBEDDED_FAILED || (got == EMBEDDED_NO_SOCKET && stop_unreachable(pg, &s, loop, e) != 0))
                return -1;
            if (got != EMBEDDED_READY)
                continue;
        }
        snprintf(pg->uri, sizeof pg->uri, "host=%s port=5432 user=tidemark dbname=tidemark", s.socket_dir);
        snprintf(pg->plugin_uri, sizeof pg->plugin_uri, "host=%s port=5432 user=" EMBEDDED_PLUGIN_LOGIN " dbname=tidemark",
                 s.socket_dir);
        return embedded_paths_check_sockets(&pg->paths, s.socket_dir, e);
    }
    return err_set(e, ERR_UNAVAILABLE, "the embedded PostgreSQL keeps stopping; its log is %s", pg->paths.log);
}

static void warn_of_roots_data(const struct embedded_paths *p)
{
    static bool warned;
    if (p->root || warned || access(p->roots_data, F_OK) != 0)
        return;
    warned = true;
    log_warn("root has a database for this project too, in %s: it is another one, what root ingested is not in yours",
             p->roots_data);
}

static void free_embedded(struct embedded *pg)
{
    close_locks(pg);
    embedded_paths_fini(&pg->paths);
    mem_free(pg);
}

int embedded_enter(struct loop *loop, const char *project, struct embedded **out, struct err *e)
{
    struct embedded *pg = mem_alloc(sizeof *pg);
    pg->mutex = pg->use = -1;
    *out = NULL;
    forget_pg_variables();
    int rc = embedded_paths_find(project, &pg->paths, e);
    if (rc == 0) {
        warn_of_roots_data(&pg->paths);
        rc = embedded_paths_make(&pg->paths, e);
    }
    if (rc == 0)
        rc = open_locks(pg, loop, e);
    if (rc == 0)
        rc = bring_up(pg, loop, e);
    if (rc != 0) {
        free_embedded(pg);
        return -1;
    }
    flock(pg->mutex, LOCK_UN);
    *out = pg;
    return 0;
}

const char *embedded_uri(const struct embedded *pg)
{
    return pg->uri;
}

const char *embedded_plugin_uri(const struct embedded *pg)
{
    return pg->plugin_uri;
}

bool embedded_was_made(const struct embedded *pg)
{
    return pg->made;
}

/* Not interruptible: somebody who pressed Ctrl-C wants the server stopped too. */
void embedded_leave(struct embedded **pg)
{
    if (*pg == NULL)
        return;
    struct err e = {0};
    struct embedded_server s;
    int rc = lock_mutex(*pg, NULL, &e);
    if (rc == 0 && is_alone(*pg) && access((*pg)->paths.pin, F_OK) != 0) {
        embedded_server_find(&(*pg)->paths, &s);
        if (s.pid != 0)
            rc = embedded_server_stop(&(*pg)->paths, &s, NULL, &e);
    }
    if (rc != 0)
        log_warn("%s", e.text);
    free_embedded(*pg);
    *pg = NULL;
}

/* pin, unpin and stop: the mutex without a share. */
static int lock_project(struct embedded *pg, struct loop *loop, const char *project, struct err *e)
{
    *pg = (struct embedded){.mutex = -1, .use = -1};
    if (embedded_paths_find(project, &pg->paths, e) != 0 || embedded_paths_make(&pg->paths, e) != 0)
        return -1;
    return open_locks(pg, loop, e);
}

static void unlock_project(struct embedded *pg)
{
    close_locks(pg);
    embedded_paths_fini(&pg->paths);
}

int embedded_pin(const char *project, struct err *e)
{
    struct embedded pg;
    int fd = -1, rc = lock_project(&pg, NULL, project, e);
    if (rc == 0) {
        fd = embedded_open(pg.paths.pin, O_WRONLY | O_CREAT, 0600);
        rc = fd < 0 ? embedded_file_error(e, "write", pg.paths.pin) : 0;
    }
    if (fd >= 0)
        close(fd);
    unlock_project(&pg);
    return rc;
}

static int remove_pin(const struct embedded_paths *p, struct err *e)
{
    return unlink(p->pin) != 0 && errno != ENOENT ? embedded_file_error(e, "remove", p->pin) : 0;
}

int embedded_unpin(const char *project, struct err *e)
{
    struct embedded pg;
    int rc = lock_project(&pg, NULL, project, e);
    if (rc == 0)
        rc = remove_pin(&pg.paths, e);
    unlock_project(&pg);
    return rc;
}

int embedded_stop(struct loop *loop, const char *project, bool *was_running, bool *others, struct err *e)
{
    struct embedded pg;
    struct embedded_server s = {0};
    *was_running = *others = false;
    int rc = lock_project(&pg, loop, project, e);
    if (rc == 0)
        rc = remove_pin(&pg.paths, e);
    if (rc == 0)
        embedded_server_find(&pg.paths, &s);
    if (rc == 0 && s.pid != 0) {
        *was_running = true;
        *others = !is_alone(&pg);
        if (!*others)
            rc = embedded_server_stop(&pg.paths, &s, loop, e);
    }
    unlock_project(&pg);
    return rc;
}
