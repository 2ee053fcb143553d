#include "script/bind_rule.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "script/bind_frame.h"
#include "script/bind_json.h"
#include "script/bind_own.h"
#include "script/box.h"
#include "script/fault.h"
#include "script/run_state.h"
#include "script/value.h"

enum { LABELS_MAX = 64, LABEL_BYTES_MAX = 200, FACTS_MAX = 64 };

static const char question_key, answers_key;

/* The analyses, and the options each takes. */
static const struct analysis {
    const char *name;
    const char *function; /* the option that is the rule's own function; NULL: none */
    const char *const *options;
} analyses[] = {
    {"rank", "by", (const char *const[]){"by", "per", "pattern_type", "subject", "writes", "min_n", "gate", NULL}},
    {"correlate", "facts", (const char *const[]){"facts", "facet", "subject", "writes", "min_n", "gate", "adjust", NULL}},
    {"compare", "by",
     (const char *const[]){"by", "per", "sided", "adjust", "pattern_type", "facet", "subject", "writes", "min_n", "gate",
                           NULL}},
    {"trend", "by", (const char *const[]){"by", "subject", "min_posts", "writes", "gate", NULL}},
    {"before_after", NULL, (const char *const[]){"subject", "writes", "min_n", "gate", NULL}},
};
enum { N_ANALYSES = sizeof analyses / sizeof *analyses };

static struct question *question_of(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &question_key);
    struct question *q = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (q == NULL) {
        luaL_error(L, "ctx is gone: it may be used inside find only");
        must(q != NULL); /* that error does not return */
    }
    return q;
}

/* --- the options --------------------------------------------------------------------------------------------------------- */

static size_t count(const char *const *names)
{
    size_t n = 0;
    while (names[n] != NULL)
        n++;
    return n;
}

static bool has(const char *const *names, const char *name)
{
    for (; *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* Argument 2: known names only, and the function where one is needed. */
static void check_options(lua_State *L, const struct analysis *a)
{
    if (lua_isnoneornil(L, 2)) {
        lua_settop(L, 1);
        lua_newtable(L);
    }
    luaL_argexpected(L, lua_istable(L, 2), 2, "table of options");
    lua_settop(L, 2);
    lua_pushnil(L);
    while (lua_next(L, 2)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "ctx.%s: the options are names with values, not a list", a->name);
        const char *key = lua_tostring(L, -1);
        if (has(a->options, key))
            continue;
        const char *near = nearest(key, a->options, count(a->options));
        if (near != NULL)
            luaL_error(L, "ctx.%s: unknown option '%s', did you mean '%s'?", a->name, key, near);
        luaL_error(L, "ctx.%s: unknown option '%s'", a->name, key);
    }
    if (a->function != NULL && lua_getfield(L, 2, a->function) != LUA_TFUNCTION)
        luaL_error(L, "ctx.%s needs %s = function(p) … end: what it says of each post", a->name, a->function);
    lua_settop(L, 2);
}

/* Everything but the function, as JSON. */
static void write_options(lua_State *L, const struct analysis *a, struct buf *out)
{
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, 2)) {
        if (a->function == NULL || strcmp(lua_tostring(L, -2), a->function) != 0) {
            lua_pushvalue(L, -2);
            lua_pushvalue(L, -2);
            lua_rawset(L, -5);
        }
        lua_pop(L, 1);
    }
    buf_clear(out);
    const char *wrong = value_write(L, -1, out);
    if (wrong != NULL)
        luaL_error(L, "ctx.%s: an option: %s", a->name, wrong);
    lua_pop(L, 1);
}

/* --- what the rule's function says ----------------------------------------------------------------------------------------- */

