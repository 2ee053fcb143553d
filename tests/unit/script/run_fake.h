/* A scripted port for tests of script/run: no server and no loop. What is asked is answered by rules (a piece of the statement -> a
 * reply), in the order of asking unless a test says otherwise, at the next await unless it says early. Time is a number that jumps to the
 * next sleeper, except where a test wants real time. All calls are noted in a text. Everything left over at the end is a fault. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <lauxlib.h>
#include <lua.h>

#include "base/buf.h"
#include "base/mem.h"
#include "script/part_call.h"
#include "script/run.h"

struct reply {
    const char *match;        /* a piece of the statement, or "begin", "commit" */
    const char *columns;      /* "name:oid name:oid" */
    const char *const *cells; /* row by row; NULL: NULL */
    size_t n_row;
    int64_t affected;
    struct err err;
    struct port_trouble trouble;
    bool hangs;    /* never answered */
    size_t repeat; /* each: so many times the rows, a piece each */
};

enum fake_kind { FAKE_QUERY, FAKE_OPEN, FAKE_FETCH, FAKE_BEGIN, FAKE_COMMIT, FAKE_SLEEP, FAKE_ASK };

struct fake_req {
    struct port_req req;
    struct fake *fake;
    enum fake_kind kind;
    const struct reply *reply;
    struct port_column column[64];
    char names[1024];
    bool held; /* by whoever asked */
    int64_t due;
    struct port_cursor *cursor;
    struct fake_req *next;
};

struct port_tx {
    struct fake *fake;
};

struct port_cursor {
    struct fake *fake;
    const struct reply *reply;
    size_t pieces;
};

struct fake {
    struct port port;
    struct reply reply[24];
    struct fake_req *waiting; /* newest first */
    size_t n_req, n_tx, n_cursor, n_waiting, most_waiting;
    struct buf calls, logged;
    int64_t now_ms;
    bool early, newest_first, real_time, interrupted;
    int interrupt_at; /* await number; 0: never */
    int awaits;
    int random;         /* a seed: the order is anything */
    struct vm *stopped; /* a signal comes while this state's code writes to the log */
    struct port_param param[16];
    char param_text[16][200];
    size_t n_param;
};

static struct fake *fake_now;

