#include "script/rule_call.h"

#include <lauxlib.h>

#include "base/mem.h"
#include "script/bind_frame.h"
#include "script/bind_rule.h"
#include "script/run.h"
#include "script/vm_state.h"

struct call {
    const struct rule_call *c;
    struct question question;
    struct rule_answers *answers;
};

static const char posts_key;

static int push(lua_State *L, void *arg)
{
    struct call *call = arg;
    code_push_function(L, "rules", call->c->rule, "find");
    bind_frame_push(L, call->c->posts);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &posts_key);
    bind_rule_push(L, &call->question);
    return 2;
}

/* Is the value at index an answer? Marks it as given back. */
static bool is_answer(lua_State *L, struct call *call, int index)
{
    size_t number;
    if (!bind_rule_answer(L, index, &number))
        return false;
    call->answers->returned[number] = true;
    return true;
}

static void take(lua_State *L, int n, void *arg)
{
    struct call *call = arg;
    call->answers->n = call->question.n_asked;
    call->answers->returned = mem_array(call->answers->n + 1, sizeof(bool));
    if (n == 0)
        lua_pushnil(L);
    if (is_answer(L, call, 1))
        return;
    bool all = lua_istable(L, 1) && luaL_len(L, 1) > 0;
    for (lua_Integer i = 1; all && i <= luaL_len(L, 1); i++) {
        lua_rawgeti(L, 1, i);
        all = is_answer(L, call, lua_gettop(L));
        lua_pop(L, 1);
    }
    if (!all)
        luaL_error(L,
                   "find must return what ctx.rank, ctx.correlate, ctx.compare, ctx.trend or ctx.before_after gave, or a list "
                   "of such answers: a finding needs evidence that the host has computed");
}

/* Rows that the plugin has kept are dead from now on: the posts may go. */
static int forget(lua_State *L)
{
    bind_rule_close(L);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &posts_key);
    bind_frame_end(L, -1);
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &posts_key);
    return 0;
}

int rule_call(const struct rule_call *c, struct rule_answers *answers, struct buf *unsaved, struct err *e)
{
    struct call call = {.c = c, .question = {.posts = c->posts}, .answers = answers};
    const struct run_options o = {.kind = RUN_RULE,
                                  .what = c->rule,
                                  .port = c->port,
                                  .now = c->now,
                                  .as_of = c->as_of,
                                  .config = c->config,
                                  .state = c->state};
    const struct run_code code = {.push = push, .take = take, .arg = &call};
    struct err ignored = {0};
    *answers = (struct rule_answers){0};
    int rc = run_function(c->vm, &o, &code, unsaved, e);
    vm_protect(c->vm, forget, NULL, 0, c->rule, &ignored);
    return rc;
}
