#include "host/throwaway.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "db/migrate.h"

#define PREFIX "tidemark-spec."

static const char *tmp_dir(void)
{
    const char *tmp = getenv("TMPDIR");
    return tmp != NULL && tmp[0] == '/' ? tmp : "/tmp";
}

static int make_dir(struct throwaway *t, struct err *e)
{
    char *dir = mem_printf("%s/" PREFIX "%ld.XXXXXX", tmp_dir(), (long)getpid());
    if (mkdtemp(dir) == NULL) {
        err_set(e, errno == ENOSPC ? ERR_TEMPORARY : ERR_CONFIG, "cannot make a folder for the throw-away database (%s): %s",
                dir, strerror(errno));
        mem_free(dir);
        return -1;
    }
    t->dir = dir;
    return 0;
}

static void remove_world(const char *dir)
{
    struct err e = {0};
    if (embedded_destroy(dir, &e) != 0)
        log_warn("%s", e.text);
    if (rmdir(dir) != 0)
        log_warn("cannot remove %s: %s", dir, strerror(errno));
}

/* Whether a folder is ours and the process that made it is gone. */
static bool is_abandoned(const char *path, const char *name)
{
    long pid = 0;
    struct stat st;
    if (sscanf(name, PREFIX "%ld.", &pid) != 1 || pid <= 0 || (kill((pid_t)pid, 0) == 0 || errno != ESRCH))
        return false;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

/* What a killed command could not take down: its server goes on until somebody stops it. */
static void remove_abandoned(struct loop *loop)
{
    DIR *tmp = opendir(tmp_dir());
    for (const struct dirent *entry; tmp != NULL && (entry = readdir(tmp)) != NULL;) {
        char *path = mem_printf("%s/%s", tmp_dir(), entry->d_name);
        bool running, others = false;
        struct err ignored = {0};
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 && is_abandoned(path, entry->d_name) &&
            embedded_stop(loop, path, &running, &others, &ignored) == 0 && !others)
            remove_world(path);
        mem_free(path);
    }
    if (tmp != NULL)
        closedir(tmp);
}

/* Nobody misses these data after a crash of the machine. */
static int make_fast(struct db_session *s, struct err *e)
{
    static const char *const settings[] = {
        "ALTER SYSTEM SET fsync = off",
        "ALTER SYSTEM SET synchronous_commit = off",
        "ALTER SYSTEM SET full_page_writes = off",
        "SELECT pg_reload_conf()",
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof settings / sizeof *settings; i++)
        rc = db_run(s, settings[i], e);
    return rc;
}

int throwaway_open(struct throwaway *t, const char *schema_dir, struct err *e)
{
    struct migrate_report report;
    if (t->session != NULL)
        return 0;
    if (make_dir(t, e) != 0)
        return -1;
    t->loop = loop_open();
    loop_catch_signals(t->loop);
    remove_abandoned(t->loop);
    if (embedded_enter(t->loop, t->dir, &t->server, e) != 0)
        return -1;
    struct db_pool_options options = {.uri = embedded_uri(t->server), .application_name = "tidemark", .max = 6};
    t->pool = db_pool_open(t->loop, &options);
    if (db_session_open(t->pool, t->loop, &t->session, e) != 0)
        return -1;
    return make_fast(t->session, e) != 0 ? -1 : migrate_up(t->session, schema_dir, &report, e);
}

bool throwaway_interrupted(const struct throwaway *t)
{
    if (t->loop == NULL)
        return false;
    loop_poll(t->loop);
    return loop_interrupted(t->loop);
}

void throwaway_close(struct throwaway *t)
{
    db_session_close(&t->session);
    db_pool_close(&t->pool);
    embedded_leave(&t->server);
    if (t->dir != NULL)
        remove_world(t->dir);
    loop_close(&t->loop);
    mem_free(t->dir);
    *t = (struct throwaway){0};
}
