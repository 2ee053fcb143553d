#include "script/globals.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "script/vm_state.h"

/* The form of a chunk as lua_dump of Lua 5.4 writes it (ldump.c, lopcodes.h). A chunk that looks otherwise is not looked into. */
enum { HEAD = 4 + 1 + 1 + 6 + 3 + 8 + 8 + 1, OP_GETTABUP = 11, OP_SETTABUP = 15, ABSOLUTE_LINE = -0x80, UPVALUES_MAX = 255 };

struct reader {
    const unsigned char *p, *end;
    bool bad; /* it ended too early */
};

struct text {
    const char *s;
    size_t len;
};

struct function {
    const unsigned char *code, *line_step;
    size_t n_code, n_line;
    int first_line;
    struct text *constant; /* those that are no text are empty */
    size_t n_constant;
    struct {
        size_t pc;
        int line;
    } * absolute;
    size_t n_absolute;
    bool is_env[UPVALUES_MAX + 1];
};

static const unsigned char *take(struct reader *r, size_t n)
{
    const unsigned char *at = r->p;
    if ((size_t)(r->end - r->p) < n) {
        r->bad = true;
        return NULL;
    }
    r->p += n;
    return at;
}

static unsigned byte(struct reader *r)
{
    const unsigned char *at = take(r, 1);
    return at != NULL ? *at : 0;
}

/* Seven bits a byte, the highest first; the last has its top bit set. */
static size_t number(struct reader *r)
{
    size_t n = 0;
    while (!r->bad) {
        unsigned b = byte(r);
        n = n << 7 | (b & 0x7f);
        if (b & 0x80)
            return n;
    }
    return 0;
}

/* How many things of at least one byte follow. */
static size_t count(struct reader *r)
{
    size_t n = number(r);
    if (n > (size_t)(r->end - r->p))
        r->bad = true;
    return r->bad ? 0 : n;
}

static struct text string(struct reader *r)
{
    size_t n = number(r);
    if (n == 0 || r->bad)
        return (struct text){0};
    const unsigned char *at = take(r, n - 1);
    return (struct text){(const char *)at, at != NULL ? n - 1 : 0};
}

static void constants(struct reader *r, struct function *f)
{
    f->n_constant = count(r);
    f->constant = mem_array(f->n_constant + 1, sizeof *f->constant);
    for (size_t i = 0; i < f->n_constant && !r->bad; i++) {
        switch (byte(r)) {
        case 0x03:
        case 0x13: take(r, 8); break;
        case 0x04:
        case 0x14: f->constant[i] = string(r); break;
        default: break; /* nil, false, true */
        }
    }
}

static void add_use(struct globals *out, struct text name, int line, bool assigned)
{
    for (size_t i = 0; i < out->n; i++) {
        struct global_use *u = &out->use[i];
        if (u->assigned == assigned && strlen(u->name) == name.len && memcmp(u->name, name.s, name.len) == 0) {
            u->line = line < u->line ? line : u->line;
            return;
        }
    }
    out->use = mem_realloc(out->use, (out->n + 1) * sizeof *out->use);
    out->use[out->n++] = (struct global_use){.name = mem_ndup(name.s, name.len), .line = line, .assigned = assigned};
}

/* Each instruction's line is a step from the one before, now and then an absolute one. */
static int line_of(const struct function *f, size_t pc)
{
    int line = f->first_line;
    for (size_t i = 0; i <= pc && i < f->n_line; i++) {
        int step = f->line_step[i] < 0x80 ? f->line_step[i] : f->line_step[i] - 0x100;
        if (step != ABSOLUTE_LINE)
            line += step;
        for (size_t k = 0; step == ABSOLUTE_LINE && k < f->n_absolute; k++)
            if (f->absolute[k].pc == i)
                line = f->absolute[k].line;
    }
    return line;
}

static void look(const struct function *f, struct globals *out)
{
    for (size_t pc = 0; pc < f->n_code; pc++) {
        uint32_t i;
        memcpy(&i, f->code + 4 * pc, 4);
        unsigned op = i & 0x7f, a = i >> 7 & 0xff, b = i >> 16 & 0xff, c = i >> 24 & 0xff;
        bool get = op == OP_GETTABUP && f->is_env[b], set = op == OP_SETTABUP && f->is_env[a];
        size_t key = get ? c : b;
        if ((get || set) && key < f->n_constant && f->constant[key].s != NULL)
            add_use(out, f->constant[key], line_of(f, pc), set);
    }
}

static void debug_part(struct reader *r, struct function *f)
{
    f->n_line = count(r);
    f->line_step = take(r, f->n_line);
    f->n_absolute = count(r);
    f->absolute = mem_array(f->n_absolute + 1, sizeof *f->absolute);
    for (size_t i = 0; i < f->n_absolute && !r->bad; i++) {
        f->absolute[i].pc = number(r);
        f->absolute[i].line = (int)number(r);
    }
    for (size_t n = count(r); n > 0 && !r->bad; n--) {
        string(r);
        number(r);
        number(r);
    }
    size_t n = count(r);
    for (size_t i = 0; i < n && !r->bad; i++) {
        struct text name = string(r);
        if (i <= UPVALUES_MAX)
            f->is_env[i] = name.len == 4 && memcmp(name.s, "_ENV", 4) == 0;
    }
}

