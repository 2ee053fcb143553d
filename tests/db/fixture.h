/* What the tests against a server share: a loop with a pool, a second line to the server that is plain blocking libpq, and a
 * check that nothing stays open. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "db/session.h"

struct fixture {
    struct loop *loop;
    struct db_pool *pool;
    PGconn *side;
    int fds;
};

static inline int open_files(void)
{
    int n = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static inline void fixture_open(struct fixture *f, struct db_pool_options options)
{
    f->loop = loop_open(); /* the first loop of a process opens a pipe for signals, once */
    loop_close(&f->loop);
    f->fds = open_files();
    f->side = PQconnectdb("");
    PQclear(PQexec(f->side, "SET client_min_messages = error"));
    f->loop = loop_open();
    f->pool = db_pool_open(f->loop, &options);
}

/* loop_close insists that no handle is active; files of ours that stay open show here. */
static inline void fixture_close(struct fixture *f)
{
    db_pool_close(&f->pool);
    loop_close(&f->loop);
    PQfinish(f->side);
    assert_int_equal(open_files(), f->fds);
}

static inline char *side(struct fixture *f, const char *sql)
{
    static char value[256];
    PGresult *res = PQexec(f->side, sql);
    ExecStatusType status = PQresultStatus(res);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(f->side));
    value[0] = '\0';
    if (PQntuples(res) > 0)
        snprintf(value, sizeof value, "%s", PQgetvalue(res, 0, 0));
    PQclear(res);
    return value;
}

static inline void control(const char *how)
{
    char *command = mem_printf("\"$TIDEMARK_PG_CTL\" %s", how);
    assert_int_equal(system(command), 0);
    mem_free(command);
}

static inline struct db_session *session(struct fixture *f)
{
    struct db_session *s = NULL;
    struct err e = {0};
    if (db_session_open(f->pool, f->loop, &s, &e) != 0)
        fail_msg("%s", e.text);
    return s;
}

static inline void run_ok(struct db_session *s, const char *sql)
{
    struct err e = {0};
    if (db_run(s, sql, &e) != 0)
        fail_msg("%s: %s", sql, e.text);
}

static inline void run_fails(struct db_session *s, const char *sql, enum err_kind kind, const char *text)
{
    struct err e = {0};
    assert_int_equal(db_run(s, sql, &e), -1);
    if (strstr(e.text, text) == NULL)
        fail_msg("%s: '%s' is not in: %s", sql, text, e.text);
    assert_int_equal(e.kind, kind);
}

#define contains(haystack, needle)                            \
    do {                                                      \
        if (strstr(haystack, needle) == NULL)                 \
            fail_msg("'%s' is not in: %s", needle, haystack); \
    } while (0)
