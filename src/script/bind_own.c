#include "script/bind_own.h"

#include <lauxlib.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "script/value.h"

enum {
    CANDIDATES_MAX = 10000,
    N_MAX = 2147483647, /* what rule_results.n holds */
    KEY_MAX = 200,
    METHOD_MAX = 300,
    WHY_MAX = 500,
    NAME_MAX_BYTES = 50 /* of a platform or a pattern's type: what their columns hold */
};

/* The arguments and what is kept beside them on the stack. */
enum { LIST = 1, OPTIONS = 2, SEEN = 3, CANDIDATE = 4 };

/* The units an effect may have. A ratio says how many times as much it is, whatever is counted: only that can be put on the scale of the
 * host's own lifts without asking, and only that means something in the columns that hold percent. */
static const struct unit {
    const char *name;
    bool ratio;
    double least, most;
    const char *hint;
} units[] = {
    {"log ratio", true, -15, 15, ": 25 % more is ln(1.25) = 0.223"},
    {"percent", true, -99.9999, 1e8, ": 25 % more is 25, half is -50"},
    {"ratio", true, 1e-6, 1e6, ": 25 % more is 1.25, half is 0.5"},
    {"points", false, -100, 100, ": from 40 % to 45 % is 5"},
    {"correlation", false, -1, 1, ""},
    {"hours", false, -1e9, 1e9, ""},
    {"seconds", false, -1e9, 1e9, ""},
    {"count", false, -1e9, 1e9, ""},
};
enum { N_UNITS = sizeof units / sizeof *units };

static const char *const fields[] = {"platform", "subject", "n", "effect", "lo", "hi", "p", "unit", "method", "why", NULL};
static const char *const subject_fields[] = {"type", "key", "label", NULL};
static const char *const option_names[] = {"writes", "gate", "min_n", "pattern_type", "facet", "subject", NULL};
static const char *const tables[] = {"pattern", "style", "trend", "improvement", NULL};
static const char *const facets[] = {"visual", "audio", "text", NULL};
static const char *const types[] = {"tag",     "format", "time_block",    "fact",   "content", "hashtag", "platform",
                                    "account", "series", "platform_pair", "change", "pattern", NULL};

struct own {
    lua_State *L;
    struct buf *out;
    int at; /* the candidate looked at, from 1; 0: the options */
    const struct unit *unit;
    const char *writes, *type; /* texts of the arguments, or of this file */
};

/* --- what is wrong ----------------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void wrong(struct own *o, const char *fmt, ...)
{
    char text[512]; /* what is longer is some text of the plugin's, cut */
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (o->at > 0)
        luaL_error(o->L, "ctx.own: candidate %d: %s", o->at, text);
    luaL_error(o->L, "ctx.own: %s", text);
}

static size_t count(const char *const *names)
{
    size_t n = 0;
    while (names[n] != NULL)
        n++;
    return n;
}

static const char *one_of(const char *const *names, const char *name)
{
    for (; *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return *names;
    return NULL;
}

/* Only known names in the table at index. what: "field", "option". */
static void known(struct own *o, int index, const char *const *names, const char *what)
{
    lua_State *L = o->L;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING) {
            wrong(o, "%s: names with values are expected, not a list", what);
            return;
        }
        const char *key = lua_tostring(L, -1), *near = nearest(key, names, count(names));
        if (one_of(names, key) == NULL && near != NULL)
            wrong(o, "unknown %s '%s', did you mean '%s'?", what, key, near);
        if (one_of(names, key) == NULL)
            wrong(o, "unknown %s '%s'", what, key);
    }
}

/* --- single values: each leaves one value on the stack ------------------------------------------------------------------------ */

/* The table's field as it is; false: nil. */
static bool get(struct own *o, int index, const char *field)
{
    lua_pushstring(o->L, field);
    return lua_rawget(o->L, index) != LUA_TNIL;
}

