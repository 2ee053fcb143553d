#include "script/numeric.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 10000 }; /* of what is computed with: a product takes the square of it */

static const char numeric_key;

struct numeric {
    size_t len;
    char text[];
};

/* A finite decimal: n digits, scale of them behind the point. */
struct decimal {
    bool negative;
    size_t n, scale;
    unsigned char *digit; /* a userdata on the stack */
};

static void push_text(lua_State *L, const char *text, size_t len)
{
    struct numeric *v = lua_newuserdatauv(L, sizeof *v + len + 1, 0);
    v->len = len;
    memcpy(v->text, text, len);
    v->text[len] = '\0';
    lua_rawgetp(L, LUA_REGISTRYINDEX, &numeric_key);
    lua_setmetatable(L, -2);
}

void numeric_push(lua_State *L, const char *text, size_t len)
{
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (*end == '\0' && end != text && errno == 0)
        lua_pushinteger(L, n);
    else
        push_text(L, text, len);
}

/* Puts the parts together as PostgreSQL writes them, and as JSON wants them: no plus, no leading zeros, a digit before the point. */
static void push_parts(lua_State *L, bool negative, const char *whole, size_t n_whole, const char *part, size_t n_part,
                       const char *exponent)
{
    while (n_whole > 1 && *whole == '0')
        whole++, n_whole--;
    lua_pushfstring(L, "%s", negative ? "-" : "");
    lua_pushlstring(L, n_whole > 0 ? whole : "0", n_whole > 0 ? n_whole : 1);
    lua_pushstring(L, n_part > 0 ? "." : "");
    lua_pushlstring(L, part, n_part);
    lua_pushstring(L, exponent);
    lua_concat(L, 5);
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);
    push_text(L, text, len);
    lua_remove(L, -2);
}

/* "e5", "E-12" and nothing behind it, or nothing at all. */
static bool is_exponent(const char *p)
{
    if (*p == '\0')
        return true;
    if (*p != 'e' && *p != 'E')
        return false;
    p += 1 + (p[1] == '-' || p[1] == '+');
    size_t n = strspn(p, "0123456789");
    return n > 0 && n <= 4 && p[n] == '\0';
}

bool numeric_make(lua_State *L, const char *text, size_t len)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0) {
            push_text(L, text, len);
            return true;
        }
    bool negative = *text == '-';
    const char *whole = text + (*text == '-' || *text == '+'), *part = NULL;
    size_t n_whole = strspn(whole, "0123456789"), n_part = 0;
    const char *p = whole + n_whole;
    if (*p == '.') {
        part = p + 1;
        n_part = strspn(part, "0123456789");
        p = part + n_part;
    }
    if (n_whole + n_part == 0 || strlen(text) != len || !is_exponent(p))
        return false;
    push_parts(L, negative, whole, n_whole, part != NULL ? part : "", n_part, p);
    return true;
}

const char *numeric_text(lua_State *L, int index, size_t *len)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_checkstack(L, 2) || !lua_getmetatable(L, index))
        return NULL;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &numeric_key);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    if (!same)
        return NULL;
    const struct numeric *v = lua_touserdata(L, index);
    if (len != NULL)
        *len = v->len;
    return v->text;
}

/* --- computing ------------------------------------------------------------------------------------------------------------------------------ */

/* The number at index as a float; raises for what is no number. */
static double to_float(lua_State *L, int index)
{
    const char *text = numeric_text(L, index, NULL);
    if (text != NULL)
        return strtod(text, NULL);
    if (lua_type(L, index) != LUA_TNUMBER)
        luaL_error(L, "a numeric can be computed with numbers only, not with a %s", luaL_typename(L, index));
    return lua_tonumber(L, index);
}

/* Digits only, with an optional sign and point. */
static bool plain(const char *text)
{
    text += *text == '-' || *text == '+';
    return text[strspn(text, "0123456789.")] == '\0';
}