/* A label: a text, or a number as text; raises for anything else. The text is the value's at index. */
static const char *label_at(lua_State *L, int index, const struct analysis *a)
{
    size_t len;
    if (lua_type(L, index) != LUA_TSTRING && lua_type(L, index) != LUA_TNUMBER)
        luaL_error(L, "ctx.%s: by must return a text, a number, a list of them or nil, not a %s", a->name,
                   luaL_typename(L, index));
    int whole;
    lua_Integer n = lua_type(L, index) == LUA_TNUMBER ? lua_tointegerx(L, index, &whole) : (whole = 0);
    index = lua_absindex(L, index);
    if (whole) { /* 1 and 1.0 are the same label */
        lua_pushinteger(L, n);
        lua_replace(L, index);
    }
    const char *text = lua_tolstring(L, index, &len);
    if (len == 0 || len > LABEL_BYTES_MAX || strlen(text) != len)
        luaL_error(L, "ctx.%s: by returned a label of %d bytes; 1 to %d are allowed, without NUL", a->name, (int)len,
                   LABEL_BYTES_MAX);
    return text;
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* The list on the top of the stack: its labels, sorted, each once. */
static void add_labels(lua_State *L, const struct analysis *a, struct frame *extra, size_t column, size_t row)
{
    const char *label[LABELS_MAX];
    size_t n = 0, kept = 0;
    lua_Integer size = luaL_len(L, -1);
    if (size > LABELS_MAX)
        luaL_error(L, "ctx.%s: by returned %d labels for one post; at most %d are allowed", a->name, (int)size, LABELS_MAX);
    luaL_checkstack(L, LABELS_MAX + 4, "too many labels");
    int list = lua_gettop(L);
    for (lua_Integer i = 1; i <= size; i++) {
        lua_geti(L, list, i); /* stays on the stack: the text is the value's */
        label[n++] = label_at(L, -1, a);
    }
    qsort(label, n, sizeof *label, by_text);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(label[i], label[kept - 1]) != 0)
            label[kept++] = label[i];
    if (kept > 0)
        frame_list(extra, column, row, label, kept);
    lua_settop(L, list);
}

struct by_column {
    size_t at;
    int form; /* 0: no label yet; 1: texts; 2: lists */
};

static void take_label(lua_State *L, const struct analysis *a, struct frame *extra, struct by_column *by, size_t row)
{
    if (lua_isnil(L, -1))
        return;
    int form = lua_istable(L, -1) ? 2 : 1;
    if (by->form != 0 && by->form != form)
        luaL_error(L, "ctx.%s: by returned a single label for some posts and a list for others", a->name);
    if (by->form == 0) {
        by->form = form;
        by->at = frame_column(extra, "by", form == 2 ? FRAME_LIST : FRAME_TEXT);
    }
    if (form == 2)
        add_labels(L, a, extra, by->at, row);
    else
        frame_text(extra, by->at, row, label_at(L, -1, a));
}

/* { name = number, … }: a column per name. */
static void take_facts(lua_State *L, const struct analysis *a, struct frame *extra, size_t row)
{
    if (lua_isnil(L, -1))
        return;
    if (!lua_istable(L, -1))
        luaL_error(L, "ctx.%s: facts must return a table of names and numbers, or nil, not a %s", a->name,
                   luaL_typename(L, -1));
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "ctx.%s: facts must return names with numbers, not a list", a->name);
        const char *name = lua_tostring(L, -2);
        if (lua_type(L, -1) == LUA_TBOOLEAN) {
            bool yes = lua_toboolean(L, -1);
            lua_pop(L, 1);
            lua_pushinteger(L, yes ? 1 : 0);
        }
        if (lua_type(L, -1) != LUA_TNUMBER)
            luaL_error(L, "ctx.%s: fact '%s' must be a number, not a %s", a->name, name, luaL_typename(L, -1));
        size_t column = frame_find(extra, name);
        if (column == extra->n_column) {
            if (column == FACTS_MAX)
                luaL_error(L, "ctx.%s: more than %d facts", a->name, FACTS_MAX);
            if (strlen(name) == 0 || strlen(name) > LABEL_BYTES_MAX)
                luaL_error(L, "ctx.%s: a fact's name must have 1 to %d bytes", a->name, LABEL_BYTES_MAX);
            column = frame_column(extra, name, FRAME_NUMBER);
        }
        double value = lua_tonumber(L, -1);
        if (value - value == 0) /* neither NaN nor infinite: those are unknown */
            frame_number(extra, column, row, value);
        lua_pop(L, 1);
    }
}