static double number(struct own *o, int index, const char *field)
{
    lua_State *L = o->L;
    if (!get(o, index, field))
        wrong(o, "%s is needed", field);
    if (lua_type(L, -1) != LUA_TNUMBER)
        wrong(o, "%s must be a number, not a %s", field, luaL_typename(L, -1));
    double value = lua_tonumber(L, -1);
    if (!isfinite(value))
        wrong(o, "%s must be a finite number, not %s", field, isnan(value) ? "NaN" : "infinity");
    return value;
}

static lua_Integer whole(struct own *o, int index, const char *field)
{
    int is_whole;
    number(o, index, field);
    lua_Integer value = lua_tointegerx(o->L, -1, &is_whole);
    if (!is_whole || value < 1 || value > N_MAX)
        wrong(o, "%s must be a whole number from 1 to %d, not %s", field, N_MAX, luaL_tolstring(o->L, -1, NULL));
    return value;
}

/* The field on the top as a line of text; called: how messages name it. */
static const char *line(struct own *o, const char *called, size_t most)
{
    lua_State *L = o->L;
    size_t len;
    if (lua_type(L, -1) != LUA_TSTRING)
        wrong(o, "%s must be a text, not a %s", called, luaL_typename(L, -1));
    const char *text = lua_tolstring(L, -1, &len);
    if (len == 0 || len > most || strspn(text, " ") == len)
        wrong(o, "%s has %d bytes; 1 to %d are allowed, and not blanks alone", called, (int)len, (int)most);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            wrong(o, "%s must be one line without control characters", called);
    return text;
}

static const char *word(struct own *o, const char *called, const char *const *names)
{
    lua_State *L = o->L;
    if (lua_type(L, -1) != LUA_TSTRING)
        wrong(o, "%s must be a text, not a %s", called, luaL_typename(L, -1));
    const char *text = lua_tostring(L, -1), *found = one_of(names, text), *near = nearest(text, names, count(names));
    if (found == NULL && near != NULL)
        wrong(o, "%s: '%s' is none, did you mean '%s'?", called, text, near);
    if (found == NULL) {
        luaL_Buffer all;
        luaL_buffinit(L, &all);
        for (size_t i = 0; names[i] != NULL; i++) {
            luaL_addstring(&all, i > 0 ? ", " : "");
            luaL_addstring(&all, names[i]);
        }
        luaL_pushresult(&all);
        wrong(o, "%s: '%s' is none of %s", called, text, lua_tostring(L, -1));
    }
    return found;
}

/* "name": value on the top, behind what is there. Takes the value away. */
static void add(struct own *o, const char *name)
{
    struct buf *out = o->out;
    buf_printf(out, "%s\"%s\":", out->data[out->len - 1] == '{' ? "" : ",", name);
    const char *why = value_write(o->L, -1, out);
    if (why != NULL)
        wrong(o, "%s: %s", name, why);
    lua_pop(o->L, 1);
}

/* --- a candidate ---------------------------------------------------------------------------------------------------------------- */