static void note(struct fake *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(struct fake *f, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    if (f->calls.len < 8000)
        buf_printf(&f->calls, "%s;", text);
    mem_free(text);
}

static const struct reply *find_reply(struct fake *f, const char *sql)
{
    for (size_t i = 0; i < sizeof f->reply / sizeof *f->reply && f->reply[i].match != NULL; i++)
        if (strstr(sql, f->reply[i].match) != NULL)
            return &f->reply[i];
    return NULL;
}

static void set_columns(struct fake_req *q, const char *columns)
{
    snprintf(q->names, sizeof q->names, "%s", columns != NULL ? columns : "");
    for (char *p = strtok(q->names, " "); p != NULL; p = strtok(NULL, " ")) {
        char *colon = strchr(p, ':');
        *colon = '\0';
        q->column[q->req.n_column++] = (struct port_column){.name = p, .type = (uint32_t)atoi(colon + 1), .mod = -1};
    }
    q->req.column = q->column;
}

static void complete(struct fake_req *q)
{
    struct fake *f = q->fake;
    struct fake_req **at = &f->waiting;
    while (*at != NULL && *at != q)
        at = &(*at)->next;
    if (*at == q) {
        *at = q->next;
        f->n_waiting--;
    }
    const struct reply *r = q->reply;
    if (r != NULL && r->err.kind != ERR_NONE && q->kind != FAKE_OPEN) {
        q->req.err = r->err;
        q->req.trouble = r->trouble;
    } else if (q->kind == FAKE_QUERY && r != NULL) {
        set_columns(q, r->columns);
        q->req.n_row = r->n_row;
        q->req.affected = r->affected;
    } else if (q->kind == FAKE_OPEN) {
        q->req.cursor = mem_alloc(sizeof *q->req.cursor);
        *q->req.cursor = (struct port_cursor){.fake = f, .reply = r, .pieces = r != NULL && r->repeat > 0 ? r->repeat : 1};
        f->n_cursor++;
    } else if (q->kind == FAKE_FETCH && r != NULL) {
        set_columns(q, r->columns);
        q->req.n_row = r->n_row;
        q->req.last = --q->cursor->pieces == 0;
    } else if (q->kind == FAKE_BEGIN) {
        q->req.tx = mem_alloc(sizeof *q->req.tx);
        q->req.tx->fake = f;
        f->n_tx++;
    } else if (q->kind == FAKE_ASK) {
        q->req.answer = "[{\"n\":{\"used\":7},\"subject\":{\"key\":\"k\"}}]";
    }
    if (!q->held) {
        f->n_req--;
        mem_free(q->req.tx);
        mem_free(q->req.cursor);
        mem_free(q);
        return;
    }
    wait_done(&q->req.wait);
}

static struct port_req *fake_start(struct fake *f, enum fake_kind kind, const struct reply *reply)
{
    struct fake_req *q = mem_alloc(sizeof *q);
    q->fake = f;
    q->kind = kind;
    q->reply = reply;
    q->held = true;
    q->due = f->now_ms;
    q->next = f->waiting;
    f->waiting = q;
    f->n_req++;
    if (++f->n_waiting > f->most_waiting)
        f->most_waiting = f->n_waiting;
    if (f->early && kind != FAKE_SLEEP && (reply == NULL || !reply->hangs))
        complete(q);
    return &q->req;
}

static void keep_params(struct fake *f, const struct port_query *q)
{
    f->n_param = q->n_param;
    for (size_t i = 0; i < q->n_param && i < 16; i++) {
        f->param[i] = q->param[i];
        snprintf(f->param_text[i], sizeof f->param_text[i], "%u:%s%.*s", q->param[i].type, q->param[i].binary ? "b:" : "",
                 q->param[i].data != NULL ? (int)q->param[i].len : 4, q->param[i].data != NULL ? q->param[i].data : "NULL");
    }
}

static struct port_req *fake_query(void *host, const struct port_query *q)
{
    struct fake *f = host;
    note(f, "%s%s %s%s%s", q->tx != NULL ? "tx " : "", q->writes ? "write" : "read", q->sql, q->state_json ? " state " : "",
         q->state_json ? q->state_json : "");
    keep_params(f, q);
    return fake_start(f, FAKE_QUERY, find_reply(f, q->sql));
}

static struct port_req *fake_open(void *host, const struct port_query *q)
{
    struct fake *f = host;
    note(f, "%sopen %s", q->tx != NULL ? "tx " : "", q->sql);
    keep_params(f, q);
    return fake_start(f, FAKE_OPEN, find_reply(f, q->sql));
}

static struct port_req *fake_fetch(void *host, struct port_cursor *cursor, size_t max_bytes)
{
    (void)max_bytes;
    struct port_req *req = fake_start(host, FAKE_FETCH, cursor->reply);
    ((struct fake_req *)req)->cursor = cursor;
    return req;
}

static void fake_close(void *host, struct port_cursor **cursor)
{
    struct fake *f = host;
    note(f, "close");
    f->n_cursor--;
    for (struct fake_req *q = f->waiting; q != NULL; q = q->next)
        if (q->cursor == *cursor)
            fail_msg("a cursor is closed while a piece of it is on its way");
    mem_free(*cursor);
    *cursor = NULL;
}

static struct port_req *fake_begin(void *host, const char *isolation, bool writes)
{
    struct fake *f = host;
    note(f, "begin%s%s%s", isolation ? " " : "", isolation ? isolation : "", writes ? "" : " read");
    return fake_start(f, FAKE_BEGIN, find_reply(f, "begin"));
}

static struct port_req *fake_commit(void *host, struct port_tx *tx, const char *state_json)
{
    struct fake *f = host;
    note(f, "commit%s%s", state_json ? " state " : "", state_json ? state_json : "");
    f->n_tx--;
    mem_free(tx);
    return fake_start(f, FAKE_COMMIT, find_reply(f, "commit"));
}

static void fake_rollback(void *host, struct port_tx **tx)
{
    struct fake *f = host;
    note(f, "rollback");
    f->n_tx--;
    mem_free(*tx);
    *tx = NULL;
}

static struct port_req *fake_sleep(void *host, unsigned ms)
{
    struct port_req *req = fake_start(host, FAKE_SLEEP, NULL);
    ((struct fake_req *)req)->due += ms;
    return req;
}

static struct port_req *fake_ask(void *host, const struct port_question *question)
{
    struct fake *f = host;
    note(f, "%s %s", question->kind, question->opts);
    return fake_start(f, FAKE_ASK, find_reply(f, question->kind));
}

static void fake_log(void *host, enum log_level level, const char *text)
{
    struct fake *f = host;
    buf_printf(&f->logged, "%d %s;", (int)level, text);
    part_stop(f->stopped);
}

static const char *fake_cell(const struct port_req *req, size_t row, size_t column, size_t *len)
{
    const char *text = ((const struct fake_req *)req)->reply->cells[row * req->n_column + column];
    *len = text != NULL ? strlen(text) : 0;
    return text;
}

static void fake_free(struct port_req **req)
{
    struct fake_req *q = (struct fake_req *)*req;
    *req = NULL;
    if (q == NULL)
        return;
    assert_null(q->req.wait.waiter);
    q->held = false;
    if (!q->req.wait.done) { /* cancelled */
        if (q->kind == FAKE_QUERY || q->kind == FAKE_FETCH)
            note(q->fake, "cancel");
        q->cursor = NULL;
        q->reply = NULL;
        q->kind = FAKE_SLEEP;
        complete(q);
        return;
    }
    q->fake->n_req--;
    mem_free(q);
}

static struct fake_req *pick(struct fake *f)
{
    struct fake_req *best = NULL;
    size_t n = 0;
    for (struct fake_req *q = f->waiting; q != NULL; q = q->next) { /* newest first */
        if ((q->reply != NULL && q->reply->hangs) || (q->kind == FAKE_SLEEP && q->due > f->now_ms))
            continue;
        n++;
        if (best == NULL || !f->newest_first)
            best = q;
        if (f->random != 0 && rand_r((unsigned *)&f->random) % (int)n == 0)
            best = q;
    }
    return best;
}

static void jump(struct fake *f)
{
    int64_t next = INT64_MAX;
    for (struct fake_req *q = f->waiting; q != NULL; q = q->next)
        if (q->kind == FAKE_SLEEP && q->due < next)
            next = q->due;
    assert_true(next != INT64_MAX); /* nothing is left that could end this wait */
    if (f->real_time) {
        int64_t ms = next - f->now_ms;
        struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
        nanosleep(&t, NULL);
    }
    f->now_ms = next;
}

static void fake_await(void *host, struct wait *w)
{
    struct fake *f = host;
    assert_null(w->waiter);
    assert_false(w->done);
    f->awaits++;
    if (f->awaits == f->interrupt_at) {
        f->interrupted = true;
        wait_drop(w);
    }
    while (!w->done) {
        struct fake_req *q = pick(f);
        if (q != NULL)
            complete(q);
        else
            jump(f);
    }
}

static bool fake_interrupted(void *host)
{
    return ((struct fake *)host)->interrupted;
}

static void fake_init(struct fake *f)
{
    *f = (struct fake){0};
    f->port = (struct port){.host = f,
                            .query = fake_query,
                            .open = fake_open,
                            .fetch = fake_fetch,
                            .close = fake_close,
                            .begin = fake_begin,
                            .commit = fake_commit,
                            .rollback = fake_rollback,
                            .sleep = fake_sleep,
                            .ask = fake_ask,
                            .log = fake_log,
                            .cell = fake_cell,
                            .free = fake_free,
                            .await = fake_await,
                            .interrupted = fake_interrupted};
    fake_now = f;
}

/* Nothing of the run is left. */
static void fake_end(struct fake *f)
{
    assert_int_equal(f->n_req, 0);
    assert_int_equal(f->n_tx, 0);
    assert_int_equal(f->n_cursor, 0);
    buf_free(&f->calls);
    buf_free(&f->logged);
}

/* --- running a piece of Lua ----------------------------------------------------------------------------------------------------- */

static char fake_dir[] = "/tmp/tidemark-run-XXXXXX";
static const char fake_function;

static int fake_make_dir(void **state)
{
    (void)state;
    return mkdtemp(fake_dir) == NULL;
}

static int fake_remove_dir(void **state)
{
    (void)state;
    return rmdir(fake_dir);
}

struct ran {
    int rc;
    struct err err;
    char result[2000]; /* tostring of the results, with a blank between */
};

static int fake_push(lua_State *L, void *arg)
{
    (void)arg;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &fake_function);
    run_push_ctx(L);
    return 1;
}

