#include "script/code.h"

#include <string.h>

#include "script/bind_out.h"
#include "script/box.h"
#include "script/value.h"
#include "script/vm_state.h"

static const char plugin_key;

/* --- loading ------------------------------------------------------------------------------------------------------------ */

struct load {
    const char *path, *shown, *name;
    struct buf description, mistakes;
};

static int read_source(lua_State *L, const char *path)
{
    luaL_Buffer b;
    FILE *f = fopen(path, "rbe");
    if (f == NULL)
        return 0;
    /* the file has just been compiled, so it is small; its text stays on the stack */
    char *room = luaL_buffinitsize(L, &b, (size_t)4 << 20);
    size_t n = fread(room, 1, (size_t)4 << 20, f);
    fclose(f);
    luaL_pushresultsize(&b, n);
    return 1;
}

static int check_table(lua_State *L)
{
    struct load *load = lua_touserdata(L, 2); /* 1: what the file returned */
    lua_pushvalue(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &plugin_key);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "tidemark.contract");
    lua_call(L, 1, 1); /* 3: the contract */
    lua_getfield(L, 3, "check");
    lua_pushvalue(L, 1);
    lua_newtable(L);
    lua_pushstring(L, load->name);
    lua_setfield(L, -2, "name");
    lua_call(L, 2, 2); /* 4: description, 5: mistakes */
    if (!lua_isnil(L, 4)) {
        const char *wrong = value_write(L, 4, &load->description);
        return wrong ? luaL_error(L, "%s", wrong) : 0;
    }
    /* only now is the source worth reading: it tells the lines */
    lua_getfield(L, 3, "check");
    lua_pushvalue(L, 1);
    lua_newtable(L);
    lua_pushstring(L, load->name);
    lua_setfield(L, -2, "name");
    if (read_source(L, load->path))
        lua_setfield(L, -2, "source");
    lua_call(L, 2, 2);
    lua_getfield(L, 3, "format");
    lua_pushvalue(L, -2);
    lua_pushstring(L, load->shown);
    lua_call(L, 2, 1);
    buf_str(&load->mistakes, luaL_checkstring(L, -1));
    return 0;
}

int code_load(struct vm *vm, const char *path, const char *shown, const char *name, struct json_doc **description,
              struct err *e)
{
    struct load load = {.path = path, .shown = shown ? shown : path, .name = name};
    if (vm_load_file(vm, path, load.shown, e) != 0)
        return -1;
    lua_State *L = vm_lua(vm);
    must(lua_checkstack(L, 4));
    lua_pushcfunction(L, check_table);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, &load);
    int failed = vm_call(vm, 2, 0, load.shown, e);
    if (failed == 0 && load.mistakes.len > 0)
        failed = err_set(e, ERR_CONFIG, "%s", load.mistakes.data);
    if (failed == 0) {
        struct json_limits limits = {.bytes = SIZE_MAX / 2, .nodes = SIZE_MAX / 2, .depth = 100};
        failed = json_parse(load.description.data, load.description.len, &limits, description, e);
    }
    buf_free(&load.description);
    buf_free(&load.mistakes);
    return failed;
}

/* --- calling ------------------------------------------------------------------------------------------------------------ */

struct call {
    const char *parser, *function;
    const cJSON *doc;
    const struct code_input *in;
    struct out *out; /* NULL for match */
    int score;
    const char *text, *pattern;
    bool fits;
};

void code_push_function(lua_State *L, const char *table, const char *name, const char *function)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &plugin_key);
    lua_getfield(L, -1, table);
    lua_getfield(L, -1, name);
    lua_getfield(L, -1, function);
    lua_replace(L, -4);
    lua_pop(L, 2);
}

static void push_input(lua_State *L, const struct code_input *in)
{
    lua_createtable(L, 0, 5);
    lua_pushstring(L, in->platform);
    lua_setfield(L, -2, "platform");
    lua_pushstring(L, in->platform);
    lua_setfield(L, -2, "platform");
    lua_pushstring(L, in->url);
    lua_setfield(L, -2, "url");
    lua_pushstring(L, in->format);
    lua_setfield(L, -2, "format");
    if (in->status != 0) {
        lua_pushinteger(L, in->status);
        lua_setfield(L, -2, "status");
    }
    if (in->observed_at % 1000000 == 0)
        lua_pushinteger(L, in->observed_at / 1000000);
    else
        lua_pushnumber(L, (double)in->observed_at / 1e6);
    lua_setfield(L, -2, "observed_at");
}

static int do_match(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);
    sandbox_reseed(L);
    code_push_function(L, "parsers", call->parser, call->function);
    value_push(L, call->doc);
    push_input(L, call->in);
    lua_call(L, 2, 1);
    call->score = -1;
    if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 0)
        call->score = lua_tointeger(L, -1) > 1000 ? 1000 : (int)lua_tointeger(L, -1);
    else if (lua_isboolean(L, -1))
        call->score = lua_toboolean(L, -1) ? 1 : -1;
    else if (!lua_isnil(L, -1))
        return luaL_error(L, "match must return false, true or a number of conditions, not a %s", luaL_typename(L, -1));
    return 0;
}

int code_match(struct vm *vm, const char *parser, const cJSON *doc, const struct code_input *in, int *score, struct err *e)
{
    struct call call = {.parser = parser, .function = "match", .doc = doc, .in = in};
    value_begin(vm);
    int failed = vm_protect(vm, do_match, &call, 0, parser, e);
    value_end(vm);
    *score = call.score;
    return failed;
}

static int do_fits(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);
    lua_getglobal(L, "string");
    lua_getfield(L, -1, "find");
    lua_pushstring(L, call->text);
    lua_pushstring(L, call->pattern);
    lua_call(L, 2, 1);
    call->fits = !lua_isnil(L, -1);
    return 0;
}

int code_fits(struct vm *vm, const char *parser, const char *text, const char *pattern, bool *fits, struct err *e)
{
    struct call call = {.text = text, .pattern = pattern};
    int failed = vm_protect(vm, do_fits, &call, 0, parser, e);
    *fits = call.fits;
    return failed;
}

static int do_parse(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);
    sandbox_reseed(L);
    code_push_function(L, "parsers", call->parser, call->function);
    value_push(L, call->doc);
    bind_out_push(L, call->out);
    push_input(L, call->in);
    lua_call(L, 3, 0);
    return 0;
}

int code_parse(struct vm *vm, const char *parser, const cJSON *doc, const struct code_input *in, struct json_doc **events,
               struct err *e)
{
    struct out out = {0};
    struct call call = {.parser = parser, .function = "parse", .doc = doc, .in = in, .out = &out};
    value_begin(vm);
    int failed = vm_protect(vm, do_parse, &call, 0, parser, e);
    value_end(vm);
    bind_out_close(vm_lua(vm));
    if (failed && out.too_much)
        e->kind = ERR_INPUT;
    if (!failed) {
        buf_str(&out.text, out.events == 0 ? "[]" : "]");
        struct json_limits limits = {.bytes = SIZE_MAX / 2, .nodes = SIZE_MAX / 2, .depth = 100};
        failed = json_parse(out.text.data, out.text.len, &limits, events, e);
    }
    buf_free(&out.text);
    return failed;
}
