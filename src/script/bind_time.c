#include "script/bind_time.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "data/calendar.h"

static const int64_t SECOND_US = 1000000, DAY_S = 86400;

/* --- in and out ----------------------------------------------------------------------------------------------------------- */

int bind_time_push(lua_State *L, int64_t us)
{
    if (us % SECOND_US == 0)
        lua_pushinteger(L, us / SECOND_US);
    else
        lua_pushnumber(L, (double)us / 1e6);
    return 1;
}

int64_t bind_time_instant(lua_State *L, int arg)
{
    double seconds = luaL_checknumber(L, arg);
    int64_t us = fabs(seconds) < 1e12 ? llround(seconds * 1e6) : INT64_MAX;
    luaL_argcheck(L, datetime_in_range(us), arg, "not an instant in seconds since 1970 (years 1 to 9999)");
    return us;
}

const struct zone *bind_time_zone(lua_State *L, int arg)
{
    const char *name = luaL_optstring(L, arg, "UTC");
    const struct zone *z = zone_find(name);
    if (z == NULL)
        luaL_error(L, "no such zone '%s' (a name like Europe/Berlin or UTC)", name);
    return z;
}

int bind_time_pick(lua_State *L, int arg)
{
    static const char *const names[] = {"natural", "earlier", "later", "error", NULL};
    static const int picks[] = {DATETIME_NATURAL, DATETIME_EARLIER, DATETIME_LATER, BIND_TIME_REFUSE};
    return picks[luaL_checkoption(L, arg, "natural", names)];
}

void bind_time_refuse(lua_State *L, enum datetime_fit fit, int64_t local_us)
{
    char text[64];
    if (fit == DATETIME_ONCE)
        return;
    datetime_format_local(local_us, 0, -1, text, sizeof text);
    luaL_error(L,
               fit == DATETIME_TWICE ? "%s comes twice in this zone: clocks are set back"
                                     : "%s does not exist in this zone: clocks are set forward",
               text);
}

/* nil and why: what stands in a payload is no mistake of the plugin's. */
static int no_time(lua_State *L, const char *why)
{
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
}

static int push_local(lua_State *L, const struct zone *z, int64_t local_us, int pick)
{
    int64_t us;
    enum datetime_fit fit = datetime_of_local(z, local_us, pick == BIND_TIME_REFUSE ? DATETIME_NATURAL : pick, &us);
    if (pick == BIND_TIME_REFUSE)
        bind_time_refuse(L, fit, local_us);
    return bind_time_push(L, us);
}

/* --- text ------------------------------------------------------------------------------------------------------------------- */

static int l_parse(lua_State *L)
{
    int64_t us;
    bool zoned;
    size_t len;
    const struct zone *z = bind_time_zone(L, 2);
    int pick = bind_time_pick(L, 3);
    if (lua_type(L, 1) != LUA_TSTRING)
        return no_time(L, "not a text");
    const char *text = lua_tolstring(L, 1, &len);
    if (strlen(text) != len || !datetime_parse_zoned(text, &us, &zoned))
        return no_time(L, "not a time in ISO 8601 (2024-01-02T03:04:05Z)");
    return zoned ? bind_time_push(L, us) : push_local(L, z, us, pick);
}

static int push_infinity(lua_State *L)
{
    lua_pushstring(L, lua_tonumber(L, 1) > 0 ? "infinity" : "-infinity");
    return 1;
}

static int l_format(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TNUMBER && isinf(lua_tonumber(L, 1)))
        return push_infinity(L);
    int64_t us = bind_time_instant(L, 1);
    bool in_zone = !lua_isnoneornil(L, 2);
    const struct zone *z = bind_time_zone(L, 2);
    lua_Integer digits = luaL_optinteger(L, 3, -1);
    luaL_argcheck(L, digits >= -1 && digits <= 6, 3, "the fraction has 0 to 6 digits");
    char text[80], offset[16] = "Z";
    int32_t east = zone_at(z, calendar_floor(us, SECOND_US) / SECOND_US).offset;
    datetime_format_local(us, east, (int)digits, text, sizeof text);
    if (in_zone && z != zone_utc())
        datetime_format_offset(east, offset, sizeof offset);
    lua_pushfstring(L, "%s%s", text, offset);
    return 1;
}

static int l_date(lua_State *L)
{
    int64_t us = bind_time_instant(L, 1);
    char text[80];
    int32_t east = zone_at(bind_time_zone(L, 2), calendar_floor(us, SECOND_US) / SECOND_US).offset;
    datetime_format_local(us, east, 0, text, sizeof text);
    lua_pushlstring(L, text, 10);
    return 1;
}

static int l_is_zone(lua_State *L)
{
    lua_pushboolean(L, lua_type(L, 1) == LUA_TSTRING && zone_find(lua_tostring(L, 1)) != NULL);
    return 1;
}

/* --- parts ------------------------------------------------------------------------------------------------------------------- */

static void set(lua_State *L, const char *key, int64_t n)
{
    lua_pushinteger(L, n);
    lua_setfield(L, -2, key);
}

