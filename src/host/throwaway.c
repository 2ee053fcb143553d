#include "host/throwaway.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "db/migrate.h"

static int make_dir(struct throwaway *t, struct err *e)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = mem_printf("%s/tidemark-spec.XXXXXX", tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
    if (mkdtemp(dir) == NULL) {
        err_set(e, errno == ENOSPC ? ERR_TEMPORARY : ERR_CONFIG, "cannot make a folder for the throw-away database (%s): %s",
                dir, strerror(errno));
        mem_free(dir);
        return -1;
    }
    t->dir = dir;
    return 0;
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
    struct err e = {0};
    db_session_close(&t->session);
    db_pool_close(&t->pool);
    embedded_leave(&t->server);
    if (t->dir != NULL && embedded_destroy(t->dir, &e) != 0)
        log_warn("%s", e.text);
    if (t->dir != NULL && rmdir(t->dir) != 0)
        log_warn("cannot remove %s: %s", t->dir, strerror(errno));
    loop_close(&t->loop);
    mem_free(t->dir);
    *t = (struct throwaway){0};
}