static void function(struct reader *r, unsigned depth, struct globals *out)
{
    struct function f = {0};
    string(r); /* source */
    f.first_line = (int)number(r);
    number(r);
    take(r, 3);
    f.n_code = count(r);
    f.code = take(r, f.n_code * 4);
    constants(r, &f);
    take(r, count(r) * 3); /* upvalues */
    if (depth > 200)
        r->bad = true;
    for (size_t n = count(r); n > 0 && !r->bad; n--)
        function(r, depth + 1, out);
    debug_part(r, &f);
    if (!r->bad)
        look(&f, out);
    mem_free(f.constant);
    mem_free(f.absolute);
}

static int by_line(const void *a, const void *b)
{
    const struct global_use *x = a, *y = b;
    return x->line != y->line ? (x->line > y->line) - (x->line < y->line) : strcmp(x->name, y->name);
}

/* --- compiling ------------------------------------------------------------------------------------------------------------ */

struct work {
    const char *path, *shown;
    struct buf chunk;
    struct globals *out;
};

static int add_piece(lua_State *L, const void *p, size_t n, void *chunk)
{
    (void)L;
    buf_add(chunk, p, n);
    return 0;
}

static int compile(lua_State *L)
{
    struct work *w = lua_touserdata(L, 1);
    sandbox_load(L, w->path, w->shown);
    lua_dump(L, add_piece, &w->chunk, 0);
    return 0;
}

/* The plugin's globals are on the top. */
static void find_near(lua_State *L, struct global_use *use)
{
    const char *names[200];
    size_t n = 0;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING && n < sizeof names / sizeof *names)
            names[n++] = lua_tostring(L, -1); /* the table keeps it */
    }
    const char *near = nearest(use->name, names, n);
    use->near = near != NULL ? mem_dup(near) : NULL;
}

static int know(lua_State *L)
{
    struct work *w = lua_touserdata(L, 1);
    sandbox_env(L);
    for (size_t i = 0; i < w->out->n; i++) {
        lua_pushstring(L, w->out->use[i].name);
        w->out->use[i].known = lua_rawget(L, -2) != LUA_TNIL;
        lua_pop(L, 1);
        if (!w->out->use[i].known)
            find_near(L, &w->out->use[i]);
    }
    return 0;
}

int globals_of(struct vm *vm, const char *path, const char *shown, struct globals *out, struct err *e)
{
    struct work w = {.path = path, .shown = shown, .out = out};
    *out = (struct globals){0};
    int failed = vm_protect(vm, compile, &w, 0, shown, e);
    if (!failed && w.chunk.len > HEAD && w.chunk.data[4] == 0x54) {
        struct reader r = {.p = (const unsigned char *)w.chunk.data + HEAD,
                           .end = (const unsigned char *)w.chunk.data + w.chunk.len};
        function(&r, 0, out);
        if (out->n > 1)
            qsort(out->use, out->n, sizeof *out->use, by_line);
        failed = vm_protect(vm, know, &w, 0, shown, e);
    }
    buf_free(&w.chunk);
    return failed;
}

void globals_free(struct globals *g)
{
    for (size_t i = 0; i < g->n; i++) {
        mem_free(g->use[i].name);
        mem_free(g->use[i].near);
    }
    mem_free(g->use);
    *g = (struct globals){0};
}

const char *globals_instead(const char *name)
{
    static const struct {
        const char *name, *instead;
    } list[] = {
        {"os", "the time is ctx.now; time.parse and time.day_start know zones"},
        {"io", "a plugin reads no files: what it needs comes in as an argument"},
        {"package", "require finds tidemark's lua/ and the plugin's own folder"},
        {"load", "code comes from files: require(\"name\")"},
        {"loadstring", "code comes from files: require(\"name\")"},
        {"loadfile", "code comes from files: require(\"name\")"},
        {"dofile", "code comes from files: require(\"name\")"},
        {"unpack", "it is table.unpack"},
        {"setfenv", "Lua 5.4 has none"},
        {"getfenv", "Lua 5.4 has none"},
        {"module", "write local M = {} and return M"},
        {"debug", "an error has its place and traceback by itself"},
        {"collectgarbage", "memory is the host's business"},
        {"warn", "write ctx.log.warn(text)"},
        {"ctx", "it is an argument: run = function(ctx, args), find = function(posts, ctx)"},
        {"args", "it is an argument: run = function(ctx, args)"},
        {"posts", "it is an argument: find = function(posts, ctx)"},
        {"doc", "it is an argument: parse = function(doc, out, input)"},
        {"out", "it is an argument: parse = function(doc, out, input)"},
        {"input", "it is an argument: parse = function(doc, out, input)"},
        {"tidemark", "write local x = require(\"tidemark.x\")"},
        {"rows", "write local rows = require(\"tidemark.rows\")"},
        {"db", "it is ctx.db, in a function that gets ctx"},
        {"log", "it is ctx.log, in a function that gets ctx"},
        {"config", "it is ctx.config, in a parser input.config"},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (strcmp(list[i].name, name) == 0)
            return list[i].instead;
    return NULL;
}