/* The operand at index, exactly; false for a float, NaN, an infinity or an exponent. Pushes one value in any case. */
static bool decimal(lua_State *L, int index, struct decimal *d)
{
    char whole[32];
    const char *text = numeric_text(L, index, NULL);
    if (text == NULL && lua_isinteger(L, index)) {
        snprintf(whole, sizeof whole, LUA_INTEGER_FMT, lua_tointeger(L, index));
        text = whole;
    }
    if (text == NULL || !plain(text)) {
        lua_pushnil(L);
        return false;
    }
    d->negative = *text == '-';
    text += *text == '-' || *text == '+';
    size_t len = strlen(text);
    if (len > DIGITS_MAX)
        luaL_error(L, "a numeric of more than %d digits cannot be computed with", DIGITS_MAX);
    d->digit = lua_newuserdatauv(L, len + 1, 0);
    d->n = d->scale = 0;
    bool point = false;
    for (; *text != '\0'; text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        d->digit[d->n++] = (unsigned char)(*text - '0');
        d->scale += point;
    }
    return true;
}

/* The digit that stands for 10^power. */
static int digit_at(const struct decimal *d, long power)
{
    long at = (long)d->n - 1 - (long)d->scale - power;
    return at >= 0 && at < (long)d->n ? d->digit[at] : 0;
}

static long highest(const struct decimal *a, const struct decimal *b)
{
    long x = (long)(a->n - a->scale), y = (long)(b->n - b->scale);
    return x > y ? x : y;
}

static long lowest(const struct decimal *a, const struct decimal *b)
{
    return -(long)(a->scale > b->scale ? a->scale : b->scale);
}

/* Without the signs: -1, 0, 1. */
static int compare_size(const struct decimal *a, const struct decimal *b)
{
    for (long p = highest(a, b); p >= lowest(a, b); p--) {
        int x = digit_at(a, p), y = digit_at(b, p);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

static bool is_zero(const struct decimal *d)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->digit[i] != 0)
            return false;
    return true;
}

static void push_decimal(lua_State *L, const struct decimal *d)
{
    size_t from = 0, whole = d->n - d->scale;
    luaL_Buffer b;
    while (from + 1 < whole && d->digit[from] == 0)
        from++;
    char *out = luaL_buffinitsize(L, &b, d->n + 3), *p = out;
    if (d->negative && !is_zero(d))
        *p++ = '-';
    if (whole == 0)
        *p++ = '0';
    for (size_t i = from; i < d->n; i++) {
        if (i == whole)
            *p++ = '.';
        *p++ = (char)('0' + d->digit[i]);
    }
    luaL_pushresultsize(&b, (size_t)(p - out));
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);
    numeric_push(L, text, len);
    lua_remove(L, -2);
}

/* a + b, or a - b with b's sign turned by the caller. */
static void add(lua_State *L, const struct decimal *a, const struct decimal *b)
{
    long high = highest(a, b), low = lowest(a, b);
    struct decimal sum = {.n = (size_t)(high - low) + 1, .scale = (size_t)-low};
    sum.digit = lua_newuserdatauv(L, sum.n + 1, 0);
    bool same = a->negative == b->negative, swap = !same && compare_size(a, b) < 0;
    const struct decimal *x = swap ? b : a, *y = swap ? a : b;
    int carry = 0;
    sum.negative = x->negative;
    for (long p = low; p <= high; p++) {
        int v = digit_at(x, p) + (same ? digit_at(y, p) : -digit_at(y, p)) + carry;
        carry = v > 9 ? 1 : v < 0 ? -1 : 0;
        sum.digit[(long)sum.n - 1 - (p - low)] = (unsigned char)(v - carry * 10);
    }
    push_decimal(L, &sum);
}

static void multiply(lua_State *L, const struct decimal *a, const struct decimal *b)
{
    struct decimal product = {.negative = a->negative != b->negative, .n = a->n + b->n, .scale = a->scale + b->scale};
    product.digit = lua_newuserdatauv(L, product.n + 1, 0);
    memset(product.digit, 0, product.n);
    for (size_t i = a->n; i-- > 0;) {
        int carry = 0;
        for (size_t k = b->n; k-- > 0;) {
            int v = product.digit[i + k + 1] + a->digit[i] * b->digit[k] + carry;
            product.digit[i + k + 1] = (unsigned char)(v % 10);
            carry = v / 10;
        }
        product.digit[i] = (unsigned char)carry;
    }
    push_decimal(L, &product);
}

static int l_exact(lua_State *L)
{
    char op = (char)lua_tointeger(L, lua_upvalueindex(1));
    struct decimal a, b;
    lua_settop(L, 2);
    bool exact = decimal(L, 1, &a);
    exact = decimal(L, 2, &b) && exact;
    if (!exact) {
        double x = to_float(L, 1), y = to_float(L, 2);
        lua_pushnumber(L, op == '+' ? x + y : op == '-' ? x - y : x * y);
        return 1;
    }
    if (op == '-')
        b.negative = !b.negative;
    if (op == '*')
        multiply(L, &a, &b);
    else
        add(L, &a, &b);
    return 1;
}

