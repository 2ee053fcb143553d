/* Spans, durations and buckets of the table time. */
#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "data/calendar.h"
#include "script/bind_time.h"

static const int64_t SECOND_US = 1000000;
enum { BUCKETS_MAX = 100000 };

/* A text ("1 month") or seconds. */
static void check_span(lua_State *L, int arg, struct datetime_span *span)
{
    *span = (struct datetime_span){0};
    if (lua_type(L, arg) == LUA_TNUMBER) {
        double seconds = lua_tonumber(L, arg);
        luaL_argcheck(L, fabs(seconds) < 1e12, arg, "too many seconds");
        span->us = llround(seconds * 1e6);
        return;
    }
    size_t len;
    const char *text = luaL_checklstring(L, arg, &len);
    if (strlen(text) != len || !datetime_parse_span(text, span))
        luaL_error(L, "'%s' is no span of time: write \"1 month\", \"2 weeks\", \"-1 day\", \"1h30m\", \"P1M\" or seconds",
                   text);
}

static int add(lua_State *L, int64_t sign)
{
    struct datetime_span span;
    int64_t us = bind_time_instant(L, 1), out;
    check_span(L, 2, &span);
    const struct zone *z = bind_time_zone(L, 3);
    int pick = bind_time_pick(L, 4);
    span = (struct datetime_span){sign * span.months, sign * span.days, sign * span.us};
    if (!datetime_add(z, us, &span, pick == BIND_TIME_REFUSE ? DATETIME_NATURAL : pick, &out))
        return luaL_error(L, "that is beyond the years 1 to 9999");
    if (pick == BIND_TIME_REFUSE && (span.months != 0 || span.days != 0)) {
        int64_t reached = out - span.us, other;
        int64_t local = reached + zone_at(z, calendar_floor(reached, SECOND_US) / SECOND_US).offset * SECOND_US;
        bind_time_refuse(L, datetime_of_local(z, local, DATETIME_NATURAL, &other), local);
        int64_t from = us + zone_at(z, calendar_floor(us, SECOND_US) / SECOND_US).offset * SECOND_US;
        int64_t clock = from - calendar_floor(from, 86400 * SECOND_US), day = calendar_floor(local, 86400 * SECOND_US);
        if (local - day != clock) /* it was moved out of a gap */
            bind_time_refuse(L, DATETIME_LEFT_OUT, day + clock);
    }
    return bind_time_push(L, out);
}

static int l_add(lua_State *L)
{
    return add(L, 1);
}

static int l_sub(lua_State *L)
{
    return add(L, -1);
}

static int l_diff(lua_State *L)
{
    static const char *const names[] = {"seconds", "minutes", "hours", "days", "weeks", "months", "quarters", "years"};
    static const struct datetime_span units[] = {{0, 0, 1}, {0, 0, 60}, {0, 0, 3600}, {0, 1, 0},
                                                 {0, 7, 0}, {1, 0, 0},  {3, 0, 0},    {12, 0, 0}};
    enum { N = sizeof names / sizeof *names };
    int64_t from = bind_time_instant(L, 1), to = bind_time_instant(L, 2);
    const char *unit = luaL_optstring(L, 3, "seconds");
    const struct zone *z = bind_time_zone(L, 4);
    size_t i = 0;
    while (i < N && strcmp(names[i], unit) != 0)
        i++;
    if (i == N) {
        const char *near = nearest(unit, names, N);
        return luaL_error(L, "time.diff: unknown unit '%s', did you mean '%s'?", unit, near != NULL ? near : "days");
    }
    if (i == 0)
        return bind_time_push(L, to - from);
    if (units[i].us == 0) {
        lua_pushinteger(L, datetime_count(z, from, to, &units[i]));
        return 1;
    }
    int64_t size = units[i].us * SECOND_US;
    if ((to - from) % size == 0)
        lua_pushinteger(L, (to - from) / size);
    else
        lua_pushnumber(L, (double)(to - from) / (double)size);
    return 1;
}

/* --- durations ------------------------------------------------------------------------------------------------------------------ */

static int l_duration(lua_State *L)
{
    struct datetime_span span = {0};
    int64_t us;
    size_t len = 0;
    const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &len) : "", *why = NULL;
    if (strlen(text) != len || !datetime_parse_span(text, &span))
        why = "not a duration (1h30m, PT4M13S)";
    else if (span.months != 0)
        why = "years, quarters and months have no fixed length";
    else if (__builtin_mul_overflow(span.days, 86400 * SECOND_US, &us) || __builtin_add_overflow(us, span.us, &us))
        why = "too long";
    if (why != NULL) {
        lua_pushnil(L);
        lua_pushstring(L, why);
        return 2;
    }
    return bind_time_push(L, us);
}

static int l_format_duration(lua_State *L)
{
    static const char *const styles[] = {"short", "iso", NULL};
    double seconds = luaL_checknumber(L, 1);
    int style = luaL_checkoption(L, 2, "short", styles);
    char text[96];
    luaL_argcheck(L, fabs(seconds) < 9e12, 1, "too long for a duration");
    datetime_format_duration(llround(seconds * 1e6), style == 1, text, sizeof text);
    lua_pushstring(L, text);
    return 1;
}

/* --- buckets -------------------------------------------------------------------------------------------------------------------- */

static void check_size(lua_State *L, int arg, struct datetime_size *size)
{
    const char *text = luaL_checkstring(L, arg), *why;
    if (!datetime_parse_size(text, size, &why))
        luaL_error(L, "'%s' is no size of a bucket: %s", text, why);
}

static void push_bucket(lua_State *L, const struct datetime_bucket *b)
{
    lua_createtable(L, 0, 3);
    bind_time_push(L, b->start);
    lua_setfield(L, -2, "start");
    bind_time_push(L, b->next);
    lua_setfield(L, -2, "next");
    lua_pushstring(L, b->label);
    lua_setfield(L, -2, "label");
}

static int l_bucket(lua_State *L)
{
    struct datetime_size size;
    struct datetime_bucket b;
    int64_t us = bind_time_instant(L, 1);
    check_size(L, 2, &size);
    datetime_bucket(bind_time_zone(L, 3), us, &size, &b);
    push_bucket(L, &b);
    return 1;
}

static int l_buckets(lua_State *L)
{
    struct datetime_size size;
    struct datetime_bucket b;
    int64_t from = bind_time_instant(L, 1), to = bind_time_instant(L, 2);
    check_size(L, 3, &size);
    const struct zone *z = bind_time_zone(L, 4);
    lua_newtable(L);
    for (lua_Integer n = 1; from < to; from = b.next) {
        if (n > BUCKETS_MAX)
            return luaL_error(L, "time.buckets: more than %d buckets; take a larger size", BUCKETS_MAX);
        datetime_bucket(z, from, &size, &b);
        push_bucket(L, &b);
        lua_rawseti(L, -2, n++);
    }
    return 1;
}

void bind_time_span_functions(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"add", l_add},
        {"sub", l_sub},
        {"diff", l_diff},
        {"duration", l_duration},
        {"format_duration", l_format_duration},
        {"bucket", l_bucket},
        {"buckets", l_buckets},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}
