#include "script/fault.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "script/vm_state.h"

static const char fault_key;

/* --- words ------------------------------------------------------------------------------------------------------------------ */

struct word {
    const char *state, *word;
};

/* PostgreSQL's names of what a plugin is likely to meet; the first two characters stand for the rest of their class. */
static const struct word words[] = {
    {"08", "connection_exception"},
    {"0A000", "feature_not_supported"},
    {"21000", "cardinality_violation"},
    {"22001", "string_data_right_truncation"},
    {"22003", "numeric_value_out_of_range"},
    {"22007", "invalid_datetime_format"},
    {"22008", "datetime_field_overflow"},
    {"22012", "division_by_zero"},
    {"22021", "character_not_in_repertoire"},
    {"22P02", "invalid_text_representation"},
    {"22P03", "invalid_binary_representation"},
    {"22", "data_exception"},
    {"23502", "not_null_violation"},
    {"23503", "foreign_key_violation"},
    {"23505", "unique_violation"},
    {"23514", "check_violation"},
    {"23P01", "exclusion_violation"},
    {"23", "integrity_constraint_violation"},
    {"25006", "read_only_sql_transaction"},
    {"25P02", "in_failed_sql_transaction"},
    {"25", "invalid_transaction_state"},
    {"28", "invalid_authorization_specification"},
    {"40001", "serialization_failure"},
    {"40P01", "deadlock_detected"},
    {"40", "transaction_rollback"},
    {"42501", "insufficient_privilege"},
    {"42601", "syntax_error"},
    {"42702", "ambiguous_column"},
    {"42703", "undefined_column"},
    {"42704", "undefined_object"},
    {"42725", "ambiguous_function"},
    {"42804", "datatype_mismatch"},
    {"42803", "grouping_error"},
    {"42883", "undefined_function"},
    {"42P01", "undefined_table"},
    {"42P02", "undefined_parameter"},
    {"42P18", "indeterminate_datatype"},
    {"42", "syntax_error_or_access_rule_violation"},
    {"53100", "disk_full"},
    {"53300", "too_many_connections"},
    {"53", "insufficient_resources"},
    {"54", "program_limit_exceeded"},
    {"55P03", "lock_not_available"},
    {"57014", "query_canceled"},
    {"57", "operator_intervention"},
    {"P0001", "raise_exception"},
    {"P0", "plpgsql_error"},
    {"XX", "internal_error"},
};

static const char *word_of(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(words[i].state, sqlstate, strlen(words[i].state)) == 0)
            return words[i].word;
    return "sql_error";
}

static const struct {
    enum err_kind kind;
    const char *name;
} kinds[] = {
    {ERR_LOST, "lost"},     {ERR_TEMPORARY, "temporary"}, {ERR_CANCELLED, "cancelled"}, {ERR_UNAVAILABLE, "unavailable"},
    {ERR_CONFIG, "config"}, {ERR_USAGE, "usage"},         {ERR_PLUGIN, "usage"},        {ERR_INPUT, "usage"},
    {ERR_BUG, "bug"},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds, N_PASSING = 5 /* what is the same outside of Lua */ };

static const char *kind_of(const struct err *e)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if (kinds[i].kind == e->kind && (i < N_PASSING || e->sqlstate[0] == '\0'))
            return kinds[i].name;
    return "sql";
}

/* --- making one ---------------------------------------------------------------------------------------------------------------- */