static void fake_take(lua_State *L, int n, void *arg)
{
    struct ran *ran = arg;
    size_t len = 0;
    ran->result[0] = '\0';
    for (int i = 1; i <= n; i++) {
        const char *text = luaL_tolstring(L, i, NULL);
        len += (size_t)snprintf(ran->result + len, sizeof ran->result - len, "%s%s", i > 1 ? " " : "", text);
        lua_pop(L, 1);
        if (len >= sizeof ran->result)
            break;
    }
}

static int fake_keep(lua_State *L)
{
    lua_settop(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &fake_function);
    return 0;
}

/* A state whose function is function(ctx) BODY end; the body begins at line 2. */
static struct vm *fake_vm(const char *body, const struct vm_limits *limits)
{
    struct err e = {0};
    char *path = mem_printf("%s/t.lua", fake_dir);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fprintf(f, "return function(ctx)\n%s\nend\n", body);
    fclose(f);
    struct vm *vm = vm_new("t", fake_dir, NULL, limits);
    if (vm_load_file(vm, path, "plugins/t/plugin.lua", &e) != 0)
        fail_msg("%s", e.text);
    unlink(path);
    mem_free(path);
    lua_State *L = vm_lua(vm);
    lua_pushcfunction(L, fake_keep);
    lua_insert(L, -2);
    assert_int_equal(vm_call(vm, 1, 0, "t", &e), 0);
    return vm;
}

