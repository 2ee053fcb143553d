#include "script/code.h"

#include <string.h>

#include "base/mem.h"
#include "script/bind_json.h"
#include "script/bind_out.h"
#include "script/box.h"
#include "script/globals.h"
#include "script/snapshot.h"
#include "script/trusted.h"
#include "script/value.h"
#include "script/vm_state.h"

static const char plugin_key;

/* --- loading ------------------------------------------------------------------------------------------------------------ */

enum { CHECK_MS = 10000, CHECK_BYTES = 256 << 20, SOURCE_MAX = 4 << 20 };
static const char config_key;

struct load {
    const struct code_file *file;
    const char *module; /* of the checker: its check and format */
    struct buf copy, source, description, mistakes;
    const char *wrong;
};

static void read_source(struct load *load)
{
    char piece[8192];
    FILE *f = fopen(load->file->path, "rbe");
    if (f == NULL)
        return; /* it has just been compiled; without it, mistakes have no lines */
    for (size_t n; load->source.len < SOURCE_MAX && (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_add(&load->source, piece, n);
    fclose(f);
}

/* In the plugin's state. 1: load, 2: what the file returned */
static int keep_table(lua_State *L)
{
    struct load *load = lua_touserdata(L, 1);
    lua_pushvalue(L, 2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &plugin_key);
    load->wrong = snapshot_take(L, 2, &load->copy);
    return 0;
}

/* check(table, opts) -> description, warnings | nil, mistakes. In the checker's state. */
static int check_copy(lua_State *L)
{
    struct load *load = lua_touserdata(L, 1);
    const char *wrong = NULL;
    sandbox_reseed(L);
    lua_getglobal(L, "require");
    lua_pushstring(L, load->module);
    lua_call(L, 1, 1); /* 2: the module */
    lua_getfield(L, 2, "check");
    snapshot_push(L, &load->copy);
    lua_createtable(L, 0, 4);
    lua_pushstring(L, load->file->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, load->file->shown);
    lua_setfield(L, -2, "file");
    lua_pushlstring(L, load->source.data ? load->source.data : "", load->source.len);
    lua_setfield(L, -2, "source");
    lua_pushboolean(L, load->file->lines);
    lua_setfield(L, -2, "lines");
    lua_call(L, 2, 2); /* 3: description, 4: mistakes */
    if (lua_isnil(L, 3)) {
        lua_getfield(L, 2, "format");
        lua_pushvalue(L, 4);
        lua_pushstring(L, load->file->shown);
        lua_call(L, 2, 1);
        buf_str(&load->mistakes, luaL_checkstring(L, -1));
    } else {
        wrong = value_write(L, 3, &load->description);
    }
    return wrong != NULL ? luaL_error(L, "%s", wrong) : 0;
}

/* "attempt to index a nil value (global 'ctx')" is no help to who does not know where ctx comes from. */
static int say_instead(struct err *e)
{
    const char *name = strstr(e->text, "(global '");
    size_t n = name != NULL ? strcspn(name + 9, "'") : 0;
    if (n == 0 || name[9 + n] != '\'')
        return -1;
    char *word = mem_ndup(name + 9, n);
    const char *instead = globals_instead(word);
    if (instead != NULL) {
        char *text = mem_printf("%s: %s", e->text, instead);
        err_set(e, e->kind, "%s", text);
        mem_free(text);
    }
    mem_free(word);
    return -1;
}

static int run_file(struct vm *vm, struct load *load, struct err *e)
{
    if (vm_load_file(vm, load->file->path, load->file->shown, e) != 0)
        return say_instead(e);
    lua_State *L = vm_lua(vm);
    must(lua_checkstack(L, 4));
    lua_pushcfunction(L, keep_table);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, load);
    lua_insert(L, -2);
    if (vm_call(vm, 2, 0, load->file->shown, e) != 0)
        return -1;
    if (load->wrong != NULL)
        return err_set(e, ERR_CONFIG, "%s:1: the file returns %s: a plugin's table is plain", load->file->shown, load->wrong);
    return 0;
}

static int check_file(struct vm *vm, struct vm *checker, struct load *load, struct json_doc **out, struct buf *mistakes,
                      struct err *e)
{
    int failed = run_file(vm, load, e);
    if (!failed) {
        read_source(load);
        failed = vm_protect(checker, check_copy, load, 0, load->file->shown, e);
        if (failed && (checker->over || checker->memory_hit))
            err_set(e, ERR_CONFIG, "%s:1: its table is too large to be checked: a plugin's table is written, not computed",
                    load->file->shown);
        else if (failed)
            e->kind = ERR_BUG;
    }
    if (failed && mistakes != NULL)
        buf_printf(mistakes, "%s%s", mistakes->len ? "\n" : "", e->text);
    if (!failed && load->mistakes.len > 0) {
        if (mistakes != NULL)
            buf_printf(mistakes, "%s%s", mistakes->len ? "\n" : "", load->mistakes.data);
        failed = err_set_lines(e, ERR_CONFIG, load->mistakes.data, "type \"tidemark plugin check\"");
    }
    if (!failed) {
        struct json_limits limits = {.bytes = SIZE_MAX / 2, .nodes = SIZE_MAX / 2, .depth = 100};
        failed = json_parse(load->description.data, load->description.len, &limits, out, e);
    }
    buf_free(&load->copy);
    buf_free(&load->source);
    buf_free(&load->description);
    buf_free(&load->mistakes);
    return failed;
}

/* --- the settings: read only, or one call could say something to the next ------------------------------------------------ */

static int refuse_change(lua_State *L)
{
    return luaL_error(L, "settings cannot be changed by the plugin: they are the project's, in tidemark.lua");
}

static int next_setting(lua_State *L)
{
    lua_settop(L, 2);
    if (lua_next(L, 1))
        return 2;
    lua_pushnil(L);
    return 1;
}

static int all_settings(lua_State *L)
{
    lua_pushcfunction(L, next_setting);
    lua_pushvalue(L, lua_upvalueindex(1));
    return 2;
}

static int count_settings(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, lua_upvalueindex(1)));
    return 1;
}

