/* The table time: instants are seconds since the epoch. No clock: what time it is, a parser does not know. */
#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/datetime.h"
#include "script/bind_json.h"
#include "script/vm_state.h"

static int push_seconds(lua_State *L, int64_t us)
{
    if (us % 1000000 == 0)
        lua_pushinteger(L, us / 1000000);
    else
        lua_pushnumber(L, (double)us / 1e6);
    return 1;
}

/* A text that is no time gives nil: what stands in a payload is no mistake of the plugin's. */
static int l_parse(lua_State *L)
{
    int64_t us;
    if (lua_type(L, 1) != LUA_TSTRING || !datetime_parse(lua_tostring(L, 1), &us)) {
        lua_pushnil(L);
        return 1;
    }
    return push_seconds(L, us);
}

static bool digits(const char *s, size_t n, int *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        *out = *out * 10 + (s[i] - '0');
    }
    return true;
}

static int l_day_start(lua_State *L)
{
    size_t len = 0;
    const char *day = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &len) : "";
    const char *zone = luaL_checkstring(L, 2);
    int y, m, d;
    int64_t us;
    bool date = len == 10 && day[4] == '-' && day[7] == '-' && digits(day, 4, &y) && digits(day + 5, 2, &m) &&
                digits(day + 8, 2, &d) && datetime_parse(day, &us);
    if (!date) {
        lua_pushnil(L);
        return 1;
    }
    if (!datetime_day_start(zone, y, m, d, &us))
        return luaL_error(L, "time.day_start: no such zone '%s'", zone);
    return push_seconds(L, us);
}

static int l_next_day(lua_State *L)
{
    double seconds = luaL_checknumber(L, 1);
    const char *zone = luaL_checkstring(L, 2);
    luaL_argcheck(L, fabs(seconds) < 1e11, 1, "not an instant in seconds");
    int64_t us = llround(seconds * 1e6);
    int y, m, d;
    if (!datetime_day_of(zone, us, &y, &m, &d) || !datetime_day_start(zone, y, m, d + 1, &us))
        return luaL_error(L, "time.next_day: no such zone '%s'", zone);
    return push_seconds(L, us);
}

void bind_time_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"parse", l_parse},
        {"day_start", l_day_start},
        {"next_day", l_next_day},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    lua_setglobal(L, "time");
}