static void add_platform(struct own *o)
{
    if (get(o, CANDIDATE, "platform")) {
        const char *text = line(o, "platform", NAME_MAX_BYTES);
        if (text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0')
            wrong(o, "platform '%s' must be lower-case letters, digits and _", text);
        lua_pushvalue(o->L, -1);
        add(o, "platform");
    } else if (strcmp(o->writes, "trend") == 0) {
        wrong(o, "platform is needed with writes = 'trend': a trend is one platform's");
    }
}

/* subject = "text", or { type =, key =, label = }. Leaves the key on the stack. */
static void add_subject(struct own *o)
{
    lua_State *L = o->L;
    const char *type = o->type;
    if (!get(o, CANDIDATE, "subject"))
        wrong(o, "subject is needed: what the finding is about");
    int subject = lua_gettop(L);
    if (lua_istable(L, subject)) {
        known(o, subject, subject_fields, "field of subject");
        if (get(o, subject, "type"))
            type = word(o, "subject.type", types);
        if (!get(o, subject, "key"))
            wrong(o, "subject.key is needed");
        line(o, "subject.key", KEY_MAX);
        if (get(o, subject, "label")) {
            line(o, "subject.label", KEY_MAX);
            add(o, "label");
        } else {
            lua_pop(L, 1);
        }
    } else {
        line(o, "subject", KEY_MAX);
    }
    lua_pushvalue(L, -1);
    add(o, "key");
    lua_pushstring(L, type);
    add(o, "type");
}

/* A subject on a platform is one finding: two candidates about it could not both be written. The key is on the top. */
static void once(struct own *o)
{
    lua_State *L = o->L;
    const char *key = lua_tostring(L, -1);
    bool on = get(o, CANDIDATE, "platform");
    const char *platform = on ? lua_tostring(L, -1) : "*";
    lua_pushfstring(L, "%s|%s", platform, key);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, SEEN) != LUA_TNIL)
        wrong(o, "is about '%s' on %s as candidate %d is: one for each subject and platform", key,
              on ? platform : "all platforms", (int)lua_tointeger(L, -1));
    lua_pop(L, 1);
    lua_pushinteger(L, o->at);
    lua_rawset(L, SEEN);
}

static void check_unit(struct own *o)
{
    const char *names[N_UNITS + 1] = {NULL};
    for (size_t i = 0; i < N_UNITS; i++)
        names[i] = units[i].name;
    if (!get(o, CANDIDATE, "unit"))
        wrong(o, "unit is needed: what effect, lo and hi are, such as \"percent\" or \"log ratio\"");
    const char *name = word(o, "unit", names);
    const struct unit *unit = units;
    while (unit->name != name)
        unit++;
    if (o->unit != NULL && o->unit != unit)
        wrong(o, "unit is '%s' and that of the candidates before is '%s': one call, one unit", name, o->unit->name);
    o->unit = unit;
    bool fits = unit->ratio || strcmp(o->writes, "pattern") == 0 ||
                (strcmp(o->writes, "style") == 0 && strcmp(name, "correlation") == 0);
    if (!fits)
        wrong(o, "unit '%s' has no place where writes = '%s' goes; write a pattern", name, o->writes);
}

/* effect, lo, hi: finite, in order, and what the unit can be. */
static void add_interval(struct own *o)
{
    static const char *const ends[] = {"lo", "effect", "hi"};
    double value[3];
    for (size_t i = 0; i < 3; i++) {
        value[i] = number(o, CANDIDATE, ends[i]);
        if (value[i] < o->unit->least || value[i] > o->unit->most)
            wrong(o, "%s is %.10g; in unit '%s' it lies between %.10g and %.10g%s", ends[i], value[i], o->unit->name,
                  o->unit->least, o->unit->most, o->unit->hint);
        add(o, ends[i]);
    }
    if (value[0] > value[1] || value[1] > value[2])
        wrong(o, "lo <= effect <= hi must hold, not %.10g <= %.10g <= %.10g", value[0], value[1], value[2]);
}

static void add_candidate(struct own *o)
{
    lua_State *L = o->L;
    if (!lua_istable(L, CANDIDATE))
        wrong(o, "must be a table, not a %s", luaL_typename(L, CANDIDATE));
    known(o, CANDIDATE, fields, "field");
    buf_str(o->out, o->at > 1 ? ",{" : "{");
    add_platform(o);
    add_subject(o);
    once(o);
    whole(o, CANDIDATE, "n");
    add(o, "n");
    check_unit(o);
    add_interval(o);
    double p = number(o, CANDIDATE, "p");
    if (p < 0 || p > 1)
        wrong(o, "p must lie between 0 and 1, not at %.10g", p);
    add(o, "p");
    if (!get(o, CANDIDATE, "method"))
        wrong(o, "method is needed: a text that says how the numbers were made");
    line(o, "method", METHOD_MAX);
    add(o, "method");
    if (get(o, CANDIDATE, "why")) {
        line(o, "why", WHY_MAX);
        add(o, "why");
    }
    buf_char(o->out, '}');
}