/* Puts an empty table that reads from it in place of the table on the top. */
static void make_read_only(lua_State *L)
{
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_istable(L, -1)) {
            make_read_only(L);
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, -4); /* a key that is there already: the walk goes on */
        } else {
            lua_pop(L, 1);
        }
    }
    lua_newtable(L); /* data, proxy */
    lua_createtable(L, 0, 5);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_change);
    lua_setfield(L, -2, "__newindex");
    lua_pushvalue(L, -3);
    lua_pushcclosure(L, all_settings, 1);
    lua_setfield(L, -2, "__pairs");
    lua_pushvalue(L, -3);
    lua_pushcclosure(L, count_settings, 1);
    lua_setfield(L, -2, "__len");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_remove(L, -2);
}

static int keep_settings(lua_State *L)
{
    bind_json_push_copy(L, lua_touserdata(L, 1));
    luaL_checkstack(L, 20, "settings");
    make_read_only(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &config_key);
    return 0;
}

int code_set_config(struct vm *vm, const cJSON *config, struct err *e)
{
    return vm_protect(vm, keep_settings, (void *)(uintptr_t)config, 0, "settings", e);
}

void code_push_config(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &config_key) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
    }
}

struct vm *code_checker(const char *lib_dir)
{
    return trusted_open(lib_dir, CHECK_MS, CHECK_BYTES);
}

int code_check(struct vm *vm, struct vm *checker, const struct code_file *file, struct json_doc **description,
               struct buf *mistakes, struct err *e)
{
    struct load load = {.file = file, .module = "tidemark.contract"};
    return check_file(vm, checker, &load, description, mistakes, e);
}

int code_config(struct vm *vm, struct vm *checker, const struct code_file *file, struct json_doc **config, struct buf *mistakes,
                struct err *e)
{
    struct load load = {.file = file, .module = "tidemark.contract_project"};
    return check_file(vm, checker, &load, config, mistakes, e);
}

int code_load(struct vm *vm, const char *path, const char *shown, const char *name, struct json_doc **description,
              struct err *e)
{
    struct code_file file = {.path = path, .shown = shown ? shown : path, .name = name};
    struct vm *checker = code_checker(vm->lib_dir);
    int failed = code_check(vm, checker, &file, description, NULL, e);
    vm_free(&checker);
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
    struct buf *capture;
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
    lua_createtable(L, 0, 7);
    lua_pushstring(L, in->platform);
    lua_setfield(L, -2, "platform");
    lua_pushstring(L, in->url);
    lua_setfield(L, -2, "url");
    lua_pushstring(L, in->format);
    lua_setfield(L, -2, "format");
    lua_pushstring(L, in->content);
    lua_setfield(L, -2, "content");
    if (in->status != 0) {
        lua_pushinteger(L, in->status);
        lua_setfield(L, -2, "status");
    }
    if (in->observed_at % 1000000 == 0)
        lua_pushinteger(L, in->observed_at / 1000000);
    else
        lua_pushnumber(L, (double)in->observed_at / 1e6);
    lua_setfield(L, -2, "observed_at");
    code_push_config(L);
    lua_setfield(L, -2, "config");
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

static int do_capture(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);
    lua_getglobal(L, "string");
    lua_getfield(L, -1, "match");
    lua_pushstring(L, call->text);
    lua_pushstring(L, call->pattern);
    lua_call(L, 2, 1);
    size_t n = 0;
    const char *s = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : NULL;
    if (s != NULL)
        buf_add(call->capture, s, n);
    return 0;
}

int code_capture(struct vm *vm, const char *parser, const char *text, const char *pattern, struct buf *capture, struct err *e)
{
    struct call call = {.text = text, .pattern = pattern, .capture = capture};
    return vm_protect(vm, do_capture, &call, 0, parser, e);
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