static void put(lua_State *L, const char *key, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

static void put_where(lua_State *L)
{
    lua_Debug at;
    for (int level = 1; level < 50 && lua_getstack(L, level, &at); level++) {
        lua_getinfo(L, "Sl", &at);
        if (at.currentline <= 0)
            continue;
        lua_pushfstring(L, "%s:%d", at.short_src, at.currentline);
        lua_setfield(L, -2, "where");
        return;
    }
}

/* The message on the top becomes the error. */
static void make(lua_State *L, const char *kind, const char *code, const char *call)
{
    luaL_checkstack(L, 6, NULL);
    lua_createtable(L, 0, 10);
    lua_insert(L, -2);
    lua_setfield(L, -2, "message");
    put(L, "kind", kind);
    put(L, "code", code);
    put(L, "call", call);
    put(L, "plugin", vm_name(vm_of(L)));
    put_where(L);
    luaL_traceback(L, L, NULL, 1);
    lua_setfield(L, -2, "traceback");
    lua_rawgetp(L, LUA_REGISTRYINDEX, &fault_key);
    lua_setmetatable(L, -2);
}

_Noreturn static void throw(lua_State * L)
{
    lua_error(L);
    abort(); /* it does not return */
}

void fault_usage(lua_State *L, const char *call, const char *fmt, ...)
{
    va_list ap;
    luaL_checkstack(L, 10, NULL);
    va_start(ap, fmt);
    lua_pushvfstring(L, fmt, ap);
    va_end(ap);
    make(L, "usage", "usage", call);
    throw(L);
}

void fault_raise(lua_State *L, const char *kind, const char *code, const char *call, const char *fmt, ...)
{
    va_list ap;
    luaL_checkstack(L, 10, NULL);
    va_start(ap, fmt);
    lua_pushvfstring(L, fmt, ap);
    va_end(ap);
    make(L, kind, code, call);
    throw(L);
}

void fault_budget(lua_State *L, const char *call, enum vm_meter meter)
{
    luaL_checkstack(L, 10, NULL);
    lua_pushfstring(L, "budget_%s", vm_meter_name(meter));
    const char *code = lua_tostring(L, -1);
    lua_pushstring(L, vm_limit_text(vm_of(L), meter));
    make(L, "budget", code, call);
    throw(L);
}

void fault_cancelled(lua_State *L, const char *call)
{
    luaL_checkstack(L, 10, NULL);
    lua_pushliteral(L, "was cancelled");
    make(L, "cancelled", "cancelled", call);
    throw(L);
}

/* "line 2: from nowhere": position counts characters, not bytes. */
static void put_place(lua_State *L, const char *sql, int position)
{
    if (sql == NULL || position < 1)
        return;
    const char *line = sql, *p = sql;
    int at = 1, number = 1;
    for (; *p != '\0' && at < position; p++) {
        at += ((unsigned char)p[1] & 0xC0) != 0x80;
        if (*p == '\n')
            line = p + 1, number++;
    }
    size_t n = strcspn(line, "\n");
    lua_pushfstring(L, "line %d of the statement: ", number);
    lua_pushlstring(L, line, n < 200 ? n : 200);
    lua_concat(L, 2);
    lua_setfield(L, -2, "statement");
}

void fault_push_req(lua_State *L, const char *call, const struct port_req *req, const char *sql)
{
    const struct port_trouble *t = &req->trouble;
    const char *sqlstate = req->err.sqlstate, *kind = kind_of(&req->err);
    luaL_checkstack(L, 10, NULL);
    lua_pushstring(L, t->message != NULL ? t->message : req->err.text);
    make(L, kind, *sqlstate != '\0' ? word_of(sqlstate) : kind, call);
    put(L, "sqlstate", sqlstate);
    put(L, "detail", t->detail);
    put(L, "hint", t->hint);
    put(L, "constraint", t->constraint);
    put(L, "schema", t->schema);
    put(L, "table", t->table);
    put(L, "column", t->column);
    if (t->position > 0) {
        lua_pushinteger(L, t->position);
        lua_setfield(L, -2, "position");
        put_place(L, sql, t->position);
    }
}

/* --- showing one ----------------------------------------------------------------------------------------------------------------- */

/* A field as text: NULL where it is none. Stays on the stack. */
static const char *field(lua_State *L, int index, const char *key)
{
    lua_pushstring(L, key);
    lua_rawget(L, index);
    return lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
}

/* Pushes the text of the error at index. */
static void push_text(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    luaL_checkstack(L, 16, NULL);
    const char *call = field(L, index, "call"), *message = field(L, index, "message"), *state = field(L, index, "sqlstate"),
               *detail = field(L, index, "detail"), *hint = field(L, index, "hint"), *at = field(L, index, "statement");
    if (message == NULL)
        message = "an error whose message was taken away";
    bool named = call == NULL || strncmp(message, call, strlen(call)) == 0;
    lua_pushfstring(L, "%s%s%s%s%s%s%s%s%s%s%s%s", named ? "" : call, named ? "" : ": ", message, state ? " (" : "",
                    state ? state : "", state ? ")" : "", at ? "\n  " : "", at ? at : "", detail ? "\n  detail: " : "",
                    detail ? detail : "", hint ? "\n  hint: " : "", hint ? hint : "");
    lua_replace(L, -7);
    lua_pop(L, 5);
}

static int l_tostring(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    push_text(L, 1);
    return 1;
}

static int l_concat(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    luaL_tolstring(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

void fault_types(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &fault_key) == LUA_TNIL) {
        lua_createtable(L, 0, 3);
        lua_pushcfunction(L, l_tostring);
        lua_setfield(L, -2, "__tostring");
        lua_pushcfunction(L, l_concat);
        lua_setfield(L, -2, "__concat");
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
        lua_rawsetp(L, LUA_REGISTRYINDEX, &fault_key);
    }
    lua_pop(L, 1);
}

static bool is_fault(lua_State *L, int index)
{
    if (!lua_istable(L, index) || !lua_getmetatable(L, index))
        return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &fault_key);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

static int show(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    return 1;
}

/* Replaces an error object by its text: its __tostring is plugin code, and may fail. */
static void to_text(lua_State *L)
{
    if (lua_type(L, -1) == LUA_TSTRING)
        return;
    lua_pushcfunction(L, show);
    lua_pushvalue(L, -2);
    if (vm_of(L)->over || lua_pcall(L, 1, 1, 0) != LUA_OK) {
        lua_pop(L, 1);
        lua_pushfstring(L, "an error object (a %s) that cannot be shown as text", luaL_typename(L, -1));
    }
    lua_replace(L, -2);
}

static void take_kind(lua_State *L, int index, struct err *e)
{
    const char *kind = field(L, index, "kind"), *state = field(L, index, "sqlstate");
    for (size_t i = 0; i < N_PASSING - 1 && kind != NULL; i++) /* a config's error is the plugin's here */
        if (strcmp(kinds[i].name, kind) == 0)
            e->kind = kinds[i].kind;
    if (state != NULL && strlen(state) == 5)
        memcpy(e->sqlstate, state, 6);
    lua_pop(L, 2);
}

void fault_limit(struct vm *vm, lua_State *co, enum vm_meter meter, const char *what, struct err *e)
{
    lua_Debug at;
    vm->hit = meter;
    for (int level = 0; lua_getstack(co, level, &at); level++) {
        lua_getinfo(co, "Sl", &at);
        if (at.currentline > 0) {
            err_set(e, ERR_PLUGIN, "%s (%s:%d): %s", what, at.short_src, at.currentline, vm_limit_text(vm, meter));
            return;
        }
    }
    err_set(e, ERR_PLUGIN, "%s: %s", what, vm_limit_text(vm, meter));
}

/* Where co stopped, as "file:line: ", pushed onto L; "" where no line is known. */
static const char *place_of(lua_State *L, lua_State *co)
{
    lua_Debug at;
    for (int level = 0; level < 50 && lua_getstack(co, level, &at); level++) {
        lua_getinfo(co, "Sl", &at);
        if (at.currentline > 0)
            return lua_pushfstring(L, "%s:%d: ", at.short_src, at.currentline);
    }
    return lua_pushliteral(L, "");
}

void fault_report(lua_State *L, lua_State *co, int status, const char *trace, const char *what, struct err *e)
{
    int top = lua_gettop(L);
    luaL_checkstack(L, 16, NULL);
    bool fault = is_fault(L, top);
    if (fault) {
        const char *where = field(L, top, "where"), *own = field(L, top, "traceback");
        push_text(L, top);
        lua_pushfstring(L, "%s%s%s\n%s", where ? where : "", where ? ": " : "", lua_tostring(L, -1),
                        own ? own : "stack traceback:");
    } else {
        const char *place = lua_type(L, top) != LUA_TSTRING ? place_of(L, co) : "";
        lua_pushvalue(L, top);
        to_text(L);
        lua_pushfstring(L, "%s%s\n%s", place, lua_tostring(L, -1), trace);
    }
    struct vm *vm = vm_of(L);
    error_report(vm, status, lua_tostring(L, -1), false, what, e);
    if (fault && !vm->over)
        take_kind(L, top, e);
    lua_settop(L, top);
}