static struct ran fake_run(struct fake *f, struct vm *vm, struct run_options o, struct buf *unsaved)
{
    struct ran ran = {0};
    const struct run_code code = {.push = fake_push, .take = fake_take, .arg = &ran};
    o.what = "t.x";
    o.port = &f->port;
    ran.rc = run_function(vm, &o, &code, unsaved, &ran.err);
    assert_int_equal(ran.rc == 0, ran.err.kind == ERR_NONE);
    assert_int_equal(lua_gettop(vm_lua(vm)), 0);
    return ran;
}

/* One run of a job in a state of its own. */
static struct ran run_job(struct fake *f, const char *body)
{
    struct vm *vm = fake_vm(body, NULL);
    struct ran ran = fake_run(f, vm, (struct run_options){.kind = RUN_JOB, .now = 100.5, .as_of = 50}, NULL);
    vm_free(&vm);
    return ran;
}

#define assert_has(text, piece)                            \
    do {                                                   \
        if (strstr(text, piece) == NULL)                   \
            fail_msg("'%s' is not in: %s", piece, (text)); \
    } while (0)

static inline void gives(struct ran ran, const char *result)
{
    if (ran.rc != 0)
        fail_msg("%s", ran.err.text);
    assert_string_equal(ran.result, result);
}

static inline void fails_with(struct ran ran, enum err_kind kind, const char *text)
{
    if (ran.rc == 0)
        fail_msg("it worked, and gave: %s", ran.result);
    assert_has(ran.err.text, text);
    assert_int_equal(ran.err.kind, kind);
}

/* All tests as they are, and again with a full collection at every slice and every call of ctx. */
#define run_twice(tests)                                                                             \
    (cmocka_run_group_tests_name("run", tests, fake_make_dir, fake_remove_dir) != 0                  \
         ? 1                                                                                         \
         : (setenv("TIDEMARK_TORTURE", "1", 1), memcpy(fake_dir + sizeof fake_dir - 7, "XXXXXX", 6), \
            cmocka_run_group_tests_name("run, tortured", tests, fake_make_dir, fake_remove_dir)))