/* --- the call ------------------------------------------------------------------------------------------------------------------ */

static void add_options(struct own *o)
{
    lua_State *L = o->L;
    known(o, OPTIONS, option_names, "option");
    o->writes = get(o, OPTIONS, "writes") ? word(o, "writes", tables) : "pattern";
    o->type = get(o, OPTIONS, "subject") ? word(o, "subject", types) : "pattern";
    lua_pushstring(L, o->writes);
    add(o, "writes");
    if (get(o, OPTIONS, "facet")) {
        word(o, "facet", facets);
        add(o, "facet");
    }
    if (get(o, OPTIONS, "pattern_type")) {
        line(o, "pattern_type", NAME_MAX_BYTES);
        add(o, "pattern_type");
    }
    if (get(o, OPTIONS, "min_n")) {
        whole(o, OPTIONS, "min_n");
        add(o, "min_n");
    }
    lua_settop(L, OPTIONS);
}

static void add_gate(struct own *o)
{
    if (get(o, OPTIONS, "gate")) {
        bool ratio = o->unit == NULL || o->unit->ratio;
        double gate = number(o, OPTIONS, "gate"), most = ratio ? 10 : o->unit->most;
        if (gate <= 0 || gate > most)
            wrong(o, "gate must be above 0 and at most %.10g%s, not %.10g", most, ratio ? " (0.10 is 10 %)" : "", gate);
        add(o, "gate");
    } else if (o->unit != NULL && !o->unit->ratio) {
        wrong(o, "gate is needed with unit '%s': the smallest effect in that unit that is worth writing", o->unit->name);
    }
}

/* The length of the list, which holds nothing but 1 to n. */
static lua_Integer length(struct own *o)
{
    lua_State *L = o->L;
    lua_Integer n = 0;
    lua_pushnil(L);
    while (lua_next(L, LIST)) {
        lua_pop(L, 1);
        if (!lua_isinteger(L, -1))
            wrong(o, "the candidates are a list { {…}, {…} }, without names");
        n++;
    }
    for (lua_Integer i = 1; i <= n; i++) {
        if (lua_rawgeti(L, LIST, i) == LUA_TNIL)
            wrong(o, "the candidates are a list without holes: number %d is missing", (int)i);
        lua_pop(L, 1);
    }
    if (n > CANDIDATES_MAX)
        wrong(o, "%d candidates; at most %d are allowed", (int)n, CANDIDATES_MAX);
    return n;
}

void bind_own_write(lua_State *L, struct buf *out)
{
    struct own o = {.L = L, .out = out};
    luaL_argexpected(L, lua_istable(L, LIST), LIST, "list of candidates");
    if (lua_isnoneornil(L, OPTIONS)) {
        lua_settop(L, LIST);
        lua_newtable(L);
    }
    luaL_argexpected(L, lua_istable(L, OPTIONS), OPTIONS, "table of options");
    lua_settop(L, OPTIONS);
    luaL_checkstack(L, 20, "ctx.own");
    lua_Integer n = length(&o);
    buf_clear(out);
    buf_char(out, '{');
    add_options(&o);
    lua_newtable(L); /* SEEN */
    buf_str(out, ",\"candidates\":[");
    for (o.at = 1; o.at <= n; o.at++) {
        lua_rawgeti(L, LIST, o.at); /* CANDIDATE */
        add_candidate(&o);
        lua_settop(L, SEEN);
    }
    o.at = 0;
    buf_char(out, ']');
    if (o.unit != NULL) {
        lua_pushstring(L, o.unit->name);
        add(&o, "unit");
    }
    add_gate(&o);
    buf_char(out, '}');
    lua_settop(L, OPTIONS);
}