/* Calls the rule's function for every post. */
static void ask_posts(lua_State *L, const struct analysis *a, struct frame *extra)
{
    struct by_column by = {0};
    bool facts = strcmp(a->function, "facts") == 0;
    lua_getfield(L, 2, a->function); /* 3 */
    for (size_t row = 0; row < extra->n_row; row++) {
        lua_pushvalue(L, 3);
        bind_frame_push_row(L, 1, row);
        lua_call(L, 1, 1);
        if (facts)
            take_facts(L, a, extra, row);
        else
            take_label(L, a, extra, &by, row);
        lua_settop(L, 3);
    }
    lua_settop(L, 2);
    if (!facts && by.form == 0)
        frame_column(extra, "by", FRAME_TEXT); /* no post has a label */
}

/* Upvalues of an analysis: 1 its number, 2 what it is called. */
static const char *call_name(lua_State *L)
{
    return lua_tostring(L, lua_upvalueindex(2));
}

/* The answer as a table of the rule's own; which tables are answers is remembered, so that find can give them back. */
static int answered(lua_State *L, int status, lua_KContext number)
{
    (void)status;
    struct port_req *req = task_answer(L, call_name(L), NULL);
    struct json_doc **doc = box_push_json(L);
    struct json_limits limits = {.bytes = SIZE_MAX / 2, .nodes = SIZE_MAX / 2, .depth = 100};
    struct err e = {0};
    if (json_parse(req->answer, strlen(req->answer), &limits, doc, &e) != 0)
        luaL_error(L, "the answer: %s", e.text);
    bind_json_push_copy(L, json_root(*doc));
    json_free(doc);
    task_settle(task_current(L));
    lua_rawgetp(L, LUA_REGISTRYINDEX, &answers_key);
    lua_pushvalue(L, -2);
    lua_pushinteger(L, number);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    return 1;
}

/* A row per post, no column yet. */
static void begin_columns(struct task *t, const struct question *q)
{
    t->extra = frame_new();
    for (size_t i = 0; i < q->posts->n_row; i++)
        frame_row(t->extra);
}

/* The options are in t->json. */
static int put_question(lua_State *L, struct task *t, struct question *q, const char *kind)
{
    const struct port *port = t->run->port;
    const size_t number = q->n_asked++;
    const struct port_question question = {.kind = kind, .extra = t->extra, .opts = t->json.data, .number = number};
    t->req = port->ask != NULL ? port->ask(port->host, &question) : NULL;
    if (t->req == NULL)
        fault_usage(L, call_name(L), "ctx.%s: nobody answers here", kind);
    return task_wait(L, t, REQ_ASK, answered, (lua_KContext)number);
}

static int l_ask(lua_State *L)
{
    const struct analysis *a = &analyses[lua_tointeger(L, lua_upvalueindex(1))];
    struct task *t = task_enter(L, call_name(L));
    struct question *q = question_of(L);
    if (bind_frame_check(L, 1) != q->posts)
        return luaL_error(L, "ctx.%s: the first argument must be the posts that find was given", a->name);
    check_options(L, a);
    begin_columns(t, q);
    if (a->function != NULL)
        ask_posts(L, a, t->extra);
    write_options(L, a, &t->json);
    return put_question(L, t, q, a->name);
}

/* Candidates of the rule's own: nothing is asked of the posts. */
static int l_own(lua_State *L)
{
    struct task *t = task_enter(L, call_name(L));
    struct question *q = question_of(L);
    buf_clear(&t->json);
    bind_own_write(L, &t->json);
    begin_columns(t, q);
    return put_question(L, t, q, "own");
}

void bind_rule_push(lua_State *L, struct question *q)
{
    lua_pushlightuserdata(L, q);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &question_key);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &answers_key);
    run_push_ctx(L);
    lua_pushnil(L);
    lua_pushliteral(L, "ctx.own");
    lua_pushcclosure(L, l_own, 2);
    lua_setfield(L, -2, "own");
    for (int i = 0; i < N_ANALYSES; i++) {
        lua_pushinteger(L, i);
        lua_pushfstring(L, "ctx.%s", analyses[i].name);
        lua_pushcclosure(L, l_ask, 2);
        lua_setfield(L, -2, analyses[i].name);
    }
}

bool bind_rule_answer(lua_State *L, int index, size_t *number)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &answers_key);
    lua_pushvalue(L, index);
    lua_rawget(L, -2);
    bool yes = lua_isinteger(L, -1);
    if (yes)
        *number = (size_t)lua_tointeger(L, -1);
    lua_pop(L, 2);
    return yes;
}

void bind_rule_close(lua_State *L)
{
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &question_key);
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &answers_key);
}
