/* What the tests of the private PostgreSQL share: a project folder, questions to its server, and leaving nothing behind. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "db/embedded.h"
#include "db/embedded_paths.h"

struct project {
    char dir[64];
};

static inline void pause_ms(long ms)
{
    struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&ts, NULL);
}

/* Ended: gone, or a zombie that init has not reaped yet (it takes its time in some containers). */
static inline bool has_ended(pid_t pid)
{
    char path[40], state = 'Z';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return true;
    bool read = fscanf(f, "%*d (%*[^)]) %c", &state) == 1;
    fclose(f);
    return !read || state == 'Z' || state == 'X';
}

static inline void run_shell(const char *command)
{
    int status = system(command);
    if (status != 0)
        fail_msg("%s: status %d", command, status);
}

static inline void new_project(struct project *p)
{
    snprintf(p->dir, sizeof p->dir, "/tmp/tidemark test.XXXXXX");
    assert_non_null(mkdtemp(p->dir));
}

/* Also stops a server that a failed test left. */
static inline void drop_project(struct project *p)
{
    struct embedded_paths paths;
    struct embedded_state state;
    struct err e = {0};
    if (embedded_state(p->dir, &state, &e) == 0 && state.pid != 0) {
        kill(state.pid, SIGKILL);
        pause_ms(300);
    }
    assert_int_equal(embedded_paths_find(p->dir, &paths, &e), 0);
    char *command =
        mem_printf("rm -rf '%s' '%s' '%s'; rmdir /var/lib/tidemark /run/tidemark /tmp/tidemark-%u 2>/dev/null; true", p->dir,
                   paths.base, paths.socket_dir, (unsigned)geteuid());
    run_shell(command);
    mem_free(command);
    embedded_paths_fini(&paths);
}

static inline struct embedded *enter(const struct project *p)
{
    struct embedded *pg = NULL;
    struct err e = {0};
    if (embedded_enter(NULL, p->dir, &pg, &e) != 0)
        fail_msg("embedded_enter: %s", e.text);
    return pg;
}

static inline void assert_refused(const struct project *p, enum err_kind kind, const char *part)
{
    struct embedded *pg = NULL;
    struct err e = {0};
    int rc = embedded_enter(NULL, p->dir, &pg, &e);
    embedded_leave(&pg);
    assert_int_equal(rc, -1);
    if (e.kind != kind || strstr(e.text, part) == NULL)
        fail_msg("kind %d, text: %s", (int)e.kind, e.text);
}

static inline pid_t server_of(const struct project *p)
{
    struct embedded_state state;
    struct err e = {0};
    assert_int_equal(embedded_state(p->dir, &state, &e), 0);
    return state.pid;
}

/* The first value a statement yields, the caller's; fails the test when it fails. */
static inline char *ask(const struct embedded *pg, const char *sql)
{
    PGconn *c = PQconnectdb(embedded_uri(pg));
    if (PQstatus(c) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(c));
    PGresult *r = PQexec(c, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQresultErrorMessage(r));
    char *value = mem_dup(PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    PQfinish(c);
    return value;
}

static inline void assert_answer(const struct embedded *pg, const char *sql, const char *expected)
{
    char *value = ask(pg, sql);
    assert_string_equal(value, expected);
    mem_free(value);
}

static inline bool exists(const char *pattern)
{
    glob_t found;
    bool any = glob(pattern, GLOB_NOESCAPE, NULL, &found) == 0;
    globfree(&found);
    return any;
}

/* Runs the tests as whoever calls, and where that is root once more as an ordinary user. */
static inline int run_as_both(int (*run)(void))
{
    unsetenv("XDG_RUNTIME_DIR");
    int failed = run();
    if (geteuid() != 0)
        return failed;
    const struct passwd *pw = getpwnam("nobody");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (pw == NULL || setgroups(0, NULL) != 0 || setgid(pw->pw_gid) != 0 || setuid(pw->pw_uid) != 0)
            _exit(126);
        exit(run());
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return failed + (status == 0 ? 0 : 1);
}