/* By Lua itself, as floats. Upvalue 1: which. */
static int l_float(lua_State *L)
{
    lua_settop(L, 2);
    lua_pushnumber(L, to_float(L, 1));
    lua_pushnumber(L, to_float(L, 2));
    lua_arith(L, (int)lua_tointeger(L, lua_upvalueindex(1)));
    return 1;
}

static int l_minus(lua_State *L)
{
    struct decimal d;
    lua_settop(L, 1);
    if (decimal(L, 1, &d)) {
        d.negative = !d.negative;
        push_decimal(L, &d);
    } else {
        lua_pushnumber(L, -to_float(L, 1));
    }
    return 1;
}

/* Upvalue 1: LUA_OPEQ, LUA_OPLT or LUA_OPLE. */
static int l_compare(lua_State *L)
{
    int op = (int)lua_tointeger(L, lua_upvalueindex(1)), order;
    struct decimal a, b;
    lua_settop(L, 2);
    if (op == LUA_OPEQ && (numeric_text(L, 1, NULL) == NULL || numeric_text(L, 2, NULL) == NULL))
        return 0;
    bool exact = decimal(L, 1, &a);
    exact = decimal(L, 2, &b) && exact;
    if (!exact) {
        lua_pushnumber(L, to_float(L, 1));
        lua_pushnumber(L, to_float(L, 2));
        lua_pushboolean(L, lua_compare(L, -2, -1, op));
        return 1;
    }
    a.negative = a.negative && !is_zero(&a);
    b.negative = b.negative && !is_zero(&b);
    if (a.negative != b.negative)
        order = a.negative ? -1 : 1;
    else
        order = a.negative ? -compare_size(&a, &b) : compare_size(&a, &b);
    lua_pushboolean(L, op == LUA_OPEQ ? order == 0 : op == LUA_OPLT ? order < 0 : order <= 0);
    return 1;
}

/* --- the type ---------------------------------------------------------------------------------------------------------------------------------- */

static int l_tostring(lua_State *L)
{
    size_t len = 0;
    const char *text = numeric_text(L, 1, &len);
    luaL_argexpected(L, text != NULL, 1, "numeric");
    lua_pushlstring(L, text, len);
    return 1;
}

static int l_concat(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    luaL_tolstring(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

static int l_tonumber(lua_State *L)
{
    const char *text = numeric_text(L, 1, NULL);
    luaL_argexpected(L, text != NULL, 1, "numeric: n:tonumber() is called with a colon");
    size_t whole = strcspn(text, ".");
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    bool zeros = text[whole] == '\0' || text[whole + 1 + strspn(text + whole + 1, "0")] == '\0';
    if (end == text + whole && end != text && zeros && errno == 0)
        lua_pushinteger(L, n);
    else
        lua_pushnumber(L, strtod(text, NULL));
    return 1;
}

static void put(lua_State *L, const char *name, lua_CFunction f, int op)
{
    lua_pushinteger(L, op);
    lua_pushcclosure(L, f, 1);
    lua_setfield(L, -2, name);
}

void numeric_types(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &numeric_key) != LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    lua_pop(L, 1);
    lua_createtable(L, 0, 20);
    lua_createtable(L, 0, 1);
    put(L, "tonumber", l_tonumber, 0);
    lua_setfield(L, -2, "__index");
    put(L, "__tostring", l_tostring, 0);
    put(L, "__concat", l_concat, 0);
    put(L, "__unm", l_minus, 0);
    put(L, "__add", l_exact, '+');
    put(L, "__sub", l_exact, '-');
    put(L, "__mul", l_exact, '*');
    put(L, "__div", l_float, LUA_OPDIV);
    put(L, "__idiv", l_float, LUA_OPIDIV);
    put(L, "__mod", l_float, LUA_OPMOD);
    put(L, "__pow", l_float, LUA_OPPOW);
    put(L, "__eq", l_compare, LUA_OPEQ);
    put(L, "__lt", l_compare, LUA_OPLT);
    put(L, "__le", l_compare, LUA_OPLE);
    lua_pushliteral(L, "numeric");
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &numeric_key);
}
