#include "script/bind_frame.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "base/nearest.h"
#include "script/bind_json.h"
#include "script/box.h"

struct list {
    const struct frame *frame; /* NULL: gone */
};

struct row {
    size_t at;
};

static const char list_name[] = "posts", row_name[] = "post";

/* What a row of posts may have. A frame need not have all of them: one that it lacks is nil, as every unknown value is. */
static const char *const fields[] = {
    "account",    "ai_version",   "basis",  "by",      "caption", "comments",   "content",       "creator",
    "duration_s", "external_id",  "facts",  "gained",  "likes",   "local_hour", "local_weekday", "media_kind",
    "platform",   "published_at", "reason", "read_at", "saves",   "score",      "score_24h",     "segment",
    "shares",     "straddles",    "tags",   "views",   "y",
};

static const struct frame *frame_of(lua_State *L, struct list *list)
{
    if (list->frame == NULL)
        luaL_error(L, "these posts are gone: they may be used inside find only");
    return list->frame;
}

const struct frame *bind_frame_check(lua_State *L, int index)
{
    return frame_of(L, luaL_checkudata(L, index, list_name));
}

static void push_number(lua_State *L, double d)
{
    if (isnan(d))
        lua_pushnil(L);
    else if (d == floor(d) && fabs(d) <= 9007199254740992.0)
        lua_pushinteger(L, (lua_Integer)d);
    else
        lua_pushnumber(L, d);
}

static void push_list(lua_State *L, const struct frame_list *list)
{
    if (list == NULL) {
        lua_pushnil(L);
        return;
    }
    lua_createtable(L, (int)list->n, 0);
    for (size_t i = 0; i < list->n; i++) {
        lua_pushstring(L, list->text[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_daily(lua_State *L, const struct frame_daily *d)
{
    if (d == NULL) {
        lua_pushnil(L);
        return;
    }
    lua_createtable(L, (int)d->n, 1);
    lua_pushinteger(L, d->first_day);
    lua_setfield(L, -2, "first_day");
    for (size_t i = 0; i < d->n; i++) {
        push_number(L, d->value[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_json(lua_State *L, const char *text)
{
    if (text == NULL) {
        lua_pushnil(L);
        return;
    }
    struct json_doc **doc = box_push_json(L);
    struct err e = {0};
    if (json_parse(text, strlen(text), NULL, doc, &e) != 0)
        luaL_error(L, "a post's facts are no JSON: %s", e.text);
    bind_json_push_copy(L, json_root(*doc));
    json_free(doc);
    lua_remove(L, -2);
}

static void push_cell(lua_State *L, const struct frame_column *c, size_t row)
{
    switch (c->kind) {
    case FRAME_NUMBER: push_number(L, c->number[row]); break;
    case FRAME_BOOL: lua_pushboolean(L, c->flag[row]); break;
    case FRAME_TEXT: lua_pushstring(L, c->text[row]); break;
    case FRAME_LIST: push_list(L, c->list[row]); break;
    case FRAME_JSON: push_json(L, c->text[row]); break;
    case FRAME_DAILY: push_daily(L, c->daily[row]); break;
    }
}

static void unknown_field(lua_State *L, const char *name)
{
    size_t n = sizeof fields / sizeof *fields;
    for (size_t i = 0; i < n; i++)
        if (strcmp(fields[i], name) == 0)
            return;
    const char *near = nearest(name, fields, n);
    if (near != NULL)
        luaL_error(L, "a post has no field '%s', did you mean '%s'?", name, near);
    luaL_error(L, "a post has no field '%s'", name);
}

static int l_row_index(lua_State *L)
{
    const struct row *row = luaL_checkudata(L, 1, row_name);
    const char *name = luaL_checkstring(L, 2);
    lua_getiuservalue(L, 1, 1);
    const struct frame *f = bind_frame_check(L, -1);
    size_t c = frame_find(f, name);
    if (c < f->n_column) {
        push_cell(L, &f->column[c], row->at);
        return 1;
    }
    if (frame_find(f, "platform") < f->n_column) /* columns of labels are free in their names */
        unknown_field(L, name);
    lua_pushnil(L);
    return 1;
}

void bind_frame_push_row(lua_State *L, int index, size_t row)
{
    index = lua_absindex(L, index);
    struct row *r = lua_newuserdatauv(L, sizeof *r, 1);
    r->at = row;
    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, row_name);
}

static int l_list_index(lua_State *L)
{
    const struct frame *f = bind_frame_check(L, 1);
    if (!lua_isinteger(L, 2))
        return luaL_error(L, "posts are a list: posts[1] to posts[#posts], not posts.%s", luaL_tolstring(L, 2, NULL));
    lua_Integer i = lua_tointeger(L, 2);
    if (i < 1 || (lua_Unsigned)i > f->n_row)
        lua_pushnil(L);
    else
        bind_frame_push_row(L, 1, (size_t)i - 1);
    return 1;
}

static int l_list_len(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)bind_frame_check(L, 1)->n_row);
    return 1;
}

static int l_read_only(lua_State *L)
{
    return luaL_error(L, "posts cannot be changed");
}

static void make_type(lua_State *L, const char *name, lua_CFunction index, lua_CFunction len)
{
    luaL_newmetatable(L, name);
    lua_pushcfunction(L, index);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, l_read_only);
    lua_setfield(L, -2, "__newindex");
    if (len != NULL) {
        lua_pushcfunction(L, len);
        lua_setfield(L, -2, "__len");
    }
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

void bind_frame_open(lua_State *L)
{
    make_type(L, list_name, l_list_index, l_list_len);
    make_type(L, row_name, l_row_index, NULL);
}

void bind_frame_push(lua_State *L, const struct frame *f)
{
    struct list *list = lua_newuserdatauv(L, sizeof *list, 0);
    list->frame = f;
    luaL_setmetatable(L, list_name);
}

void bind_frame_end(lua_State *L, int index)
{
    struct list *list = lua_touserdata(L, index);
    if (list != NULL)
        list->frame = NULL;
}
