#include "script/bind_out.h"

#include <lauxlib.h>
#include <string.h>

#include "data/json.h"
#include "script/value.h"
#include "script/vm_state.h"

enum { OUTPUT_MAX = 64 << 20 };

static const char *const post_keys[] = {"id",   "platform",   "account",    "title",      "caption",  "url",     "published_at",
                                        "tags", "duration_s", "media_kind", "ai_version", "features", "aliases", NULL};
static const char *const counts_keys[] = {"views",  "likes",        "shares",     "comments", "saves",    "average_watch_time",
                                          "window", "window_start", "window_end", "metrics",  "audience", "extra",
                                          NULL};
static const char *const facts_keys[] = {"id", "platform", "features", "notes", NULL};
static const char *const same_keys[] = {"id", "aliases", NULL};
static const char *const account_keys[] = {"id", "handle", "metrics", "audience", NULL};
static const char current_key;

static struct out *current(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &current_key);
    struct out *out = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (out == NULL)
        luaL_error(L, "out is gone: it may be used inside parse only");
    return out;
}

static bool known(const char *key, const char *const *keys)
{
    for (; *keys != NULL; keys++)
        if (strcmp(*keys, key) == 0)
            return true;
    return false;
}

/* Argument 1 must be a table with these keys only. */
static void check_table(lua_State *L, const char *call, const char *const *keys)
{
    if (lua_type(L, 1) != LUA_TTABLE)
        luaL_error(L, "%s needs a table: %s{ … }", call, call);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "%s needs names, not a list (write %s{ … } with a dot, not a colon)", call, call);
        const char *key = lua_tostring(L, -1);
        if (known(key, keys))
            continue;
        luaL_Buffer b;
        luaL_buffinit(L, &b);
        for (const char *const *k = keys; *k != NULL; k++) {
            luaL_addstring(&b, k == keys ? "" : ", ");
            luaL_addstring(&b, *k);
        }
        luaL_pushresult(&b);
        luaL_error(L, "%s: unknown key '%s' (known: %s)", call, key, lua_tostring(L, -1));
    }
}

static void begin_event(struct out *out, const char *name)
{
    out->begun = out->text.len;
    buf_str(&out->text, out->events++ == 0 ? "[[\"" : ",[\"");
    buf_str(&out->text, name);
    buf_char(&out->text, '"');
}

/* Adds the value at index to the event; takes the whole event back and raises when it cannot be written: the plugin may catch that. */
static void add_value(lua_State *L, struct out *out, const char *call, int index)
{
    buf_char(&out->text, ',');
    const char *wrong = value_write(L, index, &out->text);
    bool full = out->text.len > OUTPUT_MAX;
    if (wrong == NULL && !full)
        return;
    out->text.len = out->begun;
    out->text.data[out->begun] = '\0';
    out->events--;
    if (wrong != NULL)
        luaL_error(L, "%s: %s", call, wrong);
    out->too_much = true;
    luaL_error(L, "more than %d MiB of rows from one document", OUTPUT_MAX >> 20);
}

static void one_row_more(lua_State *L, struct out *out)
{
    if (++out->rows <= OUT_ROWS_MAX)
        return;
    out->too_much = true;
    luaL_error(L, "more than 50,000 rows from one document");
}

static int l_post(lua_State *L)
{
    struct out *out = current(L);
    check_table(L, "out.post", post_keys);
    out->post_open = false;
    one_row_more(L, out);
    begin_event(out, "post");
    add_value(L, out, "out.post", 1);
    buf_char(&out->text, ']');
    out->post_open = true;
    out->post_counted = false;
    return 0;
}

static int l_counts(lua_State *L)
{
    struct out *out = current(L);
    check_table(L, "out.counts", counts_keys);
    if (!out->post_open)
        return luaL_error(L, "out.counts comes before any out.post");
    if (out->post_counted)
        one_row_more(L, out);
    out->post_counted = true;
    begin_event(out, "counts");
    add_value(L, out, "out.counts", 1);
    buf_char(&out->text, ']');
    return 0;
}

/* Facts are whole by themselves: no counts may follow. */
static int l_facts(lua_State *L)
{
    struct out *out = current(L);
    check_table(L, "out.facts", facts_keys);
    one_row_more(L, out);
    begin_event(out, "facts");
    add_value(L, out, "out.facts", 1);
    buf_char(&out->text, ']');
    out->post_open = false;
    return 0;
}

static int l_account(lua_State *L)
{
    struct out *out = current(L);
    check_table(L, "out.account", account_keys);
    if (lua_getfield(L, 1, "metrics") != LUA_TNIL || lua_getfield(L, 1, "audience") != LUA_TNIL)
        one_row_more(L, out); /* an observation of it */
    lua_settop(L, 1);
    begin_event(out, "account");
    add_value(L, out, "out.account", 1);
    buf_char(&out->text, ']');
    return 0;
}

static int l_same(lua_State *L)
{
    struct out *out = current(L);
    check_table(L, "out.same", same_keys);
    begin_event(out, "same");
    add_value(L, out, "out.same", 1);
    buf_char(&out->text, ']');
    return 0;
}

static int l_skip(lua_State *L)
{
    struct out *out = current(L);
    luaL_checkstring(L, 1);
    lua_Integer n = luaL_optinteger(L, 2, 1);
    luaL_argcheck(L, n >= 0 && n <= 1000000000, 2, "how many items? 0 or more");
    begin_event(out, "skip");
    add_value(L, out, "out.skip", 1);
    buf_printf(&out->text, ",%lld]", (long long)n);
    return 0;
}

static int l_bad(lua_State *L)
{
    struct out *out = current(L);
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    lua_settop(L, 3);
    one_row_more(L, out);
    begin_event(out, "bad");
    for (int i = 1; i <= 3; i++)
        add_value(L, out, "out.bad", i);
    buf_char(&out->text, ']');
    return 0;
}

/* Codes come as numbers and texts; a platform that names none of them still refused. */
static int l_refuse(lua_State *L)
{
    struct out *out = current(L);
    lua_settop(L, 2);
    begin_event(out, "refuse");
    add_value(L, out, "out.refuse", 1);
    add_value(L, out, "out.refuse", 2);
    buf_char(&out->text, ']');
    return 0;
}

void bind_out_push(lua_State *L, struct out *out)
{
    static const luaL_Reg functions[] = {
        {"post", l_post}, {"counts", l_counts}, {"facts", l_facts},   {"account", l_account}, {"same", l_same},
        {"skip", l_skip}, {"bad", l_bad},       {"refuse", l_refuse}, {NULL, NULL},
    };
    lua_pushlightuserdata(L, out);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &current_key);
    luaL_newlib(L, functions);
}

void bind_out_close(lua_State *L)
{
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &current_key);
}