static int l_parts(lua_State *L)
{
    int64_t us = bind_time_instant(L, 1), seconds = calendar_floor(us, SECOND_US) / SECOND_US, year, iso_year;
    struct zone_span span = zone_at(bind_time_zone(L, 2), seconds);
    int64_t local = seconds + span.offset, midnight = calendar_floor(local, DAY_S), days = midnight / DAY_S;
    int month, day, week, clock = (int)(local - midnight);
    calendar_date(days, &year, &month, &day);
    calendar_iso_week(days, &iso_year, &week);
    lua_createtable(L, 0, 13);
    set(L, "year", year);
    set(L, "month", month);
    set(L, "day", day);
    set(L, "hour", clock / 3600);
    set(L, "min", clock / 60 % 60);
    bind_time_push(L, clock % 60 * SECOND_US + us - seconds * SECOND_US);
    lua_setfield(L, -2, "sec");
    set(L, "weekday", calendar_weekday(days));
    set(L, "yday", days - calendar_days(year, 1, 1) + 1);
    set(L, "iso_week", week);
    set(L, "iso_year", iso_year);
    set(L, "offset", span.offset);
    lua_pushboolean(L, span.dst);
    lua_setfield(L, -2, "dst");
    lua_pushstring(L, span.abbreviation);
    lua_setfield(L, -2, "abbr");
    return 1;
}

static void check_keys(lua_State *L)
{
    static const char *const keys[] = {"year", "month",    "day",      "hour",   "min", "sec", "weekday",
                                       "yday", "iso_week", "iso_year", "offset", "dst", "abbr"};
    enum { N = sizeof keys / sizeof *keys };
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        const char *key = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
        size_t i = 0;
        while (i < N && strcmp(keys[i], key) != 0)
            i++;
        if (i < N)
            continue;
        const char *near = strcmp(key, "minute") == 0 ? "min" : strcmp(key, "second") == 0 ? "sec" : nearest(key, keys, N);
        if (near != NULL)
            luaL_error(L, "time.from_parts: unknown part '%s', did you mean '%s'?", key, near);
        luaL_error(L, "time.from_parts: unknown part '%s' (year, month, day, hour, min, sec)", luaL_tolstring(L, -1, NULL));
    }
}

static int64_t part(lua_State *L, const char *key, int64_t low, int64_t high, int64_t without)
{
    int is_integer;
    if (lua_getfield(L, 1, key) == LUA_TNIL) {
        if (without < low)
            luaL_error(L, "time.from_parts: %s is missing", key);
        lua_pop(L, 1);
        return without;
    }
    lua_Integer n = lua_tointegerx(L, -1, &is_integer);
    if (!is_integer || lua_type(L, -1) != LUA_TNUMBER || n < low || n > high)
        luaL_error(L, "time.from_parts: %s is %s, it must be a whole number from %d to %d", key, luaL_tolstring(L, -1, NULL),
                   (int)low, (int)high);
    lua_pop(L, 1);
    return n;
}

static int64_t seconds_part(lua_State *L)
{
    if (lua_getfield(L, 1, "sec") == LUA_TNIL) {
        lua_pop(L, 1);
        return 0;
    }
    double sec = lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TNUMBER || !(sec >= 0 && sec < 60))
        luaL_error(L, "time.from_parts: sec is %s, it must be a number from 0 to below 60", luaL_tolstring(L, -1, NULL));
    lua_pop(L, 1);
    return llround(sec * 1e6);
}

/* The offset of a table that time.parts gave tells which of two instants it was. */
static int pick_by_offset(lua_State *L, const struct zone *z, int64_t local_us)
{
    int64_t us = 0;
    if (lua_getfield(L, 1, "offset") == LUA_TNUMBER) {
        double offset = lua_tonumber(L, -1);
        if (datetime_of_local(z, local_us, DATETIME_LATER, &us) == DATETIME_TWICE && (double)(local_us - us) / 1e6 == offset)
            return DATETIME_LATER;
    }
    return DATETIME_NATURAL;
}

static int l_from_parts(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    const struct zone *z = bind_time_zone(L, 2);
    int pick = bind_time_pick(L, 3);
    bool picked = !lua_isnoneornil(L, 3);
    lua_settop(L, 1);
    check_keys(L);
    int64_t year = part(L, "year", 1, 9999, 0);
    int month = (int)part(L, "month", 1, 12, 1);
    int day = (int)part(L, "day", 1, 31, 1);
    if (day > calendar_month_days(year, month))
        return luaL_error(L, "time.from_parts: there is no day %d in month %d of %d", day, month, (int)year);
    int64_t clock = part(L, "hour", 0, 23, 0) * 3600 + part(L, "min", 0, 59, 0) * 60;
    int64_t local = (calendar_days(year, month, day) * DAY_S + clock) * SECOND_US + seconds_part(L);
    return push_local(L, z, local, picked ? pick : pick_by_offset(L, z, local));
}

/* --- days --------------------------------------------------------------------------------------------------------------------- */

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
    if (!date)
        return no_time(L, "not a day (2024-01-02)");
    if (!datetime_day_start(zone, y, m, d, &us))
        return luaL_error(L, "time.day_start: no such zone '%s'", zone);
    return bind_time_push(L, us);
}

static int l_next_day(lua_State *L)
{
    int64_t us = bind_time_instant(L, 1);
    const char *zone = luaL_checkstring(L, 2);
    int y, m, d;
    if (!datetime_day_of(zone, us, &y, &m, &d) || !datetime_day_start(zone, y, m, d + 1, &us))
        return luaL_error(L, "time.next_day: no such zone '%s'", zone);
    return bind_time_push(L, us);
}

/* --- the table ------------------------------------------------------------------------------------------------------------------ */

__attribute__((visibility("default"))) int luaopen_tidemark_time(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"parse", l_parse},         {"format", l_format},     {"date", l_date},
        {"is_zone", l_is_zone},     {"parts", l_parts},       {"from_parts", l_from_parts},
        {"day_start", l_day_start}, {"next_day", l_next_day}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    bind_time_span_functions(L);
    return 1;
}

void bind_time_open(lua_State *L)
{
    luaopen_tidemark_time(L);
    lua_setglobal(L, "time");
}
