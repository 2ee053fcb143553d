/* What was raised becomes a text that says plugin, place and what to do. */
#include <string.h>

#include "base/buf.h"
#include "script/vm_state.h"

static int to_text(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    return 1;
}

/* Runs in place of the unwinding: makes a string of whatever was raised and adds where that was. An error object's
 * __tostring is plugin code and may fail itself. */
int error_handler(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TSTRING) {
        lua_pushcfunction(L, to_text);
        lua_pushvalue(L, 1);
        if (vm_of(L)->over || lua_pcall(L, 1, 1, 0) != LUA_OK)
            lua_pushfstring(L, "an error object (a %s) that cannot be shown as text", luaL_typename(L, 1));
        lua_replace(L, 1);
        lua_settop(L, 1);
        lua_Debug at;
        for (int level = 1; level < 20 && lua_getstack(L, level, &at); level++) {
            lua_getinfo(L, "Sl", &at);
            if (at.currentline > 0) {
                lua_pushfstring(L, "%s:%d: %s", at.short_src, at.currentline, lua_tostring(L, 1));
                lua_replace(L, 1);
                break;
            }
        }
    }
    luaL_traceback(L, L, lua_tostring(L, 1), 1);
    return 1;
}

struct place {
    const char *file;
    size_t len;       /* of "file:line" */
    const char *rest; /* behind ": " */
};

/* Splits "plugins/x/plugin.lua:12: text". */
static bool split_place(const char *text, struct place *out)
{
    const char *p = strstr(text, ".lua:");
    const char *eol = strchr(text, '\n');
    if (p == NULL || (eol != NULL && p > eol))
        return false;
    p += strlen(".lua:");
    size_t digits = strspn(p, "0123456789");
    if (digits == 0 || p[digits] != ':' || p[digits + 1] != ' ')
        return false;
    *out = (struct place){.file = text, .len = (size_t)(p + digits - text), .rest = p + digits + 2};
    return true;
}

int error_report(struct vm *vm, int status, const char *raised, bool load, const char *what, struct err *e)
{
    static const char trace_head[] = "\nstack traceback:";
    const char *trace = strstr(raised, trace_head);
    struct buf text = {0}, said = {0};
    struct place place = {0};
    bool placed = split_place(raised, &place);
    const char *rest = placed ? place.rest : raised;
    size_t rest_len = trace != NULL && trace >= rest ? (size_t)(trace - rest) : strlen(rest);

    bool memory = status == LUA_ERRMEM || (vm->memory_hit && strstr(raised, "not enough memory") != NULL);
    if (memory && !vm->over)
        vm->hit = VM_MEMORY;
    if (vm->over || memory)
        buf_str(&said, vm_limit_text(vm, vm->over ? (enum vm_meter)vm->over : VM_MEMORY));
    else
        buf_add(&said, rest, rest_len);

    if (load && placed)
        buf_printf(&text, "%.*s: %s", (int)place.len, place.file, said.data ? said.data : "");
    else if (placed)
        buf_printf(&text, "%s (%.*s): %s", what, (int)place.len, place.file, said.data ? said.data : "");
    else
        buf_printf(&text, "%s: %s", what, said.data ? said.data : "");
    if (!load && trace != NULL && !vm->over && !memory)
        buf_str(&text, trace);
    err_set(e, load && !vm->over && !memory ? ERR_CONFIG : ERR_PLUGIN, "%s", text.data);
    buf_free(&text);
    buf_free(&said);
    return -1;
}
