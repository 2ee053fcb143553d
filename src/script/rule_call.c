#include "script/rule_call.h"

#include <lauxlib.h>
#include <string.h>

#include "script/bind_frame.h"
#include "script/bind_json.h"
#include "script/bind_rule.h"
#include "script/box.h"
#include "script/code.h"
#include "script/vm_state.h"

struct rule_call {
    struct vm *vm;
    char *rule;
    struct question q;
    double now, as_of;
    unsigned left_ms;
    size_t n_answer;
    bool *returned; /* per answer */
};

static const char co_key, posts_key, answers_key; /* in the registry */

struct rule_call *rule_call_begin(struct vm *vm, const char *rule, const struct frame *posts, double now, double as_of,
                                  unsigned budget_ms)
{
    struct rule_call *c = mem_alloc(sizeof *c);
    c->vm = vm;
    c->rule = mem_dup(rule);
    c->q.posts = posts;
    c->now = now;
    c->as_of = as_of;
    c->left_ms = budget_ms;
    return c;
}

struct step {
    struct rule_call *call;
    const char *answer; /* NULL: the first step */
    int status;
};

/* The coroutine with find, posts and ctx on its stack. */
static void begin(lua_State *L, struct rule_call *c)
{
    sandbox_reseed(L);
    lua_State *co = lua_newthread(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &co_key);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &answers_key);
    c->q.co = co;
    code_push_function(L, "rules", c->rule, "find");
    bind_frame_push(L, c->q.posts);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &posts_key);
    bind_rule_push(L, &c->q, c->now, c->as_of);
    lua_xmove(L, co, 3);
}

/* The answer as a table of the rule's own; which tables are answers is remembered, so that find can give them back. */
static void push_answer(lua_State *L, struct rule_call *c, const char *answer)
{
    struct json_doc **doc = box_push_json(L);
    struct err e = {0};
    if (json_parse(answer, strlen(answer), NULL, doc, &e) != 0)
        luaL_error(L, "the answer: %s", e.text);
    bind_json_push_copy(L, json_root(*doc));
    json_free(doc);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &answers_key);
    lua_pushvalue(L, -2);
    lua_pushinteger(L, (lua_Integer)c->n_answer);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    c->returned = mem_realloc(c->returned, (c->n_answer + 1) * sizeof *c->returned);
    c->returned[c->n_answer++] = false;
    lua_xmove(L, c->q.co, 1);
    lua_pop(L, 1); /* the box */
}

/* Is the value at index one of the answers? Marks it as given back. */
static bool is_answer(lua_State *L, struct rule_call *c, int index)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &answers_key);
    lua_pushvalue(L, index);
    lua_rawget(L, -2);
    bool yes = lua_isinteger(L, -1);
    if (yes)
        c->returned[lua_tointeger(L, -1)] = true;
    lua_pop(L, 2);
    return yes;
}

static void check_result(lua_State *L, struct rule_call *c)
{
    int result = lua_gettop(L);
    if (is_answer(L, c, result))
        return;
    bool all = lua_istable(L, result) && luaL_len(L, result) > 0;
    for (lua_Integer i = 1; all && i <= luaL_len(L, result); i++) {
        lua_rawgeti(L, result, i);
        all = is_answer(L, c, lua_gettop(L));
        lua_pop(L, 1);
    }
    if (!all)
        luaL_error(L,
                   "find must return what ctx.rank, ctx.correlate, ctx.compare, ctx.trend or ctx.before_after gave, or a list "
                   "of such answers: a finding needs evidence that the host has computed");
}

static int do_step(lua_State *L)
{
    struct step *step = lua_touserdata(L, 1);
    struct rule_call *c = step->call;
    int n_args = 1, n_results = 0;
    if (step->answer == NULL) {
        begin(L, c);
        n_args = 2;
    } else {
        push_answer(L, c, step->answer);
    }
    step->status = lua_resume(c->q.co, L, n_args, &n_results);
    if (step->status == LUA_YIELD) {
        lua_pop(c->q.co, n_results);
        return 0;
    }
    if (step->status != LUA_OK) {
        const char *text = lua_type(c->q.co, -1) == LUA_TSTRING ? lua_tostring(c->q.co, -1) : "an error object";
        luaL_traceback(L, c->q.co, text, 0);
        return lua_error(L);
    }
    if (n_results > 0) {
        lua_pop(c->q.co, n_results - 1);
        lua_xmove(c->q.co, L, 1);
    } else {
        lua_pushnil(L);
    }
    check_result(L, c);
    return 0;
}

int rule_call_next(struct rule_call *c, const char *answer, struct rule_ask *ask, struct err *e)
{
    struct step step = {.call = c, .answer = answer};
    unsigned usual = c->vm->limits.call_ms;
    int64_t before = vm_cpu_ns();
    c->vm->limits.call_ms = c->left_ms;
    int failed = vm_protect(c->vm, do_step, &step, 0, c->rule, e);
    c->vm->limits.call_ms = usual;
    int64_t used_ms = (vm_cpu_ns() - before) / 1000000;
    c->left_ms = used_ms + 1 < (int64_t)c->left_ms ? c->left_ms - (unsigned)used_ms : 1;
    if (failed)
        return -1;
    if (step.status != LUA_YIELD)
        return 0;
    *ask = (struct rule_ask){.kind = c->q.kind, .extra = c->q.extra, .opts = c->q.opts.data};
    return 1;
}

bool rule_call_returned(const struct rule_call *c, size_t i)
{
    return i < c->n_answer && c->returned[i];
}

/* Takes the call's traces out of the state; raising is impossible: the keys are there or nothing is. */
static int forget(lua_State *L)
{
    bind_rule_close(L);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &posts_key);
    bind_frame_end(L, -1);
    const void *const keys[] = {&co_key, &posts_key, &answers_key};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        lua_pushnil(L);
        lua_rawsetp(L, LUA_REGISTRYINDEX, keys[i]);
    }
    return 0;
}

void rule_call_end(struct rule_call **call)
{
    struct rule_call *c = *call;
    if (c == NULL)
        return;
    struct err ignored = {0};
    vm_protect(c->vm, forget, c, 0, c->rule, &ignored);
    frame_free(&c->q.extra);
    buf_free(&c->q.opts);
    mem_free(c->returned);
    mem_free(c->rule);
    mem_free(c);
    *call = NULL;
}
