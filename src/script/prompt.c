#include "script/prompt.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "script/part_rows.h"
#include "script/vm_state.h"

static const char chunk_key;

/* --- compiling --------------------------------------------------------------------------------------------------------------- */

struct compile {
    const char *text, *name;
    int line;
    enum prompt_state state;
    struct err *e;
};

/* Chunk or message on the top. before: "return " or "". */
static int load(lua_State *L, const struct compile *c, const char *before)
{
    const char *text = c->text;
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (int i = 1; i < c->line; i++) /* so that Lua counts lines as the reader of the input does */
        luaL_addchar(&b, '\n');
    luaL_addstring(&b, before);
    luaL_addstring(&b, text);
    luaL_pushresult(&b);
    size_t n;
    const char *whole = lua_tolstring(L, -1, &n);
    const char *name = lua_pushfstring(L, "=%s", c->name);
    int status = luaL_loadbufferx(L, whole, n, name, "t");
    if (status == LUA_OK) {
        sandbox_env(L);
        lua_setupvalue(L, -2, 1);
    }
    lua_replace(L, -3);
    lua_pop(L, 1);
    return status;
}

static bool is_unfinished(lua_State *L)
{
    static const char end[] = "<eof>";
    size_t n;
    const char *text = lua_tolstring(L, -1, &n);
    return text != NULL && n >= sizeof end - 1 && strcmp(text + n - (sizeof end - 1), end) == 0;
}

static int do_compile(lua_State *L)
{
    struct compile *c = lua_touserdata(L, 1);
    const char *text = c->text + strspn(c->text, " \t");
    bool asked = *text == '=' && text[1] != '=';
    if (asked)
        c->text = text + 1;
    c->state = PROMPT_READY;
    int status = load(L, c, "return ");
    bool unfinished = status != LUA_OK && is_unfinished(L);
    if (status != LUA_OK && !asked) {
        lua_pop(L, 1);
        status = load(L, c, "");
        unfinished = status != LUA_OK && (unfinished || is_unfinished(L));
    }
    if (status == LUA_OK) {
        lua_rawsetp(L, LUA_REGISTRYINDEX, &chunk_key);
    } else if (unfinished) {
        c->state = PROMPT_UNFINISHED;
        err_set(c->e, ERR_PLUGIN, "%s", lua_tostring(L, -1));
    } else {
        c->state = PROMPT_WRONG;
        err_set(c->e, ERR_PLUGIN, "%s", lua_tostring(L, -1));
    }
    return 0;
}

enum prompt_state prompt_compile(struct vm *vm, const char *text, const char *name, int line, struct err *e)
{
    struct compile c = {.text = text, .name = name, .line = line, .e = e};
    return vm_protect(vm, do_compile, &c, 0, name, e) == 0 ? c.state : PROMPT_WRONG;
}

/* --- running ------------------------------------------------------------------------------------------------------------------- */

static int push(lua_State *L, void *arg)
{
    (void)arg;
    luaL_checkstack(L, 4, NULL);
    sandbox_env(L);
    run_push_ctx(L);
    lua_setfield(L, -2, "ctx");
    lua_pop(L, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &chunk_key);
    return 0;
}

/* The text of the value at index, in C memory. */
static char *shown(lua_State *L, int index, unsigned width)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, "tidemark.show");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "show");
    lua_pushvalue(L, index);
    lua_pushinteger(L, width > 0 ? width : 80);
    lua_call(L, 2, 1);
    size_t n;
    const char *text = luaL_checklstring(L, -1, &n);
    char *copy = mem_alloc(n + 1);
    for (size_t i = 0; i < n; i++) /* a text may hold NUL, the copy ends there for nobody */
        copy[i] = text[i] != '\0' ? text[i] : ' ';
    lua_pop(L, 2);
    return copy;
}

static struct prompt_value *add_value(struct prompt_call *call)
{
    call->value = mem_realloc(call->value, (call->n_value + 1) * sizeof *call->value);
    call->value[call->n_value] = (struct prompt_value){0};
    return &call->value[call->n_value++];
}

static void take(lua_State *L, int n, void *arg)
{
    struct prompt_call *call = arg;
    for (int i = 1; i <= n; i++) {
        if (part_rows_fit(L, i)) {
            struct prompt_value *value = add_value(call);
            part_rows_read(L, i, NULL, &value->rows);
        } else {
            char *text = shown(L, i, call->width);
            add_value(call)->text = text;
        }
    }
}

struct run_code prompt_code(struct prompt_call *call)
{
    return (struct run_code){.push = push, .take = take, .arg = call};
}

void prompt_free(struct prompt_call *call)
{
    for (size_t i = 0; i < call->n_value; i++) {
        mem_free(call->value[i].text);
        rowset_free(&call->value[i].rows);
    }
    mem_free(call->value);
    call->value = NULL;
    call->n_value = 0;
}

/* --- completing ------------------------------------------------------------------------------------------------------------------ */

struct complete {
    const char *word;
    void (*found)(void *arg, const char *name);
    void *arg;
};

/* Replaces the table on the top by its member, or by its metatable's __index's; anything that is no table ends the way. */
static bool step(lua_State *L, const char *name, size_t len)
{
    for (int depth = 0; depth < 4 && lua_istable(L, -1); depth++) {
        lua_pushlstring(L, name, len);
        if (lua_rawget(L, -2) != LUA_TNIL) {
            lua_replace(L, -2);
            return true;
        }
        lua_pop(L, 1);
        if (!lua_getmetatable(L, -1))
            return false;
        lua_pushliteral(L, "__index");
        lua_rawget(L, -2);
        lua_replace(L, -3);
        lua_pop(L, 1);
    }
    return false;
}

static bool is_word(const char *s)
{
    return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(s);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Members of the table on the top that begin with the rest, in order. The names stay the state's. */
static void tell_members(lua_State *L, struct complete *c, size_t path_len, const char *rest)
{
    enum { MOST = 200 };
    const char *names[MOST];
    size_t n = 0;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
        if (name != NULL && n < MOST && strncmp(name, rest, strlen(rest)) == 0 && is_word(name))
            names[n++] = name;
    }
    if (n > 1)
        qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++) {
        char *text = mem_printf("%.*s%s", (int)path_len, c->word, names[i]);
        c->found(c->arg, text);
        mem_free(text);
    }
}

static int do_complete(lua_State *L)
{
    struct complete *c = lua_touserdata(L, 1);
    const char *rest = c->word;
    sandbox_env(L);
    for (size_t n; rest[n = strcspn(rest, ".:")] != '\0'; rest += n + 1)
        if (!step(L, rest, n))
            return 0;
    for (int depth = 0; depth < 4 && lua_istable(L, -1); depth++) {
        tell_members(L, c, (size_t)(rest - c->word), rest);
        if (!lua_getmetatable(L, -1))
            break;
        lua_pushliteral(L, "__index");
        lua_rawget(L, -2);
    }
    return 0;
}

void prompt_complete(struct vm *vm, const char *word, void (*found)(void *arg, const char *name), void *arg)
{
    struct complete c = {.word = word, .found = found, .arg = arg};
    struct err ignored = {0};
    vm_protect(vm, do_complete, &c, 0, "completion", &ignored);
}
